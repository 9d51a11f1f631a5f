//! The conformance kit: what the contract asks of every annotator, as one test. It judges manners, not results.

use crate::hostile::{Fixture, GROWING, PROSE, hostile};
use dateline_pipeline::processor::core::{ContentHash, Diagnostic, DocumentInput, Facet, LayerRecord};
use dateline_pipeline::processor::{
    Annotator, BuildAnnotator, Deadline, Descriptor, DocumentView, LayerSource, LayerSpec, LayerValue, Output,
    ProcessError, QUERY_FIELDS, Resources,
};
use dateline_pipeline::{Chain, Member, Previous, RunOptions};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Size of the smaller text when growth is looked at.
const SMALL_BYTES: usize = 32 << 10;
/// Most that the scale of a run multiplies it with: 512 KiB and 4 MiB are enough to tell.
const SCALE_MAX: usize = 16;
/// How much larger the larger text is.
const GROWTH: usize = 8;
/// How much more per byte the larger text may cost. Linear work gives 1, quadratic work [`GROWTH`].
const GROWTH_FACTOR_MAX: f64 = 3.5;
/// Processor time below which growth is not judged: too little to measure.
const GROWTH_TIME_MIN: Duration = Duration::from_millis(40);
/// Threads that annotate at once.
const THREADS: usize = 4;

/// Runs the whole kit over an annotator with its default options and no files.
///
/// # Panics
/// When the annotator breaks a rule, with every rule it breaks.
pub fn assert_compliant<A: BuildAnnotator>() {
    Conformance::of::<A>().run();
}

/// The conformance kit, for annotators that need options, files or layers of others.
///
/// ```no_run
/// # use dateline_testkit::{Conformance, doc_example::Shouting};
/// Conformance::new(|| Shouting::default())
///     .text("a real sentence", "NATO met in Brussels.")
///     .fingerprint(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/fingerprint.txt"))
///     .run();
/// ```
///
/// It checks that
/// - names are well formed and the descriptor is always the same;
/// - no document fails, the empty one and the hostile ones (see [`hostile`]) included;
/// - the same document gives the same bytes: again, from a fresh instance, in another order, on several threads;
/// - nothing undeclared is read or written, spans fit, limits hold;
/// - every layer comes back the same from both codecs;
/// - when time is over, it says so or is done;
/// - cost grows linearly with the text, in ticks and in processor time;
/// - output changed only together with the code version, where a fingerprint file is named.
pub struct Conformance {
    make: Box<dyn Fn() -> Box<dyn Annotator> + Send + Sync>,
    before: Option<Chain>,
    fixtures: Vec<Fixture>,
    fingerprint: Option<PathBuf>,
    growth: bool,
}

impl std::fmt::Debug for Conformance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conformance").field("fixtures", &self.fixtures.len()).finish_non_exhaustive()
    }
}

