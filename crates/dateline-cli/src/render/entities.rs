//! People, organisations, places.

use super::table::{cell, figure, indented, plain, table};
use super::{Renderer, all, date_or_undated, each};
use crate::screen::{Piece, Screen, counted, number, style, wrap};
use anstyle::Style;
use dateline_protocol::core::terminal;
use dateline_protocol::wire::{Days, Decided, EntityCount, EntityDetail, EntityMonth, EntitySuggestion, EntitySummary};
use std::collections::BTreeMap;

/// Other spellings listed in one row.
const ALIASES_MAX: usize = 4;
/// Columns of mentions over time at most.
const SPARKS_MAX: usize = 60;
/// Spellings, companions and documents listed of one entity.
const ROWS_MAX: usize = 12;

/// The style of a type of entity.
pub(super) fn type_style(kind: &str) -> Style {
    match kind {
        "PER" => style::PERSON,
        "ORG" => style::ORGANISATION,
        "LOC" => style::PLACE,
        _ => style::OTHER,
    }
}

/// `dateline who`.
pub(crate) fn who() -> Renderer {
    all(|entities: &[EntityCount], screen| {
        let row = |entity: &EntityCount| {
            vec![
                figure(counted(entity.documents, "document")),
                figure(format!("{}×", number(entity.mentions))),
                cell(type_style(&entity.kind), &entity.kind),
                plain(&entity.name),
                cell(style::DIM, entity.entity.as_deref().unwrap_or("")).whole().spare(),
            ]
        };
        table(&entities.iter().map(row).collect::<Vec<_>>(), screen)
    })
}

/// `dateline entities list`.
pub(crate) fn entities() -> Renderer {
    all(|entities: &[EntitySummary], screen| {
        let row = |entity: &EntitySummary| {
            let aliases = entity.aliases.iter().take(ALIASES_MAX).cloned().collect::<Vec<String>>().join(", ");
            vec![
                figure(format!("{}×", number(entity.mentions))),
                figure(format!("in {}", counted(entity.documents, "document"))),
                cell(type_style(&entity.kind), &entity.kind),
                cell(style::TITLE, &entity.name),
                cell(style::DATE, range(entity.first, entity.last)).whole().spare(),
                cell(style::DIM, &entity.entity).whole().spare(),
                cell(style::DIM, aliases).spare(),
            ]
        };
        table(&entities.iter().map(row).collect::<Vec<_>>(), screen)
    })
}

fn range(first: Option<Days>, last: Option<Days>) -> String {
    match (first, last) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{} to {}", first.earliest, last.latest),
        _ => String::new(),
    }
}

/// `dateline entities show`.
pub(crate) fn entity() -> Renderer {
    each(detail)
}

fn detail(found: &EntityDetail, screen: &Screen) -> String {
    let summary = &found.summary;
    let mut out = format!(
        "{}  {}  {}\n",
        screen.safe(style::TITLE, &summary.name),
        screen.safe(type_style(&summary.kind), &summary.kind),
        screen.safe(style::DIM, &summary.entity),
    );
    let (mentions, documents) = (counted(summary.mentions, "mention"), counted(summary.documents, "document"));
    let mut seen = vec![Piece::plain(format!("{mentions} in {documents}"))];
    let days = range(summary.first, summary.last);
    if !days.is_empty() {
        seen.extend([Piece::plain(", "), Piece::styled(style::DATE, days)]);
    }
    out.push_str(&wrap(&seen, screen.text_width(), "", screen));
    if let [first, .., last] = found.months.as_slice() {
        let room = screen.width.map_or(SPARKS_MAX, |width| width.saturating_sub(2 * "2022-04 ".len()));
        let line = sparkline(&found.months, room.clamp(1, SPARKS_MAX));
        let ends = |text: &str| screen.safe(style::DIM, text);
        out.push_str(&format!("{} {} {}\n", ends(&first.month), screen.paint(style::LABEL, &line), ends(&last.month)));
    }
    let names = found.names.iter().take(ROWS_MAX).map(|name| vec![figure(number(name.mentions)), plain(&name.name)]);
    section(&mut out, "Names", names.collect(), screen);
    let with =
        found.with.iter().take(ROWS_MAX).map(|with| {
            vec![figure(number(with.documents)), cell(type_style(&with.kind), &with.kind), plain(&with.name)]
        });
    section(&mut out, "Named with", with.collect(), screen);
    let documents = found.in_documents.iter().take(ROWS_MAX).map(|document| {
        vec![
            cell(style::DATE, date_or_undated(document.dct)).whole(),
            cell(style::PATH, &document.path).whole(),
            plain(document.title.as_deref().unwrap_or("")),
        ]
    });
    section(&mut out, "Documents", documents.collect(), screen);
    out
}

fn section(out: &mut String, title: &str, rows: Vec<Vec<super::table::Cell>>, screen: &Screen) {
    if !rows.is_empty() {
        out.push_str(&format!("\n{}\n", screen.paint(style::LABEL, title)));
        out.push_str(&indented(&rows, screen));
    }
}

/// Mentions over time, from the first month to the last with those between in which there are none: a column for each
/// month, or for as many months as it takes to fit into `room` columns.
fn sparkline(months: &[EntityMonth], room: usize) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let number = |month: &str| -> Option<usize> {
        let (year, month) = month.split_once('-')?;
        Some(year.parse::<usize>().ok()? * 12 + month.parse::<usize>().ok()?)
    };
    let counts: BTreeMap<usize, u64> =
        months.iter().filter_map(|month| Some((number(&month.month)?, month.mentions))).collect();
    let (Some(first), Some(last)) = (counts.keys().next(), counts.keys().next_back()) else { return String::new() };
    let together = (last - first + 1).div_ceil(room.max(1));
    let mut columns = vec![0; (last - first) / together + 1];
    for (month, mentions) in &counts {
        columns[(month - first) / together] += mentions;
    }
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let level = |count: u64| match count {
        0 => ' ',
        count => LEVELS[usize::try_from((count * 8).div_ceil(most) - 1).unwrap_or(7).min(7)],
    };
    columns.into_iter().map(level).collect()
}

