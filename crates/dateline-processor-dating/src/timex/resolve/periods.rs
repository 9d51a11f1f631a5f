//! Seasons, quarters, halves, decades, centuries, and units that a word moves (`last week`, `that quarter`). Reads no words.

use super::super::calendar::{Point, add_days, add_months, season_of, year_text};
use super::super::frame::{Frame, Slot, Unit};
use super::super::grammar::Where;
use super::shift::{move_point, open_pattern};
use super::{Place, Resolver, Tense};
use dateline_processor::core::{Date, DateInterval};
use jiff::civil::Weekday;

use super::days::LAST;

/// A quarter that ends before this day of a month began in the first days of a month too: it counts in weeks.
const QUARTER_END_DAY_MIN: i8 = 16;
/// From the middle of a quarter to its end.
const QUARTER_MIDDLE_DAYS: i32 = 45;

impl Resolver<'_> {
    /// `the quarter ended July 31`: that in which its middle lies, for the quarters of companies are not the calendar's.
    pub(super) fn quarter_that_ended(&mut self) -> Option<Place> {
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
        let year = if quarter == 1 { end.year() } else { middle.year() };
        (1..=4).contains(&quarter).then_some(Place::Known(Point::Quarter(year, quarter)))
    }

    /// `the first week of 2016`, `the last decade of the 19th century`: a part of what the other words name.
    pub(super) fn part_of_whole(&mut self, nth: i32, part: Unit) -> Option<Place> {
        let mut frame = *self.frame;
        frame.clear(Slot::Nth);
        frame.clear(Slot::Part);
        let mut whole = Resolver { frame: &frame, steps: std::mem::take(&mut self.steps), ..*self };
        let place = whole.place(false);
        (self.anchor, self.steps) = (whole.anchor, whole.steps);
        let point = match place? {
            Place::Known(point) => point,
            Place::Open(_) => return Some(Place::Open(open_pattern(part).to_owned())),
        };
        let found = part_of(point.interval()?, nth, part);
        self.note(|| format!("a {part:?} of {}", point.value()));
        found.map(Place::Known)
    }

    /// `the same month last year`: what was last spoken of, so many years on, or in the year that is named.
    pub(super) fn same_in_other_year(&mut self, years: i32) -> Option<Place> {
        let unit = self.frame.unit()?;
        let named = self.own_year();
        let focus = self.context.focus.filter(|focus| move_point(focus.point, unit, 0).is_some());
        let base = match focus {
            Some(focus) => self.use_focus(focus),
            None => match self.deictic_day() {
                Some(dct) => Point::Day(dct),
                None => return Some(Place::Open(open_pattern(unit).to_owned())),
            },
        };
        let year = |year: i16| named.or_else(|| i16::try_from(i32::from(year) + years).ok());
        Some(Place::Known(match move_point(base, unit, 0)? {
            Point::Month(base, month) => Point::Month(year(base)?, month),
            Point::Week(base, week) => Point::Week(year(base)?, week),
            _ => return None,
        }))
    }

    /// `the following spring`, `the previous May`, `that summer`: counted from the date last named.
    pub(super) fn part_by_reference(&mut self, part: impl Fn(i16) -> Option<Point>) -> Option<Place> {
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

    /// Seasons, quarters and halves.
    pub(super) fn part_of_year(&mut self) -> Option<Place> {
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

    pub(super) fn year_of_part(&mut self, sample: Point, dct: Date) -> i16 {
        let (season_year, season) = season_of(dct);
        let (now, then, year) = match sample {
            Point::Season(_, part) => (season, part, season_year),
            Point::Quarter(_, part) => ((dct.month() + 2) / 3, part, dct.year()),
            Point::Half(_, part) => ((dct.month() + 5) / 6, part, dct.year()),
            _ => (0, 0, dct.year()),
        };
        match (self.get(Slot::Shift), self.context.tense) {
            // `this summer`, said in January, is that of the year that has begun.
            (Some(0), tense) if matches!(sample, Point::Season(_, 3)) => year - i16::from(now != 3 && tense.is_past()),
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
            // `the first quarter of the year` is of the one that has begun; behind a past verb one that cannot be is not.
            (None, tense) if self.frame.has(Slot::ThisYear) => year - i16::from(then > now && tense.is_past()),
            (None, _) if matches!(sample, Point::Season(..)) => {
                if then > now && now != 3 && self.context.tense.is_past() { dct.year() - 1 } else { dct.year() }
            }
            // Ahead only where that is nearer than the last one.
            (None, Tense::Future | Tense::Due | Tense::Ahead) if matches!(sample, Point::Quarter(..)) => {
                match then - now {
                    1.. => year,
                    ..=-3 => year + 1,
                    _ => year,
                }
            }
            (None, Tense::Future | Tense::Due | Tense::Ahead) => {
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

    pub(super) fn decade_or_century(&mut self) -> Option<Place> {
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
    pub(super) fn shifted_unit(&mut self, unit: Unit) -> Option<Place> {
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
            // A weekend spoken of on its own early in the week is the one just past; told of as past, on any working day.
            (Unit::Weekend, 0)
                if !self.frame.has(Slot::Shift)
                    && dct.weekday().to_monday_one_offset() <= self.last_day_for_weekend()
                    && !self.context.tense.is_future() =>
            {
                -1
            }
            // `For the week the index fell`, said on a Monday, is of the week that is over.
            (Unit::Week, 0)
                if !self.frame.has(Slot::Shift)
                    && dct.weekday().to_monday_one_offset() == 1
                    && !self.context.tense.is_future() =>
            {
                -1
            }
            (_, shift) => shift,
        };
        move_point(Point::Day(dct), unit, unit_shift).map(Place::Known)
    }

    /// Until which day of the week `the weekend` may be the one just past.
    fn last_day_for_weekend(&self) -> i8 {
        if self.context.tense.is_past() && self.context.place == Where::News { 5 } else { 3 }
    }

    /// `three days later` after a month or a year: the finer part stays unknown.
    pub(super) fn vague_move(&self, point: Point, unit: Unit) -> Place {
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
}

/// The n-th day, week, month, year, weekend or decade of an interval; an ordinal of [`LAST`] means the last one. A week or a weekend
/// belongs to the month or year in which its Thursday or Saturday lies.
fn part_of(whole: DateInterval, nth: i32, part: Unit) -> Option<Point> {
    let (first, last) = (whole.earliest, whole.latest);
    let count = nth - 1;
    let from_end = nth == LAST;
    // The first such weekday, or the last, and so many weeks on.
    let by_weekday = |weekday: Weekday| {
        let day = if from_end {
            add_days(last, -i32::from(last.weekday().since(weekday)))
        } else {
            add_days(first, i32::from(weekday.since(first.weekday())) + 7 * count)
        };
        day.filter(|day| (first..=last).contains(day))
    };
    let year = if from_end { last.year() } else { first.year().checked_add(i16::try_from(count).ok()?)? };
    let point = match part {
        Unit::Day => Point::Day(if from_end { last } else { add_days(first, count)? }),
        Unit::Week => Point::week_of(by_weekday(Weekday::Thursday)?),
        Unit::Weekend => Point::weekend_of(by_weekday(Weekday::Saturday)?),
        Unit::Month if from_end => Point::Month(last.year(), last.month()),
        Unit::Month => add_months(first.year(), first.month(), count).map(|(year, month)| Point::Month(year, month))?,
        Unit::Year => Point::Year(year),
        Unit::Decade => {
            Point::Decade(if from_end { i32::from(last.year()) / 10 } else { i32::from(first.year()) / 10 + count })
        }
        _ => return None,
    };
    point.interval().is_some_and(|found| found.earliest <= last).then_some(point)
}
