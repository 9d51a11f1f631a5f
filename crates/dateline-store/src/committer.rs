//! The one writer: operations in, one durable batch out. What an operation does to records is in `apply`.

use crate::apply::{Progress, Purged, Tx};
use crate::batch::{Batch, Ready};
use crate::blob::Packer;
use crate::compact::{self, Compacted};
use crate::dictionary::Schedule;
use crate::error::StoreError;
use crate::history::{BatchV1, EntryV1, Writer};
use crate::keys;
use crate::limits::{
    ANNOTATION_BYTES_MAX, DOCUMENT_BYTES_MAX, PATH_BYTES_MAX, TABLE_NAME_BYTES_MAX, TRANSACTION_BYTES_MAX,
    TRANSACTION_DOCUMENTS_MAX,
};
use crate::model::{Annotations, Committed, NewDocument, Operation, PutDocument, SourceSlice};
use crate::options::FaultPoint;
use crate::read::Reader;
use crate::record::{ChangeV1, NamedV1, micros, timestamp};
use crate::store::{APPLIED, Store, applied_name, locked};
use crate::table::IndexerTable;
use crate::{repair, space};
use dateline_core::{ContentHash, Document, DocumentId, Revision, Sequence, SourcePath};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A clock this far behind the last commit has jumped; less is what clocks do when they are set right, in microseconds.
const JUMP_MICROS: i64 = 1_000_000;

/// Records of a table removed in one transaction.
const CLEAR_PAGE: usize = 1_000;

/// The one writer of a store.
pub struct Committer {
    store: Store,
    packer: Packer,
    dictionaries: Schedule,
    /// `None` after it was given back.
    history: Option<Writer>,
    progress: HashMap<SourcePath, Progress>,
    poisoned: Option<String>,
    jumped: bool,
    /// The file system lets no copy take the store's place: none is made again.
    cannot_compact: bool,
    /// Time of the last commit before the store was opened; zero in a new one.
    before_opening: i64,
    purged: Option<Purged>,
}

/// What one commit gathers on its way.
#[derive(Default)]
pub(crate) struct Gathered {
    /// One entry per transaction: last sequence, and what happened.
    frames: Vec<(u64, BatchV1)>,
    pub(crate) documents: Vec<PutDocument>,
    pub(crate) lost: Vec<(DocumentId, Revision)>,
    /// History entries of the transaction in the making.
    pub(crate) entries: Vec<EntryV1>,
}

impl Committer {
    pub(crate) fn new(store: Store, history: Writer) -> Result<Committer, StoreError> {
        let mut packer = Packer::new()?;
        let dictionaries = Schedule::resume(&store, &mut packer)?;
        let (progress, purged) = (HashMap::new(), None);
        let before_opening = locked(&store.inner.meta).time;
        let mut committer = Committer {
            store,
            packer,
            dictionaries,
            history: Some(history),
            progress,
            poisoned: None,
            jumped: false,
            cannot_compact: false,
            before_opening,
            purged,
        };
        committer.finish_clearing()?;
        crate::failed::list(&committer.store)?;
        Ok(committer)
    }

    /// Applies operations in small transactions, makes the store durable, then the history, then returns.
    ///
    /// # Errors
    /// [`StoreError::Paused`] when the disk is nearly full: nothing was written. Misuse ([`StoreError::SliceOrder`],
    /// [`StoreError::TooLarge`]) is found before anything is written. After a failed write or sync, the error itself, and
    /// [`StoreError::Poisoned`] for every later call; [`Committer::poisoned`] says so, and the process must end.
    pub fn commit(&mut self, operations: Vec<Operation>) -> Result<Committed, StoreError> {
        self.ready()?;
        self.check(&operations)?;
        if let Err(pause) = space::check(&self.store.inner.directory, &self.store.inner.options) {
            *locked(&self.store.inner.pause) = Some(pause);
            return Err(StoreError::Paused(pause));
        }
        *locked(&self.store.inner.pause) = None;
        let done = self.commit_checked(operations);
        self.poison_on(done)
    }

