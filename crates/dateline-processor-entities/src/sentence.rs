//! Annotator `sentences`: where sentences start and end. Knows abbreviations, initials, quotes and lines; reads no layer.

use crate::token::is_abbreviation;
use dateline_processor::core::layers::SentenceLayer;
use dateline_processor::core::{Mark, Span};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};
use serde::{Deserialize, Serialize};

/// Options of `[processor.sentences]`; there are none yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SentencesConfig {}

impl ProcessorConfig for SentencesConfig {
    const SECTION: &'static str = "sentences";
}

/// The annotator `sentences`.
#[derive(Debug)]
pub struct Sentences {
    descriptor: Descriptor,
}

impl BuildAnnotator for Sentences {
    type Config = SentencesConfig;

    fn build(_config: SentencesConfig, _resources: &Resources) -> Result<Sentences, BuildError> {
        let descriptor =
            Descriptor::new("sentences", 1, "Finds sentences").reads(Input::Text).assigns::<SentenceLayer>();
        Ok(Sentences { descriptor })
    }
}

impl Annotator for Sentences {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        output.assign(SentenceLayer(split(document.text()?, document.marks()?)))
    }
}

/// The sentences of `text`, with `marks` left out.
#[must_use]
pub fn split(text: &str, marks: &[Mark]) -> Vec<Span> {
    let mut sentences = Vec::new();
    let mut from = 0;
    for mark in marks {
        let range = mark.span.range();
        split_stretch(text, from, range.start.max(from), &mut sentences);
        from = from.max(range.end);
    }
    split_stretch(text, from, text.len(), &mut sentences);
    sentences
}

fn split_stretch(text: &str, from: usize, to: usize, sentences: &mut Vec<Span>) {
    let Some(stretch) = text.get(from..to) else { return };
    let mut start = 0;
    let bytes = stretch.as_bytes();
    let mut at = 0;
    while let Some(found) = next_break(bytes, at) {
        // Runs of blanks and of closing signs are looked at once, so that time grows with the text only.
        let (run, ends) = match bytes[found] {
            b'\n' => line_break(stretch, found),
            _ => stop(stretch, start, found),
        };
        at = run.max(found + 1);
        if ends {
            push(stretch, from, start, run, sentences);
            start = run;
        }
    }
    push(stretch, from, start, stretch.len(), sentences);
}

/// The next byte at or after `at` that may end a sentence.
fn next_break(bytes: &[u8], at: usize) -> Option<usize> {
    let may_end = |found: &usize| match bytes[*found] {
        b'.' | b'!' | b'?' | b'\n' => true,
        0xE2 => bytes[*found..].starts_with("…".as_bytes()),
        _ => false,
    };
    (at..bytes.len()).find(may_end)
}

/// Where the blanks end that start with the line break at `at`, and whether the sentence ends there: at a blank line, and
/// where the next line does not go on in lower case.
fn line_break(text: &str, at: usize) -> (usize, bool) {
    let rest = &text[at + 1..];
    let behind = rest.trim_start();
    let blanks = &rest[..rest.len() - behind.len()];
    let goes_on = behind.starts_with(char::is_lowercase) || text[..at].ends_with([',', '-']);
    (at + 1 + blanks.len(), blanks.contains('\n') || !goes_on)
}

/// Where the signs end that start with the full stop (or `!`, `?`, `…`) at `at`, and whether a sentence ends there.
fn stop(text: &str, start: usize, at: usize) -> (usize, bool) {
    let mut end = at;
    for (offset, letter) in text[at..].char_indices() {
        let closing = matches!(letter, '"' | '\'' | ')' | ']' | '”' | '’' | '»');
        if !(matches!(letter, '.' | '!' | '?' | '…') || closing) {
            break;
        }
        end = at + offset + letter.len_utf8();
    }
    let after = &text[end..];
    if after.starts_with(|letter: char| !letter.is_whitespace()) {
        return (end, glued(text, at, end));
    }
    let behind = after.trim_start();
    let opening = |letter: char| matches!(letter, '"' | '“' | '\'' | '‘' | '(' | '[' | '«');
    if behind.trim_start_matches(opening).starts_with(char::is_lowercase) {
        return (end, false);
    }
    let single_stop = text.as_bytes()[at] == b'.' && end == at + 1;
    (end, !(single_stop && abbreviated(text, start, at, behind)))
}

/// `talks.The next`: a missing blank after the full stop, between a lower-case word and a capital.
fn glued(text: &str, at: usize, end: usize) -> bool {
    let before = text[..at].chars().next_back();
    let mut after = text[end..].chars();
    let capital = after.next().is_some_and(char::is_uppercase) && after.next().is_some_and(char::is_lowercase);
    let word = text[..at].rsplit(|letter: char| !letter.is_alphabetic()).next().unwrap_or("");
    capital && before.is_some_and(char::is_lowercase) && word.len() > 3 && text.as_bytes()[at] == b'.'
}

