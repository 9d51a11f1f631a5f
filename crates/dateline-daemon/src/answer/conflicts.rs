//! `conflicts`: articles that contradict each other, as `dateline-query` finds them, for the wire.

use super::search::StoreTexts;
use super::{Answered, Answerer, Reply, layer_of, store_error};
use dateline_core::layers::DctLayer;
use dateline_protocol::wire::{ByteSpan, Conflict, ConflictSide};
use dateline_protocol::{Conflicts, End, ErrorBody, ErrorKind, Note};
use dateline_query::{ConflictKind, Side, Texts};

/// Articles compared, the best matches first.
const ARTICLES_MAX: usize = 10_000;
/// Conflicts listed when the request names no number.
const LIMIT_DEFAULT: u32 = 20;

impl Answerer {
    pub(super) fn conflicts(&self, request: &Conflicts, reply: &mut Reply<'_>) -> Answered {
        let found = self.best(&request.selection, ARTICLES_MAX, reply)?;
        let mut gathered = dateline_query::Conflicts::default();
        // One article at a time: what is kept of it is what may contradict another.
        for hit in &found.hits {
            reply.check()?;
            let Some(loaded) = self.load(hit.document, hit.revision)? else { continue };
            if !gathered.add(&loaded.told()) {
                reply.note(Note::new("too-many-sentences", "not all sentences of these documents were compared"));
                break;
            }
        }
        for conflict in gathered.find().iter().take(request.limit.unwrap_or(LIMIT_DEFAULT) as usize) {
            if !reply.item(&self.conflict(conflict)?) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }

    fn conflict(&self, found: &dateline_query::Conflict) -> Result<Conflict, ErrorBody> {
        let kind = match found.kind {
            ConflictKind::Figure => "figure",
            ConflictKind::Date => "date",
        };
        let sides = found.sides.iter().map(|side| self.conflict_side(side)).collect::<Result<Vec<_>, _>>()?;
        Ok(Conflict {
            about: found.about.clone(),
            kind: kind.to_owned(),
            confidence: found.confidence,
            reasons: found.reasons.clone(),
            sides: sides.into_iter().flatten().collect(),
        })
    }

    fn conflict_side(&self, side: &Side) -> Result<Option<ConflictSide>, ErrorBody> {
        let article = StoreTexts(&self.store).article(side.document, side.revision);
        let article = article.map_err(|error| ErrorBody::from_error(ErrorKind::Internal, error.as_ref()))?;
        let annotations = self.store.annotations(side.document, side.revision).map_err(store_error)?;
        let (Some(article), Some(annotations)) = (article, annotations) else { return Ok(None) };
        let dct = layer_of::<DctLayer>(&annotations.layers)?;
        let sentence = side.span.slice(&article.text).unwrap_or_default();
        Ok(Some(ConflictSide {
            document: side.document.0,
            path: article.path.display(),
            line: article.line(side.span.start),
            value: side.value.clone(),
            sentence: sentence.split_whitespace().collect::<Vec<_>>().join(" "),
            dct: dct.and_then(|layer| layer.dct.as_ref().map(|dct| dct.interval.into())),
            span: article.in_file(side.span).map(|(start, end)| ByteSpan { start, end }),
            content: Some(article.content.to_string()),
            part: Some(article.part),
        }))
    }
}
