//! The thread that feeds the change log to the indexers, each from where it stands, and decides when they commit.

use crate::committer::Work;
use crate::faults::{Hooks, Stage};
use crate::live::Live;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use dateline_core::{DocumentId, Revision, Sequence};
use dateline_processor::{Change, IndexError, Indexer, RevisionView, Table, check_sizes};
use dateline_store::{ChangeData, IndexerTable, Operation, RevisionData, Store, StoreError};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Changes read from the log at once.
const CHANGES_AT_ONCE: usize = 100;
/// A commit is not followed by the next for at least this long while there is more to do.
const COMMIT_GAP_MIN: Duration = Duration::from_millis(50);
/// Nor for this many times its own duration.
const COMMIT_GAP_FACTOR: u32 = 10;
/// With so much waiting to be read, indexers commit by number and not by time.
const BULK_PENDING: usize = 500;
/// How often it is looked whether it is time for a commit, while something waits for one.
const IDLE_LOOK: Duration = Duration::from_millis(2);
/// The store is told of an index's durable sequence only this often: it needs it to trim the log, nothing more.
const TOLD_EVERY: u64 = 1_000;
/// In bulk work an index with files of its own is committed after this many changes.
const BULK_CHANGES: u64 = 5_000;
/// While more is on its way, one that lives in its table is committed when so many bytes wait in memory,
const TABLE_PENDING_BYTES_MAX: usize = 16 << 20;
/// or so much time has passed: each commit writes most pages of its table anew (10,000 articles in one go: a commit for
/// every thousand makes the store 16 MB larger than one at the end).
const TABLE_COMMIT_GAP: Duration = Duration::from_secs(15);

/// Why an indexer could not follow the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexingError {
    /// The indexer itself.
    #[error("indexer `{indexer}` failed")]
    Indexer {
        indexer: String,
        #[source]
        source: IndexError,
    },
    /// The store under it.
    #[error("change log could not be read for indexer `{indexer}`")]
    Store {
        indexer: String,
        #[source]
        source: StoreError,
    },
    /// The committer went away: the process is ending.
    #[error("committer is gone")]
    Stopping,
}

/// One indexer with its name; shared with the answers.
pub(crate) struct Slot {
    /// Its name.
    pub(crate) name: String,
    /// Applies changes on one thread while others ask it.
    pub(crate) indexer: Box<dyn Indexer>,
}

impl Slot {
    /// A slot.
    pub(crate) fn new(indexer: Box<dyn Indexer>) -> Slot {
        Slot { name: indexer.descriptor().name().to_owned(), indexer }
    }
}

/// A store's table seen through the contract.
pub(crate) struct StoreTable<'a>(pub(crate) &'a mut IndexerTable);

fn storage(doing: &'static str) -> impl Fn(StoreError) -> IndexError {
    move |source| IndexError::Storage { doing, source: Box::new(source) }
}

/// Where a table keeps the code version of its indexer; no indexer's own key begins with a zero byte.
const VERSION_KEY: &[u8] = b"\0version";

impl Table for StoreTable<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.0.get(key).map_err(storage("read"))
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), IndexError> {
        check_sizes(key, value)?;
        self.0.put(key, value).map_err(storage("written"))
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError> {
        self.0.delete(key).map_err(storage("written"))
    }

    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        self.0.scan(prefix, visit).map_err(storage("read"))
    }
}

/// A stored revision as indexers see it.
pub(crate) fn revision_view(data: RevisionData) -> RevisionView {
    RevisionView {
        document: data.document,
        revision: data.entry.revision,
        path: data.path,
        part: data.part,
        title: data.content.title,
        text: data.content.text.into(),
        marks: data.content.marks,
        metadata: data.content.metadata,
        origin: data.content.origin,
        content: data.entry.content,
        seen_from: data.entry.seen_from,
        seen_to: data.entry.seen_to,
        layers: data.annotations.layers,
        facets: data.annotations.facets,
    }
}

fn change(data: ChangeData) -> Change {
    Change {
        sequence: data.sequence,
        document: data.document,
        opened: data.opened.map(revision_view),
        closed: data.closed.map(revision_view),
    }
}

/// What the indexers follow.
pub(crate) struct Followed {
    /// Its change log.
    pub(crate) store: Store,
    /// The indexers.
    pub(crate) slots: Vec<Arc<Slot>>,
    /// What tests want to happen on the way.
    pub(crate) hooks: Arc<Hooks>,
}

fn failed_write(error: std::io::Error) -> IndexError {
    IndexError::Storage { doing: "written", source: error.into() }
}

/// How an indexer stands.
struct Follower {
    slot: Arc<Slot>,
    /// Writes of an indexer that lives in its table, not yet committed; away while they are being committed.
    table: Option<IndexerTable>,
    /// Up to here changes were applied, durable or not.
    applied: Sequence,
    /// Up to here they are durable.
    durable: Sequence,
    /// Up to here the store knows that they are, so that it may trim the log.
    told: Sequence,
    uncommitted: u64,
    /// Whether it lives in its table and has no files of its own.
    in_table: bool,
    last_commit: Instant,
    last_took: Duration,
}

