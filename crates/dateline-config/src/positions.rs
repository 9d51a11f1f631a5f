//! Where each key of a TOML text stands. Values are read elsewhere.

use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line of each key, by dotted path; elements of arrays are numbered from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions(BTreeMap<String, usize>);

impl Positions {
    /// The positions in a text that parses.
    pub(crate) fn of(text: &str) -> Positions {
        let mut positions = Positions::default();
        if let Ok(table) = DeTable::parse(text) {
            let lines = LineStarts::new(text);
            positions.add_table("", table.get_ref(), &lines);
        }
        positions
    }

    /// The line, from 1, of a key; of the nearest key around it when it was not written itself.
    pub(crate) fn line(&self, key: &str) -> Option<usize> {
        let around = std::iter::successors(Some(key), |key| key.rsplit_once('.').map(|(outer, _)| outer));
        around.into_iter().find_map(|key| self.0.get(key).copied())
    }

    fn add_table(&mut self, outer: &str, table: &DeTable<'_>, lines: &LineStarts) {
        for (key, value) in table.iter() {
            let path = join(outer, key.get_ref());
            self.0.insert(path.clone(), lines.line(key.span().start));
            self.add_value(&path, value, lines);
        }
    }

    fn add_value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, lines: &LineStarts) {
        match value.get_ref() {
            DeValue::Table(table) => self.add_table(path, table, lines),
            DeValue::Array(array) => {
                for (number, element) in array.iter().enumerate() {
                    let path = join(path, &number.to_string());
                    self.0.insert(path.clone(), lines.line(element.span().start));
                    self.add_value(&path, element, lines);
                }
            }
            _ => {}
        }
    }
}

/// A dotted path with one more key.
pub(crate) fn join(outer: &str, key: &str) -> String {
    if outer.is_empty() { key.to_owned() } else { format!("{outer}.{key}") }
}

/// Byte offsets of line starts.
pub(crate) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(crate) fn new(text: &str) -> LineStarts {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        LineStarts(std::iter::once(0).chain(breaks).collect())
    }

    /// The line, from 1, that holds a byte.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn every_key_has_its_line() {
        let text = "root = \"a\"\n\n[watch]\nsettle = \"1s\"\nignore = [\n  \"x\",\n  \"y\",\n]\n[processor.dating]\nz.q = 1\n[[processor.exec]]\nname = \"n\"\n";
        let positions = Positions::of(text);
        let line = |key: &str| positions.line(key);
        assert_eq!(line("root"), Some(1));
        assert_eq!(line("watch"), Some(3));
        assert_eq!(line("watch.settle"), Some(4));
        assert_eq!(line("watch.ignore.1"), Some(7));
        assert_eq!(line("watch.nothing"), Some(3));
        assert_eq!(line("processor.dating.z.q"), Some(10));
        assert_eq!(line("processor.exec.0.name"), Some(12));
        assert_eq!(line("store"), None);
    }
}
