//! Where names end and others begin, by what stands next to them: a place and the body named after it are one name, two
//! companies in an enumeration are two, and one word has one type in a document that tells it. Corrects the tagger; finds
//! no name on its own.

use super::bodies;
use super::gazetteer::{Gazetteer, list, listed};
use super::page::{Page, Writing};
use super::ships;
use crate::name::{is_state_acronym, is_title};
use crate::token::flag;
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use rustc_hash::{FxHashMap, FxHashSet};

/// A name as its tokens, `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// First token.
    pub(super) start: usize,
    /// The token after the last one.
    pub(super) end: usize,
    /// Its type.
    pub(super) kind: EntityType,
}

/// Ends of words that describe what follows and are no part of its name: `UK-based Arm`.
const DESCRIBING: &[&str] =
    &["-based", "-owned", "-backed", "-led", "-listed", "-born", "-made", "-run", "-controlled", "-funded", "-held"];

/// Words before `of` that head a body of the place behind it.
const BODIES_OF: &[&str] =
    &["Government", "Embassy", "Parliament", "Conference", "University", "Federation", "Bank", "Legislature", "Court"];

/// Names with their ends put right, and one type for a word in the document.
pub(super) fn settle(page: &Page<'_>, lists: &Gazetteer, names: Vec<(Span, EntityType)>) -> Vec<(Span, EntityType)> {
    let mut pieces = Vec::with_capacity(names.len());
    for (span, kind) in names {
        // Halves of a token (`PUTIN-ZELENSKIY`) are left as they are.
        let start = page.tokens.binary_search_by_key(&span.start, |token| token.start);
        let end = page.tokens.partition_point(|token| token.start < span.end);
        match start {
            Ok(start) if end > start && page.tokens[end - 1].end == span.end => {
                pieces.push(Ok(Piece { start, end, kind }));
            }
            _ => pieces.push(Err((span, kind))),
        }
    }
    let whole: Vec<Piece> = pieces.iter().filter_map(|piece| piece.as_ref().ok().copied()).collect();
    let halves: Vec<(Span, EntityType)> = pieces.into_iter().filter_map(Result::err).collect();
    let whole = join(page, lists, part(page, lists, whole));
    let mut whole = bodies::add(page, lists, whole);
    agree(page, lists, &mut whole);
    ships::tell(page, lists, &mut whole);
    let span = |piece: &Piece| Span { start: page.tokens[piece.start].start, end: page.tokens[piece.end - 1].end };
    let mut names: Vec<(Span, EntityType)> = whole.iter().map(|piece| (span(piece), piece.kind)).collect();
    names.retain(|(span, _)| {
        let at = halves.partition_point(|(half, _)| half.end <= span.start);
        halves.get(at).is_none_or(|(half, _)| !half.overlaps(*span))
    });
    names.extend(halves);
    names.sort_by_key(|(span, _)| span.start);
    names
}

/// Takes off what is no part of a name, and parts two names.
fn part(page: &Page<'_>, lists: &Gazetteer, pieces: Vec<Piece>) -> Vec<Piece> {
    let mut parted = Vec::with_capacity(pieces.len());
    for mut piece in pieces {
        let first = page.word(piece.start);
        if piece.end - piece.start > 1 && DESCRIBING.iter().any(|end| first.ends_with(end)) {
            piece.start += 1;
        }
        while piece.end - piece.start > 1 && is_loose(page, lists, piece) {
            piece.end -= 1;
        }
        let enumerated = piece.start > 0 && page.word(piece.start - 1) == ",";
        let plain = |at: usize| lists.word(page.tokens[at].fold) & list::ORG_WORD == 0;
        if piece.kind == EntityType::Org
            && piece.end - piece.start == 3
            && page.word(piece.start + 1) == "and"
            && enumerated
            && plain(piece.start + 2)
        {
            parted.push(Piece { end: piece.start + 1, ..piece });
            parted.push(Piece { start: piece.start + 2, ..piece });
            continue;
        }
        parted.push(piece);
    }
    parted
}

/// Whether the last token is no part of the name: a lower-case word, or a number behind a place.
fn is_loose(page: &Page<'_>, lists: &Gazetteer, piece: Piece) -> bool {
    let last = &page.tokens[piece.end - 1];
    let lower = last.any(flag::LOWER) && !last.any(flag::UPPER | flag::DIGIT | flag::HYPHEN);
    let listed = || lists.name(&page.tokens[piece.start..piece.end]).is_some_and(|(n, _)| n == piece.end - piece.start);
    let number = last.any(flag::DIGIT) && !last.any(flag::WORD);
    (lower && piece.kind != EntityType::Per || number && piece.kind == EntityType::Loc) && !listed()
}

