//! Sets up log output. What is logged is said where it happens.

use crate::args::LogFormat;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. `directives` is a level or filters such as `info,dateline_store=trace`.
pub(crate) fn start(format: LogFormat, directives: &str) {
    let filter = EnvFilter::try_new(format!("tantivy=warn,{directives}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let human = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    // A log that cannot be written, as when its reader is gone or its disk is full, must not end what it tells of: the
    // library would complain on standard error, which panics.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second start in one process (tests) keeps the first subscriber; that is no mistake.
    let started = if human {
        builder.with_target(false).with_ansi(use_colour()).compact().try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    drop(started);
}

fn use_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
