//! Automation for the workspace: what must hold of its files, generated files, and the start of a new processor.
//!
//! `cargo xtask tidy`, `cargo xtask codegen [--check]`, `cargo xtask new-processor NAME`. Knows files, not the program.

pub mod codegen;
pub mod new_processor;
pub mod tidy;

use std::path::PathBuf;

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    // This package lies at `crates/xtask`.
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(PathBuf::from).unwrap_or(here)
}
