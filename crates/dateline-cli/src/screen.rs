//! What output looks like: width, colours, the hour. Decided once, so that rendering is a pure function.

use crate::args::{Colour, Global};
use anstyle::{AnsiColor, Style};
use dateline_protocol::core::{Timestamp, terminal};
use std::io::IsTerminal;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest text on a terminal, in columns; longer lines are hard to read.
const TEXT_COLUMNS_MAX: usize = 110;

/// What output looks like.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    /// Whether standard output is coloured.
    pub(crate) colour: bool,
    /// Columns of the terminal; `None` when output is piped, where nothing is wrapped or cut.
    pub(crate) width: Option<usize>,
    /// Lines of the terminal.
    pub(crate) height: usize,
    /// Whether a pager may be used.
    pub(crate) pager: bool,
    /// Whether items are printed as JSON Lines.
    pub(crate) json: bool,
    /// The present, for "3 minutes ago".
    pub(crate) now: Timestamp,
    /// Whether standard error is coloured.
    pub(crate) error_colour: bool,
    /// Columns of the terminal that standard error goes to; `None` when it goes elsewhere.
    pub(crate) error_width: Option<usize>,
}

/// Styles by meaning; commands never choose colours.
pub(crate) mod style {
    use super::{AnsiColor, Style};

    pub(crate) const TITLE: Style = Style::new().bold();
    pub(crate) const PATH: Style = AnsiColor::Magenta.on_default();
    pub(crate) const DATE: Style = AnsiColor::Green.on_default();
    pub(crate) const MATCH: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const DIM: Style = Style::new().dimmed();
    pub(crate) const LABEL: Style = AnsiColor::Cyan.on_default();
    pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
    pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
    pub(crate) const BAD: Style = AnsiColor::Red.on_default();
    pub(crate) const TIMEX: Style = AnsiColor::Green.on_default().underline();
    pub(crate) const PERSON: Style = AnsiColor::Yellow.on_default();
    pub(crate) const ORGANISATION: Style = AnsiColor::Blue.on_default();
    pub(crate) const PLACE: Style = AnsiColor::Cyan.on_default();
    pub(crate) const OTHER: Style = AnsiColor::Magenta.on_default();
    pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
}

impl Screen {
    /// The screen of this process.
    pub(crate) fn detect(global: &Global) -> Screen {
        let is_terminal = std::io::stdout().is_terminal();
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|size| size.ws_col > 0);
        let width = size.map_or(80, |size| usize::from(size.ws_col));
        Screen {
            colour: is_coloured(global.color, is_terminal) && !global.json,
            width: is_terminal.then_some(width),
            height: size.map_or(24, |size| usize::from(size.ws_row)),
            pager: is_terminal && !global.no_pager && !global.json,
            json: global.json,
            now: Timestamp::now(),
            error_colour: is_coloured(global.color, std::io::stderr().is_terminal()),
            error_width: error_width(),
        }
    }

    /// The same for standard error.
    pub(crate) fn for_errors(&self) -> Screen {
        Screen { colour: self.error_colour, width: self.error_width, ..self.clone() }
    }

    /// Columns for running text; `None` for "do not wrap".
    pub(crate) fn text_width(&self) -> Option<usize> {
        self.width.map(|width| width.clamp(20, TEXT_COLUMNS_MAX))
    }

    /// Our own text, painted.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Untrusted text on one line, made safe and painted.
    pub(crate) fn safe(&self, style: Style, text: &str) -> String {
        self.paint(style, &terminal::escape_line(text))
    }
}

/// Columns of the terminal that standard error goes to; `None` when it goes elsewhere.
pub(crate) fn error_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether standard error is coloured when nothing was said about it.
pub(crate) fn errors_are_coloured() -> bool {
    is_coloured(Colour::Auto, std::io::stderr().is_terminal())
}

fn is_coloured(wish: Colour, is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match wish {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            is_terminal && !set("NO_COLOR") && !dumb
        }
    }
}

/// Columns a text takes on a terminal.
pub(crate) fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The columns of a text with escape sequences for colours in it, which take none.
pub(crate) fn painted_columns(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let plain = parts.next().map_or(0, columns);
    plain + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| columns(rest))).sum::<usize>()
}

/// Finished text that may be painted, its long lines broken at blanks; what goes on stands below a line's beginning.
pub(crate) fn fold_lines(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let start = line.len() - line.trim_start_matches(' ').len();
        let (indent, mut used) = (&line[..start], start);
        out.push_str(indent);
        for (number, word) in line[start..].split(' ').enumerate() {
            let wide = painted_columns(word.trim_end());
            if number > 0 && used + 1 + wide > width {
                out.push('\n');
                out.push_str(indent);
                used = start;
            } else if number > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += wide;
        }
    }
    out
}

/// The text, cut with an ellipsis where it is wider than `width`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let mut kept = String::new();
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        kept.push(character);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// The text with blanks behind it up to `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The text with blanks before it up to `width` columns.
pub(crate) fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

/// A number with thousands apart: `12,418`.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A count with its noun: `1 document`, `2 documents`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Bytes for people: `12.3 MB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// One word or blank of text that is being wrapped, with its style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) style: Option<Style>,
}

