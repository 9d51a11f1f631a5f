//! Reads the dates that headers, pages and bylines state, in many languages. Not the dates of running text.

use crate::config::NumericOrder;
use dateline_processor::core::{Date, DateInterval, Time};
use serde::Deserialize;
use std::collections::BTreeMap;

const MONTHS: &str = include_str!("../../rules/months.toml");
/// Longest text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;
/// Most tokens of a text that are looked at.
const TOKENS_MAX: usize = 400;

#[derive(Deserialize)]
struct MonthFile {
    glue: Vec<String>,
    suffixes: Vec<String>,
    clock: Vec<String>,
    signs: [Vec<String>; 3],
    words: PageWords,
    #[serde(flatten)]
    languages: BTreeMap<String, MonthLanguage>,
}

#[derive(Deserialize)]
struct MonthLanguage {
    order: NumericOrder,
    months: Vec<Vec<String>>,
}

/// Words of pages that say what a date beside them is of; lower case, whole words or their starts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageWords {
    /// A change.
    pub(crate) updated: Vec<String>,
    /// The publication.
    pub(crate) published: Vec<String>,
    /// Something else than the article.
    pub(crate) other: Vec<String>,
    /// The author stands beside it.
    pub(crate) author: Vec<String>,
}

/// Names of months, orders of dates, and words around dates.
pub(crate) struct DateReader {
    months: BTreeMap<String, i8>,
    glue: Vec<String>,
    suffixes: Vec<String>,
    clock: Vec<String>,
    /// Signs behind year, month and day.
    signs: [Vec<String>; 3],
    pub(crate) words: PageWords,
    orders: BTreeMap<String, NumericOrder>,
}

/// A date found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// First byte.
    pub(crate) start: usize,
    /// The byte after the last one.
    pub(crate) end: usize,
    /// The days it means: a day, a month or a year.
    pub(crate) interval: DateInterval,
    /// Time of day behind it, as written.
    pub(crate) time: Option<Time>,
    /// Whether the time is in universal time, so that the local day may be a neighbour.
    pub(crate) utc: bool,
    /// The other reading of a numeric date, when both are possible.
    pub(crate) other: Option<Date>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Number(i64, usize),
    Word(String),
    Sign(char),
}

#[derive(Clone, Debug)]
struct Token {
    piece: Piece,
    start: usize,
    end: usize,
    /// Whether blanks stand before it.
    spaced: bool,
}

impl DateReader {
    /// Reads the table compiled in.
    pub(crate) fn load() -> Result<DateReader, toml::de::Error> {
        let file: MonthFile = toml::from_str(MONTHS)?;
        let mut months = BTreeMap::new();
        let mut orders = BTreeMap::new();
        for (name, language) in file.languages {
            for (names, month) in language.months.iter().zip(1..) {
                months.extend(names.iter().map(|name| (name.clone(), month)));
            }
            orders.insert(name, language.order);
        }
        Ok(DateReader {
            months,
            glue: file.glue,
            suffixes: file.suffixes,
            clock: file.clock,
            signs: file.signs,
            words: file.words,
            orders,
        })
    }

    /// Which number comes first in numeric dates of a language (BCP 47); `None` when the language does not settle it.
    pub(crate) fn order_of(&self, language: &str) -> Option<NumericOrder> {
        let mut parts = language.split(['-', '_']);
        let primary = parts.next()?.to_ascii_lowercase();
        let region = parts.next().map(str::to_ascii_uppercase);
        match (primary.as_str(), region.as_deref()) {
            ("en", Some("US" | "PH" | "FM")) => Some(NumericOrder::MonthFirst),
            ("en", Some(_)) => Some(NumericOrder::DayFirst),
            ("en", None) => None,
            _ => self.orders.get(&primary).copied().or((primary.len() == 2).then_some(NumericOrder::DayFirst)),
        }
    }

