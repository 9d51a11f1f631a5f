//! Documents found: hits, arrivals, near-copies, contradictions, quotations.

use super::Days;
use dateline_core::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A half-open range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByteSpan {
    /// First byte.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
}

impl From<Span> for ByteSpan {
    fn from(span: Span) -> ByteSpan {
        ByteSpan { start: span.start.into(), end: span.end.into() }
    }
}

/// One hit of `dateline search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// Id of the document.
    pub document: u64,
    /// Source path, relative to the watched folder.
    pub path: String,
    /// The record's own id in its file, else its number, from 1.
    pub part: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// When the document was written.
    pub dct: Option<Days>,
    /// How well it matches; comparable within one answer only.
    pub score: f64,
    /// A passage that matches, or the beginning of the text; empty when only paths were asked for.
    pub snippet: String,
    /// Whether the passage begins inside a sentence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_before: bool,
    /// Whether the passage ends inside a sentence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_after: bool,
    /// Which revision matched.
    pub revision: u32,
    /// Line of the file, from 1, on which the first word found stands, else the passage; 0 when unknown.
    pub line: u32,
    /// What in `snippet` matched, as bytes of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<ByteSpan>,
    /// Other spellings of an entity that made it match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Where the passage stands in the file, when the text stands there byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<ByteSpan>,
    /// BLAKE3 hash of the file's content when it was read, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Whether the document has been deleted since (seen with `--known-at` only).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// One change reported by `dateline tail`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// Its place in the change log; start behind it to go on from here.
    pub sequence: u64,
    /// What happened.
    pub change: ArrivalKind,
    /// When it was committed.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// When the document was written.
    pub dct: Option<Days>,
    /// Which revision this is.
    pub revision: u32,
    /// The beginning of the text, or a passage that matches the query.
    #[serde(default)]
    pub snippet: String,
}

/// What happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArrivalKind {
    /// It is new, or came back.
    Added,
    /// Its content changed.
    Revised,
    /// Its annotations changed.
    Annotated,
    /// Its file was renamed, or it stands at another place in it. Where its annotations changed with that, only these are told.
    Moved,
    /// It is gone.
    Deleted,
}

/// One near-copy found by `dateline similar`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimilarDocument {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// When it was written.
    pub dct: Option<Days>,
    /// How it stands to the document asked about.
    pub relation: Relation,
    /// How much of both texts together is shared, word by word, from 0 to 1.
    pub similarity: f64,
    /// How much of the document asked about stands in this one, from 0 to 1.
    pub contained: f64,
    /// How alike the words of both are, whatever their order and rare words counting more, from 0 to 1.
    pub closeness: f64,
    /// Passages both have, longest first.
    pub shared: Vec<SharedPassage>,
}

/// How a document stands to another it is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The same text, more or less.
    Copy,
    /// The same story in other words.
    Rewrite,
    /// Another text with passages in common.
    Passages,
}

/// A passage two documents share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedPassage {
    /// The passage, as the document asked about has it.
    pub text: String,
    /// Its length in words.
    pub words: u32,
    /// Where it stands in the document asked about, as bytes of its text.
    pub span: ByteSpan,
    /// Where it stands in the other.
    pub other: ByteSpan,
}

/// One contradiction found by `dateline conflicts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// What the documents disagree about, in a few words.
    pub about: String,
    /// `date` or `figure`.
    pub kind: String,
    /// How sure it is that they speak of one event, from 0 to 1.
    pub confidence: f64,
    /// Why the sentences are held to speak of one event.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// What each says, the document written first at the top.
    pub sides: Vec<ConflictSide>,
}

/// What one document says in a contradiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictSide {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Line of the file.
    pub line: u32,
    /// What it says: a day, or a figure with its words.
    pub value: String,
    /// The sentence that says so.
    pub sentence: String,
    /// When the document was written.
    pub dct: Option<Days>,
    /// Where the sentence stands in the file, when the text stands there byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<ByteSpan>,
    /// BLAKE3 hash of the file's content when it was read, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// One quotation listed by `dateline quotes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// Line of the file.
    pub line: u32,
    /// When the document was written.
    pub dct: Option<Days>,
    /// Who speaks, by the fullest name the document gives.
    pub speaker: Option<String>,
    /// Registry or watchlist id of the speaker.
    pub entity: Option<String>,
    /// The words that say that somebody speaks: `said`, `told Reuters`.
    pub cue: Option<String>,
    /// What is quoted, with its marks.
    pub text: String,
    /// `direct` or `mixed`.
    pub kind: String,
    /// Where it stands, as bytes of the document's text.
    pub span: ByteSpan,
}
