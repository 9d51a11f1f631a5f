//! Finds the configuration file. Reads nothing of it.

use crate::{Environment, Overrides};
use std::path::{Path, PathBuf};

/// A configuration file and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// The file, absolute.
    pub path: PathBuf,
    /// How it was found.
    pub place: Place,
}

/// How a configuration file was found, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `--config FILE`.
    Flag,
    /// `$DATELINE_CONFIG`.
    Variable,
    /// `./config/dateline.toml`.
    Directory,
    /// `$XDG_CONFIG_HOME/dateline/dateline.toml`.
    User,
    /// `/etc/dateline/dateline.toml`.
    System,
}

/// The file to use; `None` for the defaults alone. Files that are named outright need not exist: reading them tells.
#[must_use]
pub fn discover(overrides: &Overrides, environment: &Environment) -> Option<Discovered> {
    let absolute = |path: &Path| environment.directory().join(path);
    if let Some(path) = &overrides.config {
        return Some(Discovered { path: absolute(path), place: Place::Flag });
    }
    if let Some(path) = environment.variable("DATELINE_CONFIG") {
        return Some(Discovered { path: absolute(Path::new(path)), place: Place::Variable });
    }
    let user = environment.xdg("XDG_CONFIG_HOME", ".config").map(|home| home.join("dateline/dateline.toml"));
    let found = [
        (Some(absolute(Path::new("config/dateline.toml"))), Place::Directory),
        (user, Place::User),
        (Some(environment.system().join("dateline/dateline.toml")), Place::System),
    ];
    let exists = |(path, place): (Option<PathBuf>, Place)| Some((path.filter(|path| path.is_file())?, place));
    found.into_iter().find_map(exists).map(|(path, place)| Discovered { path, place })
}

/// The state directory when nobody names one.
pub(crate) fn default_state(place: Option<Place>, environment: &Environment) -> PathBuf {
    let beside = || environment.directory().join(".dateline");
    match place {
        Some(Place::User) => {
            environment.xdg("XDG_STATE_HOME", ".local/state").map_or_else(beside, |home| home.join("dateline"))
        }
        Some(Place::System) => PathBuf::from("/var/lib/dateline"),
        _ => beside(),
    }
}
