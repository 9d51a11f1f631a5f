//! Named entities against gold: exact typed spans, as CoNLL counts them. Measures; finds no names itself.
//!
//! Gold and system are JSON Lines joined on `id`, with `entities` of `start`, `end` (UTF-8 bytes) and `type`; the system's
//! lines are those `dateline annotate` writes. A document the system lacks counts as missed.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One name: its bytes and its type.
type Name = (u64, u64, String);

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    entities: Vec<NameLine>,
}

#[derive(Deserialize)]
struct NameLine {
    start: u64,
    end: u64,
    #[serde(rename = "type")]
    kind: String,
}

/// Why an evaluation could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// A line is no record of the kind expected.
    #[error("line {line} of the {side} is no record")]
    BadLine {
        /// `gold` or `system`.
        side: &'static str,
        /// From 1.
        line: usize,
        /// What JSON says.
        #[source]
        source: serde_json::Error,
    },
    /// The system speaks of a document that the gold does not have.
    #[error("document `{0}` of the system is not in the gold")]
    UnknownDocument(String),
    /// An id stands twice.
    #[error("document `{0}` stands twice")]
    Duplicate(String),
}

/// Which types count, and which are counted as another.
#[derive(Clone, Debug)]
pub struct EntityOptions {
    /// Types that count; all when empty.
    pub types: Vec<String>,
    /// Types renamed before they are counted: facilities are places.
    pub renamed: BTreeMap<String, String>,
}

impl Default for EntityOptions {
    /// PER, ORG and LOC, facilities as places.
    fn default() -> EntityOptions {
        EntityOptions {
            types: ["PER", "ORG", "LOC"].map(str::to_owned).to_vec(),
            renamed: [("FAC".to_owned(), "LOC".to_owned())].into(),
        }
    }
}

/// How many names there are, were given, and were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the gold.
    pub gold: usize,
    /// Given by the system.
    pub given: usize,
    /// Both.
    pub right: usize,
}

impl Tally {
    /// Right among those given, in percent.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.right, self.given)
    }

    /// Right among those in the gold, in percent.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.right, self.gold)
    }

    /// Harmonic mean of both, in percent.
    #[must_use]
    pub fn f1(&self) -> f64 {
        share(2 * self.right, self.gold + self.given)
    }
}

pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// What came of an evaluation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityFigures {
    /// By type.
    pub types: BTreeMap<String, Tally>,
    /// All types together.
    pub micro: Tally,
    /// Spans whatever their type.
    pub untyped: Tally,
}

impl fmt::Display for EntityFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.types.iter().map(|(kind, tally)| (kind.as_str(), tally));
        for (name, tally) in rows.chain([("MICRO", &self.micro), ("UNTYPED", &self.untyped)]) {
            writeln!(
                f,
                "{name:10} P {:6.2}  R {:6.2}  F1 {:6.2}  gold {} pred {} tp {}",
                tally.precision(),
                tally.recall(),
                tally.f1(),
                tally.gold,
                tally.given,
                tally.right
            )?;
        }
        Ok(())
    }
}

fn read(
    text: &str,
    side: &'static str,
    options: &EntityOptions,
) -> Result<BTreeMap<String, BTreeSet<Name>>, EvaluationError> {
    let mut documents = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line =
            serde_json::from_str(line).map_err(|source| EvaluationError::BadLine { side, line: number + 1, source })?;
        let mut names = BTreeSet::new();
        for name in line.entities {
            let kind = options.renamed.get(&name.kind).cloned().unwrap_or(name.kind);
            if options.types.is_empty() || options.types.contains(&kind) {
                names.insert((name.start, name.end, kind));
            }
        }
        if documents.insert(line.id.clone(), names).is_some() {
            return Err(EvaluationError::Duplicate(line.id));
        }
    }
    Ok(documents)
}

/// Compares a system's names with the gold.
///
/// # Errors
/// [`EvaluationError`] when a line is no record or the system speaks of an unknown document.
pub fn evaluate(gold: &str, system: &str, options: &EntityOptions) -> Result<EntityFigures, EvaluationError> {
    let gold = read(gold, "gold", options)?;
    let system = read(system, "system", options)?;
    if let Some(unknown) = system.keys().find(|id| !gold.contains_key(*id)) {
        return Err(EvaluationError::UnknownDocument(unknown.clone()));
    }
    let mut figures = EntityFigures::default();
    let none = BTreeSet::new();
    for (id, wanted) in &gold {
        let given = system.get(id).unwrap_or(&none);
        let bare = |names: &BTreeSet<Name>| names.iter().map(|name| (name.0, name.1)).collect::<BTreeSet<_>>();
        let (bare_wanted, bare_given) = (bare(wanted), bare(given));
        figures.untyped.gold += bare_wanted.len();
        figures.untyped.given += bare_given.len();
        figures.untyped.right += bare_wanted.intersection(&bare_given).count();
        for name in wanted {
            figures.types.entry(name.2.clone()).or_default().gold += 1;
        }
        for name in given {
            let tally = figures.types.entry(name.2.clone()).or_default();
            tally.given += 1;
            tally.right += usize::from(wanted.contains(name));
        }
    }
    for tally in figures.types.values() {
        figures.micro.gold += tally.gold;
        figures.micro.given += tally.given;
        figures.micro.right += tally.right;
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::{EntityOptions, EvaluationError, Tally, evaluate};

    #[test]
    fn exact_typed_spans_count() {
        let gold = r#"{"id":"a","entities":[{"start":0,"end":4,"type":"PER"},{"start":5,"end":9,"type":"FAC"}]}
{"id":"b","entities":[{"start":0,"end":4,"type":"ORG"},{"start":5,"end":6,"type":"DATE"}]}"#;
        let system = r#"{"id":"a","entities":[{"start":0,"end":4,"type":"PER"},{"start":5,"end":9,"type":"ORG"}]}"#;
        let figures = evaluate(gold, system, &EntityOptions::default()).expect("both are right");
        assert_eq!(figures.micro, Tally { gold: 3, given: 2, right: 1 });
        assert_eq!(figures.untyped, Tally { gold: 3, given: 2, right: 2 });
        assert_eq!(figures.types["LOC"], Tally { gold: 1, given: 0, right: 0 });
        assert!((figures.micro.f1() - 40.0).abs() < 1e-9);
    }

    #[test]
    fn unknown_documents_are_refused() {
        let system = r#"{"id":"z","entities":[]}"#;
        let refused = evaluate("", system, &EntityOptions::default());
        assert!(matches!(refused, Err(EvaluationError::UnknownDocument(id)) if id == "z"));
    }
}
