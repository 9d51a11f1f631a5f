//! One child seen from the parent: started, handed one job at a time, killed when it fails. What to do then is decided
//! in the pool.

use crate::exec::Places;
use crate::frame::{self, FrameError};
use crate::message::{Attempt, InitWire, PROTOCOL, Reply, RequestRef, SandboxReport};
use crate::pipe::{PipeError, Pipes};
use crate::pipeline::processor::core::ContentHash;
use crate::pool::{CrashKind, Event, PoolOptions, Work};
use crate::yielding::Yielding;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Time a child has to build its chain.
const START_TIME_MAX: Duration = Duration::from_secs(30);
/// Time a child has to end once it has closed a pipe, and how often that is looked at.
const END_TIME_MAX: Duration = Duration::from_secs(2);
const END_LOOK: Duration = Duration::from_millis(1);
/// Variables of the environment a child may see: what its loader needs, nothing that could be a secret.
const ENVIRONMENT: [&str; 2] = ["LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];

/// Why a child did not finish its job.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It died, hung or spoke nonsense, while doing the last step it announced.
    Crashed { kind: CrashKind, reason: String, step: Option<(u32, String)> },
    /// The pool is shutting down, or nobody wants answers any more.
    Stopped,
}

/// What a job in hand may ask of the parent or tell it.
struct Asked<'a> {
    programs: &'a mut Places,
    step: &'a mut Option<(u32, String)>,
    on_event: &'a mut dyn FnMut(Event) -> bool,
}

/// A child that is ready for work.
pub(crate) struct Worker {
    process: Child,
    pipes: Pipes,
    yielding: Yielding,
    pub(crate) sandbox: SandboxReport,
    pub(crate) fingerprint: ContentHash,
}

impl Drop for Worker {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

fn end(process: &mut Child) {
    // Both fail only when the child has been waited for already.
    let _ = process.kill();
    let _ = process.wait();
}

impl Worker {
    /// Starts a child and waits until it is set up. The calling thread must outlive it.
    pub(crate) fn start(options: &PoolOptions, stop: &AtomicBool) -> Result<Worker, Failure> {
        let unable = |reason: String| Failure::Crashed { kind: CrashKind::Unstartable, reason, step: None };
        let mut process = command(options)
            .spawn()
            .map_err(|e| unable(format!("`{}` does not start: {e}", options.program.display())))?;
        let mut yielding = Yielding::start(&process, options.niceness);
        let pipes = Pipes::take(&mut process).map_err(|error| unable(error.to_string()));
        let mut pipes = pipes.inspect_err(|_| end(&mut process))?;
        let deadline = Instant::now() + START_TIME_MAX;
        let init = init_frame(options).map_err(|error| unable(error.to_string()));
        let ready = init.and_then(|init| {
            let reply = match pipes.send(&init, deadline, stop) {
                // A child that cannot work says why before it ends, even if it did not read to the end. One that was not
                // told everything, and lives, says nothing: it waits for the rest.
                Ok(()) | Err(PipeError::Ended) => pipes.receive(deadline, stop, frame::decode::<Reply>),
                Err(error) => Err(error),
            };
            match reply {
                Ok(Reply::Ready { sandbox, fingerprint }) => Ok((sandbox, fingerprint)),
                Ok(Reply::Unable(reason)) => Err(unable(reason)),
                Ok(_) => Err(unable("it spoke out of turn".to_owned())),
                Err(PipeError::Stopped) => Err(Failure::Stopped),
                Err(error) => Err(unable(explain(error, &mut process, &mut pipes).1)),
            }
        });
        match ready {
            Ok((sandbox, fingerprint)) => {
                yielding.go_on();
                Ok(Worker { process, pipes, yielding, sandbox, fingerprint })
            }
            Err(failure) => {
                end(&mut process);
                Err(failure)
            }
        }
    }

    /// Memory the child holds now, in bytes, when the system says.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.process.id())).ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }

    /// Runs one job, passing on what comes of it. After an error the child must be dropped.
    pub(crate) fn run(
        &mut self,
        work: &Work,
        attempt: &Attempt,
        times: (Duration, Duration),
        programs: &mut Places,
        stop: &AtomicBool,
        on_event: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), Failure> {
        self.yielding.go_on();
        self.pipes.start_job();
        let mut step = None;
        let mut asked = Asked { programs, step: &mut step, on_event };
        self.converse(work, attempt, times, stop, &mut asked).map_err(|error| match error {
            PipeError::Stopped => Failure::Stopped,
            error => {
                let (kind, reason) = explain(error, &mut self.process, &mut self.pipes);
                Failure::Crashed { kind, reason, step }
            }
        })
    }

