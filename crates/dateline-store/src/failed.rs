//! Which documents a processor failed on: a mark each, written and removed with their annotations, so that listing them
//! costs what is listed. Why it failed is in the annotations; sources that could not be read have records of their own.

use crate::batch::Batch;
use crate::committer::apply_ready;
use crate::error::StoreError;
use crate::keys;
use crate::model::{Annotations, DocumentEntry};
use crate::read::Reader;
use crate::record::{FailedV1, HeadV1, NamedV1};
use crate::store::{Store, document_entry, locked};
use dateline_core::{DocumentId, OutcomeState};

/// Name of the record that says that every document is marked which ought to be.
pub(crate) const LISTED: &str = "failed-listed";
/// Documents looked at in one transaction where they are marked for the first time.
const LIST_PAGE: usize = 1_000;

/// Whether a processor failed.
pub(crate) fn has_failure(annotations: &Annotations) -> bool {
    annotations.outcomes.iter().any(|outcome| matches!(outcome.state, OutcomeState::Failed { .. }))
}

/// Marks a document whose current revision has a failed result, or takes the mark away.
pub(crate) fn mark(batch: &mut Batch<'_>, document: DocumentId, failed: bool) -> Result<(), StoreError> {
    let key = keys::failed(document);
    if failed { batch.put(key, &FailedV1) } else { batch.delete(key) }
}

/// Marks the documents of a store that an earlier version wrote, or that came from a backup or a history: once.
pub(crate) fn list(store: &Store) -> Result<(), StoreError> {
    if store.view().named(LISTED)?.is_some() {
        return Ok(());
    }
    let mut after = DocumentId(0);
    loop {
        let mut batch = Batch::new(&store.inner.engine, locked(&store.inner.meta).clone());
        let (failed, last) = store.failed_among(after, LIST_PAGE)?;
        for entry in &failed {
            mark(&mut batch, entry.document, true)?;
        }
        if last.is_none() {
            batch.put(keys::named(LISTED), &NamedV1::FailedListed)?;
        }
        if !batch.is_empty() {
            apply_ready(store, batch.finish()?)?;
        }
        let Some(last) = last else { return Ok(()) };
        after = last;
    }
}

impl Store {
    /// Documents that are there and on whose current revision a processor failed, by id, at most `limit` after `after`.
    ///
    /// # Errors
    /// As all reads.
    pub fn failed_documents(&self, after: DocumentId, limit: usize) -> Result<Vec<DocumentEntry>, StoreError> {
        if self.view().named(LISTED)?.is_none() {
            return self.failed_among_all(after, limit);
        }
        let view = self.view();
        let marks = view.records::<FailedV1>(&[keys::FAILED], Some(&keys::failed(after)), limit)?;
        let documents = marks.iter().filter_map(|(key, _)| keys::last_document(key));
        documents.map(|document| Ok(document_entry(document, view.expected(&keys::head(document))?))).collect()
    }

    /// The same where marks are yet to be written: looks at everything.
    fn failed_among_all(&self, after: DocumentId, limit: usize) -> Result<Vec<DocumentEntry>, StoreError> {
        let (mut found, mut next) = (Vec::new(), Some(after));
        while let Some(after) = next.filter(|_| found.len() < limit) {
            let (failed, last) = self.failed_among(after, LIST_PAGE)?;
            found.extend(failed);
            next = last;
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Those of the next `count` documents that have a failed result, and the last one looked at; `None` at the end.
    fn failed_among(
        &self,
        after: DocumentId,
        count: usize,
    ) -> Result<(Vec<DocumentEntry>, Option<DocumentId>), StoreError> {
        let view = self.view();
        let heads = view.records::<HeadV1>(&[keys::HEAD], Some(&keys::head(after)), count)?;
        let last = heads.last().and_then(|(key, _)| keys::last_document(key));
        let mut failed = Vec::new();
        for (key, head) in heads.into_iter().filter(|(_, head)| head.open) {
            let document = keys::last_document(&key).unwrap_or_default();
            if has_failure(&view.annotations_of(&self.inner.unpacker, document, &head.current)?) {
                failed.push(document_entry(document, head));
            }
        }
        Ok((failed, last))
    }
}

#[cfg(test)]
mod tests {
    use super::{LISTED, mark};
    use crate::batch::Batch;
    use crate::committer::apply_ready;
    use crate::keys;
    use crate::model::{Annotations, NewDocument, Operation, SourceSlice};
    use crate::store::locked;
    use crate::{FileIdentity, StateDir, Store, StoreOptions};
    use dateline_core::{ContentHash, Document, DocumentId, Outcome, OutcomeState, SourcePath, StalenessKey};

    fn put(path: &str, failed: bool) -> Operation {
        let state = match failed {
            true => OutcomeState::Failed { reason: "out of time".to_owned() },
            false => OutcomeState::Done,
        };
        let outcome = Outcome {
            processor: "tone".to_owned(),
            version: 1,
            key: StalenessKey::of(path.as_bytes()),
            parts: Vec::new(),
            state,
            diagnostics: Vec::new(),
        };
        let document = NewDocument {
            number: 1,
            document: Document { text: path.to_owned(), ..Document::default() },
            annotations: Annotations { outcomes: vec![outcome], ..Annotations::default() },
            ..NewDocument::default()
        };
        Operation::PutSource(SourceSlice {
            path: SourcePath::new(path),
            identity: FileIdentity::default(),
            content: ContentHash::of(path.as_bytes()),
            parser_key: ContentHash::of(b""),
            documents: vec![document],
            first: true,
            last: true,
            failures: Vec::new(),
            diagnostics: Vec::new(),
        })
    }

    fn listed(store: &Store) -> Vec<u64> {
        let mut found = Vec::new();
        let mut after = DocumentId(0);
        loop {
            let page = store.failed_documents(after, 2).unwrap();
            let Some(last) = page.last() else { return found };
            after = last.document;
            found.extend(page.iter().map(|entry| entry.document.0));
        }
    }

    #[test]
    fn a_store_of_an_earlier_version_is_listed_before_and_after_it_is_marked() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { ballast: false, reserve_bytes: 0, ..StoreOptions::default() };
        let state = StateDir::new(folder.path().join("state"));
        let (store, _) = Store::open(state.lock().unwrap(), &options).unwrap();
        let mut committer = store.committer().unwrap();
        let sources = (1..=9).map(|number| put(&format!("{number}.txt"), number % 3 == 0)).collect();
        committer.commit(sources).unwrap();
        drop(committer);
        assert_eq!(listed(&store), [3, 6, 9]);

        let mut batch = Batch::new(&store.inner.engine, locked(&store.inner.meta).clone());
        batch.delete(keys::named(LISTED)).unwrap();
        (1..=9).for_each(|document| mark(&mut batch, DocumentId(document), false).unwrap());
        apply_ready(&store, batch.finish().unwrap()).unwrap();
        assert_eq!(listed(&store), [3, 6, 9], "by looking at everything");
        let mut committer = store.committer().unwrap();
        assert!(store.inner.engine.view().get(&keys::named(LISTED)).unwrap().is_some());
        assert_eq!(listed(&store), [3, 6, 9], "by their marks");
        committer.commit(vec![Operation::Remove { path: SourcePath::new("6.txt") }]).unwrap();
        assert_eq!(listed(&store), [3, 9]);
        assert_eq!(store.scrub_all().unwrap(), []);
    }
}
