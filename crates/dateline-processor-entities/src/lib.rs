//! Who, what and where: watchlists, tagging, in-document resolution, registry.
