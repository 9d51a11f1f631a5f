//! What the user decided, in a file that a person can read, edit and version. Applied at query time or as an input of
//! processors; never by the store itself.

use crate::error::StoreError;
use dateline_core::{DateInterval, DocumentId, SourcePath, Time};
use std::path::Path;

/// Which document a decision is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentRef {
    /// By its id.
    Document(DocumentId),
    /// By where it stands; without a part, the only or first document of the source.
    Place {
        /// The source.
        path: SourcePath,
        /// Its own id or number.
        part: Option<String>,
    },
}

/// The date of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateDecision {
    /// Which document.
    pub document: DocumentRef,
    /// The days it may be; `None`: the user decided that it is unknown.
    pub date: Option<DateInterval>,
    /// Time of day.
    pub time: Option<Time>,
    /// The user's words.
    pub note: Option<String>,
}

/// Several entities are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeDecision {
    /// The id that stays.
    pub keep: String,
    /// The ids that mean the same.
    pub also: Vec<String>,
    /// The user's words.
    pub note: Option<String>,
}

/// Some names of an entity are somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitDecision {
    /// The id that held too much.
    pub entity: String,
    /// The id of what is taken out of it.
    pub into: String,
    /// The names taken out, as they stand in texts.
    pub names: Vec<String>,
    /// The user's words.
    pub note: Option<String>,
}

/// An entity is called something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameDecision {
    /// Its id.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// The user's words.
    pub note: Option<String>,
}

/// Two entities are never one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverDecision {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// The user's words.
    pub note: Option<String>,
}

/// All decisions, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Dates.
    pub dates: Vec<DateDecision>,
    /// Entities that are one.
    pub merges: Vec<MergeDecision>,
    /// Entities that are several.
    pub splits: Vec<SplitDecision>,
    /// Names.
    pub renames: Vec<RenameDecision>,
    /// Entities that are never one.
    pub never: Vec<NeverDecision>,
}

/// A file of decisions with its comments.
#[derive(Clone, Debug, Default)]
pub struct DecisionsFile {
    decisions: Decisions,
}

impl DecisionsFile {
    /// Reads the file; none is as an empty one.
    ///
    /// # Errors
    /// [`StoreError::BadFile`] with line and key, [`StoreError::Io`].
    pub fn load(path: &Path) -> Result<DecisionsFile, StoreError> {
        Err(StoreError::BadFile { path: path.to_owned(), what: "not yet".to_owned() })
    }

    /// The decisions.
    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Changes the decisions; what is not changed keeps its place and comments.
    pub fn replace(&mut self, decisions: Decisions) {
        self.decisions = decisions;
    }

    /// Replaces the file, whole.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), StoreError> {
        Err(StoreError::BadFile { path: path.to_owned(), what: "not yet".to_owned() })
    }
}
