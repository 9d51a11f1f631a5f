//! For the tests of indexers, and of what asks them: revisions to index, and tables: one in memory, and one for an index that needs none.

use dateline_pipeline::processor::core::{ContentHash, DocumentId, Metadata, Origin, Revision, SourcePath, Timestamp};
use dateline_pipeline::processor::{IndexError, RevisionView, Table, check_sizes};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table that keeps nothing, for an indexer with files of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTable;

impl Table for NoTable {
    fn get(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(None)
    }
    fn put(&mut self, _key: &[u8], _value: &[u8]) -> Result<(), IndexError> {
        Ok(())
    }
    fn delete(&mut self, _key: &[u8]) -> Result<(), IndexError> {
        Ok(())
    }
    fn scan(&self, _prefix: &[u8], _visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        Ok(())
    }
}

/// A table in memory, with the limits of the daemon's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryTable(BTreeMap<Vec<u8>, Vec<u8>>);

impl Table for MemoryTable {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.get(key).cloned())
    }
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), IndexError> {
        check_sizes(key, value)?;
        self.0.insert(key.to_vec(), value.to_vec());
        Ok(())
    }
    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError> {
        self.0.remove(key);
        Ok(())
    }
    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        for (key, value) in self.0.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix)) {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}

/// The first revision of a document, current, with a text and nothing else. Tests change what they are about.
#[must_use]
pub fn revision(document: u64, path: &str, text: impl Into<Arc<str>>) -> RevisionView {
    let text = text.into();
    RevisionView {
        document: DocumentId(document),
        revision: Revision(1),
        path: SourcePath::new(path),
        part: "1".to_owned(),
        title: None,
        content: ContentHash::of(text.as_bytes()),
        text,
        marks: Vec::new(),
        metadata: Metadata::default(),
        origin: Origin::default(),
        seen_from: Timestamp::UNIX_EPOCH,
        seen_to: None,
        layers: Vec::new(),
        facets: Vec::new(),
    }
}

/// A stored revision as an indexer sees it: what the daemon hands to its own.
#[cfg(feature = "store")]
#[must_use]
pub fn stored_revision(data: dateline_store::RevisionData) -> RevisionView {
    RevisionView {
        document: data.document,
        revision: data.entry.revision,
        path: data.path,
        part: data.part,
        title: data.content.title,
        text: data.content.text.into(),
        marks: data.content.marks,
        metadata: data.content.metadata,
        origin: data.content.origin,
        content: data.entry.content,
        seen_from: data.entry.seen_from,
        seen_to: data.entry.seen_to,
        layers: data.annotations.layers,
        facets: data.annotations.facets,
    }
}
