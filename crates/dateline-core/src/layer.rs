//! What a layer is: a named, versioned, serialisable set of stand-off annotations. Codecs live with the contract.

use crate::SpanError;
use serde::{Serialize, de::DeserializeOwned};

/// Result of checking a layer against its text.
pub type LayerCheck = Result<(), SpanError>;

/// A named, typed set of stand-off annotations over one document.
///
/// Encoded bytes must be deterministic: no hash maps. Raise [`Layer::SCHEMA`] whenever the encoded form changes.
pub trait Layer: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Singular noun (`timex`), or reverse-DNS name for third parties (`org.example.tone`).
    const NAME: &'static str;
    /// Number of the encoded form, from 1.
    const SCHEMA: u32;

    /// Checks that every span fits `text`, sorted and without overlap.
    ///
    /// # Errors
    /// The first span that breaks a rule.
    fn check(&self, text: &str) -> LayerCheck;
}
