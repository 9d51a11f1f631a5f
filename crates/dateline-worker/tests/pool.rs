//! The pool over real child processes: this test program starts itself as the worker. Not about any real processor.
//!
//! It has no test harness of its own, because a worker must have one thread only.

use dateline_testkit::Conformance;
use dateline_worker::pipeline::exec::{EXEC_TABLE, ExecDescriptor, ExecProgram};
use dateline_worker::pipeline::processor::core::{
    ContentHash, DocumentInput, FacetKind, FacetValue, Hints, Layer, LayerCheck, OutcomeState, SourcePath, Span,
};
use dateline_worker::pipeline::processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Limits, Output, ProcessError,
    ProcessorConfig, Resource, Resources, schemars,
};
use dateline_worker::pipeline::{Annotated, Previous, Registry, RunOptions};
use dateline_worker::{
    Answer, CrashKind, DirectPrograms, DocumentJob, Event, Job, PartHints, Pool, PoolError, PoolOptions,
    SourceDocument, SourceJob, SourceReport, Urgency, Work, serve_stdio,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct WordLayer(Vec<Span>);

impl Layer for WordLayer {
    const NAME: &'static str = "word";
    const SCHEMA: u32 = 1;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().copied(), text)
    }
}

#[derive(Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "dateline_worker::pipeline::processor::schemars")]
struct WordsConfig {
    /// Fails to build.
    broken: bool,
}

impl ProcessorConfig for WordsConfig {
    const SECTION: &'static str = "words";
}

/// Marks words; a facet tells the number of its resource files.
struct Words(Descriptor, i64);

impl Annotator for Words {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        let words = text.split_ascii_whitespace().map(|word| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            Span::new(start, start + word.len())
        });
        output.facet("files", FacetValue::Integer(self.1))?;
        output.assign(WordLayer(words.collect()))
    }
}

impl BuildAnnotator for Words {
    type Config = WordsConfig;

    fn build(config: WordsConfig, resources: &Resources) -> Result<Words, BuildError> {
        if config.broken {
            return Err(BuildError::new("`broken` is set"));
        }
        let descriptor = Descriptor::new("words", 1, "words")
            .reads(Input::Text)
            .facet("files", FacetKind::Integer, "number of files")
            .assigns::<WordLayer>();
        Ok(Words(descriptor, resources.files().len() as i64))
    }
}

#[derive(Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(crate = "dateline_worker::pipeline::processor::schemars")]
struct TroubleConfig {}

impl ProcessorConfig for TroubleConfig {
    const SECTION: &'static str = "trouble";
}

/// Does what the text says, which is mostly bad.
struct Trouble(Descriptor);

impl Annotator for Trouble {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        if text.contains("PANIC") {
            panic!("as the text says");
        }
        if text.contains("OVERFLOW") {
            assert_ne!(dive(1), 0);
        }
        if text.contains("LOOP") {
            let mut count = 0_u64;
            while std::hint::black_box(true) {
                count = std::hint::black_box(count.wrapping_add(1));
            }
        }
        if text.contains("MEMORY") {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1; 16 << 20]));
            }
        }
        if text.contains("EXIT") {
            std::process::exit(7);
        }
        if text.contains("ESCAPE") {
            for way in escapes() {
                output.facet("escape", FacetValue::Keyword(way.to_owned()))?;
            }
        }
        if let Some(genre) = document.hints()?.genre {
            output.facet("escape", FacetValue::Keyword(format!("{genre:?}")))?;
        }
        Ok(())
    }
}

impl BuildAnnotator for Trouble {
    type Config = TroubleConfig;

    fn build(_: TroubleConfig, _: &Resources) -> Result<Trouble, BuildError> {
        let descriptor = Descriptor::new("trouble", 1, "does what the text says")
            .reads(Input::Text)
            .reads(Input::Hints)
            .facet("escape", FacetKind::Keyword, "ways out of the sandbox")
            .limits(Limits { time: Duration::from_secs(60), ..Limits::default() });
        Ok(Trouble(descriptor))
    }
}

#[allow(unconditional_recursion, reason = "overflows the stack on purpose")]
fn dive(depth: u64) -> u64 {
    let block = std::hint::black_box([depth; 64]);
    dive(depth + 1).wrapping_add(block[(depth % 64) as usize])
}

