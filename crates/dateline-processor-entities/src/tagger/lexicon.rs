//! What unlabelled news says about words: the classes they share contexts with, and how often they are capitalised. Learnt
//! by the trainer; here only looked up.

use rustc_hash::FxHashMap;

/// What is known of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its class in the coarsest, middle and finest clustering; 0 unknown, otherwise from 1.
    pub classes: [u16; 3],
    /// How often it is capitalised inside a sentence: 0 unknown, 1 never to 6 always.
    pub capitals: u8,
    /// How frequent it is: 0 unknown, then by powers of four.
    pub frequency: u8,
}

/// Words by the hash of their folded form.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    /// The words; made by the trainer.
    pub words: FxHashMap<u64, Known>,
}

/// Bytes of one word in the model file.
const ENTRY_BYTES: usize = 16;

impl Lexicon {
    /// What is known of a word.
    #[must_use]
    pub fn get(&self, fold: u64) -> Known {
        self.words.get(&fold).copied().unwrap_or_default()
    }

    /// The form in the model file, sorted by hash.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut sorted: Vec<(&u64, &Known)> = self.words.iter().collect();
        sorted.sort_by_key(|(hash, _)| **hash);
        let mut bytes = Vec::with_capacity(sorted.len() * ENTRY_BYTES);
        for (hash, known) in sorted {
            bytes.extend_from_slice(&hash.to_le_bytes());
            known.classes.iter().for_each(|class| bytes.extend_from_slice(&class.to_le_bytes()));
            bytes.extend_from_slice(&[known.capitals, known.frequency]);
        }
        bytes
    }

    /// Reads what [`Lexicon::to_bytes`] wrote; `None` when the length is wrong.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Lexicon> {
        let entries = bytes.chunks_exact(ENTRY_BYTES);
        if !entries.remainder().is_empty() {
            return None;
        }
        let mut words = FxHashMap::with_capacity_and_hasher(entries.len(), rustc_hash::FxBuildHasher);
        for entry in entries {
            let hash = u64::from_le_bytes(entry[..8].try_into().ok()?);
            let class = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
            let known = Known { classes: [class(8), class(10), class(12)], capitals: entry[14], frequency: entry[15] };
            words.insert(hash, known);
        }
        Some(Lexicon { words })
    }
}
