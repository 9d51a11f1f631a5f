//! Options of `[processor.language]`.

use dateline_processor::ProcessorConfig;
use dateline_processor::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// Options of `[processor.language]`; there are none yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub struct LanguageConfig {}

impl ProcessorConfig for LanguageConfig {
    const SECTION: &'static str = "language";
}
