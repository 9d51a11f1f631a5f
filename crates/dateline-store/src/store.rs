//! Opening and reading. Writing is in `committer`.

use crate::blob::Unpacker;
use crate::committer::Committer;
use crate::engine::{Engine, View};
use crate::error::{CommitPause, StatePart, StoreError};
use crate::files::directory_bytes;
use crate::keys;
use crate::lock::{StateDir, StateLock};
use crate::model::{
    Annotations, ChangeData, DocumentEntry, FailureEntry, FileIdentity, HeldDeletes, NewDocument, RenameCandidate,
    RevisionData, RevisionEntry, RootIdentity, SourceEntry, Stats,
};
use crate::options::{FaultPoint, StoreOptions};
use crate::read::{Reader, open_record};
use crate::record::{
    CatalogV1, ChangeV1, FailureV1, HeadV1, MetaV1, NamedV1, RecordFailureV1, RevisionV1, SumV1, micros, timestamp,
};
use crate::scrub::Tracker;
use crate::table::IndexerTable;
use crate::{history, identity, repair, space};
use dateline_core::{ContentHash, Document, DocumentId, Revision, Sequence, SourcePath, Timestamp};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records read at once where the number wanted is not known.
const PAGE: usize = 256;

/// What opening found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Whether there was no store before.
    pub created: bool,
    /// End of the change log.
    pub sequence: Sequence,
    /// Files of unfinished engine snapshots that were removed.
    pub swept: u32,
    /// Bytes of an unfinished last batch cut off the history.
    pub torn_history_bytes: u64,
    /// Changes the history did not have and was given from the store.
    pub appended: u64,
    /// Whether the ballast file was given up to open at all.
    pub ballast_used: bool,
}

/// The store, for reading from any thread. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) directory: StateDir,
    pub(crate) options: StoreOptions,
    pub(crate) unpacker: Unpacker,
    /// Counters as of the last transaction.
    pub(crate) meta: Mutex<MetaV1>,
    /// The log is durable up to here, in the store and in the history.
    pub(crate) durable: AtomicU64,
    pub(crate) verified: AtomicBool,
    pub(crate) tracker: Mutex<Option<Tracker>>,
    /// The end of the history, while no committer has it.
    pub(crate) history: Mutex<Option<history::Writer>>,
    pub(crate) pause: Mutex<Option<CommitPause>>,
    missing: Mutex<Option<(SumV1, Arc<Vec<identity::MissingSource>>)>>,
    /// Released last, after the engine is closed.
    _lock: StateLock,
}

