//! Answers as long as there is something to send: `tail` and `export`.

use super::search::note;
use super::{Answered, Answerer, Reply, layer_of, store_error};
use dateline_core::layers::{DctLayer, EntityLayer, TimexLayer};
use dateline_core::{DocumentId, Revision, Sequence, Timestamp};
use dateline_protocol::wire::{Arrival, ArrivalKind, ExportDocument, ExportEntity, ExportTimex};
use dateline_protocol::{End, ErrorBody, ErrorKind, Export, ExportWhat, Selection, Tail};
use dateline_store::{ChangeData, ChangeKind, RevisionData};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// Changes read from the log at once.
const CHANGES_AT_ONCE: usize = 100;
/// How often a waiting `tail` looks whether its client is still there.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Characters of text shown with an arrival.
const SNIPPET_CHARS: usize = 160;
/// The least that two times differ in.
const MOMENT: Duration = Duration::from_micros(1);
/// Documents remembered as reported by one `tail --once`.
const REPORTED_MAX: usize = 1_000_000;

impl Answerer {
    /// Documents as they arrive: from the change log, so that a client can go on where it stopped.
    pub(super) fn tail(&self, request: &Tail, reply: &mut Reply<'_>) -> Answered {
        if request.follow {
            self.needs_daemon("tail")?;
        }
        let filter = self.compile_selection(&request.selection)?;
        let began = self.store.sequence();
        let mut at = request.from_sequence.map_or(began, Sequence);
        // What is not searchable yet would seem not to have matched before.
        while request.once && self.control.is_some() && self.live.facts().indexed < at {
            self.live.wait(HEARTBEAT, |facts| facts.indexed >= at || facts.stopping);
            if self.live.facts().stopping || reply.is_gone() {
                return Ok(End::done());
            }
        }
        let mut reported = if request.once { self.matched_before(&request.selection, at)? } else { HashSet::new() };
        loop {
            // What is not searchable yet would not match: it waits for the next round.
            let end = match self.control {
                Some(_) => self.live.facts().indexed.min(self.store.sequence()),
                None => self.store.sequence(),
            };
            while at < end {
                let changes = self.store.changes(at, CHANGES_AT_ONCE).map_err(store_error)?;
                let Some(last) = changes.last().map(|change| change.sequence) else { break };
                for change in changes.into_iter().take_while(|change| change.sequence <= end) {
                    let fresh = !request.once || reported.len() >= REPORTED_MAX || !reported.contains(&change.document);
                    if fresh && filter.matches(self, &change)? {
                        reported.insert(change.document);
                        if !arrival(change, began)?.is_none_or(|arrival| reply.item(&arrival)) {
                            return Ok(End::done());
                        }
                    }
                }
                at = last.min(end);
            }
            if !request.follow {
                return Ok(End::of_items(reply.sent()));
            }
            self.live.wait(HEARTBEAT, |facts| facts.indexed > at || facts.stopping);
            if reply.is_gone() {
                return Ok(End::done());
            }
            if self.live.facts().stopping {
                let body = ErrorBody::new(ErrorKind::NeedsDaemon, "`datelined` is stopping");
                return Err(body.hint(format!("when it runs again, `--from-sequence {}` goes on from here", at.0)));
            }
        }
    }

    /// The documents that matched before a place in the change log: what changes in them later is no news. Those of the
    /// past are judged by the revision current then, with the annotations of today.
    fn matched_before(&self, selection: &Selection, at: Sequence) -> Result<HashSet<DocumentId>, ErrorBody> {
        if self.store.sequence() <= at {
            let matched = self.matching(selection)?;
            // Nothing came while the index was asked.
            if self.store.sequence() <= at {
                return Ok(matched);
            }
        }
        let Some(there) = self.store.there_by(at).map_err(store_error)? else { return Ok(HashSet::new()) };
        let known_at = |time: Timestamp| {
            let time = selection.known_at.map_or(time, |asked| asked.min(time));
            Selection { known_at: Some(time), ..selection.clone() }
        };
        let mut matched = self.matching(&known_at(there.time))?;
        if !there.later.is_empty() {
            let earlier = there.time.saturating_sub(MOMENT).unwrap_or(there.time);
            let earlier = self.matching(&known_at(earlier))?;
            matched.retain(|document| !there.later.contains(document));
            matched.extend(earlier.intersection(&there.later));
        }
        Ok(matched)
    }

    /// All documents a selection matches, up to as many as are remembered.
    fn matching(&self, selection: &Selection) -> Result<HashSet<DocumentId>, ErrorBody> {
        let mut matched = HashSet::new();
        self.each_selected(selection, &mut |document, _| {
            matched.insert(document);
            matched.len() < REPORTED_MAX
        })?;
        Ok(matched)
    }

