//! What a configuration may depend on beside its file: variables and directories, read once, so that tests can choose.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Variables and directories of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    directory: PathBuf,
    system: PathBuf,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn current() -> Environment {
        let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let variables = std::env::vars_os().filter(|(name, _)| {
            let name = name.as_encoded_bytes();
            name.starts_with(b"DATELINE_") || name.starts_with(b"XDG_") || name == b"HOME"
        });
        Environment { variables: variables.collect(), directory, system: PathBuf::from("/etc") }
    }

    /// An environment with nothing in it but a working directory.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Environment {
        Environment { directory: directory.into(), system: PathBuf::from("/etc"), ..Environment::default() }
    }

    /// The same with a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Environment {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The same with another directory for the system's configuration.
    #[must_use]
    pub fn with_system(mut self, directory: impl Into<PathBuf>) -> Environment {
        self.system = directory.into();
        self
    }

    /// The working directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The system's configuration directory: `/etc`.
    pub(crate) fn system(&self) -> &Path {
        &self.system
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty())
    }

    /// A directory of the XDG specification: its variable where that is an absolute path, else below the home.
    pub(crate) fn xdg(&self, name: &str, below_home: &str) -> Option<PathBuf> {
        let named = self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| Some(Path::new(self.variable("HOME")?).join(below_home)))
    }

    /// All `DATELINE_*` variables that are set and not empty.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&str, &OsString)> {
        let set = self.variables.iter().filter(|(_, value)| !value.is_empty());
        set.filter_map(|(name, value)| Some((name.to_str().filter(|name| name.starts_with("DATELINE_"))?, value)))
    }
}
