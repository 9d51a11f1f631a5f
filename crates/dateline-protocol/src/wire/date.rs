//! A document's own date, what speaks for it, and what the user decided.

use super::{Days, Evidence};
use dateline_core::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `dateline date DOC` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentDate {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// When it was written; `null` when that is not known.
    pub dct: Option<Days>,
    /// How precisely that is known: `time`, `day`, `week`, `month`, `year`, `interval`.
    pub precision: Option<String>,
    /// How sure that is, in percent.
    pub confidence: Option<u8>,
    /// When it says it was last changed.
    pub updated: Option<Days>,
    /// It is not older than this.
    #[schemars(with = "Option<String>")]
    pub not_before: Option<Date>,
    /// It is not newer than this (its file's time); says nothing about when it was written.
    #[schemars(with = "Option<String>")]
    pub not_after: Option<Date>,
    /// Whether the user decided the date.
    pub decided: bool,
    /// All evidence, best first.
    pub evidence: Vec<Evidence>,
}

/// One line of `dateline undated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndatedDocument {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Headline, or the beginning of the text.
    pub title: Option<String>,
    /// Dates it may have, best first; never applied by themselves.
    pub suggestions: Vec<DateSuggestion>,
}

/// A date a document may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DateSuggestion {
    /// The date.
    pub date: Days,
    /// What speaks for it, one line.
    pub reason: String,
    /// How likely it is, in percent.
    pub confidence: u8,
    /// A document that speaks for it: a near-copy that is dated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
}
