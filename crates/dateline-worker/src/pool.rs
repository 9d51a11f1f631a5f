//! The pool: one child per core, bounded queues, answers tagged with their job. Decides what is tried again and what is
//! left out; stores nothing.

use crate::child::{Failure, Worker};
use crate::exec::{Launcher, Places};
use crate::message::{
    Attempt, BlockedHere, DocumentJob, Init, LeftOut, SandboxReport, SourceDocument, SourceJob, SourceReport,
};
use crate::pipeline::processor::core::ContentHash;
use crate::pipeline::{Annotated, Blocked, panic_message};
use crossbeam_channel::{Receiver, RecvError, SendTimeoutError, Sender, TrySendError, bounded, select_biased};
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Answers that wait to be fetched; a slice of documents is about 1 MB.
const ANSWERS_MAX: usize = 32;
/// How often a source, or one document of a document job, may take a worker down before it is given up.
const CRASHES_MAX: u32 = 12;
/// Characters kept of a panic's message.
const PANIC_CHARS_MAX: usize = 200;
/// A worker that holds more than this after a job is replaced, to give its memory back.
const RESIDENT_BYTES_MAX: u64 = 192 << 20;
/// Jobs larger than this make the pool look at the worker's memory afterwards.
const LARGE_JOB_BYTES: usize = 2 << 20;
/// How often a worker is tried to be started for one job: over 6 s, as a machine that is short of something may need.
const STARTS_MAX: u32 = 6;
/// Wait between attempts to start a worker that does not start, doubled up to 32 times this.
const RESTART_WAIT: Duration = Duration::from_millis(100);

/// How a pool is set up.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// Program to start. `/proc/self/exe` stays valid when the program on disk is replaced.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Number of workers; at least 1.
    pub workers: usize,
    /// Jobs that may wait, per urgency.
    pub queue_jobs: usize,
    /// Bytes of jobs that may wait or run; one job may exceed it alone.
    pub queue_bytes: usize,
    /// How much less urgent than this process the workers are, 0 to 19: added to their nice value.
    pub niceness: u8,
    /// Longest time without a sign of progress.
    pub step_time: Duration,
    /// Longest time for one job.
    pub job_time: Duration,
    /// How programs of the configuration are started.
    pub launcher: Launcher,
    /// What each worker is told. Programs stand in its tables under `exec`.
    pub init: Init,
}

impl PoolOptions {
    /// One worker per core, 64 jobs or 64 MiB waiting, as urgent as this process, 30 s a step, 15 min a job, 1 GiB of memory each.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> PoolOptions {
        let program = program.into();
        PoolOptions {
            launcher: Launcher::new(&program),
            program,
            arguments: arguments.into_iter().map(Into::into).collect(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            queue_jobs: 64,
            queue_bytes: 64 << 20,
            niceness: 0,
            step_time: Duration::from_secs(30),
            job_time: Duration::from_secs(15 * 60),
            init: Init { memory_bytes: 1 << 30, ..Init::default() },
        }
    }
}

/// Something to do, tagged by the caller.
#[derive(Clone, Debug)]
pub struct Job {
    /// Comes back with every answer.
    pub id: u64,
    /// Whether it goes before background work.
    pub urgency: Urgency,
    /// What to do.
    pub work: Work,
}

/// Which queue a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// New and changed files, and whatever somebody waits for.
    Now,
    /// Reprocessing; runs when nothing urgent waits.
    Background,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Work {
    /// Parse a source and annotate its documents: [`Event::Documents`] ..., then [`Event::SourceDone`].
    Source(SourceJob),
    /// Annotate documents: [`Event::Annotated`] ..., then [`Event::AnnotatedDone`].
    Documents(Vec<DocumentJob>),
}

impl Work {
    /// About how many bytes it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Work::Source(job) => job.bytes.len(),
            Work::Documents(documents) => documents
                .iter()
                .map(|job| {
                    let layers: usize = job.previous.layers.iter().map(|layer| layer.bytes.len()).sum();
                    job.input.document.text.len() + layers
                })
                .sum(),
        }
    }
}

