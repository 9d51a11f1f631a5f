//! What came from the workers and the committer: results become operations, operations end jobs.

use super::rework::InHand;
use super::{Engine, EngineError, JobState, SourceState};
use crate::committer::Ticket;
use crate::faults::Stage;
use dateline_core::{Diagnostic, DocumentId, Revision};
use dateline_store::{Annotations, Failure, NewDocument, Operation, RecordFailure, SourceSlice};
use dateline_worker::pipeline::Annotated;
use dateline_worker::{Answer, Crash, CrashKind, Event, SourceDocument, SourceProblem, SourceReport};
use std::time::Duration;

/// Processor time from which on a file is named in the log.
const LONG: Duration = Duration::from_secs(2);

impl Engine {
    pub(super) fn on_answer(&mut self, answer: Answer) -> Result<(), EngineError> {
        match answer.event {
            Event::Documents(documents) => self.on_documents(answer.job, documents),
            Event::SourceDone(report) => self.on_source_done(answer.job, report),
            Event::Annotated { first, results } => self.on_annotated(answer.job, first as usize, results),
            Event::AnnotatedDone => self.on_annotated_done(answer.job),
            Event::Crashed(crash) => self.on_crash(answer.job, crash),
        }
    }

    /// Keeps a slice until it is known whether it is the last; the one before it goes to the committer.
    fn on_documents(&mut self, job: u64, documents: Vec<SourceDocument>) -> Result<(), EngineError> {
        let Some(JobState::Source(state)) = self.jobs.get_mut(&job) else { return Ok(()) };
        let key = self.program.source_key(&state.path);
        let Some(before) = state.held.replace(documents) else { return Ok(()) };
        let slice = slice_of(state, key, before, Closing::More);
        state.begun = true;
        self.send(vec![Operation::PutSource(slice)], None)
    }

    fn on_source_done(&mut self, job: u64, report: SourceReport) -> Result<(), EngineError> {
        let Some(JobState::Source(mut state)) = self.jobs.remove(&job) else { return Ok(()) };
        self.job_bytes -= state.bytes;
        let cpu_ms = u64::try_from(report.cpu.as_millis()).unwrap_or(u64::MAX);
        let bytes = state.bytes;
        if report.cpu > LONG {
            tracing::warn!(path = %state.path, bytes, cpu_ms, "a file took long to read");
        } else {
            tracing::debug!(path = %state.path, bytes, cpu_ms, documents = report.documents, "a file was read");
        }
        let mut operations = Vec::new();
        let documents = state.held.take().unwrap_or_default();
        let failure = report.problem.as_ref().map(|problem| Failure {
            code: match problem {
                SourceProblem::Unsupported(_) => "unsupported",
                SourceProblem::Broken(_) => "broken",
                SourceProblem::Panicked(_) => "panicked",
            }
            .to_owned(),
            reason: problem.to_string(),
            quarantined: matches!(problem, SourceProblem::Panicked(_)),
            content: Some(state.content),
            key: self.program.failure_key(&state.path),
        });
        let known = self.store.source(&state.path).map_err(EngineError::Store)?;
        let replaces = known.is_some_and(|entry| !entry.removed);
        if failure.is_none() || state.begun || !documents.is_empty() || replaces {
            let closing = Closing::Last { failures: record_failures(&report), diagnostics: report.diagnostics };
            let key = self.program.source_key(&state.path);
            operations.push(Operation::PutSource(slice_of(&state, key, documents, closing)));
        }
        if let Some(failure) = failure {
            tracing::debug!(path = %state.path, reason = failure.reason, "a file gave no documents");
            let (path, identity) = (state.path.clone(), Some(state.identity));
            operations.push(Operation::Fail { path, identity, failure });
        } else if report.failures.is_empty() {
            operations.push(Operation::Forgive { path: state.path.clone() });
        }
        self.send(operations, Some(Ticket::Job(job)))
    }

    /// Results of documents annotated anew; only what differs is committed.
    fn on_annotated(&mut self, job: u64, first: usize, results: Vec<Annotated>) -> Result<(), EngineError> {
        let Some(JobState::Documents(documents)) = self.jobs.get(&job) else { return Ok(()) };
        self.hooks.at_stage(Stage::Reprocess).map_err(EngineError::Hook)?;
        let mut operations = Vec::new();
        let mut outdated = Vec::new();
        for (annotated, hand) in results.into_iter().zip(documents.iter().skip(first)) {
            if self.is_outdated(hand)? {
                outdated.push(hand.document);
            } else if annotated.changed {
                operations.push(self.annotate(hand.document, hand.revision, annotated)?);
            }
        }
        self.rework_again.extend(outdated);
        if operations.is_empty() { Ok(()) } else { self.send(operations, None) }
    }

    fn annotate(
        &self,
        document: DocumentId,
        revision: Revision,
        annotated: Annotated,
    ) -> Result<Operation, EngineError> {
        let before = self.store.annotations(document, revision).map_err(EngineError::Store)?;
        let diagnostics = before.map(|annotations| annotations.diagnostics).unwrap_or_default();
        Ok(Operation::Annotate { document, revision, annotations: annotations(annotated, diagnostics) })
    }

