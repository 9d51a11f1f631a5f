//! Damage on disk: said, repaired from what is sound, and never answered as if nothing were wrong. What `verify` does not
//! overlook. `DATELINE_TEST_SCALE` multiplies the number of damaged states.

mod harness;

use dateline_core::{Sequence, SourcePath};
use dateline_processor::{Change, Indexer, RevisionView};
use dateline_processor_index::Index;
use dateline_store::{Operation, StateDir, Store, StoreOptions};
use dateline_testkit::{NoTable, stored_revision};
use harness::{Daemon, Lab, Numbers, STEP_MAX, scale};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Files in the folder of a test.
const FILES: usize = 30;

fn fill(lab: &Lab) {
    for number in 0..FILES {
        let text = format!(
            " date 2020-02-{:02} Bridge {number} over the Evros was closed on Monday, mayor Maria Kanaki said.\n\n{}",
            1 + number % 28,
            "It will be open again when the water has fallen.\n".repeat(1 + number * 4)
        );
        lab.write(&format!("{number}.txt"), text);
    }
    lab.once();
    for number in 0..10 {
        lab.write(&format!("{number}.txt"), format!("Bridge {number} was opened again.\n"));
    }
    lab.remove("29.txt");
    lab.once();
}

/// Ids, paths and texts of what is stored.
fn stored(lab: &Lab) -> BTreeMap<String, (Value, Value)> {
    let line = |line: Value| (line["path"].to_string(), (line["document"].clone(), line["text"].clone()));
    lab.ask(&["export"]).into_iter().map(line).collect()
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
            found.push(path);
        }
    }
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).map_or(0, |file| file.len())));
    found
}

/// Whether a file belongs to a segment that the full-text index no longer names, or does not name yet: one that a merge left
/// when the process ended. Damage there is nobody's.
fn is_left_over(file: &Path) -> bool {
    const SEGMENT_ID_LETTERS: usize = 32;
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let id = name.split('.').next().unwrap_or_default();
    let meta = file.with_file_name("meta.json");
    id.len() == SEGMENT_ID_LETTERS && fs::read_to_string(meta).is_ok_and(|meta| !meta.replace('-', "").contains(id))
}

/// Flips a bit, zeroes a page or cuts the end off a file; says which and where.
fn damage(directory: &Path, case: usize, numbers: &mut Numbers) -> String {
    let mut files = files_below(directory);
    files.retain(|file| !is_left_over(file));
    let file = if numbers.below(4) == 0 { numbers.of(&files) } else { &files[0] };
    let mut bytes = fs::read(file).expect("file is read");
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
    let at = numbers.below(used);
    let how = match case % 3 {
        0 => {
            bytes[at] ^= 1 << numbers.below(8);
            "a flipped bit"
        }
        1 => {
            let page = at / 4_096 * 4_096;
            let end = (page + 4_096).min(bytes.len());
            bytes[page..end].fill(0);
            "a zeroed page"
        }
        _ => {
            bytes.truncate(at);
            "a lost end"
        }
    };
    fs::write(file, bytes).expect("file is written");
    format!("case {case}: {how} at {at} of `{}`", file.display())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("directory is made");
    for entry in fs::read_dir(from).expect("directory is read").flatten() {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("has a type");
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).expect("file is copied");
        }
    }
}

/// Waits until the daemon has read its whole state and found it sound; while it repairs, nobody may answer.
fn wait_until_sound(lab: &Lab, context: &str) -> Value {
    let began = Instant::now();
    while began.elapsed() < STEP_MAX {
        if lab.dateline(&["rescan", "--wait"]).code() != 0 {
            continue;
        }
        let ran = lab.dateline(&["status", "--json"]);
        let status = if ran.code() == 0 { ran.json().pop() } else { None };
        if let Some(status) = status.filter(|status| status["state"] == "watching")
            && status["verified"] == true
            && status["pending"] == 0
            && status["sequence"] == status["indexed_sequence"]
        {
            return status;
        }
    }
    panic!("{context}: never sound again: {}", lab.log());
}

