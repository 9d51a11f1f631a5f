//! A few numbers that stand for a text, so that near-copies are found without comparing texts: the smallest hashes of its
//! runs of words. Two texts have about as many of them in common as they have runs in common (Broder, "On the resemblance
//! and containment of documents", 1997, with one hash function and the k smallest values). Which texts are alike is not
//! decided here: whoever finds a candidate compares the texts.

use crate::words::{Folder, words};

/// Numbers per text. Of two texts that share half of their runs, all are missed once in 65,000 times.
pub const SKETCH_NUMBERS: usize = 16;
/// Words of a run.
const RUN_WORDS: usize = 3;

/// The sketch of a text in several pieces, in rising order; empty for texts of fewer than three words.
pub(crate) fn sketch<'t>(pieces: impl Iterator<Item = &'t str>) -> Vec<u32> {
    let mut folder = Folder::default();
    let mut folded = String::new();
    let mut run = [0u64; RUN_WORDS];
    let mut smallest: Vec<u32> = Vec::with_capacity(SKETCH_NUMBERS + 1);
    let mut count = 0usize;
    for piece in pieces {
        for range in words(piece) {
            folder.fold(&piece[range], &mut folded);
            run.rotate_left(1);
            run[RUN_WORDS - 1] = word_hash(folded.as_bytes());
            count += 1;
            if count >= RUN_WORDS {
                keep(&mut smallest, run_hash(&run));
            }
        }
    }
    smallest
}

/// Puts a number where it belongs, if it is among the smallest and new.
fn keep(smallest: &mut Vec<u32>, number: u32) {
    if smallest.len() == SKETCH_NUMBERS && smallest.last().is_some_and(|largest| number >= *largest) {
        return;
    }
    if let Err(at) = smallest.binary_search(&number) {
        smallest.insert(at, number);
        smallest.truncate(SKETCH_NUMBERS);
    }
}

/// FNV-1a, 64 bits: the numbers are kept on disk, so they may not depend on anybody's choice of a hash.
fn word_hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Mixes the words of a run in their order, by the finaliser of SplitMix64: every bit of the result depends on all.
fn run_hash(run: &[u64; RUN_WORDS]) -> u32 {
    let mut hash = 0u64;
    for word in run {
        hash = (hash ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^= hash >> 31;
    }
    u32::try_from(hash >> 32).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{SKETCH_NUMBERS, sketch};

    fn of(text: &str) -> Vec<u32> {
        sketch([text].into_iter())
    }

    fn shared(one: &str, other: &str) -> usize {
        let other = of(other);
        of(one).iter().filter(|number| other.contains(number)).count()
    }

    fn text(from: u32, to: u32) -> String {
        (from..to).map(|number| format!("word{number} ")).collect()
    }

    #[test]
    fn alike_texts_share_numbers_and_others_do_not() {
        assert_eq!(of(&text(0, 300)).len(), SKETCH_NUMBERS);
        assert_eq!(shared(&text(0, 300), &text(0, 300).to_uppercase()), SKETCH_NUMBERS);
        let half = shared(&text(0, 300), &text(100, 400));
        assert!((2..=14).contains(&half), "a copy of which half is new shares about half: {half}");
        assert_eq!(shared(&text(0, 300), &text(1000, 1300)), 0);
    }

    #[test]
    fn short_and_repeating_texts_have_few_numbers() {
        assert!(of("two words").is_empty());
        assert_eq!(of("one two three").len(), 1);
        assert_eq!(of(&"same ".repeat(1000)).len(), 1);
        assert_ne!(of("one two three"), of("three two one"), "the order of words counts");
    }

    /// The numbers are on disk: another hash is another version of the index.
    #[test]
    fn the_numbers_never_change() {
        assert_eq!(of("The bridge fell into the river."), GOLDEN);
    }

    const GOLDEN: [u32; 4] = [447_981_137, 1_950_381_205, 3_660_014_880, 3_713_494_539];
}
