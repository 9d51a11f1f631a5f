//! Articles that contradict each other: different figures or days for what is recognisably one event. Precision comes
//! before recall: two sentences count as speaking of one event only when they stand in articles that tell one story, and
//! names, times and most of their words agree; figures contradict each other only when no reading of both can be true; and
//! what is said again and again with other values is a series. Who is right is not decided here.

use crate::context::Told;
use crate::figure::{Figure, figures};
use crate::stop::is_stop_word;
use crate::story::{Story, is_one_story, rarities};
use dateline_core::layers::{Timex, TimexType};
use dateline_core::{Date, DateInterval, DocumentId, Revision, Span};
use dateline_processor_index::words::{Folder, words};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Days between two articles that may still report one event.
const REPORTED_DAYS_MAX: i32 = 3;
/// Days between two dates that may be meant for one event.
const APART_DAYS_MAX: i32 = 14;
/// Share of what the words of two sentences say, by rarity, that both must have: for figures, and for days, where
/// recurring events look alike.
const SHARED_FIGURE_MIN: f64 = 0.5;
const SHARED_DAY_MIN: f64 = 0.7;
/// Different words that say something, beside names and numbers: fewer prove nothing.
const WORDS_MIN: usize = 4;
/// Shared words, of those.
const WORDS_SHARED_MIN: usize = 3;
/// Sentences at an article's beginning whose names say what it is about.
const LEAD_SENTENCES: usize = 3;
/// Longest sentence that is compared, in bytes: longer ones are lists and tables.
const SENTENCE_BYTES_MAX: usize = 600;
/// Sentences that are compared at most.
pub const STATEMENTS_MAX: usize = 50_000;
/// Earlier sentences about the same thing that one is compared with.
const COMPARED_MAX: usize = 200;
/// Different values of one conflict: what is said in the same words with ever other values recurs, and is no one event.
const VALUES_MAX: usize = 3;
/// The same where days differ.
const DAYS_MAX: usize = 2;
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
    "earlier",
    "expect",
    "forecast",
    "former",
    "initi",
    "last",
    "origin",
    "plan",
    "previous",
    "prior",
    "project",
    "revis",
];
/// Shared words that are named as a reason.
const REASON_WORDS: usize = 6;

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
    ("buy", "sell"),
    ("bought", "sold"),
    ("import", "export"),
    ("upgrad", "downgrad"),
];

/// About what two articles disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// How much or how many.
    Figure,
    /// On which day.
    Date,
}

/// What one article says.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// The article's date.
    pub dct: DateInterval,
    /// The figure or day, as written and as understood: `at least 12 people`, `2022-04-05`.
    pub value: String,
    /// The sentence, on one line.
    pub sentence: String,
    /// Where it stands in the text.
    pub span: Span,
}

/// Two or more articles that cannot all be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What they disagree about.
    pub kind: ConflictKind,
    /// The event in a few words.
    pub about: String,
    /// Why the sentences are held to be about one event.
    pub reasons: Vec<String>,
    /// Share of what their words say that they have in common, 0 to 1.
    pub confidence: f64,
    /// What each says, oldest article first.
    pub sides: Vec<Side>,
}

/// A sentence that says something about a day or an amount.
struct Statement {
    side: Side,
    /// Stems of the words that say something, without names, numbers and times; sorted.
    words: Vec<u32>,
    /// Names, folded; sorted.
    names: BTreeSet<String>,
    figures: Vec<Figure>,
    /// The days it names, each no longer than a day.
    days: BTreeSet<Date>,
    /// The words with which it names them, folded.
    expressions: BTreeSet<String>,
    /// The values of the times it names, however long.
    times: BTreeSet<String>,
    /// Its numbers, outside of times.
    numbers: BTreeSet<String>,
    /// Its capitalised words, folded, but for the first and those in times.
    proper: BTreeSet<String>,
    /// Which of the words that set a figure against another it has.
    turns: BTreeSet<String>,
    /// Its article.
    story: Arc<Story>,
}

/// Gathers sentences, then compares them.
#[derive(Default)]
pub struct Conflicts {
    statements: Vec<Statement>,
    folder: Folder,
    numbers: FxHashMap<String, u32>,
    stems: Vec<String>,
    /// Names as they are written, by their folded form.
    names: FxHashMap<String, String>,
}

