//! Cuts a text into words, numbers and signs, in one pass, and says which classes a token has.
//!
//! Numbers get their shape here (`12:30`, `2022-04-05`, `21st`, `two and a half`); what they mean is the rules' matter.

use super::frame::{Frame, Slot};
use super::lexicon::{Case, ClassId, Lexicon, NumberWord, Sense, class};

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
            self.spelled |= entry.number.is_some_and(|number| !matches!(number, NumberWord::And | NumberWord::Article));
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

    /// Reads digits; the number saturates.
    fn digits(&self, at: usize) -> (i32, usize) {
        let mut value = 0_i32;
        let mut end = at;
        while self.at(end).is_ascii_digit() {
            value = value.saturating_mul(10).saturating_add(i32::from(self.at(end) - b'0'));
            end += 1;
        }
        (value, end - at)
    }

    /// The end behind one of `suffixes`, when the word that starts at `at` is one.
    fn suffix(&self, at: usize, suffixes: &[String]) -> Option<usize> {
        let found = suffixes.iter().find(|suffix| {
            let end = at + suffix.len();
            self.bytes.get(at..end).is_some_and(|text| text.eq_ignore_ascii_case(suffix.as_bytes()))
                && !is_letter(self.at(end))
        })?;
        Some(at + found.len())
    }

    fn number(&mut self, start: usize) -> usize {
        let (first, width) = self.digits(start);
        let after = start + width;
        let separator = self.at(after);
        if self.at(after + 1).is_ascii_digit()
            && matches!(separator, b'-' | b'/' | b'.' | b':' | b',')
            && let Some(end) = self.compound(start, first, width, separator)
        {
            return end;
        }
        let (kind, end) = if let Some(end) = self.suffix(after, &self.lexicon.ordinal_suffixes) {
            (Kind::Ordinal, end)
        } else if let Some(end) = self.decade_end(after).filter(|_| first % 10 == 0 && (2..=4).contains(&width)) {
            (if width >= 3 { Kind::Decade } else { Kind::ShortDecade }, end)
        } else {
            (Kind::Integer(width.min(20) as u8), after)
        };
        if let (Kind::Integer(_), Some(fraction)) = (kind, self.vulgar_fraction(end)) {
            let value = first.saturating_mul(1000).saturating_add(fraction);
            self.push(start, end + 2, 0, Kind::Decimal, [value, -1, -1, 0, 0, 0]);
            return end + 2;
        }
        let kind = if self.at(end) == b'%' { Kind::Opaque } else { kind };
        self.push(start, end, 0, kind, [first, 0, 0, 0, 0, 0]);
        end
    }

    /// `2½`: the fraction sign behind a number, in thousandths.
    fn vulgar_fraction(&self, at: usize) -> Option<i32> {
        match self.bytes.get(at..at + 2)? {
            [0xC2, 0xBC] => Some(250),
            [0xC2, 0xBD] => Some(500),
            [0xC2, 0xBE] => Some(750),
            _ => None,
        }
    }

    /// `1980s`, `1980's`.
    fn decade_end(&self, at: usize) -> Option<usize> {
        let quote = match self.bytes.get(at..)? {
            [b'\'', ..] => 1,
            [0xE2, 0x80, 0x99, ..] => 3,
            _ => 0,
        };
        // `1990's ceasefire` may be a possessive; a decade only where the year is round, which the caller checks.
        self.suffix(at + quote, &self.lexicon.decade_suffixes)
    }

    /// Numbers with separators inside. `None` when only the first number stands for itself.
    fn compound(&mut self, start: usize, first: i32, width: usize, separator: u8) -> Option<usize> {
        let at = start + width + 1;
        let (second, second_width) = self.digits(at);
        let after = at + second_width;
        let third = (self.at(after) == separator && self.at(after + 1).is_ascii_digit()).then(|| {
            let (value, width) = self.digits(after + 1);
            (value, width, after + 1 + width)
        });
        match (separator, third) {
            (b',', _) => return self.thousands(start, first, width),
            (b':', third) if width <= 2 && second_width == 2 => {
                let (seconds, end) = third.filter(|third| third.1 == 2).map_or((-1, after), |third| (third.0, third.2));
                let kind = if first < 25 && second < 60 { Kind::Clock } else { Kind::Opaque };
                self.push(start, end, 0, kind, [first, second, seconds, 0, 0, 0]);
                return Some(end);
            }
            (b'-' | b'/' | b'.', Some((day, day_width, end))) if width == 4 && second_width <= 2 && day_width <= 2 => {
                let (clock, end) = self.iso_clock(end);
                self.push(start, end, 0, Kind::IsoDate, [first, second, day, clock[0], clock[1], clock[2]]);
                return Some(end);
            }
            (b'-' | b'/' | b'.', Some((year, year_width, end)))
                if width <= 2
                    && second_width <= 2
                    && (year_width == 4 || year_width == 2)
                    && !is_letter(self.at(end)) =>
            {
                let year = if year_width == 4 { year } else { -year - 1 };
                self.push(start, end, 0, Kind::NumericDate, [first, second, year, 0, 0, 0]);
                return Some(end);
            }
            (_, Some((_, _, end))) => {
                // Three numbers of another shape: a version, a phone number, an address.
                let end = self.code_end(end);
                self.push(start, end, 0, Kind::Opaque, [0; 6]);
                return Some(end);
            }
            _ => {}
        }
        match separator {
            b'/' if width <= 2 && second_width <= 2 => {
                let fraction = if is_fraction(first, second) { first * 1000 / second } else { 0 };
                self.spelled |= fraction > 0;
                self.push(start, after, 0, Kind::MonthDay, [first, second, fraction, 0, 0, 0]);
                Some(after)
            }
            b'.' if self.at(after) != b'%' => {
                let fraction = fraction_thousandths(second, second_width);
                let value = first.saturating_mul(1000).saturating_add(fraction);
                let clock = if width <= 2 && second_width == 2 && first < 25 && second < 60 {
                    [first, second]
                } else {
                    [-1, -1]
                };
                self.push(start, after, 0, Kind::Decimal, [value, clock[0], clock[1], 0, 0, 0]);
                Some(after)
            }
            b'.' => {
                self.push(start, after, 0, Kind::Opaque, [0; 6]);
                Some(after)
            }
            _ => None,
        }
    }

    /// The end of a chain of digits and separators.
    fn code_end(&self, mut end: usize) -> usize {
        while self.at(end).is_ascii_digit()
            || (matches!(self.at(end), b'-' | b'/' | b'.' | b':') && self.at(end + 1).is_ascii_digit())
        {
            end += 1;
        }
        end
    }

    /// `T10:00:00Z` behind a date. Hour is -1 when there is none.
    fn iso_clock(&self, at: usize) -> ([i32; 3], usize) {
        let none = ([-1, -1, -1], at);
        if self.at(at) != b'T' {
            return none;
        }
        let (hour, hour_width) = self.digits(at + 1);
        let mut end = at + 1 + hour_width;
        if hour_width != 2 || self.at(end) != b':' {
            return none;
        }
        let (minute, width) = self.digits(end + 1);
        end += 1 + width;
        let mut second = -1;
        if self.at(end) == b':' && self.at(end + 1).is_ascii_digit() {
            let (value, width) = self.digits(end + 1);
            second = value;
            end += 1 + width;
            if self.at(end) == b'.' && self.at(end + 1).is_ascii_digit() {
                end += 1 + self.digits(end + 1).1;
            }
        }
        if self.at(end) == b'Z' {
            end += 1;
        }
        ([hour, minute, second], end)
    }

    /// `1,500` and `1,500.5`. A comma with other than three digits after it separates.
    fn thousands(&mut self, start: usize, first: i32, width: usize) -> Option<usize> {
        let mut value = first;
        let mut end = start + width;
        if width > 3 {
            return None;
        }
        let mut groups = 0;
        while self.at(end) == b',' {
            let (group, group_width) = self.digits(end + 1);
            if group_width != 3 {
                break;
            }
            value = value.saturating_mul(1000).saturating_add(group);
            end += 4;
            groups += 1;
        }
        if groups == 0 {
            return None;
        }
        if self.at(end) == b'.' && self.at(end + 1).is_ascii_digit() {
            end += 1 + self.digits(end + 1).1;
        }
        let kind = if self.at(end) == b'%' { Kind::Opaque } else { Kind::Integer(9) };
        self.push(start, end, 0, kind, [value, 0, 0, 0, 0, 0]);
        Some(end)
    }
}

