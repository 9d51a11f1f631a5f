//! Where output goes: straight to standard output, or through a pager when it is longer than the terminal.

use crate::failure::Failure;
use crate::screen::{Piece, Screen, behind, columns, style, wrap};
use anstyle::Style;
use dateline_protocol::Note;
use dateline_protocol::core::terminal;
use signal_hook::consts::{SIGINT, SIGQUIT};
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The pager when nobody names one: quits on one screen, shows colours, leaves the text on the terminal.
const PAGER: &str = "less -FRX";

/// Shows finished text to a person, through a pager where that helps.
pub(crate) fn show(text: &str, screen: &Screen) -> Result<(), Failure> {
    let is_long = text.lines().count() >= screen.height;
    if screen.pager && is_long && page(text)? {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Pages text; false when no pager can be run.
fn page(text: &str) -> Result<bool, Failure> {
    let named = |name: &str| std::env::var(name).ok();
    let line = named("DATELINE_PAGER").or_else(|| named("PAGER")).unwrap_or_else(|| PAGER.to_owned());
    let mut words = line.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else { return Ok(false) };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    let Ok(mut pager) = command.spawn() else { return Ok(false) };
    // Ctrl-C is for the pager, which stays: if we went, it and the shell would both read the terminal. The handlers are
    // set after the start, so that the pager has its own.
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    if let Some(mut input) = pager.stdin.take() {
        match input.write_all(text.as_bytes()) {
            // Leaving the pager before the end is everybody's right.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
    }
    pager.wait()?;
    Ok(true)
}

/// Text behind a label, made safe and wrapped; its further lines are set in a little.
pub(crate) fn labelled(label: &str, style: Style, text: &str, screen: &Screen) -> String {
    let mut lines = text.lines().map(|line| [Piece::plain(terminal::escape_line(line))]);
    let first = lines.next().unwrap_or_else(|| [Piece::plain("")]);
    let room = columns(label) + 1;
    let mut out = behind(&format!("{} ", screen.paint(style, label)), room, &first, screen);
    lines.for_each(|line| out.push_str(&wrap(&line, screen.text_width(), "  ", screen)));
    out
}

/// Tells notes on standard error, so that output stays what it is.
pub(crate) fn tell_notes(notes: &[Note], screen: &Screen, errors: &mut dyn Write) -> Result<(), Failure> {
    let screen = screen.for_errors();
    for note in notes {
        errors.write_all(labelled("note:", style::LABEL, &note.message, &screen).as_bytes())?;
        if let Some(hint) = &note.hint {
            errors.write_all(labelled("hint:", style::LABEL, hint, &screen).as_bytes())?;
        }
    }
    Ok(())
}
