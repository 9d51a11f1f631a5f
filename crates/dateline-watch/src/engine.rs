//! The watching thread: takes hints, looks at paths, walks trees, scans, and delivers what settled. All decisions about
//! single files are `settle`'s; here they are only carried out.
//!
//! The thread waits for nothing but its wake-up: a consumer that takes nothing fills the bounded queues, a full queue
//! turns into a full scan later, and so nothing is lost and nothing grows.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Select, Sender, TrySendError};
use dateline_core::SourcePath;
use rustix::io::Errno;

use crate::dirty::DirtySet;
use crate::event::{Degradation, ProblemKind, ScanReason, WatchEvent};
use crate::identity::RootIdentity;
use crate::ignore::IgnoreRules;
use crate::options::{PollMode, WatchOptions};
use crate::root::Root;
use crate::scan::report;
use crate::settle::{Hint, Marks, Moment, Observed, Settler, TreeVerdict, Verdict};
use crate::sys;
use crate::walk::{Walk, WalkContext};
use crate::watcher::WatcherStats;
use crate::watches::Watches;

/// Entries looked at before turning to other things.
const STEP_ENTRIES: usize = 1_000;
/// Paths looked at before turning to other things.
const PROBE_BATCH: usize = 256;
/// A scan that nobody asked for begins no sooner than this after the one before, nor sooner than that one took.
const SCAN_PAUSE_MIN: Duration = Duration::from_millis(100);
/// Polling takes at most one part in so many of the time.
const POLL_SHARE: u32 = 10;
/// A scan waits so long for paths that events told of meanwhile, so that their changes don't look lost.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);
/// Paths remembered as told of during one scan.
const ANNOUNCED_MAX: usize = 500_000;

/// What the handle and the thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dirty: Arc<DirtySet>,
    inbox: Mutex<Inbox>,
    stats: Mutex<WatcherStats>,
}

#[derive(Debug, Default)]
struct Inbox {
    rescan: bool,
    stop: bool,
    /// Each once, although every scan names anew what is not through yet.
    settle: BTreeSet<SourcePath>,
    refused: bool,
}

impl Shared {
    pub(crate) fn new(dirty: Arc<DirtySet>) -> Shared {
        Shared { dirty, inbox: Mutex::default(), stats: Mutex::default() }
    }

    pub(crate) fn rescan(&self) {
        self.inbox().rescan = true;
        self.dirty.wake();
    }

    pub(crate) fn settle(&self, paths: Vec<SourcePath>, backlog_max: usize) {
        let mut inbox = self.inbox();
        for path in paths {
            if inbox.settle.len() < backlog_max {
                inbox.settle.insert(path);
            } else if !inbox.settle.contains(&path) {
                inbox.refused = true;
            }
        }
        drop(inbox);
        self.dirty.wake();
    }

    pub(crate) fn stop(&self) {
        self.inbox().stop = true;
        self.dirty.wake();
    }

    /// What waits is counted where it stands first and where it goes next after that: on its way it may be counted twice,
    /// and is never overlooked.
    pub(crate) fn stats(&self) -> WatcherStats {
        let waiting = self.dirty.len() + self.inbox().settle.len();
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone();
        stats.queued += waiting;
        stats
    }

