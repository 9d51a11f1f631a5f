//! The files that the program prints of itself are as it prints them now (`cargo xtask codegen` writes them anew), and
//! what its commands print is what the published schema says.
#![allow(missing_docs)]

mod harness;

use harness::{Lab, annotate, schema};
use serde_json::json;
use std::collections::BTreeSet;
use std::process::Command;

fn check(path: &str, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_datelined")).args(arguments).output().expect("datelined starts");
    let printed = String::from_utf8(output.stdout).expect("is UTF-8");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../").to_owned() + path;
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == printed, "`{path}` is not up to date: run `cargo xtask codegen`");
}

#[test]
fn the_sample_configuration_is_fresh() {
    check("config/dateline.toml", &["config", "default"]);
}

#[test]
fn the_page_of_processors_is_fresh() {
    check("crates/dateline/PROCESSORS.md", &["config", "reference"]);
}

#[test]
fn the_schema_of_the_configuration_is_fresh() {
    check("config/schema.json", &["config", "schema"]);
}

/// Two reports of one event that cannot both be right, two spellings of a name, a page without a date, and a record that
/// cannot be read.
fn fill(lab: &Lab) {
    let report = |day: u32, toll: u32| {
        format!(
            " date 2022-04-0{day} The ferry Astrid sank off Malmo on Monday after a fire in her engine room.\n\n\
             Rescue workers in Malmo said on Monday that {toll} passengers of the ferry Astrid were killed in the fire.\n\n\
             \"We did what we could,\" said Bo Lind, who led the rescue of the ferry Astrid from the port of Malmo.\n"
        )
    };
    lab.write("first.txt", report(4, 12));
    lab.write("second.txt", report(5, 19));
    lab.write("copy.txt", report(4, 12));
    lab.write("port.txt", "Karin Lindqvist, who runs the port, spoke on Monday. Then Karin Lindqvist left.\n");
    lab.write("bridge.txt", "The minister, Karen Lindqvist, opened the bridge. Karen Lindqvist said it was late.\n");
    lab.write("page.txt", "Nobody knows who wrote this, or what came on 03/04/2022.\n");
    let other = format!("root = {:?}\n[processor.dating]\nnumeric-order = \"day-first\"\n", lab.root());
    std::fs::write(lab.directory().join("other.toml"), other).expect("written");
    lab.write("notes.jsonl", "{\"id\": \"a\", \"text\": \"Ferries sail.\"}\n{\"id\": \"b\", \"text\":\n");
}

#[test]
fn what_every_command_prints_fits_the_published_schema() {
    let lab = Lab::new();
    fill(&lab);
    let daemon = lab.start();
    lab.wait();
    let file = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    let (backup, page) = (file(lab.directory().join("backup")), file(lab.root().join("page.txt")));
    let mut covered = BTreeSet::new();
    // `Lab::ask` compares each line with the schema.
    let mut silent = Vec::new();
    let mut ask = |arguments: &[&str]| {
        if lab.ask(arguments).is_empty() {
            silent.push(arguments.join(" "));
        }
        covered.extend(schema::entry_of(arguments));
    };
    for arguments in COMMANDS {
        ask(arguments);
    }
    ask(&["backup", &backup]);
    ask(&["try", &page]);
    lab.write("first.txt", " date 2022-04-04 Nothing is left of it.\n");
    lab.wait();
    ask(&["show", "first.txt", "--revision", "2", "--diff", "1"]);
    lab.remove("first.txt");
    lab.wait();
    ask(&["tail", "--from-sequence", "0", "--no-follow"]);
    ask(&["status"]);
    assert_eq!(silent, Vec::<String>::new(), "each prints something");
    assert!(daemon.stop().success());
    covered.extend(without_a_daemon(&lab));
    let all: BTreeSet<&str> = schema::entries().collect();
    assert_eq!(covered, all, "every part of the schema is looked at");
}

/// Commands over the files of [`fill`].
const COMMANDS: &[&[&str]] = &[
    &["ask", "index", r#"{"words": ["ferry"]}"#],
    &["ask", "registry", r#"{"op": "list"}"#],
    &["config"],
    &["conflicts"],
    &["date", "first.txt"],
    &["date", "set", "page.txt", "2022-04"],
    &["date", "unset", "page.txt"],
    &["doctor"],
    &["entities", "list"],
    &["entities", "show", "Bo Lind"],
    &["entities", "suggest"],
    &["entities", "merge", "Karin Lindqvist", "Karen Lindqvist"],
    &["entities", "decisions"],
    &["explain", "first.txt"],
    &["explain", "first.txt", "dating"],
    &["explain", "first.txt", "0..40"],
    &["export", "--what", "documents"],
    &["export", "--what", "entities"],
    &["export", "--what", "timexes"],
    &["failures"],
    &["on", "2022-04-04"],
    &["plan", "--new", "other.toml"],
    &["quotes"],
    &["rescan"],
    &["rescan", "--wait"],
    &["retry"],
    &["search", "ferry"],
    &["search", "ferry", "--paths"],
    &["show", "first.txt"],
    &["show", "first.txt", "--layer", "*"],
    &["similar", "first.txt", "--diff"],
    &["timeline", "ferry"],
    &["undated"],
    &["who", "ferry"],
    &["why", "first.txt"],
    &["why", "absent.txt"],
];

/// What is printed without asking anybody; gives the names it has in the schema.
fn without_a_daemon(lab: &Lab) -> [&'static str; 5] {
    let check = |entry: &'static str, line: &serde_json::Value| {
        assert_eq!(schema::check(entry, line).err(), None, "{line}");
        entry
    };
    let line = json!({"id": 1, "text": "Bo Lind left Malmo on Monday.", "dct": "2022-04-05"});
    let lines = annotate(&[line.clone(), json!({"id": 2})]).json();
    let ran = lab.dateline(&["try", "--sample", "9", "--config", "other.toml", "--json"]);
    let sample = ran.json();
    let (last, differences) = sample.split_last().unwrap_or_else(|| panic!("no figures: {}", ran.stderr));
    for difference in differences {
        check("try --sample", difference);
    }
    [
        check("annotate (input)", &line),
        check("annotate", &lines[0]),
        check("annotate (bad line)", &lines[1]),
        check("try --sample", differences.first().expect("other options, other dates")),
        check("try --sample (last line)", last),
    ]
}
