//! The words of a language that can be part of a temporal expression, with their classes; read from its rule files.
//!
//! Looks words up; knows nothing of how they combine.

use super::frame::{Slot, code_of};
use super::grammar::RuleError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Position of a class in the lexicon.
pub(crate) type ClassId = u16;

/// Longest word the table holds, in bytes.
const WORD_BYTES_MAX: usize = 20;

const LETTERS: usize = 26;
/// How many letters and digits a word can start with.
const FIRST_SIGNS: usize = LETTERS + 10;

/// How a word must be written to have a sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Case {
    /// Either way.
    #[default]
    Any,
    /// With a capital first letter, except in colloquial text.
    Capital,
    /// With a capital first letter, everywhere.
    Proper,
    /// In lower case, or in capitals throughout.
    Lower,
}

/// One meaning of a word: a class and what it puts into a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sense {
    pub(crate) class: ClassId,
    pub(crate) slot: Option<Slot>,
    pub(crate) value: i32,
    pub(crate) case: Case,
}

/// What a number word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberWord {
    /// `one` to `nine`.
    Digit(i32),
    /// `ten` to `nineteen`.
    Teen(i32),
    /// `twenty` ... `ninety`.
    Tens(i32),
    /// `hundred`, `thousand`.
    Scale(i32),
    /// `first` ... as the end of a compound.
    Ordinal(i32),
    /// `seventies` as the end of `nineteen seventies`.
    Decade(i32),
    /// `half`.
    Half,
    /// `quarter`, behind `and a`.
    Quarter,
    /// `and`.
    And,
    /// `a`, `an`.
    Article,
}