    /// The engine is about to take so many paths; until it says anew how many it has, it has these, too.
    fn count_taken(&self, paths: usize) {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).queued += paths;
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything the thread owns.
pub(crate) struct Engine {
    options: WatchOptions,
    root: Root,
    ignore: Arc<IgnoreRules>,
    shared: Arc<Shared>,
    woken: Receiver<()>,
    events: Sender<WatchEvent>,
    started: Instant,
    watches: Watches,
    settler: Settler,
    outgoing: VecDeque<WatchEvent>,
    /// Which directory the root was when last looked at; nothing while it is missing.
    root_seen: Option<RootIdentity>,
    root_due: Moment,
    /// Directories to walk, each with whether its files are whole.
    trees: BTreeMap<SourcePath, bool>,
    tree: Option<(Walk, bool)>,
    /// What the last walks could not look at.
    unreadable: BTreeSet<SourcePath>,
    network: Option<&'static str>,
    degraded: Option<Degradation>,
    scan: Option<Scan>,
    schedule: Schedule,
    scans: u64,
    overflows: u64,
}

struct Scan {
    why: ScanReason,
    root: RootIdentity,
    began: Moment,
    walk: Walk,
    /// When the walk was done, if it is.
    walked: Option<Moment>,
    /// Paths that events told of; nothing when there were too many.
    announced: Option<HashSet<SourcePath>>,
}

#[derive(Default)]
struct Schedule {
    wanted: Option<(ScanReason, Moment)>,
    renew: bool,
    ended: Moment,
    took: Duration,
}

impl Engine {
    pub(crate) fn new(
        options: WatchOptions,
        root: Root,
        ignore: IgnoreRules,
        shared: Arc<Shared>,
        woken: Receiver<()>,
        events: Sender<WatchEvent>,
    ) -> Engine {
        let ignore = Arc::new(ignore);
        let watches = Watches::new(
            root.path(),
            Arc::clone(&ignore),
            Arc::clone(&shared.dirty),
            options.limits.watches_max,
            options.poll != PollMode::Always,
        );
        Engine {
            settler: Settler::new(options.settle, options.limits.settling_max.max(1)),
            options,
            root,
            ignore,
            shared,
            woken,
            events,
            started: Instant::now(),
            watches,
            outgoing: VecDeque::new(),
            root_seen: None,
            root_due: Moment::default(),
            trees: BTreeMap::new(),
            tree: None,
            unreadable: BTreeSet::new(),
            network: None,
            degraded: None,
            scan: None,
            schedule: Schedule::default(),
            scans: 0,
            overflows: 0,
        }
    }

    /// Runs until it is stopped or nobody listens any more.
    pub(crate) fn run(mut self) {
        self.find_root_at_start();
        loop {
            let stop = self.take_inbox();
            self.check_root();
            self.take_marked();
            self.probe();
            self.walk_trees();
            self.advance_scan();
            let listening = self.deliver();
            self.publish();
            if stop || !listening || !self.wait() {
                break;
            }
        }
    }

    fn now(&self) -> Moment {
        Moment(self.started.elapsed())
    }

    // The root.

    fn find_root_at_start(&mut self) {
        self.root_seen = self.root.identity().ok();
        self.root_due = self.now().after(self.options.root_poll_interval);
        match self.root_seen {
            Some(_) => self.want_scan(ScanReason::Start),
            None => self.outgoing.push_back(WatchEvent::RootMissing),
        }
    }

    fn check_root(&mut self) {
        let now = self.now();
        if now < self.root_due || self.outgoing_room() == 0 {
            return;
        }
        self.root_due = now.after(self.options.root_poll_interval);
        let found = self.root.identity().ok();
        if found == self.root_seen {
            return;
        }
        if self.root_seen.take().is_some() {
            self.lose_root();
        }
        if found.is_some() {
            tracing::info!(root = %self.root.path().display(), "the watched folder is back");
            self.root_seen = found;
            self.outgoing.push_back(WatchEvent::RootBack);
            self.watches.renew();
            self.want_scan(ScanReason::RootBack);
        }
    }

    /// Forgets whatever was under way: it speaks of a directory that is gone, and the scan after the root's return finds
    /// what is true then.
    fn lose_root(&mut self) {
        tracing::warn!(root = %self.root.path().display(), "the watched folder is gone");
        self.settler.clear();
        self.trees.clear();
        self.tree = None;
        self.unreadable.clear();
        self.network = None;
        let _ = self.shared.dirty.take(|_| {});
        self.shared.inbox().settle.clear();
        self.outgoing.retain(|event| !matches!(event, WatchEvent::Ready(_) | WatchEvent::Gone(_)));
        self.schedule.wanted = None;
        if let Some(scan) = self.scan.take() {
            self.finish_scan(scan);
        }
        self.outgoing.push_back(WatchEvent::RootMissing);
    }

    // Hints.

