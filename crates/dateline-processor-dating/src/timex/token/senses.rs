//! Which classes a token has, and what it says there.

use super::super::frame::{Frame, Slot};
use super::super::lexicon::{Case, ClassId, Lexicon, Sense, class};
use super::{CAPITAL, Kind, PARAGRAPH, Token, UPPER};

/// Room for all classes one token can have.
pub(crate) type SenseBuffer = Vec<Sense>;

const fn plain(class: ClassId) -> Sense {
    Sense { class, slot: None, value: 0, case: Case::Any }
}

const fn slotted(class: ClassId, slot: Slot, value: i32) -> Sense {
    Sense { class, slot: Some(slot), value, case: Case::Any }
}

/// Fills `senses` with every class of `token` and what it says there.
pub(crate) fn senses(token: &Token, lexicon: &Lexicon, colloquial: bool, senses: &mut SenseBuffer) {
    senses.clear();
    if token.word != 0 {
        let fits = |case: Case| match case {
            Case::Any => true,
            Case::Capital => colloquial || token.has(CAPITAL),
            Case::Proper => token.has(CAPITAL),
            Case::Lower => !token.has(CAPITAL) || token.has(UPPER) || token.has(PARAGRAPH),
        };
        senses.extend(lexicon.entry(token.word).senses.iter().filter(|sense| fits(sense.case)));
    }
    let value = token.parts[0];
    match token.kind {
        Kind::Word => {
            if token.word == 0 {
                senses.push(plain(class::OTHER));
            }
            if token.has(CAPITAL) {
                senses.push(plain(class::CAP));
            }
        }
        Kind::Sign(class) => senses.push(plain(class)),
        Kind::Opaque => senses.push(plain(class::AMOUNT)),
        Kind::Integer(width) => integer_senses(value, width, senses),
        Kind::Spelled | Kind::Decimal => number_senses(token, senses),
        Kind::SpelledYear => {
            senses.push(slotted(class::YEAR, Slot::Year, value));
            senses.push(slotted(class::WORDY_YEAR, Slot::Year, value));
        }
        Kind::Ordinal => {
            senses.push(slotted(class::ORDINAL, Slot::Ordinal, value));
            if (1..=31).contains(&value) {
                senses.push(slotted(class::DAY_ORDINAL, Slot::Day, value));
                senses.push(slotted(class::DAY_NTH, Slot::Day, value));
            }
        }
        // Before the twentieth century, a round hundred with an `s` is the century.
        Kind::Decade if value % 100 == 0 && (1000..1900).contains(&value) => {
            senses.push(slotted(class::DECADE, Slot::Century, value / 100 + 1));
        }
        // `100s of people`.
        Kind::Decade if value < 1000 && colloquial => {}
        Kind::Decade => senses.push(slotted(class::DECADE, Slot::Decade, value / 10)),
        Kind::ShortDecade => senses.push(slotted(class::SHORT_DECADE, Slot::Decade, value / 10)),
        Kind::ShortYear => senses.push(slotted(class::SHORT_YEAR, Slot::ShortYear, value)),
        Kind::Clock => senses.push(plain(class::CLOCK)),
        Kind::IsoDate => senses.push(plain(class::ISO_DATE)),
        Kind::NumericDate => senses.push(plain(class::NUMERIC_DATE)),
        Kind::MonthDay => {
            senses.push(plain(class::MONTH_DAY));
            // `3/4 August`: the night between two days, or both.
            if (1..=30).contains(&value) && token.parts[1] == value + 1 {
                senses.push(slotted(class::TWO_DAYS, Slot::Day, value));
            }
            if token.parts[2] > 0 {
                senses.push(slotted(class::N, Slot::Number, token.parts[2]));
            }
        }
    }
}

fn integer_senses(value: i32, width: u8, senses: &mut SenseBuffer) {
    senses.push(slotted(class::N, Slot::Number, value.saturating_mul(1000)));
    senses.push(slotted(class::INT, Slot::Number, value.saturating_mul(1000)));
    if width == 4 && (1000..=2199).contains(&value) {
        senses.push(slotted(class::YEAR, Slot::Year, value));
    }
    if width == 4 && (1900..=2039).contains(&value) {
        senses.push(slotted(class::MODERN_YEAR, Slot::Year, value));
    }
    if (1..=4).contains(&width) {
        senses.push(slotted(class::ANY_YEAR, Slot::Year, value));
    }
    if width == 2 {
        senses.push(slotted(class::YEAR_TAIL, Slot::ShortYear, value));
    }
    if width == 3 {
        senses.push(slotted(class::SMALL_YEAR, Slot::Year, value));
    }
    if width <= 2 {
        if (1..=31).contains(&value) {
            senses.push(slotted(class::DAY, Slot::Day, value));
        }
        if value <= 24 {
            senses.push(slotted(class::HOUR, Slot::Hour, value));
        }
        if width == 2 && value < 60 {
            senses.push(slotted(class::MINUTE, Slot::Minute, value));
        }
    }
    // 2010 to 2029 are years before they are clock times.
    if (3..=4).contains(&width) && !(2010..2030).contains(&value) && value / 100 < 25 && value % 100 < 60 {
        senses.push(plain(class::MILITARY));
    }
}

fn number_senses(token: &Token, senses: &mut SenseBuffer) {
    let value = token.parts[0];
    senses.push(slotted(class::N, Slot::Number, value));
    if token.kind == Kind::Spelled {
        senses.push(slotted(class::WORDY, Slot::Number, value));
        if value % 1000 == 0 && (1..=12).contains(&(value / 1000)) {
            senses.push(slotted(class::HOUR, Slot::Hour, value / 1000));
        }
        if value % 1000 == 0 && (1500..=2100).contains(&(value / 1000)) {
            senses.push(slotted(class::WORDY_YEAR, Slot::Year, value / 1000));
        }
        if value == 500 {
            senses.push(slotted(class::HALF, Slot::Extra, 500));
        }
    } else if token.parts[1] >= 0 {
        senses.push(plain(class::DOT_CLOCK));
    }
}

/// Puts what `token` says as one of its classes into `frame`.
pub(crate) fn bind(token: &Token, sense: &Sense, frame: &mut Frame) {
    let mut set = |slots: [Slot; 3], values: [i32; 3]| {
        for (slot, value) in slots.into_iter().zip(values) {
            if value >= 0 {
                frame.set(slot, value);
            }
        }
    };
    let clock = [Slot::Hour, Slot::Minute, Slot::Second];
    match sense.class {
        class::CLOCK => set(clock, [token.parts[0], token.parts[1], token.parts[2]]),
        class::DOT_CLOCK => set(clock, [token.parts[1], token.parts[2], -1]),
        class::MILITARY => set(clock, [token.parts[0] / 100, token.parts[0] % 100, -1]),
        class::ISO_DATE => {
            set([Slot::Year, Slot::Month, Slot::Day], [token.parts[0], token.parts[1], token.parts[2]]);
            set(clock, [token.parts[3], token.parts[4], token.parts[5]]);
        }
        // Which of the numbers is the month is settled by the resolver.
        class::NUMERIC_DATE => {
            frame.set(Slot::Order, token.parts[0] * 100 + token.parts[1]);
            if token.parts[2] >= 0 {
                frame.set(Slot::Year, token.parts[2]);
            } else {
                frame.set(Slot::ShortYear, -token.parts[2] - 1);
            }
        }
        class::MONTH_DAY => frame.set(Slot::Order, token.parts[0] * 100 + token.parts[1]),
        _ => {
            if let Some(slot) = sense.slot {
                frame.set(slot, sense.value);
            }
        }
    }
}
