//! The standard layers, known to every processor. Third parties add their own beside them.

mod dct;
mod entity;
mod language;
mod sentence;
mod timex;
mod watchlist;

pub use dct::{Candidate, Dct, DctLayer, DctRole};
pub use entity::{Entity, EntityLayer, EntityType, Mention};
pub use language::{Language, LanguageBasis, LanguageLayer};
pub use sentence::SentenceLayer;
pub use timex::{Timex, TimexLayer, TimexType};
pub use watchlist::{WatchMatch, WatchlistLayer};
