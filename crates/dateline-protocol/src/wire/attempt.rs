//! Output of `try` and `config`, which no daemon answers.

use super::OutcomeOut;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A document of a file that was tried: what each step of the chain gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Name of the file.
    pub path: String,
    /// Which record of it.
    pub part: String,
    /// Headline.
    pub title: Option<String>,
    /// BLAKE3 hash of the text, in hexadecimal.
    pub content: String,
    /// What the parser found odd.
    pub diagnostics: Vec<String>,
    /// The processors, in the order they ran in.
    pub steps: Vec<TriedStep>,
}

/// One processor's work on a document that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TriedStep {
    /// Its name.
    pub processor: String,
    /// Its code version.
    pub version: u32,
    /// How long it took, in microseconds; absent when it did not run.
    pub took_us: Option<u64>,
    /// How it fared.
    pub outcome: Option<OutcomeOut>,
    /// The layers it gave, in the form their processor declares, the text of each span beside it as `quote`.
    pub layers: BTreeMap<String, Value>,
}

/// What differs in one document between the chain as it is now and what is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleDifference {
    /// The document: `PATH#PART`.
    pub document: String,
    /// The layers that differ.
    pub layers: BTreeMap<String, LayerDifference>,
}

/// Annotations of a layer, each as one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerDifference {
    /// Stored, and no longer given.
    pub removed: Vec<String>,
    /// Given, and not stored.
    pub added: Vec<String>,
}

/// The last line of a sample: how many documents were compared, and how many differ in which layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleTally {
    /// Documents compared.
    pub compared: usize,
    /// Documents left out: not stored, or changed since.
    pub skipped: usize,
    /// By layer.
    pub layers: BTreeMap<String, LayerCounts>,
}

/// How one layer compares over all documents of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayerCounts {
    /// Documents compared.
    pub documents: usize,
    /// Of these, documents in which it differs.
    pub differ: usize,
    /// Annotations given and not stored.
    pub added: usize,
    /// Annotations stored and no longer given.
    pub removed: usize,
}

/// A value of the configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigValue {
    /// Its key: `watch.settle`.
    pub key: String,
    /// The value, as TOML writes it.
    pub value: String,
    /// Where it comes from: `default`, the file and line, the variable, or the option.
    pub origin: String,
}
