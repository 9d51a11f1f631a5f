//! Whether work costs in proportion to its input, in processor time: what else the machine does matters little. Judges
//! the whole process, so that work on threads counts; nothing else should run in it meanwhile.

use std::time::Duration;

/// Sizes of a small run, in bytes.
const SMALL: [usize; 3] = [256 << 10, 512 << 10, 1 << 20];
/// Sizes of a large run, in bytes.
const LARGE: [usize; 3] = [1 << 20, 2 << 20, 4 << 20];
/// How much more per byte the largest input may cost than the smallest. Linear work gives 1, quadratic work 4.
const FACTOR_MAX: f64 = 2.2;
/// Processor time below which nothing can be said.
const TIME_MIN: Duration = Duration::from_millis(25);
/// Runs of which the quickest counts.
const RUNS: usize = 3;
/// How often a suspicious case is measured again before it is believed.
const LOOKS: usize = 4;

/// Asserts that work on 256 KiB, 512 KiB and 1 MiB costs in proportion; with `DATELINE_TEST_SCALE` above 1 on 1, 2 and
/// 4 MiB. `work` gets the number of bytes; what it costs with none is not counted.
///
/// # Panics
/// When the cost grows faster, with the times.
pub fn assert_linear(what: &str, mut work: impl FnMut(usize)) {
    let sizes = if super::conformance::scale() > 1 { LARGE } else { SMALL };
    let mut cost = |bytes: usize| {
        let run = |_| {
            let began = process_time();
            work(bytes);
            process_time().saturating_sub(began)
        };
        (0..RUNS).map(run).min().unwrap_or_default()
    };
    let mut grown = None;
    for _ in 0..LOOKS {
        let nothing = cost(0);
        let times = sizes.map(|size| cost(size).saturating_sub(nothing));
        println!("{what}: {times:.1?} for {sizes:?} bytes");
        let growth = sizes[2] as f64 / sizes[0] as f64;
        let factor = times[2].as_secs_f64() / times[0].as_secs_f64().max(1e-4) / growth;
        if times[2] < TIME_MIN || factor <= FACTOR_MAX {
            return;
        }
        // A busy machine may disturb one look, but not several of them in the same direction.
        grown = Some(times);
    }
    panic!("{what}: {grown:.1?} for {sizes:?} bytes: that is not linear");
}

fn process_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(now).unwrap_or_default()
}