/// Something that came of a job.
#[derive(Debug)]
pub struct Answer {
    /// The job's tag.
    pub job: u64,
    /// What came.
    pub event: Event,
}

/// What came of a job. The last event of a job is `SourceDone`, `AnnotatedDone` or `Crashed`, exactly once.
#[derive(Debug)]
pub enum Event {
    /// The next documents of a source, in their order; at most 100, about 1 MB.
    Documents(Vec<SourceDocument>),
    /// The source is through.
    SourceDone(SourceReport),
    /// The next results of a document job, in their order.
    Annotated {
        /// Position of the first result in the job, from 0.
        first: u32,
        /// The results.
        results: Vec<Annotated>,
    },
    /// All documents of the job are through.
    AnnotatedDone,
    /// The job took workers down again and again and is given up: quarantine it. What came before stands.
    Crashed(Crash),
}

/// How a job took workers down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// What the last worker did.
    pub kind: CrashKind,
    /// For people.
    pub reason: String,
    /// How many workers it cost.
    pub workers: u32,
    /// Documents that were delivered before.
    pub delivered: u32,
}

/// What a worker did instead of its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashKind {
    /// It ended: a stack overflow, memory beyond its limit, a signal.
    Died,
    /// It gave no sign of progress in time.
    TimedOut,
    /// It sent what cannot be understood.
    Garbled,
    /// It could not be started: no fault of the job.
    Unstartable,
    /// Nothing: the thread beside it panicked over the job.
    Panicked,
}

/// How the pool is doing, for `status` and `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Workers that are ready or at work.
    pub workers: usize,
    /// Workers at work.
    pub busy: usize,
    /// Jobs that wait.
    pub waiting: usize,
    /// Workers that were replaced after a crash.
    pub crashes: u64,
    /// What the last worker could do to confine itself.
    pub sandbox: Option<SandboxReport>,
    /// Fingerprint of the workers' chain.
    pub fingerprint: Option<ContentHash>,
    /// Why the last worker that failed did so.
    pub last_problem: Option<String>,
}

/// Why a pool does not start or take a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The first worker could not be started.
    #[error("workers do not start: {reason}")]
    Start {
        /// What the worker said.
        reason: String,
    },
    /// A thread could not be started.
    #[error("no thread for a worker")]
    Thread(#[source] std::io::Error),
    /// The pool is shutting down.
    #[error("the pool is shutting down")]
    Closed,
}

/// A pool of workers. Dropping it ends them at once; jobs in hand are lost, as in a crash.
pub struct Pool {
    now: Option<Sender<Job>>,
    background: Option<Sender<Job>>,
    answers: Receiver<Answer>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("status", &self.status()).finish_non_exhaustive()
    }
}

struct Shared {
    options: PoolOptions,
    stop: AtomicBool,
    status: Mutex<PoolStatus>,
    used: Mutex<usize>,
    freed: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Waits until a job of this weight may be taken in.
    fn reserve(&self, weight: usize) -> Result<(), PoolError> {
        let mut used = lock(&self.used);
        while *used > 0 && *used + weight > self.options.queue_bytes {
            if self.stop.load(Ordering::Relaxed) {
                return Err(PoolError::Closed);
            }
            used = self.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        *used += weight;
        Ok(())
    }

    fn try_reserve(&self, weight: usize) -> bool {
        let mut used = lock(&self.used);
        let fits = *used == 0 || *used + weight <= self.options.queue_bytes;
        if fits {
            *used += weight;
        }
        fits
    }

    fn release(&self, weight: usize) {
        *lock(&self.used) -= weight;
        self.freed.notify_all();
    }
}

impl Pool {
    /// Starts the workers; returns once the first one is ready.
    ///
    /// # Errors
    /// When the first worker does not start or cannot build its chain.
    pub fn start(options: PoolOptions) -> Result<Pool, PoolError> {
        let workers = options.workers.max(1);
        let programs = options.init.programs().map_err(|error| PoolError::Start { reason: error.to_string() })?;
        let (now, urgent) = bounded(options.queue_jobs.max(1));
        let (background, patient) = bounded(options.queue_jobs.max(1));
        let (sender, answers) = bounded(ANSWERS_MAX);
        let shared = Arc::new(Shared {
            options,
            stop: AtomicBool::new(false),
            status: Mutex::default(),
            used: Mutex::new(0),
            freed: Condvar::new(),
        });
        let (first, started) = bounded(1);
        let mut pool = Pool {
            now: Some(now),
            background: Some(background),
            answers,
            shared: Arc::clone(&shared),
            threads: Vec::new(),
        };
        for number in 0..workers {
            let slot = Slot {
                urgent: urgent.clone(),
                patient: patient.clone(),
                answers: sender.clone(),
                shared: Arc::clone(&shared),
                worker: None,
                programs: Places::new(shared.options.launcher.clone(), &programs),
                failures: 0,
            };
            let first = (number == 0).then(|| first.clone());
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            pool.threads.push(thread.spawn(move || slot.run(first)).map_err(PoolError::Thread)?);
        }
        match started.recv() {
            Ok(Ok(())) => Ok(pool),
            Ok(Err(reason)) => Err(PoolError::Start { reason }),
            Err(_) => Err(PoolError::Closed),
        }
    }

