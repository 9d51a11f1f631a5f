//! Near-copies of a document, rewrites of it, and documents that share passages with it. Candidates come from the index;
//! what is said about each is computed on the two texts.

use crate::context::{Article, Texts};
use crate::error::SearchError;
use crate::passage::{self, Shared};
use crate::stop::is_stop_word;
use dateline_core::{DocumentId, Revision, Span};
use dateline_processor_index::words::{Folder, words};
use dateline_processor_index::{Field, Node, Plan, Searching, Word};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Share of the runs of three words of both texts that both have, from which on one is a copy of the other.
pub const COPY_SIMILARITY: f64 = 0.5;
/// Closeness from which on two texts tell one story in different words. Of 93 articles at three levels of difficulty the
/// least alike two versions have .53, the most alike two different articles .42.
pub const REWRITE_CLOSENESS: f64 = 0.48;
/// Different words that say something, from which on closeness is worth anything.
const REWRITE_WORDS_MIN: usize = 25;

/// Candidates by sketch.
const LIKE_HITS: usize = 200;
/// Numbers of the sketch a candidate shares.
const LIKE_NUMBERS: usize = 2;
/// Documents looked at for each probe for shared passages.
const PROBE_HITS: usize = 50;
/// Words that set the text apart, with which rewrites are looked for.
const TELLING_WORDS: usize = 30;
/// Documents with those words that are looked at.
const TELLING_HITS: usize = 40;
/// Bytes of a text in which words are counted: what comes after changes little.
const COUNTED_BYTES_MAX: usize = 64 << 10;
/// A word in one of so many documents at least: in a small collection no word would be rare.
const DOCUMENTS_MIN: u64 = 1_000;

/// How one document stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The same text, more or less.
    Copy,
    /// The same story in other words.
    Rewrite,
    /// Another text with passages in common.
    Passages,
}

/// One document that is like another.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// Its text.
    pub article: Article,
    /// How it stands to the one asked about.
    pub relation: Relation,
    /// Share of the runs of three words of both texts that both have, 0 to 1.
    pub similarity: f64,
    /// Share of those of the text asked about that this one has, 0 to 1.
    pub contained: f64,
    /// How alike the words of both are whatever their order, rare words counting more: cosine of tf-idf, 0 to 1.
    pub closeness: f64,
    /// Passages both have, in words and as places in both texts, longest first.
    pub shared: Vec<SharedPlaces>,
}

/// A passage two texts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedPlaces {
    /// Its length.
    pub words: usize,
    /// Where it stands in the text asked about.
    pub span: Span,
    /// Where it stands in the other.
    pub other: Span,
}

/// Documents like this one, most alike first. `go_on` is asked between candidates; memory is that of two texts and the
/// findings.
///
/// # Errors
/// [`SearchError`] when index or texts cannot be read, or when `go_on` says so.
pub fn similar<E: From<SearchError>>(
    document: DocumentId,
    article: &Article,
    (index, texts): (&Searching, &dyn Texts),
    go_on: &mut dyn FnMut() -> Result<(), E>,
) -> Result<Vec<Similar>, E> {
    let placed = passage::placed_words(&article.text);
    let mut rarity = Rarity::new(index);
    let own = Own {
        words: placed.iter().map(|(word, _)| word.clone()).collect(),
        weights: rarity.weigh(&article.text)?,
        placed,
    };
    let mut found = Vec::new();
    for (candidate, revision) in candidates(document, article, &own, index, go_on)? {
        go_on()?;
        let Some(other) = texts.article(candidate, revision).map_err(SearchError::Text)? else { continue };
        found.extend(compare(&own, candidate, revision, other, &mut rarity)?);
    }
    let alike = |one: &Similar| one.similarity.max(one.closeness);
    found.sort_by(|one, other| {
        let by_relation = one.relation.cmp(&other.relation);
        by_relation.then(alike(other).total_cmp(&alike(one))).then(one.document.cmp(&other.document))
    });
    Ok(found)
}

/// The text asked about, made ready to be compared.
struct Own {
    words: Vec<String>,
    placed: Vec<(String, Span)>,
    weights: Weights,
}

/// Documents that may be like it: by sketch, by passages, by telling words.
fn candidates<E: From<SearchError>>(
    document: DocumentId,
    article: &Article,
    own: &Own,
    index: &Searching,
    go_on: &mut dyn FnMut() -> Result<(), E>,
) -> Result<BTreeMap<DocumentId, Revision>, E> {
    let mut plans = vec![Plan::new(Node::Like(article.text.to_string(), LIKE_NUMBERS), LIKE_HITS)];
    for probe in passage::probes(&own.words) {
        let phrase = probe.iter().map(|word| Word::Exact(word.clone())).collect();
        plans.push(Plan::new(Node::Phrase(Field::Text, phrase), PROBE_HITS));
    }
    let telling = own.weights.heaviest(TELLING_WORDS).into_iter();
    let telling = telling.map(|word| Node::Word(Field::Text, Word::Stem(word.to_owned()))).collect();
    plans.push(Plan::new(Node::Or(telling), TELLING_HITS));
    let mut candidates = BTreeMap::new();
    for plan in &plans {
        go_on()?;
        let found = index.search(plan).map_err(|error| SearchError::Index(Box::new(error)))?;
        candidates.extend(found.hits.iter().map(|hit| (hit.document, hit.revision)));
    }
    candidates.remove(&document);
    Ok(candidates)
}

