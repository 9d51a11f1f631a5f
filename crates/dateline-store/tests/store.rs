//! What the store promises its callers: commits, reads, identity, two clocks, failures, tables. Damage is in `damage`.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, annotations, identity, new_document, path, put, slice};
use dateline_core::{ContentHash, DocumentId, Revision, Sequence, Timestamp};
use dateline_store::{
    Committer, Failure, FileIdentity, HeldDeletes, HistoryEvent, HistoryKind, Operation, Put, RecordFailure,
    RootIdentity, StatePart, Store, StoreError, ThereBy, rebuild,
};
use std::time::Duration;

fn check_first(store: &Store, document: DocumentId) {
    let entry = store.document(document).unwrap().unwrap();
    assert_eq!((entry.part.as_str(), entry.open, entry.current.revision), ("1", true, Revision(1)));
    let data = store.revision_data(document, Revision(1)).unwrap().unwrap();
    assert_eq!(data.content, new_document(None, 1, "peace talks").document);
    assert_eq!(data.annotations, annotations("peace talks"));
    assert!(store.source(&path("a.txt")).unwrap().unwrap().complete);
    assert_eq!(store.sequence(), Sequence(1));
    assert_eq!(store.scrub_all().unwrap(), []);
    assert!(store.verified());
}

#[test]
fn what_is_committed_is_read_back_now_and_after_reopening() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let committed = committer.commit(vec![put("a.txt", &["peace talks"])]).unwrap();
    assert_eq!(committed.sequence, Sequence(1));
    assert_eq!(committed.documents[0].put, Put::New);
    let document = committed.documents[0].document;
    check_first(&store, document);
    drop((store, committer));
    let (store, report) = home.try_open().unwrap();
    assert!(!store.verified(), "nothing was read yet");
    assert!(!report.created && report.appended == 0 && report.torn_history_bytes == 0, "{report:?}");
    check_first(&store, document);
}

#[test]
fn the_engine_never_makes_blob_files() {
    let home = Home::new();
    let (_store, mut committer) = home.open();
    // Text that does not compress: 200 KB in one document, and a table value of the largest size.
    let noise = |seed: u64, bytes: usize| -> String {
        let mut state = seed;
        let next = |state: &mut u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((*state >> 33) % 90).unwrap())
        };
        (0..bytes).map(|_| next(&mut state)).collect()
    };
    for number in 0..40 {
        let text = noise(number, 200_000 - 4_000 * usize::try_from(number).unwrap());
        committer.commit(vec![put(&format!("{number}.txt"), &[&text])]).unwrap();
    }
    let mut table = _store.indexer_table("registry").unwrap();
    for number in 0..40_u32 {
        table.put(&number.to_be_bytes(), noise(u64::from(number), 256 << 10).as_bytes()).unwrap();
        table.put(&[b"s", number.to_be_bytes().as_slice()].concat(), noise(1, 6_070).as_bytes()).unwrap();
    }
    committer.commit_table(&mut table, Sequence(40)).unwrap();
    let blobs: Vec<_> = std::fs::read_dir(home.state().store().join("blobs")).unwrap().collect();
    assert!(blobs.is_empty(), "{blobs:?}");
    assert_eq!(_store.scrub_all().unwrap(), []);
}

