//! Dates: timelines, days, a document's own date, undated documents.

use super::table::{cell, figure, indented, plain, table};
use super::{Renderer, all, date_or_undated, each, heading, place};
use crate::output::labelled;
use crate::screen::{Piece, Screen, columns, counted, hang, number, pad, style, wrap};
use dateline_protocol::core::{Date, terminal};
use dateline_protocol::wire::{DayEntry, DayRelation, Days, DocumentDate, Evidence, TimelineEntry, UndatedDocument};
use std::collections::BTreeMap;

const INDENT: &str = "            ";
/// Stands for steps of a plot that are empty.
const GAP: &str = "⋮";
/// Columns of the longest bar of a plot: where there is room, and at least.
const BAR_COLUMNS_MAX: usize = 40;
const BAR_COLUMNS_MIN: usize = 8;

/// `dateline timeline`.
pub(crate) fn timeline() -> Renderer {
    all(|entries: &[TimelineEntry], screen| entries.iter().map(|entry| timeline_entry(entry, screen)).collect())
}

fn timeline_entry(entry: &TimelineEntry, screen: &Screen) -> String {
    let date = pad(&entry.date.to_string(), 10);
    let sentence = Piece { text: terminal::escape_line(&entry.sentence), style: None };
    let wrapped = wrap(&[sentence], screen.text_width(), INDENT, screen);
    // A week or a month does not fit before the sentence: it stands on a line of its own.
    let is_long = columns(&date) + 2 > columns(INDENT);
    let first = if is_long { wrapped.as_str() } else { wrapped.strip_prefix(INDENT).unwrap_or(&wrapped) };
    let gap = if is_long { "\n" } else { "  " };
    let place = place(&entry.path, entry.part.as_deref(), entry.line);
    let sources = counted(entry.sources.into(), "source");
    let fits = screen.width.is_none_or(|width| columns(INDENT) + columns(&place) + 2 + columns(&sources) <= width);
    let before = if fits { "  ".to_owned() } else { format!("\n{INDENT}") };
    let sources = match entry.sources {
        0 | 1 => String::new(),
        _ => format!("{before}{}", screen.paint(style::LABEL, &sources)),
    };
    let place = screen.safe(style::PATH, &place);
    format!("{}{gap}{first}{INDENT}{place}{sources}\n", screen.paint(style::DATE, &date))
}

/// `dateline timeline --plot`: how much each day is supported, as bars.
pub(crate) fn plot() -> Renderer {
    all(|entries: &[TimelineEntry], screen| {
        let mut days: BTreeMap<(Date, Date), u64> = BTreeMap::new();
        for entry in entries {
            *days.entry((entry.date.earliest, entry.date.latest)).or_default() += u64::from(entry.support.max(1));
        }
        let most = days.values().copied().max().unwrap_or(1);
        let labels = days.keys().map(|(earliest, latest)| Days { earliest: *earliest, latest: *latest }.to_string());
        let label_columns = labels.map(|label| columns(&label)).max().unwrap_or(0);
        let beside = label_columns + 2 + 1 + columns(&number(most));
        let room = screen.width.map_or(BAR_COLUMNS_MAX, |width| width.saturating_sub(beside).min(BAR_COLUMNS_MAX));
        let mut out = String::new();
        let mut next: Option<Date> = None;
        for ((earliest, latest), count) in days {
            // Steps that nothing is said of are left out, and said to be.
            if next.is_some_and(|next| next < earliest) {
                out.push_str(&format!("{}\n", screen.paint(style::DIM, GAP)));
            }
            next = next.max(latest.tomorrow().ok());
            let label = pad(&Days { earliest, latest }.to_string(), label_columns);
            let bar = bar(count, most, room.max(BAR_COLUMNS_MIN));
            out.push_str(&format!(
                "{}  {} {}\n",
                screen.paint(style::DATE, &label),
                screen.paint(style::LABEL, &bar),
                number(count)
            ));
        }
        out
    })
}

/// A bar in eighths of a column.
fn bar(count: u64, most: u64, longest: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (count * longest as u64 * 8).div_ceil(most.max(1));
    let (whole, rest) = (eighths / 8, eighths % 8);
    let whole = usize::try_from(whole).unwrap_or(longest);
    format!("{}{}", "█".repeat(whole), PARTS[usize::try_from(rest).unwrap_or(0)])
}

