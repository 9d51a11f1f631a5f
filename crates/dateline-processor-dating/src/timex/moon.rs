//! Days of feasts that follow the moon: the Chinese, Hebrew, Hindu and Islamic ones that news speaks of.
//!
//! New moons by Meeus, "Astronomical Algorithms" (2nd edition, chapter 49, the larger terms: minutes are right), the
//! December solstice by its chapter 27; Hebrew and Islamic calendars by Dershowitz and Reingold, "Calendrical
//! Calculations". Good for 1900 to 2100; knows no words.

use dateline_processor::core::Date;
use jiff::ToSpan;

/// Julian day of the first midnight (UTC) of 1970.
const UNIX_JULIAN_DAY: f64 = 2_440_587.5;
/// Days of a mean lunation.
const LUNATION: f64 = 29.530_588_861;
/// What dynamical time is ahead of universal time, in days; about a minute in our time.
const DELTA_T: f64 = 0.0008;
/// Days from the first day of the common era, counted from 1, to 1 January 1970.
const UNIX_ORDINAL: i64 = 719_163;

/// The Julian day of the new moon with number `k`, counted from the first of the year 2000.
fn new_moon(k: f64) -> f64 {
    let centuries = k / 1236.85;
    let square = centuries * centuries;
    let mean = 2_451_550.097_66 + LUNATION * k + 0.000_154_37 * square;
    let sun = (2.5534 + 29.105_356_70 * k - 0.000_001_4 * square).to_radians();
    let moon = (201.5643 + 385.816_935_28 * k + 0.010_758_2 * square).to_radians();
    let latitude = (160.7108 + 390.670_502_84 * k - 0.001_611_8 * square).to_radians();
    let eccentricity = 1.0 - 0.002_516 * centuries;
    mean - 0.407_20 * moon.sin()
        + 0.172_41 * eccentricity * sun.sin()
        + 0.016_08 * (2.0 * moon).sin()
        + 0.010_39 * (2.0 * latitude).sin()
        + 0.007_39 * eccentricity * (moon - sun).sin()
        - 0.005_14 * eccentricity * (moon + sun).sin()
        + 0.002_08 * eccentricity * eccentricity * (2.0 * sun).sin()
}

/// The civil day of a Julian day, where clocks are `hours` ahead of universal time.
fn day_at(julian: f64, hours: f64) -> Option<Date> {
    let days = (julian - UNIX_JULIAN_DAY + hours / 24.0 - DELTA_T).floor();
    Date::new(1970, 1, 1).ok()?.checked_add((days as i64).days()).ok()
}

fn covers(year: i16) -> bool {
    (1900..=2100).contains(&year)
}

/// New year of the Chinese calendar: the second new moon after the one that begins the month of the solstice, in the time
/// of Beijing; never before 21 January.
pub(super) fn lunar_new_year(year: i16) -> Option<Date> {
    const HOURS: f64 = 8.0;
    if !covers(year) {
        return None;
    }
    let millennia = (f64::from(year) - 2001.0) / 1000.0;
    let solstice = 2_451_900.059_52 + 365_242.740_49 * millennia - 0.062_23 * millennia * millennia;
    let solstice_day = day_at(solstice, HOURS)?;
    let mut k = ((solstice - 2_451_550.1) / LUNATION).round() + 1.0;
    while day_at(new_moon(k), HOURS)? > solstice_day {
        k -= 1.0;
    }
    let second = day_at(new_moon(k + 2.0), HOURS)?;
    if second < Date::new(year, 1, 21).ok()? { day_at(new_moon(k + 3.0), HOURS) } else { Some(second) }
}

/// Diwali: the evening of the new moon after the sun enters Libra, about 17 October, in the time of India.
pub(super) fn diwali(year: i16) -> Option<Date> {
    // The day counts from sunset.
    const HOURS: f64 = 5.5 - 18.0;
    if !covers(year) {
        return None;
    }
    let from = Date::new(year, 10, 17).ok()?;
    let mut k = ((f64::from(year) - 2000.0 + 9.5 / 12.0) * 12.3685).floor() - 2.0;
    while day_at(new_moon(k), HOURS)? < from {
        k += 1.0;
    }
    day_at(new_moon(k), HOURS)
}

