//! The tense of the verb that governs an expression, from the words around it. A reading of cues, not of grammar.

use super::frame::{Frame, Slot, Unit};
use super::grammar::{Extent, Where};
use super::lexicon::class;
use super::resolve::Tense;
use super::{Cue, Reader, token};

/// How many words `is meeting` may stand away from the date it governs.
const CONTINUOUS_DISTANCE_MAX: usize = 6;
/// How many words `ahead of` or `after` may stand away from the date it is about.
const LEAD_DISTANCE_MAX: usize = 4;
/// How many words behind a possessive may still be part of what it has: `Tuesday's deadly train crash`.
const OWNED_DISTANCE_MAX: usize = 3;
/// How many words a verb may stand away from the date it governs.
const VERB_DISTANCE_MAX: usize = 14;
/// Within how many words a verb of the past surely governs a date.
const SURE_DISTANCE_MAX: usize = 8;
/// The same of words of the future, of which many are nouns too.
const SURE_AHEAD_DISTANCE_MAX: usize = 5;
/// The same of a verb that reports: `said on Friday`.
const REPORT_DISTANCE_MAX: usize = 3;
/// How many words `will` may stand before its participle: `will not be named`.
const WILL_DISTANCE_MAX: usize = 3;
/// Within how many words `will` and passives of the future leave no doubt that a date is to come.
const DUE_DISTANCE_MAX: usize = 3;
/// How many words may stand before a date that opens its sentence: `But on Friday`.
const OPENING_WORDS_MAX: usize = 2;
/// How many quotation marks and brackets may close behind the stop of a sentence.
const CLOSING_SIGNS_MAX: usize = 2;
/// How many words may stand between `has extended`, `called` and the `through` or `for` that leads to a date.
const LED_DISTANCE_MAX: usize = 10;
/// How many words before `go` a past verb makes it an infinitive: `let them go`.
const ARRANGED_DISTANCE_MAX: usize = 5;
/// How many words `had` may stand before `planned`, `been scheduled`.
const HAD_DISTANCE_MAX: usize = 3;

/// What the words around a date say of before and after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) tense: Tense,
    /// Whether they stand so that they must be of this date.
    pub(super) sure: bool,
}

