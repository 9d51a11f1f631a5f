//! `date` and `undated`: a document's own date, what speaks for it, and the user's word on it.

use super::failures::stopping;
use super::{Answered, Answerer, Reply, layer_of, store_error};
use crate::control::Control;
use crate::decisions::About;
use dateline_core::layers::{DctLayer, DctRole};
use dateline_core::{Date, DateInterval, Document, DocumentId, Timestamp};
use dateline_processor_index::{Field, FoundHit, Node, Plan, Word};
use dateline_protocol::wire::{DateSuggestion, DocumentDate, Evidence, UndatedDocument};
use dateline_protocol::{DateSet, DateShow, DateUnset, End, ErrorBody, ErrorKind, Undated};
use dateline_query::passage;
use dateline_store::DocumentEntry;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Documents looked at for each probe of an undated one.
const PROBE_HITS: usize = 5;
/// Shorter shared passages suggest nothing: quotations and phrases are shared by strangers.
const SHARED_WORDS_MIN: usize = 15;
/// Suggestions shown of one document.
const SUGGESTIONS_MAX: usize = 5;

impl Answerer {
    pub(super) fn date_show(&self, request: &DateShow, reply: &mut Reply<'_>) -> Answered {
        let entry = self.find_document(&request.document)?;
        reply.item(&self.document_date(&entry)?);
        Ok(End::done())
    }

    pub(super) fn date_set(&self, request: &DateSet, reply: &mut Reply<'_>) -> Answered {
        self.decide_date(&request.document, Some(request.date), reply)
    }

    pub(super) fn date_unset(&self, request: &DateUnset, reply: &mut Reply<'_>) -> Answered {
        self.decide_date(&request.document, None, reply)
    }

    /// Writes the decision, then has the event loop run again what depends on it. Without a daemon the next one will.
    fn decide_date(&self, named: &str, decision: Option<Option<DateInterval>>, reply: &mut Reply<'_>) -> Answered {
        let entry = self.find_document(named)?;
        self.program.decisions.set_date(&About::entry(&entry), decision).map_err(store_error)?;
        if let Some(control) = &self.control {
            self.live.update(|facts| facts.decisions_seen = false);
            control.send(Control::Decided).map_err(|_| stopping())?;
            self.wait_until_settled(reply.deadline());
        }
        reply.item(&self.document_date(&entry)?);
        Ok(End::done())
    }

    fn document_date(&self, entry: &DocumentEntry) -> Result<DocumentDate, ErrorBody> {
        let revision = self.store.revision_data(entry.document, entry.current.revision).map_err(store_error)?;
        let data = revision.ok_or_else(|| {
            ErrorBody::new(ErrorKind::NotFound, format!("document {} has no content", entry.document))
        })?;
        let layer = layer_of::<DctLayer>(&data.annotations.layers)?.unwrap_or_default();
        let decision = self.program.decisions.date(&About::entry(entry)).map_err(store_error)?;
        // The user's word holds at once, even where the document has yet to be dated anew.
        let (interval, precision, confidence) = match (decision, &layer.dct) {
            (Some(decided), _) => (decided, decided.map(DateInterval::precision), None),
            (None, Some(dct)) => (Some(dct.interval), Some(dct.precision), Some(dct.confidence)),
            (None, None) => (None, None, None),
        };
        Ok(DocumentDate {
            document: entry.document.0,
            path: entry.path.display(),
            part: Some(entry.part.clone()),
            title: Some(headline(&data.content)),
            dct: interval.map(Into::into),
            precision: precision.map(|precision| precision.word().to_owned()),
            confidence,
            updated: layer.updated.map(Into::into),
            not_before: layer.not_before,
            not_after: last_day(&layer, entry.current.seen_from, &TimeZone::system()),
            decided: decision.is_some(),
            evidence: layer.candidates.iter().map(Evidence::of).collect(),
        })
    }

