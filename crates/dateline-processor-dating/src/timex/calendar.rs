//! Calendar arithmetic on days, weeks, quarters, seasons, decades and holidays, B.C. included. Knows no words.

use super::moon;
use dateline_processor::core::{Date, DateInterval};
use jiff::ToSpan;
use jiff::civil::Weekday;

/// Holidays the calendar can compute; lexicons name them by these words.
pub(crate) const HOLIDAYS: &[&str] = &[
    "christmas",
    "christmas-eve",
    "boxing-day",
    "new-year",
    "new-year-eve",
    "epiphany",
    "valentine",
    "saint-patrick",
    "april-fool",
    "earth-day",
    "may-day",
    "independence",
    "halloween",
    "all-saints",
    "veterans",
    "easter",
    "good-friday",
    "easter-monday",
    "palm-sunday",
    "ash-wednesday",
    "pentecost",
    "thanksgiving",
    "black-friday",
    "labor",
    "memorial",
    "king",
    "presidents",
    "columbus",
    "mothers",
    "fathers",
    "womens-day",
    "bastille",
    "groundhog",
    "juneteenth",
    "australia-day",
    "canada-day",
    "guy-fawkes",
    "cyber-monday",
    "election",
    "lunar-new-year",
    "diwali",
    "passover",
    "rosh-hashanah",
    "yom-kippur",
    "hanukkah",
    "eid-al-fitr",
    "eid-al-adha",
    "ramadan",
    "eid",
    "all-souls",
    "cinco-de-mayo",
    "maundy-thursday",
    "shrove-tuesday",
    "patriots",
    "ascension",
    "whit-monday",
    "flag-day",
];
/// Days of Ramadan, one more or less as the moon is seen.
const RAMADAN_DAYS: i32 = 29;

/// How a holiday is found in a year.
enum Feast {
    /// Month and day.
    Fixed(i8, i8),
    /// Days after Easter Sunday.
    Easter(i32),
    /// The n-th such weekday of a month, the last one when n is -1, and days added to it.
    Nth(i8, i8, Weekday, i32),
    /// New year of the Chinese calendar.
    Lunar,
    /// The Hindu feast of lights.
    Diwali,
    /// Days after the Hebrew new year.
    Hebrew(i32),
    /// The first day of Hanukkah.
    Hanukkah,
    /// Month and day of the Islamic calendar.
    Islamic(i64, i64),
}

fn feast(holiday: usize) -> Option<Feast> {
    use Feast::{Diwali, Easter, Fixed, Hanukkah, Hebrew, Islamic, Lunar, Nth};
    Some(match *HOLIDAYS.get(holiday)? {
        "christmas" => Fixed(12, 25),
        "christmas-eve" => Fixed(12, 24),
        "boxing-day" => Fixed(12, 26),
        "new-year" => Fixed(1, 1),
        "new-year-eve" => Fixed(12, 31),
        "epiphany" => Fixed(1, 6),
        "valentine" => Fixed(2, 14),
        "saint-patrick" => Fixed(3, 17),
        "april-fool" => Fixed(4, 1),
        "earth-day" => Fixed(4, 22),
        "may-day" => Fixed(5, 1),
        "independence" => Fixed(7, 4),
        "halloween" => Fixed(10, 31),
        "all-saints" => Fixed(11, 1),
        "veterans" => Fixed(11, 11),
        "easter" => Easter(0),
        "good-friday" => Easter(-2),
        "easter-monday" => Easter(1),
        "palm-sunday" => Easter(-7),
        "ash-wednesday" => Easter(-46),
        "pentecost" => Easter(49),
        "thanksgiving" => Nth(11, 4, Weekday::Thursday, 0),
        "black-friday" => Nth(11, 4, Weekday::Thursday, 1),
        "cyber-monday" => Nth(11, 4, Weekday::Thursday, 4),
        "labor" => Nth(9, 1, Weekday::Monday, 0),
        "memorial" => Nth(5, -1, Weekday::Monday, 0),
        "king" => Nth(1, 3, Weekday::Monday, 0),
        "presidents" => Nth(2, 3, Weekday::Monday, 0),
        "columbus" => Nth(10, 2, Weekday::Monday, 0),
        "mothers" => Nth(5, 2, Weekday::Sunday, 0),
        "fathers" => Nth(6, 3, Weekday::Sunday, 0),
        "womens-day" => Fixed(3, 8),
        "bastille" => Fixed(7, 14),
        "groundhog" => Fixed(2, 2),
        "juneteenth" => Fixed(6, 19),
        "australia-day" => Fixed(1, 26),
        "canada-day" => Fixed(7, 1),
        "guy-fawkes" => Fixed(11, 5),
        "all-souls" => Fixed(11, 2),
        "cinco-de-mayo" => Fixed(5, 5),
        "maundy-thursday" => Easter(-3),
        "shrove-tuesday" => Easter(-47),
        "patriots" => Nth(4, 3, Weekday::Monday, 0),
        "ascension" => Easter(39),
        "whit-monday" => Easter(50),
        "flag-day" => Fixed(6, 14),
        "election" => Nth(11, 1, Weekday::Monday, 1),
        "lunar-new-year" => Lunar,
        "diwali" => Diwali,
        // From Passover to the new year that follows it is always the same.
        "passover" => Hebrew(-163),
        "rosh-hashanah" => Hebrew(0),
        "yom-kippur" => Hebrew(9),
        "hanukkah" => Hanukkah,
        "eid-al-fitr" => Islamic(10, 1),
        "eid-al-adha" => Islamic(12, 10),
        "ramadan" => Islamic(9, 1),
        _ => return None,
    })
}

