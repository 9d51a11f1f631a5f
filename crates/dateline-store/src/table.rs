//! An indexer's private keys and values, kept in the store beside the sequence it has applied. Pairs share compressed
//! pages, as the engine has a high price for each record of its own: a page begins at its record's key and goes up to
//! the next one's.

use crate::batch::Batch;
use crate::blob::{Kind, Packer, Unpacker};
use crate::codec::{Blob, DecodeError, damaged_record, decode, encode};
use crate::engine::View;
use crate::error::StoreError;
use crate::keys;
use crate::limits::{
    DOCUMENT_BYTES_MAX, TABLE_KEY_BYTES_MAX, TABLE_NAME_BYTES_MAX, TABLE_VALUE_BYTES_MAX, VALUE_BYTES_MAX,
};
use crate::read::{Reader, open_record};
use crate::record::{BlobV1, PageV1};
use crate::store::Store;
use dateline_core::Sequence;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values up to here stand in their page, in bytes; larger ones have chunks of their own.
const INLINE_BYTES_MAX: usize = 1 << 10;

/// A page is cut when its pairs have more bytes than this, before compression. Larger pages compress better and cost
/// more to change (10,000 articles' entities: 53,000 pairs of 6.9 MB alone, 2.4 MB in pages of this size).
const PAGE_BYTES_MAX: usize = 16 << 10;

/// Compressed bytes of a page; the rest of a record is its envelope and lengths.
const STORED_BYTES_MAX: usize = VALUE_BYTES_MAX - 64;

/// Pages read at once by a scan.
const PAGES: usize = 16;

/// What a page holds under a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ValueV1 {
    /// The value.
    Inline(Blob),
    /// It is in chunks.
    Chunked(BlobV1),
}

/// A page's pairs, in key order.
type Pairs = Vec<(Blob, ValueV1)>;

/// The table of one indexer: reads see what was put and not yet committed.
pub struct IndexerTable {
    store: Store,
    name: String,
    pending: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Bytes of keys and values in `pending`.
    pending_bytes: usize,
    cleared: bool,
}

fn check(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLarge { what, bytes, limit }) } else { Ok(()) }
}

