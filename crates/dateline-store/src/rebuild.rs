//! After damage: the part is moved aside and a new one made from the other; the folder gives the rest.

use crate::build::{Builder, StoredBlob};
use crate::engine::Engine;
use crate::error::{StatePart, StoreError};
use crate::files::{io, sync_directory};
use crate::history::{self, EntryV1, PlaceV1, Writer};
use crate::keys;
use crate::lock::{StateDir, StateLock};
use crate::options::StoreOptions;
use crate::read::Reader;
use crate::record::{BlobV1, HeadV1, MetaV1, RevisionV1};
use crate::repair;
use dateline_core::{DocumentId, Revision};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Losses named in a report.
const LOST_MAX: usize = 1_000;

/// What a rebuild restored and what it could not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Where the damaged part lies now.
    pub moved_to: Option<PathBuf>,
    /// Documents whose ids were restored.
    pub documents: u64,
    /// Old revisions restored with their text.
    pub revisions: u64,
    /// What could not be restored, for people; capped.
    pub lost: Vec<String>,
}

impl RebuildReport {
    fn lose(&mut self, what: String) {
        if self.lost.len() < LOST_MAX {
            self.lost.push(what);
        }
    }
}

/// Moves `store/` or `history/` aside and makes a new one from the other. Open the store afterwards as usual.
///
/// A new store knows all document ids, paths, parts and superseded texts; current texts and annotations come back when
/// the folder is read again: every source is marked incomplete. Indexes must be rebuilt with it. A new history is written
/// from the store.
///
/// # Errors
/// When the other part cannot be read at all, or the disk fails.
pub fn rebuild(lock: &StateLock, options: &StoreOptions, part: StatePart) -> Result<RebuildReport, StoreError> {
    let directory = lock.directory();
    match part {
        StatePart::Store => rebuild_store(directory, options),
        StatePart::History => rebuild_history(directory, options),
        StatePart::Decisions => Err(StoreError::BadFile {
            path: directory.decisions(),
            what: "decisions are the user's and cannot be rebuilt".to_owned(),
        }),
    }
}

/// Moves a part aside; says where to.
pub(crate) fn move_aside(directory: &StateDir, part: StatePart) -> Result<PathBuf, StoreError> {
    let (from, name) = match part {
        StatePart::History => (directory.history(), "history"),
        _ => (directory.store(), "store"),
    };
    let free = (1_u32..).map(|number| directory.path().join(format!("{name}.damaged-{number}")));
    let to = free.into_iter().find(|path| !path.exists()).unwrap_or_else(|| from.with_extension("damaged"));
    if from.exists() {
        move_directory(&from, &to)?;
    }
    Ok(to)
}

/// Renames a directory durably.
pub(crate) fn move_directory(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(io(from, "moved"))?;
    to.parent().map_or(Ok(()), sync_directory)
}

/// Removes a directory; none is fine.
pub(crate) fn remove_directory(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(path, "removed")(error)),
        _ => Ok(()),
    }
}

fn rebuild_history(directory: &StateDir, options: &StoreOptions) -> Result<RebuildReport, StoreError> {
    let (engine, _) = Engine::open(&directory.store(), options.cache_bytes)?;
    let meta: MetaV1 = engine.view().expected(&keys::meta())?;
    let fresh = directory.path().join("history.new");
    remove_directory(&fresh)?;
    crate::files::create_directory(&fresh)?;
    repair::write_history(&engine, &meta, &mut Writer::new(&fresh, meta.store, 0, 0))?;
    let moved_to = Some(move_aside(directory, StatePart::History)?);
    move_directory(&fresh, &directory.history())?;
    Ok(RebuildReport {
        moved_to,
        documents: meta.documents + meta.deleted,
        revisions: meta.revisions,
        lost: Vec::new(),
    })
}

/// What the history says of one document.
#[derive(Default)]
struct Past {
    place: Option<PlaceV1>,
    open: bool,
    revisions: BTreeMap<u32, RevisionV1>,
}

/// What the history says, without texts.
#[derive(Default)]
struct Folded {
    documents: BTreeMap<u64, Past>,
    store: [u8; 16],
    last: u64,
    time: i64,
    next_document: u64,
}

impl Past {
    fn revision(&mut self, number: u32, content: [u8; 32], from: i64, sequence: u64) -> &mut RevisionV1 {
        let revision = self.revisions.entry(number).or_insert(RevisionV1 {
            revision: number,
            content,
            from,
            to: None,
            changed: sequence,
            body: BlobV1::default(),
            annotations: BlobV1::default(),
        });
        revision.changed = revision.changed.max(sequence);
        revision
    }
}

impl Folded {
    fn take(&mut self, entry: &EntryV1) {
        // Also of what was forgotten since: an id is never used again.
        self.next_document = self.next_document.max(entry.document().saturating_add(1));
        match entry {
            EntryV1::Opened { sequence, document, revision, place, content, from } => {
                let past = self.documents.entry(*document).or_default();
                past.revision(*revision, *content, *from, *sequence);
                let is_newest = past.revisions.last_key_value().is_some_and(|(newest, _)| newest == revision);
                if is_newest {
                    past.place = Some(place.clone());
                    past.open = past.revisions.get(revision).is_some_and(|newest| newest.to.is_none());
                }
            }
            EntryV1::Closed { sequence, document, revision, content, from, to, body, .. } => {
                let past = self.documents.entry(*document).or_default();
                let known = past.revision(*revision, *content, *from, *sequence);
                known.to = Some(*to);
                if let Some(body) = body {
                    known.body = body.blob;
                }
                let newest = past.revisions.last_key_value().map(|(newest, _)| *newest);
                if newest == Some(*revision) {
                    past.open = false;
                }
            }
            EntryV1::Moved { sequence, document, place } => {
                let past = self.documents.entry(*document).or_default();
                past.place = Some(place.clone());
                if let Some((_, newest)) = past.revisions.iter_mut().next_back() {
                    newest.changed = newest.changed.max(*sequence);
                }
            }
            EntryV1::Purged { document, revision, .. } => {
                if let Some(past) = self.documents.get_mut(document) {
                    past.revisions.remove(revision);
                    if past.revisions.is_empty() {
                        self.documents.remove(document);
                    }
                }
            }
        }
    }
}

