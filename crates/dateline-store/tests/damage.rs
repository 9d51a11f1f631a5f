//! What must never happen silently: lost batches, flipped bits, cut files, a failing disk, a history that disagrees.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, copy, identity, path, put, slice};
use dateline_core::{ContentHash, DocumentId, Sequence};
use dateline_store::{
    Failure, FailureEntry, FaultPoint, Faults, Operation, RecordFailure, StateDir, StatePart, Store, StoreError,
    StoreOptions, rebuild, restore,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Copies the state when a commit reaches a point: what a killed process would leave.
struct CopyAt {
    point: FaultPoint,
    from: PathBuf,
    to: PathBuf,
    skip: AtomicUsize,
}

impl Faults for CopyAt {
    fn at(&self, point: FaultPoint) -> std::io::Result<()> {
        if point == self.point && self.skip.fetch_sub(1, Ordering::SeqCst) == 1 {
            copy(&self.from, &self.to);
        }
        Ok(())
    }
}

/// Fails once a commit reaches a point.
struct FailAt(Mutex<Option<FaultPoint>>);

impl Faults for FailAt {
    fn at(&self, point: FaultPoint) -> std::io::Result<()> {
        if *self.0.lock().unwrap() == Some(point) {
            return Err(std::io::Error::from_raw_os_error(5));
        }
        Ok(())
    }
}

fn texts(store: &Store) -> Vec<String> {
    let mut found = Vec::new();
    for entry in store.documents().map(Result::unwrap).filter(|entry| entry.open) {
        found.push(store.content(entry.document, entry.current.revision).unwrap().unwrap().text);
    }
    found.sort();
    found
}

/// The points that a commit of sources meets.
fn met_by_a_commit() -> impl Iterator<Item = FaultPoint> {
    let others =
        [FaultPoint::BeforeOpen, FaultPoint::AfterTable, FaultPoint::BeforeExchange, FaultPoint::AfterExchange];
    FaultPoint::ALL.into_iter().filter(move |point| !others.contains(point))
}

#[test]
fn a_kill_at_any_point_of_a_commit_leaves_all_of_what_was_acknowledged() {
    for point in met_by_a_commit() {
        let mut home = Home::new();
        let copied = home.folder.path().join("copy");
        home.options.reopen_bytes = if point == FaultPoint::Reopening { 1 } else { u64::MAX };
        home.options.faults = Arc::new(CopyAt {
            point,
            from: home.state().path().to_owned(),
            to: copied.clone(),
            skip: AtomicUsize::new(3),
        });
        let (_store, mut committer) = home.open();
        for text in ["one", "two", "three"] {
            committer.commit(vec![put(text, &[text]), put("changing", &[&format!("version {text}")])]).unwrap();
        }
        let options = StoreOptions { faults: StoreOptions::default().faults, ..home.options.clone() };
        let (store, report) = Store::open(StateDir::new(&copied).lock().unwrap(), &options).unwrap();
        let found = texts(&store);
        let acknowledged = ["one", "two"];
        assert!(acknowledged.iter().all(|text| found.iter().any(|one| one == text)), "{point:?}: {found:?}");
        let whole = found.iter().any(|text| text == "three");
        assert_eq!(found.iter().any(|text| text == "version three"), whole, "{point:?}: all or none");
        // What was applied and not flushed may have reached the file or not.
        if point != FaultPoint::AfterApply {
            assert_eq!(whole, point != FaultPoint::BeforeApply, "{point:?}");
            let is_behind = matches!(point, FaultPoint::BeforeStoreSync | FaultPoint::AfterStoreSync);
            assert_eq!(report.appended > 0, is_behind, "{point:?}: {report:?}");
        }
        assert_eq!(store.scrub_all().unwrap(), [], "{point:?}");
        assert!(store.verified());
        let mut again = store.committer().unwrap();
        again.commit(vec![put("four", &["four"])]).unwrap();
        assert_eq!(store.scrub_all().unwrap(), [], "{point:?}");
    }
}

#[test]
fn what_the_store_gave_the_history_after_a_kill_is_enough_for_a_rebuild() {
    let mut home = Home::new();
    let copied = home.folder.path().join("copy");
    home.options.faults = Arc::new(CopyAt {
        point: FaultPoint::AfterStoreSync,
        from: home.state().path().to_owned(),
        to: copied.clone(),
        skip: AtomicUsize::new(2),
    });
    let (_store, mut committer) = home.open();
    committer.commit(vec![put("a", &["old text"]), put("b", &["deleted"])]).unwrap();
    committer.commit(vec![put("a", &["new text"]), Operation::Remove { path: path("b") }]).unwrap();
    let state = StateDir::new(&copied);
    let options = StoreOptions { faults: StoreOptions::default().faults, ..home.options.clone() };
    drop(Store::open(state.lock().unwrap(), &options).unwrap());
    let report = rebuild(&state.lock().unwrap(), &options, StatePart::Store).unwrap();
    assert_eq!((report.documents, report.revisions, report.lost), (2, 2, Vec::new()));
    let (store, _) = Store::open(state.lock().unwrap(), &options).unwrap();
    let text = |document, revision| {
        let content = store.content(DocumentId(document), dateline_core::Revision(revision)).unwrap();
        content.map(|content| content.text)
    };
    assert_eq!((text(1, 1), text(2, 1)), (Some("old text".to_owned()), Some("deleted".to_owned())));
    assert_eq!(text(1, 2), None, "it comes back with the folder");
}

#[test]
fn a_failed_write_or_sync_is_final() {
    let others = [FaultPoint::BeforeOpen, FaultPoint::Reopening];
    for point in FaultPoint::ALL.into_iter().filter(|point| !others.contains(point)) {
        let mut home = Home::new();
        let faults = Arc::new(FailAt(Mutex::new(None)));
        home.options.faults = Arc::clone(&faults) as Arc<dyn Faults>;
        home.options.compact_growth_bytes = 1;
        let (store, mut committer) = home.open();
        committer.commit(vec![put("a", &["one"])]).unwrap();
        *faults.0.lock().unwrap() = Some(point);
        if point == FaultPoint::AfterTable {
            let mut table = store.indexer_table("registry").unwrap();
            table.put(b"k", b"v").unwrap();
            committer.commit_table(&mut table, Sequence(1)).unwrap_err();
        } else if matches!(point, FaultPoint::BeforeExchange | FaultPoint::AfterExchange) {
            committer.compact(&|| true).unwrap_err();
        } else {
            committer.commit(vec![put("b", &["two"])]).unwrap_err();
        }
        *faults.0.lock().unwrap() = None;
        assert!(committer.poisoned().is_some_and(|reason| reason.contains(point.name())), "{point:?}");
        let again = committer.commit(vec![put("c", &["three"])]).unwrap_err();
        assert!(again.is_fatal(), "{point:?}: {again}");
        drop(committer);
        assert!(matches!(store.committer(), Err(StoreError::CommitterTaken)), "a failed one is not given back");
    }
}

#[test]
fn torn_snapshots_of_the_engine_are_swept() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    drop((store, committer));
    std::fs::write(home.state().store().join("snap.00FF.generating"), b"torn").unwrap();
    let (store, report) = home.try_open().unwrap();
    assert_eq!((report.swept, texts(&store)), (1, vec!["one".to_owned()]));
}

