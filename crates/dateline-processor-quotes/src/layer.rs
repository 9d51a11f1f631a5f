//! Layer `org.dateline.quote`: what stands between quotation marks and was said by somebody.

use dateline_processor::core::{Layer, LayerCheck, Span};
use serde::{Deserialize, Serialize};

/// Quotations in text order, never overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuoteLayer(pub Vec<Quote>);

/// How a quotation stands in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuoteKind {
    /// Speech of its own: `"We won," she said.`
    Direct,
    /// Words taken into the article's sentence: `She called it "a farce".`
    Mixed,
}

impl QuoteKind {
    /// `direct` or `mixed`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            QuoteKind::Direct => "direct",
            QuoteKind::Mixed => "mixed",
        }
    }
}

/// One stretch between quotation marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Where it stands, marks included.
    pub span: Span,
    /// How it stands in its sentence.
    pub kind: QuoteKind,
    /// Number from 1 of what was said in one go: `"We won," she said. "At last."` is one, in two stretches.
    pub utterance: u32,
    /// Who said it, where that can be told.
    pub speaker: Option<Speaker>,
    /// The verb or words that say so: `said`, `according to`.
    pub cue: Option<Span>,
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// The words for the speaker nearest to the quotation: a name, a pronoun, `the minister`.
    pub span: Span,
    /// The document's entity, by its position in the `entity` layer; `None` when the words name none.
    pub entity: Option<u32>,
    /// The entity's fullest name, else the words.
    pub name: String,
    /// The entity's watchlist id, when it is on one.
    pub reference: Option<String>,
}

impl Layer for QuoteLayer {
    const NAME: &'static str = "org.dateline.quote";
    const SCHEMA: u32 = 1;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().map(|quote| quote.span), text)?;
        let others = |quote: &Quote| [quote.cue, quote.speaker.as_ref().map(|speaker| speaker.span)];
        self.0.iter().flat_map(others).flatten().try_for_each(|span| span.check(text))
    }
}
