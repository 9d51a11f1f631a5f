//! Classes of words that share neighbours: skip-gram vectors with a place for each neighbour, then k-means at three sizes.
//! Also how often a word is capitalised inside a sentence.

use crate::Chance;
use dateline_processor_entities::tagger::lexicon::{Known, Lexicon};
use dateline_processor_entities::token::{Token, flag, tokenize};
use rustc_hash::FxHashMap;

const DIMENSIONS: usize = 64;
const NEGATIVES: usize = 4;
const EPOCHS: usize = 4;
const WORD_COUNT_MIN: u32 = 4;
const CONTEXT_WORDS: usize = 8_000;
const CLASSES: [usize; 3] = [64, 256, 1024];
const KMEANS_ROUNDS: usize = 8;

type Vector = [f32; DIMENSIONS];

struct Counted {
    fold: u64,
    count: u32,
    inside: u32,
    capital: u32,
}

/// Learns the lexicon from running texts.
pub(crate) fn learn(texts: &[&str]) -> Lexicon {
    let mut places: FxHashMap<u64, usize> = FxHashMap::default();
    let mut words: Vec<Counted> = Vec::new();
    let mut stream: Vec<u32> = Vec::new();
    let mut tokens: Vec<Token> = Vec::new();
    let mut counted: Vec<u64> = Vec::new();
    for text in texts {
        tokens.clear();
        tokenize(text, &mut tokens);
        let mut fresh = true;
        let mut capitals_before = 0;
        for token in &tokens {
            let fold = if token.any(flag::DIGIT) && !token.any(flag::WORD) { 77 } else { token.fold };
            let place = *places.entry(fold).or_insert_with(|| {
                words.push(Counted { fold, count: 0, inside: 0, capital: 0 });
                words.len() - 1
            });
            let word = &mut words[place];
            word.count += 1;
            if !fresh && capitals_before < 3 && token.any(flag::WORD) {
                word.inside += 1;
                word.capital += u32::from(token.any(flag::UPPER));
            }
            capitals_before = if token.is_caps() { capitals_before + 1 } else { 0 };
            let stop = matches!(&text[token.range()], "." | "!" | "?" | "\"" | "“");
            fresh = stop || token.any(flag::LINE);
            counted.push(fold);
        }
        counted.push(0);
    }
    let mut order: Vec<usize> = (0..words.len()).filter(|at| words[*at].count >= WORD_COUNT_MIN).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(words[*at].count), words[*at].fold));
    let mut rank: FxHashMap<u64, u32> = FxHashMap::default();
    for (number, at) in order.iter().enumerate() {
        rank.insert(words[*at].fold, number as u32);
    }
    stream.extend(counted.iter().map(|fold| rank.get(fold).copied().unwrap_or(u32::MAX)));
    let counts: Vec<u32> = order.iter().map(|at| words[*at].count).collect();
    let vectors = vectors(&stream, &counts);
    let classes: Vec<Vec<u16>> = CLASSES.iter().map(|size| kmeans(&vectors, *size)).collect();
    let mut lexicon = Lexicon::default();
    for (number, at) in order.iter().enumerate() {
        let word = &words[*at];
        let known = Known {
            classes: [classes[0][number] + 1, classes[1][number] + 1, classes[2][number] + 1],
            capitals: capitals(word),
            frequency: frequency(word.count),
        };
        lexicon.words.insert(word.fold, known);
    }
    eprintln!("lexicon: {} words of {} tokens", lexicon.words.len(), stream.len());
    lexicon
}

fn capitals(word: &Counted) -> u8 {
    if word.inside < 2 {
        return 0;
    }
    match word.capital * 100 / word.inside {
        0..=2 => 1,
        3..=15 => 2,
        16..=50 => 3,
        51..=85 => 4,
        86..=97 => 5,
        _ => 6,
    }
}

fn frequency(count: u32) -> u8 {
    (count.ilog2() / 2 + 1) as u8
}

