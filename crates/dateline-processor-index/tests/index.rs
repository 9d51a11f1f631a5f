//! The index over a real directory: what is found, in which revision, in which order, and what survives reopening.

use dateline_processor::core::layers::{
    Dct, DctLayer, Entity, EntityLayer, EntityType, Mention, Timex, TimexLayer, TimexType,
};
use dateline_processor::core::{
    Date, DateInterval, DocumentId, Facet, FacetKind, FacetValue, Layer, LayerRecord, Precision, Revision, Sequence,
    Span, Timestamp, keys,
};
use dateline_processor::{Change, Indexer, LayerSpec, RevisionView};
use dateline_processor_index::{Clock, FacetTest, Field, Filter, Index, Node, Order, Plan, Word};
use dateline_testkit::{NoTable, revision};
use std::path::Path;

const HEAP: usize = 15_000_000;

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn interval(text: &str) -> DateInterval {
    DateInterval::parse(text).expect("an interval")
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn record<T: Layer>(layer: T) -> LayerRecord {
    LayerSpec::of::<T>().encode(&layer).expect("encodes")
}

fn dated(text: &str) -> LayerRecord {
    let interval = interval(text);
    record(DctLayer {
        dct: Some(Dct { interval, time: None, precision: Precision::Day, confidence: 90 }),
        ..DctLayer::default()
    })
}

fn speaks_of(values: &[&str]) -> LayerRecord {
    let timex = |(at, value): (usize, &&str)| Timex {
        span: Span::new(at, at + 1),
        kind: TimexType::Date,
        value: (*value).to_owned(),
        earliest: Some(interval(value).earliest),
        latest: Some(interval(value).latest),
        modifier: None,
        quant: None,
        freq: None,
        rule: "test".to_owned(),
        anchor: None,
    };
    record(TimexLayer(values.iter().enumerate().map(timex).collect()))
}

fn view(document: u64, number: u32, text: &str) -> RevisionView {
    RevisionView {
        revision: Revision(number),
        seen_from: time(i64::from(number) * 100),
        ..revision(document, &format!("news/2022/article-{document}.txt"), text)
    }
}

fn opened(sequence: u64, view: RevisionView) -> Change {
    Change { sequence: Sequence(sequence), document: view.document, opened: Some(view), closed: None }
}

fn index(directory: &Path, views: Vec<RevisionView>) -> Index {
    let index = Index::open(directory, HEAP).expect("opens");
    let changes: Vec<Change> = (1..).zip(views).map(|(sequence, view)| opened(sequence, view)).collect();
    index.apply(&changes, &mut NoTable).expect("applies");
    index.commit().expect("commits");
    index
}

fn ids(index: &Index, plan: &Plan) -> Vec<u64> {
    let found = index.searching().search(plan).expect("searches");
    found.hits.iter().map(|hit| hit.document.0).collect()
}

fn sorted(index: &Index, node: Node) -> Vec<u64> {
    let mut ids = ids(index, &Plan::new(node, 100));
    ids.sort_unstable();
    ids
}

fn stem(word: &str) -> Node {
    Node::Word(Field::Text, Word::Stem(word.to_owned()))
}

fn exact(words: &[&str]) -> Vec<Word> {
    words.iter().map(|word| Word::Exact((*word).to_owned())).collect()
}

#[test]
fn words_phrases_and_their_kin_are_found() {
    let home = tempfile::tempdir().expect("a directory");
    let index = index(
        home.path(),
        vec![
            view(1, 1, "Peace talks began in Istanbul on Tuesday."),
            view(2, 1, "They talked of peace, then talks of war began."),
            view(3, 1, "Zelenskyy spoke. Zelensky's words were heard."),
            view(4, 1, "No word of it here: talk about peace"),
        ],
    );
    let prefix = |word: &str| Node::Word(Field::Text, Word::Prefix(word.to_owned()));
    let fuzzy = |word: &str| Node::Word(Field::Text, Word::Fuzzy(word.to_owned()));
    for (node, expected) in [
        (stem("talking"), vec![1, 2, 4]),
        (Node::Word(Field::Text, Word::Exact("talks".into())), vec![1, 2]),
        (Node::Word(Field::Text, Word::Exact("TALK".into())), vec![4]),
        (Node::Phrase(Field::Text, exact(&["peace", "talks"])), vec![1]),
        (Node::Phrase(Field::Text, exact(&["talks", "peace"])), vec![]),
        (Node::Near(Field::Text, exact(&["talks", "peace"]), 0), vec![1]),
        (Node::Near(Field::Text, exact(&["talks", "peace"]), 1), vec![1, 2]),
        (Node::Near(Field::Text, exact(&["peace", "peace"]), 9), vec![]),
        (Node::Near(Field::Text, exact(&["of", "of"]), 9), vec![2]),
        (prefix("zelensk"), vec![3]),
        (prefix("ta"), vec![1, 2, 4]),
        (fuzzy("zelenskiy"), vec![3]),
        (fuzzy("taks"), vec![1, 2]),
        (stem("nowhere"), vec![]),
        (Node::And(vec![stem("peace"), Node::Not(Box::new(stem("war")))]), vec![1, 4]),
        (Node::Not(Box::new(stem("peace"))), vec![3]),
        (Node::Or(vec![stem("istanbul"), stem("heard")]), vec![1, 3]),
        (Node::Or(vec![]), vec![]),
        (Node::And(vec![]), vec![1, 2, 3, 4]),
        (Node::Word(Field::Path, Word::Exact("2022".into())), vec![1, 2, 3, 4]),
        (Node::Phrase(Field::Path, exact(&["article", "3"])), vec![3]),
        (Node::Extension("TXT".into()), vec![1, 2, 3, 4]),
        (Node::Document(DocumentId(2)), vec![2]),
    ] {
        assert_eq!(sorted(&index, node.clone()), expected, "{node:?}");
    }
}

#[test]
fn dates_names_and_facets_are_found() {
    let home = tempfile::tempdir().expect("a directory");
    let mut one = view(1, 1, "Boris Johnson met Zelenskyy in Kyiv.");
    one.layers = vec![
        dated("2022-04-09"),
        speaks_of(&["2022-03", "2022-03-28..2022-04-03", "2021"]),
        record(EntityLayer {
            mentions: vec![
                Mention { span: Span::new(0, 13), kind: EntityType::Per, entity: 0 },
                Mention { span: Span::new(18, 27), kind: EntityType::Per, entity: 1 },
                Mention { span: Span::new(31, 35), kind: EntityType::Loc, entity: 2 },
            ],
            entities: vec![
                Entity { kind: EntityType::Per, name: "Boris Johnson".into(), reference: None },
                Entity {
                    kind: EntityType::Per,
                    name: "Volodymyr Zelenskyy".into(),
                    reference: Some("p-zelenskyy".into()),
                },
                Entity { kind: EntityType::Loc, name: "Kyiv".into(), reference: Some("kyiv".into()) },
            ],
        }),
    ];
    one.metadata.push(keys::SOURCE, "Daily Example");
    one.metadata.push(keys::LANGUAGE, "en-GB");
    let facet = |name: &str, value| Facet { name: name.into(), value };
    one.facets = vec![
        facet("topic", FacetValue::Keyword("War".into())),
        facet("tone", FacetValue::Number(-0.5)),
        facet("count", FacetValue::Integer(12)),
        facet("due", FacetValue::Date(date("2022-05-01"))),
    ];
    let mut two = view(2, 1, "An undated note.");
    two.layers = vec![speaks_of(&["2022-04-04"])];
    two.facets = vec![facet("count", FacetValue::Integer(-3)), facet("tone", FacetValue::Number(0.25))];
    let index = index(home.path(), vec![one, two]);
    let between = |from, to| FacetTest::Between(from, to);
    for (node, expected) in [
        (Node::Written(interval("2022-04")), vec![1]),
        (Node::Written(interval("2022-04-09")), vec![1]),
        (Node::Written(interval("2022-04-10..2023")), vec![]),
        (Node::Mentions(interval("2022-03")), vec![1]),
        (Node::Mentions(interval("2022-03-15")), vec![]),
        (Node::Mentions(interval("2022-03-30")), vec![1]),
        (Node::Mentions(interval("2022-04-04")), vec![2]),
        (Node::Mentions(interval("2022-04")), vec![1, 2]),
        (Node::Mentions(interval("2021")), vec![1]),
        (Node::Mentions(interval("2021-06")), vec![]),
        (Node::Mentions(interval("2020..2022")), vec![1, 2]),
        (Node::Phrase(Field::Person, exact(&["boris", "johnson"])), vec![1]),
        (Node::Phrase(Field::Person, exact(&["johnson", "volodymyr"])), vec![]),
        (Node::Word(Field::Place, Word::Exact("kyiv".into())), vec![1]),
        (Node::Word(Field::Org, Word::Exact("kyiv".into())), vec![]),
        (Node::Reference("p-zelenskyy".into()), vec![1]),
        (Node::Word(Field::Source, Word::Exact("Example".into())), vec![1]),
        (Node::Language("EN".into()), vec![1]),
        (Node::Language("en-gb".into()), vec![1]),
        (Node::Language("e".into()), vec![]),
        (Node::Facet("topic".into(), FacetTest::Is(FacetValue::Keyword("war".into()))), vec![1]),
        (Node::Facet("count".into(), between(Some(FacetValue::Integer(-5)), None)), vec![1, 2]),
        (Node::Facet("count".into(), between(None, Some(FacetValue::Integer(0)))), vec![2]),
        (Node::Facet("tone".into(), between(Some(FacetValue::Number(-1.0)), Some(FacetValue::Number(0.0)))), vec![1]),
        (Node::Facet("due".into(), between(Some(FacetValue::Date(date("2022-05-01"))), None)), vec![1]),
        (Node::Facet("due".into(), FacetTest::Any(FacetKind::Date)), vec![1]),
    ] {
        assert_eq!(sorted(&index, node.clone()), expected, "{node:?}");
    }
    let found = index.searching().search(&Plan::new(Node::Document(DocumentId(1)), 1)).expect("searches");
    assert_eq!(found.hits[0].written, Some(interval("2022-04-09")));
}

#[test]
fn the_title_weighs_and_nearness_raises() {
    let home = tempfile::tempdir().expect("a directory");
    let filler = "one two three four five six seven eight nine ten";
    let mut titled = view(3, 1, &format!("The summit {filler} and a plan {filler}"));
    titled.title = Some("Summit".to_owned());
    let index = index(
        home.path(),
        vec![
            view(1, 1, &format!("The summit {filler} and a plan {filler} more")),
            view(2, 1, &format!("The plan {filler} and a summit {filler} more")),
            titled,
            view(4, 1, &format!("The summit plan {filler} and a {filler} more")),
        ],
    );
    assert_eq!(ids(&index, &Plan::new(stem("summit"), 10))[0], 3, "the title weighs");
    let mut plan = Plan::new(Node::And(vec![stem("summit"), stem("plan")]), 10);
    plan.near = vec![Word::Stem("summit".into()), Word::Stem("plan".into())];
    plan.scoring.title = 0.0;
    assert_eq!(ids(&index, &plan)[0], 4, "side by side beats far apart");
    plan.scoring.nearness = 0.0;
    let flat = ids(&index, &plan);
    let place = |id| flat.iter().position(|found| *found == id);
    assert!(place(1) < place(2), "equal scores are ordered by document: {flat:?}");
    plan.offset = 1;
    plan.limit = 2;
    assert_eq!(ids(&index, &plan), flat[1..3], "pages are cut from one order");
}

#[test]
fn each_clock_sees_its_own_revisions() {
    let home = tempfile::tempdir().expect("a directory");
    let index = Index::open(home.path(), HEAP).expect("opens");
    let mut first = view(1, 1, "The bridge stands.");
    first.layers = vec![dated("2022-04-01")];
    let mut second = view(1, 2, "The bridge fell.");
    second.layers = vec![dated("2022-04-03")];
    let gone = view(2, 1, "A bridge of sighs.");
    let close = |view: &RevisionView, at| RevisionView { seen_to: Some(time(at)), ..view.clone() };
    let changes = [
        opened(1, first.clone()),
        opened(2, gone.clone()),
        Change {
            sequence: Sequence(3),
            document: DocumentId(1),
            opened: Some(second),
            closed: Some(close(&first, 200)),
        },
        Change { sequence: Sequence(4), document: DocumentId(2), opened: None, closed: Some(close(&gone, 300)) },
    ];
    // Twice: changes may come again after a crash.
    for _ in 0..2 {
        index.apply(&changes, &mut NoTable).expect("applies");
        index.commit().expect("commits");
    }
    let search = |filter| {
        let plan = Plan { filter, order: Order::Oldest, ..Plan::new(stem("bridge"), 10) };
        let found = index.searching().search(&plan).expect("searches");
        let hits: Vec<(u64, u32)> = found.hits.iter().map(|hit| (hit.document.0, hit.revision.0)).collect();
        (hits, found.total, found.undated_left_out)
    };
    let known_at = |at| Filter { clock: Clock::KnownAt(time(at)), ..Filter::default() };
    assert_eq!(search(Filter::default()), (vec![(1, 2)], 1, 0));
    assert_eq!(search(known_at(99)), (vec![], 0, 0));
    assert_eq!(search(known_at(100)), (vec![(1, 1), (2, 1)], 2, 0));
    assert_eq!(search(known_at(199)), (vec![(1, 1), (2, 1)], 2, 0));
    assert_eq!(search(known_at(200)), (vec![(1, 2), (2, 1)], 2, 0));
    assert_eq!(search(known_at(300)), (vec![(1, 2)], 1, 0));
    let as_of = |day: &str, undated| Filter { as_of: Some(date(day)), undated, ..known_at(250) };
    assert_eq!(search(as_of("2022-04-02", false)), (vec![], 0, 1));
    assert_eq!(search(as_of("2022-04-03", false)), (vec![(1, 2)], 1, 1));
    assert_eq!(search(as_of("2022-04-02", true)), (vec![(2, 1)], 1, 0));
    index.forget(DocumentId(1), Revision(1)).expect("forgets");
    index.apply(&[opened(5, view(3, 1, "x"))], &mut NoTable).expect("applies");
    index.commit().expect("commits");
    let ever = Plan { filter: Filter { clock: Clock::Ever, ..Filter::default() }, ..Plan::new(stem("bridge"), 10) };
    assert_eq!(index.searching().search(&ever).expect("searches").total, 2);
}

#[test]
fn what_was_committed_survives_and_what_was_not_does_not() {
    let home = tempfile::tempdir().expect("a directory");
    let index = index(home.path(), vec![view(1, 1, "alpha"), view(2, 1, "beta")]);
    let early = index.searching();
    index.apply(&[opened(3, view(3, 1, "gamma"))], &mut NoTable).expect("applies");
    assert_eq!((index.applied(), index.pending()), (Some(Sequence(2)), Sequence(3)));
    drop(index);
    let index = Index::open(home.path(), HEAP).expect("opens again");
    assert_eq!(index.applied(), Some(Sequence(2)));
    assert_eq!(sorted(&index, Node::Everything), [1, 2]);
    index.apply(&[opened(3, view(3, 1, "gamma"))], &mut NoTable).expect("applies");
    index.commit().expect("commits");
    assert_eq!(sorted(&index, Node::Everything), [1, 2, 3]);
    assert_eq!(early.search(&Plan::new(Node::Everything, 9)).expect("searches").total, 2);
    index.clear(&mut NoTable).expect("clears");
    assert_eq!(index.applied(), Some(Sequence(0)));
    assert_eq!(sorted(&index, Node::Everything), [0; 0]);
    index.apply(&[opened(1, view(1, 1, "alpha"))], &mut NoTable).expect("applies");
    index.commit().expect("commits");
    assert_eq!(sorted(&index, stem("alpha")), [1]);
}

#[test]
fn a_reading_handle_sees_later_commits_and_reading_needs_no_lock() {
    let home = tempfile::tempdir().expect("a directory");
    let writing = index(home.path(), vec![view(1, 1, "alpha")]);
    let handle = writing.searching();
    writing.apply(&[opened(2, view(2, 1, "alpha"))], &mut NoTable).expect("applies");
    writing.commit().expect("commits");
    assert_eq!(handle.search(&Plan::new(stem("alpha"), 9)).expect("searches").total, 2);
    let other = Index::open(home.path(), HEAP).expect("opens beside the writer");
    assert_eq!(sorted(&other, stem("alpha")), [1, 2]);
    writing.clear(&mut NoTable).expect("clears");
    assert_eq!(handle.search(&Plan::new(stem("alpha"), 9)).expect("searches").total, 0);
    writing.apply(&[opened(1, view(1, 1, "alpha"))], &mut NoTable).expect("applies");
    writing.commit().expect("commits");
    assert_eq!(handle.search(&Plan::new(stem("alpha"), 9)).expect("searches").total, 1);
}

#[test]
fn a_damaged_or_foreign_index_starts_anew() {
    let home = tempfile::tempdir().expect("a directory");
    drop(index(home.path(), vec![view(1, 1, "alpha")]));
    std::fs::write(home.path().join("meta.json"), b"{}").expect("writes");
    let index = Index::open(home.path(), HEAP).expect("opens");
    assert_eq!(index.applied(), Some(Sequence(0)));
    assert_eq!(sorted(&index, Node::Everything), [0; 0]);
}
