//! System calls that fail under a running daemon: the kernel's answers to its threads are replaced by errors, once or from
//! some call on. The daemon may refuse and end, or carry on; it may never hang, end without a message, or lose something
//! in silence. `DATELINE_TEST_SCALE` above 1 tries so many times five numbers of the call that fails, once each and from
//! there on. The order of the calls that do not fail is looked at, too: what is reported was synced before.

mod harness;

use harness::{Lab, Ran, STEP_MAX, scale};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Calls by which the store, the history and the index write, and which one of them fails in a small run. Counting is per
/// thread, so a number hits every thread that calls so often.
const CALLS: [(&str, usize); 8] = [
    ("pwrite64", 6),
    ("sync_file_range", 4),
    ("fdatasync", 12),
    ("fsync", 3),
    ("ftruncate", 1),
    ("/^rename", 4),
    ("/^unlink", 2),
    ("write", 2),
];
/// Errors of a disk that breaks and of one that is full.
const ERRORS: [&str; 2] = ["EIO", "ENOSPC"];
/// Files that come one after the other while calls fail: enough for some 50 commits.
const FILES: usize = 60;
/// Time between two of them, so that they are not all committed together.
const GAP: Duration = Duration::from_millis(8);
/// Files that are there before, when a store is.
const OLD_FILES: usize = 20;
/// A commit that hangs is noticed after this time.
const COMMIT_DEADLINE: &str = "3s";
/// After so many numbers in a row that no thread came to, larger ones are not tried.
const MISSES_MAX: usize = 3;

/// A state and a folder, used again and again.
struct Bench {
    lab: Lab,
    /// A sound state to begin with.
    existing: PathBuf,
}

/// What a fault met.
#[derive(Default)]
struct Struck {
    calls: usize,
    /// Names of the threads, without their numbers.
    threads: BTreeSet<String>,
}

/// What all faults of one kind of call met.
#[derive(Default)]
struct Tally {
    runs: usize,
    calls: usize,
    last: usize,
    ended: BTreeMap<i32, usize>,
    threads: BTreeSet<String>,
}

fn fill(lab: &Lab, version: usize, number: usize) {
    let text = format!(" date 2021-06-{:02} Train {number} reached Larissa late {version}.\n", 1 + number % 28);
    lab.write(&format!("{number}.txt"), text);
}

fn can_trace() -> bool {
    match Command::new("strace").args(["-f", "--decode-pids=comm", "-e", "trace=fdatasync", "true"]).output() {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            println!("skipped, no tracing here: {}", String::from_utf8_lossy(&output.stderr).trim());
            false
        }
        Err(error) => {
            println!("skipped, no tracing here: {error}");
            false
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("directory is made");
    for entry in fs::read_dir(from).expect("directory is read").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("file is copied");
        }
    }
}

/// The one process that `parent` started.
fn child_of(parent: u32) -> Option<rustix::process::Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    rustix::process::Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

impl Bench {
    fn new() -> Bench {
        let lab = Lab::new().with("DATELINE_STORE_COMMIT_DEADLINE", COMMIT_DEADLINE);
        lab.configure("[watch]\nsettle = \"1ms\"\n[worker]\ncount = 1\n");
        (0..OLD_FILES).for_each(|number| fill(&lab, 0, number));
        lab.once();
        let existing = lab.directory().join("existing");
        fs::rename(lab.state(), &existing).expect("is moved");
        Bench { lab, existing }
    }

    /// As before the first run.
    fn reset(&self, on_existing: bool) {
        drop(fs::remove_dir_all(self.lab.state()));
        for number in 0..FILES {
            drop(fs::remove_file(self.lab.root().join(format!("{number}.txt"))));
        }
        if on_existing {
            copy(&self.existing, &self.lab.state());
            (0..OLD_FILES).for_each(|number| fill(&self.lab, 0, number));
        }
    }

