//! Fixtures for the tests of this crate: a state directory in a temporary folder, short ways to make operations.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use dateline_core::{
    ContentHash, Document, Facet, FacetValue, LayerRecord, Outcome, OutcomeState, SourcePath, StalenessKey, Timestamp,
};
use dateline_store::{
    Annotations, Clock, Committer, FileIdentity, NewDocument, OpenReport, Operation, SourceSlice, StateDir, Store,
    StoreError, StoreOptions,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// A clock that moves on by a second at every look.
pub struct Ticking(pub AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

pub struct Home {
    pub folder: TempDir,
    pub options: StoreOptions,
    pub clock: Arc<Ticking>,
}

impl Home {
    pub fn new() -> Home {
        let clock = Arc::new(Ticking(AtomicI64::new(1_000_000)));
        let options = StoreOptions {
            reserve_bytes: 0,
            ballast: false,
            cache_bytes: 8 << 20,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..StoreOptions::default()
        };
        Home { folder: tempfile::tempdir().unwrap(), options, clock }
    }

    pub fn state(&self) -> StateDir {
        StateDir::new(self.folder.path().join("state"))
    }

    pub fn try_open(&self) -> Result<(Store, OpenReport), StoreError> {
        Store::open(self.state().lock()?, &self.options)
    }

    pub fn open(&self) -> (Store, Committer) {
        let (store, _) = self.try_open().unwrap();
        let committer = store.committer().unwrap();
        (store, committer)
    }
}

/// Copies a directory with all that is in it: what a killed process would leave.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn path(text: &str) -> SourcePath {
    SourcePath::new(text)
}

pub fn identity(inode: u64) -> FileIdentity {
    FileIdentity { device: 1, inode, size: 10, mtime_ns: 5, ctime_ns: 5 }
}

/// Annotations that depend on a text; a third of them say that a processor failed.
pub fn annotations(seed: &str) -> Annotations {
    Annotations {
        layers: vec![
            LayerRecord::new("timex", 1, seed.as_bytes().to_vec()),
            LayerRecord::new("entity", 2, vec![7; 40]),
        ],
        facets: vec![Facet { name: "words".to_owned(), value: FacetValue::Integer(seed.len() as i64) }],
        outcomes: vec![Outcome {
            processor: "dating".to_owned(),
            version: 3,
            key: StalenessKey::of(seed.as_bytes()),
            parts: vec![1, 2, u32::MAX],
            state: match seed.len() % 3 {
                0 => OutcomeState::Failed { reason: "out of time".to_owned() },
                _ => OutcomeState::Done,
            },
            diagnostics: Vec::new(),
        }],
        diagnostics: Vec::new(),
    }
}

pub fn new_document(part_id: Option<&str>, number: u32, text: &str) -> NewDocument {
    let document = Document { text: text.to_owned(), title: Some(format!("On {text}")), ..Document::default() };
    let annotations = annotations(text);
    NewDocument { part_id: part_id.map(str::to_owned), number, document, annotations }
}

/// A slice of documents; `id=text` gives one an own id.
pub fn slice(source: &str, texts: &[&str], first_number: u32, first: bool, last: bool) -> SourceSlice {
    let documents = texts
        .iter()
        .zip(first_number..)
        .map(|(item, number)| match item.split_once('=') {
            Some((id, text)) => new_document(Some(id), number, text),
            None => new_document(None, number, item),
        })
        .collect();
    SourceSlice {
        path: path(source),
        identity: identity(9),
        content: ContentHash::of(source.as_bytes()),
        parser_key: ContentHash::of(b"parser"),
        documents,
        first,
        last,
        failures: Vec::new(),
        diagnostics: Vec::new(),
    }
}

/// A whole source.
pub fn put(source: &str, texts: &[&str]) -> Operation {
    let mut slice = slice(source, texts, 1, true, true);
    slice.content = ContentHash::of(texts.join("\n").as_bytes());
    Operation::PutSource(slice)
}
