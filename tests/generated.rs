//! The files that the program prints of itself are as it prints them now. `cargo xtask codegen` writes them anew.

use std::process::Command;

fn check(path: &str, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_datelined")).args(arguments).output().expect("datelined starts");
    let printed = String::from_utf8(output.stdout).expect("is UTF-8");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../").to_owned() + path;
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == printed, "`{path}` is not up to date: run `cargo xtask codegen`");
}

#[test]
fn the_sample_configuration_is_fresh() {
    check("config/dateline.toml", &["config", "default"]);
}

#[test]
fn the_page_of_processors_is_fresh() {
    check("crates/dateline/PROCESSORS.md", &["config", "reference"]);
}

#[test]
fn the_schema_of_the_configuration_is_fresh() {
    check("config/schema.json", &["config", "schema"]);
}
