//! What can go wrong in the store. Damage, misuse, limits and fatal input/output errors are told apart.

use dateline_core::{DocumentId, Sequence, SourcePath};
use std::path::PathBuf;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the state directory.
    #[error("state `{}` is in use by process {}", path.display(), shown_pid(*pid))]
    Locked {
        /// The state directory.
        path: PathBuf,
        /// The process that holds it, when its lock file says so.
        pid: Option<u32>,
    },
    /// A file or directory of the state could not be used. Not fatal where nothing was written yet.
    #[error("`{}` could not be {doing}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried: `opened`, `read`, `written`, `synced`.
        doing: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The storage engine refused.
    #[error("store could not be {doing}")]
    Engine {
        /// What was tried: `opened`, `read`, `written`, `flushed`.
        doing: &'static str,
        /// The cause.
        #[source]
        source: EngineError,
    },
    /// Stored bytes are not what was written: move the part aside and rebuild.
    #[error("{part} is damaged: {what}")]
    Damaged {
        /// Which part of the state.
        part: StatePart,
        /// What was found, for people.
        what: String,
    },
    /// A record was written by a newer program.
    #[error("{what} has format {found}; this program reads up to {newest}")]
    TooNew {
        /// Which record or file.
        what: String,
        /// Its format number.
        found: u32,
        /// The newest format known.
        newest: u32,
    },
    /// An earlier write or sync failed; what is on disk is uncertain, and the process must end.
    #[error("store is not writable after an earlier failure: {reason}")]
    Poisoned {
        /// The first failure.
        reason: String,
    },
    /// The disk is nearly full; nothing was written. Try again when space was made.
    #[error("commit paused: {0}")]
    Paused(CommitPause),
    /// The committer was handed out before.
    #[error("store has a committer already")]
    CommitterTaken,
    /// The document is not known, or not in that revision.
    #[error("document {document} is not known")]
    UnknownDocument {
        /// The document.
        document: DocumentId,
    },
    /// The source is not in the catalog.
    #[error("source `{path}` is not in the catalog")]
    UnknownSource {
        /// The source.
        path: SourcePath,
    },
    /// A slice came out of order: no first slice of the same content before it.
    #[error("slice of `{path}` does not follow its first slice")]
    SliceOrder {
        /// The source.
        path: SourcePath,
    },
    /// A value is larger than its limit.
    #[error("{what} has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A change was asked for that the log does not hold.
    #[error("sequence {asked} is behind the end of the change log at {head}")]
    BehindLog {
        /// What was asked for.
        asked: Sequence,
        /// The end of the log.
        head: Sequence,
    },
    /// A file given by the user is not what it should be.
    #[error("`{}` is not usable: {what}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where there is one.
        what: String,
    },
    /// A backup ends early, was altered, or is of another kind.
    #[error("backup is not usable: {what}")]
    BadBackup {
        /// What is wrong.
        what: String,
    },
}

impl StoreError {
    /// Whether the process must end: what is on disk is uncertain until the next start.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, StoreError::Poisoned { .. })
    }

    /// Whether stored bytes are damaged, so that the part named must be moved aside and rebuilt.
    #[must_use]
    pub fn damaged(&self) -> Option<StatePart> {
        match self {
            StoreError::Damaged { part, .. } => Some(*part),
            _ => None,
        }
    }
}

fn shown_pid(pid: Option<u32>) -> String {
    pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string())
}

/// An error of the storage engine, as text: its types stay inside this crate.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub(crate) String);

/// A part of the state directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatePart {
    /// `store/`: rebuilt from folder, history and decisions.
    Store,
    /// `history/`: rewritten from the store.
    History,
    /// `decisions.toml`: the user's.
    Decisions,
}

impl std::fmt::Display for StatePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            StatePart::Store => "store",
            StatePart::History => "history",
            StatePart::Decisions => "decisions",
        })
    }
}

/// Why intake pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitPause {
    /// Bytes free on the disk of the state directory.
    pub free: u64,
    /// Bytes that must stay free.
    pub reserve: u64,
}

impl std::fmt::Display for CommitPause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} MB free, {} MB must stay free", self.free >> 20, self.reserve >> 20)
    }
}
