//! Timelines against those of journalists: date-F1 when length and span are given. Measures; decides nothing.
//!
//! Articles are JSON Lines as `dateline annotate` writes them, with `id`, `text` and `timex`, joined with their gold
//! lines (`id`, `topic`, `date`, `text`); timelines are JSON Lines of `topic` and `timelines`.

use dateline_core::layers::{EntityLayer, Timex, TimexType};
use dateline_core::{ContentHash, Date, DateInterval, DocumentId, Origin, Revision, SourcePath, Span};
use dateline_query::{Article, Matcher, Step, TimelineEntry, TimelineOptions, Told, timeline};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::{fmt, fs};

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct ArticleLine {
    id: String,
    topic: String,
    date: Date,
    text: String,
}

#[derive(Deserialize)]
struct AnnotatedLine {
    id: String,
    #[serde(default)]
    timex: Vec<TimexLine>,
}

#[derive(Deserialize)]
struct TimexLine {
    start: u32,
    end: u32,
    #[serde(rename = "type")]
    kind: TimexType,
    value: String,
    earliest: Option<Date>,
    latest: Option<Date>,
}

#[derive(Deserialize)]
struct TopicLine {
    topic: String,
    timelines: Vec<TimelineLine>,
}

#[derive(Deserialize)]
struct TimelineLine {
    name: String,
    events: Vec<EventLine>,
}

#[derive(Deserialize)]
struct EventLine {
    date: Date,
}

/// One article with its times.
struct Loaded {
    document: DocumentId,
    article: Article,
    date: Date,
    timexes: Vec<Timex>,
}

/// How one timeline came out.
pub struct Scored {
    /// Topic and name of the gold timeline.
    pub name: String,
    /// Days of the gold timeline.
    pub days: usize,
    /// Days found of these.
    pub found: usize,
    /// What was answered.
    pub entries: Vec<TimelineEntry>,
}

impl Scored {
    /// Date-F1; as many days are answered as there are in gold, so it is precision and recall too.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of days")]
    pub fn f1(&self) -> f64 {
        2.0 * self.found as f64 / (self.days + self.entries.len()).max(1) as f64
    }
}

/// The figures of some timelines.
pub struct Report<'s>(pub &'s [Scored]);

impl Report<'_> {
    /// Date-F1, each timeline counting the same.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.0.iter().map(Scored::f1).sum::<f64>() / f64::from(u32::try_from(self.0.len()).unwrap_or(u32::MAX)).max(1.0)
    }

    /// Date-F1, each day counting the same.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of days")]
    pub fn pooled(&self) -> f64 {
        let found: usize = self.0.iter().map(|one| one.found).sum();
        let all: usize = self.0.iter().map(|one| one.days + one.entries.len()).sum();
        2.0 * found as f64 / all.max(1) as f64
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in self.0 {
            writeln!(f, "{}: {} of {} days, date-F1 {:.3}", one.name, one.found, one.days, one.f1())?;
        }
        write!(f, "mean {:.3}, pooled {:.3}, {} timelines", self.mean(), self.pooled(), self.0.len())
    }
}

fn timex(line: &TimexLine) -> Timex {
    Timex {
        span: Span { start: line.start, end: line.end },
        kind: line.kind,
        value: line.value.clone(),
        earliest: line.earliest,
        latest: line.latest,
        modifier: None,
        quant: None,
        freq: None,
        rule: String::new(),
        anchor: None,
    }
}

fn read<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<Vec<T>, Failure> {
    Ok(fs::read_to_string(path)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn load(articles: &Path, annotated: &Path) -> Result<BTreeMap<String, Vec<Loaded>>, Failure> {
    let annotated: Vec<AnnotatedLine> = read(annotated)?;
    let timexes: HashMap<String, Vec<Timex>> =
        annotated.into_iter().map(|line| (line.id, line.timex.iter().map(timex).collect())).collect();
    let mut topics: BTreeMap<String, Vec<Loaded>> = BTreeMap::new();
    for (number, line) in (1..).zip(read::<ArticleLine>(articles)?) {
        let article = Article {
            path: SourcePath::new(line.id.as_bytes()),
            part: "1".to_owned(),
            title: None,
            content: ContentHash::of(line.text.as_bytes()),
            text: line.text.into(),
            marks: Vec::new(),
            origin: Origin::default(),
        };
        let timexes = timexes.get(&line.id).cloned().unwrap_or_default();
        let loaded = Loaded { document: DocumentId(number), article, date: line.date, timexes };
        topics.entry(line.topic).or_default().push(loaded);
    }
    Ok(topics)
}

/// Makes each gold timeline anew from its topic's articles, given its length and span.
///
/// # Errors
/// When a file cannot be read.
pub fn score(articles: &Path, annotated: &Path, timelines: &Path) -> Result<Vec<Scored>, Failure> {
    let topics = load(articles, annotated)?;
    let mut scored = Vec::new();
    for topic in read::<TopicLine>(timelines)? {
        let Some(loaded) = topics.get(&topic.topic) else { continue };
        let nobody = EntityLayer::default();
        let told: Vec<Told<'_>> = loaded
            .iter()
            .map(|one| Told {
                document: one.document,
                revision: Revision(1),
                article: &one.article,
                dct: Some(DateInterval::day(one.date)),
                timexes: &one.timexes,
                sentences: &[],
                entities: &nobody,
            })
            .collect();
        for gold in &topic.timelines {
            let days: BTreeSet<Date> = gold.events.iter().map(|event| event.date).collect();
            let options = TimelineOptions {
                from: days.first().copied(),
                to: days.last().copied(),
                step: Step::Day,
                top: days.len(),
                sentences: 1,
            };
            let entries = timeline(&told, &mut Matcher::new(&[]), &options);
            let found = entries.iter().filter(|entry| days.contains(&entry.days.earliest)).count();
            scored.push(Scored { name: format!("{}/{}", topic.topic, gold.name), days: days.len(), found, entries });
        }
    }
    Ok(scored)
}
