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

mod dirty;
mod engine;
mod error;
mod event;
mod identity;
mod ignore;
mod inotify;
mod options;
mod root;
mod scan;
mod settle;
mod sys;
mod walk;
mod watcher;
mod watches;

pub use error::{FileKind, ReadError, ReadErrorKind, WatchError};
pub use event::{Degradation, ProblemKind, ScanProblem, ScanReason, ScanReport, Skipped, WatchEvent};
pub use identity::{FileIdentity, RootIdentity};
pub use inotify::InotifyLimits;
pub use options::{Limits, PollMode, ReadLimits, WatchOptions};
pub use root::{Root, StableFile};
pub use scan::scan;
pub use settle::{Hint, Marks, Moment, Observed, Settler, TreeVerdict, Verdict};
pub use watcher::{Watcher, WatcherStats};