/// `dateline entities suggest`.
pub(crate) fn suggestions() -> Renderer {
    each(|suggestion: &EntitySuggestion, screen| {
        let row = |entity: &EntitySummary| {
            vec![
                figure(number(entity.mentions)),
                cell(type_style(&entity.kind), &entity.kind),
                cell(style::TITLE, &entity.name),
                cell(style::DIM, &entity.entity).whole().spare(),
            ]
        };
        let mut out = table(&suggestion.entities.iter().map(row).collect::<Vec<_>>(), screen);
        let likely = format!("{:.0} % likely one", suggestion.confidence * 100.0);
        let reasons: Vec<String> = suggestion.reasons.iter().map(|reason| terminal::escape_line(reason)).collect();
        out.push_str(&format!("  {}: {}\n", screen.paint(style::LABEL, &likely), reasons.join("; ")));
        out
    })
}

/// What was decided about entities.
pub(crate) fn decided() -> Renderer {
    all(|decisions: &[Decided], screen| {
        let row = |decision: &Decided| {
            let undone = if decision.undone { " (taken back)" } else { "" };
            vec![
                cell(style::DIM, &decision.decision),
                cell(style::LABEL, &decision.kind),
                plain(format!("{}{undone}", decision.message)),
            ]
        };
        table(&decisions.iter().map(row).collect::<Vec<_>>(), screen)
    })
}

#[cfg(test)]
mod tests {
    use super::{decided, entities, entity, sparkline, suggestions, who};
    use crate::render::tests::shown;
    use crate::screen::plain;
    use dateline_protocol::wire::EntityMonth;
    use serde_json::{Value, json};

    fn summary() -> Value {
        let day = |day: &str| json!({"earliest": day, "latest": day});
        json!({"entity": "E12", "name": "Volodymyr Zelensky", "type": "PER", "documents": 9, "mentions": 1200,
               "first": day("2022-02-24"), "last": day("2022-04-05"), "aliases": ["Zelenskiy", "Zelenskyy"]})
    }

    #[test]
    fn entities_are_counted() {
        let item =
            json!({"entity": "E12", "name": "Volodymyr Zelensky", "type": "PER", "documents": 9, "mentions": 1200});
        let nameless = json!({"entity": null, "name": "Bucha", "type": "LOC", "documents": 2, "mentions": 3});
        insta::assert_snapshot!(shown(&who(), &[item, nameless], &plain(None)), @r"
        9 documents  1,200×  PER  Volodymyr Zelensky  E12
        2 documents      3×  LOC  Bucha
        ");
        let narrow = shown(&entities(), &[summary()], &plain(Some(60)));
        assert_eq!(narrow, "1,200×  in 9 documents  PER  Volodymyr Zelensky\n", "what can be spared is left out");
        insta::assert_snapshot!(shown(&entities(), &[summary()], &plain(None)), @"1,200×  in 9 documents  PER  Volodymyr Zelensky  2022-02-24 to 2022-04-05  E12  Zelenskiy, Zelenskyy");
    }

    #[test]
    fn one_entity_is_shown_in_full() {
        let mut item = summary();
        item["names"] = json!([{"name": "Zelensky", "mentions": 900}, {"name": "Zelenskiy", "mentions": 300}]);
        // Nobody was named in March: its column is empty all the same.
        item["months"] = json!([{"month": "2022-02", "mentions": 100}, {"month": "2022-04", "mentions": 800}]);
        item["with"] = json!([{"entity": "E3", "name": "Wang Yi", "type": "PER", "documents": 4}]);
        item["in_documents"] = json!([{"document": 1, "path": "a.txt", "title": "Talks", "dct": null, "mentions": 4}]);
        insta::assert_snapshot!(shown(&entity(), &[item], &plain(None)), @r"
        Volodymyr Zelensky  PER  E12
        1,200 mentions in 9 documents, 2022-02-24 to 2022-04-05
        2022-02 ▁ █ 2022-04

        Names
          900  Zelensky
          300  Zelenskiy

        Named with
          4  PER  Wang Yi

        Documents
          undated  a.txt  Talks
        ");
    }

    #[test]
    fn long_times_take_several_months_a_column() {
        let month = |month: &str, mentions| EntityMonth { month: month.to_owned(), mentions };
        let months = [month("2019-12", 1), month("2020-01", 3), month("2022-11", 8)];
        assert_eq!(sparkline(&months, 36), format!("▁▃{}█", " ".repeat(33)));
        assert_eq!(sparkline(&months, 12), "▄          █");
        assert_eq!(sparkline(&[], 12), "");
    }

    #[test]
    fn suggestions_give_reasons() {
        let item =
            json!({"entities": [summary(), summary()], "confidence": 0.85, "reasons": ["one spelling rule apart"]});
        insta::assert_snapshot!(shown(&suggestions(), &[item], &plain(None)), @r"
        1,200  PER  Volodymyr Zelensky  E12
        1,200  PER  Volodymyr Zelensky  E12
          85 % likely one: one spelling rule apart
        ");
        let decision =
            json!({"decision": "3", "kind": "merge", "message": "Kiev is Kyiv", "entities": [], "undone": true});
        assert_eq!(shown(&decided(), &[decision], &plain(None)), "3  merge  Kiev is Kyiv (taken back)\n");
    }
}
