//! Decides when a path has settled, as a pure state machine: hints and looks at the disk go in with the time at which
//! they happened, what to do comes out. It has no clock, no thread and does no I/O.
//!
//! A path is looked at as soon as a hint names it. A file whose closing or moving in was the last hint is ready then;
//! any other has to show the same identity twice, at least the settling time apart, with no hint of writing in
//! between; or to have been left alone for so long that nobody can be writing it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use dateline_core::SourcePath;

use crate::identity::FileIdentity;

/// A file that closed again so soon after it was reported waits this long: whoever appends line by line, closing each
/// time, must not have the file read for every line.
pub(crate) const REPEAT_PAUSE: Duration = Duration::from_millis(200);
/// A file's last change lies at least this long back, or four times the settling time: nobody is writing it.
const QUIET_AGE_MIN: Duration = Duration::from_secs(2);
/// A file that keeps changing without a hint is looked at ever more rarely, up to 2 to this power settling times.
const BACKOFF_DOUBLINGS_MAX: u32 = 5;
/// Reported paths remembered for [`REPEAT_PAUSE`].
const REPORTED_MAX: usize = 4_096;

/// A point in monotonic time: how long after some fixed start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Duration);

impl Moment {
    /// The moment that lies `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(duration))
    }

    /// How long after `earlier` this is; nothing when it is not.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// What an event, a scan or the consumer says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Something about it may have changed.
    Touched,
    /// It was created or written to, and may be written to still.
    Written,
    /// Whoever wrote it has closed it.
    Closed,
    /// It was moved here, whole.
    MovedIn,
    /// It was removed or moved away.
    Vanished,
}

/// What the hints about one path add up to: the last word on its being written, and whether it was ever gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    writing: Writing,
    vanished: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Writing {
    #[default]
    Unknown,
    Open,
    Closed,
    MovedIn,
}

impl Marks {
    /// What one hint says.
    #[must_use]
    pub fn of(hint: Hint) -> Marks {
        let writing = match hint {
            Hint::Touched => Writing::Unknown,
            Hint::Written | Hint::Vanished => Writing::Open,
            Hint::Closed => Writing::Closed,
            Hint::MovedIn => Writing::MovedIn,
        };
        Marks { writing, vanished: hint == Hint::Vanished }
    }

    /// Adds what was said later.
    pub fn add(&mut self, later: Marks) {
        self.vanished |= later.vanished;
        if later.writing != Writing::Unknown {
            self.writing = later.writing;
        }
    }

    fn is_whole(self) -> bool {
        matches!(self.writing, Writing::Closed | Writing::MovedIn)
    }
}

/// What was found at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Nothing.
    Missing,
    /// A regular file.
    File {
        /// Its state.
        identity: FileIdentity,
        /// How long ago it last changed by the file system's own clock; `None` when that lies in the future. Only ever
        /// makes a file ready sooner: a clock that jumps can cause one reading too many, never one too few.
        age: Option<Duration>,
    },
    /// A directory.
    Directory,
    /// Something that is never read: a link, a FIFO.
    Other,
    /// Something that is left out by its name, so that nobody wants to hear of it.
    Ignored,
    /// It can't be looked at.
    Unreadable,
}

/// What to do about a path that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet; it is due again later.
    Wait,
    /// Report it as ready.
    Ready,
    /// Report it as gone.
    Gone,
    /// Report nothing.
    Drop,
    /// Watch and scan the directory.
    Tree(TreeVerdict),
}

/// How a directory came to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeVerdict {
    /// It was moved here, so that its files are whole.
    pub moved_in: bool,
    /// Another of that name may have been there before: report that as gone first.
    pub replaced: bool,
    /// Nothing says that it is new: at most its permissions have changed.
    pub only_touched: bool,
}

#[derive(Debug)]
struct Entry {
    marks: Marks,
    seen: Option<(FileIdentity, Moment)>,
    changes: u32,
    due: Option<(Moment, u64)>,
}

/// The paths that wait to settle.
#[derive(Debug)]
pub struct Settler {
    settle: Duration,
    capacity: usize,
    entries: HashMap<SourcePath, Entry>,
    due: BTreeMap<(Moment, u64), SourcePath>,
    tickets: u64,
    reported: HashMap<SourcePath, Moment>,
    reported_order: VecDeque<(Moment, SourcePath)>,
}

impl Settler {
    /// A settler for at most `capacity` paths at once, in which a file has to hold still for `settle`.
    #[must_use]
    pub fn new(settle: Duration, capacity: usize) -> Settler {
        Settler {
            settle,
            capacity,
            entries: HashMap::new(),
            due: BTreeMap::new(),
            tickets: 0,
            reported: HashMap::new(),
            reported_order: VecDeque::new(),
        }
    }

