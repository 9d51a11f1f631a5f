//! What processing leaves behind, in the form the store keeps: opaque layer bytes, facets, outcomes, diagnostics.

use crate::{ContentHash, Date, Span};
use serde::{Deserialize, Serialize};

/// One layer as stored: opaque bytes with their name, schema and hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// Name of the layer.
    pub name: String,
    /// Schema number the bytes were written with.
    pub schema: u32,
    /// Hash of name, schema and bytes.
    pub hash: ContentHash,
    /// bincode form.
    pub bytes: Vec<u8>,
}

impl LayerRecord {
    /// A record whose hash covers name, schema and bytes.
    #[must_use]
    pub fn new(name: impl Into<String>, schema: u32, bytes: Vec<u8>) -> LayerRecord {
        let name = name.into();
        let hash = ContentHash::of_fields([name.as_bytes(), &schema.to_le_bytes(), &bytes]);
        LayerRecord { name, schema, hash, bytes }
    }
}

/// A searchable (field, value) pair an annotator emits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facet {
    /// Declared name of the facet.
    pub name: String,
    /// Its value.
    pub value: FacetValue,
}

/// Type of a facet, declared in a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FacetKind {
    /// Matched whole, case-folded.
    Keyword,
    /// A whole number; ranges work.
    Integer,
    /// A number; ranges work.
    Number,
    /// A civil date; ranges work.
    Date,
}

/// Value of a facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FacetValue {
    /// Matched whole, case-folded.
    Keyword(String),
    /// A whole number.
    Integer(i64),
    /// A number; never NaN.
    Number(f64),
    /// A civil date.
    Date(Date),
}

impl FacetValue {
    /// The type of this value.
    #[must_use]
    pub fn kind(&self) -> FacetKind {
        match self {
            FacetValue::Keyword(_) => FacetKind::Keyword,
            FacetValue::Integer(_) => FacetKind::Integer,
            FacetValue::Number(_) => FacetKind::Number,
            FacetValue::Date(_) => FacetKind::Date,
        }
    }
}

/// Hash over everything a processor's output depends on; the same key means the same output. The first half of a BLAKE3
/// hash: 128 bits tell one version from the next, and every document keeps one for each processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StalenessKey(pub [u8; 16]);

impl StalenessKey {
    /// The key of what an output depends on.
    #[must_use]
    pub fn of(bytes: &[u8]) -> StalenessKey {
        let mut start = [0; 16];
        start.copy_from_slice(&ContentHash::of(bytes).0[..16]);
        StalenessKey(start)
    }
}

/// Something odd in an article: reported, never an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Short stable code, kebab-case: `future-date`, `bad-encoding`.
    pub code: String,
    /// One lower-case sentence fragment for people.
    pub message: String,
    /// Where, when it has a place.
    pub span: Option<Span>,
}

impl Diagnostic {
    /// A diagnostic without a place.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code: code.into(), message: message.into(), span: None }
    }

    /// The same with a place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Diagnostic {
        self.span = Some(span);
        self
    }
}

/// How a processor fared on one document, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Name of the processor.
    pub processor: String,
    /// Its code version then.
    pub version: u32,
    /// What the output depended on.
    pub key: StalenessKey,
    /// Short hashes of what went into `key`, in the engine's order: they say which part changed. Empty when unknown.
    pub parts: Vec<u32>,
    /// What came of it.
    pub state: OutcomeState,
    /// What was odd.
    pub diagnostics: Vec<Diagnostic>,
}

/// What came of running a processor on a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeState {
    /// Ran to its end.
    Done,
    /// Did not: it erred, panicked, ran out of time or broke the contract.
    Failed {
        /// Why, for people.
        reason: String,
    },
    /// Not run, because a layer it requires is missing.
    Skipped {
        /// The missing layer.
        missing: String,
    },
}
