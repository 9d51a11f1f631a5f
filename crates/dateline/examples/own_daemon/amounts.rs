//! Annotator `amounts`: sums of money (`$3.5 million`, `€200`) with their value. No exchange rates, no words for numbers.

use dateline_processor::core::{FacetKind, FacetValue, Layer, LayerCheck, Span};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};
use serde::{Deserialize, Serialize};

/// Code version: raise it whenever the same text and options may give another output.
const VERSION: u32 = 1;
/// Longest number that is read, in bytes; longer runs of digits are no sums.
const DIGITS_MAX: usize = 24;

/// Options of `[processor.amounts]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub(crate) struct AmountsConfig {
    /// Signs of the currencies that are looked for, each one letter.
    pub signs: String,
}

impl Default for AmountsConfig {
    fn default() -> AmountsConfig {
        AmountsConfig { signs: "$€£¥".to_owned() }
    }
}

impl ProcessorConfig for AmountsConfig {
    const SECTION: &'static str = "amounts";
}

/// One sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    /// From the currency's sign to the last word that belongs to the number.
    pub span: Span,
    /// The currency's sign.
    pub sign: char,
    /// The value in whole units, rounded down.
    pub units: i64,
}

/// Sums in text order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AmountLayer(pub Vec<Amount>);

impl Layer for AmountLayer {
    const NAME: &'static str = "org.example.amount";
    const SCHEMA: u32 = 1;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().map(|amount| amount.span), text)
    }
}

/// The annotator.
#[derive(Debug)]
pub(crate) struct Amounts {
    descriptor: Descriptor,
    signs: Vec<char>,
}

impl BuildAnnotator for Amounts {
    type Config = AmountsConfig;

    fn build(config: AmountsConfig, _resources: &Resources) -> Result<Amounts, BuildError> {
        if config.signs.chars().any(|sign| sign.is_alphanumeric() || sign.is_whitespace()) || config.signs.is_empty() {
            return Err(BuildError::new("`signs` needs signs of currencies and nothing else"));
        }
        let descriptor = Descriptor::new(AmountsConfig::SECTION, VERSION, "Finds sums of money")
            .reads(Input::Text)
            .assigns::<AmountLayer>()
            .facet("amount", FacetKind::Integer, "a sum of money named in the text, in units of its currency");
        Ok(Amounts { descriptor, signs: config.signs.chars().collect() })
    }
}

impl Annotator for Amounts {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        let mut amounts: Vec<Amount> = Vec::new();
        for (start, sign) in text.char_indices().filter(|(_, letter)| self.signs.contains(letter)) {
            document.tick()?;
            let after = start + sign.len_utf8();
            if let Some((length, units)) = number(&text[after..]) {
                amounts.push(Amount { span: Span::new(start, after + length), sign, units });
            }
        }
        let mut values: Vec<i64> = amounts.iter().map(|amount| amount.units).collect();
        values.sort_unstable();
        values.dedup();
        // The largest ones: a limit on facets must not hide what matters.
        let most = self.descriptor.cost().facets;
        for units in values.iter().rev().take(most) {
            output.facet("amount", FacetValue::Integer(*units))?;
        }
        output.assign(AmountLayer(amounts))
    }
}

/// The number at the start of `text`: its bytes, a word like `million` among them, and its value in whole units.
fn number(text: &str) -> Option<(usize, i64)> {
    let digits =
        text.bytes().take(DIGITS_MAX).take_while(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.')).count();
    let shown = text[..digits].trim_end_matches([',', '.']);
    let value: f64 = shown.replace(',', "").parse().ok()?;
    let (joined, factor) = scale(&text[shown.len()..]);
    let units = value * factor;
    (units < 1e18).then_some((shown.len() + joined, units as i64))
}

/// The word behind a number that says how much more it is: its bytes, the blank among them, and the factor.
fn scale(text: &str) -> (usize, f64) {
    const WORDS: [(&str, f64); 5] =
        [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12), ("bn", 1e9)];
    let word = text.trim_start_matches([' ', '\u{a0}', '-']);
    let blanks = text.len() - word.len();
    let found = WORDS.iter().find(|(name, _)| {
        word.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)) && blanks <= 2
    });
    found.map_or((0, 1.0), |(name, factor)| (blanks + name.len(), *factor))
}
