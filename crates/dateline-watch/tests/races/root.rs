//! Roots that are missing, removed, made again, replaced or unmounted.

use std::process::Command;

use dateline_watch::{ScanReason, WatchEvent};

use crate::consumer::{Consumer, options};

#[test]
fn a_root_removed_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("sub")).unwrap();
    std::fs::write(root.join("sub/a.txt"), "a").unwrap();
    let mut consumer = Consumer::start(options(&root));
    consumer.until_equal("a file", &root);
    for round in 0..5 {
        std::fs::remove_dir_all(&root).unwrap();
        consumer.until("the loss", |consumer| consumer.root_missing);
        assert!(consumer.stats().root_missing);
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/b.txt"), round.to_string()).unwrap();
        consumer.until("the return", |consumer| !consumer.root_missing);
        consumer.until_equal("the new file", &root);
        std::fs::write(root.join("sub/c.txt"), format!("by an event {round}")).unwrap();
        consumer.until_equal("a later file", &root);
    }
    assert!(consumer.scans[1..].iter().all(|why| *why == ScanReason::RootBack), "{:?}", consumer.scans);
}

#[test]
fn a_root_replaced_between_two_looks() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("old.txt"), "old").unwrap();
    std::fs::create_dir(folder.path().join("next")).unwrap();
    std::fs::write(folder.path().join("next/new.txt"), "new").unwrap();
    let mut consumer = Consumer::start(options(&root));
    consumer.until_equal("the old file", &root);
    std::fs::rename(&root, folder.path().join("before")).unwrap();
    std::fs::rename(folder.path().join("next"), &root).unwrap();
    consumer.until("the replacement", |consumer| consumer.roots_back == 1);
    consumer.until_equal("the new file", &root);
    std::fs::write(folder.path().join("before/late.txt"), "not ours any more").unwrap();
    std::fs::write(root.join("late.txt"), "ours").unwrap();
    consumer.until_equal("a late file", &root);
}

#[test]
fn a_root_that_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("not/yet");
    let mut consumer = Consumer::start_only(options(&root), 8);
    consumer.until("being told", |consumer| consumer.root_missing);
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(root.join("a.txt"), "a").unwrap();
    consumer.until_equal("a file", &root);
    assert!(!consumer.root_missing);
}

#[test]
fn what_is_on_its_way_when_the_root_goes_is_not_delivered_after() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let consumer = Consumer::start_only(options(&root), 1);
    for number in 0..500 {
        std::fs::write(root.join(number.to_string()), "").unwrap();
    }
    std::fs::remove_dir_all(&root).unwrap();
    let mut missing = false;
    for event in consumer.events.iter() {
        match event {
            WatchEvent::RootMissing => missing = true,
            WatchEvent::Ready(_) | WatchEvent::Gone(_) => assert!(!missing, "{event:?} while the root is missing"),
            WatchEvent::RootBack => break,
            _ => {}
        }
        if missing && !root.exists() {
            std::fs::create_dir(&root).unwrap();
        }
    }
}

/// Mounts a memory disk at a directory, where that is permitted.
fn mount(directory: &std::path::Path) -> bool {
    let mount = Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(directory).output();
    match mount {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            println!("skipped, no mounting here: {}", String::from_utf8_lossy(&output.stderr).trim());
            false
        }
        Err(error) => {
            println!("skipped, no mounting here: {error}");
            false
        }
    }
}

#[test]
fn an_unmounted_disk_is_a_missing_root_and_not_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("disk");
    std::fs::create_dir(&root).unwrap();
    if !mount(&root) {
        return;
    }
    std::fs::create_dir(root.join("sub")).unwrap();
    std::fs::write(root.join("sub/a.txt"), "a").unwrap();
    let mut consumer = Consumer::start(options(&root));
    consumer.until_equal("a file", &root);
    let unmounted = Command::new("umount").arg(&root).status().unwrap();
    assert!(unmounted.success(), "watching must not keep a disk busy");
    consumer.until("the loss and the directory below", |consumer| consumer.roots_back == 1);
    consumer.until("an empty root", |consumer| consumer.catalog.is_empty());

    assert!(mount(&root));
    consumer.until("the other disk", |consumer| consumer.roots_back == 2);
    std::fs::write(root.join("b.txt"), "b").unwrap();
    consumer.until_equal("a file on it", &root);
    assert!(Command::new("umount").arg(&root).status().unwrap().success());
}
