//! Sentences that say something about a day or an amount, and when two of them contradict each other. Whether their
//! articles tell one story, and whether what they say recurs, is not asked here.

use crate::context::Told;
use crate::figure::{Figure, figures};
use crate::stop::is_stop_word;
use crate::story::Story;
use crate::vocabulary::{Set, Vocabulary, common, has, is_within};
use dateline_core::layers::{Entity, Mention, Timex, TimexType};
use dateline_core::{Date, DateInterval, DocumentId, Revision, Span};
use dateline_processor_index::words::words;
use std::collections::BTreeSet;
use std::ops::Range;

/// Days between two articles that may still report one event.
pub(crate) const REPORTED_DAYS_MAX: i32 = 3;
/// Days between two dates that may be meant for one event.
const APART_DAYS_MAX: i32 = 14;
/// Share of what the words of two sentences say, by rarity, that both must have: for figures, and for days, where
/// recurring events look alike.
pub(crate) const SHARED_FIGURE_MIN: f64 = 0.5;
const SHARED_DAY_MIN: f64 = 0.7;
/// The same where other numbers in the sentences agree.
const SHARED_WITH_NUMBERS_MIN: f64 = 0.35;
/// The same where the unit says what happened to those who are counted: reporters say no more than that in common.
const SHARED_TOLL_MIN: f64 = 0.2;
/// Different words that say something, beside names and numbers: fewer prove nothing.
const WORDS_MIN: usize = 4;
/// Shared words, of those.
const WORDS_SHARED_MIN: usize = 3;
/// The same for tolls.
const WORDS_SHARED_TOLL_MIN: usize = 2;
/// Longest sentence that is compared, in bytes: longer ones are lists and tables.
const SENTENCE_BYTES_MAX: usize = 600;
/// Share of numbers among the words of a sentence, and of capitals among its letters, above which it is a row of a table.
const NUMBERS_MAX: f64 = 0.25;
const CAPITALS_MAX: f64 = 0.5;
/// Words for days whose meaning hangs on the day they are written on.
const RELATIVE_DAYS: &[&str] =
    &["today", "yesterday", "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Stems of words that set a figure against one of another time, or of another certainty: two sentences of which one has
/// such a word need not contradict each other.
const TURNS: &[&str] = &[
    "ago",
    "averag",
    "compar",
    "comparison",
    "confirm",
    "earlier",
    "estim",
    "expect",
    "forecast",
    "former",
    "initi",
    "last",
    "origin",
    "plan",
    "previous",
    "possibl",
    "prior",
    "probabl",
    "project",
    "revis",
    "suspect",
];
/// Stems of words of which one sentence has the one and the other the other: they speak of two things.
const OPPOSITES: &[(&str, &str)] = &[
    ("rais", "lower"),
    ("rais", "cut"),
    ("rise", "fall"),
    ("rose", "fell"),
    ("increas", "decreas"),
    ("gain", "lost"),
    ("gain", "loss"),
    ("profit", "loss"),
    ("higher", "lower"),
    ("open", "close"),
    ("acquir", "sell"),
    ("acquir", "sold"),
    ("import", "export"),
    ("upgrad", "downgrad"),
];

/// A sentence that says something about a day or an amount. Words and names are numbers of a [`Vocabulary`].
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) document: DocumentId,
    pub(crate) revision: Revision,
    /// The article's date.
    pub(crate) dct: DateInterval,
    /// Where it stands in the text.
    pub(crate) span: Span,
    /// Stems of the words that say something, without names, numbers and times.
    pub(crate) words: Set,
    /// Names, folded.
    pub(crate) names: Set,
    /// Which of its article's figures are in it.
    figures: Range<u32>,
    /// The days it names, each no longer than a day, in order.
    pub(crate) days: Box<[Date]>,
    /// Words with which it names days and whose meaning hangs on the day they are written on.
    relative: Set,
    /// The values of the times it names, however long.
    times: Set,
    /// Its numbers, outside of times.
    numbers: Set,
    /// Its capitalised words, folded, but for the first and those in times and in names of whom it is known who they are.
    proper: Set,
    /// Which of the words that set a figure against another it has.
    turns: Set,
    /// Its article, by number.
    pub(crate) story: u32,
}

