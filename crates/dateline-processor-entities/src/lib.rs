//! Who, what and where: sentences, watchlists, tagging, in-document resolution, and the registry across documents.
//!
//! Annotators [`Sentences`], [`Watchlist`] and [`Entities`], and the indexer [`Registry`]. In suggested reading order:
//! [`token`], [`name`], `sentence`, `watchlist`, [`tagger`], [`resolve`], `entities`, `registry`.

mod entities;
pub mod name;
mod registry;
pub mod resolve;
mod sentence;
pub mod tagger;
pub mod token;
mod watchlist;

pub use entities::{Entities, EntitiesConfig};
pub use registry::{Registry, RegistryConfig};
pub use sentence::{Sentences, SentencesConfig, split as split_sentences};
pub use watchlist::{Watchlist, WatchlistConfig};