#[test]
fn only_changed_content_makes_a_revision() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let first = committer.commit(vec![put("a.txt", &["one"])]).unwrap();
    let same = committer.commit(vec![put("a.txt", &["one"])]).unwrap();
    assert_eq!((same.changes, same.documents[0].put), (0, Put::Same));
    let other = committer.commit(vec![put("a.txt", &["two"])]).unwrap();
    assert_eq!((other.documents[0].document, other.documents[0].put), (first.documents[0].document, Put::Revised));
    let document = first.documents[0].document;
    let revisions = store.revisions(document).unwrap();
    assert_eq!(revisions.iter().map(|one| one.revision.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(revisions[0].seen_to, Some(revisions[1].seen_from));
    assert_eq!(store.content(document, Revision(1)).unwrap().unwrap().text, "one");
    let changes = store.changes(Sequence(0), 10).unwrap();
    let last = changes.last().unwrap();
    assert_eq!(last.closed.as_ref().unwrap().content.text, "one");
    assert_eq!(last.opened.as_ref().unwrap().content.text, "two");
}

#[test]
fn the_past_is_asked_by_commit_time() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let times: Vec<Timestamp> = [put("a", &["one"]), put("a", &["two"]), Operation::Remove { path: path("a") }]
        .into_iter()
        .chain([put("a", &["two"])])
        .map(|operation| committer.commit(vec![operation]).unwrap().time)
        .collect();
    let document = DocumentId(1);
    let at = |time: Timestamp| store.revision_at(document, time).unwrap().map(|entry| entry.revision.0);
    let before = Timestamp::from_microsecond(times[0].as_microsecond() - 1).unwrap();
    assert_eq!(at(before), None);
    assert_eq!([at(times[0]), at(times[1]), at(times[2]), at(times[3])], [Some(1), Some(2), None, Some(3)]);
    assert_eq!(at(Timestamp::MAX), Some(3), "deleted content that came back reopened its document");
    assert_eq!(store.documents().count(), 1);
}

#[test]
fn a_place_in_the_log_is_told_by_time() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let there_by = |at| store.there_by(Sequence(at)).unwrap();
    let documents = |numbers: &[u64]| numbers.iter().copied().map(DocumentId).collect();
    let committed = |committer: &mut Committer, operations| committer.commit(operations).unwrap().time;
    let first = committed(&mut committer, vec![put("a", &["one", "two", "three"])]);
    let second = committed(&mut committer, vec![put("b", &["four"])]);
    assert_eq!(there_by(0), None);
    assert_eq!(there_by(1), Some(ThereBy { time: first, later: documents(&[2, 3]) }), "inside the first commit");
    assert_eq!(there_by(3), Some(ThereBy { time: first, later: documents(&[]) }));
    assert_eq!(there_by(4), Some(ThereBy { time: second, later: documents(&[]) }));
    // What is annotated anew, or goes, came no later for that.
    let again = |number| Operation::Annotate {
        document: DocumentId(number),
        revision: Revision(1),
        annotations: annotations("again"),
    };
    committed(&mut committer, vec![again(1), Operation::Remove { path: path("b") }]);
    assert_eq!(there_by(4), Some(ThereBy { time: second, later: documents(&[]) }));
    assert_eq!(there_by(6), there_by(4));
    // A clock that stands still gives the next commit the time of the last.
    home.clock.0.store(500, std::sync::atomic::Ordering::SeqCst);
    let third = committed(&mut committer, vec![put("c", &["five"])]);
    let fourth = committed(&mut committer, vec![put("a", &["one", "other", "three"])]);
    assert_eq!(third, fourth);
    assert_eq!(there_by(7), Some(ThereBy { time: third, later: documents(&[2]) }));
}

/// A history that was written anew says of a revision when it changed last, which may be long after it came.
#[test]
fn what_came_early_and_changed_late_was_there_for_a_rewritten_history_too() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    let second = committer.commit(vec![put("b", &["two"])]).unwrap().time;
    committer.commit(vec![put("c", &["three"])]).unwrap();
    let again =
        Operation::Annotate { document: DocumentId(1), revision: Revision(1), annotations: annotations("again") };
    committer.commit(vec![again]).unwrap();
    committer.rewrite_history().unwrap();
    let there = store.there_by(Sequence(2)).unwrap().unwrap();
    assert_eq!((there.time, there.later.len()), (second, 0), "the first came before the second");
}

#[test]
fn commit_time_never_decreases_and_jumps_are_flagged() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let first = committer.commit(vec![put("a", &["one"])]).unwrap();
    assert_eq!(first.clock_behind, None);
    home.clock.0.store(500, std::sync::atomic::Ordering::SeqCst);
    let second = committer.commit(vec![put("a", &["two"])]).unwrap();
    assert!(second.clock_behind.is_some());
    assert_eq!(second.time, first.time);
    committer.commit(vec![put("a", &["three"])]).unwrap();
    assert_eq!(store.stats().unwrap().clock_jumps, 1, "one jump, however many commits it lasts");
}