/// Words after an acronym that start a new sentence rather than go on with a name.
const STARTERS: &[&str] = &[
    "The", "A", "An", "It", "He", "She", "They", "We", "I", "In", "On", "But", "And", "This", "That", "These", "There",
    "At", "For", "His", "Her", "As", "If", "After", "Some", "What", "When", "While", "However", "Its", "Their", "You",
];

fn abbreviated(text: &str, start: usize, at: usize, after: &str) -> bool {
    let before = &text[start..at];
    let word_at = before.rfind(|letter: char| letter.is_whitespace() || matches!(letter, '(' | '"' | '“' | '‘' | '—'));
    let word = word_at.map_or(before, |word_at| before[word_at..].trim_start_matches(|c: char| !c.is_alphanumeric()));
    let next = after.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or("");
    if after.is_empty() {
        return false;
    }
    let dotted = word.contains('.') && word.split('.').all(|piece| piece.chars().count() == 1);
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    if dotted || matches!(word, "Inc" | "Corp" | "Co" | "Ltd" | "Jr" | "Sr" | "Bros" | "etc" | "LLC" | "plc") {
        return !STARTERS.contains(&next);
    }
    if word == "No" || word == "no" {
        return next.chars().next().is_some_and(char::is_numeric);
    }
    if matches!(word, "Jan" | "Feb" | "Mar" | "Apr" | "Jun" | "Jul" | "Aug" | "Sep" | "Sept" | "Oct" | "Nov" | "Dec") {
        return next.chars().next().is_some_and(char::is_numeric);
    }
    if initial {
        return word != "I" || !STARTERS.contains(&next);
    }
    // A short word in capitals or lower case that happens to look like an abbreviation ends its sentence all the same.
    word.starts_with(char::is_uppercase) && is_abbreviation(word)
        || matches!(word, "vs" | "e.g" | "i.e" | "cf" | "al" | "approx")
}

fn push(stretch: &str, from: usize, start: usize, end: usize, sentences: &mut Vec<Span>) {
    let piece = &stretch[start..end];
    let trimmed = piece.trim_start();
    let begin = start + piece.len() - trimmed.len();
    let length = trimmed.trim_end().len();
    if length > 0 {
        sentences.push(Span::new(from + begin, from + begin + length));
    }
}

#[cfg(test)]
mod tests {
    use super::split;
    use dateline_processor::core::{Mark, MarkKind, Span};

    fn sentences(text: &str) -> Vec<&str> {
        split(text, &[]).into_iter().filter_map(|span| span.slice(text)).collect()
    }

    #[test]
    fn abbreviations_and_initials_end_no_sentence() {
        let text = "Mr. Xi met J.K. Rowling in the U.S. Senate. He left on Jan. 5. No. 3 was Gen. Milley.";
        assert_eq!(
            sentences(text),
            ["Mr. Xi met J.K. Rowling in the U.S. Senate.", "He left on Jan. 5.", "No. 3 was Gen. Milley."]
        );
        assert_eq!(sentences("She moved to the U.S. The end."), ["She moved to the U.S.", "The end."]);
        assert_eq!(sentences("It paid 3.5 pct. at No. 1? Yes!"), ["It paid 3.5 pct. at No. 1?", "Yes!"]);
    }

    #[test]
    fn quotes_close_with_their_sentence() {
        assert_eq!(
            sentences("“It is over.” He sat. \"Go!\" she said."),
            ["“It is over.”", "He sat.", "\"Go!\" she said."]
        );
        assert_eq!(sentences("He said “no…” and left."), ["He said “no…” and left."]);
    }

    #[test]
    fn lines_and_blank_lines_part_sentences() {
        assert_eq!(
            sentences("HEADLINE HERE\nText goes\non here.\n\nmore"),
            ["HEADLINE HERE", "Text goes\non here.", "more"]
        );
        assert_eq!(sentences("the talks.The next"), ["the talks.", "The next"]);
    }

    #[test]
    fn marks_belong_to_no_sentence() {
        let text = " date 2022-04-05 Talks began. Then";
        let mark = Mark { span: Span::new(1, 16), kind: MarkKind::DateHeader };
        let found = split(text, &[mark]);
        assert_eq!(found, [Span::new(17, 29), Span::new(30, 34)]);
        assert!(split("", &[]).is_empty() && split(" \n ", &[]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn sentences_are_sorted_inside_the_text_and_lose_only_blanks(text in "[A-Za-z .!?\n\"”…é]{0,80}") {
            let found = split(&text, &[]);
            proptest::prop_assert!(Span::check_all(found.iter().copied(), &text).is_ok());
            let kept: usize = found.iter().filter_map(|span| span.slice(&text)).map(|s| s.chars().filter(|c| !c.is_whitespace()).count()).sum();
            proptest::prop_assert_eq!(kept, text.chars().filter(|c| !c.is_whitespace()).count());
        }
    }
}