impl IndexerTable {
    pub(crate) fn new(store: Store, name: &str) -> Result<IndexerTable, StoreError> {
        check("indexer name", name.len(), TABLE_NAME_BYTES_MAX)?;
        Ok(IndexerTable {
            store,
            name: name.replace('\0', "_"),
            pending: BTreeMap::new(),
            pending_bytes: 0,
            cleared: false,
        })
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
        let Some((low, page)) = page_of(&view, &self.name, key)? else { return Ok(None) };
        let mut pairs = self.pairs(&low, page)?;
        match pairs.binary_search_by(|(one, _)| one.0.as_slice().cmp(key)) {
            Ok(at) => self.value(&view, key, pairs.swap_remove(at).1).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn pairs(&self, low: &[u8], page: PageV1) -> Result<Pairs, StoreError> {
        open_page(&self.store.inner.unpacker, low, page)
    }

    fn value(&self, reader: &impl Reader, key: &[u8], value: ValueV1) -> Result<Vec<u8>, StoreError> {
        match value {
            ValueV1::Inline(value) => Ok(value.0),
            ValueV1::Chunked(blob) => {
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
        self.change_later(key, Some(value));
        Ok(())
    }

    fn change_later(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.pending_bytes += value.map_or(0, <[u8]>::len);
        match self.pending.insert(key.to_vec(), value.map(<[u8]>::to_vec)) {
            Some(old) => self.pending_bytes -= old.map_or(0, |old| old.len()),
            None => self.pending_bytes += key.len(),
        }
    }

    /// Bytes of keys and values that wait for a commit.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Removes a key.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn delete(&mut self, key: &[u8]) -> Result<(), StoreError> {
        check("table key", key.len(), TABLE_KEY_BYTES_MAX)?;
        self.change_later(key, None);
        Ok(())
    }

    /// Calls `visit` with each pair under a prefix in key order, until it returns false. A commit beside a long scan may
    /// show in its later part.
    ///
    /// # Errors
    /// As all reads.
    pub fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), StoreError> {
        let mut pending = self
            .pending
            .range::<[u8], _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .peekable();
        let mut after: Option<keys::Key> = None;
        let mut done = self.cleared;
        while !done {
            let stored;
            (stored, after, done) = self.stored(prefix, after.as_deref())?;
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

    /// Stored pairs under a prefix from the pages behind `after`: the pairs, the last page's key, and whether that was all.
    #[expect(clippy::type_complexity, reason = "read in one place")]
    fn stored(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
    ) -> Result<(Vec<(Vec<u8>, Vec<u8>)>, Option<keys::Key>, bool), StoreError> {
        let view = self.store.view();
        let all = keys::table(&self.name, b"");
        let mut pages = Vec::new();
        // The first pairs may stand in a page that begins before the prefix.
        if after.is_none() {
            pages.extend(page_of(&view, &self.name, prefix)?);
        }
        let behind = pages.last().map(|(low, _)| low.clone());
        let more = view.records::<PageV1>(&all, behind.as_deref().or(after), PAGES)?;
        let done = more.len() < PAGES;
        pages.extend(more);
        let last = pages.last().map(|(low, _)| low.clone());
        let mut stored = Vec::new();
        for (low, page) in pages {
            for (key, value) in self.pairs(&low, page)?.into_iter().filter(|(key, _)| key.0.as_slice() >= prefix) {
                if !key.0.starts_with(prefix) {
                    return Ok((stored, last, true));
                }
                let value = self.value(&view, &key.0, value)?;
                stored.push((key.0, value));
            }
        }
        Ok((stored, last, done))
    }

    /// Forgets everything, committed or not, with the next commit.
    pub fn clear(&mut self) {
        self.pending.clear();
        self.pending_bytes = 0;
        self.cleared = true;
    }

    /// Forgets what was put and not committed: after a failed apply.
    pub fn abandon(&mut self) {
        self.pending.clear();
        self.pending_bytes = 0;
        self.cleared = false;
    }

    /// Whether everything is to be forgotten first; asked once.
    pub(crate) fn take_cleared(&mut self) -> bool {
        std::mem::take(&mut self.cleared)
    }

    /// Forgets what was put, because it is committed now.
    pub(crate) fn written(&mut self) {
        self.pending.clear();
        self.pending_bytes = 0;
    }

    /// Puts what was collected in a transaction, page by page.
    pub(crate) fn write(&self, batch: &mut Batch<'_>, packer: &mut Packer) -> Result<(), StoreError> {
        let mut pending = self.pending.iter().peekable();
        while let Some((first, _)) = pending.peek() {
            let view = self.store.view();
            let (low, mut pairs) = match page_of(&view, &self.name, first)? {
                Some((low, page)) => {
                    let pairs = self.pairs(&low, page)?;
                    (low, pairs)
                }
                None => (keys::table(&self.name, b""), Pairs::new()),
            };
            let end = view.range(&keys::table(&self.name, b""), Some(&low), 1)?.pop().map(|(next, _)| next);
            drop(view);
            let mut is_behind = true;
            while let Some((key, value)) =
                pending.next_if(|(key, _)| end.as_ref().is_none_or(|end| keys::table(&self.name, key) < *end))
            {
                is_behind &= pairs.last().is_none_or(|(last, _)| last.0 < *key);
                self.change(batch, packer, &mut pairs, key, value.as_deref())?;
            }
            write_pages(batch, packer, &self.name, low, pairs, is_behind)?;
        }
        Ok(())
    }

    /// Sets or removes one pair of a page.
    fn change(
        &self,
        batch: &mut Batch<'_>,
        packer: &mut Packer,
        pairs: &mut Pairs,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let chunks = keys::table_chunks(&self.name, key);
        let at = pairs.binary_search_by(|(one, _)| one.0.as_slice().cmp(key));
        let old = match at.map(|at| &pairs[at].1) {
            Ok(ValueV1::Chunked(blob)) => *blob,
            _ => BlobV1::default(),
        };
        let new = match value {
            Some(value) if value.len() > INLINE_BYTES_MAX => {
                let packed = packer.pack(Kind::Other, "table value", value, TABLE_VALUE_BYTES_MAX)?;
                batch.put_blob(&chunks, &packed, &old)?;
                Some(ValueV1::Chunked(packed.blob))
            }
            value => {
                batch.delete_blob(&chunks, &old)?;
                value.map(|value| ValueV1::Inline(Blob(value.to_vec())))
            }
        };
        match (at, new) {
            (Ok(at), Some(new)) => pairs[at].1 = new,
            (Ok(at), None) => {
                pairs.remove(at);
            }
            (Err(at), Some(new)) => pairs.insert(at, (Blob(key.to_vec()), new)),
            (Err(_), None) => {}
        }
        Ok(())
    }
}

/// The page a key belongs to, with the page's own key: the last that does not begin behind it.
fn page_of(view: &View<'_>, name: &str, key: &[u8]) -> Result<Option<(keys::Key, PageV1)>, StoreError> {
    let found = view.last(&keys::table(name, b""), &keys::table(name, key))?;
    found.map(|(low, sealed)| open_record::<PageV1>(&low, &sealed).map(|page| (low, page))).transpose()
}

/// The pairs of a page, checked for order.
fn open_page(unpacker: &Unpacker, low: &[u8], page: PageV1) -> Result<Pairs, StoreError> {
    let raw = unpacker.unpack(low, &page.blob, page.stored.0, |_| {
        Err(damaged_record(low, &DecodeError::Impossible("a page with a dictionary")))
    })?;
    let damaged = |error: &DecodeError| damaged_record(low, error);
    let pairs: Pairs = decode(&raw).map_err(|error| damaged(&error))?;
    let (_, from) = keys::parts_of_table(low);
    let is_sorted = pairs.windows(2).all(|pair| pair[0].0.0 < pair[1].0.0);
    if !is_sorted || pairs.first().is_some_and(|(key, _)| key.0.as_slice() < from) {
        return Err(damaged(&DecodeError::Impossible("pairs out of order")));
    }
    Ok(pairs)
}

/// Writes the pairs of what was one page; `is_behind` when all that is new stands at its end, as in a growing list.
fn write_pages(
    batch: &mut Batch<'_>,
    packer: &mut Packer,
    name: &str,
    low: keys::Key,
    pairs: Pairs,
    is_behind: bool,
) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return batch.delete(low);
    }
    let total: usize = pairs.iter().map(bytes_of).sum();
    // A growing list leaves full pages behind it; anything else is cut in equal parts, so that they have room.
    let share = if is_behind { PAGE_BYTES_MAX } else { total.div_ceil(total.div_ceil(PAGE_BYTES_MAX)) };
    let mut low = Some(low);
    let mut rest = pairs.into_iter().peekable();
    while rest.peek().is_some() {
        let mut page = Pairs::new();
        let mut bytes = 0;
        while let Some(pair) = rest.next_if(|pair| page.is_empty() || bytes + bytes_of(pair) <= share.max(1)) {
            bytes += bytes_of(&pair);
            page.push(pair);
        }
        let key = low.take().unwrap_or_else(|| keys::table(name, &page[0].0.0));
        write_page(batch, packer, name, key, page)?;
    }
    Ok(())
}

/// Writes one page, or two when what it holds does not compress.
fn write_page(
    batch: &mut Batch<'_>,
    packer: &mut Packer,
    name: &str,
    low: keys::Key,
    mut pairs: Pairs,
) -> Result<(), StoreError> {
    let packed = packer.pack(Kind::Other, "table page", &encode(&pairs)?, DOCUMENT_BYTES_MAX)?;
    if packed.stored.len() > STORED_BYTES_MAX && pairs.len() > 1 {
        let second = pairs.split_off(pairs.len() / 2);
        let at = keys::table(name, &second[0].0.0);
        write_page(batch, packer, name, low, pairs)?;
        return write_page(batch, packer, name, at, second);
    }
    batch.put(low, &PageV1 { blob: packed.blob, stored: Blob(packed.stored) })
}

/// What a pair takes in its page, about.
fn bytes_of((key, value): &(Blob, ValueV1)) -> usize {
    key.0.len()
        + match value {
            ValueV1::Inline(value) => value.0.len() + 3,
            ValueV1::Chunked(_) => 20,
        }
}

/// Checks a page and the values it speaks of.
pub(crate) fn check_page(view: &View<'_>, unpacker: &Unpacker, low: &[u8], sealed: &[u8]) -> Result<(), StoreError> {
    let name = String::from_utf8_lossy(keys::parts_of_table(low).0).into_owned();
    for (key, value) in open_page(unpacker, low, open_record(low, sealed)?)? {
        if let ValueV1::Chunked(blob) = value {
            view.unpacked(unpacker, &keys::table_chunks(&name, &key.0), &blob)?;
        }
    }
    Ok(())
}