    /// Takes what hints say about a path; `false` when there is no room, and the path is not taken.
    #[must_use]
    pub fn mark(&mut self, path: SourcePath, marks: Marks, now: Moment) -> bool {
        let earliest_again = self.reported.get(&path).map_or(now, |reported| now.max(reported.after(REPEAT_PAUSE)));
        let Some(entry) = self.entries.get_mut(&path) else {
            if self.room() == 0 {
                return false;
            }
            self.entries.insert(path.clone(), Entry { marks, seen: None, changes: 0, due: None });
            self.schedule(&path, if marks.is_whole() { earliest_again } else { now });
            return true;
        };
        entry.marks.add(marks);
        let due = if entry.marks.is_whole() {
            earliest_again
        } else if marks.vanished {
            now
        } else if marks.writing == Writing::Open && entry.seen.take().is_some() {
            now.after(self.settle)
        } else {
            return true;
        };
        // What is due already keeps its turn, however often it is named.
        if due > now || entry.due.is_none_or(|(moment, _)| moment > now) {
            self.schedule(&path, due);
        }
        true
    }

    /// The next paths to look at, at most `limit`, in the order in which they became due. Each must be given to
    /// [`Settler::observe`] before any other call.
    #[must_use]
    pub fn take_due(&mut self, now: Moment, limit: usize) -> Vec<SourcePath> {
        let mut paths = Vec::new();
        while paths.len() < limit {
            let Some(first) = self.due.first_entry() else { break };
            if first.key().0 > now {
                break;
            }
            let path = first.remove();
            if let Some(entry) = self.entries.get_mut(&path) {
                entry.due = None;
            }
            paths.push(path);
        }
        paths
    }

    /// Takes what was found at a path and says what to do. Unless that is to wait, the path is forgotten.
    #[must_use]
    pub fn observe(&mut self, path: &SourcePath, observed: Observed, now: Moment) -> Verdict {
        let Some(entry) = self.entries.get_mut(path) else { return Verdict::Wait };
        let verdict = match observed {
            Observed::Missing | Observed::Other => Verdict::Gone,
            Observed::Ignored => Verdict::Drop,
            Observed::Directory => Verdict::Tree(TreeVerdict {
                moved_in: entry.marks.writing == Writing::MovedIn,
                replaced: entry.marks.vanished,
                only_touched: entry.marks == Marks::default(),
            }),
            // Reading it will say why not, and be recorded as this file's failure.
            Observed::Unreadable => Verdict::Ready,
            Observed::File { .. } if entry.marks.is_whole() => Verdict::Ready,
            Observed::File { age: Some(age), .. } if age >= QUIET_AGE_MIN.max(self.settle * 4) => Verdict::Ready,
            Observed::File { identity, .. } => match entry.seen {
                Some((seen, at)) if seen == identity && now.since(at) >= self.settle => Verdict::Ready,
                Some((seen, at)) if seen == identity => {
                    let due = at.after(self.settle);
                    self.schedule(path, due);
                    return Verdict::Wait;
                }
                seen => {
                    entry.changes += u32::from(seen.is_some());
                    entry.seen = Some((identity, now));
                    let pause = self.settle * (1 << entry.changes.min(BACKOFF_DOUBLINGS_MAX));
                    self.schedule(path, now.after(pause));
                    return Verdict::Wait;
                }
            },
        };
        self.forget(path);
        if verdict == Verdict::Ready {
            self.remember_report(path, now);
        }
        verdict
    }

    /// When the next path is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Moment> {
        self.due.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// How many paths wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many more paths there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.entries.len())
    }

    /// The paths that wait, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &SourcePath> {
        self.entries.keys()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Settler::new(self.settle, self.capacity);
    }

    fn schedule(&mut self, path: &SourcePath, due: Moment) {
        let Some(entry) = self.entries.get_mut(path) else { return };
        if let Some(before) = entry.due.take() {
            self.due.remove(&before);
        }
        self.tickets += 1;
        entry.due = Some((due, self.tickets));
        self.due.insert((due, self.tickets), path.clone());
    }

    fn forget(&mut self, path: &SourcePath) {
        if let Some(due) = self.entries.remove(path).and_then(|entry| entry.due) {
            self.due.remove(&due);
        }
    }

    fn remember_report(&mut self, path: &SourcePath, now: Moment) {
        self.reported.insert(path.clone(), now);
        self.reported_order.push_back((now, path.clone()));
        while let Some((at, _)) = self.reported_order.front() {
            if self.reported_order.len() <= REPORTED_MAX && now.since(*at) < REPEAT_PAUSE {
                break;
            }
            if let Some((at, path)) = self.reported_order.pop_front()
                && self.reported.get(&path) == Some(&at)
            {
                self.reported.remove(&path);
            }
        }
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
