//! What happened when.

use super::{ByteSpan, Days};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of `dateline timeline`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// The days it happened on, as precisely as known.
    pub date: Days,
    /// `day`, `week`, `month`, `year` or `interval`.
    pub precision: String,
    /// The sentence that says it best.
    pub sentence: String,
    /// Documents that say so, copies and rewrites counted once.
    pub sources: u32,
    /// Documents that say so in all.
    pub support: u32,
    /// Id of the document the sentence is from.
    pub document: u64,
    /// Its source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Line of the file, from 1; 0 when unknown.
    pub line: u32,
    /// Where the sentence stands, as bytes of the document's text.
    pub span: ByteSpan,
    /// How much it matters, comparable within one answer.
    pub score: f64,
    /// The words the date comes from; `null` when it is the document's own date.
    pub expression: Option<String>,
    /// Ids of other documents that say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<u64>,
}

/// One line of `dateline on`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayEntry {
    /// How it belongs to the day.
    pub relation: DayRelation,
    /// Headline, sentence or name.
    pub text: String,
    /// The days meant, as precisely as known; absent for a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Days>,
    /// How often: sentences or documents.
    pub count: u32,
    /// Id of the document.
    pub document: Option<u64>,
    /// Source path of the document.
    pub path: Option<String>,
    /// Which record of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Line of the file.
    pub line: Option<u32>,
    /// Id of the entity, where it is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Type of the entity.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// How something belongs to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DayRelation {
    /// A document written that day.
    Written,
    /// A sentence that speaks of that day.
    About,
    /// Somebody or something named in either.
    Named,
}