    pub(super) fn undated(&self, request: &Undated, reply: &mut Reply<'_>) -> Answered {
        let limit = request.limit.map_or(u64::MAX, u64::from);
        self.each_undated(&mut |entry| {
            reply.check()?;
            let data = self.store.content(entry.document, entry.current.revision).map_err(store_error)?;
            let mut suggestions = self.date_suggestions(entry)?;
            suggestions.extend(self.bounds(entry)?);
            let (path, part) = (entry.path.display(), Some(entry.part.clone()));
            let title = data.as_ref().map(headline);
            let item = UndatedDocument { document: entry.document.0, path, part, title, suggestions };
            Ok(reply.item(&item) && reply.sent() < limit)
        })?;
        Ok(End::of_items(reply.sent()))
    }

    /// How many current documents have no date; for `status`. Zero when that cannot be told.
    pub(super) fn undated_count(&self) -> u64 {
        self.count_undated().unwrap_or_default()
    }

    /// Current documents without a date, until `visit` says stop.
    fn each_undated(&self, visit: &mut dyn FnMut(&DocumentEntry) -> Result<bool, ErrorBody>) -> Result<(), ErrorBody> {
        for entry in self.store.documents() {
            let entry = entry.map_err(store_error)?;
            if !entry.open {
                continue;
            }
            let annotations = self.store.annotations(entry.document, entry.current.revision);
            let Some(annotations) = annotations.map_err(store_error)? else { continue };
            let layer = layer_of::<DctLayer>(&annotations.layers)?;
            if layer.is_none_or(|layer| layer.dct.is_none()) && !visit(&entry)? {
                break;
            }
        }
        Ok(())
    }

    /// Dates an undated document may have, with reasons; never applied by themselves. A dated document that shares a
    /// long passage was most likely written about the same time.
    pub(super) fn date_suggestions(&self, entry: &DocumentEntry) -> Result<Vec<DateSuggestion>, ErrorBody> {
        let content = self.store.content(entry.document, entry.current.revision).map_err(store_error)?;
        let Some(content) = content else { return Ok(Vec::new()) };
        let words = passage::words(&content.text);
        let mut found: BTreeMap<DocumentId, DateSuggestion> = BTreeMap::new();
        for probe in passage::probes(&words) {
            let phrase = Node::Phrase(Field::Text, probe.iter().map(|word| Word::Exact(word.clone())).collect());
            let hits = self.run_plan(&Plan::new(phrase, PROBE_HITS))?.hits;
            for hit in hits.iter().filter(|hit| hit.document != entry.document) {
                let (Some(date), false) = (hit.written, found.contains_key(&hit.document)) else { continue };
                found.extend(self.suggestion(&words, hit, date)?.map(|suggestion| (hit.document, suggestion)));
            }
        }
        let mut suggestions: Vec<DateSuggestion> = found.into_values().collect();
        suggestions.sort_by(|one, other| other.confidence.cmp(&one.confidence).then(one.from.cmp(&other.from)));
        suggestions.truncate(SUGGESTIONS_MAX);
        Ok(suggestions)
    }

    /// The days that the text and its file leave, where the text gives a bound at all.
    fn bounds(&self, entry: &DocumentEntry) -> Result<Option<DateSuggestion>, ErrorBody> {
        let annotations = self.store.annotations(entry.document, entry.current.revision).map_err(store_error)?;
        let layer = annotations.map(|annotations| layer_of::<DctLayer>(&annotations.layers)).transpose()?.flatten();
        let latest = layer.as_deref().and_then(|layer| last_day(layer, entry.current.seen_from, &TimeZone::system()));
        Ok(layer.as_deref().and_then(|layer| bounds_of(layer, latest)))
    }

