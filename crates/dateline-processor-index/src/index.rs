//! The indexer: folds changes into the tantivy directory, one document per revision, and commits with the sequence.

use crate::columns::OpenColumns;
use crate::config::IndexConfig;
use crate::document::index_document;
use crate::schema::{Fields, VERSION, key, tokenizers};
use crate::search::Searching;
use dateline_processor::core::layers::{DctLayer, EntityLayer, LanguageLayer, TimexLayer};
use dateline_processor::core::{DocumentId, Revision, Sequence};
use dateline_processor::{
    BuildError, BuildIndexer, Change, Descriptor, IndexError, Indexer, IndexerHome, Input, Resources, RevisionView,
    Table,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::Schema;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

/// Segments of about the same size that are merged into one.
const MERGED_SEGMENTS: usize = 4;
/// Segments with fewer documents than this count as being of one size, in documents.
const SMALL_SEGMENT_DOCUMENTS: u32 = 64;
/// Segments with more documents than this are merged no more, in documents.
const LARGE_SEGMENT_DOCUMENTS: usize = 200_000;
/// Share of deleted documents from which a segment is rewritten.
const DELETED_SHARE_MAX: f32 = 0.3;

/// What a commit says about itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Payload {
    version: u32,
    sequence: u64,
}

/// Full text, dates, names and facets, in a directory of its own.
pub struct Index {
    descriptor: Descriptor,
    directory: PathBuf,
    heap_bytes: usize,
    schema: Schema,
    fields: Fields,
    /// Shared with every [`Searching`]; another one only after everything was forgotten.
    reader: Arc<RwLock<IndexReader>>,
    columns: Arc<OpenColumns>,
    /// The last sequence that survives a crash, beside `writing` because it is asked for while changes are applied.
    applied: AtomicU64,
    writing: Mutex<Writing>,
}

/// What only the one who applies changes needs.
struct Writing {
    index: tantivy::Index,
    /// Opened with the first change: whoever only searches takes no lock and starts no thread.
    writer: Option<IndexWriter>,
    pending: Sequence,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("directory", &self.directory)
            .field("applied", &self.durable())
            .finish_non_exhaustive()
    }
}

fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> IndexError {
    IndexError::Storage { doing: "written", source: error.into() }
}

fn open(directory: &Path, schema: &Schema) -> Result<tantivy::Index, TantivyError> {
    let mut index = tantivy::Index::open_or_create(MmapDirectory::open(directory)?, schema.clone())?;
    index.set_tokenizers(tokenizers());
    Ok(index)
}

fn reader(index: &tantivy::Index) -> Result<IndexReader, TantivyError> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()
}

/// The sequence of the last commit; `None` when the index has another form than this code gives it.
fn committed(index: &tantivy::Index) -> Option<Sequence> {
    let metas = index.load_metas().ok()?;
    let Some(payload) = metas.payload else {
        return metas.segments.is_empty().then_some(Sequence(0));
    };
    let payload: Payload = serde_json::from_str(&payload).ok()?;
    (payload.version == VERSION).then_some(Sequence(payload.sequence))
}

/// Empties the directory, so that the index starts anew.
fn wipe(directory: &Path) -> std::io::Result<()> {
    if directory.exists() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
    }
    fs::create_dir_all(directory)
}

impl Index {
    /// Opens the index in a directory of its own, or starts it. One that is damaged or of another form is emptied:
    /// [`Indexer::applied`] then says 0 and everything comes again.
    ///
    /// # Errors
    /// [`IndexError::Storage`] when the directory cannot be read or written.
    pub fn open(directory: &Path, heap_bytes: usize) -> Result<Index, IndexError> {
        let (schema, fields) = Fields::new();
        fs::create_dir_all(directory).map_err(unwritable)?;
        let opened = open(directory, &schema).ok().and_then(|index| {
            let sequence = committed(&index)?;
            let reader = reader(&index).ok()?;
            Some((index, reader, sequence))
        });
        let (index, reader, applied) = match opened {
            Some(opened) => opened,
            None => {
                tracing::warn!(directory = %directory.display(), "index has another form or is damaged, it is rebuilt");
                wipe(directory).map_err(unwritable)?;
                let index = open(directory, &schema).map_err(unwritable)?;
                let reader = reader(&index).map_err(unwritable)?;
                (index, reader, Sequence(0))
            }
        };
        Ok(Index {
            descriptor: descriptor(),
            directory: directory.to_owned(),
            heap_bytes,
            schema,
            fields,
            reader: Arc::new(RwLock::new(reader)),
            columns: Arc::default(),
            applied: AtomicU64::new(applied.0),
            writing: Mutex::new(Writing { index, writer: None, pending: applied }),
        })
    }

