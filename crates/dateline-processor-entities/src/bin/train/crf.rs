//! A linear-chain conditional random field with AdaGrad steps, one row of weights for each hashed feature. Trains one
//! pass at a time; quantising happens where the model is put together.

use crate::Chance;
use dateline_processor_entities::tagger::features::LEXICAL;
use dateline_processor_entities::tagger::label::{LABELS, OUTSIDE, may_follow};

/// Score of what cannot be.
const NEVER: f32 = -1e4;
const RATE: f32 = 0.25;
const DECAY: f32 = 2e-5;
/// How often the features that name the word itself are left out.
const DROPOUT: f32 = 0.12;

/// Stretches ready to train on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Examples {
    /// Rows of all tokens, one after the other.
    pub(crate) rows: Vec<u32>,
    /// By token: where its rows start; one more at the end.
    pub(crate) starts: Vec<usize>,
    pub(crate) gold: Vec<u8>,
    /// First token, the one after the last, weight, fold.
    pub(crate) stretches: Vec<(u32, u32, f32, u8)>,
}

impl Examples {
    pub(crate) fn new() -> Examples {
        Examples { starts: vec![0], ..Examples::default() }
    }

    pub(crate) fn token(&mut self, rows: impl IntoIterator<Item = u32>, gold: u8) {
        self.rows.extend(rows);
        self.starts.push(self.rows.len());
        self.gold.push(gold);
    }
}

/// Weights while they are learnt.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) rows: Vec<[f32; LABELS]>,
    slopes: Vec<f32>,
    pub(crate) steps: [[f32; LABELS]; LABELS],
    step_slope: f32,
}

impl Weights {
    pub(crate) fn new(rows: usize) -> Weights {
        let mut steps = [[0.0; LABELS]; LABELS];
        for (before, row) in steps.iter_mut().enumerate() {
            for (after, step) in row.iter_mut().enumerate() {
                *step = if may_follow(before, after) { 0.0 } else { NEVER };
            }
        }
        Weights { rows: vec![[0.0; LABELS]; rows], slopes: vec![1.0; rows], steps, step_slope: 1.0 }
    }

    fn scores(&self, examples: &Examples, token: usize, skip: usize) -> [f32; LABELS] {
        let mut sums = [0.0; LABELS];
        let rows = &examples.rows[examples.starts[token]..examples.starts[token + 1]];
        for row in &rows[skip.min(rows.len())..] {
            for (sum, weight) in sums.iter_mut().zip(&self.rows[*row as usize]) {
                *sum += weight;
            }
        }
        sums
    }

    /// Trains on every stretch that is not of `left_out`.
    pub(crate) fn train(&mut self, examples: &Examples, epochs: usize, left_out: Option<u8>, seed: u64) {
        let mut chance = Chance::new(seed);
        let mut order: Vec<usize> =
            (0..examples.stretches.len()).filter(|at| Some(examples.stretches[*at].3) != left_out).collect();
        let total = (order.len() * epochs) as f32;
        let mut done = 0;
        let mut work = Work::default();
        for epoch in 0..epochs {
            for at in (1..order.len()).rev() {
                order.swap(at, chance.below(at + 1));
            }
            let mut loss = 0.0;
            for at in &order {
                let rate = RATE * (1.0 - done as f32 / total).max(0.02);
                done += 1;
                loss += self.learn(examples, *at, rate, &mut chance, &mut work);
            }
            if epoch + 1 == epochs {
                eprintln!("  epoch {}: loss {:.4}", epoch + 1, loss / order.len().max(1) as f32);
            }
        }
    }

    fn learn(&mut self, examples: &Examples, at: usize, rate: f32, chance: &mut Chance, work: &mut Work) -> f32 {
        let (start, end, weight, _) = examples.stretches[at];
        let (start, end) = (start as usize, end as usize);
        let count = end - start;
        work.skips.clear();
        work.scores.clear();
        for token in start..end {
            let skip = if chance.unit() < DROPOUT { LEXICAL } else { 0 };
            work.skips.push(skip);
            work.scores.push(self.scores(examples, token, skip));
        }
        let loss = work.run(&self.steps, &examples.gold[start..end]);
        for offset in 0..count {
            let mut slope = [0.0; LABELS];
            let gold = usize::from(examples.gold[start + offset]);
            for (label, (slope, belief)) in slope.iter_mut().zip(&work.beliefs[offset]).enumerate() {
                *slope = (f32::from(u8::from(gold == label)) - belief) * weight;
            }
            let size: f32 = slope.iter().map(|x| x * x).sum();
            if size < 1e-8 {
                continue;
            }
            let rows = &examples.rows[examples.starts[start + offset]..examples.starts[start + offset + 1]];
            for row in &rows[work.skips[offset].min(rows.len())..] {
                let row = *row as usize;
                self.slopes[row] += size;
                let pace = rate / self.slopes[row].sqrt();
                for (value, slope) in self.rows[row].iter_mut().zip(&slope) {
                    *value += pace * slope - rate * DECAY * *value;
                }
            }
        }
        self.learn_steps(&examples.gold[start..end], rate * weight, work);
        loss
    }

