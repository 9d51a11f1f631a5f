//! Organisations that what stands around them tells: acronyms with an article or spelt out before brackets, news agencies,
//! ministries of several things, parliaments. Adds to what the tagger found; knows none of them by name.

use super::bounds::Piece;
use super::gazetteer::{Gazetteer, is_state_body, list};
use super::page::{Page, Writing};
use super::repair::is_label;
use crate::name::is_state_acronym;
use crate::token::flag;
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use rustc_hash::FxHashSet;

/// Letters of an acronym that is looked at.
const ACRONYM_LETTERS: std::ops::RangeInclusive<usize> = 2..=7;
/// An acronym with fewer letters needs to be spelt out.
const TOLD_LETTERS_MIN: usize = 3;
/// At most this many tokens in front of brackets spell out the acronym in them.
const SPELT_TOKENS_MAX: usize = 20;
/// At most this many tokens are a ministry's further tasks.
const TASKS_TOKENS_MAX: usize = 12;
/// Words that are capitalised more often than this in news are names, and no tasks; a level of the lexicon.
const TASK_CAPITALS_MAX: u8 = 3;

/// Acronyms of things, offices and measures.
const NO_BODIES: &[&str] = &[
    "AD", "AI", "AM", "ATM", "BC", "CEO", "CFO", "COO", "COVID", "CM", "DJ", "DNA", "DVD", "EDT", "EST", "EV", "EVS",
    "FDI", "FM", "GDP", "GMT", "GNP", "GPS", "HIV", "ID", "IPO", "IT", "LGBT", "LNG", "MEP", "MP", "MPS", "NGO",
    "NGOS", "OK", "PC", "PM", "PR", "QC", "SARS", "SMS", "SUV", "TV", "UHF", "USD", "UTC", "VAT", "VIP", "WMD",
];

/// Parliaments and the like, which are one of a kind where they stand.
const INSTITUTIONS: &[&str] = &["Parliament", "Congress", "Senate", "Cabinet", "Treasury"];

/// First words of what is called after its tasks: `Ministry of Industry and Commerce`.
const TASKED: &[&str] = &["Ministry", "Department", "Chamber", "Faculty", "Secretariat", "Directorate", "Committee"];

/// The names with those organisations among them.
pub(super) fn add(page: &Page<'_>, lists: &Gazetteer, mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut told: FxHashSet<u64> = FxHashSet::default();
    let mut spelt: FxHashSet<u64> = FxHashSet::default();
    let mut bodies: Vec<Piece> = Vec::new();
    extend_tasks(page, lists, &mut pieces);
    for at in 0..page.tokens.len() {
        if !is_acronym(page, at) {
            continue;
        }
        let (fold, letters) = (page.tokens[at].fold, page.word(at).len());
        if let Some(start) = spelt_out(page, at) {
            let body = spelt_body(page, lists, &pieces, start, at - 1);
            spelt.extend(body.map(|_| fold));
            bodies.extend(body);
        } else if letters >= TOLD_LETTERS_MIN && has_article(page, at) {
            told.insert(fold);
        }
    }
    put_over(&mut pieces, bodies);
    told.extend(agreed(page, &pieces));
    told.extend(&spelt);
    let lone = |piece: &&mut Piece| piece.end - piece.start == 1;
    for piece in pieces.iter_mut().filter(lone) {
        if spelt.contains(&page.tokens[piece.start].fold) && page.tokens[piece.start].is_caps() {
            piece.kind = EntityType::Org;
        }
    }
    let mut added = Vec::new();
    for stretch in &page.stretches {
        for at in stretch.start..stretch.end {
            let body = told.contains(&page.tokens[at].fold) && is_acronym(page, at)
                || is_institution(page, at)
                || is_agency(page, at);
            let end = state_body_end(page, lists, at).or_else(|| peoples_body_end(page, lists, at));
            let end = end.or(body.then_some(at + 1));
            if let Some(end) = end.filter(|end| (at..*end).all(|at| piece_at(&pieces, at).is_none())) {
                added.push(Piece { start: at, end, kind: EntityType::Org });
            }
        }
    }
    for piece in &mut pieces {
        if matches!(piece.kind, EntityType::Per | EntityType::Loc) && is_agency(page, piece.end - 1) {
            piece.kind = EntityType::Org;
        }
    }
    added.dedup_by(|later, earlier| later.start < earlier.end);
    pieces.extend(added);
    pieces.sort_by_key(|piece| piece.start);
    pieces
}

