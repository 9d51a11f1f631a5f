//! Temporal expressions against gold: strict and relaxed spans, types and values, as TempEval-3 counts them.
//!
//! Gold and system are JSON Lines joined on `id`, with `timex` of `start`, `end` (UTF-8 bytes), `type` and `value`; the
//! system's lines are those `dateline annotate` writes. A document the system lacks counts as missed. Tags nothing itself.

use crate::entities::EvaluationError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    timex: Vec<Expression>,
}

#[derive(Clone, Deserialize)]
struct Expression {
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

/// Which documents count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All.
    #[default]
    All,
    /// Those that may be read while rules are written: CRC-32 of the id not divisible by four.
    Read,
    /// Those that are scored and never read.
    Unread,
}

impl Part {
    fn holds(self, id: &str) -> bool {
        let unread = crc32(id.as_bytes()).is_multiple_of(4);
        match self {
            Part::All => true,
            Part::Read => !unread,
            Part::Unread => unread,
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimexCounts {
    /// Documents of the gold.
    pub documents: u32,
    /// Expressions of the gold.
    pub gold: u32,
    /// Expressions of the system.
    pub system: u32,
    /// Pairs with the same span, blanks at its edges aside.
    pub strict: u32,
    /// Pairs that share a byte.
    pub relaxed: u32,
    /// Relaxed pairs of the same type.
    pub kind: u32,
    /// Relaxed pairs of the same value.
    pub value: u32,
}

impl TimexCounts {
    fn f1(self, pairs: u32) -> f64 {
        let total = f64::from(self.gold + self.system);
        if total == 0.0 { 0.0 } else { 200.0 * f64::from(pairs) / total }
    }

    /// F1 of spans that share a byte, in percent.
    #[must_use]
    pub fn relaxed_f1(self) -> f64 {
        self.f1(self.relaxed)
    }

    /// F1 of equal spans, in percent.
    #[must_use]
    pub fn strict_f1(self) -> f64 {
        self.f1(self.strict)
    }

    /// Relaxed F1 times the share of pairs with the right type, in percent.
    #[must_use]
    pub fn type_f1(self) -> f64 {
        self.f1(self.kind)
    }

    /// Relaxed F1 times the share of pairs with the right value, in percent.
    #[must_use]
    pub fn value_f1(self) -> f64 {
        self.f1(self.value)
    }
}

impl fmt::Display for TimexCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "docs {} gold {} sys {}", self.documents, self.gold, self.system)?;
        write!(
            f,
            "strict F1 {:.2}  relaxed F1 {:.2}  type F1 {:.2}  value F1 {:.2}",
            self.strict_f1(),
            self.relaxed_f1(),
            self.type_f1(),
            self.value_f1()
        )
    }
}

/// Counts the system's expressions against the gold's.
///
/// # Errors
/// [`EvaluationError`] when a line is no record or an id stands twice.
pub fn evaluate(gold: &str, system: &str, part: Part) -> Result<TimexCounts, EvaluationError> {
    let gold = read(gold, "gold")?;
    let system = read(system, "system")?;
    let mut counts = TimexCounts::default();
    for (id, line) in gold.iter().filter(|(id, _)| part.holds(id)) {
        let text = line.text.as_deref().unwrap_or("").as_bytes();
        let found = system.get(id).map_or(&[][..], |line| line.timex.as_slice());
        counts.documents += 1;
        count(text, &line.timex, found, &mut counts);
    }
    Ok(counts)
}

fn read(source: &str, side: &'static str) -> Result<BTreeMap<String, Line>, EvaluationError> {
    let mut lines = BTreeMap::new();
    for (at, text) in source.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let line: Line =
            serde_json::from_str(text).map_err(|source| EvaluationError::BadLine { side, line: at + 1, source })?;
        if let Some(twice) = lines.insert(line.id.clone(), line) {
            return Err(EvaluationError::Duplicate(twice.id));
        }
    }
    Ok(lines)
}

/// One-to-one: in text order, each gold expression takes the first free expression of the system that shares a byte.
fn count(text: &[u8], gold: &[Expression], system: &[Expression], counts: &mut TimexCounts) {
    let in_order = |list: &[Expression]| {
        let mut spans: Vec<(usize, usize, usize)> = list
            .iter()
            .enumerate()
            .map(|(at, one)| {
                let (start, end) = trimmed(text, one.start, one.end);
                (start, end, at)
            })
            .collect();
        spans.sort_unstable();
        spans
    };
    let (wanted, found) = (in_order(gold), in_order(system));
    counts.gold += gold.len() as u32;
    counts.system += system.len() as u32;
    let mut free = vec![true; found.len()];
    for (start, end, at) in wanted {
        let pair = (0..found.len()).find(|other| free[*other] && end.min(found[*other].1) > start.max(found[*other].0));
        let Some(pair) = pair else { continue };
        free[pair] = false;
        let (one, other) = (&gold[at], &system[found[pair].2]);
        counts.relaxed += 1;
        counts.strict += u32::from((start, end) == (found[pair].0, found[pair].1));
        counts.kind += u32::from(one.kind == other.kind);
        counts.value += u32::from(one.value == other.value);
    }
}

fn trimmed(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    let blank = |at: usize| text.get(at).is_some_and(u8::is_ascii_whitespace);
    while start < end && blank(start) {
        start += 1;
    }
    while end > start && blank(end - 1) {
        end -= 1;
    }
    (start, end)
}

/// CRC-32 as in zlib.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::{Part, crc32, evaluate};

    const GOLD: &str = r#"{"id":"a","text":"on Monday or May 5","timex":[{"start":3,"end":9,"type":"DATE","value":"2022-04-04"},{"start":13,"end":18,"type":"DATE","value":"2022-05-05"}]}"#;

    #[test]
    fn spans_types_and_values_are_counted_apart() {
        let system = r#"{"id":"a","timex":[{"start":0,"end":9,"type":"DATE","value":"2022-04-04"},{"start":13,"end":18,"type":"TIME","value":"2022"}]}"#;
        let counts = evaluate(GOLD, system, Part::All).expect("reads");
        assert_eq!((counts.relaxed, counts.strict, counts.kind, counts.value), (2, 1, 1, 1));
        assert!((counts.value_f1() - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_document_the_system_lacks_counts_as_missed() {
        let counts = evaluate(GOLD, "", Part::All).expect("reads");
        assert_eq!((counts.gold, counts.system, counts.relaxed), (2, 0, 0));
    }

    #[test]
    fn the_split_is_that_of_the_checksum() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let parts = [Part::Read, Part::Unread].map(|part| evaluate(GOLD, "", part).expect("reads").documents);
        assert_eq!(parts.iter().sum::<u32>(), 1);
    }
}
