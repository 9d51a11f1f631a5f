//! The handle on a watching thread. What the thread does is in `engine`.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use dateline_core::SourcePath;

use crate::dirty::DirtySet;
use crate::engine::{Engine, Shared};
use crate::error::WatchError;
use crate::event::{Degradation, WatchEvent};
use crate::ignore::IgnoreRules;
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
///
/// Should the thread die, its sender is dropped with it: a disconnected channel without a call of [`Watcher::stop`]
/// means that nothing is watched any more.
#[derive(Debug)]
pub struct Watcher {
    root: Root,
    shared: Arc<Shared>,
    backlog_max: usize,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching and scans everything once. The root need not exist yet: then [`WatchEvent::RootMissing`] comes
    /// first, and [`WatchEvent::RootBack`] once it does.
    ///
    /// `events` should be bounded; the consumer may be as slow as it likes.
    ///
    /// # Errors
    ///
    /// When a glob is invalid or the thread can't be started.
    pub fn start(options: WatchOptions, events: Sender<WatchEvent>) -> Result<Watcher, WatchError> {
        let ignore = IgnoreRules::new(&options.ignore)?;
        let root = Root::unchecked(&options)?;
        let (wake, woken) = crossbeam_channel::bounded(1);
        // What is marked must fit among the settling.
        let dirty_max = options.limits.dirty_max.min(options.limits.settling_max).max(1);
        let shared = Arc::new(Shared::new(Arc::new(DirtySet::new(dirty_max, wake))));
        let backlog_max = options.limits.backlog_max;
        let engine = Engine::new(options, root.clone(), ignore, Arc::clone(&shared), woken, events);
        let thread = std::thread::Builder::new()
            .name("dateline-watch".to_owned())
            .spawn(move || engine.run())
            .map_err(WatchError::Thread)?;
        Ok(Watcher { root, shared, backlog_max, thread: Some(thread) })
    }

    /// The root to read from.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Asks for a full scan at once, or right after the one that is under way.
    pub fn rescan(&self) {
        self.shared.rescan();
    }

    /// Has these files settle, as if an event had named each: [`WatchEvent::Ready`] or [`WatchEvent::Gone`] follows for
    /// every one, unless the root is lost or too many wait; then a full scan follows. Never waits.
    pub fn settle(&self, paths: Vec<SourcePath>) {
        self.shared.settle(paths, self.backlog_max);
    }

    /// Figures as of now.
    #[must_use]
    pub fn stats(&self) -> WatcherStats {
        self.shared.stats()
    }

    /// Stops watching and waits until the thread has ended, which takes no longer than a look at a few hundred files.
    /// Paths not yet delivered are forgotten: the next start scans.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the watching thread had died");
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.end();
    }
}
