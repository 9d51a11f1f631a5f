//! One document in full, and what could not become one.

use super::{ByteSpan, DocumentDct, MentionOut, OutcomeOut, TimexOut};
use dateline_core::layers::{Language, LanguageBasis};
use dateline_core::{Metadata, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What `dateline show` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    /// Id of the document.
    pub document: u64,
    /// Source path, relative to the watched folder.
    pub path: String,
    /// The record's own id in its file, else its number, from 1.
    pub part: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// When it was written, and why.
    pub dct: Option<DocumentDct>,
    /// Which revision this is.
    pub revision: u32,
    /// Canonical text; all offsets below point into it.
    pub text: String,
    /// Line of the file, from 1, on which the text, or the record that holds it, starts.
    pub line: u32,
    /// Whether the lines of the text are lines of the file, counted on from `line`. Those of a record inside a container
    /// are not.
    #[serde(default)]
    pub has_lines: bool,
    /// Byte of the file at which the text starts, when it stands there byte for byte.
    pub offset: Option<u64>,
    /// BLAKE3 hash of the file's content when it was read, hexadecimal.
    pub content: Option<String>,
    /// What it is written in, where that is known.
    #[serde(default)]
    pub language: Option<LanguageOut>,
    /// What the source says beside the text, in order.
    pub metadata: Vec<Fact>,
    /// Parts of the text that are no prose of the article: date header, wire marker.
    pub marks: Vec<ByteSpan>,
    /// Temporal expressions.
    pub timex: Vec<TimexOut>,
    /// Names.
    pub entities: Vec<MentionOut>,
    /// How each processor fared.
    pub outcomes: BTreeMap<String, OutcomeOut>,
    /// When this revision was ingested.
    #[schemars(with = "String")]
    pub seen_from: Timestamp,
    /// When it was superseded or deleted.
    #[schemars(with = "Option<String>")]
    pub seen_to: Option<Timestamp>,
    /// Whether the document has been deleted.
    #[serde(default)]
    pub deleted: bool,
    /// All revisions, oldest first.
    #[serde(default)]
    pub revisions: Vec<RevisionSummary>,
    /// Layers asked for, in full, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layers: BTreeMap<String, Value>,
    /// Names of all layers it has.
    #[serde(default)]
    pub layer_names: Vec<String>,
    /// What changed since the revision asked for, line by line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Vec<Difference>>,
    /// The revision asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_from: Option<u32>,
}

/// What a text is written in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageOut {
    /// BCP 47 tag.
    pub tag: String,
    /// Whether the letters of the text told it; else its source declares it.
    pub detected: bool,
}

impl LanguageOut {
    /// The wire form of a language.
    #[must_use]
    pub fn of(language: &Language) -> LanguageOut {
        LanguageOut { tag: language.tag.clone(), detected: language.basis == LanguageBasis::Detected }
    }
}

/// One fact a source states about a document; a key may stand more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// Lower-case key.
    pub key: String,
    /// The value as written.
    pub value: String,
}

impl Fact {
    /// All facts of a document, in order.
    #[must_use]
    pub fn all(metadata: &Metadata) -> Vec<Fact> {
        metadata.iter().map(|(key, value)| Fact { key: key.to_owned(), value: value.to_owned() }).collect()
    }
}

/// One revision of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionSummary {
    /// Its number, from 1.
    pub revision: u32,
    /// When it was ingested.
    #[schemars(with = "String")]
    pub seen_from: Timestamp,
    /// When it was superseded or deleted.
    #[schemars(with = "Option<String>")]
    pub seen_to: Option<Timestamp>,
    /// Length of its text in bytes.
    pub bytes: u64,
}

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Whether both have it, or one.
    pub kind: DifferenceKind,
    /// The line, without its end.
    pub text: String,
}

/// Which of two texts have a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Both.
    Same,
    /// Only the newer.
    Added,
    /// Only the older.
    Removed,
    /// Lines both have were left out here.
    Skipped,
}

/// One line of `dateline failures`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Source path.
    pub path: String,
    /// The record in the file, when only that failed.
    pub part: Option<String>,
    /// Id of the document, when it is one.
    pub document: Option<u64>,
    /// What failed: `read`, `parse`, `process`, `quarantine`, `limit`.
    pub stage: String,
    /// The processor, when it was one.
    pub processor: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was last tried.
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
    /// How often it was tried on this content.
    pub attempts: u32,
    /// When it will be tried again by itself: `when the file changes`, `at the next start`, a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// Line of the file at which it failed, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// One line of `dateline retry`: what is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retried {
    /// Source path.
    pub path: String,
    /// The record in the file, when only that is tried.
    pub part: Option<String>,
    /// The processor, when only that is run.
    pub processor: Option<String>,
}
