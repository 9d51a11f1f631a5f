//! Looks at every entry of a tree, in small steps, so that whoever walks can do other things in between. Knows nothing
//! of events: each directory is handed to the caller to be watched just before it is listed.

use std::collections::{HashSet, VecDeque};

use dateline_core::SourcePath;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Stat};
use rustix::io::Errno;

use crate::error::FileKind;
use crate::event::{ProblemKind, ScanProblem, Skipped};
use crate::identity::FileIdentity;
use crate::ignore::IgnoreRules;
use crate::options::Limits;
use crate::root::Root;
use crate::sys::{self, Links};

/// Links and special files that a scan names; the others it only counts.
const EXAMPLES_MAX: usize = 100;

/// What a walk goes by.
pub(crate) struct WalkContext<'a> {
    pub(crate) root: &'a Root,
    pub(crate) ignore: &'a IgnoreRules,
    pub(crate) limits: &'a Limits,
}

/// A walk under way, and what it has found.
pub(crate) struct Walk {
    /// Directories to list, nearest first, so that the order is the same each time.
    pending: VecDeque<SourcePath>,
    /// Directories behind symbolic links: last, so that a directory's own path goes before its links.
    linked: VecDeque<SourcePath>,
    listing: Option<Listing>,
    /// Directories visited, where links could lead to one twice.
    visited: HashSet<(u64, u64)>,
    /// Regular files, in no order; the caller may take them out as they come.
    pub(crate) files: Vec<(SourcePath, FileIdentity)>,
    pub(crate) problems: Vec<ScanProblem>,
    pub(crate) skipped: Skipped,
    pub(crate) directories: u64,
    /// The network file system that some directory is on.
    pub(crate) network: Option<&'static str>,
}

struct Listing {
    path: SourcePath,
    directory: OwnedFd,
    entries: Dir,
}

impl Walk {
    /// A walk over the directory at `start` and all below it.
    pub(crate) fn new(start: SourcePath) -> Walk {
        Walk {
            pending: VecDeque::from([start]),
            linked: VecDeque::new(),
            listing: None,
            visited: HashSet::new(),
            files: Vec::new(),
            problems: Vec::new(),
            skipped: Skipped::default(),
            directories: 0,
            network: None,
        }
    }

    /// Looks at `budget` more entries or so; `true` when nothing is left.
    pub(crate) fn step(
        &mut self,
        context: &WalkContext<'_>,
        watch: &mut dyn FnMut(&SourcePath),
        budget: usize,
    ) -> bool {
        let mut left = budget;
        while left > 0 {
            left -= 1;
            let Some(listing) = &mut self.listing else {
                let next = self.pending.pop_front().or_else(|| self.linked.pop_front());
                let Some(path) = next else { return true };
                self.open(context, path, watch);
                continue;
            };
            match listing.entries.read() {
                None => self.listing = None,
                Some(Ok(entry)) => {
                    let name = entry.file_name().to_bytes();
                    if !matches!(name, b"." | b"..") {
                        let path = listing.path.join(name);
                        let kind = entry.file_type();
                        self.enter(context, path, kind);
                    }
                }
                Some(Err(errno)) => {
                    let path = listing.path.clone();
                    self.listing = None;
                    self.problem(context, path, errno);
                }
            }
        }
        self.listing.is_none() && self.pending.is_empty() && self.linked.is_empty()
    }

    fn open(&mut self, context: &WalkContext<'_>, path: SourcePath, watch: &mut dyn FnMut(&SourcePath)) {
        // First the watch, then the listing: what is created in between is in both, and nothing is in neither.
        watch(&path);
        let opened = context.root.open_directory(&path).and_then(|directory| {
            let stat = rustix::fs::fstat(&directory)?;
            let entries = Dir::read_from(&directory)?;
            Ok((directory, stat, entries))
        });
        let (directory, stat, entries) = match opened {
            Ok(opened) => opened,
            Err(errno) => return self.problem(context, path, errno),
        };
        let identity = sys::root_identity(&stat);
        if context.root.links() == Links::Follow && !self.visited.insert((identity.device, identity.inode)) {
            self.skip(&path, FileKind::Link);
            return;
        }
        self.network = self.network.or_else(|| sys::network_file_system(&directory));
        self.directories += 1;
        self.listing = Some(Listing { path, directory, entries });
    }

