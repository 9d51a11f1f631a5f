//! Plain text: what stands before its first sentence. The text itself is never changed.

use crate::limits;
use dateline_core::{Document, Mark, MarkKind, Origin, Span, keys};

/// Longest dateline before a wire marker, bytes: `WASHINGTON/NEW YORK, Sept 30 (Reuters) -`.
const DATELINE_BYTES_MAX: usize = 100;
/// Longest agency name in a wire marker, bytes.
const AGENCY_BYTES_MAX: usize = 40;
/// Lines up to this long in a text's beginning mean that it is wrapped by hand.
const WRAPPED_LINE_CHARS_MAX: usize = 100;
/// Lines that are looked at to tell whether a text is wrapped by hand.
const WRAPPED_LINES_LOOKED_AT: usize = 12;
/// Fewest words of a title that is followed by a line break and not by an empty line.
const TITLE_WORDS_MIN: usize = 2;

/// The document of a text as a text file holds it: its date header and wire marker marked, its first line taken as the
/// title where `title` is `None` and it is a headline.
///
/// The text is kept byte for byte. A wire marker fills `source`.
#[must_use]
pub fn plain_document(text: String, title: Option<String>) -> Document {
    let mut document = Document { origin: Origin { offset: None, line: 1, by_line: false }, ..Document::default() };
    let header = date_header(&text);
    if let Some(span) = header {
        document.marks.push(Mark { span, kind: MarkKind::DateHeader });
    }
    let after_header = header.map_or(0, |span| span.end as usize);
    document.title_span = match &title {
        Some(title) => given_title(&text, after_header, title),
        None => title_line(&text, after_header),
    };
    document.title = title.or_else(|| document.title_span.and_then(|span| span.slice(&text)).map(str::to_owned));
    let after_title = document.title_span.map_or(after_header, |span| span.end as usize);
    if let Some((span, agency)) = wire_marker(&text, after_title) {
        document.marks.push(Mark { span, kind: MarkKind::WireMarker });
        document.metadata.push(keys::SOURCE, agency);
    }
    document.text = text;
    document
}

/// The span of ` date 2022-04-05 ` with the blanks around it, at the very start.
fn date_header(text: &str) -> Option<Span> {
    let rest = text.trim_start();
    let rest =
        rest.strip_prefix("date ").or_else(|| rest.strip_prefix("Date ")).or_else(|| rest.strip_prefix("date: "))?;
    let date = rest.trim_start_matches(' ').as_bytes();
    let shape = b"dddd-dd-dd";
    let fits = date.len() >= shape.len()
        && shape.iter().zip(date).all(|(shape, byte)| match shape {
            b'd' => byte.is_ascii_digit(),
            _ => byte == shape,
        });
    if !fits || date.get(shape.len()).is_some_and(|byte| !byte.is_ascii_whitespace()) {
        return None;
    }
    let end = text.len() - date.len() + shape.len();
    let blanks = text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
    Some(Span::new(0, end + blanks))
}

/// The title's span where the text begins with the title it was given.
fn given_title(text: &str, from: usize, title: &str) -> Option<Span> {
    let start = text.len() - text[from..].trim_start().len();
    let line_ends = text[start..].strip_prefix(title)?.starts_with(['\n', '\r']);
    line_ends.then(|| Span::new(start, start + title.len())).filter(|span| !span.is_empty())
}

/// The first line, when it is a headline: short, apart from the text, and not a sentence.
fn title_line(text: &str, from: usize) -> Option<Span> {
    let start = text.len() - text[from..].trim_start().len();
    let rest = &text[start..];
    let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes())?;
    let line = rest[..end].trim_end();
    let below = rest[end..].strip_prefix("\r\n").or_else(|| rest[end..].get(1..))?;
    if below.trim().is_empty() || !is_headline(line) {
        return None;
    }
    let apart = below.lines().next().is_some_and(|next| next.trim().is_empty());
    if !apart && (line.split_whitespace().count() < TITLE_WORDS_MIN || is_wrapped(below) || continues(below)) {
        return None;
    }
    Some(Span::new(start, start + line.len()))
}

/// Whether a line can be a headline by itself.
fn is_headline(line: &str) -> bool {
    let long = line.len() > limits::TITLE_LINE_CHARS_MAX && line.chars().count() > limits::TITLE_LINE_CHARS_MAX;
    let bare = line.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', '*']);
    let sentence = bare.ends_with(['.', '!', '?', '…', ':', ';', ',']);
    let heading_mark = line.starts_with(['-', '*', '>', '•', '<', '{', '|']);
    !long && !sentence && !heading_mark && line.chars().any(char::is_alphabetic) && wire_marker(line, 0).is_none()
}

/// Whether the lines of a text are wrapped by hand, so that a line break separates nothing.
fn is_wrapped(text: &str) -> bool {
    let mut lines = text.lines().take(WRAPPED_LINES_LOOKED_AT);
    lines.all(|line| line.len() <= WRAPPED_LINE_CHARS_MAX || line.chars().count() <= WRAPPED_LINE_CHARS_MAX)
}

/// Whether a line goes on with a sentence begun before it.
fn continues(below: &str) -> bool {
    below.trim_start().chars().next().is_some_and(char::is_lowercase)
}

