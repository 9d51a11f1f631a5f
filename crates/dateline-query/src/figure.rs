//! Figures in a sentence: how many of what, with what the words around them leave open. English numbers and words.

use crate::stop::is_stop_word;
use crate::toll::toll;
use crate::vocabulary::{Set, Vocabulary, common, has};
use dateline_core::Span;
use dateline_processor_index::words::words;
use std::collections::BTreeSet;
use std::ops::Range;

/// Words on each side of a figure that say what is counted.
const AROUND_WORDS: usize = 4;
/// Words between a number and the noun it counts: `12 unarmed young men`.
const BETWEEN_WORDS: usize = 3;
/// Nouns and units that count without an s, folded.
const PLURALS: &[&str] = &[
    "people",
    "men",
    "women",
    "children",
    "police",
    "personnel",
    "staff",
    "crew",
    "troop",
    "cattle",
    "fish",
    "sheep",
    "aircraft",
    "lives",
    "feet",
    "percent",
    "pct",
    "mln",
    "stg",
    "dlr",
    "dlrs",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "yen",
    "yuan",
    "rupees",
    "baht",
    "won",
    "rand",
    "kg",
    "km",
    "ha",
    "mw",
    "bpd",
    "gw",
    "kwh",
    "lb",
    "oz",
    "ct",
    "cts",
    "tonne",
    "ton",
    "mph",
    "kph",
];
/// Words in front of a figure that may say how exact it is.
const BEFORE_WORDS: usize = 3;
/// What "about" leaves open on both sides, as a share.
const ABOUT_SHARE: f64 = 0.15;

/// A number of something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// The words, on one line, with what makes them inexact: `at least 12 people`.
    pub(crate) text: Box<str>,
    /// What is counted: a stem, `%` or a currency.
    pub(crate) unit: u32,
    /// The same, as it is written.
    pub(crate) thing: u32,
    /// Every value it may stand for.
    pub(crate) low: f64,
    /// See `low`.
    pub(crate) high: f64,
    /// Stems around it that say something.
    around: Set,
    /// The first of those behind it: what is said of what is counted.
    after: Option<u32>,
    /// Whether the unit alone says what happened to what is counted.
    pub(crate) is_told: bool,
}

impl Figure {
    /// Whether no value fits both.
    pub(crate) fn contradicts(&self, other: &Figure) -> bool {
        self.high < other.low || other.high < self.low
    }

    /// Whether the words around say that one thing is counted: killed, not hurt.
    pub(crate) fn is_about_same(&self, other: &Figure) -> bool {
        let says = |one: &Figure, other: &Figure| one.after.is_some_and(|after| has(&other.around, after));
        match (self.after, other.after) {
            _ if self.is_told && other.is_told => true,
            (None, None) => common(&self.around, &other.around).next().is_some(),
            _ => says(self, other) || says(other, self),
        }
    }
}

/// The figures of a sentence outside of some places in it: names and times.
pub(crate) fn figures(sentence: &str, taken: &[Span], vocabulary: &mut Vocabulary) -> Vec<Figure> {
    let tokens = tokens(sentence, taken, vocabulary);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match number(&tokens, at) {
            Some((value, step, used)) => {
                found.extend(figure(sentence, &tokens, at, used, (value, step), vocabulary));
                at += used;
            }
            None => at += 1,
        }
    }
    found
}

/// A word with what is known of it.
pub(crate) struct Token {
    pub(crate) range: Range<usize>,
    pub(crate) folded: String,
    /// Part of a name or a time.
    pub(crate) taken: bool,
}

fn tokens(sentence: &str, taken: &[Span], vocabulary: &mut Vocabulary) -> Vec<Token> {
    let mut tokens = Vec::new();
    for range in words(sentence) {
        let mut folded = String::new();
        vocabulary.folder.fold(&sentence[range.clone()], &mut folded);
        let overlaps = |span: &Span| (span.start as usize) < range.end && range.start < span.end as usize;
        tokens.push(Token { taken: taken.iter().any(overlaps), range, folded });
    }
    tokens
}

