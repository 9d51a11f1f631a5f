//! Query text to Query to Plan to Hits; as-of and known-at.
