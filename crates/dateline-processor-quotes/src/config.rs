//! Options of `[processor.quotes]`.

use dateline_processor::ProcessorConfig;
use dateline_processor::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// Options of `[processor.quotes]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub struct QuotesConfig {
    /// More verbs of speech, in their plain form and regular in the others: `grouse` for `groused` and `grousing` too.
    pub verbs: Vec<String>,
    /// Whether two apostrophes in a row are a quotation mark, as in some archives of wire texts.
    pub double_apostrophes: bool,
}

impl ProcessorConfig for QuotesConfig {
    const SECTION: &'static str = "quotes";
}
