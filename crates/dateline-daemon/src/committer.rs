//! The thread that writes the store, the only one. It groups what waits, commits, and says what became durable.

use crate::engine::EngineError;
use crate::errors::Fatal;
use crate::live::{Live, Phase};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use dateline_core::{Sequence, SourcePath};
use dateline_store::{Committer, Compacted, IndexerTable, Operation, StoreError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Batches waiting for the committer; who produces more waits.
pub(crate) const BATCHES_WAITING_MAX: usize = 64;
/// Documents grouped into one durable commit.
const GROUP_DOCUMENTS_MAX: usize = 200;
/// Text bytes grouped into one durable commit.
const GROUP_BYTES_MAX: usize = 2 << 20;
/// With so many files still to come, a commit waits for its group to fill,
const BULK_PENDING: usize = 500;
/// at most so long: larger groups make a smaller store and fewer syncs, and in bulk nobody waits for a single file.
const BULK_LINGER: Duration = Duration::from_millis(200);
/// How often a commit refused for want of space is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the event loop has to notice that a commit hangs and to end in order.
const NOTICE: Duration = Duration::from_secs(3);
/// Opening may take so many times as long as a commit: what a crash left is read again then.
const OPENING_FACTOR: u32 = 5;
/// How often the guard looks.
const GUARD_EVERY: Duration = Duration::from_secs(1);
/// Start of the note in `status` while it waits.
const PAUSED: &str = "intake is paused: ";
/// Entries of the change log looked at by one trim; after so many changes there is one, for a daemon that is never idle.
const TRIM_ENTRIES: usize = 1_000;
/// How long nothing must happen before the rest of the change log is trimmed and the store made small.
const IDLE: Duration = Duration::from_secs(2);

/// Work for the committer.
pub(crate) enum Work {
    /// Operations, and the ticket of the job they end, if they end one.
    Operations {
        /// What to commit.
        operations: Vec<Operation>,
        /// Handed back when it is durable.
        ticket: Option<Ticket>,
    },
    /// What an indexer collected in its table, up to a sequence.
    Table {
        /// The table, with its writes.
        table: IndexerTable,
        /// Up to here.
        applied: Sequence,
        /// Handed back.
        reply: Sender<Result<IndexerTable, StoreError>>,
    },
}

/// Names what a durable commit ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// A job at the workers.
    Job(u64),
    /// The first look that missed a source.
    Absence,
    /// The removal of a source.
    Removal,
    /// A rename, with its job and the new path.
    Renamed(u64, SourcePath),
}

/// What the committer says.
pub(crate) enum Report {
    /// These are durable.
    Durable {
        /// What they end.
        tickets: Vec<Ticket>,
    },
    /// Nothing can be committed any more.
    Fatal(StoreError),
    /// Told to stop while it waited for space: what waited was not committed.
    Abandoned,
}

/// Milliseconds since `epoch` at which the commit under way began; zero when none is.
#[derive(Debug)]
pub(crate) struct Watchdog {
    epoch: Instant,
    began: AtomicU64,
    limit: Duration,
}

impl Watchdog {
    /// A watchdog that sees no commit yet. One that takes longer than `limit` has hung: the process ends then, because
    /// waiting would look like working.
    pub(crate) fn new(limit: Duration) -> Watchdog {
        Watchdog { epoch: Instant::now(), began: AtomicU64::new(0), limit }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    /// Something begins that writes, and must not take longer than a commit.
    pub(crate) fn begin(&self) {
        self.began.store(self.now(), Ordering::Relaxed);
    }

    /// It is over.
    pub(crate) fn end(&self) {
        self.began.store(0, Ordering::Relaxed);
    }

    /// Whether a commit has hung.
    pub(crate) fn has_hung(&self) -> bool {
        self.has_hung_for(Duration::ZERO)
    }

    /// Whether a commit has hung for so long.
    fn has_hung_for(&self, more: Duration) -> bool {
        let began = self.began.load(Ordering::Relaxed);
        let limit = u64::try_from(self.limit.saturating_add(more).as_millis()).unwrap_or(u64::MAX);
        began != 0 && self.now().saturating_sub(began) > limit
    }
}

/// Does what opens the state, and ends the process when that takes longer than [`OPENING_FACTOR`] commits may: nothing
/// else runs yet that could say so.
///
/// # Errors
/// When there is no thread to be had; otherwise as `open`.
pub(crate) fn guard_opening<T, E: From<std::io::Error>>(
    directory: &Path,
    commit_deadline: Duration,
    open: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let limit = commit_deadline.saturating_mul(OPENING_FACTOR);
    let directory = directory.display().to_string();
    let (opened, over) = crossbeam_channel::bounded::<()>(0);
    std::thread::Builder::new().name("opening".to_owned()).spawn(move || {
        if over.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            let _ = Fatal::from(EngineError::OpeningHangs { directory, seconds: limit.as_secs() }).report();
            std::process::exit(Fatal::AT_WORK.into());
        }
    })?;
    let done = open();
    drop(opened);
    done
}