#[test]
fn a_large_source_comes_in_slices_and_loses_what_it_holds_no_longer() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let texts: Vec<String> = (1..=250).map(|number| format!("record {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (at, part) in texts.chunks(100).enumerate() {
        let first = u32::try_from(at * 100 + 1).unwrap();
        let slice = slice("feed.jsonl", part, first, at == 0, at == 2);
        committer.commit(vec![Operation::PutSource(slice)]).unwrap();
        let source = store.source(&path("feed.jsonl")).unwrap().unwrap();
        assert_eq!(source.complete, at == 2);
    }
    assert_eq!(store.documents_of(&path("feed.jsonl")).unwrap().len(), 250);
    let kept: Vec<&str> = texts.iter().copied().filter(|text| !text.ends_with('7')).collect();
    let committed = committer.commit(vec![put("feed.jsonl", &kept)]).unwrap();
    assert!(committed.documents.iter().all(|put| put.put == Put::Updated || put.put == Put::Same));
    assert_eq!(store.documents_of(&path("feed.jsonl")).unwrap().len(), 225);
    assert_eq!(store.stats().unwrap().deleted, 25);
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn a_slice_out_of_order_is_refused_before_anything_is_written() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let second = Operation::PutSource(slice("feed", &["b"], 2, false, true));
    let refused = committer.commit(vec![put("a", &["one"]), second.clone()]).unwrap_err();
    assert!(matches!(refused, StoreError::SliceOrder { .. }));
    assert_eq!((store.sequence(), committer.poisoned()), (Sequence(0), None));
    let first = Operation::PutSource(slice("feed", &["a"], 1, true, false));
    committer.commit(vec![first, second]).unwrap();
    assert_eq!(store.documents_of(&path("feed")).unwrap().len(), 2);
}

#[test]
fn a_rename_keeps_documents_and_an_overwritten_file_is_deleted() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["x=one", "y=two"]), put("b", &["other"])]).unwrap();
    let rename = Operation::Rename { from: path("a"), to: path("b"), identity: identity(3) };
    committer.commit(vec![Operation::Absent { path: path("a") }, rename]).unwrap();
    assert_eq!(store.source(&path("a")).unwrap(), None);
    let moved = store.documents_of(&path("b")).unwrap();
    assert_eq!(moved.iter().map(|one| one.document.0).collect::<Vec<_>>(), [1, 2]);
    assert!(!store.document(DocumentId(3)).unwrap().unwrap().open);
    let source = store.source(&path("b")).unwrap().unwrap();
    assert_eq!((source.documents, source.complete, source.identity), (2, true, identity(3)));
    let changes = store.changes(Sequence(3), 10).unwrap();
    assert!(changes.iter().filter_map(|change| change.opened.as_ref()).all(|data| data.path == path("b")));
    assert_eq!(store.stats().unwrap().missing, 0);
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn a_rename_is_found_among_missing_sources_only() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    let (content, other) = (ContentHash::of(b"one"), ContentHash::of(b"else"));
    let asked = |content| store.rename_candidate(&identity(9), content).unwrap();
    assert_eq!(asked(&content), None);
    committer.commit(vec![Operation::Absent { path: path("a") }]).unwrap();
    assert!(asked(&content).is_some_and(|found| found.same_content && found.from == path("a")));
    assert!(asked(&other).is_some_and(|found| !found.same_content));
    assert!(store.continues(&path("a"), &[new_document(None, 1, "one and more")]).unwrap());
    assert!(!store.continues(&path("a"), &[new_document(None, 1, "something else")]).unwrap());
    let touch = Operation::Touch { path: path("a"), identity: identity(9), parser_key: None };
    committer.commit(vec![touch]).unwrap();
    assert_eq!(asked(&content), None);
}

