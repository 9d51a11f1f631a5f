//! What the tagger looks at: hashed features of one token in its sentence, and of what the first pass said about the rest
//! of the document. No feature is stored by name and nothing is allocated.

use super::decode::Votes;
use super::page::{Info, Page, Stretch, Writing};
use crate::token::{EMPTY, Token, flag, step};

/// Features that name the token's own word come first; the trainer leaves them out now and then.
pub const LEXICAL: usize = 9;
/// Most features of one token.
pub const FEATURES_MAX: usize = 128;

/// Mixes a number into a template's hash.
#[inline]
fn mix(template: u64, value: u64) -> u64 {
    let mixed = (value ^ template.wrapping_mul(0xA24B_AED4_963E_E407)).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    mixed ^ (mixed >> 29)
}

#[inline]
fn mix2(template: u64, one: u64, other: u64) -> u64 {
    mix(template, mix(template ^ 0x55, one).wrapping_add(other))
}

/// Case and kind of letters, at most one of each kind in a row.
fn shape(word: &str) -> u64 {
    let mut hash = EMPTY;
    let mut last = 0;
    for letter in word.chars() {
        let kind = match letter {
            'A'..='Z' => b'X',
            'a'..='z' => b'x',
            '0'..='9' => b'0',
            '-' | '.' | '&' | '\'' => letter as u8,
            letter if letter.is_uppercase() => b'X',
            letter if letter.is_alphabetic() => b'x',
            _ => b'?',
        };
        if kind != last {
            hash = step(hash, kind);
        }
        last = kind;
    }
    hash
}

/// Case of a token in few bits.
fn case(token: &Token) -> u64 {
    let bits = [flag::INITIAL, flag::UPPERS, flag::LOWER, flag::DIGIT, flag::HYPHEN, flag::DOT, flag::WORD];
    bits.iter().enumerate().fold(0, |sum, (at, bit)| sum | u64::from(token.any(*bit)) << at)
}

fn front(word: &[u8], length: usize) -> u64 {
    word.iter().take(length).fold(EMPTY, |hash, byte| step(hash, byte.to_ascii_lowercase()))
}

fn back(word: &[u8], length: usize) -> u64 {
    let from = word.len().saturating_sub(length);
    word[from..].iter().fold(EMPTY, |hash, byte| step(hash, byte.to_ascii_lowercase()))
}

/// A neighbour: its word, lists and classes, or none at the edge of the sentence.
struct Near {
    fold: u64,
    case: u64,
    info: Info,
}

fn near(page: &Page<'_>, sentence: (usize, usize), at: Option<usize>) -> Near {
    match at.filter(|at| (sentence.0..sentence.1).contains(at)) {
        Some(at) => {
            let token = &page.tokens[at];
            let fold = if token.any(flag::DIGIT) { 77 ^ u64::from(token.end - token.start) } else { token.fold };
            Near { fold, case: case(token), info: page.infos[at] }
        }
        None => Near { fold: 1, case: 1 << 60, info: Info::default() },
    }
}

/// Calls `each` with every feature of the token at `at`, the lexical ones first.
pub fn features(page: &Page<'_>, stretch: &Stretch, at: usize, each: &mut impl FnMut(u64)) {
    let sentence = page.sentences[stretch.sentence];
    let bounds = (sentence.start, sentence.end);
    let token = &page.tokens[at];
    let own = near(page, bounds, Some(at));
    let before = near(page, bounds, at.checked_sub(1));
    let after = near(page, bounds, Some(at + 1));
    let mode = match sentence.writing {
        Writing::Normal => u64::from(at == sentence.start),
        Writing::Capitals => 2,
        Writing::Title => 3,
    };
    let plain = page.plain_fold(token);
    each(mix(1, own.fold));
    each(mix2(2, own.fold, case(token)));
    each(mix2(3, before.fold, own.fold));
    each(mix2(4, own.fold, after.fold));
    each(mix2(5, own.fold, mode));
    each(mix2(6, u64::from(own.info.known.classes[2]), before.fold));
    each(mix2(7, u64::from(own.info.known.classes[2]), after.fold));
    each(mix(8, u64::from(own.info.known.classes[2])));
    each(mix2(9, plain, u64::from(before.case == 1 << 60)));
    letters(page, at, mode, each);
    around(page, bounds, at, &own, &before, &after, mode, each);
    run(page, bounds, at, mode, &own, each);
    listed(&own, &before, &after, mode, each);
}

