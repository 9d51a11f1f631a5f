//! Flat records for other programs: every column is there in every record, in this order.

use super::Days;
use dateline_core::{Date, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportDocument {
    /// Id of the document.
    pub document: u64,
    /// Which revision.
    pub revision: u32,
    /// Source path.
    pub path: String,
    /// The record's own id in its file, else its number.
    pub part: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// First day it may have been written on.
    #[schemars(with = "Option<String>")]
    pub dct_earliest: Option<Date>,
    /// Last day it may have been written on.
    #[schemars(with = "Option<String>")]
    pub dct_latest: Option<Date>,
    /// How precisely that is known.
    pub dct_precision: Option<String>,
    /// How sure that is, in percent.
    pub dct_confidence: Option<u8>,
    /// When it was ingested.
    #[schemars(with = "String")]
    pub seen_from: Timestamp,
    /// BLAKE3 hash of the file's content, hexadecimal.
    pub content: Option<String>,
    /// What the source says, the first value of each key.
    pub metadata: BTreeMap<String, String>,
    /// Canonical text.
    pub text: String,
}

impl ExportDocument {
    /// The date as an interval.
    #[must_use]
    pub fn dct(&self) -> Option<Days> {
        Some(Days { earliest: self.dct_earliest?, latest: self.dct_latest? })
    }
}

/// One temporal expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportTimex {
    /// Id of the document.
    pub document: u64,
    /// Which revision.
    pub revision: u32,
    /// Source path.
    pub path: String,
    /// First byte in the text.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// `DATE`, `TIME`, `DURATION` or `SET`.
    #[serde(rename = "type")]
    pub kind: String,
    /// TIMEX3 value.
    pub value: String,
    /// The words.
    pub text: String,
    /// First day it may mean.
    #[schemars(with = "Option<String>")]
    pub earliest: Option<Date>,
    /// Last day it may mean.
    #[schemars(with = "Option<String>")]
    pub latest: Option<Date>,
    /// The rule that gave the value.
    pub rule: String,
}

/// One mention of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportEntity {
    /// Id of the document.
    pub document: u64,
    /// Which revision.
    pub revision: u32,
    /// Source path.
    pub path: String,
    /// First byte in the text.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// `PER`, `ORG`, `LOC` or `MISC`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The words.
    pub text: String,
    /// Fullest name in the document.
    pub name: String,
    /// Which entity of the document, from 1.
    pub entity: u32,
    /// Registry or watchlist id.
    pub reference: Option<String>,
}
