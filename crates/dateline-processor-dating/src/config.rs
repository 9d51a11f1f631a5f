//! Options of the dating processor: `[processor.dating]`.

use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{ProcessorConfig, ResourceRequest};
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
    /// Lists of dated events, as paths or globs relative to the configuration file. A text that names one of them is no
    /// older; that bounds the date of articles that state none.
    pub events: Vec<String>,
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
        DatingConfig {
            numeric_order: NumericOrder::default(),
            earliest_year: 1600,
            events: vec!["watchlists/events/*.toml".to_owned()],
        }
    }
}

impl ProcessorConfig for DatingConfig {
    const SECTION: &'static str = "dating";

    fn resources(&self) -> Vec<ResourceRequest> {
        let request = |pattern: &String| ResourceRequest { pattern: pattern.clone(), required: false };
        self.events.iter().map(request).collect()
    }
}