impl Conflicts {
    /// Takes the sentences of one article. False when there is no room for more.
    pub fn add(&mut self, told: &Told<'_>) -> bool {
        let Some(dct) = told.dct else { return true };
        let beginning = told.sentences.get(LEAD_SENTENCES - 1).or(told.sentences.last()).map_or(0, |span| span.end);
        let mut story = Story {
            lead: self.names(told, Span { start: 0, end: beginning }),
            named: self.names(told, Span { start: 0, end: u32::MAX }),
            subject: self.subject(told),
            ..Story::default()
        };
        let mut statements = Vec::new();
        for span in told.sentences {
            let is_prose = !told.article.marks.iter().any(|mark| mark.span.contains(*span));
            let sentence = span.slice(&told.article.text).filter(|sentence| sentence.len() <= SENTENCE_BYTES_MAX);
            if let Some(sentence) = sentence.filter(|sentence| is_prose && !is_row(sentence)) {
                statements.extend(self.read(told, (dct, &mut story), *span, sentence));
            }
        }
        story.close();
        let story = Arc::new(story);
        let with_story = |statement| Statement { story: Arc::clone(&story), ..statement };
        self.statements.extend(statements.into_iter().map(with_story));
        self.statements.len() < STATEMENTS_MAX
    }

    /// Whom an article names most often, of those the first.
    fn subject(&mut self, told: &Told<'_>) -> Option<String> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        told.entities.mentions.iter().for_each(|mention| *counts.entry(mention.entity).or_default() += 1);
        let most = counts.into_iter().max_by_key(|(entity, count)| (*count, std::cmp::Reverse(*entity)))?;
        told.entities.entities.get(most.0 as usize).map(|entity| self.folder.folded_words(&entity.name).join(" "))
    }

    /// The names in a part of an article, folded.
    fn names(&mut self, told: &Told<'_>, span: Span) -> BTreeSet<String> {
        let mentions = told.entities.mentions.iter().filter(|mention| span.contains(mention.span));
        let mut found = BTreeSet::new();
        for entity in mentions.filter_map(|mention| told.entities.entities.get(mention.entity as usize)) {
            let folded = self.folder.folded_words(&entity.name).join(" ");
            if !folded.is_empty() && !found.contains(&folded) {
                self.names.entry(folded.clone()).or_insert_with(|| entity.name.clone());
                found.insert(folded);
            }
        }
        found
    }

    fn read(
        &mut self,
        told: &Told<'_>,
        (dct, story): (DateInterval, &mut Story),
        span: Span,
        sentence: &str,
    ) -> Option<Statement> {
        let within = |inner: Span| span.contains(inner);
        let timexes: Vec<&Timex> = told.timexes.iter().filter(|timex| within(timex.span)).collect();
        let mentions: Vec<_> = told.entities.mentions.iter().filter(|mention| within(mention.span)).collect();
        let taken: Vec<Span> =
            timexes.iter().map(|timex| timex.span).chain(mentions.iter().map(|mention| mention.span)).collect();
        let taken: Vec<Span> =
            taken.iter().map(|at| Span { start: at.start - span.start, end: at.end - span.start }).collect();
        let figures = figures(sentence, &taken, &mut self.folder);
        let dates = timexes.iter().filter(|timex| timex.kind == TimexType::Date && timex.modifier.is_none());
        let days: Vec<DateInterval> = dates.filter_map(|timex| timex.interval()).collect();
        let is_exact = !days.is_empty() && days.iter().all(|days| days.earliest == days.latest);
        let days: BTreeSet<Date> =
            if is_exact { days.iter().map(|days| days.earliest).collect() } else { BTreeSet::new() };
        let names = self.names(told, span);
        let texts = timexes.iter().filter_map(|timex| timex.span.slice(&told.article.text));
        let expressions = texts.map(|text| self.folder.folded_words(text).join(" ")).collect();
        let times = timexes.iter().filter(|timex| timex.kind != TimexType::Duration).map(|timex| timex.value.clone());
        let words = self.content(sentence, &taken);
        story.words.extend(&words);
        story.figures.extend(figures.iter().cloned());
        let mut turns: BTreeSet<String> = self.turns_in_times(&timexes, told).into_iter().collect();
        let stems = words.iter().map(|word| &self.stems[*word as usize]);
        turns.extend(stems.filter(|stem| TURNS.contains(&stem.as_str())).cloned());
        let is_telling = words.len() >= WORDS_MIN && !names.is_empty() && !(figures.is_empty() && days.is_empty());
        is_telling.then(|| Statement {
            side: Side {
                document: told.document,
                revision: told.revision,
                dct,
                value: String::new(),
                sentence: sentence.split_whitespace().collect::<Vec<_>>().join(" "),
                span,
            },
            words,
            names,
            figures,
            days,
            expressions,
            times: times.collect(),
            numbers: numbers(sentence, &taken[..timexes.len()]),
            proper: self.proper(sentence, &taken[..timexes.len()]),
            turns,
            story: Arc::default(),
        })
    }

