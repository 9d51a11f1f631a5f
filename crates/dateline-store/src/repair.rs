//! Each of store and history can be given what it lacks from the other. Here: the history from the store.

use crate::blob::Unpacker;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::history::{BatchV1, BodyCopyV1, EntryV1, PlaceV1, Writer};
use crate::keys;
use crate::limits::TRANSACTION_DOCUMENTS_MAX;
use crate::read::Reader;
use crate::record::{ChangeKindV1, ChangeV1, HeadV1, MetaV1, RevisionV1};
use dateline_core::{DocumentId, Revision, Sequence};

/// Where a document stands.
pub(crate) fn place(head: &HeadV1) -> PlaceV1 {
    PlaceV1 { path: head.path.clone(), part: head.part.clone(), own: head.own, number: head.number }
}

/// A revision that became current.
pub(crate) fn opened(sequence: u64, document: DocumentId, head: &HeadV1, revision: &RevisionV1) -> EntryV1 {
    EntryV1::Opened {
        sequence,
        document: document.0,
        revision: revision.revision,
        place: place(head),
        content: revision.content,
        from: revision.from,
    }
}

/// A revision that ended, with its text.
pub(crate) fn closed(
    reader: &impl Reader,
    unpacker: &Unpacker,
    sequence: u64,
    document: DocumentId,
    revision: &RevisionV1,
    deleted: bool,
) -> Result<EntryV1, StoreError> {
    let body = if revision.body.is_absent() {
        None
    } else {
        let prefix = keys::body(document, Revision(revision.revision));
        let (blob, stored) = reader.portable(unpacker, &prefix, &revision.body)?;
        Some(BodyCopyV1 { blob, stored: crate::codec::Blob(stored) })
    };
    Ok(EntryV1::Closed {
        sequence,
        document: document.0,
        revision: revision.revision,
        content: revision.content,
        from: revision.from,
        to: revision.to.unwrap_or(revision.from),
        deleted,
        body,
    })
}

/// What a change says about revisions, read from the store as it is now. Saying something twice does no harm.
fn entries(
    reader: &impl Reader,
    unpacker: &Unpacker,
    sequence: u64,
    change: &ChangeV1,
) -> Result<Vec<EntryV1>, StoreError> {
    let document = DocumentId(change.document);
    let mut found = Vec::new();
    if let Some(number) = change.closed
        && let Some((_, revision)) = reader.revision(document, Revision(number))?
        && revision.to.is_some()
    {
        let deleted = change.kind == ChangeKindV1::Deleted;
        found.push(closed(reader, unpacker, sequence, document, &revision, deleted)?);
    }
    if let Some(number) = change.opened
        && let Some((head, revision)) = reader.revision(document, Revision(number))?
    {
        found.push(opened(sequence, document, &head, &revision));
        if matches!(change.kind, ChangeKindV1::Updated | ChangeKindV1::Moved) {
            found.push(EntryV1::Moved { sequence, document: document.0, place: place(&head) });
        }
    }
    let purged = change.purged.iter();
    found.extend(purged.map(|revision| EntryV1::Purged { sequence, document: document.0, revision: *revision }));
    Ok(found)
}

/// Gives the history the changes it lacks: those that were durable in the store when a crash came. Says how many.
pub(crate) fn append_missing(engine: &Engine, meta: &MetaV1, writer: &mut Writer) -> Result<u64, StoreError> {
    let missing = meta.sequence.saturating_sub(writer.last());
    let unpacker = Unpacker::default();
    while writer.last() < meta.sequence {
        let view = engine.view();
        let after = keys::change(Sequence(writer.last()));
        let page = view.records::<ChangeV1>(&[keys::CHANGE], Some(&after), TRANSACTION_DOCUMENTS_MAX)?;
        let mut batch = BatchV1 { time: meta.time, entries: Vec::new() };
        let mut last = meta.sequence;
        for (key, change) in &page {
            last = keys::last_document(key).map_or(last, |sequence| sequence.0);
            batch.entries.extend(entries(&view, &unpacker, last, change)?);
        }
        if page.len() < TRANSACTION_DOCUMENTS_MAX {
            last = meta.sequence;
        }
        writer.append(last, &batch)?;
    }
    if missing > 0 {
        writer.sync()?;
    }
    Ok(missing)
}

/// Writes a whole history anew: every kept revision once, in order of documents, as one range of sequences, and the
/// highest id that was ever given.
pub(crate) fn write_history(engine: &Engine, meta: &MetaV1, writer: &mut Writer) -> Result<(), StoreError> {
    writer.begin()?;
    let unpacker = Unpacker::default();
    let mut after: Option<keys::Key> = None;
    let mut batch = BatchV1 { time: meta.time, entries: Vec::new() };
    // A frame must advance the sequence; all but the last stand at sequences of their own, one each.
    loop {
        let view = engine.view();
        let page = view.records::<HeadV1>(&[keys::HEAD], after.as_deref(), TRANSACTION_DOCUMENTS_MAX)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, head) in page {
            let document = keys::last_document(&key).unwrap_or_default();
            document_history(&view, &unpacker, document, &head, &mut batch)?;
        }
        drop(view);
        if writer.last() + 1 < meta.sequence {
            writer.append(writer.last() + 1, &batch)?;
            batch.entries.clear();
        }
    }
    batch.entries.extend(newest_forgotten(&engine.view(), meta)?);
    if writer.last() < meta.sequence {
        writer.append(meta.sequence, &batch)?;
    }
    writer.sync()
}

/// What keeps the highest document id in a history whose document retention forgot: without it, a store made from this
/// history would give the id to another document.
fn newest_forgotten(reader: &impl Reader, meta: &MetaV1) -> Result<Option<EntryV1>, StoreError> {
    let newest = meta.next_document.saturating_sub(1);
    if newest == 0 || reader.head(DocumentId(newest))?.is_some() {
        return Ok(None);
    }
    Ok(Some(EntryV1::Purged { sequence: meta.sequence, document: newest, revision: 1 }))
}

/// Everything the store knows of one document, as history entries.
fn document_history(
    reader: &impl Reader,
    unpacker: &Unpacker,
    document: DocumentId,
    head: &HeadV1,
    batch: &mut BatchV1,
) -> Result<(), StoreError> {
    let mut after: Option<keys::Key> = None;
    loop {
        let prefix = keys::revisions(document);
        let page = reader.records::<RevisionV1>(&prefix, after.as_deref(), TRANSACTION_DOCUMENTS_MAX)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (_, old) in page {
            batch.entries.push(opened(old.changed, document, head, &old));
            batch.entries.push(closed(reader, unpacker, old.changed, document, &old, false)?);
        }
    }
    let current = &head.current;
    batch.entries.push(opened(current.changed, document, head, current));
    if !head.open {
        batch.entries.push(closed(reader, unpacker, current.changed, document, current, true)?);
    }
    Ok(())
}
