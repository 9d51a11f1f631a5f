//! Options of the dating processor: `[processor.dating]`.

use dateline_processor::ProcessorConfig;
use dateline_processor::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// Options of the dating processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DatingConfig {
    /// Order of day and month in numeric dates of documents whose language does not settle it: `month-first` or
    /// `day-first`.
    pub numeric_order: NumericOrder,
    /// First year a document date may lie in; earlier ones are doubted.
    pub earliest_year: i16,
}

/// Order of day and month in a numeric date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumericOrder {
    /// `04/05/2022` is 5 April.
    #[default]
    MonthFirst,
    /// `04/05/2022` is 4 May.
    DayFirst,
}

impl Default for DatingConfig {
    fn default() -> DatingConfig {
        DatingConfig { numeric_order: NumericOrder::default(), earliest_year: 1600 }
    }
}

impl ProcessorConfig for DatingConfig {
    const SECTION: &'static str = "dating";
}
