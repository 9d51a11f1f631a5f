//! Opens everything a daemon, a batch run or an offline answer needs, in the order that a crash would want it.

use crate::answer::Answerer;
use crate::committer::{self, BATCHES_WAITING_MAX, Report, Watchdog, Work};
use crate::control::Control;
use crate::engine::{Engine, EngineError, Inputs, Mode, Parts};
use crate::errors::{Fatal, shell_word};
use crate::faults::Hooks;
use crate::indexing::{self, Followed, IndexingError, Slot};
use crate::live::{Live, Phase};
use crate::notify::Notifier;
use crate::program::Program;
use crate::repair::Damage;
use crate::vital::Vital;
use crossbeam_channel::{Receiver, Sender, bounded};
use dateline_processor::IndexerHome;
use dateline_processor_index::{Index, Searching};
use dateline_store::{OpenReport, StateDir, Store, StoreOptions};
use dateline_watch::{Root, ScanReport, WatchEvent, Watcher};
use dateline_worker::{Init, Pool, PoolOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Watch events waiting for the event loop; the watcher holds the rest back.
const WATCH_EVENTS_MAX: usize = 1_024;
/// Requests and signals waiting for the event loop.
const CONTROLS_MAX: usize = 64;
/// Longest one document may keep a worker busy without a sign of progress, beyond its configured time.
const JOB_TIME_FACTOR: u32 = 60;
/// How long to wait for a lock that a process just killed may still hold.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// How much less urgent workers are than answers, as a nice value: without it, questions asked while two workers take in
/// 10,000 articles on two cores waited ten times as long as on a quiet machine.
const WORKER_NICENESS: u8 = 10;
/// The same for the threads that commit and index.
const THREAD_NICENESS: i32 = 5;
/// The same for the daemon's whole session, answers included, against other sessions.
pub(crate) const SESSION_NICENESS: u8 = 5;

/// Makes the calling thread, and threads it will start, less urgent than those that answer. Where that is refused, it
/// works all the same.
pub(crate) fn yield_to_answers() {
    let _ = rustix::process::nice(THREAD_NICENESS);
}

/// A store with its indexers, open.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) slots: Vec<Arc<Slot>>,
    pub(crate) index: Searching,
    pub(crate) report: OpenReport,
    pub(crate) hooks: Arc<Hooks>,
    /// Whether this process had it open before.
    pub(crate) again: bool,
}

/// Opens store and indexers under the state's lock.
///
/// # Errors
/// When somebody else holds the lock, or something is damaged.
pub(crate) fn open(program: &Program) -> Result<Opened, Fatal> {
    open_within(program, LOCK_PATIENCE)
}

/// As [`open`], with another patience for whoever holds the lock.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_within(program: &Program, patience: Duration) -> Result<Opened, Fatal> {
    let directory = StateDir::new(&program.state);
    let lock = directory.lock_within(patience)?;
    let hooks = crate::faults::from_environment();
    let options = StoreOptions {
        cache_bytes: program.config.store.cache.0,
        reserve_bytes: program.config.store.free_space_reserve.0,
        compact_growth_bytes: program.config.store.compact_growth.0,
        faults: Arc::clone(&hooks) as Arc<dyn dateline_store::Faults>,
        clock: crate::faults::clock(),
        ..StoreOptions::default()
    };
    let deadline = program.config.store.commit_deadline.0;
    let (store, report) =
        committer::guard_opening(&program.state, deadline, || Store::open(lock, &options).map_err(Fatal::from))?;
    // Each beside the others: one that empties its own directory touches nobody else's.
    let home = |name: &str| IndexerHome { directory: directory.index().join(name) };
    for name in program.indexer_names() {
        std::fs::create_dir_all(home(name).directory)?;
    }
    let indexers = program.registry.indexers(&program.tables, &program.resources, &home)?;
    let index = indexers.iter().find_map(|indexer| indexer.as_any()?.downcast_ref::<Index>().map(Index::searching));
    let index = index.ok_or_else(|| {
        Fatal::hinted(
            std::io::Error::other("this program has no full-text index"),
            "add `.indexer::<Index>()` to its builder, or enable `[processor.index]`",
        )
    })?;
    let slots = indexers.into_iter().map(|indexer| Arc::new(Slot::new(indexer))).collect();
    Ok(Opened { store, slots, index, report, hooks, again: false })
}

