//! Articles that contradict each other: different figures or days for what is recognisably one event. Precision comes
//! before recall: two sentences count as speaking of one event only when they stand in articles that tell one story, and
//! names, times and most of their words agree; figures contradict each other only when no reading of both can be true; and
//! what is said again and again with other values is a series. Who is right is not decided here.

use crate::context::Told;
use crate::statement::{Pair, REPORTED_DAYS_MAX, SHARED_FIGURE_MIN, Statement, days_between, name_of, names, shared};
use crate::story::{Story, is_one_story, rarities};
use crate::vocabulary::{Set, Vocabulary, common, has};
use dateline_core::{Date, DateInterval, DocumentId, Revision, Span};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Sentences at an article's beginning whose names say what it is about.
const LEAD_SENTENCES: usize = 3;
/// Sentences that are compared at most.
pub const STATEMENTS_MAX: usize = 50_000;
/// Earlier sentences about the same thing that one is compared with.
const COMPARED_MAX: usize = 200;
/// Different values of one conflict: what is said in the same words with ever other values recurs, and is no one event.
const VALUES_MAX: usize = 3;
/// The same where days differ.
const DAYS_MAX: usize = 2;
/// Shared words that are named as a reason.
const REASON_WORDS: usize = 6;

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
    /// Where the sentence stands in the text.
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

/// Gathers what sentences say, then compares it. Texts are not kept: thousands of articles are read.
#[derive(Default)]
pub struct Conflicts {
    statements: Vec<Statement>,
    stories: Vec<Story>,
    vocabulary: Vocabulary,
    /// Names as they are written, by their folded form.
    written: FxHashMap<u32, Box<str>>,
}

/// What sentences might disagree about: an amount of something, or the day, of what concerns a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Topic {
    name: u32,
    unit: Option<u32>,
}

impl Conflicts {
    /// Takes the sentences of one article. False when there is no room for more.
    pub fn add(&mut self, told: &Told<'_>) -> bool {
        if told.dct.is_none() {
            return true;
        }
        let beginning = told.sentences.get(LEAD_SENTENCES - 1).or(told.sentences.last()).map_or(0, |span| span.end);
        let mut story = Story {
            lead: names(told, Span { start: 0, end: beginning }, &mut self.vocabulary),
            named: names(told, Span { start: 0, end: u32::MAX }, &mut self.vocabulary),
            subject: self.subject(told),
            ..Story::default()
        };
        for entity in &told.entities.entities {
            let name = name_of(entity, &mut self.vocabulary);
            let name = self.vocabulary.number(&name);
            self.written.entry(name).or_insert_with(|| entity.name.as_str().into());
        }
        let number = self.stories.len() as u32;
        for span in told.sentences {
            self.statements.extend(Statement::read(told, (number, &mut story), *span, &mut self.vocabulary));
        }
        story.close();
        self.stories.push(story);
        self.statements.len() < STATEMENTS_MAX
    }

    /// Whom an article names most often, of those the first.
    fn subject(&mut self, told: &Told<'_>) -> Option<u32> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        told.entities.mentions.iter().for_each(|mention| *counts.entry(mention.entity).or_default() += 1);
        let most = counts.into_iter().max_by_key(|(entity, count)| (*count, std::cmp::Reverse(*entity)))?;
        let name = name_of(told.entities.entities.get(most.0 as usize)?, &mut self.vocabulary);
        Some(self.vocabulary.number(&name))
    }

    /// The contradictions among the sentences taken, surest first.
    #[must_use]
    pub fn find(self) -> Vec<Conflict> {
        let weights = self.weights();
        let rarities = rarities(self.telling_stories());
        let mut found: Vec<Conflict> = Vec::new();
        for (topic, numbers) in self.topics() {
            let groups = self.groups(topic, &numbers, &weights, &rarities);
            found.extend(groups.into_iter().filter_map(|(members, sure)| self.told(topic, members, sure, &weights)));
        }
        found.sort_by(|one, other| {
            let by_sureness = other.confidence.total_cmp(&one.confidence);
            by_sureness.then(one.sides[0].document.cmp(&other.sides[0].document)).then(one.about.cmp(&other.about))
        });
        let mut seen: FxHashSet<Vec<(DocumentId, Span)>> = FxHashSet::default();
        found.retain(|conflict| seen.insert(conflict.sides.iter().map(|side| (side.document, side.span)).collect()));
        found
    }

