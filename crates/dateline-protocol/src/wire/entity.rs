//! The registry of entities across documents.

use super::Days;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One line of `dateline who`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntityCount {
    /// Registry or watchlist id, where it has one.
    pub entity: Option<String>,
    /// Preferred name.
    pub name: String,
    /// `PER`, `ORG`, `LOC` or `MISC`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Documents that name it.
    pub documents: u64,
    /// Times it is named.
    pub mentions: u64,
}

/// One line of `dateline entities list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntitySummary {
    /// Registry or watchlist id.
    pub entity: String,
    /// Preferred name.
    pub name: String,
    /// `PER`, `ORG`, `LOC` or `MISC`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Documents that name it.
    pub documents: u64,
    /// Times it is named.
    pub mentions: u64,
    /// Earliest date of a document that names it.
    pub first: Option<Days>,
    /// Latest date of a document that names it.
    pub last: Option<Days>,
    /// Other spellings, most frequent first.
    pub aliases: Vec<String>,
    /// Watchlist id, when it is on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What `dateline entities show` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntityDetail {
    /// The entity.
    #[serde(flatten)]
    pub summary: EntitySummary,
    /// All spellings with their counts, most frequent first.
    pub names: Vec<EntityName>,
    /// Mentions per month, in order, months without any left out.
    pub months: Vec<EntityMonth>,
    /// Entities named in the same documents, most often first.
    pub with: Vec<CoMention>,
    /// Documents that name it, newest first, the first few.
    pub in_documents: Vec<EntityDocument>,
}

/// One spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntityName {
    /// The spelling.
    pub name: String,
    /// Times it stands in documents.
    pub mentions: u64,
}

/// Mentions in one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntityMonth {
    /// `YYYY-MM`.
    pub month: String,
    /// Mentions in documents written then.
    pub mentions: u64,
}

/// An entity named in the same documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoMention {
    /// Its id.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Documents that name both.
    pub documents: u64,
}

/// A document that names an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntityDocument {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// Headline.
    pub title: Option<String>,
    /// When it was written.
    pub dct: Option<Days>,
    /// Times it names the entity.
    pub mentions: u64,
}

/// One line of `dateline entities suggest`: entities that may be one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntitySuggestion {
    /// The entities.
    pub entities: Vec<EntitySummary>,
    /// How likely they are one, from 0 to 1.
    pub confidence: f64,
    /// What speaks for it, and against.
    pub reasons: Vec<String>,
}

/// One decision of the user about entities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// Id of the decision, to take it back with.
    pub decision: String,
    /// `merge`, `split`, `rename` or `never`.
    pub kind: String,
    /// What it says, one line.
    pub message: String,
    /// Entities it touches.
    pub entities: Vec<String>,
    /// Whether it was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}
