//! Layer `language`: what a text is written in.

use crate::{Layer, LayerCheck};
use serde::{Deserialize, Serialize};

/// The language of a document; `None` where it declares none and its text is too short or too mixed to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LanguageLayer(pub Option<Language>);

/// A language, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// BCP 47 tag: as declared, or `en`, `uk` where detected.
    pub tag: String,
    /// How it is known.
    pub basis: LanguageBasis,
}

/// How a language is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageBasis {
    /// The source says so.
    Declared,
    /// The letters of the text say so.
    Detected,
}

impl LanguageBasis {
    /// `declared` or `detected`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LanguageBasis::Declared => "declared",
            LanguageBasis::Detected => "detected",
        }
    }
}

impl Layer for LanguageLayer {
    const NAME: &'static str = "language";
    const SCHEMA: u32 = 1;

    fn check(&self, _text: &str) -> LayerCheck {
        Ok(())
    }
}