#[test]
fn store_and_history_that_disagree_are_damage() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    drop((store, committer));
    let old = home.folder.path().join("old");
    copy(home.state().path(), &old);
    let (store, mut committer) = home.open();
    committer.commit(vec![put("b", &["two"])]).unwrap();
    drop((store, committer));
    let part = |result: Result<_, StoreError>| result.err().and_then(|error: StoreError| error.damaged());
    let replace = |name: &str, from: &Path| {
        std::fs::remove_dir_all(home.state().path().join(name)).unwrap();
        if from.exists() {
            copy(from, &home.state().path().join(name));
        }
    };
    let now = home.folder.path().join("now");
    copy(home.state().path(), &now);
    replace("store", &old.join("store"));
    assert_eq!(part(home.try_open()), Some(StatePart::Store), "an older store");
    replace("store", &now.join("nowhere"));
    assert_eq!(part(home.try_open()), Some(StatePart::Store), "no store");
    replace("store", &now.join("store"));
    replace("history", &now.join("nowhere"));
    assert_eq!(part(home.try_open()), Some(StatePart::History), "no history");
    replace("history", &old.join("history"));
    let (store, report) = home.try_open().unwrap();
    assert_eq!(report.appended, 1, "an older history is given what it lacks");
    assert_eq!(store.scrub_all().unwrap(), []);
}

