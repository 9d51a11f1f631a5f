//! Cuts text into tokens for names: words with their case and a hash of their folded form. No allocation per token, and
//! no view on what a token means.

use std::ops::Range;

/// Longest text of one token that is hashed letter by letter, in bytes; the rest of a longer one is left out.
const TOKEN_BYTES_MAX: usize = 256;

/// One token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// First byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// Hash of the folded form: lower case, Latin letters without their marks, straight apostrophes.
    pub fold: u64,
    /// What it looks like: bits of [`flag`].
    pub flags: u16,
}

/// What a token looks like.
pub mod flag {
    /// Starts with an upper-case letter.
    pub const INITIAL: u16 = 1;
    /// Has an upper-case letter somewhere.
    pub const UPPER: u16 = 1 << 1;
    /// Has a lower-case letter.
    pub const LOWER: u16 = 1 << 2;
    /// Has a digit.
    pub const DIGIT: u16 = 1 << 3;
    /// Has letters.
    pub const WORD: u16 = 1 << 4;
    /// Has a hyphen inside.
    pub const HYPHEN: u16 = 1 << 5;
    /// Has a full stop inside or at its end.
    pub const DOT: u16 = 1 << 6;
    /// Is a possessive `'s` or `'`.
    pub const POSSESSIVE: u16 = 1 << 7;
    /// Starts with `@` or `#`, or is an address.
    pub const HANDLE: u16 = 1 << 8;
    /// White space stands before it.
    pub const SPACE: u16 = 1 << 9;
    /// A line starts with it.
    pub const LINE: u16 = 1 << 10;
    /// A sentence starts with it; set by whoever knows the sentences.
    pub const SENTENCE: u16 = 1 << 11;
    /// More than one upper-case letter.
    pub const UPPERS: u16 = 1 << 12;
}

impl Token {
    /// The token's bytes in its text.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether all of `bits` are set.
    #[must_use]
    pub fn is(&self, bits: u16) -> bool {
        self.flags & bits == bits
    }

    /// Whether any of `bits` is set.
    #[must_use]
    pub fn any(&self, bits: u16) -> bool {
        self.flags & bits != 0
    }

    /// Whether it is written in capitals only, two letters or more.
    #[must_use]
    pub fn is_caps(&self) -> bool {
        self.is(flag::UPPERS) && !self.any(flag::LOWER)
    }
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Hash of no letters, to be continued with [`step`].
pub(crate) const EMPTY: u64 = SEED;

/// One more byte of a folded form.
#[inline]
pub(crate) fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(PRIME)
}

/// Hash of a folded form given as such.
#[must_use]
pub fn hash_folded(folded: &str) -> u64 {
    folded.bytes().fold(EMPTY, step)
}

/// Calls `each` with the folded form of a character: lower case, Latin letters without marks, straight apostrophes.
#[inline]
pub fn fold_char(letter: char, each: &mut impl FnMut(char)) {
    if letter.is_ascii() {
        each(letter.to_ascii_lowercase());
        return;
    }
    let plain = match letter {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' | 'Ǎ' | 'ǎ' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ď'..='đ' | 'Ð' | 'ð' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' | 'Ə' | 'ə' => "e",
        'Ĝ'..='ģ' | 'Ǧ' | 'ǧ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĵ' | 'ĵ' => "j",
        'Ķ' | 'ķ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ň' => "n",
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' | 'Ș' | 'ș' => "s",
        'ß' => "ss",
        'Ţ'..='ŧ' | 'Ț' | 'ț' => "t",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        'Þ' | 'þ' => "th",
        '\u{2019}' | '\u{2018}' | '\u{02BC}' | '\u{02BB}' | '\u{00B4}' => "'",
        '\u{2010}' | '\u{2011}' => "-",
        '\u{0300}'..='\u{036F}' | '\u{00AD}' => "",
        _ => {
            letter.to_lowercase().for_each(each);
            return;
        }
    };
    plain.chars().for_each(each);
}

/// The folded form of a text.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        fold_char(letter, &mut |plain| folded.push(plain));
    }
    folded
}

/// Hash of the folded form of a text, without making it.
#[must_use]
pub fn hash_of(text: &str) -> u64 {
    let mut hash = EMPTY;
    for letter in text.chars() {
        fold_char(letter, &mut |plain| {
            let mut buffer = [0; 4];
            for byte in plain.encode_utf8(&mut buffer).bytes() {
                hash = step(hash, byte);
            }
        });
    }
    hash
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{02BC}')
}

fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}' | '\u{2011}')
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '\u{0300}'..='\u{036F}' | '\u{00AD}')
}

