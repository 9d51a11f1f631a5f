//! How text becomes words: the same for indexing, for queries and for marking words in snippets. No ranking here.
//!
//! A word is a run of letters and digits. Apostrophes inside a word, dots inside an acronym (`U.S.`), and points and
//! commas inside a number stay part of it; hyphens part words; a CJK character is a word of its own. Words are compared
//! in lower case, without diacritics, apostrophes, acronym dots and the possessive `'s`.

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;
use std::ops::Range;
use tantivy::tokenizer::{AsciiFoldingFilter, LowerCaser, RawTokenizer, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Longest word that is told apart from others that start alike, in bytes.
pub const WORD_BYTES_MAX: usize = 64;

/// What precedes a stem in the index, so that stems and words never meet.
pub(crate) const STEM_MARK: char = '\u{1}';

/// Stems kept in memory before the memory is emptied, in words.
const STEMS_KEPT_MAX: usize = 1 << 16;

/// Finds the next word at or after the byte `from`.
#[must_use]
pub fn next_word(text: &str, from: usize) -> Option<Range<usize>> {
    let mut characters = text[from..].char_indices();
    let start = loop {
        let (at, character) = characters.next()?;
        if character.is_alphanumeric() {
            if is_ideograph(character) {
                return Some(from + at..from + at + character.len_utf8());
            }
            break from + at;
        }
    };
    let mut end = start;
    let mut rest = text[start..].chars();
    while let Some(character) = rest.next() {
        let stays = if character.is_alphanumeric() {
            !is_ideograph(character)
        } else {
            is_combining(character) || joins(&text[start..end], character, rest.as_str())
        };
        if !stays {
            break;
        }
        end += character.len_utf8();
    }
    Some(start..end)
}

/// Whether a character that is no letter belongs to the word that `before` begins and `after` goes on.
fn joins(before: &str, character: char, after: &str) -> bool {
    let Some(next) = after.chars().next().filter(|next| next.is_alphanumeric() && !is_ideograph(*next)) else {
        return false;
    };
    match character {
        '\'' | '\u{2019}' | '\u{02bc}' => true,
        '.' | ',' if next.is_ascii_digit() => before.ends_with(|last: char| last.is_ascii_digit()),
        '.' => is_acronym(before) && after.chars().nth(1).is_none_or(|second| !second.is_alphanumeric()),
        _ => false,
    }
}

/// Whether this is single letters parted by dots: `U`, `U.S`.
fn is_acronym(word: &str) -> bool {
    word.split('.').all(|part| {
        let mut letters = part.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
    })
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{2fdf}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_combining(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// All words of a text, as byte ranges in order.
pub fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let word = next_word(text, at)?;
        at = word.end;
        Some(word)
    })
}

/// Brings words into the form in which they are compared. Keeps buffers and a memory of stems: make one and reuse it.
pub struct Folder {
    ascii: TextAnalyzer,
    stemmer: Stemmer,
    stems: FxHashMap<Box<str>, Option<Box<str>>>,
}

impl Default for Folder {
    fn default() -> Folder {
        Folder {
            ascii: TextAnalyzer::builder(RawTokenizer::default()).filter(LowerCaser).filter(AsciiFoldingFilter).build(),
            stemmer: Stemmer::create(Algorithm::English),
            stems: FxHashMap::default(),
        }
    }
}

impl Clone for Folder {
    fn clone(&self) -> Folder {
        Folder::default()
    }
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Folder")
    }
}

impl Folder {
    /// Writes the compared form of a word into `folded`.
    pub fn fold(&mut self, word: &str, folded: &mut String) {
        folded.clear();
        if word.is_ascii() {
            fold_ascii(word, folded);
        } else {
            let plain: String = word
                .chars()
                .filter(|character| !is_combining(*character))
                .map(|character| if matches!(character, '\u{2019}' | '\u{02bc}') { '\'' } else { character })
                .collect();
            let mut stream = self.ascii.token_stream(&plain);
            while stream.advance() {
                fold_ascii(&stream.token().text, folded);
            }
        }
        if folded.len() > WORD_BYTES_MAX {
            let cut = (0..=WORD_BYTES_MAX).rev().find(|at| folded.is_char_boundary(*at)).unwrap_or(0);
            folded.truncate(cut);
        }
    }

    /// The stem of a folded word, when it differs from the word.
    pub fn stem(&mut self, folded: &str) -> Option<&str> {
        if folded.len() <= 2 || !folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        if !self.stems.contains_key(folded) {
            if self.stems.len() >= STEMS_KEPT_MAX {
                self.stems.clear();
            }
            let stem = self.stemmer.stem(folded);
            let stem = (stem != folded).then(|| Box::from(&*stem));
            self.stems.insert(folded.into(), stem);
        }
        self.stems.get(folded)?.as_deref()
    }

    /// The stem of a folded word, the word itself when they are the same.
    pub fn stem_or_word(&mut self, folded: &str) -> String {
        self.stem(folded).unwrap_or(folded).to_owned()
    }