    fn learn_steps(&mut self, gold: &[u8], rate: f32, work: &Work) {
        self.step_slope += 0.02;
        let pace = rate * 0.5 / self.step_slope.sqrt();
        for (before, row) in work.steps.iter().enumerate() {
            for (after, expected) in row.iter().enumerate() {
                if may_follow(before, after) {
                    self.steps[before][after] -= pace * expected;
                }
            }
        }
        let mut last = OUTSIDE;
        for label in gold {
            self.steps[last][usize::from(*label)] += pace;
            last = usize::from(*label);
        }
        self.steps[last][OUTSIDE] += pace;
    }
}

/// Forward and backward sums of one stretch.
#[derive(Default)]
struct Work {
    skips: Vec<usize>,
    scores: Vec<[f32; LABELS]>,
    forward: Vec<[f32; LABELS]>,
    backward: Vec<[f32; LABELS]>,
    beliefs: Vec<[f32; LABELS]>,
    steps: [[f32; LABELS]; LABELS],
}

impl Work {
    /// Fills beliefs and expected steps; gives the loss.
    fn run(&mut self, steps: &[[f32; LABELS]; LABELS], gold: &[u8]) -> f32 {
        let count = self.scores.len();
        let mut odds = [[0.0_f32; LABELS]; LABELS];
        for (row, step) in odds.iter_mut().zip(steps) {
            for (odd, step) in row.iter_mut().zip(step) {
                *odd = if *step <= NEVER / 2.0 { 0.0 } else { step.exp() };
            }
        }
        let mut gold_score = 0.0;
        let mut norm = 0.0;
        let mut last = OUTSIDE;
        for (scores, label) in self.scores.iter().zip(gold) {
            gold_score += scores[usize::from(*label)] + steps[last][usize::from(*label)];
            last = usize::from(*label);
        }
        gold_score += steps[last][OUTSIDE];
        for scores in &mut self.scores {
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            norm += top;
            scores.iter_mut().for_each(|score| *score = (*score - top).exp());
        }
        self.forward.clear();
        self.backward.clear();
        self.backward.resize(count, [0.0; LABELS]);
        let mut before = [0.0; LABELS];
        before[OUTSIDE] = 1.0;
        for scores in &self.scores {
            let mut now = [0.0; LABELS];
            for (from, odds) in before.iter().zip(&odds) {
                for (sum, odd) in now.iter_mut().zip(odds) {
                    *sum += from * odd;
                }
            }
            now.iter_mut().zip(scores).for_each(|(sum, score)| *sum *= score);
            let size = now.iter().sum::<f32>().max(1e-30);
            norm += size.ln();
            now.iter_mut().for_each(|sum| *sum /= size);
            self.forward.push(now);
            before = now;
        }
        let mut after: [f32; LABELS] = std::array::from_fn(|label| odds[label][OUTSIDE]);
        let end: f32 = before.iter().zip(&after).map(|(a, b)| a * b).sum::<f32>().max(1e-30);
        norm += end.ln();
        self.steps = [[0.0; LABELS]; LABELS];
        self.beliefs.clear();
        self.beliefs.resize(count, [0.0; LABELS]);
        for at in (0..count).rev() {
            self.backward[at] = after;
            let belief: [f32; LABELS] = std::array::from_fn(|label| self.forward[at][label] * after[label]);
            let size = belief.iter().sum::<f32>().max(1e-30);
            self.beliefs[at] = belief.map(|x| x / size);
            if at + 1 == count {
                for (label, belief) in self.beliefs[at].iter().enumerate() {
                    self.steps[label][OUTSIDE] += belief;
                }
            }
            let ahead: [f32; LABELS] = std::array::from_fn(|label| after[label] * self.scores[at][label]);
            let start = [1.0_f32].into_iter().chain([0.0; LABELS - 1]).collect::<Vec<f32>>();
            let behind: &[f32] = if at == 0 { &start } else { &self.forward[at - 1] };
            let mut sum = 0.0;
            let mut expected = [[0.0; LABELS]; LABELS];
            for (from, row) in expected.iter_mut().enumerate() {
                for (to, value) in row.iter_mut().enumerate() {
                    *value = behind[from] * odds[from][to] * ahead[to];
                    sum += *value;
                }
            }
            let sum = f32::max(sum, 1e-30);
            for (row, expected) in self.steps.iter_mut().zip(&expected) {
                row.iter_mut().zip(expected).for_each(|(step, value)| *step += value / sum);
            }
            let mut next = [0.0; LABELS];
            for (from, value) in next.iter_mut().enumerate() {
                *value = odds[from].iter().zip(&ahead).map(|(a, b)| a * b).sum();
            }
            let size = next.iter().sum::<f32>().max(1e-30);
            after = next.map(|x| x / size);
        }
        norm - gold_score
    }
}