impl Statement {
    /// Reads one sentence of an article, adds its words and figures to the story, and gives what it says when that can
    /// contradict others.
    pub(crate) fn read(
        told: &Told<'_>,
        (number, story): (u32, &mut Story),
        span: Span,
        vocabulary: &mut Vocabulary,
    ) -> Option<Statement> {
        let (dct, sentence) = (told.dct?, prose(told, span)?);
        let timexes: Vec<&Timex> = told.timexes.iter().filter(|timex| span.contains(timex.span)).collect();
        let mentions: Vec<&Mention> =
            told.entities.mentions.iter().filter(|mention| span.contains(mention.span)).collect();
        let inside = |at: Span| Span { start: at.start - span.start, end: at.end - span.start };
        let times: Vec<Span> = timexes.iter().map(|timex| inside(timex.span)).collect();
        let taken: Vec<Span> =
            times.iter().copied().chain(mentions.iter().map(|mention| inside(mention.span))).collect();
        let listed = mentions.iter().filter(|mention| {
            told.entities.entities.get(mention.entity as usize).is_some_and(|entity| entity.reference.is_some())
        });
        let known: Vec<Span> = times.iter().copied().chain(listed.map(|mention| inside(mention.span))).collect();
        let first = story.figures.len() as u32;
        story.figures.extend(figures(sentence, &taken, vocabulary));
        let figures = first..story.figures.len() as u32;
        let words = content(sentence, &taken, vocabulary);
        story.words.extend(&words);
        let days = days(&timexes);
        let names = names(told, span, vocabulary);
        if words.len() < WORDS_MIN || names.is_empty() || (figures.is_empty() && days.is_empty()) {
            return None;
        }
        let expressions: Vec<&str> = timexes.iter().filter_map(|timex| timex.span.slice(&told.article.text)).collect();
        let expressed = vocabulary.folder.folded_words(&expressions.join(" "));
        let relative = vocabulary.set(expressed.iter().filter(|word| RELATIVE_DAYS.contains(&word.as_str())));
        let expressed: Vec<u32> = expressed.iter().map(|word| vocabulary.stem(word)).collect();
        let stems: BTreeSet<u32> = words.iter().copied().chain(expressed).collect();
        // "Now" is whenever it is written.
        let lasting = timexes.iter().filter(|timex| timex.kind != TimexType::Duration && timex.value != "PRESENT_REF");
        Some(Statement {
            document: told.document,
            revision: told.revision,
            dct,
            span,
            turns: stems.into_iter().filter(|stem| TURNS.contains(&vocabulary.word(*stem))).collect(),
            words,
            names,
            figures,
            days,
            relative,
            times: vocabulary.set(lasting.map(|timex| timex.value.as_str())),
            numbers: vocabulary.set(numbers(sentence, &times)),
            proper: proper(sentence, &known, vocabulary),
            story: number,
        })
    }

    /// What it counts, each thing counted once.
    pub(crate) fn units(&self, story: &Story) -> BTreeSet<u32> {
        let units = self.figures(story).iter().map(|figure| figure.unit);
        units.filter(|unit| self.figure(*unit, story).is_some()).collect()
    }

    /// Its figure of a unit, when there is just one.
    pub(crate) fn figure<'s>(&self, unit: u32, story: &'s Story) -> Option<&'s Figure> {
        let mut of_unit = self.figures(story).iter().filter(|figure| figure.unit == unit);
        let first = of_unit.next();
        first.filter(|_| of_unit.next().is_none())
    }

    fn figures<'s>(&self, story: &'s Story) -> &'s [Figure] {
        story.figures.get(self.figures.start as usize..self.figures.end as usize).unwrap_or_default()
    }
}

