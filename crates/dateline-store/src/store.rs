//! Opening and reading. Writing is in `committer`.

use crate::committer::Committer;
use crate::error::StoreError;
use crate::lock::{StateDir, StateLock};
use crate::model::{
    Annotations, ChangeData, DocumentEntry, FailureEntry, FileIdentity, HeldDeletes, RenameCandidate, RevisionData,
    RevisionEntry, RootIdentity, SourceEntry, Stats,
};
use crate::options::StoreOptions;
use crate::table::IndexerTable;
use dateline_core::{ContentHash, Document, DocumentId, Revision, Sequence, SourcePath, Timestamp};

/// What opening found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Whether there was no store before.
    pub created: bool,
    /// End of the change log.
    pub sequence: Sequence,
    /// Files of unfinished engine snapshots that were removed.
    pub swept: u32,
    /// Bytes of an unfinished last batch cut off the history.
    pub torn_history_bytes: u64,
    /// Changes the history did not have and was given from the store.
    pub appended: u64,
    /// Whether the ballast file was given up to open at all.
    pub ballast_used: bool,
}

/// The store, for reading from any thread. Clones share it.
#[derive(Clone)]
pub struct Store {
    _private: (),
}

impl Store {
    /// Opens the store of a locked state directory, making it if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the part to move aside and rebuild; [`StoreError::Io`] and [`StoreError::Engine`]
    /// for everything else.
    pub fn open(lock: StateLock, options: &StoreOptions) -> Result<(Store, OpenReport), StoreError> {
        let _ = (lock, options);
        Err(pending())
    }

    /// The one writer. It can be taken once.
    ///
    /// # Errors
    /// [`StoreError::CommitterTaken`].
    pub fn committer(&self) -> Result<Committer, StoreError> {
        Err(pending())
    }

    /// The state directory.
    #[must_use]
    pub fn directory(&self) -> &StateDir {
        unreachable!("BUG: no store can be opened yet")
    }

