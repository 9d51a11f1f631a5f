//! What is counted where the words say it in one of many ways: people killed, hurt, missing or arrested, and how strong an
//! earthquake was. `12 people were killed`, `killing 12` and `a death toll of 12` count one thing. English.

use crate::figure::Token;
use crate::stop::is_stop_word;

/// What happened to people, as it is shown.
const KILLED: &str = "killed";
const HURT: &str = "injured";
const MISSING: &str = "missing";
const ARRESTED: &str = "arrested";
/// How strong an earthquake was.
pub(crate) const MAGNITUDE: &str = "magnitude";

/// What happened, by the verb in front of a number: `killed 12`.
const BEFORE: &[(&str, &str)] = &[
    ("killed", KILLED),
    ("killing", KILLED),
    ("kills", KILLED),
    ("injured", HURT),
    ("injuring", HURT),
    ("wounded", HURT),
    ("wounding", HURT),
    ("arrested", ARRESTED),
    ("arresting", ARRESTED),
    ("detained", ARRESTED),
];
/// The same by the word behind what is counted: `12 people were killed`.
const BEHIND: &[(&str, &str)] = &[
    ("killed", KILLED),
    ("dead", KILLED),
    ("died", KILLED),
    ("deaths", KILLED),
    ("fatalities", KILLED),
    ("injured", HURT),
    ("wounded", HURT),
    ("hurt", HURT),
    ("missing", MISSING),
    ("arrested", ARRESTED),
    ("detained", ARRESTED),
    ("arrests", ARRESTED),
];
/// Nouns for people of whom nothing more is said.
const PEOPLE: &[&str] = &["people", "persons"];
/// Words between what is counted and what happened.
const AUXILIARIES: &[&str] = &["were", "was", "are", "have", "had", "been", "has"];
/// Words between `death toll` and a number.
const RISES: &[&str] = &[
    "of", "to", "at", "is", "was", "has", "had", "stands", "stood", "rose", "rises", "risen", "climbed", "reached",
    "hit", "now",
];
/// How many of those there may be.
const RISES_MAX: usize = 4;

/// What a number counts, and which words say so: tokens `first..last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Toll {
    pub(crate) what: &'static str,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// What the number counts that, with the words that bound it (`at least`), is the tokens `start..end`, when it is one of
/// these things.
pub(crate) fn toll(sentence: &str, tokens: &[Token], start: usize, end: usize) -> Option<Toll> {
    if let Some(last) = magnitude(sentence, tokens, start, end) {
        return Some(Toll { what: MAGNITUDE, first: start, last });
    }
    let word = |at: usize| tokens.get(at).filter(|token| !token.taken).map(|token| token.folded.as_str());
    let joined = |at: usize| tokens.get(at).is_some_and(|token| is_blank(sentence, tokens[at - 1].range.end, token));
    let noun = usize::from(joined(end) && word(end).is_some_and(|word| PEOPLE.contains(&word)));
    let last = end + noun;
    let mut at = last;
    while joined(at) && word(at).is_some_and(|word| AUXILIARIES.contains(&word)) {
        at += 1;
    }
    if joined(at)
        && let Some(what) = word(at).and_then(|word| named(BEHIND, word))
    {
        // `12 dead` says it itself; what was before `12 people were killed` is about something else.
        return Some(Toll { what, first: start, last: at + 1 });
    }
    // `Killed 12 soldiers` counts soldiers, and `killed 12 Spartans` them.
    let counts_other = noun == 0 && joined(end) && word(end).is_none_or(|word| !is_stop_word(word));
    if counts_other {
        return None;
    }
    let before = start.checked_sub(1)?;
    if is_blank(sentence, tokens[before].range.end, &tokens[start])
        && let Some(what) = word(before).and_then(|word| named(BEFORE, word))
    {
        return Some(Toll { what, first: before, last });
    }
    let rises = (0..start).rev().take(RISES_MAX).take_while(|at| word(*at).is_some_and(|word| RISES.contains(&word)));
    let toll = start.checked_sub(rises.count() + 1)?;
    let is_toll = word(toll) == Some("toll") && toll + 1 < start;
    is_toll.then_some(Toll { what: KILLED, first: toll, last })
}

/// Where the words for an earthquake's strength end: `magnitude 7.1`, `7.1-magnitude`, `7.1 on the Richter scale`.
fn magnitude(sentence: &str, tokens: &[Token], start: usize, end: usize) -> Option<usize> {
    let is = |at: usize, wanted: &str| tokens.get(at).is_some_and(|token| token.folded == wanted);
    let before = |back: usize| start.checked_sub(back);
    let is_before =
        before(1).is_some_and(|at| is(at, MAGNITUDE) || is(at, "of") && before(2).is_some_and(|at| is(at, MAGNITUDE)));
    let joined = |at: usize| {
        let gap = &sentence[tokens[at - 1].range.end..tokens[at].range.start];
        gap.trim().is_empty() || gap == "-"
    };
    if is(end, MAGNITUDE) && joined(end) {
        return Some(end + 1);
    }
    if is(end, "on") && is(end + 1, "the") && is(end + 2, "richter") {
        return Some(end + 3);
    }
    is_before.then_some(end)
}

fn named(words: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    words.iter().find(|(known, _)| *known == word).map(|(_, what)| *what)
}

/// Whether nothing but blanks stands between a place and a token.
fn is_blank(sentence: &str, from: usize, token: &Token) -> bool {
    sentence.get(from..token.range.start).is_some_and(|gap| gap.trim().is_empty())
}
