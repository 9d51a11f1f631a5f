//! One parsed article as a value: canonical text, title, metadata, and what else may be declared as an input layer.

use crate::{DateInterval, Metadata, Span, Time, Timestamp};
use serde::{Deserialize, Serialize};

/// One parsed article.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Canonical text; all spans point into it. Of a plain text file it is the decoded text, unchanged.
    pub text: String,
    /// Headline, when the source has one.
    pub title: Option<String>,
    /// Where the headline stands, when it stands in the text.
    pub title_span: Option<Span>,
    /// Parts of the text that are not prose of the article: date header, wire marker. Sorted, non-overlapping.
    pub marks: Vec<Mark>,
    /// What the source says about the article.
    pub metadata: Metadata,
    /// Where the text stands in its file.
    pub origin: Origin,
}

impl Document {
    /// Whether `span` touches a mark.
    #[must_use]
    pub fn is_marked(&self, span: Span) -> bool {
        self.marks.iter().any(|mark| mark.span.overlaps(span))
    }
}

/// A part of the text that is no prose of the article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: MarkKind,
}

/// What a marked part of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// ` date 2022-04-05 ` before the first sentence.
    DateHeader,
    /// `(Bloomberg) --`, `(Reuters) -`: the agency before the first sentence.
    WireMarker,
}

/// Where a document's text stands in its file, for citations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Byte offset in the file at which the canonical text starts, when it stands there byte for byte.
    pub offset: Option<u64>,
    /// Line of the file, from 1, on which the text (or the record that holds it) starts.
    pub line: u32,
    /// Whether the text stands there line by line, as one does that was decoded from another encoding: its lines are those
    /// of the file, its bytes are not.
    pub by_line: bool,
}

impl Default for Origin {
    /// A text that is all of its file, of whose bytes nothing is known.
    fn default() -> Origin {
        Origin { offset: None, line: 1, by_line: true }
    }
}

impl Origin {
    /// Whether the lines of the text are lines of the file. Those of a record inside a container are not: it stands on its
    /// first line as a whole.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        self.offset.is_some() || self.by_line
    }

    /// Line of the file, from 1, on which the byte `at` of the text stands.
    #[must_use]
    pub fn line_of(&self, text: &str, at: u32) -> u32 {
        let first = self.line.max(1);
        if !self.has_lines() {
            return first;
        }
        let before = text.as_bytes().get(..at as usize).unwrap_or_default();
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        first.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX))
    }

    /// The first and the last line of the file that hold something of the text.
    #[must_use]
    pub fn lines(&self, text: &str) -> (u32, u32) {
        let end = text.trim_end_matches(['\r', '\n']).len();
        (self.line.max(1), self.line_of(text, u32::try_from(end).unwrap_or(u32::MAX)))
    }
}

/// Where a document came from: the input layer `source`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Source path, as [`crate::SourcePath::display`] shows it; empty when there is none.
    pub path: String,
    /// Modification time of the file: an upper bound at most, never an anchor.
    pub mtime: Option<Timestamp>,
}

/// What the user or caller says about a document: the input layer `hints`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// The document date, given from outside; wins over all evidence.
    pub dct: Option<DctHint>,
    /// The kind of text, given from outside.
    pub genre: Option<Genre>,
    /// Gold mentions: where given, exactly these are resolved.
    pub mentions: Option<Vec<MentionHint>>,
}

/// A document date given from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DctHint {
    /// The days it may be; `None` when the user decided that it is unknown.
    pub interval: Option<DateInterval>,
    /// Time of day, in the zone it was given in.
    pub time: Option<Time>,
    /// Whether this is the user's decision (`dateline date set`) and not the caller's input.
    pub decided: bool,
}

/// The kind of text, which changes how its dates are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Genre {
    /// Reports: relative dates count from the document date.
    News,
    /// Histories: relative dates count from the last date named.
    Narrative,
    /// Tweets, chats.
    Colloquial,
}

/// A mention given from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionHint {
    /// Where it stands.
    pub span: Span,
    /// Its type.
    pub kind: crate::layers::EntityType,
}

/// Everything an annotator may be shown of a document before any layer was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentInput {
    /// The article.
    pub document: Document,
    /// Where it came from.
    pub source: SourceInfo,
    /// What was said about it from outside.
    pub hints: Hints,
}
