//! What a search asks of the index, as plain data: no query syntax above, no tantivy below.

use dateline_processor::core::{Date, DateInterval, DocumentId, FacetKind, FacetValue, Timestamp};

/// A field that holds words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Title and text. The only field whose words are ranked with their stems and the title's extra weight.
    Text,
    /// Title.
    Title,
    /// Source path, parted into words.
    Path,
    /// Agency, paper or site.
    Source,
    /// Names of persons.
    Person,
    /// Names of organisations.
    Org,
    /// Names of places.
    Place,
    /// Other names: nationalities, events, works.
    Misc,
}

impl Field {
    /// The four fields of names.
    pub const NAMES: [Field; 4] = [Field::Person, Field::Org, Field::Place, Field::Misc];
}

/// Which words of a field are meant. Words are folded by the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// The word in every inflection.
    Stem(String),
    /// The word as written.
    Exact(String),
    /// All words that start so.
    Prefix(String),
    /// All words that differ in at most one letter, from eight letters on in two.
    Fuzzy(String),
}

impl Word {
    /// The word as the user wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Word::Stem(text) | Word::Exact(text) | Word::Prefix(text) | Word::Fuzzy(text) => text,
        }
    }
}

/// A condition on a facet's value.
#[derive(Clone, Debug, PartialEq)]
pub enum FacetTest {
    /// Equal to it.
    Is(FacetValue),
    /// Between both, the bounds included; an open side has none. Not for keywords.
    Between(Option<FacetValue>, Option<FacetValue>),
    /// Any value of this type.
    Any(FacetKind),
}

/// A condition on documents, and what it adds to their score.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Every document.
    Everything,
    /// No document.
    Nothing,
    /// A word; scored by BM25.
    Word(Field, Word),
    /// Words in this order, nothing between them; scored as one rare word.
    Phrase(Field, Vec<Word>),
    /// Words in any order with at most so many others between them; scored as one rare word.
    Near(Field, Vec<Word>, u32),
    /// The entity with this watchlist id.
    Reference(String),
    /// Language by its tag: `en` finds `en-GB` too.
    Language(String),
    /// File extension.
    Extension(String),
    /// A facet.
    Facet(String, FacetTest),
    /// Written in this interval: the document's date may fall into it. Undated documents never match.
    Written(DateInterval),
    /// Speaks of this interval: has a time expression that lies in it, or overlaps it while being no longer than it or a week.
    Mentions(DateInterval),
    /// Just this document.
    Document(DocumentId),
    /// Texts much like this one, which need be none of the index: that share at least so many of the numbers of its
    /// sketch, at most [`crate::SKETCH_NUMBERS`]. The score is how many they share.
    Like(String, usize),
    /// All of them; scores add up.
    And(Vec<Node>),
    /// At least one; scores add up.
    Or(Vec<Node>),
    /// At least one; the best score counts.
    Best(Vec<Node>),
    /// The first, or one of its other spellings; the best score counts. Scores of the others are multiplied by the
    /// weight, and being rarer than the first does not lift them.
    Spellings(Box<Node>, Vec<Node>, f32),
    /// Not this. Adds no score.
    Not(Box<Node>),
    /// The score is multiplied; 0 makes a mere filter of it.
    Weighted(Box<Node>, f32),
}

/// Which revisions of documents are seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Those current now.
    #[default]
    Current,
    /// Those current at this time, of documents deleted since too.
    KnownAt(Timestamp),
    /// All revisions ever seen.
    Ever,
}

/// What limits a search beside its condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Which revisions are seen.
    pub clock: Clock,
    /// Only documents certainly written and last changed by this day.
    pub as_of: Option<Date>,
    /// With `as_of`: undated documents too.
    pub undated: bool,
}

/// Order of the documents found. Equal ones are ordered by document id and revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Best score first.
    #[default]
    Score,
    /// Latest document date first, undated ones last.
    Newest,
    /// Earliest document date first, undated ones last.
    Oldest,
    /// By document id, as they came in: the order in which all of many are read page by page.
    Arrival,
}

/// How scores are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scoring {
    /// BM25: how soon more occurrences stop to matter.
    pub k1: f32,
    /// BM25: how much long texts are discounted, 0 to 1.
    pub b: f32,
    /// What an occurrence in the title counts beside the one it is in the text.
    pub title: f32,
    /// Weight of nearness; 0 turns it off.
    pub nearness: f32,
}

impl Default for Scoring {
    fn default() -> Scoring {
        Scoring { k1: 1.2, b: 0.75, title: 2.0, nearness: 0.4 }
    }
}

/// A search.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The condition.
    pub node: Node,
    /// What limits it.
    pub filter: Filter,
    /// Order of the documents found.
    pub order: Order,
    /// Words whose nearness to each other raises the score.
    pub near: Vec<Word>,
    /// How scores are made.
    pub scoring: Scoring,
    /// Only documents with a greater id are returned; all are counted. For pages in the order of [`Order::Arrival`], which
    /// neither miss nor repeat any while documents come in, and cost no more memory than one page.
    pub after: Option<DocumentId>,
    /// How many documents are passed over.
    pub offset: usize,
    /// How many documents are returned at most.
    pub limit: usize,
}

impl Plan {
    /// A search for current documents with default scoring.
    #[must_use]
    pub fn new(node: Node, limit: usize) -> Plan {
        Plan {
            node,
            filter: Filter::default(),
            order: Order::default(),
            near: Vec::new(),
            scoring: Scoring::default(),
            after: None,
            offset: 0,
            limit,
        }
    }
}