/// Locks, whatever happened to other holders: what the locks guard is whole at every instant.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the store of a locked state directory, making it if it is not there.
    ///
    /// The history is cut where a crash left an unfinished batch, and given what it lacks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the part to move aside and [`crate::rebuild`]; [`StoreError::Io`] and
    /// [`StoreError::Engine`] for everything else.
    pub fn open(lock: StateLock, options: &StoreOptions) -> Result<(Store, OpenReport), StoreError> {
        let directory = lock.directory().clone();
        let mut report = OpenReport::default();
        let point = FaultPoint::BeforeOpen;
        options.faults.at(point).map_err(crate::files::io(directory.path(), point.name()))?;
        let engine = open_with_ballast(&directory, options, &mut report)?;
        let (mut writer, meta) = meet(&engine, &directory, &mut report)?;
        let unpacker = Unpacker::default();
        report.appended = repair::append_missing(&engine, &meta, &mut writer)?;
        report.sequence = Sequence(meta.sequence);
        space::keep_ballast(&directory, options)?;
        let inner = Inner {
            engine,
            directory,
            options: options.clone(),
            unpacker,
            durable: AtomicU64::new(meta.sequence),
            meta: Mutex::new(meta),
            verified: AtomicBool::new(report.created),
            tracker: Mutex::new(None),
            history: Mutex::new(Some(writer)),
            pause: Mutex::new(None),
            missing: Mutex::new(None),
            _lock: lock,
        };
        Ok((Store { inner: Arc::new(inner) }, report))
    }

    /// The one writer. There is one at a time; dropping it gives it back, unless it failed.
    ///
    /// # Errors
    /// [`StoreError::CommitterTaken`].
    pub fn committer(&self) -> Result<Committer, StoreError> {
        let writer = locked(&self.inner.history).take().ok_or(StoreError::CommitterTaken)?;
        Committer::new(self.clone(), writer)
    }

    /// The state directory.
    #[must_use]
    pub fn directory(&self) -> &StateDir {
        &self.inner.directory
    }

    /// End of the durable change log.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        Sequence(self.inner.durable.load(Ordering::Acquire))
    }

    /// When something was committed last.
    #[must_use]
    pub fn last_commit(&self) -> Timestamp {
        timestamp(locked(&self.inner.meta).time)
    }

    pub(crate) fn view(&self) -> View<'_> {
        self.inner.engine.view()
    }

    /// What the catalog says about a source; removed ones too.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Engine`], as all reads.
    pub fn source(&self, path: &SourcePath) -> Result<Option<SourceEntry>, StoreError> {
        let record = self.view().catalog(path)?;
        Ok(record.map(|record| source_entry(path.clone(), record)))
    }

    /// The missing source that a path not in the catalog continues, when that is unambiguous. A source is missing
    /// after [`crate::Operation::Absent`]: note absences before asking.
    ///
    /// # Errors
    /// As all reads.
    pub fn rename_candidate(
        &self,
        identity: &FileIdentity,
        content: &ContentHash,
    ) -> Result<Option<RenameCandidate>, StoreError> {
        Ok(identity::rename(&self.missing()?, identity, content))
    }

    /// Whether documents parsed from a new path continue those of a missing source, so that a file moved and changed
    /// is told from another file that was given its inode.
    ///
    /// # Errors
    /// As all reads.
    pub fn continues(&self, from: &SourcePath, documents: &[NewDocument]) -> Result<bool, StoreError> {
        for known in self.documents_of(from)? {
            let own = |new: &NewDocument| new.part_id.as_deref() == Some(known.part.as_str());
            if documents.iter().any(own) {
                return Ok(true);
            }
            let Some(old) = self.content(known.document, known.current.revision)? else { continue };
            if documents.iter().any(|new| identity::is_similar(&old.text, &new.document.text)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sources that are missing; read once and kept until one more or less is.
    fn missing(&self) -> Result<Arc<Vec<identity::MissingSource>>, StoreError> {
        let now = locked(&self.inner.meta).sums.get(&keys::MISSING).copied().unwrap_or_default();
        let mut cached = locked(&self.inner.missing);
        if let Some((sum, known)) = cached.as_ref()
            && *sum == now
        {
            return Ok(Arc::clone(known));
        }
        let mut found = Vec::new();
        let mut after: Option<keys::Key> = None;
        loop {
            let page = self.view().range(&[keys::MISSING], after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, _) in page {
                let path = keys::path_of(&key);
                if let Some(source) = self.source(&path)? {
                    let SourceEntry { identity, content, .. } = source;
                    found.push(identity::MissingSource { path, identity, content });
                }
            }
        }
        let found = Arc::new(found);
        *cached = Some((now, Arc::clone(&found)));
        Ok(found)
    }

    /// Open documents of a source, in order of their numbers.
    ///
    /// # Errors
    /// As all reads.
    pub fn documents_of(&self, path: &SourcePath) -> Result<Vec<DocumentEntry>, StoreError> {
        let mut found = self.all_documents_of(path)?;
        found.retain(|document| document.open);
        Ok(found)
    }

    /// As [`Store::documents_of`], deleted ones too.
    ///
    /// # Errors
    /// As all reads.
    pub fn all_documents_of(&self, path: &SourcePath) -> Result<Vec<DocumentEntry>, StoreError> {
        let view = self.view();
        let Some(catalog) = view.catalog(path)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for document in view.documents_under(path, &catalog)? {
            let head: HeadV1 = view.expected(&keys::head(document))?;
            found.push(document_entry(document, head));
        }
        found.sort_by_key(|entry| (entry.number, entry.document));
        Ok(found)
    }

    /// The document that a source holds under a part; where none is open, one that was deleted.
    ///
    /// # Errors
    /// As all reads.
    pub fn find(&self, path: &SourcePath, part: &str) -> Result<Option<DocumentEntry>, StoreError> {
        let mut found = self.all_documents_of(path)?;
        found.retain(|document| document.part == part);
        Ok(found.into_iter().max_by_key(|document| (document.open, document.current.seen_to)))
    }

    /// What is known about a document; deleted ones too.
    ///
    /// # Errors
    /// As all reads.
    pub fn document(&self, document: DocumentId) -> Result<Option<DocumentEntry>, StoreError> {
        Ok(self.view().head(document)?.map(|head| document_entry(document, head)))
    }

    /// What is known about a revision.
    ///
    /// # Errors
    /// As all reads.
    pub fn revision(&self, document: DocumentId, revision: Revision) -> Result<Option<RevisionEntry>, StoreError> {
        Ok(self.view().revision(document, revision)?.map(|(_, record)| revision_entry(&record)))
    }

    /// All kept revisions of a document, oldest first.
    ///
    /// # Errors
    /// As all reads.
    pub fn revisions(&self, document: DocumentId) -> Result<Vec<RevisionEntry>, StoreError> {
        let view = self.view();
        let Some(head) = view.head(document)? else { return Ok(Vec::new()) };
        let mut found: Vec<RevisionEntry> = Vec::new();
        let mut after: Option<keys::Key> = None;
        loop {
            let page = view.records::<RevisionV1>(&keys::revisions(document), after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            found.extend(page.iter().map(|(_, record)| revision_entry(record)));
        }
        found.push(revision_entry(&head.current));
        Ok(found)
    }

    /// The revision that was current at a time, if the document was there then.
    ///
    /// # Errors
    /// As all reads.
    pub fn revision_at(&self, document: DocumentId, time: Timestamp) -> Result<Option<RevisionEntry>, StoreError> {
        let at = |entry: &RevisionEntry| entry.seen_from <= time && entry.seen_to.is_none_or(|end| time < end);
        let view = self.view();
        let Some(head) = view.head(document)? else { return Ok(None) };
        let current = revision_entry(&head.current);
        if at(&current) {
            return Ok(Some(current));
        }
        if micros(time) >= head.current.from {
            return Ok(None);
        }
        drop(view);
        Ok(self.revisions(document)?.into_iter().find(at))
    }

    /// A revision with everything that belongs to it; `None` when it is not known or its text is yet to come back.
    ///
    /// # Errors
    /// As all reads.
    pub fn revision_data(&self, document: DocumentId, revision: Revision) -> Result<Option<RevisionData>, StoreError> {
        let view = self.view();
        match view.revision(document, revision)? {
            Some((head, record)) => self.data(&view, document, &head, &record),
            None => Ok(None),
        }
    }

    fn data(
        &self,
        view: &View<'_>,
        document: DocumentId,
        head: &HeadV1,
        record: &RevisionV1,
    ) -> Result<Option<RevisionData>, StoreError> {
        let Some(content) = view.body(&self.inner.unpacker, document, record)? else { return Ok(None) };
        let annotations = view.annotations_of(&self.inner.unpacker, document, record)?;
        Ok(Some(RevisionData {
            document,
            path: head.path(),
            part: head.part.clone(),
            number: head.number,
            entry: revision_entry(record),
            content,
            annotations,
        }))
    }

    /// Text, title, marks, metadata and origin of a revision.
    ///
    /// # Errors
    /// As all reads.
    pub fn content(&self, document: DocumentId, revision: Revision) -> Result<Option<Document>, StoreError> {
        let view = self.view();
        match view.revision(document, revision)? {
            Some((_, record)) => view.body(&self.inner.unpacker, document, &record),
            None => Ok(None),
        }
    }

    /// Layers, facets, outcomes and diagnostics of a revision.
    ///
    /// # Errors
    /// As all reads.
    pub fn annotations(&self, document: DocumentId, revision: Revision) -> Result<Option<Annotations>, StoreError> {
        let view = self.view();
        match view.revision(document, revision)? {
            Some((_, record)) => view.annotations_of(&self.inner.unpacker, document, &record).map(Some),
            None => Ok(None),
        }
    }

    /// Durable changes after a sequence, in order; entries that newer ones replace are left out. From 0, every kept
    /// revision is mentioned at least once.
    ///
    /// # Errors
    /// [`StoreError::BehindLog`] when `after` is past the end; as all reads.
    pub fn changes(&self, after: Sequence, limit: usize) -> Result<Vec<ChangeData>, StoreError> {
        let head = self.sequence();
        if after > head {
            return Err(StoreError::BehindLog { asked: after, head });
        }
        let mut found = Vec::new();
        let mut after = keys::change(after);
        while found.len() < limit {
            let page = self.view().range(&[keys::CHANGE], Some(&after), (limit - found.len()).min(PAGE))?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (key, sealed) in page {
                let Some(DocumentId(sequence)) = keys::last_document(&key) else { continue };
                if sequence > head.0 {
                    return Ok(found);
                }
                let record: ChangeV1 = open_record(&key, &sealed)?;
                found.extend(self.change_data(Sequence(sequence), record)?);
            }
        }
        Ok(found)
    }

    /// An entry of the change log with its revisions; `None` when newer entries say all it says.
    fn change_data(&self, sequence: Sequence, record: ChangeV1) -> Result<Option<ChangeData>, StoreError> {
        let document = DocumentId(record.document);
        let view = self.view();
        let load =
            |revision: Option<u32>| revision.map_or(Ok(None), |revision| view.revision(document, Revision(revision)));
        let (opened, closed) = (load(record.opened)?, load(record.closed)?);
        let is_live = |found: &Option<(HeadV1, RevisionV1)>| {
            found.as_ref().is_some_and(|(_, revision)| revision.changed == sequence.0)
        };
        let (opened_lives, closed_lives) = (is_live(&opened), is_live(&closed));
        if !opened_lives && !closed_lives && record.purged.is_empty() && (opened.is_some() || closed.is_some()) {
            return Ok(None);
        }
        let data = |found: Option<(HeadV1, RevisionV1)>| {
            found.map_or(Ok(None), |(head, revision)| self.data(&view, document, &head, &revision))
        };
        let (kind, purged) = (record.kind.into(), record.purged.into_iter().map(Revision).collect());
        Ok(Some(ChangeData { sequence, kind, document, opened: data(opened)?, closed: data(closed)?, purged }))
    }

    /// The failure of one source.
    ///
    /// # Errors
    /// As all reads.
    pub fn failure(&self, path: &SourcePath) -> Result<Option<FailureEntry>, StoreError> {
        let view = self.view();
        let record = view.record::<FailureV1>(&keys::failure(path))?;
        record.map(|record| self.failure_entry(&view, path.clone(), record)).transpose()
    }

    pub(crate) fn failure_entry(
        &self,
        view: &View<'_>,
        path: SourcePath,
        record: FailureV1,
    ) -> Result<FailureEntry, StoreError> {
        let records = failed_records(view, &self.inner.unpacker, &path, &record)?;
        Ok(record.entry(path, records))
    }

    /// The directory the store was filled from.
    ///
    /// # Errors
    /// As all reads.
    pub fn root(&self) -> Result<Option<RootIdentity>, StoreError> {
        Ok(match self.view().named(ROOT)? {
            Some(NamedV1::Root(path, device, inode)) => Some(RootIdentity { path: path.0, device, inode }),
            _ => None,
        })
    }

    /// The chain whose results all documents have, as far as the store was told.
    ///
    /// # Errors
    /// As all reads.
    pub fn chain(&self) -> Result<Option<ContentHash>, StoreError> {
        Ok(match self.view().named(CHAIN)? {
            Some(NamedV1::Chain(chain)) => Some(ContentHash(chain)),
            _ => None,
        })
    }

    /// Documents that a rename moved and [`crate::Operation::Settled`] has not named since.
    ///
    /// # Errors
    /// As all reads.
    pub fn moved(&self) -> Result<Vec<DocumentId>, StoreError> {
        let prefix = keys::named(MOVED);
        let marks = self.view().range(&prefix, None, usize::MAX)?;
        let number = |key: &[u8]| u64::from_str_radix(std::str::from_utf8(&key[prefix.len()..]).ok()?, 16).ok();
        Ok(marks.iter().filter_map(|(key, _)| number(key)).map(DocumentId).collect())
    }

    /// Deletes that are not believed at the moment.
    ///
    /// # Errors
    /// As all reads.
    pub fn held_deletes(&self) -> Result<Option<HeldDeletes>, StoreError> {
        Ok(match self.view().named(HELD)? {
            Some(NamedV1::Held(reason, sources, since)) => {
                Some(HeldDeletes { reason, sources, since: timestamp(since) })
            }
            _ => None,
        })
    }

    /// What is doubted of the clock that retention goes by: the latest time that is believed, and since when the clock shows
    /// one far ahead of it. Nothing that ended between the two is forgotten meanwhile.
    ///
    /// # Errors
    /// As all reads.
    pub fn doubted_clock(&self) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
        Ok(match self.view().named(BELIEVED)? {
            Some(NamedV1::Believed(time, Some(since))) => Some((timestamp(time), timestamp(since))),
            _ => None,
        })
    }

    /// The last change an indexer has made durable; zero when it is not known.
    ///
    /// # Errors
    /// As all reads.
    pub fn applied(&self, indexer: &str) -> Result<Sequence, StoreError> {
        Ok(match self.view().named(&applied_name(indexer))? {
            Some(NamedV1::Applied(sequence)) => Sequence(sequence),
            _ => Sequence(0),
        })
    }

    /// The table of an indexer, to read, and to collect writes that [`Committer::commit_table`] makes durable.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a long name.
    pub fn indexer_table(&self, name: &str) -> Result<IndexerTable, StoreError> {
        IndexerTable::new(self.clone(), name)
    }

    /// Numbers for `status`; cheap.
    ///
    /// # Errors
    /// As all reads.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let meta = locked(&self.inner.meta).clone();
        let count = |family: u8| meta.sums.get(&family).map_or(0, |sum| sum.count);
        Ok(Stats {
            sequence: self.sequence(),
            sources: meta.sources,
            documents: meta.documents,
            deleted: meta.deleted,
            revisions: meta.revisions,
            failures: count(keys::FAILURE),
            failed_documents: count(keys::FAILED),
            missing: count(keys::MISSING),
            store_bytes: directory_bytes(&self.inner.directory.store()),
            history_bytes: directory_bytes(&self.inner.directory.history()),
            clock_jumps: meta.clock_jumps,
        })
    }

    /// Whether a scrub has read everything since the store was opened, and found it sound.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.inner.verified.load(Ordering::Acquire)
    }

    /// What is wrong with the disk's space, if commits are refused for it at the moment. Looks again.
    #[must_use]
    pub fn pause(&self) -> Option<CommitPause> {
        let pause = space::check(&self.inner.directory, &self.inner.options).err();
        *locked(&self.inner.pause) = pause;
        pause
    }
}

