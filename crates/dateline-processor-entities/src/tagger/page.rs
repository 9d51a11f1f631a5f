//! A document made ready for tagging: its tokens, what the lists and the lexicon know of each, and the stretches that may
//! hold names. Scores nothing.

use super::gazetteer::Gazetteer;
use super::lexicon::{Known, Lexicon};
use crate::token::{EMPTY, Token, flag, hash_folded, step, tokenize};
use dateline_processor::core::Span;

/// At most this many small words may stand between two capitalised ones of one stretch.
const GAP_TOKENS_MAX: usize = 2;
/// Longest stretch, in tokens; a longer one is cut.
const STRETCH_TOKENS_MAX: usize = 200;
/// Bits of the set of lower-case words.
const LOWER_BITS: usize = 1 << 14;

/// How a sentence is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Capitals tell names.
    Normal,
    /// All in capitals.
    Capitals,
    /// Most words capitalised.
    Title,
}

/// One sentence: its tokens and how it is written.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// First token.
    pub start: usize,
    /// The token after the last one.
    pub end: usize,
    /// How it is written.
    pub writing: Writing,
}

/// What is known of a token beside its own letters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Info {
    /// Word lists it is on.
    pub lists: u16,
    /// Kinds of the listed name it is part of.
    pub listed: u8,
    /// 1 first of that name, 2 later, 3 alone.
    pub listed_place: u8,
    /// What unlabelled news says of it.
    pub known: Known,
}

/// A stretch of tokens that may hold names, within one sentence.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// First token.
    pub start: usize,
    /// The token after the last one.
    pub end: usize,
    /// Which sentence it stands in.
    pub sentence: usize,
}

/// A document made ready.
#[derive(Debug)]
pub struct Page<'a> {
    /// The text.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// What is known of each.
    pub infos: Vec<Info>,
    /// Its sentences.
    pub sentences: Vec<Sentence>,
    /// What may hold names.
    pub stretches: Vec<Stretch>,
    lower: Vec<u64>,
    lexicon: &'a Lexicon,
}