/// A number at a place: its value, the size of its last digit, and how many words it takes.
fn number(tokens: &[Token], at: usize) -> Option<(f64, f64, usize)> {
    let (mut value, mut step) = simple(tokens.get(at)?)?;
    let in_words = tokens[at].folded.starts_with(char::is_alphabetic);
    if in_words && value <= 1.0 {
        // "one of them" counts nothing.
        return None;
    }
    let mut used = 1;
    if let Some((rest, _)) = tokens.get(at + 1).and_then(simple).filter(|(rest, _)| (1.0..10.0).contains(rest)) {
        // twenty-one, as two words
        if (20.0..100.0).contains(&value) && value % 10.0 == 0.0 && in_words {
            value += rest;
            step = 1.0;
            used += 1;
        }
    }
    while let Some(scale) = tokens.get(at + used).filter(|token| !token.taken).and_then(|token| scale(&token.folded)) {
        value *= scale;
        step *= scale;
        used += 1;
    }
    Some((value, step, used))
}

fn simple(token: &Token) -> Option<(f64, f64)> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    if token.taken {
        return None;
    }
    let word = token.folded.as_str();
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        let value: f64 = word.parse().ok()?;
        let decimals = word.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let zeros = word.len() - word.trim_end_matches('0').len();
        let (decimals, zeros) = (i32::try_from(decimals).ok()?, i32::try_from(zeros).ok()?);
        return Some((value, 10f64.powi(if decimals > 0 { -decimals } else { zeros })));
    }
    let small = WORDS.iter().position(|known| *known == word).and_then(|at| u32::try_from(at).ok());
    let tens = TENS.iter().position(|known| *known == word).and_then(|at| u32::try_from((at + 2) * 10).ok());
    small.or(tens).map(|value| (f64::from(value), 1.0))
}

fn scale(word: &str) -> Option<f64> {
    Some(match word {
        "hundred" => 1e2,
        "thousand" => 1e3,
        "million" | "mln" | "m" => 1e6,
        "billion" | "bln" | "bn" => 1e9,
        "trillion" => 1e12,
        _ => return None,
    })
}

fn figure(
    sentence: &str,
    tokens: &[Token],
    at: usize,
    used: usize,
    (value, step): (f64, f64),
    vocabulary: &mut Vocabulary,
) -> Option<Figure> {
    let before = at.checked_sub(1).map(|before| tokens[before].folded.as_str());
    if matches!(before, Some("another" | "further" | "additional" | "other" | "remaining")) {
        // Part of a sum that stands elsewhere.
        return None;
    }
    if sentence[..tokens[at].range.start].ends_with(['/', '-']) || sentence[tokens[at].range.end..].starts_with('/') {
        // Part of a fraction, a score or a range.
        return None;
    }
    let (low, high, from) = bounds(tokens, at, value, step);
    let counted = counted(sentence, tokens, (at, from, used), vocabulary)?;
    let mut said = |from: usize, to: usize| -> Vec<u32> {
        let free = tokens[from..to.max(from)].iter().filter(|token| !token.taken);
        let says = free.map(|token| &token.folded).filter(|word| {
            word.len() > 2 && !is_stop_word(word) && !word.starts_with(|first: char| first.is_ascii_digit())
        });
        says.map(|word| vocabulary.stem(word)).collect()
    };
    let last = counted.last;
    let behind = said(last.min(tokens.len()), (last + AROUND_WORDS).min(tokens.len()));
    let before = said(at.saturating_sub(AROUND_WORDS), at);
    let text = sentence.get(counted.bytes)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let after = behind.first().copied();
    let around: BTreeSet<u32> = before.into_iter().chain(behind).collect();
    let is_told = counted.is_told;
    let (unit, thing) = (vocabulary.number(&counted.unit), vocabulary.number(&counted.thing));
    Some(Figure { text: text.into(), unit, thing, low, high, around: around.into_iter().collect(), after, is_told })
}

/// What a number counts.
struct Counted {
    /// See [`Figure`].
    unit: String,
    thing: String,
    is_told: bool,
    /// The token behind the words that say so.
    last: usize,
    /// All of it in the sentence.
    bytes: Range<usize>,
}

