//! Points moved by units, and how a unit is written when nobody knows which. Pure arithmetic.

use super::super::calendar::{Point, add_days, add_months, season_of};
use super::super::frame::Unit;

/// The unit that holds `point`, moved by `count`. `None` when `point` is coarser than the unit.
pub(super) fn move_point(point: Point, unit: Unit, count: i32) -> Option<Point> {
    let year = |point: Point| -> Option<i32> {
        let year = i32::from(point.year()?) + count;
        // There is no year 0.
        let crossed = point.year().is_some_and(|before| (before < 0) != (year < 0) && (before < 0) == (count > 0));
        Some(if crossed || year == 0 { year + count.signum() } else { year })
    };
    match unit {
        Unit::Day | Unit::Daypart | Unit::Hour | Unit::Minute | Unit::Second => match point {
            Point::Day(date) => add_days(date, count).map(Point::Day),
            _ => None,
        },
        Unit::Week | Unit::Weekend => {
            let monday = match point {
                Point::Day(date) => add_days(date, count * 7)?,
                Point::Week(..) | Point::Weekend(..) => add_days(point.interval()?.earliest, count * 7)?,
                _ => return None,
            };
            Some(if unit == Unit::Week { Point::week_of(monday) } else { Point::weekend_of(monday) })
        }
        Unit::Month => {
            let (year, month) = point.month()?;
            add_months(year, month, count).map(|(year, month)| Point::Month(year, month))
        }
        Unit::Quarter => move_by_quarters(point, count),
        Unit::Half => {
            let (year, month) = point.month()?;
            let (year, month) = add_months(year, month, count * 6)?;
            Some(Point::Half(year, (month + 5) / 6))
        }
        Unit::Season => match point {
            Point::Day(date) => {
                let (year, season) = season_of(date);
                let total = i32::from(year) * 4 + i32::from(season) + count;
                Some(Point::Season(i16::try_from(total.div_euclid(4)).ok()?, i8::try_from(total.rem_euclid(4)).ok()?))
            }
            _ => None,
        },
        Unit::Year => Some(Point::Year(i16::try_from(year(point)?).ok()?)),
        Unit::Decade => match point {
            Point::Decade(decade) => Some(Point::Decade(decade + count)),
            _ => {
                let year = i32::from(point.year()?) + count * 10;
                Some(Point::Decade(year.div_euclid(10)))
            }
        },
        Unit::Century => match point {
            Point::Century(century) => Some(Point::Century(century + count)),
            _ => Some(Point::Century((i32::from(point.year()?) + count * 100).div_euclid(100))),
        },
        Unit::Millennium => Some(Point::Millennium((i32::from(point.year()?) + count * 1000).div_euclid(1000))),
    }
}

/// The quarter that holds `point`, moved by `count`.
fn move_by_quarters(point: Point, count: i32) -> Option<Point> {
    let (year, month) = match point {
        Point::Quarter(year, quarter) => (year, quarter * 3),
        _ => point.month()?,
    };
    let (year, month) = add_months(year, month, count * 3)?;
    Some(Point::Quarter(year, (month + 2) / 3))
}

/// How a unit is written when nobody knows which.
pub(super) fn open_pattern(unit: Unit) -> &'static str {
    match unit {
        Unit::Second | Unit::Minute | Unit::Hour => "XXXX-XX-XXTXX",
        Unit::Daypart | Unit::Day => "XXXX-XX-XX",
        Unit::Weekend => "XXXX-WXX-WE",
        Unit::Week => "XXXX-WXX",
        Unit::Month => "XXXX-XX",
        Unit::Quarter => "XXXX-QX",
        Unit::Season => "XXXX-XX",
        Unit::Half => "XXXX-HX",
        Unit::Year => "XXXX",
        Unit::Decade => "XXX",
        Unit::Century => "XX",
        Unit::Millennium => "X",
    }
}
