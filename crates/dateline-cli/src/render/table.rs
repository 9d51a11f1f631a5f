//! Columns: as wide as they need to be. Where the terminal is narrower, the last one is cut at its edge, columns that can be
//! spared are left out, then long texts are cut. Cells are escaped on the way in.

use crate::screen::{Piece, Screen, behind, columns, cut, pad, pad_left, style};
use anstyle::Style;
use dateline_protocol::core::terminal;

/// Blanks between columns.
const GAP: &str = "  ";
/// Narrowest a last column gets that does not fit whole.
const LAST_COLUMNS_MIN: usize = 8;
/// Narrowest another column is cut to.
const CUT_COLUMNS_MIN: usize = 16;

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    is_number: bool,
    is_whole: bool,
    is_spare: bool,
}

/// A cell of untrusted or our own text.
pub(crate) fn cell(style: Style, text: impl AsRef<str>) -> Cell {
    let text = terminal::escape_line(text.as_ref());
    Cell { text, style, is_number: false, is_whole: false, is_spare: false }
}

/// A cell without a style.
pub(crate) fn plain(text: impl AsRef<str>) -> Cell {
    cell(Style::new(), text)
}

/// A number, flush right.
pub(crate) fn figure(text: impl AsRef<str>) -> Cell {
    Cell { is_number: true, ..plain(text).whole() }
}

impl Cell {
    /// Of no use when cut: a date, an id.
    pub(crate) fn whole(self) -> Cell {
        Cell { is_whole: true, ..self }
    }

    /// Left out where there is no room.
    pub(crate) fn spare(self) -> Cell {
        Cell { is_spare: true, ..self }
    }
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
    let widths = widths(rows, screen.width);
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            // What would be cut to a syllable is left out.
            let is_lost = *width < LAST_COLUMNS_MIN && columns(&cell.text) > *width;
            let text = if is_lost { String::new() } else { cut(&cell.text, *width) };
            let blanks = width.saturating_sub(columns(&text));
            let painted = screen.paint(cell.style, &text);
            match cell.is_number {
                true => line.push_str(&format!("{}{painted}", pad_left("", blanks))),
                false => line.push_str(&pad(&painted, columns(&painted) + blanks)),
            }
            line.push_str(GAP);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Columns of each column; 0 of those left out.
fn widths(rows: &[Vec<Cell>], room: Option<usize>) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |at: usize| rows.iter().filter_map(move |row| row.get(at));
    let mut widths: Vec<usize> =
        (0..count).map(|at| column(at).map(|cell| columns(&cell.text)).max().unwrap_or(0)).collect();
    let Some(room) = room else { return widths };
    let may_cut = |at: usize| !column(at).any(|cell| cell.is_whole);
    let is_spare = |at: usize| column(at).any(|cell| cell.is_spare);
    loop {
        let kept: Vec<usize> = (0..count).filter(|at| widths[*at] > 0).collect();
        let taken = kept.iter().map(|at| widths[*at] + GAP.len()).sum::<usize>().saturating_sub(GAP.len());
        let (Some(excess), Some(last)) = (taken.checked_sub(room).filter(|excess| *excess > 0), kept.last()) else {
            return widths;
        };
        let left = widths[*last].saturating_sub(excess);
        let longest = kept.iter().filter(|at| may_cut(**at)).max_by_key(|at| widths[**at]);
        if may_cut(*last) && left >= LAST_COLUMNS_MIN {
            widths[*last] = left;
        } else if let Some(spare) = kept.iter().rfind(|at| is_spare(**at)) {
            widths[*spare] = 0;
        } else if let Some(longest) = longest.filter(|at| widths[**at] > CUT_COLUMNS_MIN) {
            widths[*longest] = widths[*longest].saturating_sub(excess).max(CUT_COLUMNS_MIN);
        } else {
            if may_cut(*last) {
                widths[*last] = left;
            }
            return widths;
        }
    }
}

/// Names and what they stand for, names in one column. Nothing is cut: what does not fit goes on below.
pub(crate) fn facts(rows: &[(&str, String)], screen: &Screen) -> String {
    let told = || rows.iter().filter(|(_, value)| !value.is_empty());
    let name_columns = told().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| {
        let label = format!("{}{}{GAP}", screen.paint(style::LABEL, name), " ".repeat(name_columns - columns(name)));
        behind(&label, name_columns + GAP.len(), &[Piece::plain(terminal::escape_line(value))], screen)
    };
    told().map(line).collect()
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
