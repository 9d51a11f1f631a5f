//! For the tests of a processor: golden cases in literate Markdown, and the conformance kit.
//!
//! ```no_run
//! # use dateline_testkit::doc_example::{Shouting, ShoutLayer};
//! use dateline_testkit::{Golden, Note};
//!
//! // tests/golden.rs of a processor crate: every `golden/*.md`, all annotations of the layers named here.
//! Golden::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"))
//!     .annotator(Shouting::default())
//!     .layer(|layer: &ShoutLayer, _text| layer.0.iter().map(|span| Note::at(*span, "")).collect())
//!     .run();
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test` rewrites the cases; the difference is reviewed like code. See [`Golden`] for the format.
//!
//! [`Conformance`] runs the contract's rules over an annotator: determinism, declared access, hostile documents, linear
//! cost, both codecs, and that output changes only together with the code version. [`assert_linear`] is for indexers and
//! whatever else must not cost more than its input is long.
//!
//! [`revision`], [`MemoryTable`] and [`NoTable`] are what the test of an indexer hands to it.
//!
//! Nothing here is linked into a shipped program.

mod conformance;
pub mod doc_example;
mod golden;
mod growth;
mod hostile;
mod indexing;

pub use conformance::{Conformance, assert_compliant, prose};
pub use golden::{Golden, Note, Report};
pub use growth::assert_linear;
pub use hostile::{Fixture, PROSE, hostile};
#[cfg(feature = "store")]
pub use indexing::stored_revision;
pub use indexing::{MemoryTable, NoTable, revision};

pub use dateline_pipeline as pipeline;
