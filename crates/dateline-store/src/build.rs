//! Filling an empty store with documents that have ids and a past: from a history or from a backup.

use crate::apply::list;
use crate::batch::Batch;
use crate::blob::Packer;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::keys;
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::read::Reader;
use crate::record::{
    BlobV1, CatalogV1, ChangeKindV1, ChangeV1, DeletedV1, FailureV1, HeadV1, IdentityV1, MetaV1, NamedV1, RevisionV1,
};
use dateline_core::{ContentHash, DocumentId, Revision, Sequence, SourcePath};

/// Stored bytes of a text or of annotations, as they were in another store.
pub(crate) struct StoredBlob<'a> {
    pub(crate) blob: BlobV1,
    pub(crate) stored: &'a [u8],
}

/// A store being filled.
pub(crate) struct Builder<'a> {
    engine: &'a Engine,
    batch: Option<Batch<'a>>,
}

impl<'a> Builder<'a> {
    /// A builder over an empty engine; `meta` holds what is known before.
    pub(crate) fn new(engine: &'a Engine, meta: MetaV1) -> Builder<'a> {
        Builder { engine, batch: Some(Batch::new(engine, meta)) }
    }

    fn batch(&mut self) -> Result<&mut Batch<'a>, StoreError> {
        let failed = || StoreError::Poisoned { reason: "an earlier step of the rebuild failed".to_owned() };
        self.batch.as_mut().ok_or_else(failed)
    }

    fn cut(&mut self, limit: usize) -> Result<(), StoreError> {
        if self.batch()?.bytes() < limit {
            return Ok(());
        }
        if let Some(batch) = self.batch.take() {
            let ready = batch.finish()?;
            self.engine.apply(ready.writes)?;
            self.batch = Some(Batch::new(self.engine, ready.meta));
        }
        Ok(())
    }

    /// Adds a source as it was; its documents count when they come.
    pub(crate) fn source(&mut self, path: &SourcePath, record: &CatalogV1) -> Result<(), StoreError> {
        let record = CatalogV1 { single: None, documents: 0, ..record.clone() };
        let batch = self.batch()?;
        batch.meta.sources += u64::from(!record.removed);
        batch.put(keys::catalog(path), &record)?;
        self.cut(TRANSACTION_BYTES_MAX)
    }

    /// Adds a document with its older revisions. A source not known before is noted as incomplete.
    pub(crate) fn document(
        &mut self,
        document: DocumentId,
        head: &HeadV1,
        older: &[RevisionV1],
    ) -> Result<(), StoreError> {
        let batch = self.batch()?;
        for old in older {
            batch.put(keys::revision(document, Revision(old.revision)), old)?;
        }
        batch.put(keys::head(document), head)?;
        for revision in older.iter().chain([&head.current]) {
            logged(batch, document, revision)?;
        }
        let meta = &mut batch.meta;
        meta.revisions += older.len() as u64 + 1;
        meta.next_document = meta.next_document.max(document.0 + 1);
        meta.documents += u64::from(head.open);
        meta.deleted += u64::from(!head.open);
        if !head.open {
            batch.put(keys::deleted(&ContentHash(head.current.content), document), &DeletedV1)?;
        }
        let path = head.path();
        let mut record = match batch.catalog(&path)? {
            Some(record) => record,
            None => unknown_source(),
        };
        list(batch, &path, &mut record, document)?;
        if head.open {
            record.documents += 1;
            batch.meta.sources += u64::from(record.removed);
            record.removed = false;
        }
        batch.put(keys::catalog(&path), &record)?;
        self.cut(TRANSACTION_BYTES_MAX)
    }

    /// Adds the bytes of a text or of annotations under their prefix.
    pub(crate) fn blob(&mut self, prefix: &[u8], blob: &StoredBlob<'_>) -> Result<(), StoreError> {
        let packed = crate::blob::Packed { blob: blob.blob, stored: blob.stored.to_vec() };
        self.batch()?.put_blob(prefix, &packed, &BlobV1::default())?;
        self.cut(TRANSACTION_BYTES_MAX)
    }

    /// Adds a dictionary that values need.
    pub(crate) fn dictionary(&mut self, dictionary: &[u8]) -> Result<(), StoreError> {
        crate::dictionary::put(self.batch()?, &mut Packer::new()?, dictionary).map(|_| ())
    }

    /// Adds a failure; its file counts as another one, to be tried again.
    pub(crate) fn failure(&mut self, path: &SourcePath, record: &FailureV1, records: &[u8]) -> Result<(), StoreError> {
        let record = FailureV1 { identity: None, ..record.clone() };
        if record.records != BlobV1::default() {
            self.blob(&keys::failed_records(path), &StoredBlob { blob: record.records, stored: records })?;
        }
        self.batch()?.put(keys::failure(path), &record)?;
        self.cut(TRANSACTION_BYTES_MAX)
    }

    /// Adds a named record.
    pub(crate) fn named(&mut self, name: &str, record: &NamedV1) -> Result<(), StoreError> {
        self.batch()?.put(keys::named(name), record)
    }

    /// Marks sources incomplete whose documents are not as many as the catalog said, so that they are read again.
    pub(crate) fn distrust(&mut self, path: &SourcePath, documents: u64) -> Result<(), StoreError> {
        let batch = self.batch()?;
        if let Some(mut record) = batch.catalog(path)?.filter(|record| record.documents != documents) {
            record.complete = false;
            batch.put(keys::catalog(path), &record)?;
        }
        self.cut(TRANSACTION_BYTES_MAX)
    }

    /// Writes what is left, makes it durable, and gives the counters.
    pub(crate) fn finish(mut self) -> Result<MetaV1, StoreError> {
        self.batch()?;
        let Some(batch) = self.batch.take() else { return Ok(MetaV1::default()) };
        let ready = batch.finish()?;
        self.engine.apply(ready.writes)?;
        self.engine.flush()?;
        self.engine.sync()?;
        Ok(ready.meta)
    }
}

/// Puts a revision in the change log where its newest change stands, beside the one it replaced or gave way to.
fn logged(batch: &mut Batch<'_>, document: DocumentId, revision: &RevisionV1) -> Result<(), StoreError> {
    let sequence = revision.changed;
    let known = batch.change(Sequence(sequence))?.filter(|change| change.document == document.0);
    let mut change = known.unwrap_or(ChangeV1 {
        kind: ChangeKindV1::Updated,
        document: document.0,
        opened: None,
        closed: None,
        purged: Vec::new(),
    });
    if revision.to.is_some() {
        change.closed = Some(revision.revision);
    } else {
        change.opened = Some(revision.revision);
    }
    change.kind = match (change.opened, change.closed) {
        (Some(_), Some(_)) => ChangeKindV1::Revised,
        (None, _) => ChangeKindV1::Deleted,
        (Some(1), None) => ChangeKindV1::New,
        (Some(_), None) => ChangeKindV1::Updated,
    };
    batch.meta.sequence = batch.meta.sequence.max(sequence);
    batch.put(keys::change(Sequence(sequence)), &change)
}

/// A source of which nothing is known but that it has documents: it is to be read again.
fn unknown_source() -> CatalogV1 {
    CatalogV1 {
        identity: IdentityV1::default(),
        content: [0; 32],
        parser_key: [0; 32],
        complete: false,
        // Counted as one that is there with its first open document.
        removed: true,
        absences: 0,
        single: None,
        documents: 0,
        changed: 0,
        diagnostics: Vec::new(),
    }
}