    /// Takes what the handle asks for; `true` to stop.
    fn take_inbox(&mut self) -> bool {
        let mut inbox = self.shared.inbox();
        let stop = inbox.stop;
        let rescan = std::mem::take(&mut inbox.rescan);
        let room = self.settler.room().saturating_sub(self.options.limits.settling_max / 4);
        let paths: Vec<SourcePath> = std::iter::from_fn(|| inbox.settle.pop_first()).take(room).collect();
        let refused = inbox.settle.is_empty() && std::mem::take(&mut inbox.refused);
        self.shared.count_taken(paths.len());
        drop(inbox);

        let now = self.now();
        if self.root_seen.is_some() {
            for path in paths {
                let _ = self.settler.mark(path, Marks::of(Hint::Touched), now);
            }
        }
        if rescan {
            self.want_scan(ScanReason::Requested);
        }
        if refused {
            self.overflows += 1;
            self.want_scan(ScanReason::QueueOverflow);
        }
        stop
    }

    fn take_marked(&mut self) {
        // While there is no room the set fills up, and in the end turns into a scan.
        if self.settler.room() < self.shared.dirty.len() {
            return;
        }
        let marked = self.shared.dirty.take(|count| self.shared.count_taken(count));
        self.overflows += marked.overflows;
        if let Some(why) = marked.rescan {
            tracing::info!(%why, "events were lost: scanning everything");
            self.schedule.renew |= why != ScanReason::QueueOverflow;
            self.want_scan(why);
        }
        if self.root_seen.is_none() {
            return;
        }
        let now = self.now();
        for (path, marks) in marked.paths {
            if path.is_root() {
                self.root_due = now;
                continue;
            }
            self.announce(&path);
            if !self.settler.mark(path, marks, now) {
                self.overflows += 1;
                self.want_scan(ScanReason::QueueOverflow);
            }
        }
    }

    fn announce(&mut self, path: &SourcePath) {
        let Some(scan) = &mut self.scan else { return };
        if let Some(announced) = &mut scan.announced {
            if announced.len() >= ANNOUNCED_MAX {
                scan.announced = None;
            } else {
                announced.insert(path.clone());
            }
        }
    }

    // Looking at single paths.

    fn probe(&mut self) {
        let limit = self.outgoing_room().min(PROBE_BATCH);
        for path in self.settler.take_due(self.now(), limit) {
            let observed = self.look(&path);
            let now = self.now();
            match self.settler.observe(&path, observed, now) {
                Verdict::Wait => {}
                Verdict::Drop => self.watches.forget(&path),
                Verdict::Ready => {
                    if matches!(observed, Observed::File { .. }) && self.watches.is_known(&path) {
                        // A directory was here, and what was in it may have been moved elsewhere. (One that can't be looked
                        // at may still be there.)
                        self.report_gone(path.clone());
                    }
                    self.outgoing.push_back(WatchEvent::Ready(path));
                }
                Verdict::Gone => self.report_gone(path),
                Verdict::Tree(verdict) => self.add_tree(path, verdict),
            }
        }
    }

