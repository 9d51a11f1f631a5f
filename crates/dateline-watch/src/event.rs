//! What the watcher tells its consumer. Values only; who makes them is in `engine` and `walk`.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use dateline_core::SourcePath;

use crate::error::FileKind;
use crate::identity::{FileIdentity, RootIdentity};

/// One message to the consumer, in the order things were noticed.
#[derive(Debug)]
pub enum WatchEvent {
    /// The file has settled: read it now. It may be unchanged (its identity and content hash tell), and it may have
    /// vanished or changed again by the time it is read (then another event follows).
    Ready(SourcePath),
    /// An event told that this file, or this directory with everything below it, is no longer there. A hint like all
    /// events: when a directory was replaced by another of the same name, `Gone` comes first and a `Ready` for each file
    /// of the new one follows.
    Gone(SourcePath),
    /// A full scan began.
    ScanStarted {
        /// Why it runs.
        why: ScanReason,
    },
    /// A full scan ended: compare with what is known, hand what is new or changed to [`crate::Watcher::settle`].
    ScanFinished(ScanReport),
    /// The root can't be opened as a directory. Nothing can be concluded about files until [`WatchEvent::RootBack`].
    RootMissing,
    /// The root is there again, perhaps as another directory (see [`ScanReport::root`]); a full scan follows.
    RootBack,
    /// Not everything is noticed at once any more; the watcher scans every [`crate::WatchOptions::poll_interval`]
    /// instead. Said again when the reason changes.
    Degraded {
        /// Why.
        reason: Degradation,
    },
    /// Events tell of every change again.
    Recovered,
}

/// Why a full scan ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScanReason {
    /// The watcher started.
    Start,
    /// [`crate::Watcher::rescan`] was called, or the caller of [`crate::scan`] asked.
    Requested,
    /// [`crate::WatchOptions::rescan_interval`] has passed.
    Timer,
    /// Watching is degraded or polled: [`crate::WatchOptions::poll_interval`] has passed.
    Poll,
    /// The kernel's event queue overflowed.
    KernelOverflow,
    /// One of our own queues was full, because events came faster than they were handled.
    QueueOverflow,
    /// The watcher reported an error.
    WatcherError,
    /// The root came back.
    RootBack,
}

impl ScanReason {
    /// A word for logs and `status`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ScanReason::Start => "start",
            ScanReason::Requested => "requested",
            ScanReason::Timer => "timer",
            ScanReason::Poll => "poll",
            ScanReason::KernelOverflow => "kernel queue overflow",
            ScanReason::QueueOverflow => "queue overflow",
            ScanReason::WatcherError => "watcher error",
            ScanReason::RootBack => "root back",
        }
    }

    /// Whether a change found by such a scan, and [not told of](ScanReport::told_of) by an event, was a lost event: at
    /// the start, after the root's return and when polling there was no event to lose.
    #[must_use]
    pub fn repairs_lost_events(self) -> bool {
        !matches!(self, ScanReason::Start | ScanReason::RootBack | ScanReason::Poll)
    }
}

impl fmt::Display for ScanReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a full scan saw.
#[derive(Debug)]
pub struct ScanReport {
    /// Why it ran.
    pub why: ScanReason,
    /// Every regular file that no rule ignores, sorted by path, each path once. As of some moment during the scan: by
    /// the time the report is read a file may have been read anew (see [`FileIdentity::is_newer_than`]) or created
    /// (look with [`crate::Root::stat`] before an absence is believed).
    pub entries: Vec<(SourcePath, FileIdentity)>,
    /// What could not be looked at, sorted by path.
    pub problems: Vec<ScanProblem>,
    /// How many entries were left out on purpose.
    pub skipped: Skipped,
    /// Which directory was scanned.
    pub root: RootIdentity,
    /// Whether everything below the root was seen. When not, a path missing from `entries` may exist all the same:
    /// ask [`ScanReport::covers`].
    pub complete: bool,
    /// How many directories were listed.
    pub directories: u64,
    /// How long it took, by the monotonic clock.
    pub elapsed: Duration,
    /// Paths that events told of shortly before or during the scan; `None` when there were too many to remember.
    pub(crate) announced: Option<HashSet<SourcePath>>,
    /// Changes since this time, in nanoseconds since 1970, may have their events still on the way.
    pub(crate) in_flight_since_ns: i64,
}

