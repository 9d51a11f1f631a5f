//! A tiny annotator for doc examples and this crate's own tests: it marks words written in capitals. Nobody's processor.

use dateline_pipeline::processor::core::{FacetKind, FacetValue, Layer, LayerCheck, Span};
use dateline_pipeline::processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources, schemars,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words in capitals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShoutLayer(pub Vec<Span>);

impl Layer for ShoutLayer {
    const NAME: &'static str = "shout";
    const SCHEMA: u32 = 1;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().copied(), text)
    }
}

/// Options of [`Shouting`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "dateline_pipeline::processor::schemars")]
pub struct ShoutingConfig {
    /// Shortest word that counts, in characters.
    pub word_length: usize,
}

impl Default for ShoutingConfig {
    fn default() -> ShoutingConfig {
        ShoutingConfig { word_length: 4 }
    }
}

impl ProcessorConfig for ShoutingConfig {
    const SECTION: &'static str = "shouting";
}

/// Marks words in capitals.
#[derive(Debug)]
pub struct Shouting {
    descriptor: Descriptor,
    config: ShoutingConfig,
}

impl Default for Shouting {
    fn default() -> Shouting {
        let descriptor = Descriptor::new("shouting", 1, "words in capitals")
            .reads(Input::Text)
            .assigns::<ShoutLayer>()
            .facet("shouted", FacetKind::Integer, "number of words in capitals");
        Shouting { descriptor, config: ShoutingConfig::default() }
    }
}

impl Annotator for Shouting {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        let mut found = Vec::new();
        for word in text.split(|letter: char| !letter.is_alphabetic()) {
            document.tick()?;
            let loud = !word.chars().any(char::is_lowercase) && word.chars().count() >= self.config.word_length;
            if loud {
                let start = word.as_ptr() as usize - text.as_ptr() as usize;
                found.push(Span::new(start, start + word.len()));
            }
        }
        output.facet("shouted", FacetValue::Integer(i64::try_from(found.len()).unwrap_or(i64::MAX)))?;
        output.assign(ShoutLayer(found))
    }
}

impl BuildAnnotator for Shouting {
    type Config = ShoutingConfig;

    fn build(config: ShoutingConfig, _resources: &Resources) -> Result<Shouting, BuildError> {
        if config.word_length == 0 {
            return Err(BuildError::new("`word-length` is 0"));
        }
        Ok(Shouting { config, ..Shouting::default() })
    }
}
