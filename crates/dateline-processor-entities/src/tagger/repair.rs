//! What the conventions say whatever the model thinks: titles, articles and possessives stay outside, small words are no
//! names, peoples are `MISC`, two people joined by a hyphen are two, and a town that plays is a club.

use super::gazetteer::{Gazetteer, is_state_body, list, listed};
use super::page::Page;
use super::{bounds, sport};
use crate::name::{is_office, is_plain_title, is_state_acronym, is_title};
use crate::token::{Token, flag, fold, hash_of, tokenize};
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use rustc_hash::FxHashSet;

type Name = (Span, EntityType);

/// Last words of names that keep their article at the start of a sentence too.
const KEEP_THE: &[&str] = &[
    "Times",
    "Post",
    "Guardian",
    "Independent",
    "Economist",
    "Sun",
    "Mirror",
    "Telegraph",
    "Journal",
    "Herald",
    "Star",
    "Nation",
    "Standard",
    "Citizen",
    "Observer",
    "Globe",
    "Mail",
    "Tribune",
    "Hague",
    "Gazette",
    "Atlantic",
    "Intercept",
    "Lancet",
    "Verge",
    "Hill",
    "Yorker",
    "Beatles",
    "Who",
    "Register",
    "Chronicle",
    "Express",
    "Examiner",
    "Conversation",
];

/// Words that are no name when they stand alone.
const NEVER_ALONE: &[&str] = &[
    "we",
    "the",
    "i",
    "it",
    "he",
    "she",
    "they",
    "you",
    "a",
    "an",
    "in",
    "on",
    "at",
    "by",
    "for",
    "from",
    "to",
    "of",
    "and",
    "but",
    "or",
    "if",
    "as",
    "so",
    "this",
    "that",
    "these",
    "those",
    "there",
    "here",
    "what",
    "when",
    "where",
    "who",
    "why",
    "how",
    "which",
    "his",
    "her",
    "its",
    "their",
    "our",
    "my",
    "your",
    "no",
    "not",
    "yes",
    "all",
    "some",
    "many",
    "most",
    "more",
    "after",
    "before",
    "since",
    "while",
    "with",
    "without",
    "about",
    "also",
    "however",
    "mr",
    "mrs",
    "ms",
    "dr",
    "sir",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "july",
    "september",
    "october",
    "november",
    "december",
    "one",
    "two",
    "three",
    "first",
    "second",
    "last",
    "new",
];

/// Words that are no place when they stand alone.
const NO_PLACE_ALONE: &[&str] =
    &["state", "republic", "group", "world", "north", "south", "east", "west", "city", "country"];

/// Puts names where the conventions want them.
pub(super) fn repair(page: &Page<'_>, lists: &Gazetteer, names: Vec<Name>) -> Vec<Name> {
    let mut kept = Vec::with_capacity(names.len());
    let mut tokens = Vec::new();
    let full = names
        .iter()
        .filter(|(_, kind)| *kind == EntityType::Per)
        .filter_map(|(span, _)| span.slice(page.text)?.rsplit_once(' '));
    let families: FxHashSet<u64> = full.map(|(_, last)| hash_of(last)).collect();
    for (span, kind) in names {
        let text = span.slice(page.text).unwrap_or("");
        let (start, end) = edges(page, lists, span, text, kind);
        let text = &text[start..end];
        let span = Span { start: span.start + offset(start), end: span.start + offset(end) };
        tokens.clear();
        tokenize(text, &mut tokens);
        let namesake = kind == EntityType::Per && families.contains(&hash_of(text));
        let kind = if !namesake && is_people(text, lists, &tokens) { EntityType::Misc } else { kind };
        let currency = text == "US" && page.text[span.end as usize..].trim_start().starts_with('$');
        let no_name = tokens.len() == 1 && (is_no_name(text, kind) || is_label(page, span));
        if tokens.is_empty() || currency || no_name {
            continue;
        }
        settle(span, kind, text, lists, &tokens, &mut kept);
    }
    let kept = part_pairs(page, kept);
    let kept = add_missed(page, lists, kept);
    sport::clubs(page, lists, bounds::settle(page, lists, kept))
}