    /// Runs a daemon with a fault while files come, and tells it to stop when it has everything; how it ended, whether it
    /// said that it had everything, and what the fault met.
    fn run_with_fault(&self, fault: &str) -> (Ran, bool, Struck) {
        let call = fault.split(':').next().expect("names a call");
        let trace = self.lab.directory().join("trace");
        let (only, inject) = (format!("trace={call}"), format!("inject={fault}"));
        let trace_name = trace.to_str().expect("is text");
        let options =
            ["-f", "-qq", "--seccomp-bpf", "--decode-pids=comm", "-o", trace_name, "-e", &only, "-e", &inject];
        let log = fs::File::create(self.lab.directory().join("log")).expect("is made");
        let mut command = self.lab.datelined_under("strace", &options, &["run"]);
        command.process_group(0).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().expect("strace starts");
        for number in 0..FILES {
            fill(&self.lab, 1, number);
            if child.try_wait().expect("can be waited for").is_none() {
                std::thread::sleep(GAP);
            }
        }
        let mut complete = false;
        let began = Instant::now();
        let (answered, unanswered) = std::sync::mpsc::channel::<()>();
        let group = rustix::process::Pid::from_child(&child);
        // A client may wait for ever for a daemon that hangs.
        let watchdog = std::thread::spawn(move || {
            if unanswered.recv_timeout(STEP_MAX * 2) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
        });
        while !complete && child.try_wait().expect("can be waited for").is_none() && began.elapsed() < STEP_MAX {
            complete = self.lab.dateline(&["rescan", "--wait"]).code() == 0;
        }
        drop(answered);
        watchdog.join().expect("ends");
        if let Some(daemon) = child_of(child.id()) {
            let _ = rustix::process::kill_process(daemon, rustix::process::Signal::TERM);
        }
        let status = self.end_of(child, fault);
        let trace = fs::read_to_string(trace).unwrap_or_default();
        let mut struck = Struck::default();
        for line in trace.lines().filter(|line| line.contains("(INJECTED)")) {
            struck.calls += 1;
            let thread = line.split(['<', '>']).nth(1).unwrap_or_default();
            struck.threads.insert(thread.trim_end_matches(|end: char| end.is_ascii_digit() || end == '-').to_owned());
        }
        (Ran { status, stdout: String::new(), stderr: self.lab.log() }, complete, struck)
    }

    fn end_of(&self, mut child: Child, fault: &str) -> std::process::ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("can be waited for") {
                return status;
            }
            if began.elapsed() > STEP_MAX {
                let group = rustix::process::Pid::from_child(&child);
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                panic!("{fault}: it hangs: {}", self.lab.log());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// One fault, and what must hold after it.
    fn survive(&self, fault: &str, on_existing: bool) -> (i32, Struck) {
        self.reset(on_existing);
        let (ran, complete, struck) = self.run_with_fault(fault);
        let lab = &self.lab;
        // The message is written, too.
        let silent = fault.starts_with("write");
        match ran.code() {
            -1 if ran.status.signal() == Some(9) => panic!("{fault}: it hangs: {}", ran.stderr),
            0 if complete => lab.assert_verified(&format!("{fault}: it said that all is well: {}", ran.stderr)),
            0 => assert!(silent, "{fault}: neither done nor failed: {}", ran.stderr),
            1 | 2 => assert!(silent || ran.stderr.contains("datelined: "), "{fault}: no message: {}", ran.stderr),
            _ => assert!(silent, "{fault}: {:?}: {}", ran.status, ran.stderr),
        }
        let again = lab.run_datelined(&["once"]);
        assert!(again.status.success(), "{fault}: it does not open again: {}", again.stderr);
        assert_eq!(lab.status()["documents"], FILES, "{fault}: {}", again.stderr);
        lab.assert_verified(fault);
        (ran.code(), struck)
    }

    /// Faults of one kind of call, at ever later calls.
    fn strike(&self, number: usize, call: &str, numbers: RangeInclusive<usize>, onwards: &str) -> Tally {
        let mut tally = Tally::default();
        let mut misses = 0;
        for when in numbers {
            let error = ERRORS[(when + number) % ERRORS.len()];
            let (code, struck) =
                self.survive(&format!("{call}:error={error}:when={when}{onwards}"), (when / 2) % 2 == number % 2);
            if struck.calls == 0 {
                misses += 1;
                if misses == MISSES_MAX {
                    break;
                }
                continue;
            }
            misses = 0;
            tally.runs += 1;
            tally.calls += struck.calls;
            tally.last = when;
            tally.threads.extend(struck.threads);
            *tally.ended.entry(code).or_default() += 1;
        }
        tally
    }
}

#[test]
fn failing_system_calls_lose_nothing_and_hang_nothing() {
    if !can_trace() {
        return;
    }
    let bench = Bench::new();
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, (call, one)) in CALLS.into_iter().enumerate() {
        let numbers = if scale() == 1 { one..=one } else { 1..=5 * scale() };
        for onwards in ["", "+"] {
            let began = Instant::now();
            let tally = bench.strike(number, call, numbers.clone(), onwards);
            println!(
                "{call}{onwards}: {} faults, the last at call {}, {} calls failed; daemons by exit code {:?}; threads {:?}; \
                 {:.0} s",
                tally.runs,
                tally.last,
                tally.calls,
                tally.ended,
                tally.threads,
                began.elapsed().as_secs_f64(),
            );
            *runs.entry(call).or_default() += tally.runs;
        }
    }
    println!("faults: {runs:?}, {} in all", runs.values().sum::<usize>());
    for call in ["pwrite64", "fdatasync", "fsync", "/^rename"] {
        assert!(runs[call] > 0, "`{call}` was never hit: {runs:?}");
    }
}

