//! Which time retention goes by: what is forgotten never comes back, so a clock that suddenly stands far ahead is not
//! believed at once. Pure rules over values: no clock is read here, and nothing is forgotten.

/// A clock may be so far ahead of what was believed last, and is believed, in microseconds.
const AHEAD_MAX_MICROS: i64 = 86_400 * 1_000_000;
/// A clock further ahead is believed when it has stayed there so long, in microseconds.
const STAYED_MICROS: i64 = 86_400 * 1_000_000;
/// What is believed is written anew when it has moved by this, in microseconds, so that an idle store is left alone.
const WRITTEN_EVERY_MICROS: i64 = 3_600 * 1_000_000;

/// What is believed, and what is not yet; times in microseconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Believed {
    /// The latest time that is believed.
    pub(crate) time: i64,
    /// Since when the clock shows a time that is not believed.
    pub(crate) doubted_since: Option<i64>,
}

impl Believed {
    /// What is believed after a look at the clock.
    pub(crate) fn look(self, now: i64) -> Believed {
        let sure = Believed { time: now.max(self.time), doubted_since: None };
        if now.saturating_sub(self.time) <= AHEAD_MAX_MICROS {
            return sure;
        }
        // A clock that was set back and is still ahead begins anew.
        match self.doubted_since.filter(|since| *since <= now) {
            Some(since) if now.saturating_sub(since) >= STAYED_MICROS => sure,
            since => Believed { doubted_since: Some(since.unwrap_or(now)), ..self },
        }
    }

    /// The time to go by while the clock shows `now`.
    pub(crate) fn effective(self, now: i64) -> i64 {
        now.min(self.time)
    }

    /// Whether this is worth writing over what was written before.
    pub(crate) fn differs(self, written: Believed) -> bool {
        self.doubted_since != written.doubted_since || self.time.saturating_sub(written.time) >= WRITTEN_EVERY_MICROS
    }
}

#[cfg(test)]
mod tests {
    use super::Believed;

    const HOUR: i64 = 3_600 * 1_000_000;
    const DAY: i64 = 24 * HOUR;

    fn believed(time: i64) -> Believed {
        Believed { time, doubted_since: None }
    }

    #[test]
    fn a_clock_that_goes_on_is_believed() {
        let one = believed(1_000 * DAY).look(1_000 * DAY + 5 * HOUR);
        assert_eq!(one, believed(1_000 * DAY + 5 * HOUR));
        assert_eq!(one.effective(1_000 * DAY + 5 * HOUR), 1_000 * DAY + 5 * HOUR);
        assert!(one.differs(believed(1_000 * DAY)) && !one.differs(one) && !one.look(one.time + HOUR - 1).differs(one));
    }

    #[test]
    fn a_jump_ahead_is_believed_when_it_has_stayed() {
        let doubted = believed(1_000 * DAY).look(4_000 * DAY);
        assert_eq!(doubted, Believed { time: 1_000 * DAY, doubted_since: Some(4_000 * DAY) });
        assert_eq!(doubted.effective(4_000 * DAY), 1_000 * DAY);
        let still = doubted.look(4_000 * DAY + 23 * HOUR);
        assert_eq!(still, doubted);
        assert_eq!(still.look(4_001 * DAY), believed(4_001 * DAY));
    }

    #[test]
    fn a_clock_that_is_set_right_again_was_wrong() {
        let doubted = believed(1_000 * DAY).look(4_000 * DAY);
        assert_eq!(doubted.look(1_000 * DAY + HOUR), believed(1_000 * DAY + HOUR));
        assert_eq!(doubted.look(900 * DAY), believed(1_000 * DAY));
        assert_eq!(
            believed(1_000 * DAY).effective(900 * DAY),
            900 * DAY,
            "nothing is forgotten early by a clock behind"
        );
        let less = doubted.look(3_000 * DAY);
        assert_eq!(less.doubted_since, Some(3_000 * DAY), "its day begins anew");
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let doubted = believed(i64::MIN).look(i64::MAX);
        assert_eq!(doubted.doubted_since, Some(i64::MAX));
        assert_eq!(doubted.look(i64::MAX).effective(i64::MIN), i64::MIN);
        let _ = believed(i64::MAX).look(i64::MIN).differs(doubted);
    }
}