/// Joins what is one name: `Dubai Police`, `Government of India`, `Douglas & Hale`.
fn join(page: &Page<'_>, lists: &Gazetteer, pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut next = pieces.into_iter().peekable();
    while let Some(mut piece) = next.next() {
        if let Some(last) = joined.last().filter(|last| last.end > piece.start) {
            piece.start = last.end;
            if piece.start >= piece.end {
                continue;
            }
        }
        if let Some(end) = body_end(page, lists, piece, next.peek().copied()) {
            piece = Piece { end, kind: EntityType::Org, ..piece };
            while next.peek().is_some_and(|other| other.end <= end) {
                next.next();
            }
        } else if let Some(start) = body_start(page, piece, joined.last().copied()) {
            if joined.last().is_some_and(|last| last.start == start) {
                joined.pop();
            }
            piece = Piece { start, kind: EntityType::Org, ..piece };
        } else if let Some(end) = partner_end(page, lists, piece, next.peek().copied()) {
            piece = Piece { end, kind: EntityType::Org, ..piece };
            while next.peek().is_some_and(|other| other.end <= end) {
                next.next();
            }
        }
        joined.push(piece);
    }
    joined
}

/// Where the body ends that is named after the place `piece`: `Dubai Police`.
fn body_end(page: &Page<'_>, lists: &Gazetteer, piece: Piece, next: Option<Piece>) -> Option<usize> {
    let sentence = page.sentences.partition_point(|sentence| sentence.end <= piece.start);
    let sentence = page.sentences.get(sentence).filter(|sentence| sentence.writing == Writing::Normal)?;
    if piece.kind != EntityType::Loc || is_state_acronym(page.word(piece.start)) {
        return None;
    }
    let heads = |at: usize| {
        let on = lists.word(page.tokens[at].fold);
        page.tokens[at].is(flag::INITIAL | flag::SPACE) && on & list::ORG_WORD != 0 && on & list::PLACE_WORD == 0
    };
    let start = piece.end;
    let follows = start < sentence.end && page.tokens[start].start == page.tokens[start - 1].end + 1;
    if !follows || !page.tokens[start].is(flag::INITIAL) {
        return None;
    }
    if let Some(other) = next.filter(|other| other.start == start) {
        let country = lists
            .name(&page.tokens[piece.start..piece.end])
            .is_some_and(|(length, kinds)| length == start - piece.start && kinds & listed::COUNTRY != 0);
        return (other.kind == EntityType::Org && !country && heads(other.end - 1)).then_some(other.end);
    }
    let end = (start..sentence.end).find(|at| !heads(*at)).unwrap_or(sentence.end);
    let goes_on = page.tokens.get(end).is_some_and(|token| {
        let on = lists.word(token.fold);
        token.is(flag::INITIAL | flag::SPACE) && (on & list::PLACE_WORD != 0 || is_title(page.word(end)))
    });
    (end > start && !goes_on).then_some(end)
}

/// Where the body begins that is named after the place `piece` behind it: `Government of India`.
fn body_start(page: &Page<'_>, piece: Piece, before: Option<Piece>) -> Option<usize> {
    if piece.kind != EntityType::Loc {
        return None;
    }
    let article = piece.start > 0 && page.word(piece.start - 1) == "the";
    let of = piece.start.checked_sub(1 + usize::from(article)).filter(|of| page.word(*of) == "of")?;
    let head = of.checked_sub(1).filter(|head| BODIES_OF.contains(&page.word(*head)))?;
    match before.filter(|before| before.end > head) {
        Some(before) => (before.kind == EntityType::Org && before.end == of).then_some(before.start),
        None => (!page.tokens[head].any(flag::SENTENCE)).then_some(head),
    }
}

/// Where the firm ends whose first partner is `piece`: `Douglas & Hale`, `McDonald & Co`.
fn partner_end(page: &Page<'_>, lists: &Gazetteer, piece: Piece, next: Option<Piece>) -> Option<usize> {
    let sign = piece.end;
    if sign + 1 >= page.tokens.len() || page.word(sign) != "&" || page.tokens[sign + 1].any(flag::LINE) {
        return None;
    }
    if matches!(page.word(sign + 1), "Co" | "Co." | "Sons") {
        return Some(sign + 2);
    }
    let other = next.filter(|other| other.start == sign + 1)?;
    let person = |piece: Piece| piece.kind == EntityType::Per;
    let given = |piece: Piece| lists.word(page.tokens[piece.start].fold) & list::FIRST != 0;
    let lone = piece.end - piece.start == 1;
    (lone && person(piece) && person(other) && !given(piece) && !given(other)).then_some(other.end)
}

