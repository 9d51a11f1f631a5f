//! The values every other crate passes around: documents, spans, layers, ids, civil dates and intervals.
//!
//! This crate does no I/O, has no clock and knows no store, index or processor.
//!
//! In suggested reading order:

mod annotation;
mod date;
mod document;
mod id;
mod layer;
pub mod layers;
mod metadata;
mod part;
mod span;
pub mod terminal;

pub use annotation::{Diagnostic, Facet, FacetKind, FacetValue, LayerRecord, Outcome, OutcomeState, StalenessKey};
pub use date::{DateInterval, IntervalError, Precision};
pub use document::{DctHint, Document, DocumentInput, Genre, Hints, Mark, MarkKind, MentionHint, Origin, SourceInfo};
pub use id::{ContentHash, DocumentId, Revision, Sequence, SourcePath};
pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime, Time};
pub use layer::{Layer, LayerCheck};
pub use metadata::{Metadata, MetadataEntry, keys};
pub use part::{PART_BYTES_MAX, PartNames};
pub use span::{LineIndex, Span, SpanError};
