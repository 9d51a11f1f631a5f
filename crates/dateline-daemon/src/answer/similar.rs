//! `similar`: near-copies, rewrites and reused passages, as `dateline-query` finds them, for the wire.

use super::search::{StoreTexts, search_error};
use super::{Answered, Answerer, Reply, layer_of, store_error};
use dateline_core::layers::DctLayer;
use dateline_protocol::wire::{ByteSpan, Relation, SharedPassage, SimilarDocument};
use dateline_protocol::{End, ErrorBody, ErrorKind, Similar};
use dateline_query::{SearchError, Texts};

/// Documents listed when the request names no number.
const LIMIT_DEFAULT: u32 = 20;
/// Shared passages shown of one document, the longest first.
const PASSAGES_MAX: usize = 10;

/// An error on the way from the query to the wire.
struct Stopped(ErrorBody);

impl From<SearchError> for Stopped {
    fn from(error: SearchError) -> Stopped {
        Stopped(search_error("", error))
    }
}

impl Answerer {
    pub(super) fn similar(&self, request: &Similar, reply: &mut Reply<'_>) -> Answered {
        let entry = self.find_document(&request.document)?;
        let texts = StoreTexts(&self.store);
        let article = texts.article(entry.document, entry.current.revision);
        let article = article.map_err(|error| ErrorBody::from_error(ErrorKind::Internal, error.as_ref()))?;
        let Some(article) = article else { return Ok(End::of_items(0)) };
        let go_on = &mut || reply.check().map_err(Stopped);
        let found = dateline_query::similar(entry.document, &article, (&self.index, &texts), go_on);
        let found = found.map_err(|Stopped(error)| error)?;
        for item in found.iter().take(request.limit.unwrap_or(LIMIT_DEFAULT) as usize) {
            if !reply.item(&self.similar_document(&article.text, item)?) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }

    fn similar_document(&self, text: &str, found: &dateline_query::Similar) -> Result<SimilarDocument, ErrorBody> {
        let annotations = self.store.annotations(found.document, found.revision).map_err(store_error)?;
        let dct = annotations.map(|annotations| layer_of::<DctLayer>(&annotations.layers)).transpose()?.flatten();
        let shared = found.shared.iter().take(PASSAGES_MAX).map(|run| SharedPassage {
            text: run.span.slice(text).unwrap_or_default().to_owned(),
            words: u32::try_from(run.words).unwrap_or(u32::MAX),
            span: ByteSpan::from(run.span),
            other: ByteSpan::from(run.other),
        });
        Ok(SimilarDocument {
            document: found.document.0,
            path: found.article.path.display(),
            part: Some(found.article.part.clone()),
            title: Some(dateline_query::headline(&found.article)),
            dct: dct.and_then(|layer| layer.dct.as_ref().map(|dct| dct.interval.into())),
            relation: match found.relation {
                dateline_query::Relation::Copy => Relation::Copy,
                dateline_query::Relation::Rewrite => Relation::Rewrite,
                dateline_query::Relation::Passages => Relation::Passages,
            },
            similarity: found.similarity,
            contained: found.contained,
            closeness: found.closeness,
            shared: shared.collect(),
        })
    }
}
