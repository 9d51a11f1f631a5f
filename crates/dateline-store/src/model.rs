//! What goes into the store and what comes out of it. How it is kept is not here: see `record`.

use dateline_core::{
    ContentHash, Diagnostic, Document, DocumentId, Facet, LayerRecord, Outcome, Revision, Sequence, SourcePath,
    Timestamp,
};
use std::time::Duration;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Modification time, nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since the epoch.
    pub ctime_ns: i64,
}

/// Which directory the store was filled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootIdentity {
    /// Its path as bytes.
    pub path: Vec<u8>,
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// One step of a commit. All steps of one call of `commit` become durable before it returns.
///
/// Steps about sources, documents or revisions that are not there do nothing: they may have been overtaken.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The documents of a source, or a slice of them.
    PutSource(SourceSlice),
    /// The file was seen with the same content: its identity is noted, its absences forgotten.
    Touch {
        /// The source.
        path: SourcePath,
        /// Its identity now.
        identity: FileIdentity,
        /// The key of parser and options that its documents are known to agree with; `None` leaves it.
        parser_key: Option<ContentHash>,
    },
    /// The file was looked for and not found. Counts up; what follows from two absences is the caller's decision.
    Absent {
        /// The source.
        path: SourcePath,
    },
    /// The file moved: its documents keep their ids.
    Rename {
        /// Where it was.
        from: SourcePath,
        /// Where it is.
        to: SourcePath,
        /// Its identity now.
        identity: FileIdentity,
    },
    /// The file is gone: its documents are closed, and stay as deleted until retention.
    Remove {
        /// The source.
        path: SourcePath,
    },
    /// The file could not be read, parsed or processed. Counts an attempt.
    Fail {
        /// The source.
        path: SourcePath,
        /// Its identity then, so that it is tried again when it changes.
        identity: Option<FileIdentity>,
        /// What went wrong.
        failure: Failure,
    },
    /// Forgets a failure, so that the source is tried again.
    Forgive {
        /// The source.
        path: SourcePath,
    },
    /// New annotations of a revision that is there.
    Annotate {
        /// The document.
        document: DocumentId,
        /// Which content of it. Nothing happens when it is current no longer.
        revision: Revision,
        /// All its annotations, replacing the old ones.
        annotations: Annotations,
    },
    /// The directory that is watched.
    SetRoot(RootIdentity),
    /// What the new places of moved documents decide is in their results: [`crate::Store::moved`] lists them no more.
    Settled {
        /// The documents.
        documents: Vec<DocumentId>,
    },
    /// The results of all documents were made by this chain; `None` while some may be of another.
    SetChain(Option<ContentHash>),
    /// Deletes are held, or let go again.
    SetHeldDeletes(Option<HeldDeletes>),
    /// An indexer with files of its own has made everything up to here durable.
    Applied {
        /// Its name.
        indexer: String,
        /// The last change it applied.
        sequence: Sequence,
    },
    /// Forgets revisions and deleted documents that ended long enough ago. A clock that went far ahead is believed only when
    /// it has stayed there for a day; see [`crate::Store::doubted_clock`]. All of it is looked at a hundred times in the period
    /// at most, and otherwise nothing: what ended is forgotten up to a hundredth of the period late.
    Purge {
        /// What ended longer ago is forgotten.
        period: Duration,
        /// How many revisions at most, to keep the commit short.
        limit: usize,
    },
}

/// Documents of one source, whole (`first` and `last`) or in slices.
///
/// Slices of one source follow each other in order and carry the same `content`. With the last slice, documents of the
/// source that no slice held are closed, and the catalog says that it is complete.
#[derive(Clone, Debug)]
pub struct SourceSlice {
    /// The source.
    pub path: SourcePath,
    /// Identity of the bytes read.
    pub identity: FileIdentity,
    /// Hash of the bytes read.
    pub content: ContentHash,
    /// Hash over parser version and options.
    pub parser_key: ContentHash,
    /// The documents of this slice, in order.
    pub documents: Vec<NewDocument>,
    /// Whether this is the first slice.
    pub first: bool,
    /// Whether this is the last slice.
    pub last: bool,
    /// Records of the source that could not be read.
    pub failures: Vec<RecordFailure>,
    /// What was odd about the source as a whole.
    pub diagnostics: Vec<Diagnostic>,
}

