//! Requests that look after the daemon: `plan`, `rescan`, `doctor`, `backup`, and completion of what is being typed.

use super::failures::stopping;
use super::status::CLOCK_HINT;
use super::{Answered, Answerer, Reply, store_error};
use crate::control::Control;
use crate::doctor;
use crossbeam_channel::RecvTimeoutError;
use dateline_core::layers::EntityType;
use dateline_pipeline::Standing;
use dateline_protocol::wire::{BackupReport, PlanStep, Rescanned, Suggestion};
use dateline_protocol::{Backup, Complete, Completion, End, ErrorBody, ErrorKind, Plan, Rescan};
use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

/// How long `rescan --wait` may take.
const RESCAN_TIME_MAX: Duration = Duration::from_secs(3_600);
/// How often somebody who waits looks whether the daemon stops.
const LOOK: Duration = Duration::from_millis(200);
/// Seconds one processor takes for one document, for want of a measurement.
const SECONDS_PER_RUN: f64 = 0.000_4;

impl Answerer {
    /// What would run again, by processor and reason, without running anything.
    pub(super) fn plan(&self, request: &Plan, reply: &mut Reply<'_>) -> Answered {
        let chain = match &request.config {
            None => self.program.chain()?,
            Some(file) => self.program.chain_of(std::path::Path::new(file))?,
        };
        let mut found: BTreeMap<(String, String, bool), u64> = BTreeMap::new();
        for entry in self.store.documents() {
            reply.check()?;
            let entry = entry.map_err(store_error)?;
            if !entry.open {
                continue;
            }
            let annotations = self.store.annotations(entry.document, entry.current.revision).map_err(store_error)?;
            let outcomes = annotations.map(|annotations| annotations.outcomes).unwrap_or_default();
            let plan = chain.stale(None, &outcomes, false);
            for planned in plan.steps.iter().filter(|planned| planned.standing != Standing::Fresh) {
                let reasons: Vec<String> = planned.because.iter().map(ToString::to_string).collect();
                let may = planned.standing == Standing::MayRun;
                *found.entry((planned.processor.clone(), reasons.join(", "), may)).or_default() += 1;
            }
            for gone in plan.dropped {
                *found.entry((gone, "it is not in the chain any more".to_owned(), false)).or_default() += 1;
            }
        }
        for ((processor, reason, at_most), documents) in found {
            let seconds = Some(documents as f64 * SECONDS_PER_RUN);
            reply.item(&PlanStep { processor, documents, reason, seconds, at_most });
        }
        Ok(End::of_items(reply.sent()))
    }

    pub(super) fn rescan(&self, request: &Rescan, reply: &mut Reply<'_>) -> Answered {
        let control = self.needs_daemon("rescan")?;
        match request.wait {
            true => self.settle(RESCAN_TIME_MAX)?,
            false => control.send(Control::Rescan { done: None }).map_err(|_| stopping())?,
        }
        let documents = self.store.stats().map_err(store_error)?.documents;
        reply.item(&Rescanned { finished: request.wait, documents, sequence: self.store.sequence().0 });
        Ok(End::done())
    }

