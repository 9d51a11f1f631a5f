//! Why a command failed, and how that is told: what, why, and what to do.

use crate::output::labelled;
use crate::screen::{Screen, columns, style};
use dateline_config::ConfigError;
use dateline_protocol::core::terminal;
use dateline_protocol::{ClientError, ErrorBody, ErrorKind, Exit, FrameError, Place};
use std::error::Error;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use unicode_width::UnicodeWidthChar;

/// Candidates shown at most.
const CANDIDATES_MAX: usize = 8;
/// Columns before the line that an error points into.
const MARGIN_COLUMNS: usize = 2;
/// Columns shown of that line, even on a narrower terminal.
const CROPPED_COLUMNS_MIN: usize = 12;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The conversation failed, or the server answered with an error.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nothing was ever ingested here.
    #[error("no state directory `{}`", .0.display())]
    NoState(PathBuf),
    /// Only a running daemon can do this.
    #[error("`{command}` needs a running daemon, and none listens for `{}`", .state.display())]
    NeedsDaemon {
        /// The command.
        command: &'static str,
        /// The state directory.
        state: PathBuf,
    },
    /// The program that answers cannot be started.
    #[error("`{}` cannot be started", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What an alert should run cannot be run.
    #[error("`{}` cannot be run", .program.display())]
    Exec {
        /// The program.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// An item is not what this build expects.
    #[error("answer is not understood")]
    Item(#[from] serde_json::Error),
    /// An argument is wrong.
    #[error("{0}")]
    Usage(String),
    /// This build leaves Parquet out.
    #[cfg_attr(feature = "parquet", expect(dead_code, reason = "this build writes Parquet"))]
    #[error("this `dateline` writes no Parquet: it was built without the feature `parquet`")]
    NoParquet,
    /// Parquet is not for reading.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "this build writes no Parquet"))]
    #[error("Parquet is binary, and standard output is a terminal")]
    BinaryOnTerminal,
    /// A file cannot be written or read.
    #[error("`{}` cannot be used", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Nothing can be written.
    #[error("output failed")]
    Output(#[source] io::Error),
    /// The reader of our output went away, which is its right.
    #[error("nobody reads on")]
    BrokenPipe,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Output(error),
        }
    }
}

impl Failure {
    /// What the server said, when it was the server.
    fn body(&self) -> Option<&ErrorBody> {
        match self {
            Failure::Client(ClientError::Refused(body)) => Some(body),
            _ => None,
        }
    }

