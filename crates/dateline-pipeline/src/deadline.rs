//! The engine's clock for annotators: they only ever learn whether their time is over.

use dateline_processor::Deadline;
use std::time::{Duration, Instant};

/// A deadline at an instant of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Until(Instant);

impl Until {
    /// A deadline `time` after `start`. A time too long for the clock never ends.
    #[must_use]
    pub fn after(start: Instant, time: Duration) -> Until {
        const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
        Until(start + time.min(FAR))
    }
}

impl Deadline for Until {
    fn is_over(&self) -> bool {
        Instant::now() >= self.0
    }
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
}
