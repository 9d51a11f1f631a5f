//! Days, months and years: numeric dates, days of months, the year that is meant. Reads no words.

use super::super::calendar::{Point, add_days, add_months, weekday};
use super::super::frame::{Slot, Unit};
use super::super::grammar::Where;
use super::shift::move_point;
use super::{Place, Resolver, Tense};
use dateline_processor::core::Date;

/// The ordinal that stands for `last`.
pub(super) const LAST: i32 = 99;
/// The base of what stands beside another of its kind: `in December and January`.
const BESIDE: i32 = 2;
/// Position of the winter among the seasons.
const WINTER: i8 = 3;
/// The first month that is not told of after a winter, but before the next.
const SEPTEMBER: i8 = 9;
/// Months further apart than this are of two years, where they stand side by side.
const HALF_A_YEAR: i8 = 6;
/// How near its own anniversary a well-known day may just as well be that of this year.
const ANNIVERSARY_DAYS: i32 = 75;
/// A month that lies further back than this in the year of the document is that of the next year, where it is to come.
const NEAR_MONTHS_MIN: i32 = -6;
/// So many months over in the year of the document, a month is meant although the verb points ahead.
const NEAR_MONTHS_BEHIND: i32 = 4;
/// The same across the turn of the year, where the verb may be of something else.
const NEAR_MONTHS_UNSURE: i32 = 3;
/// So many months over, a day is not meant where `will` stands right before it.
const NEAR_MONTHS_DUE: i32 = 2;
/// So many months to come in the year of the document, a month is meant although a verb of the past stands somewhere.
const NEAR_MONTHS_AHEAD: i32 = 4;
/// How far a day of the month may have to be looked for until it falls on a given weekday.
const MONTHS_TO_WEEKDAY_MAX: i32 = 14;

