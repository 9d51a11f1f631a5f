//! Backup and restore: a logical, framed and checksummed export that a running daemon can make.
//!
//! A backup is a header, frames, an end mark and the BLAKE3 hash of everything before it. Sources come before documents:
//! a commit in between can make a source look older than its documents, never newer, and the next look at the folder
//! settles it. Each document is consistent in itself, and so is each failure. The history follows from the documents.

use crate::blob::needs_dictionary;
use crate::build::{Builder, StoredBlob};
use crate::codec::{Blob, decode, encode};
use crate::engine::{Engine, View};
use crate::error::StoreError;
use crate::files::{io, replace_file};
use crate::history::Writer;
use crate::keys;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::lock::{StateDir, StateLock};
use crate::options::StoreOptions;
use crate::read::Reader;
use crate::record::{BlobV1, CatalogV1, FailureV1, HeadV1, MetaV1, NamedV1, RevisionV1};
use crate::repair;
use crate::store::{ROOT, Store, locked};
use dateline_core::{DocumentId, Revision, SourcePath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{Read, Write};

const MAGIC: [u8; 8] = *b"DLBACKUP";
/// The first had no failures.
const VERSION: u32 = 2;
/// Length that no frame has: the hash follows.
const END: u32 = u32::MAX;
/// Largest frame, in bytes.
const FRAME_BYTES_MAX: u32 = (DOCUMENT_BYTES_MAX + (1 << 20)) as u32;

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Sources.
    pub sources: u64,
    /// Documents, deleted ones too.
    pub documents: u64,
    /// Revisions.
    pub revisions: u64,
    /// Bytes written or read.
    pub bytes: u64,
}

/// One frame.
#[derive(Serialize, Deserialize)]
enum ItemV1 {
    /// Store id, end of the log, next document id, commit time, clock jumps.
    Counters([u8; 16], u64, u64, i64, u64),
    Root(NamedV1),
    Decisions(Blob),
    Source(Blob, CatalogV1),
    /// A document and its older revisions; their texts and annotations follow.
    Document(u64, HeadV1, Vec<RevisionV1>),
    /// Document, revision, stored bytes.
    Body(u64, u32, BlobV1, Blob),
    Annotations(u64, u32, BlobV1, Blob),
    /// A dictionary, before the first value that needs it.
    Dictionary(Blob),
    /// What could not be read of a source, and the stored list of its records that could not.
    Failure(Blob, FailureV1, Blob),
}

struct Sink<'a> {
    writer: &'a mut dyn Write,
    hasher: blake3::Hasher,
    report: BackupReport,
    /// Dictionaries written so far.
    dictionaries: BTreeSet<u32>,
}

fn failed(source: std::io::Error) -> StoreError {
    StoreError::Io { path: "backup".into(), doing: "written", source }
}

fn bad(what: impl Into<String>) -> StoreError {
    StoreError::BadBackup { what: what.into() }
}

impl Sink<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.report.bytes += bytes.len() as u64;
        self.writer.write_all(bytes).map_err(failed)
    }

    fn item(&mut self, item: &ItemV1) -> Result<(), StoreError> {
        let payload = encode(item)?;
        let length = u32::try_from(payload.len()).ok().filter(|length| *length <= FRAME_BYTES_MAX);
        let too_large =
            StoreError::TooLarge { what: "backup frame", bytes: payload.len(), limit: FRAME_BYTES_MAX as usize };
        self.bytes(&length.ok_or(too_large)?.to_le_bytes())?;
        self.bytes(&payload)
    }

    fn finish(mut self) -> Result<BackupReport, StoreError> {
        self.bytes(&END.to_le_bytes())?;
        let hash = *self.hasher.clone().finalize().as_bytes();
        self.bytes(&hash)?;
        self.writer.flush().map_err(failed)?;
        Ok(self.report)
    }
}