    /// End of the durable change log.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        Sequence(0)
    }

    /// What the catalog says about a source; removed ones too.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Engine`], as all reads.
    pub fn source(&self, path: &SourcePath) -> Result<Option<SourceEntry>, StoreError> {
        let _ = path;
        Err(pending())
    }

    /// Sources that are not removed, by path, at most `limit` after `after`.
    ///
    /// # Errors
    /// As all reads.
    pub fn sources(&self, after: Option<&SourcePath>, limit: usize) -> Result<Vec<SourceEntry>, StoreError> {
        let _ = (after, limit);
        Err(pending())
    }

    /// As [`Store::sources`], only those that are `directory` or below it.
    ///
    /// # Errors
    /// As all reads.
    pub fn sources_below(
        &self,
        directory: &SourcePath,
        after: Option<&SourcePath>,
        limit: usize,
    ) -> Result<Vec<SourceEntry>, StoreError> {
        let _ = (directory, after, limit);
        Err(pending())
    }

    /// The missing source that a path not in the catalog continues, when that is unambiguous. A source is missing
    /// after [`crate::Operation::Absent`]: note absences before asking.
    ///
    /// # Errors
    /// As all reads.
    pub fn rename_candidate(
        &self,
        identity: &FileIdentity,
        content: &ContentHash,
    ) -> Result<Option<RenameCandidate>, StoreError> {
        let _ = (identity, content);
        Err(pending())
    }

    /// Open documents of a source, in order of their numbers.
    ///
    /// # Errors
    /// As all reads.
    pub fn documents_of(&self, path: &SourcePath) -> Result<Vec<DocumentEntry>, StoreError> {
        let _ = path;
        Err(pending())
    }

    /// The document, open or deleted, that a source holds under a part.
    ///
    /// # Errors
    /// As all reads.
    pub fn find(&self, path: &SourcePath, part: &str) -> Result<Option<DocumentEntry>, StoreError> {
        let _ = (path, part);
        Err(pending())
    }

    /// What is known about a document; deleted ones too.
    ///
    /// # Errors
    /// As all reads.
    pub fn document(&self, document: DocumentId) -> Result<Option<DocumentEntry>, StoreError> {
        let _ = document;
        Err(pending())
    }

    /// Documents by id, deleted ones too, at most `limit` after `after`.
    ///
    /// # Errors
    /// As all reads.
    pub fn documents(&self, after: DocumentId, limit: usize) -> Result<Vec<DocumentEntry>, StoreError> {
        let _ = (after, limit);
        Err(pending())
    }

    /// What is known about a revision.
    ///
    /// # Errors
    /// As all reads.
    pub fn revision(&self, document: DocumentId, revision: Revision) -> Result<Option<RevisionEntry>, StoreError> {
        let _ = (document, revision);
        Err(pending())
    }

    /// All kept revisions of a document, oldest first.
    ///
    /// # Errors
    /// As all reads.
    pub fn revisions(&self, document: DocumentId) -> Result<Vec<RevisionEntry>, StoreError> {
        let _ = document;
        Err(pending())
    }

    /// The revision that was current at a time, if the document was there then.
    ///
    /// # Errors
    /// As all reads.
    pub fn revision_at(&self, document: DocumentId, time: Timestamp) -> Result<Option<RevisionEntry>, StoreError> {
        let _ = (document, time);
        Err(pending())
    }

    /// A revision with everything that belongs to it.
    ///
    /// # Errors
    /// As all reads.
    pub fn revision_data(&self, document: DocumentId, revision: Revision) -> Result<Option<RevisionData>, StoreError> {
        let _ = (document, revision);
        Err(pending())
    }

    /// Text, title, marks, metadata and origin of a revision.
    ///
    /// # Errors
    /// As all reads.
    pub fn content(&self, document: DocumentId, revision: Revision) -> Result<Option<Document>, StoreError> {
        let _ = (document, revision);
        Err(pending())
    }

    /// Layers, facets, outcomes and diagnostics of a revision.
    ///
    /// # Errors
    /// As all reads.
    pub fn annotations(&self, document: DocumentId, revision: Revision) -> Result<Option<Annotations>, StoreError> {
        let _ = (document, revision);
        Err(pending())
    }

    /// Durable changes after a sequence, in order. From 0, every kept revision is mentioned at least once.
    ///
    /// # Errors
    /// [`StoreError::BehindLog`] when `after` is past the end; as all reads.
    pub fn changes(&self, after: Sequence, limit: usize) -> Result<Vec<ChangeData>, StoreError> {
        let _ = (after, limit);
        Err(pending())
    }

    /// Listed failures, by path, at most `limit` after `after`.
    ///
    /// # Errors
    /// As all reads.
    pub fn failures(&self, after: Option<&SourcePath>, limit: usize) -> Result<Vec<FailureEntry>, StoreError> {
        let _ = (after, limit);
        Err(pending())
    }

    /// The failure of one source.
    ///
    /// # Errors
    /// As all reads.
    pub fn failure(&self, path: &SourcePath) -> Result<Option<FailureEntry>, StoreError> {
        let _ = path;
        Err(pending())
    }

    /// The directory the store was filled from.
    ///
    /// # Errors
    /// As all reads.
    pub fn root(&self) -> Result<Option<RootIdentity>, StoreError> {
        Err(pending())
    }

    /// Deletes that are not believed at the moment.
    ///
    /// # Errors
    /// As all reads.
    pub fn held_deletes(&self) -> Result<Option<HeldDeletes>, StoreError> {
        Err(pending())
    }

    /// The last change an indexer has made durable; zero when it is not known.
    ///
    /// # Errors
    /// As all reads.
    pub fn applied(&self, indexer: &str) -> Result<Sequence, StoreError> {
        let _ = indexer;
        Err(pending())
    }

    /// The table of an indexer, to read, and to collect writes that [`Committer::commit_table`] makes durable.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a long name.
    pub fn indexer_table(&self, name: &str) -> Result<IndexerTable, StoreError> {
        let _ = name;
        Err(pending())
    }

    /// Numbers for `status`; cheap.
    ///
    /// # Errors
    /// As all reads.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        Err(pending())
    }

    /// Whether a scrub has read everything since the store was opened, and found it sound.
    #[must_use]
    pub fn verified(&self) -> bool {
        false
    }

    /// What is wrong with the disk's space, if commits are refused for it at the moment.
    #[must_use]
    pub fn pause(&self) -> Option<crate::error::CommitPause> {
        None
    }
}

pub(crate) fn pending() -> StoreError {
    StoreError::Poisoned { reason: "not opened".to_owned() }
}