    /// Flat records of all documents a selection matches, in the order of their ids.
    pub(super) fn export(&self, request: &Export, reply: &mut Reply<'_>) -> Answered {
        let mut failed = None;
        let notes = self.each_selected(&request.selection, &mut |document, revision| {
            let sent = self.export_one(request.what, document, revision, reply);
            match sent {
                Ok(go_on) => go_on,
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        })?;
        notes.iter().for_each(|found| reply.note(note(found)));
        failed.map_or_else(|| Ok(End::of_items(reply.sent())), Err)
    }

    fn export_one(
        &self,
        what: ExportWhat,
        document: DocumentId,
        revision: Revision,
        reply: &mut Reply<'_>,
    ) -> Result<bool, ErrorBody> {
        let data = self.store.revision_data(document, revision).map_err(store_error)?;
        let Some(data) = data else { return Ok(true) };
        match what {
            ExportWhat::Documents => Ok(reply.item(&export_document(data)?)),
            ExportWhat::Timexes => Ok(export_timexes(&data)?.iter().all(|record| reply.item(record))),
            ExportWhat::Entities => Ok(export_entities(&data)?.iter().all(|record| reply.item(record))),
        }
    }
}

/// What a change looks like to who follows since the log ended at `began`; nothing where it is about what retention forgot.
fn arrival(change: ChangeData, began: Sequence) -> Result<Option<Arrival>, ErrorBody> {
    let kind = match change.kind {
        ChangeKind::New | ChangeKind::Reopened => ArrivalKind::Added,
        ChangeKind::Revised => ArrivalKind::Revised,
        ChangeKind::Deleted | ChangeKind::Purged => ArrivalKind::Deleted,
        // Of the past the log keeps the newest entry: the one that told of its coming may be gone.
        ChangeKind::Updated | ChangeKind::Moved if change.sequence <= began && is_first(&change) => ArrivalKind::Added,
        ChangeKind::Updated => ArrivalKind::Annotated,
        ChangeKind::Moved => ArrivalKind::Moved,
    };
    let Some(data) = change.opened.or(change.closed) else { return Ok(None) };
    let dct = layer_of::<DctLayer>(&data.annotations.layers)?;
    let prose = data.content.marks.iter().map(|mark| mark.span.end as usize).max().unwrap_or(0);
    let snippet = dateline_query::beginning(data.content.text.get(prose..).unwrap_or_default(), SNIPPET_CHARS);
    Ok(Some(Arrival {
        sequence: change.sequence.0,
        change: kind,
        time: data.entry.seen_to.unwrap_or(data.entry.seen_from),
        document: data.document.0,
        path: data.path.display(),
        part: Some(data.part),
        title: data.content.title,
        dct: dct.and_then(|layer| layer.dct.as_ref().map(|dct| dct.interval.into())),
        revision: data.entry.revision.0,
        snippet,
    }))
}

fn is_first(change: &ChangeData) -> bool {
    change.opened.as_ref().is_some_and(|opened| opened.entry.revision == Revision(1))
}

fn export_document(data: RevisionData) -> Result<ExportDocument, ErrorBody> {
    let layer = layer_of::<DctLayer>(&data.annotations.layers)?;
    let dct = layer.as_ref().and_then(|layer| layer.dct.as_ref());
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in data.content.metadata.iter() {
        let held = metadata.entry(key.to_owned()).or_default();
        if !held.is_empty() {
            held.push_str("; ");
        }
        held.push_str(value);
    }
    Ok(ExportDocument {
        document: data.document.0,
        revision: data.entry.revision.0,
        path: data.path.display(),
        part: Some(data.part),
        title: data.content.title,
        dct_earliest: dct.map(|dct| dct.interval.earliest),
        dct_latest: dct.map(|dct| dct.interval.latest),
        dct_precision: dct.map(|dct| dct.precision.word().to_owned()),
        dct_confidence: dct.map(|dct| dct.confidence),
        seen_from: data.entry.seen_from,
        content: Some(data.entry.content.hex()),
        metadata,
        text: data.content.text,
    })
}

fn export_timexes(data: &RevisionData) -> Result<Vec<ExportTimex>, ErrorBody> {
    let layer = layer_of::<TimexLayer>(&data.annotations.layers)?.unwrap_or_default();
    let record = |timex: &dateline_core::layers::Timex| ExportTimex {
        document: data.document.0,
        revision: data.entry.revision.0,
        path: data.path.display(),
        start: timex.span.start,
        end: timex.span.end,
        kind: timex.kind.word().to_owned(),
        value: timex.value.clone(),
        text: timex.span.slice(&data.content.text).unwrap_or_default().to_owned(),
        earliest: timex.earliest,
        latest: timex.latest,
        rule: timex.rule.clone(),
    };
    Ok(layer.0.iter().map(record).collect())
}

fn export_entities(data: &RevisionData) -> Result<Vec<ExportEntity>, ErrorBody> {
    let layer = layer_of::<EntityLayer>(&data.annotations.layers)?.unwrap_or_default();
    let record = |mention: &dateline_core::layers::Mention| {
        let entity = layer.entities.get(mention.entity as usize)?;
        Some(ExportEntity {
            document: data.document.0,
            revision: data.entry.revision.0,
            path: data.path.display(),
            start: mention.span.start,
            end: mention.span.end,
            kind: mention.kind.word().to_owned(),
            text: mention.span.slice(&data.content.text).unwrap_or_default().to_owned(),
            name: entity.name.clone(),
            entity: mention.entity + 1,
            reference: entity.reference.clone(),
        })
    };
    Ok(layer.mentions.iter().filter_map(record).collect())
}
