//! A file's life, seen through the binaries: dropped, found, changed, renamed, deleted, brought back.

mod harness;

use harness::{Lab, Numbers, annotate};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

const SUMMIT: &str = " date 2021-06-16 Joe Biden and Vladimir Putin met in Geneva on Wednesday.\n\n\
    The two presidents talked for about three hours at a villa by the lake, and agreed to send their ambassadors back.\n";
const BRIDGE: &str =
    "The old bridge at Konitsa was closed for repairs.\n\nIt will open again next month, the mayor said.\n";

#[test]
fn a_name_that_says_otherwise_how_to_read_a_file_has_it_read_again() {
    let lab = Lab::new();
    lab.write("a.txt", "The ferry to Chios was late.\n");
    lab.write("b.txt", "# The harbour\n\nThe harbour of *Chios* was dredged.\n");
    let daemon = lab.start();
    lab.wait();
    let document = lab.ask(&["show", "b.txt"])[0]["document"].clone();
    lab.rename("a.txt", "a.jsonl");
    lab.rename("b.txt", "b.md");
    lab.wait();
    assert!(lab.search("ferry").is_empty(), "a line of JSON it is not");
    assert_eq!(lab.ask(&["failures"]).len(), 1);
    let shown = lab.ask(&["show", "b.md"]).remove(0);
    assert_eq!((&shown["document"], &shown["title"]), (&document, &"The harbour".into()), "{shown}");
    lab.rename("a.jsonl", "c.txt");
    lab.wait();
    assert_eq!(lab.search("ferry"), ["c.txt"], "{:?}", lab.ask(&["failures"]));
    assert!(lab.ask(&["failures"]).is_empty());
    assert!(daemon.stop().success());
    lab.assert_verified("after renames");
}

#[test]
fn another_time_of_a_file_is_another_date_of_an_undated_text() {
    let lab = Lab::new();
    lab.write("a.txt", "The ferry to Chios was late yesterday.\n");
    let daemon = lab.start();
    lab.wait();
    let file = std::fs::File::options().append(true).open(lab.root().join("a.txt")).expect("is opened");
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    file.set_modified(long_ago).expect("time is set");
    lab.wait();
    assert!(daemon.stop().success());
    lab.assert_verified("after a touch");
    assert_eq!(lab.ask(&["show", "a.txt"])[0]["revision"], 1, "the text is the same");
}

#[test]
fn what_failed_is_tried_again_under_other_limits() {
    let lab = Lab::new();
    lab.write("large.txt", "The ferry to Chios was late again.\n".repeat(100));
    lab.write("lines.jsonl", "{\"text\": \"The harbour was dredged.\"}\n{\"text\":\n");
    lab.configure("[watch]\nfile-size-max = \"1KiB\"\n");
    lab.once();
    assert_eq!((lab.search("ferry").len(), lab.ask(&["failures"]).len()), (0, 2));
    lab.configure("[watch]\nfile-size-max = \"1MiB\"\n");
    lab.once();
    assert_eq!((lab.search("ferry").len(), lab.ask(&["failures"]).len()), (1, 1));
    lab.assert_verified("after a larger limit");
}

#[test]
fn a_folder_that_is_gone_is_waited_for_when_the_daemon_begins_anew() {
    let lab = Lab::new();
    lab.write("a.txt", "The ferry to Chios was late.\n");
    let daemon = lab.start();
    lab.wait();
    let until_missing = |told: &str| {
        let began = Instant::now();
        let is_missing = || lab.dateline(&["status", "--json"]).stdout.contains("\"root-missing\"");
        while !(lab.log().contains(told) && is_missing()) {
            assert!(began.elapsed() < harness::STEP_MAX, "never missing: {}", lab.log());
        }
    };
    let aside = lab.directory().join("aside");
    std::fs::rename(lab.root(), &aside).expect("is moved");
    lab.configure("[processor.dating]\nearliest-year = 1500\n");
    daemon.signal(Signal::HUP);
    until_missing("beginning anew");
    assert!(daemon.stop().success(), "a reload without the folder: {}", lab.log());
    let daemon = lab.start();
    until_missing("");
    assert_eq!(lab.search("ferry"), ["a.txt"], "what is known is answered");
    std::fs::write(aside.join("b.txt"), "The ferry to Samos was early.\n").expect("is written");
    std::fs::rename(&aside, lab.root()).expect("is moved back");
    lab.wait();
    assert_eq!(lab.search("ferry").len(), 2, "{}", lab.log());
    assert!(daemon.stop().success(), "{}", lab.log());
    lab.assert_verified("after the folder came back");
}