/// Whether people write such a fraction beside a whole number: `2 1/2`, `3 3/4`.
fn is_fraction(part: i32, whole: i32) -> bool {
    (1..whole).contains(&part) && matches!(whole, 2 | 3 | 4 | 8)
}

fn fraction_thousandths(digits: i32, width: usize) -> i32 {
    match width {
        1 => digits * 100,
        2 => digits * 10,
        3 => digits,
        _ => digits / 10_i32.saturating_pow((width - 3).min(9) as u32),
    }
}

/// Joins number words into one token each: `twenty four`, `a hundred thirty`, `nineteen ninety-one`, `two and a half`.
fn merge_numbers(tokens: &mut Vec<Token>, lexicon: &Lexicon) {
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

/// Room for all classes one token can have.
pub(crate) type SenseBuffer = Vec<Sense>;

const fn plain(class: ClassId) -> Sense {
    Sense { class, slot: None, value: 0, case: Case::Any }
}

const fn slotted(class: ClassId, slot: Slot, value: i32) -> Sense {
    Sense { class, slot: Some(slot), value, case: Case::Any }
}

/// Fills `senses` with every class of `token` and what it says there.
pub(crate) fn senses(token: &Token, lexicon: &Lexicon, colloquial: bool, senses: &mut SenseBuffer) {
    senses.clear();
    if token.word != 0 {
        let fits = |case: Case| match case {
            Case::Any => true,
            Case::Capital => colloquial || token.has(CAPITAL),
            Case::Proper => token.has(CAPITAL),
            Case::Lower => !token.has(CAPITAL) || token.has(UPPER) || token.has(PARAGRAPH),
        };
        senses.extend(lexicon.entry(token.word).senses.iter().filter(|sense| fits(sense.case)));
    }
    let value = token.parts[0];
    match token.kind {
        Kind::Word => {
            if token.word == 0 {
                senses.push(plain(class::OTHER));
            }
            if token.has(CAPITAL) {
                senses.push(plain(class::CAP));
            }
        }
        Kind::Sign(class) => senses.push(plain(class)),
        Kind::Opaque => {}
        Kind::Integer(width) => integer_senses(value, width, senses),
        Kind::Spelled | Kind::Decimal => number_senses(token, senses),
        Kind::SpelledYear => {
            senses.push(slotted(class::YEAR, Slot::Year, value));
            senses.push(slotted(class::WORDY_YEAR, Slot::Year, value));
        }
        Kind::Ordinal => {
            senses.push(slotted(class::ORDINAL, Slot::Ordinal, value));
            if (1..=31).contains(&value) {
                senses.push(slotted(class::DAY_ORDINAL, Slot::Day, value));
                senses.push(slotted(class::DAY_NTH, Slot::Day, value));
            }
        }
        // Before the twentieth century, a round hundred with an `s` is the century.
        Kind::Decade if value % 100 == 0 && (1000..1900).contains(&value) => {
            senses.push(slotted(class::DECADE, Slot::Century, value / 100 + 1));
        }
        Kind::Decade => senses.push(slotted(class::DECADE, Slot::Decade, value / 10)),
        Kind::ShortDecade => senses.push(slotted(class::SHORT_DECADE, Slot::Decade, value / 10)),
        Kind::ShortYear => senses.push(slotted(class::SHORT_YEAR, Slot::ShortYear, value)),
        Kind::Clock => senses.push(plain(class::CLOCK)),
        Kind::IsoDate => senses.push(plain(class::ISO_DATE)),
        Kind::NumericDate => senses.push(plain(class::NUMERIC_DATE)),
        Kind::MonthDay => {
            senses.push(plain(class::MONTH_DAY));
            if token.parts[2] > 0 {
                senses.push(slotted(class::N, Slot::Number, token.parts[2]));
            }
        }
    }
}

fn integer_senses(value: i32, width: u8, senses: &mut SenseBuffer) {
    senses.push(slotted(class::N, Slot::Number, value.saturating_mul(1000)));
    senses.push(slotted(class::INT, Slot::Number, value.saturating_mul(1000)));
    if width == 4 && (1000..=2199).contains(&value) {
        senses.push(slotted(class::YEAR, Slot::Year, value));
    }
    if width == 4 && (1900..=2039).contains(&value) {
        senses.push(slotted(class::MODERN_YEAR, Slot::Year, value));
    }
    if (1..=4).contains(&width) {
        senses.push(slotted(class::ANY_YEAR, Slot::Year, value));
    }
    if width == 2 {
        senses.push(slotted(class::YEAR_TAIL, Slot::ShortYear, value));
    }
    if width == 3 {
        senses.push(slotted(class::SMALL_YEAR, Slot::Year, value));
    }
    if width <= 2 {
        if (1..=31).contains(&value) {
            senses.push(slotted(class::DAY, Slot::Day, value));
        }
        if value <= 24 {
            senses.push(slotted(class::HOUR, Slot::Hour, value));
        }
        if width == 2 && value < 60 {
            senses.push(slotted(class::MINUTE, Slot::Minute, value));
        }
    }
    // 2010 to 2029 are years before they are clock times.
    if (3..=4).contains(&width) && !(2010..2030).contains(&value) && value / 100 < 25 && value % 100 < 60 {
        senses.push(plain(class::MILITARY));
    }
}

fn number_senses(token: &Token, senses: &mut SenseBuffer) {
    let value = token.parts[0];
    senses.push(slotted(class::N, Slot::Number, value));
    if token.kind == Kind::Spelled {
        senses.push(slotted(class::WORDY, Slot::Number, value));
        if value % 1000 == 0 && (1..=12).contains(&(value / 1000)) {
            senses.push(slotted(class::HOUR, Slot::Hour, value / 1000));
        }
        if value % 1000 == 0 && (1500..=2100).contains(&(value / 1000)) {
            senses.push(slotted(class::WORDY_YEAR, Slot::Year, value / 1000));
        }
        if value == 500 {
            senses.push(slotted(class::HALF, Slot::Extra, 500));
        }
    } else if token.parts[1] >= 0 {
        senses.push(plain(class::DOT_CLOCK));
    }
}

/// Puts what `token` says as one of its classes into `frame`.
pub(crate) fn bind(token: &Token, sense: &Sense, frame: &mut Frame) {
    let mut set = |slots: [Slot; 3], values: [i32; 3]| {
        for (slot, value) in slots.into_iter().zip(values) {
            if value >= 0 {
                frame.set(slot, value);
            }
        }
    };
    let clock = [Slot::Hour, Slot::Minute, Slot::Second];
    match sense.class {
        class::CLOCK => set(clock, [token.parts[0], token.parts[1], token.parts[2]]),
        class::DOT_CLOCK => set(clock, [token.parts[1], token.parts[2], -1]),
        class::MILITARY => set(clock, [token.parts[0] / 100, token.parts[0] % 100, -1]),
        class::ISO_DATE => {
            set([Slot::Year, Slot::Month, Slot::Day], [token.parts[0], token.parts[1], token.parts[2]]);
            set(clock, [token.parts[3], token.parts[4], token.parts[5]]);
        }
        // Which of the numbers is the month is settled by the resolver.
        class::NUMERIC_DATE => {
            frame.set(Slot::Order, token.parts[0] * 100 + token.parts[1]);
            if token.parts[2] >= 0 {
                frame.set(Slot::Year, token.parts[2]);
            } else {
                frame.set(Slot::ShortYear, -token.parts[2] - 1);
            }
        }
        class::MONTH_DAY => frame.set(Slot::Order, token.parts[0] * 100 + token.parts[1]),
        _ => {
            if let Some(slot) = sense.slot {
                frame.set(slot, sense.value);
            }
        }
    }
}
