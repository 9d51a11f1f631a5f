//! What a text whose date nobody knows says about when it was written. Finds and reads; weighs nothing.

use super::calendar::{add_days, weekday};
use super::frame::{Frame, Slot};
use super::grammar::{Match, Op, Scanner};
use super::language::{Cue, Language};
use super::resolve::{Context, Tense, resolve};
use super::token::{self, Kind, Token};
use super::{Anchor, Order, Reader, Where, lexicon, matches, place_of};
use dateline_processor::core::{Date, DateInterval, Mark, Span};

/// How many words the verb may stand before a date that it tells of as past.
const CLAUSE_WORDS_MAX: usize = 10;

/// The expressions of a text without a date.
pub(crate) struct Undated<'a> {
    language: &'a Language,
    text: &'a str,
    tokens: Vec<Token>,
    place: Where,
    order: Order,
    found: Vec<Match>,
}

/// A day named with its weekday and without its year: `Monday, April 4`.
pub(crate) struct NamedDay {
    pub(crate) span: Span,
    weekday: jiff::civil::Weekday,
    month: i8,
    day: i8,
}

impl NamedDay {
    /// The day in that year, where it has that weekday then.
    pub(crate) fn in_year(&self, year: i16) -> Option<Date> {
        Date::new(year, self.month, self.day).ok().filter(|date| date.weekday() == self.weekday)
    }
}

impl<'a> Undated<'a> {
    /// Finds the expressions.
    pub(crate) fn read(language: &'a Language, text: &'a str, marks: &[Mark], anchor: &Anchor) -> Undated<'a> {
        let tokens = token::tokens(text, &language.lexicon);
        let place = place_of(language, text, &tokens, marks, anchor);
        let found = matches(language, text, &tokens, place, marks);
        let order = Order::of(&tokens, anchor);
        Undated { language, text, tokens, place, order, found }
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            language: self.language,
            text: self.text,
            tokens: &self.tokens,
            place: self.place,
            order: self.order,
            explain: false,
        }
    }

    /// Dates with a year of which the text tells as past: `was signed in March 2019`, `since 4 April 2022`.
    pub(crate) fn past(&self) -> Vec<(Span, DateInterval)> {
        let reader = self.reader();
        let tagged = reader.resolve_all(&self.found, None, None);
        let told = tagged.into_iter().filter_map(|tagged| Some((tagged.timex.span, tagged.timex.interval()?)));
        told.filter(|(span, _)| self.is_past(*span)).collect()
    }

    /// Whether the day at `span` is told of as past.
    pub(crate) fn is_past(&self, span: Span) -> bool {
        let from = self.tokens.partition_point(|token| token.start < span.start);
        self.is_told(&self.reader(), from)
    }

    /// Whether a verb of its own clause tells the date at `from` as past. What somebody `said` may lie ahead.
    fn is_told(&self, reader: &Reader<'_>, from: usize) -> bool {
        let Some(before) = from.checked_sub(1) else { return false };
        if reader.word_in(before, Cue::Over) {
            return true;
        }
        if !reader.word_in(before, Cue::At) {
            return false;
        }
        for at in (2..=CLAUSE_WORDS_MAX).map_while(|distance| from.checked_sub(distance)) {
            let token = &self.tokens[at];
            if token.kind == Kind::Sign(lexicon::class::COMMA) || reader.ends_sentence(at) {
                return false;
            }
            if let Some(tense) = reader.cue(at) {
                return !self.language.reports(token.word) && reader.voice(at, tense).is_past();
            }
        }
        false
    }

    /// Days named with their weekday and without a year.
    pub(crate) fn named_days(&self) -> Vec<NamedDay> {
        let mut scanner = Scanner::new(&self.tokens, &self.language.lexicon, self.place);
        let mut days = Vec::new();
        for one in &self.found {
            for extent in self.language.grammar.extents(one, &mut scanner) {
                let small = |slot: Slot| extent.frame.get(slot).and_then(|value| i8::try_from(value).ok());
                let weekday = extent.frame.get(Slot::Weekday).and_then(weekday);
                let year = [Slot::Year, Slot::ShortYear, Slot::YearShift].iter().any(|slot| extent.frame.has(*slot));
                if let (Some(weekday), Some(month), Some(day), false) =
                    (weekday, small(Slot::Month), small(Slot::Day), year)
                {
                    let span = Span { start: self.tokens[extent.from].start, end: self.tokens[extent.to - 1].end };
                    days.push(NamedDay { span, weekday, month, day });
                }
            }
        }
        days
    }

    /// The first expression that begins within `reach` bytes behind `at` in the same clause, and the days of writing,
    /// out of `within`, on which it means a day of `meant`. `None` when it means the same whenever it was written.
    pub(crate) fn days_when(
        &self,
        at: u32,
        reach: u32,
        meant: DateInterval,
        within: DateInterval,
    ) -> Option<(Span, DateInterval)> {
        let one = self.found.iter().find(|one| self.tokens[one.from + one.tagged_start()].start >= at)?;
        let rule = self.language.grammar.rules.get(usize::from(one.rule)).filter(|rule| rule.op != Op::None)?;
        let mut scanner = Scanner::new(&self.tokens, &self.language.lexicon, self.place);
        let extent = self.language.grammar.extents(one, &mut scanner).into_iter().next()?;
        let span = Span { start: self.tokens[extent.from].start, end: self.tokens[extent.to - 1].end };
        let between = self.text.get(at as usize..span.start as usize)?;
        if span.start - at > reach || between.contains(['.', ',', ';', ':', '\n']) {
            return None;
        }
        let (mut first, mut last, mut others) = (None, None, false);
        let mut day = Some(within.earliest);
        while let Some(today) = day.filter(|day| *day <= within.latest) {
            if self.may_mean(rule.op, &extent.frame, today, meant) {
                first = first.or(Some(today));
                last = Some(today);
            } else {
                others = true;
            }
            day = add_days(today, 1);
        }
        let days = DateInterval { earliest: first?, latest: last? };
        others.then_some((span, days))
    }

    /// Whether the expression, read on `today`, may mean a day of `meant`. Who counts back may be one off.
    fn may_mean(&self, op: Op, frame: &Frame, today: Date, meant: DateInterval) -> bool {
        let context = Context {
            dct: Some(today),
            time: None,
            place: self.place,
            focus: None,
            day: None,
            quarter: None,
            tense: Tense::Past,
            sure: true,
            order: self.order,
        };
        let slack: &[i32] = if op == Op::Offset { &[-1000, 0, 1000] } else { &[0] };
        slack.iter().any(|more| {
            let mut frame = *frame;
            if let Some(number) = frame.get(Slot::Number).or_else(|| frame.get(Slot::Article).map(|_| 1000)) {
                frame.set(Slot::Number, (number + more).max(0));
            }
            let resolved = resolve(op, &frame, &context, false);
            resolved.and_then(|resolved| resolved.interval).is_some_and(|interval| interval.overlaps(meant))
        })
    }
}