#[test]
fn answers_follow_a_file_through_its_life() {
    let lab = Lab::new();
    let daemon = lab.start();
    lab.write("summit.txt", SUMMIT);
    lab.write("deep/er/bridge.txt", BRIDGE);
    lab.wait();
    assert_eq!(lab.search("ambassadors"), ["summit.txt"]);
    assert_eq!(lab.search("bridge"), ["deep/er/bridge.txt"]);

    lab.write("summit.txt", SUMMIT.replace("villa", "palace"));
    lab.wait();
    assert_eq!(lab.search("palace"), ["summit.txt"]);
    assert!(lab.search("villa").is_empty(), "the superseded text is not found");

    let before = lab.ask(&["search", "palace"])[0]["document"].clone();
    lab.rename("summit.txt", "geneva.txt");
    lab.wait();
    let after = lab.ask(&["search", "palace"]);
    assert_eq!(
        (&after[0]["path"], &after[0]["document"]),
        (&json!("geneva.txt"), &before),
        "a rename keeps the document"
    );

    lab.remove("geneva.txt");
    lab.wait();
    assert!(lab.search("palace").is_empty());
    let gone = lab.ask(&["show", "geneva"]);
    assert_eq!((&gone[0]["document"], &gone[0]["deleted"]), (&before, &json!(true)), "its path still shows it");
    let beyond = lab.dateline(&["show", "bridge", "--at", "900"]);
    assert_eq!(beyond.code(), 1, "{}", beyond.stderr);
    assert!(beyond.stderr.contains("it stands on line"), "{}", beyond.stderr);
    lab.write("geneva.txt", SUMMIT.replace("villa", "palace"));
    lab.wait();
    let again = lab.ask(&["search", "palace"]);
    assert_eq!(again[0]["document"], before, "content that comes back reopens its document");
    assert!(daemon.stop().success());
    assert_eq!(lab.search("palace"), ["geneva.txt"], "and it is found without a daemon too");
}

/// Starts a command that follows what happens, and what it prints.
fn follow(lab: &Lab, arguments: &[&str]) -> (Child, Receiver<Value>) {
    let mut command = lab.dateline_command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dateline starts");
    let (sender, items) = std::sync::mpsc::channel();
    let out = std::io::BufReader::new(child.stdout.take().expect("is piped"));
    let mut told = out.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line).expect("is JSON"));
    std::thread::spawn(move || told.all(|item| sender.send(item).is_ok()));
    (child, items)
}

/// The next that is told; `None` when nothing more will be.
fn next_of(items: &Receiver<Value>) -> Option<Value> {
    match items.recv_timeout(Duration::from_secs(60)) {
        Ok(item) => Some(item),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("nothing is told"),
    }
}

fn path_of(item: &Value) -> String {
    item["path"].as_str().expect("has a path").to_owned()
}

#[test]
fn an_alert_tells_of_what_matches_for_the_first_time() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit.\n");
    lab.write("b.txt", "The harbour was dredged.\n");
    let daemon = lab.start();
    lab.wait();
    let before = lab.status()["sequence"].to_string();
    lab.write("a.txt", "The lighthouse was lit again.\n");
    lab.write("b.txt", "The harbour has a lighthouse now.\n");
    lab.write("c.txt", "Ships see the lighthouse from afar.\n");
    lab.wait();
    let told = lab.directory().join("told");
    let line = format!("cat >> '{}'", told.display());
    let arguments = ["alert", "lighthouse", "--json", "--from-sequence", &before, "--exec", "sh", "-c", &line];
    let (alert, items) = follow(&lab, &arguments);
    let next = || path_of(&next_of(&items).expect("a document is told of"));
    let mut first = [next(), next()];
    first.sort();
    assert_eq!(first, ["b.txt", "c.txt"], "a.txt matched before");
    lab.write("b.txt", "The harbour has a lighthouse still.\n");
    lab.write("d.txt", "Another lighthouse.\n");
    assert_eq!(next(), "d.txt", "b.txt was told of");
    lab.wait();
    let last = lab.ask(&["tail", "lighthouse", "--from-sequence", &before, "--no-follow"]);
    assert!(daemon.stop().success());
    let output = alert.wait_with_output().expect("alert ends");
    let (code, message) = (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("`--from-sequence "), "{message}");
    assert_eq!(std::fs::read_to_string(told).expect("was run").lines().count(), 3);
    // The change log answers without a daemon too; whoever only follows hears of changed documents as well.
    let again = lab.ask(&["tail", "lighthouse", "--from-sequence", &before, "--no-follow"]);
    assert_eq!(again, last);
    assert!(again.iter().any(|item| item["path"] == "a.txt"), "{again:?}");
}

#[test]
fn a_line_is_cited_whatever_the_encoding_of_its_file() {
    let lab = Lab::new();
    let article =
        "Caf\u{e9} owners met on the quay.\n\nNothing was said there.\n\nThe lighthouse was painted in M\u{e1}laga.\n";
    let latin: Vec<u8> = article.chars().map(|letter| u8::try_from(u32::from(letter)).expect("is Latin")).collect();
    let utf16 =
        |text: &str| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    lab.write("latin.txt", &latin);
    lab.write("latin.md", &latin);
    lab.write("utf16.txt", utf16(article));
    lab.write("utf8.txt", article);
    // Behind front matter, and behind the headers of mails.
    lab.write("front.md", [b"---\ntitle: The quay\n---\n".as_slice(), &latin].concat());
    let headers = "From: ann@tide.example\nSubject: The quay\nContent-Type: text/plain; charset=utf-8\n\n";
    lab.write("mail.eml", format!("{headers}{article}"));
    lab.write("crlf.eml", format!("{headers}{article}").replace('\n', "\r\n"));
    lab.write("box.mbox", format!("From ann\n{headers}Nothing.\n\nFrom bo\n{headers}{article}"));
    lab.once();
    let mut cited: Vec<String> = lab
        .ask(&["search", "lighthouse"])
        .iter()
        .map(|hit| format!("{}:{}", hit["path"].as_str().unwrap_or_default(), hit["line"]))
        .collect();
    cited.sort();
    assert_eq!(
        cited,
        [
            "box.mbox:17",
            "crlf.eml:9",
            "front.md:8",
            "latin.md:5",
            "latin.txt:5",
            "mail.eml:9",
            "utf16.txt:5",
            "utf8.txt:5"
        ]
    );
    for path in ["latin.txt", "latin.md", "utf16.txt"] {
        let shown = lab.dateline(&["show", path, "--at", "3"]);
        assert_eq!(shown.code(), 0, "{}", shown.stderr);
        let third = shown.stdout.lines().find(|line| line.starts_with('>')).unwrap_or_default();
        assert!(third.contains("3  Nothing was said there."), "{}", shown.stdout);
        assert_eq!(lab.dateline(&["show", path, "--at", "6"]).code(), 1, "there are five lines");
        let shown = &lab.ask(&["show", path])[0];
        assert_eq!((&shown["line"], &shown["has_lines"]), (&json!(1), &json!(true)));
    }
}