/// The letters of the word and their case.
fn letters(page: &Page<'_>, at: usize, mode: u64, each: &mut impl FnMut(u64)) {
    let word = page.word(at);
    let bytes = word.as_bytes();
    let (shape, upright) = (shape(word), mode < 2);
    each(mix2(20, shape, mode));
    each(mix2(21, case(&page.tokens[at]), mode));
    for length in 2..=4 {
        if bytes.len() > length {
            each(mix2(22, length as u64, front(bytes, length)));
            each(mix2(23, length as u64, back(bytes, length)));
        }
    }
    each(mix2(24, bytes.len().min(12) as u64, u64::from(upright)));
    if let Some(hyphen) = word.rfind('-') {
        each(mix(25, back(&bytes[hyphen..], 8)));
        each(mix(26, front(bytes, hyphen)));
    }
    let known = page.infos[at].known;
    let lower = u64::from(page.is_lower_somewhere(page.tokens[at].fold));
    each(mix2(27, u64::from(known.capitals), mode));
    each(mix2(28, u64::from(known.capitals), mode << 1 | lower));
    each(mix2(29, u64::from(known.frequency), mode << 1 | lower));
    each(mix2(30, lower, mode));
}

/// The words on both sides.
#[expect(clippy::too_many_arguments, reason = "all of it was looked up once and is wanted by every group of features")]
fn around(
    page: &Page<'_>,
    bounds: (usize, usize),
    at: usize,
    own: &Near,
    before: &Near,
    after: &Near,
    mode: u64,
    each: &mut impl FnMut(u64),
) {
    let second_before = near(page, bounds, at.checked_sub(2));
    let second_after = near(page, bounds, Some(at + 2));
    each(mix(40, before.fold));
    each(mix(41, after.fold));
    each(mix(42, second_before.fold));
    each(mix(43, second_after.fold));
    each(mix2(44, before.fold, own.case));
    each(mix2(45, after.fold, own.case));
    each(mix2(46, before.fold, after.fold));
    each(mix2(47, second_before.fold, before.fold));
    each(mix2(48, after.fold, second_after.fold));
    let classes = |near: &Near| near.info.known.classes;
    for level in 0..3 {
        let level_bits = level as u64;
        each(mix2(50, level_bits, u64::from(classes(own)[level])));
        each(mix2(51, level_bits, u64::from(classes(before)[level])));
        each(mix2(52, level_bits, u64::from(classes(after)[level])));
    }
    each(mix2(53, u64::from(classes(before)[1]), u64::from(classes(own)[1])));
    each(mix2(54, u64::from(classes(own)[1]), u64::from(classes(after)[1])));
    each(mix2(55, u64::from(classes(before)[1]), u64::from(classes(after)[1])));
    each(mix2(56, u64::from(classes(&second_before)[1]), u64::from(classes(before)[1])));
    each(mix2(57, u64::from(classes(after)[1]), u64::from(classes(&second_after)[1])));
    each(mix2(60, before.case << 8 | own.case, after.case << 2 | mode));
    each(mix2(61, before.case, own.case << 2 | mode));
    each(mix2(62, own.case, after.case << 2 | mode));
    each(mix2(63, second_before.case, before.case << 8 | own.case));
}

