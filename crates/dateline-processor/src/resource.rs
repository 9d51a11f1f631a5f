//! Files a processor needs: asked for by its configuration, read and hashed by the engine, handed over as bytes.

use dateline_core::ContentHash;
use serde::{Deserialize, Serialize};

/// A wish for files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRequest {
    /// Path or glob (`watchlists/*.toml`), relative to the configuration file's directory.
    pub pattern: String,
    /// Whether it is a mistake when nothing matches.
    pub required: bool,
}

/// One file, as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its path as matched, for messages.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files a processor asked for, ordered by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    files: Vec<Resource>,
}

impl Resources {
    /// The files, put in order of their paths.
    #[must_use]
    pub fn new(mut files: Vec<Resource>) -> Resources {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Resources { files }
    }

    /// All files, in order of their paths.
    #[must_use]
    pub fn files(&self) -> &[Resource] {
        &self.files
    }

    /// Hash over paths and contents.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        ContentHash::of_fields(self.files.iter().flat_map(|file| [file.path.as_bytes(), file.bytes.as_slice()]))
    }
}
