//! Weekdays and holidays: which one is meant, before or after the document. Reads no words.

use super::super::calendar::{Point, add_days, belongs_to_year, holiday, holiday_span, holidays_meant, weekday};
use super::super::frame::{Slot, Unit};
use super::super::grammar::Where;
use super::{Focus, Place, Resolver, Tense};
use dateline_processor::core::Date;

const SUNDAY: i32 = 7;
/// A day that words of the future may not be of lies behind if it was this many days ago, and not a week less ahead.
const AHEAD_YIELDS_MAX: i32 = 1;
/// A day that words of the past may not be of, or that no word tells of, lies ahead if it comes in so few days.
const BEHIND_YIELDS_MAX: i32 = 2;

impl Resolver<'_> {
    pub(super) fn weekday(&mut self, code: i32) -> Option<Place> {
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
        // `from Monday to Friday`, told as past, is over when Friday is.
        if let Some(end) = self.get(Slot::Until).and_then(weekday)
            && !self.context.tense.is_future()
        {
            let days = i32::from(dct.weekday().since(end)) + i32::from(end.since(wanted));
            self.note(|| format!("{days} days before it, so that all of it is over"));
            return add_days(dct, -days).map(|date| Place::Known(Point::Day(date)));
        }
        let today = i32::from(dct.weekday().to_monday_one_offset());
        let days = match self.get(Slot::Shift) {
            Some(-1) if self.context.place == Where::Colloquial => code - today - 7,
            // `last Tuesday`, said on a Thursday, is that of last week; whoever says it on a Sunday may end the week there.
            Some(-1) if code < today && today != SUNDAY => -behind - 7,
            Some(-1) => -if behind == 0 { 7 } else { behind },
            // `the Tuesday before last`.
            Some(-2) => -7 - if behind == 0 { 7 } else { behind },
            Some(0) => {
                if self.context.tense.is_past() {
                    -behind
                } else {
                    ahead
                }
            }
            // `next Friday` is the Friday of next week.
            Some(1) => code - today + 7,
            Some(_) => {
                if ahead == 0 {
                    7
                } else {
                    ahead
                }
            }
            None => self.bare_weekday(ahead, behind),
        };
        let context = self.context;
        self.note(|| format!("{days} days from there, tense {}", context.tense_text()));
        add_days(dct, days).map(|date| Place::Known(Point::Day(date)))
    }

    /// Which way a weekday lies that nothing but a verb or preposition parts from the others, in days from the document.
    /// Who writes of a day that is almost a week away names its date, so that words which may be of something else yield
    /// to the nearer day: of weekdays in newswire that such words put six days back, nine of ten were tomorrow.
    fn bare_weekday(&self, ahead: i32, behind: i32) -> i32 {
        let news = self.context.place == Where::News;
        match self.context.tense {
            Tense::Future | Tense::Ahead if news && !self.context.sure && behind <= AHEAD_YIELDS_MAX => -behind,
            Tense::Future | Tense::Due | Tense::Ahead => ahead,
            Tense::Unknown if self.context.place == Where::Colloquial => ahead,
            _ if news && !self.context.sure && ahead <= BEHIND_YIELDS_MAX => ahead,
            _ => -behind,
        }
    }

    pub(super) fn holiday(&mut self, code: i32) -> Option<Place> {
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

    pub(super) fn holiday_year(&self, code: i32) -> Option<i16> {
        let dct = self.context.dct?;
        let this = holiday(code, dct.year())?;
        Some(match self.get(Slot::Shift) {
            Some(-1) if this >= dct => dct.year() - 1,
            Some(1) if this <= dct => dct.year() + 1,
            Some(_) => dct.year(),
            None if belongs_to_year(code, dct.year()) => dct.year(),
            None => {
                let days = i64::from((this - dct).get_days());
                match self.context.tense {
                    Tense::Past | Tense::Over if days > 31 => dct.year() - 1,
                    Tense::Future | Tense::Due | Tense::Ahead => dct.year() + i16::from(days < -31),
                    _ if days > 183 => dct.year() - 1,
                    _ if days < -183 => dct.year() + 1,
                    _ => dct.year(),
                }
            }
        })
    }
}

fn nearest_after(base: Date, wanted: jiff::civil::Weekday) -> Option<Date> {
    add_days(base, i32::from(wanted.since(base.weekday())))
}
