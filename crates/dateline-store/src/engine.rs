//! The only file that names sled, and where its traps are handled: unsynced flushes, torn snapshot files, panics on
//! damage, long replays. It knows keys and bytes, not what they mean.

use crate::error::{EngineError, StatePart, StoreError};
use crate::files::{create_directory, directory_bytes, io, sync_directory};
use crate::keys::{Key, after_prefix};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// How long a reopening waits for the engine's lock on its file, which outlives its handle for a moment.
const REOPEN_PATIENCE: Duration = Duration::from_secs(5);

/// How an error of the operating system looks in the engine's texts: it hands some of them on as their debug form.
const OF_SYSTEM: &str = "Os { code: ";

/// How the engine says that another handle holds its file.
const HELD: &str = "could not acquire lock";

/// What a byte put costs in the engine's log, about: pages are written again as they fill (measured: 140 MB written for
/// 10,000 articles whose records have some 28 MB).
const LOG_AMPLIFICATION: u64 = 5;

/// An open engine, which may close and open again under its users.
pub(crate) struct Engine {
    directory: PathBuf,
    cache_bytes: u64,
    open: RwLock<Option<Open>>,
    /// Estimated bytes of log since the engine was opened.
    logged: AtomicU64,
}

struct Open {
    tree: sled::Db,
    /// Our own handle, opened before anything is written: a failed write-back is reported to it once, whoever else
    /// synced and swallowed it.
    file: File,
}

/// A consistent look at the engine: no commit is applied while it lives. Keep it short, and never take two at once.
pub(crate) struct View<'a>(RwLockReadGuard<'a, Option<Open>>);

/// One pair.
pub(crate) type Pair = (Key, Vec<u8>);

/// One change of a key: a value, or `None` to remove it.
pub(crate) type Write = (Key, Option<Vec<u8>>);

fn guard<T>(doing: &'static str, call: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) if is_of_system(&error) => {
            Err(StoreError::Engine { doing, source: EngineError(error.to_string()) })
        }
        Ok(Err(error)) => {
            Err(StoreError::Damaged { part: StatePart::Store, what: format!("it could not be {doing}: {error}") })
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
            if text.contains(OF_SYSTEM) {
                return Err(StoreError::Engine { doing, source: EngineError(text.to_owned()) });
            }
            Err(StoreError::Damaged {
                part: StatePart::Store,
                what: format!("it could not be {doing}, the engine gave up: {text}"),
            })
        }
    }
}

/// Whether an error came from the operating system or another holder, and says nothing about the bytes on disk.
fn is_of_system(error: &std::io::Error) -> bool {
    let text = error.to_string();
    error.raw_os_error().is_some() || text.contains(OF_SYSTEM) || text.contains(HELD)
}

fn closed() -> StoreError {
    StoreError::Poisoned { reason: "the engine is closed".to_owned() }
}

/// Removes snapshot files that were never finished: they would block opening. Only under our own lock.
fn sweep(directory: &Path) -> Result<u32, StoreError> {
    let mut swept = 0;
    for entry in std::fs::read_dir(directory).map_err(io(directory, "read"))? {
        let entry = entry.map_err(io(directory, "read"))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(entry.path()).map_err(io(&entry.path(), "removed"))?;
            swept += 1;
        }
    }
    Ok(swept)
}

fn open_engine(directory: &Path, cache_bytes: u64) -> Result<Open, StoreError> {
    let started = Instant::now();
    let file_path = directory.join("db");
    // Without the engine's own thread: nothing wakes up when idle, nobody else syncs and swallows an error, and the log
    // is tidied all the same as pages are replaced (10,000 articles put and revised: 2.0 x input, with it 1.9).
    let config =
        sled::Config::new().path(directory).cache_capacity(cache_bytes).flush_every_ms(None).mode(sled::Mode::LowSpace);
    let tree = loop {
        match guard("opened", || config.open()) {
            Err(StoreError::Engine { source, .. })
                if source.0.contains(HELD) && started.elapsed() < REOPEN_PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => break other?,
        }
    };
    let file = File::options().read(true).write(true).open(&file_path).map_err(io(&file_path, "opened"))?;
    Ok(Open { tree, file })
}

impl Engine {
    /// Opens or makes the engine in a directory; also says how many unfinished snapshots were swept.
    pub(crate) fn open(directory: &Path, cache_bytes: u64) -> Result<(Engine, u32), StoreError> {
        create_directory(directory)?;
        let swept = sweep(directory)?;
        let open = open_engine(directory, cache_bytes)?;
        let engine = Engine {
            directory: directory.to_owned(),
            cache_bytes,
            open: RwLock::new(Some(open)),
            logged: AtomicU64::new(0),
        };
        engine.flush()?;
        engine.sync()?;
        engine.sync_directories()?;
        Ok((engine, swept))
    }

    /// Makes the names of the engine's files durable.
    fn sync_directories(&self) -> Result<(), StoreError> {
        let conf = self.directory.join("conf");
        File::open(&conf).and_then(|file| file.sync_all()).map_err(io(&conf, "synced"))?;
        sync_directory(&self.directory.join("blobs"))?;
        sync_directory(&self.directory)?;
        self.directory.parent().map_or(Ok(()), sync_directory)
    }

