//! Full text, dates, names and facets of all revisions in tantivy: the indexer `index`, and the plans it answers.
//!
//! [`Index`] folds the change log into a directory of its own; [`Searching`] reads it from any thread; a [`Plan`] is what
//! one asks. No type of tantivy is part of the public interface, and no text is stored: hits are ids, whoever shows them
//! reads the store. The query language is not here: see `dateline-query`.

mod columns;
mod compile;
mod config;
mod cursor;
mod document;
mod index;
mod plan;
mod schema;
mod search;
mod sketch;
pub mod words;

pub use config::IndexConfig;
pub use index::Index;
pub use plan::{Clock, FacetTest, Field, Filter, Node, Order, Plan, Scoring, Word};
pub use search::{Found, FoundHit, Searching};
pub use sketch::SKETCH_NUMBERS;