/// Name of the record of the watched directory.
pub(crate) const ROOT: &str = "root";
/// Name of the record of the chain that made all results.
pub(crate) const CHAIN: &str = "chain";
/// Name of the record of the clock that retention believes.
pub(crate) const BELIEVED: &str = "believed";
/// Name of the record of held deletes.
pub(crate) const HELD: &str = "held";
/// Start of the names of marks of moved documents.
const MOVED: &str = "moved/";
/// Start of the names of records of what indexers applied.
pub(crate) const APPLIED: &str = "applied/";

/// Name of the mark of a moved document.
pub(crate) fn moved_name(document: DocumentId) -> String {
    format!("{MOVED}{:016x}", document.0)
}

/// Name of the record of what an indexer applied.
pub(crate) fn applied_name(indexer: &str) -> String {
    format!("{APPLIED}{indexer}")
}

/// Opens the engine; when the disk is full, gives up the ballast file for it.
fn open_with_ballast(
    directory: &StateDir,
    options: &StoreOptions,
    report: &mut OpenReport,
) -> Result<Engine, StoreError> {
    let path = directory.store();
    report.created = !path.join("db").exists();
    if !report.created {
        crate::rebuild::remove_directory(&directory.store_copy())?;
    }
    let opened = match Engine::open(&path, options.cache_bytes) {
        Err(error) if space::give_up_ballast(directory) => {
            tracing::warn!(%error, "disk is full: ballast file given up to open the store");
            report.ballast_used = true;
            Engine::open(&path, options.cache_bytes)
        }
        other => other,
    };
    let (engine, swept) = opened?;
    report.swept = swept;
    Ok(engine)
}

