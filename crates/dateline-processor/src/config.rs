//! A processor's section of the configuration: one struct with doc comments and defaults, the only source of its
//! reference page, schema and sample.

use crate::ResourceRequest;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// Options of a processor. Derive `Deserialize` with `#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]`.
///
/// Every field has a doc comment: it is the option's documentation. Durations and sizes are strings with a unit.
pub trait ProcessorConfig: Default + DeserializeOwned + Serialize + JsonSchema {
    /// Name of the section: `[processor.SECTION]`; the processor's name.
    const SECTION: &'static str;

    /// Files the processor needs; read and hashed by the engine, never by the processor.
    fn resources(&self) -> Vec<ResourceRequest> {
        Vec::new()
    }
}