impl Conformance {
    /// The kit for the annotator that `make` gives, anew on each call.
    #[must_use]
    pub fn new<A: Annotator + 'static>(make: impl Fn() -> A + Send + Sync + 'static) -> Conformance {
        Conformance::boxed(move || Box::new(make()))
    }

    /// As [`Conformance::new`], for annotators whose type is not known at compile time.
    #[must_use]
    pub fn boxed(make: impl Fn() -> Box<dyn Annotator> + Send + Sync + 'static) -> Conformance {
        Conformance { make: Box::new(make), before: None, fixtures: hostile(), fingerprint: None, growth: true }
    }

    /// The kit for an annotator with its default options and no files.
    #[must_use]
    pub fn of<A: BuildAnnotator>() -> Conformance {
        Conformance::new(|| {
            let built = A::build(A::Config::default(), &Resources::default());
            built.unwrap_or_else(|error| panic!("the defaults do not build: {error}"))
        })
    }

    /// The annotators that write the layers it requires.
    ///
    /// # Panics
    /// When they do not fit together.
    #[must_use]
    pub fn after(mut self, members: Vec<Member>) -> Conformance {
        self.before = Some(Chain::new(members).unwrap_or_else(|error| panic!("the chain before it: {error}")));
        self
    }

    /// One more document.
    #[must_use]
    pub fn document(mut self, name: impl Into<String>, input: DocumentInput) -> Conformance {
        self.fixtures.push(Fixture { name: name.into(), input });
        self
    }

    /// One more text.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl Into<String>) -> Conformance {
        self.fixtures.push(Fixture::text(name, text));
        self
    }

    /// Where the hash of all outputs is kept, so that output cannot change without the code version.
    ///
    /// `UPDATE_GOLDEN=1` writes the file; it is committed.
    #[must_use]
    pub fn fingerprint(mut self, path: impl Into<PathBuf>) -> Conformance {
        self.fingerprint = Some(path.into());
        self
    }

    /// Leaves out the look at how cost grows, for annotators that run elsewhere.
    #[must_use]
    pub fn without_growth(mut self) -> Conformance {
        self.growth = false;
        self
    }

    /// Runs the kit.
    ///
    /// # Panics
    /// When the annotator breaks a rule, with every rule it breaks.
    pub fn run(self) {
        let broken = self.check();
        assert!(broken.is_empty(), "\nthe annotator is not compliant:\n- {}\n", broken.join("\n- "));
    }

    /// Every rule the annotator breaks, for tests of this kit.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let annotator = (self.make)();
        let mut broken = check_descriptor(annotator.descriptor(), (self.make)().descriptor());
        let prepared: Vec<Prepared> = self.fixtures.iter().map(|fixture| self.prepare(&fixture.input)).collect();
        let first = self.check_documents(&*annotator, &prepared, &mut broken);
        if broken.is_empty() {
            self.check_repeats(&*annotator, &prepared, &first, &mut broken);
            self.check_threads(&*annotator, &prepared, &first, &mut broken);
            self.check_deadline(&*annotator, &prepared, &mut broken);
        }
        if broken.is_empty() && self.growth {
            self.check_growth(&*annotator, &mut broken);
        }
        if let Some(path) = self.fingerprint.as_ref().filter(|_| broken.is_empty()) {
            broken.extend(check_fingerprint(path, annotator.descriptor(), &first));
        }
        broken
    }

    fn prepare(&self, input: &DocumentInput) -> Prepared {
        let mut layers = BTreeMap::new();
        if let Some(before) = &self.before {
            let annotated = before.run(input, &Previous::default(), &RunOptions::default());
            for record in annotated.layers {
                if let Some(value) = before.layer(&record.name).and_then(|spec| spec.decode(&record).ok()) {
                    layers.insert(record.name, value);
                }
            }
        }
        Prepared { input: input.clone(), layers }
    }

    fn check_documents(
        &self,
        annotator: &dyn Annotator,
        prepared: &[Prepared],
        broken: &mut Vec<String>,
    ) -> Vec<Given> {
        let mut first = Vec::new();
        for (fixture, document) in self.fixtures.iter().zip(prepared) {
            match document.annotate(annotator, &Counting::new(u64::MAX)) {
                Ok(given) => {
                    check_codecs(annotator.descriptor(), &fixture.name, &given, broken);
                    first.push(given);
                }
                Err(reason) => broken.push(format!("document `{}`: {reason}", fixture.name)),
            }
        }
        first
    }

    fn check_repeats(
        &self,
        annotator: &dyn Annotator,
        prepared: &[Prepared],
        first: &[Given],
        broken: &mut Vec<String>,
    ) {
        let fresh = (self.make)();
        for (at, document) in prepared.iter().enumerate().rev() {
            for (what, annotator) in [("again and in another order", annotator), ("from a fresh instance", &*fresh)] {
                if document.annotate(annotator, &Counting::new(u64::MAX)).as_ref() != Ok(&first[at]) {
                    broken.push(format!("document `{}`: other output {what}", self.fixtures[at].name));
                }
            }
        }
    }

    fn check_threads(
        &self,
        annotator: &dyn Annotator,
        prepared: &[Prepared],
        first: &[Given],
        broken: &mut Vec<String>,
    ) {
        let run = |thread: usize| {
            // Each thread starts elsewhere, so that different documents meet.
            let order = (0..prepared.len()).map(|at| (at + thread * prepared.len() / THREADS) % prepared.len());
            let differs =
                |at: &usize| prepared[*at].annotate(annotator, &Counting::new(u64::MAX)).as_ref() != Ok(&first[*at]);
            order.filter(differs).collect::<Vec<usize>>()
        };
        let differing: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || run(thread))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        if let Some(at) = differing.first() {
            broken.push(format!("document `{}`: other output with several threads", self.fixtures[*at].name));
        }
    }

    /// With time over at the first, second, fourth ... tick, it must say so or be done.
    fn check_deadline(&self, annotator: &dyn Annotator, prepared: &[Prepared], broken: &mut Vec<String>) {
        for (fixture, document) in self.fixtures.iter().zip(prepared) {
            for allowed in [0, 1, 2, 4, 16, 256] {
                let result = document.annotate(annotator, &Counting::new(allowed));
                if let Err(reason) = result.as_ref().map(|_| ()).or_else(timed_out) {
                    broken.push(format!("document `{}`: when its time is over: {reason}", fixture.name));
                }
            }
        }
    }

    fn check_growth(&self, annotator: &dyn Annotator, broken: &mut Vec<String>) {
        let bytes = SMALL_BYTES * scale().min(SCALE_MAX);
        for (name, unit) in GROWING {
            let (small, large) = (grown(unit, bytes), grown(unit, bytes * GROWTH));
            let growth = large.len() as f64 / small.len() as f64;
            let (few, quick) = self.cost(annotator, &small);
            let (many, slow) = self.cost(annotator, &large);
            let tick_factor = (many as f64 + 1.0) / (few as f64 + 1.0) / growth;
            if tick_factor > GROWTH_FACTOR_MAX {
                broken.push(format!(
                    "text of {name}: {few} ticks for {} bytes, {many} for {}",
                    small.len(),
                    large.len()
                ));
            }
            let time_factor = slow.as_secs_f64() / quick.as_secs_f64().max(1e-6) / growth;
            if slow > GROWTH_TIME_MIN && time_factor > GROWTH_FACTOR_MAX {
                broken.push(format!(
                    "text of {name}: {quick:.1?} of processor time for {} bytes, {slow:.1?} for {}: that is not linear",
                    small.len(),
                    large.len()
                ));
            }
        }
    }

    /// Ticks and the least processor time of three runs. Not wall-clock time: what else the machine does matters little.
    fn cost(&self, annotator: &dyn Annotator, text: &str) -> (u64, Duration) {
        let document = self.prepare(&Fixture::text("growing", text).input);
        let mut ticks = 0;
        let mut least = Duration::MAX;
        for _ in 0..3 {
            let counting = Counting::new(u64::MAX);
            let start = thread_time();
            // Only the cost counts here; more output than the limits allow is no mistake of a document this large.
            let _ = document.annotate(annotator, &counting);
            least = least.min(thread_time().saturating_sub(start));
            ticks = counting.asked.get();
        }
        (ticks, least)
    }
}

