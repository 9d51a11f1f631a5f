//! Directories that are made, moved and removed while being watched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dateline_watch::ScanReason;

use crate::consumer::{Consumer, on_disk, options};

#[test]
fn three_hundred_nested_directories_with_a_file_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut consumer = Consumer::start(options(folder.path()));
    let mut directory = folder.path().to_owned();
    for depth in 0..300 {
        directory.push(format!("d{depth}"));
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("file.txt"), depth.to_string()).unwrap();
    }
    consumer.until_equal("300 nested files", folder.path());
    assert_eq!(consumer.scans, [ScanReason::Start], "events and the scans of trees must do");
    assert_eq!(consumer.stats().watches, 301);
}

#[test]
fn paths_longer_than_the_kernel_takes_are_found_by_polling() {
    // Below a deep root, a path that the store takes is one that the kernel doesn't: the first counts from the root.
    let outside = tempfile::tempdir().unwrap();
    let name = "n".repeat(200);
    let root = outside.path().join(&name).join(&name);
    std::fs::create_dir_all(&root).unwrap();
    let mut consumer = Consumer::start(options(&root));
    let here = rustix::fs::open(&root, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    let mut at = here;
    for _ in 0..19 {
        rustix::fs::mkdirat(&at, name.as_str(), rustix::fs::Mode::RWXU).unwrap();
        at = rustix::fs::openat(&at, name.as_str(), rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    }
    let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CREATE;
    let file = rustix::fs::openat(&at, "deep.txt", flags, rustix::fs::Mode::RWXU).unwrap();
    rustix::io::write(&file, b"deep").unwrap();
    drop(file);
    consumer.until("the file 3,827 bytes below the root", |consumer| consumer.catalog.len() == 1);
    assert!(consumer.catalog.values().all(|(_, bytes)| bytes == b"deep"));
    consumer.until("being told", |consumer| consumer.degraded.is_some());
}

#[test]
fn a_tree_of_a_hundred_files_moved_in_and_out_again() {
    let outside = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir_in(outside.path()).unwrap();
    for number in 0..100 {
        let directory = outside.path().join(format!("tree/{}/{}", number % 7, number % 3));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{number}.txt")), number.to_string()).unwrap();
    }
    let mut settings = options(folder.path());
    settings.settle = Duration::from_secs(3600); // moved files must not have to settle
    let mut consumer = Consumer::start(settings);
    std::fs::rename(outside.path().join("tree"), folder.path().join("tree")).unwrap();
    consumer.until("100 files", |consumer| consumer.catalog.len() == 100);
    assert_eq!(consumer.stats().watches, 1 + 1 + 7 + 21);

    std::fs::write(folder.path().join("tree/0/0/late.txt"), "late").unwrap();
    consumer.until("a file in the moved tree", |consumer| consumer.has("tree/0/0/late.txt"));

    std::fs::rename(folder.path().join("tree"), outside.path().join("away")).unwrap();
    consumer.until("an empty catalog", |consumer| consumer.catalog.is_empty());
    std::fs::write(outside.path().join("away/0/0/later.txt"), "later").unwrap();
    std::fs::write(folder.path().join("mark"), "").unwrap();
    consumer.until("the mark", |consumer| consumer.has("mark"));
    assert_eq!(consumer.catalog.len(), 1);
    assert_eq!(consumer.stats().watches, 1);
}

#[test]
fn a_directory_renamed_is_watched_under_its_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("a/sub")).unwrap();
    std::fs::write(at("a/sub/x.txt"), "x").unwrap();
    let mut consumer = Consumer::start(options(folder.path()));
    consumer.until("x", |consumer| consumer.has("a/sub/x.txt"));
    let before = consumer.catalog.values().next().unwrap().0;

    std::fs::rename(at("a"), at("b")).unwrap();
    consumer.until("x under its new name", |consumer| consumer.has("b/sub/x.txt") && !consumer.has("a/sub/x.txt"));
    assert!(consumer.catalog.values().next().unwrap().0.same_file(&before), "so that a rename can be told");
    std::fs::write(at("b/sub/y.txt"), "y").unwrap();
    consumer.until("y", |consumer| consumer.has("b/sub/y.txt"));

    // A tree replaced by another of its name within one breath.
    std::fs::create_dir_all(at("c/other")).unwrap();
    std::fs::write(at("c/other/z.txt"), "z").unwrap();
    std::fs::rename(at("b"), at("gone")).unwrap();
    std::fs::rename(at("c"), at("b")).unwrap();
    consumer.until_equal("trees swapped", folder.path());
    std::fs::write(at("b/other/late.txt"), "late").unwrap();
    std::fs::write(at("gone/sub/late.txt"), "late").unwrap();
    consumer.until_equal("files in swapped trees", folder.path());
    assert_eq!(consumer.scans, [ScanReason::Start]);
}

