//! The registry against a table in memory.

use super::{Registry, RegistryConfig};
use dateline_processor::core::layers::{Dct, DctLayer, Entity, EntityLayer, EntityType, Mention};
use dateline_processor::core::{Date, DateInterval, DocumentId, Precision, Sequence, Span};
use dateline_processor::{BuildIndexer, Change, Indexer, IndexerHome, LayerSpec, Resources, RevisionView};
use dateline_testkit::{MemoryTable, revision};
use serde_json::{Value, json};
use std::path::PathBuf;

fn registry() -> Registry {
    let home = IndexerHome { directory: PathBuf::new() };
    Registry::build(RegistryConfig {}, &Resources::default(), &home).expect("builds")
}

/// A document that names each of `names` once, in this order.
fn view(document: u64, date: Date, names: &[(EntityType, &str, Option<&str>)]) -> RevisionView {
    let mut text = String::new();
    let mut layer = EntityLayer::default();
    for (kind, name, reference) in names {
        let start = text.len();
        text.push_str(name);
        let entity = u32::try_from(layer.entities.len()).expect("few");
        layer.mentions.push(Mention { span: Span::new(start, text.len()), kind: *kind, entity });
        layer.entities.push(Entity { kind: *kind, name: (*name).to_owned(), reference: reference.map(str::to_owned) });
        text.push(' ');
    }
    let interval = DateInterval::day(date);
    let dct = Dct { interval, time: None, precision: Precision::Day, confidence: 99 };
    let dct = DctLayer { dct: Some(dct), ..DctLayer::default() };
    let layers = vec![
        LayerSpec::of::<EntityLayer>().encode(&layer).expect("encodes"),
        LayerSpec::of::<DctLayer>().encode(&dct).expect("encodes"),
    ];
    RevisionView { layers, ..revision(document, &format!("{document}.txt"), text) }
}

fn open(document: u64, view: RevisionView) -> Change {
    Change { sequence: Sequence(1), document: DocumentId(document), opened: Some(view), closed: None }
}

fn day(number: i8) -> Date {
    Date::new(2022, 4, number).expect("a day")
}

const PER: EntityType = EntityType::Per;

fn filled() -> (Registry, MemoryTable) {
    let (registry, mut table) = (registry(), MemoryTable::default());
    let one = view(1, day(5), &[(PER, "Ada Blom", None), (EntityType::Loc, "Kyiv", Some("UA-capital"))]);
    let two = view(
        2,
        day(7),
        &[(PER, "Ada Blom", None), (PER, "Adda Blom", None), (EntityType::Loc, "Kiev", Some("UA-capital"))],
    );
    registry.apply(&[open(1, one), open(2, two)], &mut table).expect("applies");
    (registry, table)
}

fn ask(registry: &Registry, table: &MemoryTable, question: Value) -> Value {
    registry.answer(&question, table).expect("a good question")
}

#[test]
fn same_name_and_watchlist_id_meet() {
    let (registry, table) = filled();
    let answer = ask(&registry, &table, json!({ "op": "resolve", "name": "kiev" }));
    let candidate = &answer["candidates"][0];
    assert_eq!(candidate["id"], "UA-capital");
    assert_eq!(candidate["forms"], json!([{ "text": "Kiev", "count": 1 }, { "text": "Kyiv", "count": 1 }]));
    assert_eq!((&candidate["first_seen"], &candidate["last_seen"]), (&json!("2022-04-05"), &json!("2022-04-07")));
    let listed = ask(&registry, &table, json!({ "op": "list", "query": "blom" }));
    assert_eq!(listed["total"], 2);
    assert_eq!(listed["entities"][0]["id"], "per:ada-blom");
    let shown = ask(&registry, &table, json!({ "op": "show", "id": "per:ada-blom" }));
    assert_eq!(shown["documents"], 2);
    assert_eq!(shown["beside"][0]["id"], "UA-capital");
    assert_eq!(shown["beside"][0]["type"], "LOC");
}