/// Files taken in and reported one after the other while their calls are watched.
const REPORTED: usize = 10;

/// What a file was written and synced like so far, by a trace.
#[derive(Default)]
struct Synced {
    /// Some of it was written since the last sync that is over began.
    dirty: bool,
    /// Some of it was written since the last sync began.
    dirty_again: bool,
    writes: usize,
}

impl Synced {
    fn take(&mut self, call: &str, begins: bool) {
        match (call, begins) {
            ("fsync" | "fdatasync", true) => self.dirty_again = false,
            ("fsync" | "fdatasync", false) => self.dirty = self.dirty_again,
            _ => {
                (self.dirty, self.dirty_again) = (true, true);
                self.writes += usize::from(begins);
            }
        }
    }
}

/// What a trace shows of the order in which a daemon writes, syncs and reports.
#[derive(Default)]
struct Order {
    store: Synced,
    history: Synced,
    /// Messages sent by socket: the first is a greeting, the next reports.
    sent: BTreeMap<String, usize>,
    reports: usize,
}

impl Order {
    /// One call, as it begins or ends; what is wrong with it.
    fn take(&mut self, call: &str, file: &str, begins: bool) -> Result<(), String> {
        let is_write = !call.ends_with("sync");
        if file.ends_with("/store/db") {
            self.store.take(call, begins);
        } else if file.contains("/history/") {
            if is_write && begins && self.store.dirty {
                return Err("the history tells of what is not synced in the store".to_owned());
            }
            self.history.take(call, begins);
        } else if file.starts_with("socket:") && is_write && begins {
            let sent = self.sent.entry(file.to_owned()).or_default();
            *sent += 1;
            if *sent > 1 {
                self.reports += 1;
                if self.history.dirty {
                    return Err("a report comes before the history is synced".to_owned());
                }
            }
        }
        Ok(())
    }

    /// Reads a trace: each line is a call, or the beginning or the end of one that others came between.
    fn of(trace: &str) -> Result<Order, String> {
        let mut order = Order::default();
        let mut begun: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for line in trace.lines() {
            let Some((thread, rest)) = line.split_once("> ") else { continue };
            let wrong = |what: String| format!("{what}: {line}");
            if rest.trim_start().starts_with("<...") {
                if let Some((call, file)) = begun.remove(thread) {
                    order.take(call, file, false).map_err(wrong)?;
                }
                continue;
            }
            let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
            let Some(file) = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')) else { continue };
            order.take(call, file.0, true).map_err(wrong)?;
            if arguments.ends_with("<unfinished ...>") {
                begun.insert(thread, (call, file.0));
            } else {
                order.take(call, file.0, false).map_err(wrong)?;
            }
        }
        Ok(order)
    }
}

#[test]
fn what_is_reported_is_synced_before_first_the_store_then_the_history() {
    if !can_trace() {
        return;
    }
    let lab = Lab::new();
    let trace = lab.directory().join("trace");
    let calls = "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync";
    let name = trace.to_str().expect("is text");
    let options = ["-f", "-qq", "-y", "-s", "0", "--seccomp-bpf", "--decode-pids=comm", "-o", name, "-e", calls];
    let log = fs::File::create(lab.directory().join("log")).expect("is made");
    let mut command = lab.datelined_under("strace", &options, &["run"]);
    let mut child = command.stdout(Stdio::null()).stderr(log).spawn().expect("strace starts");
    let began = Instant::now();
    while lab.dateline(&["rescan", "--wait"]).code() != 0 {
        assert!(began.elapsed() < STEP_MAX, "it never answers: {}", lab.log());
    }
    for number in 0..REPORTED {
        fill(&lab, 0, number);
        lab.wait();
    }
    let daemon = child_of(child.id()).expect("is running");
    rustix::process::kill_process(daemon, rustix::process::Signal::TERM).expect("is told to stop");
    assert!(child.wait().expect("ends").success(), "{}", lab.log());
    let trace = fs::read_to_string(trace).expect("is there");
    let order = Order::of(&trace).unwrap_or_else(|wrong| panic!("{wrong}"));
    let seen = [order.store.writes, order.history.writes, order.reports];
    println!("writes to the store, to the history, reports: {seen:?}");
    assert!(seen.iter().all(|seen| *seen >= REPORTED), "too little was seen: {seen:?}");
    for unsynced in ["/store/db>", "/history/"] {
        let is_sync = |line: &&str| line.contains("sync(") && line.contains(unsynced);
        let without: Vec<&str> = trace.lines().filter(|line| !is_sync(line)).collect();
        assert!(Order::of(&without.join("\n")).is_err(), "a daemon that never syncs `{unsynced}` passes");
    }
}