/// Starts the thread. It ends when every sender of `wake` is gone, after the indexers have caught up and committed.
pub(crate) fn start(
    followed: Followed,
    wake: Receiver<()>,
    work: Sender<Work>,
    live: Arc<Live>,
    failed: impl FnOnce(IndexingError) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("indexer".to_owned());
    thread.spawn(move || {
        crate::setup::yield_to_answers();
        match Thread::new(followed, work, live).and_then(|mut thread| thread.run(&wake)) {
            Ok(()) | Err(IndexingError::Stopping) => {}
            Err(error) => failed(error),
        }
    })
}

struct Thread {
    store: Store,
    hooks: Arc<Hooks>,
    followers: Vec<Follower>,
    work: Sender<Work>,
    live: Arc<Live>,
    /// No more wishes will come: everything is to be committed now.
    ending: bool,
}

impl Thread {
    fn new(followed: Followed, work: Sender<Work>, live: Arc<Live>) -> Result<Thread, IndexingError> {
        let Followed { store, slots, hooks } = followed;
        let followers = slots.into_iter().map(|slot| Follower::new(slot, &store)).collect::<Result<_, _>>()?;
        let thread = Thread { store, hooks, followers, work, live, ending: false };
        thread.tell();
        Ok(thread)
    }

    fn run(&mut self, wake: &Receiver<()>) -> Result<(), IndexingError> {
        loop {
            self.catch_up()?;
            // What was applied is committed once nothing more is on its way, or when enough time has passed, or enough has
            // gathered: nobody wakes this thread for the first two. It never asks for less than a whole look, or it would
            // spin, and take a processor from those who ask, while the rest of a bulk gathers.
            let waiting = self.followers.iter().any(|follower| follower.uncommitted > 0);
            let woken = if waiting {
                wake.recv_timeout(IDLE_LOOK)
            } else {
                wake.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            if woken == Err(RecvTimeoutError::Disconnected) {
                return self.end();
            }
            while wake.try_recv().is_ok() {}
        }
    }

    fn end(&mut self) -> Result<(), IndexingError> {
        self.ending = true;
        self.catch_up()?;
        self.followers.iter_mut().try_for_each(|follower| follower.tell_store(&self.work, 0))
    }

    /// Applies until every indexer is at the log's end, and commits what is due.
    fn catch_up(&mut self) -> Result<(), IndexingError> {
        for at in 0..self.followers.len() {
            loop {
                let more = self.followers[at].apply_some(&self.store)?;
                let pending = self.live.facts().pending;
                let calm = !more && (self.ending || pending == 0);
                if self.followers[at].wants_commit(calm, pending >= BULK_PENDING) {
                    self.followers[at].commit(&self.work, &self.hooks)?;
                    self.tell();
                }
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }

    fn tell(&self) {
        let indexed = self.followers.iter().map(|follower| follower.durable).min().unwrap_or(self.store.sequence());
        self.live.update(|facts| facts.indexed = indexed);
    }
}

impl Follower {
    fn new(slot: Arc<Slot>, store: &Store) -> Result<Follower, IndexingError> {
        let wrap = |source| IndexingError::Store { indexer: slot.name.clone(), source };
        let table = store.indexer_table(&slot.name).map_err(wrap)?;
        let own = slot.indexer.applied();
        let applied = own.map_or_else(|| table.applied(), Ok).map_err(wrap)?;
        let now = Instant::now();
        let mut follower = Follower {
            slot,
            table: Some(table),
            applied,
            durable: applied,
            told: Sequence(0),
            uncommitted: 0,
            in_table: own.is_none(),
            last_commit: now,
            last_took: Duration::ZERO,
        };
        if applied > store.sequence() {
            tracing::warn!(indexer = follower.slot.name, %applied, "indexer is ahead of the store and is made anew");
            follower.clear()?;
        }
        follower.check_version()?;
        Ok(follower)
    }

    /// An indexer that lives in its table and was written by another version of its code begins anew. One with files
    /// of its own knows its version itself.
    fn check_version(&mut self) -> Result<(), IndexingError> {
        if !self.in_table {
            return Ok(());
        }
        let (wrap, wrap_store) = (self.wrap(), self.wrap_store());
        let version = self.slot.indexer.descriptor().version().to_le_bytes();
        let table = self.table.as_mut().ok_or(IndexingError::Stopping)?;
        let known = StoreTable(table).get(VERSION_KEY).map_err(&wrap)?;
        if known.as_deref() == Some(version.as_slice()) {
            return Ok(());
        }
        if table.applied().map_err(wrap_store)? > Sequence(0) {
            tracing::info!(indexer = self.slot.name, "indexer has another version and is made anew");
            self.clear()?;
        }
        let table = self.table.as_mut().ok_or(IndexingError::Stopping)?;
        StoreTable(table).put(VERSION_KEY, &version).map_err(wrap)
    }

    fn wrap_store(&self) -> impl Fn(StoreError) -> IndexingError + use<> {
        let indexer = self.slot.name.clone();
        move |source| IndexingError::Store { indexer: indexer.clone(), source }
    }

    fn wrap(&self) -> impl Fn(IndexError) -> IndexingError + use<> {
        let indexer = self.slot.name.clone();
        move |source| IndexingError::Indexer { indexer: indexer.clone(), source }
    }

    /// Forgets everything, to begin again at the first change.
    fn clear(&mut self) -> Result<(), IndexingError> {
        let wrap = self.wrap();
        let table = self.table.as_mut().ok_or(IndexingError::Stopping)?;
        table.clear();
        self.slot.indexer.clear(&mut StoreTable(table)).map_err(wrap)?;
        (self.applied, self.durable) = (Sequence(0), Sequence(0));
        Ok(())
    }

    /// Applies some changes; whether there are more.
    fn apply_some(&mut self, store: &Store) -> Result<bool, IndexingError> {
        let head = store.sequence();
        if self.applied >= head {
            return Ok(false);
        }
        let changes = store.changes(self.applied, CHANGES_AT_ONCE).map_err(self.wrap_store())?;
        let forgotten: Vec<(DocumentId, Revision)> = changes
            .iter()
            .flat_map(|change| change.purged.iter().map(|revision| (change.document, *revision)))
            .collect();
        let changes: Vec<Change> = changes.into_iter().map(change).collect();
        self.uncommitted += changes.len() as u64;
        let last = changes.last().map_or(head, |change| change.sequence);
        let wrap = self.wrap();
        let table = self.table.as_mut().ok_or(IndexingError::Stopping)?;
        let indexer = &self.slot.indexer;
        indexer.apply(&changes, &mut StoreTable(table)).map_err(&wrap)?;
        for (document, revision) in forgotten {
            indexer.forget(document, revision, &mut StoreTable(table)).map_err(&wrap)?;
        }
        self.applied = last;
        Ok(last < store.sequence())
    }

    /// At once when there is nothing more to do; else when enough time has passed and, in bulk, enough has gathered.
    fn wants_commit(&self, calm: bool, bulk: bool) -> bool {
        if self.uncommitted == 0 {
            return false;
        }
        let waiting = self.table.as_ref().map_or(0, IndexerTable::pending_bytes);
        let enough = self.in_table || !bulk || self.uncommitted >= BULK_CHANGES;
        calm || waiting >= TABLE_PENDING_BYTES_MAX || (enough && self.last_commit.elapsed() >= self.gap())
    }

    fn gap(&self) -> Duration {
        let least = if self.in_table { TABLE_COMMIT_GAP } else { COMMIT_GAP_MIN };
        least.max(self.last_took * COMMIT_GAP_FACTOR)
    }

    fn commit(&mut self, work: &Sender<Work>, hooks: &Hooks) -> Result<(), IndexingError> {
        let began = Instant::now();
        let wrap = self.wrap();
        let reach = |stage| match self.in_table {
            true => Ok(()),
            false => hooks.at_stage(stage).map_err(|error| wrap(failed_write(error))),
        };
        reach(Stage::BeforeIndexCommit)?;
        self.slot.indexer.commit().map_err(&wrap)?;
        reach(Stage::AfterIndexCommit)?;
        let own = self.slot.indexer.applied();
        self.durable = match own {
            Some(sequence) => sequence,
            None => self.commit_table(work)?,
        };
        (self.uncommitted, self.last_commit, self.last_took) = (0, Instant::now(), began.elapsed());
        if own.is_some() { self.tell_store(work, TOLD_EVERY) } else { Ok(()) }
    }

    fn commit_table(&mut self, work: &Sender<Work>) -> Result<Sequence, IndexingError> {
        let (reply, replied) = bounded(1);
        let table = self.table.take().ok_or(IndexingError::Stopping)?;
        work.send(Work::Table { table, applied: self.applied, reply }).map_err(|_| IndexingError::Stopping)?;
        let answer = replied.recv().map_err(|_| IndexingError::Stopping)?;
        self.table = Some(answer.map_err(self.wrap_store())?);
        Ok(self.applied)
    }

    /// Tells the store how far an indexer with files of its own is, when that is news enough.
    fn tell_store(&mut self, work: &Sender<Work>, every: u64) -> Result<(), IndexingError> {
        if self.slot.indexer.applied().is_none() || self.durable.0 <= self.told.0 + every {
            return Ok(());
        }
        self.told = self.durable;
        let operation = Operation::Applied { indexer: self.slot.name.clone(), sequence: self.durable };
        let told = Work::Operations { operations: vec![operation], ticket: None };
        work.send(told).map_err(|_| IndexingError::Stopping)
    }
}