/// How workers are started for a program.
pub(crate) fn pool_options(program: &Program) -> PoolOptions {
    let worker = &program.config.worker;
    let mut options = PoolOptions::new("/proc/self/exe", ["worker"]);
    options.workers = worker.count.resolve();
    options.step_time = worker.time_max.0;
    options.job_time = worker.time_max.0 * JOB_TIME_FACTOR;
    options.init = Init {
        tables: program.tables.clone(),
        resources: program.resources.clone(),
        parser: program.parser.clone(),
        memory_bytes: worker.memory_max.0,
    };
    options
}

/// Starts the workers, `niceness` less urgent than this process, and refuses to go on without a sandbox where one is required.
///
/// # Errors
/// When no worker starts, or they cannot be confined as required.
pub(crate) fn start_pool(program: &Program, niceness: u8) -> Result<Pool, Fatal> {
    let pool = Pool::start(PoolOptions { niceness, ..pool_options(program) })?;
    let missing = pool.status().sandbox.map(|report| report.missing()).unwrap_or_default();
    if program.config.worker.sandbox == dateline_config::SandboxMode::Required && !missing.is_empty() {
        let error = std::io::Error::other(format!("workers cannot be confined: {}", missing.join("; ")));
        return Err(Fatal::hinted(error, "set `worker.sandbox = \"auto\"` to go on without"));
    }
    Ok(pool)
}

/// Everything that runs beside the event loop.
pub(crate) struct Running {
    program: Arc<Program>,
    pub(crate) engine: Engine,
    pub(crate) inputs: Inputs,
    pub(crate) answerer: Arc<Answerer>,
    pub(crate) control: Sender<Control>,
    pub(crate) watchdog: Arc<Watchdog>,
    committer: JoinHandle<()>,
    indexer: JoinHandle<()>,
    scrub: Option<JoinHandle<()>>,
}

/// The folder, which must be there, unless it is known: then a disk is not mounted yet, and is waited for.
fn root_to_watch(program: &Program, mode: Mode, known: bool) -> Result<Root, Fatal> {
    let options = program.watch_options();
    let root = match Root::open_with(&options) {
        Err(error) if mode == Mode::Watch && known && error.is_missing_root() => Root::unchecked(&options),
        opened => opened,
    };
    root.map_err(|error| bad_root(program, error))
}

/// The folder's watcher, and where it tells what it sees.
fn start_watcher(program: &Program) -> Result<(Watcher, Receiver<WatchEvent>), Fatal> {
    let (events, watch) = bounded(WATCH_EVENTS_MAX);
    let watcher = Watcher::start(program.watch_options(), events).map_err(|error| bad_root(program, error))?;
    Ok((watcher, watch))
}

/// The thread that looks for damage.
fn start_scrub(answerer: &Answerer, control: Sender<Control>) -> Result<JoinHandle<()>, Fatal> {
    let (store, index) = (answerer.store.clone(), answerer.index.clone());
    Ok(crate::scrubbing::start(store, index, Arc::clone(&answerer.live), control)?)
}

/// The threads that write, the committer and the one of the indexers, with what they are told by and tell.
struct Writers {
    commit: Sender<Work>,
    /// Has the indexers look for themselves how far the log goes; dropped, it ends them once they have caught up.
    wake: Sender<()>,
    reports: Receiver<Report>,
    indexing: Receiver<IndexingError>,
    committer: JoinHandle<()>,
    indexer: JoinHandle<()>,
}

