//! Ships, which are called like people and places: told by the word in front of them, or by an article and what only ships
//! do. Retypes what the tagger found; finds no name on its own.

use super::bounds::Piece;
use super::gazetteer::{Gazetteer, list};
use super::page::Page;
use crate::token::flag;
use dateline_processor::core::layers::EntityType;
use rustc_hash::FxHashSet;
use std::cell::LazyCell;
use std::ops::Deref;

/// Words in front of a ship's name.
const VESSELS: &[&str] = &[
    "ship",
    "vessel",
    "carrier",
    "freighter",
    "tanker",
    "supertanker",
    "ferry",
    "trawler",
    "frigate",
    "destroyer",
    "corvette",
    "cruiser",
    "battleship",
    "warship",
    "submarine",
    "icebreaker",
    "schooner",
    "barge",
    "tugboat",
    "steamer",
    "liner",
];

/// What a ship does, and nobody else: `the Halcyone sailed`.
const SAILS: &[&str] =
    &["sailed", "sails", "docked", "docks", "capsized", "capsizes", "moored", "anchored", "foundered", "sank"];

/// What stands around a name in print.
const MARKS: &[&str] = &["\"", "'", "“", "‘", "*", "_", "``"];
/// How many of those stand in front of one.
const MARKS_MAX: usize = 2;

/// Retypes the people and places that are ships, everywhere in a text where one is told.
pub(super) fn tell(page: &Page<'_>, lists: &Gazetteer, pieces: &mut [Piece]) {
    let full = pieces.iter().filter(|piece| piece.kind == EntityType::Per && piece.end - piece.start > 1);
    let families: FxHashSet<u64> = full.map(|piece| page.tokens[piece.end - 1].fold).collect();
    let word = |piece: &Piece| is_one_word(*piece).then(|| page.tokens[piece.start].fold);
    let speaks_of_ships = LazyCell::new(|| is_about_ships(page));
    let mut told: FxHashSet<u64> = FxHashSet::default();
    for piece in pieces.iter_mut() {
        let is_namesake = word(piece).is_some_and(|fold| families.contains(&fold));
        if !is_namesake && is_told(page, lists, &speaks_of_ships, *piece) {
            piece.kind = EntityType::Misc;
            told.extend(word(piece));
        }
    }
    for piece in pieces.iter_mut().filter(|piece| piece.kind == EntityType::Per) {
        if word(piece).is_some_and(|fold| told.contains(&fold)) {
            piece.kind = EntityType::Misc;
        }
    }
}

fn is_one_word(piece: Piece) -> bool {
    piece.end - piece.start == 1
}

/// Whether a verb in the past stands at a place: behind an article and a name, people have none.
fn did(page: &Page<'_>, at: usize) -> bool {
    let token =
        page.tokens.get(at).filter(|token| !token.any(flag::UPPER | flag::LINE | flag::SENTENCE | flag::HYPHEN));
    token.is_some_and(|_| page.word(at).ends_with("ed"))
}

/// Whether a text speaks of ships at all.
fn is_about_ships(page: &Page<'_>) -> bool {
    (0..page.tokens.len()).any(|at| VESSELS.contains(&page.word(at).trim_end_matches('s')))
}