    /// The articles of which some sentence may contradict others.
    fn telling_stories(&self) -> impl Iterator<Item = &Story> {
        let mut numbers: Vec<u32> = self.statements.iter().map(|statement| statement.story).collect();
        numbers.dedup();
        numbers.into_iter().map(|number| &self.stories[number as usize])
    }

    /// The sentences of a topic that contradict each other, those of one event together, with how sure that is.
    fn groups(
        &self,
        topic: Topic,
        numbers: &[usize],
        weights: &[f64],
        rarities: &FxHashMap<u32, f64>,
    ) -> Vec<(Vec<usize>, f64)> {
        let mut groups: Vec<(Vec<usize>, f64)> = Vec::new();
        for (at, one) in numbers.iter().enumerate() {
            for other in numbers[..at].iter().rev().take(COMPARED_MAX) {
                let pair = Pair { one: self.with_story(*other), other: self.with_story(*one) };
                let Some(shared) = pair.contradiction(topic.unit, weights, &self.vocabulary) else { continue };
                let is_toll = topic.unit.is_some_and(|unit| pair.is_toll(unit));
                if !is_one_story(pair.one.1, pair.other.1, is_toll, rarities, &self.vocabulary)
                    || self.recurs(topic, numbers, pair, weights)
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
        groups
    }

    fn with_story(&self, at: usize) -> (&Statement, &Story) {
        let statement = &self.statements[at];
        (statement, &self.stories[statement.story as usize])
    }

    /// Whether much the same is said at another time too, too far away to be of the same event, with another value still.
    fn recurs(&self, topic: Topic, numbers: &[usize], pair: Pair<'_>, weights: &[f64]) -> bool {
        let (first, second) = (pair.one.0, pair.other.0);
        let of_both: Set = common(&first.names, &second.names).collect();
        let is_far = |one: &Statement, other: &Statement| {
            days_between(one.dct.earliest, other.dct.earliest).abs() > REPORTED_DAYS_MAX
        };
        numbers.iter().map(|at| self.with_story(*at)).any(|(third, story)| {
            of_both.iter().all(|name| has(&third.names, *name))
                && is_far(third, first)
                && is_far(third, second)
                && [first, second].iter().any(|one| shared(&one.words, &third.words, weights) >= SHARED_FIGURE_MIN)
                && [pair.one, pair.other].iter().all(|one| differ(topic, *one, (third, story)))
        })
    }

    /// How rare each word is.
    fn weights(&self) -> Vec<f64> {
        let mut counts = vec![0u32; self.vocabulary.len()];
        for word in self.statements.iter().flat_map(|statement| &statement.words) {
            counts[*word as usize] += 1;
        }
        let all = self.statements.len() as f64;
        counts.into_iter().map(|count| (1.0 + all / f64::from(count.max(1))).ln()).collect()
    }

    /// The sentences by what they might disagree about, those of one topic by the dates of their articles.
    fn topics(&self) -> Vec<(Topic, Vec<usize>)> {
        let mut all: Vec<(Topic, DateInterval, usize)> = Vec::new();
        for (at, statement) in self.statements.iter().enumerate() {
            let story = &self.stories[statement.story as usize];
            let units: Vec<u32> = statement.units(story).into_iter().collect();
            for name in &statement.names {
                let day = (statement.days.len() == 1).then_some(None);
                let topics = units.iter().copied().map(Some).chain(day).map(|unit| Topic { name: *name, unit });
                all.extend(topics.map(|topic| (topic, statement.dct, at)));
            }
        }
        all.sort_unstable();
        let runs = all.chunk_by(|one, other| one.0 == other.0).filter(|run| run.len() > 1);
        runs.map(|run| (run[0].0, run.iter().map(|(_, _, at)| *at).collect())).collect()
    }

    fn told(&self, topic: Topic, mut members: Vec<usize>, shared: f64, weights: &[f64]) -> Option<Conflict> {
        members.sort_unstable();
        members.dedup();
        let mut sides: Vec<Side> = Vec::new();
        for at in &members {
            let value = self.value(topic, *at)?;
            let Statement { document, revision, dct, span, .. } = self.statements[*at];
            // One article for each value: its copies add nothing.
            if !sides.iter().any(|side| side.value == value) {
                sides.push(Side { document, revision, dct, value, span });
            }
        }
        sides.sort_by(|one, other| one.dct.cmp(&other.dct).then(one.document.cmp(&other.document)));
        let (first, second) = (&self.statements[members[0]], &self.statements[members[1]]);
        let names: Vec<&str> = common(&first.names, &second.names)
            .map(|name| self.written.get(&name).map_or(self.vocabulary.word(name), AsRef::as_ref))
            .collect();
        let mut words: Vec<u32> = common(&first.words, &second.words).collect();
        words.sort_by(|one, other| weights[*other as usize].total_cmp(&weights[*one as usize]).then(one.cmp(other)));
        let words: Vec<&str> = words.iter().take(REASON_WORDS).map(|word| self.vocabulary.word(*word)).collect();
        let names = names.join(", ");
        let reasons = vec![
            format!("all name {names}"),
            format!("they share {:.0} % of what their words say: {}", shared * 100.0, words.join(", ")),
            when(first, second),
        ];
        let (kind, most, about) = match topic.unit {
            Some(unit) => {
                let (first, story) = self.with_story(members[0]);
                let thing = first.figure(unit, story).map_or(unit, |figure| figure.thing);
                (ConflictKind::Figure, VALUES_MAX, format!("{names}: {}", self.vocabulary.word(thing)))
            }
            None => (ConflictKind::Date, DAYS_MAX, format!("{names}: day")),
        };
        (2..=most).contains(&sides.len()).then_some(Conflict { kind, about, reasons, confidence: shared, sides })
    }

    /// What a sentence says about a topic.
    fn value(&self, topic: Topic, at: usize) -> Option<String> {
        let (statement, story) = self.with_story(at);
        match topic.unit {
            Some(unit) => statement.figure(unit, story).map(|figure| figure.text.to_string()),
            None => statement.days.first().map(Date::to_string),
        }
    }
}

/// Whether two sentences give different values.
fn differ(topic: Topic, one: (&Statement, &Story), other: (&Statement, &Story)) -> bool {
    match topic.unit {
        Some(unit) => match (one.0.figure(unit, one.1), other.0.figure(unit, other.1)) {
            (Some(one), Some(other)) => one.contradicts(other),
            _ => false,
        },
        None => one.0.days != other.0.days,
    }
}

/// Why the times agree, in words.
fn when(first: &Statement, second: &Statement) -> String {
    match first.days.iter().find(|day| second.days.contains(day)) {
        Some(day) => format!("both speak of {day}"),
        None if first.dct == second.dct => format!("both were written on {}", first.dct),
        None => format!("they were written on {} and {}", first.dct, second.dct),
    }
}

#[cfg(test)]
mod tests {
    use super::{Conflict, ConflictKind, Conflicts};
    use crate::context::{Told, sample};
    use dateline_core::layers::{Entity, EntityLayer, EntityType, Mention, Timex};
    use dateline_core::{DateInterval, DocumentId, Revision, Span};

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
                timexes.push(sample::timex(span, value).expect("a date"));
            }
            rest = after;
        }
        plain.push_str(rest);
        (plain, layer, timexes)
    }

    fn conflicts(articles: &[(&str, &str)]) -> Vec<Conflict> {
        let mut gathered = Conflicts::default();
        for (number, (date, text)) in (1..).zip(articles) {
            let (plain, entities, timexes) = marked(text);
            let ends = plain.match_indices('\n').map(|(at, _)| at).chain([plain.len()]);
            let starts = [0].into_iter().chain(plain.match_indices('\n').map(|(at, _)| at + 1));
            let sentences: Vec<Span> = starts.zip(ends).map(|(start, end)| Span::new(start, end)).collect();
            let article = sample::article(&plain);
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
    fn those_killed_are_counted_in_many_words() {
        let one = "A bomb killed 12 people at the old fish market of [Naxos], police said.";
        let other = "The blast in the market of [Naxos] left 19 dead.";
        let found = conflicts(&[("2022-04-05", one), ("2022-04-05", other)]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].about, "Naxos: killed");
        let values: Vec<&str> = found[0].sides.iter().map(|side| side.value.as_str()).collect();
        assert_eq!(values, ["killed 12 people", "19 dead"]);
        let both = |killed: u32, hurt: u32| {
            format!("The blast in the market of [Naxos] left {killed} dead and {hurt} injured.")
        };
        assert_eq!(conflicts(&[("2022-04-05", &both(12, 30)), ("2022-04-05", &both(19, 41))]).len(), 1);
        for (why, other) in [
            ("hurt, not killed", "The blast in the market of [Naxos] left 19 injured."),
            ("only suspected", "The blast in the market of [Naxos] is suspected to have left 19 dead."),
            ("another place", "The blast in the market of [Paros] left 19 dead."),
            ("cars, not people", "The blast in the market of [Naxos] left 19 cars burnt out."),
        ] {
            let found = conflicts(&[("2022-04-05", one), ("2022-04-05", other)]);
            assert!(found.is_empty(), "{why}: {found:#?}");
        }
    }

    #[test]
    fn other_numbers_that_agree_tell_the_event() {
        let one = |depth: u32| {
            format!("The wreck lies {depth} metres deep, 19 miles west of the cape of [Naxos], divers found.")
        };
        let other = |miles: u32| {
            format!(
                "It lies 19 miles west of [Naxos]: a wreck {miles} metres deep, as fishermen told a reporter there."
            )
        };
        assert_eq!(conflicts(&[("2022-04-05", &one(40)), ("2022-04-05", &other(65))]).len(), 1);
        let unsaid = other(65).replace("19 miles", "Far");
        assert!(conflicts(&[("2022-04-05", &one(40)), ("2022-04-05", &unsaid)]).is_empty());
    }

    #[test]
    fn what_is_quoted_is_not_contradicted() {
        let saw =
            |surplus: u32| format!("The bank of [Naxos] saw a surplus of {surplus} drachmas in its money market.");
        assert_eq!(conflicts(&[("2022-04-05", &saw(150)), ("2022-04-05", &saw(250))]).len(), 1);
        let raised = saw(250).replace("drachmas in", "drachmas, up from 150, in");
        assert!(conflicts(&[("2022-04-05", &saw(150)), ("2022-04-05", &raised)]).is_empty());
        // Who counts others, too, has not given the other's figure.
        let swam = format!("{SANK}\nThe coast guard of [Naxos] saw 19 passengers who swam ashore.");
        let other = "The ferry sank off [Naxos] in a heavy storm and 19 passengers drowned.";
        assert_eq!(conflicts(&[("2022-04-05", &swam), ("2022-04-05", other)]).len(), 1);
    }

    #[test]
    fn what_is_said_again_a_week_later_with_other_values_is_a_series() {
        let daily = |count: u32| {
            format!("The bank of [Naxos] lent {count} drachmas to the money market in the morning session, it said.")
        };
        let (one, other, third) = (daily(120), daily(35), daily(61));
        assert_eq!(conflicts(&[("2022-04-05", &one), ("2022-04-05", &other)]).len(), 1);
        assert!(conflicts(&[("2022-04-05", &one), ("2022-04-05", &other), ("2022-04-15", &third)]).is_empty());
        let found = conflicts(&[("2022-04-05", &one), ("2022-04-05", &other), ("2022-04-15", &one)]);
        assert_eq!(found.len(), 1, "one of them is repeated: {found:#?}");
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