/// The names in a part of an article, folded.
pub(crate) fn names(told: &Told<'_>, span: Span, vocabulary: &mut Vocabulary) -> Set {
    let mentions = told.entities.mentions.iter().filter(|mention| span.contains(mention.span));
    let named = mentions.filter_map(|mention| told.entities.entities.get(mention.entity as usize));
    let folded: Vec<String> = named.map(|entity| name_of(entity, vocabulary)).collect();
    vocabulary.set(folded.iter().filter(|name| !name.is_empty()))
}

/// What an entity is compared by: its id where it is listed, as the UN is the United Nations, else its name, folded.
pub(crate) fn name_of(entity: &Entity, vocabulary: &mut Vocabulary) -> String {
    vocabulary.folded(entity.reference.as_deref().unwrap_or(&entity.name))
}

/// A sentence when it is prose: no mark, no row of a table.
fn prose<'t>(told: &'t Told<'_>, span: Span) -> Option<&'t str> {
    let is_prose = !told.article.marks.iter().any(|mark| mark.span.contains(span));
    let sentence = span.slice(&told.article.text).filter(|sentence| sentence.len() <= SENTENCE_BYTES_MAX);
    sentence.filter(|sentence| is_prose && !is_row(sentence))
}

/// The days some expressions name, when all of them name days.
fn days(timexes: &[&Timex]) -> Box<[Date]> {
    let dates = timexes.iter().filter(|timex| timex.kind == TimexType::Date && timex.modifier.is_none());
    let days: Vec<DateInterval> = dates.filter_map(|timex| timex.interval()).collect();
    if !days.iter().all(|days| days.earliest == days.latest) {
        return Box::default();
    }
    let days: BTreeSet<Date> = days.iter().map(|days| days.earliest).collect();
    days.into_iter().collect()
}

/// The capitalised words of a sentence behind its first, folded, outside of some places in it.
fn proper(sentence: &str, taken: &[Span], vocabulary: &mut Vocabulary) -> Set {
    let free = words(sentence).skip(1).filter(|range| is_free(range, taken));
    let proper = free.filter(|range| sentence[range.clone()].starts_with(char::is_uppercase));
    let folded: Vec<String> = proper.flat_map(|range| vocabulary.folder.folded_words(&sentence[range])).collect();
    vocabulary.set(folded.iter().filter(|word| !is_stop_word(word)))
}

/// The stems of a sentence that say something.
fn content(sentence: &str, taken: &[Span], vocabulary: &mut Vocabulary) -> Set {
    let mut stems = BTreeSet::new();
    let mut folded = String::new();
    for range in words(sentence).filter(|range| is_free(range, taken)) {
        vocabulary.folder.fold(&sentence[range], &mut folded);
        if folded.len() > 2 && !is_stop_word(&folded) && !folded.starts_with(|first: char| first.is_ascii_digit()) {
            stems.insert(vocabulary.stem(&folded));
        }
    }
    stems.into_iter().collect()
}

/// The numbers of a sentence outside of some places in it.
fn numbers<'s>(sentence: &'s str, taken: &[Span]) -> impl Iterator<Item = &'s str> {
    let numeric = words(sentence).filter(|range| sentence[range.clone()].starts_with(|c: char| c.is_ascii_digit()));
    numeric.filter(|range| is_free(range, taken)).map(|range| &sentence[range])
}

fn is_free(range: &Range<usize>, taken: &[Span]) -> bool {
    !taken.iter().any(|taken| (taken.start as usize) < range.end && range.start < taken.end as usize)
}

/// Whether a sentence is a row of a table, or a headline.
fn is_row(sentence: &str) -> bool {
    let (mut all, mut numeric) = (0.0, 0.0);
    for range in words(sentence) {
        all += 1.0;
        numeric += f64::from(u8::from(sentence[range].starts_with(|first: char| first.is_ascii_digit())));
    }
    let letters = sentence.chars().filter(|character| character.is_alphabetic()).count() as f64;
    let capitals = sentence.chars().filter(|character| character.is_uppercase()).count() as f64;
    numeric > NUMBERS_MAX * all || capitals > CAPITALS_MAX * letters
}

/// What two sentences must have in common: a share of what their words say, and words.
struct Least {
    share: f64,
    words: usize,
}