/// The run of capitalised words the token stands in: its edges, its head, its length.
fn run(page: &Page<'_>, bounds: (usize, usize), at: usize, mode: u64, own: &Near, each: &mut impl FnMut(u64)) {
    let upper = |at: usize| page.tokens[at].any(flag::UPPER) && page.tokens[at].any(flag::WORD);
    if !upper(at) {
        each(mix2(70, own.fold, mode));
        return;
    }
    let mut start = at;
    while start > bounds.0 && at - start < 6 && upper(start - 1) {
        start -= 1;
    }
    let mut end = at + 1;
    while end < bounds.1 && end - at < 6 && upper(end) {
        end += 1;
    }
    let left = near(page, bounds, start.checked_sub(1));
    let right = near(page, bounds, Some(end));
    let (head, first) = (near(page, bounds, Some(end - 1)), near(page, bounds, Some(start)));
    let place = ((at - start).min(3) as u64) << 4 | (end - 1 - at).min(3) as u64;
    each(mix2(71, place, mode));
    each(mix2(72, head.fold, u64::from(end - 1 == at)));
    each(mix2(73, u64::from(head.info.lists), place));
    each(mix2(74, left.fold, place));
    each(mix2(75, right.fold, place));
    each(mix2(76, left.fold, right.fold));
    each(mix2(77, u64::from(first.info.lists) << 16 | u64::from(head.info.lists), place));
    each(mix2(78, u64::from(left.info.known.classes[1]), place));
    each(mix2(79, u64::from(right.info.known.classes[1]), place));
    each(mix2(80, u64::from(left.info.lists), place));
    each(mix2(81, u64::from(head.info.known.classes[1]), place));
    each(mix2(82, u64::from(first.info.known.classes[1]), place));
    let any = (start..end).fold(0_u16, |sum, at| sum | page.infos[at].lists);
    each(mix2(83, u64::from(any), place));
    let head_word = page.word(end - 1).as_bytes();
    each(mix2(84, back(head_word, 3), u64::from(end - 1 == at)));
    if right.fold == hash_of_and() {
        let beyond = near(page, bounds, Some(end + 1));
        each(mix2(85, u64::from(beyond.info.lists), u64::from(beyond.info.listed)));
    }
}

/// Hash of `and`, folded.
fn hash_of_and() -> u64 {
    b"and".iter().fold(EMPTY, |hash, byte| step(hash, *byte))
}

/// Word lists and listed names.
fn listed(own: &Near, before: &Near, after: &Near, mode: u64, each: &mut impl FnMut(u64)) {
    let name = |info: &Info| u64::from(info.listed) << 2 | u64::from(info.listed_place);
    each(mix2(90, name(&own.info), mode));
    each(mix2(91, name(&before.info), name(&own.info)));
    each(mix2(92, name(&own.info), name(&after.info)));
    each(mix2(93, u64::from(own.info.lists), mode));
    each(mix2(94, u64::from(before.info.lists), u64::from(own.info.lists)));
    each(mix2(95, u64::from(own.info.lists), u64::from(after.info.lists)));
    each(mix2(96, u64::from(own.info.lists) << 8 | name(&own.info), own.case));
    for bit in 0..10 {
        if own.info.lists >> bit & 1 == 1 {
            each(mix2(97, bit, mode));
        }
        if before.info.lists >> bit & 1 == 1 {
            each(mix2(98, bit, own.case));
        }
        if after.info.lists >> bit & 1 == 1 {
            each(mix2(99, bit, own.case));
        }
    }
}

/// Calls `each` with what the first pass said of the same words elsewhere in the document.
pub fn document_features(
    page: &Page<'_>,
    votes: &Votes,
    stretch: &Stretch,
    at: usize,
    own: usize,
    each: &mut impl FnMut(u64),
) {
    let sentence = page.sentences[stretch.sentence];
    let mode = match sentence.writing {
        Writing::Normal => u64::from(at == sentence.start),
        Writing::Capitals => 2,
        Writing::Title => 3,
    };
    let word = votes.word(page.tokens[at].fold, own);
    each(mix2(110, word.kind, word.strength));
    each(mix2(111, word.label, word.strength));
    each(mix2(112, word.kind << 3 | word.strength, mode));
    each(mix2(113, word.label, own as u64));
    each(mix2(114, word.kind << 3 | word.strength, own as u64));
    if at + 1 < stretch.end {
        let next = votes.word(page.tokens[at + 1].fold, usize::MAX);
        each(mix2(115, word.kind << 8 | next.kind, own as u64));
    }
    if at > stretch.start {
        let last = votes.word(page.tokens[at - 1].fold, usize::MAX);
        each(mix2(116, word.kind << 8 | last.kind, own as u64));
    }
}
