//! Documents that were found: hits, arrivals, near-copies, contradictions, quotations.

use super::{Renderer, date_or_undated, each, place};
use crate::screen::{Piece, Screen, columns, cut, number, pad, style, wrap};
use dateline_protocol::core::terminal;
use dateline_protocol::wire::{
    Arrival, ArrivalKind, ByteSpan, Conflict, ConflictSide, Days, Hit, Quote, Relation, SharedPassage, SimilarDocument,
};

/// Columns of a date to the day, and of the blanks behind it.
const DATE_COLUMNS: usize = 10;
const INDENT: &str = "            ";
/// Words of a shared passage that are shown where nobody asked for all.
const PASSAGE_COLUMNS: usize = 160;

/// `dateline search`.
pub(crate) fn hits() -> Renderer {
    each(hit)
}

fn hit(hit: &Hit, screen: &Screen) -> String {
    let mut out = headline(hit.dct, hit.title.as_deref(), screen);
    let mut path = screen.safe(style::PATH, &place(&hit.path, hit.part.as_deref(), hit.line));
    if hit.deleted {
        path.push_str(&screen.paint(style::WARNING, "  deleted"));
    }
    out.push_str(&format!("{INDENT}{path}\n"));
    let mut passage = highlighted(&hit.snippet, &hit.highlights);
    if hit.cut_before {
        passage.insert(0, Piece::plain("… "));
    }
    if hit.cut_after {
        passage.push(Piece::plain(" …"));
    }
    out.push_str(&wrap(&passage, screen.text_width(), INDENT, screen));
    out
}

/// Date and title on one line.
fn headline(dct: Option<Days>, title: Option<&str>, screen: &Screen) -> String {
    let date = pad(&date_or_undated(dct), DATE_COLUMNS);
    let room = screen.width.map(|width| width.saturating_sub(columns(&date) + 2).max(20));
    let title = terminal::escape_line(title.unwrap_or("(no title)"));
    let title = room.map_or_else(|| title.clone(), |room| cut(&title, room));
    let title_style = if title == "(no title)" { style::DIM } else { style::TITLE };
    let date_style = if dct.is_some() { style::DATE } else { style::DIM };
    format!("{}  {}\n", screen.paint(date_style, &date), screen.paint(title_style, &title))
}

/// A passage cut at its highlights; places that do not fit are ignored.
pub(super) fn highlighted(text: &str, highlights: &[ByteSpan]) -> Vec<Piece> {
    let piece = |part: &str, is_match: bool| Piece {
        text: terminal::escape(part).into_owned(),
        style: is_match.then_some(style::MATCH),
    };
    let mut pieces = Vec::new();
    let mut done = 0;
    for highlight in highlights {
        let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let (start, end) = (bound(highlight.start), bound(highlight.end));
        let (Some(before), Some(matched)) = (text.get(done..start), text.get(start..end)) else { continue };
        pieces.push(piece(before, false));
        pieces.push(piece(matched, true));
        done = end;
    }
    pieces.push(piece(&text[done..], false));
    pieces
}

/// One line of `dateline tail` and `dateline alert`.
pub(crate) fn arrival(arrival: &Arrival, screen: &Screen) -> String {
    let (sign, sign_style) = match arrival.change {
        ArrivalKind::Added => ("+", style::GOOD),
        ArrivalKind::Revised => ("~", style::WARNING),
        ArrivalKind::Annotated => ("*", style::DIM),
        ArrivalKind::Moved => (">", style::DIM),
        ArrivalKind::Deleted => ("-", style::BAD),
    };
    // What is told again from the past is of another day.
    let is_today = arrival.time.strftime("%F").to_string() == screen.now.strftime("%F").to_string();
    let time = if is_today { arrival.time.strftime("%H:%M:%S") } else { arrival.time.strftime("%FT%H:%M:%SZ") };
    let start = format!("{} {} ", screen.paint(style::DIM, &time.to_string()), screen.paint(sign_style, sign));
    let place = screen.safe(style::PATH, &place(&arrival.path, arrival.part.as_deref(), 0));
    let change = screen.paint(style::DIM, &format!("change {}", number(arrival.sequence)));
    let mut out = format!("{start}{}  {place}  {change}\n", screen.paint(style::DATE, &date_or_undated(arrival.dct)));
    let title = arrival.title.as_deref().unwrap_or(&arrival.snippet);
    if !title.is_empty() && arrival.change != ArrivalKind::Deleted {
        let title = terminal::escape_line(title);
        let title = screen.width.map_or_else(|| title.clone(), |width| cut(&title, width.saturating_sub(11).max(20)));
        out.push_str(&format!("           {}\n", screen.paint(style::TITLE, &title)));
    }
    out
}

