//! Full scans: one for batch work, and the one that a watcher has under way. When to scan is decided in `engine`.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dateline_core::SourcePath;
use rustix::io::Errno;

use crate::error::WatchError;
use crate::event::{ProblemKind, ScanReason, ScanReport};
use crate::identity::RootIdentity;
use crate::ignore::IgnoreRules;
use crate::options::WatchOptions;
use crate::root::Root;
use crate::walk::{Walk, WalkContext};

/// A file shows that it was written before the event about that is queued, and its times go by ticks of some
/// milliseconds. A change so shortly before a scan is not called lost for want of an event.
const IN_FLIGHT: Duration = Duration::from_millis(50);

/// Scans the root once, without watching: for batch work. Of the options, those about watching don't matter.
///
/// # Errors
///
/// When a glob is invalid or the root is not there. What goes wrong below it is in the report.
pub fn scan(root: &Root, options: &WatchOptions) -> Result<ScanReport, WatchError> {
    let ignore = IgnoreRules::new(&options.ignore)?;
    let identity = root.identity().map_err(|source| WatchError::Root { path: options.root.clone(), source })?;
    let began = Instant::now();
    let context = WalkContext { root, ignore: &ignore, limits: &options.limits };
    let mut walk = Walk::new(SourcePath::default());
    while !walk.step(&context, &mut |_| {}, usize::MAX) {}
    Ok(report(walk, &context, ScanReason::Requested, identity, began.elapsed()))
}

/// Makes a report of a walk that began at the root when this was `identity`.
pub(crate) fn report(
    mut walk: Walk,
    context: &WalkContext<'_>,
    why: ScanReason,
    identity: RootIdentity,
    elapsed: Duration,
) -> ScanReport {
    if context.root.identity().ok() != Some(identity) {
        // What was listed may be of the old directory or the new.
        walk.add_problem(context, SourcePath::default(), ProblemKind::Unreadable(Errno::STALE));
    }
    let Walk { mut files, mut problems, skipped, directories, .. } = walk;
    files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    // A name that is replaced while its directory is being listed can turn up twice.
    files.dedup_by(|(later, _), (first, _)| later == first);
    problems.sort_by(|a, b| a.path.cmp(&b.path));
    let complete = problems.is_empty();
    ScanReport {
        why,
        entries: files,
        problems,
        skipped,
        root: identity,
        complete,
        directories,
        elapsed,
        announced: Some(HashSet::new()),
        in_flight_since_ns: wall_clock_ns(elapsed + IN_FLIGHT),
    }
}

/// The wall clock, by which files' times go, so long ago. Only ever used to count, never to decide what is read.
fn wall_clock_ns(ago: Duration) -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.saturating_sub(ago).as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::event::ProblemKind;
    use crate::options::WatchOptions;
    use crate::root::Root;
    use dateline_core::SourcePath;
    use rustix::fs::{Mode, OFlags};

    #[test]
    fn what_has_too_long_a_path_is_named_and_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let mut directory = rustix::fs::open(folder.path(), OFlags::RDONLY, Mode::empty()).unwrap();
        let mut above = 0;
        for length in [[255; 15].as_slice(), &[99]].concat() {
            let name = "n".repeat(length);
            rustix::fs::mkdirat(&directory, &name, Mode::RWXU).unwrap();
            directory = rustix::fs::openat(&directory, &name, OFlags::RDONLY, Mode::empty()).unwrap();
            above += length + 1;
        }
        let longest = SourcePath::BYTES_MAX - above;
        for length in [longest, longest + 1] {
            let flags = OFlags::CREATE | OFlags::WRONLY;
            rustix::fs::openat(&directory, "f".repeat(length), flags, Mode::RWXU).unwrap();
        }
        rustix::fs::mkdirat(&directory, "d".repeat(longest + 2), Mode::RWXU).unwrap();

        let options = WatchOptions::new(folder.path());
        let root = Root::open_with(&options).unwrap();
        let report = scan(&root, &options).unwrap();
        let lengths: Vec<usize> = report.entries.iter().map(|(path, _)| path.as_bytes().len()).collect();
        let mut problems: Vec<(usize, ProblemKind)> =
            report.problems.iter().map(|problem| (problem.path.as_bytes().len(), problem.kind)).collect();
        problems.sort_by_key(|(length, _)| *length);
        let too_long = |more| (SourcePath::BYTES_MAX + more, ProblemKind::TooLong);
        assert_eq!((lengths, problems), (vec![SourcePath::BYTES_MAX], vec![too_long(1), too_long(2)]));
    }
}
