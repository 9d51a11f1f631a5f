//! One document: its text with dates and names marked, its date and why, its layers.

use super::table::{cell, figure, plain, table};
use super::when::evidence;
use super::{Renderer, each, entities, heading, place};
use crate::output::labelled;
use crate::screen::{Piece, Screen, behind, columns, cut, number, pad_left, style, wrap};
use crate::when::moment;
use anstyle::Style;
use dateline_protocol::core::{LineIndex, terminal};
use dateline_protocol::wire::{Difference, DifferenceKind, MentionOut, Shown, TimexOut};
use std::collections::BTreeMap;

/// Lines shown above and below the one asked for.
const LINES_AROUND: u32 = 5;
/// Columns of the number of a line, with the sign before it and the blanks behind it.
const NUMBER_COLUMNS: usize = 8;
/// Facts of the source shown at most.
const FACTS_MAX: usize = 12;
/// Columns of a fact's value.
const FACT_COLUMNS: usize = 80;

/// `dateline show`; only the lines around one of the file where `at` says so.
pub(crate) fn document(at: Option<u32>) -> Renderer {
    each(move |shown: &Shown, screen| {
        let mut out = head(shown, screen);
        if let Some(differences) = &shown.diff {
            out.push_str(&compared(shown, screen));
            out.push_str(&diff(differences, screen));
            return out;
        }
        out.push('\n');
        match at {
            Some(line) if shown.has_lines => out.push_str(&around(shown, line, screen)),
            // A record inside a file stands on that line as a whole.
            Some(_) => out.push_str(&marked_text(shown, screen)),
            None => {
                out.push_str(&marked_text(shown, screen));
                out.push_str(&foot(shown, screen));
            }
        }
        out
    })
}

/// `dateline show --text`: nothing but the text.
pub(crate) fn text() -> Renderer {
    each(|shown: &Shown, _| {
        let end = if shown.text.ends_with('\n') { "" } else { "\n" };
        format!("{}{end}", terminal::escape(&shown.text))
    })
}

/// `dateline show --layer`: one layer, as JSON for people.
pub(crate) fn layer(name: String) -> Renderer {
    each(move |shown: &Shown, _| {
        let layer = shown.layers.get(&name).or_else(|| shown.layers.values().next());
        let text = layer.and_then(|layer| serde_json::to_string_pretty(layer).ok()).unwrap_or_default();
        format!("{}\n", terminal::escape(&text))
    })
}

/// Title, place, date and what the source says.
fn head(shown: &Shown, screen: &Screen) -> String {
    let title = shown.title.as_deref().map(|title| heading(title, screen));
    let path = screen.safe(style::PATH, &place(&shown.path, shown.part.as_deref(), 0));
    let revisions = shown.revisions.len();
    let of = if revisions > 1 { format!(" of {revisions}") } else { String::new() };
    let ids = format!("document {}, revision {}{of}", shown.document, shown.revision);
    let mut out = format!("{}{path}  {}\n", title.unwrap_or_default(), screen.paint(style::DIM, &ids));
    match (&shown.dct, shown.deleted, shown.seen_to) {
        (_, true, Some(time)) => out.push_str(&format!("deleted {}\n", moment(time))),
        (_, false, Some(time)) => out.push_str(&format!("superseded {}\n", moment(time))),
        _ => {}
    }
    match &shown.dct {
        None => out.push_str(&format!("{}\n", screen.paint(style::DIM, "undated"))),
        Some(dct) => {
            let days = screen.paint(style::DATE, &dct.days().to_string());
            let why = dct.evidence.iter().find(|evidence| evidence.accepted);
            let quote = |quote: &str| cut(terminal::escape_line(quote.trim()).as_str(), FACT_COLUMNS);
            let why = why.map(|why| format!(" from {} “{}”", terminal::escape_line(&why.kind), quote(&why.quote)));
            let sure = format!("to the {}, {} % sure", dct.precision, dct.confidence);
            let room = columns(&dct.days().to_string()) + 2;
            let sure = [Piece::plain(format!("{sure}{}", why.unwrap_or_default()))];
            out.push_str(&behind(&format!("{days}  "), room, &sure, screen));
        }
    }
    // What is declared is among the facts.
    if let Some(language) = shown.language.as_ref().filter(|language| language.detected) {
        let told = format!("{}, as the text tells", terminal::escape_line(&language.tag));
        out.push_str(&labelled("lang:", style::LABEL, &told, screen));
    }
    for fact in shown.metadata.iter().take(FACTS_MAX) {
        let value = cut(&terminal::escape_line(&fact.value), FACT_COLUMNS);
        out.push_str(&labelled(&format!("{}:", terminal::escape_line(&fact.key)), style::LABEL, &value, screen));
    }
    if shown.metadata.len() > FACTS_MAX {
        let more = format!("… and {} more facts", shown.metadata.len() - FACTS_MAX);
        out.push_str(&format!("{}\n", screen.paint(style::DIM, &more)));
    }
    out
}

