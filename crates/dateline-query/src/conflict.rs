//! Articles that contradict each other: different figures or days for what is recognisably one event. Precision comes
//! before recall: two sentences count as speaking of one event only when names, time and most of their words agree, and
//! figures contradict each other only when no reading of both can be true. Who is right is not decided here.

use crate::context::Article;
use crate::figure::{Figure, figures};
use crate::stop::is_stop_word;
use dateline_core::layers::{EntityLayer, Timex, TimexType};
use dateline_core::{Date, DateInterval, DocumentId, Revision, Span};
use dateline_processor_index::words::{Folder, words};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Days between two articles that may still report one event.
const REPORTED_DAYS_MAX: i32 = 3;
/// Days between two dates that may be meant for one event.
const APART_DAYS_MAX: i32 = 14;
/// Share of what the words of two sentences say, by rarity, that both must have: for figures, and for days, where
/// recurring events look alike.
const SHARED_FIGURE_MIN: f64 = 0.4;
const SHARED_DAY_MIN: f64 = 0.5;
/// Different words that say something, beside names and numbers: fewer prove nothing.
const WORDS_MIN: usize = 4;
/// Shared words, of those.
const WORDS_SHARED_MIN: usize = 3;
/// Sentences at an article's beginning whose names say what it is about.
const LEAD_SENTENCES: usize = 3;
/// Share of the names there, of the article with fewer, that the other must have too.
const LEAD_SHARED_MIN: f64 = 0.5;
/// Longest sentence that is compared, in bytes: longer ones are lists and tables.
const SENTENCE_BYTES_MAX: usize = 600;
/// Sentences that are compared at most.
pub const STATEMENTS_MAX: usize = 50_000;
/// Earlier sentences about the same thing that one is compared with.
const COMPARED_MAX: usize = 200;
/// Different values of one conflict: what is said in the same words with ever other values recurs, and is no one event.
const VALUES_MAX: usize = 3;
/// Shared words that are named as a reason.
const REASON_WORDS: usize = 6;

/// An article with what is known of its times and names.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// Its text.
    pub article: &'a Article,
    /// Its date; undated articles cannot be placed and contradict nobody.
    pub dct: Option<DateInterval>,
    /// Its temporal expressions.
    pub timexes: &'a [Timex],
    /// Its sentences.
    pub sentences: &'a [Span],
    /// Its names.
    pub entities: &'a EntityLayer,
}

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
    /// The names its article begins with.
    lead: Arc<BTreeSet<String>>,
}

/// Gathers sentences, then compares them.
#[derive(Default)]
pub struct Conflicts {
    statements: Vec<Statement>,
    folder: Folder,
    numbers: FxHashMap<String, u32>,
    stems: Vec<String>,
}

impl Conflicts {
    /// Takes the sentences of one article. False when there is no room for more.
    pub fn add(&mut self, account: &Account<'_>) -> bool {
        let Some(dct) = account.dct else { return true };
        let beginning =
            account.sentences.get(LEAD_SENTENCES - 1).or(account.sentences.last()).map_or(0, |span| span.end);
        let lead = Arc::new(self.names(account, Span { start: 0, end: beginning }));
        for span in account.sentences {
            let is_prose = !account.article.marks.iter().any(|mark| mark.span.contains(*span));
            let sentence = span.slice(&account.article.text).filter(|sentence| sentence.len() <= SENTENCE_BYTES_MAX);
            if let Some(sentence) = sentence.filter(|_| is_prose) {
                let statement = self.read(account, (dct, &lead), *span, sentence);
                self.statements.extend(statement);
            }
        }
        self.statements.len() < STATEMENTS_MAX
    }

    /// The names in a part of an article, folded.
    fn names(&mut self, account: &Account<'_>, span: Span) -> BTreeSet<String> {
        let mentions = account.entities.mentions.iter().filter(|mention| span.contains(mention.span));
        let entities = mentions.filter_map(|mention| account.entities.entities.get(mention.entity as usize));
        let folded = entities.map(|entity| self.folder.folded_words(&entity.name).join(" "));
        folded.filter(|name| !name.is_empty()).collect()
    }

