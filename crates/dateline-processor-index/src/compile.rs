//! From a plan's condition to walks over one segment: looks words up, counts them, chooses the walk. Ranks nothing.

use crate::columns::Columns;
use crate::cursor::{
    All, Any, Bm25, BoxCursor, Group, Layout, Listed, Matching, Nothing, Positional, Predicate, Scored, Together,
    Weighted,
};
use crate::document::{MONTH_TAG_DAYS_MAX, month_tag};
use crate::schema::{Fields, TagKind, day, facet_prefix, facet_tag, sketch_tag, tag};
use crate::sketch::{SKETCH_NUMBERS, sketch};
use crate::words::{Folder, STEM_MARK};
use crate::{FacetTest, Field, Node, Scoring, Word};
use dateline_processor::core::DateInterval;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::postings::TermInfo;
use tantivy::query::FuzzyTermQuery;
use tantivy::schema::{Field as TantivyField, IndexRecordOption};
use tantivy::{DocSet, Searcher, TERMINATED, Term};

/// Words a prefix or fuzzy word may stand for and still be ranked; with more, all are found but none is ranked.
const RANKED_EXPANSIONS_MAX: usize = 128;
/// Score of a document found by a prefix that stands for too many words to be ranked.
const UNRANKED_SCORE: f32 = 1.0;
/// A number of a sketch that more documents of a segment have comes from what they all repeat, and says nothing. It also
/// bounds the memory of [`Node::Like`].
const LIKE_DOCUMENTS_MAX: u32 = 5_000;
/// Letters from which a fuzzy word may differ in two places.
const FUZZY_TWO_LETTERS_MIN: usize = 8;
/// Longest time expression, in days, that counts for a shorter interval it overlaps.
const MENTION_DAYS_SPARED: i64 = 7;

/// One word of a plan, looked up in all segments.
pub(crate) struct Found {
    /// Per segment, where its terms' postings are.
    infos: Vec<Vec<TermInfo>>,
    /// Documents that have one of its terms, counted once per term, at most all.
    pub(crate) documents: u64,
}

/// What all segments share while one plan is compiled.
pub(crate) struct Compiler<'a> {
    pub(crate) searcher: &'a Searcher,
    columns: &'a [Arc<Columns>],
    pub(crate) fields: &'a Fields,
    pub(crate) scoring: Scoring,
    pub(crate) documents: u64,
    folder: Folder,
    found: FxHashMap<(Field, Word), Arc<Found>>,
    norms: FxHashMap<Field, Arc<[f32; 256]>>,
}

/// How a positional condition is put.
struct Words<'n> {
    field: Field,
    words: &'n [Word],
    layout: Layout,
}