/// `dateline similar`.
pub(crate) fn similar(is_full: bool) -> Renderer {
    each(move |found: &SimilarDocument, screen| similar_document(found, is_full, screen))
}

fn similar_document(found: &SimilarDocument, is_full: bool, screen: &Screen) -> String {
    let mut out = headline(found.dct, found.title.as_deref(), screen);
    let path = screen.safe(style::PATH, &place(&found.path, found.part.as_deref(), 0));
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let share = match found.relation {
        Relation::Copy => {
            format!("a copy: {} alike, has {} of it", percent(found.similarity), percent(found.contained))
        }
        Relation::Rewrite => format!("the same story: {} of the words", percent(found.closeness)),
        Relation::Passages => format!("shares passages: has {} of it", percent(found.contained)),
    };
    out.push_str(&format!("{INDENT}{path}\n{INDENT}{}\n", screen.paint(style::LABEL, &share)));
    for SharedPassage { text, words, span, .. } in &found.shared {
        let place = format!("{words} words at {}..{}", span.start, span.end);
        out.push_str(&format!("{INDENT}{}\n", screen.paint(style::DIM, &place)));
        let text = terminal::escape_line(text);
        let text = if is_full { text } else { cut(&text, PASSAGE_COLUMNS) };
        out.push_str(&wrap(&[Piece { text, style: None }], screen.text_width(), &format!("{INDENT}  "), screen));
    }
    out
}

/// `dateline conflicts`.
pub(crate) fn conflicts() -> Renderer {
    each(|conflict: &Conflict, screen| {
        let about = screen.safe(style::TITLE, &conflict.about);
        let kind = screen.safe(style::DIM, &conflict.kind);
        let sides: String = conflict.sides.iter().map(|side| conflict_side(side, screen)).collect();
        let reasons: String = conflict.reasons.iter().map(|reason| reason_line(reason, screen)).collect();
        format!("{about}  {kind}\n{sides}{reasons}")
    })
}

/// Why the sides are held to speak of one event.
fn reason_line(reason: &str, screen: &Screen) -> String {
    let text = Piece { text: terminal::escape_line(reason), style: Some(style::DIM) };
    wrap(&[text], screen.text_width(), "  ", screen)
}

fn conflict_side(side: &ConflictSide, screen: &Screen) -> String {
    let value = screen.safe(style::MATCH, &side.value);
    let place = screen.safe(style::PATH, &place(&side.path, side.part.as_deref(), side.line));
    let date = screen.paint(style::DATE, &date_or_undated(side.dct));
    let sentence = Piece { text: terminal::escape_line(&side.sentence), style: None };
    format!("  {value}  {date}\n    {place}\n{}", wrap(&[sentence], screen.text_width(), "    ", screen))
}

/// `dateline quotes`.
pub(crate) fn quotes() -> Renderer {
    each(|quote: &Quote, screen| {
        let head = headline(quote.dct, Some(quote.speaker.as_deref().unwrap_or("(unknown)")), screen);
        let place = screen.safe(style::PATH, &place(&quote.path, None, quote.line));
        let text = wrap(&[Piece::plain(terminal::escape_line(&quote.text))], screen.text_width(), INDENT, screen);
        format!("{head}{INDENT}{place}\n{text}")
    })
}

#[cfg(test)]
mod tests {
    use super::{arrival, conflicts, hits, quotes, similar};
    use crate::render::tests::shown;
    use crate::screen::{coloured, plain};
    use serde_json::json;

    fn hit() -> serde_json::Value {
        json!({
            "document": 3, "path": "wire/talks.txt", "part": null, "title": "Peace talks resume in Istanbul",
            "dct": {"earliest": "2022-04-05", "latest": "2022-04-05"}, "score": 3.2,
            "snippet": "Delegations met for peace talks on Tuesday in a palace on the Bosphorus, officials said.",
            "revision": 1, "line": 3, "highlights": [{"start": 20, "end": 25}, {"start": 26, "end": 31}],
            "also": ["Istambul"]
        })
    }

