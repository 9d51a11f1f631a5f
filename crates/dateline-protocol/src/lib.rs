//! Requests, responses, framing, version, blocking client.
