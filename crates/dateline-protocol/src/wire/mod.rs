//! The JSON of every command's output, one struct each. Additive changes only: a field never changes its meaning or
//! goes away, and readers ignore keys they do not know.
//!
//! Dates are `YYYY-MM-DD`, times RFC 3339 in UTC, offsets half-open ranges of UTF-8 bytes.

mod annotate;
mod attempt;
mod date;
mod document;
mod entity;
mod explain;
mod export;
mod hit;
mod status;
mod timeline;

pub use annotate::{
    AnnotateError, AnnotateInput, AnnotateOutput, BadLine, DocumentDct, Evidence, MentionIn, MentionOut, OutcomeOut,
    QuoteOut, TimexOut,
};
pub use attempt::{ConfigValue, LayerCounts, LayerDifference, SampleDifference, SampleTally, Tried, TriedStep};
pub use date::{DateSuggestion, DocumentDate, UndatedDocument};
pub use document::{Difference, DifferenceKind, Fact, Failure, LanguageOut, Retried, RevisionSummary, Shown};
pub use entity::{
    CoMention, Decided, EntityCount, EntityDetail, EntityDocument, EntityMonth, EntityName, EntitySuggestion,
    EntitySummary,
};
pub use explain::{Explanation, PlanStep, Step, Whereabouts};
pub use export::{ExportDocument, ExportEntity, ExportTimex};
pub use hit::{
    Arrival, ArrivalKind, ByteSpan, Conflict, ConflictSide, Hit, Quote, Relation, SharedPassage, SimilarDocument,
};
pub use status::{
    BackupReport, Finding, FindingLevel, IndexerAnswer, Progress, Rescanned, Status, Suggestion, Versions, WordCounts,
};
pub use timeline::{DayEntry, DayRelation, TimelineEntry};

use dateline_core::{Date, DateInterval};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A closed interval of civil days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Days {
    /// First day.
    #[schemars(with = "String")]
    pub earliest: Date,
    /// Last day.
    #[schemars(with = "String")]
    pub latest: Date,
}

impl From<DateInterval> for Days {
    fn from(interval: DateInterval) -> Days {
        Days { earliest: interval.earliest, latest: interval.latest }
    }
}

impl From<Days> for DateInterval {
    fn from(days: Days) -> DateInterval {
        DateInterval { earliest: days.earliest, latest: days.latest }
    }
}

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        DateInterval::from(*self).fmt(f)
    }
}