#[test]
fn hidden_and_unfinished_files_are_never_reported() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut settings = options(folder.path());
    settings.ignore = vec!["*.log".to_owned(), "drafts/".to_owned()];
    let mut consumer = Consumer::start(settings);
    std::fs::create_dir_all(at(".git/objects")).unwrap();
    std::fs::create_dir_all(at("drafts/deep")).unwrap();
    for name in
        [".git/objects/1", ".hidden", "a.txt~", "4913", "b.swp", "c.part", "x.log", "drafts/d.txt", "drafts/deep/e"]
    {
        std::fs::write(at(name), "no").unwrap();
    }
    // The way editors save: into another file, then over the old one.
    std::fs::write(at("article.tmp"), "whole").unwrap();
    std::fs::rename(at("article.tmp"), at("article.txt")).unwrap();
    consumer.until("the article", |consumer| consumer.has("article.txt"));
    consumer.watcher.rescan();
    consumer.until("a scan", |consumer| consumer.scans.len() == 2);
    assert_eq!(consumer.catalog.len(), 1, "{:?}", consumer.catalog.keys());
    assert!(consumer.repaired.is_empty());
}

/// A small generator of numbers, so that a failing history can be had again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }
}

fn pick(numbers: &mut Numbers, paths: &[PathBuf]) -> PathBuf {
    paths[numbers.below(paths.len())].clone()
}

fn directories(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    let mut next = 0;
    while next < found.len() {
        for entry in std::fs::read_dir(&found[next]).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.push(path);
            }
        }
        next += 1;
    }
    found
}

fn disturb(numbers: &mut Numbers, root: &Path, step: usize) {
    let directories = directories(root);
    let files: Vec<PathBuf> =
        on_disk(root).keys().map(|path| root.join(std::str::from_utf8(path.as_bytes()).unwrap())).collect();
    let name = format!("n{}", numbers.below(6));
    let target = pick(numbers, &directories).join(&name);
    match numbers.below(12) {
        0..=2 => drop(std::fs::create_dir_all(target.join(format!("n{}", numbers.below(6))))),
        3..=6 => drop(std::fs::write(target, format!("{step}"))),
        7 if !files.is_empty() => drop(std::fs::remove_file(pick(numbers, &files))),
        8 if !files.is_empty() => drop(std::fs::rename(pick(numbers, &files), target)),
        9 | 10 if directories.len() > 1 => {
            drop(std::fs::rename(pick(numbers, &directories[1..]), target));
        }
        11 if directories.len() > 1 => drop(std::fs::remove_dir_all(pick(numbers, &directories[1..]))),
        _ => drop(std::fs::write(target, format!("{step}"))),
    }
}

#[test]
fn random_histories_end_in_what_is_on_disk_without_a_second_scan() {
    for seed in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let mut consumer = Consumer::start(options(folder.path()));
        let mut numbers = Numbers(seed);
        for burst in 0..8 {
            for step in 0..40 {
                disturb(&mut numbers, folder.path(), burst * 40 + step);
            }
            consumer.until_equal(&format!("seed {seed}, burst {burst}"), folder.path());
        }
        consumer.until_watched(&format!("seed {seed}"), directories(folder.path()).len());
        assert_eq!(consumer.scans, [ScanReason::Start], "seed {seed}");
    }
}
