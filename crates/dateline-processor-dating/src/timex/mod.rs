//! Finds temporal expressions and gives them their TIMEX3 values. The language is data; the document's date is given.

pub(crate) mod calendar;
pub(crate) mod frame;
pub(crate) mod grammar;
mod language;
mod lexicon;
mod moon;
mod resolve;
mod tense;
mod token;
mod undated;

pub(crate) use grammar::Where;
pub(crate) use language::{Cue, Language};
pub(crate) use undated::Undated;

use calendar::Point;
use dateline_processor::core::layers::{Timex, TimexType};
use dateline_processor::core::{Date, DateInterval, Genre, Mark, Span, Time};
use frame::{Frame, Slot};
use grammar::{Match, Op, Scanner};
use lexicon::class;
use resolve::{Context, Focus, Resolved, frequency, resolve};
use token::Token;

/// A text this short, in bytes, is a message and no article.
const MESSAGE_BYTES_MAX: usize = 320;
/// A text with fewer years than this is no history.
const NARRATIVE_YEARS_MIN: usize = 6;
/// In a history at least this many years are named for each word of news (`Monday`, `today`, `said`).
const NARRATIVE_YEARS_PER_NEWS_WORD: usize = 5;
/// A narrative that is telling of days and months does not jump further than this by naming a year.
const NARRATIVE_JUMP_YEARS_MAX: i32 = 12;

/// What the tagger is told beside the text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Anchor {
    /// The document date as far as it is known.
    pub(crate) dct: Option<DateInterval>,
    /// Its time of day.
    pub(crate) time: Option<Time>,
    /// The kind of text, when somebody said.
    pub(crate) genre: Option<Genre>,
    /// Whether the day stands first in numeric dates that could be read both ways.
    pub(crate) day_first: bool,
}

/// One expression with how its value came about.
#[derive(Clone, Debug)]
pub(crate) struct Tagged {
    pub(crate) timex: Timex,
    /// Whether day and month may be meant the other way round.
    pub(crate) ambiguous: bool,
    pub(crate) steps: Vec<String>,
}

/// Finds and resolves all expressions of a text.
pub(crate) fn tag(language: &Language, text: &str, marks: &[Mark], anchor: &Anchor, explain: bool) -> Vec<Tagged> {
    let tokens = token::tokens(text, &language.lexicon);
    let dates = anchor.dct.map(|dct| [dct.earliest, dct.latest]);
    let place = place_of(language, text, &tokens, marks, anchor);
    let found = matches(language, text, &tokens, place, marks);
    let reader = Reader { language, text, tokens: &tokens, place, order: Order::of(&tokens, anchor), explain };
    match dates {
        Some([one, other]) if one != other => {
            // A vague document date resolves only what all its days agree on.
            let first = reader.resolve_all(&found, Some(one), anchor.time);
            let last = reader.resolve_all(&found, Some(other), anchor.time);
            let open = reader.resolve_all(&found, None, None);
            agreed(first, &last, open)
        }
        _ => reader.resolve_all(&found, dates.map(|dates| dates[0]), anchor.time),
    }
}

/// Keeps what holds for the first and the last day alike, and the open reading elsewhere.
fn agreed(first: Vec<Tagged>, last: &[Tagged], open: Vec<Tagged>) -> Vec<Tagged> {
    let same = |tagged: &Tagged| {
        let other = last.iter().find(|other| other.timex.span == tagged.timex.span);
        other.is_some_and(|other| other.timex.value == tagged.timex.value)
    };
    open.into_iter()
        .map(|open| {
            let sharp = first.iter().find(|tagged| tagged.timex.span == open.timex.span && same(tagged));
            sharp.cloned().unwrap_or(open)
        })
        .collect()
}

/// The kind of text: as said, or as its length and its dates suggest.
fn place_of(language: &Language, text: &str, tokens: &[Token], marks: &[Mark], anchor: &Anchor) -> Where {
    match anchor.genre {
        Some(Genre::News) => return Where::News,
        Some(Genre::Narrative) => return Where::Narrative,
        Some(Genre::Colloquial) => return Where::Colloquial,
        None => {}
    }
    // What an agency or a date stands before is a report, however short.
    if text.len() < MESSAGE_BYTES_MAX && anchor.dct.is_some() && marks.is_empty() {
        return Where::Colloquial;
    }
    let written = anchor.dct.map_or(i32::MAX, |dct| i32::from(dct.earliest.year()));
    let mut years = 0;
    let mut old = 0;
    let mut deictic = 0;
    for token in tokens {
        if let Some(year) =
            token.integer().filter(|year| matches!(token.kind, token::Kind::Integer(4)) && (1000..=2100).contains(year))
        {
            years += 1;
            old += usize::from(year < written.saturating_sub(2));
        } else if token.word != 0 && language.is_deictic(token.word) {
            deictic += 1;
        } else if token.word != 0 && language.is_era(token.word) {
            years += 1;
            old += 1;
        }
    }
    if years >= NARRATIVE_YEARS_MIN && old * 4 >= years * 3 && deictic * NARRATIVE_YEARS_PER_NEWS_WORD <= years {
        Where::Narrative
    } else {
        Where::News
    }
}

