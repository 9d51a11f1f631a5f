//! The two clocks over a real store and a real index: whatever was ingested, changed, deleted and brought back, and however
//! the machine's clock was set in between, no answer shows what came later, not in hits, texts, snippets or counts.
#![allow(missing_docs)]

use dateline_core::layers::{Dct, DctLayer};
use dateline_core::{
    ContentHash, Date, DateInterval, Document, DocumentId, Origin, Precision, Revision, SourcePath, Timestamp,
};
use dateline_processor::{Change, Indexer, LayerSpec};
use dateline_processor_index::Index;
use dateline_query::{
    Article, Context, Hits, NoAliases, Note, OutsideError, SearchOptions, Sources, Texts, parse, search,
};
use dateline_store::{
    Annotations, Clock, Committer, FileIdentity, NewDocument, Operation, SourceSlice, StateDir, Store, StoreOptions,
};
use dateline_testkit::{NoTable, stored_revision};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Files of the little world.
const FILES: u8 = 4;
/// When its clock begins, in seconds.
const BEGINNING: i64 = 1_000_000;

/// A clock that stands until it is set, forwards or backwards.
struct Settable(AtomicI64);

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A file has this content from now on; its document is dated by it, or not at all.
    Write { file: u8, content: u8 },
    /// A file is gone.
    Delete { file: u8 },
    /// The clock is set by so many seconds.
    Clock(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..FILES, 0u8..6).prop_map(|(file, content)| Step::Write { file, content }),
        2 => (0..FILES).prop_map(|file| Step::Delete { file }),
        2 => (1i64..40).prop_map(Step::Clock),
        1 => (-100i64..0).prop_map(Step::Clock),
    ]
}

/// The day a content is dated to, if any.
fn written(content: u8) -> Option<Date> {
    (content > 0).then(|| jiff::civil::date(2022, 1, i8::try_from(content * 4).expect("small")))
}

/// What a file says. No two files say the same: else one that is gone might live on in another.
fn text(file: u8, content: u8) -> String {
    format!("The bridge of file{file} in its state{content}")
}

fn write(file: u8, content: u8) -> Operation {
    let text = text(file, content);
    let dct = written(content).map(|day| Dct {
        interval: DateInterval::day(day),
        time: None,
        precision: Precision::Day,
        confidence: 90,
    });
    let layer = LayerSpec::of::<DctLayer>().encode(&DctLayer { dct, ..DctLayer::default() }).expect("encodes");
    let annotations = Annotations { layers: vec![layer], ..Annotations::default() };
    let document = Document { text: text.clone(), ..Document::default() };
    Operation::PutSource(SourceSlice {
        path: path(file),
        identity: FileIdentity { device: 1, inode: u64::from(file) + 1, size: 1, mtime_ns: 1, ctime_ns: 1 },
        content: ContentHash::of(text.as_bytes()),
        parser_key: ContentHash::of(b"parser"),
        documents: vec![NewDocument { part_id: None, number: 1, document, annotations }],
        first: true,
        last: true,
        failures: Vec::new(),
        diagnostics: Vec::new(),
    })
}

fn path(file: u8) -> SourcePath {
    SourcePath::new(format!("{file}.txt"))
}

/// What each file said, by the number of its content.
type State = BTreeMap<u8, u8>;

struct World {
    _folder: tempfile::TempDir,
    clock: Arc<Settable>,
    store: Store,
    committer: Committer,
    index: Index,
    /// What the folder held after each commit, with the time the store gave the commit.
    past: Vec<(Timestamp, State)>,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(Settable(AtomicI64::new(BEGINNING)));
        let options = StoreOptions {
            reserve_bytes: 0,
            ballast: false,
            cache_bytes: 8 << 20,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..StoreOptions::default()
        };
        let lock = StateDir::new(folder.path().join("state")).lock().expect("locks");
        let (store, _) = Store::open(lock, &options).expect("opens");
        let committer = store.committer().expect("one committer");
        let home = folder.path().join("index");
        std::fs::create_dir(&home).expect("is made");
        let index = Index::open(&home, 15_000_000).expect("opens");
        World { _folder: folder, clock, store, committer, index, past: Vec::new() }
    }

    fn live(&mut self, steps: &[Step]) {
        let mut state = State::new();
        for step in steps {
            let operation = match step {
                Step::Clock(seconds) => {
                    self.clock.0.fetch_add(*seconds, Ordering::SeqCst);
                    continue;
                }
                Step::Write { file, content } => {
                    state.insert(*file, *content);
                    write(*file, *content)
                }
                Step::Delete { file } => {
                    if state.remove(file).is_none() {
                        continue;
                    }
                    Operation::Remove { path: path(*file) }
                }
            };
            let committed = self.committer.commit(vec![operation]).expect("commits");
            self.past.push((committed.time, state.clone()));
        }
        let changes = self.store.changes(dateline_core::Sequence(0), usize::MAX).expect("reads");
        let changes: Vec<Change> = changes
            .into_iter()
            .map(|change| Change {
                sequence: change.sequence,
                document: change.document,
                opened: change.opened.map(stored_revision),
                closed: change.closed.map(stored_revision),
            })
            .collect();
        self.index.apply(&changes, &mut NoTable).expect("applies");
        self.index.commit().expect("commits");
    }

    /// What the folder held for all anybody knew then.
    fn known_at(&self, time: Timestamp) -> State {
        let before = self.past.iter().rev().find(|(committed, _)| *committed <= time);
        before.map(|(_, state)| state.clone()).unwrap_or_default()
    }

    fn ask(&self, options: &SearchOptions) -> Hits {
        let searching = self.index.searching();
        let context = Context { facets: &[], aliases: &NoAliases };
        let sources = Sources { index: &searching, texts: self, context };
        search(&parse("bridge").expect("a query"), options, sources).expect("answers")
    }
}