    fn read(
        &mut self,
        account: &Account<'_>,
        (dct, lead): (DateInterval, &Arc<BTreeSet<String>>),
        span: Span,
        sentence: &str,
    ) -> Option<Statement> {
        let within = |inner: Span| span.contains(inner);
        let timexes: Vec<&Timex> = account.timexes.iter().filter(|timex| within(timex.span)).collect();
        let mentions: Vec<_> = account.entities.mentions.iter().filter(|mention| within(mention.span)).collect();
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
        let names = self.names(account, span);
        let texts = timexes.iter().filter_map(|timex| timex.span.slice(&account.article.text));
        let expressions = texts.map(|text| self.folder.folded_words(text).join(" ")).collect();
        let words = self.content(sentence, &taken);
        let is_telling = words.len() >= WORDS_MIN && !names.is_empty() && !(figures.is_empty() && days.is_empty());
        is_telling.then(|| Statement {
            side: Side {
                document: account.document,
                revision: account.revision,
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
            lead: Arc::clone(lead),
        })
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
        let mut found: Vec<Conflict> = Vec::new();
        for (about, numbers) in self.topics() {
            let mut groups: Vec<(Vec<usize>, f64)> = Vec::new();
            for (at, one) in numbers.iter().enumerate() {
                for other in numbers[..at].iter().rev().take(COMPARED_MAX) {
                    let (first, second) = (&self.statements[*other], &self.statements[*one]);
                    let Some(shared) = contradict(&about, first, second, &weights) else { continue };
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
        let names: Vec<&str> = first.names.intersection(&second.names).map(String::as_str).collect();
        let mut common: Vec<u32> = common(&first.words, &second.words).collect();
        common.sort_by(|one, other| weights[*other as usize].total_cmp(&weights[*one as usize]).then(one.cmp(other)));
        let common: Vec<&str> =
            common.iter().take(REASON_WORDS).map(|word| self.stems[*word as usize].as_str()).collect();
        let mut reasons = vec![format!("all name {}", names.join(", "))];
        reasons.push(format!("they share {:.0} % of what their words say: {}", shared * 100.0, common.join(", ")));
        reasons.push(when(first, second));
        let about = match &topic.unit {
            Some(unit) => format!("{}: {unit}", names.join(", ")),
            None => format!("{}: day", names.join(", ")),
        };
        let kind = if topic.unit.is_some() { ConflictKind::Figure } else { ConflictKind::Date };
        (2..=VALUES_MAX).contains(&sides.len()).then_some(Conflict { kind, about, reasons, confidence: shared, sides })
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
        || !same_lead(first, second)
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
            if !is_same_time || !one.contradicts(other) || !one.is_about_same(other) {
                return None;
            }
            SHARED_FIGURE_MIN
        }
        None => {
            let (one, other) = (*first.days.first()?, *second.days.first()?);
            // "Yesterday" in an article that is printed again a day later means what it meant.
            if first.expressions == second.expressions {
                return None;
            }
            let apart = days_between(one, other).abs();
            // Sentences that differ in numbers too are of two events of one kind.
            if apart == 0 || apart > APART_DAYS_MAX || !same_figures(first, second) || !same_side(first, second) {
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
        (false, false) => first.days == second.days,
        (true, false) => second.days.iter().any(|day| near(first, day)),
        _ => first.days.iter().any(|day| near(second, day)),
    }
}

/// Whether two articles begin with the same names: phrases that many articles share are no event.
fn same_lead(first: &Statement, second: &Statement) -> bool {
    let shared = first.lead.intersection(&second.lead).count();
    let fewer = first.lead.len().min(second.lead.len());
    shared > 0 && shared as f64 >= LEAD_SHARED_MIN * fewer as f64
}

/// Whether two sentences count the same things, none of them differently.
fn same_figures(first: &Statement, second: &Statement) -> bool {
    let fits = |one: &Figure| second.figures.iter().any(|other| one.unit == other.unit && !one.contradicts(other));
    first.figures.len() == second.figures.len() && first.figures.iter().all(fits)
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
    use super::{Account, Conflict, ConflictKind, Conflicts};
    use crate::context::Article;
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
            assert!(gathered.add(&Account {
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
        assert_eq!(found[0].about, "naxos: passeng");
        assert!(found[0].reasons[0].contains("naxos") && found[0].reasons[2].contains("2022-04-05"), "{found:?}");
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
