//! Cuts a text into words, numbers and signs, in one pass, and says which classes a token has.
//!
//! Numbers get their shape here (`12:30`, `2022-04-05`, `21st`, `two and a half`); what they mean is the rules' matter.

mod numbers;
mod senses;
mod spelled;

pub(crate) use senses::{SenseBuffer, bind, senses};

use super::lexicon::{ClassId, Lexicon, NumberWord, class};
use spelled::merge_numbers;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word; `Token::word` is 0 when the lexicon lacks it.
    Word,
    /// A sign with a class.
    Sign(ClassId),
    /// A number that no expression may use: money, a per cent, part of a code.
    Opaque,
    /// A whole number in digits; `parts[0]`, and how many digits.
    Integer(u8),
    /// A number with a fraction; `parts[0]` in thousandths, and as `hours.minutes` in `parts[1..3]` when it can be that.
    Decimal,
    /// A number in words; `parts[0]` in thousandths.
    Spelled,
    /// A year in words.
    SpelledYear,
    /// `21st`, `twenty-first`.
    Ordinal,
    /// `1980s`.
    Decade,
    /// `'80s`, `80s`.
    ShortDecade,
    /// `'89`.
    ShortYear,
    /// `12:30`, `12:30:05`.
    Clock,
    /// Year, month, day, and a clock in `parts[3..6]` where `parts[3]` is not negative.
    IsoDate,
    /// `27.03.2013`, `3/27/13`: three numbers as written.
    NumericDate,
    /// `3/27`: two numbers as written; `parts[2]` is what they are as a fraction, in thousandths, or 0.
    MonthDay,
}

/// One token. Offsets are bytes of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) word: u32,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) parts: [i32; 6],
}

/// A blank stands before the token.
pub(crate) const SPACE: u8 = 1;
/// A hyphen that joins stands before the token: `two-year`, `mid-1996`.
pub(crate) const HYPHEN: u8 = 2;
/// First letter is a capital.
pub(crate) const CAPITAL: u8 = 4;
/// All letters are capitals.
pub(crate) const UPPER: u8 = 8;
/// A blank line stands before the token.
pub(crate) const PARAGRAPH: u8 = 16;
/// The token is part of a tag, handle or address.
pub(crate) const TAG: u8 = 32;
/// A full stop belongs to the token and may end a sentence too.
pub(crate) const STOP: u8 = 64;

impl Token {
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn integer(&self) -> Option<i32> {
        matches!(self.kind, Kind::Integer(_)).then_some(self.parts[0])
    }
}

/// The tokens of `text`.
pub(crate) fn tokens(text: &str, lexicon: &Lexicon) -> Vec<Token> {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        lexicon,
        tokens: Vec::with_capacity(text.len() / 5 + 8),
        flags: PARAGRAPH,
        spelled: false,
    };
    lexer.run();
    if lexer.spelled {
        merge_numbers(&mut lexer.tokens, lexicon);
    }
    lexer.tokens
}

struct Lexer<'a> {
    bytes: &'a [u8],
    lexicon: &'a Lexicon,
    tokens: Vec<Token>,
    /// Flags of the next token.
    flags: u8,
    /// Whether a number word was seen.
    spelled: bool,
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

