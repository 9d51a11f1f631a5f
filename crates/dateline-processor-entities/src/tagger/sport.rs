//! Clubs: in a text about matches, a town that plays is an organisation, and so is each team of a table of results or
//! standings. Knows no clubs by name; countries stay places.

use super::gazetteer::{Gazetteer, list, listed};
use super::page::{Page, Writing};
use crate::token::{flag, fold, hash_of, tokenize};
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;

type Name = (Span, EntityType);

/// Words of sport: a text that has many of them is about matches.
const SPORT: &[&str] = &[
    "innings",
    "wicket",
    "wickets",
    "overs",
    "inning",
    "goal",
    "goals",
    "league",
    "cup",
    "championship",
    "championships",
    "match",
    "matches",
    "season",
    "coach",
    "striker",
    "midfielder",
    "playoff",
    "playoffs",
    "semifinal",
    "quarterfinal",
    "halftime",
    "scored",
    "scorer",
    "scorers",
    "homer",
    "pitcher",
    "touchdown",
    "rebounds",
    "soccer",
    "cricket",
    "baseball",
    "basketball",
    "hockey",
    "rugby",
    "football",
    "tournament",
    "champions",
    "goalkeeper",
    "batsman",
    "bowled",
    "lbw",
    "nba",
    "nhl",
    "nfl",
    "standings",
    "division",
    "fixtures",
    "kickoff",
    "penalty",
    "defender",
    "winger",
    "attendance",
    "divisional",
];
/// Share of sport words, in thousandths, from which a text counts as one about matches.
const SPORT_SHARE: usize = 12;

/// Words before a club, and after one.
const CLUB_AFTER: &[&str] = &[
    "beat", "beats", "against", "defeated", "v", "vs", "vs.", "defeat", "thrashed", "over", "past", "edged",
    "visiting", "downed", "routed", "swept", "blanked",
];
const CLUB_BEFORE: &[&str] = &[
    "beat",
    "beats",
    "won",
    "lost",
    "scored",
    "defeated",
    "drew",
    "took",
    "led",
    "finished",
    "goalkeeper",
    "striker",
    "midfielder",
    "captain",
    "coach",
    "resumed",
    "declared",
    "bowled",
    "batted",
    "edged",
    "routed",
    "thrashed",
    "v",
    "vs",
];

/// Longest name of a team in a table, in tokens.
const TEAM_TOKENS_MAX: usize = 4;
/// Numbers behind a name that make a line one of standings.
const STANDINGS_NUMBERS_MIN: usize = 3;
/// A text with so many lines of results is about matches though it has few words of sport.
const RESULTS_MIN: usize = 3;
/// Digits of a score in cricket, so that ages and minutes are none.
const SCORE_DIGITS_MIN: usize = 3;
/// A table has at least this many lines.
const TABLE_LINES_MIN: usize = 2;
/// Longest line that is looked at, in tokens.
const LINE_TOKENS_MAX: usize = 40;

/// Words that stand in front of numbers in tables and are no teams.
const NO_TEAMS: &[&str] = &[
    "attendance",
    "cup",
    "division",
    "extras",
    "fall",
    "group",
    "halftime",
    "league",
    "leading",
    "overs",
    "points",
    "rank",
    "round",
    "total",
];

/// The teams of the text's lines, and how many lines are results.
fn teams(page: &Page<'_>, lists: &Gazetteer) -> (Vec<Range<usize>>, usize) {
    let mut teams: Vec<Range<usize>> = Vec::new();
    let (mut lines, mut results) = (0, 0);
    let mut at = 0;
    while at < page.tokens.len() {
        let next = (at + 1..page.tokens.len()).find(|at| page.tokens[*at].any(flag::LINE));
        let next = next.unwrap_or(page.tokens.len());
        let found = teams.len();
        if next - at <= LINE_TOKENS_MAX {
            row(page, lists, at..next, &mut teams);
        }
        lines += usize::from(teams.len() > found);
        results += usize::from(teams.len() > found + 1);
        at = next;
    }
    if lines < TABLE_LINES_MIN { (Vec::new(), 0) } else { (teams, results) }
}