impl Texts for World {
    fn article(&self, document: DocumentId, revision: Revision) -> Result<Option<Article>, OutsideError> {
        let data = self.store.revision_data(document, revision)?;
        Ok(data.map(|data| Article {
            path: data.path,
            part: data.part,
            title: data.content.title,
            text: data.content.text.into(),
            marks: data.content.marks,
            origin: Origin { offset: Some(0), line: 1, by_line: true },
            content: data.entry.content,
        }))
    }
}

/// Compares an answer with what the folder held, and what of it was written by a day.
fn check(hits: &Hits, state: &State, as_of: Option<Date>) -> Result<(), TestCaseError> {
    let in_time = |content: u8| as_of.is_none_or(|day| written(content).is_some_and(|written| written <= day));
    let mut expected: Vec<String> =
        state.iter().filter(|(_, content)| in_time(**content)).map(|(file, content)| text(*file, *content)).collect();
    let mut found: Vec<String> = hits.hits.iter().map(|hit| hit.snippet.clone()).collect();
    expected.sort();
    found.sort();
    prop_assert_eq!(&found, &expected);
    prop_assert_eq!(hits.total, expected.len());
    let undated = state.values().filter(|content| written(**content).is_none()).count();
    let left_out = hits.notes.iter().find_map(|note| match note {
        Note::UndatedLeftOut { documents } => Some(*documents),
        _ => None,
    });
    prop_assert_eq!(left_out.unwrap_or(0), if as_of.is_some() { undated } else { 0 });
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_clock_sees_what_came_later(
        steps in prop::collection::vec(step(), 1..30),
        known_at in prop::collection::vec(-150i64..400, 4),
        as_of in 1i8..28,
    ) {
        let mut world = World::new();
        world.live(&steps);
        let as_of = jiff::civil::date(2022, 1, as_of);
        let mut times: Vec<Timestamp> = known_at
            .iter()
            .map(|seconds| Timestamp::from_second(BEGINNING + seconds).expect("a time"))
            .collect();
        // The edges are where mistakes live: every commit's own time.
        times.extend(world.past.iter().map(|(time, _)| *time));
        for time in times {
            let state = world.known_at(time);
            let options = SearchOptions { known_at: Some(time), limit: 100, ..SearchOptions::default() };
            check(&world.ask(&options), &state, None)?;
            check(&world.ask(&SearchOptions { as_of: Some(as_of), ..options }), &state, Some(as_of))?;
        }
        let now = world.past.last().map(|(_, state)| state.clone()).unwrap_or_default();
        let options = SearchOptions { limit: 100, ..SearchOptions::default() };
        check(&world.ask(&options), &now, None)?;
    }
}

#[test]
fn a_document_that_came_back_was_not_there_in_between() {
    let mut world = World::new();
    let write = |content| Step::Write { file: 0, content };
    let steps =
        [write(1), Step::Clock(10), Step::Delete { file: 0 }, Step::Clock(-5), write(1), Step::Clock(60), write(2)];
    world.live(&steps);
    let count = |seconds: i64| {
        let known_at = Some(Timestamp::from_second(BEGINNING + seconds).expect("a time"));
        let hits = world.ask(&SearchOptions { known_at, limit: 9, ..SearchOptions::default() });
        hits.hits.iter().map(|hit| hit.snippet.clone()).collect::<Vec<_>>()
    };
    assert_eq!(count(5), [text(0, 1)]);
    // The clock went back: deletion and return have one time, and what came last counts.
    assert_eq!(count(10), [text(0, 1)]);
    assert_eq!(count(65), [text(0, 2)]);
    assert_eq!(count(-1), Vec::<String>::new());
}
