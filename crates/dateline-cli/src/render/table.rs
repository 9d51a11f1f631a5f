//! Columns: as wide as they need to be, the last one cut at the edge of the terminal. Cells are escaped on the way in.

use crate::screen::{Screen, columns, cut, pad, pad_left};
use anstyle::Style;
use dateline_protocol::core::terminal;

/// Blanks between columns.
const GAP: &str = "  ";
/// Narrowest a last column gets that does not fit whole.
const LAST_COLUMNS_MIN: usize = 8;

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    is_number: bool,
}

/// A cell of untrusted or our own text.
pub(crate) fn cell(style: Style, text: impl AsRef<str>) -> Cell {
    Cell { text: terminal::escape_line(text.as_ref()), style, is_number: false }
}

/// A cell without a style.
pub(crate) fn plain(text: impl AsRef<str>) -> Cell {
    cell(Style::new(), text)
}

/// A number, flush right.
pub(crate) fn figure(text: impl AsRef<str>) -> Cell {
    Cell { is_number: true, ..plain(text) }
}

/// Blanks before the rows of an indented table.
const INDENT: &str = "  ";

/// Rows as lines under a heading.
pub(crate) fn indented(rows: &[Vec<Cell>], screen: &Screen) -> String {
    let narrower = Screen { width: screen.width.map(|width| width.saturating_sub(INDENT.len())), ..screen.clone() };
    table(rows, &narrower).lines().map(|line| format!("{INDENT}{line}\n")).collect()
}

/// Rows as lines.
pub(crate) fn table(rows: &[Vec<Cell>], screen: &Screen) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(&cell.text)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let before: usize = widths.iter().take(count.saturating_sub(1)).map(|width| width + GAP.len()).sum();
    let last_room = screen.width.map(|width| width.saturating_sub(before));
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let is_last = at + 1 == count;
            let text = match last_room.filter(|_| is_last) {
                // What would be cut to a syllable is left out.
                Some(room) if room < LAST_COLUMNS_MIN && columns(&cell.text) > room => String::new(),
                Some(room) => cut(&cell.text, room),
                None => cell.text.clone(),
            };
            let ends_row = at + 1 == row.len();
            let painted = screen.paint(cell.style, &text);
            let blanks = widths[at].saturating_sub(columns(&text));
            match (cell.is_number, ends_row) {
                (true, _) => line.push_str(&format!("{}{painted}", pad_left("", blanks))),
                (false, true) => line.push_str(&painted),
                (false, false) => line.push_str(&pad(&painted, columns(&painted) + blanks)),
            }
            if !ends_row {
                line.push_str(GAP);
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Names and what they stand for, one a line, names in one column.
pub(crate) fn facts(rows: &[(&str, String)], screen: &Screen) -> String {
    let rows: Vec<Vec<Cell>> = rows
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| vec![cell(crate::screen::style::LABEL, name), plain(value)])
        .collect();
    table(&rows, &Screen { width: None, ..screen.clone() })
}

#[cfg(test)]
mod tests {
    use super::{figure, plain, table};
    use crate::screen;

    #[test]
    fn columns_line_up_and_only_the_last_is_cut() {
        let rows = vec![
            vec![plain("北京"), figure("1"), plain("a long explanation that goes on")],
            vec![plain("Kyiv"), figure("1,000"), plain("short")],
        ];
        insta::assert_snapshot!(table(&rows, &screen::plain(Some(30))), @r"
        北京      1  a long explanati…
        Kyiv  1,000  short
        ");
        assert!(table(&rows, &screen::plain(None)).contains("goes on"));
        insta::assert_snapshot!(table(&rows, &screen::plain(Some(19))), @r"
        北京      1
        Kyiv  1,000  short
        ");
    }
}
