//! Files that are not where they were: looked for twice before their documents are closed, and never believed when the
//! root is another one or too much is missing at once.

use super::{Engine, EngineError, Mode};
use crate::committer::Ticket;
use crate::intake::{SECOND_LOOK, is_suspicious_loss};
use dateline_core::{ContentHash, SourcePath, Timestamp};
use dateline_store::{FileIdentity, HeldDeletes, Operation, RootIdentity};
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

impl Engine {
    /// An event says that a file or a whole directory is gone.
    pub(super) fn note_gone(&mut self, path: &SourcePath) -> Result<(), EngineError> {
        let store = self.store.clone();
        for entry in store.sources_below(path) {
            let path = entry.map_err(EngineError::Store)?.path;
            // A hint as all events: only what is really not there is noted.
            if self.root.stat(&path).is_err_and(|error| error.is_missing()) {
                self.note_absent(path)?;
            } else {
                self.intake.offer(path);
            }
        }
        for failure in store.failures_below(path) {
            self.forget_failure(&failure.map_err(EngineError::Store)?.path)?;
        }
        Ok(())
    }

    /// A file was looked for and not found.
    pub(super) fn note_absent(&mut self, path: SourcePath) -> Result<(), EngineError> {
        let known = self.store.source(&path).map_err(EngineError::Store)?;
        if known.is_none_or(|entry| entry.removed) {
            return self.forget_failure(&path);
        }
        self.intake.vanished(path.clone(), Instant::now());
        self.absences_under_way += 1;
        self.send(vec![Operation::Absent { path }], Some(Ticket::Absence))
    }

    /// What failed and is gone has nothing left to be said about it. What is said of a source in the catalog goes where that
    /// goes.
    fn forget_failure(&mut self, path: &SourcePath) -> Result<(), EngineError> {
        let failure = self.store.failure(path).map_err(EngineError::Store)?;
        let known = self.store.source(path).map_err(EngineError::Store)?;
        let is_lone = failure.is_some() && known.is_none_or(|entry| entry.removed);
        if is_lone && self.root.stat(path).is_err_and(|error| error.is_missing()) {
            return self.send(vec![Operation::Forgive { path: path.clone() }], None);
        }
        Ok(())
    }

    /// Whether a new path is where a missing source went; if so, its documents move with it.
    pub(super) fn try_rename(
        &mut self,
        path: &SourcePath,
        identity: FileIdentity,
        content: ContentHash,
    ) -> Result<bool, EngineError> {
        let candidate = self.store.rename_candidate(&identity, &content).map_err(EngineError::Store)?;
        // Other content under the same inode is more often a reused inode than a rename: it is a new document.
        let Some(candidate) = candidate.filter(|candidate| candidate.same_content) else { return Ok(false) };
        if !self.root.stat(&candidate.from).is_err_and(|error| error.is_missing()) {
            return Ok(false);
        }
        self.intake.settled(&candidate.from);
        self.held.remove(&candidate.from);
        tracing::debug!(from = %candidate.from, to = %path, "renamed");
        let rename = Operation::Rename { from: candidate.from, to: path.clone(), identity };
        let job = self.intake.start(path.clone());
        self.send(vec![rename], Some(Ticket::Renamed(job, path.clone())))?;
        Ok(true)
    }

    /// A file that is read otherwise under its new name is read again; of any other only what reads `source` runs again.
    pub(super) fn after_rename(&mut self, path: SourcePath) -> Result<(), EngineError> {
        let entry = self.store.source(&path).map_err(EngineError::Store)?;
        // The missing source was given up before its new place was committed: this is a new file then.
        let is_lost = entry.as_ref().is_none_or(|entry| entry.removed);
        if is_lost || entry.is_some_and(|entry| entry.parser_key != self.program.source_key(&path)) {
            self.intake.offer(path.clone());
        }
        for entry in self.store.documents_of(&path).map_err(EngineError::Store)? {
            self.moved.insert(entry.document);
            self.add_rework(entry.document);
        }
        Ok(())
    }

    /// Whether a second look would count now: not without the folder, nor before the first is durable, nor in batch mode,
    /// where it is due at once, before every file was looked at: one of them may be where the missing one went.
    pub(super) fn may_look_again(&self) -> bool {
        let may_explain = self.mode == Mode::Once && (self.intake.is_busy() || !self.deferred.is_empty());
        self.absences_under_way == 0 && self.root_trusted && !may_explain
    }

    /// The second look at what has vanished, once it is due.
    pub(super) fn look_again(&mut self) -> Result<(), EngineError> {
        if !self.may_look_again() {
            return Ok(());
        }
        // In batch mode the scan was the first look and this is the second: nobody is writing meanwhile.
        let horizon = if self.mode == Mode::Once { Instant::now() + SECOND_LOOK } else { Instant::now() };
        let due = self.intake.due(horizon);
        let mut lost = Vec::new();
        for path in due {
            match self.root.stat(&path) {
                // What is held back already has had its look.
                Err(error) if error.is_missing() && self.held.contains(&path) => self.intake.settled(&path),
                Err(error) if error.is_missing() => lost.push(path),
                _ => self.intake.offer(path),
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let known = self.store.stats().map_err(EngineError::Store)?.sources;
        let missing = lost.len() + self.held.len();
        if is_suspicious_loss(missing, usize::try_from(known).unwrap_or(usize::MAX)) || !self.is_recorded_root()? {
            return self.hold(lost);
        }
        for path in lost {
            self.intake.settled(&path);
            self.removals_under_way += 1;
            self.send(vec![Operation::Remove { path }], Some(Ticket::Removal))?;
        }
        Ok(())
    }

    /// Keeps the documents of missing files until the user says that they are really gone.
    fn hold(&mut self, lost: Vec<SourcePath>) -> Result<(), EngineError> {
        for path in lost {
            self.intake.settled(&path);
            self.held.insert(path);
        }
        let missing = self.held.len();
        tracing::warn!(
            missing,
            "many files are missing at once; their documents are kept until `datelined accept-root`"
        );
        let reason = "many files are missing at once, or the folder is another one".to_owned();
        let held = HeldDeletes { reason, sources: missing as u64, since: Timestamp::now() };
        self.send(vec![Operation::SetHeldDeletes(Some(held))], None)
    }

    /// What was held and is there again is held no longer.
    pub(super) fn release_returned(&mut self) -> Result<(), EngineError> {
        let before = self.held.len();
        let root = &self.root;
        self.held.retain(|path| root.stat(path).is_err());
        if before > 0 && self.held.is_empty() {
            self.send(vec![Operation::SetHeldDeletes(None)], None)?;
        }
        Ok(())
    }

    /// The root as the store would record it.
    pub(super) fn current_root(&self) -> Option<RootIdentity> {
        let identity = self.root.identity().ok()?;
        let path = self.program.root.as_os_str().as_bytes().to_vec();
        Some(RootIdentity { path, device: identity.device, inode: identity.inode })
    }

    /// Whether the root is the directory the store was filled from.
    pub(super) fn is_recorded_root(&self) -> Result<bool, EngineError> {
        let recorded = self.store.root().map_err(EngineError::Store)?;
        Ok(recorded.is_none() || recorded == self.current_root())
    }
}
