//! Many changes on end under one daemon: memory and descriptors stay where they are, and nothing is lost.
//! `DATELINE_TEST_SCALE` multiplies the number of changes; 100 makes it 100,000.

mod harness;

use harness::{Lab, Numbers, scale};
use std::fs;

/// Changes of a small run.
const CHANGES: usize = 1_000;
/// Files that take turns in being changed.
const FILES: usize = 200;
/// Changes between two looks at the process.
const BATCH: usize = 100;
/// Growth of memory that is allowed for each 10,000 changes, after the first half, in bytes.
const GROWTH_MAX: f64 = 1024.0 * 1024.0;
/// In a run too short for a slope, while caches still fill: growth from the middle to the end, in bytes.
const SHORT_GROWTH_MAX: f64 = 64.0 * 1024.0 * 1024.0;

/// Resident memory of the daemon itself and the number of its descriptors.
fn look(process: i32) -> (f64, usize) {
    let statm = fs::read_to_string(format!("/proc/{process}/statm")).expect("process runs");
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("is a number");
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("process runs").count();
    (pages * rustix::param::page_size() as f64, descriptors)
}

/// The slope of points with an even distance, by least squares.
fn slope(values: &[f64]) -> f64 {
    let mean_x = (values.len() as f64 - 1.0) / 2.0;
    let mean_y = values.iter().sum::<f64>() / values.len() as f64;
    let (mut above, mut below) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        above += (at as f64 - mean_x) * (value - mean_y);
        below += (at as f64 - mean_x) * (at as f64 - mean_x);
    }
    above / below
}

#[test]
fn memory_and_descriptors_stay_flat() {
    let lab = Lab::new().with("DATELINE_STORE_RETENTION", "1s").with("DATELINE_STORE_CACHE", "4MiB");
    let mut numbers = Numbers::new(5);
    let daemon = lab.start();
    let process = daemon.pid().as_raw_nonzero().get();
    let mut looks = Vec::new();
    let changes = CHANGES * scale();
    for batch in 0..changes / BATCH {
        for _ in 0..BATCH {
            let number = numbers.below(FILES);
            let name = format!("{}/{number}.txt", number % 7);
            match numbers.below(10) {
                0 => drop(fs::remove_file(lab.root().join(&name))),
                1 => drop(fs::rename(lab.root().join(&name), lab.root().join(format!("{number}.txt")))),
                _ => lab.write(&name, format!("Change {batch} of lock gate {number} on 4 May 2021.\n")),
            }
        }
        lab.wait();
        looks.push(look(process));
    }
    let late = &looks[looks.len() / 2..];
    let memory: Vec<f64> = late.iter().map(|(bytes, _)| *bytes).collect();
    let growth = slope(&memory) * 10_000.0 / BATCH as f64;
    let whole = memory[memory.len() - 1] - memory[0];
    let descriptors: Vec<usize> = late.iter().map(|(_, count)| *count).collect();
    let (fewest, most) = (descriptors.iter().min().expect("some"), descriptors.iter().max().expect("some"));
    println!(
        "{changes} changes: memory from {:.1} MB to {:.1} MB in the second half, slope {:.2} MB per 10,000 changes; \
         {fewest} to {most} descriptors",
        memory[0] / 1e6,
        memory[memory.len() - 1] / 1e6,
        growth / 1e6,
    );
    assert!(most - fewest <= 16, "descriptors are not given back: {descriptors:?}");
    if scale() >= 20 {
        assert!(growth < GROWTH_MAX, "memory grows: {memory:?}");
    } else {
        assert!(whole < SHORT_GROWTH_MAX, "memory grows: {memory:?}");
    }
    assert!(daemon.stop().success());
    lab.assert_verified("after all changes");
}
