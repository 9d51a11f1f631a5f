//! Running processors again on documents that are in the store: found by their staleness keys, newest first, after all
//! new files, in batches that can be interrupted anywhere.

use super::{Engine, EngineError, JobState};
use crate::decisions::{About, hints_for, redated};
use dateline_core::{ContentHash, DocumentId, DocumentInput, Revision, SourceInfo, Timestamp};
use dateline_store::{Decisions, DocumentEntry, DocumentRef, Operation};
use dateline_worker::pipeline::{Chain, Previous, RunOptions, error_chain};
use dateline_worker::{DocumentJob, Job, Urgency, Work};

/// Documents handed out in one job.
const BATCH_DOCUMENTS: usize = 32;
/// Jobs of this kind at the workers at once: a new file never waits long behind them.
const BATCHES_MAX: usize = 4;

/// Start of the note in `status` about decisions that cannot be read.
const DECISIONS_NOTE: &str = "decisions: ";

/// A document whose processors are at work, and what they were told of its file.
pub(crate) struct InHand {
    pub(super) document: DocumentId,
    pub(super) revision: Revision,
    source: SourceInfo,
}

/// What results are made by, as one hash: the chain, and what the user decided about dates.
fn made_by(chain: ContentHash, decisions: &Decisions) -> ContentHash {
    ContentHash::of_fields([chain.0.as_slice(), format!("{:?}", decisions.dates).as_bytes()])
}

/// What is to be done about a document whose processors are to run again.
enum Turn {
    Now(InHand, Box<DocumentJob>),
    /// Its source is being read.
    Later,
    /// It is gone.
    Never,
}

impl Engine {
    /// Finds every document whose results are not what the chain would give now, under the decisions as they are. Nothing
    /// is read when the store knows that this chain made them all under these.
    pub(crate) fn find_stale(&mut self, chain: &Chain) -> Result<(), EngineError> {
        for document in self.store.moved().map_err(EngineError::Store)? {
            self.moved.insert(document);
            self.add_rework(document);
        }
        self.chain = Some(chain.fingerprint());
        self.settled = self.store.chain().map_err(EngineError::Store)?;
        let wanted = made_by(chain.fingerprint(), &self.decisions);
        if self.settled == Some(wanted) {
            return Ok(());
        }
        if self.settled.take().is_some() {
            self.send(vec![Operation::SetChain(None)], None)?;
        }
        self.settling = Some(wanted);
        let mut stale = Vec::new();
        for entry in self.store.documents() {
            let entry = entry.map_err(EngineError::Store)?;
            if !entry.open {
                continue;
            }
            let annotations = self.store.annotations(entry.document, entry.current.revision);
            let outcomes = annotations.map_err(EngineError::Store)?.map(|found| found.outcomes).unwrap_or_default();
            let hints = hints_for(&self.decisions, &About::entry(&entry));
            if !chain.stale(None, &outcomes, false).is_empty() || chain.hints_changed(&hints, &outcomes) {
                stale.push(entry.document);
            }
        }
        if !stale.is_empty() {
            tracing::info!(documents = stale.len(), "processors changed or dates were decided: results are made anew");
        }
        stale.into_iter().rev().for_each(|document| self.add_rework(document));
        Ok(())
    }

    /// Tells the store, once, when every result is of the chain that runs.
    pub(super) fn settle_results(&mut self) -> Result<(), EngineError> {
        if self.rework_left() > 0 {
            return Ok(());
        }
        match self.settling.take() {
            Some(chain) if self.settled == Some(chain) => Ok(()),
            Some(chain) => {
                self.settled = Some(chain);
                self.send(vec![Operation::SetChain(Some(chain))], None)
            }
            None => Ok(()),
        }
    }

    /// Takes over the decisions as their file says now, and has the processors of the documents looked at again that others
    /// are about than before. The store learns of them when those results are there: until then it knows of the old ones,
    /// and a start finds the difference. A file that is wrong changes nothing, and is named in `status`.
    pub(super) fn take_decisions(&mut self) -> Result<(), EngineError> {
        // What is written from here on is read once more.
        self.decisions_stamp = self.program.decisions.stamp();
        match self.program.decisions.all() {
            Ok(decisions) => {
                self.set_note(DECISIONS_NOTE, None);
                let before = std::mem::replace(&mut self.decisions, decisions);
                self.rework_decided(&before)?;
                self.settling = self.chain.map(|chain| made_by(chain, &self.decisions)).or(self.settling);
            }
            Err(error) => {
                let causes = error_chain(&error);
                tracing::error!(error = causes, "decisions cannot be read; the earlier ones stay in force");
                self.set_note(DECISIONS_NOTE, Some(&causes));
            }
        }
        let left = self.rework_left();
        self.live.update(|facts| (facts.reprocessing, facts.decisions_seen) = (left, true));
        Ok(())
    }

    fn rework_decided(&mut self, before: &Decisions) -> Result<(), EngineError> {
        let after = self.decisions.clone();
        for named in redated(before, &after) {
            let found = match named {
                DocumentRef::Document(document) => self.store.document(*document).map(Vec::from_iter),
                DocumentRef::Place { path, .. } => self.store.documents_of(path),
            };
            let found = found.map_err(EngineError::Store)?;
            for entry in &found {
                let told = |decisions| hints_for(decisions, &About::entry(entry));
                if told(before) != told(&after) {
                    self.add_rework(entry.document);
                }
            }
            let path = match named {
                DocumentRef::Document(_) => found.first().map(|entry| &entry.path),
                DocumentRef::Place { path, .. } => Some(path),
            };
            // What is being made of it was not told of them.
            if let Some(path) = path.filter(|path| self.intake.is_at_work(path)) {
                self.forced.insert(path.clone());
                self.intake.offer(path.clone());
            }
        }
        Ok(())
    }

