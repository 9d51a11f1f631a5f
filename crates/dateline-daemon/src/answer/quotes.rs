//! `quotes`: who said what, from the layer of the processor `quotes`; the index says in which documents to look.

use super::search::{StoreTexts, note};
use super::{Answered, Answerer, Reply, layer_of, store_error};
use dateline_core::layers::DctLayer;
use dateline_core::{DocumentId, Layer, Revision};
use dateline_processor_quotes::{Quote, QuoteLayer, Speaker};
use dateline_protocol::wire::{ByteSpan, Days, Quote as QuoteItem};
use dateline_protocol::{End, ErrorBody, ErrorKind, Note, Quotes};
use dateline_query::{Aliases, Article, Matcher, Texts};

/// Documents looked at, the best matches first.
const DOCUMENTS_MAX: usize = 2_000;
/// Quotations listed when the request names no number.
const LIMIT_DEFAULT: u32 = 20;

/// Whom a request asks for: ids and names, in small letters.
struct Wanted {
    ids: Vec<String>,
    names: Vec<String>,
    /// What was typed, for speakers no registry knows.
    typed: String,
}

impl Wanted {
    fn is(&self, speaker: &Speaker) -> bool {
        let name = speaker.name.to_lowercase();
        let known = speaker.reference.as_ref().is_some_and(|id| self.ids.contains(id)) || self.names.contains(&name);
        known || self.names.is_empty() && holds_words(&name, &self.typed)
    }
}

/// Whether `name` has the words of `typed`, one after the other.
fn holds_words(name: &str, typed: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let (name, typed) = (words(name), words(typed));
    !typed.is_empty() && name.windows(typed.len()).any(|window| window == typed)
}

impl Answerer {
    pub(super) fn quotes(&self, request: &Quotes, reply: &mut Reply<'_>) -> Answered {
        if self.program.layer_spec(QuoteLayer::NAME).is_none() {
            let body = ErrorBody::new(ErrorKind::Unsupported, "no processor finds quotations");
            return Err(body.hint("`[processor.quotes]` is switched off, or this daemon was built without it"));
        }
        let wanted = request.by.as_deref().map(|by| self.wanted(by)).transpose()?;
        let (found, notes) = self.select(&request.selection, DOCUMENTS_MAX)?;
        notes.iter().for_each(|found| reply.note(note(found)));
        let words = self.words_of(&request.selection)?;
        let limit = u64::from(request.limit.unwrap_or(LIMIT_DEFAULT));
        let mut others = Vec::new();
        for hit in &found.hits {
            reply.check()?;
            for (item, has_word) in self.quotes_of(hit.document, hit.revision, wanted.as_ref(), &words)? {
                if has_word || words.is_empty() {
                    if reply.sent() >= limit || !reply.item(&item) {
                        return Ok(End::of_items(reply.sent()));
                    }
                } else if (others.len() as u64) < limit {
                    others.push(item);
                }
            }
        }
        if reply.sent() == 0 && !others.is_empty() {
            reply.note(Note::new("elsewhere", "no quotation has these words; these stand in documents that have them"));
            others.iter().all(|item| reply.item(item));
        }
        if let Some(by) = request.by.as_deref().filter(|_| reply.sent() == 0)
            && wanted.is_some_and(|wanted| wanted.names.is_empty())
        {
            let like = self.names_like(by)?;
            return Err(ErrorBody::new(ErrorKind::NotFound, format!("nobody called `{by}` is quoted")).candidates(like));
        }
        Ok(End::of_items(reply.sent()))
    }

    fn wanted(&self, typed: &str) -> Result<Wanted, ErrorBody> {
        let known =
            self.names().named(typed).map_err(|error| ErrorBody::from_error(ErrorKind::Internal, error.as_ref()))?;
        let names = known.iter().flat_map(|entity| &entity.names).map(|name| name.to_lowercase());
        Ok(Wanted {
            ids: known.iter().map(|entity| entity.id.clone()).collect(),
            names: names.collect(),
            typed: typed.to_lowercase(),
        })
    }

    /// The quotations of a document, and whether each has one of the words.
    fn quotes_of(
        &self,
        document: DocumentId,
        revision: Revision,
        wanted: Option<&Wanted>,
        words: &[dateline_processor_index::Word],
    ) -> Result<Vec<(QuoteItem, bool)>, ErrorBody> {
        let Some(annotations) = self.store.annotations(document, revision).map_err(store_error)? else {
            return Ok(Vec::new());
        };
        let Some(layer) = layer_of::<QuoteLayer>(&annotations.layers)? else { return Ok(Vec::new()) };
        let is_wanted = |quote: &&Quote| match (wanted, &quote.speaker) {
            (None, _) => true,
            (Some(wanted), Some(speaker)) => wanted.is(speaker),
            (Some(_), None) => false,
        };
        let quotes: Vec<&Quote> = layer.0.iter().filter(is_wanted).collect();
        if quotes.is_empty() {
            return Ok(Vec::new());
        }
        let article = StoreTexts(&self.store).article(document, revision);
        let article = article.map_err(|error| ErrorBody::from_error(ErrorKind::Internal, error.as_ref()))?;
        let Some(article) = article else { return Ok(Vec::new()) };
        let dct = layer_of::<DctLayer>(&annotations.layers)?;
        let days = dct.and_then(|layer| layer.dct.as_ref().map(|dct| Days::from(dct.interval)));
        let mut matcher = Matcher::new(words);
        let mut has_word = |item: &QuoteItem| {
            item.text.split(|letter: char| !letter.is_alphanumeric()).any(|word| matcher.wanted(word).is_some())
        };
        let item = |quote: &Quote| item(document, &article, days, quote);
        let mut marked = Vec::new();
        for item in quotes.into_iter().map(item) {
            let has_word = has_word(&item);
            marked.push((item, has_word));
        }
        Ok(marked)
    }
}

fn item(document: DocumentId, article: &Article, dct: Option<Days>, quote: &Quote) -> QuoteItem {
    let words = |span: dateline_core::Span| span.slice(&article.text).unwrap_or_default().to_owned();
    QuoteItem {
        document: document.0,
        path: article.path.display(),
        line: article.line(quote.span.start),
        dct,
        speaker: quote.speaker.as_ref().map(|speaker| speaker.name.clone()),
        entity: quote.speaker.as_ref().and_then(|speaker| speaker.reference.clone()),
        cue: quote.cue.map(words),
        text: words(quote.span),
        kind: quote.kind.word().to_owned(),
        span: ByteSpan::from(quote.span),
    }
}

#[cfg(test)]
mod tests {
    use super::holds_words;

    #[test]
    fn a_part_of_a_name_is_whole_words() {
        assert!(holds_words("ada byron", "byron"));
        assert!(holds_words("ada byron", "ada byron"));
        assert!(!holds_words("ada byronson", "byron"));
        assert!(!holds_words("ada byron", ""));
    }
}