impl Store {
    /// Writes documents, revisions, failures and decisions, from which [`restore`] makes a store and a history. Commits go on
    /// meanwhile. Indexes and tables are not in it.
    ///
    /// # Errors
    /// When reading the store or writing fails.
    pub fn backup(&self, writer: &mut dyn Write) -> Result<BackupReport, StoreError> {
        let mut sink = Sink {
            writer,
            hasher: blake3::Hasher::new(),
            report: BackupReport::default(),
            dictionaries: BTreeSet::new(),
        };
        sink.bytes(&MAGIC)?;
        sink.bytes(&VERSION.to_le_bytes())?;
        let meta = locked(&self.inner.meta).clone();
        sink.item(&ItemV1::Counters(meta.store, self.sequence().0, meta.next_document, meta.time, meta.clock_jumps))?;
        if let Some(root) = self.view().named(ROOT)? {
            sink.item(&ItemV1::Root(root))?;
        }
        let decisions = self.inner.directory.decisions();
        match std::fs::read(&decisions) {
            Ok(bytes) => sink.item(&ItemV1::Decisions(Blob(bytes)))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(&decisions, "read")(error)),
        }
        self.backup_sources(&mut sink)?;
        self.backup_documents(&mut sink)?;
        self.backup_failures(&mut sink)?;
        sink.finish()
    }

    fn backup_sources(&self, sink: &mut Sink<'_>) -> Result<(), StoreError> {
        for source in self.every::<CatalogV1>(vec![keys::CATALOG]) {
            let (key, record) = source?;
            sink.report.sources += 1;
            sink.item(&ItemV1::Source(Blob(keys::path_of(&key).as_bytes().to_vec()), record))?;
        }
        Ok(())
    }

    fn backup_documents(&self, sink: &mut Sink<'_>) -> Result<(), StoreError> {
        self.documents().try_for_each(|entry| self.backup_document(sink, entry?.document))
    }

    fn backup_failures(&self, sink: &mut Sink<'_>) -> Result<(), StoreError> {
        for failure in self.every::<FailureV1>(vec![keys::FAILURE]) {
            let (key, _) = failure?;
            let path = keys::path_of(&key);
            let view = self.view();
            // It may be over since it was listed.
            let Some(record) = view.record::<FailureV1>(&key)? else { continue };
            let stored = view.stored(&keys::failed_records(&path), &record.records)?;
            drop(view);
            sink.item(&ItemV1::Failure(Blob(path.as_bytes().to_vec()), record, Blob(stored)))?;
        }
        Ok(())
    }

    /// The dictionary a value needs, when it is not in the backup yet.
    fn needed(
        &self,
        sink: &mut Sink<'_>,
        view: &View<'_>,
        blob: &BlobV1,
        stored: &Blob,
    ) -> Result<Option<ItemV1>, StoreError> {
        let number = needs_dictionary(blob, &stored.0).filter(|number| sink.dictionaries.insert(*number));
        let read = number.map(|number| view.dictionary(&self.inner.unpacker, number)).transpose()?;
        Ok(read.map(|dictionary| ItemV1::Dictionary(Blob(dictionary))))
    }

    fn backup_document(&self, sink: &mut Sink<'_>, document: DocumentId) -> Result<(), StoreError> {
        let view = self.view();
        // Retention may have forgotten it since it was listed.
        let Some(head) = view.head(document)? else { return Ok(()) };
        let older = view.records::<RevisionV1>(&keys::revisions(document), None, usize::MAX)?;
        let older: Vec<RevisionV1> = older.into_iter().map(|(_, old)| old).collect();
        let mut items = Vec::new();
        for revision in older.iter().chain([&head.current]) {
            sink.report.revisions += 1;
            let number = Revision(revision.revision);
            if !revision.body.is_absent() {
                let stored = Blob(view.stored(&keys::body(document, number), &revision.body)?);
                items.extend(self.needed(sink, &view, &revision.body, &stored)?);
                items.push(ItemV1::Body(document.0, number.0, revision.body, stored));
            }
            if !revision.annotations.is_absent() {
                let stored = Blob(view.stored(&keys::annotation(document, number), &revision.annotations)?);
                items.extend(self.needed(sink, &view, &revision.annotations, &stored)?);
                items.push(ItemV1::Annotations(document.0, number.0, revision.annotations, stored));
            }
        }
        drop(view);
        sink.report.documents += 1;
        sink.item(&ItemV1::Document(document.0, head, older))?;
        items.iter().try_for_each(|item| sink.item(item))
    }
}