#[test]
fn paths_alone_are_as_many_as_were_asked_for() {
    let lab = Lab::new();
    let record = |number: usize| format!("{{\"id\": \"r{number}\", \"text\": \"The lighthouse, the lighthouse.\"}}\n");
    lab.write("many.jsonl", (0..150).map(record).collect::<String>());
    lab.write("more.jsonl", (0..150).map(record).collect::<String>());
    lab.write("long.txt", "A lighthouse stands where the old road leaves the town, and nobody has ever lit it.\n");
    lab.once();
    let paths = |arguments: &[&str]| -> Vec<String> {
        let listed = lab.dateline(&[&["search", "lighthouse", "-l"], arguments].concat()).stdout;
        listed.lines().map(str::to_owned).collect()
    };
    let all = paths(&["-n", "3"]);
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{all:?}");
    assert_eq!(paths(&["-n", "10"]), all, "there are no more");
    assert_eq!(paths(&["-n", "2"]), all[..2]);
    assert_eq!(paths(&["-n", "1", "--offset", "2"]), all[2..], "what is left out are paths, too");
}

#[test]
fn documents_a_program_failed_on_are_counted_at_the_end() {
    let lab = Lab::new();
    let script = lab.directory().join("refuses.sh");
    let descriptor = r#"{"type":"descriptor","protocol":1,"version":1,"about":"refuses","reads":["text"],"assigns":[{"name":"org.example.none","schema":1}],"facets":[]}"#;
    let answers = [
        "read -r hello",
        &format!("echo '{descriptor}'"),
        "while read -r request; do",
        r#"id=${request##*'"id":'}; id=${id%%[!0-9]*}"#,
        r#"echo "{\"type\":\"error\",\"id\":$id,\"reason\":\"cannot\"}""#,
        "done",
    ];
    std::fs::write(&script, answers.join("\n")).expect("is written");
    // Programs are run only where the configuration was named by the user.
    let config = lab.directory().join("refuses.toml");
    let program = format!("[[processor.exec]]\nname = \"refuses\"\ncommand = [\"sh\", \"{}\"]\n", script.display());
    std::fs::write(&config, program).expect("config is written");
    let config = config.to_str().expect("is UTF-8");
    lab.write("a.txt", "The lighthouse was lit.\n");
    let once = lab.run_datelined(&["once", "--config", config]);
    assert!(once.status.success(), "{}", once.stderr);
    assert_eq!(lab.ask(&["status", "--config", config])[0]["failed"], 1, "{}", once.stderr);
    assert!(once.stderr.contains("\"failures\":1,"), "{}", once.stderr);
}

#[test]
fn an_alert_calls_nothing_new_because_it_was_annotated_again() {
    let lab = Lab::new();
    lab.write("a.txt", "The lighthouse was lit.\n");
    lab.write("b.txt", "The harbour was dredged.\n");
    let daemon = lab.start();
    lab.wait();
    let before = lab.status()["sequence"].to_string();
    lab.write("c.txt", "Ships see the lighthouse from afar.\n");
    lab.wait();
    // Only annotations change: of both the log speaks behind that place only.
    lab.ask(&["date", "set", "a.txt", "2020-02-02"]);
    lab.ask(&["date", "set", "c.txt", "2020-02-02"]);
    lab.wait();
    let log = lab.ask(&["tail", "lighthouse", "--from-sequence", &before, "--no-follow"]);
    assert!(log.iter().any(|item| item["path"] == "a.txt"), "its annotations are newer than that place: {log:?}");
    let (mut alert, items) = follow(&lab, &["alert", "lighthouse", "--json", "--from-sequence", &before]);
    let told = || next_of(&items).map(|item| path_of(&item));
    assert_eq!(told().as_deref(), Some("c.txt"), "a.txt matched before");
    lab.write("d.txt", "Another lighthouse.\n");
    assert_eq!(told().as_deref(), Some("d.txt"));
    assert!(daemon.stop().success());
    assert_eq!(told(), None);
    alert.wait().expect("alert ends");
}