/// All matches, left to right, longest first at each place.
fn matches(language: &Language, text: &str, tokens: &[Token], place: Where, marks: &[Mark]) -> Vec<Match> {
    let mut scanner = Scanner::new(tokens, &language.lexicon, place);
    let mut found = Vec::new();
    let mut at = 0;
    let mut mark = 0;
    debug_assert!(tokens.last().is_none_or(|token| token.end as usize <= text.len()), "tokens lie in the text");
    while at < tokens.len() {
        while marks.get(mark).is_some_and(|mark| mark.span.end <= tokens[at].start) {
            mark += 1;
        }
        if marks.get(mark).is_some_and(|mark| mark.span.start < tokens[at].end) || tokens[at].has(token::TAG) {
            at += 1;
            continue;
        }
        match language.grammar.longest(&mut scanner, at) {
            Some(one) => {
                // Words before the tagged part only give it the right to be there; they must not cut it short.
                let start = one.tagged_start();
                let inner = if start > 0 { language.grammar.longest(&mut scanner, at + start) } else { None };
                // Of two that end together the one that tags more, but what forbids must reach further: `in May President`.
                let end = |found: &Match| found.from + found.length;
                let tags_more = |inner: &Match| {
                    language.grammar.rules[usize::from(inner.rule)].op != Op::None
                        && end(inner) == end(&one)
                        && inner.from + inner.tagged_end() > one.from + one.tagged_end()
                };
                let one = inner.filter(|inner| end(inner) > end(&one) || tags_more(inner)).unwrap_or(one);
                let end = one.from + one.tagged_end() - at;
                found.push(one);
                at += end.max(1);
            }
            None => at += 1,
        }
    }
    found
}

struct Reader<'a> {
    language: &'a Language,
    text: &'a str,
    tokens: &'a [Token],
    place: Where,
    order: Order,
    explain: bool,
}

/// How numeric dates of a text are read that could be read both ways.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// The day stands first.
    pub(crate) day_first: bool,
    /// Another date of the text shows it.
    pub(crate) shown: bool,
}

impl Order {
    /// As the text's own dates show that can be read one way only; else as the document's language or options say.
    fn of(tokens: &[Token], anchor: &Anchor) -> Order {
        let numeric = tokens.iter().filter(|token| token.kind == token::Kind::NumericDate);
        let (mut day_first, mut month_first) = (false, false);
        for [one, other, ..] in numeric.map(|token| token.parts) {
            day_first |= one > 12 && other <= 12;
            month_first |= other > 12 && one <= 12;
        }
        let shown = day_first != month_first;
        Order { day_first: if shown { day_first } else { anchor.day_first }, shown }
    }
}

/// What is remembered from one expression to the next.
#[derive(Default)]
struct Memory {
    focus: Option<Focus>,
    day: Option<Focus>,
    quarter: Option<Focus>,
    /// Whether a period longer than a quarter was named after it: `in the nine months`.
    longer: bool,
}

