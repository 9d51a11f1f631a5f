//! Words and names as numbers, so that thousands of articles can be compared in little memory, and sets of them.

use dateline_processor_index::words::Folder;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A set of numbered words: sorted, each once.
pub(crate) type Set = Box<[u32]>;

/// Stems of words that change with the reporter and not with the event, each list with the one that stands for all.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("kill", &["die", "dead", "death", "fatal", "perish", "slain"]),
    ("injur", &["wound", "hurt"]),
    ("earthquak", &["quak"]),
    ("explos", &["explod", "blast", "bomb"]),
    ("arrest", &["detain"]),
    ("acquir", &["acquisit", "buy", "bought", "purchas", "takeov"]),
];

/// Brings words into the form in which they are compared, and numbers them in the order in which they first come.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    pub(crate) folder: Folder,
    numbers: FxHashMap<Box<str>, u32>,
    words: Vec<Box<str>>,
}

impl Vocabulary {
    /// The number of a word, a new one when it has none.
    pub(crate) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.into(), number);
        self.words.push(word.into());
        number
    }

    /// The number of the stem of a folded word, the same for words with which reporters say one thing.
    pub(crate) fn stem(&mut self, folded: &str) -> u32 {
        let stem = self.folder.stem_or_word(folded);
        let common = SYNONYMS.iter().find(|(_, others)| others.contains(&stem.as_str()));
        self.number(common.map_or(stem.as_str(), |(common, _)| common))
    }

    /// A text with its words folded, one blank between them.
    pub(crate) fn folded(&mut self, text: &str) -> String {
        self.folder.folded_words(text).join(" ")
    }

    /// The number of a word that has one.
    pub(crate) fn get(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    /// The word with a number.
    pub(crate) fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", AsRef::as_ref)
    }

    /// How many words have a number.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Some words as a set.
    pub(crate) fn set<W: AsRef<str>>(&mut self, words: impl IntoIterator<Item = W>) -> Set {
        let numbers: BTreeSet<u32> = words.into_iter().map(|word| self.number(word.as_ref())).collect();
        numbers.into_iter().collect()
    }
}

/// Whether a set has a word.
pub(crate) fn has(set: &[u32], word: u32) -> bool {
    set.binary_search(&word).is_ok()
}

/// What two sets have in common, in order.
pub(crate) fn common<'w>(one: &'w [u32], other: &'w [u32]) -> impl Iterator<Item = u32> + 'w {
    one.iter().copied().filter(|word| has(other, *word))
}

/// Whether the smaller of two sets has nothing that the other lacks.
pub(crate) fn is_within(one: &[u32], other: &[u32]) -> bool {
    let (fewer, more) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    fewer.iter().all(|word| has(more, *word))
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    #[test]
    fn what_reporters_vary_is_one_word() {
        let mut vocabulary = Vocabulary::default();
        let mut stem = |word: &str| vocabulary.stem(word);
        assert_eq!(stem("killed"), stem("deaths"));
        assert_eq!(stem("earthquake"), stem("quake"));
        assert_eq!(stem("explosions"), stem("blast"));
        assert_eq!(stem("buying"), stem("takeover"));
        assert_ne!(stem("killed"), stem("wounded"));
        assert_ne!(stem("bomber"), stem("bombing"));
    }
}