/// Ends the process when a commit has hung and the event loop did not notice, because it waits for the store itself or
/// is over already. Lives as long as the watchdog.
///
/// # Errors
/// When there is no thread to be had.
pub(crate) fn guard(watchdog: &Arc<Watchdog>) -> std::io::Result<()> {
    let watched = Arc::downgrade(watchdog);
    let watch = move || {
        while let Some(watchdog) = watched.upgrade() {
            if watchdog.has_hung_for(NOTICE) {
                let _ = Fatal::from(EngineError::CommitHangs).report();
                std::process::exit(Fatal::AT_WORK.into());
            }
            drop(watchdog);
            std::thread::sleep(GUARD_EVERY);
        }
    };
    std::thread::Builder::new().name("watchdog".to_owned()).spawn(watch).map(drop)
}

/// Starts the thread. It ends when all senders of work are gone, after everything sent is durable; with `is_last`, because
/// nothing waits for the process to end, it leaves a compact store then.
pub(crate) fn start(
    committer: Committer,
    work: Receiver<Work>,
    reports: Sender<Report>,
    live: Arc<Live>,
    watchdog: Arc<Watchdog>,
    is_last: bool,
) -> std::io::Result<JoinHandle<()>> {
    let thread = Thread { committer, work, reports, live, watchdog, is_last, paused_in: None, trimmed_at: None };
    std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
        crate::setup::yield_to_answers();
        thread.run();
    })
}

struct Thread {
    committer: Committer,
    work: Receiver<Work>,
    reports: Sender<Report>,
    live: Arc<Live>,
    watchdog: Arc<Watchdog>,
    is_last: bool,
    /// What the daemon was doing when it began to wait for space.
    paused_in: Option<Phase>,
    /// Last change when it trimmed because there were many, or began.
    trimmed_at: Option<u64>,
}

/// Why the thread ends early.
enum Ended {
    /// The store.
    Failed(StoreError),
    /// The wish of whoever stops the daemon, while nothing can be committed.
    Stopped,
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Ended {
        Ended::Failed(error)
    }
}

/// Operations of several batches that become durable together.
#[derive(Default)]
struct Group {
    operations: Vec<Operation>,
    tickets: Vec<Ticket>,
    documents: usize,
    bytes: usize,
}

impl Group {
    fn add(&mut self, operations: Vec<Operation>, ticket: Option<Ticket>) {
        for operation in &operations {
            if let Operation::PutSource(slice) = operation {
                self.documents += slice.documents.len();
                self.bytes += slice.documents.iter().map(|new| new.document.text.len()).sum::<usize>();
            } else {
                self.documents += 1;
            }
        }
        self.operations.extend(operations);
        self.tickets.extend(ticket);
    }

    fn is_full(&self) -> bool {
        self.documents >= GROUP_DOCUMENTS_MAX || self.bytes >= GROUP_BYTES_MAX
    }
}

