//! A new processor compiles and passes its tests as it is made, without a warning.

use std::path::Path;
use std::process::Command;

/// A workspace beside this one that uses its crates, its lock file and its compiled dependencies.
fn workspace(folder: &Path) {
    let root = xtask::root();
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("reads");
    let crates = format!("path = \"{}/crates/", root.display());
    std::fs::create_dir(folder.join("crates")).expect("makes");
    std::fs::write(folder.join("Cargo.toml"), manifest.replace("path = \"crates/", &crates)).expect("writes");
    for file in ["Cargo.lock", ".clippy.toml", ".rustfmt.toml"] {
        std::fs::copy(root.join(file), folder.join(file)).expect("copies");
    }
}

#[test]
fn a_new_processor_passes_as_it_is_made() {
    let folder = tempfile::tempdir().expect("a directory");
    workspace(folder.path());
    let steps = xtask::new_processor::create(folder.path(), "pull-quotes").expect("makes");
    assert!(steps.contains("dateline_processor_pull_quotes::PullQuotes"), "{steps}");
    let again = xtask::new_processor::create(folder.path(), "pull-quotes").expect_err("is there already");
    assert_eq!(again, "`crates/dateline-processor-pull-quotes` is there already");

    let this = std::env::current_exe().expect("this program");
    let target = this.ancestors().nth(3).expect("a target directory");
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(folder.path()).args(arguments).args(["--offline", "-p", "dateline-processor-pull-quotes"]);
        command.env("CARGO_TARGET_DIR", target).env("RUSTFLAGS", std::env::var("RUSTFLAGS").unwrap_or_default());
        let output = command.output().expect("cargo starts");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}");
        text
    };
    let tested = cargo(&["test"]);
    assert!(!tested.contains("warning"), "{tested}");
    assert!(tested.contains("golden_cases_hold ... ok") && tested.contains("the_contract_is_kept ... ok"), "{tested}");
    let formatted = Command::new(env!("CARGO")).current_dir(folder.path()).args(["fmt", "--check"]).output();
    // Not every toolchain has rustfmt.
    if let Some(output) = formatted.ok().filter(|output| !String::from_utf8_lossy(&output.stderr).contains("no such")) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