impl ScanReport {
    /// Whether the absence of `path` from `entries` means that it was not there: the scan ran to its end, and no
    /// directory above the path was out of reach.
    #[must_use]
    pub fn covers(&self, path: &SourcePath) -> bool {
        self.complete || !self.problems.iter().any(|problem| path.starts_with(&problem.path))
    }

    /// Whether an event told of this path shortly before or during the scan, or may be about to, so that its change was
    /// not lost. Where the events were too many to remember the answer is no.
    ///
    /// A change counts as lost when [`ScanReason::repairs_lost_events`], this is false, and the entry is
    /// [newer](FileIdentity::is_newer_than) than the state that the consumer has read.
    #[must_use]
    pub fn told_of(&self, path: &SourcePath) -> bool {
        self.announced.as_ref().is_some_and(|announced| announced.contains(path))
            || self.identity(path).is_some_and(|identity| identity.ctime_ns >= self.in_flight_since_ns)
    }

    /// The identity seen at `path`.
    #[must_use]
    pub fn identity(&self, path: &SourcePath) -> Option<FileIdentity> {
        let at = self.entries.binary_search_by(|(entry, _)| entry.cmp(path)).ok()?;
        Some(self.entries[at].1)
    }
}

/// Something a scan could not look at; nothing is known about what lies at or below its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanProblem {
    /// Where.
    pub path: SourcePath,
    /// What.
    pub kind: ProblemKind,
}

impl fmt::Display for ScanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.kind)
    }
}

/// What kept a scan from looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The directory or file can't be opened or listed; the operating system's error.
    Unreadable(rustix::io::Errno),
    /// Nested deeper than [`crate::Limits::depth_max`] directories.
    TooDeep,
    /// The path has more than [`SourcePath::BYTES_MAX`] bytes.
    TooLong,
    /// More than [`crate::Limits::problems_max`] problems: the path is the root, the rest is not listed.
    TooMany,
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProblemKind::Unreadable(errno) => errno.fmt(f),
            ProblemKind::TooDeep => f.write_str("nested too deep"),
            ProblemKind::TooLong => {
                write!(f, "its path has more than {} bytes", SourcePath::BYTES_MAX)
            }
            ProblemKind::TooMany => f.write_str("too many problems to list"),
        }
    }
}

/// How many directory entries a scan left out on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// By the built-in rules (dotfiles, editors' temporary files) or the configured globs.
    pub ignored: u64,
    /// Symbolic links, where they are not followed, and links that lead nowhere or in a circle.
    pub links: u64,
    /// FIFOs, sockets and devices.
    pub special: u64,
    /// The first few links and special files, to be named to the user.
    pub examples: Vec<(SourcePath, FileKind)>,
}

/// Why events don't tell of every change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Degradation {
    /// The limit of inotify watches is reached: so many directories are watched, so many are not.
    WatchLimit {
        /// Directories with a watch.
        watched: usize,
        /// Directories without one.
        unwatched: usize,
    },
    /// Directories are on a file system on which changes by others give no events.
    NetworkFileSystem {
        /// Its name, such as `nfs`.
        name: &'static str,
    },
    /// Polling was asked for in the options.
    Polled,
    /// Some directories can't be watched for another reason.
    Unwatchable {
        /// How many.
        unwatched: usize,
        /// What was said about the last of them.
        message: String,
    },
    /// Events could not be had at all.
    NoEvents {
        /// What was said.
        message: String,
    },
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Degradation::WatchLimit { watched, unwatched } => write!(
                f,
                "the limit of inotify watches is reached: {watched} directories are watched, {unwatched} are polled \
                 (raise fs.inotify.max_user_watches)"
            ),
            Degradation::NetworkFileSystem { name } => write!(f, "{name} gives no events for others' changes: polled"),
            Degradation::Polled => f.write_str("polled, as configured"),
            Degradation::Unwatchable { unwatched, message } => {
                write!(f, "{unwatched} directories can't be watched and are polled: {message}")
            }
            Degradation::NoEvents { message } => write!(f, "no file events can be had, polled: {message}"),
        }
    }
}
