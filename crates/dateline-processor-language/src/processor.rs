//! The annotator: what is declared, else what the text tells.

use crate::LanguageConfig;
use crate::tags::{is_tag, tag};
use dateline_processor::core::keys;
use dateline_processor::core::layers::{Language as Found, LanguageBasis, LanguageLayer};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};

/// Code version: raise it whenever the same text and options may give another output.
const VERSION: u32 = 1;
/// Letters without which nothing is told.
const LETTERS_MIN: usize = 100;
/// A text with fewer letters for each digit is a table, whose abbreviations are no words of a language.
const LETTERS_PER_DIGIT_MIN: usize = 8;
/// Bytes of the text that are read: the beginning tells.
const READ_BYTES_MAX: usize = 4_096;

/// The annotator `language`.
#[derive(Debug)]
pub struct Language {
    descriptor: Descriptor,
}

impl BuildAnnotator for Language {
    type Config = LanguageConfig;

    fn build(_config: LanguageConfig, _resources: &Resources) -> Result<Language, BuildError> {
        let about = "Tells the language of texts that declare none";
        let descriptor = Descriptor::new(LanguageConfig::SECTION, VERSION, about)
            .reads(Input::Text)
            .reads(Input::Metadata)
            .assigns::<LanguageLayer>();
        Ok(Language { descriptor })
    }
}

impl Annotator for Language {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let declared = document.metadata()?.all(keys::LANGUAGE).find(|declared| is_tag(declared));
        let found = match declared {
            Some(tag) => Some(Found { tag: tag.to_owned(), basis: LanguageBasis::Declared }),
            None => {
                let marks = document.marks()?;
                let prose = marks.iter().map(|mark| mark.span.end as usize).max().unwrap_or(0);
                let text = document.text()?.get(prose..).unwrap_or_default();
                detect(text).map(|tag| Found { tag: tag.to_owned(), basis: LanguageBasis::Detected })
            }
        };
        output.assign(LanguageLayer(found))
    }
}

/// The language of a text; `None` when it is short, or reads like two languages alike.
fn detect(text: &str) -> Option<&'static str> {
    let end = (0..=READ_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let text = &text[..end.unwrap_or_default()];
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    let digits = text.chars().filter(|letter| letter.is_numeric()).count();
    if letters < LETTERS_MIN || digits * LETTERS_PER_DIGIT_MIN > letters {
        return None;
    }
    let info = whatlang::detect(text)?;
    tag(info.lang()).filter(|_| info.is_reliable())
}
