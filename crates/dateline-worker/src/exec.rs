//! Programs of the configuration (`[[processor.exec]]`) as the parent runs them: started confined, asked one document
//! at a time, killed when they hang or babble, started again after a pause. What they answer is judged in the chain.
//!
//! A confined worker cannot start a program. So programs belong to the parent: the worker, in the middle of its chain,
//! asks for an exchange over its pipe and waits. Each worker's place has its own copy of each program.

use crate::child::deadline_after;
use crate::pipe::{PipeError, Pipes};
use crate::pipeline::exec::{
    EXEC_LINE_BYTES_MAX, EXEC_PROTOCOL, ExecDescriptor, ExecProgram, ExecRequest, ExecResponse, ExecTransport,
};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time a program has for its handshake.
const HELLO_TIME_MAX: Duration = Duration::from_secs(30);
/// How often a document is tried: what ends a program twice is left out.
const TRIES: u32 = 2;
/// Pause before a program that ended is started again, doubled with each failure in a row up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(50);
/// See [`PAUSE`].
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// After so many documents in a row that a program failed on, it is left alone for [`QUARANTINE`].
const FAILURES_MAX: u32 = 8;
/// See [`FAILURES_MAX`].
const QUARANTINE: Duration = Duration::from_secs(60);

/// How programs are started: through `datelined sandbox-exec`, which gives up rights first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    /// The program that confines itself.
    pub program: PathBuf,
    /// Its arguments before `--memory BYTES -- COMMAND ...`.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// `program sandbox-exec`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Launcher {
        Launcher { program: program.into(), arguments: vec!["sandbox-exec".into()] }
    }

    fn start(&self, program: &ExecProgram) -> std::io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg("--memory").arg(program.memory_max.to_string()).arg("--");
        command.args(&program.command).current_dir(&program.directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.spawn()
    }
}

/// Asks a program what it is, for a program whose descriptor is not known yet.
///
/// # Errors
/// Why it does not say, for people.
pub fn describe(launcher: &Launcher, program: ExecProgram) -> Result<ExecProgram, String> {
    let stop = AtomicBool::new(false);
    let (_, descriptor) = Running::start(launcher, &program, &stop).map_err(|error| error.reason)?;
    Ok(ExecProgram { descriptor, ..program })
}

struct Failed {
    reason: String,
    stopped: bool,
}

struct Running {
    process: Child,
    pipes: Pipes,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the program has been waited for already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    fn start(
        launcher: &Launcher,
        program: &ExecProgram,
        stop: &AtomicBool,
    ) -> Result<(Running, ExecDescriptor), Failed> {
        let fail = |reason: String| Failed { reason, stopped: false };
        let named = program.command.first().map(String::as_str).unwrap_or_default();
        let mut process =
            launcher.start(program).map_err(|error| fail(format!("`{named}` does not start: {error}")))?;
        let pipes = Pipes::take(&mut process).map_err(|error| fail(error.to_string()))?;
        let mut running = Running { process, pipes };
        let hello = ExecRequest::Hello {
            protocol: EXEC_PROTOCOL,
            name: program.name.clone(),
            options: program.options.clone(),
        };
        let line = serde_json::to_string(&hello).map_err(|error| fail(error.to_string()))?;
        let answer = running.exchange(&line, None, HELLO_TIME_MAX, stop)?;
        match serde_json::from_str(&answer) {
            Ok(ExecResponse::Descriptor(descriptor)) => Ok((running, descriptor)),
            Ok(_) => Err(fail(format!("`{named}` answered `hello` with something else than its descriptor"))),
            Err(error) => Err(fail(format!("`{named}` answered `hello` with what is not understood: {error}"))),
        }
    }

    /// Sends a line and reads lines until one answers `id`; what answers nothing is dropped.
    fn exchange(&mut self, line: &str, id: Option<u64>, time: Duration, stop: &AtomicBool) -> Result<String, Failed> {
        let deadline = deadline_after(time);
        self.pipes.start_job();
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        let sent = self.pipes.send(&bytes, deadline, stop);
        let mut answer = sent.and_then(|()| self.pipes.receive_line(EXEC_LINE_BYTES_MAX, deadline, stop));
        while answer.as_ref().is_ok_and(|line| id.is_some_and(|id| answers_another(line, id))) {
            answer = self.pipes.receive_line(EXEC_LINE_BYTES_MAX, deadline, stop);
        }
        let failed = match answer {
            Ok(answer) => return Ok(answer),
            Err(PipeError::Stopped) => return Err(Failed { reason: "stopped".to_owned(), stopped: true }),
            Err(PipeError::TimedOut) => "it gave no answer in time".to_owned(),
            Err(PipeError::Broken(error)) => format!("it cannot be understood: {error}"),
            Err(PipeError::Ended) => "it ended".to_owned(),
        };
        let tail = self.pipes.stderr_tail();
        let last = tail.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let cause =
            if last.is_empty() { String::new() } else { format!(": {}", last.chars().take(200).collect::<String>()) };
        Err(Failed { reason: failed + &cause, stopped: false })
    }
}

