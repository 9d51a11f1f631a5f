//! Answering a query: plans it, asks the index, and shows each hit with its title, passage and line.

use crate::context::{Article, Texts};
use crate::error::SearchError;
use crate::note::Note;
use crate::plan::{Context, Match, Planned, SearchOptions, plan};
use crate::query::Query;
use crate::snippet::{Matcher, headline, snippet};
use dateline_core::{ContentHash, DateInterval, DocumentId, Revision, Span};
use dateline_processor_index::{Found, FoundHit, Searching};
use std::ops::Range;

/// What is searched.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The index.
    pub index: &'a Searching,
    /// The texts.
    pub texts: &'a dyn Texts,
    /// Facets and names.
    pub context: Context<'a>,
}

/// One hit, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// Its path, relative to the root.
    pub path: String,
    /// Which record of the file.
    pub part: String,
    /// Its title, or the beginning of its first sentence.
    pub title: String,
    /// Its date, when it has one.
    pub dct: Option<DateInterval>,
    /// Score; comparable within one answer only.
    pub score: f32,
    /// The passage that shows best why it was found, on one line.
    pub snippet: String,
    /// Byte ranges of the words found, in `snippet`.
    pub matches: Vec<Range<usize>>,
    /// Line of the file on which the first word found stands.
    pub line: u32,
    /// Whether the passage begins inside a sentence, and whether it ends inside one.
    pub cut: (bool, bool),
    /// Where the passage stands in the canonical text.
    pub span: Option<Span>,
    /// Where the passage stands in the file, when the text stands in it byte for byte.
    pub file_span: Option<(u64, u64)>,
    /// Hash of the content.
    pub content: ContentHash,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// The page asked for, best first.
    pub hits: Vec<Hit>,
    /// How many documents there are in all.
    pub total: usize,
    /// What the user should know.
    pub notes: Vec<Note>,
}

/// Which documents answer a query, without their texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// What the index found.
    pub found: Found,
    /// How it was asked in the end.
    pub planned: Planned,
}

/// Answers a query.
///
/// # Errors
/// [`SearchError`]: the query makes no sense, or index, texts or names cannot be read.
pub fn search(query: &Query, options: &SearchOptions, sources: Sources<'_>) -> Result<Hits, SearchError> {
    let Matched { found, planned } = find(query, options, sources)?;
    let mut matcher = Matcher::new(&planned.words);
    let mut hits = Vec::with_capacity(found.hits.len());
    for hit in &found.hits {
        let article = sources.texts.article(hit.document, hit.revision).map_err(SearchError::Text)?;
        hits.extend(article.map(|article| shown(hit, &article, &mut matcher)));
    }
    Ok(Hits { hits, total: found.total, notes: planned.notes })
}

/// Finds the documents that answer a query: with all words, or else the best partial matches.
///
/// # Errors
/// As [`search`].
pub fn find(query: &Query, options: &SearchOptions, sources: Sources<'_>) -> Result<Matched, SearchError> {
    let mut planned = plan(query, options, sources.context)?;
    if options.expand {
        crate::expand::expand(&mut planned, sources)?;
    }
    let mut found = run(&planned, sources.index)?;
    let may_relax = options.matching == Match::All && !options.strict;
    if found.total == 0 && may_relax && planned.ranked {
        let relaxed = SearchOptions { matching: Match::Any, ..options.clone() };
        let mut partial = plan(query, &relaxed, sources.context)?;
        if partial.plan.node != planned.plan.node {
            let partial_found = run(&partial, sources.index)?;
            if partial_found.total > 0 {
                partial.notes.insert(0, Note::Partial);
                (planned, found) = (partial, partial_found);
            }
        }
    }
    if found.undated_left_out > 0 {
        planned.notes.push(Note::UndatedLeftOut { documents: found.undated_left_out });
    }
    Ok(Matched { found, planned })
}

pub(crate) fn run(planned: &Planned, index: &Searching) -> Result<Found, SearchError> {
    index.search(&planned.plan).map_err(|error| SearchError::Index(Box::new(error)))
}

fn shown(hit: &FoundHit, article: &Article, matcher: &mut Matcher) -> Hit {
    let snippet = snippet(article, matcher);
    let at = snippet.first_match.or(snippet.span).map_or(0, |span| span.start);
    Hit {
        document: hit.document,
        revision: hit.revision,
        path: article.path.display(),
        part: article.part.clone(),
        title: headline(article),
        dct: hit.written,
        score: hit.score,
        line: article.line(at),
        span: snippet.span,
        file_span: snippet.span.and_then(|span| article.in_file(span)),
        cut: (snippet.cut_before, snippet.cut_after),
        snippet: snippet.text,
        matches: snippet.matches,
        content: article.content,
    }
}
