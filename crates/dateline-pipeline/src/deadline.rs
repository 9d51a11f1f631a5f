//! The engine's clock for annotators: they only ever learn whether their time is over.

use dateline_processor::Deadline;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// A deadline that is over when this thread has worked for some time: what else the machine did meanwhile does not count,
/// so that a document fails on a busy machine only if it fails on an idle one. Who waits instead of working is ended by the
/// worker.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// Before this instant the thread cannot have worked for so long; cheaper to look at.
    earliest: Instant,
    worked: Duration,
}

impl Until {
    /// A deadline after `time` of work, which began at `start` and goes on in this thread. A time too long for the clock
    /// never ends.
    #[must_use]
    pub fn after(start: Instant, time: Duration) -> Until {
        const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
        let time = time.min(FAR);
        Until { earliest: start + time, worked: thread_time() + time }
    }
}

impl Deadline for Until {
    fn is_over(&self) -> bool {
        Instant::now() >= self.earliest && thread_time() >= self.worked
    }
}

/// Processor time of this thread so far.
#[must_use]
pub fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Until;
    use dateline_processor::Deadline;
    use std::time::{Duration, Instant};

    #[test]
    fn no_time_is_over_at_once_and_endless_time_never() {
        assert!(Until::after(Instant::now(), Duration::ZERO).is_over());
        assert!(!Until::after(Instant::now(), Duration::MAX).is_over());
    }

    #[test]
    fn only_the_time_that_the_thread_works_counts() {
        let long_ago = Instant::now().checked_sub(Duration::from_secs(5)).expect("the machine has run for longer");
        let deadline = Until::after(long_ago, Duration::from_secs(5));
        assert!(!deadline.is_over(), "whatever happened since, it was not this thread's work");
        let short = Until::after(long_ago, Duration::from_millis(5));
        while !short.is_over() {
            std::hint::spin_loop();
        }
    }
}