/// A copy of the state, damaged, under a running daemon.
fn damaged_daemon(lab: &mut Lab, sound: &Path, part: &str, case: usize) -> (Daemon, String) {
    let state = lab.directory().join(format!("{part}-{case}"));
    copy(sound, &state);
    let mut numbers = Numbers::new((case * 31 + part.len()) as u64);
    let context = format!("{part}, {}", damage(&state.join(part), case, &mut numbers));
    lab.set_state(state);
    (lab.start(), context)
}

#[test]
fn a_running_daemon_repairs_what_was_damaged() {
    let mut lab = Lab::new();
    fill(&lab);
    let held = stored(&lab);
    let sound = lab.state();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for part in ["store", "history", "index"] {
        for case in 0..2 * scale() {
            let (daemon, context) = damaged_daemon(&mut lab, &sound, part, case);
            let status = wait_until_sound(&lab, &context);
            let log = lab.log();
            let repaired = log.contains("made anew") || log.contains("rebuilt") || log.contains("was put in order");
            let count = counts.entry(part).or_default();
            count.0 += 1;
            count.1 += usize::from(repaired);
            assert_eq!(stored(&lab), held, "{context}: {log}");
            assert_eq!(lab.ask(&["search", "bridge", "--limit", "100"]).len(), FILES - 1, "{context}: {status}\n{log}");
            assert!(daemon.stop().success(), "{context}: {}", lab.log());
            lab.assert_verified(&context);
        }
    }
    println!("damaged states, and those that wanted repair (the others were harmless): {counts:?}");
    assert!(counts.values().all(|(_, repaired)| *repaired > 0), "nothing was damaged: {counts:?}");
}

#[test]
fn what_cannot_be_restored_is_named() {
    let lab = Lab::new();
    fill(&lab);
    for part in ["store", "history"] {
        let file = files_below(&lab.state().join(part)).remove(0);
        let mut bytes = fs::read(&file).expect("file is read");
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        // Of the store all but its start goes, of the history the end, where the superseded texts are.
        let from = if part == "store" { used / 8 } else { used * 3 / 4 };
        bytes[from..used].fill(0xA5);
        fs::write(&file, bytes).expect("file is written");
    }
    let daemon = lab.start();
    let status = wait_until_sound(&lab, "store and history");
    let notes = status["notes"].to_string();
    assert!(notes.contains("could not be restored"), "{notes}\n{}", lab.log());
    assert!(lab.log().contains("could not be restored"), "{}", lab.log());
    assert_eq!(status["documents"], FILES - 1, "what is in the folder is back");
    assert!(daemon.stop().success());
    lab.assert_verified("what is left");
}

#[test]
fn what_a_backup_gives_back_is_what_the_folder_gives() {
    let mut lab = Lab::new();
    fill(&lab);
    lab.write("broken.json", "{\"text\": \"The ferry\n");
    lab.write("partly.jsonl", "{\"text\": \"The ferry from Chios was late.\"}\n{\"text\": 1\n");
    lab.once();
    let failures = |lab: &Lab| -> BTreeSet<String> {
        let shown = lab.ask(&["failures"]).into_iter();
        shown.map(|failure| format!("{} {} {}", failure["path"], failure["line"], failure["reason"])).collect()
    };
    let before = failures(&lab);
    assert_eq!(before.len(), 2, "{before:?}");
    let file = lab.directory().join("backup");
    assert_eq!(lab.dateline(&["backup", file.to_str().expect("is text")]).code(), 0);
    lab.set_state(lab.directory().join("other"));
    let ran = lab.run_datelined(&["restore", file.to_str().expect("is text")]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr);
    lab.assert_verified("right after a restore");
    assert_eq!(failures(&lab), before);
    lab.remove("broken.json");
    lab.once();
    lab.assert_verified("after a run on what was restored");
    assert!(failures(&lab).iter().all(|failure| failure.contains("partly")), "what is gone fails no more");
}

