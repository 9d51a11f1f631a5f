//! What a match says, as plain slots: the one thing rules, lexicon and resolver share. No language and no calendar here.

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Daypart,
    Day,
    Weekend,
    Week,
    Month,
    Quarter,
    Season,
    Half,
    Year,
    Decade,
    Century,
    Millennium,
}

impl Unit {
    const ALL: [(Unit, &'static str); 15] = [
        (Unit::Second, "second"),
        (Unit::Minute, "minute"),
        (Unit::Hour, "hour"),
        (Unit::Daypart, "daypart"),
        (Unit::Day, "day"),
        (Unit::Weekend, "weekend"),
        (Unit::Week, "week"),
        (Unit::Month, "month"),
        (Unit::Quarter, "quarter"),
        (Unit::Season, "season"),
        (Unit::Half, "half"),
        (Unit::Year, "year"),
        (Unit::Decade, "decade"),
        (Unit::Century, "century"),
        (Unit::Millennium, "millennium"),
    ];

    pub(crate) fn from_code(code: i32) -> Option<Unit> {
        usize::try_from(code).ok().and_then(|at| Unit::ALL.get(at)).map(|entry| entry.0)
    }
}

macro_rules! slots {
    ($($name:ident $word:literal),* $(,)?) => {
        /// One place of a frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Slot { $($name),* }

        impl Slot {
            /// All slots with the words the rule files use.
            pub(crate) const ALL: &'static [(Slot, &'static str)] = &[$((Slot::$name, $word)),*];
        }
    };
}

slots! {
    Year "year",
    ShortYear "short-year",
    Month "month",
    Day "day",
    Weekday "weekday",
    Season "season",
    Quarter "quarter",
    Half "half",
    Decade "decade",
    Century "century",
    Holiday "holiday",
    Daypart "daypart",
    Hour "hour",
    Minute "minute",
    Second "second",
    Meridiem "meridiem",
    Unit "unit",
    Number "number",
    Ordinal "ordinal",
    Vague "vague",
    Shift "shift",
    Base "base",
    DayOffset "day-offset",
    Sign "sign",
    Mod "mod",
    Era "era",
    Zone "zone",
    Quant "quant",
    Freq "freq",
    Ref "ref",
    Article "article",
    Fiscal "fiscal",
    YearShift "year-shift",
    Order "order",
    Extra "extra",
    Compound "compound",
    MajorNumber "major-number",
    MajorUnit "major-unit",
    Known "known",
    SurelyKnown "surely-known",
    Exact "exact",
    Scale "scale",
    Tense "tense",
    Nth "nth",
    Part "part",
    Until "until",
    Same "same",
    ThisYear "this-year",
}

/// How many slots there are.
pub(crate) const SLOTS: usize = Slot::ALL.len();

impl Slot {
    pub(crate) fn parse(word: &str) -> Option<Slot> {
        Slot::ALL.iter().find(|entry| entry.1 == word).map(|entry| entry.0)
    }
}

/// Words a rule file may use as values of a slot, beside numbers. Position is the code.
fn vocabulary(slot: Slot) -> &'static [&'static str] {
    match slot {
        Slot::Daypart => DAYPARTS,
        Slot::Season => SEASONS,
        Slot::Base => &["document", "reference", "beside"],
        Slot::Mod => MODS,
        Slot::Era => &["bc", "ad"],
        Slot::Tense => &["past", "future", "ahead"],
        Slot::Exact => &["", "day", "week", "month"],
        Slot::Quant => &["", "EVERY", "EACH"],
        Slot::Ref => &["PRESENT_REF", "PAST_REF", "FUTURE_REF"],
        Slot::Meridiem => &["am", "pm"],
        Slot::Holiday => super::calendar::HOLIDAYS,
        _ => &[],
    }
}

/// Parts of the day, as TIMEX3 writes them.
pub(crate) const DAYPARTS: &[&str] = &["MO", "AF", "EV", "NI", "DT", "MI"];
/// Seasons, as TIMEX3 writes them, in order of the year; winter of a year begins in its December.
pub(crate) const SEASONS: &[&str] = &["SP", "SU", "FA", "WI"];
/// Values of the TIMEX3 attribute `mod`.
pub(crate) const MODS: &[&str] = &[
    "START",
    "MID",
    "END",
    "APPROX",
    "MORE_THAN",
    "LESS_THAN",
    "EQUAL_OR_MORE",
    "EQUAL_OR_LESS",
    "BEFORE",
    "AFTER",
    "ON_OR_BEFORE",
    "ON_OR_AFTER",
];

/// The code of a slot value written as a word in a rule file.
pub(crate) fn code_of(slot: Slot, word: &str) -> Option<i32> {
    if matches!(slot, Slot::Unit | Slot::Part) {
        return Unit::ALL.iter().find(|entry| entry.1 == word).map(|entry| entry.0 as i32);
    }
    let at = vocabulary(slot).iter().position(|known| *known == word)?;
    i32::try_from(at).ok()
}

/// The slots of one expression. Numbers count in thousandths, so that halves fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame([Option<i32>; SLOTS]);

impl Default for Frame {
    fn default() -> Frame {
        Frame([None; SLOTS])
    }
}

impl Frame {
    pub(crate) fn get(&self, slot: Slot) -> Option<i32> {
        self.0[slot as usize]
    }

    pub(crate) fn has(&self, slot: Slot) -> bool {
        self.get(slot).is_some()
    }

    pub(crate) fn set(&mut self, slot: Slot, value: i32) {
        self.0[slot as usize] = Some(value);
    }

    pub(crate) fn clear(&mut self, slot: Slot) {
        self.0[slot as usize] = None;
    }

    /// Takes over a slot that is still empty.
    pub(crate) fn inherit(&mut self, slot: Slot, other: &Frame) {
        if !self.has(slot)
            && let Some(value) = other.get(slot)
        {
            self.set(slot, value);
        }
    }

    /// Puts the first part of a length of two parts aside, once it is whole: `an hour` of `an hour and 20 minutes`.
    pub(crate) fn keep_major(&mut self) {
        let Some(unit) = self.get(Slot::Unit).filter(|_| !self.has(Slot::MajorUnit)) else { return };
        self.set(Slot::MajorUnit, unit);
        self.set(Slot::MajorNumber, self.get(Slot::Number).unwrap_or(1000));
    }

    pub(crate) fn unit(&self) -> Option<Unit> {
        self.get(Slot::Unit).and_then(Unit::from_code)
    }

    /// The word of a slot whose values are words.
    pub(crate) fn word(&self, slot: Slot) -> Option<&'static str> {
        let at = usize::try_from(self.get(slot)?).ok()?;
        vocabulary(slot).get(at).copied().filter(|word| !word.is_empty())
    }

    /// The slots that are set, for explanations.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (&'static str, i32)> + '_ {
        Slot::ALL.iter().filter_map(|(slot, word)| Some((*word, self.get(*slot)?)))
    }
}