impl Thread {
    fn run(mut self) {
        let mut tidy = false;
        loop {
            let first = match self.work.recv_timeout(IDLE) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) if tidy => match self.work.recv() {
                    Ok(first) => first,
                    Err(_) => break,
                },
                Err(RecvTimeoutError::Timeout) => {
                    let live = Arc::clone(&self.live);
                    let work = self.work.clone();
                    let go_on = || work.is_empty() && !live.facts().stopping;
                    match self.compact(&go_on) {
                        Ok(()) => tidy = self.trim() && go_on(),
                        Err(error) => return self.give_up(error),
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            tidy = false;
            match self.handle(first) {
                Ok(()) => {}
                Err(Ended::Stopped) => {
                    let _ = self.reports.send(Report::Abandoned);
                    return;
                }
                Err(Ended::Failed(error)) => return self.give_up(error),
            }
        }
        if self.is_last
            && let Err(error) = self.compact(&|| true)
        {
            tracing::error!(%error, "the store could not be made small");
        }
    }

    fn give_up(&self, error: StoreError) {
        tracing::error!(%error, "nothing can be committed any more");
        // The event loop is gone only when the process ends; then nobody waits for this.
        let _ = self.reports.send(Report::Fatal(error));
    }

    /// Makes the store small again where that is due.
    fn compact(&mut self, go_on: &dyn Fn() -> bool) -> Result<(), StoreError> {
        if let Some(Compacted { before, after }) = self.committer.compact(go_on)? {
            tracing::info!(before, after, "made the store small again");
        }
        Ok(())
    }

    /// Trims once for every so many changes.
    fn trim_when_many(&mut self, head: u64) {
        let mut trimmed_at = *self.trimmed_at.get_or_insert(head);
        while head.saturating_sub(trimmed_at) >= TRIM_ENTRIES as u64 {
            trimmed_at += TRIM_ENTRIES as u64;
            self.trim();
        }
        self.trimmed_at = Some(trimmed_at);
    }

    /// Drops log entries nobody needs; true when there was nothing more to drop.
    fn trim(&mut self) -> bool {
        match self.committer.trim(TRIM_ENTRIES) {
            Ok(dropped) => dropped == 0,
            Err(error) => {
                tracing::warn!(%error, "the change log could not be trimmed");
                true
            }
        }
    }

    fn handle(&mut self, first: Work) -> Result<(), Ended> {
        let mut group = Group::default();
        let until = Instant::now() + BULK_LINGER;
        let mut next = Some(first);
        while let Some(work) = next.take() {
            match work {
                Work::Operations { operations, ticket } => group.add(operations, ticket),
                Work::Table { table, applied, reply } => {
                    self.commit(std::mem::take(&mut group))?;
                    self.commit_table(table, applied, &reply)?;
                }
            }
            if !group.is_full() {
                let is_bulk = group.documents > 0 && self.live.facts().pending >= BULK_PENDING;
                next = if is_bulk { self.work.recv_deadline(until).ok() } else { self.work.try_recv().ok() };
            }
        }
        self.commit(group)
    }

    fn commit(&mut self, group: Group) -> Result<(), Ended> {
        if group.operations.is_empty() && group.tickets.is_empty() {
            return Ok(());
        }
        let Group { operations, tickets, .. } = group;
        let committed = loop {
            self.watchdog.begin();
            let result = self.committer.commit(operations.clone());
            self.watchdog.end();
            match result {
                Err(StoreError::Paused(pause)) => self.wait_for_space(&pause.to_string())?,
                other => break other?,
            }
        };
        self.go_on();
        if let Some(behind) = committed.clock_behind {
            tracing::warn!(?behind, "the system clock stands behind the last commit; commit times do not go back");
        }
        self.live.update(|facts| facts.committed = committed.sequence);
        self.trim_when_many(committed.sequence.0);
        // The event loop is gone only when the process ends; then nobody waits for this.
        let _ = self.reports.send(Report::Durable { tickets });
        Ok(())
    }

    fn commit_table(
        &mut self,
        mut table: IndexerTable,
        applied: Sequence,
        reply: &Sender<Result<IndexerTable, StoreError>>,
    ) -> Result<(), Ended> {
        loop {
            self.watchdog.begin();
            let result = self.committer.commit_table(&mut table, applied);
            self.watchdog.end();
            match result {
                Err(StoreError::Paused(pause)) => self.wait_for_space(&pause.to_string())?,
                Err(error) if error.is_fatal() => return Err(error.into()),
                other => {
                    let _ = reply.send(other.map(|()| table));
                    return Ok(());
                }
            }
        }
    }

    /// Waits a moment, and says why; ends when told to stop meanwhile.
    fn wait_for_space(&mut self, pause: &str) -> Result<(), Ended> {
        if self.paused_in.is_none() {
            tracing::warn!(pause, "intake is paused until there is space");
        }
        self.live.update(|facts| {
            if facts.phase != Phase::Paused && !facts.stopping {
                self.paused_in = Some(facts.phase);
                facts.phase = Phase::Paused;
            }
            facts.notes.retain(|note| !note.starts_with(PAUSED));
            facts.notes.push(format!("{PAUSED}{pause}"));
        });
        if self.live.wait(PAUSE, |facts| facts.stopping) { Err(Ended::Stopped) } else { Ok(()) }
    }

    /// Says that the pause is over.
    fn go_on(&mut self) {
        let Some(before) = self.paused_in.take() else { return };
        tracing::info!("there is space again: intake goes on");
        self.live.update(|facts| {
            if facts.phase == Phase::Paused {
                facts.phase = before;
            }
            facts.notes.retain(|note| !note.starts_with(PAUSED));
        });
    }
}