    fn suggestion(
        &self,
        words: &[String],
        hit: &FoundHit,
        date: DateInterval,
    ) -> Result<Option<DateSuggestion>, ErrorBody> {
        let content = self.store.content(hit.document, hit.revision).map_err(store_error)?;
        let Some(content) = content else { return Ok(None) };
        let longest = passage::longest_shared(words, &passage::words(&content.text));
        if longest < SHARED_WORDS_MIN {
            return Ok(None);
        }
        let path = self.store.document(hit.document).map_err(store_error)?.map(|entry| entry.path.display());
        let reason = format!("shares a passage of {longest} words with {}", path.unwrap_or_default());
        let confidence = u8::try_from(20 + longest.min(60)).unwrap_or(80);
        Ok(Some(DateSuggestion { date: date.into(), reason, confidence, from: Some(hit.document.0) }))
    }
}

/// What an article is called.
fn headline(content: &Document) -> String {
    dateline_query::headline_of(content.title.as_deref(), &content.text, &content.marks)
}

/// The last day on which a text can have been written: its file's, with a day to spare for its zone, but none after the one
/// on which it came in here, in the reader's own zone.
pub(super) fn last_day(layer: &DctLayer, seen: Timestamp, zone: &TimeZone) -> Option<Date> {
    layer.not_after.map(|day| day.min(zone.to_datetime(seen).date()))
}

/// From the latest lower bound of an undated layer to its earliest upper one: the text's own, else its file's.
fn bounds_of(layer: &DctLayer, latest: Option<Date>) -> Option<DateSuggestion> {
    let earliest = layer.not_before?;
    let of_role = |role| layer.candidates.iter().filter(move |known| known.role == role && known.weight > 0);
    let lower = of_role(DctRole::LowerBound).find(|known| known.interval.earliest == earliest)?;
    let upper = of_role(DctRole::UpperBound).min_by_key(|known| known.interval.latest);
    let (latest, why, weight) = match (upper, latest) {
        (Some(upper), bound) if bound.is_none_or(|bound| upper.interval.latest <= bound) => {
            (upper.interval.latest, format!("\"{}\", {}", upper.quote, upper.note), upper.weight)
        }
        (_, Some(bound)) => (bound, "the time of its file".to_owned(), lower.weight),
        (_, None) => return None,
    };
    let reason = if upper.is_some_and(|upper| upper.quote == lower.quote) {
        why
    } else {
        format!("not before: \"{}\", {}; not after: {why}", lower.quote, lower.note)
    };
    let date = DateInterval::between(earliest, latest).into();
    Some(DateSuggestion { date, reason, confidence: lower.weight.min(weight), from: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dateline_core::Span;
    use dateline_core::layers::Candidate;

    const TOMORROW: &str = "2026-11-23";

    fn undated(not_after: &str) -> DctLayer {
        let day: Date = "2026-03-01".parse().expect("is a day");
        let bound = Candidate {
            kind: "past-date".to_owned(),
            span: Some(Span { start: 0, end: 5 }),
            quote: "March".to_owned(),
            interval: DateInterval::day(day),
            role: DctRole::LowerBound,
            weight: 60,
            accepted: false,
            note: "told of as past".to_owned(),
        };
        let not_after = Some(not_after.parse().expect("is a day"));
        DctLayer { not_before: Some(day), not_after, candidates: vec![bound], ..DctLayer::default() }
    }

    /// The last day of what is suggested for a text that came in at half past eleven in the evening, Greenwich time.
    fn suggested(file: &str, zone: &TimeZone) -> String {
        let layer = undated(file);
        let seen: Timestamp = "2026-11-22T23:30:00Z".parse().expect("is a time");
        let latest = last_day(&layer, seen, zone);
        let suggestion = bounds_of(&layer, latest).expect("has bounds");
        suggestion.date.latest.to_string()
    }

    #[test]
    fn bounds_end_on_the_day_a_text_came_in() {
        assert_eq!(suggested(TOMORROW, &TimeZone::UTC), "2026-11-22");
        assert_eq!(
            suggested(TOMORROW, &TimeZone::fixed(jiff::tz::offset(9))),
            TOMORROW,
            "where it is tomorrow already"
        );
        assert_eq!(suggested("2026-05-02", &TimeZone::UTC), "2026-05-02", "an old file bounds more");
    }
}
