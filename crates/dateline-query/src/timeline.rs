//! What happened when: dated sentences of many articles, ranked, one a day, with how many articles support each.
//!
//! A pure function over loaded articles. A day matters when many articles speak of it, and more when they still speak of
//! it long after. Copies and rewrites of a report support its day; its sentence is shown once.

use crate::context::Told;
use crate::snippet::Matcher;
use crate::stop::is_stop_word;
use dateline_core::layers::{Timex, TimexType};
use dateline_core::{Date, DateInterval, DocumentId, Precision, Revision, Span};
use dateline_processor_index::words::{Folder, words};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

/// Days after which an article looks back rather than reports.
const LOOKING_BACK_DAYS: i32 = 7;
/// Sentences at an article's beginning that report of its own date when they name no other.
const LEAD_SENTENCES: usize = 3;
/// What a lead without a date counts beside a sentence that names the day.
const LEAD_WEIGHT: f64 = 0.3;
/// What a sentence counts that has none of the words asked for, in an article that begins with one; in others, nothing.
const ASIDE_WEIGHT: f64 = 0.5;
/// Shortest sentence that is shown when there is another, in words.
const SENTENCE_WORDS_MIN: usize = 6;
/// What a scrap or paragraph counts beside a sentence.
const MISFIT_WEIGHT: f64 = 0.1;
/// Longest sentence that is shown when there is another, in words.
const SENTENCE_WORDS_MAX: usize = 50;
/// Longest sentence shown whole, in bytes.
const SENTENCE_BYTES_MAX: usize = 400;
/// Share of the words of two sentences that both have, from which on one repeats the other.
const TWIN_SHARE: f64 = 0.8;
/// Shuffled orders in which twins are looked for; two sentences that share [`TWIN_SHARE`] are missed once in 125 times.
const TWIN_ORDERS: usize = 3;
/// Sentences of one day that are compared with each other.
const SENTENCES_COMPARED_MAX: usize = 400;

/// How long the steps of a timeline are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// One line a day.
    #[default]
    Day,
    /// One line an ISO week.
    Week,
    /// One line a month.
    Month,
}

impl Step {
    /// The step that holds a day.
    fn around(self, day: Date) -> DateInterval {
        match self {
            Step::Day => DateInterval::day(day),
            Step::Month => DateInterval::month(day),
            Step::Week => {
                let monday = day.checked_sub(jiff::Span::new().days(day.weekday().to_monday_zero_offset()));
                let monday = monday.unwrap_or(day);
                let sunday = monday.checked_add(jiff::Span::new().days(6)).unwrap_or(day);
                DateInterval { earliest: monday, latest: sunday }
            }
        }
    }

    fn precision(self) -> Precision {
        match self {
            Step::Day => Precision::Day,
            Step::Week => Precision::Week,
            Step::Month => Precision::Month,
        }
    }
}

/// What timeline is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineOptions {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Length of the steps.
    pub step: Step,
    /// Steps at most: the weightiest.
    pub top: usize,
    /// Sentences at most of each step, the best ones; those of one article or of one wording are one.
    pub sentences: usize,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// The days it stands for.
    pub days: DateInterval,
    /// How precisely they are meant.
    pub precision: Precision,
    /// The sentence that says best what happened, on one line.
    pub sentence: String,
    /// Where it stands in its text.
    pub span: Span,
    /// Its document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// Path of its file.
    pub path: String,
    /// Which record of the file.
    pub part: String,
    /// Its line in the file.
    pub line: u32,
    /// How many articles speak of these days, those that only repeat what another says counted once.
    pub sources: usize,
    /// The other articles that do, copies included, in the order of their documents.
    pub others: Vec<DocumentId>,
    /// The words the sentence names the day with; `None` when it is the article's own date.
    pub expression: Option<String>,
    /// How many sentences name these days.
    pub mentions: usize,
    /// Weight; comparable within one timeline only.
    pub score: f64,
}

/// A sentence that speaks of some step.
struct Candidate {
    told: usize,
    span: Span,
    /// Position of the sentence in its article.
    at: usize,
    /// Whether it names the day.
    named: bool,
    looking_back: bool,
    asked: usize,
}