    /// What the process should exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::BrokenPipe => Exit::Found,
            Failure::Client(ClientError::Refused(body)) => body.exit(),
            Failure::Client(ClientError::Frame(FrameError::Json(_))) => Exit::Version,
            Failure::Client(_) | Failure::NoState(_) | Failure::NeedsDaemon { .. } | Failure::Spawn { .. } => {
                Exit::Unreachable
            }
            _ => Exit::Error,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Failure::Client(ClientError::Refused(body)) => body.hint.clone(),
            Failure::Client(ClientError::Place(error)) => Some(error.hint().to_owned()),
            Failure::Client(ClientError::TimedOut(_)) => Some("allow it more time with `--timeout 2m`".to_owned()),
            Failure::Client(_) => Some("`datelined` may have just stopped; try again".to_owned()),
            Failure::Config(error) => error.hint(),
            Failure::NoState(_) => Some("start `datelined`, or name its state directory with `--state DIR`".to_owned()),
            Failure::NeedsDaemon { .. } => Some("start it with `datelined`".to_owned()),
            Failure::Spawn { .. } => {
                Some("install `datelined` beside `dateline`, or name it with $DATELINE_DAEMON".to_owned())
            }
            Failure::Exec { .. } => Some(
                "`--exec` takes a program and its arguments; for a shell's line write `--exec sh -c 'LINE'`".to_owned(),
            ),
            Failure::NoParquet => Some("build it with `cargo build --release --features dateline/parquet`".to_owned()),
            Failure::BinaryOnTerminal => {
                Some("write it to a file: `dateline export --format parquet > documents.parquet`".to_owned())
            }
            Failure::Item(_) => Some("are `dateline` and `datelined` of one version?".to_owned()),
            _ => None,
        }
    }

    /// Tells it, on several lines.
    pub(crate) fn render(&self, out: &mut String, screen: &Screen) {
        out.push_str(&labelled("dateline:", style::ERROR, &self.to_string(), screen));
        let place = self.body().and_then(|body| body.place.as_deref());
        if let Some(place) = place.filter(|place| !place.text.trim().is_empty()) {
            out.push_str(&caret(place, screen));
        }
        for cause in self.causes() {
            // What a query should have had instead is no cause.
            let (label, cause) = match cause.strip_prefix("expected ") {
                Some(expected) if place.is_some() => ("expected:", expected),
                _ => ("caused by:", cause.as_str()),
            };
            out.push_str(&labelled(label, style::WARNING, cause, screen));
        }
        let candidates = self.body().map(|body| body.candidates.as_slice()).unwrap_or_default();
        if !candidates.is_empty() {
            let question = match self.body().map(|body| body.kind) {
                Some(ErrorKind::Ambiguous) => "these fit:",
                _ => "did you mean:",
            };
            let _ = writeln!(out, "{}", screen.paint(style::LABEL, question));
            for candidate in candidates.iter().take(CANDIDATES_MAX) {
                let _ = writeln!(out, "  {}", terminal::escape_line(candidate));
            }
            if candidates.len() > CANDIDATES_MAX {
                let _ = writeln!(out, "  … and {} more", candidates.len() - CANDIDATES_MAX);
            }
        }
        if let Some(hint) = self.hint() {
            out.push_str(&labelled("hint:", style::LABEL, &hint, screen));
        }
    }

    fn causes(&self) -> Vec<String> {
        match self.body() {
            Some(body) => body.causes.clone(),
            None => {
                let mut causes = Vec::new();
                let mut next = self.source();
                while let Some(cause) = next {
                    causes.push(cause.to_string());
                    next = cause.source();
                }
                causes
            }
        }
    }
}