fn open(lab: &Lab) -> Store {
    let lock = StateDir::new(lab.state()).lock().expect("nobody holds the state");
    Store::open(lock, &StoreOptions { reserve_bytes: 0, ..StoreOptions::default() }).expect("opens").0
}

/// Puts changes of the caller's into the index, in the place of the change that it would apply next.
fn plant(lab: &Lab, views: Vec<RevisionView>, sequence: Sequence) {
    let index = Index::open(&lab.state().join("index/index"), 16 << 20).expect("index opens");
    let change = |view: RevisionView| Change { sequence, document: view.document, opened: Some(view), closed: None };
    let changes: Vec<Change> = views.into_iter().map(change).collect();
    index.apply(&changes, &mut NoTable).expect("is applied");
    index.commit().expect("is committed");
}

/// A current revision as the index sees it.
fn view(store: &Store, path: &str) -> RevisionView {
    let entry = store.documents_of(&SourcePath::new(path)).expect("is read").remove(0);
    let data = store.revision_data(entry.document, entry.current.revision).expect("is read").expect("is there");
    stored_revision(data)
}

/// What `verify` prints when it must find something.
fn findings(lab: &Lab) -> String {
    let ran = lab.run_datelined(&["verify"]);
    assert_eq!(ran.code(), 2, "verify overlooks it: {}{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[test]
fn verify_names_an_altered_layer_and_a_removed_document() {
    let lab = Lab::new();
    fill(&lab);
    {
        let store = open(&lab);
        let entry = store.documents_of(&SourcePath::new("20.txt")).expect("is read").remove(0);
        let (document, revision) = (entry.document, entry.current.revision);
        let mut annotations = store.annotations(document, revision).expect("is read").expect("are there");
        let layer = annotations.layers.iter_mut().find(|layer| layer.name == "timex").expect("has a layer");
        *layer = dateline_core::LayerRecord::new("timex", layer.schema, vec![0]);
        let mut committer = store.committer().expect("nobody else writes");
        let altered = Operation::Annotate { document, revision, annotations };
        let removed = Operation::Remove { path: SourcePath::new("21.txt") };
        committer.commit(vec![altered, removed]).expect("is committed");
    }
    let found = findings(&lab);
    assert!(found.contains("`20.txt` part 1: layer `timex` is not what the chain gives"), "{found}");
    assert!(found.contains("`21.txt` part 1 is not stored"), "{found}");
    assert_eq!(found.lines().filter(|line| line.contains('`')).count(), 2, "and nothing else: {found}");
}

#[test]
fn verify_names_a_stale_and_a_foreign_index_entry() {
    let lab = Lab::new();
    fill(&lab);
    let (mut closed, mut foreign, head) = {
        let store = open(&lab);
        let planted = (view(&store, "20.txt"), view(&store, "21.txt"));
        // A change that the index will take for the one planted.
        let entry = store.documents_of(&SourcePath::new("22.txt")).expect("is read").remove(0);
        let (document, revision) = (entry.document, entry.current.revision);
        let mut annotations = store.annotations(document, revision).expect("is read").expect("are there");
        annotations.diagnostics.push(dateline_core::Diagnostic::new("planted", "by a test"));
        let mut committer = store.committer().expect("nobody else writes");
        let before = store.sequence();
        committer.commit(vec![Operation::Annotate { document, revision, annotations }]).expect("is committed");
        assert!(store.sequence() > before);
        (planted.0, planted.1, store.sequence())
    };
    // The index takes a current document for a deleted one, and holds one that is not in the store.
    closed.seen_to = Some(closed.seen_from);
    foreign.document = dateline_core::DocumentId(4_711);
    plant(&lab, vec![closed, foreign], head);
    let found = findings(&lab);
    assert!(found.contains("`20.txt` part 1: the index is not up to date"), "{found}");
    let rebuilt = lab.run_datelined(&["rebuild"]);
    assert_eq!(rebuilt.code(), 0, "{}{}", rebuilt.stdout, rebuilt.stderr);
    lab.assert_verified("rebuilt");
}