#[test]
fn an_alert_from_inside_one_commit_tells_of_its_second_half() {
    let lab = Lab::new();
    // The records of one file come in one commit.
    let record = |name: &str| format!("{{\"id\": \"{name}\", \"text\": \"The lighthouse {name} was lit.\"}}\n");
    lab.write("many.jsonl", ["r1", "r2", "r3"].map(record).concat());
    let daemon = lab.start();
    lab.wait();
    let came = lab.ask(&["tail", "--from-sequence", "0", "--no-follow"]);
    let inside = came[1]["sequence"].to_string();
    assert!(came.len() == 3 && came.iter().all(|one| one["time"] == came[0]["time"]), "{came:?}");
    // The log speaks of the first one behind that place now.
    lab.ask(&["date", "set", "many.jsonl#r1", "2020-02-02"]);
    lab.wait();
    let (mut alert, items) = follow(&lab, &["alert", "lighthouse", "--json", "--from-sequence", &inside]);
    let told = || next_of(&items).map(|item| item["part"].as_str().unwrap_or_default().to_owned());
    assert_eq!(told().as_deref(), Some("r3"), "r1 and r2 matched before");
    lab.write("many.jsonl", ["r1", "r2", "r3", "r4"].map(record).concat());
    assert_eq!(told().as_deref(), Some("r4"));
    assert!(daemon.stop().success());
    assert_eq!(told(), None);
    alert.wait().expect("alert ends");
}

#[test]
fn whoever_follows_hears_what_happened_even_of_what_was_forgotten() {
    let lab = Lab::new();
    lab.configure("[store]\nretention = \"1s\"\n");
    let _daemon = lab.start();
    let (mut following, items) = follow(&lab, &["tail", "--json"]);
    let next = || {
        let item = next_of(&items).expect("a change is told of");
        (item["change"].to_string(), item["path"].to_string())
    };
    let told = |change: &str, path: &str| (format!("{change:?}"), format!("{path:?}"));
    // Whether it listens already is seen by what it hears.
    let began = Instant::now();
    let mut number = 0;
    while items.try_recv().is_err() {
        assert!(began.elapsed() < harness::STEP_MAX, "hears nothing");
        number += 1;
        lab.write(&format!("knock{number}.txt"), "Somebody knocks.\n");
        lab.wait();
    }
    lab.write("a.txt", "The lighthouse was lit.\n");
    while next() != told("added", "a.txt") {}
    lab.rename("a.txt", "b.txt");
    // Results that go by the place are made anew with it; the newest change of a revision is the one that is told.
    let moved = next();
    assert!([told("moved", "b.txt"), told("annotated", "b.txt")].contains(&moved), "{moved:?}");
    lab.write("b.txt", "The lighthouse is dark.\n");
    while next() != told("revised", "b.txt") {}
    // A name gives no date, and a decided one does: only annotations change.
    lab.ask(&["date", "set", "b.txt", "2020-02-02"]);
    assert_eq!(next(), told("annotated", "b.txt"));
    lab.remove("b.txt");
    assert_eq!(next(), told("deleted", "b.txt"));
    // Once its time is over all of it is forgotten, which is no news to anybody.
    let began = Instant::now();
    let all = || lab.ask(&["tail", "--from-sequence", "0", "--no-follow"]);
    while all().iter().any(|item| item["path"] == "b.txt") {
        assert!(began.elapsed() < harness::STEP_MAX, "never forgotten: {}", lab.log());
        lab.wait();
    }
    lab.write("c.txt", "The lighthouse was lit.\n");
    assert_eq!(next(), told("added", "c.txt"));
    drop((following.kill(), following.wait()));
}

#[test]
fn a_moved_in_tree_is_found_whole() {
    let lab = Lab::new();
    let _daemon = lab.start();
    let outside = lab.directory().join("outside/a/b/c");
    std::fs::create_dir_all(&outside).expect("tree is made");
    for number in 0..40 {
        std::fs::write(outside.join(format!("{number}.txt")), format!("Report {number} on the harvest.\n"))
            .expect("written");
    }
    std::fs::rename(lab.directory().join("outside"), lab.root().join("inside")).expect("tree is moved");
    lab.wait();
    let hits = lab.ask(&["search", "harvest", "--limit", "100"]);
    let mut expected: Vec<&str> = hits.iter().filter_map(|hit| hit["path"].as_str()).collect();
    assert_eq!(expected.len(), 40);
    let listed = lab.dateline(&["search", "harvest", "--paths", "--limit", "100"]).stdout;
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected, "paths alone are those of the hits");
}

#[test]
fn what_is_stored_is_what_annotate_gives() {
    let lab = Lab::new();
    lab.write("summit.txt", SUMMIT);
    lab.once();
    let shown = lab.ask(&["show", "summit.txt"]).remove(0);
    let filtered = annotate(&[json!({"id": "x", "text": SUMMIT, "path": "summit.txt"})]).json().remove(0);
    for layer in ["dct", "timex", "entities"] {
        assert_eq!(shown[layer], filtered[layer], "{layer}");
    }
    assert_eq!(filtered["dct"]["earliest"], "2021-06-16");
    let wednesday = &filtered["timex"][0];
    assert_eq!((&wednesday["text"], &wednesday["value"]), (&json!("Wednesday"), &json!("2021-06-16")));
}

