//! Where quotation marks open and close: pairs of curly, straight, low and angle marks, single ones where they cannot be
//! apostrophes, quotations over several paragraphs, and marks typed the wrong way round. Knows nothing of speakers.

use std::ops::Range;

/// A line of this many letters that ends without a full stop was broken to fit a width, not to end a paragraph.
const WRAPPED_LETTERS_MIN: usize = 40;
/// Longest word or value in `name="value"` that is taken for mark-up, in bytes.
const ATTRIBUTE_BYTES_MAX: usize = 200;

/// Stands for two apostrophes where one letter is remembered.
const PAIR: char = '\u{2033}';

/// Words between quotation marks, the marks included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Bytes of the text.
    pub(crate) range: Range<usize>,
    /// Whether the marks are single ones.
    pub(crate) single: bool,
    /// Whether the same words go on at the start of the next paragraph.
    pub(crate) goes_on: bool,
}

/// The paragraphs of a text: parted by blank lines, and by line breaks where lines were not broken to fit a width.
pub(crate) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut breaks = Vec::new();
    let (mut line, mut wrapped) = (0, 0_usize);
    for (at, _) in text.match_indices('\n') {
        let blank =
            text[line..at].trim().is_empty() || text[at + 1..].lines().next().is_none_or(|next| next.trim().is_empty());
        let in_sentence = !blank && breaks_a_sentence(&text[line..at], &text[at + 1..]);
        wrapped += usize::from(in_sentence);
        breaks.push((at, blank, in_sentence));
        line = at + 1;
    }
    let soft = breaks.iter().filter(|(_, blank, _)| !blank).count();
    let is_wrapped = wrapped >= 2 && 2 * wrapped >= soft;
    let mut paragraphs = Vec::new();
    let mut start = 0;
    for (at, blank, in_sentence) in breaks {
        let indented = text[at + 1..].starts_with([' ', '\t']);
        if blank || !(in_sentence || is_wrapped && !indented) {
            paragraphs.push(start..at);
            start = at + 1;
        }
    }
    paragraphs.push(start..text.len());
    paragraphs.retain(|range| !text[range.clone()].trim().is_empty());
    paragraphs
}

fn breaks_a_sentence(line: &str, rest: &str) -> bool {
    let open = !line.trim_end().ends_with(['.', '!', '?', ':', ';', '"', '”', '…', ')']);
    open && (line.len() >= WRAPPED_LETTERS_MIN || rest.trim_start().starts_with(char::is_lowercase))
}

/// What stands open while a paragraph is read.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    mark: char,
    /// Double marks opened inside it.
    depth: usize,
    /// A straight mark was opened inside curly ones.
    straight_inside: bool,
}

/// The quoted stretches of the paragraphs, in text order, never overlapping.
///
/// With `apostrophes`, two of them in a row are a mark too.
pub(crate) fn stretches(text: &str, paragraphs: &[Range<usize>], apostrophes: bool) -> Vec<Stretch> {
    let mut found = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let next = paragraphs.get(at + 1).map(|next| text[next.clone()].trim_start());
        let mut reader = Reader {
            text,
            from: paragraph.start,
            closing: text[paragraph.clone()].matches('”').count(),
            apostrophes,
            open: None,
            found: &mut found,
        };
        reader.read(&text[paragraph.clone()]);
        reader.end(paragraph.end, next.is_some_and(|next| next.starts_with(['“', '"', '„', '«'])));
    }
    found
}

struct Reader<'a> {
    text: &'a str,
    from: usize,
    /// Curly closing marks that are still to come.
    closing: usize,
    /// Whether two apostrophes are a mark.
    apostrophes: bool,
    open: Option<Open>,
    found: &'a mut Vec<Stretch>,
}

