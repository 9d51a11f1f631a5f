//! Why things are as they are, and what would be done next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What `dateline explain` prints: steps in order, for people, with the facts behind them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Id of the document.
    pub document: u64,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// What is explained: `document`, a processor's name, or `BYTE..BYTE`.
    pub about: String,
    /// The explanation.
    pub steps: Vec<Step>,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// How deep it is nested, from 0.
    pub depth: u8,
    /// A short name: `dct`, `header`, `rule`, `anchor`, `key`.
    pub label: String,
    /// What is said, one line.
    pub text: String,
    /// Whether this is what was decided (true), what lost (false), or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// The facts behind it, where there are some.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub facts: Value,
}

/// What `dateline why` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Whereabouts {
    /// The path, relative to the watched folder where it is inside.
    pub path: String,
    /// Where the file is: `outside`, `ignored`, `missing`, `settling`, `queued`, `reading`, `processing`, `committed`,
    /// `searchable`, `failed`, `quarantined`, `held` (a deletion), `unknown`.
    pub state: String,
    /// Whether a search finds it now.
    pub searchable: bool,
    /// Ids of the documents it became.
    pub documents: Vec<u64>,
    /// Why it is where it is.
    pub steps: Vec<Step>,
    /// What to do, when something can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One line of `dateline plan`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanStep {
    /// What would run: a processor's or indexer's name, or `parser`.
    pub processor: String,
    /// On how many documents.
    pub documents: u64,
    /// Why: `new version`, `option changed`, `watchlist changed`, `reads a layer that may change` ...
    pub reason: String,
    /// How long it will take, in seconds, estimated from the last runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Whether it runs only where the output of what it reads changes.
    #[serde(default)]
    pub at_most: bool,
}
