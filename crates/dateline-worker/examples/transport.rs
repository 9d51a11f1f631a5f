//! What worker processes cost: `cargo run --release -p dateline-worker --example transport`.
//!
//! Prints figures, asserts nothing. The chain is empty, so that only starting, sending and parsing is measured.

use dateline_worker::pipeline::exec::{EXEC_TABLE, ExecDescriptor, ExecProgram};
use dateline_worker::pipeline::processor::core::SourcePath;
use dateline_worker::pipeline::{Chain, Previous, Registry, RunOptions};
use dateline_worker::{DocumentJob, Event, Job, Pool, PoolOptions, SourceJob, Urgency, Work, serve_stdio};
use std::io::BufRead;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 5_000;
const BATCH: usize = 100;

fn document() -> DocumentJob {
    let mut job = DocumentJob::default();
    job.input.document.text = "All of the news that is fit to print. ".repeat(126);
    job
}

fn source() -> Work {
    let bytes = document().input.document.text.into_bytes();
    Work::Source(SourceJob { path: SourcePath::new("a/b.txt"), bytes, ..SourceJob::default() })
}

/// Submits a job and waits for its last event.
fn round(pool: &Pool, work: Work) {
    assert!(pool.submit(Job { id: 1, urgency: Urgency::Now, work }).is_ok(), "the pool is closed");
    loop {
        match pool.answers().recv().map(|answer| answer.event) {
            Ok(Event::Documents(_) | Event::Annotated { .. }) => {}
            Ok(Event::SourceDone(_) | Event::AnnotatedDone) => return,
            other => panic!("{other:?}"),
        }
    }
}

/// Microseconds of one round, from the best of ten series: what else the machine does only ever adds.
fn micros(rounds: u32, per_round: usize, mut run: impl FnMut()) -> f64 {
    const SERIES: u32 = 10;
    let series = (rounds / SERIES).max(1);
    let mut best = f64::INFINITY;
    for _ in 0..SERIES {
        let start = Instant::now();
        for _ in 0..series {
            run();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(series) / per_round as f64);
    }
    best
}

/// A program of the configuration that finds nothing.
fn program() -> ExitCode {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let request: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let answer = match request["type"].as_str() {
            Some("hello") => {
                serde_json::json!({"type": "descriptor", "protocol": 1, "version": 1, "about": "nothing", "reads": ["text"]})
            }
            _ => serde_json::json!({"type": "result", "id": request["id"]}),
        };
        println!("{answer}");
    }
    ExitCode::SUCCESS
}

fn become_program() -> ExitCode {
    // `sandbox-exec --memory BYTES -- COMMAND ...`
    let command: Vec<std::ffi::OsString> = std::env::args_os().skip(5).collect();
    eprintln!("{}", dateline_worker::sandbox::become_program(&command, 1 << 30));
    ExitCode::FAILURE
}

fn with_program(mut options: PoolOptions) -> PoolOptions {
    let this = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let wanted = ExecProgram {
        name: "nothing".to_owned(),
        command: vec![this, "program".to_owned()],
        directory: "/".into(),
        time_max: Duration::from_secs(5),
        memory_max: 1 << 30,
        options: serde_json::Value::Null,
        descriptor: ExecDescriptor::default(),
    };
    let described = dateline_worker::describe(&options.launcher, wanted).expect("it says what it is");
    options.init.tables.insert(EXEC_TABLE.to_owned(), serde_json::json!([described]));
    options
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("program") => return program(),
        Some("sandbox-exec") => return become_program(),
        _ => {}
    }
    if std::env::args().nth(1).as_deref() == Some("worker") {
        return serve_stdio(&Registry::default()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let options = || {
        let mut options = PoolOptions::new("/proc/self/exe", ["worker"]);
        options.workers = 1;
        options
    };
    let start = micros(100, 1, || drop(Pool::start(options()).expect("workers start")));
    println!("start, build, confine and end a worker    {start:8.1} us");
    let pool = Pool::start(options()).expect("workers start");
    println!("one document of 4.8 KB, there and back    {:8.1} us", {
        micros(ROUNDS, 1, || round(&pool, Work::Documents(vec![document()])))
    });
    println!("a document in batches of {BATCH}              {:8.1} us", {
        micros(ROUNDS / 100, BATCH, || round(&pool, Work::Documents(vec![document(); BATCH])))
    });
    println!("one source of 4.8 KB, parsed              {:8.1} us", micros(ROUNDS, 1, || round(&pool, source())));
    let chain = Chain::new(Vec::new()).expect("an empty chain fits together");
    let input = document().input;
    println!("the same annotation without a worker      {:8.1} us", {
        micros(ROUNDS, 1, || {
            std::hint::black_box(chain.run(&input, &Previous::default(), &RunOptions::default()));
        })
    });
    let three = || {
        let mut job = document();
        job.input.document.text.truncate(3_000);
        Work::Documents(vec![job; BATCH])
    };
    let without = micros(ROUNDS / 100, BATCH, || round(&pool, three()));
    let pool = Pool::start(with_program(options())).expect("workers start");
    let with = micros(ROUNDS / 100, BATCH, || round(&pool, three()));
    println!("a program's answer to 3 KB, there and back{:8.1} us", with - without);
    println!("sandbox: {:?}", pool.status().sandbox);
    ExitCode::SUCCESS
}