/// Two statements, each with its article, the older first.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'s> {
    pub(crate) one: (&'s Statement, &'s Story),
    pub(crate) other: (&'s Statement, &'s Story),
}

impl Pair<'_> {
    /// Whether they speak of one event and contradict each other about a unit, or about the day: the share of what their
    /// words say in common.
    pub(crate) fn contradiction(&self, unit: Option<u32>, weights: &[f64], vocabulary: &Vocabulary) -> Option<f64> {
        let (first, second) = (self.one.0, self.other.0);
        let apart = days_between(first.dct.latest, second.dct.earliest);
        if first.document == second.document
            || apart > REPORTED_DAYS_MAX
            || !is_within(&first.names, &second.names)
            || first.turns != second.turns
            || !is_within(&first.proper, &second.proper)
            || self.are_opposed(vocabulary)
        {
            return None;
        }
        let least = match unit {
            Some(unit) => self.differ_in_figures(unit, vocabulary)?,
            None => self.differ_in_days()?,
        };
        let shared = shared(&first.words, &second.words, weights);
        let count = common(&first.words, &second.words).count();
        (shared >= least.share && count >= least.words).then_some(shared)
    }

    /// Whether a unit alone says what happened to what is counted.
    pub(crate) fn is_toll(&self, unit: u32) -> bool {
        self.one.0.figure(unit, self.one.1).is_some_and(|figure| figure.is_told)
    }

    /// How much two sentences must have in common when their figures differ; `None` when they do not, or need not.
    fn differ_in_figures(&self, unit: u32, vocabulary: &Vocabulary) -> Option<Least> {
        let ((first, first_story), (second, second_story)) = (self.one, self.other);
        let (one, other) = (first.figure(unit, first_story)?, second.figure(unit, second_story)?);
        let is_same_time = if first.days.is_empty() && second.days.is_empty() {
            first.dct == second.dct
        } else {
            same_days(first, second)
        };
        // Whoever names fewer times names none that the other lacks: a morning is no afternoon. Who gives the other's figure
        // too, wherever, does not contradict it.
        if !is_same_time
            || !is_within(&first.times, &second.times)
            || !one.contradicts(other)
            || !one.is_about_same(other)
            || first_story.says(other)
            || second_story.says(one)
        {
            return None;
        }
        let has_numbers_in_common = self.agree_in_numbers(unit, (one, other), vocabulary)?;
        Some(match (one.is_told && other.is_told, has_numbers_in_common) {
            (true, _) => Least { share: SHARED_TOLL_MIN, words: WORDS_SHARED_TOLL_MIN },
            (false, true) => Least { share: SHARED_WITH_NUMBERS_MIN, words: WORDS_SHARED_MIN },
            (false, false) => Least { share: SHARED_FIGURE_MIN, words: WORDS_SHARED_MIN },
        })
    }

    /// Whether the sentences have numbers in common beside two figures; `None` when each has numbers that the other lacks.
    fn agree_in_numbers(&self, unit: u32, figures: (&Figure, &Figure), vocabulary: &Vocabulary) -> Option<bool> {
        // Other numbers differ too: another event of its kind. But who differs about those killed differs about those hurt.
        let others = |(own, story): (&Statement, &Story), (other, other_story): (&Statement, &Story)| -> Set {
            let is_excused = |figure: &&Figure| {
                figure.unit == unit || figure.is_told && other.figure(figure.unit, other_story).is_some()
            };
            let excused: Vec<&Figure> = own.figures(story).iter().filter(is_excused).collect();
            let is_other = |number: &u32| !excused.iter().any(|figure| figure.text.contains(vocabulary.word(*number)));
            own.numbers.iter().copied().filter(is_other).collect()
        };
        let (first, second) = (others(self.one, self.other), others(self.other, self.one));
        // "To 250 million, from an estimate of 150" does not contradict the estimate.
        let quotes = |figure: &Figure, numbers: &[u32]| {
            numbers.iter().any(|number| figure.text.split(' ').any(|word| word == vocabulary.word(*number)))
        };
        let agree = is_within(&first, &second) && !quotes(figures.0, &second) && !quotes(figures.1, &first);
        agree.then(|| common(&first, &second).next().is_some())
    }

    /// The same when the days they name differ.
    fn differ_in_days(&self) -> Option<Least> {
        let (first, second) = (self.one.0, self.other.0);
        let (one, other) = (*first.days.first()?, *second.days.first()?);
        // "Yesterday" in an article that is printed again a day later means what it meant, and Monday is Monday.
        let is_reprint = common(&first.relative, &second.relative).next().is_some();
        // Each of a day as far from its own: a report that comes daily.
        let since = days_since(first, one);
        let is_daily = first.dct != second.dct && since.is_some() && since == days_since(second, other);
        let apart = days_between(one, other).abs();
        // Sentences that differ in numbers too are of two events of one kind.
        let is_one = first.numbers == second.numbers && same_side(first, second);
        let differ = !is_reprint && !is_daily && (1..=APART_DAYS_MAX).contains(&apart) && is_one;
        differ.then_some(Least { share: SHARED_DAY_MIN, words: WORDS_SHARED_MIN })
    }

    /// Whether one sentence has a word and the other its opposite: raised, lowered.
    fn are_opposed(&self, vocabulary: &Vocabulary) -> bool {
        let says = |statement: &Statement, stem: &str| {
            vocabulary.get(stem).is_some_and(|number| has(&statement.words, number))
        };
        let differ = |one: &Statement, other: &Statement, (stem, opposite): (&str, &str)| {
            says(one, stem) && !says(one, opposite) && says(other, opposite) && !says(other, stem)
        };
        let (one, other) = (self.one.0, self.other.0);
        OPPOSITES.iter().any(|pair| differ(one, other, *pair) || differ(other, one, *pair))
    }
}