/// What a worker can still do that it must not.
fn escapes() -> Vec<&'static str> {
    let mut found = Vec::new();
    if std::fs::File::open("/etc/hostname").is_ok() || std::fs::File::open("/proc/self/maps").is_ok() {
        found.push("open");
    }
    if std::fs::metadata("/etc").is_ok() {
        found.push("stat");
    }
    if std::fs::write("/tmp/dateline-worker-escape", "x").is_ok() {
        found.push("write");
    }
    if std::net::UdpSocket::bind("127.0.0.1:0").is_ok() {
        found.push("socket");
    }
    if std::os::unix::net::UnixDatagram::unbound().is_ok() {
        found.push("unix socket");
    }
    if std::process::Command::new("/bin/true").spawn().is_ok() {
        found.push("spawn");
    }
    if std::env::var_os("PATH").is_some() {
        found.push("environment");
    }
    if std::thread::Builder::new().spawn(|| ()).is_ok() {
        found.push("thread");
    }
    found
}

/// Longest time a worker may take to start, on whatever machine.
const READY_MAX: Duration = Duration::from_secs(120);

fn registry() -> Registry {
    Registry::default().annotator::<Trouble>().annotator::<Words>()
}

fn options() -> PoolOptions {
    let mut options = PoolOptions::new(std::env::current_exe().expect("this program"), ["worker"]);
    options.workers = 2;
    options.init.memory_bytes = 256 << 20;
    options
}

fn document(text: &str) -> DocumentJob {
    let mut job = DocumentJob::default();
    job.input.document.text = text.to_owned();
    job
}

fn source(name: &str, text: impl Into<Vec<u8>>) -> Work {
    Work::Source(SourceJob { path: SourcePath::new(name), bytes: text.into(), ..SourceJob::default() })
}

fn now(id: u64, work: Work) -> Job {
    Job { id, urgency: Urgency::Now, work }
}

fn next(pool: &Pool) -> Answer {
    pool.answers().recv_timeout(Duration::from_secs(120)).expect("an answer")
}

/// The documents and the report of the one source job under way.
fn whole_source(pool: &Pool) -> (Vec<SourceDocument>, SourceReport) {
    let mut all = Vec::new();
    loop {
        match next(pool).event {
            Event::Documents(documents) => all.extend(documents),
            Event::SourceDone(report) => return (all, report),
            other => panic!("{other:?}"),
        }
    }
}

fn states(job: Vec<DocumentJob>, pool: &Pool) -> Vec<Vec<OutcomeState>> {
    pool.submit(now(1, Work::Documents(job))).expect("submits");
    let mut all = Vec::new();
    loop {
        match next(pool).event {
            Event::Annotated { first, results } => {
                assert_eq!(first as usize, all.len());
                let states = |outcomes: Vec<_>| {
                    outcomes
                        .into_iter()
                        .map(|outcome: dateline_worker::pipeline::processor::core::Outcome| outcome.state)
                        .collect()
                };
                all.extend(results.into_iter().map(|result| states(result.outcomes)));
            }
            Event::AnnotatedDone => return all,
            other => panic!("{other:?}"),
        }
    }
}

fn a_source_comes_back_annotated() {
    let pool = Pool::start(options()).expect("starts");
    let mut work =
        SourceJob { path: SourcePath::new("a/b.txt"), bytes: b"Peace talks open".to_vec(), ..SourceJob::default() };
    work.hints.push(PartHints {
        part: String::new(),
        hints: Hints { genre: Some(dateline_worker::pipeline::processor::core::Genre::News), ..Hints::default() },
    });
    pool.submit(now(7, Work::Source(work))).expect("submits");
    let (documents, report) = whole_source(&pool);
    assert_eq!(report.problem, None);
    assert_eq!(documents.len(), 1);
    let chain = registry().build(&BTreeMap::new(), &BTreeMap::new()).expect("builds");
    let input = DocumentInput {
        document: documents[0].document.clone(),
        hints: Hints { genre: Some(dateline_worker::pipeline::processor::core::Genre::News), ..Hints::default() },
        ..DocumentInput::default()
    };
    let expected = chain.run(&input, &Previous::default(), &RunOptions::default());
    assert_eq!(documents[0].annotated.layers, expected.layers);
    assert_eq!(documents[0].annotated.facets, expected.facets);
    assert_eq!(documents[0].annotated.outcomes, expected.outcomes, "worker and library give the same keys");
    assert_eq!(pool.status().fingerprint, Some(chain.fingerprint()));
}

