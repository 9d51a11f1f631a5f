//! Ranking on test collections: nDCG@10 of queries against judged documents. Measures; decides nothing.
//!
//! A collection is a folder with `docs.jsonl` (`id`, `title`, `text`), `queries.jsonl` (`id`, `text`) and `qrels.tsv`
//! (query, document, grade). Documents are indexed alone: no dates, no names.

use crate::corpus::Corpus;
use dateline_core::DocumentId;
use dateline_processor_index::{Field, Node, Plan, Scoring, Word, words::Folder};
use dateline_query::{Context, Feedback, Match, NoAliases, SearchOptions, Sources, expand_with, parse, plan};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

type Failure = Box<dyn std::error::Error>;

/// Ranks that count.
const DEPTH: usize = 10;

#[derive(Deserialize)]
struct DocumentLine {
    id: String,
    #[serde(default)]
    title: Option<String>,
    text: String,
}

#[derive(Deserialize)]
struct QueryLine {
    id: String,
    text: String,
}

/// A collection, indexed in a directory of its own.
pub struct Collection {
    /// Name of its folder.
    pub name: String,
    /// Query ids and texts.
    pub queries: Vec<(String, String)>,
    ids: Vec<String>,
    corpus: Corpus,
    judged: HashMap<String, HashMap<String, f64>>,
}

/// How queries are ranked.
#[derive(Clone, Copy, Debug)]
pub enum Ranking {
    /// BM25 with k1 1.2 and b 0.75 over title and text as one, all words stemmed, none left out.
    Baseline,
    /// As a user's `--match any`, with this scoring and, where given, this feedback.
    Dateline(Scoring, Option<Feedback>),
}

impl Collection {
    /// Reads a collection and indexes it under `home`.
    ///
    /// # Errors
    /// When a file cannot be read or the index not be written.
    pub fn load(folder: &Path, home: &Path) -> Result<Collection, Failure> {
        let lines = |name: &str| fs::read_to_string(folder.join(name));
        let documents: Vec<DocumentLine> =
            lines("docs.jsonl")?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let queries: Vec<QueryLine> =
            lines("queries.jsonl")?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let mut judged: HashMap<String, HashMap<String, f64>> = HashMap::new();
        for line in lines("qrels.tsv")?.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [query, document, grade] = fields.as_slice() else { continue };
            let Ok(grade) = grade.parse() else { continue };
            judged.entry((*query).to_owned()).or_default().insert((*document).to_owned(), grade);
        }
        let texts = documents.iter().map(|line| (line.id.as_str(), line.title.as_deref(), line.text.as_str()));
        let corpus = Corpus::index(texts, home)?;
        Ok(Collection {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            queries: queries.into_iter().map(|query| (query.id, query.text)).collect(),
            ids: documents.into_iter().map(|line| line.id).collect(),
            corpus,
            judged,
        })
    }

    /// Mean nDCG@10 over the queries that have judged documents.
    ///
    /// # Errors
    /// When a query cannot be answered.
    pub fn ndcg(&self, ranking: Ranking) -> Result<f64, Failure> {
        let scores: Vec<f64> = self.by_query(ranking)?.into_iter().map(|(_, score)| score).collect();
        #[expect(clippy::cast_precision_loss, reason = "a mean over some hundred queries")]
        Ok(scores.iter().sum::<f64>() / scores.len().max(1) as f64)
    }

    /// nDCG@10 of each query that has judged documents, with its id.
    ///
    /// # Errors
    /// When a query cannot be answered.
    pub fn by_query(&self, ranking: Ranking) -> Result<Vec<(String, f64)>, Failure> {
        let mut scores = Vec::with_capacity(self.queries.len());
        for (id, text) in &self.queries {
            let Some(judged) = self.judged.get(id) else { continue };
            let hits = self.ranked(text, ranking)?;
            let gains: Vec<f64> = hits.iter().map(|id| judged.get(id).copied().unwrap_or(0.0)).collect();
            let mut ideal: Vec<f64> = judged.values().copied().collect();
            ideal.sort_by(|one, other| other.total_cmp(one));
            scores.push((id.clone(), discounted(&gains) / discounted(&ideal).max(f64::MIN_POSITIVE)));
        }
        Ok(scores)
    }

    fn ranked(&self, text: &str, ranking: Ranking) -> Result<Vec<String>, Failure> {
        let plan = match ranking {
            Ranking::Baseline => {
                let words = Folder::default().folded_words(text).into_iter();
                let nodes = words.map(|word| Node::Word(Field::Text, Word::Stem(word))).collect();
                let scoring = Scoring { k1: 1.2, b: 0.75, title: 0.0, nearness: 0.0 };
                Plan { scoring, ..Plan::new(Node::Or(nodes), DEPTH) }
            }
            Ranking::Dateline(scoring, feedback) => {
                let options = SearchOptions {
                    matching: Match::Any,
                    scoring: Some(scoring),
                    limit: DEPTH,
                    ..SearchOptions::default()
                };
                let context = Context { facets: &[], aliases: &NoAliases };
                // People's questions are no queries: what the language would refuse is taken as mere words.
                let query = parse(text).or_else(|_| parse(&text.replace(|sign: char| !sign.is_alphanumeric(), " ")))?;
                let mut planned = plan(&query, &options, context)?;
                if let Some(feedback) = feedback {
                    let sources = Sources { index: &self.corpus.searching, texts: &self.corpus, context };
                    expand_with(&mut planned, sources, feedback)?;
                }
                planned.plan
            }
        };
        let found = self.corpus.searching.search(&plan)?;
        let number = |id: DocumentId| usize::try_from(id.0).ok()?.checked_sub(1);
        Ok(found.hits.iter().filter_map(|hit| self.ids.get(number(hit.document)?).cloned()).collect())
    }
}

/// Discounted cumulative gain of the first ten grades.
fn discounted(grades: &[f64]) -> f64 {
    let ranks = grades.iter().take(DEPTH).zip(1u32..);
    ranks.map(|(grade, rank)| grade / f64::from(rank + 1).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::discounted;

    #[test]
    fn early_gains_count_more() {
        assert!((discounted(&[3.0, 2.0]) - (3.0 + 2.0 / 3f64.log2())).abs() < 1e-9);
        assert!(discounted(&[0.0, 1.0]) < discounted(&[1.0, 0.0]));
        let eleven = [vec![0.0; 10], vec![1.0]].concat();
        assert!(discounted(&eleven).abs() < 1e-9);
    }
}