/// Whether a line is an answer, but not to this request.
fn answers_another(line: &str, id: u64) -> bool {
    #[derive(serde::Deserialize)]
    struct Answer {
        id: u64,
    }
    serde_json::from_str::<Answer>(line).is_ok_and(|answer| answer.id != id)
}

/// One program as one place runs it.
struct Place {
    program: ExecProgram,
    running: Option<Running>,
    /// Failures in a row, of any kind.
    failures: u32,
    not_before: Option<Instant>,
}

impl Place {
    /// One document, on up to two copies of the program.
    fn exchange(&mut self, launcher: &Launcher, id: u64, line: &str, stop: &AtomicBool) -> Result<String, String> {
        if self.failures >= FAILURES_MAX && self.not_before.is_some_and(|until| Instant::now() < until) {
            return Err(format!("left alone for a while: it failed {} times in a row", self.failures));
        }
        let mut reason = String::new();
        for _ in 0..TRIES {
            match self.attempt(launcher, id, line, stop) {
                Ok(answer) => {
                    self.failures = 0;
                    self.not_before = None;
                    return Ok(answer);
                }
                Err(failed) => {
                    self.running = None;
                    reason = failed.reason;
                    if failed.stopped {
                        return Err(reason);
                    }
                    self.pause_next(&reason);
                }
            }
        }
        self.failures += 1;
        if self.failures >= FAILURES_MAX {
            self.not_before = Some(Instant::now() + QUARANTINE);
        }
        Err(format!("left out after {TRIES} tries: {reason}"))
    }

    fn attempt(&mut self, launcher: &Launcher, id: u64, line: &str, stop: &AtomicBool) -> Result<String, Failed> {
        if self.running.is_none() {
            self.wait(stop);
            let (running, descriptor) = Running::start(launcher, &self.program, stop)?;
            if descriptor != self.program.descriptor {
                let reason = "it describes itself otherwise than before: reload the configuration".to_owned();
                return Err(Failed { reason, stopped: false });
            }
            self.running = Some(running);
        }
        match &mut self.running {
            Some(running) => running.exchange(line, Some(id), self.program.time_max, stop),
            None => Err(Failed { reason: "it is not running".to_owned(), stopped: false }),
        }
    }

    fn pause_next(&mut self, reason: &str) {
        let pause = PAUSE.saturating_mul(1 << self.failures.min(10)).min(PAUSE_MAX);
        self.not_before = Some(Instant::now() + pause);
        tracing::warn!(processor = self.program.name, reason, "a program was ended and is started again");
    }

    fn wait(&self, stop: &AtomicBool) {
        while let Some(left) = self.not_before.and_then(|until| until.checked_duration_since(Instant::now())) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(left.min(PAUSE));
        }
    }
}

/// The programs of one worker's place, started when they are first asked.
pub(crate) struct Places {
    launcher: Launcher,
    places: Vec<Place>,
}

impl Places {
    pub(crate) fn new(launcher: Launcher, programs: &[ExecProgram]) -> Places {
        let place =
            |program: &ExecProgram| Place { program: program.clone(), running: None, failures: 0, not_before: None };
        Places { launcher, places: programs.iter().map(place).collect() }
    }

    pub(crate) fn exchange(
        &mut self,
        processor: &str,
        id: u64,
        line: &str,
        stop: &AtomicBool,
    ) -> Result<String, String> {
        match self.places.iter_mut().find(|place| place.program.name == processor) {
            Some(place) => place.exchange(&self.launcher, id, line, stop),
            None => Err("no program has this name".to_owned()),
        }
    }
}

/// Programs for a chain that runs in this process, as `try` does.
pub struct DirectPrograms {
    places: Mutex<Places>,
    stop: AtomicBool,
}

impl std::fmt::Debug for DirectPrograms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectPrograms").finish_non_exhaustive()
    }
}

impl DirectPrograms {
    /// The programs, each started when it is first asked.
    #[must_use]
    pub fn new(launcher: Launcher, programs: &[ExecProgram]) -> DirectPrograms {
        DirectPrograms { places: Mutex::new(Places::new(launcher, programs)), stop: AtomicBool::new(false) }
    }
}

impl ExecTransport for DirectPrograms {
    fn exchange(&self, processor: &str, id: u64, request: &str) -> Result<String, String> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).exchange(processor, id, request, &self.stop)
    }
}
