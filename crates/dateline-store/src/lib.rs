//! The only crate that names sled: open, commit, read, change log, history, verify.
