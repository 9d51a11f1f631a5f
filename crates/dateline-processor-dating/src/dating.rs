//! The annotator: document date first, temporal expressions second.

use crate::config::{DatingConfig, NumericOrder};
use crate::dct::{self, DateReader, Evidence};
use crate::events::Events;
use crate::timex::{self, Anchor, Language, Undated};
use dateline_processor::core::Span;
use dateline_processor::core::layers::{DctLayer, Timex, TimexLayer};
use dateline_processor::core::{Diagnostic, DocumentInput, keys};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};

/// Raised whenever the same document may get other dates.
const CODE_VERSION: u32 = 10;

/// Finds the document date and the temporal expressions.
pub struct Dating {
    descriptor: Descriptor,
    config: DatingConfig,
    language: Language,
    reader: DateReader,
    events: Events,
}

/// How the value of a temporal expression came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimexExplanation {
    /// The expression, with its rule and anchor.
    pub timex: Timex,
    /// What was read and counted, in order; for people.
    pub steps: Vec<String>,
}

impl Dating {
    /// What the expressions are resolved against.
    fn anchor(&self, layer: &DctLayer, evidence: &Evidence<'_>) -> Anchor {
        let language = evidence.metadata.get(keys::LANGUAGE).and_then(|language| self.reader.order_of(language));
        Anchor {
            dct: layer.dct.as_ref().map(|dct| dct.interval),
            time: layer.dct.as_ref().and_then(|dct| dct.time),
            genre: evidence.hints.genre,
            day_first: language.unwrap_or(self.config.numeric_order) == NumericOrder::DayFirst,
        }
    }

    /// The document date alone, with its candidates, as [`Annotator::annotate`] finds it; no expressions are sought, and
    /// so no bounds of an undated text.
    #[must_use]
    pub fn document_date(&self, input: &DocumentInput) -> DctLayer {
        dct::weigh(&Evidence::of(input), &self.reader, &self.config).0
    }

    /// Why the temporal expressions that touch `span` have their values, in text order.
    #[must_use]
    pub fn explain_span(&self, input: &DocumentInput, span: Span) -> Vec<TimexExplanation> {
        let (document, evidence) = (&input.document, Evidence::of(input));
        let (layer, _) = dct::weigh(&evidence, &self.reader, &self.config);
        let anchor = self.anchor(&layer, &evidence);
        let tagged = timex::tag(&self.language, &document.text, &document.marks, &anchor, true);
        let touching = tagged.into_iter().filter(|tagged| tagged.timex.span.overlaps(span));
        touching.map(|tagged| TimexExplanation { timex: tagged.timex, steps: tagged.steps }).collect()
    }
}

impl Annotator for Dating {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let (text, marks) = (document.text()?, document.marks()?);
        let evidence = Evidence {
            text,
            marks,
            metadata: document.metadata()?,
            source: document.source()?,
            hints: document.hints()?,
        };
        let (mut layer, diagnostics) = dct::weigh(&evidence, &self.reader, &self.config);
        document.tick()?;
        let anchor = self.anchor(&layer, &evidence);
        if layer.dct.is_none() {
            let undated = Undated::read(&self.language, text, marks, &anchor);
            dct::bound(&mut layer, &evidence, &undated, &self.events);
            document.tick()?;
        }
        let tagged = timex::tag(&self.language, text, marks, &anchor, false);
        for tagged in tagged.iter().filter(|tagged| tagged.ambiguous) {
            let message = format!("read as {}, but day and month may be the other way round", tagged.timex.value);
            output.diagnostic(Diagnostic::new("ambiguous-date", message).at(tagged.timex.span));
        }
        output.assign(layer)?;
        output.assign(TimexLayer(tagged.into_iter().map(|tagged| tagged.timex).collect()))?;
        diagnostics.into_iter().for_each(|diagnostic| output.diagnostic(diagnostic));
        Ok(())
    }
}

impl BuildAnnotator for Dating {
    type Config = DatingConfig;

    fn build(config: DatingConfig, resources: &Resources) -> Result<Dating, BuildError> {
        let language =
            Language::english().map_err(|source| BuildError::new("the rules do not compile").because(source))?;
        let reader =
            DateReader::load().map_err(|source| BuildError::new("the names of months do not read").because(source))?;
        let about = "document date and temporal expressions (TIMEX3)";
        let descriptor = Input::ALL
            .into_iter()
            .fold(Descriptor::new(DatingConfig::SECTION, CODE_VERSION, about), Descriptor::reads)
            .assigns::<DctLayer>()
            .assigns::<TimexLayer>();
        let events = Events::read(resources)?;
        Ok(Dating { descriptor, config, language, reader, events })
    }
}
