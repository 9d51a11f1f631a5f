//! Which format a source has, by extension and content, and the reader for it. Content wins where the two disagree.

use crate::decode::{self, Decoded};
use crate::record::{Draft, Sink};
use crate::{ParseError, ParserOptions, feed, html, json, magic, mail, markdown, xml};
use dateline_core::{Origin, SourcePath};
use serde::{Deserialize, Serialize};

/// What a source was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown, with or without front matter.
    Markdown,
    /// A web page.
    Html,
    /// A JSON record, or several in a list.
    Json,
    /// One JSON record per line.
    JsonLines,
    /// RSS or Atom.
    Feed,
    /// One mail.
    Mail,
    /// Many mails.
    Mbox,
}

/// Bytes in which a file declares its encoding.
const DECLARATION_BYTES_MAX: usize = 8 << 10;

/// Reads a source as what it looks like.
pub(crate) fn read(
    path: &SourcePath,
    bytes: &[u8],
    options: &ParserOptions,
    sink: &mut Sink<'_>,
) -> Result<Format, ParseError> {
    let extension = path.extension().unwrap_or_default();
    if let Some(kind) = magic::kind(bytes) {
        return Err(ParseError::unsupported(format!("this is {kind}")));
    }
    let lines = mail::Lines::new(bytes);
    if mail::is_mbox(&lines) {
        mail::read_mbox(&lines, sink)?;
        return Ok(Format::Mbox);
    }
    if mail::is_mail(&lines, matches!(extension.as_str(), "eml" | "mbox" | "mht" | "mhtml")) {
        mail::read(&lines, sink)?;
        return Ok(Format::Mail);
    }
    drop(lines);
    let decoded = decode::decode(bytes, declared(bytes).as_deref(), options.encoding.as_deref());
    if magic::is_noise(&decoded.text) {
        return Err(ParseError::unsupported("this is binary data of an unknown kind"));
    }
    let format = format(&extension, &decoded.text)?;
    match format {
        Format::JsonLines => json::read_lines(&decoded, options, sink)?,
        Format::Json => json::read(&decoded, options, sink)?,
        Format::Html => read_html(&decoded, sink)?,
        Format::Feed => feed::read(&decoded, sink)?,
        Format::Markdown => read_one(markdown::read(&decoded, options), sink),
        Format::Text | Format::Mail | Format::Mbox => read_plain(decoded, sink),
    }
    Ok(format)
}

/// The format of a decoded text.
fn format(extension: &str, text: &str) -> Result<Format, ParseError> {
    let start = text.trim_start();
    if start.starts_with('<')
        && let Some(found) = markup(start)?
    {
        return Ok(found);
    }
    if json::looks_like_json(text) {
        let lines = matches!(extension, "jsonl" | "ndjson") || json::looks_like_lines(text);
        return Ok(if lines { Format::JsonLines } else { Format::Json });
    }
    match extension {
        _ if start.is_empty() => Ok(Format::Text),
        "jsonl" | "ndjson" => Ok(Format::JsonLines),
        "json" => Ok(Format::Json),
        "html" | "htm" | "xhtml" | "shtml" if html::dom::has_tags(text) => Ok(Format::Html),
        "md" | "markdown" | "mdown" | "mkd" => Ok(Format::Markdown),
        "rss" | "atom" | "xml" => Err(ParseError::unsupported("this is XML without a feed or page in it")),
        _ if markdown::has_front_matter(text) => Ok(Format::Markdown),
        _ => match magic::not_an_article(extension) {
            Some(kind) => Err(ParseError::unsupported(format!("this is {kind}"))),
            None => Ok(Format::Text),
        },
    }
}