/// The names with the teams of the text's tables: `Hartlepool 0 Mansfield 1`, `Airdrie 2 1 1 0 1 0 4`.
fn with_teams(page: &Page<'_>, lists: &Gazetteer, teams: Vec<Range<usize>>, mut names: Vec<Name>) -> Vec<Name> {
    let mut made: Vec<Name> = Vec::with_capacity(teams.len());
    for team in teams {
        let span = Span { start: page.tokens[team.start].start, end: page.tokens[team.end - 1].end };
        let country = lists
            .name(&page.tokens[team.clone()])
            .is_some_and(|(length, kinds)| length == team.len() && kinds & listed::COUNTRY != 0);
        made.push((span, if country { EntityType::Loc } else { EntityType::Org }));
    }
    made.sort_by_key(|(span, _)| (span.start, span.end));
    made.dedup_by(|later, earlier| later.0.start < earlier.0.end);
    let taken = |span: Span| {
        let at = made.partition_point(|(team, _)| team.end <= span.start);
        made.get(at).is_some_and(|(team, _)| team.overlaps(span))
    };
    names.retain(|(span, _)| !taken(*span));
    names.extend(made);
    names.sort_by_key(|(span, _)| span.start);
    names
}

/// The teams of one line, when it is one of results or standings.
fn row(page: &Page<'_>, lists: &Gazetteer, line: Range<usize>, teams: &mut Vec<Range<usize>>) {
    let Some((first, behind)) = team(page, line.start, line.end) else { return };
    let (numbers, decimal, behind) = numbers(page, behind, line.end);
    let person = first.len() > 1 && lists.word(page.tokens[first.start].fold) & list::FIRST != 0;
    if behind == line.end && numbers + usize::from(decimal) >= STANDINGS_NUMBERS_MIN && !person {
        teams.push(first);
        return;
    }
    let Some((second, behind)) = team(page, behind, line.end).filter(|_| numbers == 1) else { return };
    let (numbers, _, behind) = self::numbers(page, behind, line.end);
    if numbers == 1 && (behind == line.end || page.word(behind) == "(") {
        teams.extend([first, second]);
    }
}

/// The capitalised words from `start` on, with a number behind them, and where the number stands. A letter or two in
/// brackets belongs to the name (`Rad (B)`), more tell the country.
fn team(page: &Page<'_>, start: usize, end: usize) -> Option<(Range<usize>, usize)> {
    let is_word = |at: usize| {
        let token = &page.tokens[at];
        token.is(flag::INITIAL) || at > start && matches!(page.word(at), "of" | "and" | "&" | "'s" | "’s")
    };
    let mut stop = (start..end).find(|at| !is_word(*at)).unwrap_or(end);
    let mut number = stop;
    let bracketed = stop > start
        && stop + 2 < end
        && page.word(stop) == "("
        && page.tokens[stop + 1].is(flag::INITIAL)
        && page.word(stop + 2) == ")";
    if bracketed {
        number = stop + 3;
        let letters = &page.tokens[stop + 1];
        stop = if letters.end - letters.start <= 2 { number } else { stop };
    }
    let known = (start..stop).any(|at| NO_TEAMS.contains(&fold(page.word(at)).as_str()));
    let numbered = page.tokens[..end].get(number).is_some_and(|token| token.any(flag::DIGIT) && !token.any(flag::WORD));
    let words = (start..stop).filter(|at| page.tokens[*at].any(flag::WORD)).count();
    ((1..=TEAM_TOKENS_MAX).contains(&words) && numbered && !known).then_some((start..stop, number))
}