impl Reader<'_> {
    fn read(&mut self, paragraph: &str) {
        let mut skip_to = 0;
        let mut before = None;
        let mut letters = paragraph.char_indices().peekable();
        while let Some((offset, letter)) = letters.next() {
            let after = letters.peek().map(|(_, letter)| *letter);
            if offset >= skip_to {
                if letter == '"' && before == Some('=') {
                    skip_to = offset + attribute_bytes(&paragraph[offset..]);
                } else {
                    self.letter(self.from + offset, letter, before, after);
                }
            }
            before = Some(letter);
        }
    }

    fn letter(&mut self, at: usize, letter: char, before: Option<char>, after: Option<char>) {
        let can_open = before.is_none_or(|before| before.is_whitespace() || opens(before) || is_dash(before))
            && after.is_some_and(|after| !after.is_whitespace());
        match letter {
            '“' => self.curly_open(at, can_open, after),
            '”' => {
                self.closing = self.closing.saturating_sub(1);
                self.double_close(at, letter, can_open);
            }
            '"' => self.straight(at, can_open, before, after),
            '„' | '«' if self.open.is_none() => self.start(at, letter),
            '»' => self.double_close(at, letter, false),
            '\'' if before == Some('\'') || after == Some('\'') => self.two_apostrophes(at, before, after),
            '‘' | '\'' if can_open && self.open.is_none() && after.is_some_and(char::is_alphanumeric) => {
                self.start(at, letter);
            }
            '’' | '\'' => self.single_close(at, letter, before, after),
            _ => {}
        }
    }

    /// One of two apostrophes: the first opens, the second closes.
    fn two_apostrophes(&mut self, at: usize, before: Option<char>, after: Option<char>) {
        if !self.apostrophes {
            return;
        }
        let second = before == Some('\'');
        match self.open {
            Some(_) if second => self.close(at + 1),
            None if !second && after == Some('\'') => self.start(at, PAIR),
            _ => {}
        }
    }

    fn start(&mut self, at: usize, mark: char) {
        self.open = Some(Open { start: at, mark, depth: 1, straight_inside: false });
    }

    fn curly_open(&mut self, at: usize, can_open: bool, after: Option<char>) {
        match self.open {
            Some(open) if !is_single(open.mark) => {
                let at_end = after.is_none_or(|after| after.is_whitespace() || matches!(after, ',' | '.'));
                if !can_open && at_end || open.mark == '„' {
                    self.close(at + '“'.len_utf8());
                } else if self.closing > open.depth {
                    self.open = Some(Open { depth: open.depth + 1, ..open });
                } else {
                    // The one before was never closed: it ends with its sentence, where that can be seen.
                    self.cut(at);
                    self.start(at, '“');
                }
            }
            _ => self.start(at, '“'),
        }
    }

    fn double_close(&mut self, at: usize, mark: char, can_open: bool) {
        match self.open {
            Some(open) if !is_single(open.mark) => {
                if open.depth > 1 {
                    self.open = Some(Open { depth: open.depth - 1, ..open });
                } else {
                    self.close(at + mark.len_utf8());
                }
            }
            _ if can_open => self.start(at, mark),
            _ => {}
        }
    }

    fn straight(&mut self, at: usize, can_open: bool, before: Option<char>, after: Option<char>) {
        match self.open {
            Some(open) if !is_single(open.mark) => {
                if open.straight_inside {
                    self.open = Some(Open { straight_inside: false, ..open });
                } else if open.mark != '"' && can_open && self.closing > 0 {
                    self.open = Some(Open { straight_inside: true, ..open });
                } else if open.mark == '"' && can_open && before.is_some_and(char::is_whitespace) {
                    self.cut(at);
                    self.start(at, '"');
                } else {
                    self.close(at + 1);
                }
            }
            _ => {
                let glued = before.is_some_and(|before| matches!(before, ',' | ':' | '.'))
                    && after.is_some_and(char::is_uppercase);
                if can_open || glued {
                    self.start(at, '"');
                }
            }
        }
    }

    fn single_close(&mut self, at: usize, mark: char, before: Option<char>, after: Option<char>) {
        let Some(open) = self.open.filter(|open| is_single(open.mark)) else { return };
        let fits = (mark == '’') == (open.mark == '‘');
        let in_word = after.is_some_and(char::is_alphanumeric);
        // `the workers’ rights` is no end; `over,’ he said` is.
        let plural = before == Some('s') && after.is_some_and(char::is_whitespace);
        if fits && !in_word && !plural && at > open.start + 1 {
            self.close(at + mark.len_utf8());
        }
    }

    fn close(&mut self, end: usize) {
        if let Some(open) = self.open.take() {
            self.push(open, end, false);
        }
    }

    /// Ends what was never closed before `at`, behind the last full stop.
    fn cut(&mut self, at: usize) {
        if let Some(open) = self.open.take() {
            let words = &self.text[open.start..at];
            if let Some(stop) = words.rfind(['.', '!', '?', ',']) {
                self.push(open, open.start + stop + 1, false);
            }
        }
    }

    fn end(&mut self, end: usize, goes_on: bool) {
        let Some(open) = self.open.take() else { return };
        let end = open.start + self.text[open.start..end].trim_end().len();
        // A single mark that is not closed was an apostrophe.
        if !is_single(open.mark) {
            self.push(open, end, goes_on);
        }
    }

    fn push(&mut self, open: Open, end: usize, goes_on: bool) {
        if self.text[open.start..end].contains(char::is_alphanumeric) {
            self.found.push(Stretch { range: open.start..end, single: is_single(open.mark), goes_on });
        }
    }
}

