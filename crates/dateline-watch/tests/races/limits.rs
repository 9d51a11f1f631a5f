//! Queues that overflow and watches that run out.

use dateline_watch::{Degradation, PollMode, ScanReason};

use crate::consumer::{Consumer, options};

/// In memory where there is such a place: on a busy disk, removing so many files takes longer than finding them.
fn folder_for_many_files() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn twenty_thousand_creations_into_a_tiny_queue() {
    let folder = folder_for_many_files();
    let mut settings = options(folder.path());
    settings.limits.dirty_max = 16;
    settings.limits.outgoing_max = 16;
    let mut consumer = Consumer::start_only(settings, 4);
    consumer.until("the first scan", |consumer| !consumer.scans.is_empty());
    for number in 0..20_000 {
        let name = folder.path().join(format!("{number:05}.txt"));
        std::fs::write(name, number.to_string()).unwrap();
    }
    // Nobody takes anything until the queue has overflowed for sure.
    while consumer.stats().overflows == 0 {
        std::thread::yield_now();
    }
    consumer.until_equal("20,000 files", folder.path());
    assert!(consumer.scans.contains(&ScanReason::QueueOverflow), "{:?}", consumer.scans);
    assert!(!consumer.repaired.is_empty(), "the scan's report says which it repaired");
}

#[test]
fn a_consumer_that_takes_nothing_bounds_the_queues_and_loses_nothing() {
    let folder = folder_for_many_files();
    let mut settings = options(folder.path());
    settings.limits.dirty_max = 50;
    settings.limits.settling_max = 50;
    settings.limits.outgoing_max = 50;
    settings.limits.backlog_max = 100;
    let mut consumer = Consumer::start_only(settings, 1);
    consumer.until("the first scan", |consumer| !consumer.scans.is_empty());
    for number in 0..3_000 {
        std::fs::write(folder.path().join(format!("{number}.txt")), number.to_string()).unwrap();
        assert!(consumer.stats().queued <= 50 + 50 + 53 + 100, "{:?}", consumer.stats());
    }
    consumer.until_equal("3,000 files, at most 100 to settle a scan", folder.path());
}

#[test]
fn more_directories_than_watches_are_polled_and_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = |number: usize| folder.path().join(format!("d{number:02}"));
    let mut settings = options(folder.path());
    settings.limits.watches_max = Some(10);
    let mut consumer = Consumer::start(settings);
    for number in 0..30 {
        std::fs::create_dir(at(number)).unwrap();
        std::fs::write(at(number).join("file.txt"), "1").unwrap();
    }
    consumer.until_equal("files in 30 directories", folder.path());
    consumer.until("being told", |consumer| {
        consumer.degraded == Some(Degradation::WatchLimit { watched: 10, unwatched: 21 })
    });
    assert_eq!(consumer.stats().watches, 10);
    for number in 0..30 {
        std::fs::write(at(number).join("file.txt"), "22").unwrap();
        std::fs::write(at(number).join("late.txt"), "333").unwrap();
    }
    consumer.until_equal("changes in 30 directories", folder.path());
    assert!(consumer.scans.contains(&ScanReason::Poll));

    for number in 5..30 {
        std::fs::remove_dir_all(at(number)).unwrap();
    }
    consumer.until("recovery", |consumer| consumer.degraded.is_none());
    consumer.until_equal("what is left", folder.path());
    assert_eq!(consumer.stats().watches, 6);
    std::fs::write(at(4).join("last.txt"), "4").unwrap();
    consumer.until_equal("an event again", folder.path());
}

#[test]
fn polling_finds_what_events_would_tell() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = options(folder.path());
    settings.poll = PollMode::Always;
    let mut consumer = Consumer::start(settings);
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/a.txt"), "a").unwrap();
    consumer.until_equal("a file", folder.path());
    std::fs::write(folder.path().join("sub/a.txt"), "b").unwrap();
    consumer.until_equal("a change", folder.path());
    std::fs::remove_file(folder.path().join("sub/a.txt")).unwrap();
    consumer.until_equal("a removal", folder.path());
    assert_eq!(consumer.stats().watches, 0);
    assert_eq!(consumer.degraded, Some(Degradation::Polled));
}

#[test]
fn a_scan_on_request_or_by_the_clock_says_why_it_ran() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = options(folder.path());
    settings.rescan_interval = Some(std::time::Duration::from_millis(30));
    let mut consumer = Consumer::start(settings);
    consumer.watcher.rescan();
    consumer.until("both", |consumer| {
        consumer.scans.contains(&ScanReason::Requested) && consumer.scans.contains(&ScanReason::Timer)
    });
    assert_eq!(consumer.scans[0], ScanReason::Start);
}

#[test]
fn a_change_that_an_event_told_of_is_not_taken_for_a_lost_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = options(folder.path());
    settings.rescan_interval = Some(std::time::Duration::from_millis(1));
    let mut consumer = Consumer::start(settings);
    for round in 0..200 {
        for number in 0..10 {
            std::fs::write(folder.path().join(format!("{number}.txt")), format!("{round} {number}")).unwrap();
        }
        consumer.until_equal("ten files", folder.path());
    }
    assert!(consumer.scans.len() > 10, "{:?}", consumer.scans.len());
    assert!(consumer.repaired.is_empty(), "{:?}", consumer.repaired);
}

#[test]
fn stopping_does_not_wait_for_the_consumer() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..100 {
        std::fs::write(folder.path().join(number.to_string()), "").unwrap();
    }
    let consumer = Consumer::start_only(options(folder.path()), 0);
    consumer.watcher.stop();
    assert!(consumer.events.iter().count() == 0);
}
