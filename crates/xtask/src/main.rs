//! The command line of the workspace's automation: `cargo xtask --help`. What the commands do stands in the library.

use clap::Parser;
use std::process::ExitCode;
use xtask::{codegen, new_processor, root, tidy};

/// Automation for the workspace.
#[derive(Parser)]
enum Command {
    /// Checks what a compiler does not: first lines, left-overs, edges between crates, the top level.
    Tidy,
    /// Writes the files that are generated from the program's own doc comments and defaults.
    Codegen {
        /// Writes nothing; fails when a file is not up to date.
        #[arg(long)]
        check: bool,
    },
    /// Makes a new processor crate that compiles and passes its tests.
    NewProcessor {
        /// Its name: lower-case letters, digits and `-`, e.g. `sentiment`.
        name: String,
    },
}

fn main() -> ExitCode {
    let root = root();
    let result = match Command::parse() {
        Command::Tidy => report(tidy::check(&root)),
        Command::Codegen { check } => report(codegen::run(&root, codegen::GENERATED, check)),
        Command::NewProcessor { name } => new_processor::create(&root, &name).map(|steps| print!("{steps}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints findings; an error when there are any.
fn report(findings: Vec<String>) -> Result<(), String> {
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings", findings.len())) }
}
