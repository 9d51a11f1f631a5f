//! Who said it: for each quoted stretch the words that say so (the cue) and those that name who (the speaker), found in its
//! own sentence first, then in its paragraph, then in the paragraph before. Names entities by no more than their place.

use crate::marks::Stretch;
use crate::speakers::{can_speak, is_behind_a_noun, stands_for_somebody};
use crate::verbs::{Form, Verbs, ends_group, is_between, is_determiner, is_preposition, is_pronoun};
use std::ops::Range;

/// Items looked at on either side of a quotation for who said it.
const ITEMS_MAX: usize = 60;
/// Items behind a quotation in which its verb must come: `," said`, `," the prime minister of the country said`.
const AFTER_ITEMS_MAX: usize = 30;
/// Items between a quotation that ends in `?` or `!` and its verb: `asked Smith`, `the minister asked`.
const CLOSE_ITEMS_MAX: usize = 6;
/// Words of the longest group around a noun.
const GROUP_WORDS_MAX: usize = 18;

/// A name of the document, as far as it matters here.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) range: Range<usize>,
    /// Persons and organisations speak.
    pub(crate) speaks: bool,
    pub(crate) person: bool,
}

/// What is known of one stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attribution {
    /// The verb, or `according to`.
    pub(crate) cue: Option<Range<usize>>,
    /// The words for the speaker.
    pub(crate) speaker: Option<Range<usize>>,
    /// Stretches of the same number were said in one go.
    pub(crate) group: u32,
    /// Whether it is speech at all, and not a title or a doubtful word.
    pub(crate) spoken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Sign(char),
    Quote(usize),
}

#[derive(Clone, Debug)]
struct Item {
    range: Range<usize>,
    kind: Kind,
    lower: String,
    starts: bool,
    name: Option<usize>,
}

impl Item {
    fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    fn quote(&self) -> Option<usize> {
        match self.kind {
            Kind::Quote(stretch) => Some(stretch),
            _ => None,
        }
    }
}

/// The verb of a sentence and who it is about.
#[derive(Clone, Debug, Default)]
struct Saying {
    cue: Option<Range<usize>>,
    speaker: Option<Range<usize>>,
}

/// Everything that is looked at.
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) paragraphs: &'a [Range<usize>],
    pub(crate) stretches: &'a [Stretch],
    /// Where sentences start, sorted.
    pub(crate) sentences: &'a [usize],
    /// In text order.
    pub(crate) names: &'a [Name],
    pub(crate) verbs: &'a Verbs,
}

/// Who spoke last, for what stands without a word of it.
#[derive(Default)]
struct Before {
    saying: Saying,
    group: u32,
    /// The last quotation was not closed, and the next paragraph opens one.
    goes_on: bool,
}

/// One attribution for each stretch.
pub(crate) fn attribute<E>(text: &Text<'_>, tick: &mut dyn FnMut() -> Result<(), E>) -> Result<Vec<Attribution>, E> {
    let mut found = vec![Attribution::default(); text.stretches.len()];
    let mut before = Before::default();
    let (mut stretch, mut name) = (0, 0);
    for paragraph in text.paragraphs {
        tick()?;
        let items = items(text, paragraph.clone(), &mut stretch, &mut name);
        before = Reading { text, items: &items }.paragraph(before, &mut found);
    }
    Ok(found)
}