    /// A handle for reading that other threads may clone and keep. It sees every commit from now on.
    #[must_use]
    pub fn searching(&self) -> Searching {
        Searching { reader: Arc::clone(&self.reader), fields: self.fields.clone(), columns: Arc::clone(&self.columns) }
    }

    /// The last sequence that was applied, committed or not.
    #[must_use]
    pub fn pending(&self) -> Sequence {
        self.writing().pending
    }

    fn durable(&self) -> Sequence {
        Sequence(self.applied.load(Ordering::Acquire))
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        // A panic leaves nothing half done here: what counts is what tantivy committed.
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a revision whose retention has ended.
    ///
    /// # Errors
    /// [`IndexError::Storage`].
    pub fn forget(&self, document: DocumentId, revision: Revision) -> Result<(), IndexError> {
        let term = Term::from_field_text(self.fields.key, &key(document, revision));
        self.writing().writer(self.heap_bytes)?.delete_term(term);
        Ok(())
    }

    /// Size of its files, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let files = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        files.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    fn put(&self, view: &RevisionView, writing: &mut Writing) -> Result<(), IndexError> {
        let document: TantivyDocument = index_document(&self.fields, view);
        let term = Term::from_field_text(self.fields.key, &key(view.document, view.revision));
        let writer = writing.writer(self.heap_bytes)?;
        writer.delete_term(term);
        writer.add_document(document).map_err(unwritable)?;
        Ok(())
    }

    fn commit_pending(&self) -> Result<(), IndexError> {
        let mut writing = self.writing();
        if writing.pending == self.durable() {
            return Ok(());
        }
        let payload = Payload { version: VERSION, sequence: writing.pending.0 };
        let payload = serde_json::to_string(&payload).map_err(unwritable)?;
        let mut commit = writing.writer(self.heap_bytes)?.prepare_commit().map_err(unwritable)?;
        commit.set_payload(&payload);
        commit.commit().map_err(unwritable)?;
        self.applied.store(writing.pending.0, Ordering::Release);
        let reader = self.searching().reader();
        reader.reload().map_err(unwritable)?;
        // Here, and not with the next question. What cannot be read is that question's error, or the scrub's finding.
        let _ = self.columns.of(&reader.searcher());
        Ok(())
    }

    fn restart(&self) -> Result<(), IndexError> {
        let mut writing = self.writing();
        if let Some(writer) = writing.writer.take() {
            writer.wait_merging_threads().map_err(unwritable)?;
        }
        wipe(&self.directory).map_err(unwritable)?;
        writing.index = open(&self.directory, &self.schema).map_err(unwritable)?;
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader(&writing.index).map_err(unwritable)?;
        self.applied.store(0, Ordering::Release);
        writing.pending = Sequence(0);
        Ok(())
    }
}

impl Writing {
    fn writer(&mut self, heap_bytes: usize) -> Result<&mut IndexWriter, IndexError> {
        if self.writer.is_none() {
            let options = IndexWriterOptions::builder()
                .memory_budget_per_thread(heap_bytes)
                .num_worker_threads(1)
                .num_merge_threads(1)
                .build();
            let writer: IndexWriter = self.index.writer_with_options(options).map_err(unwritable)?;
            let mut policy = LogMergePolicy::default();
            policy.set_min_num_segments(MERGED_SEGMENTS);
            policy.set_min_layer_size(SMALL_SEGMENT_DOCUMENTS);
            policy.set_max_docs_before_merge(LARGE_SEGMENT_DOCUMENTS);
            policy.set_del_docs_ratio_before_merge(DELETED_SHARE_MAX);
            writer.set_merge_policy(Box::new(policy));
            // What a crash left of a commit has a name that the next one may want: deletes are named after a counter that
            // begins again where the last commit was.
            writer.garbage_collect_files().wait().map_err(unwritable)?;
            // The counter begins at the number of the last commit itself, and a merge takes for applied what has that number:
            // a delete that got it was lost when segments were merged that the last commit left to merge. Nothing gets it.
            writer.run(Vec::new()).map_err(unwritable)?;
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or(IndexError::Damaged { reason: "writer is gone".to_owned() })
    }
}

fn descriptor() -> Descriptor {
    Descriptor::new("index", VERSION, "full text, dates, names and facets, for search")
        .reads(Input::Text)
        .reads(Input::Title)
        .reads(Input::Metadata)
        .reads(Input::Source)
        .uses::<DctLayer>()
        .uses::<TimexLayer>()
        .uses::<EntityLayer>()
        .uses::<LanguageLayer>()
}

impl Indexer for Index {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn apply(&self, changes: &[Change], _table: &mut dyn Table) -> Result<(), IndexError> {
        let mut writing = self.writing();
        for change in changes {
            for view in [&change.closed, &change.opened].into_iter().flatten() {
                self.put(view, &mut writing)?;
            }
            writing.pending = writing.pending.max(change.sequence);
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), IndexError> {
        self.commit_pending()
    }