/// Wraps styled pieces of running text. Breaks only at blanks; a word wider than a line stands on its own.
pub(crate) fn wrap(pieces: &[Piece], width: Option<usize>, indent: &str, screen: &Screen) -> String {
    hang(pieces, width, (indent, indent), screen)
}

/// The same with another indent for the first line than for those below it.
pub(crate) fn hang(pieces: &[Piece], width: Option<usize>, (first, below): (&str, &str), screen: &Screen) -> String {
    let room = |indent: &str| width.map_or(usize::MAX, |width| width.saturating_sub(columns(indent)).max(10));
    let mut out = String::new();
    let (mut indent, mut line, mut used) = (first, String::new(), 0);
    for word in words(pieces) {
        let length: usize = word.iter().map(|piece| columns(&piece.text)).sum();
        if used > 0 && used + 1 + length > room(indent) {
            out.push_str(indent);
            out.push_str(&line);
            out.push('\n');
            (indent, line, used) = (below, String::new(), 0);
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for piece in &word {
            line.push_str(&piece.style.map_or_else(|| piece.text.clone(), |style| screen.paint(style, &piece.text)));
        }
        used += length;
    }
    if used > 0 {
        out.push_str(indent);
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Text behind a label that is painted already and takes `room` columns with the blanks behind it; what does not fit goes
/// on below the beginning of the text.
pub(crate) fn behind(label: &str, room: usize, pieces: &[Piece], screen: &Screen) -> String {
    let below = " ".repeat(room);
    let text = wrap(pieces, screen.text_width(), &below, screen);
    match text.strip_prefix(&below) {
        Some(text) => format!("{label}{text}"),
        None => format!("{}\n", label.trim_end()),
    }
}

impl Piece {
    /// Our own or escaped text without a style.
    pub(crate) fn plain(text: impl Into<String>) -> Piece {
        Piece { text: text.into(), style: None }
    }

    /// Our own or escaped text in a style.
    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Piece {
        Piece { text: text.into(), style: Some(style) }
    }
}

/// Pieces cut at blanks into words; a word may have several styles.
fn words(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut words: Vec<Vec<Piece>> = Vec::new();
    let mut is_open = false;
    for piece in pieces {
        for (number, part) in piece.text.split(char::is_whitespace).enumerate() {
            if number > 0 {
                is_open = false;
            }
            if part.is_empty() {
                continue;
            }
            let part = Piece { text: part.to_owned(), style: piece.style };
            match words.last_mut().filter(|_| is_open) {
                Some(word) => word.push(part),
                None => words.push(vec![part]),
            }
            is_open = true;
        }
    }
    words
}

#[cfg(test)]
pub(crate) fn plain(width: Option<usize>) -> Screen {
    Screen {
        colour: false,
        width,
        height: 24,
        pager: false,
        json: false,
        now: "2022-04-06T12:00:00Z".parse().expect("a time"),
        error_colour: false,
        error_width: None,
    }
}

#[cfg(test)]
pub(crate) fn coloured() -> Screen {
    Screen { colour: true, ..plain(Some(60)) }
}

#[cfg(test)]
mod tests {
    use super::{Piece, behind, bytes, coloured, cut, fold_lines, hang, number, plain, style, wrap};

    fn piece(text: &str, is_match: bool) -> Piece {
        Piece { text: text.to_owned(), style: is_match.then_some(style::MATCH) }
    }

    #[test]
    fn numbers_read_easily() {
        let shown: Vec<String> = [0, 999, 1000, 1_234_567].into_iter().map(number).collect();
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
        let shown: Vec<String> = [0, 999, 1_000, 999_949, 999_950, 12_345_678].into_iter().map(bytes).collect();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "12.3 MB"]);
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("北京会谈", 8), "北京会谈");
        assert_eq!(cut("北京会谈", 7), "北京会…");
        assert_eq!(cut("peace talks", 6), "peace…");
    }

    #[test]
    fn words_with_several_styles_stay_whole() {
        let pieces = [piece("the peace", true), piece("ful ", false), piece("talks", true), piece(" went on", false)];
        assert_eq!(wrap(&pieces, Some(16), "  ", &plain(None)), "  the peaceful\n  talks went on\n");
        let painted = wrap(&pieces, None, "", &coloured());
        assert!(painted.contains("peace\u{1b}[0mful "), "{painted:?}");
    }

    #[test]
    fn text_goes_on_below_its_beginning() {
        let text = [Piece::plain("the folder is polled")];
        assert_eq!(behind("note: ", 6, &text, &plain(Some(22))), "note: the folder is\n      polled\n");
        assert_eq!(behind("note: ", 6, &[], &plain(Some(22))), "note:\n");
        let hung = hang(&text, Some(16), ("· ", "    "), &plain(None));
        assert_eq!(hung, "· the folder is\n    polled\n");
    }

    #[test]
    fn painted_lines_are_broken_where_they_show_to_be_long() {
        let painted = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m the argument\n\n  a tip: look\n";
        assert_eq!(fold_lines(painted, 19), painted);
        let broken = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m the\nargument\n\n  a tip:\n  look\n";
        assert_eq!(fold_lines(painted, 12), broken);
    }

    #[test]
    fn untrusted_text_cannot_steer_the_terminal() {
        assert_eq!(coloured().safe(style::PATH, "a\u{1b}[2Jb\nc").matches('\u{1b}').count(), 2);
    }
}