    /// The capitalised words of a sentence behind its first, folded, outside of some places in it.
    fn proper(&mut self, sentence: &str, taken: &[Span]) -> BTreeSet<String> {
        let free = words(sentence).skip(1).filter(|range| is_free(range, taken));
        let proper = free.filter(|range| sentence[range.clone()].starts_with(char::is_uppercase));
        proper.flat_map(|range| self.folder.folded_words(&sentence[range])).filter(|word| !is_stop_word(word)).collect()
    }

    /// The turning words inside temporal expressions: `a year ago`.
    fn turns_in_times(&mut self, timexes: &[&Timex], told: &Told<'_>) -> Vec<String> {
        let texts = timexes.iter().filter_map(|timex| timex.span.slice(&told.article.text));
        let folded: Vec<String> = texts.flat_map(|text| self.folder.folded_words(text)).collect();
        folded.iter().map(|word| self.folder.stem_or_word(word)).filter(|stem| TURNS.contains(&stem.as_str())).collect()
    }

    /// The stems of a sentence that say something, as numbers, sorted.
    fn content(&mut self, sentence: &str, taken: &[Span]) -> Vec<u32> {
        let mut stems = BTreeSet::new();
        let mut folded = String::new();
        for range in words(sentence) {
            let at = Span::new(range.start, range.end);
            let is_free = !taken.iter().any(|taken| taken.start < at.end && at.start < taken.end);
            self.folder.fold(&sentence[range], &mut folded);
            let says =
                folded.len() > 2 && !is_stop_word(&folded) && !folded.starts_with(|first: char| first.is_ascii_digit());
            if is_free && says {
                let stem = self.folder.stem_or_word(&folded);
                let next = u32::try_from(self.stems.len()).unwrap_or(u32::MAX);
                let number = *self.numbers.entry(stem.clone()).or_insert(next);
                if number == next {
                    self.stems.push(stem);
                }
                stems.insert(number);
            }
        }
        stems.into_iter().collect()
    }

    /// The contradictions among the sentences taken, surest first.
    #[must_use]
    pub fn find(self) -> Vec<Conflict> {
        let weights = self.weights();
        let mut stories: Vec<&Arc<Story>> = self.statements.iter().map(|statement| &statement.story).collect();
        stories.dedup_by(|one, other| Arc::ptr_eq(one, other));
        let rarities = rarities(stories.into_iter().map(AsRef::as_ref));
        let mut found: Vec<Conflict> = Vec::new();
        for (about, numbers) in self.topics() {
            let mut groups: Vec<(Vec<usize>, f64)> = Vec::new();
            for (at, one) in numbers.iter().enumerate() {
                for other in numbers[..at].iter().rev().take(COMPARED_MAX) {
                    let (first, second) = (&self.statements[*other], &self.statements[*one]);
                    let Some(shared) = contradict(&about, first, second, &weights) else { continue };
                    if !is_one_story(&first.story, &second.story, &rarities)
                        || self.are_opposed(first, second)
                        || self.recurs(&numbers, (first, second), &weights)
                    {
                        continue;
                    }
                    match groups.iter_mut().find(|(members, _)| members.contains(other) || members.contains(one)) {
                        Some((members, surest)) => {
                            members.extend([*other, *one]);
                            *surest = surest.max(shared);
                        }
                        None => groups.push((vec![*other, *one], shared)),
                    }
                }
            }
            found.extend(
                groups.into_iter().filter_map(|(members, shared)| self.told(&about, members, shared, &weights)),
            );
        }
        found.sort_by(|one, other| {
            let by_sureness = other.confidence.total_cmp(&one.confidence);
            by_sureness.then(one.sides[0].document.cmp(&other.sides[0].document)).then(one.about.cmp(&other.about))
        });
        let mut seen: FxHashSet<Vec<(DocumentId, Span)>> = FxHashSet::default();
        found.retain(|conflict| seen.insert(conflict.sides.iter().map(|side| (side.document, side.span)).collect()));
        found
    }