    /// Hands over a job; waits while the queue is full.
    ///
    /// The answers must be fetched meanwhile, by another thread, or the wait may never end.
    ///
    /// # Errors
    /// When the pool is shutting down.
    pub fn submit(&self, job: Job) -> Result<(), PoolError> {
        let weight = job.work.weight();
        self.shared.reserve(weight)?;
        let queue = self.queue(job.urgency).ok_or(PoolError::Closed)?;
        queue.send(job).map_err(|_| {
            self.shared.release(weight);
            PoolError::Closed
        })
    }

    /// Hands over a job if there is room, else gives it back.
    ///
    /// # Errors
    /// The job, when the queue is full or the pool is shutting down.
    #[allow(clippy::result_large_err, reason = "the job is what the caller wants back")]
    pub fn try_submit(&self, job: Job) -> Result<(), Job> {
        let weight = job.work.weight();
        let Some(queue) = self.queue(job.urgency) else { return Err(job) };
        if !self.shared.try_reserve(weight) {
            return Err(job);
        }
        queue.try_send(job).map_err(|error| {
            self.shared.release(weight);
            match error {
                TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
            }
        })
    }

    /// Where answers arrive. Bounded: a worker waits while nobody fetches them.
    #[must_use]
    pub fn answers(&self) -> &Receiver<Answer> {
        &self.answers
    }

    /// How the pool is doing.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let mut status = lock(&self.shared.status).clone();
        status.waiting = [&self.now, &self.background].into_iter().flatten().map(Sender::len).sum();
        status
    }

    /// Ends the workers at once and waits for them.
    pub fn stop(mut self) {
        self.end();
    }

    fn queue(&self, urgency: Urgency) -> Option<&Sender<Job>> {
        match urgency {
            Urgency::Now => self.now.as_ref(),
            Urgency::Background => self.background.as_ref(),
        }
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.now = None;
        self.background = None;
        self.shared.freed.notify_all();
        for thread in self.threads.drain(..) {
            // A slot that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.end();
    }
}

/// One worker's place: a thread that keeps a child alive and feeds it.
struct Slot {
    urgent: Receiver<Job>,
    patient: Receiver<Job>,
    answers: Sender<Answer>,
    shared: Arc<Shared>,
    worker: Option<Worker>,
    programs: Places,
    /// Starts that failed in a row.
    failures: u32,
}

impl Slot {
    fn run(mut self, first: Option<Sender<Result<(), String>>>) {
        let started = self.start_worker();
        if let Some(first) = first {
            // The pool waits for exactly this.
            let _ = first.send(started.map_err(|failure| match failure {
                Failure::Crashed { reason, .. } => reason,
                Failure::Stopped => "it was stopped".to_owned(),
            }));
        }
        while !self.stopping() {
            let Ok(job) = self.next_job() else { return };
            let weight = job.work.weight();
            lock(&self.shared.status).busy += 1;
            let result = self.work(&job);
            lock(&self.shared.status).busy -= 1;
            self.shared.release(weight);
            if result.is_err() {
                return;
            }
            // What is lost by a panic is the worker, which the next job replaces.
            let _ = self.guarded(|slot| slot.retire_if_large(weight));
        }
    }

