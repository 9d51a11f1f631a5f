//! A transaction in the making: reads see its writes, family sums follow every write, and it is applied whole.

use crate::blob::{CHUNK_BYTES, Packed, chunk_keys};
use crate::codec::{seal, term};
use crate::engine::{Engine, Pair, Write};
use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::limits::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::read::Reader;
use crate::record::{BlobV1, MetaV1, Record};
use std::collections::BTreeMap;

/// What a transaction does to one key.
struct Pending {
    /// New sealed value; `None` removes it.
    value: Option<Vec<u8>>,
    /// What the key added to its family's sum before.
    old: Option<u64>,
}

/// A transaction in the making.
pub(crate) struct Batch<'a> {
    engine: &'a Engine,
    /// Counters, written with the transaction.
    pub(crate) meta: MetaV1,
    writes: BTreeMap<Key, Pending>,
    bytes: usize,
}

/// What a transaction did to one key's part in its family's sum, for a scrub that is under way.
pub(crate) struct Effect {
    pub(crate) key: Key,
    pub(crate) old: Option<u64>,
    pub(crate) new: Option<u64>,
}

/// A transaction ready to be applied.
pub(crate) struct Ready {
    pub(crate) meta: MetaV1,
    pub(crate) writes: Vec<Write>,
    pub(crate) effects: Vec<Effect>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(engine: &'a Engine, meta: MetaV1) -> Batch<'a> {
        Batch { engine, meta, writes: BTreeMap::new(), bytes: 0 }
    }

    /// Bytes to be written so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing is to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    fn set(&mut self, key: Key, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        if let Some(pending) = self.writes.get_mut(&key) {
            pending.value = value;
            return Ok(());
        }
        let old = self.engine.view().get(&key)?.map(|sealed| term(&key, &sealed));
        if old.is_some() || value.is_some() {
            self.writes.insert(key, Pending { value, old });
        }
        Ok(())
    }

    /// Writes a record.
    pub(crate) fn put<R: Record>(&mut self, key: Key, record: &R) -> Result<(), StoreError> {
        let payload = record.to_payload()?;
        self.put_payload(R::KIND, R::VERSION, key, &payload)
    }

    fn put_payload(&mut self, kind: u8, version: u8, key: Key, payload: &[u8]) -> Result<(), StoreError> {
        let sealed = seal(kind, version, &key, payload);
        if sealed.len() > VALUE_BYTES_MAX {
            return Err(StoreError::TooLarge { what: "record", bytes: sealed.len(), limit: VALUE_BYTES_MAX });
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(StoreError::TooLarge { what: "record key", bytes: key.len(), limit: KEY_BYTES_MAX });
        }
        self.set(key, Some(sealed))
    }

    /// Removes a record; none is fine.
    pub(crate) fn delete(&mut self, key: Key) -> Result<(), StoreError> {
        self.set(key, None)
    }

    /// Writes a blob's chunks, and removes those of the old one that it does not replace.
    pub(crate) fn put_blob(&mut self, prefix: &[u8], packed: &Packed, old: &BlobV1) -> Result<(), StoreError> {
        let kind = prefix.first().copied().unwrap_or_default();
        for (key, payload) in chunk_keys(prefix, &packed.blob).zip(packed.stored.chunks(CHUNK_BYTES)) {
            self.put_payload(kind, 1, key, payload)?;
        }
        let kept = crate::blob::chunks(&packed.blob) as usize;
        for key in chunk_keys(prefix, old).skip(kept) {
            self.delete(key)?;
        }
        Ok(())
    }

    /// Removes a blob's chunks.
    pub(crate) fn delete_blob(&mut self, prefix: &[u8], blob: &BlobV1) -> Result<(), StoreError> {
        for key in chunk_keys(prefix, blob) {
            self.delete(key)?;
        }
        Ok(())
    }

    /// The transaction with its sums.
    pub(crate) fn finish(mut self) -> Result<Ready, StoreError> {
        let mut writes: Vec<Write> = Vec::with_capacity(self.writes.len() + 1);
        let mut effects: Vec<Effect> = Vec::with_capacity(self.writes.len());
        for (key, pending) in std::mem::take(&mut self.writes) {
            let new = pending.value.as_ref().map(|sealed| term(&key, sealed));
            if new.is_none() && pending.old.is_none() {
                continue;
            }
            let family = key.first().copied().unwrap_or_default();
            let sum = self.meta.sums.entry(family).or_default();
            sum.count = sum.count.wrapping_add(u64::from(new.is_some())).wrapping_sub(u64::from(pending.old.is_some()));
            sum.sum = sum.sum.wrapping_add(new.unwrap_or(0)).wrapping_sub(pending.old.unwrap_or(0));
            effects.push(Effect { key: key.clone(), old: pending.old, new });
            writes.push((key, pending.value));
        }
        let key = keys::meta();
        let sealed = seal(MetaV1::KIND, MetaV1::VERSION, &key, &self.meta.to_payload()?);
        writes.push((key, Some(sealed)));
        Ok(Ready { meta: self.meta, writes, effects })
    }
}

impl Reader for Batch<'_> {
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.writes.get(key) {
            Some(pending) => Ok(pending.value.clone()),
            None => self.engine.view().get(key),
        }
    }

    fn raw_range(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let start = after.unwrap_or(prefix).to_vec();
        let ours = || {
            let from_start = self.writes.range(start.clone()..);
            from_start
                .take_while(|(key, _)| key.starts_with(prefix))
                .filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after))
        };
        // Removed keys may hide as many stored ones as there are.
        let extra = ours().filter(|(_, pending)| pending.value.is_none()).count();
        let stored = self.engine.view().range(prefix, after, limit.saturating_add(extra))?;
        let mut merged: BTreeMap<Key, Vec<u8>> = stored.into_iter().collect();
        for (key, pending) in ours() {
            match &pending.value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(merged.into_iter().take(limit).collect())
    }
}
