//! Near-copies and rewrites on gold data: which pairs of documents are found, each document asked about in turn. Measures;
//! decides nothing.
//!
//! A gold file is JSON Lines with `id` and `text`, and `cluster` where documents of one cluster are versions of one text;
//! else the pairs stand in a table of ids. Documents are indexed alone: no dates, no names.

use crate::corpus::Corpus;
use dateline_core::{DocumentId, Revision};
use dateline_query::{Relation, SearchError, similar};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

type Failure = Box<dyn std::error::Error>;
type Pair = (String, String);

#[derive(Deserialize)]
struct Line {
    id: String,
    text: String,
    #[serde(default)]
    cluster: Option<String>,
}

/// How well pairs were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Documents asked about.
    pub documents: usize,
    /// Pairs in the gold.
    pub gold: usize,
    /// Pairs found.
    pub found: usize,
    /// Pairs in both.
    pub right: usize,
    /// Pairs found that are not in the gold.
    pub wrong: Vec<(String, String)>,
}

impl Report {
    /// F1, 0 to 1.
    #[must_use]
    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.gold + self.found).max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { documents, gold, found, right, wrong } = self;
        let share = |of: usize| 100.0 * *right as f64 / of.max(1) as f64;
        write!(f, "documents {documents}, pairs {gold}, found {found}, right {right}: ")?;
        write!(f, "precision {:.1}, recall {:.1}, F1 {:.1}", share(*found), share(*gold), 100.0 * self.f1())?;
        wrong.iter().take(10).try_for_each(|(one, other)| write!(f, "\n  not in the gold: {one}, {other}"))
    }
}

/// Asks about every document of a gold file. `also` are lines of other documents among which they must not get lost;
/// pairs with those are wrong.
///
/// # Errors
/// When a file does not parse or the index cannot be used.
pub fn evaluate(gold: &str, pairs: Option<&str>, also: &[String], home: &Path) -> Result<Report, Failure> {
    let read = |text: &str| text.lines().map(serde_json::from_str).collect::<Result<Vec<Line>, _>>();
    let own = read(gold)?;
    let mut lines = own;
    let asked = lines.len();
    for text in also {
        lines.extend(read(text)?);
    }
    let gold = pairs.map_or_else(|| of_clusters(&lines), of_table);
    let corpus = Corpus::index(lines.iter().map(|line| (line.id.as_str(), None, line.text.as_str())), home)?;
    let mut found: BTreeSet<Pair> = BTreeSet::new();
    for (number, (line, article)) in (1..).zip(lines.iter().zip(&corpus.articles)).take(asked) {
        let go_on = &mut || Ok::<(), SearchError>(());
        let like = similar(DocumentId(number), article, (&corpus.searching, &corpus), go_on)?;
        let is_pair = |relation: Relation| matches!(relation, Relation::Copy | Relation::Rewrite);
        for other in like.into_iter().filter(|other| is_pair(other.relation)) {
            debug_assert_eq!(other.revision, Revision(1));
            let id = usize::try_from(other.document.0)?.checked_sub(1).map(|at| lines[at].id.clone());
            found.extend(id.map(|id| pair(&line.id, &id)));
        }
    }
    let wrong = found.difference(&gold).cloned().collect();
    let right = found.intersection(&gold).count();
    Ok(Report { documents: asked, gold: gold.len(), found: found.len(), right, wrong })
}

fn pair(one: &str, other: &str) -> Pair {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    (first.to_owned(), second.to_owned())
}

fn of_table(table: &str) -> BTreeSet<Pair> {
    table.lines().filter_map(|line| line.split_once('\t')).map(|(one, other)| pair(one, other.trim())).collect()
}

fn of_clusters(lines: &[Line]) -> BTreeSet<Pair> {
    let mut clusters: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in lines {
        if let Some(cluster) = line.cluster.as_deref() {
            clusters.entry(cluster).or_default().push(&line.id);
        }
    }
    let pairs = |ids: &Vec<&str>| -> Vec<Pair> {
        (0..ids.len())
            .flat_map(|at| ids[at + 1..].iter().map(move |other| (at, *other)))
            .map(|(at, other)| pair(ids[at], other))
            .collect()
    };
    clusters.values().flat_map(pairs).collect()
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    fn line(id: &str, cluster: &str, text: &str) -> String {
        serde_json::json!({"id": id, "cluster": cluster, "text": text}).to_string()
    }

    /// Sentences made of numbered words: texts of one range are alike, others share nothing.
    fn text(words: std::ops::Range<u32>) -> String {
        words.map(|number| format!("word{number} ")).collect()
    }

    #[test]
    fn copies_are_found_and_strangers_are_not() {
        let home = tempfile::tempdir().expect("a directory");
        let gold = [
            line("a", "one", &text(0..200)),
            line("b", "one", &text(5..205)),
            line("c", "two", &text(1000..1200)),
            line("d", "two", &text(2000..2200)),
        ]
        .join("\n");
        let report = evaluate(&gold, None, &[], home.path()).expect("evaluates");
        assert_eq!((report.gold, report.found, report.right), (2, 1, 1));
        assert!((report.f1() - 2.0 / 3.0).abs() < 1e-9);
        assert!(report.to_string().contains("precision 100.0, recall 50.0, F1 66.7"), "{report}");
    }
}
