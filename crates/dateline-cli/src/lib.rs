//! The command line `dateline`: arguments, asking the daemon or a process that answers in its place, rendering, exit
//! codes. It opens no store and no index.
//!
//! [`run`] is the whole program; `dateline`'s main calls nothing else.

mod args;
mod ask;
#[cfg(feature = "parquet")]
mod columns;
mod commands;
mod complete;
mod connect;
mod csv;
mod failure;
mod output;
mod passthrough;
mod reference;
mod render;
mod screen;
mod when;

pub use args::{Cli, WIRED, command};
pub use reference::reference;

use failure::Failure;
use screen::Screen;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Runs `dateline` with the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    let completing = clap_complete::CompleteEnv::with_factory(args::command);
    completing.var(complete::VARIABLE).shells(complete::SHELLS).complete();
    ExitCode::from(run_with(std::env::args_os()))
}

/// Runs `dateline` with these arguments, the first of which is the program's name.
fn run_with(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match args::parse(arguments.iter().cloned()) {
        Ok(cli) => cli,
        Err(message) => return print_usage(&message, &arguments),
    };
    let screen = Screen::detect(&cli.global);
    match commands::run(&cli, &screen) {
        Ok(exit) => exit.code(),
        Err(Failure::BrokenPipe) => 0,
        Err(failure) => {
            let mut text = String::new();
            failure.render(&mut text, &screen.for_errors());
            // Nothing can be done where standard error is closed.
            let _ = std::io::stderr().write_all(text.as_bytes());
            failure.exit().code()
        }
    }
}

/// Help, version or a usage error; clap knows which stream it belongs to.
fn print_usage(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if error.use_stderr() {
        let text = error.render().ansi().to_string();
        let plain = error.render().to_string();
        let screen_text = if screen::errors_are_coloured() { text } else { plain };
        let mut text = screen_text.replacen("error:", "dateline:", 1);
        if let Some(hint) = args::hint(error, arguments) {
            // It replaces the tip for those who meant an option's value.
            text = text.lines().filter(|line| !line.contains("tip:")).map(|line| format!("{line}\n")).collect();
            text = text.replace("\n\n\n", "\n\n");
            text.push_str(&format!("hint: {hint}\n"));
        }
        if let Some(width) = screen::error_width() {
            text = screen::fold_lines(&text, width);
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
        2
    } else {
        let _ = error.print();
        0
    }
}
