//! Tells the language of texts that declare none, where that is certain. Says nothing about single sentences, and does not
//! doubt what a source declares.
//!
//! Where to start: [`Language`] does the work, [`LanguageConfig`] holds its options; the layer is
//! [`LanguageLayer`](dateline_processor::core::layers::LanguageLayer).

mod config;
mod processor;
mod tags;

pub use config::LanguageConfig;
pub use processor::Language;
