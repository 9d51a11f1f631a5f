//! `failures` and `retry`: what could not be read or processed, and trying it again.

use super::{Answered, Answerer, Reply, store_error};
use crate::control::Control;
use dateline_core::{DocumentId, OutcomeState};
use dateline_protocol::wire::{Failure, Retried};
use dateline_protocol::{End, ErrorBody, ErrorKind, Failures, Retry};
use dateline_store::{DocumentEntry, FailureEntry};

/// Documents read from the store at once.
const PAGE: usize = 500;

impl Answerer {
    pub(super) fn failures(&self, request: &Failures, reply: &mut Reply<'_>) -> Answered {
        let limit = request.limit.map_or(u64::MAX, u64::from);
        let fits = |path: &str| request.path.as_ref().is_none_or(|fragment| path.contains(fragment.as_str()));
        let failed = |failure: &Failure, reply: &mut Reply<'_>| {
            let wanted = fits(&failure.path)
                && request.processor.as_ref().is_none_or(|name| failure.processor.as_ref() == Some(name));
            !wanted || (reply.sent() < limit && reply.item(failure) && reply.sent() < limit)
        };
        self.each_source_failure(&mut |failure| failed(failure, reply))?;
        self.each_processor_failure(&mut |failure, _| failed(failure, reply))?;
        Ok(End::of_items(reply.sent()))
    }

    /// Failures of sources and their records, until `visit` says stop.
    fn each_source_failure(&self, visit: &mut dyn FnMut(&Failure) -> bool) -> Result<(), ErrorBody> {
        for entry in self.store.failures() {
            if !shown(&entry.map_err(store_error)?).iter().all(&mut *visit) {
                break;
            }
        }
        Ok(())
    }

    /// Failed outcomes of processors on current documents, until `visit` says stop.
    fn each_processor_failure(&self, visit: &mut dyn FnMut(&Failure, &DocumentEntry) -> bool) -> Result<(), ErrorBody> {
        let mut after = DocumentId(0);
        loop {
            let page = self.store.failed_documents(after, PAGE).map_err(store_error)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.document;
            for entry in &page {
                let revision = entry.current.revision;
                let Some(annotations) = self.store.annotations(entry.document, revision).map_err(store_error)? else {
                    continue;
                };
                for outcome in &annotations.outcomes {
                    let OutcomeState::Failed { reason } = &outcome.state else { continue };
                    if !visit(&processor_failure(entry, &outcome.processor, reason), entry) {
                        return Ok(());
                    }
                }
            }
        }
    }

    pub(super) fn retry(&self, request: &Retry, reply: &mut Reply<'_>) -> Answered {
        let control = self.needs_daemon("retry")?;
        let only = request.document.as_deref().map(|named| self.readings(named)).unwrap_or_default();
        let fits = |path: &str| only.is_empty() || only.iter().any(|reading| reading.display() == path);
        let mut sources = Vec::new();
        if request.processor.is_none() {
            for entry in self.store.failures() {
                let path = entry.map_err(store_error)?.path;
                if fits(&path.display()) {
                    sources.push(path);
                }
            }
        }
        let mut documents = Vec::new();
        self.each_processor_failure(&mut |failure, entry| {
            let wanted = request.processor.as_ref().is_none_or(|name| failure.processor.as_ref() == Some(name));
            if wanted && fits(&failure.path) {
                documents.push((entry.document, failure.clone()));
            }
            true
        })?;
        for path in &sources {
            reply.item(&Retried { path: path.display(), part: None, processor: None });
        }
        for (_, failure) in &documents {
            let (path, part) = (failure.path.clone(), failure.part.clone());
            reply.item(&Retried { path, part, processor: failure.processor.clone() });
        }
        let documents = documents.into_iter().map(|(document, _)| document).collect();
        control.send(Control::Retry { sources, documents }).map_err(|_| stopping())?;
        Ok(End::of_items(reply.sent()))
    }

    /// The way to the event loop.
    pub(super) fn needs_daemon(&self, what: &str) -> Result<&crossbeam_channel::Sender<Control>, ErrorBody> {
        self.control.as_ref().ok_or_else(|| {
            ErrorBody::new(ErrorKind::NeedsDaemon, format!("`{what}` needs the running daemon"))
                .hint("start it with `datelined`")
        })
    }
}

pub(super) fn stopping() -> ErrorBody {
    ErrorBody::new(ErrorKind::NeedsDaemon, "the daemon is stopping")
}

fn processor_failure(entry: &DocumentEntry, processor: &str, reason: &str) -> Failure {
    Failure {
        path: entry.path.display(),
        part: Some(entry.part.clone()),
        document: Some(entry.document.0),
        stage: "process".to_owned(),
        processor: Some(processor.to_owned()),
        reason: reason.to_owned(),
        time: Some(entry.current.seen_from),
        attempts: 1,
        retry: Some("when the processor, its options or the text change, or with `dateline retry`".to_owned()),
        line: None,
    }
}

fn shown(entry: &FailureEntry) -> Vec<Failure> {
    let of = |part: Option<String>, stage: &str, reason: &str, line: Option<u32>| Failure {
        path: entry.path.display(),
        part,
        document: None,
        stage: stage.to_owned(),
        processor: None,
        reason: reason.to_owned(),
        time: Some(entry.last),
        attempts: entry.attempts,
        retry: Some("when the file changes, or with `dateline retry`".to_owned()),
        line,
    };
    let mut failures: Vec<Failure> = Vec::new();
    failures.extend(entry.failure.as_ref().map(|failure| of(None, stage_of(&failure.code), &failure.reason, None)));
    failures.extend(entry.records.iter().map(|record| {
        let line = Some(record.line).filter(|line| *line > 0);
        of(Some(record.part.clone()), "parse", &record.reason, line)
    }));
    if entry.more_records > 0 {
        let reason = format!("{} more records could not be read", entry.more_records);
        failures.push(of(None, "parse", &reason, None));
    }
    failures
}

/// Where in the pipeline a source's failure happened, by its code.
fn stage_of(code: &str) -> &'static str {
    match code {
        "unreadable" | "too-large" | "not-regular" => "read",
        "crashed" | "timed-out" | "garbled" => "worker",
        _ => "parse",
    }
}