    /// Waits until a scan begun now is over and everything it found is searchable.
    fn settle(&self, patience: Duration) -> Result<(), ErrorBody> {
        let control = self.needs_daemon("rescan")?;
        let (done, finished) = crossbeam_channel::bounded(1);
        control.send(Control::Rescan { done: Some(done) }).map_err(|_| stopping())?;
        let until = Instant::now() + patience;
        loop {
            match finished.recv_timeout(LOOK.min(until.saturating_duration_since(Instant::now()))) {
                Ok(()) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(stopping()),
                // A wish that came too late is never answered, and whoever waits keeps the store from being opened anew.
                Err(RecvTimeoutError::Timeout) if self.live.facts().stopping => return Err(stopping()),
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(ErrorBody::new(ErrorKind::TimedOut, "the scan is not over yet")
                        .hint("`dateline status` shows how far it is"));
                }
            }
        }
    }

    /// Waits until nothing is left to do, or `deadline`.
    pub(super) fn wait_until_settled(&self, deadline: Instant) {
        let patience = deadline.saturating_duration_since(Instant::now());
        self.live.wait(patience, |facts| {
            let settled = facts.pending == 0 && facts.reprocessing == 0 && facts.indexed >= facts.committed;
            settled && facts.decisions_seen || facts.stopping
        });
    }

    pub(super) fn doctor(&self, reply: &mut Reply<'_>) -> Answered {
        let facts = self.live.facts();
        let found = doctor::examine(self.store.directory(), &self.program, &facts, self.control.is_some());
        let clock = self.doubted_clock().map(|doubt| doctor::clock(doubt, CLOCK_HINT));
        for finding in found.into_iter().chain(clock) {
            reply.item(&finding);
        }
        Ok(End::done())
    }

    /// Writes a backup beside its final name first, so that a name never holds half of one.
    pub(super) fn backup(&self, request: &Backup, reply: &mut Reply<'_>) -> Answered {
        let path = std::path::Path::new(&request.path);
        let failed = |error: std::io::Error| {
            let body = ErrorBody::from_error(ErrorKind::BadRequest, &error);
            let message = format!("backup `{}` could not be written", path.display());
            ErrorBody { causes: vec![body.message.clone()], ..ErrorBody { message, ..body } }
        };
        if path.exists() {
            let message = format!("`{}` is there already", path.display());
            return Err(ErrorBody::new(ErrorKind::BadRequest, message).hint("choose a new name"));
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".part");
        let partial = std::path::PathBuf::from(partial);
        // Never through a link, nor into a file, that somebody else put there.
        match std::fs::remove_file(&partial) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial);
        let mut writer = Hashed { file: std::io::BufWriter::new(options.map_err(failed)?), hasher: Default::default() };
        let report = self.store.backup(&mut writer).map_err(store_error)?;
        let file = writer.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().and_then(|()| std::fs::rename(&partial, path)).map_err(failed)?;
        reply.item(&BackupReport {
            path: request.path.clone(),
            bytes: report.bytes,
            documents: report.documents,
            revisions: report.revisions,
            sequence: self.store.sequence().0,
            content: writer.hasher.finalize().to_hex().to_string(),
        });
        Ok(End::done())
    }

    /// Words that complete what was typed.
    pub(super) fn complete(&self, request: &Complete, reply: &mut Reply<'_>) -> Answered {
        let prefix = request.prefix.to_lowercase();
        let limit = u64::from(request.limit);
        let mut words: Vec<(String, Option<String>)> = Vec::new();
        match request.what {
            Completion::Processor => words.extend(self.program.processor_names().map(|name| (name.to_owned(), None))),
            Completion::Layer => words.extend(self.program.layer_names().map(|name| (name.to_owned(), None))),
            Completion::Field => words.extend(self.program.field_names().map(|name| (name, None))),
            Completion::Entity => words.extend(self.entity_ids(request, None)?),
            Completion::Person => words.extend(self.entity_ids(request, Some(EntityType::Per))?),
            Completion::Organisation => words.extend(self.entity_ids(request, Some(EntityType::Org))?),
            Completion::Place => words.extend(self.entity_ids(request, Some(EntityType::Loc))?),
            Completion::Document => {
                for entry in self.store.sources() {
                    let path = entry.map_err(store_error)?.path.display();
                    if path.to_lowercase().contains(&prefix) {
                        words.push((path, None));
                    }
                    if words.len() >= request.limit as usize {
                        break;
                    }
                }
            }
        }
        // Documents and entities hold what was typed somewhere, which their own search has seen to.
        let begins = matches!(request.what, Completion::Processor | Completion::Layer | Completion::Field);
        for (value, about) in words {
            let fits = !begins || value.to_lowercase().starts_with(&prefix);
            if fits && !(reply.item(&Suggestion { value, about }) && reply.sent() < limit) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }
}

/// Writes on, hashing what passes.
struct Hashed {
    file: std::io::BufWriter<std::fs::File>,
    hasher: blake3::Hasher,
}

impl std::io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
