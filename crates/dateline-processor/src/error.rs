//! What can go wrong in a processor: while it is built, while it annotates, while it indexes.

use dateline_core::SpanError;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an annotator could not do its work on one document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It asked for a layer its descriptor does not require.
    #[error("layer `{0}` was read but is not declared")]
    UndeclaredRead(String),
    /// It assigned a layer its descriptor does not name.
    #[error("layer `{0}` was assigned but is not declared")]
    UndeclaredWrite(String),
    /// It emitted a facet its descriptor does not name, or of another type.
    #[error("facet `{0}` is not declared with that type")]
    UndeclaredFacet(String),
    /// It assigned a layer twice.
    #[error("layer `{0}` was assigned twice")]
    AssignedTwice(String),
    /// A required layer is of another type than declared.
    #[error("layer `{0}` has another type or schema than asked for")]
    WrongType(String),
    /// A layer's spans do not fit the text.
    #[error("layer `{layer}` does not fit the text")]
    BadSpans {
        /// The layer.
        layer: String,
        /// The rule it breaks.
        #[source]
        source: SpanError,
    },
    /// It gave more than its limits allow.
    #[error("output exceeds the limit of {limit} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// Its time is over.
    #[error("time limit exceeded")]
    TimedOut,
    /// A layer could not be encoded.
    #[error("layer `{layer}` could not be encoded")]
    Encode {
        /// The layer.
        layer: String,
        /// Why.
        #[source]
        source: crate::CodecError,
    },
    /// Its own reason.
    #[error("{reason}")]
    Other {
        /// One lower-case fragment.
        reason: String,
        /// The cause.
        #[source]
        source: Option<Source>,
    },
}

impl ProcessError {
    /// A reason of the processor's own.
    #[must_use]
    pub fn other(reason: impl Into<String>) -> ProcessError {
        ProcessError::Other { reason: reason.into(), source: None }
    }
}

/// Why a processor could not be built.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct BuildError {
    /// One lower-case fragment that names the option or file in backquotes.
    pub reason: String,
    /// The cause.
    #[source]
    pub source: Option<Source>,
}

impl BuildError {
    /// An error without a cause.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> BuildError {
        BuildError { reason: reason.into(), source: None }
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> BuildError {
        self.source = Some(source.into());
        self
    }
}

/// Why an indexer could not apply or answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The question makes no sense to this indexer.
    #[error("{reason}")]
    BadQuestion {
        /// What was expected.
        reason: String,
    },
    /// The index is damaged and wants a rebuild.
    #[error("index is damaged: {reason}")]
    Damaged {
        /// What was found.
        reason: String,
    },
    /// More than a table takes under one key.
    #[error("{what} has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// `key` or `value`.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// What is taken.
        limit: usize,
    },
    /// Its storage failed.
    #[error("index could not be {doing}")]
    Storage {
        /// What it was doing: `read`, `written`, `opened`.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Source,
    },
}
