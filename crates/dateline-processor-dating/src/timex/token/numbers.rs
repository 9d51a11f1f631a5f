//! Numbers in digits: dates, clocks, fractions, decades, or a plain count. What they mean is the rules' matter.

use super::{Kind, Lexer, is_letter};

impl Lexer<'_> {
    /// Reads digits; the number saturates.
    pub(super) fn digits(&self, at: usize) -> (i32, usize) {
        let mut value = 0_i32;
        let mut end = at;
        while self.at(end).is_ascii_digit() {
            value = value.saturating_mul(10).saturating_add(i32::from(self.at(end) - b'0'));
            end += 1;
        }
        (value, end - at)
    }

    /// The end behind one of `suffixes`, when the word that starts at `at` is one.
    pub(super) fn suffix(&self, at: usize, suffixes: &[String]) -> Option<usize> {
        let found = suffixes.iter().find(|suffix| {
            let end = at + suffix.len();
            self.bytes.get(at..end).is_some_and(|text| text.eq_ignore_ascii_case(suffix.as_bytes()))
                && !is_letter(self.at(end))
        })?;
        Some(at + found.len())
    }

    pub(super) fn number(&mut self, start: usize) -> usize {
        let (first, width) = self.digits(start);
        let after = start + width;
        let separator = self.at(after);
        if self.at(after + 1).is_ascii_digit()
            && matches!(separator, b'-' | b'/' | b'.' | b':' | b',')
            && let Some(end) = self.compound(start, first, width, separator)
        {
            return end;
        }
        if is_letter(separator)
            && let Some(end) = self.word_with_digits(start, after)
        {
            return end;
        }
        let (kind, end) = if let Some(end) = self.suffix(after, &self.lexicon.ordinal_suffixes) {
            (Kind::Ordinal, end)
        } else if let Some(end) = self.decade_end(after).filter(|_| first % 10 == 0 && (2..=4).contains(&width)) {
            (if width >= 3 { Kind::Decade } else { Kind::ShortDecade }, end)
        } else {
            (Kind::Integer(width.min(20) as u8), after)
        };
        if let (Kind::Integer(_), Some(fraction)) = (kind, self.vulgar_fraction(end)) {
            let value = first.saturating_mul(1000).saturating_add(fraction);
            self.push(start, end + 2, 0, Kind::Decimal, [value, -1, -1, 0, 0, 0]);
            return end + 2;
        }
        let kind = if self.at(end) == b'%' { Kind::Opaque } else { kind };
        self.push(start, end, 0, kind, [first, 0, 0, 0, 0, 0]);
        end
    }

    /// A word of the lexicon that begins with digits: `2moro`, `4Q`.
    fn word_with_digits(&mut self, start: usize, letters: usize) -> Option<usize> {
        let mut end = letters;
        while is_letter(self.at(end)) || self.at(end).is_ascii_digit() {
            end += 1;
        }
        let word = self.lexicon.find(&self.bytes[start..end]);
        (word != 0).then(|| {
            self.push(start, end, word, Kind::Word, [0; 6]);
            end
        })
    }

    /// `2½`: the fraction sign behind a number, in thousandths.
    fn vulgar_fraction(&self, at: usize) -> Option<i32> {
        match self.bytes.get(at..at + 2)? {
            [0xC2, 0xBC] => Some(250),
            [0xC2, 0xBD] => Some(500),
            [0xC2, 0xBE] => Some(750),
            _ => None,
        }
    }

    /// `1980s`, `1980's`.
    fn decade_end(&self, at: usize) -> Option<usize> {
        let quote = match self.bytes.get(at..)? {
            [b'\'', ..] => 1,
            [0xE2, 0x80, 0x99, ..] => 3,
            _ => 0,
        };
        // `1990's ceasefire` may be a possessive; a decade only where the year is round, which the caller checks.
        self.suffix(at + quote, &self.lexicon.decade_suffixes)
    }

    /// Numbers with separators inside. `None` when only the first number stands for itself.
    fn compound(&mut self, start: usize, first: i32, width: usize, separator: u8) -> Option<usize> {
        let at = start + width + 1;
        let (second, second_width) = self.digits(at);
        let after = at + second_width;
        let third = (self.at(after) == separator && self.at(after + 1).is_ascii_digit()).then(|| {
            let (value, width) = self.digits(after + 1);
            (value, width, after + 1 + width)
        });
        match (separator, third) {
            (b',', _) => return self.thousands(start, first, width),
            (b':', third) if width <= 2 && second_width == 2 => {
                let (seconds, end) = third.filter(|third| third.1 == 2).map_or((-1, after), |third| (third.0, third.2));
                let kind = if first < 25 && second < 60 { Kind::Clock } else { Kind::Opaque };
                self.push(start, end, 0, kind, [first, second, seconds, 0, 0, 0]);
                return Some(end);
            }
            (b'-' | b'/' | b'.', Some((day, day_width, end))) if width == 4 && second_width <= 2 && day_width <= 2 => {
                let (clock, end) = self.iso_clock(end);
                self.push(start, end, 0, Kind::IsoDate, [first, second, day, clock[0], clock[1], clock[2]]);
                return Some(end);
            }
            (b'-' | b'/' | b'.', Some((year, year_width, end)))
                if width <= 2
                    && second_width <= 2
                    && (year_width == 4 || year_width == 2)
                    && !is_letter(self.at(end)) =>
            {
                let year = if year_width == 4 { year } else { -year - 1 };
                self.push(start, end, 0, Kind::NumericDate, [first, second, year, 0, 0, 0]);
                return Some(end);
            }
            (_, Some((_, _, end))) => {
                // Three numbers of another shape: a version, a phone number, an address.
                let end = self.code_end(end);
                self.push(start, end, 0, Kind::Opaque, [0; 6]);
                return Some(end);
            }
            _ => {}
        }
        self.pair(start, [first, second], [width, second_width], separator)
    }

    /// Two numbers with a separator between: `3/27`, `1/2`, `2.5`. `None` when only the first stands for itself.
    fn pair(
        &mut self,
        start: usize,
        [first, second]: [i32; 2],
        [width, second_width]: [usize; 2],
        separator: u8,
    ) -> Option<usize> {
        let after = start + width + 1 + second_width;
        match separator {
            b'/' if width <= 2 && second_width <= 2 => {
                let fraction = if is_fraction(first, second) { first * 1000 / second } else { 0 };
                self.spelled |= fraction > 0;
                let word = self.lexicon.find(&self.bytes[start..after]);
                self.push(start, after, word, Kind::MonthDay, [first, second, fraction, 0, 0, 0]);
                Some(after)
            }
            b'.' if self.at(after) != b'%' => {
                let fraction = fraction_thousandths(second, second_width);
                let value = first.saturating_mul(1000).saturating_add(fraction);
                let clock = if width <= 2 && second_width == 2 && first < 25 && second < 60 {
                    [first, second]
                } else {
                    [-1, -1]
                };
                self.push(start, after, 0, Kind::Decimal, [value, clock[0], clock[1], 0, 0, 0]);
                Some(after)
            }
            b'.' => {
                self.push(start, after, 0, Kind::Opaque, [0; 6]);
                Some(after)
            }
            _ => None,
        }
    }

    /// The end of a chain of digits and separators.
    fn code_end(&self, mut end: usize) -> usize {
        while self.at(end).is_ascii_digit()
            || (matches!(self.at(end), b'-' | b'/' | b'.' | b':') && self.at(end + 1).is_ascii_digit())
        {
            end += 1;
        }
        end
    }

    /// `T10:00:00Z` behind a date. Hour is -1 when there is none.
    fn iso_clock(&self, at: usize) -> ([i32; 3], usize) {
        let none = ([-1, -1, -1], at);
        if self.at(at) != b'T' {
            return none;
        }
        let (hour, hour_width) = self.digits(at + 1);
        let mut end = at + 1 + hour_width;
        if hour_width != 2 || self.at(end) != b':' {
            return none;
        }
        let (minute, width) = self.digits(end + 1);
        end += 1 + width;
        let mut second = -1;
        if self.at(end) == b':' && self.at(end + 1).is_ascii_digit() {
            let (value, width) = self.digits(end + 1);
            second = value;
            end += 1 + width;
            if self.at(end) == b'.' && self.at(end + 1).is_ascii_digit() {
                end += 1 + self.digits(end + 1).1;
            }
        }
        if self.at(end) == b'Z' {
            end += 1;
        }
        ([hour, minute, second], end)
    }

    /// `1,500` and `1,500.5`. A comma with other than three digits after it separates.
    fn thousands(&mut self, start: usize, first: i32, width: usize) -> Option<usize> {
        let mut value = first;
        let mut end = start + width;
        if width > 3 {
            return None;
        }
        let mut groups = 0;
        while self.at(end) == b',' {
            let (group, group_width) = self.digits(end + 1);
            if group_width != 3 {
                break;
            }
            value = value.saturating_mul(1000).saturating_add(group);
            end += 4;
            groups += 1;
        }
        if groups == 0 {
            return None;
        }
        if self.at(end) == b'.' && self.at(end + 1).is_ascii_digit() {
            end += 1 + self.digits(end + 1).1;
        }
        let kind = if self.at(end) == b'%' { Kind::Opaque } else { Kind::Integer(9) };
        self.push(start, end, 0, kind, [value, 0, 0, 0, 0, 0]);
        Some(end)
    }
}

/// Whether people write such a fraction beside a whole number: `2 1/2`, `3 3/4`.
fn is_fraction(part: i32, whole: i32) -> bool {
    (1..whole).contains(&part) && matches!(whole, 2 | 3 | 4 | 8)
}

fn fraction_thousandths(digits: i32, width: usize) -> i32 {
    match width {
        1 => digits * 100,
        2 => digits * 10,
        3 => digits,
        _ => digits / 10_i32.saturating_pow((width - 3).min(9) as u32),
    }
}
