//! Pseudo-relevance feedback: words that the best documents have in common and others have not join the query.

use crate::context::Article;
use crate::error::SearchError;
use crate::note::Note;
use crate::plan::Planned;
use crate::search::{Sources, run};
use crate::stop::is_stop_word;
use dateline_processor_index::words::{Folder, words};
use dateline_processor_index::{Field, Node, Plan, Word};
use rustc_hash::{FxHashMap, FxHashSet};

/// How feedback is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feedback {
    /// Documents looked at.
    pub documents: usize,
    /// Words added at most.
    pub words: usize,
    /// What all added words together count beside the query.
    pub weight: f32,
}

/// Found by trying on seven test collections; see the evaluation.
pub const FEEDBACK: Feedback = Feedback { documents: 10, words: 20, weight: 0.2 };

/// Text looked at per document, in bytes.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// Share of all documents above which a word says nothing, when there are enough of them to tell.
const COMMON_SHARE: f32 = 0.25;
/// Documents a word may be in, whatever their share.
const COMMON_DOCUMENTS_MIN: u64 = 10;

/// Adds words to a plan, as in [`FEEDBACK`].
pub(crate) fn expand(planned: &mut Planned, sources: Sources<'_>) -> Result<(), SearchError> {
    expand_with(planned, sources, FEEDBACK)
}

/// Adds words to a plan.
///
/// # Errors
/// [`SearchError`] when index or texts cannot be read.
pub fn expand_with(planned: &mut Planned, sources: Sources<'_>, feedback: Feedback) -> Result<(), SearchError> {
    if !planned.ranked {
        return Ok(());
    }
    let first = Plan { offset: 0, limit: feedback.documents, ..planned.plan.clone() };
    let found = run(&Planned { plan: first, ..planned.clone() }, sources.index)?;
    let best = found.hits.first().map_or(0.0, |hit| hit.score).max(f32::MIN_POSITIVE);
    let mut folder = Folder::default();
    let mut weights: FxHashMap<String, Shared> = FxHashMap::default();
    for hit in &found.hits {
        let article = sources.texts.article(hit.document, hit.revision).map_err(SearchError::Text)?;
        if let Some(article) = article {
            weigh(&article, hit.score / best, &mut folder, &mut weights);
        }
    }
    let added = choose(planned, sources, weights, feedback, &mut folder)?;
    if added.is_empty() {
        return Ok(());
    }
    planned.notes.push(Note::Expanded { words: added.iter().map(|(word, _)| word.clone()).collect() });
    let nodes = added
        .into_iter()
        .map(|(word, weight)| Node::Weighted(Box::new(Node::Word(Field::Text, Word::Stem(word))), weight));
    let query = std::mem::replace(&mut planned.plan.node, Node::Everything);
    planned.plan.node = optional(query, nodes.collect());
    Ok(())
}

/// The query with words that only add to scores: where any word will do they may find documents too.
fn optional(query: Node, added: Vec<Node>) -> Node {
    match query {
        Node::Or(mut nodes) => {
            nodes.extend(added);
            Node::Or(nodes)
        }
        query => Node::And(vec![query, Node::Or([vec![Node::Everything], added].concat())]),
    }
}

/// What the best documents share of one stem.
#[derive(Default)]
struct Shared {
    weight: f32,
    documents: usize,
    /// The first form it had, for people.
    form: String,
}

/// Adds the words of one document, each with its share of the text and the document's weight.
fn weigh(article: &Article, relevance: f32, folder: &mut Folder, weights: &mut FxHashMap<String, Shared>) {
    let mut counts: FxHashMap<String, (u32, String)> = FxHashMap::default();
    let mut total = 0u32;
    let mut folded = String::new();
    for text in article.title.as_deref().into_iter().chain([&*article.text]) {
        for range in words(text).take_while(|range| range.start < TEXT_BYTES_MAX) {
            folder.fold(&text[range], &mut folded);
            if folded.len() > 2 && !is_stop_word(&folded) && folded.bytes().any(|byte| byte.is_ascii_alphabetic()) {
                counts.entry(folder.stem_or_word(&folded)).or_insert_with(|| (0, folded.clone())).0 += 1;
                total += 1;
            }
        }
    }
    for (stem, (count, form)) in counts {
        #[expect(clippy::cast_precision_loss, reason = "counts of words, for a share")]
        let share = count as f32 / total.max(1) as f32;
        let shared = weights.entry(stem).or_insert_with(|| Shared { form, ..Shared::default() });
        shared.weight += relevance * share;
        shared.documents += 1;
    }
}

/// The words that set the best documents apart, with their weights.
fn choose(
    planned: &Planned,
    sources: Sources<'_>,
    weights: FxHashMap<String, Shared>,
    feedback: Feedback,
    folder: &mut Folder,
) -> Result<Vec<(String, f32)>, SearchError> {
    let asked: FxHashSet<String> = planned.words.iter().map(|word| folder.stem_or_word(word.text())).collect();
    let set_apart = weights.into_iter().filter(|(stem, shared)| shared.documents > 1 && !asked.contains(stem));
    let mut candidates: Vec<(String, f32)> = set_apart.map(|(_, shared)| (shared.form, shared.weight)).collect();
    candidates.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    candidates.truncate(feedback.words * 10);
    let terms: Vec<Word> = candidates.iter().map(|(word, _)| Word::Stem(word.clone())).collect();
    let counts = sources.index.document_frequencies(Field::Text, &terms);
    let counts = counts.map_err(|error| SearchError::Index(Box::new(error)))?;
    #[expect(clippy::cast_precision_loss, reason = "counts of documents, for a logarithm")]
    let all = sources.index.revisions().max(1) as f32;
    let mut chosen: Vec<(String, f32)> = Vec::new();
    for ((word, weight), count) in candidates.into_iter().zip(counts) {
        #[expect(clippy::cast_precision_loss, reason = "counts of documents, for a logarithm")]
        let share = count as f32 / all;
        if share < COMMON_SHARE || count <= COMMON_DOCUMENTS_MIN {
            chosen.push((word, weight * (1.0 / share.max(1.0 / all)).ln()));
        }
    }
    chosen.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    chosen.truncate(feedback.words);
    let heaviest = chosen.first().map_or(1.0, |(_, weight)| *weight).max(f32::MIN_POSITIVE);
    for (_, weight) in &mut chosen {
        *weight = *weight / heaviest * feedback.weight;
    }
    Ok(chosen)
}