    /// Does something, and lives on when that panics: then the worker, of whose state nobody knows, is lost with it. What
    /// the panic said.
    fn guarded<T>(&mut self, what: impl FnOnce(&mut Slot) -> T) -> Result<T, String> {
        catch_unwind(AssertUnwindSafe(|| what(self))).map_err(|panic| {
            self.drop_worker();
            lock(&self.shared.status).crashes += 1;
            panic_message(&*panic).chars().take(PANIC_CHARS_MAX).collect()
        })
    }

    fn stopping(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    /// The next job, urgent ones first; an error when the pool has closed its queues.
    fn next_job(&self) -> Result<Job, RecvError> {
        select_biased! {
            recv(self.urgent) -> job => job,
            recv(self.patient) -> job => job,
        }
    }

    fn start_worker(&mut self) -> Result<(), Failure> {
        if self.worker.is_some() {
            return Ok(());
        }
        match Worker::start(&self.shared.options, &self.shared.stop) {
            Ok(worker) => {
                let mut status = lock(&self.shared.status);
                status.workers += 1;
                status.sandbox = Some(worker.sandbox.clone());
                status.fingerprint = Some(worker.fingerprint);
                self.failures = 0;
                self.worker = Some(worker);
                Ok(())
            }
            Err(failure) => {
                if let Failure::Crashed { reason, .. } = &failure {
                    lock(&self.shared.status).last_problem = Some(reason.clone());
                    tracing::error!(reason, "a worker does not start");
                }
                Err(failure)
            }
        }
    }

    fn drop_worker(&mut self) {
        if self.worker.take().is_some() {
            lock(&self.shared.status).workers -= 1;
        }
    }

    /// Runs a job to its last event. A panic of this thread, which may come of what the job's worker said, costs the job.
    fn work(&mut self, job: &Job) -> Result<(), Failure> {
        let mut blame = Blame::of(&job.work);
        match self.guarded(|slot| slot.attempts(job, &mut blame)) {
            Ok(result) => result,
            Err(_) if blame.is_over => Ok(()),
            Err(panic) => {
                let reason = format!("the thread beside its worker panicked: {panic}");
                self.answer(job.id, Event::Crashed(blame.crash(CrashKind::Panicked, reason)))
            }
        }
    }

    /// Tries a job until it is through or given up, over as many workers as it takes.
    fn attempts(&mut self, job: &Job, blame: &mut Blame) -> Result<(), Failure> {
        loop {
            match self.attempt(job, blame) {
                Ok(()) => return Ok(()),
                Err(Failure::Stopped) => return Err(Failure::Stopped),
                Err(Failure::Crashed { kind, reason, step }) => {
                    self.note_crash(job, kind, &reason);
                    if !blame.go_on(kind, &reason, step) {
                        return self.answer(job.id, Event::Crashed(blame.crash(kind, reason)));
                    }
                    if kind == CrashKind::Unstartable {
                        self.wait_before_restart();
                    }
                }
            }
        }
    }

    fn attempt(&mut self, job: &Job, blame: &mut Blame) -> Result<(), Failure> {
        self.start_worker()?;
        let Slot { worker: Some(worker), answers, shared, programs, .. } = self else { return Err(Failure::Stopped) };
        let times = (shared.options.step_time, shared.options.job_time);
        let attempt = blame.attempt.clone();
        let mut on_event = |event: Event| {
            match &event {
                Event::Documents(documents) => blame.attempt.delivered += documents.len() as u32,
                Event::Annotated { results, .. } => blame.attempt.delivered += results.len() as u32,
                _ => blame.is_over = true,
            }
            send(answers, shared, Answer { job: job.id, event }).is_ok()
        };
        let result = worker.run(&job.work, &attempt, times, programs, &shared.stop, &mut on_event);
        if result.is_err() {
            self.drop_worker();
        }
        result
    }

    fn note_crash(&self, job: &Job, kind: CrashKind, reason: &str) {
        let mut status = lock(&self.shared.status);
        status.crashes += 1;
        status.last_problem = Some(reason.to_owned());
        drop(status);
        tracing::warn!(job = job.id, ?kind, reason, "a worker was lost and is replaced");
    }

    fn wait_before_restart(&mut self) {
        self.failures += 1;
        let wait = RESTART_WAIT * (1 << self.failures.min(5));
        let mut left = wait;
        while !left.is_zero() && !self.stopping() {
            let nap = left.min(RESTART_WAIT);
            std::thread::sleep(nap);
            left -= nap;
        }
    }

    fn answer(&self, job: u64, event: Event) -> Result<(), Failure> {
        send(&self.answers, &self.shared, Answer { job, event })
    }

    fn retire_if_large(&mut self, weight: usize) {
        let large = weight > LARGE_JOB_BYTES;
        let resident = self.worker.as_ref().filter(|_| large).and_then(Worker::resident_bytes);
        if resident.is_some_and(|bytes| bytes > RESIDENT_BYTES_MAX) {
            self.drop_worker();
            // Whether it starts again shows with the next job.
            let _ = self.start_worker();
        }
    }
}

/// Sends an answer; gives up when the pool stops or nobody listens.
fn send(answers: &Sender<Answer>, shared: &Shared, mut answer: Answer) -> Result<(), Failure> {
    loop {
        match answers.send_timeout(answer, RESTART_WAIT) {
            Ok(()) => return Ok(()),
            Err(SendTimeoutError::Disconnected(_)) => return Err(Failure::Stopped),
            Err(SendTimeoutError::Timeout(_)) if shared.stop.load(Ordering::Relaxed) => return Err(Failure::Stopped),
            Err(SendTimeoutError::Timeout(back)) => answer = back,
        }
    }
}

/// Finds out what in a job takes workers down.
#[derive(Default)]
struct Blame {
    attempt: Attempt,
    crashes: u32,
    unstartable: u32,
    /// The step of the last crash, and how often it was that.
    last: Option<((u32, String), u32)>,
    /// Whether the job is one of documents, each of which can be left out altogether.
    of_documents: bool,
    /// The document in hand at the last crash of such a job, and the crashes it has cost.
    in_hand: (u32, u32),
    /// Whether the job's last event was sent.
    is_over: bool,
}

impl Blame {
    fn of(work: &Work) -> Blame {
        Blame { of_documents: matches!(work, Work::Documents(_)), ..Blame::default() }
    }