/// Words that keep their full stop.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "gen", "col", "lt", "maj", "capt", "sgt", "cpl", "sen", "rep", "gov", "hon",
    "rev", "fr", "st", "mt", "jr", "sr", "inc", "corp", "co", "ltd", "bros", "vs", "no", "dept", "adm", "cmdr", "pvt",
    "pres", "sec", "supt", "insp", "messrs", "mme", "mlle", "assn", "univ", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug", "sep", "sept", "oct", "nov", "dec", "pty", "plc", "llc", "ft", "etc", "est", "ave", "blvd",
];

/// Whether the word in front of a full stop keeps it.
#[must_use]
pub fn is_abbreviation(word: &str) -> bool {
    let mut buffer = [0_u8; 8];
    let Some(lower) = buffer.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    ABBREVIATIONS.iter().any(|known| known.as_bytes() == lower)
}

/// Cuts `text` into tokens, appended to `tokens`.
pub fn tokenize(text: &str, tokens: &mut Vec<Token>) {
    let mut cursor = Cursor { text, at: 0 };
    let (mut space, mut line) = (true, true);
    while let Some(letter) = cursor.peek() {
        if letter.is_whitespace() {
            space = true;
            line |= letter == '\n';
            cursor.at += letter.len_utf8();
            continue;
        }
        let start = cursor.at;
        cursor.take_token(letter);
        let mut token = describe(text, start, cursor.at);
        token.flags |= if space { flag::SPACE } else { 0 } | if line { flag::LINE } else { 0 };
        tokens.push(token);
        (space, line) = (false, false);
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn letter(&self, at: usize) -> Option<char> {
        let byte = *self.text.as_bytes().get(at)?;
        if byte < 0x80 { Some(byte as char) } else { self.text.get(at..)?.chars().next() }
    }

    fn peek(&self) -> Option<char> {
        self.letter(self.at)
    }

    fn take_token(&mut self, first: char) {
        let start = self.at;
        self.at += first.len_utf8();
        if is_apostrophe(first) {
            let after = self.letter(self.at + 1);
            if matches!(self.peek(), Some('s' | 'S')) && !after.is_some_and(is_word) && self.follows_word(start) {
                self.at += 1;
            }
            return;
        }
        if matches!(first, '@' | '#') {
            self.take_while(|letter| letter.is_alphanumeric() || letter == '_');
            return;
        }
        if is_word(first) {
            self.take_word(start);
        }
    }

    fn follows_word(&self, at: usize) -> bool {
        self.text[..at].chars().next_back().is_some_and(|letter| is_word(letter) || letter == '.')
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) {
        while let Some(letter) = self.peek().filter(|letter| keep(*letter)) {
            self.at += letter.len_utf8();
        }
    }

    fn take_word(&mut self, start: usize) {
        loop {
            self.take_while(is_word);
            let Some(joint) = self.peek() else { return };
            let after_at = self.at + joint.len_utf8();
            let after = self.letter(after_at);
            let joined = after.is_some_and(is_word) && self.joins(joint, start, after_at);
            if joined {
                self.at = after_at;
                continue;
            }
            if joint == '.' && self.keeps_stop(start) {
                self.at = after_at;
            }
            return;
        }
    }

    /// Whether `joint` binds the word so far to what follows.
    fn joins(&self, joint: char, start: usize, after_at: usize) -> bool {
        let before = self.text[start..self.at].chars().next_back();
        let after = self.letter(after_at);
        let digits = before.is_some_and(char::is_numeric) && after.is_some_and(char::is_numeric);
        match joint {
            '.' if digits => true,
            '.' => {
                let lone = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
                let last_is_single =
                    self.text[start..self.at].rsplit(['.', '-']).next().is_some_and(|piece| piece.chars().count() == 1);
                let next_is_single =
                    self.letter(after_at + after.map_or(1, char::len_utf8)).is_none_or(|letter| letter == '.');
                lone(before)
                    && lone(after)
                    && last_is_single
                    && (next_is_single || after.is_some_and(char::is_uppercase))
                    || after.is_some_and(char::is_lowercase) && before.is_some_and(char::is_lowercase)
            }
            ',' | ':' => digits,
            '&' => true,
            '_' => true,
            letter if is_hyphen(letter) => true,
            letter if is_apostrophe(letter) => {
                let rest = self.letter(after_at + after.map_or(1, char::len_utf8));
                let possessive = matches!(after, Some('s' | 'S')) && !rest.is_some_and(is_word);
                !possessive
            }
            _ => false,
        }
    }

    /// Whether the full stop after the word so far belongs to it.
    fn keeps_stop(&self, start: usize) -> bool {
        let word = &self.text[start..self.at];
        let mut letters = word.chars();
        let single = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
        let dotted = word.rsplit(['.', '-']).next().is_some_and(|piece| piece.chars().count() == 1)
            && word.contains('.')
            && !word.contains(|letter: char| letter.is_numeric());
        single || dotted || is_abbreviation(word)
    }
}

/// Flags and hash of the token at `start..end`.
fn describe(text: &str, start: usize, end: usize) -> Token {
    let bytes = &text.as_bytes()[start..end];
    let mut flags = 0;
    let mut hash = EMPTY;
    if bytes.is_ascii() {
        for byte in bytes.iter().take(TOKEN_BYTES_MAX) {
            match byte {
                b'a'..=b'z' => flags |= flag::LOWER | flag::WORD,
                b'A'..=b'Z' => flags |= upper(flags) | flag::WORD,
                b'0'..=b'9' => flags |= flag::DIGIT,
                b'-' => flags |= flag::HYPHEN,
                b'.' => flags |= flag::DOT,
                _ => {}
            }
            hash = step(hash, byte.to_ascii_lowercase());
        }
        flags |= if bytes[0].is_ascii_uppercase() { flag::INITIAL } else { 0 };
    } else {
        for letter in text[start..end].chars().take(TOKEN_BYTES_MAX) {
            if letter.is_uppercase() {
                flags |= upper(flags) | flag::WORD;
            } else if letter.is_alphabetic() {
                flags |= flag::LOWER | flag::WORD;
            } else if letter.is_numeric() {
                flags |= flag::DIGIT;
            } else if is_hyphen(letter) {
                flags |= flag::HYPHEN;
            }
        }
        hash = hash_of(&text[start..end]);
        flags |= if text[start..].starts_with(char::is_uppercase) { flag::INITIAL } else { 0 };
    }
    match bytes[0] {
        b'@' | b'#' if bytes.len() > 1 => flags |= flag::HANDLE,
        _ if text[start..end].starts_with(is_apostrophe) && bytes.len() <= 4 => flags |= flag::POSSESSIVE,
        _ => {}
    }
    if flags & (flag::WORD | flag::DIGIT) != (flag::WORD) && flags & flag::WORD == 0 {
        flags &= !(flag::HYPHEN | flag::DOT);
    }
    Token { start: offset(start), end: offset(end), fold: hash, flags }
}

fn upper(flags: u16) -> u16 {
    if flags & flag::UPPER == 0 { flag::UPPER } else { flag::UPPER | flag::UPPERS }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{flag, fold, hash_folded, hash_of, tokenize};

    fn words(text: &str) -> Vec<&str> {
        let mut tokens = Vec::new();
        tokenize(text, &mut tokens);
        tokens.iter().map(|token| &text[token.range()]).collect()
    }

    #[test]
    fn names_stay_whole_and_possessives_come_off() {
        assert_eq!(words("Mr. Xi’s trip"), ["Mr.", "Xi", "’s", "trip"]);
        assert_eq!(words("O'Brien's al-Assad"), ["O'Brien", "'s", "al-Assad"]);
        assert_eq!(words("in the U.S. J.K. Rowling"), ["in", "the", "U.S.", "J.K.", "Rowling"]);
        assert_eq!(words("AT&T, (ICC) 1,200.5"), ["AT&T", ",", "(", "ICC", ")", "1,200.5"]);
        assert_eq!(words("WASHINGTON/LONDON, May 3"), ["WASHINGTON", "/", "LONDON", ",", "May", "3"]);
        assert_eq!(words("the end. It"), ["the", "end", ".", "It"]);
        assert_eq!(words("@joe #tag J. Smith"), ["@joe", "#tag", "J.", "Smith"]);
        assert_eq!(words("talks.The next"), ["talks", ".", "The", "next"]);
    }

    #[test]
    fn folding_is_the_same_with_and_without_making_the_text() {
        for text in ["Ærøskøbing", "Šeškević", "L’Équipe", "ПУТИН", "Müller"] {
            assert_eq!(hash_of(text), hash_folded(&fold(text)), "{text}");
        }
        assert_eq!(fold("São Tomé’s"), "sao tome's");
    }

    #[test]
    fn case_is_told() {
        let mut tokens = Vec::new();
        tokenize("NATO eBay Xi x", &mut tokens);
        assert!(tokens[0].is_caps() && !tokens[2].is_caps());
        assert!(tokens[1].is(flag::UPPER) && !tokens[1].is(flag::INITIAL));
        assert!(!tokens[3].any(flag::UPPER));
    }
}
