//! Values of any size in a table that takes small ones: the first piece stands under the key itself, those that follow in a
//! family of their own. What a value means is `record`'s.

use dateline_processor::{IndexError, TABLE_VALUE_BYTES_MAX, Table};
use std::collections::BTreeMap;

/// At the front of a first piece: how many follow.
const HEADER_BYTES: usize = 2;
/// Bytes of a value in one piece.
const PIECE_BYTES_MAX: usize = TABLE_VALUE_BYTES_MAX - HEADER_BYTES;

/// A value that was read, and how many pieces it had behind the first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) bytes: Vec<u8>,
    pub(super) further: u16,
}

fn further_prefix(key: &[u8]) -> Vec<u8> {
    [b"m/".as_slice(), key].concat()
}

fn further_key(key: &[u8], at: u16) -> Vec<u8> {
    let mut key = further_prefix(key);
    key.extend_from_slice(&at.to_be_bytes());
    key
}

fn damaged(what: &str) -> IndexError {
    IndexError::Damaged { reason: format!("a value of the registry {what}") }
}

/// How many pieces follow, and what the first holds.
fn split(first: &[u8]) -> Result<(u16, &[u8]), IndexError> {
    let (header, bytes) = first.split_first_chunk::<HEADER_BYTES>().ok_or_else(|| damaged("is too short"))?;
    Ok((u16::from_be_bytes(*header), bytes))
}

/// The value under a key.
pub(super) fn get(table: &dyn Table, key: &[u8]) -> Result<Option<Value>, IndexError> {
    let Some(first) = table.get(key)? else { return Ok(None) };
    let (further, bytes) = split(&first)?;
    let mut bytes = bytes.to_vec();
    for at in 0..further {
        bytes.extend(table.get(&further_key(key, at))?.ok_or_else(|| damaged("lacks a piece"))?);
    }
    Ok(Some(Value { bytes, further }))
}

/// Sets the value under a key that had `before` pieces behind its first.
pub(super) fn put(table: &mut dyn Table, key: &[u8], bytes: &[u8], before: u16) -> Result<(), IndexError> {
    let (first, rest) = bytes.split_at(bytes.len().min(PIECE_BYTES_MAX));
    let further = u16::try_from(rest.len().div_ceil(TABLE_VALUE_BYTES_MAX)).map_err(|_| damaged("is too large"))?;
    table.put(key, &[further.to_be_bytes().as_slice(), first].concat())?;
    for (at, piece) in (0..further).zip(rest.chunks(TABLE_VALUE_BYTES_MAX)) {
        table.put(&further_key(key, at), piece)?;
    }
    (further..before).try_for_each(|at| table.delete(&further_key(key, at)))
}

/// Removes a key that had so many pieces behind its first.
pub(super) fn delete(table: &mut dyn Table, key: &[u8], before: u16) -> Result<(), IndexError> {
    table.delete(key)?;
    (0..before).try_for_each(|at| table.delete(&further_key(key, at)))
}

/// Calls `visit` with each value whose key starts with `prefix`, in key order, until it returns false.
pub(super) fn scan(
    table: &dyn Table,
    prefix: &[u8],
    visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
) -> Result<(), IndexError> {
    // Few are large, and a table is not asked while it is scanned.
    let mut rests: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    table.scan(&further_prefix(prefix), &mut |key, piece| {
        let of = key.get(2..key.len().saturating_sub(2)).unwrap_or_default();
        rests.entry(of.to_vec()).or_default().extend_from_slice(piece);
        true
    })?;
    let mut failed = None;
    table.scan(prefix, &mut |key, first| match split(first) {
        Ok((0, bytes)) => visit(key, bytes),
        Ok((_, bytes)) => match rests.get(key) {
            Some(rest) => visit(key, &[bytes, rest].concat()),
            None => {
                failed = Some(damaged("lacks its pieces"));
                false
            }
        },
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::{PIECE_BYTES_MAX, TABLE_VALUE_BYTES_MAX, Value, delete, get, put, scan};
    use dateline_testkit::MemoryTable;

    #[test]
    fn values_of_any_size_come_back_and_leave_nothing() {
        let mut table = MemoryTable::default();
        let sizes = [0, 1, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, PIECE_BYTES_MAX + TABLE_VALUE_BYTES_MAX, 1 << 20, 7];
        let mut before = 0;
        for size in sizes {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            put(&mut table, b"e/one", &bytes, before).expect("is put");
            put(&mut table, b"e/two", b"small", 0).expect("is put");
            let further = size.saturating_sub(PIECE_BYTES_MAX).div_ceil(TABLE_VALUE_BYTES_MAX) as u16;
            assert_eq!(
                get(&table, b"e/one").expect("is read"),
                Some(Value { bytes: bytes.clone(), further }),
                "{size}"
            );
            let mut seen = Vec::new();
            let mut visit = |key: &[u8], value: &[u8]| {
                seen.push((key.to_vec(), value.to_vec()));
                true
            };
            scan(&table, b"e/", &mut visit).expect("is scanned");
            assert_eq!(seen, [(b"e/one".to_vec(), bytes), (b"e/two".to_vec(), b"small".to_vec())], "{size}");
            before = further;
        }
        delete(&mut table, b"e/one", before).expect("is deleted");
        delete(&mut table, b"e/two", 0).expect("is deleted");
        assert_eq!(table, MemoryTable::default());
    }
}
