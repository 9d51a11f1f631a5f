//! The lock of a state directory: one file, one holder, and an error that says who it is. Not the engine's own lock,
//! which is taken after it.

use crate::error::StoreError;
use crate::limits::LOCK_PATIENCE;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Name of the lock file in the state directory.
const LOCK_FILE: &str = "lock";

/// How long to wait between two tries.
const RETRY: Duration = Duration::from_millis(20);

/// A state directory and the names of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// The state directory at `path`; nothing is made or opened.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> StateDir {
        StateDir { path: path.into() }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The engine's directory.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Where a copy of the engine is made before it takes its place, and where the old one lies until it is removed.
    pub(crate) fn store_copy(&self) -> PathBuf {
        self.path.join("store.new")
    }

    /// The directory of the index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    /// The directory of the history.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.path.join("history")
    }

    /// The user's decisions.
    #[must_use]
    pub fn decisions(&self) -> PathBuf {
        self.path.join("decisions.toml")
    }

    /// The file that can be given up when the disk is full.
    #[must_use]
    pub fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Takes the lock, making the directory (mode 0700) if it is not there; waits 5 s for another holder.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with the holder's process id, or [`StoreError::Io`].
    pub fn lock(&self) -> Result<StateLock, StoreError> {
        self.lock_within(LOCK_PATIENCE)
    }

    /// As [`StateDir::lock`], with another patience.
    ///
    /// # Errors
    /// As [`StateDir::lock`].
    pub fn lock_within(&self, patience: Duration) -> Result<StateLock, StoreError> {
        crate::files::create_directory(&self.path)?;
        let path = self.path.join(LOCK_FILE);
        let io = |source| StoreError::Io { path: path.clone(), doing: "opened", source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        let started = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) if started.elapsed() >= patience => {
                    return Err(StoreError::Locked { path: self.path.clone(), pid: read_pid(&mut file) });
                }
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => std::thread::sleep(RETRY),
                Err(errno) => return Err(io(errno.into())),
            }
        }
        // What the file says is for people; a full disk must not keep anyone from opening.
        let _ = write_pid(&mut file);
        Ok(StateLock { directory: self.clone(), _file: file })
    }

    /// Which process holds the lock, if one does: for messages and diagnosis; it may be gone a moment later.
    #[must_use]
    pub fn holder(&self) -> Option<Option<u32>> {
        let mut file = File::open(self.path.join(LOCK_FILE)).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => None,
            Err(_) => Some(read_pid(&mut file)),
        }
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

/// A held lock. Dropping it, or the end of the process, releases it.
#[derive(Debug)]
pub struct StateLock {
    directory: StateDir,
    _file: File,
}

impl StateLock {
    /// The directory it locks.
    #[must_use]
    pub fn directory(&self) -> &StateDir {
        &self.directory
    }
}

#[cfg(test)]
mod tests {
    use super::StateDir;
    use crate::StoreError;
    use std::time::Duration;

    #[test]
    fn a_second_holder_is_told_who_the_first_is() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::new(home.path().join("state"));
        assert_eq!(state.holder(), None);
        let lock = state.lock().unwrap();
        assert_eq!(state.holder(), Some(Some(std::process::id())));
        let refused = state.lock_within(Duration::ZERO).unwrap_err();
        assert!(matches!(refused, StoreError::Locked { pid: Some(pid), .. } if pid == std::process::id()));
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        state.lock_within(Duration::ZERO).unwrap();
    }
}
