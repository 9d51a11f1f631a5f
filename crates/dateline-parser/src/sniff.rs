//! Which format a source has, by extension and content, and the reader for it. Content wins where the two disagree.

use crate::decode::{self, Decoded};
use crate::record::{Draft, Sink};
use crate::{ParseError, ParserOptions, json};
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

/// Reads a source as what it looks like.
pub(crate) fn read(
    path: &SourcePath,
    bytes: &[u8],
    options: &ParserOptions,
    sink: &mut Sink<'_>,
) -> Result<Format, ParseError> {
    let extension = path.extension().unwrap_or_default();
    let decoded = decode::decode(bytes, None, options.encoding.as_deref());
    let format = match extension.as_str() {
        "jsonl" | "ndjson" => Format::JsonLines,
        "json" => Format::Json,
        "html" | "htm" => Format::Html,
        _ if json::looks_like_json(&decoded.text) => Format::Json,
        _ => Format::Text,
    };
    match format {
        Format::JsonLines => json::read_lines(&decoded, options, sink)?,
        Format::Json => json::read(&decoded, options, sink)?,
        Format::Html => {
            let draft = crate::html::read(&decoded.text);
            let _ = sink.accept(draft);
        }
        _ => read_plain(decoded, sink),
    }
    Ok(format)
}

fn read_plain(decoded: Decoded<'_>, sink: &mut Sink<'_>) {
    if decoded.text.trim().is_empty() {
        return;
    }
    let origin = Origin { offset: decoded.offset, line: 1 };
    let diagnostics = decoded.diagnostic().into_iter().collect();
    let _ = sink.accept(Draft { text: decoded.text.into_owned(), origin, diagnostics, ..Draft::default() });
}