/// A state with some past, closed, and what it holds.
fn filled(home: &Home) -> Vec<String> {
    let (store, mut committer) = home.open();
    for number in 0..30 {
        let text = format!("{number}: {}", "some words of an article that goes on ".repeat(40 + number));
        committer.commit(vec![put(&format!("{number}"), &[&text, "second part"])]).unwrap();
    }
    for number in 0..10 {
        committer.commit(vec![put(&format!("{number}"), &["another text now"])]).unwrap();
    }
    committer.commit(vec![Operation::Remove { path: path("11") }]).unwrap();
    let held = texts(&store);
    assert_eq!(store.scrub_all().unwrap(), []);
    held
}

/// Opens, reads everything and scrubs; says what was noticed, or what the store holds.
fn look(state: &StateDir, options: &StoreOptions) -> Result<Vec<String>, String> {
    let opened = Store::open(state.lock().unwrap(), options);
    let (store, _) = opened.map_err(|error| {
        assert!(error.damaged().is_some(), "whoever opens it cannot know what to do: {error:?}");
        format!("open: {error}")
    })?;
    let findings = store.scrub_all().map_err(|error| format!("scrub: {error}"))?;
    if let Some(finding) = findings.first() {
        assert!(!store.verified());
        return Err(format!("scrub: {}", finding.what));
    }
    Ok(texts(&store))
}

/// A small generator, so that every run damages the same places.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn damage_is_noticed_or_harmless() {
    let home = Home::new();
    let held = filled(&home);
    let scale: u64 = std::env::var("DATELINE_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let count = 60 * scale;
    let mut noticed = 0;
    for case in 0..count {
        let mut seed = case * 7_919 + 13;
        let scratch = tempfile::tempdir().unwrap();
        let state = StateDir::new(scratch.path().join("state"));
        copy(home.state().path(), state.path());
        let is_history = case % 3 == 2;
        let folder = if is_history { state.history() } else { state.store() };
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && std::fs::metadata(path).unwrap().len() > 0)
            .collect();
        files.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).unwrap().len()));
        let file = &files[usize::from(next(&mut seed).is_multiple_of(8) && files.len() > 1)];
        let mut bytes = std::fs::read(file).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        let at = usize::try_from(next(&mut seed)).unwrap() % used;
        match (case / 3) % 3 {
            0 => bytes[at] ^= 1 << (next(&mut seed) % 8),
            1 => bytes.truncate(at),
            _ => {
                let page = at / 4_096 * 4_096;
                let end = (page + 4_096).min(bytes.len());
                bytes[page..end].fill(0);
            }
        }
        std::fs::write(file, bytes).unwrap();
        match look(&state, &home.options) {
            Err(_) => noticed += 1,
            Ok(found) => assert_eq!(found, held, "case {case}, {}: silent loss", file.display()),
        }
    }
    println!("{noticed} of {count} noticed, the others harmless");
    assert!(noticed * 3 > count, "too few cases did damage: {noticed} of {count}");
}

#[test]
fn a_backup_gives_everything_back_and_a_broken_one_leaves_nothing() {
    let home = Home::new();
    let held = filled(&home);
    std::fs::write(home.state().decisions(), "# mine\n").unwrap();
    let (store, mut committer) = home.open();
    let mut backup = Vec::new();
    let report = store.backup(&mut backup).unwrap();
    assert_eq!((report.sources, report.documents, report.bytes), (30, 60, backup.len() as u64));
    committer.commit(vec![put("later", &["later"])]).unwrap();
    let other = Home::new();
    let lock = other.state().lock().unwrap();
    for cut in [0, 7, 12, 300, backup.len() / 2, backup.len() - 1] {
        let error = restore(&lock, &other.options, &mut &backup[..cut]).unwrap_err();
        assert!(matches!(error, StoreError::BadBackup { .. }), "{cut}: {error}");
        assert!(!other.state().store().exists() && !other.state().history().exists());
    }
    let mut flipped = backup.clone();
    flipped[backup.len() / 2] ^= 4;
    assert!(matches!(restore(&lock, &other.options, &mut &*flipped), Err(StoreError::BadBackup { .. })));
    assert_eq!(restore(&lock, &other.options, &mut &*backup).unwrap(), report);
    assert!(matches!(restore(&lock, &other.options, &mut &*backup), Err(StoreError::BadFile { .. })));
    drop(lock);
    let (restored, mut committer) = other.open();
    assert_eq!(texts(&restored), held);
    assert_eq!(std::fs::read_to_string(other.state().decisions()).unwrap(), "# mine\n");
    assert_eq!(restored.scrub_all().unwrap(), []);
    assert_eq!(restored.revisions(DocumentId(1)).unwrap(), store.revisions(DocumentId(1)).unwrap());
    assert!(restored.source(&path("3")).unwrap().unwrap().complete);
    let next = committer.commit(vec![put("new", &["new"])]).unwrap();
    assert_eq!(next.documents[0].document, DocumentId(61), "ids go on");
    assert_eq!(restored.scrub_all().unwrap(), []);
}

