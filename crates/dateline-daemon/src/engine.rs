//! The event loop: hints in, jobs to the workers, their results to the committer. It decides what is looked at and when;
//! it parses nothing, writes nothing and answers nobody.

mod absence;
mod results;
mod rework;
mod scan;

use crate::committer::{Report, Ticket, Watchdog, Work as CommitWork};
use crate::control::Control;
use crate::decisions::{self, Stamp};
use crate::faults::{Hooks, Stage};
use crate::intake::Intake;
use crate::live::{Live, Phase, Progress};
use crate::notify::Notifier;
use crate::program::Program;
use crate::repair::Damage;
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, never, select, tick};
use dateline_core::{ContentHash, DocumentId, SourcePath, Timestamp};
use dateline_pipeline::error_chain;
use dateline_store::{Decisions, Failure, FailureEntry, FileIdentity, Operation, Store, StoreError};
use dateline_watch::{ReadErrorKind, ReadLimits, Root, StableFile, WatchEvent, Watcher};
use dateline_worker::{Answer, Job, PartHints, Pool, SourceDocument, SourceJob, Urgency, Work};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Jobs at the workers and the committer at once: enough to keep both busy, few enough to stay small.
const JOBS_MAX: usize = 128;
/// Bytes of files at the workers at once, apart from a single larger one.
const JOB_BYTES_MAX: usize = 32 << 20;
/// How often the loop wakes with nothing to do: for the watchdogs, and to notice what no channel tells.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long a file that was moved in waits for the loss of its old path.
const RENAME_PATIENCE: Duration = Duration::from_millis(50);
/// A file written in place has about the same mtime and ctime; one moved in has a younger ctime, by this much at least.
const MOVED_MIN_NS: i64 = 10_000_000;
/// Work of at least this many files shows its progress.
const PROGRESS_MIN: usize = 50;

