//! Where the notifying thread leaves its hints: a set of paths, each once, bounded. It never blocks and looks at nothing.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;
use dateline_core::SourcePath;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};

use crate::event::ScanReason;
use crate::ignore::IgnoreRules;
use crate::settle::{Hint, Marks};

/// What was marked since the last taking.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    /// The paths, each with what its events add up to.
    pub(crate) paths: HashMap<SourcePath, Marks>,
    /// Why everything has to be looked at instead, if so.
    pub(crate) rescan: Option<ScanReason>,
    /// How often a queue was full since the last taking.
    pub(crate) overflows: u64,
}

/// A bounded set of marked paths, shared between the notifying thread and the engine.
#[derive(Debug)]
pub(crate) struct DirtySet {
    marked: Mutex<Marked>,
    capacity: usize,
    wake: Sender<()>,
}

impl DirtySet {
    /// A set of at most `capacity` paths, which wakes the engine over `wake`.
    pub(crate) fn new(capacity: usize, wake: Sender<()>) -> DirtySet {
        DirtySet { marked: Mutex::default(), capacity, wake }
    }

    /// Marks a path. When there is no room all are dropped, and everything has to be scanned.
    pub(crate) fn mark(&self, path: SourcePath, marks: Marks) {
        let mut marked = self.lock();
        if let Some(before) = marked.paths.get_mut(&path) {
            before.add(marks);
        } else if marked.paths.len() < self.capacity {
            marked.paths.insert(path, marks);
        } else {
            marked.paths = HashMap::new();
            marked.rescan.get_or_insert(ScanReason::QueueOverflow);
            marked.overflows += 1;
        }
        drop(marked);
        self.wake();
    }

    /// Has everything scanned.
    pub(crate) fn rescan(&self, why: ScanReason) {
        let mut marked = self.lock();
        marked.overflows += u64::from(why == ScanReason::KernelOverflow);
        // What stands first is kept, but for an error of the watcher itself: that one also renews the watches.
        if marked.rescan.is_none_or(|before| before == ScanReason::QueueOverflow) {
            marked.rescan = Some(why);
        }
        drop(marked);
        self.wake();
    }

    /// Takes what was marked; `beforehand` is told how many paths that are, while they still are here.
    pub(crate) fn take(&self, beforehand: impl FnOnce(usize)) -> Marked {
        let mut marked = self.lock();
        beforehand(marked.paths.len());
        std::mem::take(&mut *marked)
    }

    /// How many paths are marked.
    pub(crate) fn len(&self) -> usize {
        self.lock().paths.len()
    }

    /// Wakes the engine; it may be awake already.
    pub(crate) fn wake(&self) {
        let _ = self.wake.try_send(());
    }

    fn lock(&self) -> MutexGuard<'_, Marked> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The callback that `notify` calls: turns its events into hints and nothing else.
pub(crate) struct Callback {
    pub(crate) root: PathBuf,
    pub(crate) ignore: Arc<IgnoreRules>,
    pub(crate) dirty: Arc<DirtySet>,
}

impl notify::EventHandler for Callback {
    fn handle_event(&mut self, event: notify::Result<notify::Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "the file system watcher reports an error");
                self.dirty.rescan(ScanReason::WatcherError);
                return;
            }
        };
        if event.need_rescan() {
            self.dirty.rescan(ScanReason::KernelOverflow);
            return;
        }
        let Some(hint) = hint_of(event.kind) else { return };
        for path in &event.paths {
            if let Some(path) = relative(&self.root, path)
                && !self.ignore.surely(&path)
            {
                self.dirty.mark(path, Marks::of(hint));
            }
        }
    }
}

fn relative(root: &Path, path: &Path) -> Option<SourcePath> {
    Some(SourcePath::new(path.strip_prefix(root).ok()?.as_os_str().as_bytes()))
}

/// What a kind of event says of its paths; nothing for openings and readings, our own among them.
fn hint_of(kind: EventKind) -> Option<Hint> {
    Some(match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Hint::Closed,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return None,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Data(_)) => Hint::Written,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Hint::MovedIn,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) | EventKind::Remove(_) => Hint::Vanished,
        EventKind::Modify(_) | EventKind::Any | EventKind::Other => Hint::Touched,
    })
}

#[cfg(test)]
mod tests {
    use super::DirtySet;
    use crate::event::ScanReason;
    use crate::settle::{Hint, Marks};
    use dateline_core::SourcePath;

    #[test]
    fn marks_of_one_path_add_up_and_one_path_too_many_means_scanning() {
        let (wake, woken) = crossbeam_channel::bounded(1);
        let dirty = DirtySet::new(2, wake);
        let mark = |name: &str, hint| dirty.mark(SourcePath::new(name), Marks::of(hint));
        for hint in [Hint::Written, Hint::Closed, Hint::Touched] {
            mark("a", hint);
        }
        mark("b", Hint::MovedIn);
        assert_eq!(woken.len(), 1);
        let marked = dirty.take(|_| {});
        assert_eq!(marked.paths[&SourcePath::new("a")], Marks::of(Hint::Closed));
        assert_eq!((marked.paths.len(), marked.rescan, marked.overflows), (2, None, 0));

        for name in ["a", "b", "c", "d"] {
            mark(name, Hint::Closed);
        }
        let marked = dirty.take(|_| {});
        assert_eq!(marked.rescan, Some(ScanReason::QueueOverflow));
        assert_eq!((marked.paths.len(), marked.overflows), (1, 1), "what came after the overflow");
        assert_eq!(dirty.len(), 0);
    }

    #[test]
    fn an_error_outweighs_a_full_queue() {
        let dirty = DirtySet::new(1, crossbeam_channel::bounded(1).0);
        dirty.rescan(ScanReason::QueueOverflow);
        dirty.rescan(ScanReason::KernelOverflow);
        dirty.rescan(ScanReason::WatcherError);
        assert_eq!(dirty.take(|_| {}).rescan, Some(ScanReason::KernelOverflow));
    }
}