impl Reader<'_> {
    fn resolve_all(&self, found: &[Match], dct: Option<Date>, time: Option<Time>) -> Vec<Tagged> {
        let mut scanner = Scanner::new(self.tokens, &self.language.lexicon, self.place);
        let mut memory = Memory::default();
        let mut tagged: Vec<Tagged> = Vec::with_capacity(found.len());
        for one in found {
            let rule = &self.language.grammar.rules[one.rule as usize];
            if rule.op == Op::None {
                continue;
            }
            let extents = self.language.grammar.extents(one, &mut scanner);
            let bounds = extents.first().zip(extents.last()).map(|(first, last)| (first.from, last.to));
            for extent in extents {
                let (Some(first), Some(last)) = (self.tokens.get(extent.from), self.tokens.get(extent.to - 1)) else {
                    continue;
                };
                let span = Span { start: first.start, end: last.end };
                if tagged.last().is_some_and(|before| before.timex.span.end > span.start) {
                    continue;
                }
                let told = self.tense_of(&extent, bounds);
                let context = Context {
                    dct,
                    time,
                    place: self.place,
                    focus: memory.focus,
                    // A time of day at the head of a paragraph begins anew.
                    day: memory.day.filter(|_| !first.has(token::PARAGRAPH)),
                    quarter: memory.quarter.filter(|_| !memory.longer),
                    tense: told.tense,
                    sure: told.sure,
                    order: self.order,
                };
                let Some(resolved) = resolve(rule.op, &extent.frame, &context, self.explain) else { continue };
                if !self.is_aside(extent.from, extent.to, &resolved, &memory) {
                    let day = memory.day;
                    remember(&mut memory, &resolved, &extent.frame, &context, span);
                    // `up from yesterday's close`: only compared with.
                    if self.place == Where::News && self.owns(extent.to) {
                        memory.day = day;
                    }
                }
                tagged.push(self.timex(span, &rule.name, &extent.frame, resolved));
            }
        }
        tagged
    }

    fn timex(&self, span: Span, rule: &str, frame: &Frame, resolved: Resolved) -> Tagged {
        let mut steps = resolved.steps;
        if self.explain {
            let slots: Vec<String> = frame.filled().map(|(name, value)| format!("{name}={value}")).collect();
            steps.insert(0, format!("rule `{rule}` read {}", slots.join(" ")));
        }
        let sets = resolved.kind == TimexType::Set;
        let timex = Timex {
            span,
            kind: resolved.kind,
            value: resolved.value,
            earliest: resolved.interval.map(|interval| interval.earliest),
            latest: resolved.interval.map(|interval| interval.latest),
            modifier: frame.word(Slot::Mod).map(str::to_owned),
            quant: frame.word(Slot::Quant).filter(|_| sets).map(str::to_owned),
            freq: if sets { frequency(frame) } else { None },
            rule: rule.to_owned(),
            anchor: resolved.anchor.filter(|anchor| *anchor != span),
        };
        Tagged { timex, ambiguous: resolved.ambiguous, steps }
    }

    /// Whether what ends before this token has something: `yesterday's close`.
    fn owns(&self, to: usize) -> bool {
        self.tokens.get(to).is_some_and(|next| next.kind == token::Kind::Sign(class::POSSESSIVE))
    }

    /// Whether a narrative only looks aside: `since 1813`, `the 1978 treaty`, a year far from what it tells of that no
    /// sentence opens with.
    fn is_aside(&self, from: usize, to: usize, resolved: &Resolved, memory: &Memory) -> bool {
        let (Where::Narrative, Some(point)) = (self.place, resolved.point) else { return false };
        let before = from.checked_sub(1).map(|at| &self.tokens[at]);
        let compared = before.is_some_and(|token| token.word != 0 && self.language.looks_aside(token.word));
        let whole = matches!(point, Point::Year(_) | Point::Decade(_));
        if compared || !whole {
            return compared && (whole || matches!(point, Point::Month(..)));
        }
        let article = before.is_some_and(|token| token.word != 0 && self.language.is_article(token.word));
        let noun =
            self.tokens.get(to).is_some_and(|next| next.kind == token::Kind::Word && !next.has(token::PARAGRAPH));
        let far = match (memory.focus.and_then(|focus| focus.point.year()), point.year()) {
            (Some(now), Some(year)) => (i32::from(now) - i32::from(year)).abs() > NARRATIVE_JUMP_YEARS_MAX,
            _ => false,
        };
        // `In 1187 the city fell` turns to that year.
        let opens = from.checked_sub(1).is_some_and(|at| at.checked_sub(1).is_none_or(|at| self.ends_sentence(at)));
        article && noun || far && !opens && memory.focus.is_some_and(|focus| focus.point.is_within_a_year())
    }
}

fn remember(memory: &mut Memory, resolved: &Resolved, frame: &Frame, context: &Context, span: Span) {
    if resolved.kind == TimexType::Duration && is_report_period(frame) {
        memory.longer = true;
    }
    let Some(point) = resolved.point else { return };
    let told = context.place == Where::Narrative;
    if told && resolved.backward {
        return;
    }
    let focus = Some(Focus { point, span });
    match point {
        Point::Quarter(..) if !resolved.counted => {
            memory.longer = false;
            if is_reported(point, memory.quarter, context) {
                memory.quarter = focus;
            }
        }
        Point::Day(_) if !resolved.counted || told => memory.day = focus,
        _ => {}
    }
    // A century or decade names no year that later dates could belong to.
    if !matches!(point, Point::Century(_) | Point::Millennium(_)) || !told {
        memory.focus = focus;
    }
}

/// Whether results are reported for such a length of time beside those of the quarter: `nine months`.
fn is_report_period(frame: &Frame) -> bool {
    let months = matches!(frame.get(Slot::Number), Some(6_000 | 9_000 | 12_000));
    frame.unit() == Some(frame::Unit::Month) && months && !frame.has(Slot::Vague)
}

/// Whether a quarter is the one a report is about: over, or spoken of in the past, and no older than the one before it.
fn is_reported(point: Point, before: Option<Focus>, context: &Context) -> bool {
    let (Some(interval), Some(dct)) = (point.interval(), context.dct) else { return true };
    let over = interval.latest < dct || interval.earliest <= dct && context.tense.is_past();
    let older = before.and_then(|before| before.point.interval()).is_some_and(|known| interval.latest < known.earliest);
    over && !older
}
