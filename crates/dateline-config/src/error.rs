//! What can be wrong with a configuration, and where.

use crate::Origin;
use std::fmt;
use std::path::PathBuf;

/// A mistake in the configuration, with its place.
#[derive(Debug)]
pub struct ConfigError {
    /// Where it was written; `None` when it concerns the whole.
    pub origin: Option<Origin>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("configuration `{}` cannot be read", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no TOML.
    #[error("not TOML: {message}")]
    Syntax {
        /// What the parser expected.
        message: String,
    },
    /// There is no such key.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// The key, with its section.
        key: String,
        /// The nearest key there is, when one is near.
        nearest: Option<String>,
        /// All keys of the section.
        known: Vec<String>,
    },
    /// A value does not fit its key.
    #[error("`{key}`: {reason}")]
    BadValue {
        /// The key, with its section.
        key: String,
        /// What was expected.
        reason: String,
    },
    /// Watched folder and state are one inside the other.
    #[error("root `{}` and state `{}` lie one inside the other", .root.display(), .state.display())]
    Nested {
        /// The watched folder, absolute.
        root: PathBuf,
        /// The state directory, absolute.
        state: PathBuf,
    },
}

impl ConfigError {
    /// A mistake without a place.
    pub(crate) fn nowhere(fault: Fault) -> ConfigError {
        ConfigError { origin: None, fault }
    }

    /// A mistake at a place.
    #[must_use]
    pub fn at(origin: Origin, fault: Fault) -> ConfigError {
        ConfigError { origin: Some(origin), fault }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match &self.fault {
            Fault::UnknownKey { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Fault::UnknownKey { known, .. } if !known.is_empty() => {
                let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
                Some(format!("known here: {}", known.join(", ")))
            }
            Fault::Nested { .. } => {
                Some("choose a state directory outside the watched folder with `--state DIR`".into())
            }
            Fault::Read { .. } => {
                Some("name another file with `--config FILE`, or leave it out for the defaults".into())
            }
            _ => None,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.fault),
            None => self.fault.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.fault.source()
    }
}
