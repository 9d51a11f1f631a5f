//! From slots to a TIMEX3 value: calendar, anchors and tense. No text and no words here.

mod days;
mod lengths;
mod offsets;
mod periods;
mod shift;
mod weekdays;

use super::Order;
use super::calendar::{Point, add_days, holiday_slack, weekday};
use super::frame::{Frame, Slot, Unit};
use super::grammar::{Op, Where};
use dateline_processor::core::layers::TimexType;
use dateline_processor::core::{Date, DateInterval, Span, Time};
pub(crate) use lengths::frequency;
use shift::move_point;

/// How many years a range like `1990-91` may span.
const YEAR_TAIL_MAX: i32 = 30;

/// What the sentence says about when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tense {
    /// Before the document; of a verb that only reports it may be what is reported that lies ahead.
    Past,
    /// Before the document for sure: `ended`, `since`.
    Over,
    Future,
    /// After the document for sure: `until`, `extended through`.
    Due,
    /// Not before the document, as a preposition has it: `by Friday`, `through January`. The nearest that may be.
    Ahead,
    Unknown,
}

impl Tense {
    /// After the document, as a verb or a preposition says.
    pub(crate) fn is_future(self) -> bool {
        matches!(self, Tense::Future | Tense::Due | Tense::Ahead)
    }

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
    /// Whether what showed the tense stands so that it must be of this date; otherwise the nearer day may win.
    pub(crate) sure: bool,
    /// How numeric dates are read that could be read both ways.
    pub(crate) order: Order,
}

impl Context {
    /// The tense as explanations say it.
    fn tense_text(&self) -> String {
        let word = format!("{:?}", self.tense).to_lowercase();
        if self.sure { word } else { format!("{word}, perhaps") }
    }
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
        if let (Some(nth), Some(part)) = (self.get(Slot::Nth), self.get(Slot::Part).and_then(Unit::from_code)) {
            return self.part_of_whole(nth, part);
        }
        if let Some(years) = self.get(Slot::Same) {
            return self.same_in_other_year(years);
        }
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
}
