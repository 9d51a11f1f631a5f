//! What can be set about watching, with every limit by name. No file format: the configuration crate fills this in.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::WatchError;
use crate::ignore::IgnoreRules;

/// How to watch one root.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// The directory to watch; it may itself be a symbolic link. Relative paths count from the working directory at
    /// the time of [`crate::Watcher::start`].
    pub root: PathBuf,
    /// Globs of paths, relative to the root, to leave out besides the built-in rules. `*` stays within a component, `**`
    /// crosses them; a glob without a slash matches names at any depth; a matched directory is left out whole.
    pub ignore: Vec<String>,
    /// How long size and times must hold still before a file counts as settled, unless its closing was seen.
    pub settle: Duration,
    /// How often to scan everything although nothing seems wrong; `None` never.
    pub rescan_interval: Option<Duration>,
    /// Whether to rely on events, to poll, or to decide by the file system.
    pub poll: PollMode,
    /// How often to scan everything where events can't be relied on.
    pub poll_interval: Duration,
    /// How often to look whether the root is still the directory it was.
    pub root_poll_interval: Duration,
    /// Whether to follow symbolic links, out of the root too. Each directory is then visited once.
    pub follow_symlinks: bool,
    /// Larger files are refused, in bytes.
    pub file_bytes_max: u64,
    /// Bounds of queues and depths.
    pub limits: Limits,
}

impl WatchOptions {
    /// Defaults for watching `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> WatchOptions {
        WatchOptions {
            root: root.into(),
            ignore: Vec::new(),
            settle: Duration::from_millis(500),
            rescan_interval: Some(Duration::from_secs(30 * 60)),
            poll: PollMode::Auto,
            poll_interval: Duration::from_secs(10),
            root_poll_interval: Duration::from_secs(2),
            follow_symlinks: false,
            file_bytes_max: ReadLimits::default().file_bytes_max,
            limits: Limits::default(),
        }
    }

    /// Whether a watcher could go by them.
    ///
    /// # Errors
    /// When something to leave out is no glob.
    pub fn check(&self) -> Result<(), WatchError> {
        IgnoreRules::new(&self.ignore).map(drop)
    }

    /// The limits to give to [`crate::Root::read`].
    #[must_use]
    pub fn read_limits(&self) -> ReadLimits {
        ReadLimits { file_bytes_max: self.file_bytes_max }
    }
}

/// Whether to rely on events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PollMode {
    /// Events, and polling as well where the file system is a network's or watches run out.
    #[default]
    Auto,
    /// No events: scan every [`WatchOptions::poll_interval`].
    Always,
    /// Events only, whatever the file system.
    Never,
}

/// Bounds of queues and depths. The defaults suit a folder of a million files.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Paths that events marked and nobody has looked at yet; one more turns into a full scan.
    pub dirty_max: usize,
    /// Paths that wait to settle; one more turns into a full scan once there is room.
    pub settling_max: usize,
    /// Settled paths held back for a consumer whose channel is full.
    pub outgoing_max: usize,
    /// Paths handed to [`crate::Watcher::settle`] that have no place among the settling yet.
    pub backlog_max: usize,
    /// Directories to watch at most; `None` leaves it to the kernel.
    pub watches_max: Option<usize>,
    /// Directories nested deeper than this are not entered.
    pub depth_max: usize,
    /// Problems listed by one scan.
    pub problems_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            dirty_max: 65_536,
            settling_max: 65_536,
            outgoing_max: 1_024,
            backlog_max: 2_000_000,
            watches_max: None,
            depth_max: 1_000,
            problems_max: 10_000,
        }
    }
}

/// What [`crate::Root::read`] refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Larger files are refused, in bytes; sparse files count by their size, not by what they occupy.
    pub file_bytes_max: u64,
}

impl Default for ReadLimits {
    fn default() -> ReadLimits {
        ReadLimits { file_bytes_max: 64 << 20 }
    }
}