impl Lexer<'_> {
    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn run(&mut self) {
        let mut at = 0;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            at = match byte {
                b' ' | b'\t' | b'\r' => {
                    self.flags |= SPACE;
                    at + 1
                }
                b'\n' => self.newline(at),
                b'0'..=b'9' => self.number(at),
                _ if byte.is_ascii_alphabetic() => self.word(at),
                _ if byte >= 0x80 => self.beyond_ascii(at),
                _ => self.sign(at),
            };
        }
    }

    fn newline(&mut self, at: usize) -> usize {
        self.flags |= SPACE;
        let mut next = at + 1;
        while matches!(self.at(next), b' ' | b'\t' | b'\r' | b'\n') {
            if self.at(next) == b'\n' {
                self.flags |= PARAGRAPH;
            }
            next += 1;
        }
        next
    }

    fn push(&mut self, start: usize, end: usize, word: u32, kind: Kind, parts: [i32; 6]) {
        let flags = std::mem::take(&mut self.flags);
        self.tokens.push(Token { start: start as u32, end: end as u32, word, kind, flags, parts });
    }

    fn push_sign(&mut self, start: usize, end: usize, class: ClassId) -> usize {
        self.push(start, end, 0, Kind::Sign(class), [0; 6]);
        end
    }

    /// Typographic dashes, quotes and no-break blanks; other characters are letters of words.
    fn beyond_ascii(&mut self, at: usize) -> usize {
        let rest = &self.bytes[at..];
        match rest {
            [0xC2, 0xA0, ..] => {
                self.flags |= SPACE;
                at + 2
            }
            [0xE2, 0x80, 0x90..=0x94, ..] => self.push_sign(at, at + 3, class::DASH),
            [0xE2, 0x80, 0x99 | 0x98, ..] => self.apostrophe(at, at + 3),
            [0xE2, 0x80, 0x9C | 0x9D | 0xA6, ..] => self.push_sign(at, at + 3, class::PARAGRAPH),
            [0xE2, 0x80, 0x80..=0x8B | 0xAF, ..] => {
                self.flags |= SPACE;
                at + 3
            }
            [0xC2, 0xA3, ..] | [0xE2, 0x82, 0xAC, ..] => self.money(at + if rest[0] == 0xC2 { 2 } else { 3 }),
            _ => self.word(at),
        }
    }

    /// A currency sign: the number after it is no date.
    fn money(&mut self, at: usize) -> usize {
        let mut next = at;
        while matches!(self.at(next), b'0'..=b'9' | b',' | b'.')
            && (self.at(next).is_ascii_digit() || self.at(next + 1).is_ascii_digit())
        {
            next += 1;
        }
        self.push(at, next.max(at), 0, Kind::Opaque, [0; 6]);
        next
    }

    fn sign(&mut self, at: usize) -> usize {
        let next = self.at(at + 1);
        match self.bytes[at] {
            b',' => self.push_sign(at, at + 1, class::COMMA),
            b'.' => self.push_sign(at, at + 1, class::DOT),
            b'/' => self.push_sign(at, at + 1, class::SLASH),
            b':' => self.push_sign(at, at + 1, class::COLON),
            b'(' | b'[' => self.push_sign(at, at + 1, class::OPEN),
            b')' | b']' => self.push_sign(at, at + 1, class::CLOSE),
            b'+' => self.push_sign(at, at + 1, class::PLUS),
            b'&' => self.push_sign(at, at + 1, class::AMP),
            b'\'' => self.apostrophe(at, at + 1),
            b'$' => self.money(at + 1),
            b'#' | b'@' if is_letter(next) || next.is_ascii_digit() => self.tag(at),
            b'@' => self.push_sign(at, at + 1, class::AT),
            b'-' | b'_' => self.hyphen(at),
            _ => self.push_sign(at, at + 1, class::PARAGRAPH),
        }
    }

    /// A single hyphen between word and word or word and number joins; anything else is a dash.
    fn hyphen(&mut self, at: usize) -> usize {
        let before = at.checked_sub(1).map_or(0, |before| self.bytes[before]);
        let next = self.at(at + 1);
        // `mid-'70s`.
        let short_year = match self.bytes.get(at + 1..) {
            Some([b'\'', digit, ..] | [0xE2, 0x80, 0x98 | 0x99, digit, ..]) => digit.is_ascii_digit(),
            _ => false,
        };
        let joins = self.bytes[at] == b'-'
            && (is_letter(before) || before.is_ascii_digit() || before == b'.')
            && (is_letter(next) || next.is_ascii_digit() || short_year)
            && (is_letter(before) || before == b'.' || is_letter(next));
        if joins {
            self.flags |= HYPHEN;
            return at + 1;
        }
        let mut end = at + 1;
        while self.at(end) == b'-' {
            end += 1;
        }
        self.push_sign(at, end, class::DASH)
    }

    fn tag(&mut self, at: usize) -> usize {
        let mut end = at + 1;
        while is_letter(self.at(end)) || self.at(end).is_ascii_digit() || self.at(end) == b'_' {
            end += 1;
        }
        self.flags |= TAG;
        self.push(at, end, 0, Kind::Word, [0; 6]);
        end
    }

    /// `'s`, `'89`, `'80s`, or a quote.
    fn apostrophe(&mut self, at: usize, after: usize) -> usize {
        let before = at.checked_sub(1).map_or(b' ', |before| self.bytes[before]);
        let glued = is_letter(before) || before.is_ascii_digit();
        let two = self.at(after).is_ascii_digit()
            && self.at(after + 1).is_ascii_digit()
            && !self.at(after + 2).is_ascii_digit();
        if two && !glued {
            let value = i32::from(self.at(after) - b'0') * 10 + i32::from(self.at(after + 1) - b'0');
            let decade = self.suffix(after + 2, &self.lexicon.decade_suffixes);
            let kind = if decade.is_some() { Kind::ShortDecade } else { Kind::ShortYear };
            let end = decade.unwrap_or(after + 2);
            self.push(at, end, 0, kind, [value, 0, 0, 0, 0, 0]);
            return end;
        }
        if glued && matches!(self.at(after), b's' | b'S') && !is_letter(self.at(after + 1)) {
            return self.push_sign(at, after + 1, class::POSSESSIVE);
        }
        self.push_sign(at, after, class::APOSTROPHE)
    }

    fn word(&mut self, start: usize) -> usize {
        let mut end = start;
        let mut plain = true;
        while end < self.bytes.len() {
            let byte = self.bytes[end];
            if byte.is_ascii_alphabetic() {
                end += 1;
            } else if byte >= 0x80 {
                if byte == 0xE2 && self.at(end + 1) == 0x80 || byte == 0xC2 && self.at(end + 1) == 0xA0 {
                    break;
                }
                plain = false;
                end += 1;
            } else {
                break;
            }
        }
        if end == start {
            // Punctuation beyond ASCII that no arm above knows.
            return self.push_sign(start, start + 1, class::PARAGRAPH);
        }
        if self.at(end).is_ascii_digit() {
            return self.code(start, end);
        }
        if self.at(end) == b':' && self.at(end + 1) == b'/' && self.at(end + 2) == b'/' {
            while end < self.bytes.len() && !self.bytes[end].is_ascii_whitespace() {
                end += 1;
            }
            self.flags |= TAG;
            self.push(start, end, 0, Kind::Word, [0; 6]);
            return end;
        }
        if end - start == 1
            && let Some(next) = self.initials(start)
        {
            return next;
        }
        self.finish_word(start, end, plain)
    }

    /// Letters with digits glued on: a code, not a word.
    fn code(&mut self, start: usize, mut end: usize) -> usize {
        while is_letter(self.at(end)) || self.at(end).is_ascii_digit() {
            end += 1;
        }
        // `Q4` and its like are in the lexicon.
        let word = self.lexicon.find(&self.bytes[start..end]);
        if word != 0 && self.bytes[start].is_ascii_uppercase() {
            self.flags |= CAPITAL;
        }
        self.push(start, end, word, Kind::Word, [0; 6]);
        end
    }

    fn finish_word(&mut self, start: usize, mut end: usize, plain: bool) -> usize {
        let bytes = &self.bytes[start..end];
        let mut word = if plain { self.lexicon.find(bytes) } else { 0 };
        // `o'clock` and its like are one word.
        if matches!(self.at(end), b'\'') && is_letter(self.at(end + 1)) {
            let mut longer = end + 1;
            while is_letter(self.at(longer)) {
                longer += 1;
            }
            let found = self.lexicon.find(&self.bytes[start..longer]);
            if found != 0 {
                (word, end) = (found, longer);
            }
        }
        let first = self.bytes[start];
        if first.is_ascii_uppercase() {
            self.flags |= CAPITAL;
            if end - start > 1 && self.bytes[start..end].iter().all(u8::is_ascii_uppercase) {
                self.flags |= UPPER;
            }
        }
        if word == 0 {
            self.spoil_glued_number(start);
        } else {
            let entry = self.lexicon.entry(word);
            self.spelled |= entry
                .number
                .is_some_and(|number| !matches!(number, NumberWord::And | NumberWord::Article | NumberWord::Decade(_)));
            if entry.abbreviation && self.at(end) == b'.' {
                end += 1;
                self.flags |= STOP;
            }
        }
        self.push(start, end, word, Kind::Word, [0; 6]);
        end
    }

    /// `5km`, `24x7`: the number is part of a code.
    fn spoil_glued_number(&mut self, start: usize) {
        if self.flags & (SPACE | HYPHEN) == 0
            && let Some(last) = self.tokens.last_mut()
            && last.end as usize == start
            && matches!(last.kind, Kind::Integer(_) | Kind::Decimal)
        {
            last.kind = Kind::Opaque;
        }
    }

    /// `p.m.`, `B.C.`: letters with stops, read as the word without them.
    fn initials(&mut self, start: usize) -> Option<usize> {
        let mut folded = [0_u8; 8];
        let mut count = 0;
        let mut at = start;
        while count < folded.len() && self.at(at).is_ascii_alphabetic() && self.at(at + 1) == b'.' {
            folded[count] = self.at(at);
            count += 1;
            at += 2;
        }
        // The last letter may lack its stop: `p.m`.
        if count > 0 && count < folded.len() && self.at(at).is_ascii_alphabetic() && !is_letter(self.at(at + 1)) {
            folded[count] = self.at(at);
            count += 1;
            at += 1;
        }
        if count < 2 {
            return None;
        }
        let word = self.lexicon.find(&folded[..count]);
        if self.bytes[start].is_ascii_uppercase() {
            self.flags |= CAPITAL | UPPER;
        }
        if self.at(at - 1) == b'.' {
            self.flags |= STOP;
        }
        self.push(start, at, word, Kind::Word, [0; 6]);
        Some(at)
    }
}
