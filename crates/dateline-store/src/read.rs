//! Typed reading of records, the same for a reader's view and for a transaction in the making.

use crate::blob::{CHUNK_BYTES, Kind, Packed, Packer, Unpacker, WITH_DICTIONARY, chunk_keys};
use crate::codec::{DecodeError, damaged_record, decode, unseal};
use crate::engine::{Pair, View};
use crate::error::StoreError;
use crate::keys;
use crate::record::{AnnotationsV1, BlobV1, BodyV1, CatalogV1, ChangeV1, HeadV1, NamedV1, Record, RevisionV1};
use dateline_core::{DocumentId, Revision, Sequence, SourcePath};

/// Pairs read at once from a range.
const PAGE: usize = 256;

/// Something records can be read from.
pub(crate) trait Reader {
    /// The sealed value under a key.
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` sealed pairs that start with `prefix`, behind `after`.
    fn raw_range(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError>;

    /// A record.
    fn record<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        self.raw(key)?.map(|sealed| open_record(key, &sealed)).transpose()
    }

    /// A record that must be there because another one says so.
    fn expected<R: Record>(&self, key: &[u8]) -> Result<R, StoreError> {
        self.record(key)?.ok_or_else(|| missing(key))
    }

    /// A page of records.
    fn records<R: Record>(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(keys::Key, R)>, StoreError> {
        let pairs = self.raw_range(prefix, after, limit)?;
        pairs.into_iter().map(|(key, sealed)| open_record(&key, &sealed).map(|record| (key, record))).collect()
    }

    /// What the catalog says.
    fn catalog(&self, path: &SourcePath) -> Result<Option<CatalogV1>, StoreError> {
        self.record(&keys::catalog(path))
    }

    /// A document.
    fn head(&self, document: DocumentId) -> Result<Option<HeadV1>, StoreError> {
        self.record(&keys::head(document))
    }

    /// A revision, newest or older, with its document.
    fn revision(&self, document: DocumentId, revision: Revision) -> Result<Option<(HeadV1, RevisionV1)>, StoreError> {
        let Some(head) = self.head(document)? else { return Ok(None) };
        if head.current.revision == revision.0 {
            let current = head.current.clone();
            return Ok(Some((head, current)));
        }
        let older = self.record::<RevisionV1>(&keys::revision(document, revision))?;
        Ok(older.map(|older| (head, older)))
    }

    /// An entry of the change log.
    fn change(&self, sequence: Sequence) -> Result<Option<ChangeV1>, StoreError> {
        self.record(&keys::change(sequence))
    }

    /// A named record.
    fn named(&self, name: &str) -> Result<Option<NamedV1>, StoreError> {
        self.record(&keys::named(name))
    }

    /// All documents a source ever held, open or not, by id.
    fn documents_under(&self, path: &SourcePath, catalog: &CatalogV1) -> Result<Vec<DocumentId>, StoreError> {
        if let Some(single) = catalog.single {
            return Ok(vec![DocumentId(single)]);
        }
        let prefix = keys::parts(path);
        let mut found: Vec<DocumentId> = Vec::new();
        let mut after: Option<keys::Key> = None;
        loop {
            let page = self.raw_range(&prefix, after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            for (key, sealed) in page {
                unseal(keys::PART, &key, &sealed).map_err(|error| damaged_record(&key, &error))?;
                found.extend(keys::last_document(&key));
            }
        }
    }

    /// Stored bytes of a blob, put together from its chunks.
    fn stored(&self, prefix: &[u8], blob: &BlobV1) -> Result<Vec<u8>, StoreError> {
        let kind = prefix.first().copied().unwrap_or_default();
        let mut stored = Vec::with_capacity((blob.stored as usize).min(CHUNK_BYTES * 4));
        for key in chunk_keys(prefix, blob) {
            let sealed = self.raw(&key)?.ok_or_else(|| missing(&key))?;
            let (_, payload) = unseal(kind, &key, &sealed).map_err(|error| damaged_record(&key, &error))?;
            stored.extend_from_slice(payload);
        }
        if stored.len() != blob.stored as usize {
            return Err(damaged_record(prefix, &DecodeError::Short));
        }
        Ok(stored)
    }

    /// Bytes of a blob.
    fn unpacked(&self, unpacker: &Unpacker, prefix: &[u8], blob: &BlobV1) -> Result<Vec<u8>, StoreError> {
        unpacker.unpack(prefix, blob, self.stored(prefix, blob)?, |number| self.dictionary(unpacker, number))
    }

    /// A dictionary by its number.
    fn dictionary(&self, unpacker: &Unpacker, number: u32) -> Result<Vec<u8>, StoreError> {
        let name = crate::dictionary::name_of(number);
        let Some(NamedV1::Dictionary(blob)) = self.named(&name)? else { return Err(missing(&keys::named(&name))) };
        let prefix = keys::dictionary(number);
        let of_itself = |_| Err(damaged_record(&prefix, &DecodeError::Impossible("a dictionary with a dictionary")));
        unpacker.unpack(&prefix, &blob, self.stored(&prefix, &blob)?, of_itself)
    }

    /// A blob that can be read without this store: one made with a dictionary is made again without.
    fn portable(&self, unpacker: &Unpacker, prefix: &[u8], blob: &BlobV1) -> Result<(BlobV1, Vec<u8>), StoreError> {
        if blob.method != WITH_DICTIONARY {
            return Ok((*blob, self.stored(prefix, blob)?));
        }
        let raw = self.unpacked(unpacker, prefix, blob)?;
        let Packed { blob, stored } = Packer::new()?.pack(Kind::Other, "text", &raw, raw.len())?;
        Ok((blob, stored))
    }

    /// Content of a revision; `None` when it is yet to come after a rebuild.
    fn body(
        &self,
        unpacker: &Unpacker,
        document: DocumentId,
        revision: &RevisionV1,
    ) -> Result<Option<dateline_core::Document>, StoreError> {
        if revision.body.is_absent() {
            return Ok(None);
        }
        let prefix = keys::body(document, Revision(revision.revision));
        let raw = self.unpacked(unpacker, &prefix, &revision.body)?;
        let body = decode::<BodyV1>(&raw).and_then(BodyV1::document);
        body.map(Some).map_err(|error| damaged_record(&prefix, &error))
    }

    /// Annotations of a revision.
    fn annotations_of(
        &self,
        unpacker: &Unpacker,
        document: DocumentId,
        revision: &RevisionV1,
    ) -> Result<crate::model::Annotations, StoreError> {
        if revision.annotations.is_absent() {
            return Ok(crate::model::Annotations::default());
        }
        let prefix = keys::annotation(document, Revision(revision.revision));
        let raw = self.unpacked(unpacker, &prefix, &revision.annotations)?;
        let decoded = decode::<AnnotationsV1>(&raw).and_then(AnnotationsV1::annotations);
        decoded.map_err(|error| damaged_record(&prefix, &error))
    }
}

impl Reader for View<'_> {
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(key)
    }

    fn raw_range(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.range(prefix, after, limit)
    }
}

/// The record in a sealed value.
pub(crate) fn open_record<R: Record>(key: &[u8], sealed: &[u8]) -> Result<R, StoreError> {
    unseal(R::KIND, key, sealed)
        .and_then(|(version, payload)| R::of_payload(version, payload))
        .map_err(|error| damaged_record(key, &error))
}

/// A record that another one speaks of is not there.
pub(crate) fn missing(key: &[u8]) -> StoreError {
    StoreError::Damaged { part: crate::StatePart::Store, what: format!("{} is missing", keys::describe(key)) }
}
