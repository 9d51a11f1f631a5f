//! Directory to stable files; the only reader of the watched folder.