#[test]
fn content_deleted_here_and_put_there_is_the_same_document() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"]), put("b", &["two"])]).unwrap();
    committer.commit(vec![Operation::Remove { path: path("a") }]).unwrap();
    let back = committer.commit(vec![put("c", &["one"])]).unwrap();
    assert_eq!((back.documents[0].document, back.documents[0].put), (DocumentId(1), Put::Reopened));
    assert_eq!(store.source(&path("a")).unwrap(), None, "nothing is left of it");
    assert_eq!(store.find(&path("c"), "1").unwrap().unwrap().document, DocumentId(1));
    // Two deleted documents of one content: which one it is cannot be said.
    committer.commit(vec![put("d", &["twin"]), put("e", &["twin"])]).unwrap();
    committer.commit(vec![Operation::Remove { path: path("d") }, Operation::Remove { path: path("e") }]).unwrap();
    let third = committer.commit(vec![put("f", &["twin"])]).unwrap();
    assert_eq!(third.documents[0].put, Put::New);
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn absences_count_up_and_a_sight_of_the_file_forgets_them() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let absences = |store: &Store| store.source(&path("a")).unwrap().unwrap().absences;
    committer.commit(vec![put("a", &["one"])]).unwrap();
    for expected in [1, 2] {
        committer.commit(vec![Operation::Absent { path: path("a") }]).unwrap();
        assert_eq!((absences(&store), store.stats().unwrap().missing), (expected, 1));
    }
    let identity = FileIdentity { size: 11, ..identity(9) };
    committer.commit(vec![Operation::Touch { path: path("a"), identity, parser_key: None }]).unwrap();
    assert_eq!((absences(&store), store.stats().unwrap().missing), (0, 0));
    let before = store.stats().unwrap();
    committer.commit(vec![Operation::Touch { path: path("a"), identity, parser_key: None }]).unwrap();
    assert_eq!(store.stats().unwrap(), before, "what is as it was writes nothing");
}

#[test]
fn steps_about_what_is_not_there_do_nothing() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let nowhere = || path("nowhere");
    let steps = vec![
        Operation::Touch { path: nowhere(), identity: identity(1), parser_key: None },
        Operation::Absent { path: nowhere() },
        Operation::Rename { from: nowhere(), to: path("b"), identity: identity(1) },
        Operation::Remove { path: nowhere() },
        Operation::Forgive { path: nowhere() },
        Operation::Annotate { document: DocumentId(7), revision: Revision(1), annotations: annotations("x") },
    ];
    assert_eq!(committer.commit(steps).unwrap().sequence, Sequence(0));
    assert_eq!(store.sources().count(), 0);
}

