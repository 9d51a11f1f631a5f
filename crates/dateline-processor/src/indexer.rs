//! The trait of indexers: a fold over the ordered change log into something derived that can be rebuilt.

use crate::codec::{CodecError, decode_typed};
use crate::{BuildError, Descriptor, IndexError, ProcessorConfig, Resources};
use dateline_core::{
    ContentHash, DocumentId, Facet, Layer, LayerRecord, Mark, Metadata, Origin, Revision, Sequence, SourcePath,
    Timestamp,
};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// One entry of the change log.
///
/// A new revision has `opened` and, unless it is the first, `closed`. Renamed or annotated anew: only `opened`, with a
/// revision seen before. Deleted: only `closed`. State per document is replaced, never incremented.
#[derive(Clone, Debug)]
pub struct Change {
    /// Position in the change log.
    pub sequence: Sequence,
    /// The document.
    pub document: DocumentId,
    /// The revision that is current from now on.
    pub opened: Option<RevisionView>,
    /// The revision that is current no longer.
    pub closed: Option<RevisionView>,
}

/// One revision of a document with its annotations.
#[derive(Clone, Debug)]
pub struct RevisionView {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// File it stands in.
    pub path: SourcePath,
    /// Which record of the file: its own id, or its number from 1.
    pub part: String,
    /// Headline.
    pub title: Option<String>,
    /// Canonical text.
    pub text: Arc<str>,
    /// Parts of the text that are no prose.
    pub marks: Vec<Mark>,
    /// What the source says about it.
    pub metadata: Metadata,
    /// Where the text stands in the file.
    pub origin: Origin,
    /// Hash of the content.
    pub content: ContentHash,
    /// When it was ingested.
    pub seen_from: Timestamp,
    /// When it was superseded or deleted.
    pub seen_to: Option<Timestamp>,
    /// Its layers, by name.
    pub layers: Vec<LayerRecord>,
    /// Its facets.
    pub facets: Vec<Facet>,
}

impl RevisionView {
    /// A layer of a known type, when the revision has it.
    ///
    /// # Errors
    /// [`CodecError`] when its bytes are of another schema or do not decode.
    pub fn layer<T: Layer>(&self) -> Result<Option<Arc<T>>, CodecError> {
        let found = self.layers.iter().find(|record| record.name == T::NAME);
        found.map(decode_typed::<T>).transpose()
    }
}

/// Longest key of a [`Table`], in bytes.
pub const TABLE_KEY_BYTES_MAX: usize = 512;
/// Largest value of a [`Table`], in bytes.
pub const TABLE_VALUE_BYTES_MAX: usize = 256 << 10;

/// An indexer's private key-value state, committed by the store together with its applied sequence.
pub trait Table {
    /// The value under `key`.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError>;

    /// Sets the value under `key`. What one article says may be larger than a value: cut it into several.
    ///
    /// # Errors
    /// [`IndexError::TooLarge`] beyond [`TABLE_KEY_BYTES_MAX`] or [`TABLE_VALUE_BYTES_MAX`]; [`IndexError::Storage`].
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), IndexError>;

    /// Removes `key`.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError>;

    /// Calls `visit` with each pair under `prefix` in key order, until it returns false.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError>;
}

/// Refuses what a [`Table`] does not take.
///
/// # Errors
/// [`IndexError::TooLarge`].
pub fn check_sizes(key: &[u8], value: &[u8]) -> Result<(), IndexError> {
    for (what, bytes, limit) in [("key", key.len(), TABLE_KEY_BYTES_MAX), ("value", value.len(), TABLE_VALUE_BYTES_MAX)]
    {
        if bytes > limit {
            return Err(IndexError::TooLarge { what, bytes, limit });
        }
    }
    Ok(())
}

/// A fold over the change log. One thread applies changes, in order and one call at a time; others ask it meanwhile and do
/// not wait for it, so what it keeps beside its table needs a lock of its own, held shortly.
pub trait Indexer: Send + Sync {
    /// Name and code version; a raised version means a rebuild.
    fn descriptor(&self) -> &Descriptor;

    /// Applies changes, in sequence order. The store commits `table` with the last sequence in one transaction; an
    /// indexer with a directory of its own makes its state durable itself before [`Indexer::applied`] moves on.
    ///
    /// # Errors
    /// [`IndexError`]; the changes will come again.
    fn apply(&self, changes: &[Change], table: &mut dyn Table) -> Result<(), IndexError>;

    /// Makes durable what was applied. Does nothing for indexers that live in their table.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    fn commit(&self) -> Result<(), IndexError> {
        Ok(())
    }

    /// The last sequence that survives a crash, for an indexer with a directory of its own; `None` when it lives in
    /// its table and the store knows.
    fn applied(&self) -> Option<Sequence> {
        None
    }

    /// Forgets a revision whose retention has ended. Called after the changes before it were applied; may come twice.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    fn forget(&self, document: DocumentId, revision: Revision, table: &mut dyn Table) -> Result<(), IndexError> {
        let _ = (document, revision, table);
        Ok(())
    }

    /// The concrete indexer, for the program that built it and asks it more than [`Indexer::answer`] can say.
    fn as_any(&self) -> Option<&dyn std::any::Any> {
        None
    }

    /// Forgets everything, for a rebuild from the first change.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    fn clear(&self, table: &mut dyn Table) -> Result<(), IndexError>;

    /// Answers a question in JSON: `dateline ask NAME`. `table` shows what is committed.
    ///
    /// # Errors
    /// [`IndexError::BadQuestion`] with what was expected.
    fn answer(&self, question: &Value, table: &dyn Table) -> Result<Value, IndexError>;
}

/// Where an indexer may keep files of its own.
#[derive(Clone, Debug)]
pub struct IndexerHome {
    /// A directory that is the indexer's alone; made by the engine.
    pub directory: PathBuf,
}

/// An indexer that is built from its section of the configuration.
pub trait BuildIndexer: Indexer + Sized + 'static {
    /// Its section of the configuration.
    type Config: ProcessorConfig;

    /// Builds or opens it.
    ///
    /// # Errors
    /// [`BuildError`] naming the option, resource or directory that is wrong.
    fn build(config: Self::Config, resources: &Resources, home: &IndexerHome) -> Result<Self, BuildError>;
}
