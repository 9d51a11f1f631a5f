//! What a text without a date of its own says about when it was written: bounds with their reasons, never a date.
//!
//! A text cannot tell of a day as past that had not come, nor name an event that had not happened. Wide and right beats
//! narrow and wrong: what is found here is shown and suggested, and no search or `--as-of` rests on it.

use super::Evidence;
use crate::events::Events;
use crate::timex::Undated;
use dateline_processor::core::layers::{Candidate, DctLayer, DctRole};
use dateline_processor::core::{Date, DateInterval, Span};

/// Weight of a date that the text tells of as past.
const PAST_WEIGHT: u8 = 60;
/// Weight of a dated event that the text names.
const EVENT_WEIGHT: u8 = 70;
/// Weight of what an expression beside a dated event says.
const BESIDE_WEIGHT: u8 = 55;
/// Weight of a day that is named with its weekday.
const NAMED_DAY_WEIGHT: u8 = 50;
/// How far behind the name of an event, in bytes, an expression still speaks of it: `invasion of X in February last year`.
const BESIDE_BYTES_MAX: u32 = 20;
/// How long after an event, in years, texts count the time since it by the calendar of their own day.
const YEARS_AFTER_MAX: i16 = 4;
/// How many years a day named without its year may have to be sought ahead: weekdays return after 5, 6 or 11.
const YEARS_SOUGHT_MAX: i16 = 12;

/// Adds the bounds to an undated layer.
pub(super) fn add(layer: &mut DctLayer, evidence: &Evidence<'_>, undated: &Undated<'_>, events: &Events) {
    let mut found = past_dates(evidence, undated);
    found.extend(events_named(evidence, undated, events));
    doubt(&mut found, layer.not_after);
    layer.not_before = lower(found.iter().chain(&layer.candidates));
    if let Some(bound) = layer.not_before {
        found.extend(named_days(evidence, undated, bound));
        doubt(&mut found, layer.not_after);
        layer.not_before = lower(found.iter().chain(&layer.candidates));
    }
    layer.candidates.extend(found);
    layer.candidates.sort_by_key(|candidate| (!candidate.accepted, std::cmp::Reverse(candidate.weight)));
}

/// The latest of the lower bounds.
fn lower<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Option<Date> {
    let bounds = candidates.filter(|candidate| candidate.role == DctRole::LowerBound && candidate.weight > 0);
    bounds.map(|candidate| candidate.interval.earliest).max()
}

/// Takes the weight from bounds that cannot be: later than the file itself, or before what else is known.
fn doubt(found: &mut [Candidate], not_after: Option<Date>) {
    let bound = not_after;
    for candidate in found.iter_mut().filter(|candidate| candidate.role == DctRole::LowerBound) {
        if bound.is_some_and(|bound| candidate.interval.earliest > bound) {
            candidate.weight = 0;
            candidate.note = "doubted: later than the file itself".to_owned();
        }
    }
    let Some(lower) = lower(found.iter()) else { return };
    for candidate in found.iter_mut().filter(|candidate| candidate.role == DctRole::UpperBound) {
        if candidate.interval.latest < lower {
            candidate.weight = 0;
            candidate.note = format!("doubted: something else is not before {lower}");
        }
    }
}

fn candidate(
    evidence: &Evidence<'_>,
    kind: &str,
    (span, interval): (Span, DateInterval),
    (role, weight): (DctRole, u8),
    note: String,
) -> Candidate {
    let quote = span.slice(evidence.text).unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    Candidate { kind: kind.to_owned(), span: Some(span), quote, interval, role, weight, accepted: false, note }
}

/// The latest date that is told of as past.
fn past_dates(evidence: &Evidence<'_>, undated: &Undated<'_>) -> Vec<Candidate> {
    let latest = undated.past().into_iter().max_by_key(|(_, interval)| interval.earliest);
    let told = |told| {
        let note = "told of as past: the article is no older".to_owned();
        candidate(evidence, "past-date", told, (DctRole::LowerBound, PAST_WEIGHT), note)
    };
    latest.map(told).into_iter().collect()
}

/// Dated events that the text names, and what it says about how long ago they were.
fn events_named(evidence: &Evidence<'_>, undated: &Undated<'_>, events: &Events) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for (span, event) in events.named_in(evidence.text) {
        let note = format!("names the event `{}`: the article is no older", event.id);
        if !found.iter().any(|known| known.note == note) {
            found.push(candidate(evidence, "event", (span, event.date), (DctRole::LowerBound, EVENT_WEIGHT), note));
        }
        let Ok(end) = Date::new(event.date.latest.year() + YEARS_AFTER_MAX, 12, 31) else { continue };
        let within = DateInterval { earliest: event.date.earliest, latest: end };
        if let Some((beside, days)) = undated.days_when(span.end, BESIDE_BYTES_MAX, event.date, within) {
            let whole = Span { start: span.start, end: beside.end };
            for (role, bound) in [(DctRole::LowerBound, "older"), (DctRole::UpperBound, "newer")] {
                let note =
                    format!("this is said of the event `{}`, {}: the article is no {bound}", event.id, event.date);
                found.push(candidate(evidence, "event-ago", (whole, days), (role, BESIDE_WEIGHT), note));
            }
        }
    }
    found
}

/// `Monday, April 4` falls on that weekday in some years only: the first of them that the bound allows.
fn named_days(evidence: &Evidence<'_>, undated: &Undated<'_>, bound: Date) -> Vec<Candidate> {
    let years = bound.year() - 1..bound.year() + YEARS_SOUGHT_MAX;
    let mut found = Vec::new();
    for named in undated.named_days() {
        let day = years.clone().filter_map(|year| named.in_year(year)).next();
        // A day somewhat older than the bound says nothing new.
        let Some(day) = day.filter(|day| *day > bound) else { continue };
        let note = format!("the first such day that something not before {bound} can name");
        let told = (named.span, DateInterval::day(day));
        // It may lie ahead of the article by less than a year.
        let role = (DctRole::LowerBound, if undated.is_past(named.span) { NAMED_DAY_WEIGHT } else { 0 });
        found.push(candidate(evidence, "named-day", told, role, note));
    }
    found.retain(|candidate| candidate.weight > 0);
    found
}
