//! From the text of a query to hits: [`parse`] reads it, [`plan`] decides what is asked of the index, [`search`] answers.
//!
//! Two clocks, never mixed: `as_of` looks at when documents were written, `known_at` at when they had been ingested.
//! This crate opens no store and no socket; texts and names come through [`Texts`] and [`Aliases`].

mod conflict;
mod context;
mod error;
mod expand;
mod figure;
mod note;
mod parse;
pub mod passage;
mod plan;
mod query;
mod search;
mod similar;
mod snippet;
mod statement;
mod stop;
mod story;
mod timeline;
mod toll;
mod vocabulary;
mod who;

pub use conflict::{Conflict, ConflictKind, Conflicts, STATEMENTS_MAX, Side};
pub use context::{Aliases, Article, FacetDeclaration, KnownEntity, NoAliases, OutsideError, Texts, Told, names_like};
pub use dateline_processor_index::{Order, Scoring, Searching};
pub use error::{QueryError, SearchError, nearest};
pub use expand::{FEEDBACK, Feedback, expand_with};
pub use note::Note;
pub use parse::{QUERY_BYTES_MAX, parse};
pub use plan::{Context, Match, Planned, SearchOptions, plan};
pub use query::{Clause, ClauseKind, EntityField, FIELDS, Form, OtherField, Query, Terms, WordField};
pub use search::{Hit, Hits, Matched, Sources, find, search};
pub use similar::{COPY_SIMILARITY, REWRITE_CLOSENESS, Relation, Similar, similar};
pub use snippet::{Matcher, SNIPPET_BYTES, Snippet, beginning, headline, headline_of, snippet};
pub use timeline::{Step, TimelineEntry, TimelineOptions, timeline};
pub use who::{Counted, who};
