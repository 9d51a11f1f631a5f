//! Bytes of one source to its documents, with diagnostics, or `Unsupported`.
//!
//! The parser reads no file and knows no store: it is handed a path (for its extension) and the bytes. It decides the
//! format by extension *and* content, decodes, and hands out one [`ParsedDocument`] after another. It never panics on
//! content, never overflows the stack and works in time linear in its input; sizes it stops at are in [`limits`].
//! It interprets no dates: whatever a source says about its date is kept as metadata under
//! [`dateline_core::keys`], for the dating processor.
//!
//! The canonical text of a plain text file is the decoded text, unchanged; of all other formats it is the article's
//! prose without markup.

mod decode;
mod feed;
mod html;
mod json;
pub mod limits;
mod magic;
mod mail;
mod markdown;
mod options;
mod plain;
mod record;
mod sniff;
mod xml;

pub use options::{JsonFields, ParserOptions};
pub use plain::plain_document;
pub use sniff::Format;

use dateline_core::{ContentHash, Diagnostic, Document, SourcePath};
use record::Sink;
use std::ops::ControlFlow;

/// Raised whenever the same bytes may give other documents than before; a part of what makes stored documents stale.
pub const VERSION: u32 = 3;

/// One document of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedDocument {
    /// The record's own id (JSON `id`, Message-ID, feed guid); `None` where it has none. Not unique in its source.
    pub part_id: Option<String>,
    /// Position in the source, from 1; also counts records that failed.
    pub number: u32,
    /// The document.
    pub document: Document,
    /// What was odd about it.
    pub diagnostics: Vec<Diagnostic>,
}

/// What became of a source as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseReport {
    /// What the source was read as.
    pub format: Format,
    /// Documents handed out.
    pub documents: u32,
    /// What was odd about the source as a whole.
    pub diagnostics: Vec<Diagnostic>,
    /// Records that gave no document; at most [`limits::FAILURES_MAX`].
    pub failures: Vec<RecordFailure>,
}

/// A record of a container that gave no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFailure {
    /// The record's own id, or its number from 1.
    pub part: String,
    /// Line of the file, from 1, on which the record starts; 0 when unknown.
    pub line: u32,
    /// Why, for people: lower case, no full stop.
    pub reason: String,
}

/// Why a source gave no document at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The parser does not read this kind of file.
    #[error("unsupported: {reason}")]
    Unsupported {
        /// What the file looks like.
        reason: String,
    },
    /// The file is of a kind the parser reads, but nothing in it could be read.
    #[error("broken: {reason}")]
    Broken {
        /// What is wrong with it.
        reason: String,
    },
}

impl ParseError {
    fn unsupported(reason: impl Into<String>) -> ParseError {
        ParseError::Unsupported { reason: reason.into() }
    }

    fn broken(reason: impl Into<String>) -> ParseError {
        ParseError::Broken { reason: reason.into() }
    }
}

/// The hash of everything but the bytes and the extension that the outcome of [`parse`] depends on.
#[must_use]
pub fn parser_key(options: &ParserOptions) -> ContentHash {
    let options = serde_json::to_vec(options).unwrap_or_default();
    ContentHash::of_fields([b"parser".as_slice(), &VERSION.to_le_bytes(), &options])
}

/// The hash of everything but the bytes that the outcome of [`parse`] for one source depends on: what [`parser_key`] says
/// and what counts of its name. A file of the same bytes under another name is read alike when this is equal.
#[must_use]
pub fn source_key(parser: &ContentHash, path: &SourcePath) -> ContentHash {
    ContentHash::of_fields([parser.0.as_slice(), path.extension().unwrap_or_default().as_bytes()])
}

/// Reads the documents of one source and hands them to `sink` in their order, until it breaks.
///
/// A container that is broken in part gives its good records and lists the others in the report.
///
/// # Errors
/// When the file is of a kind that is not read, or nothing in it could be.
pub fn parse(
    path: &SourcePath,
    bytes: &[u8],
    options: &ParserOptions,
    sink: &mut dyn FnMut(ParsedDocument) -> ControlFlow<()>,
) -> Result<ParseReport, ParseError> {
    let mut sink = Sink::new(sink);
    let format = sniff::read(path, bytes, options, &mut sink)?;
    Ok(sink.into_report(format))
}
