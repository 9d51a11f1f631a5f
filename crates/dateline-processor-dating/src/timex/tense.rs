//! The tense of the verb that governs an expression, from the words around it. A reading of cues, not of grammar.

use super::frame::{Frame, Slot, Unit};
use super::grammar::{Extent, Where};
use super::lexicon::class;
use super::resolve::Tense;
use super::{Cue, Reader, token};

/// How many words `is meeting` may stand away from the date it governs.
const CONTINUOUS_DISTANCE_MAX: usize = 6;
/// How many words `ahead of` may stand away from the date it is about.
const AHEAD_DISTANCE_MAX: usize = 4;
/// How many words a verb may stand away from the date it governs.
const VERB_DISTANCE_MAX: usize = 14;
/// How many quotation marks and brackets may close behind the stop of a sentence.
const CLOSING_SIGNS_MAX: usize = 2;
/// How many words may stand between `has extended`, `called` and the `through` or `for` that leads to a date.
const LED_DISTANCE_MAX: usize = 10;
/// How many words before `go` a past verb makes it an infinitive: `let them go`.
const ARRANGED_DISTANCE_MAX: usize = 5;
/// How many words `had` may stand before `planned`, `been scheduled`.
const HAD_DISTANCE_MAX: usize = 3;

impl Reader<'_> {
    /// Whether a sentence ends with this token: a stop, or the quotation mark or bracket that closes behind one.
    pub(super) fn ends_sentence(&self, at: usize) -> bool {
        let Some(next) = self.tokens.get(at + 1) else { return true };
        if next.has(token::PARAGRAPH) {
            return true;
        }
        let first = (1..=CLOSING_SIGNS_MAX).fold(at, |at, _| if self.closes(at) { at - 1 } else { at });
        if !self.is_stop(first) {
            return false;
        }
        let last = (1..=CLOSING_SIGNS_MAX).fold(at, |at, _| if self.closes(at + 1) { at + 1 } else { at });
        self.tokens.get(last + 1).is_none_or(|next| {
            next.has(token::PARAGRAPH)
                || next.has(token::SPACE) && (next.has(token::CAPITAL) || !matches!(next.kind, token::Kind::Word))
        })
    }

    fn is_stop(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        token.kind == token::Kind::Sign(class::DOT)
            || token.kind == token::Kind::Sign(class::PARAGRAPH)
                && matches!(self.text.as_bytes().get(token.start as usize), Some(b'?' | b'!'))
    }

    /// Whether the token is a sign that can close, glued to what stands before it.
    fn closes(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at).filter(|token| at > 0 && !token.has(token::SPACE)) else { return false };
        let sign = matches!(token.kind, token::Kind::Sign(class::CLOSE | class::APOSTROPHE | class::PARAGRAPH));
        sign && !self.is_stop(at) && !token.has(token::PARAGRAPH)
    }

    /// The tense that decides about an expression: its rule's own, else, where it matters, the verb's. One verb governs all the
    /// parts of a match, which lie within `bounds`; what stands right before a part may still say that it is over.
    pub(super) fn tense_of(&self, extent: &Extent, bounds: Option<(usize, usize)>) -> Tense {
        match extent.frame.get(Slot::Tense) {
            Some(0) => Tense::Past,
            Some(_) => Tense::Future,
            None if needs_tense(&extent.frame) => match self.tense(extent.from, extent.to) {
                Tense::Over => Tense::Over,
                own => {
                    bounds.filter(|at| *at != (extent.from, extent.to)).map_or(own, |(from, to)| self.tense(from, to))
                }
            },
            None => Tense::Unknown,
        }
    }

    /// The tense of the verb that governs the words from `from` to `to`: the nearest cue before them, else after them.
    pub(super) fn tense(&self, from: usize, to: usize) -> Tense {
        // `Friday's ruling` was; `postponed until Friday` will be; `the year ended June 30` is over.
        if self.tokens.get(to).is_some_and(|next| next.kind == token::Kind::Sign(class::POSSESSIVE)) {
            let ahead = (1..=AHEAD_DISTANCE_MAX).filter_map(|back| from.checked_sub(back));
            let ahead = ahead.take_while(|at| !self.ends_sentence(*at)).any(|at| self.word_in(at, Cue::Ahead));
            return if ahead { Tense::Future } else { Tense::Past };
        }
        if let Some(before) = from.checked_sub(1) {
            if self.word_in(before, Cue::Until) && !before.checked_sub(1).is_none_or(|at| self.ends_sentence(at)) {
                return Tense::Future;
            }
            if self.word_in(before, Cue::Over) {
                return Tense::Over;
            }
        }
        let tense = self.tense_before(from).or_else(|| self.tense_after(to)).unwrap_or(Tense::Unknown);
        if tense == Tense::Future { tense } else { self.led_forward(from, to, tense).unwrap_or(tense) }
    }

    /// What the word before a date says where no verb does: `starting Friday`, `by Friday`, `has been extended through
    /// January`, `called a strike for Monday`.
    fn led_forward(&self, from: usize, to: usize, tense: Tense) -> Option<Tense> {
        let before = from.checked_sub(1).filter(|_| self.place == Where::News)?;
        let behind = |cue: Cue| {
            let places = (1..=LED_DISTANCE_MAX).filter_map(|back| before.checked_sub(back));
            places.take_while(|at| !self.ends_sentence(*at)).any(|at| self.word_in(at, cue))
        };
        let lead = if self.word_in(before, Cue::At) { before.saturating_sub(1) } else { before };
        if self.word_in(lead, Cue::Onward) {
            let ahead = match self.tense_before(lead) {
                Some(before) => !before.is_past() || behind(Cue::Decides),
                None => self.tense_after(to) != Some(Tense::Past),
            };
            return ahead.then_some(Tense::Ahead);
        }
        if self.word_in(before, Cue::Through) && behind(Cue::Extended) {
            return Some(Tense::Future);
        }
        let called = self.word_in(before, Cue::For) && behind(Cue::Called) && !behind(Cue::Had);
        let until = self.word_in(before, Cue::By) || self.word_in(before, Cue::Through);
        (called || tense == Tense::Unknown && until).then_some(Tense::Ahead)
    }

    fn tense_before(&self, from: usize) -> Option<Tense> {
        for distance in 1..=VERB_DISTANCE_MAX {
            let at = from.checked_sub(distance)?;
            if self.ends_sentence(at) {
                return None;
            }
            if let Some(tense) = self.cue(at) {
                return Some(self.voice(at, tense));
            }
            // `the deadline is Monday`, `is on Monday`, `is meeting on Monday`.
            let at_once = distance == 1 || distance == 2 && self.word_in(at + 1, Cue::At);
            let governs = at_once || distance <= CONTINUOUS_DISTANCE_MAX && self.is_continuous(at + 1);
            if governs && self.word_in(at, Cue::Is) {
                return Some(Tense::Future);
            }
        }
        None
    }

    fn is_continuous(&self, at: usize) -> bool {
        let text = self.tokens.get(at).and_then(|token| self.text.get(token.start as usize..token.end as usize));
        text.is_some_and(|text| self.language.looks_continuous(text.as_bytes()))
    }

    fn tense_after(&self, to: usize) -> Option<Tense> {
        for at in to..(to + VERB_DISTANCE_MAX).min(self.tokens.len()) {
            if let Some(tense) = self.cue(at) {
                return Some(tense);
            }
            if self.ends_sentence(at) {
                return None;
            }
        }
        None
    }

    /// What looks past may be passive: `will be paid`, `to be completed`, `is heard`.
    pub(super) fn voice(&self, at: usize, tense: Tense) -> Tense {
        if tense != Tense::Past {
            return tense;
        }
        for at in (1..=3).filter_map(|back| at.checked_sub(back)) {
            if self.ends_sentence(at) {
                break;
            }
            if self.word_in(at, Cue::Be) {
                return if self.is_to_come(at) { Tense::Future } else { Tense::Past };
            }
            if self.word_in(at, Cue::Is) {
                return Tense::Unknown;
            }
        }
        tense
    }

    /// Whether the `be` at this place is of what will be, and not of what was found or came to be.
    fn is_to_come(&self, be: usize) -> bool {
        let Some(before) = be.checked_sub(1) else { return false };
        if !self.word_in(before, Cue::To) {
            return (1..=2).filter_map(|back| be.checked_sub(back)).any(|at| self.cue(at) == Some(Tense::Future));
        }
        let governor = before.checked_sub(1).filter(|at| !self.ends_sentence(*at)).and_then(|at| self.cue(at));
        governor != Some(Tense::Past)
    }

    pub(super) fn word_in(&self, at: usize, cue: Cue) -> bool {
        let token = &self.tokens[at];
        token.word != 0 && self.language.is_cue(token.word, cue)
    }

    pub(super) fn cue(&self, at: usize) -> Option<Tense> {
        let token = &self.tokens[at];
        if token.kind != token::Kind::Word || self.is_name(at) {
            return None;
        }
        let tense = if token.word == 0 { None } else { self.language.tense_of(token.word) };
        if tense == Some(Tense::Future) {
            return self.ahead_of(at);
        }
        if tense.is_some() {
            return tense;
        }
        if self.word_in(at, Cue::Arranged) {
            return self.is_arranged(at).then_some(Tense::Future);
        }
        if self.word_in(at, Cue::To) && at.checked_sub(1).is_some_and(|before| self.word_in(before, Cue::Is)) {
            return Some(Tense::Future);
        }
        let text = self.text.as_bytes().get(token.start as usize..token.end as usize)?;
        (self.language.looks_past(text) && !self.is_attribute(at)).then_some(Tense::Past)
    }

    /// Whether a verb in the present tells of what is arranged: no verb of the past before it governs it, whatever was said.
    fn is_arranged(&self, at: usize) -> bool {
        let before = (1..=ARRANGED_DISTANCE_MAX).filter_map(|back| at.checked_sub(back));
        let article = at.checked_sub(1).is_some_and(|at| self.language.is_article(self.tokens[at].word));
        let mut clause = before.take_while(|at| !self.ends_sentence(*at));
        let infinitive = at.checked_sub(1).is_some_and(|at| self.word_in(at, Cue::To));
        !article
            && !infinitive
            && clause.all(|at| self.cue(at) != Some(Tense::Past) || self.language.reports(self.tokens[at].word))
    }

    /// Whether a participle describes a noun and says nothing of its own: `a revised plan`, `a newly built line`.
    fn is_attribute(&self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).filter(|at| !self.ends_sentence(*at));
        let article = |at: usize| self.language.is_article(self.tokens[at].word);
        before(1).is_some_and(article)
            || before(1).is_some_and(|at| self.word_in(at, Cue::Degree)) && before(2).is_some_and(article)
    }

    /// A word with a capital inside a sentence is part of a name: `Meet the Press`, `Hope for Haiti`, `May`.
    fn is_name(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let inside = at.checked_sub(1).is_some_and(|before| !self.ends_sentence(before));
        token.has(token::CAPITAL) && (inside && !token.has(token::UPPER) || self.language.names_month(token.word))
    }

    /// What a word of the future says: nothing as a noun (`his plans`, `142 marks`), the past behind `had` (`had been due`).
    fn ahead_of(&self, at: usize) -> Option<Tense> {
        let before = |back: usize| at.checked_sub(back).filter(|at| !self.ends_sentence(*at));
        let owned =
            |at: usize| self.word_in(at, Cue::Owner) || self.tokens[at].kind == token::Kind::Sign(class::POSSESSIVE);
        if self.word_in(at, Cue::Noun) {
            let counted = |at: usize| {
                matches!(
                    self.tokens[at].kind,
                    token::Kind::Integer(_) | token::Kind::Decimal | token::Kind::Spelled | token::Kind::Opaque
                )
            };
            let article = |at: usize| self.language.is_article(self.tokens[at].word) || owned(at) || counted(at);
            if before(1).is_some_and(article) || before(2).is_some_and(owned) {
                return None;
            }
        }
        let settled =
            self.tokens.get(at + 1).is_some_and(|next| next.word != 0 && self.word_in(at + 1, Cue::SettledFor));
        if self.word_in(at, Cue::Settled) && !settled {
            return None;
        }
        if self.word_in(at, Cue::Planned) {
            let had = (1..=HAD_DISTANCE_MAX).filter_map(before).any(|at| self.word_in(at, Cue::Had));
            return Some(if had { Tense::Past } else { Tense::Future });
        }
        let of = self.tokens.get(at + 1).is_some_and(|next| next.word != 0 && self.word_in(at + 1, Cue::Of));
        if self.word_in(at, Cue::AheadOf) && !of {
            return None;
        }
        Some(Tense::Future)
    }
}

/// Whether the value depends on what the verb says: no year of its own, and more than one it could be of.
fn needs_tense(frame: &Frame) -> bool {
    let parts = [
        Slot::Weekday,
        Slot::Month,
        Slot::Holiday,
        Slot::Season,
        Slot::Quarter,
        Slot::Half,
        Slot::Ordinal,
        Slot::Order,
    ];
    let weekend = frame.unit() == Some(Unit::Weekend);
    !frame.has(Slot::Year) && (weekend || parts.iter().any(|slot| frame.has(*slot)))
}
