//! The one writer: operations in, one durable batch out.

use crate::error::StoreError;
use crate::model::{Committed, Operation};
use crate::store::pending;
use crate::table::IndexerTable;
use dateline_core::Sequence;

/// The one writer of a store.
pub struct Committer {
    _private: (),
}

impl Committer {
    /// Applies operations in small transactions, makes the store durable, then the history, then returns.
    ///
    /// # Errors
    /// [`StoreError::Paused`] when the disk is nearly full: nothing was written. Misuse ([`StoreError::UnknownSource`],
    /// [`StoreError::SliceOrder`], [`StoreError::TooLarge`]) is found before anything is written. After a failed write or
    /// sync: [`StoreError::Poisoned`], now and for every later call; the process must end.
    pub fn commit(&mut self, operations: Vec<Operation>) -> Result<Committed, StoreError> {
        let _ = operations;
        Err(pending())
    }

    /// Commits what a table collected, and the sequence it has applied, in one transaction.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub fn commit_table(&mut self, table: &mut IndexerTable, applied: Sequence) -> Result<(), StoreError> {
        let _ = (table, applied);
        Err(pending())
    }

    /// Drops change log entries that newer ones replace and every indexer has applied; returns how many.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub fn trim(&mut self, limit: usize) -> Result<u64, StoreError> {
        let _ = limit;
        Err(pending())
    }

    /// Why nothing can be committed any more, if so.
    #[must_use]
    pub fn poisoned(&self) -> Option<&str> {
        None
    }
}