    #[test]
    fn a_hit_is_date_title_place_and_passage() {
        let mut undated = hit();
        undated["dct"] = json!(null);
        undated["title"] = json!(null);
        undated["part"] = json!("7");
        undated["line"] = json!(0);
        undated["also"] = json!([]);
        undated["highlights"] = json!([{"start": 1, "end": 900}]);
        undated["cut_before"] = json!(true);
        undated["cut_after"] = json!(true);
        insta::assert_snapshot!(shown(&hits(), &[hit(), undated], &plain(Some(60))), @r"
        2022-04-05  Peace talks resume in Istanbul
                    wire/talks.txt:3
                    Delegations met for peace talks on Tuesday in a
                    palace on the Bosphorus, officials said.

        undated     (no title)
                    wire/talks.txt#7
                    … Delegations met for peace talks on Tuesday in
                    a palace on the Bosphorus, officials said. …
        ");
    }

    #[test]
    fn matches_are_painted_on_a_terminal_only() {
        let painted = shown(&hits(), &[hit()], &coloured());
        assert!(painted.contains("\u{1b}[1m\u{1b}[31mpeace\u{1b}[0m"), "{painted:?}");
        let piped = shown(&hits(), &[hit()], &plain(None));
        assert!(!piped.contains('\u{1b}'));
        assert_eq!(piped.lines().count(), 3, "piped output is not wrapped");
    }

    #[test]
    fn hostile_titles_do_no_harm() {
        let mut hostile = hit();
        hostile["title"] = json!("a\u{1b}]0;owned\u{7}\nb");
        hostile["path"] = json!("x\u{202e}y");
        let text = shown(&hits(), &[hostile], &plain(None));
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }

    #[test]
    fn arrivals_are_short() {
        let item = json!({
            "sequence": 9, "change": "added", "time": "2022-04-06T11:02:03Z", "document": 3, "path": "a.txt",
            "part": null, "title": "Talks", "dct": null, "revision": 1
        });
        let shown = arrival(&serde_json::from_value(item).unwrap(), &plain(Some(60)));
        assert_eq!(shown, "11:02:03 + undated  a.txt  change 9\n           Talks\n");
        let item = json!({
            "sequence": 1009, "change": "revised", "time": "2022-04-05T11:02:03Z", "document": 3, "path": "a.txt",
            "part": null, "title": null, "dct": null, "revision": 1, "snippet": "They met."
        });
        let shown = arrival(&serde_json::from_value(item).unwrap(), &plain(Some(60)));
        assert_eq!(shown, "2022-04-05T11:02:03Z ~ undated  a.txt  change 1,009\n           They met.\n");
    }

    #[test]
    fn near_copies_show_what_they_share() {
        let item = json!({
            "document": 4, "path": "b.txt", "part": null, "title": "Talks", "dct": null, "relation": "copy",
            "similarity": 0.62, "contained": 0.9, "closeness": 0.8,
            "shared": [{"text": "met for peace talks", "words": 4, "span": {"start": 12, "end": 31},
                        "other": {"start": 0, "end": 19}}]
        });
        insta::assert_snapshot!(shown(&similar(false), &[item], &plain(Some(60))), @r"
        undated     Talks
                    b.txt
                    a copy: 62 % alike, has 90 % of it
                    4 words at 12..31
                      met for peace talks
        ");
    }

    #[test]
    fn contradictions_stand_side_by_side() {
        let side = |value: &str, path: &str| json!({"document": 1, "path": path, "line": 4, "value": value, "sentence": "Some died.", "dct": null});
        let item = json!({"about": "deaths in the blast", "kind": "figure", "confidence": 0.8,
                          "reasons": ["both were written on 2022-04-05"],
                          "sides": [side("12", "a.txt"), side("15", "b.txt")]});
        insta::assert_snapshot!(shown(&conflicts(), &[item], &plain(Some(60))), @r"
        deaths in the blast  figure
          12  undated
            a.txt:4
            Some died.
          15  undated
            b.txt:4
            Some died.
          both were written on 2022-04-05
        ");
    }

    #[test]
    fn quotations_name_their_speaker() {
        let item = json!({"document": 1, "path": "a.txt", "line": 4, "dct": null, "speaker": "Wang Yi", "entity": null,
                          "cue": "said", "text": "“We will talk,”", "kind": "direct", "span": {"start": 1, "end": 9}});
        let text = shown(&quotes(), &[item], &plain(None));
        assert_eq!(text, "undated     Wang Yi\n            a.txt:4\n            “We will talk,”\n");
    }
}