    /// Whether one sentence has a word and the other its opposite: raised, lowered.
    fn are_opposed(&self, first: &Statement, second: &Statement) -> bool {
        let has = |statement: &Statement, stem: &str| {
            self.numbers.get(stem).is_some_and(|number| statement.words.binary_search(number).is_ok())
        };
        let differ = |one: &Statement, other: &Statement, (stem, opposite): (&str, &str)| {
            has(one, stem) && !has(one, opposite) && has(other, opposite) && !has(other, stem)
        };
        OPPOSITES.iter().any(|pair| differ(first, second, *pair) || differ(second, first, *pair))
    }

    /// Whether much the same is said at another time too, too far away to be of the same event.
    fn recurs(&self, numbers: &[usize], pair: (&Statement, &Statement), weights: &[f64]) -> bool {
        let of_both: BTreeSet<&String> = pair.0.names.intersection(&pair.1.names).collect();
        let is_far = |one: &Statement, other: &Statement| {
            let apart = days_between(one.side.dct.earliest, other.side.dct.earliest).abs();
            apart > REPORTED_DAYS_MAX
        };
        numbers.iter().map(|at| &self.statements[*at]).any(|third| {
            of_both.iter().all(|name| third.names.contains(*name))
                && is_far(third, pair.0)
                && is_far(third, pair.1)
                && [pair.0, pair.1].iter().any(|one| shared(&one.words, &third.words, weights) >= SHARED_FIGURE_MIN)
        })
    }

    /// How rare each word is.
    fn weights(&self) -> Vec<f64> {
        let mut counts = vec![0u32; self.stems.len()];
        for word in self.statements.iter().flat_map(|statement| &statement.words) {
            counts[*word as usize] += 1;
        }
        let all = self.statements.len() as f64;
        counts.into_iter().map(|count| (1.0 + all / f64::from(count.max(1))).ln()).collect()
    }

    /// The sentences by what they might disagree about, those of one topic by the dates of their articles.
    fn topics(&self) -> BTreeMap<Topic, Vec<usize>> {
        let mut topics: BTreeMap<Topic, Vec<usize>> = BTreeMap::new();
        for (at, statement) in self.statements.iter().enumerate() {
            for name in &statement.names {
                for unit in statement.units() {
                    topics.entry(Topic { name: name.clone(), unit: Some(unit) }).or_default().push(at);
                }
                if statement.days.len() == 1 {
                    topics.entry(Topic { name: name.clone(), unit: None }).or_default().push(at);
                }
            }
        }
        topics.retain(|_, numbers| numbers.len() > 1);
        for numbers in topics.values_mut() {
            numbers.sort_by_key(|at| (self.statements[*at].side.dct, *at));
        }
        topics
    }

    fn told(&self, topic: &Topic, mut members: Vec<usize>, shared: f64, weights: &[f64]) -> Option<Conflict> {
        members.sort_unstable();
        members.dedup();
        let mut sides: Vec<Side> = Vec::new();
        for at in &members {
            let statement = &self.statements[*at];
            let value = topic.value(statement)?;
            // One article for each value: its copies add nothing.
            if !sides.iter().any(|side| side.value == value) {
                sides.push(Side { value, ..statement.side.clone() });
            }
        }
        sides.sort_by(|one, other| one.dct.cmp(&other.dct).then(one.document.cmp(&other.document)));
        let (first, second) = (&self.statements[members[0]], &self.statements[members[1]]);
        let common_names = first.names.intersection(&second.names);
        let names: Vec<&str> = common_names.map(|name| self.names.get(name).unwrap_or(name).as_str()).collect();
        let mut common: Vec<u32> = common(&first.words, &second.words).collect();
        common.sort_by(|one, other| weights[*other as usize].total_cmp(&weights[*one as usize]).then(one.cmp(other)));
        let common: Vec<&str> =
            common.iter().take(REASON_WORDS).map(|word| self.stems[*word as usize].as_str()).collect();
        let mut reasons = vec![format!("all name {}", names.join(", "))];
        reasons.push(format!("they share {:.0} % of what their words say: {}", shared * 100.0, common.join(", ")));
        reasons.push(when(first, second));
        let about = match &topic.unit {
            Some(unit) => {
                let thing = first.figure(unit).map_or(unit.as_str(), |figure| figure.thing.as_str());
                format!("{}: {thing}", names.join(", "))
            }
            None => format!("{}: day", names.join(", ")),
        };
        let kind = if topic.unit.is_some() { ConflictKind::Figure } else { ConflictKind::Date };
        let most = if topic.unit.is_some() { VALUES_MAX } else { DAYS_MAX };
        (2..=most).contains(&sides.len()).then_some(Conflict { kind, about, reasons, confidence: shared, sides })
    }
}