    fn converse(
        &mut self,
        work: &Work,
        attempt: &Attempt,
        (step_time, job_time): (Duration, Duration),
        stop: &AtomicBool,
        asked: &mut Asked<'_>,
    ) -> Result<(), PipeError> {
        let end = deadline_after(job_time);
        self.send_work(work, attempt, end, stop)?;
        let mut first = attempt.delivered;
        loop {
            let deadline = end.min(deadline_after(step_time));
            let event = match self.pipes.receive(deadline, stop, frame::decode::<Reply>)? {
                Reply::Step { index, processor } => {
                    *asked.step = Some((index, processor));
                    continue;
                }
                Reply::Exec { processor, id, request } => {
                    let answer = asked.programs.exchange(&processor, id, &request, stop);
                    let mut frame = Vec::new();
                    frame::encode(&answer, &mut frame)?;
                    self.pipes.send(&frame, deadline_after(step_time), stop)?;
                    continue;
                }
                Reply::Documents(documents) => {
                    first += count(documents.len());
                    Event::Documents(documents)
                }
                Reply::Annotated(results) => {
                    let at = first;
                    first += count(results.len());
                    Event::Annotated { first: at, results }
                }
                Reply::SourceDone(report) => Event::SourceDone(report),
                Reply::AnnotatedDone => Event::AnnotatedDone,
                Reply::Ready { .. } | Reply::Unable(_) => {
                    return Err(FrameError::Protocol("the worker spoke out of turn").into());
                }
            };
            let done = matches!(event, Event::SourceDone(_) | Event::AnnotatedDone);
            if !(asked.on_event)(event) {
                return Err(PipeError::Stopped);
            }
            if done {
                return Ok(());
            }
            // A document that was delivered did not bring the worker down.
            *asked.step = None;
        }
    }

    fn send_work(
        &mut self,
        work: &Work,
        attempt: &Attempt,
        deadline: Instant,
        stop: &AtomicBool,
    ) -> Result<(), PipeError> {
        let mut frame = Vec::new();
        match work {
            Work::Source(job) => {
                let request = RequestRef::Source { path: &job.path, mtime: job.mtime, hints: &job.hints, attempt };
                frame::encode(&request, &mut frame)?;
                frame.extend_from_slice(&frame::header(job.bytes.len())?);
                self.pipes.send(&frame, deadline, stop)?;
                self.pipes.send(&job.bytes, deadline, stop)
            }
            Work::Documents(documents) => {
                let left = documents.get(attempt.delivered as usize..).unwrap_or_default();
                frame::encode(&RequestRef::Documents { documents: left, attempt }, &mut frame)?;
                self.pipes.send(&frame, deadline, stop)
            }
        }
    }
}

/// A deadline from now; a configured time too long for the clock counts as a year.
pub(crate) fn deadline_after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    Instant::now() + time.min(FAR)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn command(options: &PoolOptions) -> Command {
    let mut command = Command::new(&options.program);
    command.args(&options.arguments).env_clear();
    command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: an interrupt typed at the terminal is for the parent, which then ends its workers in order.
    command.process_group(0).current_dir("/");
    command
}

fn init_frame(options: &PoolOptions) -> Result<Vec<u8>, FrameError> {
    let text = |value: serde_json::Result<String>| value.map_err(|_| FrameError::Protocol("the options are no JSON"));
    let wire = InitWire {
        protocol: PROTOCOL,
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        yields: options.niceness > 0,
        tables: text(serde_json::to_string(&options.init.tables))?,
        parser: text(serde_json::to_string(&options.init.parser))?,
        resources: options.init.resources.clone(),
        memory_bytes: options.init.memory_bytes,
    };
    let mut frame = Vec::new();
    frame::encode(&wire, &mut frame)?;
    Ok(frame)
}

/// What happened to a child that gave no answer, with the end of what it wrote to standard error. Ends it.
fn explain(error: PipeError, process: &mut Child, pipes: &mut Pipes) -> (CrashKind, String) {
    let (kind, mut reason) = match error {
        PipeError::TimedOut => (CrashKind::TimedOut, "it gave no answer in time".to_owned()),
        PipeError::Broken(error) => (CrashKind::Garbled, format!("it cannot be understood: {error}")),
        PipeError::Ended | PipeError::Stopped => (CrashKind::Died, how_it_ended(process)),
    };
    end(process);
    let tail = pipes.stderr_tail();
    if let Some(line) = tail.lines().map(str::trim).rfind(|line| !line.is_empty()) {
        reason.push_str(": ");
        reason.extend(line.chars().take(200));
    }
    (kind, reason)
}

/// How a child ended whose pipe is closed. That comes a moment before its status is there, as a rule; one that goes on
/// without its pipe is not waited for.
fn how_it_ended(process: &mut Child) -> String {
    let until = Instant::now() + END_TIME_MAX;
    loop {
        match process.try_wait() {
            Ok(Some(status)) => return how(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(END_LOOK),
            Ok(None) => return "it closed its pipe and did not end".to_owned(),
            Err(error) => return error.to_string(),
        }
    }
}

fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGSEGV), _) => "it was ended by SIGSEGV".to_owned(),
        (Some(libc::SIGABRT), _) => "it aborted".to_owned(),
        (Some(libc::SIGKILL), _) => "it was killed".to_owned(),
        (Some(signal), _) => format!("it was ended by signal {signal}"),
        (None, Some(code)) => format!("it exited with {code}"),
        (None, None) => "it ended".to_owned(),
    }
}