/// What the number counts that starts at a token, with the words that bound it at another, and takes `used` tokens.
fn counted(
    sentence: &str,
    tokens: &[Token],
    (at, from, used): (usize, usize, usize),
    vocabulary: &mut Vocabulary,
) -> Option<Counted> {
    let end = at + used;
    let start = tokens[from].range.start;
    let number_end = tokens[end - 1].range.end;
    let plain =
        |unit: &str, bytes| Counted { unit: unit.to_owned(), thing: unit.to_owned(), is_told: false, last: end, bytes };
    if let Some(currency) = currency_before(&sentence[..tokens[at].range.start]) {
        let start = start.min(tokens[at].range.start.saturating_sub(currency.len()));
        return Some(plain(currency, start..number_end));
    }
    let behind = &sentence[number_end..];
    if behind.trim_start().starts_with('%') {
        return Some(plain("%", start..number_end + behind.find('%').map_or(0, |at| at + 1)));
    }
    if let Some(toll) = toll(sentence, tokens, from, end) {
        let bytes = tokens[toll.first].range.start..tokens[toll.last - 1].range.end;
        return Some(Counted { is_told: true, last: toll.last, ..plain(toll.what, bytes) });
    }
    let (unit, words) = unit(sentence, tokens, end, vocabulary)?;
    let noun = tokens[end + words - 1].range.clone();
    let thing = sentence[noun.clone()].to_owned();
    Some(Counted { unit, thing, is_told: false, last: end + words, bytes: start..noun.end })
}

fn currency_before(before: &str) -> Option<&'static str> {
    ["$", "€", "£", "¥"].into_iter().find(|sign| before.ends_with(sign))
}

/// What is counted: the noun behind the number, with how many words it takes. Names and a few other words in between are
/// passed over, punctuation is not. Only what looks like a plural counts: a number before any other word is no figure.
fn unit(sentence: &str, tokens: &[Token], from: usize, vocabulary: &mut Vocabulary) -> Option<(String, usize)> {
    let (mut end, mut between) = (tokens.get(from.checked_sub(1)?)?.range.end, 0);
    for (at, token) in tokens.iter().enumerate().skip(from) {
        let gap = &sentence[end..token.range.start];
        let is_abbreviated = token.taken && gap.starts_with('.');
        if !is_abbreviated && !gap.trim().is_empty() && gap != "-" {
            return None;
        }
        end = token.range.end;
        if token.taken {
            continue;
        }
        let used = at + 1 - from;
        let next = tokens.get(at + 1).map(|next| next.folded.as_str());
        let unit = match token.folded.as_str() {
            "percent" | "pct" => return Some(("%".to_owned(), used)),
            "per" if next == Some("cent") => return Some(("%".to_owned(), used + 1)),
            "dollars" | "dollar" | "dlrs" | "dlr" => return Some(("$".to_owned(), used)),
            "euros" | "euro" => return Some(("€".to_owned(), used)),
            word if is_plural(word) => vocabulary.folder.stem_or_word(word),
            word if is_stop_word(word) || !word.starts_with(char::is_alphabetic) => return None,
            _ => {
                between += 1;
                if between > BETWEEN_WORDS {
                    return None;
                }
                continue;
            }
        };
        return Some((unit, used));
    }
    None
}

/// Whether a folded word may be the plural of a noun, or a unit.
fn is_plural(word: &str) -> bool {
    let is_alphabetic = word.chars().all(char::is_alphabetic);
    let ends = word.len() > 2 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us");
    is_alphabetic && !is_stop_word(word) && (ends || PLURALS.contains(&word))
}

/// What values a number may stand for, by the words before it, and where those begin. A number without any stands for
/// what is rounded to it.
fn bounds(tokens: &[Token], at: usize, value: f64, step: f64) -> (f64, f64, usize) {
    let before = |back: usize| at.checked_sub(back).map(|index| tokens[index].folded.as_str());
    for back in 1..=BEFORE_WORDS {
        let Some(word) = before(back) else { break };
        let bound = match (before(back + 1), word) {
            (Some("at"), "least") => Some((value, f64::INFINITY, back + 1)),
            (Some("at"), "most") => Some((0.0, value, back + 1)),
            (Some("more"), "than") => Some((value, f64::INFINITY, back + 1)),
            (Some("less" | "fewer"), "than") => Some((0.0, value, back + 1)),
            (Some("up"), "to") => Some((0.0, value, back + 1)),
            (_, "over" | "above" | "exceeding") => Some((value, f64::INFINITY, back)),
            (_, "under" | "below") => Some((0.0, value, back)),
            (_, "about" | "around" | "some" | "nearly" | "almost" | "roughly" | "approximately" | "estimated") => {
                Some((value * (1.0 - ABOUT_SHARE), value * (1.0 + ABOUT_SHARE), back))
            }
            _ => None,
        };
        if let Some((low, high, back)) = bound {
            return (low, high, at - back);
        }
        if back == 1 && !is_stop_word(word) {
            break;
        }
    }
    (value - step / 2.0, value + step / 2.0, at)
}