    /// What is said of a job that is given up.
    fn crash(&self, kind: CrashKind, reason: String) -> Crash {
        Crash { kind, reason, workers: self.crashes, delivered: self.attempt.delivered }
    }

    /// Takes note of a crash; whether another attempt makes sense.
    ///
    /// The first crash has no known place: the next attempt announces every step. A step that ends a second worker
    /// (the first one counts, wherever it was) is left out, and its processor fails on that document. A document that goes
    /// on taking workers down, or does so outside of any step, is left out with all that was to run on it.
    fn go_on(&mut self, kind: CrashKind, reason: &str, step: Option<(u32, String)>) -> bool {
        self.crashes += 1;
        if kind == CrashKind::Unstartable {
            self.unstartable += 1;
            return self.unstartable < STARTS_MAX;
        }
        let was_careful = std::mem::replace(&mut self.attempt.careful, true);
        if !was_careful {
            return true;
        }
        let Some(step) = step else {
            // Not in an annotator: the parser, or the document itself. Twice is enough.
            return self.leave_out(reason);
        };
        let times = match self.last.take() {
            None => 2,
            Some((last, times)) if last == step => times + 1,
            Some(_) => 1,
        };
        if times >= 2 {
            let (index, processor) = step;
            let reason = format!("left out: it took a worker down twice ({reason})");
            self.attempt.blocked.push(BlockedHere { index, blocked: Blocked { processor, reason } });
            self.last = Some(((u32::MAX, String::new()), 0));
        } else {
            self.last = Some((step, times));
        }
        self.crashes_in_hand() < CRASHES_MAX || self.leave_out(reason)
    }

