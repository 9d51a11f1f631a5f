//! Everything of a kind as one series, in the order of its keys. Read a page at a time, so that neither memory nor other
//! readers pay for its length; what changes meanwhile may be seen or not. Single records are read in `store`.

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::model::{DocumentEntry, FailureEntry, SourceEntry};
use crate::read::Reader;
use crate::record::{CatalogV1, FailureV1, HeadV1, Record};
use crate::store::{Store, document_entry, source_entry};
use dateline_core::SourcePath;

/// Records read at once.
const PAGE: usize = 500;

impl Store {
    /// Sources that are not removed, by path.
    ///
    /// # Errors
    /// Each item as all reads; the series ends with the first error.
    pub fn sources(&self) -> impl Iterator<Item = Result<SourceEntry, StoreError>> {
        self.sources_below(&SourcePath::default())
    }

    /// As [`Store::sources`], only those that are `directory` or below it, the directory itself first.
    ///
    /// # Errors
    /// As [`Store::sources`].
    pub fn sources_below<'a>(
        &'a self,
        directory: &SourcePath,
    ) -> impl Iterator<Item = Result<SourceEntry, StoreError>> + use<'a> {
        let own = self.source(directory).transpose();
        let all = own.into_iter().chain(self.sources_in(keys::catalog(&directory.join(b""))));
        all.filter(|entry| entry.as_ref().map_or(true, |entry| !entry.removed))
    }

    /// As [`Store::sources`], removed ones too, of which documents are kept.
    ///
    /// # Errors
    /// As [`Store::sources`].
    pub fn all_sources(&self) -> impl Iterator<Item = Result<SourceEntry, StoreError>> {
        self.sources_in(keys::catalog(&SourcePath::default()))
    }

    fn sources_in(&self, prefix: Key) -> impl Iterator<Item = Result<SourceEntry, StoreError>> {
        let entry = |(key, record): (Key, CatalogV1)| source_entry(keys::path_of(&key), record);
        self.every(prefix).map(move |found| found.map(entry))
    }

    /// Documents by id, deleted ones too.
    ///
    /// # Errors
    /// As [`Store::sources`].
    pub fn documents(&self) -> impl Iterator<Item = Result<DocumentEntry, StoreError>> {
        let entry = |(key, head): (Key, HeadV1)| document_entry(keys::last_document(&key).unwrap_or_default(), head);
        self.every(vec![keys::HEAD]).map(move |found| found.map(entry))
    }

    /// Listed failures, by path.
    ///
    /// # Errors
    /// As [`Store::sources`].
    pub fn failures(&self) -> impl Iterator<Item = Result<FailureEntry, StoreError>> {
        self.failures_below(&SourcePath::default())
    }

    /// As [`Store::failures`], only those of `directory` or below it, its own first.
    ///
    /// # Errors
    /// As [`Store::sources`].
    pub fn failures_below<'a>(
        &'a self,
        directory: &SourcePath,
    ) -> impl Iterator<Item = Result<FailureEntry, StoreError>> + use<'a> {
        let own = self.failure(directory).transpose();
        let below = self.every::<FailureV1>(keys::failure(&directory.join(b"")));
        own.into_iter().chain(below.map(|found| {
            let (key, record) = found?;
            self.failure_entry(&self.view(), keys::path_of(&key), record)
        }))
    }

    /// Every record below a prefix.
    pub(crate) fn every<R: Record>(&self, prefix: Key) -> impl Iterator<Item = Result<(Key, R), StoreError>> {
        let (mut page, mut after, mut is_last) = (Vec::new().into_iter(), None::<Key>, false);
        std::iter::from_fn(move || {
            if page.len() == 0 && !is_last {
                let read = self.view().records::<R>(&prefix, after.as_deref(), PAGE);
                is_last = read.as_ref().map_or(true, |fresh| fresh.len() < PAGE);
                match read {
                    Ok(fresh) => {
                        after = fresh.last().map(|(key, _)| key.clone());
                        page = fresh.into_iter();
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
            page.next().map(Ok)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PAGE;
    use crate::batch::Batch;
    use crate::committer::apply_ready;
    use crate::keys;
    use crate::read::Reader;
    use crate::record::FailedV1;
    use crate::store::locked;
    use crate::{StateDir, Store, StoreOptions};
    use dateline_core::DocumentId;

    #[test]
    fn a_series_goes_on_over_the_ends_of_pages() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { ballast: false, reserve_bytes: 0, ..StoreOptions::default() };
        let (store, _) = Store::open(StateDir::new(folder.path()).lock().unwrap(), &options).unwrap();
        let mut wanted: Vec<u64> = Vec::new();
        for count in [0, PAGE - 1, 1, PAGE + 1] {
            let mut batch = Batch::new(&store.inner.engine, locked(&store.inner.meta).clone());
            for _ in 0..count {
                let next = wanted.len() as u64 + 1;
                batch.put(keys::failed(DocumentId(next)), &FailedV1).unwrap();
                wanted.push(next);
            }
            apply_ready(&store, batch.finish().unwrap()).unwrap();
            let found = store.every::<FailedV1>(vec![keys::FAILED]);
            let found = found.map(|one| keys::last_document(&one.unwrap().0).unwrap().0);
            assert_eq!(found.collect::<Vec<_>>(), wanted);
        }
        let misread = store.every::<crate::record::HeadV1>(vec![keys::FAILED]);
        let errors: Vec<bool> = misread.map(|one| one.is_err()).collect();
        assert_eq!(errors, [true], "the series ends with its first error");
        assert!(store.view().named(crate::failed::LISTED).unwrap().is_some());
    }
}
