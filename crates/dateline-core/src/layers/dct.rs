//! Layer `dct`: the article's own date, with what speaks for it and what lost.

use crate::{Date, DateInterval, Layer, LayerCheck, Precision, Span, Time};
use serde::{Deserialize, Serialize};

/// The document creation time and everything known about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DctLayer {
    /// The date, when the evidence allows one. Never from mtime or ingest time.
    pub dct: Option<Dct>,
    /// When the article says it was last changed, where that is later than `dct`.
    pub updated: Option<DateInterval>,
    /// The article is not older than this (a date it speaks of as past).
    pub not_before: Option<Date>,
    /// The article is not newer than this (its file's mtime); shown as such, ignored by as-of.
    pub not_after: Option<Date>,
    /// All evidence, best first, accepted or not.
    pub candidates: Vec<Candidate>,
}

impl DctLayer {
    /// Latest day on which the article may have been written or changed: what `--as-of` compares. `None` when undated.
    #[must_use]
    pub fn latest_possible(&self) -> Option<Date> {
        let written = self.dct.as_ref()?.interval.latest;
        Some(self.updated.map_or(written, |updated| updated.latest.max(written)))
    }
}

/// A document date: an interval with precision, confidence and evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dct {
    /// The days it may be.
    pub interval: DateInterval,
    /// Time of day where the evidence gives one, in the zone it gives it in.
    pub time: Option<Time>,
    /// How precisely it is known.
    pub precision: Precision,
    /// Confidence in percent, 1 to 100.
    pub confidence: u8,
}

/// One piece of evidence for a document date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Where it comes from: `header`, `front-matter`, `json-ld`, `dateline`, `file-name`, `decision` ...
    pub kind: String,
    /// Where it stands in the text, when it does.
    pub span: Option<Span>,
    /// What was read there, as written.
    pub quote: String,
    /// The days it speaks for.
    pub interval: DateInterval,
    /// What it says about the date.
    pub role: DctRole,
    /// Weight in percent, 0 to 100.
    pub weight: u8,
    /// Whether the date given rests on it.
    pub accepted: bool,
    /// Why it was accepted or lost, for `explain`.
    pub note: String,
}

/// What a piece of evidence says about the document date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DctRole {
    /// The date of publication.
    Published,
    /// The date of the last change.
    Updated,
    /// The article is not older than this.
    LowerBound,
    /// The article is not newer than this.
    UpperBound,
}

impl Layer for DctLayer {
    const NAME: &'static str = "dct";
    const SCHEMA: u32 = 2;

    fn check(&self, text: &str) -> LayerCheck {
        self.candidates.iter().filter_map(|candidate| candidate.span).try_for_each(|span| span.check(text))
    }
}
