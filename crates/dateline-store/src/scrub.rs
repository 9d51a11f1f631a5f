//! Reading everything and holding it against the history, in small steps, beside normal work.

use crate::error::{StatePart, StoreError};
use crate::store::{Store, pending};
use dateline_core::DocumentId;

/// Something a scrub found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which part of the state it is in.
    pub part: StatePart,
    /// The document concerned, when it is known.
    pub document: Option<DocumentId>,
    /// What was found, for people.
    pub what: String,
}

/// How far a scrub came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScrubState {
    /// There is more to read.
    Working {
        /// Records read so far.
        records: u64,
    },
    /// Everything was read; the store counts as verified when there are no findings.
    Finished {
        /// Records read.
        records: u64,
        /// What was found; capped.
        findings: Vec<Finding>,
    },
}

/// A scrub in progress.
pub struct Scrub {
    _store: Store,
}

impl Store {
    /// Begins a scrub.
    #[must_use]
    pub fn scrub(&self) -> Scrub {
        Scrub { _store: self.clone() }
    }
}

impl Scrub {
    /// Reads at most about `records` more records.
    ///
    /// # Errors
    /// Only when reading fails altogether; damage is a finding.
    pub fn step(&mut self, records: usize) -> Result<ScrubState, StoreError> {
        let _ = records;
        Err(pending())
    }
}