impl<'a> Compiler<'a> {
    /// `columns` are those of the searcher's segments, in its order.
    pub(crate) fn new(
        searcher: &'a Searcher,
        columns: &'a [Arc<Columns>],
        fields: &'a Fields,
        scoring: Scoring,
    ) -> Compiler<'a> {
        let documents = searcher.segment_readers().iter().map(|segment| u64::from(segment.max_doc())).sum();
        Compiler {
            searcher,
            columns,
            fields,
            scoring,
            documents,
            folder: Folder::default(),
            found: FxHashMap::default(),
            norms: FxHashMap::default(),
        }
    }

    /// The terms a word stands for in the term dictionary, by name or by automaton.
    fn look_up(&mut self, field: Field, word: &Word) -> tantivy::Result<Arc<Found>> {
        let key = (field, word.clone());
        if let Some(found) = self.found.get(&key) {
            return Ok(found.clone());
        }
        let (tantivy_field, stems) = self.fields.words(field);
        let mut folded = String::new();
        self.folder.fold(word.text(), &mut folded);
        let mut infos = Vec::with_capacity(self.searcher.segment_readers().len());
        for segment in self.searcher.segment_readers() {
            let dictionary = segment.inverted_index(tantivy_field)?;
            infos.push(match word {
                _ if folded.is_empty() => Vec::new(),
                Word::Stem(_) if stems => {
                    let stem = self.folder.stem_or_word(&folded);
                    let marked = format!("{STEM_MARK}{stem}");
                    infos_of(&dictionary, tantivy_field, [stem.as_str(), marked.as_str()])?
                }
                Word::Stem(_) | Word::Exact(_) => infos_of(&dictionary, tantivy_field, [folded.as_str()])?,
                Word::Prefix(_) => infos_with_prefix(&dictionary, &folded)?,
                Word::Fuzzy(_) => infos_like(&dictionary, tantivy_field, &folded)?,
            });
        }
        let documents = infos.iter().flatten().map(|info| u64::from(info.doc_freq)).sum::<u64>().min(self.documents);
        let found = Arc::new(Found { infos, documents });
        self.found.insert(key, found.clone());
        Ok(found)
    }

    /// In how many documents a word stands.
    pub(crate) fn document_frequency(&mut self, field: Field, word: &Word) -> tantivy::Result<u64> {
        Ok(self.look_up(field, word)?.documents)
    }

    fn norms(&mut self, field: Field) -> tantivy::Result<Arc<[f32; 256]>> {
        if let Some(norms) = self.norms.get(&field) {
            return Ok(norms.clone());
        }
        let (tantivy_field, _) = self.fields.words(field);
        let mut tokens = 0u64;
        for segment in self.searcher.segment_readers() {
            tokens += segment.inverted_index(tantivy_field)?.total_num_tokens();
        }
        #[expect(clippy::cast_precision_loss, reason = "a mean for a score")]
        let mean = tokens as f32 / self.documents.max(1) as f32;
        let norms = Bm25::norms(self.scoring.k1, self.scoring.b, mean);
        self.norms.insert(field, norms.clone());
        Ok(norms)
    }

    fn bm25(&mut self, field: Field, found_in: u64) -> tantivy::Result<Bm25> {
        Ok(Bm25::new(self.scoring.k1, self.norms(field)?, found_in, self.documents))
    }

    /// The postings of a word in one segment, as one list.
    pub(crate) fn group(
        &mut self,
        ordinal: usize,
        field: Field,
        word: &Word,
        option: IndexRecordOption,
    ) -> tantivy::Result<Group> {
        let found = self.look_up(field, word)?;
        let (tantivy_field, _) = self.fields.words(field);
        let inverted = self.searcher.segment_readers()[ordinal].inverted_index(tantivy_field)?;
        let postings = found.infos[ordinal].iter().map(|info| inverted.read_postings_from_terminfo(info, option));
        Ok(Group::new(postings.collect::<Result<_, _>>()?))
    }

    fn word(&mut self, ordinal: usize, field: Field, word: &Word) -> tantivy::Result<BoxCursor> {
        let found = self.look_up(field, word)?;
        if found.infos[ordinal].is_empty() {
            return Ok(Box::new(Nothing));
        }
        let (tantivy_field, _) = self.fields.words(field);
        let segment = &self.searcher.segment_readers()[ordinal];
        if found.infos[ordinal].len() > RANKED_EXPANSIONS_MAX {
            let inverted = segment.inverted_index(tantivy_field)?;
            return Ok(Box::new(Listed::new(docs_of(&inverted, &found.infos[ordinal])?, UNRANKED_SCORE)));
        }
        let group = self.group(ordinal, field, word, IndexRecordOption::WithFreqs)?;
        let with_title = field == Field::Text && self.scoring.title > 0.0;
        let title = if with_title {
            Some((self.group(ordinal, Field::Title, word, IndexRecordOption::WithFreqs)?, self.scoring.title))
        } else {
            None
        };
        let bm25 = self.bm25(field, found.documents)?;
        Ok(Box::new(Scored { group, title, bm25, lengths: segment.get_fieldnorms_reader(tantivy_field)? }))
    }

    fn positional(&mut self, ordinal: usize, condition: &Words<'_>) -> tantivy::Result<BoxCursor> {
        let Words { field, words, layout } = *condition;
        if words.len() == 1 {
            return self.word(ordinal, field, &words[0]);
        }
        let mut rarest = self.documents;
        let mut groups = Vec::with_capacity(words.len());
        for word in words {
            rarest = rarest.min(self.document_frequency(field, word)?);
            groups.push(self.group(ordinal, field, word, IndexRecordOption::WithFreqsAndPositions)?);
        }
        // The phrase is at least as rare as its rarest word; its true frequency would take a walk of its own.
        let bm25 = self.bm25(field, rarest)?;
        let (tantivy_field, _) = self.fields.words(field);
        let lengths = self.searcher.segment_readers()[ordinal].get_fieldnorms_reader(tantivy_field)?;
        Ok(Box::new(Positional::new(groups, layout, bm25, lengths)))
    }

    /// The walk over one segment that a condition asks for.
    pub(crate) fn compile(&mut self, ordinal: usize, node: &Node) -> tantivy::Result<BoxCursor> {
        let searcher = self.searcher;
        let segment = &searcher.segment_readers()[ordinal];
        Ok(match node {
            Node::Everything => Box::new(Matching::new(segment.max_doc(), segment.max_doc(), |_| true)),
            Node::Nothing => Box::new(Nothing),
            Node::Word(field, word) => self.word(ordinal, *field, word)?,
            Node::Phrase(field, words) => {
                self.positional(ordinal, &Words { field: *field, words, layout: Layout::InOrder })?
            }
            Node::Near(field, words, gap) => {
                self.positional(ordinal, &Words { field: *field, words, layout: Layout::Within(*gap) })?
            }
            Node::Reference(id) => self.tagged(segment, &tag(TagKind::Reference, id))?,
            Node::Language(language) => self.tagged(segment, &tag(TagKind::Language, &language.to_lowercase()))?,
            Node::Extension(extension) => {
                let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                self.tagged(segment, &tag(TagKind::Extension, &extension))?
            }
            Node::Document(id) => self.tagged(segment, &tag(TagKind::Document, &id.to_string()))?,
            Node::Like(text, least) => self.like(segment, text, *least)?,
            Node::Facet(name, test) => self.facet(segment, name, test)?,
            Node::Written(interval) => {
                let falls = written(&self.columns[ordinal], *interval);
                Box::new(Matching::new(segment.max_doc(), segment.max_doc() / 2, falls))
            }
            Node::Mentions(interval) => self.mentions(ordinal, *interval)?,
            Node::And(nodes) => self.all(ordinal, nodes)?,
            Node::Or(nodes) => self.any(ordinal, nodes, Together::Sum)?,
            Node::Best(nodes) => self.any(ordinal, nodes, Together::Best)?,
            Node::Spellings(first, others, weight) => self.spellings(ordinal, first, others, *weight)?,
            Node::Not(_) => self.all(ordinal, std::slice::from_ref(node))?,
            Node::Weighted(node, weight) => Box::new(Weighted { walk: self.compile(ordinal, node)?, weight: *weight }),
        })
    }

    fn all(&mut self, ordinal: usize, nodes: &[Node]) -> tantivy::Result<BoxCursor> {
        let (mut walks, mut filters, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
        let has_walk = nodes.iter().any(|node| !matches!(node, Node::Not(_) | Node::Everything | Node::Written(_)));
        for node in nodes {
            match node {
                // Only what the other conditions leave is worth looking at.
                Node::Written(interval) if has_walk => {
                    filters.push(Box::new(written(&self.columns[ordinal], *interval)) as Predicate);
                }
                Node::Not(inner) => excluded.push(self.compile(ordinal, inner)?),
                Node::Everything => {}
                _ => walks.push(self.compile(ordinal, node)?),
            }
        }
        if walks.is_empty() {
            walks.push(self.compile(ordinal, &Node::Everything)?);
        }
        if walks.len() == 1 && filters.is_empty() && excluded.is_empty() {
            return Ok(walks.remove(0));
        }
        Ok(Box::new(All::new(walks, filters, excluded)))
    }

    fn any(&mut self, ordinal: usize, nodes: &[Node], together: Together) -> tantivy::Result<BoxCursor> {
        let mut walks = Vec::with_capacity(nodes.len());
        for node in nodes {
            let walk = self.compile(ordinal, node)?;
            if walk.doc() != TERMINATED {
                walks.push(walk);
            }
        }
        Ok(match walks.len() {
            0 => Box::new(Nothing),
            1 => walks.remove(0),
            _ => Box::new(Any::new(walks, together)),
        })
    }

    fn spellings(&mut self, ordinal: usize, first: &Node, others: &[Node], weight: f32) -> tantivy::Result<BoxCursor> {
        let rarity = self.rarity(first)?;
        let mut walks = vec![self.compile(ordinal, first)?];
        for other in others {
            let lift = self.rarity(other)? / rarity.max(f32::MIN_POSITIVE);
            walks.push(Box::new(Weighted { walk: self.compile(ordinal, other)?, weight: weight / lift.max(1.0) }));
        }
        Ok(Box::new(Any::new(walks, Together::Best)))
    }

    /// How much the words of a condition say together, by how rare they are.
    fn rarity(&mut self, node: &Node) -> tantivy::Result<f32> {
        Ok(match node {
            Node::Word(field, word) => Bm25::rarity(self.document_frequency(*field, word)?, self.documents),
            Node::Phrase(field, words) | Node::Near(field, words, _) => {
                let mut rarest = self.documents;
                for word in words {
                    rarest = rarest.min(self.document_frequency(*field, word)?);
                }
                Bm25::rarity(rarest, self.documents)
            }
            Node::And(nodes) | Node::Or(nodes) => {
                let mut sum = 0.0;
                for node in nodes {
                    sum += self.rarity(node)?;
                }
                sum
            }
            Node::Best(nodes) => {
                let mut most = 0.0f32;
                for node in nodes {
                    most = most.max(self.rarity(node)?);
                }
                most
            }
            Node::Spellings(first, _, _) => self.rarity(first)?,
            Node::Weighted(node, weight) => self.rarity(node)? * weight,
            _ => 0.0,
        })
    }

    fn tagged(&self, segment: &SegmentReader, tag: &str) -> tantivy::Result<BoxCursor> {
        let inverted = segment.inverted_index(self.fields.tag)?;
        let infos = infos_of(&inverted, self.fields.tag, [tag])?;
        Ok(Box::new(Listed::new(docs_of(&inverted, &infos)?, 0.0)))
    }

    fn like(&self, segment: &SegmentReader, text: &str, least: usize) -> tantivy::Result<BoxCursor> {
        let inverted = segment.inverted_index(self.fields.tag)?;
        let mut shared: FxHashMap<u32, usize> = FxHashMap::default();
        for number in sketch([text].into_iter()) {
            let infos = infos_of(&inverted, self.fields.tag, [sketch_tag(number).as_str()])?;
            if infos.iter().any(|info| info.doc_freq > LIKE_DOCUMENTS_MAX) {
                continue;
            }
            docs_of(&inverted, &infos)?.into_iter().for_each(|doc| *shared.entry(doc).or_insert(0) += 1);
        }
        let mut walks: Vec<BoxCursor> = Vec::new();
        for count in least.max(1)..=SKETCH_NUMBERS {
            let docs: Vec<u32> = shared.iter().filter(|(_, shared)| **shared == count).map(|(doc, _)| *doc).collect();
            if !docs.is_empty() {
                #[expect(clippy::cast_precision_loss, reason = "at most the numbers of a sketch")]
                walks.push(Box::new(Listed::new(docs, count as f32)));
            }
        }
        Ok(if walks.is_empty() { Box::new(Nothing) } else { Box::new(Any::new(walks, Together::Best)) })
    }

    fn facet(&self, segment: &SegmentReader, name: &str, test: &FacetTest) -> tantivy::Result<BoxCursor> {
        let (from, to) = match test {
            FacetTest::Is(value) => return self.tagged(segment, &facet_tag(name, value)),
            FacetTest::Any(kind) => (facet_prefix(name, *kind), None),
            FacetTest::Between(from, to) => {
                let Some(kind) = from.as_ref().or(to.as_ref()).map(|value| value.kind()) else {
                    return Ok(Box::new(Nothing));
                };
                let from = from.as_ref().map_or_else(|| facet_prefix(name, kind), |value| facet_tag(name, value));
                (
                    from,
                    Some(
                        to.as_ref().map_or_else(|| format!("{}g", facet_prefix(name, kind)), |to| facet_tag(name, to)),
                    ),
                )
            }
        };
        let inverted = segment.inverted_index(self.fields.tag)?;
        let mut infos = Vec::new();
        let mut stream = inverted.terms().range().ge(from.as_bytes()).into_stream()?;
        while stream.advance() {
            let inside = match &to {
                Some(to) => stream.key() <= to.as_bytes(),
                None => stream.key().starts_with(from.as_bytes()),
            };
            if !inside {
                break;
            }
            infos.push(stream.value().clone());
        }
        Ok(Box::new(Listed::new(docs_of(&inverted, &infos)?, 0.0)))
    }

    /// Documents with a time expression in the interval. Short intervals are found through the months they touch.
    fn mentions(&self, ordinal: usize, interval: DateInterval) -> tantivy::Result<BoxCursor> {
        let segment = &self.searcher.segment_readers()[ordinal];
        let (from, to) = (day(interval.earliest), day(interval.latest));
        let longest = (to - from).max(MENTION_DAYS_SPARED - 1);
        let columns = Arc::clone(&self.columns[ordinal]);
        let speaks = move |doc: u32| {
            columns.mentions(doc).any(|(start, end)| {
                start <= to && end >= from && (end - start <= longest || (start >= from && end <= to))
            })
        };
        if longest >= MONTH_TAG_DAYS_MAX {
            return Ok(Box::new(Matching::new(segment.max_doc(), segment.max_doc() / 2, speaks)));
        }
        let months: BTreeSet<String> = [from, to].into_iter().filter_map(month_tag).collect();
        let inverted = segment.inverted_index(self.fields.tag)?;
        let infos = infos_of(&inverted, self.fields.tag, months.iter().map(String::as_str))?;
        let mut docs = docs_of(&inverted, &infos)?;
        docs.retain(|doc| speaks(*doc));
        Ok(Box::new(Listed::new(docs, 0.0)))
    }
}