impl Told {
    fn surely(tense: Tense) -> Told {
        Told { tense, sure: true }
    }
}

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
    pub(super) fn tense_of(&self, extent: &Extent, bounds: Option<(usize, usize)>) -> Told {
        match extent.frame.get(Slot::Tense) {
            Some(0) => Told::surely(Tense::Past),
            Some(2) => Told::surely(Tense::Ahead),
            Some(_) => Told::surely(Tense::Future),
            None if needs_tense(&extent.frame) => match self.tense(extent.from, extent.to) {
                own if own.tense == Tense::Over => own,
                own => {
                    bounds.filter(|at| *at != (extent.from, extent.to)).map_or(own, |(from, to)| self.tense(from, to))
                }
            },
            None => Told::surely(Tense::Unknown),
        }
    }

    /// The tense of the verb that governs the words from `from` to `to`: the nearest cue before them, else after them.
    pub(super) fn tense(&self, from: usize, to: usize) -> Told {
        // `Friday's ruling` was; `postponed until Friday` will be; `the year ended June 30` is over.
        if self.owns(to) {
            if self.is_led_by(from, Cue::Ahead, LEAD_DISTANCE_MAX) {
                return Told::surely(Tense::Future);
            }
            let sure = self.is_led_by(from, Cue::After, LEAD_DISTANCE_MAX) || self.is_unforeseen(to + 1);
            return Told { tense: Tense::Past, sure };
        }
        if let Some(before) = from.checked_sub(1) {
            if self.word_in(before, Cue::Until) && !before.checked_sub(1).is_none_or(|at| self.ends_sentence(at)) {
                return Told::surely(Tense::Due);
            }
            if self.word_in(before, Cue::Over) {
                return Told::surely(Tense::Over);
            }
        }
        let opens = self.opens_sentence(from);
        let told = match self.tense_before(from) {
            // `..., and on Friday it rained`: the verb behind says the same.
            Some(told) => Told { sure: told.sure || opens && self.tense_after(to) == Some(told.tense), ..told },
            None => {
                let sure = opens || self.is_past_verb(to);
                Told { tense: self.tense_after(to).unwrap_or(Tense::Unknown), sure }
            }
        };
        match self.led_forward(from, to, told.tense) {
            Some(ahead) if !told.tense.is_future() => Told { sure: told.tense != Tense::Past, tense: ahead },
            _ => told,
        }
    }

    /// Whether a verb of the past stands right behind a date: `The match on Saturday ended`. Not a participle, which something
    /// hangs on: `a rally on Saturday organised by`.
    fn is_past_verb(&self, at: usize) -> bool {
        let hangs = |at: usize| [Cue::By, Cue::For, Cue::To].into_iter().any(|cue| self.word_in(at, cue));
        at + 1 < self.tokens.len()
            && self.cue(at) == Some(Tense::Past)
            && !self.word_in(at, Cue::After)
            && !hangs(at + 1)
    }

    /// Whether one of the few words before a place, in its sentence, is such a cue.
    fn is_led_by(&self, from: usize, cue: Cue, distance: usize) -> bool {
        let before = (1..=distance).filter_map(|back| from.checked_sub(back));
        before.take_while(|at| !self.ends_sentence(*at)).any(|at| self.word_in(at, cue))
    }

    /// Whether what has a day is nothing that anybody announces: `Tuesday's deadly quake`.
    fn is_unforeseen(&self, from: usize) -> bool {
        let owned = from..(from + OWNED_DISTANCE_MAX).min(self.tokens.len());
        let mut noun = owned.take_while(|at| self.tokens[*at].kind == token::Kind::Word);
        noun.any(|at| self.word_in(at, Cue::Unforeseen))
    }

    /// Whether a date opens its sentence or clause, so that it is of its verb: `On Friday the court ruled`, `But on Friday it
    /// did`, `..., and on Friday it rained`.
    fn opens_sentence(&self, from: usize) -> bool {
        let comma = |at: usize| self.tokens[at].kind == token::Kind::Sign(class::COMMA);
        (0..=OPENING_WORDS_MAX)
            .any(|back| from.checked_sub(back + 1).is_none_or(|at| self.ends_sentence(at) || back > 0 && comma(at)))
    }

    /// What the word before a date says where no verb does: `starting Friday`, `by Friday`, `has been extended through
    /// January`, `called a strike for Monday`.
    fn led_forward(&self, from: usize, to: usize, tense: Tense) -> Option<Tense> {
        let before = from.checked_sub(1).filter(|_| self.place == Where::News)?;
        let behind = |cue: Cue| self.is_led_by(before, cue, LED_DISTANCE_MAX);
        let lead = if self.word_in(before, Cue::At) { before.saturating_sub(1) } else { before };
        if self.word_in(lead, Cue::Onward) {
            let ahead = match self.tense_before(lead) {
                Some(before) => !before.tense.is_past() || behind(Cue::Decides),
                None => self.tense_after(to) != Some(Tense::Past),
            };
            return ahead.then_some(Tense::Ahead);
        }
        if self.word_in(before, Cue::Through) && behind(Cue::Extended) {
            return Some(Tense::Due);
        }
        // `saw a cut coming by Friday`; but `By Friday, all was over` and `had left by Friday`.
        if tense == Tense::Past && self.word_in(before, Cue::By) && !self.opens_sentence(from) && !behind(Cue::Had) {
            return Some(Tense::Ahead);
        }
        let called = self.word_in(before, Cue::For) && behind(Cue::Called) && !behind(Cue::Had);
        let until = self.word_in(before, Cue::By) || self.word_in(before, Cue::Through);
        (called || tense == Tense::Unknown && until).then_some(Tense::Ahead)
    }

    /// What the nearest cue before a place says. Near it, with no other verb between, it must govern what stands there.
    fn tense_before(&self, from: usize) -> Option<Told> {
        let mut other = false;
        for distance in 1..=VERB_DISTANCE_MAX {
            let at = from.checked_sub(distance)?;
            if self.ends_sentence(at) {
                return None;
            }
            if let Some(told) = self.tense_of_state(at, distance) {
                return Some(told);
            }
            if let Some(tense) = self.cue(at) {
                let told = self.voice(at, tense);
                let sure = self.governs(at, distance, told, other);
                // `will return in January`, `to be held in January`.
                let near = distance <= DUE_DISTANCE_MAX;
                let due = told == Tense::Future
                    && near
                    && (told != tense || self.is_led_by(at + 1, Cue::Will, DUE_DISTANCE_MAX + 1 - distance));
                return Some(Told { tense: if due { Tense::Due } else { told }, sure });
            }
            // `the deadline is Monday`, `is on Monday`, `is meeting on Monday`.
            let at_once = distance == 1 || distance == 2 && self.word_in(at + 1, Cue::At);
            let governs = at_once || distance <= CONTINUOUS_DISTANCE_MAX && self.is_continuous(at + 1);
            if governs && self.word_in(at, Cue::Is) {
                return Some(Told::surely(Tense::Future));
            }
            other |= distance > 1 && self.is_infinitive(at);
        }
        None
    }

    /// Whether a cue so many words before a date must be of it: near it, with no `other` verb between, or led by `will`.
    fn governs(&self, at: usize, distance: usize, tense: Tense, other: bool) -> bool {
        let reach = match tense {
            _ if self.language.reports(self.tokens[at].word) => REPORT_DISTANCE_MAX,
            Tense::Future => SURE_AHEAD_DISTANCE_MAX,
            _ => SURE_DISTANCE_MAX,
        };
        let mut places = (0..=WILL_DISTANCE_MAX).filter_map(|back| at.checked_sub(back));
        distance <= reach && !other || tense == Tense::Future && places.any(|at| self.word_in(at, Cue::Will))
    }

    /// `is closed Friday`, `are lower on Friday`: today, or to come.
    fn tense_of_state(&self, at: usize, distance: usize) -> Option<Told> {
        let close = distance == 1 || distance == 2 && self.word_in(at + 1, Cue::At);
        let is = at.checked_sub(1).is_some_and(|before| self.word_in(before, Cue::Is));
        (close && is && self.word_in(at, Cue::State)).then_some(Told { tense: Tense::Future, sure: false })
    }

    /// Whether an infinitive begins here, as far as its words show: `to` before a small word that is no article.
    fn is_infinitive(&self, at: usize) -> bool {
        self.word_in(at, Cue::To)
            && self.tokens.get(at + 1).is_some_and(|next| {
                next.kind == token::Kind::Word && !next.has(token::CAPITAL) && !self.language.is_article(next.word)
            })
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