/// One word is one thing in a document that tells it: `Magna` beside `Magna International` is the company, and `Reed`
/// beside `Tom Reed` the man.
fn agree(page: &Page<'_>, lists: &Gazetteer, pieces: &mut [Piece]) {
    let mut families: FxHashSet<u64> = FxHashSet::default();
    let mut firms: FxHashMap<u64, usize> = FxHashMap::default();
    for piece in pieces.iter().filter(|piece| piece.end - piece.start > 1) {
        match piece.kind {
            EntityType::Per => {
                families.extend((piece.start..piece.end).map(|at| page.tokens[at].fold));
            }
            EntityType::Org => *firms.entry(page.tokens[piece.start].fold).or_default() += 1,
            EntityType::Loc | EntityType::Misc => {}
        }
    }
    for piece in pieces.iter_mut().filter(|piece| piece.end - piece.start == 1) {
        let token = &page.tokens[piece.start];
        let family = families.contains(&token.fold);
        let firm = firms.contains_key(&token.fold);
        let listed = lists.name(&page.tokens[piece.start..piece.end]).is_some();
        if piece.kind == EntityType::Per && firm && !family {
            piece.kind = EntityType::Org;
        } else if matches!(piece.kind, EntityType::Org | EntityType::Loc) && family && !firm && !listed {
            piece.kind = EntityType::Per;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::settle;
    use crate::tagger::gazetteer::Gazetteer;
    use crate::tagger::lexicon::Lexicon;
    use crate::tagger::page::Page;
    use dateline_processor::core::Span;
    use dateline_processor::core::layers::EntityType::{self, Loc, Org, Per};

    fn settled(text: &str, names: &[(&str, EntityType)]) -> Vec<(String, EntityType)> {
        let lists = Gazetteer::load();
        let lexicon = Lexicon::default();
        let page = Page::new(text, &crate::split_sentences(text, &[]), &lists, &lexicon);
        let mut from = 0;
        let mut span = |name: &str| {
            let start = text[from..].find(name).map(|at| from + at).expect("stands there");
            from = start + name.len();
            Span::new(start, from)
        };
        let names = names.iter().map(|(name, kind)| (span(name), *kind)).collect();
        settle(&page, &lists, names).into_iter().map(|(span, kind)| (text[span.range()].to_owned(), kind)).collect()
    }

    fn check(text: &str, names: &[(&str, EntityType)], wanted: &[(&str, EntityType)]) {
        let found = settled(text, names);
        let found: Vec<(&str, EntityType)> = found.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn a_place_and_its_body_are_one_name() {
        check("He joined Dubai Police in May", &[("Dubai", Loc)], &[("Dubai Police", Org)]);
        check(
            "They quietly left the sleepy Porto Alegre Monetary Board",
            &[("Porto Alegre", Loc), ("Monetary Board", Org)],
            &[("Porto Alegre Monetary Board", Org)],
        );
        check("Then US Congress met", &[("US", Loc)], &[("US", Loc)]);
        check("At Dubai International Airport", &[("Dubai", Loc)], &[("Dubai", Loc)]);
        check("the Government of India said", &[("India", Loc)], &[("Government of India", Org)]);
        check("the people of India said", &[("India", Loc)], &[("India", Loc)]);
    }

    #[test]
    fn firms_end_where_they_end() {
        check("with UK-based Arm", &[("UK-based Arm", Org)], &[("Arm", Org)]);
        check("the Xinhua news agency", &[("Xinhua news agency", Org)], &[("Xinhua", Org)]);
        check("Gulf, Shell and Caltex", &[("Shell and Caltex", Org)], &[("Shell", Org), ("Caltex", Org)]);
        check("from Marks and Spencer", &[("Marks and Spencer", Org)], &[("Marks and Spencer", Org)]);
        check("said Douglas & Hale rose", &[("Douglas", Per), ("Hale", Per)], &[("Douglas", Per), ("Hale", Per)]);
        check("said Lomas & Hale rose", &[("Lomas", Per), ("Hale", Per)], &[("Lomas & Hale", Org)]);
        check("at Brandt & Co.", &[("Brandt", Per)], &[("Brandt & Co.", Org)]);
    }

    #[test]
    fn one_word_is_one_thing() {
        check(
            "Magna rose; Magna Steel Inc",
            &[("Magna", Per), ("Magna Steel Inc", Org)],
            &[("Magna", Org), ("Magna Steel Inc", Org)],
        );
        check("Tom Brill and Brill", &[("Tom Brill", Per), ("Brill", Org)], &[("Tom Brill", Per), ("Brill", Per)]);
    }
}