/// The text with carets under the place, on the line that holds it.
fn caret(place: &Place, screen: &Screen) -> String {
    let boundary = |at: u32| {
        let mut at = (at as usize).min(place.text.len());
        while !place.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (boundary(place.start), boundary(place.end.max(place.start)));
    let line_start = place.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = place.text[start..].find('\n').map_or(place.text.len(), |at| start + at);
    let line = terminal::escape_line(&place.text[line_start..line_end]);
    let before = columns(&terminal::escape_line(&place.text[line_start..start]));
    let under = columns(&terminal::escape_line(&place.text[start..end.clamp(start, line_end)])).max(1);
    let room = screen.width.map_or(usize::MAX, |width| width.saturating_sub(MARGIN_COLUMNS).max(CROPPED_COLUMNS_MIN));
    let (line, before, under) = cropped(&line, before, under, room);
    let carets = screen.paint(style::ERROR, &"^".repeat(under));
    format!("  {line}\n  {}{carets}\n", " ".repeat(before))
}

/// A line that fits into so many columns, with `under` of them behind the first `before` still in it, or their beginning;
/// where they are then, and how many. `…` stands for what is left out.
fn cropped(line: &str, before: usize, under: usize, room: usize) -> (String, usize, usize) {
    let wide = columns(line);
    // The caret may stand behind the end.
    let needed = wide.max(before + under);
    if needed <= room {
        return (line.to_owned(), before, under);
    }
    let under = under.min(room - 2);
    // The marked part in the middle, as far as the ends of the line allow.
    let from = before.saturating_sub((room - under) / 2).min(needed.saturating_sub(room));
    let (mut shown, mut at, mut skipped) = (String::new(), 0, 0);
    let (start, end) = (from + usize::from(from > 0), from + room - usize::from(from + room < wide));
    for character in line.chars() {
        let next = at + character.width().unwrap_or(0);
        if at < start {
            skipped = next;
        } else if next <= end {
            shown.push(character);
        }
        at = next;
    }
    let cut = if from > 0 { "…" } else { "" };
    let rest = if wide > end { "…" } else { "" };
    (format!("{cut}{shown}{rest}"), (before + columns(cut)).saturating_sub(skipped), under)
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use crate::screen::plain;
    use dateline_protocol::core::Span;
    use dateline_protocol::{ClientError, ErrorBody, ErrorKind};

    fn told(body: ErrorBody) -> String {
        let mut out = String::new();
        Failure::Client(ClientError::Refused(body)).render(&mut out, &plain(None));
        out
    }

    #[test]
    fn a_mistake_in_a_query_is_pointed_at() {
        let body = ErrorBody::new(ErrorKind::Query, "parenthesis is not closed")
            .at("北京 AND (talks", Span::new(11, 12))
            .hint("add `)`");
        let body = ErrorBody { causes: vec!["expected `)` after it".to_owned()], ..body };
        insta::assert_snapshot!(told(body), @r"
        dateline: parenthesis is not closed
          北京 AND (talks
                   ^
        expected: `)` after it
        hint: add `)`
        ");
    }

    #[test]
    fn places_outside_the_text_do_no_harm() {
        let body = ErrorBody::new(ErrorKind::Query, "x").at("é\nab", Span { start: 90, end: 3 });
        insta::assert_snapshot!(told(body), @r"
        dateline: x
          ab
            ^
        ");
    }

    #[test]
    fn a_long_line_is_cropped_around_the_place() {
        let text = format!("{}(talks{}", "word ".repeat(20), " 北京".repeat(20));
        let at = |start: u32, end: u32| {
            let body = ErrorBody::new(ErrorKind::Query, "x").at(&text, Span { start, end });
            let mut out = String::new();
            Failure::Client(ClientError::Refused(body)).render(&mut out, &plain(Some(32)));
            out.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>()
        };
        insta::assert_snapshot!(at(100, 101), @r"
        …rd word word (talks 北京 北…
                      ^
        ");
        insta::assert_snapshot!(at(0, 4), @r"
        word word word word word word…
        ^^^^
        ");
        let end = u32::try_from(text.len()).unwrap();
        insta::assert_snapshot!(at(end, end), @r"
        …京 北京 北京 北京 北京 北京
                                    ^
        ");
        insta::assert_snapshot!(at(0, end), @r"
        word word word word word word…
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        ");
        for (start, end) in (0..end).zip((0..end).rev()) {
            assert!(at(start, end).lines().all(|line| crate::screen::columns(line) <= 32), "{}", at(start, end));
        }
    }

    #[test]
    fn candidates_are_listed() {
        let names = (1..=10).map(|number| format!("name {number}\u{1b}")).collect();
        let out = told(ErrorBody::new(ErrorKind::Ambiguous, "`x` names several").candidates(names));
        assert!(out.contains("these fit:\n  name 1\\u{1b}\n"), "{out}");
        assert!(out.ends_with("  … and 2 more\n"), "{out}");
    }

    #[test]
    fn long_lines_go_on_below_their_beginning() {
        let body =
            ErrorBody::new(ErrorKind::Query, "field `auhtor` is known to nobody here").hint("one of `title`, `path`");
        let mut out = String::new();
        Failure::Client(ClientError::Refused(body)).render(&mut out, &plain(Some(32)));
        insta::assert_snapshot!(out, @r"
        dateline: field `auhtor` is
                  known to nobody here
        hint: one of `title`, `path`
        ");
    }

    #[test]
    fn causes_follow_the_message() {
        let body = ErrorBody {
            causes: vec!["disk".to_owned(), "fire".to_owned()],
            ..ErrorBody::new(ErrorKind::Internal, "no")
        };
        assert_eq!(told(body), "dateline: no\ncaused by: disk\ncaused by: fire\n");
    }
}