    fn commit_checked(&mut self, operations: Vec<Operation>) -> Result<Committed, StoreError> {
        let before = locked(&self.store.inner.meta).sequence;
        let now = micros(self.store.inner.options.clock.now());
        let (time, clock_behind) = self.time(now);
        let mut gathered = Gathered::default();
        self.dictionaries.keep(&self.store, &mut self.packer)?;
        self.apply(operations, (now, time), clock_behind.is_some(), &mut gathered)?;
        self.make_durable(std::mem::take(&mut gathered.frames))?;
        let sequence = locked(&self.store.inner.meta).sequence;
        self.reopen_when_long()?;
        Ok(Committed {
            sequence: Sequence(sequence),
            time: timestamp(time),
            documents: gathered.documents,
            changes: sequence - before,
            clock_behind,
            lost: gathered.lost,
        })
    }

    /// Commit time, never before the last one, and how far the clock is behind it when it jumped.
    fn time(&mut self, now: i64) -> (i64, Option<Duration>) {
        let last = locked(&self.store.inner.meta).time;
        let behind = last.saturating_sub(now);
        if behind <= JUMP_MICROS {
            self.jumped = false;
            return (now.max(last), None);
        }
        let shown = Duration::from_micros(behind.unsigned_abs());
        if !self.jumped {
            tracing::warn!(behind = ?shown, "clock stands behind the last commit; commit times stand still until it passes");
        }
        (last, Some(shown))
    }

    /// Applies operations in transactions, at what the clock shows and the time of the commit.
    fn apply(
        &mut self,
        operations: Vec<Operation>,
        (now, time): (i64, i64),
        behind: bool,
        gathered: &mut Gathered,
    ) -> Result<(), StoreError> {
        let store = self.store.clone();
        let mut meta = locked(&store.inner.meta).clone();
        meta.time = time;
        meta.clock_jumps += u64::from(behind && !self.jumped);
        self.jumped = behind;
        let engine = &store.inner.engine;
        let mut tx = Tx {
            batch: Batch::new(engine, meta),
            packer: &mut self.packer,
            unpacker: &store.inner.unpacker,
            progress: &mut self.progress,
            store: &store,
            time,
            now,
            before_opening: self.before_opening,
            purged: &mut self.purged,
            gathered,
            documents: 0,
        };
        for operation in operations {
            tx.operation(operation)?;
            tx.cut_when_full()?;
        }
        tx.cut()
    }

    /// Store, then history; only then is the log's end visible to readers of changes.
    fn make_durable(&mut self, frames: Vec<(u64, BatchV1)>) -> Result<(), StoreError> {
        let inner = &self.store.inner;
        inner.engine.flush()?;
        fault(&self.store, FaultPoint::BeforeStoreSync)?;
        inner.engine.sync()?;
        fault(&self.store, FaultPoint::AfterStoreSync)?;
        let Some(history) = &mut self.history else { return Ok(()) };
        let mut wrote = false;
        for (last, batch) in frames {
            history.append(last, &batch)?;
            wrote = true;
        }
        if wrote {
            fault(&self.store, FaultPoint::BeforeHistorySync)?;
            history.sync()?;
        }
        fault(&self.store, FaultPoint::AfterHistorySync)?;
        inner.durable.store(history.last(), Ordering::Release);
        Ok(())
    }

    fn reopen_when_long(&mut self) -> Result<(), StoreError> {
        let inner = &self.store.inner;
        if inner.engine.logged() < inner.options.reopen_bytes {
            return Ok(());
        }
        fault(&self.store, FaultPoint::Reopening)?;
        inner.engine.reopen()
    }