/// Why the loop ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The store cannot be written any more.
    #[error("store cannot be written; what was reported as indexed is safe, the rest is read again at the next start")]
    Commit(#[source] StoreError),
    /// A commit hangs.
    #[error("a commit has taken longer than `store.commit-deadline`; the disk does not answer")]
    CommitHangs,
    /// Opening hangs.
    #[error("opening the state in `{directory}` has taken longer than {seconds} s; the disk does not answer")]
    OpeningHangs {
        /// The state.
        directory: String,
        /// Five times `store.commit-deadline`.
        seconds: u64,
    },
    /// The store cannot be read.
    #[error("store cannot be read")]
    Store(#[source] StoreError),
    /// An indexer cannot go on.
    #[error("index cannot be kept up to date")]
    Indexing(#[source] crate::indexing::IndexingError),
    /// No worker can be started any more: every file would be listed as failed that is none.
    #[error("workers do not start: {reason}")]
    NoWorkers {
        /// What the last attempt met.
        reason: String,
    },
    /// A test ended the work.
    #[error("stopped by a test")]
    Hook(#[source] std::io::Error),
    /// The committer thread ended without a word.
    #[error("committer ended unexpectedly")]
    CommitterGone,
    /// Another thread ended without a word: it would go on without, and nobody would know.
    #[error("the {0} thread ended unexpectedly")]
    ThreadGone(&'static str),
}

/// Everything that can happen to the loop.
pub(crate) enum Event {
    /// The folder.
    Watch(WatchEvent),
    /// The workers.
    Worker(Answer),
    /// The committer.
    Commit(Report),
    /// The indexers gave up.
    IndexingFailed(crate::indexing::IndexingError),
    /// Requests and signals.
    Control(Control),
    /// Time passed.
    Tick,
}

/// How the loop is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Until told to stop.
    Watch,
    /// Until nothing is left to do.
    Once,
}

/// What to do after a stop, other than to end.
pub(crate) enum Next {
    /// Go on with another configuration.
    Program(Arc<Program>),
    /// Make something anew, then go on.
    Repair(Damage),
}

/// The channels the loop listens to.
pub(crate) struct Inputs {
    /// From the watcher; none in batch mode.
    pub(crate) watch: Option<Receiver<WatchEvent>>,
    /// From the committer.
    pub(crate) reports: Receiver<Report>,
    /// From the indexers.
    pub(crate) indexing: Receiver<crate::indexing::IndexingError>,
    /// From answers and signals.
    pub(crate) control: Receiver<Control>,
}

/// A job at the workers.
pub(super) enum JobState {
    /// A file.
    Source(SourceState),
    /// Documents annotated anew.
    Documents(Vec<rework::InHand>),
}

/// A file at the workers.
pub(super) struct SourceState {
    pub(super) path: SourcePath,
    pub(super) identity: FileIdentity,
    pub(super) content: ContentHash,
    pub(super) bytes: usize,
    /// Whether a slice was handed to the committer.
    pub(super) begun: bool,
    /// Documents that came and wait for what follows them.
    pub(super) held: Option<Vec<SourceDocument>>,
}

/// The loop's state.
pub(crate) struct Engine {
    pub(super) program: Arc<Program>,
    pub(super) store: Store,
    pub(super) live: Arc<Live>,
    pub(super) pool: Pool,
    pub(super) root: Root,
    pub(super) watcher: Option<Watcher>,
    /// What the watcher has told and the loop has not heard yet; never read from here.
    told: Option<Receiver<WatchEvent>>,
    pub(super) commit: Sender<CommitWork>,
    wake: Sender<()>,
    watchdog: Arc<Watchdog>,
    notifier: Notifier,
    pub(super) mode: Mode,
    pub(super) intake: Intake,
    pub(super) jobs: HashMap<u64, JobState>,
    pub(super) job_bytes: usize,
    /// Paths to read whatever the catalog says.
    pub(super) forced: HashSet<SourcePath>,
    /// Paths that wait until absences on their way to the store are durable: one may be where they come from.
    pub(super) deferred: Vec<SourcePath>,
    pub(super) absences_under_way: usize,
    /// Removals on their way to the store.
    pub(super) removals_under_way: usize,
    /// Missing sources whose documents are kept because too many are missing at once.
    pub(super) held: HashSet<SourcePath>,
    /// Documents whose processors are to run again, first ones first.
    pub(super) rework: VecDeque<DocumentId>,
    pub(super) rework_known: HashSet<DocumentId>,
    /// Documents that were moved, whose results may not fit their new places yet; the store knows them too.
    pub(super) moved: HashSet<DocumentId>,
    pub(super) rework_forced: HashSet<DocumentId>,
    /// Of those, the ones that get a job of their own, after one of many was lost.
    pub(super) rework_alone: HashSet<DocumentId>,
    /// Of those, the ones that changed while they were looked at.
    pub(super) rework_again: HashSet<DocumentId>,
    /// Of those, the ones whose source is being read.
    pub(super) rework_later: Vec<DocumentId>,
    /// The chain whose results all documents have when nothing is left to run again, as long as the store is not told.
    pub(super) settling: Option<ContentHash>,
    /// What the store knows that all results were made by.
    pub(super) settled: Option<ContentHash>,
    /// The chain that runs.
    pub(super) chain: Option<ContentHash>,
    pub(super) decisions: Decisions,
    /// The file of decisions as it was read last.
    pub(super) decisions_stamp: Option<Stamp>,
    pub(super) hooks: Arc<Hooks>,
    /// Who waits for a scan: not begun yet, under way, over.
    pub(super) waiting: [Vec<Sender<()>>; 3],
    pub(super) scanned: bool,
    pub(super) root_trusted: bool,
    stop_by: Option<Instant>,
    /// What to do after the stop.
    next: (Sender<Next>, Receiver<Next>),
    progress: Option<Progress>,
    bar: Option<indicatif::ProgressBar>,
}

/// What an engine is made of.
pub(crate) struct Parts {
    pub(crate) program: Arc<Program>,
    pub(crate) store: Store,
    pub(crate) live: Arc<Live>,
    pub(crate) pool: Pool,
    pub(crate) root: Root,
    pub(crate) watcher: Option<Watcher>,
    pub(crate) told: Option<Receiver<WatchEvent>>,
    pub(crate) commit: Sender<CommitWork>,
    pub(crate) wake: Sender<()>,
    pub(crate) watchdog: Arc<Watchdog>,
    pub(crate) notifier: Notifier,
    pub(crate) mode: Mode,
    pub(crate) decisions: Decisions,
    pub(crate) hooks: Arc<Hooks>,
}

impl Engine {
    /// An engine with nothing to do yet.
    pub(crate) fn new(parts: Parts) -> Engine {
        let Parts { program, store, live, pool, root, watcher, commit, wake, .. } = parts;
        let Parts { watchdog, notifier, mode, decisions, hooks, told, .. } = parts;
        Engine {
            program,
            store,
            live,
            pool,
            root,
            watcher,
            told,
            commit,
            wake,
            watchdog,
            notifier,
            mode,
            intake: Intake::default(),
            jobs: HashMap::new(),
            job_bytes: 0,
            forced: HashSet::new(),
            deferred: Vec::new(),
            absences_under_way: 0,
            removals_under_way: 0,
            held: HashSet::new(),
            rework: VecDeque::new(),
            rework_known: HashSet::new(),
            moved: HashSet::new(),
            rework_forced: HashSet::new(),
            rework_alone: HashSet::new(),
            rework_again: HashSet::new(),
            rework_later: Vec::new(),
            settling: None,
            settled: None,
            chain: None,
            decisions,
            decisions_stamp: None,
            hooks,
            waiting: Default::default(),
            scanned: false,
            root_trusted: false,
            stop_by: None,
            next: crossbeam_channel::bounded(1),
            progress: None,
            bar: None,
        }
    }

    /// Where it arrives what is to be done once the loop has ended.
    pub(crate) fn next_step(&self) -> Receiver<Next> {
        self.next.1.clone()
    }

    /// Tells the supervisor how the daemon is.
    pub(crate) fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// Takes in a scan made before the loop began; in batch mode the only one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn begin_with(&mut self, report: &dateline_watch::ScanReport) -> Result<(), EngineError> {
        self.on_scan(report)
    }

    /// Reads the configuration again, checked whole; when it is right, the loop ends and begins anew with it.
    fn reload(&mut self, wanted: &AtomicBool) {
        match self.program.reloaded() {
            Ok(program) => {
                tracing::info!("the configuration is right: beginning anew with it");
                let (next, planned) = &self.next;
                let before = planned.try_recv().ok();
                // A repair begins anew with what is read after it.
                let is_repair = matches!(before, Some(Next::Repair(_)));
                wanted.fetch_or(is_repair, Ordering::SeqCst);
                let program = Next::Program(Arc::new(program));
                drop(next.try_send(before.filter(|_| is_repair).unwrap_or(program)));
                self.begin_stop();
            }
            Err(error) => {
                let causes = error_chain(&error);
                tracing::error!(error = causes, "the configuration is not taken over; the earlier one stays in force");
                self.set_note("configuration: ", Some(&causes));
            }
        }
    }

    /// Runs until told to stop, or, in batch mode, until nothing is left to do.
    ///
    /// # Errors
    /// [`EngineError`] when the daemon must end.
    pub(crate) fn run(&mut self, inputs: &Inputs) -> Result<(), EngineError> {
        let heartbeat = tick(HEARTBEAT);
        loop {
            self.pump()?;
            self.tell();
            if self.is_over() {
                return Ok(());
            }
            let event = self.next_event(inputs, &heartbeat)?;
            self.handle(event)?;
        }
    }

    fn next_event(&self, inputs: &Inputs, heartbeat: &Receiver<Instant>) -> Result<Event, EngineError> {
        let silence = never();
        // On the way to the end nobody watches any more.
        let watch = inputs.watch.as_ref().filter(|_| self.watcher.is_some()).unwrap_or(&silence);
        let look = self.intake.next_look(self.may_look_again()).map_or_else(never, crossbeam_channel::at);
        select! {
            recv(inputs.reports) -> report => report.map(Event::Commit).map_err(|_| EngineError::CommitterGone),
            recv(self.pool.answers()) -> answer => {
                answer.map(Event::Worker).map_err(|_| EngineError::ThreadGone("workers'"))
            }
            recv(inputs.control) -> control => Ok(control.map_or(Event::Tick, Event::Control)),
            recv(inputs.indexing) -> error => error.map(Event::IndexingFailed).map_err(|_| EngineError::ThreadGone("indexing")),
            recv(watch) -> event => event.map(Event::Watch).map_err(|_| EngineError::ThreadGone("watching")),
            recv(look) -> _ => Ok(Event::Tick),
            recv(heartbeat) -> _ => Ok(Event::Tick),
        }
    }

    fn handle(&mut self, event: Event) -> Result<(), EngineError> {
        match event {
            Event::Watch(event) => self.on_watch(event),
            Event::Worker(answer) => self.on_answer(answer),
            Event::Commit(Report::Durable { tickets }) => {
                // The indexers look for themselves how far the log goes; one hint waiting is enough.
                let _ = self.wake.try_send(());
                tickets.into_iter().try_for_each(|ticket| self.on_durable(ticket))
            }
            Event::Commit(Report::Fatal(error)) => Err(EngineError::Commit(error)),
            Event::Commit(Report::Abandoned) => {
                tracing::warn!(
                    "stopped while there was no space: what is not committed is read again at the next start"
                );
                self.begin_stop();
                self.stop_by = Some(Instant::now());
                Ok(())
            }
            Event::IndexingFailed(error) => Err(EngineError::Indexing(error)),
            Event::Control(control) => self.on_control(control),
            Event::Tick => {
                self.notifier.heartbeat();
                if self.watchdog.has_hung() {
                    return Err(EngineError::CommitHangs);
                }
                // Edited by hand.
                if self.program.decisions.stamp() == self.decisions_stamp { Ok(()) } else { self.take_decisions() }
            }
        }
    }

    fn on_watch(&mut self, event: WatchEvent) -> Result<(), EngineError> {
        match event {
            WatchEvent::Ready(path) => self.intake.offer(path),
            WatchEvent::Gone(path) => self.note_gone(&path)?,
            WatchEvent::ScanStarted { why } => {
                tracing::debug!(%why, "looking through the folder");
                let begun = std::mem::take(&mut self.waiting[0]);
                self.waiting[1].extend(begun);
                self.live.update(|facts| facts.phase = Phase::Scanning);
            }
            WatchEvent::ScanFinished(report) => {
                self.on_scan(&report)?;
                let over = std::mem::take(&mut self.waiting[1]);
                self.waiting[2].extend(over);
            }
            WatchEvent::RootMissing => {
                tracing::warn!(root = %self.program.root.display(), "the watched folder is gone; waiting for it");
                self.root_trusted = false;
                self.live.update(|facts| facts.phase = Phase::RootMissing);
            }
            WatchEvent::RootBack => tracing::info!(root = %self.program.root.display(), "the watched folder is back"),
            WatchEvent::Degraded { reason } => {
                tracing::warn!(%reason, "not every change is noticed at once");
                self.set_note("watching: ", Some(&reason.to_string()));
            }
            WatchEvent::Recovered => {
                tracing::info!("every change is noticed at once again");
                self.set_note("watching: ", None);
            }
        }
        Ok(())
    }

    /// Replaces the note that begins with `topic`.
    pub(super) fn set_note(&self, topic: &str, text: Option<&str>) {
        self.live.update(|facts| {
            facts.notes.retain(|note| !note.starts_with(topic));
            facts.notes.extend(text.map(|text| format!("{topic}{text}")));
        });
    }

    fn on_control(&mut self, control: Control) -> Result<(), EngineError> {
        match control {
            Control::Rescan { done } => {
                self.waiting[0].extend(done);
                if let Some(watcher) = &self.watcher {
                    watcher.rescan();
                }
                Ok(())
            }
            Control::Retry { sources, documents } => {
                for path in sources {
                    self.forced.insert(path.clone());
                    self.intake.offer(path);
                }
                self.rework_forced.extend(documents.iter().copied());
                documents.into_iter().for_each(|document| self.add_rework(document));
                Ok(())
            }
            Control::Decided => self.take_decisions(),
            Control::Damaged(damage) => {
                drop(self.next.0.try_send(Next::Repair(damage)));
                self.begin_stop();
                Ok(())
            }
            Control::Reload { wanted } => {
                if wanted.swap(false, Ordering::SeqCst) {
                    self.reload(&wanted);
                }
                Ok(())
            }
            Control::Stop => {
                self.begin_stop();
                Ok(())
            }
        }
    }

    fn begin_stop(&mut self) {
        if self.stop_by.is_some() {
            return;
        }
        tracing::info!(jobs = self.jobs.len(), "stopping: finishing what is begun");
        self.notifier.stopping();
        if let Some(watcher) = self.watcher.take() {
            watcher.stop();
        }
        self.stop_by = Some(Instant::now() + self.program.shutdown_deadline());
        self.live.update(|facts| (facts.stopping, facts.phase) = (true, Phase::Stopping));
    }

    fn is_over(&self) -> bool {
        if let Some(stop_by) = self.stop_by {
            return self.jobs.is_empty() && self.intake.in_flight() == 0 || Instant::now() >= stop_by;
        }
        self.mode == Mode::Once && self.scanned && self.pending() == 0
    }

    pub(super) fn pending(&self) -> usize {
        // In the order in which it moves, so that nothing is overlooked on its way.
        let settling = self.watcher.as_ref().map_or(0, |watcher| watcher.stats().queued);
        let told = self.told.as_ref().filter(|_| self.watcher.is_some()).map_or(0, Receiver::len);
        let under_way = self.absences_under_way + self.removals_under_way;
        self.intake.pending() + self.deferred.len() + under_way + self.rework_left() + settling + told
    }

    pub(super) fn rework_left(&self) -> usize {
        let at_work = self.jobs.values().map(|job| match job {
            JobState::Documents(documents) => documents.len(),
            JobState::Source(_) => 0,
        });
        self.rework.len() + self.rework_later.len() + at_work.sum::<usize>()
    }

    /// Hands out work as long as there is room for it.
    fn pump(&mut self) -> Result<(), EngineError> {
        self.look_again()?;
        self.intake.offer_postponed(Instant::now());
        if self.stop_by.is_some() {
            return Ok(());
        }
        while self.jobs.len() < JOBS_MAX && self.job_bytes < JOB_BYTES_MAX {
            let Some(path) = self.intake.next() else { break };
            self.consider(path)?;
        }
        self.pump_rework()?;
        self.settle_results()
    }

    /// Decides what a path needs, by looking at it.
    fn consider(&mut self, path: SourcePath) -> Result<(), EngineError> {
        let identity = match self.root.stat(&path) {
            Ok(identity) => store_identity(identity),
            Err(error) => {
                self.intake.explained(&path);
                return self.on_unreadable(path, None, &error);
            }
        };
        let forced = self.forced.contains(&path);
        let known = self.store.source(&path).map_err(EngineError::Store)?;
        let known = known.filter(|entry| !entry.removed);
        let failure = self.store.failure(&path).map_err(EngineError::Store)?;
        let key = self.program.source_key(&path);
        if !forced {
            let fails_again = failure.as_ref().is_some_and(|failure| self.fails_again(failure, identity));
            let same = known.as_ref().is_some_and(|entry| {
                entry.complete && entry.identity == identity && entry.parser_key == key && entry.absences == 0
            });
            let whole_failure = failure.as_ref().is_some_and(|failure| failure.failure.is_some());
            if (same && !whole_failure) || fails_again {
                self.intake.explained(&path);
                return Ok(());
            }
        }
        // Whoever asks for it has it read, wherever it comes from.
        let may_move = known.is_none() && !forced;
        if may_move && self.may_be_a_rename(&path, identity) {
            return Ok(());
        }
        self.intake.explained(&path);
        if may_move && self.absences_under_way > 0 {
            self.deferred.push(path);
            return Ok(());
        }
        let limits = ReadLimits { file_bytes_max: self.program.file_bytes_max() };
        let file = match self.root.read(&path, limits) {
            Ok(file) => file,
            Err(error) => return self.on_unreadable(path, Some(identity), &error),
        };
        self.forced.remove(&path);
        let identity = store_identity(file.identity);
        let content = ContentHash::of(&file.bytes);
        if let Some(entry) = &known {
            let unchanged = entry.complete && entry.content == content && entry.parser_key == key && !forced;
            // The time of a file is evidence of its date: results and identity then change together, in one commit.
            if unchanged && failure.is_none() && entry.identity.mtime_ns == identity.mtime_ns {
                let touch = Operation::Touch { path: path.clone(), identity, parser_key: None };
                return self.end_path(touch, path);
            }
        } else if !forced && self.try_rename(&path, identity, content)? {
            return Ok(());
        }
        self.submit_source(file, identity, content)?;
        self.hooks.at_stage(Stage::Parse).map_err(EngineError::Hook)
    }

    /// Whether the whole of a file failed, it is the same file, and would be tried in the same way.
    pub(super) fn fails_again(&self, failure: &FailureEntry, identity: FileIdentity) -> bool {
        let key = || self.program.failure_key(&failure.path);
        failure.identity == Some(identity) && failure.failure.as_ref().is_some_and(|whole| whole.key == key())
    }

    /// A new path whose file was changed in its place but not in its content was moved there: the loss of its old path
    /// may reach us a moment later, so it waits that moment.
    fn may_be_a_rename(&mut self, path: &SourcePath, identity: FileIdentity) -> bool {
        let moved = identity.ctime_ns.saturating_sub(identity.mtime_ns) > MOVED_MIN_NS;
        self.mode == Mode::Watch && moved && self.intake.postpone(path, Instant::now() + RENAME_PATIENCE)
    }

    /// Hands one operation to the committer that ends the work on its path.
    pub(super) fn end_path(&mut self, operation: Operation, path: SourcePath) -> Result<(), EngineError> {
        let job = self.intake.start(path);
        self.send(vec![operation], Some(Ticket::Job(job)))
    }

    pub(super) fn send(&self, operations: Vec<Operation>, ticket: Option<Ticket>) -> Result<(), EngineError> {
        let mut work = CommitWork::Operations { operations, ticket };
        loop {
            match self.commit.send_timeout(work, HEARTBEAT) {
                Ok(()) => return Ok(()),
                // It went while there was no space; what is not committed is read again.
                Err(SendTimeoutError::Disconnected(_)) if self.live.facts().stopping => return Ok(()),
                Err(SendTimeoutError::Disconnected(_)) => return Err(EngineError::CommitterGone),
                Err(SendTimeoutError::Timeout(back)) => work = back,
            }
            // The committer waits for space, or hangs: only the one is patiently waited for.
            self.notifier.heartbeat();
            if self.watchdog.has_hung() {
                return Err(EngineError::CommitHangs);
            }
        }
    }

    fn submit_source(
        &mut self,
        file: StableFile,
        identity: FileIdentity,
        content: ContentHash,
    ) -> Result<(), EngineError> {
        let path = file.path.clone();
        let number = self.intake.start(path.clone());
        let bytes = file.bytes.len();
        let state = SourceState { path: path.clone(), identity, content, bytes, begun: false, held: None };
        let mtime = Timestamp::from_nanosecond(identity.mtime_ns.into()).ok();
        let hints = self.part_hints(&path)?;
        let work = Work::Source(SourceJob { path, bytes: file.bytes, mtime, hints });
        self.job_bytes += bytes;
        self.jobs.insert(number, JobState::Source(state));
        self.submit(Job { id: number, urgency: Urgency::Now, work })
    }

    /// Hands a job over; fetches answers while the queue is full, so that neither side waits for the other for ever.
    fn submit(&mut self, mut job: Job) -> Result<(), EngineError> {
        loop {
            match self.pool.try_submit(job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back,
            }
            let answer = self.pool.answers().recv().map_err(|_| EngineError::ThreadGone("workers'"))?;
            self.on_answer(answer)?;
        }
    }

    fn part_hints(&self, path: &SourcePath) -> Result<Vec<PartHints>, EngineError> {
        let by_id = decisions::name_by_id(&self.decisions);
        let known = if by_id { self.store.documents_of(path).map_err(EngineError::Store)? } else { Vec::new() };
        Ok(decisions::part_hints(&self.decisions, path, &known))
    }

    fn on_unreadable(
        &mut self,
        path: SourcePath,
        identity: Option<FileIdentity>,
        error: &dateline_watch::ReadError,
    ) -> Result<(), EngineError> {
        if error.is_changing()
            && let Some(watcher) = &self.watcher
        {
            watcher.settle(vec![path]);
            return Ok(());
        }
        self.forced.remove(&path);
        if error.is_missing() {
            return self.note_absent(path);
        }
        let code = match error.kind {
            ReadErrorKind::NotRegular { .. } => "not-regular",
            ReadErrorKind::TooLarge { .. } => "too-large",
            _ => "unreadable",
        };
        let reason = error_chain(error);
        let key = self.program.failure_key(&path);
        let failure = Failure { code: code.to_owned(), reason, quarantined: false, content: None, key };
        self.end_path(Operation::Fail { path: path.clone(), identity, failure }, path)
    }

    /// Shows where the loop stands, to answers and on the terminal.
    fn tell(&mut self) {
        let pending = self.pending();
        self.tell_progress(pending);
        let rework = self.rework_left();
        let (phase, held, progress) = (self.phase(), self.held.len(), self.progress);
        let before = self.live.facts();
        let settled = pending == 0 && before.indexed >= before.committed;
        let status = self.pool.status();
        self.live.update(|facts| {
            facts.pending = pending - rework;
            facts.reprocessing = rework;
            facts.held_deletes = held;
            facts.progress = progress;
            if let Some(phase) = phase
                && facts.phase != Phase::Paused
            {
                facts.phase = phase;
            }
            if let Some(sandbox) = &status.sandbox {
                let missing = sandbox.missing();
                facts.sandbox = Some(if missing.is_empty() { "full".to_owned() } else { missing.join("; ") });
            }
        });
        if settled {
            for done in self.waiting[2].drain(..) {
                let _ = done.send(());
            }
        }
    }

    fn phase(&self) -> Option<Phase> {
        let stats = self.watcher.as_ref().map(Watcher::stats);
        if self.stop_by.is_some() {
            return Some(Phase::Stopping);
        }
        match stats {
            Some(stats) if stats.root_missing => Some(Phase::RootMissing),
            Some(stats) if stats.scanning || !self.scanned => Some(Phase::Scanning),
            Some(_) => Some(Phase::Watching),
            None => None,
        }
    }

    fn tell_progress(&mut self, pending: usize) {
        match &mut self.progress {
            None if pending >= PROGRESS_MIN => {
                self.progress = Some(Progress { done: 0, total: pending as u64, since: Instant::now() });
                self.bar = crate::progress::bar(pending as u64);
            }
            None => {}
            Some(_) if pending == 0 => {
                self.progress = None;
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
            Some(progress) => {
                progress.total = progress.total.max(progress.done + pending as u64);
                progress.done = progress.total - pending as u64;
                if let Some(bar) = &self.bar {
                    bar.set_length(progress.total);
                    bar.set_position(progress.done);
                }
            }
        }
    }

    /// Ends the workers at once and gives the way to the committer and the indexers free.
    pub(crate) fn into_ends(self) -> (Sender<CommitWork>, Sender<()>) {
        if let Some(watcher) = self.watcher {
            watcher.stop();
        }
        self.pool.stop();
        (self.commit, self.wake)
    }
}

/// The watcher's identity of a file as the store keeps it.
pub(super) fn store_identity(identity: dateline_watch::FileIdentity) -> FileIdentity {
    let dateline_watch::FileIdentity { device, inode, size, mtime_ns, ctime_ns } = identity;
    FileIdentity { device, inode, size, mtime_ns, ctime_ns }
}

/// The store's identity of a file as the watcher gives it.
pub(super) fn watch_identity(identity: FileIdentity) -> dateline_watch::FileIdentity {
    let FileIdentity { device, inode, size, mtime_ns, ctime_ns } = identity;
    dateline_watch::FileIdentity { device, inode, size, mtime_ns, ctime_ns }
}