/// A parsed and annotated document on its way into the store.
#[derive(Clone, Debug, Default)]
pub struct NewDocument {
    /// The record's own id, where it has one.
    pub part_id: Option<String>,
    /// Its number in the source, from 1.
    pub number: u32,
    /// The document.
    pub document: Document,
    /// What processing left.
    pub annotations: Annotations,
}

/// What processing left behind for one revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// Layers, by name.
    pub layers: Vec<LayerRecord>,
    /// Facets.
    pub facets: Vec<Facet>,
    /// How each processor fared.
    pub outcomes: Vec<Outcome>,
    /// What the parser found odd.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a source is not, or not wholly, in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Short stable code, kebab-case: `unreadable`, `unsupported`, `crashed`.
    pub code: String,
    /// For people.
    pub reason: String,
    /// Whether it may not be tried again before it changes or the user asks.
    pub quarantined: bool,
    /// Hash of the content that failed, when it was read.
    pub content: Option<ContentHash>,
    /// With what it was tried, as the caller counts it: under another key it may go well.
    pub key: ContentHash,
}

/// A record of a source that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFailure {
    /// Number or own id of the record.
    pub part: String,
    /// Line of the file, from 1; 0 when unknown.
    pub line: u32,
    /// Why, for people.
    pub reason: String,
}

/// A listed failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureEntry {
    /// The source.
    pub path: SourcePath,
    /// What went wrong with the whole of it, if anything did.
    pub failure: Option<Failure>,
    /// Records that could not be read.
    pub records: Vec<RecordFailure>,
    /// Record failures beyond those kept.
    pub more_records: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed first.
    pub since: Timestamp,
    /// When it failed last.
    pub last: Timestamp,
    /// Its identity when it failed last.
    pub identity: Option<FileIdentity>,
}

/// Why deletes are not believed at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDeletes {
    /// For people.
    pub reason: String,
    /// How many sources are missing.
    pub sources: u64,
    /// Since when.
    pub since: Timestamp,
}

/// What the catalog says about a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEntry {
    /// The source.
    pub path: SourcePath,
    /// Identity of the bytes its documents were made from.
    pub identity: FileIdentity,
    /// Hash of those bytes.
    pub content: ContentHash,
    /// Hash over parser version and options.
    pub parser_key: ContentHash,
    /// Whether all its slices are in.
    pub complete: bool,
    /// Whether it was removed; its documents are closed.
    pub removed: bool,
    /// How often in a row it was looked for and not found.
    pub absences: u32,
    /// Documents of it that are open.
    pub documents: u64,
    /// When it came in or changed last.
    pub changed: Timestamp,
    /// What was odd about it.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is known about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentEntry {
    /// Its id.
    pub document: DocumentId,
    /// Source it stands in, or stood in last.
    pub path: SourcePath,
    /// Its own id (duplicates with `#2`), or its number.
    pub part: String,
    /// Its number in the source, from 1.
    pub number: u32,
    /// Whether it is there now; else it was deleted.
    pub open: bool,
    /// Oldest revision that is kept.
    pub oldest: Revision,
    /// Its newest revision.
    pub current: RevisionEntry,
}

/// What is known about a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionEntry {
    /// Which content of the document.
    pub revision: Revision,
    /// Hash of text, title and metadata.
    pub content: ContentHash,
    /// When it was committed.
    pub seen_from: Timestamp,
    /// When it was superseded or deleted.
    pub seen_to: Option<Timestamp>,
    /// The newest change that mentions it.
    pub changed: Sequence,
    /// Hash over its annotations as stored: the same means that nothing differs.
    pub annotations: u64,
    /// Whether its text is there; after a rebuild it comes back when the folder is read again.
    pub present: bool,
}