/// How much more the kit does than for every change: `DATELINE_TEST_SCALE`, 1 by default.
pub(crate) fn scale() -> usize {
    std::env::var("DATELINE_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn thread_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

fn grown(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len())
}

fn timed_out(reason: &String) -> Result<(), &String> {
    if *reason == ProcessError::TimedOut.to_string() { Ok(()) } else { Err(reason) }
}

/// Counts how often it is asked, and is over after some questions.
struct Counting {
    asked: Cell<u64>,
    allowed: u64,
}

impl Counting {
    fn new(allowed: u64) -> Counting {
        Counting { asked: Cell::new(0), allowed }
    }
}

impl Deadline for Counting {
    fn is_over(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() > self.allowed
    }
}

/// A document with the layers it requires.
struct Prepared {
    input: DocumentInput,
    layers: BTreeMap<String, LayerValue>,
}

/// What an annotator gave.
#[derive(Clone, Debug, PartialEq)]
struct Given {
    layers: Vec<LayerRecord>,
    facets: Vec<Facet>,
    diagnostics: Vec<Diagnostic>,
}

impl LayerSource for Prepared {
    fn layer(&self, name: &str) -> Option<&LayerValue> {
        self.layers.get(name)
    }
}

impl Prepared {
    fn annotate(&self, annotator: &dyn Annotator, deadline: &dyn Deadline) -> Result<Given, String> {
        let descriptor = annotator.descriptor();
        let missing =
            descriptor.required().iter().find(|read| !read.optional && self.layer(read.spec.name()).is_none());
        if let Some(missing) = missing {
            return Err(format!("layer `{}` is missing: name its writer with `after`", missing.spec.name()));
        }
        let view = DocumentView::new(descriptor, &self.input, self, deadline);
        let mut output = Output::new(descriptor, &self.input.document.text);
        match catch_unwind(AssertUnwindSafe(|| annotator.annotate(&view, &mut output))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("it panicked".to_owned()),
        }
        if let Some(violation) = view.violation().or_else(|| output.violation()) {
            return Err(format!("it swallowed an error: {violation}"));
        }
        let parts = output.into_parts();
        Ok(Given {
            layers: parts.layers.into_iter().map(|(record, _)| record).collect(),
            facets: parts.facets,
            diagnostics: parts.diagnostics,
        })
    }
}

fn check_descriptor(descriptor: &Descriptor, other: &Descriptor) -> Vec<String> {
    let mut broken = Vec::new();
    let word = |name: &str, more: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || more.contains(letter))
    };
    if !word(descriptor.name(), "-") {
        broken.push(format!("its name `{}` has more than lower-case letters, digits and `-`", descriptor.name()));
    }
    if descriptor.version() == 0 {
        broken.push("its code version is 0; they count from 1".to_owned());
    }
    if descriptor.about().is_empty() {
        broken.push("it does not say what it is about".to_owned());
    }
    for layer in descriptor.assigned() {
        if !word(layer.name(), "-._") || layer.schema() == 0 {
            broken.push(format!("layer `{layer:?}`: odd name, or schema 0"));
        }
    }
    for facet in descriptor.facets() {
        if QUERY_FIELDS.contains(&facet.name.as_str()) {
            broken.push(format!("facet `{}` has the name of a query field, which would hide it", facet.name));
        }
        if !word(&facet.name, "-") {
            broken.push(format!("facet `{}` has more than lower-case letters, digits and `-`", facet.name));
        }
    }
    if format!("{descriptor:?}") != format!("{other:?}") {
        broken.push("two instances describe themselves differently".to_owned());
    }
    broken
}

