//! In-document resolution against gold: which of the given mentions are one entity, by B-cubed and by pairs. Measures;
//! resolves nothing itself.
//!
//! Gold lines have `id` and `mentions` of `start`, `end`, `type`, `text`, `cluster` and sometimes `nil`; system lines are
//! those `dateline annotate` writes (`entities` with `entity`), or have `mentions` with `cluster`.

use crate::entities::{EvaluationError, share};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Mentions that are titles only are no names and are left out.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "sir",
    "lord",
    "lady",
    "president",
    "prime",
    "minister",
    "king",
    "queen",
    "prince",
    "princess",
    "pope",
    "senator",
    "sen",
    "rep",
    "gov",
    "governor",
    "gen",
    "general",
    "col",
    "colonel",
    "capt",
    "captain",
    "lt",
    "sgt",
    "maj",
    "chancellor",
    "secretary",
    "chairman",
    "ambassador",
    "judge",
    "justice",
    "sheikh",
    "imam",
    "ayatollah",
    "mullah",
    "crown",
    "the",
    "us",
];

#[derive(Deserialize)]
struct GoldLine {
    id: String,
    mentions: Vec<GoldMention>,
}

#[derive(Deserialize)]
struct GoldMention {
    start: u64,
    end: u64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
    cluster: Value,
    #[serde(default)]
    nil: Value,
}

#[derive(Deserialize)]
struct SystemLine {
    id: String,
    #[serde(default)]
    mentions: Vec<SystemMention>,
    #[serde(default)]
    entities: Vec<SystemMention>,
}

#[derive(Deserialize)]
struct SystemMention {
    start: u64,
    end: u64,
    entity: Option<Value>,
    cluster: Option<Value>,
}

/// What came of an evaluation; all in percent but the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AliasFigures {
    /// Mentions compared.
    pub mentions: usize,
    /// B-cubed precision and recall.
    pub b_cubed: (f64, f64),
    /// Precision and recall over pairs of mentions.
    pub pairs: (f64, f64),
}

/// Harmonic mean.
#[must_use]
pub fn harmonic(pair: (f64, f64)) -> f64 {
    if pair.0 + pair.1 > 0.0 { 2.0 * pair.0 * pair.1 / (pair.0 + pair.1) } else { 0.0 }
}

impl fmt::Display for AliasFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (b, p) = (self.b_cubed, self.pairs);
        write!(
            f,
            "mentions {}  b3 P {:.2} R {:.2} F {:.2}  pair P {:.2} R {:.2} F {:.2}",
            self.mentions,
            b.0,
            b.1,
            harmonic(b),
            p.0,
            p.1,
            harmonic(p)
        )
    }
}

fn is_title_only(text: &str) -> bool {
    let plain: String = text
        .replace('.', "")
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | ' '))
        .collect();
    plain.to_lowercase().split_whitespace().all(|word| TITLES.contains(&word))
}

fn is_nil(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

fn lines<T: for<'a> Deserialize<'a>>(text: &str, side: &'static str) -> Result<Vec<T>, EvaluationError> {
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|source| EvaluationError::BadLine { side, line: number + 1, source })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(read).collect()
}

/// The documents of `gold` without the mentions they give, so that a system finds the names itself.
///
/// # Errors
/// [`EvaluationError`] when a line is no record.
pub fn without_mentions(gold: &str) -> Result<String, EvaluationError> {
    let mut bare = String::with_capacity(gold.len());
    for mut record in lines::<serde_json::Map<String, Value>>(gold, "gold")? {
        record.remove("mentions");
        bare.push_str(&Value::Object(record).to_string());
        bare.push('\n');
    }
    Ok(bare)
}

/// Sums over documents.
#[derive(Default)]
struct Sums {
    precision: f64,
    recall: f64,
    mentions: usize,
    right: usize,
    given: usize,
    wanted: usize,
}

