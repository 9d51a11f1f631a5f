//! Passages two texts share, word by word: probes to find them with an index, and exact comparison to verify. What is made
//! of the findings stands with those who ask: `similar`, and dates for undated documents.

use dateline_core::Span;
use std::collections::{HashMap, HashSet};

/// Words of one probe.
const PROBE_WORDS: usize = 8;
/// Places of one run of words that are tried: a text that repeats itself must not make this slow.
const PLACES_MAX: usize = 16;
/// Probes spread over a text.
const PROBES_MAX: usize = 24;

/// Words of one shingle, the unit in which texts are compared as a whole.
const SHINGLE_WORDS: usize = 3;

/// The words of a text, folded as far as copying editors change them.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    placed_words(text).into_iter().map(|(word, _)| word).collect()
}

/// The words of a text with the places they stand at.
#[must_use]
pub fn placed_words(text: &str) -> Vec<(String, Span)> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let place = |word: &str| {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        Span::new(start, start + word.len())
    };
    words.map(|word| (word.to_lowercase(), place(word))).collect()
}

/// How alike two texts are as sets of shingles: the share of all that both have, and of the first's that both have.
#[must_use]
pub fn likeness(one: &[String], other: &[String]) -> (f64, f64) {
    let shingles = |words: &[String]| words.windows(SHINGLE_WORDS).map(<[String]>::to_vec).collect::<HashSet<_>>();
    let (one, other) = (shingles(one), shingles(other));
    let shared = one.intersection(&other).count();
    let all = one.len() + other.len() - shared;
    let share = |of: usize| if of == 0 { 0.0 } else { shared as f64 / of as f64 };
    (share(all), share(one.len()))
}

/// A run of words both texts have: where it begins in each, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// First word in the first text.
    pub one: usize,
    /// First word in the other.
    pub other: usize,
    /// Words.
    pub words: usize,
}

/// Runs of words, spread evenly over the text.
#[must_use]
pub fn probes(words: &[String]) -> Vec<&[String]> {
    let last = words.len().saturating_sub(PROBE_WORDS);
    if words.len() < PROBE_WORDS {
        return Vec::new();
    }
    let step = (last / PROBES_MAX).max(PROBE_WORDS / 2);
    (0..=last).step_by(step).map(|at| &words[at..at + PROBE_WORDS]).collect()
}

/// The runs of at least `PROBE_WORDS` words both texts have, in the order of the first; none lies in another.
#[must_use]
pub fn shared(one: &[String], other: &[String]) -> Vec<Shared> {
    let mut places: HashMap<&[String], Vec<usize>> = HashMap::new();
    for (at, window) in other.windows(PROBE_WORDS).enumerate() {
        places.entry(window).or_default().push(at);
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at + PROBE_WORDS <= one.len() {
        let starts = places.get(&one[at..at + PROBE_WORDS]).map_or(&[][..], Vec::as_slice);
        let run = |start: usize| one[at..].iter().zip(&other[start..]).take_while(|(a, b)| a == b).count();
        let best = starts.iter().take(PLACES_MAX).map(|start| (run(*start), *start)).max_by_key(|(words, _)| *words);
        found.extend(best.map(|(words, start)| Shared { one: at, other: start, words }));
        at += best.map_or(1, |(words, _)| words.max(1));
    }
    found
}

/// Length of the longest run of words both texts have.
#[must_use]
pub fn longest_shared(one: &[String], other: &[String]) -> usize {
    shared(one, other).iter().map(|shared| shared.words).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{likeness, longest_shared, placed_words, probes, words};

    #[test]
    fn the_longest_shared_passage_is_counted_in_words() {
        let one = words("Before. The ferry to Naxos left the harbour at dawn with ninety people on board, they said.");
        let other = words(
            "Elsewhere: \u{201c}the ferry to Naxos left the harbour at dawn with ninety people\u{201d} and a dog.",
        );
        assert_eq!(longest_shared(&one, &other), 12);
        assert_eq!(longest_shared(&one, &words("The ferry to Naxos left.")), 0);
        assert_eq!(likeness(&one, &one), (1.0, 1.0));
        assert_eq!(placed_words("Kyïv, 2").last().map(|(_, span)| (span.start, span.end)), Some((7, 8)));
        assert!(probes(&one).len() > 1 && probes(&words("too short")).is_empty());
    }
}