    fn look(&self, path: &SourcePath) -> Observed {
        if path.as_bytes().len() > SourcePath::BYTES_MAX {
            // A scan says so.
            return Observed::Ignored;
        }
        let stat = match self.root.look(path.as_bytes()) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR) => return Observed::Missing,
            Err(Errno::LOOP | Errno::INVAL) => return Observed::Other,
            Err(_) => return Observed::Unreadable,
        };
        match sys::kind_of(&stat) {
            None if self.ignore.file(path) => Observed::Ignored,
            None => {
                let identity = sys::file_identity(&stat);
                Observed::File { identity, age: age(identity.ctime_ns) }
            }
            Some(crate::FileKind::Directory) if self.ignore.directory(path) => Observed::Ignored,
            Some(crate::FileKind::Directory) => Observed::Directory,
            Some(_) if self.ignore.file(path) => Observed::Ignored,
            Some(_) => Observed::Other,
        }
    }

    fn report_gone(&mut self, path: SourcePath) {
        self.watches.forget(&path);
        if !self.ignore.file(&path) || !self.ignore.directory(&path) {
            self.outgoing.push_back(WatchEvent::Gone(path));
        }
    }

    fn outgoing_room(&self) -> usize {
        self.options.limits.outgoing_max.max(1).saturating_sub(self.outgoing.len())
    }

    // Trees that events told of.

    fn add_tree(&mut self, path: SourcePath, verdict: TreeVerdict) {
        if verdict.only_touched
            && self.watches.is_watched(&path)
            && !self.unreadable.iter().any(|problem| problem.starts_with(&path))
        {
            return;
        }
        if verdict.replaced {
            self.report_gone(path.clone());
        }
        let moved_in = verdict.moved_in && self.trees.get(&path).copied().unwrap_or(true);
        self.trees.insert(path, moved_in);
    }

    fn walk_trees(&mut self) {
        let Engine { root, ignore, options, watches, .. } = self;
        let context = WalkContext { root, ignore, limits: &options.limits };
        if self.tree.is_none()
            && let Some((path, mut moved_in)) = self.trees.pop_first()
        {
            // Trees below it are walked along with it.
            let below = self.trees.range(path.clone()..).take_while(|(tree, _)| tree.starts_with(&path));
            for (tree, whole) in below.map(|(tree, whole)| (tree.clone(), *whole)).collect::<Vec<_>>() {
                moved_in &= whole;
                self.trees.remove(&tree);
            }
            self.unreadable.retain(|problem| !problem.starts_with(&path));
            self.tree = Some((Walk::new(path), moved_in));
        }
        let Some((walk, moved_in)) = &mut self.tree else { return };
        let budget = self.settler.room().min(STEP_ENTRIES);
        let done = walk.step(&context, &mut |path| watches.watch(path), budget);
        let hint = if *moved_in { Hint::MovedIn } else { Hint::Touched };
        let files = std::mem::take(&mut walk.files);
        if done {
            self.network = self.network.or(walk.network);
            self.unreadable.extend(walk.problems.drain(..).map(|problem| problem.path));
            self.tree = None;
        }
        let now = self.now();
        for (path, _) in files {
            self.announce(&path);
            // There is room: no more entries were looked at than that.
            let _ = self.settler.mark(path, Marks::of(hint), now);
        }
        if done && self.scan.is_none() {
            self.judge_degradation();
        }
    }

    // Full scans.

    fn want_scan(&mut self, why: ScanReason) {
        let at = match why {
            ScanReason::QueueOverflow | ScanReason::KernelOverflow | ScanReason::WatcherError => {
                self.schedule.ended.after(self.schedule.took.max(SCAN_PAUSE_MIN))
            }
            _ => Moment::default(),
        };
        let wanted = self.schedule.wanted.get_or_insert((why, at));
        if at < wanted.1 {
            *wanted = (why, at);
        }
    }

    /// The next scan and when it is due.
    fn next_scan(&self) -> Option<(ScanReason, Moment)> {
        let Schedule { wanted, ended, took, .. } = &self.schedule;
        let timer = self.options.rescan_interval.map(|interval| (ScanReason::Timer, ended.after(interval)));
        let pause = self.options.poll_interval.max(*took * POLL_SHARE);
        let poll = self.degraded.as_ref().map(|_| (ScanReason::Poll, ended.after(pause)));
        [*wanted, timer, poll].into_iter().flatten().min_by_key(|(_, at)| *at)
    }

    fn may_scan(&self, why: ScanReason) -> bool {
        let awaited = matches!(why, ScanReason::Start | ScanReason::Requested | ScanReason::RootBack);
        self.scan.is_none()
            && self.root_seen.is_some()
            // What the last scan found comes first: scanning on would only find it again.
            && (awaited || self.shared.inbox().settle.is_empty())
            && !self.outgoing.iter().any(|event| matches!(event, WatchEvent::ScanFinished(_)))
    }

    fn advance_scan(&mut self) {
        let now = self.now();
        if let Some((why, at)) = self.next_scan()
            && at <= now
            && self.may_scan(why)
        {
            self.begin_scan(why);
        }
        let Engine { root, ignore, options, watches, .. } = self;
        let context = WalkContext { root, ignore, limits: &options.limits };
        let Some(scan) = &mut self.scan else { return };
        let Some(walked) = scan.walked else {
            if scan.walk.step(&context, &mut |path| watches.watch(path), STEP_ENTRIES) {
                scan.walked = Some(now);
                self.watches.catch_up();
            }
            return;
        };
        // Events that the scan overtook are still on their way through the dirty set and the trees.
        let settled =
            self.trees.is_empty() && self.tree.is_none() && self.settler.next_due().is_none_or(|due| due > now);
        if (settled || now.since(walked) >= CATCH_UP_MAX)
            && let Some(scan) = self.scan.take()
        {
            self.finish_scan(scan);
        }
    }

    fn begin_scan(&mut self, why: ScanReason) {
        let Some(root) = self.root_seen else { return };
        self.schedule.wanted = None;
        if std::mem::take(&mut self.schedule.renew) {
            self.watches.renew();
        }
        self.watches.begin_round();
        let ready = self.outgoing.iter().filter_map(|event| match event {
            WatchEvent::Ready(path) => Some(path),
            _ => None,
        });
        let announced = Some(self.settler.paths().chain(ready).cloned().collect());
        self.outgoing.push_back(WatchEvent::ScanStarted { why });
        let (began, walk) = (self.now(), Walk::new(SourcePath::default()));
        self.scan = Some(Scan { why, root, began, walk, walked: None, announced });
    }

    fn finish_scan(&mut self, scan: Scan) {
        let now = self.now();
        self.schedule.ended = now;
        self.schedule.took = now.since(scan.began);
        self.network = scan.walk.network;
        let context = WalkContext { root: &self.root, ignore: &self.ignore, limits: &self.options.limits };
        let mut report = report(scan.walk, &context, scan.why, scan.root, now.since(scan.began));
        report.announced = scan.announced;
        if report.complete {
            self.watches.end_round();
        }
        self.unreadable = report.problems.iter().map(|problem| problem.path.clone()).collect();
        let stale = report.problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable(Errno::STALE));
        if stale {
            self.root_due = now;
        }
        self.scans += 1;
        self.outgoing.push_back(WatchEvent::ScanFinished(report));
        if !stale {
            self.judge_degradation();
        }
    }

    fn judge_degradation(&mut self) {
        let network = self.network.filter(|_| self.options.poll == PollMode::Auto);
        let judged = self.watches.degradation().or_else(|| network.map(|name| Degradation::NetworkFileSystem { name }));
        if judged == self.degraded {
            return;
        }
        self.degraded.clone_from(&judged);
        self.outgoing.push_back(match judged {
            Some(reason) => {
                tracing::warn!(%reason, "not every change is noticed at once");
                WatchEvent::Degraded { reason }
            }
            None => WatchEvent::Recovered,
        });
    }

    // Delivery and waiting.

    /// Delivers what the consumer has room for; `false` when there is no consumer any more.
    fn deliver(&mut self) -> bool {
        while let Some(event) = self.outgoing.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.outgoing.push_front(event);
                    return true;
                }
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        true
    }

    fn publish(&self) {
        let mut stats = self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner);
        stats.watches = self.watches.watched();
        if stats.degraded != self.degraded {
            stats.degraded.clone_from(&self.degraded);
        }
        stats.queued = self.settler.len() + self.outgoing.len();
        stats.scans = self.scans;
        stats.overflows = self.overflows;
        stats.root_missing = self.root_seen.is_none();
        stats.scanning = self.scan.is_some() || self.schedule.wanted.is_some();
    }

    /// When there is something to do without being woken.
    fn next_moment(&self) -> Moment {
        let now = self.now();
        let mut next = now.after(self.options.root_poll_interval).min(self.root_due.max(now));
        if self.outgoing_room() == 0 {
            // Until the consumer takes something there is nothing to look at.
            next = now.after(self.options.root_poll_interval);
        } else if let Some(due) = self.settler.next_due() {
            next = next.min(due);
        }
        let walking = (self.tree.is_some() || !self.trees.is_empty()) && self.settler.room() > 0;
        let backlog =
            self.settler.room() > self.options.limits.settling_max / 4 && !self.shared.inbox().settle.is_empty();
        let finishing = self.scan.as_ref().is_some_and(|scan| scan.walked.is_none());
        if walking || backlog || finishing {
            return now;
        }
        if let Some(scan) = &self.scan
            && let Some(walked) = scan.walked
        {
            next = next.min(walked.after(CATCH_UP_MAX));
        }
        if let Some((why, at)) = self.next_scan()
            && self.may_scan(why)
        {
            next = next.min(at);
        }
        next
    }

    /// Waits until woken, until the consumer takes something, or until something is due; `false` when there is no
    /// consumer any more.
    fn wait(&mut self) -> bool {
        let timeout = self.next_moment().since(self.now());
        let mut select = Select::new();
        let woken = select.recv(&self.woken);
        if !self.outgoing.is_empty() {
            select.send(&self.events);
        }
        let Ok(operation) = select.select_timeout(timeout) else { return true };
        if operation.index() == woken {
            return operation.recv(&self.woken).is_ok();
        }
        match self.outgoing.pop_front() {
            Some(event) => operation.send(&self.events, event).is_ok(),
            None => true,
        }
    }
}