/// The day of a holiday in a year.
pub(crate) fn holiday(code: i32, year: i16) -> Option<Date> {
    let at = usize::try_from(code).ok()?;
    match feast(at)? {
        Feast::Fixed(month, day) => Date::new(year, month, day).ok(),
        Feast::Easter(days) => add_days(easter(year)?, days),
        Feast::Nth(month, nth, weekday, days) => {
            let first = Date::new(year, month, 1).ok()?;
            add_days(first.nth_weekday_of_month(nth, weekday).ok()?, days)
        }
        Feast::Lunar => moon::lunar_new_year(year),
        Feast::Diwali => moon::diwali(year),
        Feast::Hebrew(days) => add_days(moon::rosh_hashanah(year)?, days),
        Feast::Hanukkah => moon::hanukkah(year),
        Feast::Islamic(month, day) => moon::islamic(year, month, day),
    }
}

/// The days of a holiday that lasts longer than one.
pub(crate) fn holiday_span(code: i32, first: Date) -> Option<DateInterval> {
    let name = usize::try_from(code).ok().and_then(|at| HOLIDAYS.get(at))?;
    let days = (*name == "ramadan").then_some(RAMADAN_DAYS)?;
    Some(DateInterval { earliest: first, latest: add_days(first, days)? })
}

/// The holidays that a name shared by several may mean: `Eid`.
pub(crate) fn holidays_meant(code: i32) -> Vec<i32> {
    let name = usize::try_from(code).ok().and_then(|at| HOLIDAYS.get(at));
    if name != Some(&"eid") {
        return vec![code];
    }
    let place = |name: &str| HOLIDAYS.iter().position(|known| *known == name);
    ["eid-al-fitr", "eid-al-adha"].into_iter().filter_map(|name| i32::try_from(place(name)?).ok()).collect()
}

/// Whether a day is meant of this year before any other: in even years `Election Day` is that of the national election.
pub(crate) fn belongs_to_year(code: i32, year: i16) -> bool {
    year % 2 == 0 && usize::try_from(code).ok().and_then(|at| HOLIDAYS.get(at)) == Some(&"election")
}

/// How many days a holiday may be off either way: some begin when the moon is seen.
pub(crate) fn holiday_slack(code: i32) -> i32 {
    let by_moon = |code: i32| matches!(usize::try_from(code).ok().and_then(feast), Some(Feast::Islamic(..)));
    i32::from(holidays_meant(code).into_iter().any(by_moon))
}

/// Easter Sunday of the Gregorian calendar.
pub(crate) fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    if year < 1 {
        return None;
    }
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let lunar = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - lunar - rest % 4) % 7;
    let shift = (golden + 11 * lunar + 22 * weekday) / 451;
    let days = lunar + weekday - 7 * shift + 114;
    Date::new(i16::try_from(year).ok()?, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}

/// `date` moved by `days`.
pub(crate) fn add_days(date: Date, days: i32) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

/// A place in the calendar. Years before Christ are negative: 480 B.C. is -480.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Millennium(i32),
    Century(i32),
    Decade(i32),
    Year(i16),
    Half(i16, i8),
    Quarter(i16, i8),
    /// Year and position in [`super::frame::SEASONS`].
    Season(i16, i8),
    Month(i16, i8),
    Week(i16, i8),
    Weekend(i16, i8),
    Day(Date),
}

impl Point {
    /// The week that holds `date`.
    pub(crate) fn week_of(date: Date) -> Point {
        let week = date.iso_week_date();
        Point::Week(week.year(), week.week())
    }

    /// The weekend of the week that holds `date`.
    pub(crate) fn weekend_of(date: Date) -> Point {
        let week = date.iso_week_date();
        Point::Weekend(week.year(), week.week())
    }

    /// The year it lies in, when it lies in one.
    pub(crate) fn year(self) -> Option<i16> {
        match self {
            Point::Millennium(_) | Point::Century(_) | Point::Decade(_) => None,
            Point::Year(year)
            | Point::Half(year, _)
            | Point::Quarter(year, _)
            | Point::Season(year, _)
            | Point::Month(year, _)
            | Point::Week(year, _)
            | Point::Weekend(year, _) => Some(year),
            Point::Day(date) => Some(date.year()),
        }
    }

    /// Whether it is a part of some year: a season, a month, a day.
    pub(crate) fn is_within_a_year(self) -> bool {
        self.year().is_some() && !matches!(self, Point::Year(_))
    }

