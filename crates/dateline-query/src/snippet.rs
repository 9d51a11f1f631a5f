//! The passage of a text that shows best why it was found, and a headline for texts that have none.

use crate::context::Article;
use dateline_core::{Mark, Span};
use dateline_processor_index::Word;
use dateline_processor_index::words::{Folder, words};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// About how long a snippet is, in bytes.
pub const SNIPPET_BYTES: usize = 220;
/// Longest title made of a first sentence, in characters, with the sign that it was cut.
const TITLE_CHARACTERS_MAX: usize = 91;
/// How far a snippet's start may move back to begin with a sentence, in bytes.
const LEAD_BYTES_MAX: usize = 80;
/// Text looked through for the best passage, in bytes.
const LOOKED_THROUGH_BYTES_MAX: usize = 1 << 20;

/// A passage and the words in it that were searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// The passage on one line: runs of white space are one blank.
    pub text: String,
    /// Byte ranges of the words found, in `text`.
    pub matches: Vec<Range<usize>>,
    /// Where the passage stands in the canonical text.
    pub span: Option<Span>,
    /// Where the first word found stands in the canonical text.
    pub first_match: Option<Span>,
    /// Whether the passage begins inside a sentence.
    pub cut_before: bool,
    /// Whether it ends inside one.
    pub cut_after: bool,
}

/// Tells which words of a text a query means.
pub struct Matcher {
    folder: Folder,
    folded: String,
    exact: FxHashMap<String, usize>,
    stems: FxHashMap<String, usize>,
    /// First bytes of what is wanted: folding and stemming leave a plain word's beginning as it is but for its case, so that
    /// few words of a text need a look. `None` where a word that begins otherwise may be meant, too.
    initials: Option<Vec<u8>>,
    prefixes: Vec<(String, usize)>,
    fuzzy: Vec<(String, usize)>,
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matcher").field("exact", &self.exact).field("stems", &self.stems).finish_non_exhaustive()
    }
}

impl Matcher {
    /// A matcher for these words.
    #[must_use]
    pub fn new(wanted: &[Word]) -> Matcher {
        let mut folder = Folder::default();
        let mut folded = String::new();
        let (mut exact, mut stems) = (FxHashMap::default(), FxHashMap::default());
        let (mut prefixes, mut fuzzy) = (Vec::new(), Vec::new());
        for (number, word) in wanted.iter().enumerate() {
            folder.fold(word.text(), &mut folded);
            // Signs alone are no word, to the index neither.
            if folded.is_empty() {
                continue;
            }
            match word {
                Word::Exact(_) => {
                    exact.entry(folded.clone()).or_insert(number);
                }
                Word::Stem(_) => {
                    stems.entry(folder.stem_or_word(&folded)).or_insert(number);
                }
                Word::Prefix(_) => prefixes.push((folded.clone(), number)),
                Word::Fuzzy(_) => fuzzy.push((folded.clone(), number)),
            }
        }
        let wanted = exact.keys().chain(stems.keys()).chain(prefixes.iter().map(|(prefix, _)| prefix));
        let initials = fuzzy.is_empty().then(|| wanted.filter_map(|word: &String| word.bytes().next()).collect());
        Matcher { folder, folded, exact, stems, initials, prefixes, fuzzy }
    }

    /// Whether no word is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.stems.is_empty() && self.prefixes.is_empty() && self.fuzzy.is_empty()
    }

    /// Which wanted word a word of a text is, by its position in the list.
    pub fn wanted(&mut self, word: &str) -> Option<usize> {
        let first = word.bytes().next().map(|first| first.to_ascii_lowercase());
        if let (Some(initials), Some(first)) = (&self.initials, first.filter(u8::is_ascii))
            && !initials.contains(&first)
        {
            return None;
        }
        self.folder.fold(word, &mut self.folded);
        if let Some(number) = self.exact.get(&self.folded) {
            return Some(*number);
        }
        let stem = self.folder.stem(&self.folded).unwrap_or(&self.folded);
        if let Some(number) = self.stems.get(stem) {
            return Some(*number);
        }
        let folded = &self.folded;
        let prefixed = self.prefixes.iter().find(|(prefix, _)| folded.starts_with(prefix.as_str()));
        let alike = || {
            self.fuzzy.iter().find(|(word, _)| {
                let distance = if word.chars().count() >= 8 { 2 } else { 1 };
                strsim::osa_distance(word, folded) <= distance
            })
        };
        prefixed.or_else(alike).map(|(_, number)| *number)
    }
}

