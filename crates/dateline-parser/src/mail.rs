//! Mails and mailboxes: the text a reader would see, the subject as title, the `Date:` header kept as written.
//! Attachments are not opened.

use crate::html;
use crate::limits;
use crate::record::{Draft, Sink, one_line};
use crate::{ParseError, decode};
use dateline_core::{Diagnostic, Origin, keys};
use mail_parser::{Message, MessageParser, PartType};
use memchr::{memchr, memchr_iter, memmem};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// Bytes of a file in which its mail headers are looked for.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Fewest known headers of a file that is a mail without being called one.
const HEADERS_MIN: usize = 3;

/// Headers that tell a mail.
const KNOWN: &[&str] = &[
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "received",
    "mime-version",
    "return-path",
    "delivered-to",
    "content-type",
    "reply-to",
    "sender",
    "dkim-signature",
    "in-reply-to",
    "references",
    "content-transfer-encoding",
    "x-mailer",
    "list-id",
    "envelope-to",
];

/// How many known headers stand at the start of a file; 0 when something else stands there.
fn known_headers(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    let mut known = 0;
    for (number, line) in head.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if number == 0 {
                return 0;
            }
            continue;
        }
        let Some(name) = header_name(line) else { return if known >= HEADERS_MIN { known } else { 0 } };
        known += usize::from(KNOWN.iter().any(|header| name.eq_ignore_ascii_case(header.as_bytes())));
    }
    known
}

fn header_name(line: &[u8]) -> Option<&[u8]> {
    let name = &line[..memchr(b':', line)?];
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!name.is_empty() && name.len() < 80 && name.iter().all(fits)).then_some(name)
}

/// Whether a file is a mail; `called` says whether it is called one.
pub(crate) fn is_mail(lines: &Lines<'_>, called: bool) -> bool {
    let known = known_headers(strip_mark(&lines.bytes));
    known >= if called { 1 } else { HEADERS_MIN }
}

/// Whether a file is a mailbox: a `From ` line with a mail behind it.
pub(crate) fn is_mbox(lines: &Lines<'_>) -> bool {
    let bytes = strip_mark(&lines.bytes);
    bytes.starts_with(b"From ") && memchr(b'\n', bytes).is_some_and(|end| known_headers(&bytes[end + 1..]) > 0)
}

/// The bytes of a file that may hold mails, their lines ended by line feeds.
pub(crate) struct Lines<'a> {
    bytes: Cow<'a, [u8]>,
}

impl<'a> Lines<'a> {
    /// Takes a file's bytes; where lines end with carriage returns alone, these are replaced.
    pub(crate) fn new(bytes: &'a [u8]) -> Lines<'a> {
        let old = memchr(b'\r', bytes).is_some() && memchr(b'\n', bytes).is_none();
        if !old {
            return Lines { bytes: Cow::Borrowed(bytes) };
        }
        let bytes = bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
        Lines { bytes: Cow::Owned(bytes.collect()) }
    }

    /// Whether the bytes stand in the file as they are here.
    fn citable(&self) -> bool {
        matches!(self.bytes, Cow::Borrowed(_))
    }
}

fn strip_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Reads one mail.
pub(crate) fn read(lines: &Lines<'_>, sink: &mut Sink<'_>) -> Result<(), ParseError> {
    let _ = message(&lines.bytes, lines.citable().then_some(0), (1, 1), sink);
    nothing_good(sink)
}

/// Reads every mail of a mailbox.
pub(crate) fn read_mbox(lines: &Lines<'_>, sink: &mut Sink<'_>) -> Result<(), ParseError> {
    let (bytes, cited) = (&*lines.bytes, lines.citable());
    let mut starts = mail_starts(bytes).peekable();
    let mut line = 1u32;
    let mut counted = 0;
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(bytes.len());
        line =
            line.saturating_add(u32::try_from(memchr_iter(b'\n', &bytes[counted..start]).count()).unwrap_or(u32::MAX));
        counted = start;
        let head = memchr(b'\n', &bytes[start..end]).map_or(end, |at| start + at + 1);
        let headers = line.saturating_add(u32::from(head > start));
        if message(&bytes[head..end], cited.then_some(head), (line, headers), sink).is_break() {
            break;
        }
    }
    nothing_good(sink)
}

fn nothing_good(sink: &Sink<'_>) -> Result<(), ParseError> {
    match sink.first_failure() {
        Some(failure) if sink.documents() == 0 => {
            Err(ParseError::broken(format!("no mail could be read: {}", failure.reason)))
        }
        _ => Ok(()),
    }
}

/// Offsets of the `From ` lines that start a mail: at the start or behind an empty line, with a header next.
fn mail_starts(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let first = bytes.len() - strip_mark(bytes).len();
    let later = memmem::find_iter(bytes, b"\nFrom ").map(|at| at + 1).filter(|at| {
        let before = bytes[..at - 1].strip_suffix(b"\r").unwrap_or(&bytes[..at - 1]);
        let next = memchr(b'\n', &bytes[*at..]).map_or(bytes.len(), |end| at + end + 1);
        let line = &bytes[next..next + memchr(b'\n', &bytes[next..]).unwrap_or(bytes.len() - next)];
        before.ends_with(b"\n") && header_name(line).is_some()
    });
    std::iter::once(first).chain(later)
}

