//! Backup and restore: a logical, framed and checksummed export that a running daemon can make.

use crate::error::StoreError;
use crate::lock::StateLock;
use crate::options::StoreOptions;
use crate::store::{Store, pending};
use std::io::{Read, Write};

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

impl Store {
    /// Writes documents, revisions, history and decisions.
    ///
    /// # Errors
    /// When reading the store or writing fails.
    pub fn backup(&self, writer: &mut dyn Write) -> Result<BackupReport, StoreError> {
        let _ = writer;
        Err(pending())
    }
}

/// Fills an empty state directory from a backup. Nothing is left behind when the backup is not whole.
///
/// # Errors
/// [`StoreError::BadBackup`], or [`StoreError::BadFile`] when the directory holds a store already.
pub fn restore(lock: &StateLock, options: &StoreOptions, reader: &mut dyn Read) -> Result<BackupReport, StoreError> {
    let _ = (lock, options, reader);
    Err(pending())
}
