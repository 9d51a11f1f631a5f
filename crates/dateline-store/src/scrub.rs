//! Reading everything and holding it against the history, in small steps, beside normal work.
//!
//! Every record is opened, every text hashed, every reference followed; each family of records must add up to the sum
//! that the last transaction wrote; every revision in the history must be in the store.

use crate::batch::Effect;
use crate::blob::Unpacker;
use crate::codec::{term, unseal};
use crate::engine::View;
use crate::error::{StatePart, StoreError};
use crate::history::{self, EntryV1};
use crate::keys::{self, Key};
use crate::read::{Reader, open_record};
use crate::record::{
    CatalogV1, ChangeV1, FailedV1, FailureV1, HeadV1, MetaV1, NamedV1, RevisionV1, SumV1, content_hash,
};
use crate::store::{Store, locked};
use dateline_core::{DocumentId, Revision, SourcePath};
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

/// Findings kept.
pub const FINDINGS_MAX: usize = 1_000;

/// Something a scrub found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which part of the state it is in.
    pub part: StatePart,
    /// The document concerned, when it is known.
    pub document: Option<DocumentId>,
    /// What was found, for people.
    pub what: String,
}

/// How far a scrub came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScrubState {
    /// There is more to read.
    Working {
        /// Records read so far.
        records: u64,
    },
    /// Everything was read; the store counts as verified when there are no findings.
    Finished {
        /// Records read.
        records: u64,
        /// What was found, [`FINDINGS_MAX`] at most.
        findings: Vec<Finding>,
    },
}

/// Family sums of what a scrub has read so far, kept right while commits change records it has passed.
pub(crate) struct Tracker {
    /// Tells one scrub from another.
    id: u64,
    cursor: Key,
    sums: BTreeMap<u8, SumV1>,
}

impl Tracker {
    fn add(&mut self, key: &[u8], old: Option<u64>, new: Option<u64>) {
        let sum = self.sums.entry(key.first().copied().unwrap_or_default()).or_default();
        let count = |term: Option<u64>| u64::from(term.is_some());
        sum.count = sum.count.wrapping_add(count(new)).wrapping_sub(count(old));
        sum.sum = sum.sum.wrapping_add(new.unwrap_or(0)).wrapping_sub(old.unwrap_or(0));
    }

    /// Takes in a transaction that was just applied.
    pub(crate) fn follow(&mut self, effects: &[Effect]) {
        for effect in effects {
            if effect.key <= self.cursor {
                self.add(&effect.key, effect.old, effect.new);
            }
        }
    }
}

/// A scrub in progress. A later one takes over from it.
pub struct Scrub {
    store: Store,
    id: u64,
    records: u64,
    findings: Vec<Finding>,
    phase: Phase,
}

enum Phase {
    Records { after: Option<Key> },
    History { reader: Box<history::Reader>, until: u64, suspects: HashSet<(u64, u32)> },
    Done,
}

impl Store {
    /// Begins a scrub. The store counts as not verified until it is through.
    #[must_use]
    pub fn scrub(&self) -> Scrub {
        let mut tracker = locked(&self.inner.tracker);
        let id = tracker.as_ref().map_or(0, |tracker| tracker.id) + 1;
        *tracker = Some(Tracker { id, cursor: Key::new(), sums: BTreeMap::new() });
        let phase = Phase::Records { after: None };
        Scrub { store: self.clone(), id, records: 0, findings: Vec::new(), phase }
    }

    /// Reads everything at once. For tools and tests; a daemon takes steps.
    ///
    /// # Errors
    /// As [`Scrub::step`].
    pub fn scrub_all(&self) -> Result<Vec<Finding>, StoreError> {
        let mut scrub = self.scrub();
        loop {
            if let ScrubState::Finished { findings, .. } = scrub.step(256)? {
                return Ok(findings);
            }
        }
    }
}

