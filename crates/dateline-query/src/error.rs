//! What can be wrong with a query or go wrong in answering it.

use dateline_processor_index::words::words;
use std::ops::Range;

/// A query that makes no sense, with the place, what was expected there, and a way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong, in lower case.
    pub message: String,
    /// Where: a byte range of the query text; empty at its end.
    pub span: Range<usize>,
    /// What was expected there.
    pub expected: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl QueryError {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>, expected: impl Into<String>) -> QueryError {
        QueryError { message: message.into(), span, expected: expected.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> QueryError {
        self.hint = Some(hint.into());
        self
    }

    /// The query with carets under the place, two lines. Columns are counted in characters.
    #[must_use]
    pub fn pointed(&self, query: &str) -> String {
        let shown = dateline_core::terminal::escape_line(query);
        // Escaping changes widths only in queries that nobody types; the caret then stands at the line's start.
        let start = if shown.len() == query.len() { self.span.start.min(query.len()) } else { 0 };
        let column = query.get(..start).map_or(0, |before| before.chars().count());
        let width = query.get(self.span.clone()).map_or(1, |at| at.chars().count().max(1));
        format!("{shown}\n{}{}", " ".repeat(column), "^".repeat(width))
    }
}

/// Why a search could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query makes no sense.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The index could not answer.
    #[error("index could not be searched")]
    Index(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A text could not be read.
    #[error("article could not be read")]
    Text(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Names could not be looked up.
    #[error("names could not be looked up")]
    Names(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The names nearest to a wrong one, best first, at most three; none when it is like none of them.
pub fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wrong = wrong.to_lowercase();
    // One letter is like too many names.
    if wrong.chars().count() < 2 {
        return Vec::new();
    }
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| {
            let near = strsim::jaro_winkler(&wrong, name);
            (if name.starts_with(&wrong) || wrong.starts_with(name) { near.max(0.9) } else { near }, name)
        })
        .filter(|(score, _)| *score >= 0.75)
        .collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Whether a text holds a word at all.
pub(crate) fn has_words(text: &str) -> bool {
    words(text).next().is_some()
}
