//! The store against a plain model, with closing, killing and opening again as operations, backup and rebuild at the end.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, annotations, copy, identity, path, put};
use dateline_core::{DocumentId, OutcomeState, Sequence};
use dateline_store::{Committer, DocumentEntry, Operation, StatePart, Store, rebuild};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a test does to the store.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, Vec<u8>),
    Remove(u8),
    Rename(u8, u8),
    Absent(u8),
    Annotate(u8, u8),
    Trim,
    Reopen,
    /// The process ends with nothing closed: handles are leaked and the files copied.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let source = 0..6_u8;
    prop_oneof![
        8 => (source.clone(), prop::collection::vec(0..5_u8, 0..5)).prop_map(|(at, texts)| Step::Put(at, texts)),
        2 => source.clone().prop_map(Step::Remove),
        2 => (source.clone(), source.clone()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => source.clone().prop_map(Step::Absent),
        3 => (source, any::<u8>()).prop_map(|(at, seed)| Step::Annotate(at, seed)),
        1 => Just(Step::Trim),
        1 => Just(Step::Reopen),
        1 => Just(Step::Kill),
    ]
}

/// Sources with the texts of their documents, in order.
type Model = BTreeMap<String, Vec<String>>;

fn source(at: u8) -> String {
    format!("folder/{at}")
}

fn texts(kinds: &[u8]) -> Vec<String> {
    // The last kind is long enough for several chunks.
    let text = |kind: &u8| if *kind == 4 { "long text ".repeat(900) } else { format!("text of kind {kind}") };
    kinds.iter().map(text).collect()
}

fn operation(step: &Step, model: &mut Model, store: &Store) -> Vec<Operation> {
    match step {
        Step::Put(at, kinds) => {
            let texts = texts(kinds);
            model.insert(source(*at), texts.clone());
            vec![put(&source(*at), &texts.iter().map(String::as_str).collect::<Vec<_>>())]
        }
        Step::Remove(at) => {
            model.remove(&source(*at));
            vec![Operation::Remove { path: path(&source(*at)) }]
        }
        Step::Rename(from, to) => {
            if from != to
                && let Some(texts) = model.remove(&source(*from))
            {
                model.insert(source(*to), texts);
            }
            vec![Operation::Rename { from: path(&source(*from)), to: path(&source(*to)), identity: identity(1) }]
        }
        Step::Absent(at) => vec![Operation::Absent { path: path(&source(*at)) }],
        Step::Annotate(at, seed) => {
            let documents = store.documents_of(&path(&source(*at))).unwrap();
            documents
                .iter()
                .map(|entry| Operation::Annotate {
                    document: entry.document,
                    revision: entry.current.revision,
                    annotations: annotations(&"seed ".repeat(usize::from(*seed) * 20)),
                })
                .collect()
        }
        Step::Trim => {
            vec![Operation::Applied { indexer: "index".to_owned(), sequence: store.sequence() }]
        }
        Step::Reopen | Step::Kill => Vec::new(),
    }
}

/// What the store says is there.
fn observed(store: &Store) -> Model {
    let mut found = Model::new();
    for source in store.sources().map(Result::unwrap) {
        let documents = store.documents_of(&source.path).unwrap();
        assert_eq!(documents.len() as u64, source.documents, "{}", source.path);
        assert!(source.complete);
        let numbers: Vec<u32> = documents.iter().map(|one| one.number).collect();
        assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
        let text = |one: &dateline_store::DocumentEntry| {
            store.content(one.document, one.current.revision).unwrap().unwrap().text
        };
        found.insert(source.path.display(), documents.iter().map(text).collect());
    }
    found
}

/// An index folded from the change log: what is current, and every revision told of.
#[derive(Default, PartialEq, Debug)]
struct Folded {
    current: BTreeMap<u64, (String, String, String)>,
    revisions: BTreeSet<(u64, u32)>,
    applied: Sequence,
}

impl Folded {
    fn follow(&mut self, store: &Store) {
        loop {
            let changes = store.changes(self.applied, 3).unwrap();
            let Some(last) = changes.last() else { return };
            self.applied = last.sequence;
            for change in changes {
                for data in change.opened.iter().chain(&change.closed) {
                    self.revisions.insert((change.document.0, data.entry.revision.0));
                    let shown = (data.path.display(), data.part.clone(), data.content.text.clone());
                    let known = store.document(change.document).unwrap().unwrap().current.revision;
                    match data.entry.seen_to {
                        None => drop(self.current.insert(change.document.0, shown)),
                        Some(_) if known == data.entry.revision => drop(self.current.remove(&change.document.0)),
                        Some(_) => {}
                    }
                }
            }
        }
    }
}

fn has_failed(store: &Store, entry: &DocumentEntry) -> bool {
    let annotations = store.annotations(entry.document, entry.current.revision).unwrap().unwrap();
    annotations.outcomes.iter().any(|outcome| matches!(outcome.state, OutcomeState::Failed { .. }))
}

