//! Generated files: which they are and where their text comes from. The text itself is printed by the program, which
//! alone knows its processors, options and doc comments.

use std::path::{Path, PathBuf};
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
    Generated { path: "crates/dateline/PROCESSORS.md", arguments: &["config", "reference"] },
];

/// Writes the files, or with `check` only compares; gives what is wrong.
#[must_use]
pub fn run(root: &Path, files: &[Generated], check: bool) -> Vec<String> {
    match build(root) {
        Ok(program) => files.iter().filter_map(|file| one(root, &program, file, check).err()).collect(),
        Err(error) => vec![error],
    }
}

/// Builds `datelined` and says where it lies: beside this program. The whole workspace is built, as everywhere else:
/// a package alone would have its dependencies compiled once more, with other features.
fn build(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).current_dir(root).args(["build", "--quiet", "--workspace"]).status();
    match built {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("`cargo build --workspace` failed: {status}")),
        Err(error) => return Err(format!("cargo does not start: {error}")),
    }
    let own = std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    Ok(own.with_file_name("datelined"))
}

fn one(root: &Path, program: &Path, file: &Generated, check: bool) -> Result<(), String> {
    let output = Command::new(program)
        .args(file.arguments)
        .output()
        .map_err(|error| format!("{}: `{}` does not start: {error}", file.path, program.display()))?;
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
