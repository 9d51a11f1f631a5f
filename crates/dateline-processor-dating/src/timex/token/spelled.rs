//! Numbers in words, and what stands beside numbers in digits: `and a half`, `1/2`.

use super::super::lexicon::{Lexicon, NumberWord, class};
use super::{Kind, PARAGRAPH, SPACE, Token};

/// Joins number words into one token each: `twenty four`, `a hundred thirty`, `nineteen ninety-one`, `two and a half`.
pub(super) fn merge_numbers(tokens: &mut Vec<Token>, lexicon: &Lexicon) {
    let (mut read, mut write) = (0, 0);
    while read < tokens.len() {
        let (token, used) = match spelled_number(tokens, read, lexicon) {
            Some((token, used)) => (token, used),
            None => (tokens[read], 1),
        };
        tokens[write] = token;
        read += used;
        write += 1;
    }
    tokens.truncate(write);
}

fn number_word(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<NumberWord> {
    let token = tokens.get(at)?;
    if token.kind != Kind::Word || token.word == 0 || token.has(PARAGRAPH) && at > 0 {
        return None;
    }
    lexicon.entry(token.word).number
}

fn spelled_number(tokens: &[Token], from: usize, lexicon: &Lexicon) -> Option<(Token, usize)> {
    let word = |at: usize| number_word(tokens, at, lexicon);
    let mut reader = SpelledReader::default();
    let mut at = from;
    match word(at) {
        Some(NumberWord::Article) if matches!(word(at + 1), Some(NumberWord::Scale(_) | NumberWord::Half)) => at += 1,
        Some(NumberWord::And | NumberWord::Article) => return None,
        Some(_) => {}
        None => return digits_and_half(tokens, from, lexicon),
    }
    let mut ordinal = false;
    while let Some(next) = word(at) {
        let taken = match next {
            NumberWord::Ordinal(value) => {
                ordinal = at > from && reader.add(NumberWord::Digit(value));
                ordinal
            }
            NumberWord::And => {
                reader.after_scale
                    && matches!(word(at + 1), Some(NumberWord::Digit(_) | NumberWord::Teen(_) | NumberWord::Tens(_)))
            }
            other => reader.add(other),
        };
        if !taken {
            break;
        }
        at += 1;
        if ordinal {
            break;
        }
    }
    if at == from || !reader.any {
        return None;
    }
    if let (Some(NumberWord::Decade(decade)), Some(hundreds)) = (word(at), reader.hundreds_of_years()) {
        return Some((joined(tokens, from, at + 1 - from, Kind::Decade, hundreds + decade), at + 1 - from));
    }
    if let Some((used, fraction)) = and_a_part(tokens, at, lexicon).filter(|_| !ordinal) {
        reader.fraction = fraction;
        at += used;
    }
    // `half a year`: the article belongs to the number.
    if reader.is_half() && word(at) == Some(NumberWord::Article) {
        at += 1;
    }
    let kind = if ordinal {
        Kind::Ordinal
    } else if reader.year {
        Kind::SpelledYear
    } else {
        Kind::Spelled
    };
    let value = if ordinal || reader.year { reader.value() / 1000 } else { reader.value() };
    Some((joined(tokens, from, at - from, kind, value), at - from))
}

/// `2 and a half` and `2 1/2`, with the number in digits.
fn digits_and_half(tokens: &[Token], from: usize, lexicon: &Lexicon) -> Option<(Token, usize)> {
    let value = tokens[from].integer()?;
    if let Some((fraction, used)) = written_fraction(tokens, from + 1) {
        let value = value.saturating_mul(1000).saturating_add(fraction);
        return Some((joined(tokens, from, used + 1, Kind::Decimal, value), used + 1));
    }
    let (used, fraction) = and_a_part(tokens, from + 1, lexicon)?;
    Some((joined(tokens, from, used + 1, Kind::Decimal, value.saturating_mul(1000).saturating_add(fraction)), used + 1))
}

/// `1/2` or `-1/2` at `at`: its thousandths, and how many tokens it takes.
fn written_fraction(tokens: &[Token], at: usize) -> Option<(i32, usize)> {
    let fraction = |at: usize| tokens.get(at).filter(|token| token.kind == Kind::MonthDay).map(|token| token.parts[2]);
    let glued = |at: usize| tokens.get(at).is_some_and(|token| !token.has(SPACE));
    let dashed = tokens.get(at).is_some_and(|token| token.kind == Kind::Sign(class::DASH));
    let (fraction, used) = match fraction(at) {
        Some(fraction) => (fraction, 1),
        None if dashed && glued(at) && glued(at + 1) => (fraction(at + 1)?, 2),
        None => return None,
    };
    (fraction > 0).then_some((fraction, used))
}

/// How many tokens `and a half`, `and a quarter` take at `at`, and the thousandths they add.
fn and_a_part(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(usize, i32)> {
    let word = |at: usize| number_word(tokens, at, lexicon);
    if word(at) != Some(NumberWord::And) {
        return None;
    }
    match (word(at + 1), word(at + 2)) {
        (Some(NumberWord::Article | NumberWord::Digit(1)), Some(NumberWord::Half)) => Some((3, 500)),
        (Some(NumberWord::Article | NumberWord::Digit(1)), Some(NumberWord::Quarter)) => Some((3, 250)),
        (Some(NumberWord::Half), _) => Some((2, 500)),
        _ => None,
    }
}

fn joined(tokens: &[Token], from: usize, count: usize, kind: Kind, value: i32) -> Token {
    let mut token = tokens[from];
    token.end = tokens[from + count - 1].end;
    token.kind = kind;
    token.parts = [value, -1, -1, 0, 0, 0];
    // A single word keeps its own senses beside that of a number: `second`, `half`.
    if count > 1 {
        token.word = 0;
    }
    token
}

/// Adds number words up, in thousandths.
#[derive(Default)]
struct SpelledReader {
    total: i32,
    current: i32,
    last: Option<NumberWord>,
    any: bool,
    year: bool,
    after_scale: bool,
    /// Thousandths that `and a half` adds.
    fraction: i32,
    half: bool,
}

impl SpelledReader {
    fn value(&self) -> i32 {
        let whole = self.total.saturating_add(self.current).saturating_mul(1000);
        whole.saturating_add(if self.half { 500 } else { self.fraction })
    }

    fn is_half(&self) -> bool {
        self.half
    }

    /// 1900 of `nineteen seventies`, while nothing but the `nineteen` was read.
    fn hundreds_of_years(&self) -> Option<i32> {
        let alone = self.total == 0 && !self.half && !self.year && matches!(self.last, Some(NumberWord::Teen(_)));
        (alone && (11..=20).contains(&self.current)).then_some(self.current * 100)
    }

    /// Whether the word continues the number.
    fn add(&mut self, word: NumberWord) -> bool {
        if self.half || self.year && !matches!((self.last, word), (Some(NumberWord::Tens(_)), NumberWord::Digit(_))) {
            return false;
        }
        let fits = match (self.last, word) {
            (None, NumberWord::Half) => {
                self.half = true;
                true
            }
            (None, NumberWord::Digit(value) | NumberWord::Teen(value) | NumberWord::Tens(value)) => {
                self.current = value;
                true
            }
            (None, NumberWord::Scale(value)) => {
                self.scale(1, value);
                true
            }
            (Some(NumberWord::Tens(_)), NumberWord::Digit(value)) => {
                self.current += value;
                true
            }
            (Some(NumberWord::Digit(_) | NumberWord::Teen(_) | NumberWord::Tens(_)), NumberWord::Scale(value)) => {
                let current = self.current;
                self.scale(current, value);
                true
            }
            (
                Some(NumberWord::Scale(_)),
                NumberWord::Digit(value) | NumberWord::Teen(value) | NumberWord::Tens(value),
            ) => {
                self.current += value;
                true
            }
            (Some(NumberWord::Teen(_) | NumberWord::Tens(_)), NumberWord::Tens(value) | NumberWord::Teen(value))
                if self.total == 0 && (11..=20).contains(&self.current) =>
            {
                self.current = self.current * 100 + value;
                self.year = true;
                true
            }
            _ => false,
        };
        if fits {
            self.any = true;
            self.after_scale = matches!(word, NumberWord::Scale(_));
            self.last = Some(word);
        }
        fits
    }

    fn scale(&mut self, count: i32, scale: i32) {
        if scale >= 1000 {
            self.total = self.total.saturating_add(count.max(1).saturating_mul(scale));
            self.current = 0;
        } else {
            self.current = count.max(1).saturating_mul(scale);
        }
    }
}