/// Why the times agree, in words.
fn when(first: &Statement, second: &Statement) -> String {
    match first.days.intersection(&second.days).next() {
        Some(day) => format!("both speak of {day}"),
        None if first.side.dct == second.side.dct => format!("both were written on {}", first.side.dct),
        None => format!("they were written on {} and {}", first.side.dct, second.side.dct),
    }
}

/// What sentences might disagree about: an amount of something, or the day, of what concerns a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Topic {
    name: String,
    unit: Option<String>,
}

impl Topic {
    fn value(&self, statement: &Statement) -> Option<String> {
        match &self.unit {
            Some(unit) => statement.figure(unit).map(|figure| figure.text.clone()),
            None => statement.days.first().map(Date::to_string),
        }
    }
}

impl Statement {
    /// What it counts, each thing counted once.
    fn units(&self) -> BTreeSet<String> {
        let units = self.figures.iter().map(|figure| figure.unit.clone());
        units.filter(|unit| self.figure(unit).is_some()).collect()
    }

    /// Its figure of a unit, when there is just one.
    fn figure(&self, unit: &str) -> Option<&Figure> {
        let mut of_unit = self.figures.iter().filter(|figure| figure.unit == unit);
        let first = of_unit.next();
        first.filter(|_| of_unit.next().is_none())
    }
}

/// Whether two sentences speak of one event and contradict each other: the share of what their words say in common.
fn contradict(topic: &Topic, first: &Statement, second: &Statement, weights: &[f64]) -> Option<f64> {
    let apart = days_between(first.side.dct.latest, second.side.dct.earliest);
    if first.side.document == second.side.document
        || apart > REPORTED_DAYS_MAX
        || !same_names(first, second)
        || first.turns != second.turns
        || differ_both_ways(&first.proper, &second.proper)
    {
        return None;
    }
    let least = match &topic.unit {
        Some(unit) => {
            let (one, other) = (first.figure(unit)?, second.figure(unit)?);
            let is_same_time = if first.days.is_empty() && second.days.is_empty() {
                first.side.dct == second.side.dct
            } else {
                same_days(first, second)
            };
            if !is_same_time || !same_times(first, second) || !one.contradicts(other) || !one.is_about_same(other) {
                return None;
            }
            // Other numbers differ too: another event of its kind.
            let others = |statement: &Statement, figure: &Figure| -> BTreeSet<String> {
                statement.numbers.iter().filter(|number| !figure.text.contains(number.as_str())).cloned().collect()
            };
            if differ_both_ways(&others(first, one), &others(second, other)) {
                return None;
            }
            // Who gives the other's figure too, of whatever it is, does not contradict it.
            if first.story.says(other) || second.story.says(one) {
                return None;
            }
            SHARED_FIGURE_MIN
        }
        None => {
            let (one, other) = (*first.days.first()?, *second.days.first()?);
            // "Yesterday" in an article that is printed again a day later means what it meant, and Monday is Monday.
            let relative = |statement: &Statement| -> BTreeSet<String> {
                let words = statement.expressions.iter().flat_map(|text| text.split(' '));
                words.filter(|word| RELATIVE_DAYS.contains(word)).map(str::to_owned).collect()
            };
            if !relative(first).is_disjoint(&relative(second)) {
                return None;
            }
            // Each of a day as far from its own: a report that comes daily.
            let since = days_since(first, one);
            if first.side.dct != second.side.dct && since.is_some() && since == days_since(second, other) {
                return None;
            }
            let apart = days_between(one, other).abs();
            // Sentences that differ in numbers too are of two events of one kind.
            if apart == 0 || apart > APART_DAYS_MAX || first.numbers != second.numbers || !same_side(first, second) {
                return None;
            }
            SHARED_DAY_MIN
        }
    };
    let shared = shared(&first.words, &second.words, weights);
    let count = common(&first.words, &second.words).count();
    (shared >= least && count >= WORDS_SHARED_MIN).then_some(shared)
}

/// Whether the one with fewer names has none that the other lacks.
fn same_names(first: &Statement, second: &Statement) -> bool {
    let (fewer, more) = if first.names.len() <= second.names.len() { (first, second) } else { (second, first) };
    fewer.names.is_subset(&more.names)
}

