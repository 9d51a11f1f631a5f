//! The only crate that names sled: open, commit, read, change log, history, verify.
//!
//! One [`Committer`] writes; a [`Store`] is read from any thread. A commit is durable in the store, then in the history,
//! and only then acknowledged. Layers are opaque: name, schema, hash, bytes. This crate watches nothing, parses nothing
//! and runs no processor.
//!
//! ```no_run
//! use dateline_core::{ContentHash, Document, Sequence, SourcePath};
//! use dateline_store::{FileIdentity, NewDocument, Operation, SourceSlice, StateDir, Store, StoreOptions};
//!
//! # fn main() -> Result<(), dateline_store::StoreError> {
//! let lock = StateDir::new(".dateline").lock()?;
//! let (store, report) = Store::open(lock, &StoreOptions::default())?;
//! let mut committer = store.committer()?;
//! let committed = committer.commit(vec![Operation::PutSource(SourceSlice {
//!     path: SourcePath::new("a.txt"),
//!     identity: FileIdentity::default(),
//!     content: ContentHash::of(b"bytes of the file"),
//!     parser_key: ContentHash::of(b"parser and options"),
//!     documents: vec![NewDocument {
//!         part_id: None,
//!         number: 1,
//!         document: Document { text: "Peace talks opened.".to_owned(), ..Document::default() },
//!         annotations: Default::default(),
//!     }],
//!     first: true,
//!     last: true,
//!     failures: Vec::new(),
//!     diagnostics: Vec::new(),
//! })])?;
//! assert!(committed.sequence > report.sequence);
//! for change in store.changes(Sequence(0), 100)? {
//!     println!("{} {:?}", change.sequence, change.opened.map(|revision| revision.content.title));
//! }
//! # Ok(()) }
//! ```

mod apply;
mod backup;
mod batch;
mod believed;
mod blob;
mod build;
mod codec;
mod committer;
mod compact;
mod decisions;
mod dictionary;
mod engine;
mod error;
mod failed;
mod files;
mod history;
mod identity;
mod keys;
mod limits;
mod list;
mod lock;
mod model;
mod options;
mod past;
mod read;
mod rebuild;
mod record;
mod repair;
mod scrub;
mod space;
mod store;
mod table;

pub use backup::{BackupReport, restore};
pub use committer::Committer;
pub use compact::Compacted;
pub use decisions::{
    DECISIONS_BYTES_MAX, DateDecision, Decisions, DecisionsFile, DocumentRef, MergeDecision, NeverDecision,
    RenameDecision, SplitDecision,
};
pub use error::{CommitPause, EngineError, StatePart, StoreError};
pub use limits::*;
pub use lock::{StateDir, StateLock};
pub use model::{
    Annotations, ChangeData, ChangeKind, Committed, DocumentEntry, Failure, FailureEntry, FileIdentity, HeldDeletes,
    NewDocument, Operation, Put, PutDocument, RecordFailure, RenameCandidate, RevisionData, RevisionEntry,
    RootIdentity, SourceEntry, SourceSlice, Stats,
};
pub use options::{Clock, FaultPoint, Faults, NoFaults, StoreOptions, SystemClock};
pub use past::{HistoryEvent, HistoryKind, ThereBy};
pub use rebuild::{RebuildReport, rebuild};
pub use record::content_hash;
pub use scrub::{FINDINGS_MAX, Finding, Scrub, ScrubState};
pub use store::{OpenReport, Store};
pub use table::IndexerTable;

/// Entrances for the fuzzer, which is no user.
#[cfg(fuzzing)]
pub mod fuzzing;
