//! Sets up log output. What is logged is said where it happens.

use crate::args::LogFormat;
use dateline_core::terminal::escape_line;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::util::SubscriberInitExt;

/// Start of the names of fields that a library's record brings along and nobody reads.
const OF_OTHERS: &str = "log.";

/// Starts logging to standard error. `directives` is a level or filters such as `info,dateline_store=trace`.
pub(crate) fn start(format: LogFormat, directives: &str) {
    let filter = EnvFilter::try_new(format!("tantivy=warn,{directives}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let is_human = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    // A second start in one process (tests) keeps the first subscriber; that is no mistake.
    let started = if is_human {
        human(std::io::stderr, use_colour(), filter).try_init()
    } else {
        // A log that cannot be written, as when its reader is gone or its disk is full, must not end what it tells of: the
        // library would complain on standard error, which panics.
        let builder = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
        builder.with_writer(std::io::stderr).json().flatten_event(true).finish().try_init()
    };
    drop(started);
}

/// Lines for a person. Names of files stand in them, which may hold anything: whatever could move the cursor or begin
/// another line is escaped.
fn human<W>(writer: W, colour: bool, filter: EnvFilter) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let fields = debug_fn(|writer, field, value| {
        let value = escape_line(&format!("{value:?}"));
        match field.name() {
            "message" => write!(writer, "{value}"),
            name if name.starts_with(OF_OTHERS) => Ok(()),
            name => write!(writer, " {name}={value}"),
        }
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    builder.with_target(false).with_ansi(colour).compact().fmt_fields(fields).finish()
}

fn use_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::human;
    use dateline_core::SourcePath;
    use std::sync::Arc;
    use tracing_subscriber::EnvFilter;

    #[test]
    fn a_files_name_neither_moves_the_cursor_nor_begins_a_line() {
        let folder = tempfile::tempdir().expect("temporary directory");
        let log = folder.path().join("log");
        let file = Arc::new(std::fs::File::create(&log).expect("is made"));
        let path = SourcePath::new("a\u{1b}[2J\u{202e}\nERROR forged");
        tracing::subscriber::with_default(human(file, false, EnvFilter::new("info")), || {
            tracing::warn!(%path, reason = "it\u{7} hangs\n", "a file took `{path}` its workers down");
        });
        let text = std::fs::read_to_string(&log).expect("is read");
        let (_, line) = text.split_once(" WARN ").expect("has a level");
        let name = r"a\u{1b}[2J\u{202e} ERROR forged";
        assert_eq!(line, format!("a file took `{name}` its workers down path={name} reason=\"it\\u{{7}} hangs\\n\"\n"));
    }
}