#[test]
fn a_backup_keeps_what_failed_and_has_it_tried_again() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let mut partly = slice("partly.jsonl", &["one"], 1, true, true);
    partly.failures = vec![RecordFailure { part: "2".to_owned(), line: 7, reason: "no end".to_owned() }];
    let failure = Failure {
        code: "unsupported".to_owned(),
        reason: "no text".to_owned(),
        quarantined: true,
        content: Some(ContentHash::of(b"bytes")),
        key: ContentHash::of(b"options"),
    };
    let fail = Operation::Fail { path: path("whole.bin"), identity: Some(identity(4)), failure };
    committer.commit(vec![Operation::PutSource(partly), fail]).unwrap();
    let mut backup = Vec::new();
    store.backup(&mut backup).unwrap();
    let other = Home::new();
    restore(&other.state().lock().unwrap(), &other.options, &mut &*backup).unwrap();
    let (restored, _committer) = other.open();
    let known: Vec<_> = store.failures().collect::<Result<_, _>>().unwrap();
    assert_eq!((known.len(), known[0].records.len()), (2, 1));
    // Under no identity they count as other files, and are looked at.
    let expected: Vec<_> = known.into_iter().map(|entry| FailureEntry { identity: None, ..entry }).collect();
    assert_eq!(restored.failures().collect::<Result<Vec<_>, _>>().unwrap(), expected);
    assert_eq!(restored.scrub_all().unwrap(), []);
}

#[test]
fn a_backup_of_the_first_version_can_be_restored() {
    let home = Home::new();
    let held = filled(&home);
    let mut backup = Vec::new();
    home.open().0.backup(&mut backup).unwrap();
    let restored_as = |version: u8| {
        // Nothing has failed here, so nothing else differs.
        let mut old = backup[..backup.len() - 32].to_vec();
        old[8] = version;
        old.extend(blake3::hash(&old).as_bytes());
        let other = Home::new();
        let report = restore(&other.state().lock().unwrap(), &other.options, &mut &*old)?;
        Ok((report, texts(&other.open().0)))
    };
    let (_, found) = restored_as(1).unwrap();
    assert_eq!(found, held);
    let newer: Result<_, StoreError> = restored_as(3);
    assert!(matches!(newer, Err(StoreError::TooNew { found: 3, .. })), "{newer:?}");
}

#[test]
fn a_damaged_history_is_written_anew_from_the_store() {
    let home = Home::new();
    let held = filled(&home);
    let segment = std::fs::read_dir(home.state().history()).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let error = home.try_open().err().unwrap();
    assert_eq!(error.damaged(), Some(StatePart::History), "{error}");
    let lock = home.state().lock().unwrap();
    let report = rebuild(&lock, &home.options, StatePart::History).unwrap();
    assert!(report.moved_to.unwrap().exists());
    drop(lock);
    assert_eq!(look(&home.state(), &home.options), Ok(held));
    let lock = home.state().lock().unwrap();
    let report = rebuild(&lock, &home.options, StatePart::Store).unwrap();
    assert_eq!(report.lost, Vec::<String>::new(), "and is good for a rebuild of the store in its turn");
}

#[test]
fn a_store_and_a_history_both_damaged_give_what_is_left_and_say_what_is_not() {
    let home = Home::new();
    filled(&home);
    let segment = std::fs::read_dir(home.state().history()).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    let late = bytes.len() * 3 / 4;
    bytes[late] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let lock = home.state().lock().unwrap();
    let report = rebuild(&lock, &home.options, StatePart::Store).unwrap();
    assert!(report.documents > 0 && !report.lost.is_empty(), "{report:?}");
    drop(lock);
    let (store, mut committer) = home.open();
    assert_eq!(store.scrub_all().unwrap(), []);
    committer.commit(vec![put("29", &["text of the folder"])]).unwrap();
    assert_eq!(store.scrub_all().unwrap(), []);
}
