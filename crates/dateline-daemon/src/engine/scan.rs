//! A finished scan against the catalog: what is new or changed is looked at, what is missing is looked for again.

use super::{Engine, EngineError, store_identity, watch_identity};
use crate::live::Phase;
use dateline_core::{SourcePath, Timestamp};
use dateline_store::{Operation, SourceEntry};
use dateline_watch::ScanReport;
use std::time::Duration;

/// Revisions forgotten with one scan.
const PURGED_AT_ONCE: usize = 1_000;
/// A file changed less than this ago may still be being written: it has to settle first.
const YOUNG: Duration = Duration::from_secs(2);

impl Engine {
    /// Compares a scan with the catalog.
    pub(super) fn on_scan(&mut self, report: &ScanReport) -> Result<(), EngineError> {
        self.check_root()?;
        let mut seen = report.entries.iter().peekable();
        let mut settle = Vec::new();
        let store = self.store.clone();
        for entry in store.sources() {
            let entry = entry.map_err(EngineError::Store)?;
            while let Some((path, identity)) = seen.next_if(|(path, _)| *path < entry.path) {
                self.on_changed(path, *identity, report, &mut settle)?;
            }
            match seen.next_if(|(path, _)| *path == entry.path) {
                Some((path, identity)) if self.is_stale(&entry, *identity) => {
                    self.on_changed(path, *identity, report, &mut settle)?;
                }
                Some(_) => {}
                None => self.on_missing(entry, report)?,
            }
        }
        for (path, identity) in seen {
            self.on_changed(path, *identity, report, &mut settle)?;
        }
        self.look_at_failures(report)?;
        self.release_returned()?;
        if report.complete {
            self.recognise_root()?;
        }
        if let Some(watcher) = self.watcher.as_ref().filter(|_| !settle.is_empty()) {
            watcher.settle(settle);
        }
        self.after_scan(report);
        self.forget_old()
    }

    /// Forgets superseded and deleted texts whose retention has ended; some with each scan.
    fn forget_old(&self) -> Result<(), EngineError> {
        let Some(period) = self.program.config.store.retention.period() else { return Ok(()) };
        self.send(vec![Operation::Purge { period, limit: PURGED_AT_ONCE }], None)
    }

    fn is_stale(&self, entry: &SourceEntry, identity: dateline_watch::FileIdentity) -> bool {
        let key = self.program.source_key(&entry.path);
        let same = entry.identity == store_identity(identity) && entry.parser_key == key;
        !same || !entry.complete || entry.absences > 0
    }

    /// A file that is new or not as it was.
    fn on_changed(
        &mut self,
        path: &SourcePath,
        identity: dateline_watch::FileIdentity,
        report: &ScanReport,
        settle: &mut Vec<SourcePath>,
    ) -> Result<(), EngineError> {
        let failure = self.store.failure(path).map_err(EngineError::Store)?;
        if failure.is_some_and(|failure| self.fails_again(&failure, store_identity(identity))) {
            return Ok(());
        }
        let known = self.store.source(path).map_err(EngineError::Store)?.filter(|entry| !entry.removed);
        let newer = known.is_none_or(|entry| identity.is_newer_than(&watch_identity(entry.identity)));
        if report.why.repairs_lost_events() && newer && !report.told_of(path) && !self.intake.knows(path) {
            tracing::debug!(%path, "a rescan found what no event told of");
            self.live.update(|facts| facts.lost_event_rescans += 1);
        }
        let age = Timestamp::now().as_nanosecond() - i128::from(identity.mtime_ns.max(identity.ctime_ns));
        let young = age < i128::try_from(YOUNG.as_nanos()).unwrap_or(i128::MAX);
        if young && self.watcher.is_some() {
            settle.push(path.clone());
        } else {
            self.intake.offer(path.clone());
        }
        Ok(())
    }

    fn on_missing(&mut self, entry: SourceEntry, report: &ScanReport) -> Result<(), EngineError> {
        // A file may have come after its directory was listed: only what is not there now either is missing.
        let is_gone = |engine: &Engine| engine.root.stat(&entry.path).is_err_and(|error| error.is_missing());
        if report.covers(&entry.path) && !self.held.contains(&entry.path) && is_gone(self) {
            self.note_absent(entry.path)?;
        }
        Ok(())
    }

    /// Failures of files that are gone are forgotten with them. A file that was taken in as it is before it failed, under
    /// other limits, is tried again.
    fn look_at_failures(&mut self, report: &ScanReport) -> Result<(), EngineError> {
        let store = self.store.clone();
        for entry in store.failures() {
            let entry = entry.map_err(EngineError::Store)?;
            let known = store.source(&entry.path).map_err(EngineError::Store)?;
            let known = known.filter(|source| !source.removed);
            match (report.identity(&entry.path), known) {
                (None, None) if report.covers(&entry.path) => {
                    self.send(vec![Operation::Forgive { path: entry.path }], None)?;
                }
                (Some(identity), Some(known)) if !self.is_stale(&known, identity) => {
                    let failed_otherwise = !self.fails_again(&entry, store_identity(identity));
                    if entry.failure.is_some() && failed_otherwise {
                        self.intake.offer(entry.path);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Records the root at first; later on, deletes are believed only while it is the one recorded.
    fn check_root(&mut self) -> Result<(), EngineError> {
        let recorded = self.store.root().map_err(EngineError::Store)?;
        if recorded.is_none()
            && let Some(root) = self.current_root()
        {
            self.send(vec![Operation::SetRoot(root)], None)?;
        }
        self.root_trusted = true;
        Ok(())
    }

    /// A directory that holds everything the catalog knows is the same folder, on whatever device it lies now.
    fn recognise_root(&mut self) -> Result<(), EngineError> {
        let all_there = !self.intake.misses_some() && self.held.is_empty() && self.absences_under_way == 0;
        if all_there
            && !self.is_recorded_root()?
            && let Some(root) = self.current_root()
        {
            self.send(vec![Operation::SetRoot(root)], None)?;
        }
        Ok(())
    }

    fn after_scan(&mut self, report: &ScanReport) {
        self.scanned = true;
        let (files, problems) = (report.entries.len(), report.problems.len());
        tracing::info!(
            why = %report.why, files, problems, to_read = self.intake.pending(),
            took_ms = u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            "looked through the folder"
        );
        for problem in report.problems.iter().take(10) {
            tracing::warn!(%problem, "a part of the folder cannot be looked at");
        }
        let text = report.problems.first().map(|first| format!("{problems} places, the first {first}"));
        self.set_note("cannot be looked at: ", text.as_deref());
        self.live.update(|facts| {
            facts.last_reconcile = Some(Timestamp::now());
            if facts.phase == Phase::Scanning {
                facts.phase = Phase::Watching;
            }
        });
    }
}