fn large_sources_are_streamed_in_slices() {
    let pool = Pool::start(options()).expect("starts");
    let lines: String = (0..1_050).map(|n| format!("{{\"id\": \"r{n}\", \"text\": \"record {n}\"}}\n")).collect();
    pool.submit(now(1, source("feed.jsonl", lines))).expect("submits");
    let mut numbers = Vec::new();
    loop {
        match next(&pool).event {
            Event::Documents(documents) => {
                assert!(documents.len() <= 100);
                numbers.extend(documents.iter().map(|document| document.number));
            }
            Event::SourceDone(report) => {
                assert_eq!(report.documents, 1_050);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(numbers, (1..=1_050).collect::<Vec<u32>>());
}

fn what_is_no_article_is_reported() {
    let pool = Pool::start(options()).expect("starts");
    pool.submit(now(1, source("x.png", [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 4096]].concat()))).expect("submits");
    let (documents, report) = whole_source(&pool);
    assert!(documents.is_empty());
    assert!(report.problem.is_some(), "{report:?}");
}

fn a_panic_costs_only_its_processor() {
    let pool = Pool::start(options()).expect("starts");
    let states = states(vec![document("fine"), document("PANIC"), document("fine")], &pool);
    let failed = OutcomeState::Failed { reason: "panicked: as the text says".to_owned() };
    assert_eq!(
        states,
        [
            [OutcomeState::Done, OutcomeState::Done],
            [failed, OutcomeState::Done],
            [OutcomeState::Done, OutcomeState::Done]
        ]
    );
    assert_eq!(pool.status().crashes, 0);
}

/// A processor that takes workers down is left out on that document; everything else is served.
fn killers_are_left_out_after_two(word: &str, options: PoolOptions) {
    let pool = Pool::start(options).expect("starts");
    let states = states(vec![document("fine"), document(word), document("fine"), document("fine too")], &pool);
    assert_eq!(states.len(), 4, "{word}");
    for (at, states) in states.iter().enumerate() {
        assert_eq!(states[1], OutcomeState::Done, "{word} {at}");
        match &states[0] {
            OutcomeState::Failed { reason } if at == 1 => {
                assert!(reason.starts_with("left out: it took a worker down twice"), "{reason}");
            }
            state => assert!(at != 1 && *state == OutcomeState::Done, "{word} {at} {state:?}"),
        }
    }
    assert_eq!(pool.status().crashes, 2, "{word}");
    pool.submit(now(2, Work::Documents(vec![document("fine")]))).expect("submits");
    assert!(matches!(next(&pool).event, Event::Annotated { .. }));
}

fn stack_overflow_loops_memory_and_exit_end_a_worker_not_us() {
    // Short, and far longer than a step takes that ends, however busy the machine is.
    let quick = PoolOptions { step_time: Duration::from_secs(2), ..options() };
    killers_are_left_out_after_two("OVERFLOW", options());
    killers_are_left_out_after_two("MEMORY", options());
    killers_are_left_out_after_two("EXIT", options());
    killers_are_left_out_after_two("LOOP", quick);
}

/// More of them in one job than a job may cost workers.
fn a_job_full_of_killers_costs_each_its_processor_and_no_other_document_anything() {
    let pool = Pool::start(options()).expect("starts");
    let texts = ["EXIT", "fine", "EXIT", "EXIT", "EXIT", "EXIT", "EXIT", "EXIT", "EXIT", "fine too"];
    let states = states(texts.into_iter().map(document).collect(), &pool);
    for (text, states) in texts.iter().zip(&states) {
        assert_eq!(matches!(states[0], OutcomeState::Failed { .. }), *text == "EXIT", "{text} {states:?}");
        assert_eq!(states[1], OutcomeState::Done);
    }
    assert_eq!(states.len(), texts.len());
}

/// Panics over the next event, once it is told to: stands for whatever may go wrong in a thread of the pool.
struct Startled(AtomicBool);

static STARTLED: Startled = Startled(AtomicBool::new(false));

impl tracing::Subscriber for &'static Startled {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        assert!(!self.0.swap(false, Ordering::SeqCst), "startled");
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

fn a_panic_beside_a_worker_costs_the_job_and_the_pool_works_on() {
    tracing::subscriber::set_global_default(&STARTLED).expect("is the only one");
    let pool = Pool::start(PoolOptions { workers: 1, ..options() }).expect("starts");
    for id in 1..=2 {
        STARTLED.0.store(true, Ordering::SeqCst);
        pool.submit(now(id, Work::Documents(vec![document("EXIT")]))).expect("submits");
        let answer = next(&pool);
        let Event::Crashed(crash) = answer.event else { panic!("{answer:?}") };
        assert_eq!((answer.job, crash.kind, crash.delivered), (id, CrashKind::Panicked, 0));
        assert!(crash.reason.ends_with("panicked: startled"), "{}", crash.reason);
    }
    assert_eq!(states(vec![document("fine")], &pool), [[OutcomeState::Done, OutcomeState::Done]]);
    let status = pool.status();
    assert_eq!((status.workers, status.waiting), (1, 0));
}

fn a_killer_in_the_middle_of_a_source_costs_its_processor_on_that_document() {
    let pool = Pool::start(options()).expect("starts");
    let text = |n: u32| if n == 450 || n == 451 { "EXIT".to_owned() } else { format!("record {n}") };
    let lines: String = (0..1_000).map(|n| format!("{{\"id\": \"r{n}\", \"text\": \"{}\"}}\n", text(n))).collect();
    pool.submit(now(1, source("feed.jsonl", lines))).expect("submits");
    let (documents, report) = whole_source(&pool);
    assert_eq!(report.documents, 1_000);
    let ids: Vec<String> = documents.iter().filter_map(|document| document.part_id.clone()).collect();
    assert_eq!(ids, (0..1_000).map(|n| format!("r{n}")).collect::<Vec<_>>(), "each once, in order");
    let failed = documents.iter().filter(|document| document.annotated.outcomes[0].state != OutcomeState::Done);
    assert_eq!(failed.map(|document| document.number).collect::<Vec<_>>(), [451, 452]);
}

/// What the parser does to a worker is not the fault of the processors that were through with the document before.
fn a_record_that_kills_the_parser_costs_no_processor_and_none_of_the_documents_before_it() {
    let mut small = options();
    small.init.memory_bytes = 96 << 20;
    let pool = Pool::start(small).expect("starts");
    let before: String = (0..3).map(|n| format!("{{\"id\": \"r{n}\", \"text\": \"record {n}\"}}\n")).collect();
    // A number of one letter takes 32 bytes once it is read.
    let numbers = "0,".repeat(2_500_000);
    let killer = format!("{{\"id\": \"r3\", \"text\": \"the last\", \"counts\": [{numbers}0]}}\n");
    pool.submit(now(1, source("feed.jsonl", before + &killer))).expect("submits");
    let mut documents = Vec::new();
    let crash = loop {
        match next(&pool).event {
            Event::Documents(some) => documents.extend(some),
            Event::Crashed(crash) => break crash,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((crash.kind, crash.workers, crash.delivered), (CrashKind::Died, 2, 3), "{}", crash.reason);
    let states = documents.iter().flat_map(|document| &document.annotated.outcomes).map(|outcome| &outcome.state);
    assert_eq!(states.collect::<Vec<_>>(), [&OutcomeState::Done; 6]);
}

fn two_pools_do_not_meet_and_a_dropped_pool_leaves_no_child() {
    let one = Pool::start(options()).expect("starts");
    let two = Pool::start(options()).expect("starts");
    one.submit(now(1, Work::Documents(vec![document("LOOP")]))).expect("submits");
    drop(one);
    two.submit(now(2, Work::Documents(vec![document("fine")]))).expect("submits");
    assert_eq!(next(&two).job, 2);
    drop(two);
    assert_eq!(children(), []);
}

/// The children of this process that live.
fn children() -> Vec<rustix::process::Pid> {
    let own = Some(rustix::process::getpid());
    let listed = std::fs::read_dir("/proc").expect("processes").flatten();
    let pids = listed.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(rustix::process::Pid::from_raw).filter(|pid| relatives(*pid)[0] == own).collect()
}

/// The parent of a process, its group and its session, as far as this namespace has numbers for them.
fn relatives(process: rustix::process::Pid) -> [Option<rustix::process::Pid>; 3] {
    // `pid (name) state parent group session ...`; the name may hold anything.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let mut ids = fields.split(' ').skip(1).map(|id| rustix::process::Pid::from_raw(id.parse().expect("is an id")));
    std::array::from_fn(|_| ids.next().flatten())
}

/// The nice value of a process's session, where the system has such a thing.
fn session_nice(process: rustix::process::Pid) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{}/autogroup", process.as_raw_nonzero())).ok()?;
    Some(line.trim().rsplit_once("nice ")?.1.to_owned())
}

fn workers_yield_to_other_sessions_and_leave_ours_alone() {
    let own = rustix::process::getpid();
    let ours = session_nice(own);
    let [_, group, _] = relatives(own);
    let pool = Pool::start(PoolOptions { niceness: 7, ..options() }).expect("starts");
    // The pool is there with its first worker; each has its session once it is ready.
    let began = Instant::now();
    while pool.status().workers < 2 {
        assert!(began.elapsed() < READY_MAX, "the second worker never got ready");
        std::thread::yield_now();
    }
    let children = children();
    assert_eq!(children.len(), 2);
    if group.is_none() {
        // A namespace whose first process never began a session: a child can begin none, and works all the same.
        pool.submit(now(0, Work::Documents(vec![document("fine")]))).expect("submits");
        next(&pool);
        assert_eq!(session_nice(own), ours);
        return;
    }
    for child in &children {
        assert_eq!(relatives(*child)[2], Some(*child), "a session of its own");
    }
    // The system takes ten wishes a second: the others are repeated with the jobs that follow.
    let done = |child: &rustix::process::Pid| session_nice(*child).is_none_or(|nice| nice == "7");
    let mut jobs = 0;
    while !children.iter().all(done) {
        assert!(jobs < 100_000, "a worker's session was left as urgent as ours");
        pool.submit(now(jobs, Work::Documents(vec![document("fine")]))).expect("submits");
        next(&pool);
        jobs += 1;
    }
    assert_eq!(session_nice(own), ours);
}

fn a_chain_that_cannot_be_built_is_a_start_error() {
    let mut broken = options();
    broken.init.tables.insert("words".to_owned(), json!({"broken": true}));
    let error = Pool::start(broken).expect_err("refuses");
    assert!(
        matches!(&error, PoolError::Start { reason } if reason.contains("processor `words` cannot start: `broken` is set")),
        "{error:?}"
    );
    let missing = PoolOptions::new("/nonexistent/program", ["worker"]);
    assert!(matches!(Pool::start(missing), Err(PoolError::Start { reason }) if reason.contains("does not start")));
}

fn a_child_that_closes_its_pipe_and_lives_on_is_not_waited_for() {
    let mute = PoolOptions::new("/bin/sh", ["-c", "exec sleep 1000 >&-"]);
    let error = Pool::start(mute).expect_err("it says nothing");
    assert!(matches!(&error, PoolError::Start { reason } if reason.contains("did not end")), "{error:?}");
}

fn resources_and_options_reach_the_worker() {
    let mut given = options();
    let files = vec![Resource { path: "a".to_owned(), bytes: vec![0, 255] }; 3];
    given.init.resources.insert("words".to_owned(), Resources::new(files));
    let pool = Pool::start(given).expect("starts");
    pool.submit(now(1, Work::Documents(vec![document("one")]))).expect("submits");
    let Event::Annotated { results, .. } = next(&pool).event else { panic!("no result") };
    assert_eq!(results[0].facets[0].value, FacetValue::Integer(3));
}

fn the_sandbox_holds() {
    let pool = Pool::start(options()).expect("starts");
    let sandbox = pool.status().sandbox.expect("reported");
    println!("  sandbox: {sandbox:?}");
    pool.submit(now(1, Work::Documents(vec![document("ESCAPE")]))).expect("submits");
    let Event::Annotated { results, .. } = next(&pool).event else { panic!("no result") };
    let ways: Vec<&FacetValue> = results[0].facets.iter().map(|facet| &facet.value).collect();
    let ways: Vec<&str> = ways
        .into_iter()
        .filter_map(|value| if let FacetValue::Keyword(way) = value { Some(way.as_str()) } else { None })
        .collect();
    assert_eq!(results[0].outcomes[0].state, OutcomeState::Done);
    if sandbox.seccomp.is_ok() {
        assert_eq!(ways, Vec::<&str>::new());
    } else {
        println!("  not checked: no seccomp here ({:?})", sandbox.seccomp);
    }
    if sandbox.landlock.is_ok() {
        assert!(!ways.contains(&"open") && !ways.contains(&"write"), "{ways:?}");
    }
}

fn urgent_jobs_overtake_and_full_queues_push_back() {
    let mut small = options();
    small.workers = 1;
    small.queue_jobs = 2;
    let pool = Pool::start(small).expect("starts");
    let batch = || Work::Documents(vec![document("fine"); 150]);
    let mut taken = 0;
    let background = |id| Job { id, urgency: Urgency::Background, work: batch() };
    // One job may already be in hand, the others wait.
    while pool.try_submit(background(taken)).is_ok() {
        taken += 1;
        assert!(taken < 10_000, "a queue of two takes no end of jobs");
    }
    pool.submit(now(99_999, batch())).expect("submits");
    let mut order = Vec::new();
    while order.len() <= taken as usize {
        let answer = next(&pool);
        if matches!(answer.event, Event::AnnotatedDone) {
            order.push(answer.job);
        }
    }
    let urgent = order.iter().position(|id| *id == 99_999).expect("served");
    assert!(urgent < order.len() - 1, "{order:?}");
}

fn bytes_push_back_too() {
    let mut small = options();
    small.queue_bytes = 1_000;
    let pool = Pool::start(small).expect("starts");
    let large = || Job { id: 1, urgency: Urgency::Now, work: source("a.txt", "a ".repeat(5_000)) };
    pool.submit(large()).expect("one job may be larger than the limit");
    let mut refused = false;
    for _ in 0..1_000 {
        refused |= pool.try_submit(large()).is_err();
    }
    assert!(refused);
}

fn many_long_documents_in_one_job_come_through() {
    let pool = Pool::start(options()).expect("starts");
    let texts = vec![document(&"word ".repeat(20_000)); 20];
    let states = states(texts, &pool);
    assert!(states.iter().flatten().all(|state| *state == OutcomeState::Done));
    assert_eq!(pool.status().last_problem, None);
    assert_ne!(pool.status().fingerprint, Some(ContentHash([0; 32])));
}

/// A program of the configuration: counts words, and does what the text says.
fn program() {
    use std::io::BufRead;
    for line in std::io::stdin().lock().lines() {
        let request: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if request["type"] == "hello" {
            println!("{}", request["options"]["descriptor"]);
            continue;
        }
        let text = request["document"]["text"].as_str().expect("the text");
        let words = request["layers"]["word"]["0"].as_array().or(request["layers"]["word"].as_array()).map(Vec::len);
        let id = request["id"].as_u64().expect("an id");
        match text {
            "HANG" => std::thread::sleep(Duration::from_secs(600)),
            "DIE" => {
                eprintln!("as the text says");
                std::process::exit(3)
            }
            "BABBLE" => println!("babble"),
            "TWICE" => println!("{0}\n{0}", json!({"type": "result", "id": id})),
            "ERROR" => println!("{}", json!({"type": "error", "id": id, "reason": "cannot"})),
            "STALE" => println!("{}", json!({"type": "result", "id": id + 1})),
            "UNDECLARED" => println!("{}", json!({"type": "result", "id": id, "layers": {"word": []}})),
            "SPANS" => println!(
                "{}",
                json!({"type": "result", "id": id, "layers": {"org.example.count": [{"start": 0, "end": 99}]}})
            ),
            "ESCAPE" => {
                let ways: Vec<&str> =
                    escapes().into_iter().filter(|way| matches!(*way, "write" | "socket" | "unix socket")).collect();
                println!("{}", json!({"type": "result", "id": id, "layers": {"org.example.count": ways}}));
            }
            _ => println!(
                "{}",
                json!({"type": "result", "id": id, "layers": {"org.example.count": {"words": words}}, "facets": [{"name": "counted", "value": words}]})
            ),
        }
    }
}

fn exec_descriptor() -> serde_json::Value {
    json!({
        "type": "descriptor", "protocol": 1, "version": 1, "about": "counts words", "reads": ["text"], "requires": ["word"],
        "assigns": [{"name": "org.example.count", "schema": 1}], "facets": [{"name": "counted", "kind": "integer"}],
    })
}

fn exec_options(descriptor: &serde_json::Value) -> PoolOptions {
    let this = std::env::current_exe().expect("this program");
    let mut options = options();
    let wanted = ExecProgram {
        name: "counting".to_owned(),
        command: vec![this.display().to_string(), "program".to_owned()],
        directory: "/".into(),
        time_max: Duration::from_secs(1),
        memory_max: 256 << 20,
        options: json!({ "descriptor": descriptor }),
        descriptor: ExecDescriptor::default(),
    };
    let described = dateline_worker::describe(&options.launcher, wanted).expect("says what it is");
    options.init.tables.insert(EXEC_TABLE.to_owned(), serde_json::to_value([described]).expect("JSON"));
    options
}

fn annotate(pool: &Pool, texts: &[&str]) -> Vec<Annotated> {
    pool.submit(now(1, Work::Documents(texts.iter().map(|text| document(text)).collect()))).expect("submits");
    let mut all = Vec::new();
    loop {
        match next(pool).event {
            Event::Annotated { results, .. } => all.extend(results),
            Event::AnnotatedDone => return all,
            other => panic!("{other:?}"),
        }
    }
}

fn state_of<'a>(annotated: &'a Annotated, name: &str) -> &'a OutcomeState {
    &annotated.outcomes.iter().find(|outcome| outcome.processor == name).expect("an outcome").state
}

fn programs_annotate_in_the_middle_of_a_chain() {
    let pool = Pool::start(exec_options(&exec_descriptor())).expect("starts");
    let results = annotate(&pool, &["one two", "one two three"]);
    for (annotated, words) in results.iter().zip([2, 3]) {
        assert_eq!(state_of(annotated, "counting"), &OutcomeState::Done);
        assert!(
            annotated.facets.iter().any(|facet| facet.name == "counted" && facet.value == FacetValue::Integer(words))
        );
        assert!(annotated.layers.iter().any(|layer| layer.name == "org.example.count"));
    }
    let chain = registry().build(&exec_options(&exec_descriptor()).init.tables, &BTreeMap::new()).expect("builds");
    assert_eq!(pool.status().fingerprint, Some(chain.fingerprint()), "the parent plans with the same keys");
}

fn programs_that_misbehave_fail_alone() {
    let pool = Pool::start(exec_options(&exec_descriptor())).expect("starts");
    for (text, part) in [
        ("HANG", "left out after 2 tries: it gave no answer in time"),
        ("DIE", "left out after 2 tries: it ended: as the text says"),
        ("BABBLE", "its answer is not understood"),
        ("ERROR", "cannot"),
        ("STALE", "it gave no answer in time"),
        ("UNDECLARED", "layer `word` was assigned but is not declared"),
        ("SPANS", "layer `org.example.count` does not fit the text"),
    ] {
        let results = annotate(&pool, &["before", text, "behind"]);
        let states: Vec<&OutcomeState> = results.iter().map(|annotated| state_of(annotated, "counting")).collect();
        assert_eq!((states[0], states[2]), (&OutcomeState::Done, &OutcomeState::Done), "{text}");
        assert!(
            matches!(states[1], OutcomeState::Failed { reason } if reason.contains(part)),
            "{text}: {:?}",
            states[1]
        );
        assert_eq!(state_of(&results[1], "words"), &OutcomeState::Done);
    }
    let results = annotate(&pool, &["TWICE", "TWICE", "behind"]);
    assert!(results.iter().all(|annotated| state_of(annotated, "counting") == &OutcomeState::Done), "{results:?}");
    assert_eq!(pool.status().crashes, 0, "no worker was lost");
}

fn programs_cannot_write_or_connect() {
    let pool = Pool::start(exec_options(&exec_descriptor())).expect("starts");
    let results = annotate(&pool, &["ESCAPE"]);
    assert_eq!(state_of(&results[0], "counting"), &OutcomeState::Done);
    let layer = results[0].layers.iter().find(|layer| layer.name == "org.example.count").expect("assigned");
    let sandbox = pool.status().sandbox.expect("reported");
    if sandbox.missing().is_empty() {
        assert_eq!(String::from_utf8_lossy(&layer.bytes), "[]");
    } else {
        println!("  not checked: {:?}", sandbox.missing());
    }
}

fn programs_with_a_wrong_descriptor_are_refused() {
    for (field, value, part) in [
        ("protocol", json!(2), "it speaks protocol 2, not 1"),
        ("version", json!(0), "its `version` is 0"),
        ("reads", json!(["clock"]), "`reads`: there is no input `clock`"),
        ("requires", json!(["nowhere"]), "needs layer `nowhere`, which no processor writes"),
        ("assigns", json!([{"name": "word", "schema": 1}]), "layer `word` is written by both"),
    ] {
        let mut descriptor = exec_descriptor();
        descriptor[field] = value;
        let error = Pool::start(exec_options(&descriptor)).expect_err("refuses");
        assert!(matches!(&error, PoolError::Start { reason } if reason.contains(part)), "{error:?}");
    }
    let mut missing = exec_options(&exec_descriptor());
    let nowhere = ExecProgram { command: vec!["/nonexistent".to_owned()], ..programs_of(&missing).remove(0) };
    let error = dateline_worker::describe(&missing.launcher, nowhere).expect_err("does not start");
    assert!(error.contains("No such file"), "{error}");
    missing.init.tables.clear();
}

fn programs_of(options: &PoolOptions) -> Vec<ExecProgram> {
    registry().programs(&options.init.tables).expect("programs")
}

/// The example for authors: it keeps the contract and finds what it says.
fn the_python_example_works() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("  not checked: there is no python3 here");
        return;
    }
    let mut options = options();
    let wanted = ExecProgram {
        name: "shouting".to_owned(),
        command: vec!["python3".to_owned(), "shouting.py".to_owned()],
        directory: concat!(env!("CARGO_MANIFEST_DIR"), "/examples").into(),
        time_max: Duration::from_secs(20),
        memory_max: 512 << 20,
        options: json!({"letters": 3}),
        descriptor: ExecDescriptor::default(),
    };
    let described = dateline_worker::describe(&options.launcher, wanted).expect("says what it is");
    let (launcher, same) = (options.launcher.clone(), described.clone());
    Conformance::boxed(move || {
        let direct = DirectPrograms::new(launcher.clone(), std::slice::from_ref(&same));
        dateline_worker::pipeline::exec::annotator(&same, Arc::new(direct)).expect("its descriptor is right")
    })
    .without_growth()
    .run();
    options.init.tables.insert(EXEC_TABLE.to_owned(), serde_json::to_value([described]).expect("JSON"));
    let pool = Pool::start(options).expect("starts");
    let results = annotate(&pool, &["KYÏV: NATO met", ""]);
    let layer = results[0].layers.iter().find(|layer| layer.name == "org.example.shouting").expect("assigned");
    assert_eq!(String::from_utf8_lossy(&layer.bytes), r#"[{"end":5,"start":0},{"end":11,"start":7}]"#);
    assert_eq!(state_of(&results[1], "shouting"), &OutcomeState::Done);
}