/// Each layer must come back from both codecs as the same bytes.
fn check_codecs(descriptor: &Descriptor, document: &str, given: &Given, broken: &mut Vec<String>) {
    for record in &given.layers {
        let Some(spec) = descriptor.assigned().iter().find(|spec| spec.name() == record.name) else { continue };
        if let Err(reason) = round_trip(spec, record) {
            broken.push(format!("document `{document}`: layer `{}`: {reason}", record.name));
        }
    }
}

fn round_trip(spec: &LayerSpec, record: &LayerRecord) -> Result<(), String> {
    let value = spec.decode(record).map_err(|error| format!("its own bytes do not decode: {error}"))?;
    let again = spec.encode(&*value).map_err(|error| error.to_string())?;
    if again != *record {
        return Err("its bytes change when decoded and encoded".to_owned());
    }
    let json = spec.to_json(&*value).map_err(|error| format!("it has no JSON form: {error}"))?;
    let back = spec.read_json(json).map_err(|error| format!("its own JSON does not read: {error}"))?;
    let again = spec.encode(&*back).map_err(|error| error.to_string())?;
    if again == *record { Ok(()) } else { Err("its bytes change on the way through JSON".to_owned()) }
}

/// The committed line: name, code version, hash of all outputs.
fn check_fingerprint(path: &Path, descriptor: &Descriptor, given: &[Given]) -> Option<String> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for given in given {
        fields.extend(given.layers.iter().map(|layer| layer.hash.0.to_vec()));
        fields.push(format!("{:?} {:?}", given.facets, given.diagnostics).into_bytes());
    }
    let hash = ContentHash::of_fields(fields.iter().map(Vec::as_slice)).hex();
    let line = format!("{} {} {hash}\n", descriptor.name(), descriptor.version());
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value != "0" && !value.is_empty()) {
        return std::fs::write(path, line).err().map(|error| format!("cannot write `{}`: {error}", path.display()));
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if committed == line {
        return None;
    }
    let version = committed.split(' ').nth(1).and_then(|version| version.parse::<u32>().ok());
    Some(match version {
        Some(version) if version == descriptor.version() => format!(
            "its output changed but its code version is still {version}: raise the version, then UPDATE_GOLDEN=1"
        ),
        _ => format!("`{}` is not up to date: UPDATE_GOLDEN=1 writes it", path.display()),
    })
}

/// A document of plain prose, for tests that need any document.
#[must_use]
pub fn prose() -> DocumentInput {
    Fixture::text("prose", PROSE).input
}
