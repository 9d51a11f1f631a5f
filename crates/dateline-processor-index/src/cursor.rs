//! Walking over the documents of one segment that meet a condition, in order, with scores. Knows no query.

use std::sync::Arc;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::{DocSet, TERMINATED};

/// A walk over documents in ascending order; ends at [`TERMINATED`].
pub(crate) trait Cursor {
    fn doc(&self) -> u32;
    fn advance(&mut self) -> u32;
    /// Goes to the first document at or after `target`, which is not before the current one.
    fn seek(&mut self, target: u32) -> u32;
    /// Score of the current document.
    fn score(&mut self) -> f32;
    /// About how many documents there are.
    fn cost(&self) -> u32;
}

/// A boxed walk.
pub(crate) type BoxCursor = Box<dyn Cursor>;

/// No document.
pub(crate) struct Nothing;

impl Cursor for Nothing {
    fn doc(&self) -> u32 {
        TERMINATED
    }
    fn advance(&mut self) -> u32 {
        TERMINATED
    }
    fn seek(&mut self, _target: u32) -> u32 {
        TERMINATED
    }
    fn score(&mut self) -> f32 {
        0.0
    }
    fn cost(&self) -> u32 {
        0
    }
}

/// Documents that meet a predicate; every document of the segment is looked at.
pub(crate) struct Matching<F> {
    doc: u32,
    end: u32,
    cost: u32,
    predicate: F,
}

impl<F: FnMut(u32) -> bool> Matching<F> {
    pub(crate) fn new(end: u32, cost: u32, predicate: F) -> Matching<F> {
        let mut matching = Matching { doc: 0, end, cost, predicate };
        matching.settle(0);
        matching
    }

    fn settle(&mut self, from: u32) -> u32 {
        self.doc = (from..self.end).find(|doc| (self.predicate)(*doc)).unwrap_or(TERMINATED);
        self.doc
    }
}

impl<F: FnMut(u32) -> bool> Cursor for Matching<F> {
    fn doc(&self) -> u32 {
        self.doc
    }
    fn advance(&mut self) -> u32 {
        if self.doc == TERMINATED { TERMINATED } else { self.settle(self.doc + 1) }
    }
    fn seek(&mut self, target: u32) -> u32 {
        if target <= self.doc { self.doc } else { self.settle(target) }
    }
    fn score(&mut self) -> f32 {
        0.0
    }
    fn cost(&self) -> u32 {
        self.cost
    }
}

/// A sorted list of documents.
pub(crate) struct Listed {
    docs: Vec<u32>,
    at: usize,
    score: f32,
}

impl Listed {
    /// Takes documents in any order, doubled ones too.
    pub(crate) fn new(mut docs: Vec<u32>, score: f32) -> Listed {
        docs.sort_unstable();
        docs.dedup();
        Listed { docs, at: 0, score }
    }
}

impl Cursor for Listed {
    fn doc(&self) -> u32 {
        self.docs.get(self.at).copied().unwrap_or(TERMINATED)
    }
    fn advance(&mut self) -> u32 {
        self.at = (self.at + 1).min(self.docs.len());
        self.doc()
    }
    fn seek(&mut self, target: u32) -> u32 {
        self.at += self.docs[self.at..].partition_point(|doc| *doc < target);
        self.doc()
    }
    fn score(&mut self) -> f32 {
        self.score
    }
    fn cost(&self) -> u32 {
        u32::try_from(self.docs.len()).unwrap_or(u32::MAX)
    }
}

/// Several terms as if they were one: a word and its inflections, the words with a prefix.
pub(crate) struct Group {
    members: Vec<SegmentPostings>,
    doc: u32,
    cost: u32,
}

impl Group {
    pub(crate) fn new(members: Vec<SegmentPostings>) -> Group {
        let cost = members.iter().map(SegmentPostings::doc_freq).fold(0u32, u32::saturating_add);
        let mut group = Group { members, doc: 0, cost };
        group.settle();
        group
    }

    fn settle(&mut self) -> u32 {
        self.doc = self.members.iter().map(DocSet::doc).min().unwrap_or(TERMINATED);
        self.doc
    }

