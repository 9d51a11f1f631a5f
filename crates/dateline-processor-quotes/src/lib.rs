//! Finds quotations in English articles and who said them. Quotes inside quotes, and what is only retold, are not found.
//!
//! Where to start: [`Quotes`] does the work, [`QuotesConfig`] holds its options, [`QuoteLayer`] is what it gives. This crate
//! is a third party's in all but its place: it knows the contract, the standard layers and nothing else of dateline.

mod attribute;
mod config;
mod layer;
mod marks;
mod processor;
mod resolve;
mod speakers;
mod verbs;

pub use config::QuotesConfig;
pub use layer::{Quote, QuoteKind, QuoteLayer, Speaker};
pub use processor::Quotes;