    /// Has the processors of one document looked at again; one that is being looked at, once more after that.
    pub(super) fn add_rework(&mut self, document: DocumentId) {
        if self.rework_known.insert(document) {
            self.rework.push_back(document);
        } else {
            self.rework_again.insert(document);
        }
    }

    /// Whether the results of a document were made from what is no longer so, or will not be in a moment.
    pub(super) fn is_outdated(&self, hand: &InHand) -> Result<bool, EngineError> {
        if self.rework_again.contains(&hand.document) {
            return Ok(true);
        }
        let Some(entry) = self.store.document(hand.document).map_err(EngineError::Store)? else { return Ok(false) };
        Ok(self.intake.is_at_work(&entry.path) || self.source_info(&entry)? != hand.source)
    }

    /// The work on some documents is over: what changed meanwhile is looked at once more.
    pub(super) fn end_rework(&mut self, documents: impl IntoIterator<Item = DocumentId>) -> Result<(), EngineError> {
        let mut over = Vec::new();
        for document in documents {
            if self.rework_again.remove(&document) {
                self.rework.push_back(document);
            } else {
                self.rework_known.remove(&document);
                self.rework_forced.remove(&document);
                self.rework_alone.remove(&document);
                over.push(document);
            }
        }
        self.settle_moved(over)
    }

    /// The work on a document comes to nothing. Its results are still the old ones: unless its file gives it new ones, the
    /// next start looks again.
    pub(super) fn give_up_rework(&mut self, document: DocumentId) {
        for known in [&mut self.rework_known, &mut self.rework_again, &mut self.rework_forced, &mut self.rework_alone] {
            known.remove(&document);
        }
        self.settling = None;
    }

    /// The work on a source is over: its documents wait no longer.
    pub(super) fn release_rework(&mut self) {
        self.rework.extend(self.rework_later.drain(..));
    }

    /// The results of these documents fit their places now; says so of those that were moved.
    pub(super) fn settle_moved(&mut self, documents: impl IntoIterator<Item = DocumentId>) -> Result<(), EngineError> {
        let documents: Vec<_> = documents.into_iter().filter(|document| self.moved.remove(document)).collect();
        if documents.is_empty() { Ok(()) } else { self.send(vec![Operation::Settled { documents }], None) }
    }

    /// Hands out batches while nothing more urgent waits.
    pub(super) fn pump_rework(&mut self) -> Result<(), EngineError> {
        let at_work = |engine: &Engine| {
            let batches = engine.jobs.values().filter(|job| matches!(job, JobState::Documents(_)));
            batches.count()
        };
        while !self.rework.is_empty() && at_work(self) < BATCHES_MAX {
            let mut documents = Vec::new();
            let mut batch = Vec::new();
            while batch.len() < BATCH_DOCUMENTS {
                let alone = |document: &DocumentId| self.rework_alone.contains(document);
                let is_alone = self.rework.front().is_some_and(alone);
                if is_alone && !batch.is_empty() {
                    break;
                }
                let Some(document) = self.rework.pop_front() else { break };
                self.rework_again.remove(&document);
                match self.rework_job(document)? {
                    Turn::Now(hand, job) => {
                        documents.push(hand);
                        batch.push(*job);
                    }
                    Turn::Later => self.rework_later.push(document),
                    Turn::Never => self.end_rework([document])?,
                }
                if is_alone {
                    break;
                }
            }
            if batch.is_empty() {
                continue;
            }
            let id = self.intake.job_number();
            self.jobs.insert(id, JobState::Documents(documents));
            self.submit(Job { id, urgency: Urgency::Background, work: Work::Documents(batch) })?;
        }
        Ok(())
    }

    fn rework_job(&self, document: DocumentId) -> Result<Turn, EngineError> {
        let entry = self.store.document(document).map_err(EngineError::Store)?;
        let Some(entry) = entry.filter(|entry| entry.open) else { return Ok(Turn::Never) };
        // Its source is being read: what comes of that may make this needless, and must not be overwritten by it.
        if self.intake.is_at_work(&entry.path) {
            return Ok(Turn::Later);
        }
        let revision = entry.current.revision;
        let data = self.store.revision_data(document, revision).map_err(EngineError::Store)?;
        let Some(data) = data else { return Ok(Turn::Never) };
        let source = self.source_info(&entry)?;
        let hand = InHand { document, revision, source: source.clone() };
        let hints = hints_for(&self.decisions, &About::entry(&entry));
        let input = DocumentInput { document: data.content, source, hints };
        let annotations = data.annotations;
        let previous =
            Previous { layers: annotations.layers, facets: annotations.facets, outcomes: annotations.outcomes };
        let retry = self.rework_forced.contains(&document);
        let options = RunOptions { retry, ..RunOptions::default() };
        Ok(Turn::Now(hand, Box::new(DocumentJob { input, previous, options })))
    }

    fn source_info(&self, entry: &DocumentEntry) -> Result<SourceInfo, EngineError> {
        let source = self.store.source(&entry.path).map_err(EngineError::Store)?;
        let mtime = source.and_then(|source| Timestamp::from_nanosecond(source.identity.mtime_ns.into()).ok());
        Ok(SourceInfo { path: entry.path.display(), mtime })
    }
}