    pub(crate) fn doc(&self) -> u32 {
        self.doc
    }

    pub(crate) fn advance(&mut self) -> u32 {
        let doc = self.doc;
        if doc == TERMINATED {
            return TERMINATED;
        }
        for member in &mut self.members {
            if member.doc() == doc {
                member.advance();
            }
        }
        self.settle()
    }

    pub(crate) fn seek(&mut self, target: u32) -> u32 {
        if target <= self.doc {
            return self.doc;
        }
        for member in &mut self.members {
            if member.doc() < target {
                member.seek(target);
            }
        }
        self.settle()
    }

    /// Occurrences in the current document.
    pub(crate) fn frequency(&self) -> u32 {
        self.members.iter().filter(|member| member.doc() == self.doc).map(Postings::term_freq).sum()
    }

    /// Positions in the current document, ascending.
    pub(crate) fn positions(&mut self, into: &mut Vec<u32>) {
        into.clear();
        let doc = self.doc;
        let mut parts = 0;
        for member in self.members.iter_mut().filter(|member| member.doc() == doc) {
            member.append_positions_with_offset(0, into);
            parts += 1;
        }
        if parts > 1 {
            into.sort_unstable();
            into.dedup();
        }
    }
}

/// BM25 for one word: everything that does not depend on the document.
#[derive(Clone)]
pub(crate) struct Bm25 {
    weight: f32,
    norms: Arc<[f32; 256]>,
}

impl Bm25 {
    /// Tables of `k1 * (1 - b + b * length / mean length)` by coded length.
    pub(crate) fn norms(k1: f32, b: f32, mean_length: f32) -> Arc<[f32; 256]> {
        let norm = |id: usize| {
            let length = FieldNormReader::id_to_fieldnorm(u8::try_from(id).unwrap_or(u8::MAX));
            k1 * (1.0 - b + b * as_f32(length) / mean_length.max(1.0))
        };
        Arc::new(std::array::from_fn(norm))
    }

    pub(crate) fn new(k1: f32, norms: Arc<[f32; 256]>, found_in: u64, documents: u64) -> Bm25 {
        Bm25 { weight: Bm25::rarity(found_in, documents) * (k1 + 1.0), norms }
    }

    /// How much a word says that stands in so many of all documents.
    pub(crate) fn rarity(found_in: u64, documents: u64) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "counts of documents, for a logarithm")]
        let (found_in, documents) = (found_in.min(documents) as f32, documents as f32);
        (1.0 + (documents - found_in + 0.5) / (found_in + 0.5)).ln()
    }

    pub(crate) fn score(&self, frequency: f32, norm_id: u8) -> f32 {
        self.weight * frequency / (frequency + self.norms[usize::from(norm_id)])
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths and frequencies, for a score")]
pub(crate) fn as_f32(number: u32) -> f32 {
    number as f32
}

/// A scored word.
pub(crate) struct Scored {
    pub(crate) group: Group,
    /// The same word in the title, and what an occurrence there counts.
    pub(crate) title: Option<(Group, f32)>,
    pub(crate) bm25: Bm25,
    pub(crate) lengths: FieldNormReader,
}

impl Cursor for Scored {
    fn doc(&self) -> u32 {
        self.group.doc()
    }
    fn advance(&mut self) -> u32 {
        self.group.advance()
    }
    fn seek(&mut self, target: u32) -> u32 {
        self.group.seek(target)
    }
    fn score(&mut self) -> f32 {
        let doc = self.group.doc();
        let mut frequency = as_f32(self.group.frequency());
        if let Some((title, weight)) = &mut self.title
            && title.seek(doc) == doc
        {
            frequency += *weight * as_f32(title.frequency());
        }
        self.bm25.score(frequency, self.lengths.fieldnorm_id(doc))
    }
    fn cost(&self) -> u32 {
        self.group.cost
    }
}

/// How words must stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One after the other.
    InOrder,
    /// In any order, with at most so many others between them.
    Within(u32),
}

/// Words that must stand in some layout; scored as one word.
pub(crate) struct Positional {
    groups: Vec<Group>,
    positions: Vec<Vec<u32>>,
    layout: Layout,
    frequency: u32,
    bm25: Bm25,
    lengths: FieldNormReader,
}