/// A word of the text that was searched for.
struct Place {
    range: Range<usize>,
    number: usize,
}

/// The passage of an article that shows best why it was found; its beginning when no word stands in it.
#[must_use]
pub fn snippet(article: &Article, matcher: &mut Matcher) -> Snippet {
    let text: &str = &article.text;
    let places = places(article, matcher);
    let (start, end) = match best_window(&places) {
        Some((first, last)) => around(article, &places[first].range, &places[last].range),
        None => {
            let start = prose_start(&article.text, &article.marks);
            (start, word_end(text, (start + SNIPPET_BYTES).min(text.len())))
        }
    };
    let shown = rendered(text, start..end, &places);
    let Some(span) = shown.span else { return shown };
    let after_mark = article.marks.iter().any(|mark| mark.span.end == span.start);
    Snippet {
        cut_before: !after_mark && is_inside(text, span.start as usize),
        cut_after: is_inside(text, span.end as usize),
        ..shown
    }
}

/// Whether a place in a text parts a sentence: on neither side of it does one end or a line break.
fn is_inside(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let blanks = |blank: &str| blank.contains('\n');
    let (head, tail) = (before.trim_end(), after.trim_start());
    let broken = blanks(&before[head.len()..]) || blanks(&after[..after.len() - tail.len()]);
    let closed = head.trim_end_matches(['"', '\'', '”', '’', '»', ')']);
    !broken && !head.is_empty() && !tail.is_empty() && !closed.ends_with(['.', '!', '?', '…', ':'])
}

fn places(article: &Article, matcher: &mut Matcher) -> Vec<Place> {
    let text: &str = &article.text;
    words(text)
        .take_while(|range| range.start < LOOKED_THROUGH_BYTES_MAX)
        .filter_map(|range| {
            let number = matcher.wanted(&text[range.clone()])?;
            let span = Span::new(range.start, range.end);
            let marked = article.marks.iter().any(|mark| mark.span.overlaps(span));
            (!marked).then_some(Place { range, number })
        })
        .collect()
}

/// The window with the most different words, then the most words; the first of equals.
fn best_window(places: &[Place]) -> Option<(usize, usize)> {
    let mut best: Option<((usize, usize), (usize, usize))> = None;
    let mut counts: FxHashMap<usize, usize> = FxHashMap::default();
    let mut last = 0;
    for first in 0..places.len() {
        while last < places.len() && places[last].range.end - places[first].range.start <= SNIPPET_BYTES {
            *counts.entry(places[last].number).or_insert(0) += 1;
            last += 1;
        }
        let value = (counts.len(), last - first);
        if last > first && best.as_ref().is_none_or(|(best, _)| value > *best) {
            best = Some((value, (first, last - 1)));
        }
        if last > first {
            if let Some(count) = counts.get_mut(&places[first].number) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&places[first].number);
                }
            }
        } else {
            last = first + 1;
        }
    }
    best.map(|(_, window)| window)
}

