//! An indexer's private keys and values, kept in the store beside the sequence it has applied.

use crate::batch::Batch;
use crate::blob::Packer;
use crate::error::StoreError;
use crate::keys;
use crate::limits::{TABLE_KEY_BYTES_MAX, TABLE_NAME_BYTES_MAX, TABLE_VALUE_BYTES_MAX, VALUE_BYTES_MAX};
use crate::read::Reader;
use crate::record::{BlobV1, TableV1};
use crate::store::Store;
use dateline_core::Sequence;
use std::collections::BTreeMap;

/// Values up to here stand in their record, in bytes.
const INLINE_BYTES_MAX: usize = VALUE_BYTES_MAX - 64;

/// Pairs read at once by a scan.
const PAGE: usize = 256;

/// The table of one indexer: reads see what was put and not yet committed.
pub struct IndexerTable {
    store: Store,
    name: String,
    pending: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    cleared: bool,
}

fn check(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLarge { what, bytes, limit }) } else { Ok(()) }
}

impl IndexerTable {
    pub(crate) fn new(store: Store, name: &str) -> Result<IndexerTable, StoreError> {
        check("indexer name", name.len(), TABLE_NAME_BYTES_MAX)?;
        Ok(IndexerTable { store, name: name.replace('\0', "_"), pending: BTreeMap::new(), cleared: false })
    }

    /// Name of the indexer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last change whose effects are in the table.
    ///
    /// # Errors
    /// As all reads.
    pub fn applied(&self) -> Result<Sequence, StoreError> {
        if self.cleared { Ok(Sequence(0)) } else { self.store.applied(&self.name) }
    }

    /// The value under a key.
    ///
    /// # Errors
    /// As all reads.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(pending) = self.pending.get(key) {
            return Ok(pending.clone());
        }
        if self.cleared {
            return Ok(None);
        }
        let view = self.store.view();
        let record = view.record::<TableV1>(&keys::table(&self.name, key))?;
        record.map(|record| self.value(&view, key, record)).transpose()
    }

    fn value(&self, reader: &impl Reader, key: &[u8], record: TableV1) -> Result<Vec<u8>, StoreError> {
        match record {
            TableV1::Inline(value) => Ok(value.0),
            TableV1::Chunked(blob) => {
                reader.unpacked(&self.store.inner.unpacker, &keys::table_chunks(&self.name, key), &blob)
            }
        }
    }

    /// Sets the value under a key; at most 512 bytes of key and 256 KiB of value.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check("table key", key.len(), TABLE_KEY_BYTES_MAX)?;
        check("table value", value.len(), TABLE_VALUE_BYTES_MAX)?;
        self.pending.insert(key.to_vec(), Some(value.to_vec()));
        Ok(())
    }

    /// Removes a key.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn delete(&mut self, key: &[u8]) -> Result<(), StoreError> {
        check("table key", key.len(), TABLE_KEY_BYTES_MAX)?;
        self.pending.insert(key.to_vec(), None);
        Ok(())
    }

    /// Calls `visit` with each pair under a prefix in key order, until it returns false. A commit beside a long scan may
    /// show in its later part.
    ///
    /// # Errors
    /// As all reads.
    pub fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), StoreError> {
        let start = keys::table(&self.name, b"").len();
        let mut pending = self
            .pending
            .range::<[u8], _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .peekable();
        let mut after: Option<keys::Key> = None;
        let mut done = self.cleared;
        while !done {
            let view = self.store.view();
            let page = view.records::<TableV1>(&keys::table(&self.name, prefix), after.as_deref(), PAGE)?;
            done = page.len() < PAGE;
            after = page.last().map(|(key, _)| key.clone());
            let mut stored = Vec::with_capacity(page.len());
            for (key, record) in page {
                let key = key[start..].to_vec();
                let value = self.value(&view, &key, record)?;
                stored.push((key, value));
            }
            drop(view);
            for (key, value) in stored {
                while let Some((new, put)) = pending.next_if(|(new, _)| **new < key) {
                    if put.as_ref().is_some_and(|put| !visit(new, put)) {
                        return Ok(());
                    }
                }
                let replaced = pending.next_if(|(new, _)| **new == key);
                let shown = replaced.map_or(Some(&value), |(_, put)| put.as_ref());
                if shown.is_some_and(|shown| !visit(&key, shown)) {
                    return Ok(());
                }
            }
        }
        for (new, put) in pending {
            if put.as_ref().is_some_and(|put| !visit(new, put)) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Forgets everything, committed or not, with the next commit.
    pub fn clear(&mut self) {
        self.pending.clear();
        self.cleared = true;
    }

    /// Forgets what was put and not committed: after a failed apply.
    pub fn abandon(&mut self) {
        self.pending.clear();
        self.cleared = false;
    }

    /// Whether everything is to be forgotten first; asked once.
    pub(crate) fn take_cleared(&mut self) -> bool {
        std::mem::take(&mut self.cleared)
    }

    /// Forgets what was put, because it is committed now.
    pub(crate) fn written(&mut self) {
        self.pending.clear();
    }

    /// Puts what was collected in a transaction.
    pub(crate) fn write(&self, batch: &mut Batch<'_>, packer: &mut Packer) -> Result<(), StoreError> {
        for (key, value) in &self.pending {
            let at = keys::table(&self.name, key);
            let chunks = keys::table_chunks(&self.name, key);
            let old = match batch.record::<TableV1>(&at)? {
                Some(TableV1::Chunked(blob)) => blob,
                _ => BlobV1::default(),
            };
            match value {
                Some(value) if value.len() > INLINE_BYTES_MAX => {
                    let packed = packer.pack("table value", value, TABLE_VALUE_BYTES_MAX)?;
                    batch.put_blob(&chunks, &packed, &old)?;
                    batch.put(at, &TableV1::Chunked(packed.blob))?;
                }
                Some(value) => {
                    batch.delete_blob(&chunks, &old)?;
                    batch.put(at, &TableV1::Inline(crate::codec::Blob(value.clone())))?;
                }
                None => {
                    batch.delete_blob(&chunks, &old)?;
                    batch.delete(at)?;
                }
            }
        }
        Ok(())
    }
}
