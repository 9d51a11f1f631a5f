//! Directory to stable files; the only reader of the watched folder.
//!
//! Events are hints, the scan is the truth. A file system's notifications may be lost, doubled or early, so none of
//! them is ever believed: each only marks a path as dirty, and what the path *is* gets decided by looking at it.
//! Whatever the hints miss, the next full scan finds. Nothing is ever written into the folder.
//!
//! What comes out: [`WatchEvent`]s over a bounded channel that the caller makes. [`WatchEvent::Ready`] names a file
//! that has settled; the caller reads it with [`Root::read`], which opens relative to the root, follows no links, reads
//! regular files only and notices a file that changes meanwhile. After [`WatchEvent::ScanFinished`] the caller compares
//! the entries with what it knows and hands the new and changed ones to [`Watcher::settle`].
//!
//! It is not: a store of what was seen (the caller's catalog is), a parser, or a judge of what a deletion means.
//!
//! In suggested reading order:

mod error;
mod event;
mod identity;
mod options;
mod root;
mod sys;
mod watcher;

pub use error::{FileKind, ReadError, ReadErrorKind, WatchError};
pub use event::{Degradation, ProblemKind, ScanProblem, ScanReason, ScanReport, Skipped, WatchEvent};
pub use identity::{FileIdentity, RootIdentity};
pub use options::{Limits, PollMode, ReadLimits, WatchOptions};
pub use root::{Root, StableFile};
pub use watcher::{Watcher, WatcherStats, scan};
