//! Annotator `entities`: names in the text, typed, and which of them are one entity. The watchlist's matches win over the
//! model; given mentions are resolved and nothing else. Knows one document and no registry.

use crate::name::sound_key;
use crate::resolve::{Found, resolve};
use crate::tagger::Tagger;
use crate::token::{fold, hash_of};
use dateline_processor::core::layers::{EntityLayer, EntityType, SentenceLayer, WatchMatch, WatchlistLayer};
use dateline_processor::core::{MarkKind, MentionHint, Span};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Input, Output, ProcessError, ProcessorConfig,
    Resources,
};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Shortest family name, in letters, that is known by its sound in another spelling.
const SOUND_LETTERS_MIN: usize = 6;

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
        let descriptor = Descriptor::new("entities", 3, "Finds persons, organisations, places and other names")
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
    let mut found: Vec<Found> = Vec::with_capacity(mentions.len());
    let mut watch = 0;
    for one in side_by_side(text, mentions) {
        while watched.get(watch).is_some_and(|w| w.span.end <= one.span.start) {
            watch += 1;
        }
        let inside = watched[watch..].iter().take_while(|w| w.span.start < one.span.end);
        let matched = inside.filter(|w| w.kind == one.kind && covers(text, one.span, w.span)).last();
        let reference = matched.filter(|w| w.ids.len() == 1).map(|w| (w.ids[0].clone(), w.name.clone()));
        found.push(Found { span: one.span, kind: one.kind, reference });
    }
    found
}

/// Of mentions inside each other, a layer has room for one: the person (`US President Barack Obama`, not the `US` in it;
/// the `Andy Warhol` of a foundation), else the longest.
fn side_by_side(text: &str, mentions: &[MentionHint]) -> Vec<MentionHint> {
    let right = |one: &&MentionHint| one.span.check(text).is_ok() && one.span.start < one.span.end;
    let mut ranked: Vec<&MentionHint> = mentions.iter().filter(right).collect();
    ranked.sort_by_key(|one| {
        (one.kind != EntityType::Per, std::cmp::Reverse(one.span.end - one.span.start), one.span.start, one.kind)
    });
    let mut kept: BTreeMap<u32, MentionHint> = BTreeMap::new();
    for one in ranked {
        if kept.range(..one.span.end).next_back().is_none_or(|(_, other)| other.span.end <= one.span.start) {
            kept.insert(one.span.start, *one);
        }
    }
    kept.into_values().collect()
}

/// Whether `matched` is all of `mention`, but for a title or article in front.
fn covers(text: &str, mention: Span, matched: Span) -> bool {
    if !mention.contains(matched) || mention.end != matched.end {
        return false;
    }
    let front = text.get(mention.start as usize..matched.start as usize).unwrap_or("");
    front.split_whitespace().all(|word| crate::name::is_title(word) || word.eq_ignore_ascii_case("the"))
}

/// `PUTIN-ZELENSKIY`: two family names of people of this document, joined in one word, are two mentions, however their
/// letters are spelt elsewhere (`Zelensky`).
fn add_pairs(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    let last = |one: &Found| Some(fold(one.span.slice(text)?.rsplit(' ').next()?));
    let families = found.iter().filter(|one| one.kind == EntityType::Per).filter_map(last);
    let known: FxHashSet<String> =
        families.flat_map(|name| [sound_of(&name), name]).filter(|name| name != "~").collect();
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
        let is_family = |(start, end): &(usize, usize)| {
            let half = &text[*start..*end];
            half.starts_with(char::is_uppercase) && {
                let folded = fold(half);
                known.contains(&folded) || known.contains(&sound_of(&folded))
            }
        };
        if halves.iter().all(is_family) {
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

/// The sound of a family name that is long enough to be told by it, apart from all spellings.
fn sound_of(folded: &str) -> String {
    if folded.chars().count() >= SOUND_LETTERS_MIN { format!("~{}", sound_key(folded)) } else { String::from("~") }
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

#[cfg(test)]
mod tests {
    use super::{add_pairs, given};
    use crate::resolve::Found;
    use dateline_processor::core::layers::EntityType::{self, Loc, Org, Per};
    use dateline_processor::core::{MentionHint, Span};

    fn spans(text: &str, names: &[(&str, EntityType)]) -> Vec<(Span, EntityType)> {
        let span = |name: &str| text.find(name).map(|at| Span::new(at, at + name.len())).expect("stands there");
        names.iter().map(|(name, kind)| (span(name), *kind)).collect()
    }

    #[test]
    fn of_given_mentions_inside_each_other_the_person_is_kept_else_the_longest() {
        let text = "US President Ada Blom left the Cy Dorn Foundation of Lake Town";
        let names = [
            ("US", Loc),
            ("US President Ada Blom", Per),
            ("Cy Dorn Foundation", Org),
            ("Cy Dorn", Per),
            ("Lake", Org),
            ("Lake Town", Loc),
        ];
        let hints: Vec<MentionHint> =
            spans(text, &names).into_iter().map(|(span, kind)| MentionHint { span, kind }).collect();
        let kept = given(text, &hints, &[]);
        let shown: Vec<&str> = kept.iter().filter_map(|one| one.span.slice(text)).collect();
        assert_eq!(shown, ["US President Ada Blom", "Cy Dorn", "Lake Town"]);
    }

    #[test]
    fn joined_family_names_are_two_in_any_spelling_and_one_word_stays_one() {
        let found = |text: &str, names: &[(&str, EntityType)]| {
            let found = spans(text, names).into_iter().map(|(span, kind)| Found { span, kind, reference: None });
            add_pairs(text, found.collect()).len()
        };
        let names = [("Vera Putrova", Per), ("Volodymyr Zelensky", Per)];
        assert_eq!(found("Vera Putrova and Volodymyr Zelensky: PUTROVA-ZELENSKIY TALKS", &names), 4);
        assert_eq!(found("Vera Putrova and Volodymyr Zelensky: a SPUTNIK-ZELENSKIY line", &names), 2);
        let short = [("Li Wu", Per), ("Ann Wo", Per)];
        assert_eq!(found("Li Wu and Ann Wo on a so-so day", &short), 2);
    }
}
