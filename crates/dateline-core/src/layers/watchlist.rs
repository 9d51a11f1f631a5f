//! Layer `watchlist`: where a name of a watchlist stands in the text. Says nothing about who is meant.

use crate::layers::EntityType;
use crate::span::Placed;
use crate::{Layer, LayerCheck, Span};
use serde::{Deserialize, Serialize};

/// Matches in text order, the longest at each place, never overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WatchlistLayer(#[serde(with = "crate::span::in_order")] pub Vec<WatchMatch>);

/// One match of a watchlist name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchMatch {
    /// Where it stands.
    pub span: Span,
    /// Watchlist ids that have this name, sorted; more than one when the name is shared.
    pub ids: Vec<String>,
    /// Their type.
    pub kind: EntityType,
    /// Preferred name of the first id.
    pub name: String,
}

impl Placed for WatchMatch {
    fn place(&mut self) -> &mut Span {
        &mut self.span
    }
}

impl Layer for WatchlistLayer {
    const NAME: &'static str = "watchlist";
    const SCHEMA: u32 = 2;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().map(|found| found.span), text)
    }
}