impl Scrub {
    /// Reads about `records` more records; commits wait meanwhile, so keep it to some hundred.
    ///
    /// # Errors
    /// When the history cannot be read at all; damage is a finding.
    pub fn step(&mut self, records: usize) -> Result<ScrubState, StoreError> {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Records { after } => self.step_records(after, records.max(1))?,
            Phase::History { reader, until, suspects } => self.step_history(reader, until, suspects, records.max(1))?,
            Phase::Done => {}
        }
        if !matches!(self.phase, Phase::Done) {
            return Ok(ScrubState::Working { records: self.records });
        }
        let mut tracker = locked(&self.store.inner.tracker);
        if tracker.as_ref().is_some_and(|tracker| tracker.id == self.id) {
            *tracker = None;
        }
        drop(tracker);
        self.store.inner.verified.store(self.findings.is_empty(), Ordering::Release);
        Ok(ScrubState::Finished { records: self.records, findings: self.findings.clone() })
    }

    fn find(&mut self, part: StatePart, document: Option<DocumentId>, what: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { part, document, what });
        }
    }

    fn step_records(&mut self, after: Option<Key>, limit: usize) -> Result<(), StoreError> {
        let store = self.store.clone();
        let mut guarded = locked(&store.inner.tracker);
        let Some(tracker) = guarded.as_mut().filter(|tracker| tracker.id == self.id) else {
            self.find(StatePart::Store, None, "the scrub was replaced by a later one".to_owned());
            return Ok(());
        };
        let view = store.view();
        let page = match view.range(&[], after.as_deref(), limit) {
            Ok(page) => page,
            Err(error) => {
                self.find(StatePart::Store, None, error.to_string());
                return Ok(());
            }
        };
        for (key, sealed) in &page {
            if key.first() != Some(&keys::META) {
                tracker.add(key, None, Some(term(key, sealed)));
            }
            if let Err(error) = check_record(&view, &store.inner.unpacker, key, sealed) {
                self.find(StatePart::Store, document_of(key), error.to_string());
            }
        }
        self.records += page.len() as u64;
        if let Some((last, _)) = page.last() {
            tracker.cursor.clone_from(last);
            self.phase = Phase::Records { after: Some(last.clone()) };
            return Ok(());
        }
        let meta = locked(&store.inner.meta).clone();
        let wanted = meta.sums.iter().filter(|(_, sum)| **sum != SumV1::default());
        let found = tracker.sums.iter().filter(|(_, sum)| **sum != SumV1::default());
        let differing = differences(&wanted.collect(), &found.collect());
        drop(view);
        drop(guarded);
        for what in differing {
            self.find(StatePart::Store, None, what);
        }
        let reader = Box::new(history::Reader::open(&store.inner.directory.history())?);
        self.phase = Phase::History { reader, until: store.sequence().0, suspects: HashSet::new() };
        Ok(())
    }

    fn step_history(
        &mut self,
        mut reader: Box<history::Reader>,
        until: u64,
        mut suspects: HashSet<(u64, u32)>,
        limit: usize,
    ) -> Result<(), StoreError> {
        let store = self.store.clone();
        let mut found = Vec::new();
        let mut read = 0;
        while read < limit && reader.last() < until {
            let frame = match reader.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    self.find(StatePart::History, None, error.to_string());
                    return Ok(());
                }
            };
            let view = store.view();
            for entry in &frame.batch.entries {
                read += 1;
                if let Err(error) = check_entry(&view, entry, &mut suspects) {
                    found.push(error.to_string());
                }
            }
            read += 1;
        }
        self.records += read as u64;
        for what in found {
            self.find(StatePart::Store, None, what);
        }
        if read >= limit && reader.last() < until {
            self.phase = Phase::History { reader, until, suspects };
            return Ok(());
        }
        if reader.last() < until {
            let what = format!("it ends at change {}, the store at {until}", reader.last());
            self.find(StatePart::History, None, what);
        }
        self.settle(suspects)
    }

    /// What is missing from the store may have been forgotten since the scrub began.
    fn settle(&mut self, mut suspects: HashSet<(u64, u32)>) -> Result<(), StoreError> {
        if !suspects.is_empty() {
            let until = self.store.sequence().0;
            let mut reader = history::Reader::open(&self.store.inner.directory.history())?;
            while reader.last() < until {
                let Ok(Some(frame)) = reader.next() else { break };
                for entry in &frame.batch.entries {
                    if let EntryV1::Purged { document, revision, .. } = entry {
                        suspects.remove(&(*document, *revision));
                    }
                }
            }
        }
        let mut suspects: Vec<(u64, u32)> = suspects.into_iter().collect();
        suspects.sort_unstable();
        for (document, revision) in suspects {
            let what = format!("revision {revision} of document {document} is in the history and not in the store");
            self.find(StatePart::Store, Some(DocumentId(document)), what);
        }
        Ok(())
    }
}

