//! The example `own_daemon`: a program with one more annotator and one more indexer, asked through the stock `dateline`;
//! and the indexer by itself, against a plain model, with changes that come twice and commits that are lost. And a
//! program in Python as a processor, asked when nothing runs.

#[path = "../crates/dateline/examples/own_daemon/co_mentions.rs"]
#[allow(unreachable_pub, missing_docs, reason = "it is a part of a program")]
mod co_mentions;
mod harness;

use co_mentions::{CoMentions, CoMentionsConfig};
use dateline_processor::core::layers::{Entity, EntityLayer, EntityType};
use dateline_processor::core::{ContentHash, DocumentId, Metadata, Origin, Revision, Sequence, SourcePath, Timestamp};
use dateline_processor::{
    BuildIndexer, Change, IndexError, Indexer, IndexerHome, LayerSpec, Resources, RevisionView, Table,
};
use harness::Lab;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

/// The example beside the test binaries. `cargo test --workspace` builds it.
fn own_daemon() -> PathBuf {
    let tests = std::env::current_exe().expect("has a path");
    let path = tests.parent().and_then(|deps| deps.parent()).expect("is in deps").join("examples/own_daemon");
    assert!(path.is_file(), "`{}` is missing: cargo build --package dateline --example own_daemon", path.display());
    path
}

fn fill(lab: &Lab) {
    lab.write("a.txt", " date 2021-06-16 Joe Biden and Vladimir Putin met in Geneva. It cost $3.5 million.\n");
    lab.write("b.txt", " date 2021-06-17 Joe Biden left Geneva. Vladimir Putin spoke in Moscow.\n");
    lab.write("c.txt", " date 2021-06-18 Angela Merkel asked Joe Biden for €200.\n");
}

