//! Dates and times as users type them. What a document's date means is decided elsewhere.

use dateline_protocol::core::{Date, DateInterval, DateTime, Timestamp};
use jiff::tz::TimeZone;

/// `--as-of`: the last day of what was written.
pub(crate) fn parse_as_of(text: &str) -> Result<Date, String> {
    parse_interval(text).map(|interval| interval.latest)
}

/// `--from`: the first day of what was written.
pub(crate) fn parse_from(text: &str) -> Result<Date, String> {
    parse_interval(text).map(|interval| interval.earliest)
}

/// A day, month, year or interval.
pub(crate) fn parse_interval(text: &str) -> Result<DateInterval, String> {
    DateInterval::parse(text).map_err(|error| error.to_string())
}

/// `--known-at`: an RFC 3339 time, a local time, or the end of a local day.
pub(crate) fn parse_known_at(text: &str) -> Result<Timestamp, String> {
    known_at(text, &TimeZone::system())
}

fn known_at(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is no time: write `2022-04-05`, `2022-04-05T18:30` or `2022-04-05T18:30:00Z`");
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let local = match DateInterval::parse(text) {
        Ok(interval) => interval.latest.at(23, 59, 59, 999_999_999),
        Err(_) => text.parse::<DateTime>().map_err(|_| wrong())?,
    };
    local.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

/// `set DOC DATE`: an interval, or `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision(pub(crate) Option<DateInterval>);

pub(crate) fn parse_decision(text: &str) -> Result<Decision, String> {
    match text {
        "unknown" => Ok(Decision(None)),
        _ => parse_interval(text)
            .map(|interval| Decision(Some(interval)))
            .map_err(|message| format!("{message}, or `unknown`")),
    }
}

/// How long ago, in the largest unit that fits: `3 minutes ago`.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - time.as_second();
    let in_units = |count: i64, unit: &str| match count {
        1 => format!("1 {unit} ago"),
        count => format!("{count} {unit}s ago"),
    };
    match seconds {
        ..0 => "in the future".to_owned(),
        0..=1 => "just now".to_owned(),
        2..=119 => in_units(seconds, "second"),
        120..=7_199 => in_units(seconds / 60, "minute"),
        7_200..=172_799 => in_units(seconds / 3_600, "hour"),
        _ => in_units(seconds / 86_400, "day"),
    }
}

/// A time for people, to the second, in UTC.
pub(crate) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::{Decision, ago, known_at, parse_as_of, parse_decision, parse_from};
    use jiff::tz::{TimeZone, offset};

    #[test]
    fn bounds_are_the_outermost_days() {
        assert_eq!(parse_as_of("2022-02").unwrap().to_string(), "2022-02-28");
        assert_eq!(parse_from("2022-02").unwrap().to_string(), "2022-02-01");
        assert!(parse_as_of("foo").unwrap_err().contains("`foo` is no date"));
        assert_eq!(parse_decision("unknown"), Ok(Decision(None)));
        assert!(parse_decision("soon").unwrap_err().ends_with("or `unknown`"));
    }

    #[test]
    fn times_without_a_zone_are_local() {
        let zone = TimeZone::fixed(offset(2));
        let read = |text: &str| known_at(text, &zone).map(|time| time.to_string());
        assert_eq!(read("2022-04-05T18:30:00Z").as_deref(), Ok("2022-04-05T18:30:00Z"));
        assert_eq!(read("2022-04-05T18:30").as_deref(), Ok("2022-04-05T16:30:00Z"));
        assert_eq!(read("2022-04-05").as_deref(), Ok("2022-04-05T21:59:59.999999999Z"));
        assert!(read("yesterday").is_err());
    }

    #[test]
    fn the_past_is_told_in_one_unit() {
        let now = "2022-04-05T12:00:00Z".parse().unwrap();
        let tell = |time: &str| ago(time.parse().unwrap(), now);
        assert_eq!(tell("2022-04-05T12:00:00Z"), "just now");
        assert_eq!(tell("2022-04-05T11:58:30Z"), "90 seconds ago");
        assert_eq!(tell("2022-04-05T11:00:00Z"), "60 minutes ago");
        assert_eq!(tell("2022-04-02T11:00:00Z"), "3 days ago");
        assert_eq!(tell("2022-04-06T11:00:00Z"), "in the future");
    }
}