impl Writers {
    fn start(followed: Followed, live: &Arc<Live>, watchdog: Arc<Watchdog>, is_last: bool) -> Result<Writers, Fatal> {
        let (commit, work) = bounded::<Work>(BATCHES_WAITING_MAX);
        let (report_to, reports) = crossbeam_channel::unbounded::<Report>();
        let writer = followed.store.committer()?;
        let committer = committer::start(writer, work, report_to, Arc::clone(live), watchdog, is_last)?;
        let (wake, woken) = bounded::<()>(1);
        let (failed, indexing) = bounded::<IndexingError>(1);
        let indexer = indexing::start(followed, woken, commit.clone(), Arc::clone(live), move |error| {
            // Who would hear it is gone only when the process ends anyway.
            drop(failed.send(error));
        })?;
        Ok(Writers { commit, wake, reports, indexing, committer, indexer })
    }
}

/// Starts committer, indexers, workers and, when watching, the watcher.
///
/// # Errors
/// When any of them does not start.
pub(crate) fn start(program: Arc<Program>, opened: Opened, mode: Mode) -> Result<Running, Fatal> {
    let Opened { store, slots, index, hooks, again, .. } = opened;
    program.remember_programs()?;
    let live = Arc::new(Live::default());
    let head = store.sequence();
    live.update(|facts| {
        facts.phase = Phase::Starting;
        facts.committed = head;
        facts.decisions_seen = true;
    });
    let known = again || store.root()?.is_some();
    let root = root_to_watch(&program, mode, known)?;
    // Who asks goes before what comes in.
    let pool = start_pool(&program, if mode == Mode::Watch { WORKER_NICENESS } else { 0 })?;
    let watchdog = Arc::new(Watchdog::new(program.config.store.commit_deadline.0));
    committer::guard(&watchdog)?;
    let followed = Followed { store: store.clone(), slots: slots.clone(), hooks: Arc::clone(&hooks) };
    let writers = Writers::start(followed, &live, Arc::clone(&watchdog), mode == Mode::Once)?;
    let Writers { commit, wake, reports, indexing, committer, indexer } = writers;
    let (control, controls) = bounded::<Control>(CONTROLS_MAX);
    let (watcher, watch) = match mode {
        Mode::Watch => start_watcher(&program).map(|(watcher, watch)| (Some(watcher), Some(watch)))?,
        Mode::Once => (None, None),
    };
    let socket = (mode == Mode::Watch).then(|| socket_of(&program));
    let answerer = Arc::new(Answerer {
        store: store.clone(),
        index,
        slots,
        program: Arc::clone(&program),
        live: Arc::clone(&live),
        control: (mode == Mode::Watch).then(|| control.clone()),
        socket,
    });
    let decisions = program.decisions.all()?;
    let parts = Parts {
        program: Arc::clone(&program),
        store,
        live,
        pool,
        root,
        watcher,
        told: watch.clone(),
        commit,
        wake,
        watchdog: Arc::clone(&watchdog),
        notifier: Notifier::new(),
        mode,
        decisions,
        hooks,
    };
    let engine = Engine::new(parts);
    // Last: nothing but a running daemon could stop it again.
    let scrub = (mode == Mode::Watch).then(|| start_scrub(&answerer, control.clone())).transpose()?;
    let inputs = Inputs { watch, reports, indexing, control: controls };
    Ok(Running { program, engine, inputs, answerer, control, watchdog, committer, indexer, scrub })
}

impl Running {
    /// Why the committer went, when that is what an error says: its word may still wait to be read.
    fn reason(&self, error: EngineError) -> EngineError {
        if !matches!(error, EngineError::CommitterGone) {
            return error;
        }
        let fatal = self.inputs.reports.try_iter().find_map(|report| match report {
            Report::Fatal(error) => Some(EngineError::Commit(error)),
            _ => None,
        });
        fatal.unwrap_or(error)
    }

