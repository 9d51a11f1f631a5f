//! The history as events, for people and tools. Rebuilding from it is in `rebuild`.

use crate::error::StoreError;
use crate::history::{EntryV1, PlaceV1, Reader};
use crate::record::timestamp;
use crate::store::Store;
use dateline_core::{ContentHash, DocumentId, Revision, Sequence, SourcePath, Timestamp};
use std::collections::HashSet;

/// What happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// A revision became current.
    Opened,
    /// A revision gave way to another.
    Superseded,
    /// The document was deleted.
    Deleted,
    /// The document stands elsewhere.
    Moved,
    /// Retention forgot a revision.
    Purged,
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEvent {
    /// The change it belongs to.
    pub sequence: Sequence,
    /// When it was committed.
    pub time: Timestamp,
    /// The document.
    pub document: DocumentId,
    /// The revision, where it is about one.
    pub revision: Option<Revision>,
    /// What happened.
    pub kind: HistoryKind,
    /// Source and part, where the document was put or moved.
    pub place: Option<(SourcePath, String)>,
    /// Hash of the content, where it is about one.
    pub content: Option<ContentHash>,
}

/// A place in the change log as a time: see [`Store::there_by`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThereBy {
    /// When the newest revision came that stands before the place.
    pub time: Timestamp,
    /// Documents of which a revision came at that very time and stands behind the place: one commit has one time, and a
    /// clock that was set back stands still.
    pub later: HashSet<DocumentId>,
}

impl Store {
    /// Calls `visit` with everything that ever happened, in order, until it returns false. After the history was written
    /// anew, what happened before comes document by document.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a segment cannot be read.
    pub fn history(&self, visit: &mut dyn FnMut(HistoryEvent) -> bool) -> Result<(), StoreError> {
        let until = self.sequence().0;
        let mut reader = Reader::open(&self.directory().history())?;
        while reader.last() < until {
            let Some(frame) = reader.next()? else { break };
            for entry in frame.batch.entries {
                if !visit(event(timestamp(frame.batch.time), entry)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What was there at a place in the change log, told by time; `None` when nothing had come yet. What else happened to
    /// documents, as that they were annotated anew, counts nothing.
    ///
    /// A history that was written anew knows a revision by its newest change only: of what it then takes to have come later
    /// it goes by the time.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a segment cannot be read.
    pub fn there_by(&self, at: Sequence) -> Result<Option<ThereBy>, StoreError> {
        let is_opened = |event: &HistoryEvent| event.kind == HistoryKind::Opened;
        let mut newest = None;
        self.history(&mut |event| {
            if is_opened(&event) && event.sequence <= at {
                newest = newest.max(Some(event.time));
            }
            true
        })?;
        let Some(time) = newest else { return Ok(None) };
        let mut later = HashSet::new();
        self.history(&mut |event| {
            if is_opened(&event) && event.sequence > at && event.time == time {
                later.insert(event.document);
            }
            true
        })?;
        Ok(Some(ThereBy { time, later }))
    }
}

fn event(time: Timestamp, entry: EntryV1) -> HistoryEvent {
    let event = |sequence, document, revision: Option<u32>, kind| HistoryEvent {
        sequence: Sequence(sequence),
        time,
        document: DocumentId(document),
        revision: revision.map(Revision),
        kind,
        place: None,
        content: None,
    };
    let at = |place: PlaceV1| Some((SourcePath::new(place.path.0), place.part));
    match entry {
        EntryV1::Opened { sequence, document, revision, place, content, from } => HistoryEvent {
            place: at(place),
            content: Some(ContentHash(content)),
            time: timestamp(from),
            ..event(sequence, document, Some(revision), HistoryKind::Opened)
        },
        EntryV1::Closed { sequence, document, revision, content, to, deleted, .. } => {
            let kind = if deleted { HistoryKind::Deleted } else { HistoryKind::Superseded };
            let content = Some(ContentHash(content));
            HistoryEvent { content, time: timestamp(to), ..event(sequence, document, Some(revision), kind) }
        }
        EntryV1::Moved { sequence, document, place } => {
            HistoryEvent { place: at(place), ..event(sequence, document, None, HistoryKind::Moved) }
        }
        EntryV1::Purged { sequence, document, revision } => {
            event(sequence, document, Some(revision), HistoryKind::Purged)
        }
    }
}
