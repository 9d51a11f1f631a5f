//! The set of watched directories, on top of `notify`. It sets watches and counts them; what their events mean is
//! decided elsewhere.
//!
//! Every directory is watched by itself. A recursive watch would be set after the directory is listed, which loses
//! what is created in between; and moving a directory would leave its watches under the old name.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dateline_core::SourcePath;
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::dirty::{Callback, DirtySet};
use crate::event::Degradation;
use crate::ignore::IgnoreRules;

/// The watched directories of one root.
pub(crate) struct Watches {
    root: PathBuf,
    ignore: Arc<IgnoreRules>,
    dirty: Arc<DirtySet>,
    limit: Option<usize>,
    events: Events,
    /// Directories and the round in which each was last seen, watched or not.
    directories: BTreeMap<SourcePath, Directory>,
    watched: usize,
    round: u64,
    /// The limit was reached in this round; it may be raised until the next.
    limit_reached: bool,
    /// What was said about the last directory that could not be watched for another reason.
    message: Option<String>,
}

enum Events {
    /// Not asked for.
    Unwanted,
    /// Could not be had.
    Failed(String),
    From(RecommendedWatcher),
}

#[derive(Clone, Copy)]
struct Directory {
    watched: bool,
    round: u64,
}

impl Watches {
    /// No watches yet. Without `wanted` there never will be any.
    pub(crate) fn new(
        root: &Path,
        ignore: Arc<IgnoreRules>,
        dirty: Arc<DirtySet>,
        limit: Option<usize>,
        wanted: bool,
    ) -> Watches {
        let mut watches = Watches {
            root: root.to_owned(),
            ignore,
            dirty,
            limit,
            events: Events::Unwanted,
            directories: BTreeMap::new(),
            watched: 0,
            round: 0,
            limit_reached: false,
            message: None,
        };
        if wanted {
            watches.events = watches.connect();
        }
        watches
    }

    fn connect(&self) -> Events {
        let callback =
            Callback { root: self.root.clone(), ignore: Arc::clone(&self.ignore), dirty: Arc::clone(&self.dirty) };
        let config = notify::Config::default().with_follow_symlinks(false);
        match RecommendedWatcher::new(callback, config) {
            Ok(watcher) => Events::From(watcher),
            Err(error) => {
                tracing::warn!(%error, "no file events can be had");
                Events::Failed(error.to_string())
            }
        }
    }

    /// Drops all watches and begins anew. After lost events it is unknown which of the watched directories still are
    /// where they were.
    pub(crate) fn renew(&mut self) {
        self.directories.clear();
        self.watched = 0;
        if !matches!(self.events, Events::Unwanted) {
            // The old one goes first: both together might exceed the limit.
            self.events = Events::Unwanted;
            self.events = self.connect();
        }
    }

    /// Begins a round, at whose end directories not watched again are let go.
    pub(crate) fn begin_round(&mut self) {
        self.round += 1;
        self.limit_reached = false;
        self.message = None;
        if matches!(self.events, Events::Failed(_)) {
            self.events = self.connect();
        }
    }

