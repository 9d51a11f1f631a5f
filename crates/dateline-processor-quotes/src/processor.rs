//! The annotator: marks, then who said it, then which entity that is.

use crate::QuotesConfig;
use crate::attribute::{Attribution, Name, Text, attribute};
use crate::layer::{Quote, QuoteKind, QuoteLayer, Speaker};
use crate::marks::{Stretch, paragraphs, stretches};
use crate::resolve::Resolver;
use crate::verbs::Verbs;
use dateline_processor::core::layers::{EntityLayer, EntityType, SentenceLayer};
use dateline_processor::core::{FacetKind, FacetValue, Mark, Span};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};
use std::collections::BTreeSet;
use std::ops::Range;

/// Code version: raise it whenever the same text and options may give another output.
const VERSION: u32 = 2;
/// Different speakers that become facets, the first of the text.
const SPEAKERS_MAX: usize = 200;

/// The annotator `quotes`.
#[derive(Debug)]
pub struct Quotes {
    descriptor: Descriptor,
    verbs: Verbs,
    double_apostrophes: bool,
}

impl BuildAnnotator for Quotes {
    type Config = QuotesConfig;

    fn build(config: QuotesConfig, _resources: &Resources) -> Result<Quotes, BuildError> {
        let plain = |verb: &String| !verb.is_empty() && verb.chars().all(char::is_lowercase);
        if let Some(verb) = config.verbs.iter().find(|verb| !plain(verb)) {
            return Err(BuildError::new(format!("`verbs` has `{verb}`; a verb is one word in small letters")));
        }
        let descriptor = Descriptor::new(QuotesConfig::SECTION, VERSION, "Finds quotations and who said them")
            .reads(Input::Text)
            .requires::<SentenceLayer>()
            .requires::<EntityLayer>()
            .assigns::<QuoteLayer>()
            .facet("speaker", FacetKind::Keyword, "who is quoted, by the fullest name the document gives")
            .facet("quotes", FacetKind::Integer, "number of quotations");
        let verbs = Verbs::new(config.verbs.iter().map(String::as_str));
        Ok(Quotes { descriptor, verbs, double_apostrophes: config.double_apostrophes })
    }
}

impl Annotator for Quotes {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        let entities = document.required::<EntityLayer>()?;
        let sentences: Vec<usize> =
            document.required::<SentenceLayer>()?.0.iter().map(|span| span.start as usize).collect();
        let paragraphs = paragraphs(text);
        let mut stretches = stretches(text, &paragraphs, self.double_apostrophes);
        let marks = document.marks()?;
        // Single marks are quotation marks where the article has no double ones; else they stand in headlines.
        let has_double = stretches.iter().any(|stretch| !stretch.single);
        stretches.retain(|stretch| stretch.single != has_double && !in_mark(&stretch.range, marks));
        let names: Vec<Name> = entities.mentions.iter().map(|mention| name(mention.span, mention.kind)).collect();
        let input = Text {
            text,
            paragraphs: &paragraphs,
            stretches: &stretches,
            sentences: &sentences,
            names: &names,
            verbs: &self.verbs,
        };
        let attributions = attribute(&input, &mut || document.tick())?;
        let quotes = quotes(text, entities, &stretches, &attributions);
        let speakers: BTreeSet<&str> = quotes
            .iter()
            .filter_map(|quote| Some(quote.speaker.as_ref().filter(|one| one.entity.is_some())?.name.as_str()))
            .collect();
        for speaker in speakers.iter().take(SPEAKERS_MAX) {
            output.facet("speaker", FacetValue::Keyword((*speaker).to_owned()))?;
        }
        output.facet("quotes", FacetValue::Integer(i64::try_from(quotes.len()).unwrap_or(i64::MAX)))?;
        output.assign(QuoteLayer(quotes))
    }
}

/// Whether a mark, of which there is a sorted list, shares a byte with `range`.
fn in_mark(range: &Range<usize>, marks: &[Mark]) -> bool {
    let next = marks.partition_point(|mark| mark.span.end as usize <= range.start);
    marks.get(next).is_some_and(|mark| (mark.span.start as usize) < range.end)
}

fn name(span: Span, kind: EntityType) -> Name {
    Name { range: span.range(), speaks: kind != EntityType::Misc, person: kind == EntityType::Per }
}

fn quotes(text: &str, entities: &EntityLayer, stretches: &[Stretch], attributions: &[Attribution]) -> Vec<Quote> {
    let quoted: Vec<Range<usize>> = stretches.iter().map(|stretch| stretch.range.clone()).collect();
    let mut resolver = Resolver::new(text, entities, &quoted);
    let (mut utterance, mut group) = (0, None);
    let mut quotes = Vec::new();
    for (stretch, attribution) in stretches.iter().zip(attributions).filter(|(_, attribution)| attribution.spoken) {
        if group.replace(attribution.group) != Some(attribution.group) {
            utterance += 1;
        }
        let speaker = attribution.speaker.as_ref().map(|words| {
            let entity = resolver.resolve(words);
            let known = entity.and_then(|entity| entities.entities.get(entity as usize));
            Speaker {
                span: Span::new(words.start, words.end),
                entity,
                name: known.map_or_else(|| text[words.clone()].to_owned(), |known| known.name.clone()),
                reference: known.and_then(|known| known.reference.clone()),
            }
        });
        quotes.push(Quote {
            span: Span::new(stretch.range.start, stretch.range.end),
            kind: kind(&text[stretch.range.clone()]),
            utterance,
            speaker,
            cue: attribution.cue.as_ref().map(|cue| Span::new(cue.start, cue.end)),
        });
    }
    quotes
}

/// Speech of its own starts like a sentence and ends with a sign; anything else is part of the sentence around it.
fn kind(words: &str) -> QuoteKind {
    let first = words.chars().find(|letter| letter.is_alphanumeric());
    let inner = words.trim_end_matches(['"', '”', '“', '»', '’', '\'']);
    let whole = inner.ends_with(['.', ',', '!', '?', '…', '-', '—', '–', ':']);
    if whole && first.is_some_and(|first| !first.is_lowercase()) { QuoteKind::Direct } else { QuoteKind::Mixed }
}
