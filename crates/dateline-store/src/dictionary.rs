//! Dictionaries: what a store's texts have in common, and its annotations, learnt from its own documents so that each
//! compresses as if it stood beside the others. A document is small and alone would compress badly: news of 800 bytes
//! shrinks to 42 % alone and to 29 % with a dictionary. When one is learnt, and where it is kept; not how it is used,
//! which is the business of `blob`.

use crate::batch::Batch;
use crate::blob::{Kind, Packer};
use crate::committer::apply_ready;
use crate::error::StoreError;
use crate::keys;
use crate::read::Reader;
use crate::record::{BlobV1, NamedV1, RevisionV1};
use crate::store::{Store, locked};
use dateline_core::{DocumentId, Revision};

/// Size of a dictionary, in bytes. Twice as much saves another 2 %.
pub(crate) const DICTIONARY_BYTES: usize = 64 << 10;
/// Largest dictionary read back, in bytes.
pub(crate) const DICTIONARY_BYTES_MAX: usize = 1 << 20;
/// The first dictionaries are learnt when the store has so many revisions,
const FIRST_REVISIONS: u64 = 300;
/// and new ones whenever it has grown by this factor since, as its documents may have become others.
const GROWTH: u64 = 10;
/// Documents that are learnt from, spread over the whole store.
const SAMPLES: u64 = 1_000;
/// Fewer teach nothing.
const SAMPLES_MIN: usize = 200;
/// Of each of them so much is looked at, in bytes.
const SAMPLE_BYTES_MAX: usize = 8 << 10;
/// After a try that gave nothing, this many more revisions must come before the next.
const AGAIN_AFTER: u64 = 10_000;

/// Name of the record that says which dictionaries new values are written with.
const CURRENT: &str = "dictionaries";

/// When to learn.
#[derive(Debug)]
pub(crate) struct Schedule {
    due: u64,
}

impl Schedule {
    /// Takes up the dictionaries of a store.
    pub(crate) fn resume(store: &Store, packer: &mut Packer) -> Result<Schedule, StoreError> {
        let view = store.view();
        let Some(NamedV1::Dictionaries { texts, annotations, revisions }) = view.named(CURRENT)? else {
            return Ok(Schedule { due: FIRST_REVISIONS });
        };
        packer.learn(Kind::Text, &view.dictionary(&store.inner.unpacker, texts)?)?;
        packer.learn(Kind::Annotations, &view.dictionary(&store.inner.unpacker, annotations)?)?;
        Ok(Schedule { due: revisions.saturating_mul(GROWTH) })
    }

    /// Learns new dictionaries when it is time. They are part of the log before anything that needs them.
    pub(crate) fn keep(&mut self, store: &Store, packer: &mut Packer) -> Result<(), StoreError> {
        // Asked at every commit: the counters are copied only when it is time.
        let revisions = locked(&store.inner.meta).revisions;
        if revisions < self.due {
            return Ok(());
        }
        let meta = locked(&store.inner.meta).clone();
        let (texts, annotations) = samples(store, meta.next_document)?;
        let trained = train(&texts).and_then(|texts| Some((texts, train(&annotations)?)));
        let Some((texts, annotations)) = trained else {
            self.due = revisions + AGAIN_AFTER;
            return Ok(());
        };
        let mut batch = Batch::new(&store.inner.engine, meta);
        let current = NamedV1::Dictionaries {
            texts: put(&mut batch, packer, &texts)?,
            annotations: put(&mut batch, packer, &annotations)?,
            revisions,
        };
        batch.put(keys::named(CURRENT), &current)?;
        apply_ready(store, batch.finish()?)?;
        packer.learn(Kind::Text, &texts)?;
        packer.learn(Kind::Annotations, &annotations)?;
        self.due = revisions.saturating_mul(GROWTH);
        tracing::debug!(revisions, "learnt new dictionaries for compression");
        Ok(())
    }
}

/// Writes a dictionary, and gives its number.
pub(crate) fn put(batch: &mut Batch<'_>, packer: &mut Packer, dictionary: &[u8]) -> Result<u32, StoreError> {
    let number = crate::blob::dictionary_of(dictionary).unwrap_or_default();
    let packed = packer.pack(Kind::Other, "dictionary", dictionary, DICTIONARY_BYTES_MAX)?;
    batch.put_blob(&keys::dictionary(number), &packed, &BlobV1::default())?;
    batch.put(keys::named(&name_of(number)), &NamedV1::Dictionary(packed.blob))?;
    Ok(number)
}

/// Name of the record of one dictionary.
pub(crate) fn name_of(number: u32) -> String {
    format!("dictionary-{number:08x}")
}

/// What is learnt from.
type Samples = Vec<Vec<u8>>;

/// Starts of texts and annotations of documents from all over the store.
fn samples(store: &Store, next_document: u64) -> Result<(Samples, Samples), StoreError> {
    let view = store.view();
    let unpacker = &store.inner.unpacker;
    let (mut texts, mut annotations) = (Vec::new(), Vec::new());
    let step = usize::try_from((next_document / SAMPLES).max(1)).unwrap_or(usize::MAX);
    for document in (1..next_document).step_by(step).map(DocumentId) {
        let Some(head) = view.head(document)? else { continue };
        let RevisionV1 { revision, body, annotations: notes, .. } = head.current;
        for (prefix, blob, samples) in [
            (keys::body(document, Revision(revision)), body, &mut texts),
            (keys::annotation(document, Revision(revision)), notes, &mut annotations),
        ] {
            if !blob.is_absent() {
                let mut raw = view.unpacked(unpacker, &prefix, &blob)?;
                raw.truncate(SAMPLE_BYTES_MAX);
                samples.push(raw);
            }
        }
    }
    Ok((texts, annotations))
}

/// A dictionary, when there is enough to learn from and it is worth something.
fn train(samples: &[Vec<u8>]) -> Option<Vec<u8>> {
    if samples.len() < SAMPLES_MIN {
        return None;
    }
    let trained = zstd::dict::from_samples(samples, DICTIONARY_BYTES);
    trained.inspect_err(|error| tracing::debug!(%error, "no dictionary could be learnt")).ok()
}
