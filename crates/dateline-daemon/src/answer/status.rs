//! `status`: how the daemon is, how far it has come, and what falls short.

use super::{Answered, Answerer, Reply, store_error};
use crate::live::{Facts, Phase};
use dateline_core::Timestamp;
use dateline_protocol::wire::{Progress, Status};
use dateline_protocol::{End, Note};
use std::path::Path;

/// Directories deeper than this are not counted; an index has one level.
const DEPTH_MAX: usize = 4;

/// What to do about a clock that went far ahead.
pub(super) const CLOCK_HINT: &str = "set it right if it is wrong; if it is right, there is nothing to do";

impl Answerer {
    pub(super) fn status(&self, reply: &mut Reply<'_>) -> Answered {
        let stats = self.store.stats().map_err(store_error)?;
        let facts = self.live.facts();
        let daemon = self.control.is_some();
        let status = Status {
            state: facts.phase.word().to_owned(),
            documents: stats.documents,
            pending: (facts.pending + facts.reprocessing) as u64,
            failed: stats.failed(),
            sequence: stats.sequence.0,
            indexed_sequence: self.indexed(&facts).0,
            last_reconcile: facts.last_reconcile,
            lost_event_rescans: facts.lost_event_rescans,
            rss_bytes: resident_bytes(),
            store_bytes: stats.store_bytes + stats.history_bytes,
            index_bytes: directory_bytes(&self.store.directory().index(), 0),
            verified: self.store.verified() && (!daemon || facts.verified),
            sources: stats.sources,
            undated: self.undated_count(),
            held_deletes: facts.held_deletes as u64,
            root: Some(self.program.root.display().to_string()),
            state_dir: Some(self.state_directory().display().to_string()),
            socket: self.socket.as_ref().map(|socket| socket.display().to_string()),
            config: self.program.config_file.as_ref().map(|file| file.display().to_string()),
            pid: daemon.then(std::process::id),
            started: daemon.then_some(self.program.started),
            progress: facts.progress.map(|progress| shown_progress(&facts, progress)),
            versions: self.program.versions(),
            sandbox: facts.sandbox.clone(),
            notes: self.notes(&facts),
        };
        reply.item(&status);
        Ok(End::done())
    }

    fn notes(&self, facts: &Facts) -> Vec<Note> {
        let mut notes: Vec<Note> = facts.notes.iter().map(|note| Note::new("daemon", note.clone())).collect();
        if facts.held_deletes > 0 {
            let message = format!("{} files are missing at once; their documents are kept", facts.held_deletes);
            notes.push(
                Note::new("held-deletes", message).hint("`datelined accept-root` says that they are really gone"),
            );
        }
        notes.extend(self.doubted_clock().map(|doubt| Note::new("retention", doubt).hint(CLOCK_HINT)));
        notes
    }

    /// Why retention forgets nothing at present, if so.
    pub(super) fn doubted_clock(&self) -> Option<String> {
        self.program.config.store.retention.period()?;
        let (believed, since) = self.store.doubted_clock().ok()??;
        let (believed, since) = (shown_minute(believed), shown_minute(since));
        Some(format!(
            "the clock went from {believed} to {since}: retention forgets nothing more before it has stayed there for a day"
        ))
    }

    /// Up to where every index is durable.
    fn indexed(&self, facts: &Facts) -> dateline_core::Sequence {
        if facts.phase != Phase::Offline {
            return facts.indexed;
        }
        let applied = |slot: &std::sync::Arc<crate::indexing::Slot>| {
            let own = slot.indexer.applied();
            own.or_else(|| self.store.applied(&slot.name).ok()).unwrap_or_default()
        };
        self.slots.iter().map(applied).min().unwrap_or_else(|| self.store.sequence())
    }
}

fn shown_progress(facts: &Facts, progress: crate::live::Progress) -> Progress {
    let seconds = progress.since.elapsed().as_secs_f64();
    let rate = (progress.done > 0 && seconds > 0.5).then(|| progress.done as f64 / seconds);
    let left = progress.total.saturating_sub(progress.done);
    Progress {
        what: if facts.reprocessing > 0 { "reprocessing" } else { "reading" }.to_owned(),
        done: progress.done,
        total: Some(progress.total),
        rate,
        seconds_left: rate.map(|rate| (left as f64 / rate).ceil() as u64),
    }
}

fn shown_minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// Memory of this process and its workers, resident, in bytes; zero where the system does not tell.
pub(crate) fn resident_bytes() -> u64 {
    let own = std::process::id();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
    let mut processes: Vec<u32> = children.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    // Children started from other threads are listed there.
    for task in std::fs::read_dir(format!("/proc/{own}/task")).into_iter().flatten().flatten() {
        let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        processes.extend(listed.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    processes.push(own);
    processes.sort_unstable();
    processes.dedup();
    processes.into_iter().filter_map(resident_of).sum()
}

fn resident_of(process: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Bytes of the files below a directory.
pub(crate) fn directory_bytes(directory: &Path, depth: usize) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() && depth < DEPTH_MAX => directory_bytes(&entry.path(), depth + 1),
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => 0,
    };
    entries.flatten().map(size).sum()
}
