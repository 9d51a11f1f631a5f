//! A store large enough to have learnt dictionaries: everything is read back from it, from its backup and from its
//! history, and a lost dictionary is damage that somebody names.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, path, put};
use dateline_core::DocumentId;
use dateline_store::{Committer, Operation, StatePart, Store, rebuild, restore};

/// Documents of the store: more than it takes to learn.
const DOCUMENTS: usize = 1_200;

/// How every dictionary begins (RFC 8878, section 5).
const DICTIONARY: &[u8] = &[0x37, 0xa4, 0x30, 0xec];

fn text(number: usize, edition: &str) -> String {
    let day = number % 28 + 1;
    let city = ["Geneva", "Ankara", "Vienna", "Doha"][number % 4];
    format!(
        "{edition} edition. Delegations from both sides met in {city} on {day} March and spoke for {number} minutes about \
         grain exports, the exchange of prisoners and safe passage for civilians. A spokesperson said the talks would go \
         on, and that paper {number} had been put on the table."
    )
}

/// A store with everything in it, whose first hundred documents have an older revision.
fn filled(home: &Home) -> (Store, Committer) {
    let (store, mut committer) = home.open();
    for from in (0..DOCUMENTS).step_by(100) {
        let operations: Vec<Operation> =
            (from..from + 100).map(|number| put(&number.to_string(), &[&text(number, "First")])).collect();
        committer.commit(operations).unwrap();
    }
    let revised: Vec<Operation> =
        (1_100..DOCUMENTS).map(|number| put(&number.to_string(), &[&text(number, "Second")])).collect();
    committer.commit(revised).unwrap();
    (store, committer)
}

fn check(store: &Store) {
    for number in (0..DOCUMENTS).step_by(37).chain(1_190..DOCUMENTS) {
        let source = store.source(&path(&number.to_string())).unwrap().unwrap();
        assert_eq!(source.documents, 1);
        let document = DocumentId(number as u64 + 1);
        let is_revised = number >= 1_100;
        let texts: Vec<String> = store
            .revisions(document)
            .unwrap()
            .iter()
            .filter_map(|entry| store.content(document, entry.revision).unwrap())
            .map(|content| content.text)
            .collect();
        let expected: &[&str] = if is_revised { &["First", "Second"] } else { &["First"] };
        assert_eq!(texts, expected.iter().map(|edition| text(number, edition)).collect::<Vec<_>>(), "{number}");
    }
}

#[test]
fn dictionaries_are_learnt_kept_and_taken_along_by_a_backup() {
    let home = Home::new();
    let (store, committer) = filled(&home);
    assert_eq!(store.scrub_all().unwrap(), []);
    check(&store);
    let mut backup = Vec::new();
    store.backup(&mut backup).unwrap();
    drop((store, committer));
    let (store, mut committer) = home.open();
    check(&store);
    committer.commit(vec![put("late", &[&text(5_000, "First")])]).unwrap();
    assert_eq!(store.scrub_all().unwrap(), []);
    let learnt = backup.windows(DICTIONARY.len()).filter(|bytes| *bytes == DICTIONARY).count();
    assert_eq!(learnt, 2, "one for texts, one for annotations");
    let other = Home::new();
    let lock = other.state().lock().unwrap();
    restore(&lock, &other.options, &mut &*backup).unwrap();
    drop(lock);
    let (restored, _committer) = other.open();
    check(&restored);
    assert_eq!(restored.scrub_all().unwrap(), []);
}

#[test]
fn the_history_can_be_read_without_any_dictionary() {
    let home = Home::new();
    let (store, committer) = filled(&home);
    drop((store, committer));
    let lock = home.state().lock().unwrap();
    let report = rebuild(&lock, &home.options, StatePart::Store).unwrap();
    assert_eq!(report.lost, Vec::<String>::new());
    assert_eq!(report.revisions, 100, "older texts come from the history");
    drop(lock);
    let (store, _committer) = home.open();
    let revision = store.revisions(DocumentId(1_200)).unwrap()[0].revision;
    assert_eq!(store.content(DocumentId(1_200), revision).unwrap().unwrap().text, text(1_199, "First"));
}