/// A revision with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct RevisionData {
    /// The document.
    pub document: DocumentId,
    /// Source it stands in, or stood in last.
    pub path: SourcePath,
    /// Its own id, or its number.
    pub part: String,
    /// Number in the source, from 1.
    pub number: u32,
    /// Times and hashes.
    pub entry: RevisionEntry,
    /// Text, title, marks, metadata, origin.
    pub content: Document,
    /// Layers, facets, outcomes, diagnostics.
    pub annotations: Annotations,
}

/// What a change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A new document.
    New,
    /// New content.
    Revised,
    /// A deleted document came back.
    Reopened,
    /// Other annotations, or what else makes no revision.
    Updated,
    /// Another file, part or number, with whatever else is new.
    Moved,
    /// A document is gone.
    Deleted,
    /// Retention forgot revisions.
    Purged,
}

/// One entry of the change log with what it changed. With nothing opened, closed or purged there is nothing to do but
/// to note the sequence: the text is yet to come back after a rebuild, or was forgotten since.
#[derive(Clone, Debug)]
pub struct ChangeData {
    /// Position in the log.
    pub sequence: Sequence,
    /// What it was.
    pub kind: ChangeKind,
    /// The document.
    pub document: DocumentId,
    /// The revision that is current from now on.
    pub opened: Option<RevisionData>,
    /// The revision that is current no longer.
    pub closed: Option<RevisionData>,
    /// Revisions that retention forgot; nothing but their number is left.
    pub purged: Vec<Revision>,
}

/// What a commit gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The end of the change log.
    pub sequence: Sequence,
    /// Commit time; never decreases.
    pub time: Timestamp,
    /// Documents put, in the order of the operations and their documents.
    pub documents: Vec<PutDocument>,
    /// Changes written to the log.
    pub changes: u64,
    /// How far the system clock stood behind the last commit, when it jumped back.
    pub clock_behind: Option<std::time::Duration>,
    /// Revisions that were closed without their text: it was lost with an earlier store.
    pub lost: Vec<(DocumentId, Revision)>,
}

/// What became of a document put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutDocument {
    /// Its id.
    pub document: DocumentId,
    /// Its current revision.
    pub revision: Revision,
    /// What happened.
    pub put: Put,
}

/// What became of a document put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// A document not known before.
    New,
    /// A deleted document came back.
    Reopened,
    /// Other content.
    Revised,
    /// Same content, other annotations, place or number.
    Updated,
    /// Nothing differs.
    Same,
}

/// Numbers for `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// End of the change log.
    pub sequence: Sequence,
    /// Sources in the catalog that are not removed.
    pub sources: u64,
    /// Open documents.
    pub documents: u64,
    /// Deleted documents that are kept.
    pub deleted: u64,
    /// Revisions, current and old.
    pub revisions: u64,
    /// Sources with a failure.
    pub failures: u64,
    /// Documents on whose current revision a processor failed.
    pub failed_documents: u64,
    /// Sources that were looked for and not found, not yet removed.
    pub missing: u64,
    /// Bytes in `store/`.
    pub store_bytes: u64,
    /// Bytes in `history/`.
    pub history_bytes: u64,
    /// How often the clock was seen to jump back.
    pub clock_jumps: u64,
}

impl Stats {
    /// Whatever could not be done in full: sources with a failure, and documents on which a processor failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures + self.failed_documents
    }
}

/// A source that is missing and may be what a new path holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameCandidate {
    /// The missing source.
    pub from: SourcePath,
    /// Whether its content is the same, so that nothing needs to be parsed.
    pub same_content: bool,
}