/// The timeline of some articles, in the order of time. `matcher` knows the words asked for.
#[must_use]
pub fn timeline(told: &[Told<'_>], matcher: &mut Matcher, options: &TimelineOptions) -> Vec<TimelineEntry> {
    let mut steps: BTreeMap<DateInterval, Vec<Candidate>> = BTreeMap::new();
    for (number, one) in told.iter().enumerate() {
        gather(number, one, matcher, options, &mut steps);
    }
    let mut ranked: Vec<(f64, DateInterval)> =
        steps.iter().map(|(days, candidates)| (weight(candidates), *days)).collect();
    ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    ranked.truncate(options.top);
    let mut shown: FxHashSet<Vec<String>> = FxHashSet::default();
    let mut folder = Folder::default();
    let mut entries: Vec<TimelineEntry> = ranked
        .into_iter()
        .flat_map(|(score, days)| entries_of(told, &steps[&days], (days, score), options, &mut folder, &mut shown))
        .collect();
    entries.sort_by_key(|entry| entry.days);
    entries
}

/// Sorts the sentences of an article under the steps they speak of.
fn gather(
    number: usize,
    told: &Told<'_>,
    matcher: &mut Matcher,
    options: &TimelineOptions,
    steps: &mut BTreeMap<DateInterval, Vec<Candidate>>,
) {
    let text: &str = &told.article.text;
    let cut = if told.sentences.is_empty() { sentences(text) } else { Vec::new() };
    let sentences = if cut.is_empty() { told.sentences } else { &cut };
    let begins = sentences.iter().take(LEAD_SENTENCES).filter_map(|span| span.slice(text));
    let is_about = matcher.is_empty()
        || told.article.title.as_deref().into_iter().chain(begins).any(|sentence| asked_words(sentence, matcher) > 0);
    for (at, span) in sentences.iter().enumerate() {
        let inside = told.timexes.iter().filter(|timex| span.contains(timex.span));
        let dated = inside.filter(|timex| matches!(timex.kind, TimexType::Date | TimexType::Time));
        let named: Vec<DateInterval> = dated.filter_map(Timex::interval).collect();
        let mut days: Vec<(DateInterval, bool)> = named
            .iter()
            .filter(|interval| options.step.around(interval.earliest).contains(**interval))
            .map(|interval| (options.step.around(interval.earliest), true))
            .collect();
        if named.is_empty() && at < LEAD_SENTENCES {
            let written = told.dct.filter(|dct| options.step.around(dct.earliest).contains(*dct));
            days.extend(written.map(|dct| (options.step.around(dct.earliest), false)));
        }
        days.sort_unstable();
        days.dedup();
        days.retain(|(days, _)| wanted(*days, options));
        if days.is_empty() || told.article.marks.iter().any(|mark| mark.span.contains(*span)) {
            continue;
        }
        let asked = asked_words(span.slice(text).unwrap_or(""), matcher);
        if asked == 0 && !is_about {
            continue;
        }
        let span = spoken(text, sentences, at);
        for (days, named) in days {
            let since =
                told.dct.and_then(|dct| (dct.earliest - days.latest).total((jiff::Unit::Day, days.latest)).ok());
            let looking_back = since.is_some_and(|since| since > f64::from(LOOKING_BACK_DAYS));
            let candidate = Candidate { told: number, span, at, named, looking_back, asked };
            steps.entry(days).or_default().push(candidate);
        }
    }
}

fn wanted(days: DateInterval, options: &TimelineOptions) -> bool {
    options.from.is_none_or(|from| days.latest >= from) && options.to.is_none_or(|to| days.earliest <= to)
}

/// How many different words asked for a sentence has.
fn asked_words(sentence: &str, matcher: &mut Matcher) -> usize {
    let found: FxHashSet<usize> = words(sentence).filter_map(|range| matcher.wanted(&sentence[range])).collect();
    found.len()
}

/// How much some days matter: how many articles speak of them, and how many sentences look back on them.
fn weight(candidates: &[Candidate]) -> f64 {
    let mut articles: FxHashMap<usize, f64> = FxHashMap::default();
    let mut looking_back = 0.0;
    let any_asked = candidates.iter().any(|candidate| candidate.asked > 0);
    for candidate in candidates {
        let topical = if any_asked && candidate.asked == 0 { ASIDE_WEIGHT } else { 1.0 };
        let value = topical * if candidate.named { 1.0 } else { LEAD_WEIGHT };
        let best = articles.entry(candidate.told).or_insert(0.0);
        *best = best.max(value);
        if candidate.looking_back {
            looking_back += topical;
        }
    }
    // Summed in a fixed order: the same articles give the same weight, bit for bit.
    let mut values: Vec<f64> = articles.into_values().collect();
    values.sort_by(f64::total_cmp);
    values.iter().sum::<f64>().ln_1p() + looking_back.ln_1p()
}

/// The sentence at a place, or the one before it when it only signs that one: `— A. Writer, April 4`.
fn spoken(text: &str, sentences: &[Span], at: usize) -> Span {
    let is_signature =
        |span: &Span| span.slice(text).is_some_and(|sentence| sentence.starts_with(['\u{2014}', '\u{2013}']));
    let before = at.checked_sub(1).and_then(|before| sentences.get(before)).copied();
    before.filter(|_| is_signature(&sentences[at])).unwrap_or(sentences[at])
}

/// The lines of one step: its best sentence with all that support the step; where more are wanted, each with what
/// supports it.
fn entries_of(
    told: &[Told<'_>],
    candidates: &[Candidate],
    (days, score): (DateInterval, f64),
    options: &TimelineOptions,
    folder: &mut Folder,
    shown: &mut FxHashSet<Vec<String>>,
) -> Vec<TimelineEntry> {
    let compared: Vec<&Candidate> = candidates.iter().take(SENTENCES_COMPARED_MAX).collect();
    let said: Vec<Vec<String>> = compared.iter().map(|candidate| content(told, candidate, folder)).collect();
    let mut common: FxHashMap<&str, f64> = FxHashMap::default();
    for word in said.iter().flatten() {
        *common.entry(word).or_insert(0.0) += 1.0;
    }
    let mut order: Vec<(f64, usize)> =
        (0..compared.len()).map(|at| (says_it(compared[at], &said[at], &common), at)).collect();
    order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let Some((_, best)) = order.iter().find(|(_, at)| !shown.contains(&said[*at])).or(order.first()) else {
        return Vec::new();
    };
    let is_new = shown.insert(said[*best].clone());
    if !is_new && candidates.iter().all(|candidate| candidate.told == compared[*best].told) {
        // One article, and all it says of this step stands under another.
        return Vec::new();
    }
    let documents = |candidates: &mut dyn Iterator<Item = &Candidate>| -> BTreeSet<DocumentId> {
        candidates.map(|candidate| told[candidate.told].document).collect()
    };
    let step = (days, score, options.step);
    if options.sentences <= 1 {
        let documents = documents(&mut candidates.iter());
        let sources = documents.len() - repeats(&compared, &said);
        let mentions = candidates.iter().filter(|candidate| candidate.named).count();
        return vec![entry(told, compared[*best], step, documents, (sources, mentions))];
    }
    let mut taken: Vec<usize> = Vec::new();
    for (_, at) in std::iter::once(&(0.0, *best)).chain(&order) {
        let is_taken =
            |before: &usize| compared[*before].told == compared[*at].told || is_twin(&said[*before], &said[*at]);
        if taken.len() < options.sentences && !taken.iter().any(is_taken) {
            taken.push(*at);
        }
    }
    let lines = taken.into_iter().map(|at| {
        let mut alike =
            (0..compared.len()).filter(|other| is_twin(&said[at], &said[*other])).map(|other| compared[other]);
        let documents = documents(&mut alike);
        let sources = documents.len();
        entry(told, compared[at], step, documents, (sources, sources))
    });
    lines.collect()
}

fn entry(
    told: &[Told<'_>],
    best: &Candidate,
    (days, score, step): (DateInterval, f64, Step),
    documents: BTreeSet<DocumentId>,
    (sources, mentions): (usize, usize),
) -> TimelineEntry {
    let source = &told[best.told];
    TimelineEntry {
        days,
        precision: step.precision(),
        sentence: on_one_line(best.span.slice(&source.article.text).unwrap_or("")),
        span: best.span,
        document: source.document,
        revision: source.revision,
        path: source.article.path.display(),
        part: source.article.part.clone(),
        line: source.article.line(best.span.start),
        sources,
        others: documents.into_iter().filter(|document| *document != source.document).collect(),
        expression: expression(source, best, days, step),
        mentions,
        score,
    }
}

/// How many articles say nothing of these days that another article did not say in nearly the same words.
fn repeats(compared: &[&Candidate], said: &[Vec<String>]) -> usize {
    // Twins have most words in common, so they nearly always agree in the smallest of some shuffled order of them: only
    // sentences that do are compared.
    let mut alike: FxHashMap<(usize, u64), Vec<usize>> = FxHashMap::default();
    // An article repeats when each of its sentences has a twin in an earlier one.
    let mut own: BTreeMap<usize, bool> = BTreeMap::new();
    for (at, candidate) in compared.iter().enumerate() {
        let keys: Vec<(usize, u64)> = (0..TWIN_ORDERS).filter_map(|order| smallest(&said[at], order)).collect();
        let earlier = keys.iter().filter_map(|key| alike.get(key)).flatten();
        let mut others = earlier.filter(|before| compared[**before].told != candidate.told);
        let has_twin = others.any(|before| is_twin(&said[at], &said[*before]));
        *own.entry(candidate.told).or_insert(true) &= has_twin;
        keys.into_iter().for_each(|key| alike.entry(key).or_default().push(at));
    }
    own.values().filter(|repeats| **repeats).count()
}

/// The smallest hash of some words in one of several shuffled orders, with the number of the order.
fn smallest(said: &[String], order: usize) -> Option<(usize, u64)> {
    let hash = |word: &String| {
        let mut hasher = FxHasher::default();
        (order, word).hash(&mut hasher);
        hasher.finish()
    };
    said.iter().map(hash).min().map(|smallest| (order, smallest))
}

/// Whether two sentences say the same in nearly the same words.
fn is_twin(one: &[String], other: &[String]) -> bool {
    let (shorter, longer) = (one.len().min(other.len()), one.len().max(other.len()));
    if (shorter as f64) < TWIN_SHARE * longer as f64 {
        return false;
    }
    let shared = one.iter().filter(|word| other.binary_search(word).is_ok()).count();
    shared as f64 >= TWIN_SHARE * (one.len() + other.len() - shared) as f64
}

/// The words with which a sentence names some days.
fn expression(told: &Told<'_>, candidate: &Candidate, days: DateInterval, step: Step) -> Option<String> {
    let inside = told.timexes.iter().filter(|timex| candidate.span.contains(timex.span));
    let naming = |timex: &&Timex| {
        let dated = matches!(timex.kind, TimexType::Date | TimexType::Time);
        dated && timex.interval().is_some_and(|interval| step.around(interval.earliest) == days)
    };
    let timex = candidate.named.then(|| inside.into_iter().find(naming)).flatten()?;
    timex.span.slice(&told.article.text).map(str::to_owned)
}

/// The different words of a sentence that say something, stemmed and sorted.
fn content(told: &[Told<'_>], candidate: &Candidate, folder: &mut Folder) -> Vec<String> {
    let sentence = candidate.span.slice(&told[candidate.told].article.text).unwrap_or("");
    let mut said: Vec<String> = folder
        .folded_words(sentence)
        .iter()
        .filter(|word| !is_stop_word(word))
        .map(|word| folder.stem_or_word(word))
        .collect();
    said.sort_unstable();
    said.dedup();
    said
}

/// How well a sentence says what happened: in words that others use of that day too, early in its article, naming the
/// day, with the words asked for, neither a scrap nor a paragraph.
fn says_it(candidate: &Candidate, said: &[String], common: &FxHashMap<&str, f64>) -> f64 {
    let shared: f64 = said.iter().map(|word| common[word.as_str()] - 1.0).sum();
    let length = said.len().max(1);
    let central = shared / (f64::from(u32::try_from(length).unwrap_or(u32::MAX)) + 5.0);
    let early = 1.0 / (1.0 + f64::from(u32::try_from(candidate.at).unwrap_or(u32::MAX)) * 0.1);
    let asked = f64::from(u32::try_from(candidate.asked.min(4)).unwrap_or(0));
    let fits = if (SENTENCE_WORDS_MIN..=SENTENCE_WORDS_MAX).contains(&length) { 1.0 } else { MISFIT_WEIGHT };
    let named = if candidate.named { 1.5 } else { 1.0 };
    fits * named * (1.0 + asked) * (1.0 + early) * (1.0 + central.ln_1p())
}

fn on_one_line(sentence: &str) -> String {
    let mut line = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > SENTENCE_BYTES_MAX {
        let cut = (0..=SENTENCE_BYTES_MAX).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        let cut = line[..cut].rfind(' ').unwrap_or(cut);
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Sentences of a text that has no layer of them: cut at line ends, and at full stops before a capital.
fn sentences(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = 0;
    let mut close = |from: usize, to: usize| {
        let piece = &text[from..to];
        let start = from + piece.len() - piece.trim_start().len();
        let end = start + piece.trim().len();
        if start < end {
            spans.push(Span::new(start, end));
        }
    };
    for (at, sign) in text.match_indices(['.', '!', '?', '\n']) {
        let after = &text[at + 1..];
        let quote = after.len() - after.trim_start_matches(['"', '\u{201d}', '\'', '\u{2019}', ')']).len();
        let rest = &after[quote..];
        let last = text[..at].rsplit(char::is_whitespace).next().unwrap_or("");
        let initial = last.chars().count() == 1 || last.contains('.');
        let starts = rest.trim_start().starts_with(|next: char| !next.is_lowercase());
        if sign == "\n" || rest.starts_with(char::is_whitespace) && starts && !initial {
            close(from, at + 1 + quote);
            from = at + 1 + quote;
        }
    }
    close(from, text.len());
    spans
}

#[cfg(test)]
mod tests {
    use super::{Step, TimelineOptions, sentences, timeline};
    use crate::context::sample::{self, article};
    use crate::context::{Article, Told};
    use crate::snippet::Matcher;
    use dateline_core::layers::{EntityLayer, Timex};
    use dateline_core::{DateInterval, DocumentId, Revision, Span};

    /// Marks each ISO date of a text as a temporal expression.
    fn timexes(text: &str) -> Vec<Timex> {
        let at = text.match_indices("20").map(|(at, _)| at);
        at.filter_map(|at| {
            let word = text[at..].split([' ', '.', '\n']).next()?;
            sample::timex(Span::new(at, at + word.len()), word)
        })
        .collect()
    }

    fn lines(texts: &[(&str, &str)], options: &TimelineOptions) -> Vec<String> {
        let articles: Vec<(Article, Vec<Timex>, Option<DateInterval>)> =
            texts.iter().map(|(date, text)| (article(text), timexes(text), DateInterval::parse(date).ok())).collect();
        let nobody = EntityLayer::default();
        let told: Vec<Told<'_>> = (1..)
            .zip(&articles)
            .map(|(number, (article, timexes, dct))| Told {
                document: DocumentId(number),
                revision: Revision(1),
                article,
                dct: *dct,
                timexes,
                sentences: &[],
                entities: &nobody,
            })
            .collect();
        let entries = timeline(&told, &mut Matcher::new(&[]), options);
        let shown = entries.iter().map(|entry| {
            let (sources, all) = (entry.sources, entry.others.len() + 1);
            format!("{} {} ({sources} of {all}, {}:{})", entry.days, entry.sentence, entry.document, entry.line)
        });
        shown.collect()
    }

    const TEXTS: [(&str, &str); 4] = [
        ("2022-04-05", "The bridge fell on 2022-04-03 into the river.\nNobody was hurt when it fell."),
        ("2022-04-06", "Crews searched the river again.\nThe bridge fell on 2022-04-03 into the river."),
        (
            "2022-06-01",
            "It is rebuilt since the old bridge fell on 2022-04-03 after a storm. Work began on 2022-05-02 at last.",
        ),
        ("", "A note without a date."),
    ];

    #[test]
    fn days_that_many_speak_of_come_first_and_are_shown_in_order() {
        let options = TimelineOptions { from: None, to: None, step: Step::Day, top: 2, sentences: 1 };
        let found = lines(&TEXTS, &options);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].starts_with("2022-04-03 The bridge fell on 2022-04-03") && found[0].contains("(2 of 3, "),
            "the second article only repeats the first: {found:?}"
        );
        assert!(found[1].starts_with("2022-05-02 Work began"), "{found:?}");
    }

    #[test]
    fn leads_without_a_date_report_of_their_own_day() {
        let day = "2022-04-06".parse().ok();
        let options = TimelineOptions { from: day, to: day, step: Step::Day, top: 9, sentences: 1 };
        assert_eq!(lines(&TEXTS, &options), ["2022-04-06 Crews searched the river again. (1 of 1, 2:1)"]);
    }

    #[test]
    fn several_sentences_of_a_day_are_of_several_articles_and_wordings() {
        let texts = [
            ("2022-04-04", "The bridge fell on 2022-04-03 into the river. It was old, they said on 2022-04-03 too."),
            ("2022-04-05", "The bridge fell on 2022-04-03 into the river."),
            ("2022-04-05", "Two lorries were on it when it came down on 2022-04-03 into the water."),
        ];
        let options = TimelineOptions { from: None, to: None, step: Step::Day, top: 1, sentences: 5 };
        let found = lines(&texts, &options);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|line| line.contains("fell on") && line.contains("(2 of 2, ")), "{found:?}");
        assert!(found.iter().any(|line| line.contains("lorries") && line.contains("(1 of 1, ")), "{found:?}");
    }

    #[test]
    fn a_sentence_that_only_one_article_has_is_shown_once() {
        let texts =
            [("2022-04-06", "Nobody knows whether the bridge fell on 2022-04-03 or on 2022-04-04 in the storm.")];
        let options = TimelineOptions { from: None, to: None, step: Step::Day, top: 9, sentences: 1 };
        assert_eq!(lines(&texts, &options).len(), 1);
    }

    #[test]
    fn a_signature_stands_for_what_it_signs() {
        let texts = [(
            "2022-04-05",
            "Grateful to all who came to the bridge with food and boats.\n\u{2014} A. Writer 2022-04-04",
        )];
        let options = TimelineOptions { from: None, to: None, step: Step::Day, top: 9, sentences: 1 };
        assert!(lines(&texts, &options)[0].starts_with("2022-04-04 Grateful to all"), "{:?}", lines(&texts, &options));
    }

    #[test]
    fn steps_may_be_weeks_and_months() {
        let options = TimelineOptions { from: None, to: None, step: Step::Month, top: 9, sentences: 1 };
        let months: Vec<String> = lines(&TEXTS, &options).iter().map(|line| line[..7].to_owned()).collect();
        assert_eq!(months, ["2022-04", "2022-05"]);
        let options = TimelineOptions { step: Step::Week, ..options };
        assert!(lines(&TEXTS, &options)[0].starts_with("2022-03-28..2022-04-03 "));
    }

    #[test]
    fn texts_without_a_layer_are_cut_into_sentences() {
        let text = "Mr. J. Smith of the U.S. left. \"Why?\" he asked.\nA line\n\nEnd";
        let found: Vec<&str> = sentences(text).into_iter().filter_map(|span| span.slice(text)).collect();
        assert_eq!(found.last(), Some(&"End"));
        assert!(found.contains(&"\"Why?\" he asked."), "{found:?}");
    }
}