/// Holds the store's counters against the history's end.
fn meet(
    engine: &Engine,
    directory: &StateDir,
    report: &mut OpenReport,
) -> Result<(history::Writer, MetaV1), StoreError> {
    let view = engine.view();
    let known: Option<MetaV1> = view.record(&keys::meta())?;
    let is_empty = view.range(&[], None, 1)?.is_empty();
    drop(view);
    if known.is_none() && !is_empty {
        return Err(StoreError::Damaged { part: StatePart::Store, what: "its counters are missing".to_owned() });
    }
    let store = known.as_ref().map_or_else(new_store_id, |meta| meta.store);
    let found = history::Writer::open(&directory.history(), store)?;
    report.torn_history_bytes = found.torn;
    let meta = match known {
        Some(meta) => meta,
        None if found.existed && found.writer.last() > 0 => {
            let what = format!("it is empty, and the history reaches change {}", found.writer.last());
            return Err(StoreError::Damaged { part: StatePart::Store, what });
        }
        None => {
            let meta = MetaV1 { store: found.writer.store(), next_document: 1, ..MetaV1::default() };
            let mut batch = crate::batch::Batch::new(engine, meta);
            batch.put(keys::named(crate::failed::LISTED), &NamedV1::FailedListed)?;
            let ready = batch.finish()?;
            engine.apply(ready.writes)?;
            engine.flush()?;
            engine.sync()?;
            ready.meta
        }
    };
    let mut writer = found.writer;
    if found.existed && writer.store() != meta.store {
        let what = "it belongs to another store".to_owned();
        return Err(StoreError::Damaged { part: StatePart::History, what });
    }
    if !found.existed {
        if meta.sequence > 0 {
            let what = format!("it is missing, and the store reaches change {}", meta.sequence);
            return Err(StoreError::Damaged { part: StatePart::History, what });
        }
        writer.begin()?;
    }
    if writer.last() > meta.sequence {
        let what = format!("it ends at change {}, the history at {}", meta.sequence, writer.last());
        return Err(StoreError::Damaged { part: StatePart::Store, what });
    }
    Ok((writer, meta))
}