/// How long ago a change time lies by the wall clock, which file systems go by.
fn age(ctime_ns: i64) -> Option<Duration> {
    let changed = UNIX_EPOCH.checked_add(Duration::from_nanos(u64::try_from(ctime_ns).ok()?))?;
    SystemTime::now().duration_since(changed).ok()
}

#[cfg(test)]
mod tests {
    use super::{Engine, Shared};
    use crate::dirty::DirtySet;
    use crate::event::WatchEvent;
    use crate::ignore::IgnoreRules;
    use crate::options::WatchOptions;
    use crate::root::Root;
    use crate::settle::{Hint, Marks};
    use dateline_core::SourcePath;
    use std::path::Path;
    use std::sync::Arc;

    /// An engine over `folder` that nobody runs, and what it shares with its handle.
    fn engine(folder: &Path) -> (Engine, Arc<Shared>) {
        let options = WatchOptions::new(folder);
        let (wake, woken) = crossbeam_channel::bounded(1);
        let (events, _told) = crossbeam_channel::bounded(1);
        let shared = Arc::new(Shared::new(Arc::new(DirtySet::new(100, wake))));
        let (root, ignore) = (Root::open_with(&options).unwrap(), IgnoreRules::new(&[]).unwrap());
        let mut engine = Engine::new(options, root, ignore, Arc::clone(&shared), woken, events);
        engine.find_root_at_start();
        (engine, shared)
    }