/// Whether two sentences, of which one at least names days, speak of the same ones.
fn same_days(first: &Statement, second: &Statement) -> bool {
    let near = |statement: &Statement, day: &Date| days_between(*day, statement.dct.earliest).abs() <= 1;
    match (first.days.is_empty(), second.days.is_empty()) {
        (false, false) => {
            let is_recent = first.days.iter().all(|day| days_between(*day, first.dct.earliest).abs() <= APART_DAYS_MAX);
            first.days == second.days && (first.dct == second.dct || is_recent)
        }
        (true, false) => second.days.iter().any(|day| near(first, day)),
        _ => first.days.iter().any(|day| near(second, day)),
    }
}

/// Days from the one an article was written on to another; `None` when its date is no day.
fn days_since(statement: &Statement, day: Date) -> Option<i32> {
    let dct = statement.dct;
    (dct.earliest == dct.latest).then(|| days_between(dct.earliest, day))
}

/// Whether both speak of the past, or both of what is to come.
fn same_side(first: &Statement, second: &Statement) -> bool {
    let is_past = |statement: &Statement| statement.days.first().is_some_and(|day| *day <= statement.dct.latest);
    is_past(first) == is_past(second)
}

pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

/// Share of the weight of all words of two sentences that both have.
pub(crate) fn shared(one: &[u32], other: &[u32], weights: &[f64]) -> f64 {
    let weight = |word: u32| weights[word as usize];
    let both: f64 = common(one, other).map(weight).sum();
    let all: f64 = one.iter().chain(other).map(|word| weight(*word)).sum::<f64>() - both;
    both / all.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::name_of;
    use crate::vocabulary::Vocabulary;
    use dateline_core::layers::{Entity, EntityType};

    #[test]
    fn who_is_listed_has_one_name() {
        let mut vocabulary = Vocabulary::default();
        let mut name = |name: &str, reference: Option<&str>| {
            let reference = reference.map(str::to_owned);
            name_of(&Entity { kind: EntityType::Org, name: name.to_owned(), reference }, &mut vocabulary)
        };
        assert_eq!(name("UN", Some("united-nations")), name("United Nations", Some("united-nations")));
        assert_eq!(name("Naxos Co", None), "naxos co");
    }
}
