//! Annotator `entities`: names in the text, typed, and which of them are one entity. The watchlist's matches win over the
//! model; given mentions are resolved and nothing else. Knows one document and no registry.

use crate::resolve::{Found, resolve};
use crate::tagger::Tagger;
use crate::token::hash_of;
use dateline_processor::core::layers::{EntityLayer, EntityType, SentenceLayer, WatchMatch, WatchlistLayer};
use dateline_processor::core::{MarkKind, MentionHint, Span};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// Options of `[processor.entities]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EntitiesConfig {
    /// Whether names that are on no watchlist are looked for too.
    pub tagger: bool,
}

impl Default for EntitiesConfig {
    fn default() -> EntitiesConfig {
        EntitiesConfig { tagger: true }
    }
}

impl ProcessorConfig for EntitiesConfig {
    const SECTION: &'static str = "entities";
}

/// The annotator `entities`.
#[derive(Debug)]
pub struct Entities {
    descriptor: Descriptor,
    tagger: Option<Tagger>,
}

impl BuildAnnotator for Entities {
    type Config = EntitiesConfig;

    fn build(config: EntitiesConfig, _resources: &Resources) -> Result<Entities, BuildError> {
        let descriptor = Descriptor::new("entities", 1, "Finds persons, organisations, places and other names")
            .reads(Input::Text)
            .reads(Input::Title)
            .reads(Input::Hints)
            .requires::<SentenceLayer>()
            .uses::<WatchlistLayer>()
            .assigns::<EntityLayer>();
        let tagger = if config.tagger { Some(Tagger::load()?) } else { None };
        Ok(Entities { descriptor, tagger })
    }
}

impl Annotator for Entities {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let text = document.text()?;
        let sentences = document.required::<SentenceLayer>()?;
        let watched = document.layer::<WatchlistLayer>()?.map_or(&[][..], |layer| &layer.0);
        let found = match &document.hints()?.mentions {
            Some(mentions) => given(text, mentions, watched),
            None => self.find(text, &sentences.0, watched, document)?,
        };
        output.assign(resolve(text, &found))
    }
}

impl Entities {
    fn find(
        &self,
        text: &str,
        sentences: &[Span],
        watched: &[WatchMatch],
        document: &DocumentView<'_>,
    ) -> Result<Vec<Found>, ProcessError> {
        let tagged = match &self.tagger {
            Some(tagger) => tagger.tag(text, sentences, || document.tick())?,
            None => Vec::new(),
        };
        let marks = document.marks()?;
        let mut found = add_pairs(text, merge(text, tagged, watched));
        found.retain(|one| !marks.iter().any(|mark| mark.kind == MarkKind::DateHeader && mark.span.overlaps(one.span)));
        Ok(found)
    }
}

/// Exactly the mentions given, with the watchlist's ids where they are the same.
fn given(text: &str, mentions: &[MentionHint], watched: &[WatchMatch]) -> Vec<Found> {
    let mut sorted: Vec<MentionHint> = mentions.iter().copied().filter(|one| one.span.check(text).is_ok()).collect();
    // Of mentions inside each other, as many are kept as can stand side by side: those that end first.
    sorted.sort_by_key(|one| (one.span.end, std::cmp::Reverse(one.span.start)));
    let mut found: Vec<Found> = Vec::with_capacity(sorted.len());
    let mut watch = 0;
    for one in sorted {
        if found.last().is_some_and(|last| one.span.start < last.span.end) {
            continue;
        }
        while watched.get(watch).is_some_and(|w| w.span.end <= one.span.start) {
            watch += 1;
        }
        let matched = watched.get(watch).filter(|w| w.kind == one.kind && covers(text, one.span, w.span));
        let reference = matched.filter(|w| w.ids.len() == 1).map(|w| (w.ids[0].clone(), w.name.clone()));
        found.push(Found { span: one.span, kind: one.kind, reference });
    }
    found
}

