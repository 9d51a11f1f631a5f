//! Layer `sentence`: where sentences stand.

use crate::{Layer, LayerCheck, Span};
use serde::{Deserialize, Serialize};

/// Sentences in text order, never overlapping; blanks and marks between them belong to none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SentenceLayer(#[serde(with = "crate::span::in_order")] pub Vec<Span>);

impl Layer for SentenceLayer {
    const NAME: &'static str = "sentence";
    const SCHEMA: u32 = 2;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().copied(), text)
    }
}
