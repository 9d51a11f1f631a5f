//! Lengths of time and what recurs. Reads no words.

use super::super::calendar::holiday;
use super::super::frame::{Frame, Slot, Unit};
use super::super::grammar::Where;
use super::Resolver;

impl Resolver<'_> {
    /// `P3D`, `PXM`, `PT24H`.
    pub(super) fn duration(&mut self) -> Option<String> {
        let unit = self.frame.unit()?;
        let (scale, letter, timed) = measure(unit);
        if let Some(major) = self.get(Slot::MajorUnit).and_then(Unit::from_code) {
            return self.length_of_two(major, unit);
        }
        let prefix = if timed { "PT" } else { "P" };
        if self.frame.has(Slot::Vague) {
            let letter = match unit {
                Unit::Quarter => "Q",
                Unit::Decade => "DE",
                Unit::Century => "CE",
                _ => letter,
            };
            return Some(format!("{prefix}X{letter}"));
        }
        // In `four times a year` the number counts how often.
        let number = self.get(Slot::Number).filter(|_| self.get(Slot::Freq) != Some(0)).unwrap_or(1000);
        let extra = self.get(Slot::Extra).unwrap_or(0);
        if extra == 500 && number % 1000 == 0 && matches!(unit, Unit::Minute | Unit::Hour) {
            let half = if unit == Unit::Minute { "30S" } else { "30M" };
            return Some(format!("PT{}{letter}{half}", number / 1000));
        }
        // `half an hour`, `half a year`.
        match (number + extra, unit) {
            (250, Unit::Hour) => return Some("PT15M".to_owned()),
            (500, Unit::Hour) => return Some("PT30M".to_owned()),
            (750, Unit::Hour) => return Some("PT45M".to_owned()),
            (500, Unit::Minute) => return Some("PT30S".to_owned()),
            (500, Unit::Year) => return Some("P6M".to_owned()),
            _ => {}
        }
        // `65 million years`: more than the thousandths of a number hold.
        if let Some(noughts) = self.get(Slot::Scale).and_then(|noughts| usize::try_from(noughts).ok()) {
            return Some(format!("{prefix}{}{letter}", with_noughts(number, noughts)));
        }
        let total = number.checked_add(extra)?.checked_mul(scale)?;
        Some(format!("{prefix}{}{letter}", decimal(total)))
    }

    /// `PT1H20M`, `P1DT12H`.
    fn length_of_two(&self, major: Unit, minor: Unit) -> Option<String> {
        let part = |number: Slot, unit: Unit| {
            let (scale, letter, timed) = measure(unit);
            let count = decimal(self.get(number)?.checked_mul(scale)?);
            Some((format!("{count}{letter}"), timed))
        };
        let ((first, first_timed), (second, second_timed)) =
            (part(Slot::MajorNumber, major)?, part(Slot::Number, minor)?);
        Some(match (first_timed, second_timed) {
            (true, _) => format!("PT{first}{second}"),
            (false, true) => format!("P{first}T{second}"),
            (false, false) => format!("P{first}{second}"),
        })
    }

    /// `P1D`, `XXXX-WXX-1`, `XXXX-XX-XXTMO`.
    pub(super) fn recurrence(&mut self) -> Option<String> {
        if let Some(code) = self.get(Slot::Weekday) {
            let time = self.time_of_day()?.unwrap_or_default();
            return Some(format!("XXXX-WXX-{code}{time}"));
        }
        if let Some(month) = self.get(Slot::Month) {
            return Some(match self.get(Slot::Day) {
                Some(day) => format!("XXXX-{month:02}-{day:02}"),
                None => format!("XXXX-{month:02}"),
            });
        }
        if let Some(season) = self.frame.word(Slot::Season) {
            return Some(format!("XXXX-{season}"));
        }
        if let Some(quarter) = self.get(Slot::Quarter) {
            return Some(format!("XXXX-Q{quarter}"));
        }
        if self.frame.unit() == Some(Unit::Weekend) {
            return Some("XXXX-WXX-WE".to_owned());
        }
        if let Some(code) = self.get(Slot::Holiday) {
            // A movable feast has no day of its own; it comes once a year.
            return match [2001, 2003].map(|year| holiday(code, year)) {
                [Some(one), Some(other)] if (one.month(), one.day()) == (other.month(), other.day()) => {
                    Some(format!("XXXX-{:02}-{:02}", one.month(), one.day()))
                }
                _ => Some("P1Y".to_owned()),
            };
        }
        if self.frame.unit() == Some(Unit::Quarter) && !self.frame.has(Slot::Number) {
            return Some("P1Q".to_owned());
        }
        if let Some(time) = self.time_of_day()? {
            return Some(if self.context.place == Where::Colloquial && !self.frame.has(Slot::Hour) {
                time
            } else {
                format!("XXXX-XX-XX{time}")
            });
        }
        // `two days a week` recurs weekly.
        if let Some(part) = self.get(Slot::MajorUnit).and_then(Unit::from_code) {
            if fills(self.get(Slot::MajorNumber)? / 1000, part, self.frame.unit()?) {
                return None;
            }
            let (scale, letter, timed) = measure(self.frame.unit()?);
            return Some(format!("{}{scale}{letter}", if timed { "PT" } else { "P" }));
        }
        self.duration()
    }
}