/// Parts of the text that are styled, in order, none overlapping: marks first, then dates, then names.
fn styled_spans(shown: &Shown) -> Vec<(usize, usize, Style)> {
    let mut spans: Vec<(usize, usize, Style)> = Vec::new();
    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    spans.extend(shown.marks.iter().map(|mark| (bound(mark.start), bound(mark.end), style::DIM)));
    spans.extend(shown.timex.iter().map(|timex| (timex.start as usize, timex.end as usize, style::TIMEX)));
    let names = shown.entities.iter();
    spans.extend(names.map(|name| (name.start as usize, name.end as usize, entities::type_style(&name.kind))));
    // Stable: of two that begin together, the earlier kind stays.
    spans.sort_by_key(|(start, _, _)| *start);
    let mut end_before = 0;
    spans.retain(|(start, end, _)| {
        let fits = *start >= end_before && shown.text.get(*start..*end).is_some_and(|text| !text.is_empty());
        if fits {
            end_before = *end;
        }
        fits
    });
    spans
}

/// Lines of the text, each as styled pieces.
fn styled_lines(shown: &Shown) -> Vec<Vec<Piece>> {
    let mut lines = vec![Vec::new()];
    let mut push = |text: &str, style: Option<Style>| {
        for (number, part) in text.split('\n').enumerate() {
            if number > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| !part.is_empty()) {
                line.push(Piece { text: terminal::escape(part.trim_end_matches('\r')).into_owned(), style });
            }
        }
    };
    let mut done = 0;
    for (start, end, style) in styled_spans(shown) {
        push(&shown.text[done..start], None);
        push(&shown.text[start..end], Some(style));
        done = end;
    }
    push(&shown.text[done..], None);
    lines
}