/// Bounds of the passage around a window: from the sentence's start when it is near, never into a mark.
fn around(article: &Article, first: &Range<usize>, last: &Range<usize>) -> (usize, usize) {
    let text: &str = &article.text;
    let spare = SNIPPET_BYTES.saturating_sub(last.end - first.start);
    let reach = first.start.saturating_sub(LEAD_BYTES_MAX.max(spare / 2));
    let reach = (reach..=first.start).find(|at| text.is_char_boundary(*at)).unwrap_or(first.start);
    let before = &text[reach..first.start];
    let sentence = before.rmatch_indices(['.', '!', '?', '\n']).find_map(|(at, end)| {
        let after = at + end.len();
        let starts = before[after..].trim_start();
        let parted =
            end == "\n" || before[after..].starts_with(char::is_whitespace) && !starts.starts_with(char::is_lowercase);
        parted.then_some(reach + before.len() - starts.len())
    });
    let blank = before.char_indices().find(|(_, character)| character.is_whitespace());
    let word = if reach == 0 { Some(0) } else { blank.map(|(at, blank)| reach + at + blank.len_utf8()) };
    let floor =
        article.marks.iter().filter(|mark| mark.span.end as usize <= first.start).map(|mark| mark.span.end as usize);
    let start = sentence.or(word).unwrap_or(first.start).max(floor.max().unwrap_or(0));
    let end = (start + SNIPPET_BYTES).max(last.end).min(text.len());
    let end = word_end(text, end).max(last.end);
    let ceiling = article.marks.iter().map(|mark| mark.span.start as usize).find(|mark| *mark >= last.end);
    (start.min(first.start), end.min(ceiling.unwrap_or(end)))
}

/// The last end of a word at or before `at`.
fn word_end(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..at].rfind(char::is_whitespace).unwrap_or(at)
}

fn prose_start(text: &str, marks: &[Mark]) -> usize {
    let leading = marks.iter().map(|mark| mark.span).fold(0usize, |start, span| {
        let gap = text.get(start..span.start as usize);
        if gap.is_some_and(|gap| gap.trim().is_empty()) { span.end as usize } else { start }
    });
    let rest = &text[leading..];
    leading + rest.len() - rest.trim_start().len()
}

/// The passage on one line, with the places of the words in it.
fn rendered(text: &str, passage: Range<usize>, places: &[Place]) -> Snippet {
    let raw = &text[passage.clone()];
    let trimmed = raw.trim();
    let start = passage.start + raw.len() - raw.trim_start().len();
    let passage = start..start + trimmed.len();
    let mut shown = String::with_capacity(trimmed.len());
    let mut moved: Vec<usize> = Vec::with_capacity(trimmed.len() + 1);
    let mut blank = false;
    for character in trimmed.chars() {
        let blank_before = std::mem::replace(&mut blank, character.is_whitespace());
        moved.extend(std::iter::repeat_n(shown.len(), character.len_utf8()));
        if !blank {
            shown.push(character);
        } else if !blank_before {
            shown.push(' ');
        }
    }
    moved.push(shown.len());
    let inside = places.iter().filter(|place| place.range.start >= passage.start && place.range.end <= passage.end);
    let matches =
        inside.clone().map(|place| moved[place.range.start - passage.start]..moved[place.range.end - passage.start]);
    let first = inside.clone().next().map(|place| Span::new(place.range.start, place.range.end));
    Snippet {
        matches: matches.collect(),
        span: (!passage.is_empty()).then(|| Span::new(passage.start, passage.end)),
        first_match: first,
        text: shown,
        ..Snippet::default()
    }
}

/// The headline of an article: its title, or the beginning of its first sentence.
#[must_use]
pub fn headline(article: &Article) -> String {
    headline_of(article.title.as_deref(), &article.text, &article.marks)
}

