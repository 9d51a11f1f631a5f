//! The best labels of a stretch, and what they say about the same words elsewhere in the document. Knows no features.

use super::label::{LABELS, OUTSIDE, may_follow, parts};
use super::model::Scores;
use rustc_hash::FxHashMap;

/// Score of what cannot be.
pub const NEVER: i32 = -1_000_000;

/// The labels of a stretch with the best sum of scores, appended to `labels`.
pub fn viterbi(scores: &[Scores], steps: &[[i32; LABELS]; LABELS], labels: &mut Vec<u8>) {
    let base = labels.len();
    let count = scores.len();
    let mut best = [NEVER; LABELS];
    let mut came: Vec<[u8; LABELS]> = Vec::with_capacity(count);
    for (at, here) in scores.iter().enumerate() {
        let mut next = [NEVER; LABELS];
        let mut from = [0_i32; LABELS];
        if at == 0 {
            next = steps[OUTSIDE];
        } else {
            // One label before at a time, all labels after side by side: the compiler makes vectors of it.
            for (before, (score, steps)) in best.iter().zip(steps).enumerate() {
                for label in 0..LABELS {
                    let sum = score + steps[label];
                    let better = sum > next[label];
                    next[label] = if better { sum } else { next[label] };
                    from[label] = if better { before as i32 } else { from[label] };
                }
            }
        }
        for label in 0..LABELS {
            next[label] = (next[label] + here[label]).max(NEVER);
        }
        came.push(from.map(|from| from as u8));
        best = next;
    }
    let mut last = OUTSIDE;
    let mut top = i32::MIN;
    for (label, score) in best.iter().enumerate() {
        let sum = score + steps[label][OUTSIDE];
        if may_follow(label, OUTSIDE) && sum > top {
            (last, top) = (label, sum);
        }
    }
    labels.resize(base + count, 0);
    for at in (0..count).rev() {
        labels[base + at] = last as u8;
        last = came[at][last] as usize;
    }
}

/// How often each word of the document got each label in the first pass.
#[derive(Debug, Default)]
pub struct Votes {
    counts: FxHashMap<u64, [u16; LABELS]>,
}

/// What the other places of a word say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vote {
    /// Type most of them have, from 1; 0 when there are none or most are outside.
    pub kind: u64,
    /// Label most of them have.
    pub label: u64,
    /// 0 no others, 1 one, 2 two or more that differ, 3 two or more of one type, 4 most of many outside.
    pub strength: u64,
}

impl Votes {
    /// Counts one place.
    pub fn add(&mut self, fold: u64, label: u8) {
        let counts = self.counts.entry(fold).or_default();
        let count = &mut counts[label as usize];
        *count = count.saturating_add(1);
    }

    /// What the places of a word say, without the one that got `own`.
    #[must_use]
    pub fn word(&self, fold: u64, own: usize) -> Vote {
        let Some(counts) = self.counts.get(&fold) else { return Vote::default() };
        let mut counts = *counts;
        if let Some(count) = counts.get_mut(own) {
            *count = count.saturating_sub(1);
        }
        let total: u32 = counts.iter().map(|count| u32::from(*count)).sum();
        if total == 0 {
            return Vote::default();
        }
        let mut kinds = [0_u32; 5];
        for (label, count) in counts.iter().enumerate() {
            let kind = parts(label).map_or(0, |(kind, _)| kind as usize + 1);
            kinds[kind] += u32::from(*count);
        }
        let best_of = |counts: &mut dyn Iterator<Item = (usize, u32)>| {
            counts.max_by_key(|(at, count)| (*count, usize::MAX - at)).map_or(0, |(at, _)| at)
        };
        let kind = best_of(&mut kinds.iter().copied().enumerate());
        let label = best_of(&mut counts.iter().map(|count| u32::from(*count)).enumerate());
        let strength = match (total, kinds[kind]) {
            (1, _) => 1,
            (total, most) if most == total => 3,
            (total, most) if most * 4 >= total * 3 => 4,
            _ => 2,
        };
        Vote { kind: kind as u64, label: label as u64, strength }
    }
}

#[cfg(test)]
mod tests {
    use super::{NEVER, Votes, viterbi};
    use crate::tagger::label::{LABELS, may_follow};

    #[test]
    fn the_best_allowed_labels_win() {
        let mut steps = [[0; LABELS]; LABELS];
        for (before, row) in steps.iter_mut().enumerate() {
            for (after, step) in row.iter_mut().enumerate() {
                *step = if may_follow(before, after) { 0 } else { NEVER };
            }
        }
        let mut scores = vec![[0; LABELS]; 3];
        scores[0][5] = 10;
        scores[1][7] = 4;
        scores[1][3] = 9;
        let mut labels = Vec::new();
        viterbi(&scores, &steps, &mut labels);
        assert_eq!(labels, [5, 7, 0]);
    }

    #[test]
    fn votes_leave_the_own_place_out() {
        let mut votes = Votes::default();
        votes.add(1, 4);
        votes.add(1, 4);
        assert_eq!(votes.word(1, 4).strength, 1);
        assert_eq!(votes.word(1, usize::MAX).strength, 3);
        assert_eq!(votes.word(2, 0), super::Vote::default());
    }
}