/// Acronyms that were taken for organisations, and for nothing else.
fn agreed(page: &Page<'_>, pieces: &[Piece]) -> Vec<u64> {
    let (mut bodies, mut others) = (Vec::new(), FxHashSet::default());
    for piece in pieces.iter().filter(|piece| piece.end - piece.start == 1 && is_acronym(page, piece.start)) {
        let fold = page.tokens[piece.start].fold;
        if piece.kind != EntityType::Org {
            others.insert(fold);
        } else if page.word(piece.start).len() >= TOLD_LETTERS_MIN {
            bodies.push(fold);
        }
    }
    bodies.retain(|fold| !others.contains(fold));
    bodies
}

/// Which piece covers a token.
fn piece_at(pieces: &[Piece], at: usize) -> Option<usize> {
    let found = pieces.partition_point(|piece| piece.end <= at);
    pieces.get(found).is_some_and(|piece| piece.start <= at).then_some(found)
}

fn writing(page: &Page<'_>, at: usize) -> Option<Writing> {
    let sentence = page.sentences.partition_point(|sentence| sentence.end <= at);
    page.sentences.get(sentence).filter(|sentence| sentence.start <= at).map(|sentence| sentence.writing)
}

fn is_acronym(page: &Page<'_>, at: usize) -> bool {
    let token = &page.tokens[at];
    if !token.is_caps() || token.any(flag::DIGIT | flag::HYPHEN | flag::DOT | flag::HANDLE) {
        return false;
    }
    let word = page.word(at);
    ACRONYM_LETTERS.contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
        && !NO_BODIES.contains(&word)
        && !is_state_acronym(word)
        && !is_label(page, Span { start: token.start, end: token.end })
        && writing(page, at) != Some(Writing::Capitals)
}

/// `the SIT found`: with an article and nothing capitalised behind it.
fn has_article(page: &Page<'_>, at: usize) -> bool {
    let article = at > 0 && matches!(page.word(at - 1), "the" | "The") && writing(page, at) == Some(Writing::Normal);
    let next = page.tokens.get(at + 1);
    article && next.is_none_or(|next| !next.any(flag::UPPER | flag::DIGIT) || next.any(flag::LINE | flag::SENTENCE))
}

/// Where the words start whose initials the acronym in brackets at `at` has.
fn spelt_out(page: &Page<'_>, at: usize) -> Option<usize> {
    let bracketed =
        at > 1 && page.word(at - 1) == "(" && page.tokens.get(at + 1).is_some_and(|_| page.word(at + 1) == ")");
    if !bracketed {
        return None;
    }
    let mut letters = page.word(at).bytes().rev().map(|byte| byte.to_ascii_lowercase()).peekable();
    for here in (0..at - 1).rev().take(SPELT_TOKENS_MAX) {
        let wanted = *letters.peek()?;
        let word = page.word(here);
        let token = &page.tokens[here];
        if token.any(flag::INITIAL) {
            if word.as_bytes()[0].to_ascii_lowercase() != wanted {
                return None;
            }
            letters.next();
            if letters.peek().is_none() {
                return Some(here);
            }
        } else if !matches!(
            word,
            "of" | "and" | "the" | "for" | "in" | "on" | "to" | "de" | "del" | "la" | "y" | "&" | ","
        ) {
            return None;
        }
    }
    None
}

/// The organisation `start..end` where a part of it is one or is called like one.
fn spelt_body(page: &Page<'_>, lists: &Gazetteer, pieces: &[Piece], start: usize, end: usize) -> Option<Piece> {
    let first = pieces.partition_point(|piece| piece.end <= start);
    let mut here = pieces[first..].iter().take_while(|piece| piece.start < end);
    if here.clone().any(|piece| piece.start < start || piece.end > end) {
        return None;
    }
    if let Some(exact) = here.clone().find(|piece| piece.start == start && piece.end == end) {
        return (exact.kind == EntityType::Org).then_some(*exact);
    }
    let heads = (start..end).any(|at| lists.word(page.tokens[at].fold) & list::ORG_WORD != 0);
    let body = heads || here.any(|piece| piece.kind == EntityType::Org);
    body.then_some(Piece { start, end, kind: EntityType::Org })
}