/// Words, signs and quotations of a paragraph.
fn items(text: &Text<'_>, paragraph: Range<usize>, stretch: &mut usize, name: &mut usize) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut at = paragraph.start;
    while at < paragraph.end {
        let next = text.stretches.get(*stretch).filter(|next| next.range.start == at);
        let rest = &text.text[at..paragraph.end];
        let letter = rest.chars().next().unwrap_or(' ');
        let (end, kind) = if let Some(next) = next {
            *stretch += 1;
            (next.range.end, Kind::Quote(*stretch - 1))
        } else if letter.is_alphanumeric() {
            (at + word_bytes(rest), Kind::Word)
        } else {
            (at + letter.len_utf8(), Kind::Sign(letter))
        };
        if !letter.is_whitespace() {
            while text.names.get(*name).is_some_and(|name| name.range.end <= at) {
                *name += 1;
            }
            let lower = if kind == Kind::Word { text.text[at..end].to_lowercase() } else { String::new() };
            let starts = text.sentences.binary_search(&at).is_ok();
            let named = text.names.get(*name).filter(|name| name.range.start < end && kind == Kind::Word);
            items.push(Item { range: at..end, kind, lower, starts, name: named.map(|_| *name) });
        }
        at = end;
    }
    items
}

/// Bytes of a word: letters and digits, and what joins them (`Mr.`, `U.S.`, `O'Neill`, `vice-president`).
fn word_bytes(rest: &str) -> usize {
    let mut end = 0;
    let mut letters = rest.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next_joins = letters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        let joins = matches!(letter, '\'' | '’' | '-' | '.' | '\u{ad}' | '&' | '@' | '_') && next_joins;
        if !(letter.is_alphanumeric() || joins) {
            break;
        }
        end = at + letter.len_utf8();
    }
    if rest[end..].starts_with('.') && is_title(&rest[..end]) { end + 1 } else { end }
}

fn is_title(word: &str) -> bool {
    const TITLES: &[&str] = &[
        "Mr", "Mrs", "Ms", "Dr", "Gov", "Sen", "Rep", "Gen", "Lt", "Col", "Sgt", "Capt", "Rev", "Prof", "St", "Jr",
        "Sr", "U.S", "U.N", "U.K", "D.C", "Reps", "Sens", "Cmdr", "Maj", "Adm", "Atty", "Hon", "Fla", "Va", "Mass",
        "Calif",
    ];
    TITLES.contains(&word) || word.len() == 1 && word.starts_with(char::is_uppercase)
}

fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '-')
}

/// A word as it stands in a title: a capital first, or one of the small words.
fn is_title_word(word: &str) -> bool {
    let small =
        matches!(word, "of" | "the" | "a" | "an" | "to" | "and" | "in" | "on" | "for" | "with" | "at" | "by" | "or");
    small || word.trim_start_matches('\'').starts_with(|letter: char| letter.is_uppercase() || letter.is_numeric())
}

struct Reading<'a> {
    text: &'a Text<'a>,
    items: &'a [Item],
}