fn check(store: &Store, model: &Model, folded: &mut Folded, ids: &mut BTreeMap<u64, String>) {
    assert_eq!(&observed(store), model);
    folded.follow(store);
    let current: BTreeSet<(String, String)> =
        folded.current.values().map(|(path, _, text)| (path.clone(), text.clone())).collect();
    let wanted: BTreeSet<(String, String)> =
        model.iter().flat_map(|(path, texts)| texts.iter().map(move |text| (path.clone(), text.clone()))).collect();
    assert_eq!(current, wanted, "an index that follows the log holds what the folder holds");
    let mut fresh = Folded::default();
    fresh.follow(store);
    assert_eq!(fresh.current, folded.current, "and so does one that begins again");
    let all = store.documents().map(Result::unwrap);
    let failed = all.filter(|entry| entry.open && has_failed(store, entry)).map(|entry| entry.document);
    let failed: Vec<DocumentId> = failed.collect();
    let marked = store.failed_documents(DocumentId(0), usize::MAX).unwrap();
    assert_eq!(marked.iter().map(|entry| entry.document).collect::<Vec<_>>(), failed);
    assert_eq!(store.stats().unwrap().failed_documents, failed.len() as u64);
    for (id, first) in ids.iter() {
        let entry = store.revisions(DocumentId(*id)).unwrap();
        let content = store.content(DocumentId(*id), entry[0].revision).unwrap().unwrap();
        assert_eq!(&content.text, first, "document {id} is still what it was");
    }
    for change in store.changes(Sequence(0), 10_000).unwrap() {
        for data in change.opened.iter().chain(&change.closed).filter(|data| data.entry.revision.0 == 1) {
            ids.entry(data.document.0).or_insert_with(|| data.content.text.clone());
        }
    }
}

/// Ends without closing anything, as a killed process does, and leaves its files to a new home.
fn kill(home: Home, store: Store, committer: Committer) -> Home {
    let next = Home { folder: tempfile::tempdir().unwrap(), ..Home::new() };
    copy(home.state().path(), next.state().path());
    drop((store, committer));
    Home { options: home.options.clone(), clock: home.clock, ..next }
}

fn run(steps: &[Step]) {
    let mut home = Home::new();
    let (mut store, mut committer) = home.open();
    let (mut model, mut folded, mut ids) = (Model::new(), Folded::default(), BTreeMap::new());
    for step in steps {
        let operations = operation(step, &mut model, &store);
        committer.commit(operations).unwrap();
        match step {
            Step::Trim => {
                folded.follow(&store);
                committer.trim(5).unwrap();
            }
            Step::Reopen => {
                drop((store, committer));
                (store, committer) = home.open();
            }
            Step::Kill => {
                home = kill(home, store, committer);
                (store, committer) = home.open();
            }
            _ => {}
        }
        check(&store, &model, &mut folded, &mut ids);
    }
    assert_eq!(store.scrub_all().unwrap(), []);
    check_rebuild(&home, store, committer, &model);
}

/// After the loss of the store, the history and the folder give everything back: ids, past, current state.
fn check_rebuild(home: &Home, store: Store, committer: Committer, model: &Model) {
    let past = past(&store);
    drop((store, committer));
    let lock = home.state().lock().unwrap();
    let report = rebuild(&lock, &home.options, StatePart::Store).unwrap();
    assert_eq!(report.lost, Vec::<String>::new());
    drop(lock);
    let (store, mut committer) = home.open();
    assert_eq!(store.scrub_all().unwrap(), []);
    let operations = model
        .iter()
        .map(|(source, texts)| put(source, &texts.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let committed = committer.commit(operations).unwrap();
    assert_eq!(committed.lost, []);
    assert_eq!(&observed(&store), model);
    assert_eq!(self::past(&store), past);
    assert_eq!(store.scrub_all().unwrap(), []);
}

/// A document's part, whether it is there, and its revisions: text, whether it ended.
type Past = BTreeMap<u64, (String, bool, Vec<(u32, String, bool)>)>;

/// Everything the store knows of the past.
fn past(store: &Store) -> Past {
    let mut found = Past::new();
    for entry in store.documents().map(Result::unwrap) {
        let revisions = store.revisions(entry.document).unwrap();
        let told = revisions.iter().map(|revision| {
            let text = store.content(entry.document, revision.revision).unwrap().unwrap().text;
            (revision.revision.0, text, revision.seen_to.is_some())
        });
        found.insert(entry.document.0, (entry.part, entry.open, told.collect()));
    }
    found
}

/// How many cases to run.
fn cases() -> u32 {
    std::env::var("DATELINE_MODEL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(steps in prop::collection::vec(step(), 1..25)) {
        run(&steps);
    }
}