fn is_single(mark: char) -> bool {
    matches!(mark, '‘' | '\'')
}

fn opens(letter: char) -> bool {
    matches!(letter, '(' | '[' | '‘' | '\'' | '“' | '/')
}

fn is_dash(letter: char) -> bool {
    matches!(letter, '-' | '–' | '—')
}

/// Bytes of `"value"` in `name="value"`, or 1 when it is not closed soon.
fn attribute_bytes(rest: &str) -> usize {
    rest[1..].find('"').filter(|end| *end <= ATTRIBUTE_BYTES_MAX).map_or(1, |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::{paragraphs, stretches};

    fn quoted(text: &str) -> Vec<&str> {
        stretches(text, &paragraphs(text), true).into_iter().map(|stretch| &text[stretch.range]).collect()
    }

    #[test]
    fn marks_of_every_kind_pair_up() {
        assert_eq!(quoted("He said “yes” and \"no\" and „nie“ and «non»."), ["“yes”", "\"no\"", "„nie“", "«non»"]);
        assert_eq!(quoted("‘We won,’ said the workers’ leader; it’s over."), ["‘We won,’"]);
        assert_eq!(quoted("It was 6'2\" long, rock 'n' roll of the '90s."), ["'n'"]);
        assert_eq!(
            quoted("“He called it ‘a joke’ and “a farce” too,” she said."),
            ["“He called it ‘a joke’ and “a farce” too,”"]
        );
    }

    #[test]
    fn marks_typed_wrongly_still_pair_up() {
        assert_eq!(quoted("“It is late,“ she said."), ["“It is late,“"]);
        assert_eq!(quoted("“It is late,\" she said."), ["“It is late,\""]);
        assert_eq!(quoted("She said. \"It is late,” and left."), ["\"It is late,”"]);
    }

    #[test]
    fn mark_up_is_no_quotation() {
        assert_eq!(quoted("<a href=\"http://example.org/\">Here</a> \"we are\"."), ["\"we are\""]);
    }

    #[test]
    fn quotations_go_on_over_paragraphs() {
        let text = "“First.\n\n“Second,” she said.";
        let found = stretches(text, &paragraphs(text), true);
        assert_eq!(found.iter().map(|stretch| stretch.goes_on).collect::<Vec<_>>(), [true, false]);
        assert_eq!(quoted(text), ["“First.", "“Second,”"]);
    }

    #[test]
    fn lines_broken_to_fit_a_width_make_no_paragraphs() {
        let text = "The minister told a crowd that \"the talks have not\nfailed, and will not fail as long as we both\nwant them to\" on Monday.\n    Nobody answered.";
        assert_eq!(paragraphs(text).len(), 2);
        assert_eq!(quoted(text).len(), 1);
    }
}