#[cfg(test)]
mod tests {
    use super::{Figure, figures};
    use crate::vocabulary::Vocabulary;

    fn of(sentences: &[&str]) -> Vec<Vec<Figure>> {
        let mut vocabulary = Vocabulary::default();
        sentences.iter().map(|sentence| figures(sentence, &[], &mut vocabulary)).collect()
    }

    #[test]
    fn figures_are_numbers_of_something() {
        for (sentence, expected) in [
            ("At least 12 people were killed.", vec!["At least 12 people were killed"]),
            ("Twenty-one ships and 3.5 million tonnes left.", vec!["Twenty-one ships", "3.5 million tonnes"]),
            ("It cost $4.5 billion, 12 percent more.", vec!["$4.5 billion", "12 percent"]),
            ("Wheat lost 5% and 1,200 jobs went.", vec!["5%", "1,200 jobs"]),
            ("He was 45 and one of them.", vec![]),
            ("The notes have a 9-3/4 pct coupon.", vec![]),
            ("Some 12 unarmed young men fled in 3 boats.", vec!["Some 12 unarmed young men", "3 boats"]),
            ("Output fell to 39,834 compared with 41,000 a year before.", vec![]),
            ("Gold stood at 3,913.00 (previous 3,905.00) and 153 JUL7.", vec![]),
            ("", vec![]),
            ("The blast killed at least 12 in Naxos, wounding 30.", vec!["killed at least 12", "wounding 30"]),
            ("Twelve dead, 30 injured and 3 still missing.", vec!["Twelve dead", "30 injured"]),
            (
                "The death toll rose to 120, and 15 persons have died of it.",
                vec!["toll rose to 120", "15 persons have died"],
            ),
            (
                "A 7.1-magnitude quake, or of magnitude 6.9, or 7 on the Richter scale.",
                vec!["7.1-magnitude", "6.9", "7 on the Richter"],
            ),
            ("It killed 12 guards and wounded 30 Spartans.", vec!["12 guards", "30 Spartans"]),
            ("They toll 12 at noon.", vec![]),
        ] {
            let found: Vec<String> = of(&[sentence]).concat().into_iter().map(|figure| figure.text.into()).collect();
            assert_eq!(found, expected, "{sentence}");
        }
    }

    #[test]
    fn only_what_cannot_both_be_true_contradicts() {
        for (one, other, expected) in [
            ("12 people died.", "15 people died.", true),
            ("At least 12 people died.", "15 people died.", false),
            ("At least 15 people died.", "12 people died.", true),
            ("Up to 10 people died.", "15 people died.", true),
            ("About 100 people died.", "110 people died.", false),
            ("20 million tonnes rot.", "22 million tonnes rot.", false),
            ("20 million tonnes rot.", "33 million tonnes rot.", true),
            ("Over 200 people died.", "250 people died.", false),
        ] {
            let figures = of(&[one, other]).concat();
            let (one_figure, other_figure) = (&figures[0], &figures[1]);
            assert_eq!(one_figure.contradicts(other_figure), expected, "{one} {other}");
            assert_eq!(other_figure.contradicts(one_figure), expected, "{other} {one}");
        }
    }

    #[test]
    fn who_was_killed_is_counted_in_many_words() {
        let killed =
            ["killing 12 in a market", "12 people have been killed", "a toll of 12", "12 dead", "killed 12 people"];
        let figures = of(&killed).concat();
        assert_eq!(figures.len(), killed.len());
        assert!(figures.iter().all(|figure| figure.unit == figures[0].unit && figure.is_about_same(&figures[0])));
        let hurt = of(&["killing 12", "12 people were hurt", "12 people fled the killing"]).concat();
        assert!(hurt[1..].iter().all(|figure| figure.unit != hurt[0].unit));
    }

    #[test]
    fn what_is_counted_shows_in_the_words_around() {
        let sentences = ["Boats landed 12 tons of cod.", "Some 30 tons were landed.", "They sold 30 tons at noon."];
        let figures = of(&sentences).concat();
        assert!(figures[0].is_about_same(&figures[1]));
        assert!(!figures[0].is_about_same(&figures[2]));
    }
}
