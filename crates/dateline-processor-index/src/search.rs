//! Answering plans: a handle for reading that any thread may clone, the best documents of a plan, and word statistics.

use crate::columns::{Columns, OpenColumns, Sight};
use crate::compile::Compiler;
use crate::cursor::{Cursor, Group, as_f32};
use crate::schema::Fields;
use crate::{Field, Order, Plan, Scoring, Word};
use dateline_processor::IndexError;
use dateline_processor::core::{DateInterval, DocumentId, Revision};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Arc, PoisonError, RwLock};
use tantivy::index::SegmentReader;
use tantivy::schema::IndexRecordOption;
use tantivy::{IndexReader, TERMINATED};

/// Documents whose order nearness may change: the best so many. Pages beyond keep their order.
const NEARNESS_DEPTH: usize = 200;
/// Words looked at for nearness.
const NEARNESS_WORDS_MAX: usize = 16;
/// Positions beyond which two words are not near.
const NEARNESS_POSITIONS_MAX: u32 = 8;

/// One document found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundHit {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// Score; comparable within one search only.
    pub score: f32,
    /// The document's date, when it is dated.
    pub written: Option<DateInterval>,
}

/// What a plan found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The page asked for, in order.
    pub hits: Vec<FoundHit>,
    /// How many documents there are in all.
    pub total: usize,
    /// How many undated documents `as_of` left out.
    pub undated_left_out: usize,
}

/// A handle for reading. Cheap to clone; sees each commit of the [`crate::Index`] it came from.
#[derive(Clone)]
pub struct Searching {
    pub(crate) reader: Arc<RwLock<IndexReader>>,
    pub(crate) fields: Fields,
    pub(crate) columns: Arc<OpenColumns>,
}

impl std::fmt::Debug for Searching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searching").finish_non_exhaustive()
    }
}

/// The place of a hit: what its order is made of.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    rank: f64,
    document: u64,
    revision: u64,
    score: f32,
    segment: usize,
    doc: u32,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Candidate) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    /// Better is less.
    fn cmp(&self, other: &Candidate) -> Ordering {
        let rank = other.rank.total_cmp(&self.rank);
        rank.then(self.document.cmp(&other.document)).then(self.revision.cmp(&other.revision))
    }
}

pub(crate) fn unreadable(error: tantivy::TantivyError) -> IndexError {
    IndexError::Storage { doing: "read", source: Box::new(error) }
}

/// The best candidates so far, at most `keep`.
struct Best {
    keep: usize,
    heap: BinaryHeap<Candidate>,
}