/// `dateline on`.
pub(crate) fn day() -> Renderer {
    all(|entries: &[DayEntry], screen| {
        let kinds = [(DayRelation::Written, "Written"), (DayRelation::About, "About"), (DayRelation::Named, "Named")];
        let mut parts = Vec::new();
        for (relation, title) in kinds {
            let of_kind: Vec<&DayEntry> = entries.iter().filter(|entry| entry.relation == relation).collect();
            if !of_kind.is_empty() {
                let rows: String = match relation {
                    DayRelation::Named => named(&of_kind, screen),
                    _ => of_kind.iter().map(|entry| day_entry(entry, screen)).collect(),
                };
                parts.push(format!("{}\n{rows}", screen.paint(style::TITLE, title)));
            }
        }
        parts.join("\n")
    })
}

fn day_entry(entry: &DayEntry, screen: &Screen) -> String {
    let text = Piece { text: terminal::escape_line(&entry.text), style: None };
    let text = wrap(&[text], screen.text_width(), "  ", screen);
    let path = entry
        .path
        .as_deref()
        .map(|path| place(path, entry.part.as_deref(), entry.line.unwrap_or(0)))
        .unwrap_or_default();
    let date = entry.date.filter(|date| date.earliest != date.latest);
    let date = date.map(|date| screen.paint(style::DATE, &format!("{date}  "))).unwrap_or_default();
    let count = match entry.count {
        0 | 1 => String::new(),
        count => screen.paint(style::LABEL, &format!("  {}", counted(count.into(), "document"))),
    };
    format!("{text}    {date}{}{count}\n", screen.safe(style::PATH, &path))
}

fn named(entries: &[&DayEntry], screen: &Screen) -> String {
    let row = |entry: &&DayEntry| {
        let kind = entry.kind.as_deref().unwrap_or("");
        vec![figure(number(entry.count.into())), cell(style::DIM, kind).whole(), plain(&entry.text)]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    indented(&rows, screen)
}

/// `dateline date`.
pub(crate) fn date() -> Renderer {
    each(document_date)
}

fn document_date(found: &DocumentDate, screen: &Screen) -> String {
    let title = found.title.as_deref().unwrap_or("(no title)");
    let place = screen.safe(style::PATH, &place(&found.path, found.part.as_deref(), 0));
    let mut out = format!("{}{place}\n\n", heading(title, screen));
    let mut known = screen.paint(style::DATE, &date_or_undated(found.dct));
    if let Some(precision) = found.precision.as_deref().filter(|_| found.dct.is_some()) {
        known.push_str(&format!("  to the {precision}"));
    }
    if let Some(confidence) = found.confidence.filter(|_| !found.decided) {
        known.push_str(&format!(", {confidence} % sure"));
    }
    if found.decided {
        known.push_str(", as you decided");
    }
    out.push_str(&format!("{known}\n"));
    let bounds = [
        ("updated", found.updated.map(|days| days.to_string())),
        ("not before", found.not_before.map(|day| day.to_string())),
        ("not after", found.not_after.map(|day| format!("{day}, the file's own time, which proves nothing more"))),
    ];
    for (name, value) in bounds.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        out.push_str(&labelled(&format!("{name}:"), style::LABEL, &value, screen));
    }
    if !found.evidence.is_empty() {
        out.push('\n');
        out.push_str(&evidence(&found.evidence, screen));
    }
    out
}

/// What speaks for a date, best first: accepted, kind, days, weight, quote, why.
pub(super) fn evidence(evidence: &[Evidence], screen: &Screen) -> String {
    let row = |evidence: &Evidence| {
        let days = Days { earliest: evidence.earliest, latest: evidence.latest };
        let (sign, sign_style) = if evidence.accepted { ("✓", style::GOOD) } else { ("·", style::DIM) };
        let role = match evidence.role.as_str() {
            "published" => String::new(),
            role => format!(" ({role})"),
        };
        vec![
            cell(sign_style, sign),
            cell(style::DATE, days.to_string()).whole(),
            figure(format!("{} %", evidence.weight)),
            plain(format!("{}{role}", evidence.kind)).whole(),
            plain(format!("“{}”", evidence.quote.trim())),
            cell(style::DIM, &evidence.note).spare(),
        ]
    };
    let rows: Vec<_> = evidence.iter().map(row).collect();
    table(&rows, screen)
}

