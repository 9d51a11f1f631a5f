//! What the running daemon knows of itself: shared between the event loop, which writes it, and answers, which read it.

use dateline_core::{Sequence, Timestamp};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the daemon is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No daemon: a process that answers one conversation.
    #[default]
    Offline,
    /// Opening the store and the index.
    Starting,
    /// Looking through the folder.
    Scanning,
    /// Waiting for changes.
    Watching,
    /// The root is gone; waiting for it.
    RootMissing,
    /// The disk is nearly full; nothing is taken in.
    Paused,
    /// Told to stop.
    Stopping,
}

impl Phase {
    /// The word in `status`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Phase::Offline => "offline",
            Phase::Starting => "starting",
            Phase::Scanning => "scanning",
            Phase::Watching => "watching",
            Phase::RootMissing => "root-missing",
            Phase::Paused => "paused",
            Phase::Stopping => "stopping",
        }
    }
}

/// A moment's state of the daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// What it is doing.
    pub(crate) phase: Phase,
    /// Files and reprocessing jobs not done yet.
    pub(crate) pending: usize,
    /// Documents whose processors are to run again.
    pub(crate) reprocessing: usize,
    /// Whether the decisions last written were handed to the processors.
    pub(crate) decisions_seen: bool,
    /// What of the workers' sandbox is in force; `None` before the first worker.
    pub(crate) sandbox: Option<String>,
    /// End of the last full comparison of folder and catalog.
    pub(crate) last_reconcile: Option<Timestamp>,
    /// Files that a rescan found changed and no event had told of.
    pub(crate) lost_event_rescans: u64,
    /// Deletes held back until the root is accepted.
    pub(crate) held_deletes: usize,
    /// Whether it was told to stop.
    pub(crate) stopping: bool,
    /// Whether the scrub since the last opening is through; `false` meanwhile.
    pub(crate) verified: bool,
    /// Last sequence committed.
    pub(crate) committed: Sequence,
    /// Last sequence every indexer has made durable.
    pub(crate) indexed: Sequence,
    /// What falls short and why, for people.
    pub(crate) notes: Vec<String>,
    /// Documents done since the current bulk of work began, and when it began.
    pub(crate) progress: Option<Progress>,
}

/// How far a bulk of work has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Files or documents done.
    pub(crate) done: u64,
    /// Out of how many, as known now.
    pub(crate) total: u64,
    /// When it began.
    pub(crate) since: Instant,
}

/// The shared state.
#[derive(Debug, Default)]
pub(crate) struct Live {
    facts: Mutex<Facts>,
    changed: Condvar,
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, Facts> {
        // A panic while the lock is held leaves plain facts behind, each true on its own.
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the facts.
    pub(crate) fn facts(&self) -> Facts {
        self.lock().clone()
    }

    /// Changes the facts and wakes who waits for them.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `done` says so; false when `patience` ran out first.
    pub(crate) fn wait(&self, patience: Duration, done: impl Fn(&Facts) -> bool) -> bool {
        let waiting = self.changed.wait_timeout_while(self.lock(), patience, |facts| !done(facts));
        let (facts, outcome) = waiting.unwrap_or_else(PoisonError::into_inner);
        drop(facts);
        !outcome.timed_out()
    }
}

#[cfg(test)]
mod tests {
    use super::{Live, Phase};
    use std::time::Duration;

    #[test]
    fn waiting_ends_when_the_facts_change() {
        let live = Live::default();
        assert!(!live.wait(Duration::ZERO, |facts| facts.phase == Phase::Watching));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| live.wait(Duration::from_secs(60), |facts| facts.phase == Phase::Watching));
            live.update(|facts| facts.phase = Phase::Watching);
            assert!(waiter.join().expect("waiter ends"));
        });
    }
}