/// The span and the agency of `(Bloomberg) -- ` or `(Reuters) - ` before the first sentence, with or without a
/// dateline before it; the dateline stays outside, as it is prose that dates the article.
fn wire_marker(text: &str, from: usize) -> Option<(Span, &str)> {
    let start = text.len() - text.get(from..)?.trim_start().len();
    let line = text[start..].lines().next()?;
    let open = memchr::memchr(b'(', &line.as_bytes()[..line.len().min(DATELINE_BYTES_MAX)])?;
    let before = line[..open].trim_end();
    let after = &line[open + 1..];
    let close = memchr::memchr(b')', &after.as_bytes()[..after.len().min(AGENCY_BYTES_MAX)])?;
    let agency = &after[..close];
    let rest = after[close + 1..].trim_start_matches([' ', '\u{a0}']);
    let sentence = ["--", "-", "–", "—"].iter().find_map(|dash| rest.strip_prefix(dash))?;
    let trimmed = sentence.trim_start_matches([' ', '\t', '\u{a0}']);
    let apart = trimmed.len() < sentence.len() || rest.starts_with("--") || rest.starts_with('—');
    if !apart || !is_agency(agency) || !(before.is_empty() || is_dateline(before)) {
        return None;
    }
    let end = start + line.len() - trimmed.len();
    Some((Span::new(start + open, end), agency))
}

fn is_agency(name: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '/' | '&' | '-' | '’' | '\'');
    name.chars().next().is_some_and(char::is_uppercase) && name.chars().all(known)
}

/// `ISTANBUL, July 22`, `WASHINGTON`, `Kyiv, Ukraine`: a place before anything else, and no sentence.
fn is_dateline(text: &str) -> bool {
    let word = text.split([' ', ',', '/']).next().unwrap_or_default();
    let capitals = word.chars().count() >= 3 && !word.chars().any(char::is_lowercase);
    let place = text.contains(',') && word.chars().next().is_some_and(char::is_uppercase);
    (capitals || place) && text.split_whitespace().count() <= 10 && !text.ends_with(['.', '!', '?'])
        || is_short_capitals(text)
}

fn is_short_capitals(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    text.len() >= 2
        && text.split_whitespace().count() <= 4
        && letters.clone().count() > 1
        && letters.clone().all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::plain_document;
    use dateline_core::{MarkKind, keys};

    fn marks(text: &str) -> Vec<(MarkKind, String)> {
        let document = plain_document(text.to_owned(), None);
        assert_eq!(document.text, text);
        document.marks.iter().map(|mark| (mark.kind, mark.span.slice(text).unwrap_or("?").to_owned())).collect()
    }

    fn title(text: &str) -> Option<String> {
        plain_document(text.to_owned(), None).title
    }

    #[test]
    fn a_date_header_and_a_wire_marker_are_marked_and_the_text_is_kept() {
        let text = " date 2023-03-13 (Bloomberg) -- Two leaders plan to speak.\n\nMore.";
        assert_eq!(
            marks(text),
            [
                (MarkKind::DateHeader, " date 2023-03-13 ".to_owned()),
                (MarkKind::WireMarker, "(Bloomberg) -- ".to_owned())
            ]
        );
        assert_eq!(plain_document(text.to_owned(), None).metadata.get(keys::SOURCE), Some("Bloomberg"));
    }

    #[test]
    fn a_dateline_stays_outside_the_wire_marker() {
        assert_eq!(marks("ISTANBUL, July 22 (Reuters) - A deal."), [(MarkKind::WireMarker, "(Reuters) - ".to_owned())]);
        assert_eq!(marks("UN (AP) — A deal."), [(MarkKind::WireMarker, "(AP) — ".to_owned())]);
        assert_eq!(marks("Kyiv, Ukraine (AP) — A deal."), [(MarkKind::WireMarker, "(AP) — ".to_owned())]);
    }

    #[test]
    fn parentheses_in_a_sentence_are_no_wire_marker() {
        assert!(marks("The agency (Xinhua) - which is official - said so.").is_empty());
        assert!(marks("He said (again) - no.").is_empty());
        assert!(marks("A date 2022-04-05 in the text.").is_empty());
        assert!(marks("date 2022-04-051 no").is_empty());
        assert!(marks("date 2022-4-5 no").is_empty());
    }

    #[test]
    fn a_first_line_is_a_title_only_when_it_is_a_headline() {
        assert_eq!(title("Xi and Zelensky speak\n\nThe two spoke.").as_deref(), Some("Xi and Zelensky speak"));
        assert_eq!(title(" date 2022-04-05 Xi calls\r\n\r\nThe two spoke.").as_deref(), Some("Xi calls"));
        assert_eq!(title("The two spoke on Monday.\n\nThey did."), None);
        assert_eq!(title("He said “no.”\n\nThey did."), None);
        assert_eq!(title("Only one line"), None);
        assert_eq!(title("Only one line\n\n"), None);
        let long = "Word ".repeat(60);
        assert_eq!(title(&format!("{long}\n\nText.")), None);
        assert_eq!(title(&format!("Grain leaves\n{long}.\n")).as_deref(), Some("Grain leaves"));
    }

    #[test]
    fn the_first_line_of_a_text_wrapped_by_hand_is_no_title() {
        assert_eq!(title("The central bank said on Monday it would\nraise rates by half a point.\n\nMore."), None);
        assert_eq!(title("The central bank of Mexico and the Bank of\nEngland raised rates.\n\nMore."), None);
    }
}
