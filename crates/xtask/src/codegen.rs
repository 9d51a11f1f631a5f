//! Generated files: which they are and where their text comes from. The text itself is printed by the program, which
//! alone knows its processors, options and doc comments.

use std::path::Path;
use std::process::Command;

/// A file that is printed by `datelined`.
#[derive(Clone, Copy, Debug)]
pub struct Generated {
    /// Path below the workspace's root.
    pub path: &'static str,
    /// Arguments with which `datelined` prints it.
    pub arguments: &'static [&'static str],
}

/// Every generated file.
pub const GENERATED: &[Generated] = &[
    Generated { path: "config/dateline.toml", arguments: &["config", "default"] },
    Generated { path: "config/schema.json", arguments: &["config", "schema"] },
];

/// Writes the files, or with `check` only compares; gives what is wrong.
#[must_use]
pub fn run(root: &Path, files: &[Generated], check: bool) -> Vec<String> {
    files.iter().filter_map(|file| one(root, file, check).err()).collect()
}

fn one(root: &Path, file: &Generated, check: bool) -> Result<(), String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(["run", "--quiet", "--package", "dateline", "--bin", "datelined", "--"]);
    let output =
        command.args(file.arguments).output().map_err(|e| format!("{}: cargo does not start: {e}", file.path))?;
    if !output.status.success() {
        return Err(format!("{}: `datelined` failed: {}", file.path, String::from_utf8_lossy(&output.stderr).trim()));
    }
    let path = root.join(file.path);
    if std::fs::read(&path).is_ok_and(|committed| committed == output.stdout) {
        return Ok(());
    }
    if check {
        return Err(format!("{}: not up to date; `cargo xtask codegen` writes it", file.path));
    }
    std::fs::write(&path, output.stdout).map_err(|error| format!("{}: {error}", file.path))
}