/// Sides of fixtures and of cricket: `7 v Northampton`, `At Bristol: Kent 290 and 329`.
fn sides(page: &Page<'_>) -> Vec<Range<usize>> {
    let mut sides = Vec::new();
    let run = |start: usize| {
        let initial = |at: &usize| page.tokens[*at].is(flag::INITIAL) && !page.tokens[*at].any(flag::LINE);
        (start..page.tokens.len().min(start + TEAM_TOKENS_MAX)).take_while(initial).last().map(|last| start..last + 1)
    };
    for at in 1..page.tokens.len() {
        match page.word(at - 1) {
            "v" => sides.extend(run(at)),
            ":" => {
                let side = run(at).filter(|side| {
                    let score = page.tokens.get(side.end).filter(|token| !token.any(flag::LINE));
                    score.is_some_and(|score| {
                        let text = &page.text[score.range()];
                        text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && text.len() >= SCORE_DIGITS_MIN
                    })
                });
                sides.extend(side);
            }
            _ => {}
        }
    }
    sides
}

/// How many numbers stand from `start` on with signs between them, whether one is a decimal, and what comes behind.
fn numbers(page: &Page<'_>, start: usize, end: usize) -> (usize, bool, usize) {
    let (mut count, mut decimal) = (0, false);
    let mut at = start;
    while at < end {
        let token = &page.tokens[at];
        if token.any(flag::DIGIT) && !token.any(flag::WORD) {
            count += 1;
            decimal |= page.word(at).contains('.');
        } else if !matches!(page.word(at), "-" | "/" | "." | "½" | "+") {
            break;
        }
        at += 1;
    }
    (count, decimal, at)
}

/// In a text about matches, the teams of its tables are names, and a town or county that plays is a club; countries stay places.
pub(super) fn clubs(page: &Page<'_>, lists: &Gazetteer, names: Vec<Name>) -> Vec<Name> {
    let sport = sport_words(page);
    if sport == 0 {
        return names;
    }
    let (mut found, results) = teams(page, lists);
    if !is_about_sport(page, sport) && results < RESULTS_MIN {
        return names;
    }
    let person = |span: Span| {
        let at = names.partition_point(|(name, _)| name.end <= span.start);
        names[at..].iter().take_while(|(name, _)| name.start < span.end).any(|(_, kind)| *kind == EntityType::Per)
    };
    let span = |side: &Range<usize>| Span { start: page.tokens[side.start].start, end: page.tokens[side.end - 1].end };
    found.extend(sides(page).into_iter().filter(|side| !person(span(side))));
    let mut names = with_teams(page, lists, found, names);
    let mut plays: FxHashMap<u64, i32> = FxHashMap::default();
    let mut evidence = Vec::with_capacity(names.len());
    for (span, kind) in &names {
        let text = span.slice(page.text).unwrap_or("");
        let score = if *kind == EntityType::Loc && !is_country(text, lists) { playing(page, *span) } else { 0 };
        *plays.entry(hash_of(text)).or_default() += score;
        evidence.push(score);
    }
    for ((span, kind), score) in names.iter_mut().zip(evidence) {
        let text = span.slice(page.text).unwrap_or("");
        let total = plays.get(&hash_of(text)).copied().unwrap_or(0);
        if *kind == EntityType::Loc && !is_country(text, lists) && (score > 0 || score == 0 && total > 0) {
            *kind = EntityType::Org;
        }
    }
    names
}

/// How many words of sport the text has.
fn sport_words(page: &Page<'_>) -> usize {
    let sport: FxHashSet<u64> = SPORT.iter().map(|word| hash_of(word)).collect();
    page.tokens.iter().filter(|token| sport.contains(&token.fold)).count()
}

fn is_about_sport(page: &Page<'_>, hits: usize) -> bool {
    let words = page.tokens.iter().filter(|token| token.any(flag::WORD)).count();
    hits >= 2 && hits * 1000 >= words * SPORT_SHARE
}

fn is_country(text: &str, lists: &Gazetteer) -> bool {
    let mut tokens = Vec::new();
    tokenize(text, &mut tokens);
    let capital =
        lists.name(&tokens).is_some_and(|(length, kinds)| length == tokens.len() && kinds & listed::COUNTRY != 0);
    capital || tokens.iter().any(|token| lists.word(token.fold) & list::PLACE_WORD != 0)
}

