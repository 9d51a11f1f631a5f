//! Files that are written, replaced, truncated or made unreadable while they are being looked at.

use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use dateline_core::SourcePath;
use dateline_watch::{FileKind, ReadErrorKind, Root, ScanReason, WatchOptions, scan};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::consumer::{Consumer, options};

#[test]
fn a_file_growing_while_it_is_read_is_read_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.txt");
    let source = SourcePath::new("growing.txt");
    let root = Root::open(folder.path()).unwrap();
    let done = AtomicBool::new(false);
    std::fs::write(&path, vec![b'a'; 200_000]).unwrap();
    let (mut whole, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut file = std::fs::File::options().append(true).open(&path).unwrap();
            while !done.load(Ordering::Relaxed) && file.metadata().unwrap().len() < 50_000_000 {
                file.write_all(&[b'a'; 100]).unwrap();
            }
        });
        while refused < 20 && !writer.is_finished() {
            match root.read(&source, WatchOptions::new("").read_limits()) {
                Ok(file) if file.bytes.len() as u64 == file.identity.size => whole += 1,
                Err(error) if error.is_changing() => refused += 1,
                // Not an assertion here: the writer would go on.
                _ => break,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(refused, 20, "{whole} were read whole");
    assert!(root.read(&source, WatchOptions::new("").read_limits()).is_ok());
}

#[test]
fn a_file_written_slowly_is_reported_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = options(folder.path());
    settings.settle = std::time::Duration::from_secs(3600);
    let mut consumer = Consumer::start(settings);
    let mut file = std::fs::File::create(folder.path().join("slow.txt")).unwrap();
    for number in 0..50 {
        writeln!(file, "line {number}").unwrap();
        // Each mark proves that the watcher has seen all that came before it.
        std::fs::write(folder.path().join(format!("mark{number}")), "").unwrap();
        consumer.until("a mark", |consumer| consumer.has(&format!("mark{number}")));
        assert!(!consumer.has("slow.txt"), "it is open still");
    }
    drop(file);
    consumer.until_equal("the whole file", folder.path());
}

#[test]
fn a_file_never_closed_is_reported_once_it_holds_still() {
    let folder = tempfile::tempdir().unwrap();
    let mut consumer = Consumer::start(options(folder.path()));
    let mut file = std::fs::File::create(folder.path().join("log.txt")).unwrap();
    file.write_all(b"first").unwrap();
    consumer.until("the first line", |consumer| consumer.content("log.txt") == Some(b"first"));
    file.set_len(0).unwrap();
    file.rewind().unwrap();
    file.write_all(b"second").unwrap();
    consumer.until("the second line", |consumer| consumer.content("log.txt") == Some(b"second"));
}

#[test]
fn every_one_of_many_quick_changes_ends_in_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut consumer = Consumer::start(options(folder.path()));
    for round in 0..300 {
        std::fs::write(folder.path().join("busy.txt"), format!("{round}")).unwrap();
        let temporary = folder.path().join(".save");
        std::fs::write(&temporary, format!("saved {round}")).unwrap();
        std::fs::rename(&temporary, folder.path().join("saved.txt")).unwrap();
    }
    consumer.until_equal("the last of 300", folder.path());
}

#[test]
fn renaming_removing_and_bringing_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut consumer = Consumer::start(options(folder.path()));
    std::fs::write(at("a.txt"), "a").unwrap();
    consumer.until_equal("a", folder.path());
    std::fs::rename(at("a.txt"), at("b.txt")).unwrap();
    consumer.until_equal("a as b", folder.path());
    std::fs::hard_link(at("b.txt"), at("c.txt")).unwrap();
    consumer.until_equal("a link to b", folder.path());
    std::fs::remove_file(at("b.txt")).unwrap();
    consumer.until_equal("b removed", folder.path());
    std::fs::rename(at("c.txt"), at("a.txt")).unwrap();
    consumer.until_equal("a again", folder.path());
    assert_eq!(consumer.scans, [ScanReason::Start]);
}

#[test]
fn unreadable_files_fail_by_name_and_are_read_once_they_can_be() {
    // Root may read anything, so the thread (and the watcher's, which inherits from it) gives that up.
    let without = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    if let Ok(sets) = rustix::thread::capabilities(None) {
        let kept = CapabilitySets { effective: sets.effective - without, ..sets };
        rustix::thread::set_capabilities(None, kept).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let allow = |name: &str, mode| std::fs::set_permissions(at(name), PermissionsExt::from_mode(mode)).unwrap();
    std::fs::create_dir(at("closed")).unwrap();
    std::fs::write(at("closed/inside.txt"), "inside").unwrap();
    std::fs::write(at("secret.txt"), "secret").unwrap();
    allow("closed", 0);
    allow("secret.txt", 0);

    let mut consumer = Consumer::start(options(folder.path()));
    let secret = SourcePath::new("secret.txt");
    consumer.until("the failure", |consumer| consumer.failures.get(&secret) == Some(&ReadErrorKind::Denied));
    let report = scan(consumer.watcher.root(), &options(folder.path())).unwrap();
    assert!(!report.complete);
    assert_eq!(report.problems.len(), 1);
    assert_eq!(report.problems[0].to_string(), "`closed`: Permission denied (os error 13)");
    assert!(!report.covers(&SourcePath::new("closed/inside.txt")), "it must not count as gone");
    assert!(report.covers(&SourcePath::new("closed-too")));

    allow("secret.txt", 0o600);
    allow("closed", 0o700);
    consumer.until("both files", |consumer| consumer.has("secret.txt") && consumer.has("closed/inside.txt"));
    assert_eq!(consumer.scans, [ScanReason::Start], "by events alone");
    std::fs::write(at("closed/late.txt"), "late").unwrap();
    consumer.until("a late file", |consumer| consumer.has("closed/late.txt"));
}

#[test]
fn what_is_not_a_regular_file_is_counted_and_never_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("real")).unwrap();
    std::fs::write(at("real/a.txt"), "a").unwrap();
    std::os::unix::fs::symlink("real/a.txt", at("link.txt")).unwrap();
    std::os::unix::fs::symlink("..", at("real/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("broken")).unwrap();
    std::os::unix::fs::symlink("self", at("self")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), rustix::fs::FileType::Fifo, mode, 0).unwrap();

    let root = Root::open(folder.path()).unwrap();
    let report = scan(&root, &options(folder.path())).unwrap();
    assert!(report.complete);
    assert_eq!(report.entries.len(), 1);
    assert_eq!((report.skipped.links, report.skipped.special, report.directories), (4, 2, 2));
    assert!(report.skipped.examples.contains(&(SourcePath::new("fifo"), FileKind::Fifo)));

    let mut following = options(folder.path());
    following.follow_symlinks = true;
    let root = Root::open_with(&following).unwrap();
    let report = scan(&root, &following).unwrap();
    let paths: Vec<String> = report.entries.iter().map(|(path, _)| path.display()).collect();
    assert_eq!(paths, ["link.txt", "real/a.txt"], "each directory once");
    assert_eq!(report.skipped.links, 3, "the loop, the broken one and the one to itself");
    let mut consumer = Consumer::start(following);
    consumer.until("both", |consumer| consumer.has("link.txt") && consumer.has("real/a.txt"));
}