#[test]
fn failures_are_listed_counted_and_forgotten() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let failure = |quarantined| Failure {
        code: "crashed".to_owned(),
        reason: "x".repeat(5_000),
        quarantined,
        content: Some(ContentHash::of(b"bytes")),
        key: ContentHash::of(b"limits"),
    };
    let fail = |quarantined| Operation::Fail {
        path: path("bad.pdf"),
        identity: Some(identity(4)),
        failure: failure(quarantined),
    };
    committer.commit(vec![fail(false)]).unwrap();
    committer.commit(vec![fail(true)]).unwrap();
    let listed: Vec<_> = store.failures().collect::<Result<_, _>>().unwrap();
    assert_eq!((listed.len(), listed[0].attempts), (1, 2));
    let kept = listed[0].failure.as_ref().unwrap();
    assert_eq!(kept.key, ContentHash::of(b"limits"));
    assert!(kept.quarantined && kept.reason.len() == dateline_store::REASON_BYTES_MAX);
    assert!(listed[0].since < listed[0].last);
    let mut mixed = slice("feed", &["good"], 1, true, true);
    let bad = |number: u32| RecordFailure { part: number.to_string(), line: number, reason: "not JSON".to_owned() };
    mixed.failures = (1..=12_000).map(bad).collect();
    committer.commit(vec![Operation::PutSource(mixed)]).unwrap();
    let feed = store.failure(&path("feed")).unwrap().unwrap();
    assert_eq!((feed.records.len(), feed.more_records), (10_000, 2_000));
    assert_eq!(feed.records[41], bad(42));
    assert_eq!(store.stats().unwrap().failures, 2);
    assert_eq!(store.scrub_all().unwrap(), []);
    committer.commit(vec![put("feed", &["good"]), Operation::Forgive { path: path("bad.pdf") }]).unwrap();
    assert_eq!(store.failures().count(), 0);
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn annotations_are_replaced_and_equal_ones_are_no_change() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    let annotate = |seed: &str| Operation::Annotate {
        document: DocumentId(1),
        revision: Revision(1),
        annotations: annotations(seed),
    };
    assert_eq!(committer.commit(vec![annotate("one")]).unwrap().changes, 0);
    assert_eq!(committer.commit(vec![annotate(&"long ".repeat(9_000))]).unwrap().changes, 1);
    assert_eq!(committer.commit(vec![annotate("short")]).unwrap().changes, 1);
    assert_eq!(store.annotations(DocumentId(1), Revision(1)).unwrap(), Some(annotations("short")));
    let changes = store.changes(Sequence(0), 10).unwrap();
    assert_eq!(changes.iter().map(|change| change.sequence.0).collect::<Vec<_>>(), [3], "newer entries say it all");
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn the_log_is_trimmed_below_every_indexer_and_still_tells_everything() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    for round in 0..5 {
        let texts: Vec<Operation> =
            (0..20).map(|number| put(&format!("{number}"), &[&format!("{number} {}", round / 2)])).collect();
        committer.commit(texts).unwrap();
        for number in 1..=20 {
            let annotations = annotations(&format!("round {round}"));
            let current = store.document(DocumentId(number)).unwrap().unwrap().current.revision;
            let document = DocumentId(number);
            committer.commit(vec![Operation::Annotate { document, revision: current, annotations }]).unwrap();
        }
    }
    let told = |store: &Store| {
        let mut told: Vec<(u64, u32)> = store
            .changes(Sequence(0), usize::MAX)
            .unwrap()
            .iter()
            .flat_map(|change| change.opened.iter().chain(&change.closed))
            .map(|data| (data.document.0, data.entry.revision.0))
            .collect();
        told.sort_unstable();
        told.dedup();
        told
    };
    let before = told(&store);
    assert_eq!(before.len(), 60);
    assert_eq!(committer.trim(1_000).unwrap(), 0, "no indexer has applied anything");
    let half = Sequence(store.sequence().0 / 2);
    committer.commit(vec![Operation::Applied { indexer: "index".to_owned(), sequence: store.sequence() }]).unwrap();
    committer.commit(vec![Operation::Applied { indexer: "registry".to_owned(), sequence: half }]).unwrap();
    assert!(committer.trim(1_000).unwrap() > 0);
    committer.commit(vec![Operation::Applied { indexer: "registry".to_owned(), sequence: store.sequence() }]).unwrap();
    while committer.trim(7).unwrap() > 0 {}
    committer.commit(vec![put("0", &["other"])]).unwrap();
    assert_eq!(told(&store).len(), 61);
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn tables_are_committed_with_their_sequence_or_not_at_all() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    let mut table = store.indexer_table("registry").unwrap();
    table.put(b"b", b"2").unwrap();
    table.put(b"a", &vec![b'x'; 200_000]).unwrap();
    assert_eq!(table.get(b"b").unwrap(), Some(b"2".to_vec()), "reads see what was put");
    assert_eq!(store.indexer_table("registry").unwrap().get(b"b").unwrap(), None, "others do not");
    committer.commit_table(&mut table, Sequence(1)).unwrap();
    assert_eq!(store.applied("registry").unwrap(), Sequence(1));
    table.put(b"aa", b"between").unwrap();
    table.delete(b"b").unwrap();
    let mut seen = Vec::new();
    table
        .scan(b"", &mut |key, value| {
            seen.push((key.to_vec(), value.len()));
            true
        })
        .unwrap();
    assert_eq!(seen, [(b"a".to_vec(), 200_000), (b"aa".to_vec(), 7)]);
    table.abandon();
    assert_eq!(table.get(b"b").unwrap(), Some(b"2".to_vec()));
    table.put(b"a", b"small").unwrap();
    committer.commit_table(&mut table, Sequence(1)).unwrap();
    assert_eq!(store.scrub_all().unwrap(), []);
    table.clear();
    table.put(b"c", b"3").unwrap();
    assert_eq!(table.applied().unwrap(), Sequence(0));
    committer.commit_table(&mut table, Sequence(0)).unwrap();
    assert_eq!((table.get(b"a").unwrap(), table.get(b"c").unwrap()), (None, Some(b"3".to_vec())));
    assert!(matches!(table.put(&[0; 513], b""), Err(StoreError::TooLarge { .. })));
    let largest = dateline_store::TABLE_VALUE_BYTES_MAX;
    assert!(table.put(&[0; 512], &vec![0; largest]).is_ok());
    assert!(matches!(table.put(b"k", &vec![0; largest + 1]), Err(StoreError::TooLarge { .. })));
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn retention_forgets_what_ended_and_keeps_what_is_current() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    for text in ["one", "two", "three"] {
        committer.commit(vec![put("a", &[text]), put("b", &[&format!("b {text}")])]).unwrap();
    }
    let end = committer.commit(vec![Operation::Remove { path: path("b") }]).unwrap().time;
    // The clock moves on by a second at every look.
    let second = Duration::from_secs(1);
    assert_eq!(end.as_second() + 1, home.clock.0.load(std::sync::atomic::Ordering::SeqCst));
    committer.commit(vec![Operation::Purge { period: second, limit: 100 }]).unwrap();
    assert_eq!(store.revisions(DocumentId(1)).unwrap().len(), 1);
    let mut told = Vec::new();
    let keep = &mut |event: HistoryEvent| {
        told.push((event.sequence.0, event.document.0, event.kind));
        told.len() < 5
    };
    store.history(keep).unwrap();
    let new = HistoryKind::Opened;
    assert_eq!(told[..4], [(1, 1, new), (2, 2, new), (3, 1, HistoryKind::Superseded), (3, 1, new)]);
    assert_eq!(told.len(), 5, "it ends when it is told to");
    assert!(store.document(DocumentId(2)).unwrap().is_some(), "it ended at that time, not before");
    committer.commit(vec![Operation::Purge { period: Duration::ZERO, limit: 100 }]).unwrap();
    assert!(store.document(DocumentId(2)).unwrap().is_none());
    assert_eq!(store.source(&path("b")).unwrap(), None);
    let purged: usize = store.changes(Sequence(0), 100).unwrap().iter().map(|change| change.purged.len()).sum();
    assert_eq!(purged, 5);
    assert_eq!(store.scrub_all().unwrap(), []);
    let again = committer.commit(vec![put("b", &["b three"])]).unwrap();
    assert_eq!(again.documents[0].document, DocumentId(3), "an id is never used again");
    let aside = committer.rewrite_history().unwrap();
    assert!(aside.exists());
    committer.commit(vec![put("c", &["new"])]).unwrap();
    assert_eq!(store.scrub_all().unwrap(), []);
    drop((store, committer));
    let (store, _) = home.open();
    assert_eq!(store.scrub_all().unwrap(), []);
}