/// What a text is that starts with a tag: a feed, a page, other XML, or a text after all.
fn markup(start: &str) -> Result<Option<Format>, ParseError> {
    let head = crate::record::shorten(start, 64);
    let lower = head.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") {
        return Ok(Some(Format::Html));
    }
    let declared = lower.starts_with("<?xml");
    match xml::root(start) {
        Some(root) if feed::is_feed(root) => Ok(Some(Format::Feed)),
        Some(root) if html::dom::Tag::from_name(root.as_bytes()).is_page() => Ok(Some(Format::Html)),
        Some(root) if declared => {
            let root = crate::record::shorten(root, 40);
            Err(ParseError::unsupported(format!(
                "this is XML of another kind (`{}`)",
                dateline_core::terminal::escape(root)
            )))
        }
        _ if declared => Err(ParseError::unsupported("this is XML without a feed or page in it")),
        _ => Ok(None),
    }
}

/// The charset that a page or XML text declares in its head.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let tag = memchr::memchr(b'<', head)?;
    if !head[..tag].trim_ascii_start().is_empty() && !head.starts_with(b"\xef\xbb\xbf") {
        return None;
    }
    let head = head.to_ascii_lowercase();
    let name = if head[tag..].starts_with(b"<?xml") { b"encoding".as_slice() } else { b"charset" };
    let found = memchr::memmem::find(&head, name).or_else(|| memchr::memmem::find(&head, b"charset"))?;
    let rest = &head[found + name.len().min(head.len() - found)..];
    let value = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let length = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.'))
        .count();
    (length > 0).then(|| String::from_utf8_lossy(&value[..length]).into_owned())
}

fn read_plain(decoded: Decoded<'_>, sink: &mut Sink<'_>) {
    let origin = Origin { offset: decoded.offset, line: 1, by_line: true };
    let diagnostics = decoded.diagnostic().into_iter().collect();
    read_one(Draft { text: decoded.text.into_owned(), origin, diagnostics, ..Draft::default() }, sink);
}

fn read_one(draft: Draft, sink: &mut Sink<'_>) {
    if !draft.text.trim().is_empty() {
        let _ = sink.accept(draft);
    }
}

fn read_html(decoded: &Decoded<'_>, sink: &mut Sink<'_>) -> Result<(), ParseError> {
    let mut draft = html::read(&decoded.text);
    draft.origin = Origin { offset: None, line: 1, by_line: false };
    draft.diagnostics.extend(decoded.diagnostic());
    if draft.text.trim().is_empty() {
        return Err(ParseError::broken("the page has no text that could be read"));
    }
    let _ = sink.accept(draft);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Format, format};

    fn check(extension: &str, text: &str, expected: Format) {
        assert_eq!(format(extension, text), Ok(expected), "{text}");
    }

    #[test]
    fn content_wins_over_the_extension() {
        check("txt", "<!DOCTYPE html><p>x", Format::Html);
        check("txt", "<html><p>x", Format::Html);
        check("txt", "{\"text\": \"x\"}", Format::Json);
        check("txt", "{\"text\": \"x\"}\n{\"text\": \"y\"}\n", Format::JsonLines);
        check("json", "{\"text\": \"x\"}\n{\"text\": \"y\"}\n", Format::JsonLines);
        check("json", "[{\"text\": \"x\"}]", Format::Json);
        check("xml", "<?xml version='1.0'?><rss/>", Format::Feed);
        check("txt", "<feed xmlns='http://www.w3.org/2005/Atom'/>", Format::Feed);
        check("html", "no tags at all", Format::Text);
        check("txt", "---\ntitle: x\n---\nText.", Format::Markdown);
    }

    #[test]
    fn texts_that_start_oddly_stay_texts() {
        check("txt", "[Editor's note] Text.", Format::Text);
        check("txt", "{sic} Text.", Format::Text);
        check("txt", "<Reuters> Text.", Format::Text);
        check("", "Text.", Format::Text);
    }

    #[test]
    fn other_kinds_are_unsupported() {
        assert!(format("xml", "<?xml version='1.0'?><svg/>").is_err());
        assert!(format("csv", "a,b\n1,2\n").is_err());
    }
}