    /// All dates of a short text, in order.
    pub(crate) fn dates(&self, text: &str, order: NumericOrder) -> Vec<Found> {
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let tokens = tokens(&text[..end]);
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            match self.date_at(&tokens, at, order) {
                Some((mut date, used)) => {
                    let (time, more) = self.clock(&tokens, at + used);
                    date.time = time;
                    date.utc = time.is_some() && is_utc(&tokens, at + used + more);
                    date.end = tokens[at + used + more - 1].end;
                    found.push(date);
                    at += used + more;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The first `April 5` or `5 April` of a line: month, day, and the bytes where it stands.
    pub(crate) fn month_day(&self, line: &str) -> Option<(i8, i8, usize, usize)> {
        let tokens = tokens(line);
        (0..tokens.len().saturating_sub(1)).find_map(|at| {
            let month_first = self.month(tokens.get(at)).zip(day_number(tokens.get(at + 1)));
            let (month, day) = match month_first {
                Some(found) => found,
                // `Jan. 5`: the full stop of the abbreviation.
                None if sign(tokens.get(at + 1)) == Some('.') => {
                    let found = self.month(tokens.get(at)).zip(day_number(tokens.get(at + 2)))?;
                    return Some((found.0, found.1, tokens[at].start, tokens[at + 2].end));
                }
                None => (self.month(tokens.get(at + 1))?, day_number(tokens.get(at))?),
            };
            Some((month, day, tokens[at].start, tokens[at + 1].end))
        })
    }

    /// `T14:30`, ` 14:30:05`, `, 2:30 pm`: the time of day behind a date, and how many tokens it takes.
    fn clock(&self, tokens: &[Token], at: usize) -> (Option<Time>, usize) {
        let mut next = at;
        while next < at + 3 {
            let passes = tokens.get(next).is_some_and(|token| match &token.piece {
                Piece::Word(word) => self.clock.contains(word),
                Piece::Sign(sign) => matches!(sign, ',' | '|' | '-' | '–' | '·'),
                Piece::Number(..) => false,
            });
            if !passes {
                break;
            }
            next += 1;
        }
        let read = || {
            let (hour, width) = number(tokens.get(next))?;
            let mark = sign(tokens.get(next + 1))?;
            let (minute, minute_width) = number(tokens.get(next + 2))?;
            let glued = !tokens[next + 1].spaced && !tokens[next + 2].spaced;
            if width > 2 || minute_width != 2 || mark != ':' || !glued {
                return None;
            }
            let half = match tokens.get(next + 3).map(|token| &token.piece) {
                Some(Piece::Word(word)) if word.starts_with('p') && hour < 12 => 12,
                Some(Piece::Word(word)) if word == "am" && hour == 12 => -12,
                _ => 0,
            };
            Time::new(i8::try_from(hour + half).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
        };
        match read() {
            Some(time) => (Some(time), next + 3 - at),
            None => (None, 0),
        }
    }

    fn date_at(&self, tokens: &[Token], at: usize, order: NumericOrder) -> Option<(Found, usize)> {
        let numeric = numeric(tokens, at, order);
        numeric.or_else(|| self.signed(tokens, at)).or_else(|| self.named(tokens, at))
    }

    /// `2022年4月5日`, `2022년 4월 5일`, `2022年4月`.
    fn signed(&self, tokens: &[Token], at: usize) -> Option<(Found, usize)> {
        let part = |at: usize, sign: usize| {
            let (value, _) = number(tokens.get(at))?;
            match &tokens.get(at + 1)?.piece {
                Piece::Word(word) if self.signs[sign].iter().any(|sign| word.starts_with(sign)) => Some(value),
                _ => None,
            }
        };
        let (year, month) = (part(at, 0)?, part(at + 2, 1)?);
        let (interval, used) = match part(at + 4, 2) {
            Some(day) => (DateInterval::day(civil(year, month, day)?), 6),
            None => (DateInterval::month(civil(year, month, 1)?), 4),
        };
        let (start, end) = (tokens[at].start, tokens[at + used - 1].end);
        Some((Found { start, end, interval, time: None, utc: false, other: None }, used))
    }

    fn month(&self, token: Option<&Token>) -> Option<i8> {
        match &token?.piece {
            Piece::Word(word) => self.months.get(word).copied(),
            _ => None,
        }
    }

    /// Passes glue words, suffixes, commas and full stops.
    fn skip(&self, tokens: &[Token], mut at: usize) -> usize {
        for _ in 0..3 {
            let passes = tokens.get(at).is_some_and(|token| match &token.piece {
                Piece::Word(word) => self.glue.contains(word) || !token.spaced && self.suffixes.contains(word),
                Piece::Sign(sign) => matches!(sign, ',' | '.' | '-' | '/' | '\'' | '’'),
                Piece::Number(..) => false,
            });
            if !passes {
                break;
            }
            at += 1;
        }
        at
    }

    /// `5 April 2022`, `April 5, 2022`, `2022 April 5`, `April 2022`.
    fn named(&self, tokens: &[Token], at: usize) -> Option<(Found, usize)> {
        let start = tokens[at].start;
        let done = |interval: DateInterval, last: usize| {
            let found = Found { start, end: tokens[last].end, interval, time: None, utc: false, other: None };
            Some((found, last + 1 - at))
        };
        if let Some(month) = self.month(tokens.get(at)) {
            let next = self.skip(tokens, at + 1);
            if let Some(day) = day_number(tokens.get(next)) {
                let after = self.skip(tokens, next + 1);
                if let Some(year) = year_number(tokens.get(after)) {
                    return done(DateInterval::day(Date::new(year, month, day).ok()?), after);
                }
            }
            let year = year_number(tokens.get(next))?;
            return done(DateInterval::month(Date::new(year, month, 1).ok()?), next);
        }
        if let Some(day) = day_number(tokens.get(at)) {
            let next = self.skip(tokens, at + 1);
            let month = self.month(tokens.get(next))?;
            let after = self.skip(tokens, next + 1);
            let year = year_number(tokens.get(after)).or_else(|| short_year(tokens.get(after)))?;
            return done(DateInterval::day(Date::new(year, month, day).ok()?), after);
        }
        let year = year_number(tokens.get(at))?;
        let next = self.skip(tokens, at + 1);
        let month = self.month(tokens.get(next))?;
        let after = self.skip(tokens, next + 1);
        let day = day_number(tokens.get(after))?;
        done(DateInterval::day(Date::new(year, month, day).ok()?), after)
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut spaced = true;
    let mut rest = text.char_indices().peekable();
    while let Some((start, character)) = rest.next() {
        if character.is_whitespace() {
            spaced = true;
            continue;
        }
        let same = |next: char| {
            if character.is_ascii_digit() {
                next.is_ascii_digit()
            } else {
                character.is_alphabetic() && next.is_alphabetic()
            }
        };
        let mut end = start + character.len_utf8();
        while let Some((at, next)) = rest.peek().copied()
            && same(next)
        {
            end = at + next.len_utf8();
            rest.next();
        }
        let part = &text[start..end];
        let piece = if character.is_ascii_digit() {
            Piece::Number(part.parse().unwrap_or(i64::MAX), part.len())
        } else if character.is_alphabetic() {
            Piece::Word(part.to_lowercase())
        } else {
            Piece::Sign(character)
        };
        tokens.push(Token { piece, start, end, spaced });
        spaced = false;
        if tokens.len() == TOKENS_MAX {
            break;
        }
    }
    tokens
}

fn number(token: Option<&Token>) -> Option<(i64, usize)> {
    match token?.piece {
        Piece::Number(value, width) => Some((value, width)),
        _ => None,
    }
}

fn sign(token: Option<&Token>) -> Option<char> {
    match token?.piece {
        Piece::Sign(sign) => Some(sign),
        _ => None,
    }
}

fn year_number(token: Option<&Token>) -> Option<i16> {
    let (value, width) = number(token)?;
    (width == 4 && (1000..=2999).contains(&value)).then(|| i16::try_from(value).ok()).flatten()
}

fn short_year(token: Option<&Token>) -> Option<i16> {
    let (value, width) = number(token)?;
    (width == 2).then(|| i16::try_from(if value < 70 { 2000 + value } else { 1900 + value }).ok()).flatten()
}

fn day_number(token: Option<&Token>) -> Option<i8> {
    let (value, width) = number(token)?;
    (width <= 2 && (1..=31).contains(&value)).then(|| i8::try_from(value).ok()).flatten()
}

/// `2022-04-05`, `05.04.2022`, `20220405`, seconds since 1970.
fn numeric(tokens: &[Token], at: usize, order: NumericOrder) -> Option<(Found, usize)> {
    let (value, width) = number(tokens.get(at))?;
    let start = tokens[at].start;
    let found = |date: Date, other: Option<Date>, last: usize| {
        let other = other.filter(|other| *other != date);
        (
            Found { start, end: tokens[last].end, interval: DateInterval::day(date), time: None, utc: false, other },
            last + 1 - at,
        )
    };
    match width {
        8 | 14 => {
            let day = if width == 14 { value / 1_000_000 } else { value };
            let date = civil(day / 10_000, day / 100 % 100, day % 100)?;
            (1900..2100).contains(&date.year()).then(|| found(date, None, at))
        }
        10 | 13 if value / if width == 13 { 1000 } else { 1 } > 500_000_000 => {
            let seconds = if width == 13 { value / 1000 } else { value };
            let moment = jiff::Timestamp::from_second(seconds).ok()?;
            Some(found(moment.to_zoned(jiff::tz::TimeZone::UTC).date(), None, at))
        }
        1 | 2 | 4 => {
            let mark = sign(tokens.get(at + 1)).filter(|mark| matches!(mark, '-' | '/' | '.' | '‑' | '–'))?;
            let (second, second_width) = number(tokens.get(at + 2))?;
            if sign(tokens.get(at + 3)) != Some(mark) || second_width > 2 {
                return None;
            }
            let (third, third_width) = number(tokens.get(at + 4))?;
            if width == 4 {
                return (third_width <= 2)
                    .then(|| civil(value, second, third))
                    .flatten()
                    .map(|date| found(date, None, at + 4));
            }
            let year = match third_width {
                // `28.09.1912:44`: a short year with the clock glued on.
                4 if sign(tokens.get(at + 5)) == Some(':') && !tokens[at + 5].spaced => 2000 + third / 100,
                4 => third,
                2 => {
                    if third < 70 {
                        2000 + third
                    } else {
                        1900 + third
                    }
                }
                _ => return None,
            };
            let (month_first, day_first) = (civil(year, value, second), civil(year, second, value));
            let prefers_day = order == NumericOrder::DayFirst || mark == '.';
            let (one, other) = if prefers_day { (day_first, month_first) } else { (month_first, day_first) };
            Some(found(one.or(other)?, one.and(other).filter(|_| mark != '.'), at + 4))
        }
        _ => None,
    }
}

fn civil(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Whether `Z`, `+00:00` or `GMT` follows a clock.
fn is_utc(tokens: &[Token], mut at: usize) -> bool {
    if sign(tokens.get(at)) == Some(':') {
        at += 2;
    }
    if sign(tokens.get(at)) == Some('.') {
        at += 2;
    }
    match tokens.get(at).map(|token| &token.piece) {
        Some(Piece::Word(word)) => matches!(word.as_str(), "z" | "gmt" | "utc"),
        Some(Piece::Sign('+')) => matches!(number(tokens.get(at + 1)), Some((0, _))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{DateReader, NumericOrder};

    fn read(text: &str, order: NumericOrder) -> Vec<String> {
        let reader = DateReader::load().expect("the table reads");
        reader.dates(text, order).iter().map(|found| found.interval.to_string()).collect()
    }

    #[test]
    fn dates_are_read_in_many_languages() {
        for text in [
            "2022-04-05T10:00:00+02:00",
            "05.04.2022, 12:30 Uhr",
            "5. April 2022",
            "mardi 5 avril 2022",
            "5 de abril de 2022",
            "5 kwietnia 2022",
            "Tue, 05 Apr 2022 10:00:00 GMT",
            "April 5th, 2022",
            "20220405",
            "Posted on Apr. 5, 2022 at 3:15 pm",
            "1649116800",
            "2022年04月05日(火) 10:00",
            "2022년 4월 5일 오후",
            "5 квітня 2022",
            "5 Απριλίου 2022",
            "5. huhtikuuta 2022",
            "5 أبريل 2022",
            "5 באפריל 2022",
        ] {
            assert_eq!(read(text, NumericOrder::DayFirst), ["2022-04-05"], "{text}");
        }
        assert_eq!(read("aprile 2022", NumericOrder::DayFirst), ["2022-04"]);
    }

    #[test]
    fn no_name_is_of_two_months() {
        let file: super::MonthFile = toml::from_str(super::MONTHS).expect("the table reads");
        let mut known = std::collections::BTreeMap::new();
        for (language, names) in &file.languages {
            assert!(matches!(names.months.len(), 0 | 12), "{language}");
            for (name, month) in
                names.months.iter().zip(1..).flat_map(|(names, month)| names.iter().map(move |name| (name, month)))
            {
                let before = known.insert(name, month);
                assert!(before.is_none_or(|before| before == month), "`{name}` of {language} is two months");
            }
        }
    }

    #[test]
    fn the_order_of_a_language_decides_what_is_ambiguous() {
        assert_eq!(read("04/05/2022", NumericOrder::MonthFirst), ["2022-04-05"]);
        assert_eq!(read("04/05/2022", NumericOrder::DayFirst), ["2022-05-04"]);
        assert_eq!(read("04/25/2022", NumericOrder::DayFirst), ["2022-04-25"]);
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in ["31.04.2022", "version 1.2.3", "99999999", "12 monkeys", "may be 2"] {
            assert!(read(text, NumericOrder::DayFirst).is_empty(), "{text}");
        }
    }
}
