//! When the article was written: weighs all evidence at hand. Never trusts a file's times, never the day of the run.

mod bounds;
mod gather;
mod read;

pub(crate) use read::DateReader;

use crate::config::DatingConfig;
use crate::events::Events;
use crate::timex::Undated;
use dateline_processor::core::layers::{Candidate, Dct, DctLayer, DctRole};
use dateline_processor::core::{
    Date, DateInterval, DctHint, Diagnostic, DocumentInput, Hints, Mark, Metadata, Precision, SourceInfo,
};
use gather::Clue;

/// Least weight on which a date may rest; a copyright line alone is not enough.
const WEIGHT_MIN: u8 = 20;
/// What each further independent kind of evidence adds.
const SUPPORT: u8 = 8;
/// Days by which clocks and zones may disagree.
const ZONE_DAYS: i32 = 1;

/// What the document date may rest on.
pub(crate) struct Evidence<'a> {
    pub(crate) text: &'a str,
    pub(crate) marks: &'a [Mark],
    pub(crate) metadata: &'a Metadata,
    pub(crate) source: &'a SourceInfo,
    pub(crate) hints: &'a Hints,
}

impl<'a> Evidence<'a> {
    /// All that a document brings with it.
    pub(crate) fn of(input: &'a DocumentInput) -> Evidence<'a> {
        let document = &input.document;
        Evidence {
            text: &document.text,
            marks: &document.marks,
            metadata: &document.metadata,
            source: &input.source,
            hints: &input.hints,
        }
    }
}

/// Weighs the evidence.
pub(crate) fn weigh(
    evidence: &Evidence<'_>,
    reader: &DateReader,
    config: &DatingConfig,
) -> (DctLayer, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut clues = gather::gather(evidence, reader, config);
    let mut layer = DctLayer { not_after: upper_bound(evidence.source), ..DctLayer::default() };
    doubt(&mut clues, layer.not_after, config, &mut diagnostics);
    settle_orders(&mut clues);
    layer.not_before = clues
        .iter()
        .filter(|clue| clue.candidate.role == DctRole::LowerBound && clue.candidate.weight > 0)
        .map(|clue| clue.candidate.interval.earliest)
        .max();
    match evidence.hints.dct {
        Some(hint) => layer.dct = from_hint(hint, &mut clues),
        None => {
            layer.dct = choose(&mut clues, &mut diagnostics);
            sharpen(evidence, reader, layer.dct.as_mut(), &mut clues);
            layer.updated = updated(&clues, layer.dct.as_ref());
        }
    }
    clues.sort_by_key(|clue| (!clue.candidate.accepted, std::cmp::Reverse(clue.candidate.weight)));
    layer.candidates = clues.into_iter().map(|clue| clue.candidate).collect();
    (layer, diagnostics)
}

/// Adds to a layer without a date what the text says about when it was written. Nothing where the user or the caller
/// spoke.
pub(crate) fn bound(layer: &mut DctLayer, evidence: &Evidence<'_>, undated: &Undated<'_>, events: &Events) {
    if layer.dct.is_none() && evidence.hints.dct.is_none() {
        bounds::add(layer, evidence, undated, events);
    }
}

/// A dateline without a year tells the day within the month or year that other evidence gives.
fn sharpen(evidence: &Evidence<'_>, reader: &DateReader, dct: Option<&mut Dct>, clues: &mut Vec<Clue>) {
    let Some(dct) = dct.filter(|dct| dct.interval.earliest != dct.interval.latest) else { return };
    let Some(mut clue) = gather::dateline_day(evidence.text, reader, dct.interval) else { return };
    clue.candidate.accepted = true;
    clue.candidate.note = format!("the day within {}", dct.interval);
    dct.interval = clue.candidate.interval;
    dct.precision = dct.interval.precision();
    clues.push(clue);
}

/// The file is no newer than its modification time says, give or take a zone.
fn upper_bound(source: &SourceInfo) -> Option<Date> {
    let day = source.mtime?.to_zoned(jiff::tz::TimeZone::UTC).date();
    crate::timex::calendar::add_days(day, ZONE_DAYS)
}

/// What was given from outside wins; the rest is kept for show.
fn from_hint(hint: DctHint, clues: &mut [Clue]) -> Option<Dct> {
    let why = if hint.decided { "the user decided otherwise" } else { "the date was given with the document" };
    for clue in clues.iter_mut() {
        let agrees = hint.interval.is_some_and(|interval| interval.overlaps(clue.candidate.interval));
        clue.candidate.note = if agrees { "agrees with the date given".to_owned() } else { format!("lost: {why}") };
    }
    hint.interval.map(|interval| Dct {
        interval,
        time: hint.time,
        precision: if hint.time.is_some() && interval.earliest == interval.latest {
            Precision::Time
        } else {
            interval.precision()
        },
        confidence: 100,
    })
}

/// Takes the weight from dates that cannot be: before printing, at a computer's zero, after the file.
fn doubt(clues: &mut [Clue], not_after: Option<Date>, config: &DatingConfig, diagnostics: &mut Vec<Diagnostic>) {
    for clue in clues {
        let candidate = &mut clue.candidate;
        let first = candidate.interval.earliest;
        let zero = first.year() == 1970 && first.month() == 1 && first.day() == 1;
        let absurd =
            first.year() < config.earliest_year || first.year() > LATEST_YEAR || zero && candidate.kind != "header";
        let future = not_after.is_some_and(|bound| first > bound);
        if !absurd && !future {
            continue;
        }
        let (code, why) = if absurd {
            ("absurd-date", "no article is from then")
        } else {
            ("future-date", "later than the file itself")
        };
        candidate.note = format!("doubted: {why}");
        candidate.weight = 0;
        let mut diagnostic =
            Diagnostic::new(code, format!("`{}` from {} is doubted: {why}", candidate.interval, candidate.kind));
        diagnostic.span = candidate.span;
        diagnostics.push(diagnostic);
    }
}

/// Last year a document date may lie in.
const LATEST_YEAR: i16 = 2100;

/// Reads an ambiguous numeric date the way other evidence reads it.
fn settle_orders(clues: &mut [Clue]) {
    let sure: Vec<(DateInterval, u8)> = clues
        .iter()
        .filter(|clue| clue.other.is_none())
        .map(|clue| (clue.candidate.interval, clue.candidate.weight))
        .collect();
    let support = |day: Date| {
        sure.iter()
            .filter(|(interval, _)| interval.contains(DateInterval::day(day)))
            .map(|(_, weight)| u32::from(*weight))
            .max()
            .unwrap_or(0)
    };
    for clue in clues.iter_mut() {
        let Some(other) = clue.other else { continue };
        if support(other) > support(clue.candidate.interval.earliest) {
            clue.candidate.interval = DateInterval::day(other);
            clue.candidate.note = "day and month in the order that other evidence has".to_owned();
        }
    }
}

/// The day with the heaviest evidence, each further kind of evidence adding to it.
fn choose(clues: &mut [Clue], diagnostics: &mut Vec<Diagnostic>) -> Option<Dct> {
    let best = [DctRole::Published, DctRole::Updated].into_iter().find_map(|role| heaviest(clues, role));
    let (winner, score) = best?;
    let winner = stated_change(clues, winner)
        .or_else(|| listing(clues, winner))
        .or_else(|| shown_change(clues, winner))
        .or_else(|| local_day(clues, winner))
        .unwrap_or(winner);
    let interval = clues[winner].candidate.interval;
    let role = clues[winner].candidate.role;
    let rival = clues
        .iter()
        .filter(|clue| clue.candidate.role == role && !clue.candidate.interval.overlaps(interval))
        .map(|clue| clue.candidate.weight)
        .max()
        .unwrap_or(0);
    let mut time = None;
    for clue in clues.iter_mut() {
        let candidate = &mut clue.candidate;
        if candidate.weight == 0 {
            continue;
        }
        let says_so = candidate.interval.overlaps(interval) && candidate.role == role;
        candidate.accepted = says_so;
        if says_so && candidate.interval == interval {
            time = time.or(clue.time);
        }
        if candidate.note.is_empty() {
            candidate.note = note(candidate.role, says_so, role).to_owned();
        }
    }
    if clues[winner].other.is_some()
        && !clues.iter().enumerate().any(|(at, clue)| at != winner && clue.candidate.accepted && clue.other.is_none())
    {
        diagnostics.push(Diagnostic::new(
            "ambiguous-date",
            format!("`{}` may be read with day and month the other way round", clues[winner].candidate.quote),
        ));
    }
    let margin = score.saturating_sub(rival).min(30);
    let most = score.clamp(1, 99);
    let confidence = if rival == 0 { most } else { (most / 2 + margin).clamp(1, most) };
    let precision =
        if time.is_some() && interval.earliest == interval.latest { Precision::Time } else { interval.precision() };
    Some(Dct { interval, time, precision, confidence })
}

/// A time in universal time may belong to a neighbouring local day, which addresses and bylines tell.
fn local_day(clues: &[Clue], winner: usize) -> Option<usize> {
    let day = clues[winner].candidate.interval.earliest;
    let hour = clues[winner].time.filter(|_| clues[winner].utc)?.hour();
    let neighbour = |clue: &Clue| {
        let candidate = &clue.candidate;
        // Zones reach from 12 hours behind universal time to 14 ahead.
        let possible = match (candidate.interval.earliest - day).get_days() {
            -1 => hour < 12,
            1 => hour >= 10,
            _ => false,
        };
        possible
            && candidate.interval.earliest == candidate.interval.latest
            && !clue.utc
            && candidate.weight >= LOCAL_WEIGHT_MIN
            && candidate.role == DctRole::Published
            && tells_local_day(candidate)
    };
    let found =
        clues.iter().enumerate().filter(|(_, clue)| neighbour(clue)).max_by_key(|(_, clue)| clue.candidate.weight);
    // Not where something else of local time agrees with the winner.
    let agrees = clues.iter().any(|clue| {
        !clue.utc
            && clue.candidate.role == DctRole::Published
            && clue.candidate.weight >= LOCAL_WEIGHT_MIN
            && matches!(clue.candidate.kind.as_str(), "byline" | "address")
            && clue.candidate.interval == clues[winner].candidate.interval
    });
    found.map(|(at, _)| at).filter(|_| !agrees)
}

/// Whether evidence of this kind is written for readers, in their own time, about this article.
fn tells_local_day(candidate: &Candidate) -> bool {
    match candidate.kind.as_str() {
        "address" | "byline" | "json-ld" => true,
        "time-element" => candidate.weight >= MARKED_TIME_WEIGHT_MIN,
        _ => false,
    }
}

/// A page that lists many articles is as new as the newest of them.
fn listing(clues: &[Clue], winner: usize) -> Option<usize> {
    if clues[winner].candidate.kind != "byline" {
        return None;
    }
    let bylines: Vec<usize> = (0..clues.len())
        .filter(|at| {
            clues[*at].candidate.kind == "byline"
                && clues[*at].candidate.role == DctRole::Published
                && clues[*at].candidate.weight >= LOCAL_WEIGHT_MIN
        })
        .collect();
    let mut days: Vec<Date> = bylines.iter().map(|at| clues[*at].candidate.interval.earliest).collect();
    let ascending = days.is_sorted();
    days.sort_unstable();
    days.dedup();
    if days.len() < LISTING_DATES_MIN || ascending {
        return None;
    }
    bylines.into_iter().max_by_key(|at| clues[*at].candidate.interval.earliest)
}

/// A date somewhere in a page, years before the change that the page states, is what the page tells of.
fn stated_change(clues: &[Clue], winner: usize) -> Option<usize> {
    let (shown, role) = (&clues[winner].candidate, DctRole::Updated);
    if shown.kind != "visible" || shown.role != DctRole::Published {
        return None;
    }
    let stated = |clue: &&Clue| clue.candidate.role == role && clue.candidate.weight >= STATED_WEIGHT_MIN;
    let (at, _) =
        clues.iter().enumerate().filter(|(_, clue)| stated(clue)).max_by_key(|(_, clue)| clue.candidate.weight)?;
    let years = clues[at].candidate.interval.earliest.year() - shown.interval.latest.year();
    (years > SHOWN_YEARS_MAX).then_some(at)
}

/// Least weight of a change that a page states outright.
const STATED_WEIGHT_MIN: u8 = 70;
/// A page is not shown by chance with the day on which it was written when it was changed more than so many years later.
const SHOWN_YEARS_MAX: i16 = 1;

/// When all that a page shows is the day of its last change, that is the day of the text we have.
fn shown_change(clues: &[Clue], winner: usize) -> Option<usize> {
    let hidden = matches!(clues[winner].candidate.kind.as_str(), "open-graph" | "json-ld" | "meta");
    let shown = |clue: &&Clue| clue.candidate.kind == "byline" && clue.candidate.weight >= LOCAL_WEIGHT_MIN;
    if !hidden {
        return None;
    }
    let written = clues[winner].candidate.interval;
    let published = |clue: &&Clue| clue.candidate.role == DctRole::Published;
    if clues.iter().filter(shown).any(|clue| published(&clue)) {
        // An unmarked byline may be that of the change too.
        let changed = |day: DateInterval| {
            clues.iter().any(|clue| clue.candidate.role == DctRole::Updated && clue.candidate.interval == day)
        };
        let agrees = clues.iter().filter(shown).any(|clue| clue.candidate.interval == written);
        let byline = clues.iter().position(|clue| shown(&clue) && published(&clue))?;
        let day = clues[byline].candidate.interval;
        return (!agrees && day.earliest > written.latest && changed(day)).then_some(byline);
    }
    clues.iter().position(|clue| shown(&clue) && clue.candidate.role == DctRole::Updated)
}

/// Least weight of evidence that corrects heavier one.
const LOCAL_WEIGHT_MIN: u8 = 64;
/// Least weight of a `<time>` that is marked as the article's own.
const MARKED_TIME_WEIGHT_MIN: u8 = 88;
/// A page with bylines of this many days is a list.
const LISTING_DATES_MIN: usize = 5;

fn note(role: DctRole, says_so: bool, wanted: DctRole) -> &'static str {
    match (role, says_so) {
        (_, true) => "supports the date",
        (DctRole::LowerBound, _) => "a date inside the text: the article is no older",
        (DctRole::UpperBound, _) => "the article is no newer",
        (DctRole::Updated, _) if wanted == DctRole::Published => "the time of a change",
        _ => "lost to heavier evidence",
    }
}