    fn enter(&mut self, context: &WalkContext<'_>, path: SourcePath, kind: FileType) {
        if path.as_bytes().len() > SourcePath::BYTES_MAX {
            return self.add_problem(context, path, ProblemKind::TooLong);
        }
        match kind {
            FileType::Directory => self.enter_directory(context, path, Reached::Directly),
            FileType::RegularFile | FileType::Unknown => self.enter_file(context, path, AtFlags::SYMLINK_NOFOLLOW),
            FileType::Symlink if context.root.links() == Links::Follow => {
                self.enter_file(context, path, AtFlags::empty());
            }
            _ if context.ignore.file(&path) => self.skipped.ignored += 1,
            FileType::Symlink => self.skip(&path, FileKind::Link),
            FileType::Fifo => self.skip(&path, FileKind::Fifo),
            FileType::Socket => self.skip(&path, FileKind::Socket),
            _ => self.skip(&path, FileKind::Device),
        }
    }

    fn enter_directory(&mut self, context: &WalkContext<'_>, path: SourcePath, reached: Reached) {
        let depth = path.as_bytes().iter().filter(|byte| **byte == b'/').count() + 1;
        if context.ignore.directory(&path) {
            self.skipped.ignored += 1;
        } else if depth > context.limits.depth_max {
            self.add_problem(context, path, ProblemKind::TooDeep);
        } else if reached == Reached::ThroughLink {
            self.linked.push_back(path);
        } else {
            self.pending.push_back(path);
        }
    }

    fn enter_file(&mut self, context: &WalkContext<'_>, path: SourcePath, follow: AtFlags) {
        let Some(listing) = &self.listing else { return };
        let stat: Stat = match rustix::fs::statat(listing.directory.as_fd(), path.file_name(), follow) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::LOOP) if follow.is_empty() => return self.skip(&path, FileKind::Link),
            Err(errno) => return self.problem(context, path, errno),
        };
        let reached = if follow.is_empty() { Reached::ThroughLink } else { Reached::Directly };
        match sys::kind_of(&stat) {
            Some(FileKind::Directory) => self.enter_directory(context, path, reached),
            _ if context.ignore.file(&path) => self.skipped.ignored += 1,
            None => self.files.push((path, sys::file_identity(&stat))),
            Some(kind) => self.skip(&path, kind),
        }
    }

    fn skip(&mut self, path: &SourcePath, kind: FileKind) {
        match kind {
            FileKind::Link => self.skipped.links += 1,
            _ => self.skipped.special += 1,
        }
        if self.skipped.examples.len() < EXAMPLES_MAX {
            self.skipped.examples.push((path.clone(), kind));
        }
    }

    fn problem(&mut self, context: &WalkContext<'_>, path: SourcePath, errno: Errno) {
        // Gone or replaced since it was listed is no problem: events or the next scan tell. The root is another matter.
        if matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP) && !path.is_root() {
            return;
        }
        self.add_problem(context, path, ProblemKind::Unreadable(errno));
    }

    pub(crate) fn add_problem(&mut self, context: &WalkContext<'_>, path: SourcePath, kind: ProblemKind) {
        if self.problems.len() < context.limits.problems_max {
            self.problems.push(ScanProblem { path, kind });
        } else if self.problems.last().is_some_and(|last| last.kind != ProblemKind::TooMany) {
            self.problems.push(ScanProblem { path: SourcePath::default(), kind: ProblemKind::TooMany });
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Directly,
    ThroughLink,
}