/// Positive when the name plays, negative when something happens in it.
fn playing(page: &Page<'_>, span: Span) -> i32 {
    let Ok(start) = page.tokens.binary_search_by_key(&span.start, |token| token.start) else { return 0 };
    let end = page.tokens.partition_point(|token| token.start < span.end);
    let word = |at: Option<usize>| at.and_then(|at| page.tokens.get(at)).map_or("", |token| &page.text[token.range()]);
    let (before, after) = (fold(word(start.checked_sub(1))), fold(word(Some(end))));
    let number = |word: &str| !word.is_empty() && word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(before.as_str(), "in" | "near" | "from" | "to" | "outside" | "around")
        || (before == "," && after == ",")
        // Away at home: the second of a fixture is where it is played.
        || before == "at" && caps(page, start)
    {
        return -1;
    }
    let line_start = page.tokens[start].any(flag::LINE);
    let scores = number(&after) || (line_start && number(word(Some(end + 1))));
    let table = after == "at" && caps(page, start);
    let told = CLUB_AFTER.contains(&before.as_str()) || CLUB_BEFORE.contains(&after.as_str());
    i32::from(scores || table || told)
}

/// Whether the token stands in a line of capitals, as fixtures do.
fn caps(page: &Page<'_>, at: usize) -> bool {
    let sentence = page.sentences.partition_point(|sentence| sentence.end <= at);
    page.sentences.get(sentence).is_some_and(|sentence| sentence.writing == Writing::Capitals)
}

#[cfg(test)]
mod tests {
    use super::clubs;
    use crate::tagger::gazetteer::Gazetteer;
    use crate::tagger::lexicon::Lexicon;
    use crate::tagger::page::Page;
    use dateline_processor::core::Span;
    use dateline_processor::core::layers::EntityType;

    fn played(text: &str, names: &[(&str, EntityType)]) -> Vec<(String, EntityType)> {
        let lists = Gazetteer::load();
        let lexicon = Lexicon::default();
        let page = Page::new(text, &crate::split_sentences(text, &[]), &lists, &lexicon);
        let span = |name: &str| text.find(name).map(|at| Span::new(at, at + name.len())).expect("stands there");
        let names = names.iter().map(|(name, kind)| (span(name), *kind)).collect();
        clubs(&page, &lists, names).into_iter().map(|(span, kind)| (text[span.range()].to_owned(), kind)).collect()
    }

    #[test]
    fn a_town_that_plays_is_a_club() {
        let text = "Soccer: Leeds beat Derby 2-1 in a league match played in Leeds on Sunday.";
        let found = played(text, &[("Leeds", EntityType::Loc), ("Derby", EntityType::Loc)]);
        assert!(found.iter().all(|(_, kind)| *kind == EntityType::Org));
        let found = played("The minister spoke in Leeds.", &[("Leeds", EntityType::Loc)]);
        assert_eq!(found[0].1, EntityType::Loc);
    }

    #[test]
    fn teams_of_tables_are_names() {
        use EntityType::{Loc, Org, Per};
        let text = "Soccer: league results and standings after the matches\nAnston 0 East Brill 3\nFrance 2 Brill 1 (halftime 0-1)\n\
            Anston 3 1 1 1 5 4 4\nUpper Dene 3 1 0 2 2 6 3\nTotal 4 5 6\nTom Reed 70 71 69\nReed scored twice.";
        let found = played(text, &[("East Brill", Loc), ("Reed scored", Per)]);
        let found: Vec<(&str, EntityType)> = found.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        let teams = [("Anston", Org), ("East Brill", Org), ("France", Loc), ("Brill", Org), ("Anston", Org)];
        assert_eq!(found[..5], teams);
        assert_eq!(found[5..], [("Upper Dene", Org), ("Reed scored", Per)]);
        let found = played("Net sales by division, in dollars:\nAnston 10 20 30\nBrill 40 50 60", &[]);
        assert!(found.is_empty(), "{found:?}");
    }
}