    /// A consistent look.
    pub(crate) fn view(&self) -> View<'_> {
        View(self.open.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Applies writes at once: readers, and a crash, find all or none.
    pub(crate) fn apply(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let mut bytes = 0;
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            bytes += key.len() + value.as_ref().map_or(0, Vec::len);
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.logged.fetch_add(bytes as u64 * LOG_AMPLIFICATION, Ordering::Relaxed);
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let tree = &open.as_ref().ok_or_else(closed)?.tree;
        guard("written", || tree.apply_batch(batch))
    }

    /// Hands everything to the operating system. Not durable yet.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let view = self.view();
        let tree = &view.0.as_ref().ok_or_else(closed)?.tree;
        guard("flushed", || tree.flush()).map(|_| ())
    }

    /// Makes what was flushed durable. An error is final: a second try would lie.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let view = self.view();
        let file = &view.0.as_ref().ok_or_else(closed)?.file;
        file.sync_data().map_err(io(&self.directory.join("db"), "synced"))
    }

    /// Estimated bytes of log since the engine was opened, which is what a crash would replay.
    pub(crate) fn logged(&self) -> u64 {
        self.logged.load(Ordering::Relaxed)
    }

    /// Puts one pair, on its own: a crash may leave some of several.
    pub(crate) fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let view = self.view();
        let tree = &view.0.as_ref().ok_or_else(closed)?.tree;
        guard("written", || tree.insert(key, value)).map(|_| ())
    }

    /// Bytes of the engine's files.
    pub(crate) fn file_bytes(&self) -> u64 {
        directory_bytes(&self.directory)
    }

    /// Closes the engine and opens it again, so that its replay starts here. Readers wait meanwhile.
    pub(crate) fn reopen(&self) -> Result<(), StoreError> {
        self.open_anew(|| Ok(()))
    }

    /// Lets a closed engine's directory take this one's place; this one's stands where that was afterwards. A crash leaves
    /// one or the other. Readers wait meanwhile. `false` where the file system cannot do that: nothing changed.
    pub(crate) fn exchange(&self, fresh: &Path) -> Result<bool, StoreError> {
        self.open_anew(|| match renameat_with(CWD, fresh, CWD, &self.directory, RenameFlags::EXCHANGE) {
            Ok(()) => fresh.parent().map_or(Ok(()), sync_directory).map(|()| true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
            Err(errno) => Err(io(fresh, "exchanged")(errno.into())),
        })
    }

    fn open_anew<T>(&self, between: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = open.take() {
            drop_guarded(old)?;
        }
        let done = between()?;
        sweep(&self.directory)?;
        *open = Some(open_engine(&self.directory, self.cache_bytes)?);
        drop(open);
        self.logged.store(0, Ordering::Relaxed);
        self.flush()?;
        self.sync()?;
        self.sync_directories()?;
        Ok(done)
    }
}

/// Closing flushes, which may panic on a broken disk.
fn drop_guarded(open: Open) -> Result<(), StoreError> {
    guard("closed", move || {
        drop(open);
        Ok(())
    })
}

impl Drop for Engine {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = open.map(drop_guarded) {
            tracing::error!(%error, "store was not closed cleanly");
        }
    }
}

impl View<'_> {
    fn tree(&self) -> Result<&sled::Db, StoreError> {
        self.0.as_ref().map(|open| &open.tree).ok_or_else(closed)
    }

    /// The value under a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let tree = self.tree()?;
        guard("read", || Ok(tree.get(key)?.map(|value| value.to_vec())))
    }

    /// The last pair that starts with `prefix` and does not stand behind `at`.
    pub(crate) fn last(&self, prefix: &[u8], at: &[u8]) -> Result<Option<Pair>, StoreError> {
        let tree = self.tree()?;
        guard("read", || {
            let pair = tree.range::<&[u8], _>(prefix..=at).next_back().transpose()?;
            Ok(pair.map(|(key, value)| (key.to_vec(), value.to_vec())))
        })
    }

    /// At most `limit` pairs from `start` on (without it when `past`), that start with `prefix`.
    pub(crate) fn range(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        use std::ops::Bound;
        let tree = self.tree()?;
        let start: Bound<&[u8]> = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let end = after_prefix(prefix);
        let end: Bound<&[u8]> = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        // The engine panics on a range that runs backwards.
        if let (Bound::Excluded(start), Bound::Excluded(end)) = (start, end)
            && start >= end
        {
            return Ok(Vec::new());
        }
        guard("read", || {
            let pairs = tree.range::<&[u8], _>((start, end)).take(limit);
            pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::guard;
    use crate::error::StoreError;

    #[test]
    fn an_error_of_the_system_is_no_damage() {
        let full = || std::io::Error::from_raw_os_error(28);
        let as_text = || std::io::Error::new(full().kind(), format!("{:?}", full()));
        let is_damage = |error: std::io::Error| {
            let failed: Result<(), StoreError> = guard("flushed", || Err(sled::Error::Io(error)));
            failed.unwrap_err().damaged().is_some()
        };
        assert!(!is_damage(full()) && !is_damage(as_text()));
        assert!(is_damage(std::io::Error::other("crc mismatch")));
        let panicked: Result<(), StoreError> = guard("closed", || panic!("called unwrap on {:?}", full()));
        assert!(panicked.unwrap_err().damaged().is_none());
        let panicked: Result<(), StoreError> = guard("opened", || panic!("index out of bounds"));
        assert!(panicked.unwrap_err().damaged().is_some());
    }
}