fn marked_text(shown: &Shown, screen: &Screen) -> String {
    let mut out = String::new();
    for line in styled_lines(shown) {
        match screen.text_width() {
            Some(width) if !line.is_empty() => out.push_str(&wrap(&line, Some(width), "", screen)),
            _ => out.push_str(&unwrapped(&line, screen)),
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn unwrapped(line: &[Piece], screen: &Screen) -> String {
    let painted = line.iter().map(|piece| match piece.style {
        Some(style) => screen.paint(style, &piece.text),
        None => piece.text.clone(),
    });
    format!("{}\n", painted.collect::<String>())
}

/// The lines around one of the file, numbered as in the file.
fn around(shown: &Shown, line: u32, screen: &Screen) -> String {
    let first = shown.line.max(1);
    let mut out = String::new();
    for (number, pieces) in (first..).zip(styled_lines(shown)) {
        if number.abs_diff(line) <= LINES_AROUND {
            let sign = if number == line { ">" } else { " " };
            let label = screen.paint(style::DIM, &pad_left(&number.to_string(), 5));
            let first = format!("{}{label}  ", screen.paint(style::MATCH, sign));
            out.push_str(&match screen.width {
                Some(_) => behind(&first, NUMBER_COLUMNS, &pieces, screen),
                None => format!("{first}{}", unwrapped(&pieces, screen)),
            });
        }
    }
    out
}

/// Dates, names and layers, listed.
fn foot(shown: &Shown, screen: &Screen) -> String {
    // Counted once: a long text has many dates.
    let (lines, first) = (LineIndex::new(&shown.text), shown.line.max(1));
    let line_of = |start: u32| match shown.has_lines {
        true => (lines.line(start) + first - 1).to_string(),
        false => first.to_string(),
    };
    let mut out = String::new();
    let timexes: Vec<_> = shown.timex.iter().map(|timex| timex_row(timex, &line_of(timex.start))).collect();
    section(&mut out, "Dates", &timexes, screen);
    let mut names: BTreeMap<u32, (&MentionOut, u64)> = BTreeMap::new();
    for mention in &shown.entities {
        names.entry(mention.entity).or_insert((mention, 0)).1 += 1;
    }
    let names: Vec<_> = names
        .values()
        .map(|(mention, count)| {
            vec![
                figure(number(*count)),
                cell(entities::type_style(&mention.kind), &mention.kind),
                plain(&mention.name),
                cell(style::DIM, mention.reference.as_deref().unwrap_or("")).whole().spare(),
            ]
        })
        .collect();
    section(&mut out, "Names", &names, screen);
    if let Some(dct) = shown.dct.as_ref().filter(|dct| dct.evidence.len() > 1) {
        out.push_str(&format!("\n{}\n{}", screen.paint(style::LABEL, "Evidence"), evidence(&dct.evidence, screen)));
    }
    out.push_str(&layers(shown, screen));
    out
}

fn timex_row(timex: &TimexOut, line: &str) -> Vec<super::table::Cell> {
    let days = match (timex.earliest, timex.latest) {
        (Some(earliest), Some(latest)) => dateline_protocol::wire::Days { earliest, latest }.to_string(),
        _ => String::new(),
    };
    let meaning = if days == timex.value { String::new() } else { days };
    vec![
        figure(line),
        cell(style::TIMEX, &timex.text),
        plain(&timex.value).whole(),
        cell(style::DATE, meaning).whole().spare(),
        cell(style::DIM, &timex.rule).whole().spare(),
    ]
}

fn section(out: &mut String, title: &str, rows: &[Vec<super::table::Cell>], screen: &Screen) {
    if !rows.is_empty() {
        out.push_str(&format!("\n{}\n{}", screen.paint(style::LABEL, title), table(rows, screen)));
    }
}

/// Which layers there are, and which processors did not do their work.
fn layers(shown: &Shown, screen: &Screen) -> String {
    let names: Vec<String> = shown.layer_names.iter().map(|name| terminal::escape_line(name)).collect();
    let mut out = String::new();
    if !names.is_empty() {
        out.push_str(&format!("\n{} {}\n", screen.paint(style::LABEL, "layers:"), names.join(", ")));
    }
    for (name, outcome) in &shown.outcomes {
        let why = match (outcome.state.as_str(), &outcome.reason, &outcome.missing) {
            ("done", ..) => None,
            (_, Some(reason), _) => Some(format!("failed: {reason}")),
            (_, None, Some(missing)) => Some(format!("skipped, because layer `{missing}` is missing")),
            (state, None, None) => Some(state.to_owned()),
        };
        let lines = why.into_iter().map(|why| (style::BAD, why));
        let odd = outcome.diagnostics.iter().map(|found| (style::WARNING, found.clone()));
        for (style, line) in lines.chain(odd) {
            out.push_str(&format!("{} {}\n", screen.safe(style, &format!("{name}:")), terminal::escape_line(&line)));
        }
    }
    out
}

/// Which revisions are compared, the older sign first.
fn compared(shown: &Shown, screen: &Screen) -> String {
    let of = |number: u32| {
        let summary = shown.revisions.iter().find(|summary| summary.revision == number);
        let since = summary.map(|summary| format!(" of {}", moment(summary.seen_from))).unwrap_or_default();
        format!("revision {number}{since}")
    };
    let before = shown.diff_from.map(|number| format!("{}\n", screen.paint(style::BAD, &format!("- {}", of(number)))));
    let after = screen.paint(style::GOOD, &format!("+ {}", of(shown.revision)));
    format!("\n{}{after}\n\n", before.unwrap_or_default())
}

fn diff(differences: &[Difference], screen: &Screen) -> String {
    let line = |difference: &Difference| {
        let (sign, style) = match difference.kind {
            DifferenceKind::Same => (" ", Style::new()),
            DifferenceKind::Added => ("+", style::GOOD),
            DifferenceKind::Removed => ("-", style::BAD),
            DifferenceKind::Skipped => ("…", style::DIM),
        };
        debug_assert!(columns(sign) == 1, "signs line up");
        let text = terminal::escape_line(&difference.text);
        match screen.width {
            None => format!("{}\n", screen.paint(style, format!("{sign} {text}").trim_end())),
            Some(_) => {
                let label = format!("{} ", screen.paint(style, sign));
                behind(&label, 2, &[Piece::styled(style, text)], screen)
            }
        }
    };
    if differences.iter().all(|difference| matches!(difference.kind, DifferenceKind::Same | DifferenceKind::Skipped)) {
        return "no difference\n".to_owned();
    }
    differences.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{document, layer, text};
    use crate::render::tests::shown;
    use crate::screen::{coloured, plain};
    use serde_json::{Value, json};

    fn article() -> Value {
        json!({
            "document": 7, "path": "wire/talks.txt", "part": null, "title": "Talks",
            "dct": {"earliest": "2022-04-05", "latest": "2022-04-05", "precision": "day", "confidence": 95, "evidence": [
                {"kind": "header", "quote": " date 2022-04-05 ", "earliest": "2022-04-05", "latest": "2022-04-05",
                 "role": "published", "weight": 95, "accepted": true, "note": "a date header"}]},
            "revision": 2, "text": " date 2022-04-05 \nXi said on Monday he would go.\nNobody else spoke.\n", "line": 1,
            "has_lines": true, "offset": 0, "content": null, "metadata": [{"key": "source", "value": "Wire"}],
            "marks": [{"start": 0, "end": 17}],
            "timex": [{"start": 29, "end": 35, "type": "DATE", "value": "2022-04-04", "text": "Monday",
                       "earliest": "2022-04-04", "latest": "2022-04-04", "rule": "weekday"}],
            "entities": [{"start": 18, "end": 20, "type": "PER", "text": "Xi", "entity": 1, "name": "Xi Jinping",
                          "ref": "per:xi-jinping"}],
            "outcomes": {"dating": {"state": "done"}, "tone": {"state": "failed", "reason": "out of time"}},
            "seen_from": "2022-04-06T10:00:00Z", "seen_to": null,
            "revisions": [{"revision": 1, "seen_from": "2022-04-05T10:00:00Z", "seen_to": "2022-04-06T10:00:00Z", "bytes": 9},
                          {"revision": 2, "seen_from": "2022-04-06T10:00:00Z", "seen_to": null, "bytes": 67}],
            "layer_names": ["dct", "timex", "entity"]
        })
    }

    #[test]
    fn a_document_shows_its_text_date_and_layers() {
        insta::assert_snapshot!(shown(&document(None), &[article()], &plain(Some(60))), @r"
        Talks
        wire/talks.txt  document 7, revision 2 of 2
        2022-04-05  to the day, 95 % sure from header “date
                    2022-04-05”
        source: Wire

        date 2022-04-05
        Xi said on Monday he would go.
        Nobody else spoke.

        Dates
        2  Monday  2022-04-04  weekday

        Names
        1  PER  Xi Jinping  per:xi-jinping

        layers: dct, timex, entity
        tone: failed: out of time
        ");
    }

    #[test]
    fn dates_and_names_are_marked_by_colour() {
        let text = shown(&document(None), &[article()], &coloured());
        assert!(text.contains("\u{1b}[33mXi\u{1b}[0m said on \u{1b}[4m\u{1b}[32mMonday\u{1b}[0m"), "{text:?}");
    }

    #[test]
    fn spans_that_do_not_fit_are_left_unmarked() {
        let mut odd = article();
        odd["timex"][0]["end"] = json!(9000);
        odd["entities"][0]["start"] = json!(5);
        odd["text"] = json!("kurz ü");
        let text = shown(&document(None), &[odd], &coloured());
        assert!(text.contains("kurz ü"), "{text}");
    }

    #[test]
    fn one_line_is_shown_with_its_neighbours() {
        let text = shown(&document(Some(2)), &[article()], &plain(None));
        assert!(text.contains("\n     1   date 2022-04-05 \n>    2  Xi said"), "{text}");
        let mut record = article();
        (record["offset"], record["has_lines"]) = (Value::Null, json!(false));
        record["line"] = json!(7);
        let text = shown(&document(Some(7)), &[record], &plain(None));
        assert!(text.ends_with("\nXi said on Monday he would go.\nNobody else spoke.\n"), "{text}");
    }

    #[test]
    fn revisions_are_compared_line_by_line() {
        let mut item = article();
        item["diff"] = json!([{"kind": "same", "text": "Xi spoke."}, {"kind": "removed", "text": "He left."},
                              {"kind": "added", "text": "He stayed."}]);
        item["diff_from"] = json!(1);
        let text = shown(&document(None), &[item], &plain(None));
        let told =
            "\n- revision 1 of 2022-04-05 10:00:00Z\n+ revision 2 of 2022-04-06 10:00:00Z\n\n  Xi spoke.\n- He left.\n";
        assert!(text.ends_with(&format!("{told}+ He stayed.\n")), "{text}");
    }

    #[test]
    fn text_and_layers_alone_can_be_piped() {
        assert!(shown(&text(), &[article()], &plain(None)).ends_with("Nobody else spoke.\n"));
        let mut item = article();
        item["layers"] = json!({"sentence": [[0, 4]]});
        assert_eq!(shown(&layer("sentence".to_owned()), &[item], &plain(None)).replace([' ', '\n'], ""), "[[0,4]]");
    }
}
