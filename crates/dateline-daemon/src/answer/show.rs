//! `show`: one document in full, any revision of it, and the difference between two.

use super::{Answered, Answerer, Reply, layer_error, layer_of, store_error, unknown};
use crate::difference;
use dateline_core::layers::{DctLayer, EntityLayer, LanguageLayer, TimexLayer};
use dateline_core::{Revision, Timestamp};
use dateline_protocol::wire::{
    DocumentDct, Fact, LanguageOut, MentionOut, OutcomeOut, RevisionSummary, Shown, TimexOut,
};
use dateline_protocol::{End, ErrorBody, ErrorKind, Show};
use dateline_store::{DocumentEntry, RevisionData, RevisionEntry};
use serde_json::Value;
use std::collections::BTreeMap;

impl Answerer {
    pub(super) fn show(&self, request: &Show, reply: &mut Reply<'_>) -> Answered {
        let entry = self.find_known(&request.document, request.known_at)?;
        let revisions = self.store.revisions(entry.document).map_err(store_error)?;
        let wanted = self.wanted_revision(request, &entry, &revisions)?;
        let data = self.revision(&entry, wanted)?;
        if let Some(line) = request.at {
            stands_on(line, &data)?;
        }
        let mut shown = self.shown(&entry, data)?;
        shown.revisions = revisions.iter().map(|revision| self.summary(&entry, revision)).collect::<Result<_, _>>()?;
        let layers = self.revision(&entry, wanted)?.annotations.layers;
        for name in wanted_layers(request, &layers) {
            shown.layers.insert(name.clone(), self.layer_json(&name, &layers)?);
        }
        if let Some(from) = request.diff {
            let before = self.revision(&entry, Revision(from))?;
            shown.diff_from = Some(from);
            shown.diff = Some(difference::lines(&before.content.text, &shown.text));
        }
        reply.item(&shown);
        Ok(End::done())
    }

    fn wanted_revision(
        &self,
        request: &Show,
        entry: &DocumentEntry,
        revisions: &[RevisionEntry],
    ) -> Result<Revision, ErrorBody> {
        let is_known = |number: u32| revisions.iter().any(|revision| revision.revision.0 == number);
        if let Some(unknown) = [request.revision, request.diff].into_iter().flatten().find(|number| !is_known(*number))
        {
            let numbers: Vec<String> = revisions.iter().map(|revision| revision.revision.to_string()).collect();
            let message = format!("document {} has no revision {unknown}", entry.document);
            let have = format!("it has {}", numbers.join(", "));
            return Err(ErrorBody::new(ErrorKind::NotFound, message).hint(have));
        }
        if let Some(number) = request.revision {
            return Ok(Revision(number));
        }
        let Some(time) = request.known_at else { return Ok(entry.current.revision) };
        let then = self.store.revision_at(entry.document, time).map_err(store_error)?;
        then.map(|revision| revision.revision).ok_or_else(|| {
            let message = format!("document {} was not there at {}", entry.document, to_the_second(time));
            let body = ErrorBody::new(ErrorKind::NotFound, message);
            match revisions.first() {
                Some(first) => body.hint(format!("it came in at {}", to_the_second(first.seen_from))),
                None => body,
            }
        })
    }

    pub(super) fn revision(&self, entry: &DocumentEntry, revision: Revision) -> Result<RevisionData, ErrorBody> {
        let data = self.store.revision_data(entry.document, revision).map_err(store_error)?;
        data.ok_or_else(|| {
            ErrorBody::new(ErrorKind::NotFound, format!("document {} has no revision {revision}", entry.document))
        })
    }

    fn summary(&self, entry: &DocumentEntry, revision: &RevisionEntry) -> Result<RevisionSummary, ErrorBody> {
        let content = self.store.content(entry.document, revision.revision).map_err(store_error)?;
        Ok(RevisionSummary {
            revision: revision.revision.0,
            seen_from: revision.seen_from,
            seen_to: revision.seen_to,
            bytes: content.map_or(0, |content| content.text.len() as u64),
        })
    }

    /// The wire form of a revision, without the things only `show` has room for.
    pub(super) fn shown(&self, entry: &DocumentEntry, data: RevisionData) -> Result<Shown, ErrorBody> {
        let layers = &data.annotations.layers;
        let text = &data.content.text;
        let dct = layer_of::<DctLayer>(layers)?.and_then(|layer| DocumentDct::of(&layer));
        let timex = layer_of::<TimexLayer>(layers)?.map(|layer| TimexOut::all(&layer, text)).unwrap_or_default();
        let entities = layer_of::<EntityLayer>(layers)?.map(|layer| MentionOut::all(&layer, text)).unwrap_or_default();
        let newest = data.entry.revision == entry.current.revision;
        Ok(Shown {
            document: data.document.0,
            path: data.path.display(),
            part: Some(data.part),
            title: data.content.title,
            dct,
            revision: data.entry.revision.0,
            line: data.content.origin.line.max(1),
            has_lines: data.content.origin.has_lines(),
            offset: data.content.origin.offset,
            content: Some(data.entry.content.hex()),
            language: layer_of::<LanguageLayer>(layers)?.and_then(|layer| layer.0.as_ref().map(LanguageOut::of)),
            metadata: Fact::all(&data.content.metadata),
            marks: data.content.marks.iter().map(|mark| mark.span.into()).collect(),
            timex,
            entities,
            outcomes: OutcomeOut::all(&data.annotations.outcomes),
            seen_from: data.entry.seen_from,
            seen_to: data.entry.seen_to,
            deleted: newest && !entry.open,
            revisions: Vec::new(),
            layers: BTreeMap::new(),
            layer_names: layers.iter().map(|layer| layer.name.clone()).collect(),
            diff: None,
            diff_from: None,
            text: data.content.text,
        })
    }

    /// A stored layer as JSON, by the codec its processor declared.
    fn layer_json(&self, name: &str, layers: &[dateline_core::LayerRecord]) -> Result<Value, ErrorBody> {
        let record = layers.iter().find(|record| record.name == name).ok_or_else(|| {
            let names: Vec<String> = layers.iter().map(|record| record.name.clone()).collect();
            unknown(format!("the document has no layer `{name}`"), name, &names)
        })?;
        let Some(spec) = self.program.layer_spec(name) else {
            let message = format!("no processor of this program knows layer `{name}`");
            return Err(ErrorBody::new(ErrorKind::NotFound, message));
        };
        let value = spec.decode(record).map_err(|error| layer_error(name, &error))?;
        spec.to_json(&*value).map_err(|error| layer_error(name, &error))
    }
}

/// A time as `--known-at` takes it.
fn to_the_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whether a text stands on a line of its file.
fn stands_on(line: u32, data: &RevisionData) -> Result<(), ErrorBody> {
    let (first, last) = data.content.origin.lines(&data.content.text);
    if (first..=last).contains(&line) {
        return Ok(());
    }
    let lines = match first == last {
        true => format!("line {first}"),
        false => format!("lines {first} to {last}"),
    };
    let message = format!("the text of `{}` does not stand on line {line}", data.path);
    Err(ErrorBody::new(ErrorKind::NotFound, message).hint(format!("it stands on {lines}")))
}

fn wanted_layers(request: &Show, layers: &[dateline_core::LayerRecord]) -> Vec<String> {
    if request.layers.iter().any(|name| name == "*") {
        return layers.iter().map(|record| record.name.clone()).collect();
    }
    request.layers.clone()
}
