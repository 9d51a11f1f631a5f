//! From slots to a TIMEX3 value: calendar, anchors and tense. No text and no words here.

use super::Order;
use super::calendar::{
    Point, add_days, add_months, holiday, holiday_slack, holiday_span, holidays_meant, season_of, weekday, year_text,
};
use super::frame::{Frame, Slot, Unit};
use super::grammar::{Op, Where};
use dateline_processor::core::layers::TimexType;
use dateline_processor::core::{Date, DateInterval, Span, Time};

/// What the sentence says about when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tense {
    /// Before the document; of a verb that only reports it may be what is reported that lies ahead.
    Past,
    /// Before the document for sure: `ended`, `since`.
    Over,
    Future,
    Unknown,
}

impl Tense {
    pub(crate) fn is_past(self) -> bool {
        matches!(self, Tense::Past | Tense::Over)
    }
}

/// The last date the text spoke of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Focus {
    pub(crate) point: Point,
    pub(crate) span: Span,
}

/// All that a value may depend on beside its own words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) dct: Option<Date>,
    pub(crate) time: Option<Time>,
    pub(crate) place: Where,
    /// The last date named anywhere.
    pub(crate) focus: Option<Focus>,
    /// The last day named.
    pub(crate) day: Option<Focus>,
    /// The last quarter named.
    pub(crate) quarter: Option<Focus>,
    pub(crate) tense: Tense,
    /// How numeric dates are read that could be read both ways.
    pub(crate) order: Order,
}

/// What came of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) kind: TimexType,
    pub(crate) value: String,
    pub(crate) interval: Option<DateInterval>,
    pub(crate) point: Option<Point>,
    pub(crate) anchor: Option<Span>,
    /// Whether it was counted from another expression, and so names no new subject.
    pub(crate) counted: bool,
    /// Whether it looks back from what is told.
    pub(crate) backward: bool,
    /// Whether day and month may be meant the other way round.
    pub(crate) ambiguous: bool,
    pub(crate) steps: Vec<String>,
}

/// A point, or the pattern of one whose year or day is unknown.
enum Place {
    Known(Point),
    Open(String),
}

/// Resolves one expression. `None` when the words mean no date after all (30 February, a rule against).
pub(crate) fn resolve(op: Op, frame: &Frame, context: &Context, explain: bool) -> Option<Resolved> {
    let frame = &numbered(frame);
    let mut resolver =
        Resolver { frame, context, anchor: None, days: None, ambiguous: false, steps: Vec::new(), explain };
    let (kind, value, point) = match op {
        Op::None => return None,
        Op::Ref => (TimexType::Date, frame.word(Slot::Ref).unwrap_or("PRESENT_REF").to_owned(), None),
        Op::Point => resolver.point_value()?,
        Op::Offset => resolver.offset()?,
        Op::Duration => (TimexType::Duration, resolver.duration()?, None),
        Op::Set => (TimexType::Set, resolver.recurrence()?, None),
    };
    let interval = point.filter(|_| matches!(kind, TimexType::Date | TimexType::Time)).and_then(Point::interval);
    let interval = resolver.days.or(interval);
    let slack = frame.get(Slot::Holiday).map_or(0, holiday_slack);
    let interval = interval.map(|interval| DateInterval {
        earliest: add_days(interval.earliest, -slack).unwrap_or(interval.earliest),
        latest: add_days(interval.latest, slack).unwrap_or(interval.latest),
    });
    let backward = frame.get(Slot::Sign) < Some(0) && frame.has(Slot::Sign)
        || frame.get(Slot::Base) == Some(1) && frame.has(Slot::Shift) && frame.get(Slot::Shift) < Some(0);
    Some(Resolved {
        kind,
        value,
        interval,
        point,
        anchor: resolver.anchor,
        counted: op == Op::Offset,
        backward,
        ambiguous: resolver.ambiguous,
        steps: resolver.steps,
    })
}

/// `third quarter` names a quarter, `20th century` a century.
fn numbered(frame: &Frame) -> Frame {
    let mut frame = *frame;
    if let (Some(ordinal), Some(unit)) = (frame.get(Slot::Ordinal), frame.unit()) {
        match unit {
            Unit::Quarter => frame.set(Slot::Quarter, ordinal),
            Unit::Half => frame.set(Slot::Half, ordinal.min(2)),
            Unit::Century => frame.set(Slot::Century, ordinal),
            _ => {}
        }
    }
    frame
}