/// One name as it goes on: a people and its state's body are two, and who is called a ministry is no person.
fn settle(span: Span, kind: EntityType, text: &str, lists: &Gazetteer, tokens: &[Token], kept: &mut Vec<Name>) {
    let on = |token: &Token, bits: u16| lists.word(token.fold) & bits != 0;
    let heads_body = tokens.last().is_some_and(|last| on(last, list::ORG_WORD) && !on(last, list::LAST | list::FIRST));
    let body = tokens.len() > 1 && heads_body && !on(&tokens[0], list::FIRST);
    let kind = if kind == EntityType::Per && body { EntityType::Org } else { kind };
    if kind == EntityType::Org && tokens.len() > 1 {
        let (people, rest) = text.split_at(tokens[1].start as usize);
        let state = rest.split(' ').next().is_some_and(is_state_body);
        if state && is_people(people.trim_end(), lists, &tokens[..1]) {
            let middle = span.start + tokens[1].start;
            kept.push((Span { start: span.start, end: span.start + tokens[0].end }, EntityType::Misc));
            kept.push((Span { start: middle, end: span.end }, EntityType::Org));
            return;
        }
    }
    // `State Councilor` is what somebody is, not what something is called.
    let office = text.rsplit(' ').next().is_some_and(is_office) && text.contains(' ');
    if kind != EntityType::Org || !office {
        kept.push((span, kind));
    }
}

/// Names that need no model: whoever is called Mr, and `Sino-Russian`. Also the rest of a name that was split oddly.
fn add_missed(page: &Page<'_>, lists: &Gazetteer, mut names: Vec<Name>) -> Vec<Name> {
    let mut missed: Vec<Name> = Vec::new();
    let taken = |names: &[Name], at: usize| {
        let token = &page.tokens[at];
        let next = names.partition_point(|(span, _)| span.end <= token.start);
        names.get(next).is_some_and(|(span, _)| span.start < token.end)
    };
    for at in 0..page.tokens.len() {
        let token = &page.tokens[at];
        if !token.is(flag::INITIAL) || taken(&names, at) {
            continue;
        }
        if token.any(flag::HYPHEN) {
            let word = page.word(at);
            let last = word.rsplit('-').next().unwrap_or("");
            let mut tokens = Vec::new();
            tokenize(last, &mut tokens);
            if is_people(last, lists, &tokens) {
                missed.push((Span { start: token.start, end: token.end }, EntityType::Misc));
            }
        } else if at > 0 && is_honorific(page.word(at - 1)) && token.is(flag::INITIAL | flag::LOWER) {
            missed.push((Span { start: token.start, end: token.end }, EntityType::Per));
        }
    }
    names.extend(missed);
    names.sort_by_key(|(span, _)| span.start);
    for at in 0..names.len() {
        let limit = names.get(at + 1).map_or(u32::MAX, |(span, _)| span.start);
        if let Some(end) = odd_end(page, names[at]).filter(|end| *end <= limit) {
            names[at].0.end = end;
        }
    }
    names
}

fn is_honorific(word: &str) -> bool {
    matches!(word, "Mr" | "Mr." | "Mrs" | "Mrs." | "Ms" | "Ms." | "Messrs" | "Messrs.")
}