/// `dateline undated`.
pub(crate) fn undated() -> Renderer {
    each(|found: &UndatedDocument, screen| {
        let title = heading(found.title.as_deref().unwrap_or("(no title)"), screen);
        let place = screen.safe(style::PATH, &place(&found.path, found.part.as_deref(), 0));
        let mut out = format!("{title}  {place}\n");
        for suggestion in &found.suggestions {
            let date = Piece::styled(style::DATE, suggestion.date.to_string());
            let reason = terminal::escape_line(&suggestion.reason);
            let reason = Piece::plain(format!(", {} % sure: {reason}", suggestion.confidence));
            out.push_str(&hang(&[date, reason], screen.text_width(), ("  ", "    "), screen));
        }
        if found.suggestions.is_empty() {
            out.push_str(&format!("  {}\n", screen.paint(style::DIM, "nothing suggests a date")));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{date, day, plot, timeline, undated};
    use crate::render::tests::shown;
    use crate::screen::plain;
    use serde_json::{Value, json};

    fn days(earliest: &str, latest: &str) -> Value {
        json!({"earliest": earliest, "latest": latest})
    }

    fn entry(date: Value, support: u32) -> Value {
        json!({
            "date": date, "precision": "day", "sentence": "Delegations met for talks in Istanbul, officials said.",
            "sources": support, "support": support, "document": 1, "path": "a.txt", "part": null, "line": 3,
            "span": {"start": 0, "end": 5}, "score": 1.0, "expression": "Tuesday"
        })
    }

    #[test]
    fn a_timeline_reads_from_top_to_bottom() {
        let entries = [entry(days("2022-03-29", "2022-03-29"), 3), entry(days("2022-04-01", "2022-04-30"), 1)];
        insta::assert_snapshot!(shown(&timeline(), &entries, &plain(Some(50))), @r"
        2022-03-29  Delegations met for talks in Istanbul,
                    officials said.
                    a.txt:3  3 sources
        2022-04     Delegations met for talks in Istanbul,
                    officials said.
                    a.txt:3
        ");
        let week = [entry(days("2022-03-28", "2022-04-03"), 2)];
        insta::assert_snapshot!(shown(&timeline(), &week, &plain(Some(50))), @r"
        2022-03-28..2022-04-03
                    Delegations met for talks in Istanbul,
                    officials said.
                    a.txt:3  2 sources
        ");
        insta::assert_snapshot!(shown(&plot(), &entries, &plain(Some(50))), @r"
        2022-03-29  ████████████████████████████████████ 3
        ⋮
        2022-04     ████████████ 1
        ");
    }

    #[test]
    fn a_day_has_three_sides() {
        let entries = [
            json!({"relation": "written", "text": "Talks resume", "count": 1, "document": 1, "path": "a.txt", "line": 1}),
            json!({"relation": "about", "text": "They met on Monday.", "date": days("2022-04-01", "2022-04-30"), "count": 2,
                   "document": 2, "path": "b.jsonl", "part": "x-7", "line": 7}),
            json!({"relation": "named", "text": "Wang Yi", "count": 12, "document": null, "path": null, "line": null,
                   "entity": "Q1", "type": "PER"}),
        ];
        insta::assert_snapshot!(shown(&day(), &entries, &plain(Some(60))), @r"
        Written
          Talks resume
            a.txt:1

        About
          They met on Monday.
            2022-04  b.jsonl#x-7:7  2 documents

        Named
          12  PER  Wang Yi
        ");
    }

    #[test]
    fn a_date_comes_with_its_evidence() {
        let item = json!({
            "document": 1, "path": "a.txt", "part": null, "title": "Talks", "dct": days("2022-04-05", "2022-04-05"),
            "precision": "day", "confidence": 95, "updated": null, "not_before": null, "not_after": "2022-05-01",
            "decided": false, "evidence": [
                {"kind": "header", "quote": " date 2022-04-05 ", "start": 0, "end": 17, "earliest": "2022-04-05",
                 "latest": "2022-04-05", "role": "published", "weight": 95, "accepted": true, "note": "a date header"},
                {"kind": "file-name", "quote": "2021", "earliest": "2021-01-01", "latest": "2021-12-31",
                 "role": "published", "weight": 20, "accepted": false, "note": "contradicts the header"}
            ]
        });
        insta::assert_snapshot!(shown(&date(), &[item], &plain(None)), @r"
        Talks
        a.txt

        2022-04-05  to the day, 95 % sure
        not after: 2022-05-01, the file's own time, which proves nothing more

        ✓  2022-04-05  95 %  header     “date 2022-04-05”  a date header
        ·  2021        20 %  file-name  “2021”             contradicts the header
        ");
    }

    #[test]
    fn undated_documents_come_with_suggestions() {
        let item = json!({"document": 1, "path": "a.txt", "part": null, "title": "Talks", "suggestions": [
            {"date": days("2022-04-05", "2022-04-05"), "reason": "shares 54 words with b.txt", "confidence": 60}]});
        let bare = json!({"document": 2, "path": "c.txt", "part": null, "title": null, "suggestions": []});
        insta::assert_snapshot!(shown(&undated(), &[item, bare], &plain(None)), @r"
        Talks
          a.txt
          2022-04-05, 60 % sure: shares 54 words with b.txt

        (no title)
          c.txt
          nothing suggests a date
        ");
    }
}
