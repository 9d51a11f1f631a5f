//! A consumer that does what the daemon does, in memory: a catalog of what was read, kept by events and scans.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use dateline_core::SourcePath;
use dateline_watch::{
    Degradation, FileIdentity, ReadErrorKind, ScanReason, WatchEvent, WatchOptions, Watcher, WatcherStats,
};

/// How long anything may take before a test gives up. Only ever waited for when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often what no event tells of is looked at.
const LOOK: Duration = Duration::from_millis(5);

pub(crate) struct Consumer {
    pub(crate) watcher: Watcher,
    pub(crate) events: Receiver<WatchEvent>,
    /// What was read, by path.
    pub(crate) catalog: BTreeMap<SourcePath, (FileIdentity, Vec<u8>)>,
    pub(crate) failures: BTreeMap<SourcePath, ReadErrorKind>,
    pub(crate) degraded: Option<Degradation>,
    pub(crate) root_missing: bool,
    pub(crate) roots_back: u32,
    pub(crate) scans: Vec<ScanReason>,
    /// Paths that a scan found changed although no event had told of them.
    pub(crate) repaired: BTreeSet<SourcePath>,
    pub(crate) reads_while_changing: u32,
}

/// Options for a test: short times, and no scan that is not asked for.
pub(crate) fn options(root: &Path) -> WatchOptions {
    let mut options = WatchOptions::new(root);
    options.settle = Duration::from_millis(40);
    options.rescan_interval = None;
    options.poll_interval = Duration::from_millis(50);
    options.root_poll_interval = Duration::from_millis(20);
    options
}

impl Consumer {
    /// Starts watching and waits until the first scan is through.
    pub(crate) fn start(options: WatchOptions) -> Consumer {
        let mut consumer = Consumer::start_only(options, 64);
        consumer.until("the first scan", |consumer| !consumer.scans.is_empty());
        consumer
    }

    pub(crate) fn start_only(options: WatchOptions, capacity: usize) -> Consumer {
        let (sender, events) = bounded(capacity);
        Consumer {
            watcher: Watcher::start(options, sender).unwrap(),
            events,
            catalog: BTreeMap::new(),
            failures: BTreeMap::new(),
            degraded: None,
            root_missing: false,
            roots_back: 0,
            scans: Vec::new(),
            repaired: BTreeSet::new(),
            reads_while_changing: 0,
        }
    }

    /// Takes events until `done`, and prints how long that took.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&Consumer) -> bool) {
        let began = Instant::now();
        let deadline = began + PATIENCE;
        while !done(self) {
            match self.events.recv_deadline(deadline) {
                Ok(event) => self.take(event),
                Err(error) => panic!(
                    "waiting for {what}: {error}; {} in the catalog, failures {:?}, scans {:?}, {:?}",
                    self.catalog.len(),
                    self.failures,
                    self.scans,
                    self.watcher.stats(),
                ),
            }
        }
        println!("{what}: {:.3} s", began.elapsed().as_secs_f64());
    }

    /// Takes events until the catalog holds what is on disk below `root`, byte for byte, and prints how long that took.
    pub(crate) fn until_equal(&mut self, what: &str, root: &Path) {
        let expected = on_disk(root);
        let began = Instant::now();
        let deadline = began + PATIENCE;
        while !self.equals(&expected) {
            match self.events.recv_deadline(deadline) {
                Ok(event) => self.take(event),
                Err(error) => {
                    let missing: Vec<_> = expected.keys().filter(|path| !self.catalog.contains_key(path)).collect();
                    let extra: Vec<_> = self.catalog.keys().filter(|path| !expected.contains_key(path)).collect();
                    panic!("{what}: {error}; missing {missing:?}, extra {extra:?}, {:?}", self.watcher.stats());
                }
            }
        }
        println!("{what}: all found {:.3} s after the last change", began.elapsed().as_secs_f64());
    }

    /// Takes events until so many directories are watched: one made or removed last may be seen to a moment after the last
    /// file was found.
    pub(crate) fn until_watched(&mut self, what: &str, directories: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.stats().watches != directories {
            assert!(Instant::now() < deadline, "{what}: {directories} directories, {:?}", self.stats());
            if let Ok(event) = self.events.recv_timeout(LOOK) {
                self.take(event);
            }
        }
    }

    fn equals(&self, expected: &BTreeMap<SourcePath, Vec<u8>>) -> bool {
        self.catalog.len() == expected.len()
            && self.catalog.iter().all(|(path, (_, bytes))| expected.get(path) == Some(bytes))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.catalog.contains_key(&SourcePath::new(path))
    }

    pub(crate) fn content(&self, path: &str) -> Option<&[u8]> {
        self.catalog.get(&SourcePath::new(path)).map(|(_, bytes)| bytes.as_slice())
    }

    pub(crate) fn stats(&self) -> WatcherStats {
        self.watcher.stats()
    }

    fn take(&mut self, event: WatchEvent) {
        match event {
            WatchEvent::Ready(path) => self.read(path),
            WatchEvent::Gone(path) => {
                let root = self.watcher.root().clone();
                self.catalog.retain(|known, _| !known.starts_with(&path) || root.stat(known).is_ok());
            }
            WatchEvent::ScanStarted { .. } => {}
            WatchEvent::ScanFinished(report) => {
                self.scans.push(report.why);
                let root = self.watcher.root().clone();
                self.catalog.retain(|known, _| {
                    report.identity(known).is_some() || !report.covers(known) || root.stat(known).is_ok()
                });
                let mut changed = Vec::new();
                for (path, identity) in &report.entries {
                    let known = self.catalog.get(path).map(|(known, _)| known);
                    if known == Some(identity) {
                        continue;
                    }
                    changed.push(path.clone());
                    let newer = known.is_none_or(|known| identity.is_newer_than(known));
                    if newer && report.why.repairs_lost_events() && !report.told_of(path) {
                        self.repaired.insert(path.clone());
                    }
                }
                self.watcher.settle(changed);
            }
            WatchEvent::RootMissing => self.root_missing = true,
            WatchEvent::RootBack => {
                self.root_missing = false;
                self.roots_back += 1;
            }
            WatchEvent::Degraded { reason } => self.degraded = Some(reason),
            WatchEvent::Recovered => self.degraded = None,
        }
    }

    fn read(&mut self, path: SourcePath) {
        self.failures.remove(&path);
        match self.watcher.root().read(&path, WatchOptions::new("").read_limits()) {
            Ok(file) => drop(self.catalog.insert(path, (file.identity, file.bytes))),
            Err(error) if error.is_changing() => {
                self.reads_while_changing += 1;
                self.watcher.settle(vec![path]);
            }
            Err(error) => {
                self.catalog.remove(&path);
                if !error.is_missing() {
                    self.failures.insert(path, error.kind);
                }
            }
        }
    }
}

/// Every regular file below `root` with its bytes.
pub(crate) fn on_disk(root: &Path) -> BTreeMap<SourcePath, Vec<u8>> {
    use std::os::unix::ffi::OsStrExt;
    let mut files = BTreeMap::new();
    let mut directories: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
            } else {
                let path = entry.path();
                let relative = path.strip_prefix(root).unwrap().as_os_str().as_bytes();
                files.insert(SourcePath::new(relative), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}
