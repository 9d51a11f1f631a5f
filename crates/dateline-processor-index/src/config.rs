//! Options of the index: `[processor.index]`.

use dateline_processor::{BuildError, ProcessorConfig, schemars};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Smallest heap the writer works with, in bytes.
const WRITER_HEAP_BYTES_MIN: usize = 15_000_000;
/// Largest heap that is accepted, in bytes.
const WRITER_HEAP_BYTES_MAX: usize = 2_000_000_000;

/// Options of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct IndexConfig {
    /// Memory in which new documents are gathered before they are written, as a size: `"32 MB"`. At least 15 MB. More
    /// makes long imports a little faster.
    pub writer_memory: String,
}

impl Default for IndexConfig {
    fn default() -> IndexConfig {
        IndexConfig { writer_memory: "32 MB".to_owned() }
    }
}

impl ProcessorConfig for IndexConfig {
    const SECTION: &'static str = "index";
}

impl IndexConfig {
    /// The writer's memory in bytes.
    pub(crate) fn writer_heap_bytes(&self) -> Result<usize, BuildError> {
        let wrong = || {
            BuildError::new(format!(
                "`writer-memory` is `{}`, expected a size from 15 MB to 2 GB such as `32 MB`",
                self.writer_memory
            ))
        };
        let text = self.writer_memory.trim();
        let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor: usize = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "kib" => 1 << 10,
            "mb" => 1_000_000,
            "mib" => 1 << 20,
            "gb" => 1_000_000_000,
            "gib" => 1 << 30,
            _ => return Err(wrong()),
        };
        let bytes = number.parse::<usize>().ok().and_then(|count| count.checked_mul(factor)).ok_or_else(wrong)?;
        if (WRITER_HEAP_BYTES_MIN..=WRITER_HEAP_BYTES_MAX).contains(&bytes) { Ok(bytes) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::IndexConfig;

    #[test]
    fn sizes_are_read_and_bounded() {
        let bytes = |text: &str| IndexConfig { writer_memory: text.to_owned() }.writer_heap_bytes().ok();
        assert_eq!(bytes("32 MB"), Some(32_000_000));
        assert_eq!(bytes("16MiB"), Some(16 << 20));
        assert_eq!(bytes("15000000"), Some(15_000_000));
        for wrong in ["14 MB", "3 GB", "many", "", "32 parsecs", "-5 MB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