impl Reading<'_> {
    /// Attributes the stretches of one paragraph; gives what the next one must know.
    fn paragraph(&self, before: Before, found: &mut [Attribution]) -> Before {
        let mut state = Before { group: before.group, ..Before::default() };
        // Who spoke last in this paragraph, and in which go.
        let mut last: Option<(Saying, u32)> = None;
        let mut waiting: Vec<usize> = Vec::new();
        let mut start = 0;
        while start < self.items.len() {
            let segment = start..self.segment_end(start);
            start = segment.end;
            let quotes: Vec<usize> = self.items[segment.clone()].iter().filter_map(Item::quote).collect();
            let alone = self.items[segment.clone()].iter().all(|item| !item.is_word());
            if quotes.is_empty() {
                if let Some(saying) = self.announcing(segment) {
                    state.group += 1;
                    last = Some((saying, state.group));
                }
            } else if !alone {
                state.group += 1;
                if let Some(saying) = self.sentence(segment, state.group, found) {
                    self.give(&std::mem::take(&mut waiting), &saying, state.group, found);
                    last = Some((saying, state.group));
                }
            } else if let Some((saying, group)) = &last {
                self.give(&quotes, saying, *group, found);
            } else {
                waiting.extend(&quotes);
            }
        }
        if !waiting.is_empty() {
            // Nothing in the paragraph speaks for them: those before it go on, or somebody was announced there.
            let group = if before.goes_on { before.group } else { state.group + 1 };
            state.group = state.group.max(group);
            self.give(&waiting, &before.saying, group, found);
        }
        let ends = self.items.last().and_then(Item::quote);
        state.goes_on = ends.is_some_and(|stretch| self.text.stretches[stretch].goes_on);
        state.saying = match (last, self.items.iter().rev().find_map(Item::quote)) {
            (Some((saying, _)), _) => saying,
            (None, Some(stretch)) => {
                Saying { cue: found[stretch].cue.clone(), speaker: found[stretch].speaker.clone() }
            }
            (None, None) => Saying { cue: None, speaker: self.subject_of(0..self.items.len()) },
        };
        state.saying.speaker = state.saying.speaker.and_then(|words| self.somebody(words));
        state
    }

    /// Attributes the quotations of a sentence with words of its own; gives the last that says who speaks.
    fn sentence(&self, segment: Range<usize>, group: u32, found: &mut [Attribution]) -> Option<Saying> {
        let mut told: Option<Saying> = None;
        for at in segment.clone() {
            let Some(stretch) = self.items[at].quote() else { continue };
            let saying = self.saying(segment.clone(), at, told.as_ref());
            let spoken = self.is_speech(at, saying.as_ref());
            let low = segment.start.max(at.saturating_sub(ITEMS_MAX));
            let subject = || Saying { cue: None, speaker: self.main_subject(low..at) };
            if saying.is_some() {
                told.clone_from(&saying);
            }
            let Saying { cue, speaker } = saying.or_else(|| told.clone()).unwrap_or_else(subject);
            let speaker = speaker.and_then(|words| {
                // What merely stands where a speaker would gives way to somebody of the sentence.
                let somebody = self.somebody(words).or_else(|| self.speaker_in(low..at));
                somebody.or_else(|| self.speaker_in(at + 1..segment.end))
            });
            found[stretch] = Attribution { cue, speaker, group, spoken };
        }
        told
    }

    fn give(&self, stretches: &[usize], saying: &Saying, group: u32, found: &mut [Attribution]) {
        for stretch in stretches {
            found[*stretch] =
                Attribution { cue: saying.cue.clone(), speaker: saying.speaker.clone(), group, spoken: true };
        }
    }

    /// Whether a quotation inside a sentence is speech: titles and nicknames stand in marks too, and single words that
    /// are only held at arm's length.
    fn is_speech(&self, at: usize, saying: Option<&Saying>) -> bool {
        let range = &self.items[at].range;
        let words: Vec<&str> = self.text.text[range.clone()]
            .split(|letter: char| !is_word_letter(letter))
            .filter(|word| !word.is_empty())
            .collect();
        let so_called = at.checked_sub(1).is_some_and(|before| {
            self.items[before].lower.ends_with("called") && self.items[before].lower.contains('-')
        });
        if so_called {
            return false;
        }
        let distance = saying.and_then(|saying| saying.cue.as_ref()).map(|cue| self.distance(at, cue));
        let near = |before: usize, after: usize| {
            distance.is_some_and(|(is_before, words)| words <= if is_before { before } else { after })
        };
        let title = words.iter().all(|word| is_title_word(word));
        match words.len() {
            0 => false,
            1 if title => near(8, 3),
            2 | 3 if title => near(3, 0) && distance.is_some_and(|(is_before, _)| is_before),
            4 | 5 if title => near(3, 3),
            6..=9 if title => distance.is_some(),
            _ => true,
        }
    }

    /// Whether the cue stands before the quotation at `at`, and the words between them.
    fn distance(&self, at: usize, cue: &Range<usize>) -> (bool, usize) {
        let quote = &self.items[at].range;
        let between = |range: Range<usize>| {
            let from = self.items.partition_point(|item| item.range.start < range.start);
            let to = self.items.partition_point(|item| item.range.start < range.end);
            self.items[from..to].iter().filter(|item| item.is_word()).count()
        };
        if cue.end <= quote.start {
            (true, between(cue.end..quote.start))
        } else {
            (false, between(quote.end..cue.start))
        }
    }

    /// The item after the last one of the sentence that starts at `start`.
    fn segment_end(&self, start: usize) -> usize {
        let starts = |at: &usize| self.items[*at].starts && !self.belongs_to_quote(*at);
        (start + 1..self.items.len()).find(starts).unwrap_or(self.items.len())
    }

    /// `"Is it over?" Smith asked`: what stands behind the quotation looks like a sentence of its own, and is not.
    fn belongs_to_quote(&self, at: usize) -> bool {
        let Some(quote) = at.checked_sub(1).map(|before| &self.items[before]).filter(|before| before.quote().is_some())
        else {
            return false;
        };
        let words = self.text.text[quote.range.clone()].trim_end_matches(['"', '”', '’', '\'']);
        let near = at..self.items.len().min(at + CLOSE_ITEMS_MAX);
        let verb =
            near.clone().find(|next| self.verb(*next).is_some_and(|verb| verb.strong && verb.form == Form::Finite));
        let plain = |verb: usize| (at..verb).all(|next| self.items[next].is_word());
        words.ends_with(['?', '!', ',', '-', '—', '–']) && verb.is_some_and(plain)
    }

    /// Who says what stands at item `at` of the sentence `segment`, and in which words.
    fn saying(&self, segment: Range<usize>, at: usize, told: Option<&Saying>) -> Option<Saying> {
        let after = self.after(segment.clone(), at);
        let before = self.before(segment.clone(), at, told);
        let low = segment.start.max(at.saturating_sub(ITEMS_MAX));
        let opens = !self.items[low..at].iter().any(Item::is_word);
        match (before, after) {
            (Some(before), Some(after)) => {
                Some(if opens || self.is_outer(at, &before, &after) { after } else { before })
            }
            (before, after) => before.or(after),
        }
    }

    /// Whether what stands behind the quotation at `at` is about the whole sentence: `..., "..." he said`.
    fn is_outer(&self, at: usize, before: &Saying, after: &Saying) -> bool {
        let words = &self.text.text[self.items[at].range.clone()];
        let ends_in_comma = words.trim_end_matches(['"', '”', '’', '\'']).ends_with([',', '?', '!']);
        let distance = |saying: &Saying| saying.cue.as_ref().map_or(usize::MAX, |cue| self.distance(at, cue).1);
        ends_in_comma && distance(after) <= 3 && distance(before) > 2
    }

    /// `"..." he said`, `"..." said the minister`, `"..." according to him`.
    fn after(&self, segment: Range<usize>, at: usize) -> Option<Saying> {
        let from = at + 1;
        let to = segment.end.min(from + AFTER_ITEMS_MAX);
        let end = (from..to).find(|next| self.items[*next].quote().is_some()).unwrap_or(to);
        let mut verb = None;
        for next in from..end {
            if self.is_according(next) {
                return Some(self.according(next, segment.end));
            }
            let Some(found) = self.verb(next).filter(|_| !self.is_noun(next)) else { continue };
            if found.form == Form::Finite && (found.strong || next == from || self.has_clear_subject(from, next)) {
                verb = Some(next);
                break;
            }
        }
        let verb = verb?;
        let first = (from..verb).find(|next| self.items[*next].is_word());
        let speaker = match first {
            None => self
                .group_after(verb + 1, segment.end)
                .or_else(|| self.subject_of(segment.start.max(at.saturating_sub(ITEMS_MAX))..at)),
            Some(first)
                if (first..verb).all(|next| !self.items[next].is_word() || is_between(&self.items[next].lower)) =>
            {
                self.group_after(verb + 1, segment.end)
            }
            Some(first) => self.subject(first..verb),
        };
        Some(Saying { cue: Some(self.items[verb].range.clone()), speaker: Some(speaker?) })
    }

    /// `He said: "..."`, `according to him, "..."`, `he called it "..."`.
    fn before(&self, segment: Range<usize>, at: usize, told: Option<&Saying>) -> Option<Saying> {
        let from = segment.start.max(at.saturating_sub(ITEMS_MAX));
        let mut latest = None;
        for next in (from..at).rev() {
            if self.is_according(next) {
                latest = Some(next);
                break;
            }
            let Some(verb) = self.verb(next).filter(|_| !self.is_noun(next)) else { continue };
            if verb.strong {
                latest = Some(next);
                break;
            }
            // `told reporters he thought it "..."`: the verb of speech in front counts, where there is one.
            if latest.is_none() && self.has_clear_subject(from, next) {
                latest = Some(next);
            }
        }
        let verb = latest?;
        if self.is_according(verb) {
            return Some(self.according(verb, at));
        }
        let cue = Some(self.items[verb].range.clone());
        let found = self.verb(verb)?;
        let speaker = if found.form == Form::Participle {
            self.main_subject(from..verb).or_else(|| told.and_then(|told| told.speaker.clone()))
        } else {
            self.subject(from..verb).or_else(|| self.group_after(verb + 1, at))
        };
        Some(Saying { cue, speaker: Some(speaker?) })
    }

    /// A sentence without quotation that announces one, or goes on from one: who says it.
    fn announcing(&self, segment: Range<usize>) -> Option<Saying> {
        let verb = segment
            .clone()
            .find(|at| self.verb(*at).is_some_and(|verb| verb.form == Form::Finite) && !self.is_noun(*at));
        let Some(verb) = verb else {
            let according = segment.clone().find(|at| self.is_according(*at))?;
            return Some(self.according(according, segment.end));
        };
        let speaker = self.subject(segment.start..verb)?;
        Some(Saying { cue: Some(self.items[verb].range.clone()), speaker: Some(speaker) })
    }

    /// Whether a pronoun or name stands right in front of the verb at `at`.
    fn has_clear_subject(&self, from: usize, at: usize) -> bool {
        let subject =
            (from..at).rev().find(|before| !self.items[*before].is_word() || !is_between(&self.items[*before].lower));
        subject.is_some_and(|subject| is_pronoun(&self.items[subject].lower) || self.items[subject].name.is_some())
    }

    fn verb(&self, at: usize) -> Option<crate::verbs::Verb> {
        let item = &self.items[at];
        if item.name.is_some() { None } else { self.text.verbs.get(&item.lower) }
    }

    /// `the report`, `his claims`: a form that is a noun here.
    fn is_noun(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).map(|before| &self.items[before]) else { return false };
        let possessive = before.lower.ends_with("'s") || before.lower.ends_with("’s");
        is_determiner(&before.lower) || possessive || is_preposition(&before.lower) && before.lower != "to"
    }

    fn is_according(&self, at: usize) -> bool {
        self.items[at].lower == "according" && self.items.get(at + 1).is_some_and(|next| next.lower == "to")
    }

    fn according(&self, at: usize, end: usize) -> Saying {
        let cue = self.items[at].range.start..self.items[at + 1].range.end;
        Saying { cue: Some(cue), speaker: self.group_after(at + 2, end) }
    }

    /// The group of words that a verb at the end of `range` is about.
    fn subject(&self, range: Range<usize>) -> Option<Range<usize>> {
        let from = range.start.max(range.end.saturating_sub(ITEMS_MAX));
        let mut at = range.end;
        while at > from
            && self.items[at - 1].is_word()
            && self.items[at - 1].name.is_none()
            && is_between(&self.items[at - 1].lower)
        {
            at -= 1;
        }
        let mut last = at.checked_sub(1).filter(|last| *last >= from)?;
        if self.items[last].is_sign(')') {
            let opens = (from..last).rev().find(|at| self.items[*at].is_sign('('))?;
            last = opens.checked_sub(1).filter(|last| *last >= from)?;
        }
        let item = &self.items[last];
        if item.is_word() {
            if is_pronoun(&item.lower) {
                return Some(item.range.clone());
            }
            // `did something and said`: the subject stands further in front.
            if matches!(item.lower.as_str(), "and" | "but" | "or") {
                return self.main_subject(from..last);
            }
            return self.group_before(from, last).or_else(|| self.main_subject(from..range.end));
        }
        self.main_subject(from..last)
    }

    /// The group of words that ends with item `last`.
    fn group_before(&self, from: usize, last: usize) -> Option<Range<usize>> {
        let low = from.max((last + 1).saturating_sub(GROUP_WORDS_MAX));
        let mut start = last;
        while start > low {
            let before = &self.items[start - 1];
            if !before.is_word() || ends_group(&before.lower) && before.name.is_none() {
                break;
            }
            if self.verb(start - 1).is_some_and(|verb| verb.strong) && !self.is_noun(start - 1) {
                break;
            }
            start -= 1;
        }
        let group = self.trimmed(start, last + 1);
        (!group.is_empty()).then(|| self.items[group.start].range.start..self.items[group.end - 1].range.end)
    }

    /// Leaves out what leads into a group: `and`, `On Monday`.
    fn trimmed(&self, mut start: usize, end: usize) -> Range<usize> {
        while start < end
            && matches!(self.items[start].lower.as_str(), "and" | "but" | "or" | "also" | "then" | "later")
        {
            start += 1;
        }
        start..end
    }

    /// The group of words that starts at `from`, up to a sign or a word that ends it.
    fn group_after(&self, from: usize, end: usize) -> Option<Range<usize>> {
        let end = end.min(from + GROUP_WORDS_MAX);
        let mut to = from;
        while to < end {
            let item = &self.items[to];
            let goes_on = item.is_word()
                && (item.name.is_some() || !ends_group(&item.lower) || to == from && is_pronoun(&item.lower));
            if !goes_on
                || to > from
                    && item.name.is_none()
                    && matches!(item.lower.as_str(), "on" | "in" | "during" | "to" | "about" | "by")
            {
                break;
            }
            to += 1;
            if to == from + 1 && is_pronoun(&item.lower) {
                break;
            }
        }
        (to > from).then(|| self.items[from].range.start..self.items[to - 1].range.end)
    }

    /// The subject of the main clause of `range`: what leads into it is left out where something remains.
    fn main_subject(&self, range: Range<usize>) -> Option<Range<usize>> {
        let leads = self.items[range.clone()].first().is_some_and(|item| leads_in(&item.lower));
        let comma = range.clone().find(|at| self.items[*at].is_sign(','));
        let main = comma.filter(|_| leads).and_then(|comma| self.speaker_in(comma + 1..range.end));
        main.or_else(|| self.subject_of(range))
    }

    /// The first of `range` that may speak: a pronoun, a person, an organisation, else the first group of words.
    fn subject_of(&self, range: Range<usize>) -> Option<Range<usize>> {
        if let Some(found) = self.speaker_in(range.clone()) {
            return Some(found);
        }
        let begins = |at: &usize| {
            let item = &self.items[*at];
            is_determiner(&item.lower)
                || item.name.is_some()
                || item.is_word() && self.text.text[item.range.clone()].starts_with(char::is_uppercase)
        };
        let first = range.clone().find(begins)?;
        self.group_after(first, range.end)
    }

    /// As many of the words for a speaker, from the first, as are a name, a pronoun, or a noun for somebody or something that
    /// says things, with what belongs to it. Words of an earlier paragraph were looked at there.
    fn somebody(&self, words: Range<usize>) -> Option<Range<usize>> {
        let from = self.items.partition_point(|item| item.range.end <= words.start);
        let to = self.items.partition_point(|item| item.range.start < words.end);
        if from == to {
            return Some(words);
        }
        let last = (from + 1..=to).rev().find(|to| self.is_somebody(from..*to))?;
        let end = if last == to { words.end } else { self.items[last - 1].range.end };
        Some(words.start..end)
    }

    fn is_somebody(&self, group: Range<usize>) -> bool {
        if is_preposition(&self.items[group.start].lower) {
            return false;
        }
        let ends = |at: &usize| {
            let item = &self.items[*at];
            item.name.is_none() && (!item.is_word() || is_preposition(&item.lower) || ends_group(&item.lower))
        };
        let end = (group.start + 1..group.end).find(ends).unwrap_or(group.end);
        // `a person familiar with the talks`.
        let is_behind = |at: usize| is_behind_a_noun(&self.items[at].lower) && at > group.start;
        let last = (group.start..end).rev().find(|at| !is_behind(*at));
        let Some(last) = last else { return false };
        let noun = &self.items[last];
        if noun.name.is_some() {
            return !(noun.lower.ends_with("'s") || noun.lower.ends_with("’s")) || end == group.end && group.len() == 1;
        }
        if stands_for_somebody(&noun.lower) {
            // `all of these things`, `one of the men`.
            let of = (end + 1..group.end).next().filter(|_| self.items[end].lower == "of");
            return of.is_none_or(|of| self.is_somebody(of..group.end));
        }
        can_speak(&noun.lower) || self.looks_like_a_name(group.start..last + 1)
    }

    /// Whether a group ends in a capital that is not just that of its sentence.
    fn looks_like_a_name(&self, group: Range<usize>) -> bool {
        let Some(noun) = self.items[group.clone()].last() else { return false };
        let says_nothing = is_preposition(&noun.lower)
            || is_determiner(&noun.lower)
            || is_between(&noun.lower)
            || ends_group(&noun.lower)
            || leads_in(&noun.lower);
        let is_capital = self.text.text[noun.range.clone()].starts_with(char::is_uppercase);
        is_capital && !says_nothing && (!noun.starts || self.verb(group.end - 1).is_none())
    }

    /// The first pronoun, person or organisation of `range` that no preposition or possessive subordinates; else the
    /// first place.
    fn speaker_in(&self, range: Range<usize>) -> Option<Range<usize>> {
        let mut place = None;
        let mut at = range.start;
        while at < range.end {
            let item = &self.items[at];
            let mut end = at + 1;
            let found = if let Some(name) = item.name {
                while end < range.end && self.items[end].name == Some(name) {
                    end += 1;
                }
                let name = &self.text.names[name];
                name.speaks.then(|| (name.range.clone(), name.person))
            } else {
                matches!(item.lower.as_str(), "he" | "she" | "they" | "we" | "i").then(|| (item.range.clone(), true))
            };
            let possessive = self.items[end - 1].lower.ends_with("'s") || self.items[end - 1].lower.ends_with("’s");
            let object = at > range.start && is_preposition(&self.items[at - 1].lower);
            match found.filter(|_| !possessive && !object) {
                Some((found, true)) => return Some(found),
                Some((found, false)) => place = place.or(Some(found)),
                None => {}
            }
            at = end;
        }
        place
    }
}

/// Words that start a clause in front of the main one.
fn leads_in(word: &str) -> bool {
    matches!(
        word,
        "after"
            | "as"
            | "when"
            | "while"
            | "since"
            | "although"
            | "though"
            | "if"
            | "because"
            | "in"
            | "on"
            | "at"
            | "speaking"
            | "asked"
            | "and"
            | "but"
            | "during"
            | "before"
            | "following"
            | "by"
            | "with"
            | "for"
            | "to"
            | "despite"
            | "even"
            | "once"
            | "appearing"
            | "citing"
            | "writing"
            | "responding"
    )
}
