//! A compacted store holds what it held, is smaller, and survives a kill on the way. Not how small: that is measured.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, copy, path, put};
use dateline_core::Revision;
use dateline_store::{FaultPoint, Faults, Operation, StateDir, Store, StoreOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files in a test's store.
const FILES: usize = 400;

/// A text of some 2 KB that does not compress to nothing.
fn text(number: usize, version: usize) -> String {
    let mut state = (number * 31 + version) as u64 + 1;
    let mut text = format!("Report {number}, version {version}.\n");
    for _ in 0..200 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{:x} ", state >> 28));
    }
    text
}

/// A store with revised and deleted documents, filled in small commits.
fn filled(home: &Home) -> (Store, dateline_store::Committer) {
    let (store, mut committer) = home.open();
    for version in 0..2 {
        for first in (0..FILES).step_by(20) {
            let files = first..first + 20;
            committer.commit(files.map(|at| put(&format!("{at}.txt"), &[&text(at, version)])).collect()).unwrap();
        }
    }
    committer.commit(vec![Operation::Remove { path: path("7.txt") }]).unwrap();
    (store, committer)
}

/// All that is told of all documents.
fn contents(store: &Store) -> Vec<String> {
    let mut found = Vec::new();
    for entry in store.documents().map(Result::unwrap) {
        for revision in 1..=entry.current.revision.0 {
            let content = store.content(entry.document, Revision(revision)).unwrap();
            let annotations = store.annotations(entry.document, Revision(revision)).unwrap();
            found.push(format!("{entry:?} {revision} {content:?} {annotations:?}"));
        }
    }
    found
}

fn small() -> Home {
    let mut home = Home::new();
    home.options.compact_growth_bytes = 1 << 20;
    home
}

#[test]
fn a_compacted_store_is_smaller_and_holds_what_it_held() {
    let home = small();
    let (store, mut committer) = filled(&home);
    let before = contents(&store);
    assert_eq!(before.len(), 2 * FILES);
    let done = committer.compact(&|| true).unwrap().unwrap();
    assert!(done.after < done.before, "{done:?}");
    assert_eq!(contents(&store), before);
    assert_eq!(committer.compact(&|| true).unwrap(), None, "it has not grown since");
    assert!(!home.state().path().join("store.new").exists());
    committer.commit(vec![put("later.txt", &["A text that came later."])]).unwrap();
    drop((committer, store));
    let (store, _) = home.open();
    assert_eq!(contents(&store).len(), before.len() + 1);
    assert_eq!(store.scrub_all().unwrap(), []);
}

#[test]
fn a_compaction_that_is_given_up_changes_nothing() {
    let home = small();
    let (store, mut committer) = filled(&home);
    let before = contents(&store);
    let left = AtomicUsize::new(10);
    let go_on = || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    assert_eq!(committer.compact(&go_on).unwrap(), None);
    assert!(!home.state().path().join("store.new").exists());
    assert_eq!(contents(&store), before);
    committer.commit(vec![put("later.txt", &["A text that came later."])]).unwrap();
    assert_eq!(store.scrub_all().unwrap(), []);
}

/// Copies the state at a point: what a killed process would leave.
struct CopyAt {
    point: FaultPoint,
    from: PathBuf,
    to: PathBuf,
}

impl Faults for CopyAt {
    fn at(&self, point: FaultPoint) -> std::io::Result<()> {
        if point == self.point {
            copy(&self.from, &self.to);
        }
        Ok(())
    }
}

#[test]
fn a_kill_during_a_compaction_leaves_the_old_store_or_the_new_one() {
    for point in [FaultPoint::BeforeExchange, FaultPoint::AfterExchange] {
        let mut home = small();
        let copied = home.folder.path().join("copy");
        let from = home.state().path().to_owned();
        home.options.faults = Arc::new(CopyAt { point, from, to: copied.clone() });
        let (store, mut committer) = filled(&home);
        let before = contents(&store);
        assert!(committer.compact(&|| true).unwrap().is_some());
        let state = StateDir::new(&copied);
        assert!(copied.join("store.new").exists(), "{point:?}");
        let options = StoreOptions { faults: StoreOptions::default().faults, ..home.options.clone() };
        let (store, _) = Store::open(state.lock().unwrap(), &options).unwrap();
        assert!(!copied.join("store.new").exists(), "{point:?}");
        assert_eq!(contents(&store), before, "{point:?}");
        assert_eq!(store.scrub_all().unwrap(), [], "{point:?}");
    }
}