    fn on_annotated_done(&mut self, job: u64) -> Result<(), EngineError> {
        if let Some(JobState::Documents(documents)) = self.jobs.get(&job) {
            let documents: Vec<DocumentId> = documents.iter().map(|hand| hand.document).collect();
            self.end_rework(documents)?;
        }
        // The job stays until its results are durable: until then the work is not done.
        self.send(Vec::new(), Some(Ticket::Job(job)))
    }

    fn on_crash(&mut self, job: u64, crash: Crash) -> Result<(), EngineError> {
        let code = match crash.kind {
            CrashKind::TimedOut => "timed-out",
            CrashKind::Died | CrashKind::Panicked => "crashed",
            CrashKind::Garbled => "garbled",
            // No fault of the file, and the next one would wait as long.
            CrashKind::Unstartable => return Err(EngineError::NoWorkers { reason: crash.reason }),
        };
        match self.jobs.remove(&job) {
            Some(JobState::Source(state)) => {
                self.job_bytes -= state.bytes;
                tracing::warn!(path = %state.path, reason = crash.reason, "a file took its workers down");
                let failure = Failure {
                    code: code.to_owned(),
                    reason: crash.reason,
                    quarantined: true,
                    content: Some(state.content),
                    key: self.program.failure_key(&state.path),
                };
                let fail = Operation::Fail { path: state.path, identity: Some(state.identity), failure };
                self.send(vec![fail], Some(Ticket::Job(job)))
            }
            Some(JobState::Documents(documents)) => self.on_rework_crash(documents, &crash),
            None => Ok(()),
        }
    }

    /// A job of documents could not be brought to its end, even without what ended its workers. The documents before have
    /// their results; the others are tried once more, each by itself. What was by itself is made anew from its file, which
    /// is listed like any other when that fails too.
    fn on_rework_crash(&mut self, documents: Vec<InHand>, crash: &Crash) -> Result<(), EngineError> {
        let mut through: Vec<DocumentId> = documents.iter().map(|hand| hand.document).collect();
        let left = through.split_off(through.len().min(crash.delivered as usize));
        tracing::warn!(documents = left.len(), reason = crash.reason, "reprocessing took its workers down");
        self.end_rework(through)?;
        if let [document] = *left {
            self.give_up_rework(document);
            let Some(entry) = self.store.document(document).map_err(EngineError::Store)? else { return Ok(()) };
            self.forced.insert(entry.path.clone());
            self.intake.offer(entry.path);
        } else {
            self.rework_alone.extend(&left);
            self.rework.extend(left);
        }
        Ok(())
    }

    /// Something is durable: whoever waited for it goes on.
    pub(super) fn on_durable(&mut self, ticket: Ticket) -> Result<(), EngineError> {
        match ticket {
            Ticket::Job(job) => {
                self.jobs.remove(&job);
                self.intake.finish(job);
                self.release_rework();
            }
            Ticket::Absence => {
                self.absences_under_way -= 1;
                if self.absences_under_way == 0 {
                    for path in std::mem::take(&mut self.deferred) {
                        self.intake.offer(path);
                    }
                }
            }
            Ticket::Removal => self.removals_under_way -= 1,
            Ticket::Renamed(job, path) => {
                self.intake.finish(job);
                self.after_rename(path)?;
                self.release_rework();
            }
        }
        Ok(())
    }
}

/// Whether a slice is the last of its source.
enum Closing {
    More,
    Last { failures: Vec<RecordFailure>, diagnostics: Vec<Diagnostic> },
}

fn slice_of(
    state: &SourceState,
    parser_key: dateline_core::ContentHash,
    documents: Vec<SourceDocument>,
    closing: Closing,
) -> SourceSlice {
    let (last, failures, diagnostics) = match closing {
        Closing::More => (false, Vec::new(), Vec::new()),
        Closing::Last { failures, diagnostics } => (true, failures, diagnostics),
    };
    SourceSlice {
        path: state.path.clone(),
        identity: state.identity,
        content: state.content,
        parser_key,
        documents: documents.into_iter().map(new_document).collect(),
        first: !state.begun,
        last,
        failures,
        diagnostics,
    }
}

fn new_document(parsed: SourceDocument) -> NewDocument {
    NewDocument {
        part_id: parsed.part_id,
        number: parsed.number,
        document: parsed.document,
        annotations: annotations(parsed.annotated, parsed.diagnostics),
    }
}

fn annotations(annotated: Annotated, diagnostics: Vec<Diagnostic>) -> Annotations {
    let Annotated { layers, facets, outcomes, .. } = annotated;
    Annotations { layers, facets, outcomes, diagnostics }
}

fn record_failures(report: &SourceReport) -> Vec<RecordFailure> {
    let record = |failure: &dateline_worker::PartFailure| RecordFailure {
        part: failure.part.clone(),
        line: failure.line,
        reason: failure.reason.clone(),
    };
    report.failures.iter().map(record).collect()
}