/// Hands out one mail; `offset` is where it stands in the file, and the lines are those on which its record and its headers
/// begin.
fn message(
    raw: &[u8],
    offset: Option<usize>,
    (line, headers_line): (u32, u32),
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    if let Err(reason) = check_structure(raw) {
        sink.fail(None, line, reason);
        return ControlFlow::Continue(());
    }
    let Some(message) = MessageParser::default().parse(raw) else {
        sink.fail(None, line, "not a mail: it has no headers");
        return ControlFlow::Continue(());
    };
    let part_id = message.message_id().map(str::to_owned).filter(|id| !id.is_empty());
    let mut diagnostics = Vec::new();
    let (mut text, place) = text(&message, &mut diagnostics);
    text.truncate(text.trim_end().len());
    if text.is_empty() {
        sink.fail(part_id.as_deref(), line, "the mail has no text");
        return ControlFlow::Continue(());
    }
    let before = place.map_or(0, |place| memchr_iter(b'\n', &raw[..place.at]).count());
    let origin = Origin {
        offset: place.filter(|place| place.same).zip(offset).map(|(place, offset)| (offset + place.at) as u64),
        line: match place {
            Some(_) => headers_line.saturating_add(u32::try_from(before).unwrap_or(u32::MAX)),
            None => line,
        },
        by_line: place.is_some(),
    };
    let mut draft = Draft { part_id, text, origin, diagnostics, ..Draft::default() };
    draft.title = message.subject().map(one_line);
    headers(&message, &mut draft);
    sink.accept(draft)
}

/// Refuses mails whose parts are nested or numbered beyond the limits, before they are taken apart.
fn check_structure(raw: &[u8]) -> Result<(), &'static str> {
    let mut multiparts = 0usize;
    for at in memchr_iter(b'/', raw) {
        let word = |word: &[u8]| raw[..at].len() >= word.len() && raw[at - word.len()..at].eq_ignore_ascii_case(word);
        multiparts += usize::from(
            word(b"multipart")
                || (word(b"message")
                    && raw[at + 1..].get(..6).is_some_and(|kind| kind.eq_ignore_ascii_case(b"rfc822"))),
        );
        if multiparts > limits::MIME_PARTS_MAX {
            return Err("the mail has too many nested parts");
        }
    }
    Ok(())
}

/// Where a text stands in its mail.
#[derive(Clone, Copy)]
struct Place {
    /// The byte it begins at.
    at: usize,
    /// Whether it stands there byte for byte, and not only line by line.
    same: bool,
}

/// The text of a mail, and where it stands in it when its lines are those of the mail.
fn text(message: &Message<'_>, diagnostics: &mut Vec<Diagnostic>) -> (String, Option<Place>) {
    let mut text = String::new();
    let mut place = None;
    let mut doubtful = false;
    let mut parts = 0;
    for part in message.text_bodies().take(limits::MIME_PARTS_MAX) {
        let prose: Cow<'_, str> = match &part.body {
            PartType::Text(body) => {
                let (start, end) = (part.raw_body_offset() as usize, part.raw_end_offset() as usize);
                let raw = message.raw_message().get(start..end).unwrap_or_default();
                let is_plain = part.encoding == mail_parser::Encoding::None;
                let same = raw.starts_with(body.as_bytes()) && !body.contains('\r');
                place = is_plain.then_some(Place { at: start, same });
                // A charset that is missing or wrong: what stands there unencoded is detected like any text.
                if body.contains('\u{fffd}') && is_plain {
                    Cow::Owned(decode::decode(raw, None, None).text.replace("\r\n", "\n"))
                } else {
                    Cow::Owned(body.replace("\r\n", "\n"))
                }
            }
            PartType::Html(body) => Cow::Owned(html::fragment(body)),
            _ => continue,
        };
        doubtful |= part.is_encoding_problem || prose.contains('\u{fffd}');
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        parts += 1;
        text.push_str(&prose);
    }
    if doubtful {
        diagnostics.push(Diagnostic::new("bad-encoding", "some of the mail could not be decoded and was replaced"));
    }
    if text.trim().is_empty() {
        text = message
            .html_bodies()
            .filter_map(|part| part.text_contents())
            .map(html::fragment)
            .collect::<Vec<_>>()
            .join("\n\n");
        place = None;
    }
    (text, place.filter(|_| parts == 1))
}

fn headers(message: &Message<'_>, draft: &mut Draft) {
    if let Some(date) = message.header_raw("Date") {
        draft.facts.push(keys::MAIL_DATE, &one_line(date));
    }
    if let Some(from) = message.from().and_then(|from| from.first()) {
        let name = from.name().or(from.address()).unwrap_or_default();
        draft.facts.push(keys::AUTHOR, name);
        draft.facts.push("mail.from", from.address().unwrap_or_default());
    }
    for (header, key) in [
        ("List-Id", "mail.list"),
        ("Organization", keys::SOURCE),
        ("Archived-At", keys::URL),
        ("Content-Language", keys::LANGUAGE),
    ] {
        if let Some(value) = message.header_raw(header) {
            let value = decode::decode(value.as_bytes(), None, None);
            draft.facts.push(key, one_line(&value.text).trim_matches(['<', '>']));
        }
    }
}