    /// The folded words of a text, in order.
    pub fn folded_words(&mut self, text: &str) -> Vec<String> {
        let mut folded = String::new();
        words(text)
            .map(|range| {
                self.fold(&text[range], &mut folded);
                folded.clone()
            })
            .filter(|word| !word.is_empty())
            .collect()
    }
}

/// Lower case without apostrophes, dots between letters, commas, and a final `'s`.
fn fold_ascii(word: &str, folded: &mut String) {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("'S")).unwrap_or(word);
    for character in word.chars() {
        match character {
            '\'' | ',' => {}
            '.' if folded.ends_with(|last: char| !last.is_ascii_digit()) => {}
            _ if character.is_ascii() => folded.push(character.to_ascii_lowercase()),
            _ => folded.extend(character.to_lowercase()),
        }
    }
}

/// The tokenizer of the index: words, and beside an inflected word its stem at the same position.
#[derive(Clone, Default)]
pub(crate) struct IndexWords {
    folder: Folder,
    with_stems: bool,
    token: Token,
}

impl IndexWords {
    pub(crate) fn new(with_stems: bool) -> IndexWords {
        IndexWords { with_stems, ..IndexWords::default() }
    }
}

impl Tokenizer for IndexWords {
    type TokenStream<'a> = IndexStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> IndexStream<'a> {
        self.token.reset();
        IndexStream { words: self, text, at: 0, stem: None }
    }
}

/// The words of one text on their way into the index.
pub(crate) struct IndexStream<'a> {
    words: &'a mut IndexWords,
    text: &'a str,
    at: usize,
    stem: Option<String>,
}

impl TokenStream for IndexStream<'_> {
    fn advance(&mut self) -> bool {
        let token = &mut self.words.token;
        if let Some(stem) = self.stem.take() {
            token.text.clear();
            token.text.push(STEM_MARK);
            token.text.push_str(&stem);
            return true;
        }
        loop {
            let Some(range) = next_word(self.text, self.at) else { return false };
            self.at = range.end;
            token.position = token.position.wrapping_add(1);
            token.offset_from = range.start;
            token.offset_to = range.end;
            self.words.folder.fold(&self.text[range], &mut token.text);
            if token.text.is_empty() {
                continue;
            }
            if self.words.with_stems {
                self.stem = self.words.folder.stem(&token.text).map(str::to_owned);
            }
            return true;
        }
    }

    fn token(&self) -> &Token {
        &self.words.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.words.token
    }
}

#[cfg(test)]
mod tests {
    use super::{Folder, IndexWords, words};
    use tantivy::tokenizer::{TokenStream, Tokenizer};

    fn folded(text: &str) -> Vec<String> {
        Folder::default().folded_words(text)
    }

    proptest::proptest! {
        /// What shows hits leaves words alone that begin otherwise than the stems it looks for.
        #[test]
        fn a_stem_begins_as_its_word_does(word in "[a-z]{1,14}", ending in "(s|es|ies|ed|ing|ly|ational|'s|y|ying)?") {
            let word = format!("{word}{ending}");
            let stem = Folder::default().stem_or_word(&word);
            proptest::prop_assert_eq!(stem.as_bytes()[0], word.as_bytes()[0]);
        }
    }

    #[test]
    fn words_are_what_people_would_call_words() {
        for (text, expected) in [
            ("Russia\u{2019}s \u{201c}peace talks\u{201d}", vec!["russia", "peace", "talks"]),
            ("the U.S. and the E.U.-led plan", vec!["the", "us", "and", "the", "eu", "led", "plan"]),
            ("1,822 men, 3.5 miles. Then", vec!["1822", "men", "3.5", "miles", "then"]),
            ("don't O'Brien's", vec!["dont", "obrien"]),
            ("Kyïv Lech Wałęsa Erdo\u{11f}an", vec!["kyiv", "lech", "walesa", "erdogan"]),
            ("Ame\u{301}lie", vec!["amelie"]),
            ("習近平 said", vec!["習", "近", "平", "said"]),
            ("end.Start www.site.com a.m.", vec!["end", "start", "www", "site", "com", "am"]),
            ("", vec![]),
            ("-- ' . ,", vec![]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_stem_stands_where_its_word_stands() {
        let mut tokenizer = IndexWords::new(true);
        let mut stream = tokenizer.token_stream("talks talk");
        let mut seen = Vec::new();
        stream.process(&mut |token| seen.push((token.position, token.text.clone())));
        assert_eq!(seen, [(0, "talks".to_owned()), (0, "\u{1}talk".to_owned()), (1, "talk".to_owned())]);
    }

    #[test]
    fn word_ranges_lie_in_the_text() {
        let text = "“Vladmir” — it’s 5,000 km²…";
        let found: Vec<&str> = words(text).map(|range| &text[range]).collect();
        assert_eq!(found, ["Vladmir", "it’s", "5,000", "km²"]);
    }
}