/// Compares a system's entities with the gold's clusters, for mentions of `types`.
///
/// # Errors
/// [`EvaluationError`] when a line is no record.
pub fn evaluate(gold: &str, system: &str, types: &[&str]) -> Result<AliasFigures, EvaluationError> {
    let system: BTreeMap<String, SystemLine> =
        lines::<SystemLine>(system, "system")?.into_iter().map(|line| (line.id.clone(), line)).collect();
    let mut sums = Sums::default();
    for document in lines::<GoldLine>(gold, "gold")? {
        let told = system.get(&document.id);
        let mut homes: BTreeMap<(u64, u64), String> = BTreeMap::new();
        for mention in told.iter().flat_map(|line| line.entities.iter().chain(&line.mentions)) {
            let home = mention.entity.as_ref().or(mention.cluster.as_ref());
            homes.insert((mention.start, mention.end), home.map(Value::to_string).unwrap_or_default());
        }
        let wanted: BTreeMap<(u64, u64), String> = document
            .mentions
            .iter()
            .filter(|one| types.contains(&one.kind.as_str()) && !is_nil(&one.nil) && !is_title_only(&one.text))
            .map(|one| ((one.start, one.end), one.cluster.to_string()))
            .collect();
        sums.add(&wanted, &homes);
    }
    let mean = |sum: f64| if sums.mentions == 0 { 0.0 } else { 100.0 * sum / sums.mentions as f64 };
    Ok(AliasFigures {
        mentions: sums.mentions,
        b_cubed: (mean(sums.precision), mean(sums.recall)),
        pairs: (share(sums.right, sums.given), share(sums.right, sums.wanted)),
    })
}

impl Sums {
    /// One document: gold cluster and system entity by mention. A mention the system lacks is alone.
    fn add(&mut self, wanted: &BTreeMap<(u64, u64), String>, homes: &BTreeMap<(u64, u64), String>) {
        let mut gold: BTreeMap<&str, BTreeSet<(u64, u64)>> = BTreeMap::new();
        let mut given: BTreeMap<String, BTreeSet<(u64, u64)>> = BTreeMap::new();
        let home = |at: &(u64, u64)| homes.get(at).cloned().unwrap_or_else(|| format!("alone {at:?}"));
        for (at, cluster) in wanted {
            gold.entry(cluster).or_default().insert(*at);
            given.entry(home(at)).or_default().insert(*at);
        }
        for (at, cluster) in wanted {
            let (one, other) = (&gold[cluster.as_str()], &given[&home(at)]);
            let both = one.intersection(other).count() as f64;
            self.precision += both / other.len() as f64;
            self.recall += both / one.len() as f64;
            self.mentions += 1;
        }
        let pairs = |count: usize| count * count.saturating_sub(1) / 2;
        for members in given.values() {
            self.given += pairs(members.len());
            let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
            members.iter().for_each(|at| *parts.entry(&wanted[at]).or_default() += 1);
            self.right += parts.values().map(|count| pairs(*count)).sum::<usize>();
        }
        self.wanted += gold.values().map(|members| pairs(members.len())).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::{evaluate, harmonic, without_mentions};

    #[test]
    fn pairs_and_b_cubed_are_those_of_the_textbook() {
        let gold = r#"{"id":"a","mentions":[
            {"start":0,"end":1,"type":"PER","text":"Xi","cluster":"1"},{"start":2,"end":3,"type":"PER","text":"Xi Jinping","cluster":"1"},
            {"start":4,"end":5,"type":"PER","text":"Wang","cluster":"2"},{"start":6,"end":7,"type":"PER","text":"Mr.","cluster":"2"},
            {"start":8,"end":9,"type":"LOC","text":"Kyiv","cluster":"3"}]}"#
            .replace('\n', " ");
        let system = r#"{"id":"a","entities":[{"start":0,"end":1,"entity":0},{"start":2,"end":3,"entity":0},{"start":4,"end":5,"entity":0}]}"#;
        let figures = evaluate(&gold, system, &["PER"]).expect("both are right");
        assert_eq!(figures.mentions, 3);
        assert!((figures.pairs.0 - 100.0 / 3.0).abs() < 1e-9 && (figures.pairs.1 - 100.0).abs() < 1e-9);
        assert!((figures.b_cubed.0 - 100.0 * (2.0 / 3.0 * 2.0 + 1.0 / 3.0) / 3.0).abs() < 1e-9);
        assert!((harmonic(figures.pairs) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn end_to_end_gives_no_mentions_away() {
        let gold =
            r#"{"id":"a","text":"Xi spoke","mentions":[{"start":0,"end":2,"type":"PER","text":"Xi","cluster":"1"}]}"#;
        let bare = without_mentions(gold).expect("it is a record");
        assert_eq!(bare, "{\"id\":\"a\",\"text\":\"Xi spoke\"}\n");
        let figures = evaluate(gold, &bare, &["PER"]).expect("both are right");
        assert_eq!(figures.mentions, 1);
    }
}