/// Reads a history as far as it can be read: a damaged segment ends early, the next one is read all the same.
fn read_leniently(
    directory: &Path,
    report: &mut RebuildReport,
    visit: &mut dyn FnMut(&history::Frame) -> Result<(), StoreError>,
) -> Result<Option<[u8; 16]>, StoreError> {
    let mut store = None;
    for segment in history::segments(directory)? {
        let mut reader = history::Reader::over(vec![segment]);
        loop {
            match reader.next() {
                Ok(Some(frame)) => visit(&frame)?,
                Ok(None) => break,
                Err(error) => {
                    report.lose(error.to_string());
                    break;
                }
            }
        }
        store = store.or(reader.store());
    }
    Ok(store)
}

fn rebuild_store(directory: &StateDir, options: &StoreOptions) -> Result<RebuildReport, StoreError> {
    let mut report = RebuildReport { moved_to: None, ..RebuildReport::default() };
    // Cuts off an unfinished last batch, so that store and history meet again when opened.
    let tail = Writer::open(&directory.history(), [0; 16]);
    if let Ok(found) = &tail
        && found.torn > 0
    {
        // With a sound store behind it this would be the end of a crash; without one nobody knows what it held.
        report.lose(format!("the last {} bytes of the history, which were not whole", found.torn));
    }
    let damaged_tail = tail.is_err();
    let mut folded = Folded { next_document: 1, ..Folded::default() };
    let store = read_leniently(&directory.history(), &mut report, &mut |frame| {
        folded.last = folded.last.max(frame.last);
        folded.time = folded.time.max(frame.batch.time);
        frame.batch.entries.iter().for_each(|entry| folded.take(entry));
        Ok(())
    })?;
    folded.store = store.unwrap_or([1; 16]);
    report.moved_to = Some(move_aside(directory, StatePart::Store)?);
    let (engine, _) = Engine::open(&directory.store(), options.cache_bytes)?;
    let meta = fill(directory, &engine, &folded, &mut report)?;
    if damaged_tail || !report.lost.is_empty() {
        // What the history lost is lost; from here on it says what the store says.
        let fresh = directory.path().join("history.new");
        remove_directory(&fresh)?;
        crate::files::create_directory(&fresh)?;
        repair::write_history(&engine, &meta, &mut Writer::new(&fresh, meta.store, 0, 0))?;
        move_aside(directory, StatePart::History)?;
        move_directory(&fresh, &directory.history())?;
    }
    Ok(report)
}

/// Writes what the history says into a new engine: first documents, then the texts that are still wanted.
fn fill(
    directory: &StateDir,
    engine: &Engine,
    folded: &Folded,
    report: &mut RebuildReport,
) -> Result<MetaV1, StoreError> {
    let meta = MetaV1 {
        store: folded.store,
        sequence: folded.last,
        next_document: folded.next_document,
        time: folded.time,
        ..MetaV1::default()
    };
    let mut builder = Builder::new(engine, meta);
    for (document, past) in &folded.documents {
        let Some(head) = head_of(past) else {
            report.lose(format!("document {document}: nothing is known but its id"));
            continue;
        };
        let older: Vec<RevisionV1> =
            past.revisions.values().filter(|old| old.revision != head.current.revision).cloned().collect();
        for lost in older.iter().filter(|old| old.body.is_absent()) {
            report.lose(format!("document {document}: text of revision {}", lost.revision));
        }
        if !head.open && head.current.body.is_absent() {
            report.lose(format!("document {document}: its last text, it was deleted"));
        }
        builder.document(DocumentId(*document), &head, &older)?;
        report.documents += 1;
    }
    let mut ignored = RebuildReport::default();
    read_leniently(&directory.history(), &mut ignored, &mut |frame| {
        for entry in &frame.batch.entries {
            let EntryV1::Closed { document, revision, body: Some(body), .. } = entry else { continue };
            let wanted = folded.documents.get(document).and_then(|past| past.revisions.get(revision));
            if wanted.is_some_and(|wanted| wanted.body == body.blob) {
                let prefix = keys::body(DocumentId(*document), Revision(*revision));
                builder.blob(&prefix, &StoredBlob { blob: body.blob, stored: &body.stored.0 })?;
                report.revisions += 1;
            }
        }
        Ok(())
    })?;
    builder.finish()
}

/// The record of a document from its past.
fn head_of(past: &Past) -> Option<HeadV1> {
    let place = past.place.clone()?;
    let (_, current) = past.revisions.last_key_value()?;
    let (oldest, _) = past.revisions.first_key_value()?;
    Some(HeadV1 {
        path: place.path,
        part: place.part,
        own: place.own,
        number: place.number,
        open: past.open && current.to.is_none(),
        oldest: *oldest,
        current: current.clone(),
    })
}