fn of_ordinal(ordinal: i64) -> Option<Date> {
    Date::new(1970, 1, 1).ok()?.checked_add((ordinal - UNIX_ORDINAL).days()).ok()
}

/// The first day of the Hebrew year that begins in the autumn of `year`.
pub(super) fn rosh_hashanah(year: i16) -> Option<Date> {
    if !covers(year) {
        return None;
    }
    let elapsed = |year: i64| {
        let months = (235 * year - 234).div_euclid(19);
        let parts = 12_084 + 13_753 * months;
        let day = 29 * months + parts.div_euclid(25_920);
        day + i64::from((3 * (day + 1)).rem_euclid(7) < 3)
    };
    let hebrew = i64::from(year) + 3761;
    let (before, this, after) = (elapsed(hebrew - 1), elapsed(hebrew), elapsed(hebrew + 1));
    let put_off = if after - this == 356 { 2 } else { i64::from(this - before == 382) };
    of_ordinal(this + put_off - 1_373_427)
}

/// The 25th of Kislev; the month before it has 30 days in the longest years only.
pub(super) fn hanukkah(year: i16) -> Option<Date> {
    let (first, next) = (rosh_hashanah(year)?, rosh_hashanah(year + 1)?);
    let complete = matches!((next - first).get_days(), 355 | 385);
    first.checked_add((83 + i64::from(complete)).days()).ok()
}

/// The first day in `year` that is this day of the tabular Islamic calendar. Where the moon must be seen it may be a day
/// off either way.
pub(super) fn islamic(year: i16, month: i64, day: i64) -> Option<Date> {
    if !covers(year) {
        return None;
    }
    let of_year = |islamic: i64| {
        let days = day + 29 * (month - 1) + (6 * month - 1).div_euclid(11);
        of_ordinal(days + (islamic - 1) * 354 + (3 + 11 * islamic).div_euclid(30) + 227_014)
    };
    let about = (i64::from(year) - 622) * 33 / 32;
    (about - 2..=about + 2).filter_map(of_year).find(|date| date.year() == year)
}

#[cfg(test)]
mod tests {
    use super::{diwali, hanukkah, islamic, lunar_new_year, rosh_hashanah};
    use dateline_processor::core::Date;

    fn all(days: &[&str], of: impl Fn(i16) -> Option<Date>) {
        for day in days {
            let date: Date = day.parse().expect("a date");
            assert_eq!(of(date.year()), Some(date), "{day}");
        }
    }

    #[test]
    fn feasts_fall_on_the_days_on_which_they_were_kept() {
        // 1966 and 1985 have two new moons in the window, 2034 follows a leap month of the winter.
        all(
            &["1966-01-21", "1985-02-20", "2000-02-05", "2013-02-10", "2020-01-25", "2024-02-10", "2034-02-19"],
            lunar_new_year,
        );
        all(&["2010-11-05", "2013-11-03", "2017-10-19", "2020-11-14", "2022-10-24", "2023-11-12"], diwali);
        all(&["1990-09-20", "2013-09-05", "2020-09-19", "2021-09-07", "2024-10-03"], rosh_hashanah);
        all(&["2013-11-28", "2020-12-11", "2022-12-19", "2024-12-26"], hanukkah);
        all(&["2013-08-08", "2020-05-24", "2024-04-10"], |year| islamic(year, 10, 1));
    }

    #[test]
    fn beyond_two_centuries_nothing_is_claimed() {
        assert_eq!(
            (lunar_new_year(1899), diwali(2101), rosh_hashanah(1), islamic(-5, 10, 1)),
            (None, None, None, None)
        );
    }
}