/// Whether `matched` is all of `mention`, but for a title or article in front.
fn covers(text: &str, mention: Span, matched: Span) -> bool {
    if !mention.contains(matched) || mention.end != matched.end {
        return false;
    }
    let front = text.get(mention.start as usize..matched.start as usize).unwrap_or("");
    front.split_whitespace().all(|word| crate::name::is_title(word) || word.eq_ignore_ascii_case("the"))
}

/// `PUTIN-ZELENSKIY`: two family names of people of this document, joined in one word, are two mentions.
fn add_pairs(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    let people = found.iter().filter(|one| one.kind == EntityType::Per);
    let known: FxHashSet<u64> =
        people.filter_map(|one| one.span.slice(text)?.rsplit(' ').next().map(hash_of)).collect();
    if known.len() < 2 {
        return found;
    }
    let mut pairs = Vec::new();
    for (hyphen, _) in text.match_indices('-') {
        let is_letter = |letter: char| letter.is_alphanumeric();
        let front = text[..hyphen].rfind(|letter: char| !is_letter(letter)).map_or(0, |at| at + 1);
        let front = (front..=hyphen).find(|at| text.is_char_boundary(*at)).unwrap_or(hyphen);
        let back = text[hyphen + 1..].find(|letter: char| !is_letter(letter)).map_or(text.len(), |at| hyphen + 1 + at);
        let halves = [(front, hyphen), (hyphen + 1, back)];
        if halves.iter().all(|(start, end)| known.contains(&hash_of(&text[*start..*end]))) {
            pairs.push(halves.map(|(start, end)| Span::new(start, end)));
        }
    }
    for pair in pairs {
        let whole = Span { start: pair[0].start, end: pair[1].end };
        let longer = found.iter().any(|one| one.span.overlaps(whole) && !whole.contains(one.span));
        if !longer {
            found.retain(|one| !one.span.overlaps(whole));
            found.extend(pair.map(|span| Found { span, kind: EntityType::Per, reference: None }));
        }
    }
    found.sort_by_key(|one| one.span.start);
    found
}

/// Family names of the people the document names in full.
fn families(text: &str, tagged: &[(Span, EntityType)]) -> FxHashSet<u64> {
    let last = |span: &Span| span.slice(text)?.rsplit_once(' ').map(|(_, last)| hash_of(last));
    tagged.iter().filter(|(_, kind)| *kind == EntityType::Per).filter_map(|(span, _)| last(span)).collect()
}

/// The model's names and the watchlist's: a match wins, unless it is only a part of a longer name the model found, or
/// the family name of somebody the document names in full (Michael Jordan, then Jordan).
fn merge(text: &str, tagged: Vec<(Span, EntityType)>, watched: &[WatchMatch]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::with_capacity(tagged.len() + watched.len());
    let inside = |w: &WatchMatch| {
        let at = tagged.partition_point(|(span, _)| span.end <= w.span.start);
        tagged.get(at).is_some_and(|(span, _)| span.contains(w.span) && *span != w.span && !covers(text, *span, w.span))
    };
    let family = families(text, &tagged);
    let namesake = |w: &WatchMatch| {
        let at = tagged.binary_search_by_key(&w.span.start, |(span, _)| span.start);
        let person = at.is_ok_and(|at| tagged[at] == (w.span, EntityType::Per));
        person && w.kind != EntityType::Per && w.span.slice(text).is_some_and(|word| family.contains(&hash_of(word)))
    };
    let winning: Vec<&WatchMatch> = watched.iter().filter(|w| !inside(w) && !namesake(w)).collect();
    let beaten = |span: Span| {
        let at = winning.partition_point(|w| w.span.end <= span.start);
        winning.get(at).is_some_and(|w| w.span.overlaps(span))
    };
    found.extend(tagged.iter().filter(|(span, _)| !beaten(*span)).map(|(span, kind)| Found {
        span: *span,
        kind: *kind,
        reference: None,
    }));
    found.extend(winning.iter().map(|w| {
        let reference = (w.ids.len() == 1).then(|| (w.ids[0].clone(), w.name.clone()));
        Found { span: w.span, kind: w.kind, reference }
    }));
    found.sort_by_key(|one| one.span.start);
    found
}
