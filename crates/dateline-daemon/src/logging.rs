//! Sets up log output. What is logged is said where it happens.

use crate::args::LogFormat;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. `DATELINE_LOG` takes filters such as `debug` or `dateline_store=trace`.
pub(crate) fn start(format: LogFormat) {
    let default = if format == LogFormat::Quiet { "error" } else { "info,tantivy=warn" };
    let filter = EnvFilter::try_from_env("DATELINE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let human = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human | LogFormat::Quiet => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
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