#[test]
fn a_date_in_the_text_is_explained_by_rule_anchor_and_steps() {
    let lab = Lab::new();
    lab.write("summit.txt", SUMMIT);
    lab.once();
    let shown = lab.ask(&["show", "summit.txt"]).remove(0);
    let wednesday = &shown["timex"][0];
    let span = format!("{}..{}", wednesday["start"], wednesday["end"]);
    let explained = lab.ask(&["explain", "summit.txt", &span]).remove(0);
    let said: Vec<&str> =
        explained["steps"].as_array().expect("steps").iter().filter_map(|step| step["text"].as_str()).collect();
    let says = |words: &str| said.iter().any(|line| line.contains(words));
    assert!(says("is DATE 2021-06-16"), "{said:?}");
    assert!(says("rule `weekday` read weekday=3"), "{said:?}");
    assert!(says("counted from the document date 2021-06-16"), "{said:?}");
}

#[test]
fn an_undated_text_gets_no_false_certainty() {
    let lab = Lab::new();
    lab.write("bridge.txt", BRIDGE);
    lab.once();
    let shown = lab.ask(&["show", "bridge.txt"]).remove(0);
    assert_eq!(shown["dct"], json!(null));
    assert!(shown["timex"][0].get("earliest").is_none_or(serde_json::Value::is_null), "{}", shown["timex"]);
}

#[test]
fn what_an_undated_text_tells_of_as_past_bounds_its_date_and_no_search_rests_on_it() {
    let lab = Lab::new();
    lab.write("quay.txt", "The quay at Parga was rebuilt in March 2019.\n\nIt is long, the mayor said.\n");
    lab.once();
    let undated = lab.ask(&["undated"]).remove(0);
    let suggestion = &undated["suggestions"][0];
    assert_eq!(suggestion["date"]["earliest"], "2019-03-01", "{undated}");
    assert!(suggestion["reason"].as_str().is_some_and(|reason| reason.contains("March 2019")), "{undated}");
    let shown = lab.ask(&["date", "quay.txt"]).remove(0);
    assert_eq!((&shown["dct"], &shown["not_before"]), (&json!(null), &json!("2019-03-01")), "{shown}");
    assert_eq!(lab.ask(&["search", "quay"]).len(), 1);
    assert!(lab.ask(&["search", "quay date:2019-03"]).is_empty());
    assert!(lab.ask(&["search", "quay", "--as-of", "2100-01-01"]).is_empty());
}

#[test]
fn a_date_decided_while_nothing_runs_is_in_force_from_the_next_start() {
    let lab = Lab::new();
    lab.write("a.txt", "The ferry to Chios was lost on Monday.\n");
    lab.write("b.txt", "The ferry to Naxos was lost on Monday.\n");
    lab.once();
    assert_eq!(lab.dateline(&["date", "set", "a.txt", "2022-04-05"]).code(), 0);
    lab.once();
    assert_eq!(lab.search("mentions:2022-04-04"), ["a.txt"]);
    let daemon = lab.start();
    lab.wait();
    assert_eq!(lab.dateline(&["date", "set", "b.txt", "2022-04-06"]).code(), 0);
    lab.wait();
    assert!(daemon.stop().success());
    assert_eq!(lab.dateline(&["date", "unset", "a.txt"]).code(), 0);
    lab.once();
    assert_eq!(lab.search("mentions:2022-04-04"), ["b.txt"], "the decision is taken back");
    lab.assert_verified("after decisions");
}

#[test]
fn a_decision_written_by_hand_is_in_force_at_once() {
    let lab = Lab::new();
    for name in ["a.txt", "b.txt", "c.txt"] {
        lab.write(name, "The ferry was lost on Monday.\n");
    }
    lab.once();
    let of_c = lab.ask(&["show", "c.txt"]).remove(0)["document"].clone();
    let daemon = lab.start();
    let decide = |text: &str| std::fs::write(lab.state().join("decisions.toml"), text).expect("is written");
    let until = |done: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < harness::STEP_MAX, "{}", lab.log());
        }
    };
    let by_id = format!("[[date]]\ndocument = {of_c}\ndate = \"2022-04-05\"\n");
    decide(&format!("{by_id}[[date]]\npath = \"a.txt\"\ndate = \"2022-04-05\"\n"));
    until(&|| lab.search("mentions:2022-04-04").len() == 2);
    decide("[[date]]\npath = \"a.txt\"\ndate = \"some day\"\n");
    until(&|| lab.status()["notes"].to_string().contains("`date` of `date` is wrong"));
    assert_eq!(lab.search("mentions:2022-04-04").len(), 2, "what was decided before stays in force");
    // What the daemon has not seen yet is in force with the next decision.
    decide(&by_id);
    assert_eq!(lab.dateline(&["date", "set", "b.txt", "2022-04-05"]).code(), 0);
    lab.wait();
    let mut found = lab.search("mentions:2022-04-04");
    found.sort();
    assert_eq!(found, ["b.txt", "c.txt"]);
    assert!(!lab.status()["notes"].to_string().contains("decisions"), "{}", lab.status());
    assert!(daemon.stop().success());
    lab.assert_verified("after decisions by hand");
}

