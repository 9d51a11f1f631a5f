//! Which entity of the document the words for a speaker mean: a name by its mention, `he` and `she` by who was named or
//! spoke before. A group such as `a spokesman for the ministry` is nobody the entity layer knows, and stays so.

use dateline_processor::core::layers::{EntityLayer, EntityType, Mention};
use std::ops::Range;

/// Bytes in front of a pronoun in which the person it means was named.
const PRONOUN_BYTES_MAX: usize = 1_500;

/// What is told of a person by `Mr`, `Mrs` and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gender {
    Man,
    Woman,
}

/// Resolves speakers of one document in text order.
pub(crate) struct Resolver<'a> {
    text: &'a str,
    layer: &'a EntityLayer,
    quoted: &'a [Range<usize>],
    genders: Vec<Option<Gender>>,
    /// Where a speaker was last resolved to a person, and to whom.
    last: Option<(usize, u32)>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(text: &'a str, layer: &'a EntityLayer, quoted: &'a [Range<usize>]) -> Resolver<'a> {
        let mut genders = vec![None; layer.entities.len()];
        for mention in &layer.mentions {
            if let Some(gender) = genders.get_mut(mention.entity as usize) {
                *gender = gender.or(titled(text, mention));
            }
        }
        Resolver { text, layer, quoted, genders, last: None }
    }

    /// The entity that the words at `speaker` mean.
    pub(crate) fn resolve(&mut self, speaker: &Range<usize>) -> Option<u32> {
        let words = &self.text[speaker.clone()];
        let entity = match words.to_lowercase().as_str() {
            "he" | "his" | "him" => self.person_before(speaker.start, Some(Gender::Man)),
            "she" | "her" => self.person_before(speaker.start, Some(Gender::Woman)),
            "who" => self.mention_before(speaker.start).map(|mention| mention.entity),
            _ => self.named(speaker),
        }?;
        let known = self.layer.entities.get(entity as usize)?;
        if known.kind == EntityType::Per {
            self.last = Some((speaker.end, entity));
        }
        Some(entity)
    }

    /// The name that is the head of a group: `Prime Minister Ada Byron`, not `a friend of Ada Byron` or `Byron's aide`.
    fn named(&self, speaker: &Range<usize>) -> Option<u32> {
        let words = &self.text[speaker.clone()];
        let head_end = speaker.start + head_bytes(words);
        let from = self.layer.mentions.partition_point(|mention| (mention.span.end as usize) <= speaker.start);
        let inside = self.layer.mentions[from..].iter().take_while(|mention| (mention.span.start as usize) < head_end);
        let head = inside.filter(|mention| self.is_head(mention, head_end)).last()?;
        Some(head.entity)
    }

    fn is_head(&self, mention: &Mention, head_end: usize) -> bool {
        let end = mention.span.end as usize;
        if end >= head_end {
            return true;
        }
        let rest = &self.text[end..head_end];
        let first = rest.trim_start().chars().next();
        // `Smith, a lawyer` and `Smith (D-Ohio)` name Smith; `Smith's lawyer` and `Smith campaign` do not.
        first.is_none_or(|first| matches!(first, ',' | '(' | '-' | '–' | '—'))
    }

    fn mention_before(&self, at: usize) -> Option<&'a Mention> {
        let until = self.layer.mentions.partition_point(|mention| (mention.span.end as usize) <= at);
        self.layer.mentions[..until].last().filter(|mention| at - (mention.span.end as usize) <= PRONOUN_BYTES_MAX)
    }

    /// Who a pronoun at `at` means: who spoke in the passage before it, else the person named last outside quotations.
    fn person_before(&self, at: usize, gender: Option<Gender>) -> Option<u32> {
        let fits = |entity: u32| {
            let known = self.genders.get(entity as usize).copied().flatten();
            known.is_none() || gender.is_none() || known == gender
        };
        let near = |end: usize| at.saturating_sub(end) <= PRONOUN_BYTES_MAX;
        let until = self.layer.mentions.partition_point(|mention| (mention.span.end as usize) <= at);
        let outside = |mention: &&Mention| {
            let start = mention.span.start as usize;
            let quote = self.quoted.partition_point(|quote| quote.end <= start);
            self.quoted.get(quote).is_none_or(|quote| start < quote.start)
        };
        let named = self.layer.mentions[..until]
            .iter()
            .rev()
            .take_while(|mention| near(mention.span.end as usize))
            .filter(|mention| mention.kind == EntityType::Per && fits(mention.entity))
            .find(outside);
        let spoke = self.last.filter(|(end, entity)| near(*end) && fits(*entity)).map(|(_, entity)| entity);
        spoke.or_else(|| named.map(|mention| mention.entity))
    }
}

/// Bytes of a group up to the preposition behind its head.
fn head_bytes(words: &str) -> usize {
    const JOINING: [&str; 10] = [" for ", " of ", " from ", " at ", " in ", " with ", " to ", " on ", " who ", " and "];
    JOINING.iter().filter_map(|word| words.find(word)).min().unwrap_or(words.len())
}

/// `Mr` or `Mrs` in front of a mention or at its start.
fn titled(text: &str, mention: &Mention) -> Option<Gender> {
    let before = text.get(..mention.span.start as usize)?.trim_end().trim_end_matches('.');
    let own = mention.span.slice(text)?;
    let is = |titles: &[&str]| titles.iter().any(|title| ends_with_word(before, title) || starts_with_word(own, title));
    if is(&["Mr", "Sir", "Lord", "King", "Prince"]) {
        Some(Gender::Man)
    } else if is(&["Mrs", "Ms", "Miss", "Lady", "Queen", "Princess", "Dame"]) {
        Some(Gender::Woman)
    } else {
        None
    }
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| rest.starts_with(['.', ' ']))
}