impl Resolver<'_> {
    /// `3/27/13`: month first where both orders are possible, unless only the other is.
    pub(super) fn numeric_date(&mut self) -> Option<Place> {
        let order = self.get(Slot::Order)?;
        let (one, two) = (order / 100, order % 100);
        let (month, day) = if one > 12 || self.context.order.day_first && two <= 12 { (two, one) } else { (one, two) };
        if one <= 12 && two <= 12 && one != two && !self.context.order.shown {
            self.ambiguous = true;
            self.note(|| "both orders of day and month are possible".to_owned());
        }
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        match self.own_year() {
            Some(year) => Date::new(year, month, day).ok().map(|date| Place::Known(Point::Day(date))),
            None => self.month_day(month, day),
        }
    }

    pub(super) fn month(&mut self, month: i8) -> Option<Place> {
        let day = self.get(Slot::Day).and_then(|day| i8::try_from(day).ok());
        if let Some(ordinal) = self.get(Slot::Ordinal)
            && day.is_none()
            && let Some(part) = self.part_of_month(month, ordinal)
        {
            return Some(part);
        }
        if let Some(year) = self.own_year() {
            let Some(day) = day else { return Some(Place::Known(Point::Month(year, month))) };
            return Date::new(year, month, day).ok().map(|date| Place::Known(self.day_or_week(date)));
        }
        if self.by_reference()
            && let Some(place) = self.part_by_reference(|year| Some(Point::Month(year, month)))
        {
            return Some(place);
        }
        if let Some(day) = day {
            return self.month_day(month, day);
        }
        if self.get(Slot::Base) == Some(BESIDE)
            && let Some(focus) = self.context.focus
            && let Some((year, other)) = focus.point.month()
        {
            self.use_focus(focus);
            let year = year + i16::from(month + HALF_A_YEAR < other) - i16::from(other + HALF_A_YEAR < month);
            return Some(Place::Known(Point::Month(year, month)));
        }
        let Some(year) = self.year_of_month(month) else { return Some(Place::Open(format!("XXXX-{month:02}"))) };
        Some(Place::Known(Point::Month(year, month)))
    }

    /// The day, or the week that `the week of` the day means.
    pub(super) fn day_or_week(&self, date: Date) -> Point {
        if self.frame.unit() == Some(Unit::Week) { Point::week_of(date) } else { Point::Day(date) }
    }

    pub(super) fn month_day(&mut self, month: i8, day: i8) -> Option<Place> {
        if let Some(known) = self.known_day(month, day) {
            return Some(Place::Known(Point::Day(known)));
        }
        // A leap day is no reason to refuse 29 February before the year is known.
        Date::new(2000, month, day).ok()?;
        let year = match (self.carried_year(month), self.get(Slot::Shift), self.context.dct) {
            (Some(year), ..) => Some(year),
            (None, ..) if self.narrative() => None,
            (None, Some(shift), Some(dct)) if shift != 0 => {
                let later = (month, day) > (dct.month(), dct.day());
                let same = (month, day) == (dct.month(), dct.day());
                Some(match shift {
                    -1 => dct.year() - i16::from(later || same),
                    _ => dct.year() + i16::from(!later),
                })
            }
            _ => self.nearest_year(month, Some(day)),
        };
        let Some(year) = year else { return Some(Place::Open(format!("XXXX-{month:02}-{day:02}"))) };
        match Date::new(year, month, day) {
            Ok(date) => Some(Place::Known(self.day_or_week(date))),
            Err(_) => Some(Place::Open(format!("XXXX-{month:02}-{day:02}"))),
        }
    }

    /// The day that has become the name of what happened on it, where month and day are its own and it is over. Around
    /// its anniversaries only where the words leave no doubt.
    fn known_day(&mut self, month: i8, day: i8) -> Option<Date> {
        let known = self.get(Slot::SurelyKnown).or_else(|| self.get(Slot::Known))?;
        let date = Date::new(i16::try_from(known / 10_000).ok()?, month, day).ok()?;
        let same = known % 10_000 == i32::from(month) * 100 + i32::from(day);
        let over = self.context.dct.is_some_and(|dct| dct >= date);
        let sure =
            self.get(Slot::SurelyKnown).is_some() || self.context.dct.is_some_and(|dct| far_from(dct, month, day));
        let found = (same && over && sure && self.context.place == Where::News).then_some(date)?;
        self.note(|| format!("known as the day of an event, {found}"));
        Some(found)
    }

    /// `the first week of April`, `the second Sunday in May`: weeks count by where most of their days lie. An ordinal
    /// of [`LAST`] means the last one.
    pub(super) fn part_of_month(&mut self, month: i8, ordinal: i32) -> Option<Place> {
        let nth = if ordinal == LAST { -1 } else { i8::try_from(ordinal).ok()? };
        let weekday = self.get(Slot::Weekday).and_then(weekday);
        let unit = self.frame.unit();
        let is_day = unit == Some(Unit::Day);
        let most = if is_day { 31 } else { 5 };
        if weekday.is_none() && unit != Some(Unit::Week) && !is_day || !(-1..=most).contains(&nth) || nth == 0 {
            return None;
        }
        let year = match self.own_year() {
            Some(year) => Some(year),
            None => self.year_of_month(month),
        };
        let Some(year) = year else {
            let open = if is_day || weekday.is_some() { format!("{month:02}-XX") } else { "WXX".to_owned() };
            return Some(Place::Open(format!("XXXX-{open}")));
        };
        let first = Date::new(year, month, 1).ok()?;
        let point = match weekday {
            Some(weekday) => Point::Day(first.nth_weekday_of_month(nth, weekday).ok()?),
            None if is_day && nth == -1 => Point::Day(first.last_of_month()),
            None if is_day => Point::Day(Date::new(year, month, nth).ok()?),
            None if nth == -1 => Point::week_of(add_days(first.last_of_month(), -3)?),
            None => Point::week_of(add_days(first, 3 + 7 * (i32::from(nth) - 1))?),
        };
        Some(Place::Known(point))
    }

    /// The year of the last date named, where this kind of text carries it on. A winter is named by the year in which it
    /// begins; what is told after it is of the next.
    pub(super) fn carried_year(&mut self, month: i8) -> Option<i16> {
        if !self.narrative() {
            return None;
        }
        let focus = self.context.focus.filter(|focus| focus.point.year().is_some())?;
        let point = self.use_focus(focus);
        let after_winter = matches!(point, Point::Season(_, WINTER)) && month < SEPTEMBER;
        Some(point.year()? + i16::from(after_winter))
    }

    pub(super) fn year_of_month(&mut self, month: i8) -> Option<i16> {
        if let Some(shift) = self.get(Slot::Shift) {
            let dct = self.deictic_day()?;
            return shifted_month_year(dct, month, shift);
        }
        if let Some(year) = self.carried_year(month) {
            return Some(year);
        }
        if self.narrative() {
            return None;
        }
        // `from November to March` is over when March is.
        if let Some(end) = self.get(Slot::Until).and_then(|end| i8::try_from(end).ok())
            && self.context.tense.is_past()
        {
            return self.nearest_year(end, None).map(|year| year - i16::from(month > end));
        }
        self.nearest_year(month, None)
    }

    /// The year that brings a month, or a day of it, nearest to the document, as far as tense agrees.
    pub(super) fn nearest_year(&mut self, month: i8, day: Option<i8>) -> Option<i16> {
        let dct = self.context.dct?;
        let (tense, sure) = (self.context.tense, self.context.sure);
        let distance = i32::from(month) - i32::from(dct.month());
        let year = match (day, tense) {
            // `the year ended Oct. 31`, `since March`: what is over lies behind.
            (_, Tense::Over) => dct.year() - i16::from((month, day.unwrap_or(1)) > (dct.month(), dct.day())),
            (None, Tense::Past) if distance > if sure { 1 } else { NEAR_MONTHS_AHEAD } => dct.year() - 1,
            (None, Tense::Due) => dct.year() + i16::from(distance < 0),
            // `from March to May`, told as to come, begins ahead.
            (None, Tense::Future) if distance < 0 && self.frame.has(Slot::Until) => dct.year() + 1,
            (_, Tense::Ahead) => dct.year() + i16::from(distance < NEAR_MONTHS_MIN),
            // A month just over is spoken of far more often than the one almost a year away, whichever way the verb points.
            (None, Tense::Future) if distance < -NEAR_MONTHS_BEHIND => dct.year() + 1,
            (None, Tense::Future) if !sure && distance >= 12 - NEAR_MONTHS_UNSURE => dct.year() - 1,
            (None, Tense::Unknown) if distance > 6 => dct.year() - 1,
            (None, Tense::Unknown) if distance < -7 => dct.year() + 1,
            (Some(_), Tense::Past) if distance > 4 => dct.year() - 1,
            (Some(_), Tense::Due) if distance < -NEAR_MONTHS_DUE => dct.year() + 1,
            (Some(_), Tense::Future | Tense::Due) if distance < -4 => dct.year() + 1,
            (Some(_), Tense::Past | Tense::Unknown) if distance > 6 => dct.year() - 1,
            (Some(_), Tense::Future | Tense::Due | Tense::Unknown) if distance < -7 => dct.year() + 1,
            _ => dct.year(),
        };
        let context = self.context;
        self.note(|| format!("nearest year to the document date {dct}, tense {}", context.tense_text()));
        Some(year)
    }

    /// `Friday the 13th`: the nearest month whose 13th is a Friday, as far as tense agrees.
    pub(super) fn weekday_the(&mut self, weekday: jiff::civil::Weekday, day: i8) -> Option<Place> {
        let dct = self.context.dct.filter(|_| !self.narrative())?;
        let future = self.context.tense.is_future();
        let found = (0..=MONTHS_TO_WEEKDAY_MAX).find_map(|distance| {
            let (year, month) = add_months(dct.year(), dct.month(), if future { distance } else { -distance })?;
            Date::new(year, month, day).ok().filter(|date| {
                date.weekday() == weekday && if future { *date >= dct } else { *date <= dct || distance == 0 }
            })
        })?;
        self.note(|| format!("the nearest such day to the document date {dct}"));
        Some(Place::Known(Point::Day(found)))
    }

    /// `the 28th`: in the month last spoken of, or the one named.
    pub(super) fn day_of_month(&mut self, day: i8) -> Option<Place> {
        if !(1..=31).contains(&day) {
            return None;
        }
        if let (Some(shift), Some(Unit::Month)) = (self.get(Slot::Shift), self.frame.unit()) {
            let point = if self.by_reference() { self.context.focus.map(|focus| focus.point) } else { None };
            let point = point.or_else(|| self.deictic_day().map(Point::Day));
            let month = point.and_then(|point| move_point(point, Unit::Month, shift.min(1))).and_then(Point::month);
            let Some((year, month)) = month else { return Some(Place::Open(format!("XXXX-XX-{day:02}"))) };
            return Date::new(year, month, day).ok().map(|date| Place::Known(Point::Day(date)));
        }
        let focus = self.context.focus.filter(|focus| focus.point.month().is_some());
        let month = match focus {
            Some(focus) if self.narrative() || self.by_reference() || self.context.day.is_some() => {
                self.use_focus(focus).month()
            }
            _ if self.narrative() => None,
            _ => self.deictic_day().map(|date| (date.year(), date.month())),
        };
        let Some((year, month)) = month else { return Some(Place::Open(format!("XXXX-XX-{day:02}"))) };
        Date::new(year, month, day).ok().map(|date| Place::Known(Point::Day(date)))
    }
}

/// Whether a day of the year is more than [`ANNIVERSARY_DAYS`] away, before or after.
fn far_from(dct: Date, month: i8, day: i8) -> bool {
    let near =
        |year: i16| Date::new(year, month, day).is_ok_and(|date| (date - dct).get_days().abs() <= ANNIVERSARY_DAYS);
    !(dct.year() - 1..=dct.year() + 1).any(near)
}

/// The year of `last October`, `this September`, `next May`.
fn shifted_month_year(dct: Date, month: i8, shift: i32) -> Option<i16> {
    let (now, year) = (dct.month(), dct.year());
    Some(match shift {
        0 => year,
        // `last February`, said on the first of March, is that of the year before.
        -1 => {
            let just_over = now - month == 1 && dct.day() <= 7;
            if month >= now || just_over { year - 1 } else { year }
        }
        _ => {
            if month <= now {
                year + 1
            } else {
                year
            }
        }
    })
}