/// A history without the past of a forgotten document still says that its id was given.
#[test]
fn a_forgotten_id_is_not_given_again_by_a_store_made_from_a_rewritten_history() {
    for rewritten_by_rebuild in [false, true] {
        let home = Home::new();
        let (store, mut committer) = home.open();
        committer.commit(vec![put("a", &["one"]), put("b", &["two"]), put("c", &["three"])]).unwrap();
        committer.commit(vec![Operation::Remove { path: path("b") }, Operation::Remove { path: path("c") }]).unwrap();
        committer.commit(vec![Operation::Purge { period: Duration::ZERO, limit: 100 }]).unwrap();
        assert!(store.document(DocumentId(3)).unwrap().is_none());
        let sequence = store.sequence();
        if !rewritten_by_rebuild {
            committer.rewrite_history().unwrap();
        }
        drop((store, committer));
        let lock = home.state().lock().unwrap();
        if rewritten_by_rebuild {
            rebuild(&lock, &home.options, StatePart::History).unwrap();
        }
        let report = rebuild(&lock, &home.options, StatePart::Store).unwrap();
        assert_eq!((report.documents, report.lost), (1, Vec::new()));
        drop(lock);
        let (store, mut committer) = home.open();
        assert_eq!(store.sequence(), sequence, "nor is a sequence");
        let committed = committer.commit(vec![put("a", &["one"]), put("d", &["four"])]).unwrap();
        assert_eq!(committed.documents.last().unwrap().document, DocumentId(4));
        assert!(committed.sequence > sequence);
        assert_eq!(store.scrub_all().unwrap(), []);
    }
}