fn pairs(lab: &Lab) -> Value {
    lab.ask(&["ask", "co-mentions", r#"{"limit": 100}"#]).remove(0)
}

#[test]
fn a_daemon_of_ones_own_is_asked_through_the_stock_client() {
    let lab = Lab::with_daemon(own_daemon());
    fill(&lab);
    lab.once();
    assert_eq!(lab.search("amount:>=1000000"), ["a.txt"]);
    assert_eq!(lab.search("amount:200"), ["c.txt"]);
    let layer = lab.ask(&["show", "a.txt", "--layer", "org.example.amount"]).remove(0);
    assert!(layer.to_string().contains("3500000"), "{layer}");
    let with = lab.ask(&["ask", "co-mentions", "\"Joe Biden\""]).remove(0);
    assert_eq!(with["pairs"][0]["documents"], 2, "{with}");
    let bad = lab.dateline(&["ask", "co-mentions", r#"{"whom": 1}"#]);
    assert!(bad.code() == 2 && bad.stderr.contains("expected"), "{}", bad.stderr);

    // Counts follow what documents say now, and a rebuild gives the same.
    lab.remove("b.txt");
    lab.write("c.txt", " date 2021-06-18 Angela Merkel asked nobody.\n");
    lab.once();
    let before = pairs(&lab);
    assert!(!before.to_string().contains("Merkel"), "{before}");
    assert_eq!(lab.run_datelined(&["rebuild"]).code(), 0);
    assert_eq!(pairs(&lab), before);
}

#[test]
fn a_kill_between_commits_neither_loses_nor_doubles_a_count() {
    let clean = Lab::with_daemon(own_daemon());
    fill(&clean);
    clean.once();
    let expected = pairs(&clean);
    for point in ["after-history-sync:1", "after-table:1", "after-table:2"] {
        let lab = Lab::with_daemon(own_daemon());
        fill(&lab);
        let killed = lab.run_with(&["once"], &[("DATELINE_TEST_FAULT", point)]);
        assert_eq!(killed.status.signal(), Some(9), "no kill at {point}: {}", killed.stderr);
        lab.once();
        assert_eq!(pairs(&lab), expected, "{point}");
    }
}

#[test]
fn what_a_program_gave_is_answered_and_verified_when_nothing_runs() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        println!("not checked: there is no python3 here");
        return;
    }
    let lab = Lab::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dateline-worker/examples/shouting.py");
    let config = lab.directory().join("shouting.toml");
    let program = format!("[[processor.exec]]\nname = \"shouting\"\ncommand = [\"python3\", \"{script}\"]\n");
    std::fs::write(&config, program).expect("config is written");
    let config = config.to_str().expect("is UTF-8");
    lab.write("a.txt", "NATO and UNESCO met.\n");
    lab.write("b.txt", "Nobody met.\n");
    let once = lab.run_datelined(&["once", "--config", config]);
    assert!(once.status.success(), "{}", once.stderr);
    let hits = lab.ask(&["search", "shouted:2", "--config", config]);
    assert_eq!(hits.len(), 1, "{hits:?}");
    let shown = lab.ask(&["show", "a.txt", "--layer", "org.example.shouting", "--config", config]);
    assert_eq!(shown[0]["layers"]["org.example.shouting"][1]["end"], 15, "{shown:?}");
    let verified = lab.run_datelined(&["verify", "--config", config]);
    assert_eq!(verified.code(), 0, "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn a_sample_says_what_another_configuration_would_change() {
    let lab = Lab::new();
    lab.write("a.txt", "\"We won,\" said Joe Biden. \"At last.\"\n");
    lab.write("b.txt", "Joe Biden groused \"never\".\n");
    lab.once();
    let root = lab.root();
    let root = ["--root", root.to_str().expect("is UTF-8")];
    let same = lab.run_datelined(&["try", "--sample", "5", root[0], root[1]]);
    assert_eq!(same.code(), 0, "{}", same.stderr);
    assert!(same.stdout.contains("2 documents compared"), "{}", same.stdout);
    assert!(same.stdout.contains("org.dateline.quote: 2 the same, 0 differ (+0 -0)"), "{}", same.stdout);
    let config = lab.directory().join("new.toml");
    std::fs::write(&config, "[processor.quotes]\nverbs = [\"grouse\"]\n").expect("config is written");
    let config = config.to_str().expect("is UTF-8");
    let other = lab.run_datelined(&["try", "--sample", "5", "--config", config, "--processor", "quotes"]);
    assert_eq!(other.code(), 0, "{}", other.stderr);
    assert!(other.stdout.contains("org.dateline.quote: 1 the same, 1 differ (+1 -1)"), "{}", other.stdout);
    assert!(other.stdout.contains("b.txt") && other.stdout.contains("\"cue\":{"), "{}", other.stdout);
}

#[test]
fn quotations_are_asked_for_by_speaker() {
    let lab = Lab::new();
    lab.write("a.txt", " date 2021-06-16 \"We won,\" said Joe Biden. Angela Merkel called it \"a start\".\n");
    lab.once();
    let said = lab.ask(&["quotes", "--by", "Joe Biden"]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(
        (&said[0]["text"], &said[0]["cue"], &said[0]["line"]),
        (&json!("\"We won,\""), &json!("said"), &json!(1))
    );
    assert_eq!(lab.ask(&["quotes", "start"])[0]["speaker"], "Angela Merkel");
    assert_eq!(lab.ask(&["quotes"]).len(), 2);
    assert!(lab.ask(&["quotes", "--by", "Nobody Known"]).is_empty());
}

/// A table of which everything since the last commit can be lost.
#[derive(Default)]
struct Memory {
    now: BTreeMap<Vec<u8>, Vec<u8>>,
    committed: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Table for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.now.get(key).cloned())
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), IndexError> {
        self.now.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError> {
        self.now.remove(key);
        Ok(())
    }

    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        for (key, value) in self.now.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix)) {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}

fn view(document: u64, names: &[&str]) -> RevisionView {
    let entity = |name: &&str| Entity { kind: EntityType::Per, name: (*name).to_owned(), reference: None };
    let layer = EntityLayer { mentions: Vec::new(), entities: names.iter().map(entity).collect() };
    RevisionView {
        document: DocumentId(document),
        revision: Revision(1),
        path: SourcePath::new("a.txt"),
        part: "1".to_owned(),
        title: None,
        text: "".into(),
        marks: Vec::new(),
        metadata: Metadata::default(),
        origin: Origin::default(),
        content: ContentHash::of(b""),
        seen_from: Timestamp::default(),
        seen_to: None,
        layers: vec![LayerSpec::of::<EntityLayer>().encode(&layer).expect("encodes")],
        facets: Vec::new(),
    }
}

fn co_mentions() -> CoMentions {
    let home = IndexerHome { directory: PathBuf::new() };
    CoMentions::build(CoMentionsConfig::default(), &Resources::default(), &home).expect("builds")
}

/// What the documents say, counted plainly.
fn model(documents: &BTreeMap<u64, Vec<&str>>) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for names in documents.values() {
        for one in names {
            for other in names.iter().filter(|other| *other > one) {
                *counts.entry(((*one).to_owned(), (*other).to_owned())).or_default() += 1;
            }
        }
    }
    counts
}

#[test]
fn counts_are_what_a_plain_model_says() {
    const NAMES: [&str; 5] = ["Ann", "Bob", "Cyd", "Dee", "Eve"];
    let mut random = 12_345_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (mut indexer, mut table) = (co_mentions(), Memory::default());
    let mut documents: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    let mut log: Vec<Change> = Vec::new();
    let mut committed = 0;
    for step in 1..=600 {
        let document = next(12);
        let closed = documents.remove(&document).map(|names| view(document, &names));
        let names: Vec<&str> = NAMES.into_iter().filter(|_| next(2) == 0).collect();
        let opened = (next(4) > 0).then(|| view(document, &names));
        if opened.is_some() {
            documents.insert(document, names);
        }
        log.push(Change { sequence: Sequence(step), document: DocumentId(document), opened, closed });
        match next(6) {
            // Applied and lost before its commit: everything since the last commit comes again.
            0 => {
                indexer.apply(&log[committed..], &mut table).expect("applies");
                table.now = table.committed.clone();
                indexer = co_mentions();
            }
            // Applied, and a change that came already comes once more.
            1 => {
                indexer.apply(&log[committed..], &mut table).expect("applies");
                indexer.apply(&log[log.len() - 1..], &mut table).expect("applies");
                (table.committed, committed) = (table.now.clone(), log.len());
            }
            2 | 3 => {
                indexer.apply(&log[committed..], &mut table).expect("applies");
                (table.committed, committed) = (table.now.clone(), log.len());
            }
            _ => {}
        }
    }
    indexer.apply(&log[committed..], &mut table).expect("applies");
    let answer = indexer.answer(&json!({"limit": 1000}), &table).expect("answers");
    let counted = answer["pairs"].as_array().expect("is a list").iter().map(|pair| {
        let name = |at: usize| pair["entities"][at].as_str().expect("is a name").to_owned();
        ((name(0), name(1)), pair["documents"].as_u64().expect("is a number"))
    });
    let expected = model(&documents);
    assert!(!expected.is_empty());
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), expected);
    indexer.clear(&mut table).expect("clears");
    assert!(table.now.is_empty());
}
