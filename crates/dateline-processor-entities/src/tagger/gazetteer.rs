//! Word lists as hints for the tagger, never as verdicts: which lists a word is on, and which longer listed names stand
//! where. The lists are part of the program.

use crate::token::{Token, fold, hash_folded, tokenize};
use rustc_hash::FxHashMap;

/// Bits of the lists a single word is on.
pub mod list {
    /// Given names.
    pub const FIRST: u16 = 1;
    /// Family names.
    pub const LAST: u16 = 1 << 1;
    /// Words that head an organisation's name.
    pub const ORG_WORD: u16 = 1 << 2;
    /// Words that head a place's name.
    pub const PLACE_WORD: u16 = 1 << 3;
    /// Lower-case words beside a person's name.
    pub const PERSON_WORD: u16 = 1 << 4;
    /// Titles.
    pub const TITLE: u16 = 1 << 5;
    /// Months and weekdays.
    pub const CALENDAR: u16 = 1 << 6;
    /// Small words inside family names.
    pub const PARTICLE: u16 = 1 << 7;
    /// Words of listed places (several words).
    pub const IN_PLACE: u16 = 1 << 8;
    /// Words of listed organisations (several words).
    pub const IN_ORG: u16 = 1 << 9;
}

/// Kinds of listed names, as bits.
pub mod listed {
    /// A place.
    pub const PLACE: u8 = 1;
    /// An organisation.
    pub const ORG: u8 = 2;
    /// A people, religion, language, event, product.
    pub const OTHER: u8 = 4;
    /// A country.
    pub const COUNTRY: u8 = 8;
    /// A demonym.
    pub const PEOPLE: u8 = 16;
}

const CALENDAR: &str = "january february march april may june july august september october november december jan feb \
    mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun";
const FIRST: &str = include_str!("../../gazetteer/first-names.txt");
const LAST: &str = include_str!("../../gazetteer/surnames.txt");
const ORG_WORDS: &str = include_str!("../../gazetteer/org-words.txt");
const PLACE_WORDS: &str = include_str!("../../gazetteer/place-words.txt");
const PERSON_WORDS: &str = include_str!("../../gazetteer/person-words.txt");
const PLACES: &str = include_str!("../../gazetteer/places.txt");
const ORGANISATIONS: &str = include_str!("../../gazetteer/organisations.txt");
const OTHERS: &str = include_str!("../../gazetteer/other-names.txt");
const COUNTRIES: &str = include_str!("../../gazetteer/countries.txt");
const PEOPLES: &str = include_str!("../../gazetteer/peoples.txt");

/// First words of what a state's bodies are called: `[Chinese] [Foreign Ministry]`.
const STATE_BODIES: &[&str] = &[
    "Foreign",
    "Ministry",
    "Defence",
    "Defense",
    "Interior",
    "Finance",
    "Army",
    "Navy",
    "Parliament",
    "Cabinet",
    "Embassy",
    "Supreme",
    "Senate",
    "Congress",
    "Justice",
    "Health",
    "Treasury",
    "Government",
    "Police",
    "Air",
    "State",
    "House",
];

/// Whether a state's body may be called by a name that starts with `word`: `[Chinese] [Foreign Ministry]`.
#[must_use]
pub fn is_state_body(word: &str) -> bool {
    STATE_BODIES.contains(&word)
}

/// The word lists.
#[derive(Debug, Default)]
pub struct Gazetteer {
    words: FxHashMap<u64, u16>,
    edges: FxHashMap<(u32, u64), u32>,
    ends: Vec<u8>,
}

impl Gazetteer {
    /// The lists that are part of the program.
    #[must_use]
    pub fn load() -> Gazetteer {
        let mut made = Gazetteer { ends: vec![0], ..Gazetteer::default() };
        let lists = [
            (FIRST, list::FIRST),
            (LAST, list::LAST),
            (ORG_WORDS, list::ORG_WORD),
            (PLACE_WORDS, list::PLACE_WORD),
            (PERSON_WORDS, list::PERSON_WORD),
            (CALENDAR, list::CALENDAR),
        ];
        for (text, bit) in lists {
            for word in lines(text).flat_map(str::split_whitespace) {
                *made.words.entry(hash_folded(&fold(word))).or_default() |= bit;
            }
        }
        for (text, bit) in [
            (PLACES, listed::PLACE),
            (ORGANISATIONS, listed::ORG),
            (OTHERS, listed::OTHER),
            (COUNTRIES, listed::COUNTRY),
            (PEOPLES, listed::PEOPLE),
        ] {
            let mut tokens = Vec::new();
            for name in lines(text).flat_map(|line| line.split(';')).map(str::trim).filter(|name| !name.is_empty()) {
                made.add_name(name, bit, &mut tokens);
            }
        }
        for title in crate::name::titles() {
            *made.words.entry(hash_folded(title)).or_default() |= list::TITLE;
        }
        for particle in crate::name::particles() {
            *made.words.entry(hash_folded(particle)).or_default() |= list::PARTICLE;
        }
        made
    }

    fn add_name(&mut self, name: &str, bit: u8, tokens: &mut Vec<Token>) {
        tokens.clear();
        tokenize(name, tokens);
        let mut state = 0;
        for token in tokens.iter() {
            let fresh = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            state = *self.edges.entry((state, token.fold)).or_insert(fresh);
            if state == fresh {
                self.ends.push(0);
            }
            if tokens.len() > 1 {
                let within = match bit {
                    listed::ORG => list::IN_ORG,
                    listed::PLACE | listed::COUNTRY => list::IN_PLACE,
                    _ => 0,
                };
                *self.words.entry(token.fold).or_default() |= within;
            }
        }
        self.ends[state as usize] |= bit;
    }

    /// The lists a word is on. `stopped` words (`Gen.`) are looked up without their stop by the caller.
    #[must_use]
    pub fn word(&self, fold: u64) -> u16 {
        self.words.get(&fold).copied().unwrap_or(0)
    }

    /// The longest listed name at the front of `tokens`: its length and kinds.
    #[must_use]
    pub fn name(&self, tokens: &[Token]) -> Option<(usize, u8)> {
        let mut state = 0;
        let mut best = None;
        for (at, token) in tokens.iter().enumerate() {
            let Some(next) = self.edges.get(&(state, token.fold)) else { break };
            state = *next;
            let kinds = self.ends[state as usize];
            if kinds != 0 {
                best = Some((at + 1, kinds));
            }
        }
        best
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::{Gazetteer, list, listed};
    use crate::token::{hash_folded, tokenize};

    #[test]
    fn lists_know_words_and_longest_names() {
        let lists = Gazetteer::load();
        assert_ne!(lists.word(hash_folded("katharine")) & list::FIRST, 0);
        assert_ne!(lists.word(hash_folded("ministry")) & list::ORG_WORD, 0);
        let mut tokens = Vec::new();
        tokenize("New York Times said", &mut tokens);
        assert_eq!(
            lists.name(&tokens).map(|(length, kinds)| (length, kinds & listed::PLACE)),
            Some((2, listed::PLACE))
        );
        tokenize("xyzzy", &mut tokens);
        assert_eq!(lists.name(&tokens[4..]), None);
    }
}
