//! Points counted from another: `three days ago`, `two years later`. Reads no words.

use super::super::calendar::{Point, add_days, add_months};
use super::super::frame::{Slot, Unit};
use super::super::grammar::Where;
use super::shift::{move_point, open_pattern};
use super::{Place, Resolver};
use dateline_processor::core::Date;
use dateline_processor::core::layers::TimexType;

/// So many thousandths of days, weeks or months nobody counts; who looks back further counts in years.
const COUNTED_MAX: i32 = 5_000_000;

impl Resolver<'_> {
    /// `three days ago`, `two years later`.
    pub(super) fn offset(&mut self) -> Option<(TimexType, String, Option<Point>)> {
        let sign = self.get(Slot::Sign)?;
        let number = self.get(Slot::Number).or_else(|| self.get(Slot::Article).map(|_| 1000));
        // `a year and a half ago`.
        let number = number.map(|number| number + self.get(Slot::Extra).filter(|_| number % 1000 == 0).unwrap_or(0));
        let counted = number.filter(|_| !self.frame.has(Slot::Vague)).zip(self.frame.unit());
        let Some((thousandths, unit)) = counted else {
            let value = if sign < 0 { "PAST_REF" } else { "FUTURE_REF" };
            return Some((TimexType::Date, value.to_owned(), None));
        };
        // `128,000 week ago`: the number is of something else.
        if unit < Unit::Year && thousandths > COUNTED_MAX {
            return None;
        }
        let kind = if unit < Unit::Day { TimexType::Time } else { TimexType::Date };
        if unit == Unit::Year
            && thousandths == 1000
            && self.context.place == Where::News
            && let Some(quarter) = self.context.quarter
        {
            let point = self.use_focus(quarter);
            let point = move_point(point, Unit::Year, 0).and(move_quarter(point, sign))?;
            return Some((TimexType::Date, point.value(), Some(point)));
        }
        // `the year-earlier quarter` of a report that names none is that of the quarter that is over.
        if self.frame.has(Slot::Fiscal)
            && let Some(dct) = self.deictic_day()
            && let Some(over) = move_point(Point::Day(dct), Unit::Quarter, -1)
        {
            let point = move_quarter(over, sign)?;
            return Some((TimexType::Date, point.value(), Some(point)));
        }
        if self.frame.has(Slot::Exact) && unit > Unit::Daypart {
            return self.exact_offset(unit, sign * (thousandths / 1000));
        }
        let mut place = self.offset_place(unit, thousandths, sign)?;
        // `two weeks ago Thursday`, `a week from Monday`.
        if let (Place::Known(point @ Point::Week(..)), Some(code)) = (&place, self.get(Slot::Weekday))
            && let Some(day) = point.interval().and_then(|week| add_days(week.earliest, code - 1))
        {
            place = Place::Known(Point::Day(day));
        }
        // `two nights ago`.
        let night = if unit == Unit::Daypart { "TNI" } else { "" };
        Some(match place {
            Place::Known(point) => (kind, point.value() + night, Some(point)),
            Place::Open(value) => (kind, value + night, None),
        })
    }

    /// `a year ago today`, `ten years ago this week`: to the day, or the week or month that holds it.
    fn exact_offset(&mut self, unit: Unit, count: i32) -> Option<(TimexType, String, Option<Point>)> {
        let exact = self.frame.word(Slot::Exact)?;
        let Some(dct) = self.deictic_day() else {
            return Some((TimexType::Date, open_pattern(Unit::Day).to_owned(), None));
        };
        // `two years ago yesterday`.
        let day = same_day(add_days(dct, self.get(Slot::DayOffset).unwrap_or(0))?, unit, count)?;
        let point = match exact {
            "week" => Point::week_of(day),
            "month" => Point::Month(day.year(), day.month()),
            _ => Point::Day(day),
        };
        Some((TimexType::Date, point.value(), Some(point)))
    }

    pub(super) fn offset_place(&mut self, unit: Unit, thousandths: i32, sign: i32) -> Option<Place> {
        // `half a century ago` counts in years.
        let (unit, thousandths) = match unit {
            Unit::Century if thousandths % 1000 != 0 => (Unit::Year, thousandths * 100),
            Unit::Decade if thousandths % 1000 != 0 => (Unit::Year, thousandths * 10),
            _ => (unit, thousandths),
        };
        let count = sign * (thousandths / 1000);
        let point = if self.by_reference() || self.narrative() {
            match self.context.focus {
                Some(focus) => self.use_focus(focus),
                None if self.narrative() => return Some(Place::Open(open_pattern(unit).to_owned())),
                None => match self.deictic_day() {
                    Some(dct) => Point::Day(dct),
                    None => return Some(Place::Open(open_pattern(unit).to_owned())),
                },
            }
        } else {
            match self.deictic_day() {
                Some(dct) => Point::Day(dct),
                None => return Some(Place::Open(open_pattern(unit).to_owned())),
            }
        };
        if unit < Unit::Daypart {
            return self.offset_time(point, unit, thousandths * sign);
        }
        // Whoever counts in decades or centuries means years.
        let (unit, count) = match unit {
            Unit::Decade => (Unit::Year, count * 10),
            Unit::Century => (Unit::Year, count * 100),
            _ => (unit, count),
        };
        // Colloquially, a year ago is a day.
        if self.context.place == Where::Colloquial
            && let Point::Day(date) = point
        {
            return same_day(date, unit, count).map(|date| Place::Known(Point::Day(date)));
        }
        if thousandths % 1000 == 500
            && unit == Unit::Year
            && let Point::Day(date) = point
        {
            let (year, month) = add_months(date.year(), date.month(), sign * (thousandths / 1000 * 12 + 6))?;
            return Some(Place::Known(Point::Month(year, month)));
        }
        Some(move_point(point, unit, count).map_or_else(|| self.vague_move(point, unit), Place::Known))
    }

    pub(super) fn offset_time(&mut self, point: Point, unit: Unit, thousandths: i32) -> Option<Place> {
        let (Point::Day(date), Some(time)) = (point, self.context.time) else {
            if let Point::Day(date) = point
                && self.context.place == Where::Colloquial
            {
                return Some(Place::Known(Point::Day(date)));
            }
            return Some(Place::Open("XXXX-XX-XXTXX:XX".to_owned()));
        };
        let seconds = match unit {
            Unit::Hour => 3600,
            Unit::Minute => 60,
            _ => 1,
        };
        let moved = date
            .to_datetime(time)
            .checked_add(jiff::SignedDuration::from_millis(i64::from(thousandths) * seconds))
            .ok()?;
        Some(Place::Open(format!("{}T{:02}:{:02}", moved.date(), moved.hour(), moved.minute())))
    }
}

/// The day that lies so many units from `date`, of the same number in its month where there is one.
fn same_day(date: Date, unit: Unit, count: i32) -> Option<Date> {
    let months = match unit {
        Unit::Month => count,
        Unit::Quarter => count * 3,
        Unit::Year => count * 12,
        Unit::Decade => count * 120,
        Unit::Century => count * 1200,
        Unit::Week => return add_days(date, count * 7),
        _ => return add_days(date, count),
    };
    let (year, month) = add_months(date.year(), date.month(), months)?;
    let first = Date::new(year, month, 1).ok()?;
    Date::new(year, month, date.day().min(first.days_in_month())).ok()
}

fn move_quarter(point: Point, years: i32) -> Option<Point> {
    match point {
        Point::Quarter(year, quarter) => Some(Point::Quarter(i16::try_from(i32::from(year) + years).ok()?, quarter)),
        _ => None,
    }
}
