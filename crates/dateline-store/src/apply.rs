//! What each operation does to the records: catalog, documents, revisions, change log, failures. Deciding which part
//! continues which document is `identity`'s; durability is `committer`'s.

use crate::batch::Batch;
use crate::believed::Believed;
use crate::blob::{Kind, Packer, Unpacker, digest};
use crate::codec::encode;
use crate::committer::Gathered;
use crate::error::StoreError;
use crate::failed;
use crate::history::EntryV1;
use crate::identity::{Extent, Incoming, Known, Matcher};
use crate::keys;
use crate::limits::{ANNOTATION_BYTES_MAX, DOCUMENT_BYTES_MAX, REASON_BYTES_MAX, RECORD_FAILURES_MAX};
use crate::model::{
    Annotations, Failure, FileIdentity, NewDocument, Operation, Put, PutDocument, RecordFailure, SourceSlice,
};
use crate::read::Reader;
use crate::record::{
    AnnotationsV1, BlobV1, BodyRefV1, CatalogV1, ChangeKindV1, ChangeV1, DeletedV1, DiagnosticV1, FailureV1, HeadV1,
    MissingV1, NamedV1, PartV1, RecordFailureV1, RevisionV1, content_hash,
};
use crate::repair;
use crate::store::{BELIEVED, CHAIN, HELD, ROOT, Store, applied_name, failed_records, moved_name};
use dateline_core::{ContentHash, Diagnostic, DocumentId, Revision, Sequence, SourcePath};
use std::time::Duration;

/// Diagnostics kept per source.
const SOURCE_DIAGNOSTICS_MAX: usize = 10;

/// Message or code of a source's diagnostic, in bytes.
const SOURCE_DIAGNOSTIC_BYTES_MAX: usize = 200;

/// Records looked at in one step of a purge.
const PURGE_PAGE: usize = 256;
/// A purge looks at every document, so it does at most so often in the period after which something is forgotten.
const PURGES_IN_PERIOD: i64 = 100;

/// The last purge that was brought to its end; times in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purged {
    period: i64,
    /// The time that retention went by.
    at: i64,
}

/// A source whose slices are coming in.
pub(crate) struct Progress {
    content: ContentHash,
    matcher: Matcher,
}

impl Progress {
    /// Hash of the bytes its slices are made from.
    pub(crate) fn content(&self) -> ContentHash {
        self.content
    }
}

/// A transaction in the making with what operations need.
pub(crate) struct Tx<'a> {
    pub(crate) batch: Batch<'a>,
    pub(crate) packer: &'a mut Packer,
    pub(crate) unpacker: &'a Unpacker,
    pub(crate) progress: &'a mut std::collections::HashMap<SourcePath, Progress>,
    pub(crate) store: &'a Store,
    pub(crate) time: i64,
    /// What the clock shows, which may be before `time`.
    pub(crate) now: i64,
    /// Time of the last commit before the store was opened; zero in a new one.
    pub(crate) before_opening: i64,
    pub(crate) purged: &'a mut Option<Purged>,
    pub(crate) gathered: &'a mut Gathered,
    pub(crate) documents: usize,
}

/// A document on its way in, encoded.
struct Encoded {
    content: ContentHash,
    body: Vec<u8>,
    annotations: Vec<u8>,
    /// Whether the annotations say that a processor failed.
    failed: bool,
}

/// Where a document stands now.
struct Place<'a> {
    path: &'a SourcePath,
    part: &'a str,
    own: bool,
    number: u32,
}