    #[test]
    fn what_was_in_a_directory_is_gone_when_a_file_takes_its_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("news")).unwrap();
        let (mut engine, shared) = engine(folder.path());
        let news = SourcePath::new("news");
        engine.watches.watch(&news);
        std::fs::remove_dir(folder.path().join("news")).unwrap();
        std::fs::write(folder.path().join("news"), "a file now").unwrap();
        for hint in [Hint::Vanished, Hint::Written, Hint::Closed] {
            shared.dirty.mark(news.clone(), Marks::of(hint));
        }
        engine.take_marked();
        engine.probe();
        assert_eq!(engine.watches.watched(), 0);
        let told: Vec<String> = engine.outgoing.iter().map(|event| format!("{event:?}")).collect();
        assert_eq!(told, [WatchEvent::Gone(news.clone()), WatchEvent::Ready(news)].map(|event| format!("{event:?}")));
    }

    #[test]
    fn what_the_engine_takes_is_counted_until_it_says_how_much_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let (mut engine, shared) = engine(folder.path());
        let queued = || shared.stats().queued;

        shared.settle(["a", "b"].map(SourcePath::new).to_vec(), 10);
        assert_eq!(queued(), 2);
        engine.take_inbox();
        assert_eq!(queued(), 2, "taken from the inbox, not said yet");
        engine.publish();
        assert_eq!(queued(), 2);

        for name in ["c", "d", "e"] {
            shared.dirty.mark(SourcePath::new(name), Marks::of(Hint::Closed));
        }
        assert_eq!(queued(), 5);
        engine.take_marked();
        assert_eq!(queued(), 5, "taken from what events marked, not said yet");
        engine.publish();
        assert_eq!(queued(), 5);
        engine.probe();
        engine.publish();
        assert_eq!(queued(), 5, "all are gone, which nobody has heard yet");
    }
}