impl Positional {
    pub(crate) fn new(groups: Vec<Group>, layout: Layout, bm25: Bm25, lengths: FieldNormReader) -> Positional {
        let positions = groups.iter().map(|_| Vec::new()).collect();
        let mut walk = Positional { groups, positions, layout, frequency: 0, bm25, lengths };
        let first = walk.doc();
        walk.settle(first);
        walk
    }

    /// Goes to the first document at or after `target` in which all words stand as they must.
    fn settle(&mut self, mut target: u32) -> u32 {
        'document: while target != TERMINATED {
            for at in 0..self.groups.len() {
                let doc = self.groups[at].seek(target);
                if doc != target {
                    target = self.groups[0].seek(doc);
                    continue 'document;
                }
            }
            for (group, positions) in self.groups.iter_mut().zip(&mut self.positions) {
                group.positions(positions);
            }
            self.frequency = match self.layout {
                Layout::InOrder => in_order(&self.positions),
                Layout::Within(gap) => within(&self.positions, gap),
            };
            if self.frequency > 0 {
                return target;
            }
            target = self.groups[0].advance();
        }
        TERMINATED
    }
}

impl Cursor for Positional {
    fn doc(&self) -> u32 {
        self.groups.first().map_or(TERMINATED, Group::doc)
    }
    fn advance(&mut self) -> u32 {
        let Some(first) = self.groups.first_mut() else { return TERMINATED };
        let next = first.advance();
        self.settle(next)
    }
    fn seek(&mut self, target: u32) -> u32 {
        let Some(first) = self.groups.first_mut() else { return TERMINATED };
        if target <= first.doc() {
            return first.doc();
        }
        let next = first.seek(target);
        self.settle(next)
    }
    fn score(&mut self) -> f32 {
        let doc = self.doc();
        self.bm25.score(as_f32(self.frequency), self.lengths.fieldnorm_id(doc))
    }
    fn cost(&self) -> u32 {
        self.groups.iter().map(|group| group.cost).min().unwrap_or(0)
    }
}

/// How often the words stand one after the other.
fn in_order(positions: &[Vec<u32>]) -> u32 {
    let Some((first, rest)) = positions.split_first() else { return 0 };
    let stands = |start: &&u32| {
        (1u32..).zip(rest).all(|(offset, following)| following.binary_search(&(**start + offset)).is_ok())
    };
    u32::try_from(first.iter().filter(stands).count()).unwrap_or(u32::MAX)
}

/// How often all words stand within a window that leaves at most `gap` positions to others. Windows never overlap, and
/// a word asked for twice must stand twice.
fn within(positions: &[Vec<u32>], gap: u32) -> u32 {
    let width = u32::try_from(positions.len()).unwrap_or(u32::MAX).saturating_add(gap);
    let mut next: Vec<usize> = vec![0; positions.len()];
    let mut count = 0;
    let mut from = 0;
    loop {
        // The earliest place of each word from `from` on; a place taken by a word before is not free any more.
        let mut places: Vec<u32> = Vec::with_capacity(positions.len());
        for (list, at) in positions.iter().zip(&mut next) {
            while list.get(*at).is_some_and(|place| *place < from) {
                *at += 1;
            }
            let Some(place) = list[*at..].iter().find(|place| !places.contains(place)) else { return count };
            places.push(*place);
        }
        let (first, last) = places.iter().fold((u32::MAX, 0), |(first, last), at| (first.min(*at), last.max(*at)));
        if last - first < width {
            count += 1;
            from = last + 1;
        } else {
            from = first + 1;
        }
    }
}

/// A condition that is quick to try on a document, and slow to walk through.
pub(crate) type Predicate = Box<dyn Fn(u32) -> bool>;

/// Documents that all walks have, all filters let through, and no excluded walk has.
pub(crate) struct All {
    walks: Vec<BoxCursor>,
    filters: Vec<Predicate>,
    excluded: Vec<BoxCursor>,
}