/// How sums as written differ from sums as found, for people.
fn differences(wanted: &BTreeMap<&u8, &SumV1>, found: &BTreeMap<&u8, &SumV1>) -> Vec<String> {
    let none = SumV1::default();
    let families = wanted.keys().chain(found.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    let mut differing = Vec::new();
    for family in families {
        let wanted = wanted.get(family).copied().unwrap_or(&none);
        let found = found.get(family).copied().unwrap_or(&none);
        let kind = keys::describe_family(*family);
        if wanted.count != found.count {
            differing.push(format!("{} {kind} are there, {} should be", found.count, wanted.count));
        } else if wanted.sum != found.sum {
            differing.push(format!("some {kind} are not the ones that were written last"));
        }
    }
    differing
}

fn document_of(key: &[u8]) -> Option<DocumentId> {
    let is_document =
        matches!(*key.first()?, keys::HEAD | keys::REVISION | keys::BODY | keys::ANNOTATION | keys::FAILED);
    let bytes: [u8; 8] = key.get(1..9)?.try_into().ok()?;
    is_document.then(|| DocumentId(u64::from_be_bytes(bytes)))
}

fn wrong(key: &[u8], what: &str) -> StoreError {
    StoreError::Damaged { part: StatePart::Store, what: format!("{} {what}", keys::describe(key)) }
}

/// Opens a record, follows its references and hashes its text.
fn check_record(view: &View<'_>, unpacker: &Unpacker, key: &[u8], sealed: &[u8]) -> Result<(), StoreError> {
    let family = key.first().copied().unwrap_or_default();
    match family {
        keys::META => open_record::<MetaV1>(key, sealed).map(|_| ()),
        keys::CATALOG => {
            let record: CatalogV1 = open_record(key, sealed)?;
            match record.single {
                Some(document) => check_listed(view, key, &keys::path_of(key), DocumentId(document)),
                None => Ok(()),
            }
        }
        keys::PART => {
            unseal(family, key, sealed).map_err(|error| crate::codec::damaged_record(key, &error))?;
            let path = SourcePath::new(&key[1..key.len().saturating_sub(9).max(1)]);
            check_listed(view, key, &path, keys::last_document(key).unwrap_or_default())
        }
        keys::HEAD => {
            let head: HeadV1 = open_record(key, sealed)?;
            let document = keys::last_document(key).unwrap_or_default();
            check_place(view, key, document, &head)?;
            check_revision(view, unpacker, key, document, &head.current)
        }
        keys::REVISION => {
            let record: RevisionV1 = open_record(key, sealed)?;
            let document = document_of(key).unwrap_or_default();
            view.expected::<HeadV1>(&keys::head(document))?;
            check_revision(view, unpacker, key, document, &record)
        }
        keys::CHANGE => open_record::<ChangeV1>(key, sealed).map(|_| ()),
        keys::NAMED => open_record::<NamedV1>(key, sealed).map(|_| ()),
        keys::FAILED => {
            open_record::<FailedV1>(key, sealed)?;
            view.expected::<HeadV1>(&keys::head(keys::last_document(key).unwrap_or_default())).map(|_| ())
        }
        keys::FAILURE => {
            let record: FailureV1 = open_record(key, sealed)?;
            crate::store::failed_records(view, unpacker, &keys::path_of(key), &record).map(|_| ())
        }
        keys::TABLE => crate::table::check_page(view, unpacker, key, sealed),
        keys::BODY
        | keys::ANNOTATION
        | keys::DICTIONARY
        | keys::FAILED_RECORDS
        | keys::TABLE_CHUNK
        | keys::DELETED
        | keys::MISSING => {
            let opened = unseal(family, key, sealed).map(|_| ());
            opened.map_err(|error| crate::codec::damaged_record(key, &error))
        }
        _ => Err(wrong(key, "does not belong here")),
    }
}

/// A document listed under a source says that it is there.
fn check_listed(view: &View<'_>, key: &[u8], path: &SourcePath, document: DocumentId) -> Result<(), StoreError> {
    let head: HeadV1 = view.expected(&keys::head(document))?;
    if head.path() == *path { Ok(()) } else { Err(wrong(key, "lists a document of another source")) }
}

/// A document's source lists it.
fn check_place(view: &View<'_>, key: &[u8], document: DocumentId, head: &HeadV1) -> Result<(), StoreError> {
    let path = head.path();
    let catalog: CatalogV1 = view.expected(&keys::catalog(&path))?;
    let is_listed = catalog.single == Some(document.0) || view.get(&keys::part(&path, document))?.is_some();
    if is_listed { Ok(()) } else { Err(wrong(key, "is not listed under its source")) }
}

fn check_revision(
    view: &View<'_>,
    unpacker: &Unpacker,
    key: &[u8],
    document: DocumentId,
    revision: &RevisionV1,
) -> Result<(), StoreError> {
    if let Some(content) = view.body(unpacker, document, revision)?
        && content_hash(&content).0 != revision.content
    {
        return Err(wrong(key, "has a text that does not match its hash"));
    }
    view.annotations_of(unpacker, document, revision).map(|_| ())
}

/// Holds one entry of the history against the store.
fn check_entry(view: &View<'_>, entry: &EntryV1, suspects: &mut HashSet<(u64, u32)>) -> Result<(), StoreError> {
    match entry {
        EntryV1::Opened { document, revision, content, .. } | EntryV1::Closed { document, revision, content, .. } => {
            match view.revision(DocumentId(*document), Revision(*revision))? {
                None => {
                    suspects.insert((*document, *revision));
                    Ok(())
                }
                Some((_, found)) if found.content != *content => Err(wrong(
                    &keys::head(DocumentId(*document)),
                    &format!("has a revision {revision} with another content than the history says"),
                )),
                Some((_, found)) if matches!(entry, EntryV1::Closed { .. }) && found.to.is_none() => Err(wrong(
                    &keys::head(DocumentId(*document)),
                    &format!("has a revision {revision} that ended, by the history"),
                )),
                Some(_) => Ok(()),
            }
        }
        EntryV1::Purged { document, revision, .. } => {
            suspects.remove(&(*document, *revision));
            Ok(())
        }
        EntryV1::Moved { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Failure, NewDocument, Operation, SourceSlice};
    use crate::{FileIdentity, StateDir, Store, StoreOptions, keys};
    use dateline_core::{ContentHash, Document, DocumentId, Sequence, SourcePath};

    fn put(path: &str, texts: &[&str]) -> Operation {
        let document = |(text, number): (&&str, u32)| NewDocument {
            number,
            document: Document { text: (*text).to_owned(), ..Document::default() },
            ..NewDocument::default()
        };
        Operation::PutSource(SourceSlice {
            path: SourcePath::new(path),
            identity: FileIdentity::default(),
            content: ContentHash::of(texts.concat().as_bytes()),
            parser_key: ContentHash::of(b""),
            documents: texts.iter().zip(1..).map(document).collect(),
            first: true,
            last: true,
            failures: vec![crate::RecordFailure { part: "9".to_owned(), line: 9, reason: "bad".to_owned() }],
            diagnostics: Vec::new(),
        })
    }

    /// A store with records of every family.
    fn filled(state: &StateDir) -> Store {
        let options = StoreOptions { ballast: false, reserve_bytes: 0, ..StoreOptions::default() };
        let (store, _) = Store::open(state.lock().unwrap(), &options).unwrap();
        let mut committer = store.committer().unwrap();
        committer.commit(vec![put("a", &["one", "two"]), put("b", &["three"]), put("c", &["four"])]).unwrap();
        let failure = Failure {
            code: "bad".to_owned(),
            reason: "bad".to_owned(),
            quarantined: false,
            content: None,
            key: ContentHash::of(b"limits"),
        };
        let (b, c, d) = (SourcePath::new("b"), SourcePath::new("c"), SourcePath::new("d"));
        let steps = vec![
            put("a", &["one", "changed"]),
            Operation::Remove { path: b },
            Operation::Absent { path: c },
            Operation::Fail { path: d, identity: None, failure },
        ];
        committer.commit(steps).unwrap();
        let mut table = store.indexer_table("registry").unwrap();
        table.put(b"small", b"value").unwrap();
        table.put(b"large", &[7; 20_000]).unwrap();
        committer.commit_table(&mut table, Sequence(1)).unwrap();
        drop(committer);
        let meta = crate::store::locked(&store.inner.meta).clone();
        let mut batch = crate::batch::Batch::new(&store.inner.engine, meta);
        crate::dictionary::put(&mut batch, &mut crate::blob::Packer::new().unwrap(), b"what all have in common")
            .unwrap();
        crate::failed::mark(&mut batch, DocumentId(1), true).unwrap();
        crate::committer::apply_ready(&store, batch.finish().unwrap()).unwrap();
        assert_eq!(store.scrub_all().unwrap(), []);
        store
    }

    #[test]
    fn a_record_of_any_family_that_is_lost_is_missed() {
        let home = tempfile::tempdir().unwrap();
        let store = filled(&StateDir::new(home.path()));
        for family in keys::FAMILIES {
            let records = store.view().range(&[family], None, 100).unwrap();
            assert!(!records.is_empty(), "no record of family {}", char::from(family));
            for (key, value) in records {
                store.inner.engine.apply(vec![(key.clone(), None)]).unwrap();
                let found = store.scrub_all().unwrap();
                assert!(!found.is_empty(), "{} is lost and nobody says so", keys::describe(&key));
                assert!(!store.verified());
                store.inner.engine.apply(vec![(key, Some(value))]).unwrap();
            }
        }
        assert_eq!(store.scrub_all().unwrap(), []);
    }

    /// What the engine hands back whole may have been changed before it was written: memory goes wrong, too. Its own
    /// checks pass then, and the sums of families are made of checksums as they stand there.
    #[test]
    fn a_bit_that_the_engine_did_not_see_change_is_found_in_any_record() {
        let home = tempfile::tempdir().unwrap();
        let store = filled(&StateDir::new(home.path()));
        let mut changed = 0;
        let records = store.view().range(&[], None, 1_000).unwrap();
        for (key, value) in records {
            for bit in (0..value.len() * 8).step_by(if value.len() > 100 { 79 } else { 13 }) {
                let mut flipped = value.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                store.inner.engine.apply(vec![(key.clone(), Some(flipped))]).unwrap();
                let found = store.scrub_all().unwrap();
                assert!(!found.is_empty(), "bit {bit} of {} is wrong and nobody says so", keys::describe(&key));
                changed += 1;
            }
            store.inner.engine.apply(vec![(key, Some(value))]).unwrap();
        }
        assert_eq!(store.scrub_all().unwrap(), []);
        assert!(changed > 300, "{changed}");
    }

    #[test]
    fn an_older_version_of_a_record_is_told_from_the_one_written_last() {
        let home = tempfile::tempdir().unwrap();
        let store = filled(&StateDir::new(home.path()));
        let key = keys::catalog(&SourcePath::new("c"));
        let old = store.view().get(&key).unwrap();
        let mut committer = store.committer().unwrap();
        committer.commit(vec![Operation::Absent { path: SourcePath::new("c") }]).unwrap();
        assert_eq!(store.scrub_all().unwrap(), []);
        store.inner.engine.apply(vec![(key, old)]).unwrap();
        let found = store.scrub_all().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("written last"), "{found:?}");
    }
}