impl Best {
    fn offer(&mut self, candidate: Candidate) {
        if self.heap.len() < self.keep {
            self.heap.push(candidate);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && candidate < *worst
        {
            *worst = candidate;
        }
    }

    /// Whether a document of this rank could still be kept.
    fn takes(&self, rank: f64) -> bool {
        self.heap.len() < self.keep || self.heap.peek().is_some_and(|worst| rank >= worst.rank)
    }
}

impl Searching {
    /// The reader of the moment.
    pub(crate) fn reader(&self) -> IndexReader {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Files of the index whose bytes are not those that were written, by their checksums. Reads the whole index. What
    /// is damaged is so at a second look too; files that a merge replaced meanwhile are not.
    #[must_use]
    pub fn damaged_files(&self) -> Vec<String> {
        let first = self.checked();
        if first.is_empty() {
            return first;
        }
        let again = self.checked();
        first.into_iter().filter(|file| again.contains(file)).collect()
    }

    /// The damaged files of one look, by name; the index itself when it cannot be looked at.
    fn checked(&self) -> Vec<String> {
        match self.reader().searcher().index().validate_checksum() {
            Ok(damaged) => {
                let mut names: Vec<String> = damaged.iter().map(|file| file.display().to_string()).collect();
                names.sort();
                names
            }
            Err(error) => vec![format!("meta.json: {error}")],
        }
    }

    /// The documents a plan asks for.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when the index cannot be read.
    pub fn search(&self, plan: &Plan) -> Result<Found, IndexError> {
        self.run(plan).map_err(unreadable)
    }

    /// In how many documents, of all revisions, each word stands; the same order.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when the index cannot be read.
    pub fn document_frequencies(&self, field: Field, words: &[Word]) -> Result<Vec<u64>, IndexError> {
        let searcher = self.reader().searcher();
        let columns = self.columns.of(&searcher).map_err(unreadable)?;
        let mut compiler = Compiler::new(&searcher, &columns, &self.fields, Scoring::default());
        words.iter().map(|word| compiler.document_frequency(field, word)).collect::<Result<_, _>>().map_err(unreadable)
    }

    /// How many revisions the index holds.
    #[must_use]
    pub fn revisions(&self) -> u64 {
        self.reader().searcher().num_docs()
    }

    fn run(&self, plan: &Plan) -> tantivy::Result<Found> {
        let searcher = self.reader().searcher();
        let columns = self.columns.of(&searcher)?;
        let mut compiler = Compiler::new(&searcher, &columns, &self.fields, plan.scoring);
        let near = nearness_words(plan);
        let page = plan.offset.saturating_add(plan.limit);
        let keep = if near.len() > 1 { page.max(NEARNESS_DEPTH) } else { page };
        let mut best = Best { keep, heap: BinaryHeap::new() };
        let mut found = Found::default();
        for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
            let mut walk = compiler.compile(ordinal, &plan.node)?;
            collect(plan, ordinal, segment, &columns[ordinal], &mut *walk, &mut best, &mut found);
        }
        let mut candidates = best.heap.into_sorted_vec();
        if near.len() > 1 {
            raise_near(&mut compiler, plan, &near, &mut candidates)?;
        }
        found.hits = candidates
            .into_iter()
            .skip(plan.offset)
            .take(plan.limit)
            .map(|candidate| FoundHit {
                document: DocumentId(candidate.document),
                revision: Revision(u32::try_from(candidate.revision).unwrap_or(u32::MAX)),
                score: candidate.score,
                written: columns[candidate.segment].written(candidate.doc),
            })
            .collect();
        Ok(found)
    }
}

/// The words whose nearness counts in this plan.
fn nearness_words(plan: &Plan) -> Vec<Word> {
    if plan.scoring.nearness <= 0.0 || plan.order != Order::Score {
        return Vec::new();
    }
    plan.near.iter().take(NEARNESS_WORDS_MAX).cloned().collect()
}

fn collect(
    plan: &Plan,
    ordinal: usize,
    segment: &SegmentReader,
    columns: &Columns,
    walk: &mut dyn Cursor,
    best: &mut Best,
    found: &mut Found,
) {
    let alive = segment.alive_bitset();
    let mut doc = walk.doc();
    while doc != TERMINATED {
        if alive.is_none_or(|alive| alive.is_alive(doc)) {
            match columns.sight(doc, &plan.filter) {
                Sight::Hidden => {}
                Sight::Undated => found.undated_left_out += 1,
                Sight::Seen => {
                    found.total += 1;
                    let score = walk.score();
                    let rank = columns.rank(doc, plan.order, score);
                    if best.keep > 0 && best.takes(rank) {
                        let document = columns.document.first(doc).unwrap_or(0);
                        if plan.after.is_none_or(|after| document > after.0) {
                            let revision = columns.revision.first(doc).unwrap_or(0);
                            best.offer(Candidate { rank, document, revision, score, segment: ordinal, doc });
                        }
                    }
                }
            }
        }
        doc = walk.advance();
    }
}

/// Raises the best candidates in which neighbouring words of the query stand near each other.
fn raise_near(
    compiler: &mut Compiler<'_>,
    plan: &Plan,
    near: &[Word],
    candidates: &mut [Candidate],
) -> tantivy::Result<()> {
    let depth = candidates.len().min(NEARNESS_DEPTH);
    let best = &mut candidates[..depth];
    best.sort_by_key(|candidate| (candidate.segment, candidate.doc));
    let mut weights = Vec::with_capacity(near.len());
    for word in near {
        let found_in = compiler.document_frequency(Field::Text, word)?;
        #[expect(clippy::cast_precision_loss, reason = "counts of documents, for a logarithm")]
        weights.push((1.0 + compiler.documents as f32 / (found_in as f32 + 0.5)).ln());
    }
    let mut open: Option<(usize, Vec<Group>)> = None;
    let mut positions: Vec<Vec<u32>> = vec![Vec::new(); near.len()];
    for candidate in best.iter_mut() {
        if open.as_ref().is_none_or(|(segment, _)| *segment != candidate.segment) {
            let option = IndexRecordOption::WithFreqsAndPositions;
            let groups = near.iter().map(|word| compiler.group(candidate.segment, Field::Text, word, option));
            open = Some((candidate.segment, groups.collect::<Result<_, _>>()?));
        }
        let Some((_, groups)) = &mut open else { continue };
        for (group, positions) in groups.iter_mut().zip(&mut positions) {
            positions.clear();
            if group.seek(candidate.doc) == candidate.doc {
                group.positions(positions);
            }
        }
        candidate.score += plan.scoring.nearness * nearness(&positions, &weights);
        candidate.rank = f64::from(candidate.score);
    }
    // Candidates past the depth keep their places behind: nearness only adds.
    best.sort();
    Ok(())
}

/// How near the words stand: for each two neighbours of the query, the sum of 1/distance² over their meetings,
/// levelled off, times the weight of the more common one.
fn nearness(positions: &[Vec<u32>], weights: &[f32]) -> f32 {
    let pairs = positions.windows(2).zip(weights.windows(2));
    pairs
        .map(|(positions, weights)| {
            let met = meetings(&positions[0], &positions[1]);
            weights[0].min(weights[1]) * met / (met + 1.0)
        })
        .sum()
}

/// Sum of 1/distance² over all occurrences of the first word and the nearest of the second.
fn meetings(one: &[u32], other: &[u32]) -> f32 {
    let mut sum = 0.0;
    let mut at = 0;
    for place in one {
        while other.get(at + 1).is_some_and(|next| next.abs_diff(*place) <= other[at].abs_diff(*place)) {
            at += 1;
        }
        let Some(nearest) = other.get(at) else { break };
        // In the query's order side by side is distance 1, in the other order 2.
        let distance = nearest.abs_diff(*place) + u32::from(nearest < place);
        if (1..=NEARNESS_POSITIONS_MAX).contains(&distance) {
            sum += 1.0 / as_f32(distance * distance);
        }
    }
    sum
}
