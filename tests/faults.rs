//! System calls that fail: the kernel's answers to the writing threads are replaced by errors, once or from some call on.
//! The program may refuse and end, or carry on; it may never hang, end without a message, or lose something in silence.
//! `DATELINE_TEST_SCALE` multiplies the number of faults.

mod harness;

use harness::{Lab, Ran, STEP_MAX, scale};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Calls by which the store, the history and the index write, and how many of one thread are hit in a small run. Counting
/// is per thread, so a number hits every thread that calls so often.
const CALLS: [&str; 8] =
    ["pwrite64", "sync_file_range", "fdatasync", "fsync", "ftruncate", "rename", "unlink", "write"];
/// Errors of a disk that breaks and of one that is full.
const ERRORS: [&str; 2] = ["EIO", "ENOSPC"];
/// Files in the folder of a test.
const FILES: usize = 25;

fn fill(lab: &Lab, version: usize) {
    for number in 0..FILES {
        let text = format!(" date 2021-06-{:02} Train {number} reached Larissa late {version}.\n", 1 + number % 28);
        lab.write(&format!("{number}.txt"), text);
    }
}

fn can_trace() -> bool {
    match Command::new("strace").args(["-f", "-e", "trace=fdatasync", "true"]).output() {
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

/// Runs `datelined once` with a fault; how it ended, and how often the fault struck.
fn run_with_fault(lab: &Lab, fault: &str) -> (Ran, usize) {
    let call = fault.split(':').next().expect("names a call");
    let trace = lab.directory().join("trace");
    let trace = trace.to_str().expect("is text");
    let options =
        ["-f", "-qq", "--seccomp-bpf", "-o", trace, "-e", &format!("trace={call}"), "-e", &format!("inject={fault}")];
    let mut command = lab.datelined_under("strace", &options, &["once"]);
    let mut child =
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("strace starts");
    let began = Instant::now();
    while child.try_wait().expect("can be waited for").is_none() {
        if began.elapsed() > STEP_MAX {
            let log = fs::read_to_string(trace).unwrap_or_default();
            let group = rustix::process::Pid::from_child(&child);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            panic!("{fault}: it hangs; the last calls: {:?}", log.lines().rev().take(5).collect::<Vec<_>>());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = Ran::of(child.wait_with_output().expect("has ended"));
    let struck = fs::read_to_string(trace).unwrap_or_default().matches("INJECTED").count();
    (ran, struck)
}

/// One fault, and what must hold after it.
fn survive(fault: &str, on_existing: bool) -> usize {
    let lab = Lab::new();
    fill(&lab, 0);
    if on_existing {
        lab.once();
        fill(&lab, 1);
    }
    let (ran, struck) = run_with_fault(&lab, fault);
    let silent = fault.starts_with("write");
    match ran.code() {
        0 => lab.assert_verified(&format!("{fault}: it said that all is well: {}", ran.stderr)),
        1 | 2 => assert!(silent || ran.stderr.contains("datelined: "), "{fault}: no message: {}", ran.stderr),
        _ => assert!(silent, "{fault}: {:?}: {}", ran.status, ran.stderr),
    }
    let again = lab.run_datelined(&["once"]);
    assert!(again.status.success(), "{fault}: it does not open again: {}", again.stderr);
    assert_eq!(lab.status()["documents"], FILES, "{fault}: {}", again.stderr);
    lab.assert_verified(fault);
    struck
}

#[test]
fn failing_system_calls_lose_nothing_and_hang_nothing() {
    if !can_trace() {
        return;
    }
    let mut struck: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (number, call) in CALLS.into_iter().enumerate() {
        // Small runs meet every call once with each of the two ways; large ones count on from there.
        let rounds = if scale() == 1 { 2 } else { 10 * scale() };
        for round in 0..rounds {
            let error = ERRORS[(round / 2 + number) % ERRORS.len()];
            let when = 1 + round / 4;
            let onwards = if round % 2 == 1 { "+" } else { "" };
            let hit = survive(&format!("{call}:error={error}:when={when}{onwards}"), round % 4 < 2);
            let counts = struck.entry(call).or_default();
            counts.0 += usize::from(hit > 0);
            counts.1 += hit;
        }
    }
    println!("runs with a fault, and calls that failed: {struck:?}");
    for call in ["pwrite64", "fdatasync", "fsync", "rename"] {
        assert!(struck[call].0 > 0, "`{call}` was never hit: {struck:?}");
    }
}