/// Skip-gram with negative sampling over the two neighbours on each side, each with vectors of its own.
fn vectors(stream: &[u32], counts: &[u32]) -> Vec<Vector> {
    let mut chance = Chance::new(11);
    let size = counts.len();
    let contexts = size.min(CONTEXT_WORDS);
    let mut words: Vec<Vector> =
        (0..size).map(|_| std::array::from_fn(|_| (chance.unit() - 0.5) / DIMENSIONS as f32)).collect();
    let mut others: Vec<Vector> = vec![[0.0; DIMENSIONS]; contexts * 4];
    let table: Vec<u32> = (0..contexts)
        .flat_map(|at| std::iter::repeat_n(at as u32, ((counts[at] as f32).powf(0.75) / 4.0) as usize + 1))
        .collect();
    let total: f32 = counts.iter().map(|count| *count as f32).sum();
    let keep: Vec<f32> = counts.iter().map(|count| (1e-4 * total / *count as f32).sqrt().min(1.0)).collect();
    let steps = (stream.len() * EPOCHS) as f32;
    for epoch in 0..EPOCHS {
        for at in 0..stream.len() {
            let word = stream[at];
            if word == u32::MAX || chance.unit() > keep[word as usize] {
                continue;
            }
            let rate = 0.05 * (1.0 - (epoch * stream.len() + at) as f32 / steps).max(0.01);
            for (place, offset) in [-2_isize, -1, 1, 2].into_iter().enumerate() {
                let other = at.checked_add_signed(offset).and_then(|at| stream.get(at)).copied();
                let Some(other) = other.filter(|other| (*other as usize) < contexts) else { continue };
                train_pair(&mut words[word as usize], &mut others, other, place, contexts, rate, &table, &mut chance);
            }
        }
    }
    for vector in &mut words {
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
        vector.iter_mut().for_each(|x| *x /= length);
    }
    words
}

#[expect(clippy::too_many_arguments, reason = "the inner loop of one algorithm")]
fn train_pair(
    word: &mut Vector,
    others: &mut [Vector],
    other: u32,
    place: usize,
    contexts: usize,
    rate: f32,
    table: &[u32],
    chance: &mut Chance,
) {
    let mut change = [0.0_f32; DIMENSIONS];
    for round in 0..=NEGATIVES {
        let (target, wanted) = if round == 0 { (other, 1.0) } else { (table[chance.below(table.len())], 0.0) };
        let vector = &mut others[place * contexts + target as usize];
        let dot: f32 = word.iter().zip(vector.iter()).map(|(a, b)| a * b).sum();
        let push = (wanted - 1.0 / (1.0 + (-dot).exp())) * rate;
        for (at, x) in change.iter_mut().enumerate() {
            *x += push * vector[at];
        }
        for (at, x) in vector.iter_mut().enumerate() {
            *x += push * word[at];
        }
    }
    word.iter_mut().zip(change).for_each(|(x, change)| *x += change);
}

fn kmeans(vectors: &[Vector], size: usize) -> Vec<u16> {
    let mut chance = Chance::new(13);
    let size = size.min(vectors.len());
    let mut centres: Vec<Vector> = (0..size).map(|_| vectors[chance.below(vectors.len())]).collect();
    let mut home = vec![0_u16; vectors.len()];
    for _ in 0..KMEANS_ROUNDS {
        for (vector, home) in vectors.iter().zip(&mut home) {
            let mut best = f32::MIN;
            for (number, centre) in centres.iter().enumerate() {
                let dot: f32 = vector.iter().zip(centre).map(|(a, b)| a * b).sum();
                if dot > best {
                    (best, *home) = (dot, number as u16);
                }
            }
        }
        let mut sums = vec![[0.0_f32; DIMENSIONS]; size];
        for (vector, home) in vectors.iter().zip(&home) {
            sums[*home as usize].iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
        }
        for (centre, sum) in centres.iter_mut().zip(&sums) {
            let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
            *centre = if length > 0.0 { sum.map(|x| x / length) } else { vectors[chance.below(vectors.len())] };
        }
    }
    home
}