/// An id that no other store has: time, process and address of a fresh allocation, hashed.
fn new_store_id() -> [u8; 16] {
    let fresh = Box::new(0_u8);
    let seed = format!("{} {} {:p}", Timestamp::now().as_nanosecond(), std::process::id(), &raw const *fresh);
    let mut id = [0; 16];
    id.copy_from_slice(&blake3::hash(seed.as_bytes()).as_bytes()[..16]);
    id
}

/// Records of a source that could not be read.
pub(crate) fn failed_records(
    reader: &impl Reader,
    unpacker: &Unpacker,
    path: &SourcePath,
    record: &FailureV1,
) -> Result<Vec<RecordFailureV1>, StoreError> {
    if record.records.is_absent() {
        return Ok(Vec::new());
    }
    let prefix = keys::failed_records(path);
    let raw = reader.unpacked(unpacker, &prefix, &record.records)?;
    crate::codec::decode(&raw).map_err(|error| crate::codec::damaged_record(&prefix, &error))
}

pub(crate) fn source_entry(path: SourcePath, record: CatalogV1) -> SourceEntry {
    SourceEntry {
        path,
        identity: record.identity.into(),
        content: ContentHash(record.content),
        parser_key: ContentHash(record.parser_key),
        complete: record.complete,
        removed: record.removed,
        absences: record.absences,
        documents: record.documents,
        changed: timestamp(record.changed),
        diagnostics: record.diagnostics.into_iter().map(Into::into).collect(),
    }
}

pub(crate) fn document_entry(document: DocumentId, head: HeadV1) -> DocumentEntry {
    DocumentEntry {
        document,
        path: head.path(),
        open: head.open,
        number: head.number,
        oldest: Revision(head.oldest),
        current: revision_entry(&head.current),
        part: head.part,
    }
}

fn revision_entry(record: &RevisionV1) -> RevisionEntry {
    RevisionEntry {
        revision: Revision(record.revision),
        content: ContentHash(record.content),
        seen_from: timestamp(record.from),
        seen_to: record.to.map(timestamp),
        changed: Sequence(record.changed),
        annotations: record.annotations.digest,
        present: !record.body.is_absent(),
    }
}
