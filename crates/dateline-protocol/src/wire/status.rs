//! How the daemon and the system are.

use crate::Note;
use dateline_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `dateline status` prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// `starting`, `scanning`, `busy`, `idle`, `paused`, `waiting` (for the folder), `stopping`, or `offline` when no
    /// daemon runs.
    pub state: String,
    /// Documents that are there now.
    pub documents: u64,
    /// Files known to have changed and not yet committed.
    pub pending: u64,
    /// Files that could not be read, or not all of whose records, and documents on which a processor failed.
    pub failed: u64,
    /// Last sequence of the change log.
    pub sequence: u64,
    /// Last sequence that searches see.
    pub indexed_sequence: u64,
    /// When folder and catalog were last compared in full.
    #[schemars(with = "Option<String>")]
    pub last_reconcile: Option<Timestamp>,
    /// Files that only a rescan found, since the store was made: events that were lost and repaired.
    pub lost_event_rescans: u64,
    /// Resident memory of the daemon and its workers, in bytes.
    pub rss_bytes: u64,
    /// Bytes of the store on disk, history included.
    pub store_bytes: u64,
    /// Bytes of all indexes on disk.
    pub index_bytes: u64,
    /// Whether everything stored has been read and compared with the history since it was opened.
    pub verified: bool,
    /// Files in the catalog.
    #[serde(default)]
    pub sources: u64,
    /// Documents without a date.
    #[serde(default)]
    pub undated: u64,
    /// Deletions held back until the user accepts them.
    #[serde(default)]
    pub held_deletes: u64,
    /// Watched folder, absolute.
    #[serde(default)]
    pub root: Option<String>,
    /// State directory, absolute.
    #[serde(default)]
    pub state_dir: Option<String>,
    /// Socket, absolute.
    #[serde(default)]
    pub socket: Option<String>,
    /// Configuration file in use, absolute.
    #[serde(default)]
    pub config: Option<String>,
    /// Process id of the daemon.
    #[serde(default)]
    pub pid: Option<u32>,
    /// When the daemon started.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// What is going on and how far it is.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// Versions of the parts.
    #[serde(default)]
    pub versions: Versions,
    /// What of landlock, seccomp and limits the workers have, in a few words.
    #[serde(default)]
    pub sandbox: Option<String>,
    /// What the user should know: how stale answers may be, what is paused and why.
    #[serde(default)]
    pub notes: Vec<Note>,
}

/// How far a long piece of work is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// What is done: `reading`, `processing`, `indexing`, `verifying`.
    pub what: String,
    /// Pieces done.
    pub done: u64,
    /// Pieces in all, when known.
    pub total: Option<u64>,
    /// Pieces per second.
    pub rate: Option<f64>,
    /// Seconds left, estimated.
    pub seconds_left: Option<u64>,
}

/// Versions of the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Versions {
    /// The program: `0.1.0`.
    pub program: String,
    /// The protocol.
    pub protocol: u32,
    /// The format of the store.
    pub store: u32,
    /// The parser's code version.
    pub parser: u32,
    /// Code version of each processor.
    pub processors: BTreeMap<String, u32>,
}

/// One check of `dateline doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What was checked: `inotify-watches`, `free-space`, `lock`, `permissions`, `landlock` ...
    pub check: String,
    /// How it is.
    pub level: FindingLevel,
    /// What was found, one line.
    pub message: String,
    /// What to do about it: a command, or one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingLevel {
    /// As it should be.
    Good,
    /// Works, but could be better.
    Warning,
    /// Does not work.
    Problem,
}

/// What `dateline backup` wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupReport {
    /// Where.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Documents in it.
    pub documents: u64,
    /// Revisions in it, old ones included.
    pub revisions: u64,
    /// Last sequence in it.
    pub sequence: u64,
    /// BLAKE3 hash of the file, hexadecimal.
    pub content: String,
}

/// What became of `dateline rescan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rescanned {
    /// Whether the scan is over and all that it found is searchable; it has only begun where nobody waited.
    pub finished: bool,
    /// Documents that are there now.
    pub documents: u64,
    /// Last sequence of the change log: what comes behind it is news to `tail --from-sequence`.
    pub sequence: u64,
}

/// What `dateline ask NAME` prints: any JSON value, in the words of the indexer that was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct IndexerAnswer(pub serde_json::Value);

/// What `dateline ask index '{"words": [...]}'` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WordCounts {
    /// Revisions in the index, those of the past included.
    pub revisions: u64,
    /// How many of them hold each word, in the order of the question.
    pub counts: Vec<u64>,
    /// Last sequence of the change log that is in it.
    pub applied: u64,
}

/// One word that completes what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suggestion {
    /// The word.
    pub value: String,
    /// What it is, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}
