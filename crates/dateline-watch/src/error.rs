//! What can go wrong: starting to watch, and reading one file. A file's failure is never the watcher's.

use std::fmt;
use std::path::PathBuf;

use dateline_core::SourcePath;
use rustix::io::Errno;

/// Why watching, or a scan, could not begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// A glob of the options is not one.
    #[error("invalid ignore glob `{glob}`")]
    Glob {
        /// As written.
        glob: String,
        /// Where it is wrong.
        source: globset::Error,
    },
    /// The root can't be opened.
    #[error("watched folder `{}` cannot be opened", path.display())]
    Root {
        /// The root as given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The root is there and not a directory.
    #[error("watched folder `{}` is not a directory", path.display())]
    NotADirectory {
        /// The root as given.
        path: PathBuf,
    },
    /// The watcher's thread can't be started.
    #[error("no thread for the watcher")]
    Thread(#[source] std::io::Error),
}

impl WatchError {
    /// Whether nothing is at the root's path.
    #[must_use]
    pub fn is_missing_root(&self) -> bool {
        matches!(self, WatchError::Root { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }
}

/// Why a file could not be read or looked at.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` {kind}")]
pub struct ReadError {
    /// Which file.
    pub path: SourcePath,
    /// What is wrong with it.
    pub kind: ReadErrorKind,
    /// The operating system's error, where there is one.
    #[source]
    pub cause: Option<std::io::Error>,
}

impl ReadError {
    pub(crate) fn new(path: &SourcePath, kind: ReadErrorKind) -> ReadError {
        ReadError { path: path.clone(), kind, cause: None }
    }

    pub(crate) fn from_errno(path: &SourcePath, errno: Errno) -> ReadError {
        let kind = match errno {
            Errno::NOENT | Errno::NOTDIR => ReadErrorKind::Missing,
            Errno::LOOP | Errno::XDEV => ReadErrorKind::NotRegular { kind: FileKind::Link },
            Errno::ACCESS | Errno::PERM => ReadErrorKind::Denied,
            Errno::INVAL | Errno::NAMETOOLONG => ReadErrorKind::InvalidPath,
            _ => ReadErrorKind::Io,
        };
        ReadError { path: path.clone(), kind, cause: Some(errno.into()) }
    }

    /// Whether the file was not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.kind == ReadErrorKind::Missing
    }

    /// Whether to try again once the file has settled: hand the path to [`crate::Watcher::settle`].
    #[must_use]
    pub fn is_changing(&self) -> bool {
        self.kind == ReadErrorKind::Changing
    }
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// There is no such file.
    Missing,
    /// It is not a regular file, or a component of its path is a symbolic link.
    NotRegular {
        /// What it is.
        kind: FileKind,
    },
    /// It is larger than allowed.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It changed while being read.
    Changing,
    /// We may not read it.
    Denied,
    /// Not a path below the root.
    InvalidPath,
    /// Any other failure; the cause says which.
    Io,
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadErrorKind::Missing => f.write_str("is not there"),
            ReadErrorKind::NotRegular { kind } => write!(f, "is not a regular file but {kind}"),
            ReadErrorKind::TooLarge { size, limit } => write!(f, "has {size} bytes, more than the limit of {limit}"),
            ReadErrorKind::Changing => f.write_str("changed while being read"),
            ReadErrorKind::Denied => f.write_str("may not be read"),
            ReadErrorKind::InvalidPath => f.write_str("is not a path below the watched folder"),
            ReadErrorKind::Io => f.write_str("can't be read"),
        }
    }
}

/// What a directory entry is, when it is not a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A directory.
    Directory,
    /// A symbolic link, or a path through one.
    Link,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A block or character device.
    Device,
    /// Something else.
    Unknown,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Directory => "a directory",
            FileKind::Link => "a symbolic link",
            FileKind::Fifo => "a named pipe",
            FileKind::Socket => "a socket",
            FileKind::Device => "a device",
            FileKind::Unknown => "something unknown",
        })
    }
}
