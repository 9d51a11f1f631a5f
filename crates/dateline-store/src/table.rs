//! An indexer's private keys and values, kept in the store beside the sequence it has applied.

use crate::error::StoreError;
use crate::store::pending;
use dateline_core::Sequence;

/// The table of one indexer: reads see what was put and not yet committed.
pub struct IndexerTable {
    _private: (),
}

impl IndexerTable {
    /// The last change whose effects are in the table.
    ///
    /// # Errors
    /// As all reads.
    pub fn applied(&self) -> Result<Sequence, StoreError> {
        Err(pending())
    }

    /// The value under a key.
    ///
    /// # Errors
    /// As all reads.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = key;
        Err(pending())
    }

    /// Sets the value under a key; at most 512 bytes of key and 256 KiB of value.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let _ = (key, value);
        Err(pending())
    }

    /// Removes a key.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn delete(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let _ = key;
        Err(pending())
    }

    /// Calls `visit` with each pair under a prefix in key order, until it returns false.
    ///
    /// # Errors
    /// As all reads.
    pub fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), StoreError> {
        let _ = (prefix, visit);
        Err(pending())
    }

    /// Forgets everything, committed or not, with the next commit.
    ///
    /// # Errors
    /// As all reads.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        Err(pending())
    }
}