/// Whether two sentences, of which one at least names days, speak of the same ones.
fn same_days(first: &Statement, second: &Statement) -> bool {
    let near = |statement: &Statement, day: &Date| days_between(*day, statement.side.dct.earliest).abs() <= 1;
    match (first.days.is_empty(), second.days.is_empty()) {
        (false, false) => {
            let is_recent =
                first.days.iter().all(|day| days_between(*day, first.side.dct.earliest).abs() <= APART_DAYS_MAX);
            first.days == second.days && (first.side.dct == second.side.dct || is_recent)
        }
        (true, false) => second.days.iter().any(|day| near(first, day)),
        _ => first.days.iter().any(|day| near(second, day)),
    }
}

/// Whether the one that names fewer times, if any, names none that the other lacks: a morning is no afternoon.
fn same_times(first: &Statement, second: &Statement) -> bool {
    let (fewer, more) = if first.times.len() <= second.times.len() { (first, second) } else { (second, first) };
    fewer.times.is_subset(&more.times)
}

/// Days from the one an article was written on to another; `None` when its date is no day.
fn days_since(statement: &Statement, day: Date) -> Option<i32> {
    let dct = statement.side.dct;
    (dct.earliest == dct.latest).then(|| days_between(dct.earliest, day))
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

fn is_free(range: &Range<usize>, taken: &[Span]) -> bool {
    !taken.iter().any(|taken| (taken.start as usize) < range.end && range.start < taken.end as usize)
}

/// Whether two sentences each have what the other lacks.
fn differ_both_ways(first: &BTreeSet<String>, second: &BTreeSet<String>) -> bool {
    !first.is_subset(second) && !second.is_subset(first)
}

/// The numbers of a sentence outside of some places in it.
fn numbers(sentence: &str, taken: &[Span]) -> BTreeSet<String> {
    let numeric = words(sentence).filter(|range| sentence[range.clone()].starts_with(|c: char| c.is_ascii_digit()));
    numeric.filter(|range| is_free(range, taken)).map(|range| sentence[range].to_owned()).collect()
}

/// Whether both speak of the past, or both of what is to come.
fn same_side(first: &Statement, second: &Statement) -> bool {
    let is_past = |statement: &Statement| statement.days.first().is_some_and(|day| *day <= statement.side.dct.latest);
    is_past(first) == is_past(second)
}

fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

fn common<'w>(one: &'w [u32], other: &'w [u32]) -> impl Iterator<Item = u32> + 'w {
    one.iter().copied().filter(|word| other.binary_search(word).is_ok())
}

/// Share of the weight of all words of two sentences that both have.
fn shared(one: &[u32], other: &[u32], weights: &[f64]) -> f64 {
    let weight = |word: u32| weights[word as usize];
    let both: f64 = common(one, other).map(weight).sum();
    let all: f64 = one.iter().chain(other).map(|word| weight(*word)).sum::<f64>() - both;
    both / all.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::{Conflict, ConflictKind, Conflicts};
    use crate::context::{Article, Told};
    use dateline_core::layers::{Entity, EntityLayer, EntityType, Mention, Timex, TimexType};
    use dateline_core::{ContentHash, DateInterval, DocumentId, Origin, Revision, SourcePath, Span};

    /// A sentence in which `[names]` and `{2022-04-05|times}` are marked, with the marks taken away.
    fn marked(text: &str) -> (String, EntityLayer, Vec<Timex>) {
        let (mut plain, mut layer, mut timexes) = (String::new(), EntityLayer::default(), Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find(['[', '{']) {
            plain.push_str(&rest[..at]);
            let close = if rest[at..].starts_with('[') { ']' } else { '}' };
            let (inside, after) = rest[at + 1..].split_once(close).expect("closed");
            let (value, words) = inside.split_once('|').unwrap_or(("", inside));
            let span = Span::new(plain.len(), plain.len() + words.len());
            plain.push_str(words);
            if close == ']' {
                let entity = u32::try_from(layer.entities.len()).expect("few");
                layer.mentions.push(Mention { span, kind: EntityType::Loc, entity });
                layer.entities.push(Entity { kind: EntityType::Loc, name: words.to_owned(), reference: None });
            } else {
                timexes.push(timex(span, value));
            }
            rest = after;
        }
        plain.push_str(rest);
        (plain, layer, timexes)
    }

    fn timex(span: Span, value: &str) -> Timex {
        let days = DateInterval::parse(value).expect("a date");
        Timex {
            span,
            kind: TimexType::Date,
            value: value.to_owned(),
            earliest: Some(days.earliest),
            latest: Some(days.latest),
            modifier: None,
            quant: None,
            freq: None,
            rule: "test".to_owned(),
            anchor: None,
        }
    }

    fn conflicts(articles: &[(&str, &str)]) -> Vec<Conflict> {
        let mut gathered = Conflicts::default();
        for (number, (date, text)) in (1..).zip(articles) {
            let (plain, entities, timexes) = marked(text);
            let ends = plain.match_indices('\n').map(|(at, _)| at).chain([plain.len()]);
            let starts = [0].into_iter().chain(plain.match_indices('\n').map(|(at, _)| at + 1));
            let sentences: Vec<Span> = starts.zip(ends).map(|(start, end)| Span::new(start, end)).collect();
            let article = Article {
                path: SourcePath::new("a.txt"),
                part: "1".to_owned(),
                title: None,
                text: plain.as_str().into(),
                marks: Vec::new(),
                origin: Origin { offset: Some(0), line: 1 },
                content: ContentHash::of(plain.as_bytes()),
            };
            assert!(gathered.add(&Told {
                document: DocumentId(number),
                revision: Revision(1),
                article: &article,
                dct: DateInterval::parse(date).ok(),
                timexes: &timexes,
                sentences: &sentences,
                entities: &entities,
            }));
        }
        gathered.find()
    }

    const SANK: &str = "The ferry sank off [Naxos] in a heavy storm and 12 passengers drowned.";

    #[test]
    fn different_figures_for_one_event_are_a_conflict() {
        let other = "A ferry sank in heavy storm off [Naxos] and 19 passengers drowned, the coast guard said.";
        let found = conflicts(&[("2022-04-05", SANK), ("2022-04-05", other)]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].kind, ConflictKind::Figure);
        let values: Vec<&str> = found[0].sides.iter().map(|side| side.value.as_str()).collect();
        assert_eq!(values, ["12 passengers", "19 passengers"]);
        assert!(conflicts(&[("2022-04-05", SANK), ("2022-04-06", other)]).is_empty(), "tomorrow another may sink");
        assert_eq!(found[0].about, "Naxos: passengers");
        assert!(found[0].reasons[0].contains("Naxos") && found[0].reasons[2].contains("2022-04-05"), "{found:?}");
    }

    #[test]
    fn different_days_for_one_event_are_a_conflict() {
        let text =
            |day: &str| format!("The ministers will sign the fishing treaty in [Lisbon] on {{{day}|{day}}} at last.");
        let found = conflicts(&[("2022-04-05", &text("2022-04-08")), ("2022-04-05", &text("2022-04-09"))]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].kind, ConflictKind::Date);
        assert_eq!(found[0].sides[1].value, "2022-04-09");
        let again = |day: &str| text(day).replace(&format!("|{day}}}"), "|tomorrow}");
        let found = conflicts(&[("2022-04-07", &again("2022-04-08")), ("2022-04-08", &again("2022-04-09"))]);
        assert!(found.is_empty(), "printed again a day later: {found:#?}");
        let weekly = |day: &str, count: u32| format!("{} It covers {count} boats.", text(day).trim_end_matches('.'));
        let found = conflicts(&[("2022-04-05", &weekly("2022-04-08", 30)), ("2022-04-05", &weekly("2022-04-09", 45))]);
        assert!(found.is_empty(), "numbers differ too: another event of its kind: {found:#?}");
    }

    #[test]
    fn what_looks_alike_is_often_another_event() {
        let bond = |borrower: &str, points: u32| {
            format!(
                "[{borrower}] sells notes through [Bank Delta].\n[{borrower}] pays {points} points more than bonds of the \
                 [Treasury] on its new notes due in ten years.\nThe notes of [{borrower}] are listed."
            )
        };
        let lent = |part: &str, count: u32, word: &str| {
            format!(
                "The bank of [Naxos] {word}lent {count} drachmas to the money market in the {{{part}|part}} session."
            )
        };
        let price = |word: &str, price: u32| {
            format!("The smelter of [Naxos] said it is {word} its list price for cathodes to {price} drachmas at once.")
        };
        let mine = |metal: &str, ounces: u32| {
            format!(
                "Mines dug {metal} in [Naxos].\nOutput of {metal} rose to {ounces} ounces from what [Naxos] dug in the \
                 month before.\nSellers of {metal} were pleased."
            )
        };
        for (why, one, other) in [
            ("another borrower", bond("Acme Works", 93), bond("Bolt Rail", 68)),
            ("another time", lent("2022-04-05", 104, ""), lent("2022-04-04", 115, "")),
            ("what was said before", lent("2022-04-05", 104, ""), lent("2022-04-05", 115, "previously ")),
            ("up and down", price("raising", 66), price("lowering", 62)),
            ("another metal", mine("gold", 244), mine("silver", 2295)),
        ] {
            let found = conflicts(&[("2022-04-05", &one), ("2022-04-05", &other)]);
            assert!(found.is_empty(), "{why}: {found:#?}");
        }
        let same = conflicts(&[("2022-04-05", &price("raising", 66)), ("2022-04-05", &price("raising", 62))]);
        assert_eq!(same.len(), 1, "{same:#?}");
    }

    #[test]
    fn a_figure_that_the_other_gives_too_is_not_contradicted() {
        let explained = format!("{SANK} At first 19 passengers were thought to have drowned off [Naxos].");
        let other = "The ferry sank off [Naxos] in a heavy storm and 19 passengers drowned.";
        assert_eq!(conflicts(&[("2022-04-05", SANK), ("2022-04-05", other)]).len(), 1);
        assert!(conflicts(&[("2022-04-05", &explained), ("2022-04-05", other)]).is_empty());
    }

    #[test]
    fn what_is_said_again_a_week_later_with_other_values_is_a_series() {
        let daily = |count: u32| {
            format!("The bank of [Naxos] lent {count} drachmas to the money market in the morning session, it said.")
        };
        let (one, other, third) = (daily(120), daily(35), daily(61));
        assert_eq!(conflicts(&[("2022-04-05", &one), ("2022-04-05", &other)]).len(), 1);
        assert!(conflicts(&[("2022-04-05", &one), ("2022-04-05", &other), ("2022-04-15", &third)]).is_empty());
    }

    #[test]
    fn what_recurs_is_no_event() {
        let daily = |count: u32| {
            format!(
                "The central bank of [Naxos] lent {count} million drachmas to the money market in the morning session."
            )
        };
        let texts: Vec<String> = [120, 35, 480, 97, 61].into_iter().map(daily).collect();
        let articles: Vec<(&str, &str)> = texts.iter().map(|text| ("2022-04-05", text.as_str())).collect();
        assert!(!conflicts(&articles[..2]).is_empty());
        assert!(conflicts(&articles).is_empty());
    }

    #[test]
    fn a_report_that_comes_daily_tells_of_the_day_before() {
        let table = |day: &str, word: &str| {
            format!(
                "[Naxos] rowing league: places won and lost after the races rowed {{{day}|on {word}}}, by strokes behind."
            )
        };
        let (one, other) = (table("2022-04-04", "Monday"), table("2022-04-05", "Tuesday"));
        assert!(conflicts(&[("2022-04-05", &one), ("2022-04-06", &other)]).is_empty());
        assert_eq!(conflicts(&[("2022-04-05", &one), ("2022-04-05", &other)]).len(), 1, "two days for one event");
    }

    #[test]
    fn what_may_be_true_together_is_none() {
        let yesterday = "The ferry sank off [Naxos] in a heavy storm {2022-04-01|on Friday} and 19 passengers drowned.";
        let today = "The ferry sank off [Naxos] in a heavy storm {2022-04-05|on Tuesday} and 12 passengers drowned.";
        for (why, one, other) in [
            (
                "another place",
                ("2022-04-05", SANK),
                ("2022-04-05", "The ferry sank off [Paros] in a heavy storm and 19 passengers drowned."),
            ),
            (
                "weeks later",
                ("2022-04-05", SANK),
                ("2022-05-20", "The ferry sank off [Naxos] in a heavy storm and 19 passengers drowned."),
            ),
            ("another day", ("2022-04-05", today), ("2022-04-05", yesterday)),
            (
                "other people",
                ("2022-04-05", SANK),
                ("2022-04-05", "The ferry sank off [Naxos] in a heavy storm and 19 passengers swam."),
            ),
            (
                "at least",
                ("2022-04-05", SANK),
                ("2022-04-05", "The ferry sank off [Naxos] in a heavy storm and at least 8 passengers drowned."),
            ),
            (
                "other words",
                ("2022-04-05", SANK),
                ("2022-04-05", "Drunken 19 passengers drowned their sorrow at a bar near [Naxos] market square."),
            ),
            (
                "no date",
                ("2022-04-05", SANK),
                ("", "The ferry sank off [Naxos] in a heavy storm and 19 passengers drowned."),
            ),
            ("the same", ("2022-04-05", SANK), ("2022-04-06", SANK)),
        ] {
            let found = conflicts(&[one, other]);
            assert!(found.is_empty(), "{why}: {found:#?}");
        }
    }
}