struct Resolver<'a> {
    frame: &'a Frame,
    context: &'a Context,
    anchor: Option<Span>,
    /// The days that are meant, where they are not those of the value.
    days: Option<DateInterval>,
    ambiguous: bool,
    steps: Vec<String>,
    explain: bool,
}

impl Resolver<'_> {
    fn note(&mut self, step: impl FnOnce() -> String) {
        if self.explain {
            self.steps.push(step());
        }
    }

    fn get(&self, slot: Slot) -> Option<i32> {
        self.frame.get(slot)
    }

    fn narrative(&self) -> bool {
        self.context.place == Where::Narrative
    }

    fn by_reference(&self) -> bool {
        self.get(Slot::Base) == Some(1)
    }

    fn use_focus(&mut self, focus: Focus) -> Point {
        self.anchor = Some(focus.span);
        self.note(|| format!("counted from {}, named at {}", focus.point.value(), focus.span));
        focus.point
    }

    /// A year that the expression itself gives.
    fn own_year(&mut self) -> Option<i16> {
        if let Some(year) = self.get(Slot::Year) {
            let bc = self.get(Slot::Era) == Some(0);
            // `1990-91`: the tail of a range of years.
            if let Some(tail) = self.get(Slot::ShortYear).filter(|_| !bc) {
                let ahead = (tail - year).rem_euclid(100);
                return (1..=YEAR_TAIL_MAX).contains(&ahead).then(|| i16::try_from(year + ahead).ok()).flatten();
            }
            return i16::try_from(if bc { -year } else { year }).ok();
        }
        if let Some(short) = self.get(Slot::ShortYear) {
            return self.full_year(short);
        }
        let shift = self.get(Slot::YearShift)?;
        let base = self.base_year()?;
        i16::try_from(i32::from(base) + shift).ok()
    }

    /// The year `'89` means: the nearest to the document that is not far ahead.
    fn full_year(&self, short: i32) -> Option<i16> {
        let near = self.context.dct.map_or(2000, |dct| i32::from(dct.year()));
        let candidates = (near / 100 - 1..=near / 100 + 1).map(|century| century * 100 + short);
        let best = candidates.filter(|year| *year <= near + 20).max()?;
        i16::try_from(best).ok()
    }

    fn base_year(&mut self) -> Option<i16> {
        if (self.by_reference() || self.narrative())
            && let Some(focus) = self.context.focus
            && focus.point.year().is_some()
        {
            return self.use_focus(focus).year();
        }
        if self.narrative() {
            return None;
        }
        self.context.dct.map(Date::year)
    }

    /// The value, with its time of day where the expression has one.
    fn point_value(&mut self) -> Option<(TimexType, String, Option<Point>)> {
        let time = self.time_of_day()?;
        let place = self.place(time.is_some())?;
        let (mut value, point) = match place {
            Place::Known(point) => (point.value(), Some(point)),
            Place::Open(value) => (value, None),
        };
        let Some(time) = time else { return Some((TimexType::Date, value, point)) };
        if value.len() < 10 && matches!(point, Some(Point::Month(..))) {
            value.push_str("-XX");
        }
        value.push_str(&time);
        Some((TimexType::Time, value, point))
    }

    /// `T22:00`, `TMO`; `Some(None)` when the expression has no time of day, `None` when it is no time.
    fn time_of_day(&mut self) -> Option<Option<String>> {
        if let Some(hour) = self.get(Slot::Hour) {
            // `a quarter to five`.
            let before = self.get(Slot::Minute).filter(|minute| *minute < 0);
            let minute = before.map_or(self.get(Slot::Minute).unwrap_or(0), |minute| minute + 60);
            let hour = match (self.get(Slot::Meridiem), self.get(Slot::Daypart)) {
                (Some(_), _) if !(1..=12).contains(&hour) && hour != 0 => hour,
                (Some(0), _) | (None, Some(0)) if hour == 12 => 0,
                (Some(1), _) if hour < 12 => hour + 12,
                (None, Some(1 | 2)) if hour < 12 => hour + 12,
                (None, Some(3)) if (5..12).contains(&hour) => hour + 12,
                _ => hour,
            };
            let hour = if before.is_some() { (hour + 23) % 24 } else { hour };
            if !(0..=24).contains(&hour) || !(0..60).contains(&minute) {
                return None;
            }
            let second = self.get(Slot::Second).map(|second| format!(":{second:02}")).unwrap_or_default();
            return Some(Some(format!("T{hour:02}:{minute:02}{second}")));
        }
        Some(self.frame.word(Slot::Daypart).map(|part| format!("T{part}")))
    }

    fn place(&mut self, timed: bool) -> Option<Place> {
        if self.frame.unit() == Some(Unit::Quarter) && self.get(Slot::Month).is_some() {
            return self.quarter_that_ended();
        }
        if self.get(Slot::Order).is_some() {
            return self.numeric_date();
        }
        if let Some(offset) = self.get(Slot::DayOffset) {
            let Some(base) = self.deictic_day() else { return Some(Place::Open("XXXX-XX-XX".to_owned())) };
            return add_days(base, offset).map(|date| Place::Known(Point::Day(date)));
        }
        if let Some(code) = self.get(Slot::Holiday) {
            return self.holiday(code);
        }
        if let Some(month) = self.get(Slot::Month) {
            return self.month(i8::try_from(month).ok()?);
        }
        if let Some(day) = self.get(Slot::Day) {
            let day = i8::try_from(day).ok()?;
            let weekday = self.get(Slot::Weekday).and_then(weekday);
            return weekday.and_then(|weekday| self.weekday_the(weekday, day)).or_else(|| self.day_of_month(day));
        }
        if let Some(code) = self.get(Slot::Weekday) {
            return self.weekday(code);
        }
        if self.get(Slot::Season).is_some() || self.get(Slot::Quarter).is_some() || self.get(Slot::Half).is_some() {
            return self.part_of_year();
        }
        if self.get(Slot::Decade).is_some() || self.get(Slot::Century).is_some() {
            return self.decade_or_century();
        }
        if let Some(year) = self.own_year() {
            // `the 1988 period`: the part of that year which the report is about.
            if self.frame.unit() == Some(Unit::Quarter)
                && let Some(Focus { point: Point::Quarter(_, quarter), .. }) = self.context.quarter
            {
                return Some(Place::Known(Point::Quarter(year, quarter)));
            }
            return (year != 0).then_some(Place::Known(Point::Year(year)));
        }
        if let Some(unit) = self.frame.unit() {
            return self.shifted_unit(unit);
        }
        timed.then(|| self.day_of_time()).flatten()
    }

    /// The day `today` means.
    fn deictic_day(&mut self) -> Option<Date> {
        let dct = self.context.dct?;
        self.note(|| format!("counted from the document date {dct}"));
        Some(dct)
    }

    /// The day a bare time of day belongs to.
    fn day_of_time(&mut self) -> Option<Place> {
        if self.by_reference()
            && let Some(focus) = self.context.focus
        {
            let shift = self.get(Slot::Shift).unwrap_or(0);
            let point = self.use_focus(focus);
            return Some(
                move_point(point, Unit::Day, shift).map_or_else(|| self.vague_move(point, Unit::Day), Place::Known),
            );
        }
        if let Some(shift) = self.get(Slot::Shift) {
            let Some(base) = self.deictic_day() else { return Some(Place::Open("XXXX-XX-XX".to_owned())) };
            return add_days(base, shift).map(|date| Place::Known(Point::Day(date)));
        }
        let focus = match self.context.place {
            Where::Narrative => self.context.focus,
            Where::News => self.context.day,
            Where::Colloquial => None,
        };
        if let Some(focus) = focus.filter(|focus| matches!(focus.point, Point::Day(_) | Point::Month(..))) {
            return Some(Place::Known(self.use_focus(focus)));
        }
        if self.narrative() {
            return Some(Place::Open("XXXX-XX-XX".to_owned()));
        }
        Some(self.deictic_day().map_or(Place::Open("XXXX-XX-XX".to_owned()), |date| Place::Known(Point::Day(date))))
    }

    /// `3/27/13`: month first where both orders are possible, unless only the other is.
    fn numeric_date(&mut self) -> Option<Place> {
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

    fn month(&mut self, month: i8) -> Option<Place> {
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
        let Some(year) = self.year_of_month(month) else { return Some(Place::Open(format!("XXXX-{month:02}"))) };
        Some(Place::Known(Point::Month(year, month)))
    }

    /// The day, or the week that `the week of` the day means.
    fn day_or_week(&self, date: Date) -> Point {
        if self.frame.unit() == Some(Unit::Week) { Point::week_of(date) } else { Point::Day(date) }
    }

    fn month_day(&mut self, month: i8, day: i8) -> Option<Place> {
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

    /// `the first week of April`, `the second Sunday in May`: weeks count by where most of their days lie. An ordinal
    /// of [`LAST`] means the last one.
    fn part_of_month(&mut self, month: i8, ordinal: i32) -> Option<Place> {
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

    /// `the following spring`, `the previous May`, `that summer`: counted from the date last named.
    fn part_by_reference(&mut self, part: impl Fn(i16) -> Option<Point>) -> Option<Place> {
        let shift = self.get(Slot::Shift).unwrap_or(0).signum();
        let focus = self.context.focus.filter(|focus| focus.point.year().is_some())?;
        let (year, named) = (focus.point.year()?, focus.point.interval()?);
        let fits = |candidate: &Point| {
            let Some(interval) = candidate.interval() else { return false };
            match shift {
                1 => interval.earliest > named.latest,
                -1 => interval.latest < named.earliest,
                _ => true,
            }
        };
        let step = i16::try_from(shift).ok()?;
        let found = [year, year + step].into_iter().filter_map(part).find(fits)?;
        self.use_focus(focus);
        Some(Place::Known(found))
    }

    /// The year of the last date named, where this kind of text carries it on.
    fn carried_year(&mut self, _month: i8) -> Option<i16> {
        if !self.narrative() {
            return None;
        }
        let focus = self.context.focus.filter(|focus| focus.point.year().is_some())?;
        self.use_focus(focus).year()
    }

    fn year_of_month(&mut self, month: i8) -> Option<i16> {
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
        self.nearest_year(month, None)
    }

    /// The year that brings a month, or a day of it, nearest to the document, as far as tense agrees.
    fn nearest_year(&mut self, month: i8, day: Option<i8>) -> Option<i16> {
        let dct = self.context.dct?;
        let tense = self.context.tense;
        let distance = i32::from(month) - i32::from(dct.month());
        let year = match (day, tense) {
            // `the year ended Oct. 31`, `since March`: what is over lies behind.
            (_, Tense::Over) => dct.year() - i16::from((month, day.unwrap_or(1)) > (dct.month(), dct.day())),
            (None, Tense::Past) if distance > 1 => dct.year() - 1,
            (None, Tense::Future) if distance < 0 => dct.year() + 1,
            (None, Tense::Unknown) if distance > 6 => dct.year() - 1,
            (None, Tense::Unknown) if distance < -7 => dct.year() + 1,
            (Some(_), Tense::Past) if distance > 4 => dct.year() - 1,
            (Some(_), Tense::Future) if distance < -4 => dct.year() + 1,
            (Some(_), Tense::Past | Tense::Unknown) if distance > 6 => dct.year() - 1,
            (Some(_), Tense::Future | Tense::Unknown) if distance < -7 => dct.year() + 1,
            _ => dct.year(),
        };
        self.note(|| format!("nearest year to the document date {dct}, tense {tense:?}"));
        Some(year)
    }

    /// `Friday the 13th`: the nearest month whose 13th is a Friday, as far as tense agrees.
    fn weekday_the(&mut self, weekday: jiff::civil::Weekday, day: i8) -> Option<Place> {
        let dct = self.context.dct.filter(|_| !self.narrative())?;
        let future = self.context.tense == Tense::Future;
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
    fn day_of_month(&mut self, day: i8) -> Option<Place> {
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

    fn holiday(&mut self, code: i32) -> Option<Place> {
        let meant = holidays_meant(code);
        let code = match meant.as_slice() {
            [one] => *one,
            // Of several with that name the one nearest to the document.
            several => {
                let Some(dct) = self.context.dct.filter(|_| self.own_year().is_none()) else {
                    return Some(Place::Open("XXXX-XX-XX".to_owned()));
                };
                let days = |code: i32| Some((holiday(code, self.holiday_year(code)?)? - dct).get_days().abs());
                several.iter().copied().min_by_key(|code| days(*code).unwrap_or(i32::MAX))?
            }
        };
        let open = || {
            let fixed = [2001, 2003].map(|year| holiday(code, year));
            match fixed {
                [Some(one), Some(other)] if one.month() == other.month() && one.day() == other.day() => {
                    Place::Open(format!("XXXX-{:02}-{:02}", one.month(), one.day()))
                }
                _ => Place::Open("XXXX-XX-XX".to_owned()),
            }
        };
        let year = match self.own_year() {
            Some(year) => Some(year),
            None if self.narrative() => self.base_year(),
            None => self.holiday_year(code),
        };
        let Some(year) = year else { return Some(open()) };
        let date = holiday(code, year)?;
        // A feast of many days has the value of the month in which its middle lies.
        if let Some(days) = holiday_span(code, date) {
            let middle = add_days(days.earliest, days.latest.since(days.earliest).ok()?.get_days() / 2)?;
            self.days = Some(days);
            return Some(Place::Known(Point::Month(middle.year(), middle.month())));
        }
        Some(Place::Known(if self.frame.unit() == Some(Unit::Week) { Point::week_of(date) } else { Point::Day(date) }))
    }

    fn holiday_year(&self, code: i32) -> Option<i16> {
        let dct = self.context.dct?;
        let this = holiday(code, dct.year())?;
        Some(match self.get(Slot::Shift) {
            Some(-1) if this >= dct => dct.year() - 1,
            Some(1) if this <= dct => dct.year() + 1,
            Some(_) => dct.year(),
            None => {
                let days = i64::from((this - dct).get_days());
                match self.context.tense {
                    Tense::Past | Tense::Over if days > 31 => dct.year() - 1,
                    Tense::Future if days < -31 => dct.year() + 1,
                    _ if days > 183 => dct.year() - 1,
                    _ if days < -183 => dct.year() + 1,
                    _ => dct.year(),
                }
            }
        })
    }

    fn weekday(&mut self, code: i32) -> Option<Place> {
        let wanted = weekday(code)?;
        if self.narrative() && self.context.dct.is_some() || self.context.dct.is_none() {
            let focus = self.context.focus.filter(|focus| matches!(focus.point, Point::Day(_)) && self.narrative());
            let Some(focus) = focus else { return Some(Place::Open(format!("XXXX-WXX-{code}"))) };
            let Point::Day(base) = self.use_focus(focus) else { return None };
            return nearest_after(base, wanted).map(|date| Place::Known(Point::Day(date)));
        }
        if self.by_reference()
            && let Some(focus @ Focus { point: Point::Day(base), .. }) = self.context.focus
        {
            self.use_focus(focus);
            let ahead = i32::from(wanted.since(base.weekday()));
            let days = match self.get(Slot::Shift).unwrap_or(0).signum() {
                1 if ahead == 0 => 7,
                1 => ahead,
                -1 => ahead - 7,
                _ => code - i32::from(base.weekday().to_monday_one_offset()),
            };
            return add_days(base, days).map(|date| Place::Known(Point::Day(date)));
        }
        let dct = self.deictic_day()?;
        let ahead = i32::from(wanted.since(dct.weekday()));
        let behind = (7 - ahead) % 7;
        let days = match self.get(Slot::Shift) {
            Some(-1) if self.context.place == Where::Colloquial => {
                code - i32::from(dct.weekday().to_monday_one_offset()) - 7
            }
            Some(-1) => -if behind == 0 { 7 } else { behind },
            Some(0) => {
                if self.context.tense.is_past() {
                    -behind
                } else {
                    ahead
                }
            }
            // `next Friday` is the Friday of next week.
            Some(1) => code - i32::from(dct.weekday().to_monday_one_offset()) + 7,
            Some(_) => {
                if ahead == 0 {
                    7
                } else {
                    ahead
                }
            }
            None => match (self.context.tense, self.context.place) {
                (Tense::Future, _) => ahead,
                (Tense::Unknown, Where::Colloquial) => ahead,
                _ => -behind,
            },
        };
        let tense = self.context.tense;
        self.note(|| format!("{days} days from there, tense {tense:?}"));
        add_days(dct, days).map(|date| Place::Known(Point::Day(date)))
    }

    /// `the quarter ended July 31`: that in which its middle lies, for the quarters of companies are not the calendar's.
    fn quarter_that_ended(&mut self) -> Option<Place> {
        let month = i8::try_from(self.get(Slot::Month)?).ok()?;
        let end = match self.month(month)? {
            Place::Known(Point::Day(day)) => day,
            Place::Known(point @ Point::Month(..)) => point.interval()?.latest,
            _ => return Some(Place::Open(open_pattern(Unit::Quarter).to_owned())),
        };
        let middle = add_days(end, -QUARTER_MIDDLE_DAYS)?;
        let (year, month) =
            add_months(end.year(), end.month(), if end.day() >= QUARTER_END_DAY_MIN { -2 } else { -3 })?;
        self.days = Some(DateInterval { earliest: Date::new(year, month, 1).ok()?, latest: end });
        self.note(|| format!("the middle of the quarter that ends on {end} is {middle}"));
        let Some(quarter) = self.get(Slot::Quarter).and_then(|quarter| i8::try_from(quarter).ok()) else {
            return move_point(Point::Day(middle), Unit::Quarter, 0).map(Place::Known);
        };
        // A quarter that has a number keeps it, whatever the calendar says.
        (1..=4).contains(&quarter).then(|| Place::Known(Point::Quarter(middle.year(), quarter)))
    }

    /// Seasons, quarters and halves.
    fn part_of_year(&mut self) -> Option<Place> {
        let part = |year: i16, frame: &Frame| -> Option<Point> {
            let small = |slot: Slot| frame.get(slot).and_then(|value| i8::try_from(value).ok());
            Some(match (small(Slot::Season), small(Slot::Quarter), small(Slot::Half)) {
                (Some(season), _, _) => Point::Season(year, season),
                (_, Some(quarter), _) if (1..=4).contains(&quarter) => Point::Quarter(year, quarter),
                (_, _, Some(half)) if (1..=2).contains(&half) => Point::Half(year, half),
                _ => return None,
            })
        };
        if let Some(year) = self.own_year() {
            return part(year, self.frame).map(Place::Known);
        }
        let sample = part(2000, self.frame)?;
        let frame = *self.frame;
        if self.by_reference()
            && let Some(place) = self.part_by_reference(|year| part(year, &frame))
        {
            return Some(place);
        }
        let base = match (self.narrative(), self.context.dct) {
            (false, Some(dct)) => Some(self.year_of_part(sample, dct)),
            _ => self.base_year(),
        };
        let Some(mut year) = base else { return Some(Place::Open(sample.value().replacen("2000", "XXXX", 1))) };
        // Told in order, the winter after an autumn is that of the year that comes.
        if self.narrative() && matches!(sample, Point::Season(_, 3)) {
            let late = self.context.focus.is_some_and(|focus| match focus.point {
                Point::Year(_) | Point::Season(_, 2) => true,
                point => point.month().is_some_and(|(_, month)| month >= 9),
            });
            year += i16::from(late);
        }
        part(year, self.frame).map(Place::Known)
    }

    fn year_of_part(&mut self, sample: Point, dct: Date) -> i16 {
        let (season_year, season) = season_of(dct);
        let (now, then, year) = match sample {
            Point::Season(_, part) => (season, part, season_year),
            Point::Quarter(_, part) => ((dct.month() + 2) / 3, part, dct.year()),
            Point::Half(_, part) => ((dct.month() + 5) / 6, part, dct.year()),
            _ => (0, 0, dct.year()),
        };
        match (self.get(Slot::Shift), self.context.tense) {
            // `this summer`, said in January, is that of the year that has begun.
            (Some(0), _) if matches!(sample, Point::Season(_, 3)) => year,
            (Some(0), _) => dct.year(),
            (Some(-1), _) => {
                if then >= now {
                    year - 1
                } else {
                    year
                }
            }
            (Some(_), _) => {
                if then <= now {
                    year + 1
                } else {
                    year
                }
            }
            (None, _) if matches!(sample, Point::Season(..)) => {
                if then > now && now != 3 && self.context.tense.is_past() { dct.year() - 1 } else { dct.year() }
            }
            // Ahead only where that is nearer than the last one.
            (None, Tense::Future) if matches!(sample, Point::Quarter(..)) => match then - now {
                1.. => year,
                ..=-3 => year + 1,
                _ => year,
            },
            (None, Tense::Future) => {
                if then < now {
                    year + 1
                } else {
                    year
                }
            }
            (None, _) => {
                if then > now {
                    year - 1
                } else {
                    year
                }
            }
        }
    }

    fn decade_or_century(&mut self) -> Option<Place> {
        let bc = self.get(Slot::Era) == Some(0);
        if let Some(century) = self.get(Slot::Century) {
            return Some(Place::Known(Point::Century(if bc { -century } else { century - 1 })));
        }
        let decade = self.get(Slot::Decade)?;
        let decade = if decade < 10 && !bc && !self.frame.has(Slot::Year) {
            let near = self.context.dct.map_or(199, |dct| i32::from(dct.year()) / 10);
            (near / 10 - 1..=near / 10).map(|century| century * 10 + decade).filter(|decade| *decade <= near).max()?
        } else {
            decade
        };
        Some(Place::Known(Point::Decade(if bc { -decade - 1 } else { decade })))
    }

    /// `last week`, `this year`, `the following month`, `that day`.
    fn shifted_unit(&mut self, unit: Unit) -> Option<Place> {
        let shift = self.get(Slot::Shift).unwrap_or(0).min(1);
        let open = |unit: Unit| Place::Open(open_pattern(unit).to_owned());
        if self.by_reference() || self.narrative() {
            if unit == Unit::Quarter && !self.narrative() {
                if let Some(quarter) = self.context.quarter {
                    let point = self.use_focus(quarter);
                    return move_point(point, unit, shift).map(Place::Known);
                }
                // Reports of results speak of the quarter that is over.
                let Some(dct) = self.deictic_day() else { return Some(open(unit)) };
                return move_point(Point::Day(dct), unit, shift - 1).map(Place::Known);
            } else if let Some(focus) = self.context.focus {
                let point = self.use_focus(focus);
                match move_point(point, unit, shift) {
                    Some(point) => return Some(Place::Known(point)),
                    None if self.narrative() || self.context.dct.is_none() => {
                        return Some(self.vague_move(point, unit));
                    }
                    // A report that named something coarser counts from its own date.
                    None if unit >= Unit::Week => self.anchor = None,
                    None => return Some(self.vague_move(point, unit)),
                }
            }
            if self.narrative() || self.context.dct.is_none() {
                return Some(open(unit));
            }
        }
        let Some(dct) = self.deictic_day() else { return Some(open(unit)) };
        let unit_shift = match (unit, shift) {
            // A weekend spoken of on its own early in the week is the one just past.
            (Unit::Weekend, 0)
                if !self.frame.has(Slot::Shift)
                    && i32::from(dct.weekday().to_monday_one_offset()) <= 3
                    && self.context.tense != Tense::Future =>
            {
                -1
            }
            // `For the week the index fell`, said on a Monday, is of the week that is over.
            (Unit::Week, 0)
                if !self.frame.has(Slot::Shift)
                    && dct.weekday().to_monday_one_offset() == 1
                    && self.context.tense != Tense::Future =>
            {
                -1
            }
            (_, shift) => shift,
        };
        move_point(Point::Day(dct), unit, unit_shift).map(Place::Known)
    }

    /// `three days later` after a month or a year: the finer part stays unknown.
    fn vague_move(&self, point: Point, unit: Unit) -> Place {
        let value = match (point.month(), point.year(), unit) {
            (Some((year, month)), _, Unit::Day | Unit::Week | Unit::Daypart) => {
                format!("{}-{month:02}-XX", year_text(year))
            }
            (_, Some(year), Unit::Day | Unit::Daypart) => format!("{}-XX-XX", year_text(year)),
            (_, Some(year), Unit::Week) => format!("{}-WXX", year_text(year)),
            (_, Some(year), Unit::Month) => format!("{}-XX", year_text(year)),
            _ => open_pattern(unit).to_owned(),
        };
        Place::Open(value)
    }

    /// `three days ago`, `two years later`.
    fn offset(&mut self) -> Option<(TimexType, String, Option<Point>)> {
        let sign = self.get(Slot::Sign)?;
        let number = self.get(Slot::Number).or_else(|| self.get(Slot::Article).map(|_| 1000));
        let counted = number.filter(|_| !self.frame.has(Slot::Vague)).zip(self.frame.unit());
        let Some((thousandths, unit)) = counted else {
            let value = if sign < 0 { "PAST_REF" } else { "FUTURE_REF" };
            return Some((TimexType::Date, value.to_owned(), None));
        };
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

    fn offset_place(&mut self, unit: Unit, thousandths: i32, sign: i32) -> Option<Place> {
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
        // Whoever counts in decades means years.
        let (unit, count) = if unit == Unit::Decade { (Unit::Year, count * 10) } else { (unit, count) };
        // Colloquially, a year ago is a day.
        if self.context.place == Where::Colloquial
            && let Point::Day(date) = point
        {
            return colloquial_offset(date, unit, count).map(|date| Place::Known(Point::Day(date)));
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

    fn offset_time(&mut self, point: Point, unit: Unit, thousandths: i32) -> Option<Place> {
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

    /// `P3D`, `PXM`, `PT24H`.
    fn duration(&mut self) -> Option<String> {
        let unit = self.frame.unit()?;
        let (scale, letter, timed) = match unit {
            Unit::Second => (1, "S", true),
            Unit::Minute => (1, "M", true),
            Unit::Hour => (1, "H", true),
            Unit::Daypart => (1, "D", false),
            Unit::Day => (1, "D", false),
            Unit::Weekend => (1, "WE", false),
            Unit::Week => (1, "W", false),
            Unit::Month => (1, "M", false),
            Unit::Quarter | Unit::Season => (3, "M", false),
            Unit::Half => (6, "M", false),
            Unit::Year => (1, "Y", false),
            Unit::Decade => (10, "Y", false),
            Unit::Century => (100, "Y", false),
            Unit::Millennium => (1000, "Y", false),
        };
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
            (500, Unit::Hour) => return Some("PT30M".to_owned()),
            (500, Unit::Minute) => return Some("PT30S".to_owned()),
            (500, Unit::Year) => return Some("P6M".to_owned()),
            _ => {}
        }
        let total = number.checked_add(extra)?.checked_mul(scale)?;
        Some(format!("{prefix}{}{letter}", decimal(total)))
    }

    /// `P1D`, `XXXX-WXX-1`, `XXXX-XX-XXTMO`.
    fn recurrence(&mut self) -> Option<String> {
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
        self.duration()
    }
}

/// How many years a range like `1990-91` may span.
const YEAR_TAIL_MAX: i32 = 30;
/// The ordinal that stands for `last`.
const LAST: i32 = 99;
/// How far a day of the month may have to be looked for until it falls on a given weekday.
const MONTHS_TO_WEEKDAY_MAX: i32 = 14;
/// A quarter that ends before this day of a month began in the first days of a month too: it counts in weeks.
const QUARTER_END_DAY_MIN: i8 = 16;
/// From the middle of a quarter to its end.
const QUARTER_MIDDLE_DAYS: i32 = 45;

/// A count in thousandths, as short as it goes.
fn decimal(thousandths: i32) -> String {
    let whole = thousandths / 1000;
    match thousandths % 1000 {
        0 => whole.to_string(),
        rest if rest % 100 == 0 => format!("{whole}.{}", rest / 100),
        rest => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}

/// How a unit is written when nobody knows which.
fn open_pattern(unit: Unit) -> &'static str {
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

fn nearest_after(base: Date, wanted: jiff::civil::Weekday) -> Option<Date> {
    add_days(base, i32::from(wanted.since(base.weekday())))
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

fn colloquial_offset(date: Date, unit: Unit, count: i32) -> Option<Date> {
    let months = match unit {
        Unit::Month => count,
        Unit::Quarter => count * 3,
        Unit::Year => count * 12,
        Unit::Decade => count * 120,
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

/// The unit that holds `point`, moved by `count`. `None` when `point` is coarser than the unit.
fn move_point(point: Point, unit: Unit, count: i32) -> Option<Point> {
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
        Unit::Quarter => match point {
            Point::Quarter(year, quarter) => {
                let (year, month) = add_months(year, quarter * 3, count * 3)?;
                Some(Point::Quarter(year, month / 3))
            }
            _ => {
                let (year, month) = point.month()?;
                let (year, month) = add_months(year, month, count * 3)?;
                Some(Point::Quarter(year, (month + 2) / 3))
            }
        },
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
