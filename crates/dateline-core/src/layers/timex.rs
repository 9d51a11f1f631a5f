//! Layer `timex`: temporal expressions with ISO-TimeML values.

use crate::span::Placed;
use crate::{Date, DateInterval, Layer, LayerCheck, Span};
use serde::{Deserialize, Serialize};

/// All temporal expressions of a document, in text order, never overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimexLayer(#[serde(with = "crate::span::in_order")] pub Vec<Timex>);

/// Type of a temporal expression (TIMEX3 attribute `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimexType {
    /// A calendar unit of a day or longer.
    Date,
    /// A time of day.
    Time,
    /// A length of time.
    Duration,
    /// Something that recurs.
    Set,
}

impl TimexType {
    /// The TIMEX3 word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TimexType::Date => "DATE",
            TimexType::Time => "TIME",
            TimexType::Duration => "DURATION",
            TimexType::Set => "SET",
        }
    }
}

/// One temporal expression (TIMEX3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timex {
    /// Where it stands.
    pub span: Span,
    /// Its type.
    pub kind: TimexType,
    /// Normalised value (TIMEX3 attribute `value`): `2022-04-05`, `2022-W14`, `P3D`, `XXXX-WXX-1`, `PAST_REF`.
    pub value: String,
    /// First day it may mean; `None` when the value is underspecified, a length or a set.
    pub earliest: Option<Date>,
    /// Last day it may mean; present exactly when `earliest` is.
    pub latest: Option<Date>,
    /// TIMEX3 attribute `mod`: `START`, `MID`, `END`, `APPROX`, `MORE_THAN` ...
    pub modifier: Option<String>,
    /// TIMEX3 attribute `quant` of a set: `EVERY`, `EACH`.
    pub quant: Option<String>,
    /// TIMEX3 attribute `freq` of a set: `2X`.
    pub freq: Option<String>,
    /// The rule that gave the value.
    pub rule: String,
    /// The expression of this document the value was counted from; `None` when explicit or counted from the DCT.
    pub anchor: Option<Span>,
}

impl Timex {
    /// The days it means, when it resolves to some.
    #[must_use]
    pub fn interval(&self) -> Option<DateInterval> {
        Some(DateInterval { earliest: self.earliest?, latest: self.latest? })
    }
}

impl Placed for Timex {
    fn place(&mut self) -> &mut Span {
        &mut self.span
    }
}

impl Layer for TimexLayer {
    const NAME: &'static str = "timex";
    const SCHEMA: u32 = 2;

    fn check(&self, text: &str) -> LayerCheck {
        Span::check_all(self.0.iter().map(|timex| timex.span), text)?;
        self.0.iter().filter_map(|timex| timex.anchor).try_for_each(|span| span.check(text))
    }
}