/// Whether a name is a ship's by what stands around it.
fn is_told(page: &Page<'_>, lists: &Gazetteer, speaks_of_ships: &impl Deref<Target = bool>, piece: Piece) -> bool {
    let is_listed = || lists.name(&page.tokens[piece.start..piece.end]).is_some();
    if !matches!(piece.kind, EntityType::Per | EntityType::Loc) || piece.kind == EntityType::Loc && is_listed() {
        return false;
    }
    let in_line = |at: usize| !page.tokens[at].any(flag::LINE | flag::SENTENCE);
    let sails = page.tokens.get(piece.end).is_some_and(|_| in_line(piece.end) && SAILS.contains(&page.word(piece.end)));
    let has_article = piece.start > 0 && matches!(page.word(piece.start - 1), "the" | "The") && in_line(piece.start);
    if has_article && (sails || is_one_word(piece) && did(page, piece.end) && **speaks_of_ships) {
        return true;
    }
    let is_mark = |at: &usize| MARKS.contains(&page.word(*at));
    let marks = (0..piece.start).rev().take(MARKS_MAX).take_while(is_mark).count();
    let Some(vessel) = piece.start.checked_sub(marks + 1) else { return false };
    // `The tanker John Doe bought` is a clause, and John Doe no tanker.
    let is_person = piece.kind == EntityType::Per
        && piece.end - piece.start > 1
        && lists.word(page.tokens[piece.start].fold) & list::FIRST != 0;
    VESSELS.contains(&page.word(vessel))
        && (vessel + 1..=piece.start).all(in_line)
        && (marks > 0 || sails || !is_person)
}

#[cfg(test)]
mod tests {
    use super::tell;
    use crate::tagger::bounds::Piece;
    use crate::tagger::gazetteer::Gazetteer;
    use crate::tagger::lexicon::Lexicon;
    use crate::tagger::page::Page;
    use dateline_processor::core::layers::EntityType::{self, Loc, Misc, Org, Per};

    fn told(text: &str, names: &[(&str, EntityType)]) -> Vec<EntityType> {
        let lists = Gazetteer::load();
        let lexicon = Lexicon::default();
        let page = Page::new(text, &crate::split_sentences(text, &[]), &lists, &lexicon);
        let mut from = 0;
        let mut piece = |(name, kind): &(&str, EntityType)| {
            let start = text[from..].find(name).map(|at| from + at).expect("stands there");
            from = start + name.len();
            let at = |byte: usize| page.tokens.partition_point(|token| (token.start as usize) < byte);
            Piece { start: at(start), end: at(from), kind: *kind }
        };
        let mut pieces: Vec<Piece> = names.iter().map(&mut piece).collect();
        tell(&page, &lists, &mut pieces);
        pieces.iter().map(|piece| piece.kind).collect()
    }

    #[test]
    fn a_ship_is_nobody() {
        let both = [("Halcyone", Per), ("Halcyone", Per)];
        assert_eq!(told("The cargo ship Halcyone lay off Brest. Halcyone carried corn.", &both), [Misc, Misc]);
        assert_eq!(told("Corn has gone out since the Halcyone sailed in May.", &both[..1]), [Misc]);
        let text = "The last ship has left. In all, much corn came since the Halcyone opened the lane.";
        assert_eq!(told(text, &both[..1]), [Misc]);
        assert_eq!(told("The ferry “Robert Dorrit” was late.", &[("Robert Dorrit", Per)]), [Misc]);
        assert_eq!(told("The tanker Orlena Maru burns.", &[("Orlena Maru", Loc)]), [Misc]);
    }

    #[test]
    fn who_has_a_ship_is_somebody() {
        assert_eq!(told("The tanker Robert Dorrit bought is new.", &[("Robert Dorrit", Per)]), [Per]);
        let both = [("Ann Dorrit", Per), ("Dorrit", Per)];
        assert_eq!(told("Ann Dorrit came. The ferry Dorrit bought is new.", &both), [Per, Per]);
        assert_eq!(told("Of all that came the Dorrit opened a shop.", &[("Dorrit", Per)]), [Per]);
        assert_eq!(told("They left the ship. Halcyone waved.", &[("Halcyone", Per)]), [Per]);
        assert_eq!(told("By ship, Halcyone said, it takes a week.", &[("Halcyone", Per)]), [Per]);
        assert_eq!(told("The carrier Skyline Air flies.", &[("Skyline Air", Org)]), [Org]);
        assert_eq!(told("The ferry France ordered is new.", &[("France", Loc)]), [Loc]);
    }
}