#[test]
fn root_and_held_deletes_are_remembered() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let root = RootIdentity { path: b"/seeds".to_vec(), device: 1, inode: 2 };
    let held = HeldDeletes { reason: "root is empty".to_owned(), sources: 12, since: Timestamp::UNIX_EPOCH };
    let steps = vec![Operation::SetRoot(root.clone()), Operation::SetHeldDeletes(Some(held.clone()))];
    committer.commit(steps).unwrap();
    drop((store, committer));
    let (store, mut committer) = home.open();
    assert_eq!((store.root().unwrap(), store.held_deletes().unwrap()), (Some(root), Some(held)));
    committer.commit(vec![Operation::SetHeldDeletes(None)]).unwrap();
    assert_eq!(store.held_deletes().unwrap(), None);
}

#[test]
fn sources_are_listed_by_path_and_directory() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    let names = ["a/x", "a-b", "a/y/z", "b"];
    committer.commit(names.map(|name| put(name, &[name])).to_vec()).unwrap();
    committer.commit(vec![Operation::Remove { path: path("b") }]).unwrap();
    let below = |directory: &str| {
        store.sources_below(&path(directory)).map(|one| one.unwrap().path.display()).collect::<Vec<_>>()
    };
    assert_eq!(below(""), ["a-b", "a/x", "a/y/z"]);
    assert_eq!(below("a"), ["a/x", "a/y/z"]);
    assert_eq!(below("a/x"), ["a/x"]);
    assert_eq!(below("b"), Vec::<String>::new());
    assert_eq!(store.sources().count(), 3);
    let all: Vec<bool> = store.all_sources().map(|one| one.unwrap().removed).collect();
    assert_eq!(all, [false, false, false, true], "documents of `b` are kept");

    let failure = |name: &str| Failure {
        code: "broken".to_owned(),
        reason: format!("{name} is broken"),
        quarantined: false,
        content: None,
        key: ContentHash::of(b"limits"),
    };
    let fail = |name: &str| Operation::Fail { path: path(name), identity: None, failure: failure(name) };
    committer.commit(["a", "a/x", "a-b", "a/y/z", "b"].map(fail).to_vec()).unwrap();
    let below = |directory: &str| {
        store.failures_below(&path(directory)).map(|one| one.unwrap().path.display()).collect::<Vec<_>>()
    };
    assert_eq!(below("a"), ["a", "a/x", "a/y/z"]);
    assert_eq!(below("a/x"), ["a/x"]);
    assert_eq!(below("").len(), 5);
    assert_eq!(store.failures().count(), 5);
}

#[test]
fn a_nearly_full_disk_pauses_commits_and_nothing_else() {
    let mut home = Home::new();
    home.options.reserve_bytes = u64::MAX;
    let (store, mut committer) = home.open();
    let refused = committer.commit(vec![put("a", &["one"])]).unwrap_err();
    assert!(matches!(refused, StoreError::Paused(_)) && !refused.is_fatal(), "{refused}");
    assert_eq!((committer.poisoned(), store.pause().is_some()), (None, true));
    assert_eq!(store.sequence(), Sequence(0));
}

#[test]
fn there_is_one_committer_at_a_time() {
    let home = Home::new();
    let (store, committer) = home.open();
    assert!(matches!(store.committer(), Err(StoreError::CommitterTaken)));
    drop(committer);
    store.committer().unwrap();
}