#[test]
fn a_second_run_and_a_delete_leave_no_trace() {
    let (registry, table) = filled();
    let mut again = table.clone();
    let same = view(1, day(5), &[(PER, "Ada Blom", None), (EntityType::Loc, "Kyiv", Some("UA-capital"))]);
    registry.apply(&[open(1, same)], &mut again).expect("applies");
    assert_eq!(again, table);
    let other = view(1, day(9), &[(PER, "Cy Dorn", None)]);
    registry.apply(&[open(1, other.clone())], &mut again).expect("applies");
    let gone = |document: u64| Change {
        sequence: Sequence(2),
        document: DocumentId(document),
        opened: None,
        closed: Some(other.clone()),
    };
    registry.apply(&[gone(1), gone(2)], &mut again).expect("applies");
    assert_eq!(again, MemoryTable::default());
}

#[test]
fn decisions_change_answers_and_nothing_else() {
    let (registry, table) = filled();
    let decisions = json!({
        "merge": [{ "into": "per:ada-blom", "from": ["per:adda-blom"] }],
        "rename": [{ "entity": "per:ada-blom", "name": "Dr Blom" }],
        "split": [{ "entity": "UA-capital", "forms": ["Kiev"], "to": "kiev-oblast" }],
    });
    let merged = ask(&registry, &table, json!({ "op": "resolve", "name": "adda blom", "decisions": decisions }));
    assert_eq!(merged["candidates"][0]["name"], "Dr Blom");
    assert_eq!(merged["candidates"][0]["mentions"], 3);
    let listed = ask(&registry, &table, json!({ "op": "list", "decisions": decisions }));
    assert_eq!(listed["total"], 3);
    let split = ask(&registry, &table, json!({ "op": "show", "id": "kiev-oblast", "decisions": decisions }));
    assert_eq!((&split["mentions"], &split["name"]), (&json!(1), &json!("Kiev")));
    let kept = ask(&registry, &table, json!({ "op": "show", "id": "UA-capital", "decisions": decisions }));
    assert_eq!(kept["forms"], json!([{ "text": "Kyiv", "count": 1 }]));
    let plain = ask(&registry, &table, json!({ "op": "show", "id": "UA-capital" }));
    assert_eq!(plain["mentions"], 2);
}

#[test]
fn entities_are_listed_by_parts_of_names_and_ids() {
    let (registry, table) = filled();
    let decisions = json!({ "rename": [{ "entity": "per:ada-blom", "name": "Dr Flower" }] });
    let listed = |question: Value| {
        let mut question = question;
        question["op"] = json!("list");
        question["decisions"] = decisions.clone();
        let answer = ask(&registry, &table, question);
        let ids = answer["entities"].as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id"));
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed(json!({ "query": "DA BL" })), ["per:ada-blom", "per:adda-blom"], "across words");
    assert_eq!(listed(json!({ "query": " r-flow" })), ["per:ada-blom"], "as the user calls it");
    assert_eq!(listed(json!({ "query": "a-Cap" })), ["UA-capital"], "by its id");
    assert_eq!(listed(json!({ "queries": ["kie", "adda"] })), ["UA-capital", "per:adda-blom"], "any of them");
    assert_eq!(listed(json!({ "query": "blom", "type": "LOC" })), Vec::<String>::new());
    assert_eq!(listed(json!({ "query": "nobody" })), Vec::<String>::new());
    assert_eq!(listed(json!({ "query": " " })).len(), 3, "nothing is wanted: all");
}

#[test]
fn a_name_is_split_off_whatever_it_was_merged_into() {
    let (registry, table) = filled();
    let decisions = json!({
        "merge": [{ "into": "per:ada-blom", "from": ["per:adda-blom"] }],
        "split": [
            { "entity": "per:ada-blom", "forms": ["Adda Blom"], "to": "per:ada-blom~adda-blom" },
            { "entity": "UA-capital", "forms": ["Kiev"], "to": "kiev-oblast" },
        ],
    });
    for (name, id, mentions) in
        [("Adda Blom", "per:ada-blom~adda-blom", 1), ("ada blom", "per:ada-blom", 2), ("kiev", "kiev-oblast", 1)]
    {
        let answer = ask(&registry, &table, json!({ "op": "resolve", "name": name, "decisions": decisions }));
        let candidates = answer["candidates"].as_array().expect("candidates");
        assert_eq!((candidates.len(), &candidates[0]["id"]), (1, &json!(id)), "{name}: {answer}");
        assert_eq!(candidates[0]["mentions"], mentions, "{name}: {answer}");
    }
}