/// Puts `bodies`, in text order, in the place of what they cover.
fn put_over(pieces: &mut Vec<Piece>, mut bodies: Vec<Piece>) {
    bodies.dedup_by(|later, earlier| later.start < earlier.end);
    pieces.retain(|piece| {
        let at = bodies.partition_point(|body| body.end <= piece.start);
        bodies.get(at).is_none_or(|body| body.start >= piece.end)
    });
    pieces.extend(bodies);
    pieces.sort_by_key(|piece| piece.start);
}

/// `Ministry of Commerce` goes on where ` and Industry` follows, or `, Water and Planning`: with words that are no names.
fn extend_tasks(page: &Page<'_>, lists: &Gazetteer, pieces: &mut Vec<Piece>) {
    for piece in pieces.iter_mut() {
        let tasked = piece.end - piece.start > 2
            && piece.kind == EntityType::Org
            && TASKED.contains(&page.word(piece.start))
            && matches!(page.word(piece.start + 1), "of" | "for");
        if !tasked {
            continue;
        }
        let task = |at: usize| {
            let token = &page.tokens[at];
            let known = page.infos[at].known.capitals;
            let head = lists.word(token.fold) & (list::ORG_WORD | list::TITLE | list::FIRST | list::LAST) != 0;
            token.is(flag::INITIAL | flag::LOWER) && (1..=TASK_CAPITALS_MAX).contains(&known) && !head
        };
        let (mut at, mut end) = (piece.end, None);
        let limit = page.tokens.len().min(piece.end + TASKS_TOKENS_MAX);
        while at + 1 < limit && matches!(page.word(at), "," | "and" | "&") && task(at + 1) {
            let last = page.word(at) != ",";
            at = (at + 1..limit).find(|at| !task(*at)).unwrap_or(limit);
            if last {
                end = Some(at);
                break;
            }
        }
        if let Some(end) = end {
            piece.end = end;
        }
    }
    // What the tagger took for names of their own is now inside.
    let mut reached = 0;
    pieces.retain(|piece| {
        let inside = piece.start < reached;
        reached = reached.max(piece.end);
        !inside
    });
}

/// `Parliament`, alone and inside a sentence.
fn is_institution(page: &Page<'_>, at: usize) -> bool {
    let token = &page.tokens[at];
    let capital =
        |at: usize| page.tokens.get(at).is_some_and(|token| token.any(flag::UPPER) && !token.any(flag::SENTENCE));
    token.is(flag::INITIAL | flag::LOWER)
        && !token.any(flag::SENTENCE | flag::LINE)
        && INSTITUTIONS.contains(&page.word(at))
        && !capital(at + 1)
        && !(at > 0 && capital(at - 1))
        && writing(page, at) == Some(Writing::Normal)
}

/// Where a body of a state ends that starts here: `Foreign Ministry`, as in `a Chinese Foreign Ministry official`.
fn state_body_end(page: &Page<'_>, lists: &Gazetteer, at: usize) -> Option<usize> {
    let word = |at: usize| page.tokens.get(at).filter(|token| token.is(flag::INITIAL | flag::LOWER));
    let starts = word(at).is_some_and(|token| !token.any(flag::SENTENCE | flag::LINE)) && is_state_body(page.word(at));
    let body = |at: usize| word(at).is_some_and(|token| lists.word(token.fold) & list::ORG_WORD != 0);
    let normal = || writing(page, at) == Some(Writing::Normal);
    (starts && body(at + 1) && word(at + 2).is_none_or(|token| token.any(flag::SENTENCE)) && normal()).then_some(at + 2)
}