impl All {
    pub(crate) fn new(mut walks: Vec<BoxCursor>, filters: Vec<Predicate>, excluded: Vec<BoxCursor>) -> All {
        walks.sort_by_key(|walk| walk.cost());
        let mut all = All { walks, filters, excluded };
        let first = all.doc();
        all.settle(first);
        all
    }

    fn settle(&mut self, mut target: u32) -> u32 {
        'document: while target != TERMINATED {
            for at in 1..self.walks.len() {
                let doc = self.walks[at].seek(target);
                if doc != target {
                    target = self.walks[0].seek(doc);
                    continue 'document;
                }
            }
            let passes = self.filters.iter().all(|filter| filter(target));
            if passes && !self.excluded.iter_mut().any(|walk| walk.seek(target) == target) {
                return target;
            }
            target = self.walks[0].advance();
        }
        self.walks.first_mut().map_or(TERMINATED, |walk| walk.seek(TERMINATED))
    }
}

impl Cursor for All {
    fn doc(&self) -> u32 {
        self.walks.first().map_or(TERMINATED, |walk| walk.doc())
    }
    fn advance(&mut self) -> u32 {
        let Some(first) = self.walks.first_mut() else { return TERMINATED };
        let next = first.advance();
        self.settle(next)
    }
    fn seek(&mut self, target: u32) -> u32 {
        let Some(first) = self.walks.first_mut() else { return TERMINATED };
        if target <= first.doc() {
            return first.doc();
        }
        let next = first.seek(target);
        self.settle(next)
    }
    fn score(&mut self) -> f32 {
        self.walks.iter_mut().map(|walk| walk.score()).sum()
    }
    fn cost(&self) -> u32 {
        self.walks.first().map_or(0, |walk| walk.cost())
    }
}

/// How the scores of alternatives are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Together {
    Sum,
    Best,
}

/// Documents that at least one walk has.
pub(crate) struct Any {
    walks: Vec<BoxCursor>,
    docs: Vec<u32>,
    doc: u32,
    together: Together,
}

impl Any {
    pub(crate) fn new(walks: Vec<BoxCursor>, together: Together) -> Any {
        let docs: Vec<u32> = walks.iter().map(|walk| walk.doc()).collect();
        let doc = docs.iter().copied().min().unwrap_or(TERMINATED);
        Any { walks, docs, doc, together }
    }

    fn settle(&mut self) -> u32 {
        self.doc = self.docs.iter().copied().min().unwrap_or(TERMINATED);
        self.doc
    }
}

impl Cursor for Any {
    fn doc(&self) -> u32 {
        self.doc
    }
    fn advance(&mut self) -> u32 {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        for (walk, doc) in self.walks.iter_mut().zip(&mut self.docs) {
            if *doc == self.doc {
                *doc = walk.advance();
            }
        }
        self.settle()
    }
    fn seek(&mut self, target: u32) -> u32 {
        if target <= self.doc {
            return self.doc;
        }
        for (walk, doc) in self.walks.iter_mut().zip(&mut self.docs) {
            if *doc < target {
                *doc = walk.seek(target);
            }
        }
        self.settle()
    }
    fn score(&mut self) -> f32 {
        let doc = self.doc;
        let here = self.walks.iter_mut().zip(&self.docs).filter(|(_, at)| **at == doc);
        let scores = here.map(|(walk, _)| walk.score());
        match self.together {
            Together::Sum => scores.sum(),
            Together::Best => scores.fold(0.0, f32::max),
        }
    }
    fn cost(&self) -> u32 {
        self.walks.iter().map(|walk| walk.cost()).fold(0, u32::saturating_add)
    }
}

/// A walk with its scores multiplied.
pub(crate) struct Weighted {
    pub(crate) walk: BoxCursor,
    pub(crate) weight: f32,
}

impl Cursor for Weighted {
    fn doc(&self) -> u32 {
        self.walk.doc()
    }
    fn advance(&mut self) -> u32 {
        self.walk.advance()
    }
    fn seek(&mut self, target: u32) -> u32 {
        self.walk.seek(target)
    }
    fn score(&mut self) -> f32 {
        if self.weight == 0.0 { 0.0 } else { self.weight * self.walk.score() }
    }
    fn cost(&self) -> u32 {
        self.walk.cost()
    }
}