/// Whether an entry of the change log says something that no newer entry says.
pub(crate) fn is_live(reader: &impl Reader, sequence: u64, change: &ChangeV1) -> Result<bool, StoreError> {
    for revision in [change.opened, change.closed].into_iter().flatten() {
        let found = reader.revision(DocumentId(change.document), Revision(revision))?;
        if found.is_some_and(|(_, revision)| revision.changed == sequence) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The start of a text, cut between characters.
fn shortened(text: &str, bytes: usize) -> String {
    crate::identity::start(text, bytes).to_owned()
}

impl Tx<'_> {
    /// Applies one operation.
    pub(crate) fn operation(&mut self, operation: Operation) -> Result<(), StoreError> {
        match operation {
            Operation::PutSource(slice) => self.put_source(slice),
            Operation::Touch { path, identity, parser_key } => self.touch(&path, identity, parser_key),
            Operation::Absent { path } => self.absent(&path),
            Operation::Rename { from, to, identity } => self.rename(&from, &to, identity),
            Operation::Remove { path } => self.remove(&path),
            Operation::Fail { path, identity, failure } => self.fail(&path, identity, &failure),
            Operation::Forgive { path } => self.forgive(&path),
            Operation::Annotate { document, revision, annotations } => self.annotate(document, revision, &annotations),
            Operation::Settled { documents } => {
                documents.into_iter().try_for_each(|document| self.set_named(&moved_name(document), None))
            }
            Operation::SetRoot(root) => self.set_named(ROOT, Some(NamedV1::from(&root))),
            Operation::SetChain(chain) => self.set_named(CHAIN, chain.map(|chain| NamedV1::Chain(chain.0))),
            Operation::SetHeldDeletes(held) => {
                let held = held.map(|mut held| {
                    held.reason = shortened(&held.reason, REASON_BYTES_MAX);
                    held
                });
                self.set_named(HELD, held.as_ref().map(NamedV1::from))
            }
            Operation::Applied { indexer, sequence } => {
                self.set_named(&applied_name(&indexer), Some(NamedV1::Applied(sequence.0)))
            }
            Operation::Purge { period, limit } => self.purge(period, limit),
        }
    }

    fn set_named(&mut self, name: &str, record: Option<NamedV1>) -> Result<(), StoreError> {
        let key = keys::named(name);
        if self.batch.named(name)? == record {
            return Ok(());
        }
        match record {
            Some(record) => self.batch.put(key, &record),
            None => self.batch.delete(key),
        }
    }

    // The catalog.

    fn put_catalog(&mut self, path: &SourcePath, record: &CatalogV1) -> Result<(), StoreError> {
        let before = self.batch.catalog(path)?;
        let counted = |record: &CatalogV1| u64::from(!record.removed);
        let (old, new) = (before.as_ref().map_or(0, counted), counted(record));
        self.batch.meta.sources = (self.batch.meta.sources + new).saturating_sub(old);
        if before.as_ref() != Some(record) {
            self.batch.put(keys::catalog(path), record)?;
        }
        Ok(())
    }

    fn delete_catalog(&mut self, path: &SourcePath) -> Result<(), StoreError> {
        if let Some(before) = self.batch.catalog(path)? {
            let counted = u64::from(!before.removed);
            self.batch.meta.sources = self.batch.meta.sources.saturating_sub(counted);
            self.batch.delete(keys::catalog(path))?;
        }
        self.batch.delete(keys::missing(path))
    }

    /// Takes a document off the list of a source.
    fn unlist(&mut self, path: &SourcePath, record: &mut CatalogV1, document: DocumentId) -> Result<(), StoreError> {
        if record.single == Some(document.0) {
            record.single = None;
            return Ok(());
        }
        self.batch.delete(keys::part(path, document))
    }

    fn touch(
        &mut self,
        path: &SourcePath,
        identity: FileIdentity,
        parser_key: Option<ContentHash>,
    ) -> Result<(), StoreError> {
        let Some(mut record) = self.batch.catalog(path)?.filter(|record| !record.removed) else { return Ok(()) };
        record.identity = identity.into();
        record.absences = 0;
        if let Some(key) = parser_key {
            record.parser_key = key.0;
        }
        self.batch.delete(keys::missing(path))?;
        self.put_catalog(path, &record)
    }

    fn absent(&mut self, path: &SourcePath) -> Result<(), StoreError> {
        let Some(mut record) = self.batch.catalog(path)?.filter(|record| !record.removed) else { return Ok(()) };
        record.absences = record.absences.saturating_add(1);
        self.batch.put(keys::missing(path), &MissingV1)?;
        self.put_catalog(path, &record)
    }

    fn remove(&mut self, path: &SourcePath) -> Result<(), StoreError> {
        self.progress.remove(path);
        self.forgive(path)?;
        let Some(mut record) = self.batch.catalog(path)?.filter(|record| !record.removed) else { return Ok(()) };
        // Should a crash come between transactions, the source is read again when it is back.
        record.complete = false;
        let documents = self.batch.documents_under(path, &record)?;
        self.put_catalog(path, &record)?;
        for document in &documents {
            if self.close(*document)? {
                record.documents = record.documents.saturating_sub(1);
            }
            if self.cut_is_near() {
                self.put_catalog(path, &record)?;
            }
            self.cut_when_full()?;
        }
        if documents.is_empty() {
            return self.delete_catalog(path);
        }
        record.removed = true;
        record.absences = 0;
        record.changed = self.time;
        self.batch.delete(keys::missing(path))?;
        self.put_catalog(path, &record)
    }

    fn rename(&mut self, from: &SourcePath, to: &SourcePath, identity: FileIdentity) -> Result<(), StoreError> {
        if from == to {
            return self.touch(to, identity, None);
        }
        let Some(mut source) = self.batch.catalog(from)?.filter(|record| !record.removed) else { return Ok(()) };
        self.progress.remove(from);
        self.remove(to)?;
        self.move_failure(from, to)?;
        let complete = source.complete;
        let single = self.batch.catalog(to)?.and_then(|there| there.single);
        let identity = identity.into();
        let mut target = CatalogV1 { single, documents: 0, identity, absences: 0, complete: false, ..source.clone() };
        for document in self.batch.documents_under(from, &source)? {
            let Some(mut head) = self.batch.head(document)? else { continue };
            self.unlist(from, &mut source, document)?;
            list(&mut self.batch, to, &mut target, document)?;
            head.path = crate::codec::Blob(to.as_bytes().to_vec());
            if head.open {
                target.documents += 1;
                source.documents = source.documents.saturating_sub(1);
                self.moved(document, &mut head)?;
                // In the same transaction: a crash must not forget that the place decides some of the results.
                self.batch.put(keys::named(&moved_name(document)), &NamedV1::Moved)?;
            }
            self.batch.put(keys::head(document), &head)?;
            if self.cut_is_near() {
                source.complete = false;
                self.put_catalog(from, &source)?;
                self.put_catalog(to, &target)?;
            }
            self.documents += 1;
            self.cut_when_full()?;
        }
        self.delete_catalog(from)?;
        target.complete = complete;
        self.put_catalog(to, &target)
    }

    /// Whether one more document ends the transaction, so that the catalog must be written now.
    fn cut_is_near(&self) -> bool {
        use crate::limits::{TRANSACTION_BYTES_MAX, TRANSACTION_DOCUMENTS_MAX};
        self.documents + 1 >= TRANSACTION_DOCUMENTS_MAX || self.batch.bytes() >= TRANSACTION_BYTES_MAX
    }

    // Failures.

    fn forgive(&mut self, path: &SourcePath) -> Result<(), StoreError> {
        let Some(record) = self.batch.record::<FailureV1>(&keys::failure(path))? else { return Ok(()) };
        self.batch.delete_blob(&keys::failed_records(path), &record.records)?;
        self.batch.delete(keys::failure(path))
    }

    fn move_failure(&mut self, from: &SourcePath, to: &SourcePath) -> Result<(), StoreError> {
        let Some(record) = self.batch.record::<FailureV1>(&keys::failure(from))? else { return Ok(()) };
        let records = failed_records(&self.batch, self.unpacker, from, &record)?;
        self.forgive(from)?;
        self.put_failure(to, record, &records)
    }

    fn put_failure(
        &mut self,
        path: &SourcePath,
        mut record: FailureV1,
        records: &[RecordFailureV1],
    ) -> Result<(), StoreError> {
        let before = self.batch.record::<FailureV1>(&keys::failure(path))?;
        let old = before.map_or_else(BlobV1::default, |before| before.records);
        let prefix = keys::failed_records(path);
        record.records = if records.is_empty() {
            self.batch.delete_blob(&prefix, &old)?;
            BlobV1::default()
        } else {
            let packed = self.packer.pack(Kind::Other, "record failures", &encode(&records)?, DOCUMENT_BYTES_MAX)?;
            self.batch.put_blob(&prefix, &packed, &old)?;
            packed.blob
        };
        self.batch.put(keys::failure(path), &record)
    }

    fn fail(&mut self, path: &SourcePath, identity: Option<FileIdentity>, failure: &Failure) -> Result<(), StoreError> {
        let before = self.batch.record::<FailureV1>(&keys::failure(path))?;
        let content = failure.content.map(|hash| hash.0);
        let identity = identity.map(Into::into);
        let is_same = |before: &FailureV1| {
            let old_content = before.whole.as_ref().and_then(|whole| whole.3);
            before.identity == identity || (content.is_some() && old_content == content)
        };
        let (attempts, since) = match &before {
            Some(before) if is_same(before) => (before.attempts.saturating_add(1), before.since),
            _ => (1, self.time),
        };
        let records = match &before {
            Some(before) => failed_records(&self.batch, self.unpacker, path, before)?,
            None => Vec::new(),
        };
        let code = shortened(&failure.code, REASON_BYTES_MAX);
        let reason = shortened(&failure.reason, REASON_BYTES_MAX);
        let record = FailureV1 {
            whole: Some((code, reason, failure.quarantined, content)),
            records: BlobV1::default(),
            more_records: before.map_or(0, |before| before.more_records),
            attempts,
            since,
            last: self.time,
            identity,
            key: failure.key.0,
        };
        self.put_failure(path, record, &records)
    }

    /// Notes records that could not be read; the first slice forgets what was there before.
    fn fail_records(&mut self, slice: &SourceSlice) -> Result<(), StoreError> {
        let SourceSlice { path, failures, .. } = slice;
        if slice.first {
            let before = self.batch.record::<FailureV1>(&keys::failure(path))?;
            let is_same = before.is_some_and(|before| before.whole.is_none());
            if failures.is_empty() || !is_same {
                self.forgive(path)?;
            }
        }
        if failures.is_empty() {
            return Ok(());
        }
        let before = self.batch.record::<FailureV1>(&keys::failure(path))?;
        let mut records = match &before {
            Some(before) if !slice.first => failed_records(&self.batch, self.unpacker, path, before)?,
            _ => Vec::new(),
        };
        let mut more = if slice.first { 0 } else { before.as_ref().map_or(0, |before| before.more_records) };
        for RecordFailure { part, line, reason } in failures {
            if records.len() < RECORD_FAILURES_MAX {
                let (part, reason) = (shortened(part, REASON_BYTES_MAX), shortened(reason, REASON_BYTES_MAX));
                records.push(RecordFailureV1 { part, line: *line, reason });
            } else {
                more += 1;
            }
        }
        let attempts = before.as_ref().map_or(0, |before| before.attempts) + u32::from(slice.first);
        let record = FailureV1 {
            whole: None,
            records: BlobV1::default(),
            more_records: more,
            attempts: attempts.max(1),
            since: before.map_or(self.time, |before| before.since),
            last: self.time,
            identity: Some(slice.identity.into()),
            key: [0; 32],
        };
        self.put_failure(path, record, &records)
    }

    // Sources.

    fn put_source(&mut self, slice: SourceSlice) -> Result<(), StoreError> {
        let mut record = self.begin_source(&slice)?;
        self.fail_records(&slice)?;
        let extent = if slice.first && slice.last { Extent::Whole } else { Extent::Slice };
        let SourceSlice { path, documents, last, content, .. } = slice;
        let Some(mut progress) = self.progress.remove(&path) else {
            return Err(StoreError::SliceOrder { path });
        };
        let hashes: Vec<ContentHash> = documents.iter().map(|new| content_hash(&new.document)).collect();
        let named = |(new, content): (&NewDocument, &ContentHash)| {
            let (part, own) = progress.matcher.name(new.part_id.as_deref(), new.number);
            Incoming { part, own, number: new.number, content: *content }
        };
        let incoming: Vec<Incoming> = documents.iter().zip(&hashes).map(named).collect();
        let matched = progress.matcher.match_parts(&incoming, extent);
        for ((new, incoming), known) in documents.into_iter().zip(incoming).zip(matched) {
            let known = match known {
                Some(known) => Some(known),
                None => self.deleted_elsewhere(&incoming.content)?,
            };
            let place = Place { path: &path, part: &incoming.part, own: incoming.own, number: incoming.number };
            self.put_document(&mut record, &place, known, incoming.content, &new)?;
            if self.cut_is_near() {
                self.put_catalog(&path, &record)?;
            }
            self.documents += 1;
            self.cut_when_full()?;
        }
        if !last {
            self.put_catalog(&path, &record)?;
            self.progress.insert(path, Progress { content, matcher: progress.matcher });
            return Ok(());
        }
        self.finish_source(&path, record, &progress.matcher)
    }

    /// What the catalog says while a source's slices come in, and on the first slice the documents known so far.
    fn begin_source(&mut self, slice: &SourceSlice) -> Result<CatalogV1, StoreError> {
        let path = &slice.path;
        let known = self.batch.catalog(path)?;
        if !slice.first {
            return known.ok_or_else(|| StoreError::SliceOrder { path: path.clone() });
        }
        let documents = match &known {
            Some(record) => self.batch.documents_under(path, record)?,
            None => Vec::new(),
        };
        let mut parts = Vec::with_capacity(documents.len());
        for document in documents {
            let head: HeadV1 = self.batch.expected(&keys::head(document))?;
            let content = ContentHash(head.current.content);
            let HeadV1 { part, own, number, open, .. } = head;
            parts.push(Known { document, part, own, number, open, content });
        }
        self.progress.insert(path.clone(), Progress { content: slice.content, matcher: Matcher::new(parts) });
        self.batch.delete(keys::missing(path))?;
        Ok(CatalogV1 {
            identity: slice.identity.into(),
            content: slice.content.0,
            parser_key: slice.parser_key.0,
            complete: false,
            removed: false,
            absences: 0,
            single: known.as_ref().and_then(|known| known.single),
            documents: known.as_ref().map_or(0, |known| known.documents),
            changed: self.time,
            diagnostics: slice.diagnostics.iter().take(SOURCE_DIAGNOSTICS_MAX).map(kept).collect(),
        })
    }

    /// Closes what the source holds no longer, and marks it complete.
    fn finish_source(&mut self, path: &SourcePath, mut record: CatalogV1, matcher: &Matcher) -> Result<(), StoreError> {
        for document in matcher.left_over() {
            // It may have moved to another source meanwhile.
            let stays = self.batch.head(document)?.is_some_and(|head| head.path() == *path);
            if stays && self.close(document)? {
                record.documents = record.documents.saturating_sub(1);
            }
            if self.cut_is_near() {
                self.put_catalog(path, &record)?;
            }
            self.cut_when_full()?;
        }
        record.complete = true;
        self.put_catalog(path, &record)
    }

    /// The one deleted document with this content, if there is exactly one.
    fn deleted_elsewhere(&self, content: &ContentHash) -> Result<Option<DocumentId>, StoreError> {
        let found = self.batch.raw_range(&keys::deleted_with(content), None, 2)?;
        let [(key, _)] = found.as_slice() else { return Ok(None) };
        let Some(document) = keys::last_document(key) else { return Ok(None) };
        let head = self.batch.head(document)?;
        Ok(head.filter(|head| !head.open && head.current.content == content.0).map(|_| document))
    }

    // Documents.

    fn put_document(
        &mut self,
        record: &mut CatalogV1,
        place: &Place<'_>,
        known: Option<DocumentId>,
        content: ContentHash,
        new: &NewDocument,
    ) -> Result<(), StoreError> {
        let encoded = Encoded {
            content,
            body: encode(&BodyRefV1::from(&new.document))?,
            annotations: encode(&AnnotationsV1::from(&new.annotations))?,
            failed: failed::has_failure(&new.annotations),
        };
        let head = match known {
            Some(document) => Some((document, self.batch.expected::<HeadV1>(&keys::head(document))?)),
            None => None,
        };
        let (document, revision, put) = match head {
            None => self.new_document(record, place, &encoded)?,
            Some((document, head)) if head.open && head.current.content == content.0 => {
                self.update(document, head, place, &encoded)?
            }
            Some((document, head)) if head.open => self.revise(document, head, place, &encoded)?,
            Some((document, head)) => self.reopen(record, document, head, place, &encoded)?,
        };
        self.gathered.documents.push(PutDocument { document, revision: Revision(revision), put });
        Ok(())
    }

    /// Writes content and annotations of a new revision.
    fn write_revision(
        &mut self,
        document: DocumentId,
        revision: u32,
        encoded: &Encoded,
        changed: u64,
    ) -> Result<RevisionV1, StoreError> {
        let body = self.packer.pack(Kind::Text, "document", &encoded.body, DOCUMENT_BYTES_MAX)?;
        let annotations =
            self.packer.pack(Kind::Annotations, "annotations", &encoded.annotations, ANNOTATION_BYTES_MAX)?;
        let none = BlobV1::default();
        self.batch.put_blob(&keys::body(document, Revision(revision)), &body, &none)?;
        self.batch.put_blob(&keys::annotation(document, Revision(revision)), &annotations, &none)?;
        failed::mark(&mut self.batch, document, encoded.failed)?;
        self.batch.meta.revisions += 1;
        Ok(RevisionV1 {
            revision,
            content: encoded.content.0,
            from: self.time,
            to: None,
            changed,
            body: body.blob,
            annotations: annotations.blob,
        })
    }

    fn new_document(
        &mut self,
        record: &mut CatalogV1,
        place: &Place<'_>,
        encoded: &Encoded,
    ) -> Result<(DocumentId, u32, Put), StoreError> {
        let document = DocumentId(self.batch.meta.next_document);
        self.batch.meta.next_document += 1;
        self.batch.meta.documents += 1;
        record.documents += 1;
        list(&mut self.batch, place.path, record, document)?;
        let sequence = self.log(ChangeKindV1::New, document, Some(1), None)?;
        let current = self.write_revision(document, 1, encoded, sequence)?;
        let head = HeadV1 {
            path: crate::codec::Blob(place.path.as_bytes().to_vec()),
            part: place.part.to_owned(),
            own: place.own,
            number: place.number,
            open: true,
            oldest: 1,
            current,
        };
        self.gathered.entries.push(repair::opened(sequence, document, &head, &head.current));
        self.batch.put(keys::head(document), &head)?;
        Ok((document, 1, Put::New))
    }

    /// Same content: annotations, place in the source or what does not make a revision may differ.
    fn update(
        &mut self,
        document: DocumentId,
        mut head: HeadV1,
        place: &Place<'_>,
        encoded: &Encoded,
    ) -> Result<(DocumentId, u32, Put), StoreError> {
        let revision = head.current.revision;
        let is_placed = head.part == place.part && head.own == place.own && head.number == place.number;
        let new_body = head.current.body.is_absent() || head.current.body.digest != digest(&encoded.body);
        let new_annotations =
            head.current.annotations.is_absent() || head.current.annotations.digest != digest(&encoded.annotations);
        if is_placed && !new_body && !new_annotations {
            return Ok((document, revision, Put::Same));
        }
        if new_body {
            let packed = self.packer.pack(Kind::Text, "document", &encoded.body, DOCUMENT_BYTES_MAX)?;
            self.batch.put_blob(&keys::body(document, Revision(revision)), &packed, &head.current.body)?;
            head.current.body = packed.blob;
        }
        if new_annotations {
            self.write_annotations(document, &mut head.current, &encoded.annotations, encoded.failed)?;
        }
        (head.part, head.own, head.number) = (place.part.to_owned(), place.own, place.number);
        if is_placed {
            self.logged_update(ChangeKindV1::Updated, document, &mut head)?;
        } else {
            self.moved(document, &mut head)?;
        }
        self.batch.put(keys::head(document), &head)?;
        Ok((document, revision, Put::Updated))
    }

    fn write_annotations(
        &mut self,
        document: DocumentId,
        revision: &mut RevisionV1,
        encoded: &[u8],
        failed: bool,
    ) -> Result<(), StoreError> {
        let packed = self.packer.pack(Kind::Annotations, "annotations", encoded, ANNOTATION_BYTES_MAX)?;
        let prefix = keys::annotation(document, Revision(revision.revision));
        self.batch.put_blob(&prefix, &packed, &revision.annotations)?;
        revision.annotations = packed.blob;
        failed::mark(&mut self.batch, document, failed)
    }

    /// Logs that the current revision is to be indexed anew.
    fn logged_update(
        &mut self,
        kind: ChangeKindV1,
        document: DocumentId,
        head: &mut HeadV1,
    ) -> Result<u64, StoreError> {
        let before = head.current.changed;
        let sequence = self.log(kind, document, Some(head.current.revision), None)?;
        head.current.changed = sequence;
        self.replaced(document, before, head.current.revision)?;
        Ok(sequence)
    }

    /// Logs that a document stands elsewhere.
    fn moved(&mut self, document: DocumentId, head: &mut HeadV1) -> Result<(), StoreError> {
        let sequence = self.logged_update(ChangeKindV1::Moved, document, head)?;
        let place = repair::place(head);
        self.gathered.entries.push(EntryV1::Moved { sequence, document: document.0, place });
        Ok(())
    }

    /// Other content: the current revision ends, a new one begins.
    fn revise(
        &mut self,
        document: DocumentId,
        mut head: HeadV1,
        place: &Place<'_>,
        encoded: &Encoded,
    ) -> Result<(DocumentId, u32, Put), StoreError> {
        let number = head.current.revision + 1;
        let sequence = self.log(ChangeKindV1::Revised, document, Some(number), Some(head.current.revision))?;
        let new = self.write_revision(document, number, encoded, sequence)?;
        let mut old = std::mem::replace(&mut head.current, new);
        let before = old.changed;
        (old.to, old.changed) = (Some(self.time), sequence);
        self.replaced(document, before, old.revision)?;
        self.ended(sequence, document, &old, false)?;
        self.batch.put(keys::revision(document, Revision(old.revision)), &old)?;
        (head.part, head.own, head.number) = (place.part.to_owned(), place.own, place.number);
        self.gathered.entries.push(repair::opened(sequence, document, &head, &head.current));
        self.batch.put(keys::head(document), &head)?;
        Ok((document, number, Put::Revised))
    }

    /// A deleted document is back, here or in another source: a new revision, after the gap.
    fn reopen(
        &mut self,
        record: &mut CatalogV1,
        document: DocumentId,
        mut head: HeadV1,
        place: &Place<'_>,
        encoded: &Encoded,
    ) -> Result<(DocumentId, u32, Put), StoreError> {
        let old_path = head.path();
        if old_path != *place.path {
            if let Some(mut old) = self.batch.catalog(&old_path)? {
                self.unlist(&old_path, &mut old, document)?;
                self.keep_catalog(&old_path, &old)?;
            }
            list(&mut self.batch, place.path, record, document)?;
        }
        let number = head.current.revision + 1;
        let sequence = self.log(ChangeKindV1::Reopened, document, Some(number), None)?;
        let new = self.write_revision(document, number, encoded, sequence)?;
        let old = std::mem::replace(&mut head.current, new);
        self.batch.delete(keys::deleted(&ContentHash(old.content), document))?;
        self.batch.put(keys::revision(document, Revision(old.revision)), &old)?;
        head.open = true;
        head.path = crate::codec::Blob(place.path.as_bytes().to_vec());
        (head.part, head.own, head.number) = (place.part.to_owned(), place.own, place.number);
        record.documents += 1;
        self.batch.meta.documents += 1;
        self.batch.meta.deleted = self.batch.meta.deleted.saturating_sub(1);
        self.gathered.entries.push(repair::opened(sequence, document, &head, &head.current));
        self.batch.put(keys::head(document), &head)?;
        Ok((document, number, Put::Reopened))
    }

    /// Deletes an open document; says whether it was open.
    fn close(&mut self, document: DocumentId) -> Result<bool, StoreError> {
        let mut head: HeadV1 = self.batch.expected(&keys::head(document))?;
        if !head.open {
            return Ok(false);
        }
        let before = head.current.changed;
        let sequence = self.log(ChangeKindV1::Deleted, document, None, Some(head.current.revision))?;
        head.open = false;
        failed::mark(&mut self.batch, document, false)?;
        (head.current.to, head.current.changed) = (Some(self.time), sequence);
        self.replaced(document, before, head.current.revision)?;
        self.batch.put(keys::head(document), &head)?;
        self.batch.put(keys::deleted(&ContentHash(head.current.content), document), &DeletedV1)?;
        self.ended(sequence, document, &head.current, true)?;
        self.batch.meta.documents = self.batch.meta.documents.saturating_sub(1);
        self.batch.meta.deleted += 1;
        self.documents += 1;
        Ok(true)
    }

    /// Gives the history the text of a revision that ended.
    fn ended(
        &mut self,
        sequence: u64,
        document: DocumentId,
        revision: &RevisionV1,
        deleted: bool,
    ) -> Result<(), StoreError> {
        if revision.body.is_absent() {
            tracing::warn!(%document, revision = revision.revision, "text was lost with an earlier store");
            self.gathered.lost.push((document, Revision(revision.revision)));
        }
        let entry = repair::closed(&self.batch, self.unpacker, sequence, document, revision, deleted)?;
        self.gathered.entries.push(entry);
        Ok(())
    }

    fn annotate(
        &mut self,
        document: DocumentId,
        revision: Revision,
        annotations: &Annotations,
    ) -> Result<(), StoreError> {
        let Some(mut head) = self.batch.head(document)? else { return Ok(()) };
        if !head.open || head.current.revision != revision.0 || head.current.body.is_absent() {
            return Ok(());
        }
        let encoded = encode(&AnnotationsV1::from(annotations))?;
        if head.current.annotations.digest == digest(&encoded) && !head.current.annotations.is_absent() {
            return Ok(());
        }
        self.write_annotations(document, &mut head.current, &encoded, failed::has_failure(annotations))?;
        self.logged_update(ChangeKindV1::Updated, document, &mut head)?;
        self.documents += 1;
        self.batch.put(keys::head(document), &head)
    }

    // The change log.

    /// Writes the next entry of the log.
    fn log(
        &mut self,
        kind: ChangeKindV1,
        document: DocumentId,
        opened: Option<u32>,
        closed: Option<u32>,
    ) -> Result<u64, StoreError> {
        self.batch.meta.sequence += 1;
        let sequence = self.batch.meta.sequence;
        let record = ChangeV1 { kind, document: document.0, opened, closed, purged: Vec::new() };
        self.batch.put(keys::change(Sequence(sequence)), &record)?;
        Ok(sequence)
    }

    /// Drops the entry that spoke of a revision before, when trimming has passed it and nothing else needs it.
    fn replaced(&mut self, document: DocumentId, before: u64, revision: u32) -> Result<(), StoreError> {
        if before > self.batch.meta.trimmed {
            return Ok(());
        }
        let Some(change) = self.batch.change(Sequence(before))? else { return Ok(()) };
        for other in [change.opened, change.closed].into_iter().flatten().filter(|other| *other != revision) {
            let found = self.batch.revision(document, Revision(other))?;
            if found.is_some_and(|(_, other)| other.changed == before) {
                return Ok(());
            }
        }
        self.batch.delete(keys::change(Sequence(before)))
    }

    // Retention.

    /// Looks at the clock, and gives the time that retention goes by.
    fn believed_time(&mut self) -> Result<i64, StoreError> {
        let written = match self.batch.named(BELIEVED)? {
            Some(NamedV1::Believed(time, doubted_since)) => Some(Believed { time, doubted_since }),
            _ => None,
        };
        let first = if self.before_opening == 0 { self.now } else { self.before_opening };
        let believed = written.unwrap_or(Believed { time: first, doubted_since: None }).look(self.now);
        if written.is_none_or(|written| believed.differs(written)) {
            self.set_named(BELIEVED, Some(NamedV1::from(believed)))?;
        }
        Ok(believed.effective(self.now))
    }

    /// Forgets what ended longer ago than a period, a number of revisions at most.
    fn purge(&mut self, period: Duration, limit: usize) -> Result<(), StoreError> {
        let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
        let at = self.believed_time()?;
        let soon = |last: &Purged| at.saturating_sub(last.at) < period / PURGES_IN_PERIOD;
        if self.purged.as_ref().is_some_and(|last| last.period == period && soon(last)) {
            return Ok(());
        }
        let before = at.saturating_sub(period);
        let mut left = limit;
        let mut after: Option<keys::Key> = None;
        loop {
            let page = self.batch.records::<HeadV1>(&[keys::HEAD], after.as_deref(), PURGE_PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, head) in page {
                let document = keys::last_document(&key).unwrap_or_default();
                left = left.saturating_sub(self.purge_document(document, head, before, left)?);
                self.cut_when_full()?;
                if left == 0 {
                    return Ok(());
                }
            }
        }
        *self.purged = Some(Purged { period, at });
        Ok(())
    }

    /// Forgets what ended before a time of one document; says how many revisions.
    fn purge_document(
        &mut self,
        document: DocumentId,
        mut head: HeadV1,
        before: i64,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let ended = |revision: &RevisionV1| revision.to.is_some_and(|to| to < before);
        let mut gone: Vec<u32> = Vec::new();
        if head.oldest < head.current.revision {
            let page = self.batch.records::<RevisionV1>(&keys::revisions(document), None, limit)?;
            for (key, old) in page.into_iter().take_while(|(_, old)| ended(old)) {
                self.forget(document, &old)?;
                self.batch.delete(key)?;
                head.oldest = old.revision + 1;
                gone.push(old.revision);
            }
        }
        let whole = !head.open && ended(&head.current) && head.oldest == head.current.revision && gone.len() < limit;
        if whole {
            self.forget(document, &head.current)?;
            gone.push(head.current.revision);
            self.forget_document(document, &head)?;
        } else if !gone.is_empty() {
            self.batch.put(keys::head(document), &head)?;
        }
        if gone.is_empty() {
            return Ok(0);
        }
        let sequence = self.log(ChangeKindV1::Purged, document, None, None)?;
        let record = ChangeV1 {
            kind: ChangeKindV1::Purged,
            document: document.0,
            opened: None,
            closed: None,
            purged: gone.clone(),
        };
        self.batch.put(keys::change(Sequence(sequence)), &record)?;
        let entry = |revision: &u32| EntryV1::Purged { sequence, document: document.0, revision: *revision };
        self.gathered.entries.extend(gone.iter().map(entry));
        self.documents += 1;
        Ok(gone.len())
    }

    fn forget(&mut self, document: DocumentId, revision: &RevisionV1) -> Result<(), StoreError> {
        let number = Revision(revision.revision);
        self.batch.delete_blob(&keys::body(document, number), &revision.body)?;
        self.batch.delete_blob(&keys::annotation(document, number), &revision.annotations)?;
        self.batch.meta.revisions = self.batch.meta.revisions.saturating_sub(1);
        self.replaced(document, revision.changed, revision.revision)
    }

    fn forget_document(&mut self, document: DocumentId, head: &HeadV1) -> Result<(), StoreError> {
        let path = head.path();
        self.batch.delete(keys::head(document))?;
        self.batch.delete(keys::deleted(&ContentHash(head.current.content), document))?;
        self.batch.meta.deleted = self.batch.meta.deleted.saturating_sub(1);
        let Some(mut record) = self.batch.catalog(&path)? else { return Ok(()) };
        self.unlist(&path, &mut record, document)?;
        self.keep_catalog(&path, &record)
    }

    /// Writes what the catalog says, unless the source is gone and holds nothing any more.
    fn keep_catalog(&mut self, path: &SourcePath, record: &CatalogV1) -> Result<(), StoreError> {
        let is_empty = record.single.is_none() && self.batch.raw_range(&keys::parts(path), None, 1)?.is_empty();
        if record.removed && is_empty { self.delete_catalog(path) } else { self.put_catalog(path, record) }
    }
}

/// Lists a document under a source.
pub(crate) fn list(
    batch: &mut Batch<'_>,
    path: &SourcePath,
    record: &mut CatalogV1,
    document: DocumentId,
) -> Result<(), StoreError> {
    if record.single == Some(document.0) {
        return Ok(());
    }
    if let Some(first) = record.single.take() {
        batch.put(keys::part(path, DocumentId(first)), &PartV1)?;
    } else if batch.raw_range(&keys::parts(path), None, 1)?.is_empty() {
        record.single = Some(document.0);
        return Ok(());
    }
    batch.put(keys::part(path, document), &PartV1)
}

/// A source's diagnostic, short enough for its record.
fn kept(diagnostic: &Diagnostic) -> DiagnosticV1 {
    let mut kept = DiagnosticV1::from(diagnostic);
    kept.code = shortened(&kept.code, SOURCE_DIAGNOSTIC_BYTES_MAX);
    kept.message = shortened(&kept.message, SOURCE_DIAGNOSTIC_BYTES_MAX);
    kept
}
