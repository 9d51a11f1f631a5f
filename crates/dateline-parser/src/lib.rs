//! Bytes to documents and diagnostics, or Unsupported.