impl<'a> Page<'a> {
    /// Makes `text` ready; tokens outside the sentences belong to none and are not tagged.
    #[must_use]
    pub fn new(text: &'a str, sentences: &[Span], lists: &Gazetteer, lexicon: &'a Lexicon) -> Page<'a> {
        let mut tokens = Vec::with_capacity(text.len() / 5 + 8);
        tokenize(text, &mut tokens);
        let infos = vec![Info::default(); tokens.len()];
        let mut page = Page {
            text,
            tokens,
            infos,
            sentences: Vec::with_capacity(sentences.len()),
            stretches: Vec::new(),
            lower: vec![0; LOWER_BITS / 64],
            lexicon,
        };
        let mut at = 0;
        for span in sentences {
            while page.tokens.get(at).is_some_and(|token| token.start < span.start) {
                at += 1;
            }
            let start = at;
            while page.tokens.get(at).is_some_and(|token| token.start < span.end) {
                at += 1;
            }
            if at > start {
                page.tokens[start].flags |= flag::SENTENCE;
                let writing = writing(&page.tokens[start..at]);
                page.sentences.push(Sentence { start, end: at, writing });
            }
        }
        page.find_stretches();
        page.look_up(lists, lexicon);
        page
    }

    /// Whether the word stands in the document in lower case (with few false alarms).
    #[must_use]
    pub fn is_lower_somewhere(&self, fold: u64) -> bool {
        let bit = (fold >> 7) as usize & (LOWER_BITS - 1);
        self.lower[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Whether unlabelled news hardly has the word.
    #[must_use]
    pub fn is_rare(&self, fold: u64) -> bool {
        self.lexicon.get(fold).frequency <= 1
    }

    /// The text of a token.
    #[must_use]
    pub fn word(&self, at: usize) -> &'a str {
        &self.text[self.tokens[at].range()]
    }

    fn find_stretches(&mut self) {
        for number in 0..self.sentences.len() {
            let Sentence { start, end, .. } = self.sentences[number];
            let mut at = start;
            while at < end {
                let token = self.tokens[at];
                if !is_name_like(&token) {
                    if token.any(flag::LOWER) {
                        let bit = (token.fold >> 7) as usize & (LOWER_BITS - 1);
                        self.lower[bit / 64] |= 1 << (bit % 64);
                    }
                    at += 1;
                    continue;
                }
                let stop = self.stretch_end(at, end);
                self.stretches.push(Stretch { start: at, end: stop, sentence: number });
                at = stop;
            }
        }
    }

    fn stretch_end(&self, start: usize, end: usize) -> usize {
        let end = end.min(start + STRETCH_TOKENS_MAX);
        let mut last = start + 1;
        let mut gap = 0;
        let mut at = start + 1;
        while at < end && gap <= GAP_TOKENS_MAX {
            let token = &self.tokens[at];
            if is_name_like(token) || (gap == 0 && token.any(flag::DIGIT)) {
                (gap, last) = (0, at + 1);
            } else if self.may_join(at) {
                gap += 1;
            } else {
                break;
            }
            at += 1;
        }
        last
    }

    /// Small words and signs that may stand inside a name.
    fn may_join(&self, at: usize) -> bool {
        let word = self.word(at);
        word.len() <= 4
            && matches!(
                word,
                "of" | "the"
                    | "and"
                    | "for"
                    | "in"
                    | "on"
                    | "de"
                    | "la"
                    | "del"
                    | "della"
                    | "der"
                    | "den"
                    | "van"
                    | "von"
                    | "bin"
                    | "al"
                    | "el"
                    | "da"
                    | "di"
                    | "do"
                    | "dos"
                    | "das"
                    | "du"
                    | "des"
                    | "ibn"
                    | "y"
                    | "e"
                    | "le"
                    | "to"
                    | "at"
                    | "&"
                    | "-"
                    | "–"
                    | "/"
                    | "'s"
                    | "’s"
                    | "'"
                    | "’"
                    | "."
                    | "ul"
                    | "bint"
                    | "zu"
                    | "ter"
                    | "+"
            )
    }

    fn look_up(&mut self, lists: &Gazetteer, lexicon: &Lexicon) {
        // Neighbours of a stretch are features of it, so they are looked up too.
        for number in 0..self.stretches.len() {
            let stretch = self.stretches[number];
            let sentence = self.sentences[stretch.sentence];
            let from = stretch.start.saturating_sub(2).max(sentence.start);
            let to = (stretch.end + 2).min(sentence.end);
            for at in from..to {
                let token = self.tokens[at];
                let fold = self.plain_fold(&token);
                let info = &mut self.infos[at];
                info.lists = lists.word(fold);
                info.known = lexicon.get(token.fold);
            }
            let mut at = stretch.start;
            while at < stretch.end {
                match lists.name(&self.tokens[at..stretch.end]) {
                    Some((length, kinds)) => {
                        for (place, info) in self.infos[at..at + length].iter_mut().enumerate() {
                            info.listed = kinds;
                            info.listed_place = if length == 1 { 3 } else { 1 + u8::from(place > 0) };
                        }
                        at += length;
                    }
                    None => at += 1,
                }
            }
        }
    }

    /// Hash of the folded form without a stop at the end.
    #[must_use]
    pub fn plain_fold(&self, token: &Token) -> u64 {
        let word = &self.text[token.range()];
        match word.strip_suffix('.') {
            Some(bare) if bare.is_ascii() => {
                bare.bytes().fold(EMPTY, |hash, byte| step(hash, byte.to_ascii_lowercase()))
            }
            Some(bare) => hash_folded(&crate::token::fold(bare)),
            None => token.fold,
        }
    }
}

/// Whether a name may start or end with this token: it has a capital.
fn is_name_like(token: &Token) -> bool {
    token.any(flag::UPPER) && !token.any(flag::HANDLE)
}

fn writing(tokens: &[Token]) -> Writing {
    let (mut words, mut initial, mut capitals, mut long) = (0, 0, 0, 0);
    for token in tokens.iter().filter(|token| token.any(flag::WORD)) {
        words += 1;
        capitals += usize::from(!token.any(flag::LOWER));
        if token.end - token.start > 3 {
            long += 1;
            initial += usize::from(token.any(flag::UPPER));
        }
    }
    if words >= 2 && capitals * 10 >= words * 7 {
        Writing::Capitals
    } else if long >= 4 && initial * 10 >= long * 8 {
        Writing::Title
    } else {
        Writing::Normal
    }
}