/// Whether so many parts make up the whole: what goes on 24 hours a day always does.
fn fills(count: i32, part: Unit, whole: Unit) -> bool {
    let full = match (part, whole) {
        (Unit::Hour, Unit::Day) => 24,
        (Unit::Day, Unit::Week) => 7,
        (Unit::Day, Unit::Year) => 365,
        (Unit::Week, Unit::Year) => 52,
        (Unit::Month, Unit::Year) => 12,
        _ => return false,
    };
    count == full
}

/// How often within its period something recurs, or how long each time: `2X`, `2D`.
pub(crate) fn frequency(frame: &Frame) -> Option<String> {
    if let Some(unit) = frame.get(Slot::MajorUnit).and_then(Unit::from_code) {
        let (scale, letter, _) = measure(unit);
        return Some(format!("{}{letter}", decimal(frame.get(Slot::MajorNumber)?.checked_mul(scale)?)));
    }
    let times = match frame.get(Slot::Freq)? {
        0 => frame.get(Slot::Number).map(|thousandths| thousandths / 1000)?,
        count => count,
    };
    Some(format!("{times}X"))
}

/// How many of the units TIMEX3 writes make up a unit, their letter, and whether it stands behind the `T`.
fn measure(unit: Unit) -> (i32, &'static str, bool) {
    match unit {
        Unit::Second => (1, "S", true),
        Unit::Minute => (1, "M", true),
        Unit::Hour => (1, "H", true),
        Unit::Daypart | Unit::Day => (1, "D", false),
        Unit::Weekend => (1, "WE", false),
        Unit::Week => (1, "W", false),
        Unit::Month => (1, "M", false),
        Unit::Quarter | Unit::Season => (3, "M", false),
        Unit::Half => (6, "M", false),
        Unit::Year => (1, "Y", false),
        Unit::Decade => (10, "Y", false),
        Unit::Century => (100, "Y", false),
        Unit::Millennium => (1000, "Y", false),
    }
}

/// A count in thousandths times a power of ten of at least a thousand, written out.
fn with_noughts(thousandths: i32, noughts: usize) -> String {
    format!("{thousandths}{}", "0".repeat(noughts.saturating_sub(3)))
}

/// A count in thousandths, as short as it goes.
fn decimal(thousandths: i32) -> String {
    let whole = thousandths / 1000;
    match thousandths % 1000 {
        0 => whole.to_string(),
        rest if rest % 100 == 0 => format!("{whole}.{}", rest / 100),
        rest => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}