    /// Makes the store's file small again when it has grown since that was last done. Reads go on and wait only while the
    /// copy takes its place; it is given up, and nothing changes, as soon as `go_on` says no. `None`: not due, given up, or
    /// no room for a copy.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub fn compact(&mut self, go_on: &dyn Fn() -> bool) -> Result<Option<Compacted>, StoreError> {
        self.ready()?;
        let done = self.compact_checked(go_on);
        self.poison_on(done)
    }

    fn compact_checked(&mut self, go_on: &dyn Fn() -> bool) -> Result<Option<Compacted>, StoreError> {
        let store = self.store.clone();
        let inner = &store.inner;
        let name = keys::named(COMPACTED);
        let last = match inner.engine.view().record::<NamedV1>(&name)? {
            Some(NamedV1::Compacted(bytes)) => bytes,
            _ => 0,
        };
        let before = inner.engine.file_bytes();
        let needed = before.saturating_add(inner.options.reserve_bytes);
        let has_room = space::free(inner.directory.path()).is_none_or(|free| free > needed);
        if self.cannot_compact || !compact::is_due(before, last, inner.options.compact_growth_bytes) || !has_room {
            return Ok(None);
        }
        let fresh = inner.directory.store_copy();
        let mut done = compact::copy(&inner.engine, &fresh, go_on)?;
        if done {
            fault(&store, FaultPoint::BeforeExchange)?;
            done = inner.engine.exchange(&fresh)?;
            self.cannot_compact = !done;
            fault(&store, FaultPoint::AfterExchange)?;
        }
        crate::rebuild::remove_directory(&fresh)?;
        if !done {
            return Ok(None);
        }
        let after = inner.engine.file_bytes();
        let mut batch = Batch::new(&inner.engine, locked(&inner.meta).clone());
        batch.put(name, &NamedV1::Compacted(after))?;
        apply_ready(&store, batch.finish()?)?;
        Ok(Some(Compacted { before, after }))
    }

    /// Commits what a table collected, and the sequence it has applied, in one transaction. It becomes durable with the
    /// next [`Committer::commit`]; until then a power cut takes table and sequence back together.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub fn commit_table(&mut self, table: &mut IndexerTable, applied: Sequence) -> Result<(), StoreError> {
        self.ready()?;
        let done = self.commit_table_checked(table, applied);
        self.poison_on(done)
    }

    fn commit_table_checked(&mut self, table: &mut IndexerTable, applied: Sequence) -> Result<(), StoreError> {
        let store = self.store.clone();
        if table.take_cleared() {
            self.clear_table(table.name())?;
        }
        let meta = locked(&store.inner.meta).clone();
        let mut batch = Batch::new(&store.inner.engine, meta);
        table.write(&mut batch, &mut self.packer)?;
        batch.put(keys::named(&applied_name(table.name())), &NamedV1::Applied(applied.0))?;
        apply_ready(&store, batch.finish()?)?;
        table.written();
        fault(&store, FaultPoint::AfterTable)?;
        self.reopen_when_long()
    }

    /// Empties a table in small transactions. A crash in between leaves a mark, and it is finished later.
    fn clear_table(&mut self, name: &str) -> Result<(), StoreError> {
        let store = self.store.clone();
        let mark = keys::named(&format!("{CLEARING}{name}"));
        loop {
            let meta = locked(&store.inner.meta).clone();
            let mut batch = Batch::new(&store.inner.engine, meta);
            let mut left = CLEAR_PAGE;
            for prefix in [keys::table(name, b""), keys::table_chunks_of(name)] {
                let page = batch.raw_range(&prefix, None, left)?;
                left -= page.len();
                for (key, _) in page {
                    batch.delete(key)?;
                }
            }
            batch.delete(keys::named(&applied_name(name)))?;
            if left > 0 {
                batch.delete(mark)?;
                return apply_ready(&store, batch.finish()?);
            }
            batch.put(mark.clone(), &NamedV1::Clearing)?;
            apply_ready(&store, batch.finish()?)?;
        }
    }

    fn finish_clearing(&mut self) -> Result<(), StoreError> {
        let prefix = keys::named(CLEARING);
        let marks = self.store.view().range(&prefix, None, usize::MAX)?;
        for (key, _) in marks {
            let name = String::from_utf8_lossy(&key[prefix.len()..]).into_owned();
            self.clear_table(&name)?;
        }
        Ok(())
    }

    /// Drops change log entries that newer ones replace and every indexer has applied; looks at `limit` entries at most,
    /// and returns how many it dropped.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub fn trim(&mut self, limit: usize) -> Result<u64, StoreError> {
        self.ready()?;
        let done = self.trim_checked(limit);
        self.poison_on(done)
    }

    fn trim_checked(&mut self, limit: usize) -> Result<u64, StoreError> {
        let store = self.store.clone();
        let floor = floor(&store)?;
        let meta = locked(&store.inner.meta).clone();
        if floor <= meta.trimmed {
            return Ok(0);
        }
        let mut batch = Batch::new(&store.inner.engine, meta);
        let after = keys::change(Sequence(batch.meta.trimmed));
        let page = batch.records::<ChangeV1>(&[keys::CHANGE], Some(&after), limit)?;
        let is_last = page.len() < limit;
        let mut dropped = 0;
        for (key, change) in page {
            let sequence = keys::last_document(&key).map_or(0, |sequence| sequence.0);
            if sequence > floor {
                break;
            }
            if !crate::apply::is_live(&batch, sequence, &change)? {
                batch.delete(key)?;
                dropped += 1;
            }
            batch.meta.trimmed = sequence;
        }
        if is_last {
            batch.meta.trimmed = floor;
        }
        apply_ready(&store, batch.finish()?)?;
        Ok(dropped)
    }

    /// Writes the history anew from the store, and moves the old one aside: after damage in it, or to let go of texts
    /// that retention forgot. Returns where the old one lies; the caller may remove it.
    ///
    /// # Errors
    /// As [`Committer::commit`].
    pub fn rewrite_history(&mut self) -> Result<std::path::PathBuf, StoreError> {
        self.ready()?;
        let done = self.rewrite_checked();
        self.poison_on(done)
    }

    fn rewrite_checked(&mut self) -> Result<std::path::PathBuf, StoreError> {
        let inner = &self.store.inner;
        let meta = locked(&inner.meta).clone();
        let fresh = inner.directory.path().join("history.new");
        crate::rebuild::remove_directory(&fresh)?;
        crate::files::create_directory(&fresh)?;
        repair::write_history(&inner.engine, &meta, &mut Writer::new(&fresh, meta.store, 0, 0))?;
        let aside = crate::rebuild::move_aside(&inner.directory, crate::StatePart::History)?;
        crate::rebuild::move_directory(&fresh, &inner.directory.history())?;
        self.history = Some(Writer::open(&inner.directory.history(), meta.store)?.writer);
        Ok(aside)
    }

    /// Why nothing can be committed any more, if so. The process must end then: what is on disk is uncertain until the
    /// store is opened again.
    #[must_use]
    pub fn poisoned(&self) -> Option<&str> {
        self.poisoned.as_deref()
    }

    fn ready(&self) -> Result<(), StoreError> {
        match &self.poisoned {
            Some(reason) => Err(StoreError::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Any failure past the checks leaves the disk uncertain: nothing is tried again.
    fn poison_on<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &done {
            self.poisoned = Some(with_causes(error));
            self.store.inner.verified.store(false, Ordering::Release);
        }
        done
    }

    /// Finds misuse before anything is written.
    fn check(&self, operations: &[Operation]) -> Result<(), StoreError> {
        let mut begun: HashMap<&SourcePath, Option<ContentHash>> = HashMap::new();
        for operation in operations {
            check_sizes(operation)?;
            if let Operation::PutSource(slice) = operation {
                let known = begun.get(&slice.path).copied();
                let known = known.unwrap_or_else(|| self.progress.get(&slice.path).map(Progress::content));
                if !slice.first && known != Some(slice.content) {
                    return Err(StoreError::SliceOrder { path: slice.path.clone() });
                }
                begun.insert(&slice.path, (!slice.last).then_some(slice.content));
            }
        }
        Ok(())
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        if self.poisoned.is_none() {
            *locked(&self.store.inner.history) = self.history.take();
        }
    }
}

/// Start of the names of marks of tables that are being emptied.
const CLEARING: &str = "clearing/";
/// Name of the record of the last compaction.
const COMPACTED: &str = "compacted";

fn with_causes(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The change every indexer has applied; zero while none is known.
fn floor(store: &Store) -> Result<u64, StoreError> {
    let records = store.view().records::<NamedV1>(&keys::named(APPLIED), None, usize::MAX)?;
    let applied = records.into_iter().filter_map(|(_, record)| match record {
        NamedV1::Applied(sequence) => Some(sequence),
        _ => None,
    });
    Ok(applied.min().unwrap_or(0).min(store.sequence().0))
}

/// Calls a test's hook.
pub(crate) fn fault(store: &Store, point: FaultPoint) -> Result<(), StoreError> {
    let path = store.inner.directory.path();
    store.inner.options.faults.at(point).map_err(crate::files::io(path, point.name()))
}

/// Applies a transaction and what follows from it in memory.
pub(crate) fn apply_ready(store: &Store, ready: Ready) -> Result<(), StoreError> {
    fault(store, FaultPoint::BeforeApply)?;
    let mut tracker = locked(&store.inner.tracker);
    store.inner.engine.apply(ready.writes)?;
    if let Some(tracker) = tracker.as_mut() {
        tracker.follow(&ready.effects);
    }
    *locked(&store.inner.meta) = ready.meta;
    drop(tracker);
    fault(store, FaultPoint::AfterApply)
}

impl Tx<'_> {
    /// Ends the transaction when it is large enough.
    pub(crate) fn cut_when_full(&mut self) -> Result<bool, StoreError> {
        let full = self.documents >= TRANSACTION_DOCUMENTS_MAX || self.batch.bytes() >= TRANSACTION_BYTES_MAX;
        if full {
            self.cut()?;
        }
        Ok(full)
    }

    /// Applies the transaction and begins another.
    pub(crate) fn cut(&mut self) -> Result<(), StoreError> {
        self.documents = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        let meta = self.batch.meta.clone();
        let ready = std::mem::replace(&mut self.batch, Batch::new(&self.store.inner.engine, meta)).finish()?;
        self.batch.meta = ready.meta.clone();
        let before = locked(&self.store.inner.meta).sequence;
        let last = ready.meta.sequence;
        apply_ready(self.store, ready)?;
        if last > before {
            let entries = std::mem::take(&mut self.gathered.entries);
            self.gathered.frames.push((last, BatchV1 { time: self.time, entries }));
        }
        Ok(())
    }
}

fn check_sizes(operation: &Operation) -> Result<(), StoreError> {
    let fits = |what, bytes: usize, limit: usize| {
        if bytes > limit { Err(StoreError::TooLarge { what, bytes, limit }) } else { Ok(()) }
    };
    let path = |path: &SourcePath| fits("source path", path.as_bytes().len(), PATH_BYTES_MAX);
    match operation {
        Operation::PutSource(SourceSlice { path: source, documents, .. }) => {
            path(source)?;
            for NewDocument { document, annotations, .. } in documents {
                fits("document", document_bytes(document), DOCUMENT_BYTES_MAX / 2)?;
                fits("annotations", annotation_bytes(annotations), ANNOTATION_BYTES_MAX / 2)?;
            }
            Ok(())
        }
        Operation::Annotate { annotations, .. } => {
            fits("annotations", annotation_bytes(annotations), ANNOTATION_BYTES_MAX / 2)
        }
        Operation::Rename { from, to, .. } => path(from).and_then(|()| path(to)),
        Operation::Applied { indexer, .. } => fits("indexer name", indexer.len(), TABLE_NAME_BYTES_MAX),
        Operation::SetRoot(root) => fits("root path", root.path.len(), PATH_BYTES_MAX),
        Operation::Touch { path: source, .. }
        | Operation::Absent { path: source }
        | Operation::Remove { path: source }
        | Operation::Fail { path: source, .. }
        | Operation::Forgive { path: source } => path(source),
        Operation::Settled { .. } | Operation::SetChain(_) | Operation::SetHeldDeletes(_) | Operation::Purge { .. } => {
            Ok(())
        }
    }
}

/// About the encoded size of a document.
fn document_bytes(document: &Document) -> usize {
    let metadata: usize = document.metadata.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
    document.text.len() + document.title.as_ref().map_or(0, String::len) + metadata + document.marks.len() * 11
}

/// About the encoded size of annotations.
fn annotation_bytes(annotations: &Annotations) -> usize {
    let layers: usize = annotations.layers.iter().map(|layer| layer.bytes.len() + layer.name.len() + 10).sum();
    let word = |value: &dateline_core::FacetValue| match value {
        dateline_core::FacetValue::Keyword(word) => word.len(),
        _ => 12,
    };
    let facets: usize = annotations.facets.iter().map(|facet| facet.name.len() + word(&facet.value) + 8).sum();
    let odd = |one: &dateline_core::Diagnostic| one.code.len() + one.message.len() + 16;
    let outcomes = annotations.outcomes.iter().map(|one| 64 + one.diagnostics.iter().map(odd).sum::<usize>());
    let parser: usize = annotations.diagnostics.iter().map(odd).sum();
    layers + facets + outcomes.sum::<usize>() + parser
}