/// The same from the parts of an article.
#[must_use]
pub fn headline_of(title: Option<&str>, text: &str, marks: &[Mark]) -> String {
    if let Some(title) = title.map(str::trim).filter(|title| !title.is_empty()) {
        return title.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let rest = &text[prose_start(text, marks)..];
    let line = rest.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let sentence_end = line.match_indices(['.', '!', '?']).find_map(|(at, end)| {
        let after = &line[at + end.len()..];
        let parted = after.is_empty() || after.starts_with(char::is_whitespace);
        let long_enough = line[..at].split_whitespace().count() >= 4;
        (parted && long_enough).then_some(at + end.len())
    });
    beginning(&line[..sentence_end.unwrap_or(line.len())], TITLE_CHARACTERS_MAX)
}

/// The first words of a text on one line, no longer than `characters_max` with the `…` where it was cut.
#[must_use]
pub fn beginning(text: &str, characters_max: usize) -> String {
    let (mut shown, mut characters) = (String::new(), 0);
    for word in text.split_whitespace() {
        let blank = usize::from(!shown.is_empty());
        characters += blank + word.chars().count();
        if characters >= characters_max {
            // Not all languages part words by blanks.
            if shown.is_empty() {
                shown.extend(word.chars().take(characters_max.saturating_sub(1)));
            }
            shown.push('…');
            break;
        }
        shown.extend((blank > 0).then_some(' '));
        shown.push_str(word);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Matcher, beginning, snippet};
    use crate::context::sample::article;
    use dateline_processor_index::Word;
    use proptest::prelude::*;

    #[test]
    fn a_beginning_ends_with_a_word() {
        assert_eq!(beginning("  They met\n\non Monday. ", 160), "They met on Monday.");
        let shown = beginning(&"word ".repeat(100), 160);
        assert!(shown.ends_with("word…") && shown.chars().count() <= 160, "{shown}");
        assert_eq!(beginning(&"会".repeat(1_000), 160), format!("{}…", "会".repeat(159)));
    }

    #[test]
    fn a_passage_begins_behind_a_blank_of_any_kind() {
        for blank in [" ", "\u{a0}", "\u{2009}", "\u{3000}"] {
            let text = format!("{}ferry", format!("slow{blank}").repeat(200));
            let shown = snippet(&article(&text), &mut Matcher::new(&[Word::Stem("ferry".to_owned())]));
            assert!(shown.text.starts_with("slow") && shown.text.ends_with("ferry"), "{blank:?}: {shown:?}");
        }
    }

    /// Words that folding or stemming changes, among them beginnings that are not plain letters.
    fn any_word() -> impl Strategy<Value = String> {
        const ODD: &[&str] = &[
            "Éclairs",
            "E\u{301}clair",
            "eclair",
            "Œuvres",
            "oeuvre",
            "ﬁnes",
            "fines",
            "skies",
            "Sky",
            "dying",
            "die",
            "Die",
            "U.S.",
            "us",
            "O’Brien's",
            "obrien",
            "İzmir",
            "izmir",
            "3,913.00",
            "3913.00",
            "Straße",
            "strasse",
            "ＡＢＣ",
            "abc",
            "Київ",
            "北京",
            "ying",
            "Yelled",
            "yell",
            "\u{212a}elvin",
            "kelvins",
            "ßa",
            "ǅ",
            "dz",
        ];
        prop_oneof![
            prop::sample::select(ODD).prop_map(str::to_owned),
            "[a-eA-E]{1,4}(s|ing|ed|ies|'s)?",
            "[\\PC&&[^ ]]{1,4}",
        ]
    }

    proptest! {
        #[test]
        fn looking_at_initials_first_leaves_no_word_out(
            text in prop::collection::vec(any_word(), 0..40),
            wanted in prop::collection::vec((any_word(), 0..3), 1..4),
        ) {
            let make = |(text, kind)| match kind {
                0 => Word::Exact(text),
                1 => Word::Stem(text),
                _ => Word::Prefix(text),
            };
            let wanted: Vec<Word> = wanted.into_iter().map(make).collect();
            let article = article(&text.join(" "));
            let mut quick = Matcher::new(&wanted);
            let mut thorough = Matcher { initials: None, ..Matcher::new(&wanted) };
            prop_assert_eq!(snippet(&article, &mut quick), snippet(&article, &mut thorough));
        }
    }
}