/// One word.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    pub(crate) senses: Vec<Sense>,
    pub(crate) number: Option<NumberWord>,
    /// Whether a full stop after it belongs to it: `Jan.`, `Sept.`.
    pub(crate) abbreviation: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    name: String,
    slot: Option<String>,
    #[serde(default)]
    case: Case,
    #[serde(default)]
    abbreviation: bool,
    words: toml::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumbersFile {
    digits: BTreeMap<String, i32>,
    teens: BTreeMap<String, i32>,
    tens: BTreeMap<String, i32>,
    scales: BTreeMap<String, i32>,
    ordinals: BTreeMap<String, i32>,
    decades: BTreeMap<String, i32>,
    ordinal_suffixes: Vec<String>,
    decade_suffixes: Vec<String>,
    half: Vec<String>,
    quarter: Vec<String>,
    and: Vec<String>,
    article: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LexiconFile {
    numbers: NumbersFile,
    class: Vec<ClassFile>,
}

/// The classes the engine itself gives to numbers and signs; rule files use them by these names.
pub(crate) const ENGINE_CLASSES: &[&str] = &[
    "n",
    "int",
    "day-number",
    "ordinal",
    "day-ordinal",
    "year",
    "small-year",
    "any-year",
    "short-year",
    "hour-number",
    "minute-number",
    "clock",
    "dot-clock",
    "military",
    "decade-number",
    "short-decade",
    "iso-date",
    "two-days",
    "numeric-date",
    "month-day",
    "comma",
    "dash",
    "dot",
    "slash",
    "colon",
    "open",
    "close",
    "possessive",
    "plus",
    "at",
    "amp",
    "paragraph",
    "apostrophe",
    "wordy-n",
    "other",
    "cap",
    "half-number",
    "wordy-year",
    "modern-year",
    "day-nth",
    "year-tail",
    "amount",
];

/// Positions in [`ENGINE_CLASSES`].
pub(crate) mod class {
    use super::ClassId;
    pub(crate) const N: ClassId = 0;
    pub(crate) const INT: ClassId = 1;
    pub(crate) const DAY: ClassId = 2;
    pub(crate) const ORDINAL: ClassId = 3;
    pub(crate) const DAY_ORDINAL: ClassId = 4;
    pub(crate) const YEAR: ClassId = 5;
    pub(crate) const SMALL_YEAR: ClassId = 6;
    pub(crate) const ANY_YEAR: ClassId = 7;
    pub(crate) const SHORT_YEAR: ClassId = 8;
    pub(crate) const HOUR: ClassId = 9;
    pub(crate) const MINUTE: ClassId = 10;
    pub(crate) const CLOCK: ClassId = 11;
    pub(crate) const DOT_CLOCK: ClassId = 12;
    pub(crate) const MILITARY: ClassId = 13;
    pub(crate) const DECADE: ClassId = 14;
    pub(crate) const SHORT_DECADE: ClassId = 15;
    pub(crate) const ISO_DATE: ClassId = 16;
    pub(crate) const TWO_DAYS: ClassId = 17;
    pub(crate) const NUMERIC_DATE: ClassId = 18;
    pub(crate) const MONTH_DAY: ClassId = 19;
    pub(crate) const COMMA: ClassId = 20;
    pub(crate) const DASH: ClassId = 21;
    pub(crate) const DOT: ClassId = 22;
    pub(crate) const SLASH: ClassId = 23;
    pub(crate) const COLON: ClassId = 24;
    pub(crate) const OPEN: ClassId = 25;
    pub(crate) const CLOSE: ClassId = 26;
    pub(crate) const POSSESSIVE: ClassId = 27;
    pub(crate) const PLUS: ClassId = 28;
    pub(crate) const AT: ClassId = 29;
    pub(crate) const AMP: ClassId = 30;
    pub(crate) const PARAGRAPH: ClassId = 31;
    pub(crate) const APOSTROPHE: ClassId = 32;
    pub(crate) const WORDY: ClassId = 33;
    pub(crate) const OTHER: ClassId = 34;
    pub(crate) const CAP: ClassId = 35;
    pub(crate) const HALF: ClassId = 36;
    pub(crate) const WORDY_YEAR: ClassId = 37;
    pub(crate) const MODERN_YEAR: ClassId = 38;
    pub(crate) const DAY_NTH: ClassId = 39;
    pub(crate) const YEAR_TAIL: ClassId = 40;
    pub(crate) const AMOUNT: ClassId = 41;
}

/// All words of one language.
pub(crate) struct Lexicon {
    classes: Vec<String>,
    words: Vec<Word>,
    by_text: BTreeMap<String, u32>,
    table: Vec<u32>,
    texts: Vec<Box<[u8]>>,
    /// Bit `length` is set for each first letter or digit a word of that length starts with.
    lengths: [u32; FIRST_SIGNS],
    /// Endings that make an ordinal of a number: `st`, `nd`, `rd`, `th`.
    pub(crate) ordinal_suffixes: Vec<String>,
    /// Endings that make a decade of a year: `s`.
    pub(crate) decade_suffixes: Vec<String>,
}

impl Lexicon {
    /// Reads a lexicon file.
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Lexicon, RuleError> {
        let parsed: LexiconFile = toml::from_str(text).map_err(|source| RuleError::Toml { file, source })?;
        let mut lexicon = Lexicon {
            classes: ENGINE_CLASSES.iter().map(|name| (*name).to_owned()).collect(),
            words: vec![Word::default()],
            by_text: BTreeMap::new(),
            table: Vec::new(),
            texts: vec![Box::default()],
            lengths: [0; FIRST_SIGNS],
            ordinal_suffixes: parsed.numbers.ordinal_suffixes.clone(),
            decade_suffixes: parsed.numbers.decade_suffixes.clone(),
        };
        for class in parsed.class {
            lexicon.add_class(file, &class)?;
        }
        lexicon.add_numbers(&parsed.numbers);
        Ok(lexicon)
    }

    fn add_class(&mut self, file: &'static str, class: &ClassFile) -> Result<(), RuleError> {
        let unknown = |what: &str| RuleError::Unknown { file, rule: class.name.clone(), what: what.to_owned() };
        let slot = match &class.slot {
            Some(name) => Some(Slot::parse(name).ok_or_else(|| unknown(name))?),
            None => None,
        };
        let id = self.class(&class.name);
        let mut add = |text: &str, value: i32| {
            let word = self.word(text);
            self.words[word as usize].senses.push(Sense { class: id, slot, value, case: class.case });
            self.words[word as usize].abbreviation |= class.abbreviation;
        };
        match &class.words {
            toml::Value::Array(words) => {
                for word in words.iter().filter_map(toml::Value::as_str) {
                    add(word, 1);
                }
            }
            toml::Value::Table(words) => {
                for (word, value) in words {
                    let code = match value {
                        toml::Value::Integer(number) => i32::try_from(*number).ok(),
                        toml::Value::String(name) => slot.and_then(|slot| code_of(slot, name)),
                        _ => None,
                    };
                    add(word, code.ok_or_else(|| unknown(&value.to_string()))?);
                }
            }
            _ => return Err(unknown("words")),
        }
        Ok(())
    }

    /// Puts words into a class without slot, made when new.
    pub(crate) fn add_words(&mut self, class: &str, words: &[String]) -> ClassId {
        let class = self.class(class);
        for text in words {
            let word = self.word(text);
            self.words[word as usize].senses.push(Sense { class, slot: None, value: 1, case: Case::Any });
        }
        class
    }

    fn add_numbers(&mut self, numbers: &NumbersFile) {
        let mut set = |text: &str, number: NumberWord| {
            let word = self.word(text);
            self.words[word as usize].number = Some(number);
        };
        numbers.digits.iter().for_each(|(text, value)| set(text, NumberWord::Digit(*value)));
        numbers.teens.iter().for_each(|(text, value)| set(text, NumberWord::Teen(*value)));
        numbers.tens.iter().for_each(|(text, value)| set(text, NumberWord::Tens(*value)));
        numbers.scales.iter().for_each(|(text, value)| set(text, NumberWord::Scale(*value)));
        numbers.ordinals.iter().for_each(|(text, value)| set(text, NumberWord::Ordinal(*value)));
        numbers.decades.iter().for_each(|(text, value)| set(text, NumberWord::Decade(*value)));
        numbers.half.iter().for_each(|text| set(text, NumberWord::Half));
        numbers.quarter.iter().for_each(|text| set(text, NumberWord::Quarter));
        numbers.and.iter().for_each(|text| set(text, NumberWord::And));
        numbers.article.iter().for_each(|text| set(text, NumberWord::Article));
    }

    /// The class of that name, made when new.
    pub(crate) fn class(&mut self, name: &str) -> ClassId {
        let at = self.classes.iter().position(|known| known == name).unwrap_or_else(|| {
            self.classes.push(name.to_owned());
            self.classes.len() - 1
        });
        at as ClassId
    }

    /// The class of that name, if it is known.
    pub(crate) fn find_class(&self, name: &str) -> Option<ClassId> {
        self.classes.iter().position(|known| known == name).map(|at| at as ClassId)
    }

    /// The class that holds just this word, made when new.
    pub(crate) fn literal(&mut self, text: &str) -> ClassId {
        let name = format!("'{text}'");
        if let Some(known) = self.find_class(&name) {
            return known;
        }
        let class = self.class(&name);
        let word = self.word(text);
        self.words[word as usize].senses.push(Sense { class, slot: None, value: 1, case: Case::Any });
        class
    }

    fn word(&mut self, text: &str) -> u32 {
        if let Some(known) = self.by_text.get(text) {
            return *known;
        }
        let id = self.words.len() as u32;
        self.words.push(Word::default());
        self.texts.push(text.as_bytes().into());
        self.by_text.insert(text.to_owned(), id);
        id
    }

    /// Builds the look-up table; no word may be added after it.
    pub(crate) fn seal(&mut self) {
        let size = (self.words.len() * 4).next_power_of_two();
        self.table = vec![0; size];
        for (text, id) in &self.by_text {
            let bytes = text.as_bytes();
            if let Some(first) = first_sign(bytes.first().copied().unwrap_or(0)) {
                self.lengths[first] |= 1 << bytes.len().min(31);
            }
            let mut at = hash(bytes) as usize & (size - 1);
            while self.table[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.table[at] = *id;
        }
    }

    /// The word, whatever its case; 0 when it is not known.
    pub(crate) fn find(&self, text: &[u8]) -> u32 {
        if text.len() > WORD_BYTES_MAX {
            return 0;
        }
        let Some(first) = text.first().copied().and_then(first_sign) else { return 0 };
        if self.lengths[first] & (1 << text.len()) == 0 {
            return 0;
        }
        let mut folded = [0_u8; WORD_BYTES_MAX];
        for (to, from) in folded.iter_mut().zip(text) {
            *to = if from.is_ascii_uppercase() { *from | 0x20 } else { *from };
        }
        let folded = &folded[..text.len()];
        let mask = self.table.len() - 1;
        let mut at = hash(folded) as usize & mask;
        loop {
            let id = self.table[at];
            if id == 0 || *self.texts[id as usize] == *folded {
                return id;
            }
            at = (at + 1) & mask;
        }
    }

    pub(crate) fn entry(&self, word: u32) -> &Word {
        &self.words[word as usize]
    }

    pub(crate) fn class_count(&self) -> usize {
        self.classes.len()
    }
}

/// The place of a first letter, whatever its case, or of a first digit.
fn first_sign(byte: u8) -> Option<usize> {
    if byte.is_ascii_digit() {
        return Some(LETTERS + usize::from(byte - b'0'));
    }
    let folded = byte | 0x20;
    folded.is_ascii_lowercase().then(|| usize::from(folded - b'a'))
}

fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
