//! A whole annotator in one file, and what an engine does with it for one document: no store, no chain, no files.
//!
//! `cargo run -p dateline-processor --example word_count "Both sides agreed. Talks resume on Monday."`

use dateline_processor::core::{Diagnostic, Document, DocumentInput, FacetKind, FacetValue, Layer, LayerCheck, Span};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, LayerSource, LayerValue, NoDeadline,
    Output, ProcessError, ProcessorConfig, Resources,
};
use serde::{Deserialize, Serialize};

/// Code version: raise it whenever the same text and options may give another output.
const VERSION: u32 = 1;

/// Options of `[processor.word-count]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
struct WordCountConfig {
    /// Words of fewer letters are not counted.
    letters_min: u32,
}

impl Default for WordCountConfig {
    fn default() -> WordCountConfig {
        WordCountConfig { letters_min: 1 }
    }
}

impl ProcessorConfig for WordCountConfig {
    const SECTION: &'static str = "word-count";
}

/// The counted words in text order. A list, not a hash map: the same layer must always be the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct WordCountLayer {
    words: Vec<Span>,
}

impl Layer for WordCountLayer {
    const NAME: &'static str = "org.example.word-count";
    const SCHEMA: u32 = 1;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.words.iter().copied(), text)
    }
}

/// Counts words.
struct WordCount {
    descriptor: Descriptor,
    config: WordCountConfig,
}

impl BuildAnnotator for WordCount {
    type Config = WordCountConfig;

    fn build(config: WordCountConfig, _resources: &Resources) -> Result<WordCount, BuildError> {
        if config.letters_min == 0 {
            return Err(BuildError::new("`letters-min` is 0; a word has at least one letter"));
        }
        let descriptor = Descriptor::new(WordCountConfig::SECTION, VERSION, "words, and how many there are")
            .reads(Input::Text)
            .assigns::<WordCountLayer>()
            .facet("words", FacetKind::Integer, "number of words");
        Ok(WordCount { descriptor, config })
    }
}

impl Annotator for WordCount {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let mut words = Vec::new();
        let mut start = 0;
        for piece in document.text()?.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
            document.tick()?;
            let word = piece.trim_end_matches(|letter: char| !letter.is_alphanumeric());
            if !word.is_empty() && word.chars().count() >= self.config.letters_min as usize {
                words.push(Span::new(start, start + word.len()));
            }
            start += piece.len();
        }
        if words.is_empty() {
            // An article without a word is odd, but no error.
            output.diagnostic(Diagnostic::new("no-words", "the text has no word that counts"));
        }
        output.facet("words", FacetValue::Integer(i64::try_from(words.len()).unwrap_or(i64::MAX)))?;
        output.assign(WordCountLayer { words })
    }
}

/// No layer of anybody else: this annotator requires none.
struct NoLayers;

impl LayerSource for NoLayers {
    fn layer(&self, _name: &str) -> Option<&LayerValue> {
        None
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "Kyiv, 5 April: both sides agreed.".to_owned());
    let annotator = WordCount::build(WordCountConfig::default(), &Resources::default())?;
    let input = DocumentInput { document: Document { text, ..Document::default() }, ..DocumentInput::default() };

    let view = DocumentView::new(annotator.descriptor(), &input, &NoLayers, &NoDeadline);
    let mut output = Output::new(annotator.descriptor(), &input.document.text);
    annotator.annotate(&view, &mut output)?;
    // Rules that were broken count even when the annotator swallowed the error.
    if let Some(broken) = view.violation().or_else(|| output.violation()) {
        return Err(broken.into());
    }

    let parts = output.into_parts();
    for (record, value) in &parts.layers {
        let spec = annotator.descriptor().assigned().iter().find(|spec| spec.name() == record.name);
        let json = spec.map(|spec| spec.to_json(&**value)).transpose()?;
        println!("{}: {} bytes, {}", record.name, record.bytes.len(), json.unwrap_or_default());
    }
    for facet in &parts.facets {
        println!("{}: {:?}", facet.name, facet.value);
    }
    for diagnostic in &parts.diagnostics {
        println!("{}: {}", diagnostic.code, diagnostic.message);
    }
    Ok(())
}