/// Where `Yoon Suk` really ends when ` - yeol` follows: a rare word of few letters behind a spaced hyphen.
fn odd_end(page: &Page<'_>, (span, kind): Name) -> Option<u32> {
    let next = page.tokens.partition_point(|token| token.start < span.end);
    let [hyphen, rest] = page.tokens.get(next..next + 2)? else { return None };
    let short = (2..=5).contains(&(rest.end - rest.start)) && rest.is(flag::LOWER) && !rest.any(flag::UPPER);
    let hyphenated = page.text[hyphen.range()] == *"-" && hyphen.start == span.end + 1 && rest.start == hyphen.end + 1;
    let two_words = span.slice(page.text).is_some_and(|name| name.split(' ').count() == 2);
    (kind == EntityType::Per && hyphenated && short && two_words && page.is_rare(rest.fold)).then_some(rest.end)
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn is_people(text: &str, lists: &Gazetteer, tokens: &[Token]) -> bool {
    let whole = lists.name(tokens).filter(|(length, _)| *length == tokens.len());
    text.starts_with(char::is_uppercase)
        && whole.is_some_and(|(_, kinds)| kinds & listed::PEOPLE != 0 && kinds & listed::COUNTRY == 0)
}

fn is_no_name(text: &str, kind: EntityType) -> bool {
    let folded = fold(text);
    let bare = folded.trim_end_matches('.');
    let letters = bare.chars().filter(|letter| letter.is_alphanumeric()).count();
    letters == 0
        || NEVER_ALONE.contains(&bare) && text != "US" && text != "IT" && text != "May"
        || (kind == EntityType::Per && (is_plain_title(text) || letters == 1 && text.len() <= 2))
        || (kind == EntityType::Per
            && matches!(bare, "director" | "chief" | "manager" | "coach" | "speaker" | "president-elect" | "deputy"))
        || (kind == EntityType::Loc && NO_PLACE_ALONE.contains(&bare))
}

/// Whether a word says who speaks next, as interviews print it: a line that begins with `((QR))`.
pub(super) fn is_label(page: &Page<'_>, span: Span) -> bool {
    let (before, after) = (&page.text[..span.start as usize], &page.text[span.end as usize..]);
    let line = before.rsplit('\n').next().unwrap_or("");
    line.trim() == "((" && after.starts_with("))")
}

/// Where the name proper starts and ends in `text`.
fn edges(page: &Page<'_>, lists: &Gazetteer, span: Span, text: &str, kind: EntityType) -> (usize, usize) {
    let mut end = text.trim_end_matches(['-', '/', ',', ' ', '&', '\'', '’', '–']).len();
    for possessive in ["'s", "’s"] {
        if let Some(bare) = text[..end].strip_suffix(possessive).filter(|bare| bare.ends_with(' ')) {
            end = bare.trim_end().len();
        }
    }
    let mut start = 0;
    // "CRICKET - ENGLAND": what stands before a spaced dash is a rubric. "Suk - yeol" goes on in lower case.
    if let Some(dash) = text[..end].rfind(" - ").filter(|dash| text[dash + 3..end].starts_with(char::is_uppercase)) {
        start = dash + 3;
    }
    let first = page.tokens.binary_search_by_key(&span.start, |token| token.start).ok();
    let opens = first.is_some_and(|at| page.tokens[at].any(flag::SENTENCE | flag::LINE));
    if kind == EntityType::Per {
        start += title_end(&text[start..end], lists);
        if start >= end {
            return (end, end);
        }
    }
    while let Some((word, rest)) = text[start..end].split_once(' ') {
        let title = kind == EntityType::Per && is_plain_title(word);
        let last = rest.rsplit(' ').next().unwrap_or("");
        let article = word == "the"
            || word == "The" && start == 0 && opens && kind != EntityType::Misc && !KEEP_THE.contains(&last);
        if !(title || article) || rest.trim().is_empty() {
            break;
        }
        start = end - rest.trim_start().len();
    }
    (start, end)
}

/// Where the title ends that a person's name starts with: `Foreign Minster Wang Yi`, `Syrian President Bashar al-Assad`,
/// `US Secretary of State`. Words of a title count up to its last plain one; all of `name` when nothing else is left.
fn title_end(name: &str, lists: &Gazetteer) -> usize {
    let (mut end, mut at) = (0, 0);
    let mut of_a_state = false;
    for (number, word) in name.split(' ').enumerate() {
        let behind = (at + word.len() + 1).min(name.len());
        let mut tokens = Vec::new();
        tokenize(word, &mut tokens);
        let state = number == 0 && (is_state_acronym(word) || is_people(word, lists, &tokens));
        of_a_state |= state;
        let office = end > 0 && matches!(word, "State" | "of" | "the" | "Affairs" | "Defense" | "Defence");
        if is_plain_title(word) || office {
            end = behind;
        } else if !(state || is_title(word)) {
            break;
        }
        at += word.len() + 1;
    }
    // A name of titles only is none where it starts with a state's (`US Secretary of State`); else it is one (`Don King`).
    if end == name.len() && !of_a_state { 0 } else { end }
}

/// `PUTIN-ZELENSKIY` are two people, `Putin/Xi` too: where both halves stand alone elsewhere or nothing else fits.
fn part_pairs(page: &Page<'_>, names: Vec<Name>) -> Vec<Name> {
    let pair = |(span, kind): &Name| {
        let text = span.slice(page.text)?;
        let sign = text.find(['-', '/', '–']).filter(|_| *kind == EntityType::Per && !text.contains(' '))?;
        let width = text[sign..].chars().next()?.len_utf8();
        let (front, back) = (&text[..sign], &text[sign + width..]);
        let long = front.chars().count() > 3 && back.chars().count() > 3 && back.starts_with(char::is_uppercase);
        (long && !back.contains(['-', '/'])).then_some((sign, width))
    };
    if !names.iter().any(|name| pair(name).is_some()) {
        return names;
    }
    let known: FxHashSet<u64> = names
        .iter()
        .filter(|(_, kind)| *kind == EntityType::Per)
        .filter_map(|(span, _)| span.slice(page.text)?.rsplit(' ').next().map(hash_of))
        .collect();
    let mut parted = Vec::with_capacity(names.len() + 1);
    for name in names {
        let text = name.0.slice(page.text).unwrap_or("");
        match pair(&name) {
            Some((sign, width))
                if known.contains(&hash_of(&text[..sign])) || known.contains(&hash_of(&text[sign + width..])) =>
            {
                let middle = name.0.start + offset(sign);
                parted.push((Span { start: name.0.start, end: middle }, name.1));
                parted.push((Span { start: middle + offset(width), end: name.0.end }, name.1));
            }
            _ => parted.push(name),
        }
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::{Gazetteer, repair};
    use crate::tagger::lexicon::Lexicon;
    use crate::tagger::page::Page;
    use dateline_processor::core::Span;
    use dateline_processor::core::layers::EntityType;

    fn repaired(text: &str, names: &[(&str, EntityType)]) -> Vec<(String, EntityType)> {
        let lists = Gazetteer::load();
        let lexicon = Lexicon::default();
        let page = Page::new(text, &crate::split_sentences(text, &[]), &lists, &lexicon);
        let span = |name: &str| text.find(name).map(|at| Span::new(at, at + name.len())).expect("stands there");
        let names = names.iter().map(|(name, kind)| (span(name), *kind)).collect();
        let shown = |(span, kind): (Span, EntityType)| (text[span.range()].to_owned(), kind);
        repair(&page, &lists, names).into_iter().map(shown).collect()
    }

    #[test]
    fn titles_articles_and_loose_ends_stay_outside() {
        use EntityType::{Loc, Org, Per};
        let check = |text, name, kind, wanted: Option<&str>| {
            let found = repaired(text, &[(name, kind)]);
            assert_eq!(found.first().map(|(name, _)| name.as_str()), wanted, "{text}");
        };
        check("Then President Xi Jinping spoke", "President Xi Jinping", Per, Some("Xi Jinping"));
        check("The United Nations met", "The United Nations", Org, Some("United Nations"));
        check("The Guardian wrote", "The Guardian", Org, Some("The Guardian"));
        check("CRICKET - ENGLAND WIN", "CRICKET - ENGLAND", Loc, Some("ENGLAND"));
        check("Yoon Suk - yeol spoke", "Yoon Suk - yeol", Per, Some("Yoon Suk - yeol"));
        check("We met Foreign Minster Wang Yi", "Foreign Minster Wang Yi", Per, Some("Wang Yi"));
        check(
            "So Syrian President Bashar al-Assad said",
            "Syrian President Bashar al-Assad",
            Per,
            Some("Bashar al-Assad"),
        );
        check("Then US Secretary of State spoke", "US Secretary of State", Per, None);
        check("So Stephen King said", "Stephen King", Per, Some("Stephen King"));
        check("So Don King said", "Don King", Per, Some("Don King"));
        check("So Martin Luther King said", "Martin Luther King", Per, Some("Martin Luther King"));
        check("We won", "We", Org, None);
        check("the President said", "President", Per, None);
    }

    #[test]
    fn two_people_joined_by_a_hyphen_are_two() {
        let found = repaired(
            "PUTIN-ZELENSKIY TALKS as Vladimir Putin met",
            &[("PUTIN-ZELENSKIY", EntityType::Per), ("Vladimir Putin", EntityType::Per)],
        );
        assert_eq!(found.len(), 3);
        let found = repaired("Anna Meyer-Landrut said", &[("Anna Meyer-Landrut", EntityType::Per)]);
        assert_eq!(found.len(), 1);
    }
}
