//! `similar`: near-copies and reused passages. Candidates come from the index by runs of words; what is said about them
//! is computed on the texts.

use super::{Answered, Answerer, Reply, store_error};
use crate::passage;
use dateline_core::{DocumentId, Revision, Span};
use dateline_processor_index::{Field, Node, Plan, Word};
use dateline_protocol::wire::{ByteSpan, SharedPassage, SimilarDocument};
use dateline_protocol::{End, ErrorBody, Similar};
use std::collections::BTreeMap;

/// Documents looked at for each probe.
const PROBE_HITS: usize = 50;
/// Documents listed when the request names no number.
const LIMIT_DEFAULT: u32 = 20;
/// Shared passages shown of one document, the longest first.
const PASSAGES_MAX: usize = 10;

impl Answerer {
    pub(super) fn similar(&self, request: &Similar, reply: &mut Reply<'_>) -> Answered {
        let entry = self.find_document(&request.document)?;
        let data = self.revision(&entry, entry.current.revision)?;
        let placed = passage::placed_words(&data.content.text);
        let words: Vec<String> = placed.iter().map(|(word, _)| word.clone()).collect();
        let mut candidates: BTreeMap<DocumentId, Revision> = BTreeMap::new();
        for probe in passage::probes(&words) {
            reply.check()?;
            let phrase = probe.iter().map(|word| Word::Exact(word.clone())).collect();
            let found = self.run_plan(&Plan::new(Node::Phrase(Field::Text, phrase), PROBE_HITS))?;
            candidates.extend(found.hits.iter().map(|hit| (hit.document, hit.revision)));
        }
        candidates.remove(&entry.document);
        let mut similar = Vec::new();
        for (document, revision) in candidates {
            reply.check()?;
            similar.extend(self.compare(&data.content.text, &placed, &words, (document, revision))?);
        }
        similar
            .sort_by(|one, other| other.similarity.total_cmp(&one.similarity).then(one.document.cmp(&other.document)));
        for item in similar.iter().take(request.limit.unwrap_or(LIMIT_DEFAULT) as usize) {
            if !reply.item(item) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }

    fn compare(
        &self,
        text: &str,
        placed: &[(String, Span)],
        words: &[String],
        (document, revision): (DocumentId, Revision),
    ) -> Result<Option<SimilarDocument>, ErrorBody> {
        let entry = self.store.document(document).map_err(store_error)?;
        let data = self.store.revision_data(document, revision).map_err(store_error)?;
        let (Some(entry), Some(data)) = (entry, data) else { return Ok(None) };
        let other_placed = passage::placed_words(&data.content.text);
        let other: Vec<String> = other_placed.iter().map(|(word, _)| word.clone()).collect();
        let mut runs = passage::shared(words, &other);
        if runs.is_empty() {
            return Ok(None);
        }
        runs.sort_by(|one, other| other.words.cmp(&one.words).then(one.one.cmp(&other.one)));
        let (similarity, contained) = passage::likeness(words, &other);
        let covering = |places: &[(String, Span)], first: usize, count: usize| Span {
            start: places[first].1.start,
            end: places[first + count - 1].1.end,
        };
        let passages = runs.iter().take(PASSAGES_MAX).map(|run| {
            let span = covering(placed, run.one, run.words);
            SharedPassage {
                text: span.slice(text).unwrap_or_default().to_owned(),
                words: u32::try_from(run.words).unwrap_or(u32::MAX),
                span: ByteSpan::from(span),
                other: ByteSpan::from(covering(&other_placed, run.other, run.words)),
            }
        });
        let dct = super::layer_of::<dateline_core::layers::DctLayer>(&data.annotations.layers)?;
        Ok(Some(SimilarDocument {
            document: document.0,
            path: entry.path.display(),
            part: Some(entry.part),
            title: data.content.title,
            dct: dct.and_then(|layer| layer.dct.as_ref().map(|dct| dct.interval.into())),
            similarity,
            contained,
            shared: passages.collect(),
        }))
    }
}
