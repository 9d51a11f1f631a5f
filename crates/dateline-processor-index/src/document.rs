//! From a revision to the document that stands for it in the index. Reads layers; decides nothing about them.

use crate::schema::{Fields, TagKind, day, facet_tag, key, micros, pack, sketch_tag, tag};
use crate::sketch::sketch;
use dateline_processor::RevisionView;
use dateline_processor::core::layers::{DctLayer, EntityLayer, EntityType, LanguageLayer, TimexLayer};
use dateline_processor::core::{Layer, keys};
use std::collections::BTreeSet;
use std::sync::Arc;
use tantivy::TantivyDocument;

/// Time expressions indexed per document; what comes after is not found by `mentions:`.
const MENTIONS_PER_DOCUMENT_MAX: usize = 512;
/// Names indexed per document.
const NAMES_PER_DOCUMENT_MAX: usize = 2_048;
/// Longest time expression that is found through its months, in days.
pub(crate) const MONTH_TAG_DAYS_MAX: i64 = 31;
/// Longest value that becomes a tag, in bytes; longer ones are left out.
const TAG_BYTES_MAX: usize = 512;

/// The tantivy document of a revision.
pub(crate) fn index_document(fields: &Fields, view: &RevisionView) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_text(fields.key, key(view.document, view.revision));
    document.add_u64(fields.document, view.document.0);
    document.add_u64(fields.revision, u64::from(view.revision.0));
    document.add_i64(fields.seen_from, micros(view.seen_from));
    document.add_i64(fields.seen_to, view.seen_to.map_or(i64::MAX, micros));
    let mut tags = BTreeSet::new();
    tags.insert(tag(TagKind::Document, &view.document.to_string()));
    add_prose(fields, view, &mut document);
    add_origin(fields, view, &mut document, &mut tags);
    add_dates(fields, view, &mut document, &mut tags);
    add_names(fields, view, &mut document, &mut tags);
    tags.extend(view.facets.iter().map(|facet| facet_tag(&facet.name, &facet.value)));
    tags.extend(sketch(prose(view)).into_iter().map(sketch_tag));
    for tag in tags.into_iter().filter(|tag| tag.len() <= TAG_BYTES_MAX) {
        document.add_text(fields.tag, tag);
    }
    document
}

/// A layer that decodes; one of another schema counts as absent until the revision is annotated anew.
fn layer<T: Layer>(view: &RevisionView) -> Option<Arc<T>> {
    match view.layer::<T>() {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(document = %view.document, layer = T::NAME, %error, "layer is not indexed");
            None
        }
    }
}

/// The text without the marks, piece by piece.
fn prose(view: &RevisionView) -> impl Iterator<Item = &str> {
    let ends = view.marks.iter().map(|mark| (mark.span.start as usize, mark.span.end as usize));
    let last = [(view.text.len(), view.text.len())];
    let mut from = 0;
    ends.chain(last).filter_map(move |(to, next)| view.text.get(std::mem::replace(&mut from, next)..to))
}

/// Title and text, without the marks. A title that is no part of the text stands before it.
fn add_prose(fields: &Fields, view: &RevisionView, document: &mut TantivyDocument) {
    if let Some(title) = view.title.as_deref() {
        document.add_text(fields.title, title);
        if !view.text.get(..title.len() * 2 + 256).unwrap_or(&view.text).contains(title) {
            document.add_text(fields.text, title);
        }
    }
    prose(view).for_each(|piece| document.add_text(fields.text, piece));
}

fn add_origin(fields: &Fields, view: &RevisionView, document: &mut TantivyDocument, tags: &mut BTreeSet<String>) {
    document.add_text(fields.path, view.path.display());
    if let Some(extension) = view.path.extension() {
        tags.insert(tag(TagKind::Extension, &extension));
    }
    for source in view.metadata.all(keys::SOURCE) {
        document.add_text(fields.source, source);
    }
    let told = layer::<LanguageLayer>(view);
    let told = told.as_ref().and_then(|layer| layer.0.as_ref()).map(|language| language.tag.as_str());
    for language in view.metadata.all(keys::LANGUAGE).chain(told) {
        let language = language.to_lowercase().replace('_', "-");
        let parts = language.match_indices('-').map(|(at, _)| at).chain([language.len()]);
        tags.extend(parts.map(|end| tag(TagKind::Language, &language[..end])));
    }
}

fn add_dates(fields: &Fields, view: &RevisionView, document: &mut TantivyDocument, tags: &mut BTreeSet<String>) {
    if let Some(dating) = layer::<DctLayer>(view) {
        if let Some(dct) = &dating.dct {
            document.add_i64(fields.written_from, day(dct.interval.earliest));
            document.add_i64(fields.written_to, day(dct.interval.latest));
        }
        if let Some(latest) = dating.latest_possible() {
            document.add_i64(fields.latest, day(latest));
        }
    }
    let Some(timexes) = layer::<TimexLayer>(view) else { return };
    let intervals: BTreeSet<(i64, i64)> = timexes
        .0
        .iter()
        .filter_map(|timex| timex.interval())
        .map(|interval| (day(interval.earliest), day(interval.latest)))
        .take(MENTIONS_PER_DOCUMENT_MAX)
        .collect();
    for (from, to) in intervals {
        document.add_u64(fields.mentions, pack(from, to));
        if to - from < MONTH_TAG_DAYS_MAX {
            tags.extend([from, to].into_iter().filter_map(month_tag));
        }
    }
}

/// The tag of the month in which a day lies.
pub(crate) fn month_tag(day: i64) -> Option<String> {
    let date = crate::schema::date_of(day)?;
    Some(tag(TagKind::Month, &format!("{:04}-{:02}", date.year(), date.month())))
}

fn add_names(fields: &Fields, view: &RevisionView, document: &mut TantivyDocument, tags: &mut BTreeSet<String>) {
    let Some(layer) = layer::<EntityLayer>(view) else { return };
    let mut names = BTreeSet::new();
    for entity in &layer.entities {
        names.insert((entity.kind, entity.name.as_str()));
        if let Some(reference) = &entity.reference {
            tags.insert(tag(TagKind::Reference, reference));
        }
    }
    for mention in &layer.mentions {
        if let Some(name) = mention.span.slice(&view.text) {
            names.insert((mention.kind, name));
        }
    }
    for (kind, name) in names.into_iter().take(NAMES_PER_DOCUMENT_MAX) {
        let field = match kind {
            EntityType::Per => fields.person,
            EntityType::Org => fields.org,
            EntityType::Loc => fields.place,
            EntityType::Misc => fields.misc,
        };
        document.add_text(field, name);
    }
}