#[test]
fn the_first_of_merged_entities_gives_the_name() {
    let (registry, table) = filled();
    for (into, from, name) in
        [("per:ada-blom", "per:adda-blom", "Ada Blom"), ("per:adda-blom", "per:ada-blom", "Adda Blom")]
    {
        let decisions = json!({ "merge": [{ "into": into, "from": [from] }] });
        let shown = ask(&registry, &table, json!({ "op": "show", "id": from, "decisions": decisions }));
        assert_eq!((&shown["id"], &shown["name"], &shown["mentions"]), (&json!(into), &json!(name), &json!(3)));
    }
}

#[test]
fn doubtful_pairs_are_suggested_until_decided() {
    let (registry, table) = filled();
    let pairs = ask(&registry, &table, json!({ "op": "suggest" }));
    assert_eq!(pairs["suggestions"][0]["into"], "per:ada-blom");
    assert_eq!(pairs["suggestions"][0]["from"], "per:adda-blom");
    let decisions = json!({ "never": [["per:adda-blom", "per:ada-blom"]] });
    let pairs = ask(&registry, &table, json!({ "op": "suggest", "decisions": decisions }));
    assert_eq!(pairs["suggestions"], json!([]));
    assert!(registry.answer(&json!({ "op": "dance" }), &table).is_err());
}

/// Any number of names, no two of them alike, of about this many bytes each.
fn names(count: usize, bytes: usize) -> Vec<String> {
    (0..count).map(|number| format!("Ada {}{number}", "x".repeat(bytes.saturating_sub(8)))).collect()
}

#[test]
fn a_document_that_names_thousands_is_taken_in_and_let_go_again() {
    let (registry, before) = filled();
    let mut table = before.clone();
    let names = names(9_000, 40);
    let people: Vec<(EntityType, &str, Option<&str>)> = names.iter().map(|name| (PER, name.as_str(), None)).collect();
    registry.apply(&[open(3, view(3, day(9), &people))], &mut table).expect("applies");
    let listed = ask(&registry, &table, json!({"op": "list", "limit": 1}));
    assert_eq!(listed["total"], 9_000 + 3);
    registry.apply(&[open(3, view(3, day(9), &people[..1]))], &mut table).expect("applies");
    registry.apply(&[open(3, view(3, day(9), &[]))], &mut table).expect("applies");
    let gone = Change { opened: None, ..open(3, view(3, day(9), &[])) };
    registry.apply(&[gone], &mut table).expect("applies");
    assert_eq!(table, before, "nothing of it is left");
}

#[test]
fn an_entity_of_a_century_and_a_name_that_thousands_bear_are_kept_whole() {
    /// So many days, and so many ids, are larger than a value of a table.
    const DOCUMENTS: usize = 22_500;
    let (registry, mut table) = (registry(), MemoryTable::default());
    let months = (1920..2010).flat_map(|year| (1..=12).map(move |month| (year, month)));
    let days = months.flat_map(|(year, month)| (1..=28).map(move |day| Date::new(year, month, day).expect("a day")));
    // All of them are also called Ada, and each is somebody else.
    let named = names(DOCUMENTS, 20);
    let changes: Vec<Change> = (1..)
        .zip(days.zip(&named))
        .map(|(document, (day, name))| {
            let people = [(PER, name.as_str(), None), (EntityType::Org, "League", Some("league")), (PER, "Ada", None)];
            let mut view = view(document, day, &people);
            let mut layer = view.layer::<EntityLayer>().expect("decodes").expect("is there").as_ref().clone();
            layer.mentions[2].entity = 0;
            layer.entities.pop();
            view.layers[0] = LayerSpec::of::<EntityLayer>().encode(&layer).expect("encodes");
            open(document, view)
        })
        .collect();
    assert_eq!(changes.len(), DOCUMENTS);
    for some in changes.chunks(5_000) {
        registry.apply(some, &mut table).expect("applies");
    }
    let league = ask(&registry, &table, json!({"op": "show", "id": "league"}));
    assert_eq!(league["documents"], DOCUMENTS, "{:.200}", league.to_string());
    let adas = ask(&registry, &table, json!({"op": "resolve", "name": "Ada", "limit": DOCUMENTS}));
    assert_eq!(adas["candidates"].as_array().map(Vec::len), Some(DOCUMENTS), "{:.200}", adas.to_string());
}