#[test]
fn bulk_import_closes_and_opens_the_engine_under_readers() {
    let mut home = Home::new();
    home.options.reopen_bytes = 40_000;
    let (store, mut committer) = home.open();
    let reader = store.clone();
    let reading = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < 60 {
            seen = reader.documents().map(Result::unwrap).count();
            for number in 1..=seen {
                let number = u64::try_from(number).unwrap();
                assert!(reader.content(DocumentId(number), Revision(1)).unwrap().is_some());
            }
        }
    });
    for number in 0..60 {
        let text = format!("{number} {}", "words and words ".repeat(50));
        committer.commit(vec![put(&format!("{number}"), &[&text])]).unwrap();
    }
    reading.join().unwrap();
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn retention_looks_at_everything_a_hundred_times_in_its_period_at_most() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    let end = committer.commit(vec![Operation::Remove { path: path("a") }]).unwrap().time.as_second();
    let mut is_kept_after = |seconds: i64, period: u64| {
        home.clock.0.store(end + seconds, std::sync::atomic::Ordering::SeqCst);
        committer.commit(vec![Operation::Purge { period: Duration::from_secs(period), limit: 100 }]).unwrap();
        store.document(DocumentId(1)).unwrap().is_some()
    };
    assert!(is_kept_after(995, 1_000), "it ended less than the period ago");
    assert!(is_kept_after(1_001, 1_000), "everything was looked at a moment ago");
    assert!(!is_kept_after(1_010, 1_000));
}

#[test]
fn retention_does_not_believe_a_clock_that_went_far_ahead() {
    let home = Home::new();
    let set = |second: i64| home.clock.0.store(second, std::sync::atomic::Ordering::SeqCst);
    let (day, year) = (86_400, 86_400 * 365);
    let purge = || vec![Operation::Purge { period: Duration::from_secs(30 * 86_400), limit: 100 }];
    set(50 * year);
    let (store, mut committer) = home.open();
    committer.commit(vec![put("a", &["one"])]).unwrap();
    committer.commit(vec![put("a", &["two"])]).unwrap();
    committer.commit(purge()).unwrap();
    let kept = |store: &Store| store.revisions(DocumentId(1)).unwrap().len();
    assert_eq!((kept(&store), store.doubted_clock().unwrap()), (2, None));
    // A clock that is wrong for an hour, whatever happens in it.
    set(60 * year);
    committer.commit(purge()).unwrap();
    committer.commit(vec![put("b", &["new"])]).unwrap();
    drop((store, committer));
    let (store, mut committer) = home.open();
    committer.commit(purge()).unwrap();
    let (believed, since) = store.doubted_clock().unwrap().expect("is doubted");
    assert_eq!((believed.as_second() / year, since.as_second() / year), (50, 60));
    assert_eq!(kept(&store), 2);
    set(50 * year + 3_600);
    committer.commit(purge()).unwrap();
    assert_eq!((kept(&store), store.doubted_clock().unwrap()), (2, None), "it was set right");
    // One that stays is right: the machine was off.
    set(51 * year);
    committer.commit(purge()).unwrap();
    assert_eq!(kept(&store), 2);
    set(51 * year + day);
    committer.commit(purge()).unwrap();
    assert_eq!((kept(&store), store.doubted_clock().unwrap()), (1, None));
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn a_scrub_beside_commits_finds_nothing_wrong() {
    let home = Home::new();
    let (store, mut committer) = home.open();
    for number in 0..30 {
        committer.commit(vec![put(&format!("{number}"), &["one", "two"])]).unwrap();
    }
    let mut scrub = store.scrub();
    let mut number = 0;
    loop {
        if let dateline_store::ScrubState::Finished { findings, records } = scrub.step(11).unwrap() {
            assert_eq!(findings, []);
            assert!(records > 200);
            break;
        }
        let source = format!("{}", (number * 7) % 40);
        let operation = match number % 4 {
            0 => put(&source, &["one", "changed"]),
            1 => Operation::Remove { path: path(&source) },
            2 => Operation::Rename { from: path(&source), to: path(&format!("{source}x")), identity: identity(2) },
            _ => Operation::Purge { period: Duration::ZERO, limit: 3 },
        };
        committer.commit(vec![operation]).unwrap();
        number += 1;
    }
    assert!(store.verified());
}