/// Reads the frames of a backup.
struct Frames<'a> {
    reader: &'a mut dyn Read,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Frames<'_> {
    fn exact(&mut self, buffer: &mut [u8]) -> Result<(), StoreError> {
        self.reader.read_exact(buffer).map_err(|error| bad(format!("it ends early ({error})")))?;
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    fn hashed(&mut self, buffer: &mut [u8]) -> Result<(), StoreError> {
        self.exact(buffer)?;
        self.hasher.update(buffer);
        Ok(())
    }

    fn header(&mut self) -> Result<(), StoreError> {
        let (mut magic, mut version) = ([0; 8], [0; 4]);
        self.hashed(&mut magic)?;
        self.hashed(&mut version)?;
        if magic != MAGIC {
            return Err(bad("it is no backup of dateline"));
        }
        match u32::from_le_bytes(version) {
            1..=VERSION => Ok(()),
            found => Err(StoreError::TooNew { what: "backup".to_owned(), found, newest: VERSION }),
        }
    }

    fn next(&mut self) -> Result<Option<ItemV1>, StoreError> {
        let mut length = [0; 4];
        self.hashed(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length == END {
            let (wanted, mut found) = (*self.hasher.finalize().as_bytes(), [0; 32]);
            self.exact(&mut found)?;
            return if found == wanted { Ok(None) } else { Err(bad("its checksum is wrong")) };
        }
        if length > FRAME_BYTES_MAX {
            return Err(bad("it has a frame of impossible size"));
        }
        // Grows as bytes come, whatever the length says.
        let mut payload = Vec::new();
        let read = self.reader.take(u64::from(length)).read_to_end(&mut payload);
        read.map_err(|error| bad(format!("it cannot be read ({error})")))?;
        if payload.len() != length as usize {
            return Err(bad("it ends early"));
        }
        self.hasher.update(&payload);
        self.bytes += payload.len() as u64;
        decode(&payload).map(Some).map_err(|error| bad(format!("a frame {error}")))
    }
}

/// Fills an empty state directory from a backup. Nothing is left behind when the backup is not whole.
///
/// Files that failed as a whole are tried again at the next look, and listed until then; indexes are built anew.
///
/// # Errors
/// [`StoreError::BadBackup`], or [`StoreError::BadFile`] when the directory holds a store already.
pub fn restore(lock: &StateLock, options: &StoreOptions, reader: &mut dyn Read) -> Result<BackupReport, StoreError> {
    let directory = lock.directory();
    for path in [directory.store(), directory.history(), directory.decisions()] {
        if path.exists() {
            return Err(StoreError::BadFile { path, what: "it is there already; restore wants an empty state".into() });
        }
    }
    let scratch = directory.path().join("restoring");
    crate::rebuild::remove_directory(&scratch)?;
    let fresh = StateDir::new(&scratch);
    crate::files::create_directory(fresh.path())?;
    let restored = restore_into(&fresh, options, reader);
    let report = match restored {
        Ok(report) => report,
        Err(error) => {
            crate::rebuild::remove_directory(&scratch)?;
            return Err(error);
        }
    };
    // The store comes last: without it the state counts as empty.
    crate::rebuild::move_directory(&fresh.history(), &directory.history())?;
    if fresh.decisions().exists() {
        crate::rebuild::move_directory(&fresh.decisions(), &directory.decisions())?;
    }
    crate::rebuild::move_directory(&fresh.store(), &directory.store())?;
    crate::rebuild::remove_directory(&scratch)?;
    Ok(report)
}

fn restore_into(
    directory: &StateDir,
    options: &StoreOptions,
    reader: &mut dyn Read,
) -> Result<BackupReport, StoreError> {
    let mut frames = Frames { reader, hasher: blake3::Hasher::new(), bytes: 0 };
    frames.header()?;
    let Some(ItemV1::Counters(store, sequence, next_document, time, clock_jumps)) = frames.next()? else {
        return Err(bad("it does not begin with its counters"));
    };
    let (engine, _) = Engine::open(&directory.store(), options.cache_bytes)?;
    let meta = MetaV1 { store, sequence, next_document, time, clock_jumps, ..MetaV1::default() };
    let mut builder = Builder::new(&engine, meta);
    let mut report = BackupReport::default();
    let mut counts: Vec<(SourcePath, u64)> = Vec::new();
    while let Some(item) = frames.next()? {
        match item {
            ItemV1::Counters(..) => return Err(bad("it has counters twice")),
            ItemV1::Root(root) => builder.named(ROOT, &root)?,
            ItemV1::Decisions(bytes) => replace_file(&directory.decisions(), &bytes.0)?,
            ItemV1::Source(path, record) => {
                let path = SourcePath::new(path.0);
                report.sources += 1;
                builder.source(&path, &record)?;
                counts.push((path, record.documents));
            }
            ItemV1::Document(document, head, older) => {
                report.documents += 1;
                report.revisions += older.len() as u64 + 1;
                builder.document(DocumentId(document), &head, &older)?;
            }
            ItemV1::Body(document, revision, blob, stored) => {
                let prefix = keys::body(DocumentId(document), Revision(revision));
                builder.blob(&prefix, &StoredBlob { blob, stored: &stored.0 })?;
            }
            ItemV1::Dictionary(dictionary) => builder.dictionary(&dictionary.0)?,
            ItemV1::Failure(path, record, stored) => {
                builder.failure(&SourcePath::new(path.0), &record, &stored.0)?;
            }
            ItemV1::Annotations(document, revision, blob, stored) => {
                let prefix = keys::annotation(DocumentId(document), Revision(revision));
                builder.blob(&prefix, &StoredBlob { blob, stored: &stored.0 })?;
            }
        }
    }
    for (path, documents) in counts {
        builder.distrust(&path, documents)?;
    }
    let meta = builder.finish()?;
    report.bytes = frames.bytes;
    let mut writer = Writer::new(&directory.history(), meta.store, 0, 0);
    crate::files::create_directory(&directory.history())?;
    repair::write_history(&engine, &meta, &mut writer)?;
    Ok(report)
}