/// `People's Daily`, `People's Liberation Army`: where it ends.
fn peoples_body_end(page: &Page<'_>, lists: &Gazetteer, at: usize) -> Option<usize> {
    if page.word(at) != "People" || at + 2 >= page.tokens.len() || !page.tokens[at + 1].any(flag::POSSESSIVE) {
        return None;
    }
    let capital = |at: &usize| page.tokens[*at].is(flag::INITIAL) && !page.tokens[*at].any(flag::SENTENCE | flag::LINE);
    let last = (at + 2..page.tokens.len()).take_while(capital).last()?;
    (lists.word(page.tokens[last].fold) & list::ORG_WORD != 0).then_some(last + 1)
}

/// `Yonhap news agency`.
fn is_agency(page: &Page<'_>, at: usize) -> bool {
    at + 2 < page.tokens.len()
        && page.tokens[at].is(flag::INITIAL)
        && !page.tokens[at].any(flag::SENTENCE)
        && page.word(at + 1) == "news"
        && page.word(at + 2) == "agency"
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::tagger::bounds::Piece;
    use crate::tagger::gazetteer::Gazetteer;
    use crate::tagger::lexicon::{Known, Lexicon};
    use crate::tagger::page::Page;
    use crate::token::hash_of;
    use dateline_processor::core::layers::EntityType::{self, Loc, Org, Per};

    fn added(text: &str, names: &[(&str, EntityType)]) -> Vec<String> {
        let lists = Gazetteer::load();
        let mut lexicon = Lexicon::default();
        for word in ["commerce", "industry", "water", "planning", "farming"] {
            lexicon.words.insert(hash_of(word), Known { capitals: 2, ..Known::default() });
        }
        let page = Page::new(text, &crate::split_sentences(text, &[]), &lists, &lexicon);
        let piece = |(name, kind): &(&str, EntityType)| {
            let from = text.find(name).expect("stands there");
            let at = |byte: usize| page.tokens.partition_point(|token| (token.start as usize) < byte);
            Piece { start: at(from), end: at(from + name.len()), kind: *kind }
        };
        let found = add(&page, &lists, names.iter().map(piece).collect());
        let shown = |piece: &Piece| {
            let bytes = page.tokens[piece.start].start as usize..page.tokens[piece.end - 1].end as usize;
            format!("{} {}", piece.kind.word(), &text[bytes])
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn acronyms_are_told_by_an_article_or_spelt_out() {
        assert_eq!(added("He said the SIT had met. Then SIT left.", &[]), ["ORG SIT", "ORG SIT"]);
        assert_eq!(added("He met SIT and the CEO.", &[]), [""; 0]);
        assert_eq!(
            added(
                "The Oman Chamber of Commerce and Industry (OCCI) met. Then OCCI left.",
                &[("Oman Chamber of Commerce", Org)]
            ),
            ["ORG Oman Chamber of Commerce and Industry", "ORG OCCI", "ORG OCCI"]
        );
        assert_eq!(added("More Foreign Direct Funding (FDF) came", &[]), [""; 0]);
        assert_eq!(added("From East Timor Land (ETL) came", &[("East Timor Land", Loc)]), ["LOC East Timor Land"]);
    }

    #[test]
    fn a_ministry_may_have_several_tasks() {
        let text = "the Ministry of Farming, Water and Planning met";
        assert_eq!(added(text, &[("Ministry of Farming", Org)]), ["ORG Ministry of Farming, Water and Planning"]);
        let text = "the Ministry of Commerce and Huawei met";
        assert_eq!(added(text, &[("Ministry of Commerce", Org)]), ["ORG Ministry of Commerce"]);
    }

    #[test]
    fn institutions_and_agencies_stand_alone() {
        assert_eq!(added("He told Parliament on Friday.", &[]), ["ORG Parliament"]);
        assert_eq!(added("On Parliament Square he sat.", &[]), [""; 0]);
        assert_eq!(added("a senior Chinese Foreign Ministry official", &[]), ["ORG Foreign Ministry"]);
        assert_eq!(added("wrote in People’s Daily that", &[]), ["ORG People’s Daily"]);
        assert_eq!(added("He met the Foreign Secretary", &[]), [""; 0]);
        assert_eq!(added("The Tanjug news agency said", &[("Tanjug", Per)]), ["ORG Tanjug"]);
    }
}
