//! What a query says, as a tree with the places of its parts. Says nothing of how it is answered.

use dateline_core::DateInterval;
use std::ops::Range;

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub root: Clause,
}

/// A part of a query with its place: a byte range of the query text.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Where it stands.
    pub span: Range<usize>,
    /// What it says.
    pub kind: ClauseKind,
}

/// What a clause says.
#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    /// `*`: every document.
    Everything,
    /// Words in title or text.
    Terms(Terms),
    /// Words in a field of words.
    Field(WordField, Terms),
    /// `entity:` and its kin.
    Entity(EntityField, Terms),
    /// `date:`: written in this interval.
    Written(DateInterval),
    /// `mentions:`: speaks of this interval.
    Mentions(DateInterval),
    /// `lang:`.
    Language(String),
    /// `ext:`.
    Extension(String),
    /// A field that some processor may declare.
    Other(OtherField),
    /// All of them.
    All(Vec<Clause>),
    /// At least one.
    Any(Vec<Clause>),
    /// Not this.
    Not(Box<Clause>),
}

/// Fields that hold words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordField {
    /// `title:`.
    Title,
    /// `path:`.
    Path,
    /// `source:`.
    Source,
}

/// Fields that hold names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityField {
    /// `entity:`: of any type.
    Any,
    /// `person:`.
    Person,
    /// `org:`.
    Org,
    /// `place:`.
    Place,
}

/// Words that stand together in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// As written, without quotes and signs.
    pub text: String,
    /// Its words, folded.
    pub words: Vec<String>,
    /// How they are meant.
    pub form: Form,
}

/// How the words of a query are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Each in every inflection; several words are one compound (`long-term`).
    Plain,
    /// `"in quotes"`: as written, in this order. The last may be a prefix.
    Quoted {
        /// Whether the last word is the start of one.
        prefix: bool,
    },
    /// `"in quotes"~5`: as written, in any order, with at most so many others between them.
    Near(u32),
    /// `prefix*`.
    Prefix,
    /// `fuzzy~`.
    Fuzzy,
}

/// A field whose meaning depends on what the processors declare.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherField {
    /// Name of the field.
    pub name: String,
    /// Where the name stands.
    pub name_span: Range<usize>,
    /// The value as written, without quotes.
    pub value: String,
    /// Where the value stands.
    pub value_span: Range<usize>,
}

/// Fields that are always there, as the user writes them.
pub const FIELDS: [&str; 11] =
    ["title", "path", "source", "entity", "person", "org", "place", "date", "mentions", "lang", "ext"];