#[test]
fn an_unchanged_folder_writes_nothing() {
    let lab = Lab::new();
    for number in 0..30 {
        lab.write(&format!("{number}.txt"), format!("Note {number} about the ferry.\n"));
    }
    lab.once();
    let before = lab.status();
    assert_eq!((&before["documents"], &before["pending"], &before["failed"]), (&json!(30), &json!(0), &json!(0)));
    lab.once();
    let after = lab.status();
    assert_eq!(before["sequence"], after["sequence"]);
    assert_eq!(after["indexed_sequence"], after["sequence"]);
}

/// What of a folder would show that somebody wrote to it: names, inodes, sizes and times of change.
fn traces(directory: &Path) -> BTreeMap<PathBuf, (u64, u64, i64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        let data = std::fs::symlink_metadata(&path).expect("is there");
        if data.is_dir() {
            waiting.extend(std::fs::read_dir(&path).expect("is read").flatten().map(|entry| entry.path()));
        }
        found.insert(path, (data.ino(), data.size(), data.mtime(), data.ctime(), data.ctime_nsec()));
    }
    found
}

#[test]
fn the_folder_is_never_written_to() {
    let lab = Lab::new();
    lab.write("summit.txt", SUMMIT);
    lab.write("deep/er/bridge.txt", BRIDGE);
    lab.write("deep/paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
    let before = traces(&lab.root());
    let daemon = lab.start();
    lab.wait();
    lab.ask(&["retry"]);
    lab.wait();
    daemon.kill();
    lab.once();
    lab.assert_verified("an untouched folder");
    assert_eq!(lab.run_datelined(&["rebuild"]).code(), 0);
    assert_eq!(traces(&lab.root()), before);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_read_all_the_same() {
    let lab = Lab::new();
    lab.write("deep/bridge.txt", BRIDGE);
    let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(lab.root()).output();
    let bound = mount(&["--bind", lab.root().to_str().expect("is text")]);
    if !bound.is_ok_and(|output| output.status.success()) {
        println!("skipped, no mounting here");
        return;
    }
    let read_only = mount(&["-o", "remount,bind,ro"]);
    let daemon = lab.start();
    lab.wait();
    let found = lab.search("bridge");
    let refused = std::fs::write(lab.root().join("new.txt"), "").is_err();
    let stopped = daemon.stop();
    let unmounted = Command::new("umount").arg(lab.root()).status().expect("umount starts");
    assert!(read_only.is_ok_and(|output| output.status.success()) && refused, "the test's own mount is writable");
    assert_eq!(found, ["deep/bridge.txt"]);
    assert!(stopped.success() && unmounted.success(), "{}", lab.log());
}

/// Everything below a directory, hidden things too: path, mode, size, times of content and of what is said about it.
fn seen_below(directory: &Path) -> Vec<(PathBuf, u32, u64, i128, i128)> {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(directory).expect("is read") {
        let path = entry.expect("is read").path();
        let about = std::fs::symlink_metadata(&path).expect("is there");
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let (written, changed) =
            (nanoseconds(about.mtime(), about.mtime_nsec()), nanoseconds(about.ctime(), about.ctime_nsec()));
        if about.is_dir() {
            seen.extend(seen_below(&path));
        }
        seen.push((path, about.mode(), about.len(), written, changed));
    }
    seen.sort();
    seen
}

#[test]
fn the_folder_is_left_as_it_is() {
    let lab = Lab::new();
    lab.write("deep/bridge.txt", BRIDGE);
    lab.write("bad.pdf", "%PDF-1.4 nothing");
    let before = seen_below(&lab.root());
    let daemon = lab.start();
    lab.wait();
    assert_eq!(lab.search("bridge"), ["deep/bridge.txt"]);
    assert!(daemon.stop().success());
    lab.once();
    lab.assert_verified("left alone");
    let backup = lab.directory().join("backup").display().to_string();
    assert_eq!(lab.dateline(&["backup", &backup]).code(), 0);
    assert_eq!(lab.run_datelined(&["rebuild"]).code(), 0);
    assert_eq!(seen_below(&lab.root()), before);
}

#[test]
fn a_file_touched_while_its_results_are_made_anew_has_the_newest() {
    let lab = Lab::new();
    let articles: String = (0..400)
        .map(|number| {
            format!("{{\"id\": \"{number}\", \"text\": \"Ferry {number} leaves on Monday, the harbour says.\"}}\n")
        })
        .collect();
    lab.write("many.jsonl", articles);
    lab.configure("[watch]\nsettle = \"1ms\"\n");
    let daemon = lab.start();
    lab.wait();
    for round in 1..=4_i64 {
        lab.configure(&format!("[watch]\nsettle = \"1ms\"\n[processor.dating]\nearliest-year = {}\n", 1500 + round));
        daemon.signal(Signal::HUP);
        let began = Instant::now();
        while lab.log().matches("results are made anew").count() < usize::try_from(round).expect("is small") {
            assert!(began.elapsed() < harness::STEP_MAX, "results are never made anew: {}", lab.log());
        }
        let time = rustix::fs::Timespec { tv_sec: 1_000_000_000 + round * 86_400, tv_nsec: 0 };
        let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
        let path = lab.root().join("many.jsonl");
        rustix::fs::utimensat(rustix::fs::CWD, &path, &times, rustix::fs::AtFlags::empty()).expect("times are set");
        lab.wait();
    }
    assert!(daemon.stop().success());
    lab.assert_verified("touched");
}

#[test]
fn a_changed_option_reaches_every_document_and_so_does_the_way_back() {
    let lab = Lab::new();
    for number in 0..8 {
        lab.write(
            &format!("{number}.txt"),
            format!(" date 2022-04-05 \nNote {number}: the ferry to Rosslare sails on 04/05/2021.\n"),
        );
    }
    let option = lab.directory().join("dateline.toml");
    let run = |order: &str| {
        let text = format!("[processor.dating]\nnumeric-order = \"{order}\"\n");
        std::fs::write(&option, text).expect("configuration is written");
        let ran = lab.run_datelined(&["once", "--config", "dateline.toml"]);
        assert!(ran.status.success(), "{}", ran.stderr);
        let dated = (lab.search("mentions:2021-04-05").len(), lab.search("mentions:2021-05-04").len());
        (dated, ran.stderr.contains("processors changed"))
    };
    assert_eq!(run("month-first"), ((8, 0), false));
    assert_eq!(run("month-first"), ((8, 0), false));
    assert_eq!(run("day-first"), ((0, 8), true));
    assert_eq!(run("day-first"), ((0, 8), false));
    assert_eq!(run("month-first"), ((8, 0), true));
}

#[test]
fn what_takes_workers_down_when_its_results_are_made_anew_is_listed_and_not_tried_for_ever() {
    let lab = Lab::new();
    let text = "The ferry to Rosslare sails on 04/05/2021.\n";
    lab.write("small.txt", text);
    // One long word, which no worker so much as receives within a millisecond.
    lab.write("large.txt", format!("{text}\n{}\n", "m".repeat(4 << 20)));
    let configure = |order: &str, time: &str| {
        lab.configure(&format!(
            "[processor.dating]\nnumeric-order = \"{order}\"\n[worker]\ncount = 1\ntime-max = \"{time}\"\n"
        ));
    };
    configure("month-first", "1m");
    lab.once();
    assert_eq!((lab.search("mentions:2021-04-05").len(), lab.ask(&["failures"]).len()), (2, 0));
    configure("day-first", "1ms");
    lab.once();
    let failures = lab.ask(&["failures"]);
    let listed = failures.iter().find(|failure| failure["path"] == "large.txt").expect("is listed");
    let reason = listed["reason"].as_str().expect("has a reason");
    assert!(reason.contains("it gave no answer in time"), "{reason}");
    if listed["stage"] == "worker" {
        assert!(lab.search("mentions:2021-04-05").contains(&"large.txt".to_owned()), "what was there is still there");
    }
    configure("day-first", "1m");
    lab.once();
    // On a busy machine a processor may seem to be what takes so long: it is left out then until something changes.
    let left_out: Vec<&Value> = failures.iter().filter(|failure| failure["stage"] == "process").collect();
    let undated = left_out.iter().filter(|failure| failure["processor"] == "dating").count();
    assert_eq!((lab.search("mentions:2021-05-04").len(), lab.ask(&["failures"]).len()), (2 - undated, left_out.len()));
}

#[test]
fn what_cannot_be_read_is_listed_and_retried_when_it_changes() {
    let lab = Lab::new();
    lab.write("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n");
    lab.write("half.jsonl", "{\"id\": \"a\", \"text\": \"Ferries run again.\"}\n{\"id\": \"b\", \"text\": \n");
    lab.once();
    let failures = lab.ask(&["failures"]);
    let paths: Vec<&str> = failures.iter().filter_map(|failure| failure["path"].as_str()).collect();
    assert!(paths.contains(&"paper.pdf") && paths.contains(&"half.jsonl"), "{failures:?}");
    assert_eq!(lab.search("ferries"), ["half.jsonl"], "the good record is there");
    lab.write(
        "half.jsonl",
        "{\"id\": \"a\", \"text\": \"Ferries run again.\"}\n{\"id\": \"b\", \"text\": \"Trams too.\"}\n",
    );
    lab.once();
    assert_eq!(lab.search("trams"), ["half.jsonl"]);
    assert_eq!(lab.ask(&["failures"]).len(), 1);
}

const PAPER: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n";
const HALF: &str = "{\"id\": \"a\", \"text\": \"Ferries run again.\"}\n{\"id\": \"b\", \"text\": \n";

#[test]
fn a_file_that_was_moved_in_is_tried_again_when_somebody_asks() {
    let lab = Lab::new();
    let outside = lab.directory().join("paper.pdf");
    std::fs::write(&outside, PAPER).expect("is written");
    // Written long before it is moved: that is how the daemon tells a file that comes from elsewhere.
    let file = std::fs::File::options().write(true).open(&outside).expect("is there");
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(600)).expect("time is set");
    let attempts = || lab.ask(&["failures"]).remove(0)["attempts"].clone();
    let _daemon = lab.start();
    std::fs::rename(&outside, lab.root().join("paper.pdf")).expect("is moved");
    lab.wait();
    assert_eq!(attempts(), 1);
    lab.ask(&["retry", "paper.pdf"]);
    lab.wait();
    assert_eq!(attempts(), 2);
}

#[test]
fn what_failed_is_listed_where_its_file_is() {
    let lab = Lab::new();
    let listed = || -> Vec<String> {
        let paths = lab.ask(&["failures"]).into_iter().map(|failure| failure["path"].as_str().map(str::to_owned));
        paths.map(|path| path.expect("has a path")).collect()
    };
    lab.write("in/half.jsonl", HALF);
    lab.write("in/paper.pdf", PAPER);
    let _daemon = lab.start();
    lab.wait();
    assert_eq!(listed(), ["in/half.jsonl", "in/paper.pdf"]);
    lab.rename("in/half.jsonl", "half.jsonl");
    lab.wait();
    assert_eq!(listed(), ["half.jsonl", "in/paper.pdf"], "its bad record moved with it");
    // Out of the folder with one event, and no scan comes for an hour.
    std::fs::rename(lab.root().join("in"), lab.directory().join("out")).expect("is moved");
    let began = Instant::now();
    while listed() != ["half.jsonl"] {
        assert!(began.elapsed() < harness::STEP_MAX, "still listed: {:?}", listed());
    }
}

/// A name of two words that nobody bears.
fn invented(numbers: &mut Numbers) -> String {
    const SYLLABLES: [&str; 12] = ["ba", "de", "ko", "la", "me", "no", "ra", "se", "to", "va", "ve", "ru"];
    let mut word = || -> String {
        let word: String = (0..3).map(|_| *numbers.of(&SYLLABLES)).collect();
        format!("{}{}", word[..1].to_uppercase(), &word[1..])
    };
    format!("{} {}", word(), word())
}

#[test]
fn a_text_that_names_thousands_is_taken_in_like_any_other() {
    let lab = Lab::new();
    let numbers = &mut Numbers::new(5);
    let line = |_| format!("President {} met Prime Minister {}.\n", invented(numbers), invented(numbers));
    lab.write("members.txt", (0..6_000).map(line).collect::<String>());
    lab.write("summit.txt", SUMMIT);
    lab.once();
    assert_eq!(lab.search("geneva"), ["summit.txt"]);
    let listed = lab.ask(&["ask", "registry", r#"{"op": "list", "limit": 1}"#]).remove(0);
    let total = listed["total"].as_u64().expect("is a number");
    assert!(total > 10_500, "{total} names: too few to be a value of a table");
    lab.remove("members.txt");
    lab.once();
    lab.assert_verified("without the members");
}

#[test]
fn an_entity_is_found_by_every_name_the_articles_give_it() {
    let lab = Lab::new();
    lab.write("a.txt", "Prime Minister Ioannis Vlachos opened the bridge. Vlachos said it was late.\n");
    lab.write("b.txt", "The bridge is late, said Ioannis Vlachos, the prime minister.\n");
    lab.write("c.txt", "The bridge is late.\n");
    lab.once();
    let mut found = lab.search("entity:vlachos");
    found.sort();
    assert_eq!(found, ["a.txt", "b.txt"]);
    let listed = lab.ask(&["entities", "list", "vlachos"]);
    assert_eq!((listed.len(), &listed[0]["name"]), (1, &json!("Ioannis Vlachos")), "{listed:?}");
}

/// The command that a daemon printed as the one that asks it.
fn printed(lab: &Lab) -> String {
    let lines = lab.log();
    let mut records = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let command = records.find_map(|record| record["message"].as_str()?.strip_prefix("ask it:").map(str::to_owned));
    command.unwrap_or_else(|| panic!("no command is printed: {lines}"))
}

#[test]
fn the_command_that_is_printed_asks_the_daemon() {
    let lab = Lab::new();
    lab.write("a.txt", "The harbour of Piraeus was closed on 3 May 2021.\n");
    let _daemon = lab.start();
    lab.wait();
    let output = std::process::Command::new("sh")
        .args(["-c", printed(&lab).trim()])
        .current_dir(lab.directory())
        .output()
        .expect("a shell starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("documents"), "{text}{output:?}");
}

#[test]
fn a_daemon_that_cargo_built_alone_prints_a_command_that_builds_the_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let alone = folder.path().join("release/datelined");
    std::fs::create_dir(folder.path().join("release")).expect("a folder");
    let built = env!("CARGO_BIN_EXE_datelined");
    std::fs::hard_link(built, &alone).or_else(|_| std::fs::copy(built, &alone).map(drop)).expect("the program");
    let lab = Lab::with_daemon(alone).with("CARGO", "cargo");
    let _daemon = lab.start();
    let command = printed(&lab);
    assert!(command.contains("cargo run --quiet --release --bin dateline -- status"), "{command}");
}

#[test]
fn files_renamed_between_two_batch_runs_keep_their_documents() {
    let lab = Lab::new();
    let ids = || -> BTreeMap<String, u64> {
        let hits = lab.ask(&["search", "ferry", "--limit", "20"]);
        let pair = |hit: &serde_json::Value| (hit["title"].to_string(), hit["document"].as_u64().expect("a number"));
        hits.iter().map(pair).collect()
    };
    for number in 0..8 {
        lab.write(&format!("{number}.txt"), format!("Pier {number}\n\nThe ferry from pier {number} was late.\n"));
    }
    lab.once();
    let before = ids();
    assert_eq!(before.len(), 8);
    for number in 0..8 {
        lab.rename(&format!("{number}.txt"), &format!("pier-{number}.txt"));
    }
    lab.once();
    assert_eq!(ids(), before);
    lab.assert_verified("renamed");
}