    /// Crashes of the source, or of the document that is in hand, this one included.
    fn crashes_in_hand(&mut self) -> u32 {
        if !self.of_documents {
            return self.crashes;
        }
        let delivered = self.attempt.delivered;
        let (document, crashes) = self.in_hand;
        self.in_hand = (delivered, if document == delivered { crashes + 1 } else { 1 });
        self.in_hand.1
    }

    /// Leaves out the document in hand; `false` when that cannot be, or did not help.
    fn leave_out(&mut self, reason: &str) -> bool {
        let index = self.attempt.delivered;
        if !self.of_documents || self.attempt.left_out.iter().any(|left_out| left_out.index == index) {
            return false;
        }
        let reason = format!("left out: the document took workers down again and again ({reason})");
        self.attempt.left_out.push(LeftOut { index, reason });
        self.last = Some(((u32::MAX, String::new()), 0));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Blame, CrashKind, STARTS_MAX};

    fn step(index: u32, processor: &str) -> Option<(u32, String)> {
        Some((index, processor.to_owned()))
    }

    #[test]
    fn the_second_crash_in_a_step_leaves_it_out() {
        let mut blame = Blame::default();
        assert!(blame.go_on(CrashKind::Died, "boom", None));
        assert!(blame.attempt.careful && blame.attempt.blocked.is_empty());
        assert!(blame.go_on(CrashKind::Died, "boom", step(3, "tone")));
        assert_eq!(blame.attempt.blocked.len(), 1);
        assert!(blame.go_on(CrashKind::Died, "boom", step(4, "tone")));
        assert_eq!(blame.attempt.blocked.len(), 1, "another document may err once");
        assert!(blame.go_on(CrashKind::Died, "boom", step(4, "tone")));
        assert_eq!(blame.attempt.blocked.len(), 2);
    }

    #[test]
    fn a_parser_that_dies_twice_is_given_up() {
        let mut blame = Blame::default();
        assert!(blame.go_on(CrashKind::TimedOut, "", None));
        assert!(!blame.go_on(CrashKind::TimedOut, "", None));
    }

    #[test]
    fn a_job_that_kills_without_end_is_given_up() {
        let mut blame = Blame::default();
        let mut attempts = 0;
        while blame.go_on(CrashKind::Died, "", step(attempts, "tone")) {
            attempts += 1;
            assert!(attempts < 100);
        }
        assert_eq!(blame.crashes, super::CRASHES_MAX);
    }

    #[test]
    fn each_document_of_a_job_is_given_up_for_itself() {
        let mut blame = Blame { of_documents: true, ..Blame::default() };
        assert!(blame.go_on(CrashKind::Died, "boom", None));
        for document in 0..40 {
            blame.attempt.delivered = document;
            assert!(blame.go_on(CrashKind::Died, "boom", step(document, "tone")));
            assert!(blame.go_on(CrashKind::Died, "boom", step(document, "tone")));
        }
        assert!(blame.attempt.left_out.is_empty(), "its processors are");
        blame.attempt.delivered = 40;
        assert!(blame.go_on(CrashKind::Died, "boom", None));
        assert_eq!(blame.attempt.left_out.iter().map(|left_out| left_out.index).collect::<Vec<_>>(), [40]);
        assert!(!blame.go_on(CrashKind::Died, "boom", None), "nothing ran on it");
        blame.attempt.delivered = 41;
        let mut attempts = 0;
        while blame.attempt.left_out.len() < 2 {
            attempts += 1;
            assert!(blame.go_on(CrashKind::Died, "boom", step(41, &attempts.to_string())));
        }
        assert_eq!(attempts, super::CRASHES_MAX);
    }

    #[test]
    fn a_worker_that_does_not_start_is_no_fault_of_the_job() {
        let mut blame = Blame::default();
        assert!((1..STARTS_MAX).all(|_| blame.go_on(CrashKind::Unstartable, "", None)));
        assert!(!blame.go_on(CrashKind::Unstartable, "", None));
        assert!(!blame.attempt.careful);
    }
}