fn compare(
    own: &Own,
    document: DocumentId,
    revision: Revision,
    article: Article,
    rarity: &mut Rarity<'_>,
) -> Result<Option<Similar>, SearchError> {
    let placed = passage::placed_words(&article.text);
    let words: Vec<String> = placed.iter().map(|(word, _)| word.clone()).collect();
    let mut runs = passage::shared(&own.words, &words);
    runs.sort_by(|one, other| other.words.cmp(&one.words).then(one.one.cmp(&other.one)));
    let (similarity, contained) = passage::likeness(&own.words, &words);
    let weights = rarity.weigh(&article.text)?;
    let closeness = own.weights.closeness(&weights);
    let is_worth = own.weights.len().min(weights.len()) >= REWRITE_WORDS_MIN;
    let relation = match () {
        () if similarity >= COPY_SIMILARITY => Relation::Copy,
        () if is_worth && closeness >= REWRITE_CLOSENESS => Relation::Rewrite,
        () if !runs.is_empty() => Relation::Passages,
        () => return Ok(None),
    };
    let shared = runs.iter().map(|run| places(run, &own.placed, &placed)).collect();
    Ok(Some(Similar { document, revision, article, relation, similarity, contained, closeness, shared }))
}

fn places(run: &Shared, own: &[(String, Span)], other: &[(String, Span)]) -> SharedPlaces {
    let covering = |places: &[(String, Span)], first: usize| Span {
        start: places[first].1.start,
        end: places[first + run.words - 1].1.end,
    };
    SharedPlaces { words: run.words, span: covering(own, run.one), other: covering(other, run.other) }
}

/// What the words of a text weigh; the squares add up to one.
struct Weights(FxHashMap<String, (f64, String)>);

impl Weights {
    fn len(&self) -> usize {
        self.0.len()
    }

    /// Cosine of the angle between two texts.
    fn closeness(&self, other: &Weights) -> f64 {
        let (fewer, more) = if self.len() < other.len() { (self, other) } else { (other, self) };
        // Summed in a fixed order: the same texts are alike to the same degree, bit for bit.
        let mut products: Vec<f64> =
            fewer.0.iter().filter_map(|(stem, (weight, _))| Some(weight * more.0.get(stem)?.0)).collect();
        products.sort_by(f64::total_cmp);
        products.iter().sum()
    }

    /// The words that set the text apart.
    fn heaviest(&self, count: usize) -> Vec<&str> {
        let mut all: Vec<(f64, &str)> = self.0.values().map(|(weight, word)| (*weight, word.as_str())).collect();
        all.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
        all.into_iter().take(count).map(|(_, word)| word).collect()
    }
}

/// Weighs the words of texts by how often they stand there and in how few documents; remembers the latter.
struct Rarity<'a> {
    index: &'a Searching,
    folder: Folder,
    known: FxHashMap<String, f64>,
}

/// Stems whose rarity is remembered.
const KNOWN_MAX: usize = 50_000;

impl Rarity<'_> {
    fn new(index: &Searching) -> Rarity<'_> {
        Rarity { index, folder: Folder::default(), known: FxHashMap::default() }
    }

    fn weigh(&mut self, text: &str) -> Result<Weights, SearchError> {
        let mut counts: FxHashMap<String, (u32, String)> = FxHashMap::default();
        let mut folded = String::new();
        for range in words(text).take_while(|range| range.start < COUNTED_BYTES_MAX) {
            self.folder.fold(&text[range], &mut folded);
            if !folded.is_empty() && !is_stop_word(&folded) {
                counts.entry(self.folder.stem_or_word(&folded)).or_insert_with(|| (0, folded.clone())).0 += 1;
            }
        }
        self.learn(&counts)?;
        let weigh = |(stem, (count, word)): (String, (u32, String))| {
            let rarity = self.known.get(&stem).copied().unwrap_or(1.0);
            (stem, ((1.0 + f64::from(count).ln()) * rarity, word))
        };
        let mut weights: FxHashMap<String, (f64, String)> = counts.into_iter().map(weigh).collect();
        let mut squares: Vec<f64> = weights.values().map(|(weight, _)| weight * weight).collect();
        squares.sort_by(f64::total_cmp);
        let length = squares.iter().sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        weights.values_mut().for_each(|(weight, _)| *weight /= length);
        Ok(Weights(weights))
    }

    /// Looks up in how many documents the words stand that are not known yet.
    fn learn(&mut self, counts: &FxHashMap<String, (u32, String)>) -> Result<(), SearchError> {
        if self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
        let unknown: Vec<(&String, &String)> = counts
            .iter()
            .filter(|(stem, _)| !self.known.contains_key(*stem))
            .map(|(stem, (_, word))| (stem, word))
            .collect();
        let terms: Vec<Word> = unknown.iter().map(|(_, word)| Word::Stem((*word).clone())).collect();
        let documents = self.index.document_frequencies(Field::Text, &terms);
        let documents = documents.map_err(|error| SearchError::Index(Box::new(error)))?;
        let all = self.index.revisions().max(DOCUMENTS_MIN);
        for ((stem, _), count) in unknown.into_iter().zip(documents) {
            #[expect(clippy::cast_precision_loss, reason = "counts of documents, for a logarithm")]
            let rarity = ((all + 1) as f64 / count.max(1) as f64).ln();
            self.known.insert(stem.clone(), rarity);
        }
        Ok(())
    }
}