    /// The month it lies in, when it lies in one.
    pub(crate) fn month(self) -> Option<(i16, i8)> {
        match self {
            Point::Month(year, month) => Some((year, month)),
            Point::Day(date) => Some((date.year(), date.month())),
            _ => None,
        }
    }

    /// The days it covers. `None` before Christ and beyond the calendar.
    pub(crate) fn interval(self) -> Option<DateInterval> {
        let span = |from: i32, years: i32| {
            let first = Date::new(i16::try_from(from).ok()?, 1, 1).ok()?;
            let last = Date::new(i16::try_from(from + years - 1).ok()?, 12, 31).ok()?;
            Some(DateInterval { earliest: first, latest: last })
        };
        let months = |year: i16, first: i8, last: i8| {
            let first = Date::new(year, first, 1).ok()?;
            Some(DateInterval { earliest: first, latest: Date::new(year, last, 1).ok()?.last_of_month() })
        };
        let days = |year: i16, week: i8, first: Weekday| {
            let first = jiff::civil::ISOWeekDate::new(year, week, first).ok()?.date();
            let last = jiff::civil::ISOWeekDate::new(year, week, Weekday::Sunday).ok()?.date();
            Some(DateInterval { earliest: first, latest: last })
        };
        match self {
            Point::Millennium(number) if number >= 0 => span(number * 1000, 1000),
            Point::Century(number) if number >= 0 => span((number * 100).max(1), 100),
            Point::Decade(number) if number >= 0 => span((number * 10).max(1), 10),
            Point::Year(year) if year > 0 => span(i32::from(year), 1),
            Point::Half(year, half) if year > 0 => months(year, half * 6 - 5, half * 6),
            Point::Quarter(year, quarter) if year > 0 => months(year, quarter * 3 - 2, quarter * 3),
            Point::Season(year, season) if year > 0 => season_interval(year, season),
            Point::Month(year, month) if year > 0 => months(year, month, month),
            Point::Week(year, week) => days(year, week, Weekday::Monday),
            Point::Weekend(year, week) => days(year, week, Weekday::Saturday),
            Point::Day(date) if date.year() > 0 => Some(DateInterval::day(date)),
            _ => None,
        }
    }

    /// The value as TIMEX3 writes it.
    pub(crate) fn value(self) -> String {
        match self {
            Point::Millennium(number) => format!("{number}"),
            Point::Century(number) if number < 0 => format!("BC{:02}", -number - 1),
            Point::Century(number) => format!("{number:02}"),
            Point::Decade(number) if number < 0 => format!("BC{:03}", -number - 1),
            Point::Decade(number) => format!("{number:03}"),
            Point::Year(year) => year_text(year),
            Point::Half(year, half) => format!("{}-H{half}", year_text(year)),
            Point::Quarter(year, quarter) => format!("{}-Q{quarter}", year_text(year)),
            Point::Season(year, season) => {
                let name =
                    usize::try_from(season).ok().and_then(|at| super::frame::SEASONS.get(at)).copied().unwrap_or("XX");
                format!("{}-{name}", year_text(year))
            }
            Point::Month(year, month) => format!("{}-{month:02}", year_text(year)),
            Point::Week(year, week) => format!("{}-W{week:02}", year_text(year)),
            Point::Weekend(year, week) => format!("{}-W{week:02}-WE", year_text(year)),
            Point::Day(date) => format!("{}-{:02}-{:02}", year_text(date.year()), date.month(), date.day()),
        }
    }
}

/// Meteorological seasons; the winter of a year is the one that begins in its December.
fn season_interval(year: i16, season: i8) -> Option<DateInterval> {
    let first = Date::new(year, 3 + 3 * season, 1).ok()?;
    let last = if season == 3 { Date::new(year + 1, 2, 1).ok()? } else { Date::new(year, 5 + 3 * season, 1).ok()? };
    // A winter may be told by either of its years.
    let first = if season == 3 { Date::new(year, 1, 1).ok()? } else { first };
    Some(DateInterval { earliest: first, latest: last.last_of_month() })
}

pub(crate) fn year_text(year: i16) -> String {
    if year < 0 { format!("BC{:04}", -i32::from(year)) } else { format!("{year:04}") }
}

/// `month` moved by `count` months.
pub(crate) fn add_months(year: i16, month: i8, count: i32) -> Option<(i16, i8)> {
    let total = i32::from(year) * 12 + i32::from(month) - 1 + count;
    Some((i16::try_from(total.div_euclid(12)).ok()?, i8::try_from(total.rem_euclid(12) + 1).ok()?))
}

/// The season a month falls into, with the year that names it.
pub(crate) fn season_of(date: Date) -> (i16, i8) {
    match date.month() {
        3..=5 => (date.year(), 0),
        6..=8 => (date.year(), 1),
        9..=11 => (date.year(), 2),
        12 => (date.year(), 3),
        _ => (date.year() - 1, 3),
    }
}

/// ISO number of a weekday from its code (1 is Monday).
pub(crate) fn weekday(code: i32) -> Option<Weekday> {
    Weekday::from_monday_one_offset(i8::try_from(code).ok()?).ok()
}