    /// Finds what processors are to do again, while questions are answered already, runs the event loop, then ends
    /// everything in order: workers, indexers (which catch up), committer.
    ///
    /// # Errors
    /// Why the daemon had to end.
    pub(crate) fn run(mut self) -> Result<(), Fatal> {
        // Goes before `self`, whose workers and watcher are waited for.
        let _vital = Vital::here("main");
        // The processors are built for this look only: those that run live in the workers.
        let found = {
            let chain = self.program.registry.build(&self.program.tables, &self.program.resources)?;
            self.engine.find_stale(&chain)
        };
        let ended = found.and_then(|()| self.engine.run(&self.inputs)).map_err(|error| self.reason(error));
        self.answerer.live.update(|facts| facts.stopping = true);
        let is_over = |error: &EngineError| !matches!(error, EngineError::Indexing(_)) && Damage::of(error).is_none();
        let fatal = ended.as_ref().is_err_and(is_over);
        if fatal {
            // Nothing more can be made durable, and a thread may hang in the kernel: waiting would be for ever.
            return Ok(ended?);
        }
        let (commit, wake) = self.engine.into_ends();
        drop(wake);
        let ends: [(&str, JoinHandle<()>); 2] = [("indexer", self.indexer), ("committer", self.committer)];
        let mut commit = Some(commit);
        for (name, thread) in ends {
            if name == "committer" {
                drop(commit.take());
            }
            if thread.join().is_err() {
                tracing::error!(name, "a thread panicked");
            }
        }
        if let Some(scrub) = self.scrub {
            drop(scrub.join());
        }
        // The last commit of an index comes after the loop; its failure must not pass for success.
        let late = self.inputs.indexing.try_recv().map_or(Ok(()), |error| Err(EngineError::Indexing(error)));
        Ok(ended.and(late)?)
    }
}

fn bad_root(program: &Program, error: dateline_watch::WatchError) -> Fatal {
    let root = shell_word(&program.root);
    Fatal::hinted(error, format!("make the folder (`mkdir -p {root}`), or name another with `--root DIR`"))
}

/// Where the socket of a program's state is.
pub(crate) fn socket_of(program: &Program) -> PathBuf {
    dateline_protocol::socket_path(&program.state)
}

/// The folder, to be read from.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_root(program: &Program) -> Result<Root, Fatal> {
    Root::open_with(&program.watch_options()).map_err(|error| bad_root(program, error))
}

/// Looks through the folder once.
///
/// # Errors
/// When the folder cannot be opened.
pub(crate) fn scan(program: &Program) -> Result<ScanReport, Fatal> {
    let root = open_root(program)?;
    dateline_watch::scan(&root, &program.watch_options()).map_err(|error| bad_root(program, error))
}

/// Brings indexers that a crash left behind to the end of the change log.
///
/// # Errors
/// When an indexer fails.
pub(crate) fn catch_up(opened: &Opened) -> Result<(), Fatal> {
    let head = opened.store.sequence();
    let is_behind = |slot: &Arc<Slot>| -> Result<bool, Fatal> {
        let own = slot.indexer.applied();
        Ok(own.map_or_else(|| opened.store.applied(&slot.name), Ok)? < head)
    };
    let behind = opened.slots.iter().map(is_behind).collect::<Result<Vec<bool>, Fatal>>()?;
    if !behind.contains(&true) {
        return Ok(());
    }
    let followed =
        Followed { store: opened.store.clone(), slots: opened.slots.clone(), hooks: Arc::clone(&opened.hooks) };
    let watchdog = Arc::new(Watchdog::new(Duration::MAX));
    let writers = Writers::start(followed, &Arc::new(Live::default()), watchdog, false)?;
    // Nobody reads the reports, which must have somewhere to go all the same.
    let Writers { commit, wake, reports: _reports, indexing, committer, indexer } = writers;
    drop((commit, wake));
    drop((indexer.join(), committer.join()));
    indexing.try_recv().map_or(Ok(()), |error| Err(error.into()))
}
