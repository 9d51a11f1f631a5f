//! Intervals of civil days and how precisely they are known. Calendars and zones are `jiff`'s; there is no clock here.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A closed interval of civil days: `earliest <= latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DateInterval {
    /// First day the date may be.
    pub earliest: Date,
    /// Last day the date may be.
    pub latest: Date,
}

/// A text that is no civil interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no date: write `2022`, `2022-04`, `2022-04-05` or `2022-04-04..2022-04-05`")]
pub struct IntervalError {
    /// What was written.
    pub text: String,
}

impl DateInterval {
    /// The interval of one day.
    #[must_use]
    pub fn day(day: Date) -> DateInterval {
        DateInterval { earliest: day, latest: day }
    }

    /// The interval between two days, in either order.
    #[must_use]
    pub fn between(one: Date, other: Date) -> DateInterval {
        DateInterval { earliest: one.min(other), latest: one.max(other) }
    }

    /// The whole month that holds `day`.
    #[must_use]
    pub fn month(day: Date) -> DateInterval {
        DateInterval { earliest: day.first_of_month(), latest: day.last_of_month() }
    }

    /// The whole year that holds `day`.
    #[must_use]
    pub fn year(day: Date) -> DateInterval {
        DateInterval { earliest: day.first_of_year(), latest: day.last_of_year() }
    }

    /// Whether both intervals share a day.
    #[must_use]
    pub fn overlaps(self, other: DateInterval) -> bool {
        self.earliest <= other.latest && other.earliest <= self.latest
    }

    /// Whether `other` lies wholly inside this interval.
    #[must_use]
    pub fn contains(self, other: DateInterval) -> bool {
        self.earliest <= other.earliest && other.latest <= self.latest
    }

    /// The days both intervals share.
    #[must_use]
    pub fn intersection(self, other: DateInterval) -> Option<DateInterval> {
        let earliest = self.earliest.max(other.earliest);
        let latest = self.latest.min(other.latest);
        (earliest <= latest).then_some(DateInterval { earliest, latest })
    }

    /// How precisely the interval says a date: a whole civil unit, or just an interval.
    #[must_use]
    pub fn precision(self) -> Precision {
        if self.earliest == self.latest {
            Precision::Day
        } else if self == DateInterval::month(self.earliest) {
            Precision::Month
        } else if self == DateInterval::year(self.earliest) {
            Precision::Year
        } else {
            Precision::Interval
        }
    }

    /// Reads `2022`, `2022-04`, `2022-04-05` or two of these joined by `..`.
    ///
    /// # Errors
    /// [`IntervalError`] with the text when it is none of these or runs backwards.
    pub fn parse(text: &str) -> Result<DateInterval, IntervalError> {
        let wrong = || IntervalError { text: text.to_owned() };
        match text.split_once("..") {
            None => parse_unit(text).ok_or_else(wrong),
            Some((from, to)) => {
                let (from, to) = (parse_unit(from).ok_or_else(wrong)?, parse_unit(to).ok_or_else(wrong)?);
                if from.earliest > to.latest {
                    return Err(wrong());
                }
                Ok(DateInterval { earliest: from.earliest, latest: to.latest })
            }
        }
    }
}

/// One civil unit: a year, a month or a day, digits only.
fn parse_unit(text: &str) -> Option<DateInterval> {
    let fields: Vec<&str> = text.split('-').collect();
    if fields.iter().any(|field| !field.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let widths: Vec<usize> = fields.iter().map(|field| field.len()).collect();
    let number = |at: usize| fields[at].parse::<i16>().ok();
    let small = |at: usize| fields[at].parse::<i8>().ok();
    match widths.as_slice() {
        [4] => Date::new(number(0)?, 1, 1).ok().map(DateInterval::year),
        [4, 2] => Date::new(number(0)?, small(1)?, 1).ok().map(DateInterval::month),
        [4, 2, 2] => Date::new(number(0)?, small(1)?, small(2)?).ok().map(DateInterval::day),
        _ => None,
    }
}

impl std::fmt::Display for DateInterval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.precision() {
            Precision::Day => write!(f, "{}", self.earliest),
            Precision::Month => f.write_str(&self.earliest.strftime("%Y-%m").to_string()),
            Precision::Year => f.write_str(&self.earliest.strftime("%Y").to_string()),
            _ => write!(f, "{}..{}", self.earliest, self.latest),
        }
    }
}

/// How precisely a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// To the day, with a time of day.
    Time,
    /// To the day.
    Day,
    /// To an ISO week.
    Week,
    /// To a month.
    Month,
    /// To a year.
    Year,
    /// Only to some interval of days.
    Interval,
}

impl Precision {
    /// The word used in configuration, JSON and on the terminal.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Precision::Time => "time",
            Precision::Day => "day",
            Precision::Week => "week",
            Precision::Month => "month",
            Precision::Year => "year",
            Precision::Interval => "interval",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DateInterval, Precision};

    #[test]
    fn civil_units_are_read_and_shown_alike() {
        for text in ["2022", "2022-04", "2022-04-05", "2022-04-04..2022-04-05", "2024-02-29"] {
            assert_eq!(DateInterval::parse(text).map(|interval| interval.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(DateInterval::parse("2022..2022").map(DateInterval::precision), Ok(Precision::Year));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "foo", "2022-13", "2023-02-29", "20220405", "2022-4-5", "2022-04-05..2022-04-04", "-2022", "+202"]
        {
            assert!(DateInterval::parse(text).is_err(), "{text}");
        }
    }
}