/// Whether a document's date may fall into the interval.
fn written(columns: &Arc<Columns>, interval: DateInterval) -> impl Fn(u32) -> bool + 'static {
    let (from, to) = (day(interval.earliest), day(interval.latest));
    let columns = Arc::clone(columns);
    move |doc: u32| columns.may_be_written(doc, from, to)
}

fn infos_of<'t>(
    inverted: &InvertedIndexReader,
    field: TantivyField,
    terms: impl IntoIterator<Item = &'t str>,
) -> tantivy::Result<Vec<TermInfo>> {
    let mut infos = Vec::new();
    for term in terms {
        infos.extend(inverted.get_term_info(&Term::from_field_text(field, term))?);
    }
    Ok(infos)
}

fn infos_with_prefix(inverted: &InvertedIndexReader, prefix: &str) -> tantivy::Result<Vec<TermInfo>> {
    let mut infos = Vec::new();
    let mut stream = inverted.terms().range().ge(prefix.as_bytes()).into_stream()?;
    while stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
        infos.push(stream.value().clone());
    }
    Ok(infos)
}

fn infos_like(inverted: &InvertedIndexReader, field: TantivyField, word: &str) -> tantivy::Result<Vec<TermInfo>> {
    let distance = if word.chars().count() >= FUZZY_TWO_LETTERS_MIN { 2 } else { 1 };
    let automaton = FuzzyTermQuery::new(Term::from_field_text(field, word), distance, true).automaton()?;
    let mut infos = Vec::new();
    let mut stream = inverted.terms().search(automaton).into_stream()?;
    while stream.advance() {
        // A marked stem is one letter away from itself; it stands for words that may be further away.
        if !stream.key().starts_with(STEM_MARK.encode_utf8(&mut [0; 4]).as_bytes()) {
            infos.push(stream.value().clone());
        }
    }
    Ok(infos)
}

fn docs_of(inverted: &InvertedIndexReader, infos: &[TermInfo]) -> tantivy::Result<Vec<u32>> {
    let mut docs = Vec::new();
    for info in infos {
        let mut postings = inverted.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
        let mut doc = postings.doc();
        while doc != TERMINATED {
            docs.push(doc);
            doc = postings.advance();
        }
    }
    Ok(docs)
}