    fn forget(&self, document: DocumentId, revision: Revision, _table: &mut dyn Table) -> Result<(), IndexError> {
        Index::forget(self, document, revision)
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }

    fn applied(&self) -> Option<Sequence> {
        Some(self.durable())
    }

    fn clear(&self, _table: &mut dyn Table) -> Result<(), IndexError> {
        self.restart()
    }

    fn answer(&self, question: &Value, _table: &dyn Table) -> Result<Value, IndexError> {
        let expected = || IndexError::BadQuestion {
            reason: "expected `{\"words\": [..]}`, for the number of revisions that hold each word".to_owned(),
        };
        let words = question.get("words").and_then(Value::as_array).ok_or_else(expected)?;
        let words: Vec<crate::Word> = words
            .iter()
            .map(|word| word.as_str().map(|word| crate::Word::Stem(word.to_owned())).ok_or_else(expected))
            .collect::<Result<_, _>>()?;
        let counts = self.searching().document_frequencies(crate::Field::Text, &words)?;
        Ok(json!({ "revisions": self.searching().revisions(), "counts": counts, "applied": self.durable().0 }))
    }
}

impl BuildIndexer for Index {
    type Config = IndexConfig;

    fn build(config: IndexConfig, _resources: &Resources, home: &IndexerHome) -> Result<Index, BuildError> {
        let heap_bytes = config.writer_heap_bytes()?;
        Index::open(&home.directory, heap_bytes).map_err(|error| {
            BuildError::new(format!("index in `{}` could not be opened", home.directory.display())).because(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Index;
    use crate::{Node, Plan};
    use dateline_processor::core::{DocumentId, Revision, Sequence};
    use dateline_processor::{Change, Indexer, RevisionView};
    use dateline_testkit::{NoTable, revision};
    use tantivy::merge_policy::NoMergePolicy;

    const HEAP: usize = 15_000_000;

    fn view(document: u64, number: u32) -> RevisionView {
        let shown = revision(document, &format!("{document}.txt"), "The ferry was late.\n");
        RevisionView { revision: Revision(number), ..shown }
    }

    fn change(sequence: u64, opened: RevisionView, closed: Option<RevisionView>) -> Change {
        Change { sequence: Sequence(sequence), document: opened.document, opened: Some(opened), closed }
    }

    /// Segments that wait to be merged when the process ends, the first with a delete of the last commit.
    fn left_to_merge(directory: &std::path::Path) {
        let index = Index::open(directory, HEAP).expect("opens");
        index.writing().writer(HEAP).expect("writes").set_merge_policy(Box::new(NoMergePolicy));
        for at in 1..=8 {
            let three = [3 * at - 2, 3 * at - 1, 3 * at].map(|document| change(document, view(document, 1), None));
            let of_first = (at == 8).then(|| change(25, view(2, 1), None));
            let changes: Vec<Change> = three.into_iter().chain(of_first).collect();
            index.apply(&changes, &mut NoTable).expect("applies");
            index.commit().expect("commits");
        }
    }

    #[test]
    fn what_is_revised_first_after_a_start_is_revised_in_merged_segments_too() {
        let directory = tempfile::tempdir().expect("temporary directory");
        left_to_merge(directory.path());
        let index = Index::open(directory.path(), HEAP).expect("opens");
        let closed = RevisionView { seen_to: Some(view(1, 2).seen_from), ..view(1, 1) };
        index.apply(&[change(26, view(1, 2), Some(closed))], &mut NoTable).expect("applies");
        index.commit().expect("commits");
        let writer = index.writing().writer.take().expect("was needed");
        writer.wait_merging_threads().expect("merges");
        index.searching().reader().reload().expect("is read again");
        let of = |node| {
            let found = index.searching().search(&Plan::new(node, 100)).expect("searches");
            found.hits.iter().map(|hit| (hit.document.0, hit.revision.0)).collect::<Vec<_>>()
        };
        assert_eq!(of(Node::Document(DocumentId(1))), [(1, 2)]);
        assert_eq!(of(Node::Everything).len(), 24);
    }
}