/// Position and score of the heaviest evidence of a role.
fn heaviest(clues: &[Clue], role: DctRole) -> Option<(usize, u8)> {
    let mut best: Option<(usize, u8, bool)> = None;
    for (at, clue) in clues.iter().enumerate() {
        let candidate = &clue.candidate;
        if candidate.role != role || candidate.weight < WEIGHT_MIN {
            continue;
        }
        let mut kinds: Vec<&str> = clues
            .iter()
            .filter(|other| {
                other.candidate.weight > 0
                    && other.candidate.kind != candidate.kind
                    && candidate.interval.overlaps(other.candidate.interval)
            })
            .map(|other| other.candidate.kind.as_str())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let support = SUPPORT.saturating_mul(u8::try_from(kinds.len().min(4)).unwrap_or(4));
        let score = candidate.weight.saturating_add(support);
        let day = candidate.interval.earliest == candidate.interval.latest;
        // A day beats the month that holds it.
        let better = best.is_none_or(|(_, top, top_day)| {
            (day, score) > (top_day, top) && (day == top_day || score + 30 > top) || day == top_day && score > top
        });
        if better {
            best = Some((at, score, day));
        }
    }
    best.map(|(at, score, _)| (at, score))
}

/// When the article was last changed, where that is later than its date.
fn updated(clues: &[Clue], dct: Option<&Dct>) -> Option<DateInterval> {
    let written = dct?.interval;
    let changes =
        clues.iter().filter(|clue| clue.candidate.role == DctRole::Updated && clue.candidate.weight >= WEIGHT_MIN);
    changes
        .map(|clue| clue.candidate.interval)
        .filter(|change| change.earliest > written.latest)
        .max_by_key(|change| change.latest)
}
