//! Commands that are the daemon program's own, run in our place with our standard streams.

use crate::args::{AnnotateArgs, Global, TryArgs};
use crate::connect::daemon_program;
use crate::failure::Failure;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Becomes `datelined annotate`.
pub(crate) fn annotate(global: &Global, arguments: &AnnotateArgs) -> Failure {
    let mut command = daemon_command("annotate", global);
    command.arg("--").args(&arguments.files);
    become_program(command)
}

/// Becomes `datelined try`.
pub(crate) fn try_chain(global: &Global, arguments: &TryArgs) -> Failure {
    let mut command = daemon_command("try", global);
    if let Some(state) = &global.state {
        command.arg("--state").arg(state);
    }
    if global.json {
        command.arg("--json");
    }
    if let Some(processor) = &arguments.processor {
        command.arg("--processor").arg(processor);
    }
    if let Some(sample) = arguments.sample {
        command.arg("--sample").arg(sample.to_string());
    }
    if let Some(file) = &arguments.file {
        command.arg("--").arg(file);
    }
    become_program(command)
}

fn daemon_command(name: &str, global: &Global) -> Command {
    let mut command = Command::new(daemon_program());
    command.arg(name);
    if let Some(config) = &global.config {
        command.arg("--config").arg(config);
    }
    command
}

/// Returns only when the program cannot be run.
fn become_program(mut command: Command) -> Failure {
    let source = command.exec();
    Failure::Spawn { program: command.get_program().into(), source }
}