    /// Ends a round in which every directory was seen.
    pub(crate) fn end_round(&mut self) {
        let round = self.round;
        let stale = |directory: &Directory| directory.round < round;
        let gone: Vec<SourcePath> =
            self.directories.iter().filter(|(_, seen)| stale(seen)).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.let_go(&path);
        }
    }

    /// Watches a directory, also when it seems to be watched already: the watch may belong to one that was there before.
    pub(crate) fn watch(&mut self, path: &SourcePath) {
        let known = self.directories.get(path).is_some_and(|directory| directory.watched);
        let watched = self.try_watch(path, known);
        self.watched = self.watched + usize::from(watched == Some(true)) - usize::from(known);
        match watched {
            Some(watched) => drop(self.directories.insert(path.clone(), Directory { watched, round: self.round })),
            None => drop(self.directories.remove(path)),
        }
    }

    /// Whether the directory is watched now; nothing when it is no longer there.
    fn try_watch(&mut self, path: &SourcePath, known: bool) -> Option<bool> {
        let full = !known && (self.limit_reached || self.limit.is_some_and(|limit| self.watched >= limit));
        let Events::From(watcher) = &mut self.events else { return Some(false) };
        if full {
            self.limit_reached = true;
            return Some(false);
        }
        let error = match watcher.watch(&absolute(&self.root, path), RecursiveMode::NonRecursive) {
            Ok(()) => return Some(true),
            Err(error) => error,
        };
        match &error.kind {
            ErrorKind::PathNotFound => return None,
            // Gone, or a file where it was, or where a directory above it was.
            ErrorKind::Io(cause) if is_absence(cause.kind()) => return None,
            ErrorKind::MaxFilesWatch => self.limit_reached = true,
            _ => self.message = Some(error.to_string()),
        }
        Some(false)
    }

    /// Lets go of a directory and all below it that is no longer there.
    pub(crate) fn forget(&mut self, path: &SourcePath) {
        let below = self.directories.range(path.clone()..).map(|(directory, _)| directory);
        // A name such as `a-b` sorts between `a` and `a/c`, so the range is not cut short at the first other name.
        let gone: Vec<SourcePath> = below
            .take_while(|directory| directory.as_bytes().starts_with(path.as_bytes()))
            .filter(|directory| directory.starts_with(path))
            .cloned()
            .collect();
        for path in gone {
            self.let_go(&path);
        }
    }

    fn let_go(&mut self, path: &SourcePath) {
        let Some(directory) = self.directories.remove(path) else { return };
        if directory.watched {
            self.watched -= 1;
            if let Events::From(watcher) = &mut self.events {
                // It is mostly gone already, together with the directory.
                let _ = watcher.unwatch(&absolute(&self.root, path));
            }
        }
    }

    /// Returns when every event that the kernel has queued by now has been marked in the dirty set.
    pub(crate) fn catch_up(&mut self) {
        let root = SourcePath::default();
        if !self.directories.get(&root).is_some_and(|directory| directory.watched) {
            return;
        }
        // The notifying thread answers requests and drains the kernel's queue in turn; by its second answer it has done
        // the latter.
        for _ in 0..2 {
            self.watch(&root);
        }
    }

    /// Whether the directory is watched, as far as is known.
    pub(crate) fn is_watched(&self, path: &SourcePath) -> bool {
        self.directories.get(path).is_some_and(|directory| directory.watched)
    }

    /// Whether it was a directory when last looked at, watched or not.
    pub(crate) fn is_known(&self, path: &SourcePath) -> bool {
        self.directories.contains_key(path)
    }

    /// How many directories are watched.
    pub(crate) fn watched(&self) -> usize {
        self.watched
    }

    /// Why events don't tell of every change, as far as the watches know.
    pub(crate) fn degradation(&self) -> Option<Degradation> {
        match &self.events {
            Events::Unwanted => return Some(Degradation::Polled),
            Events::Failed(message) => return Some(Degradation::NoEvents { message: message.clone() }),
            Events::From(_) => {}
        }
        let unwatched = self.directories.len() - self.watched;
        match &self.message {
            _ if unwatched == 0 => None,
            _ if self.limit_reached => Some(Degradation::WatchLimit { watched: self.watched, unwatched }),
            Some(message) => Some(Degradation::Unwatchable { unwatched, message: message.clone() }),
            None => Some(Degradation::WatchLimit { watched: self.watched, unwatched }),
        }
    }
}

fn absolute(root: &Path, path: &SourcePath) -> PathBuf {
    if path.is_root() {
        return root.to_owned();
    }
    root.join(std::ffi::OsStr::from_bytes(path.as_bytes()))
}

fn is_absence(error: std::io::ErrorKind) -> bool {
    matches!(error, std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::Watches;
    use crate::dirty::DirtySet;
    use crate::ignore::IgnoreRules;
    use dateline_core::SourcePath;
    use std::sync::Arc;

    #[test]
    fn a_directory_that_became_a_file_is_gone_and_no_reason_to_poll() {
        let folder = tempfile::tempdir().unwrap();
        let (wake, _woken) = crossbeam_channel::bounded(1);
        let (dirty, ignore) = (Arc::new(DirtySet::new(10, wake)), Arc::new(IgnoreRules::new(&[]).unwrap()));
        let mut watches = Watches::new(folder.path(), ignore, dirty, None, true);
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        watches.watch(&SourcePath::new("a"));
        watches.watch(&SourcePath::new("a/b"));
        assert_eq!((watches.watched(), watches.degradation()), (2, None));

        std::fs::remove_dir_all(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a"), "a file").unwrap();
        watches.watch(&SourcePath::new("a/b"));
        watches.watch(&SourcePath::new("a/c"));
        assert_eq!((watches.watched(), watches.degradation()), (1, None));
    }
}