fn main() -> std::process::ExitCode {
    if std::env::args().nth(1).as_deref() == Some("worker") {
        return match serve_stdio(&registry()) {
            Ok(()) => std::process::ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                std::process::ExitCode::FAILURE
            }
        };
    }
    if std::env::args().nth(1).as_deref() == Some("sandbox-exec") {
        // `--memory BYTES -- COMMAND ...`
        let rest: Vec<std::ffi::OsString> = std::env::args_os().skip(5).collect();
        let memory = std::env::args().nth(3).and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        eprintln!("{}", dateline_worker::sandbox::become_program(&rest, memory));
        return std::process::ExitCode::FAILURE;
    }
    if std::env::args().nth(1).as_deref() == Some("program") {
        program();
        return std::process::ExitCode::SUCCESS;
    }
    macro_rules! cases { ($($name:ident),* $(,)?) => { [$((stringify!($name), $name as fn())),*] } }
    let cases = cases![
        a_source_comes_back_annotated,
        large_sources_are_streamed_in_slices,
        a_panic_costs_only_its_processor,
        stack_overflow_loops_memory_and_exit_end_a_worker_not_us,
        a_killer_in_the_middle_of_a_source_costs_its_processor_on_that_document,
        a_record_that_kills_the_parser_costs_no_processor_and_none_of_the_documents_before_it,
        a_job_full_of_killers_costs_each_its_processor_and_no_other_document_anything,
        a_panic_beside_a_worker_costs_the_job_and_the_pool_works_on,
        two_pools_do_not_meet_and_a_dropped_pool_leaves_no_child,
        workers_yield_to_other_sessions_and_leave_ours_alone,
        a_chain_that_cannot_be_built_is_a_start_error,
        a_child_that_closes_its_pipe_and_lives_on_is_not_waited_for,
        resources_and_options_reach_the_worker,
        the_sandbox_holds,
        urgent_jobs_overtake_and_full_queues_push_back,
        bytes_push_back_too,
        many_long_documents_in_one_job_come_through,
        what_is_no_article_is_reported,
        programs_annotate_in_the_middle_of_a_chain,
        programs_that_misbehave_fail_alone,
        programs_cannot_write_or_connect,
        programs_with_a_wrong_descriptor_are_refused,
        the_python_example_works,
    ];
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    for (name, case) in cases {
        if wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str())) {
            println!("test {name} ...");
            case();
            println!("test {name} ... ok");
        }
    }
    std::process::ExitCode::SUCCESS
}
