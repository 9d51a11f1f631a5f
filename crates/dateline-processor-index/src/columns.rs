//! The columns of the index that decide whether a document is seen and where it stands: opened once for each segment and
//! kept as long as the segment lives, because opening them costs more than most questions. Finds no documents.

use crate::schema::{date_of, day, micros, names, unpack};
use crate::{Clock, Filter, Order};
use dateline_processor::core::DateInterval;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tantivy::Searcher;
use tantivy::columnar::Column;
use tantivy::index::{SegmentId, SegmentReader};

/// The columns of one segment. A segment never changes, only the set of its deleted documents does, which is not here.
pub(crate) struct Columns {
    /// Whether the revision is the one of now, by document of the segment.
    current: Box<[bool]>,
    pub(crate) document: Column<u64>,
    pub(crate) revision: Column<u64>,
    seen_from: Column<i64>,
    seen_to: Column<i64>,
    written_from: Column<i64>,
    written_to: Column<i64>,
    latest: Column<i64>,
    mentions: Column<u64>,
}

/// Whether a document is seen.
pub(crate) enum Sight {
    Seen,
    Hidden,
    Undated,
}

impl Columns {
    fn of(segment: &SegmentReader) -> tantivy::Result<Columns> {
        let fast = segment.fast_fields();
        let seen_to = fast.i64(names::SEEN_TO)?;
        Ok(Columns {
            current: (0..segment.max_doc()).map(|doc| seen_to.first(doc) == Some(i64::MAX)).collect(),
            document: fast.u64(names::DOCUMENT)?,
            revision: fast.u64(names::REVISION)?,
            seen_from: fast.i64(names::SEEN_FROM)?,
            seen_to,
            written_from: fast.i64(names::WRITTEN_FROM)?,
            written_to: fast.i64(names::WRITTEN_TO)?,
            latest: fast.i64(names::LATEST)?,
            mentions: fast.u64(names::MENTIONS)?,
        })
    }

    pub(crate) fn sight(&self, doc: u32, filter: &Filter) -> Sight {
        let visible = match filter.clock {
            Clock::Ever => true,
            Clock::Current => self.current[doc as usize],
            Clock::KnownAt(time) => {
                let time = micros(time);
                self.seen_from.first(doc).is_some_and(|from| from <= time)
                    && self.seen_to.first(doc).is_some_and(|to| time < to)
            }
        };
        match (visible, filter.as_of) {
            (false, _) => Sight::Hidden,
            (true, None) => Sight::Seen,
            (true, Some(as_of)) => match self.latest.first(doc) {
                Some(latest) if latest <= day(as_of) => Sight::Seen,
                Some(_) => Sight::Hidden,
                None if filter.undated => Sight::Seen,
                None => Sight::Undated,
            },
        }
    }

    /// The document's date, when it is dated.
    pub(crate) fn written(&self, doc: u32) -> Option<DateInterval> {
        let (earliest, latest) = (self.written_from.first(doc)?, self.written_to.first(doc)?);
        Some(DateInterval { earliest: date_of(earliest)?, latest: date_of(latest)? })
    }

    /// Whether the document's date may fall between two days, both included.
    pub(crate) fn may_be_written(&self, doc: u32, from: i64, to: i64) -> bool {
        self.written_from.first(doc).is_some_and(|earliest| earliest <= to)
            && self.written_to.first(doc).is_some_and(|latest| latest >= from)
    }

    /// The first and last days of the document's time expressions.
    pub(crate) fn mentions(&self, doc: u32) -> impl Iterator<Item = (i64, i64)> {
        self.mentions.values_for_doc(doc).map(unpack)
    }

    #[expect(clippy::cast_precision_loss, reason = "day numbers and ids are far below 2^52")]
    pub(crate) fn rank(&self, doc: u32, order: Order, score: f32) -> f64 {
        match order {
            Order::Score => f64::from(score),
            Order::Newest => self.written_to.first(doc).map_or(f64::NEG_INFINITY, |day| day as f64),
            Order::Oldest => self.written_from.first(doc).map_or(f64::NEG_INFINITY, |day| -day as f64),
            Order::Arrival => self.document.first(doc).map_or(f64::NEG_INFINITY, |id| -(id as f64)),
        }
    }
}

/// The columns of the segments that live.
#[derive(Default)]
pub(crate) struct OpenColumns(Mutex<FxHashMap<SegmentId, Arc<Columns>>>);

impl OpenColumns {
    /// The columns of a searcher's segments, in its order. What the searcher does not have is forgotten, so that files
    /// which a merge replaced are let go; a searcher that is older than the last one opens its own again.
    pub(crate) fn of(&self, searcher: &Searcher) -> tantivy::Result<Vec<Arc<Columns>>> {
        let segments = searcher.segment_readers();
        let known: Vec<_> = {
            let open = self.lock();
            segments.iter().map(|segment| open.get(&segment.segment_id()).cloned()).collect()
        };
        let is_all = known.iter().all(Option::is_some);
        // Not under the lock: who applies changes opens the columns of large segments, and is less urgent than who asks.
        let columns = segments.iter().zip(known).map(|(segment, known)| match known {
            Some(known) => Ok(known),
            None => Columns::of(segment).map(Arc::new),
        });
        let columns: Vec<Arc<Columns>> = columns.collect::<tantivy::Result<_>>()?;
        let mut open = self.lock();
        if !is_all || open.len() != segments.len() {
            *open = segments.iter().map(SegmentReader::segment_id).zip(columns.iter().cloned()).collect();
        }
        Ok(columns)
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<SegmentId, Arc<Columns>>> {
        // A panic leaves whole entries only.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
