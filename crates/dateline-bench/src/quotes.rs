//! Quotations against gold: stretches between marks that share a letter, one to one, and whose speaker is right.
//!
//! Gold and system are JSON Lines joined on `id`. The gold counts Unicode code points and gives `direct_spans` and
//! `speaker_spans` of each attribution; the system's lines are those `dateline annotate` writes, in UTF-8 bytes. A speaker is
//! right when its words share a letter with the gold's. Finds nothing itself.

use crate::entities::EvaluationError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Bounds of a range, as gold and system write them.
type Range = (usize, usize);

#[derive(Deserialize)]
struct GoldLine {
    id: String,
    text: String,
    quotes: Vec<GoldQuote>,
}

#[derive(Deserialize)]
struct GoldQuote {
    kind: String,
    direct_spans: Vec<Range>,
    speaker_spans: Vec<Range>,
}

#[derive(Deserialize)]
struct SystemLine {
    id: String,
    #[serde(default)]
    quotes: Vec<SystemQuote>,
}

#[derive(Deserialize)]
struct SystemQuote {
    start: usize,
    end: usize,
    speaker_start: Option<usize>,
    speaker_end: Option<usize>,
}

/// Found stretches whose speaker the gold gives, and on how many ours is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpeakerCounts {
    /// Stretches.
    pub judged: u32,
    /// Those with the right speaker.
    pub right: u32,
}

impl SpeakerCounts {
    /// Share with the right speaker, in percent.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.judged == 0 { 0.0 } else { 100.0 * f64::from(self.right) / f64::from(self.judged) }
    }

    fn count(&mut self, right: bool) {
        self.judged += 1;
        self.right += u32::from(right);
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuoteCounts {
    /// Documents of the gold.
    pub documents: u32,
    /// Stretches of the gold.
    pub gold: u32,
    /// Stretches of the system.
    pub system: u32,
    /// Pairs that share a letter.
    pub found: u32,
    /// Pairs with the same bounds.
    pub exact: u32,
    /// Speakers of direct quotations.
    pub direct: SpeakerCounts,
    /// Speakers of words taken into a sentence.
    pub mixed: SpeakerCounts,
}

impl QuoteCounts {
    fn f1(self, pairs: u32) -> f64 {
        let total = f64::from(self.gold + self.system);
        if total == 0.0 { 0.0 } else { 200.0 * f64::from(pairs) / total }
    }

    /// F1 of stretches that share a letter, in percent.
    #[must_use]
    pub fn span_f1(self) -> f64 {
        self.f1(self.found)
    }

    /// F1 of stretches with the same bounds, in percent.
    #[must_use]
    pub fn exact_f1(self) -> f64 {
        self.f1(self.exact)
    }

    /// Share of found stretches with the right speaker, in percent.
    #[must_use]
    pub fn speakers(self) -> f64 {
        let (direct, mixed) = (self.direct, self.mixed);
        SpeakerCounts { judged: direct.judged + mixed.judged, right: direct.right + mixed.right }.share()
    }
}

impl fmt::Display for QuoteCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "docs {} gold {} sys {}", self.documents, self.gold, self.system)?;
        writeln!(f, "span F1 {:.2}  same bounds F1 {:.2}", self.span_f1(), self.exact_f1())?;
        let (direct, mixed) = (self.direct.share(), self.mixed.share());
        write!(f, "right speaker {:.2}  of direct {direct:.2}  of mixed {mixed:.2}", self.speakers())
    }
}

/// Counts the system's quotations against the gold's.
///
/// # Errors
/// [`EvaluationError`] when a line is no record or an id stands twice.
pub fn evaluate(gold: &str, system: &str) -> Result<QuoteCounts, EvaluationError> {
    let mut found = BTreeMap::new();
    for (at, text) in system.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let bad = |source| EvaluationError::BadLine { side: "system", line: at + 1, source };
        let line: SystemLine = serde_json::from_str(text).map_err(bad)?;
        if let Some(twice) = found.insert(line.id.clone(), line) {
            return Err(EvaluationError::Duplicate(twice.id));
        }
    }
    let mut counts = QuoteCounts::default();
    for (at, text) in gold.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let bad = |source| EvaluationError::BadLine { side: "gold", line: at + 1, source };
        let line: GoldLine = serde_json::from_str(text).map_err(bad)?;
        counts.documents += 1;
        count(&line, found.get(&line.id).map_or(&[][..], |line| line.quotes.as_slice()), &mut counts);
    }
    Ok(counts)
}

/// One-to-one: in text order, each stretch of the gold takes the first free one of the system that shares a letter.
fn count(line: &GoldLine, system: &[SystemQuote], counts: &mut QuoteCounts) {
    let starts: Vec<usize> = line.text.char_indices().map(|(at, _)| at).chain([line.text.len()]).collect();
    let points = |byte: usize| starts.partition_point(|start| *start < byte);
    let in_points = |(start, end): Range| (points(start), points(end));
    let mut wanted: Vec<(Range, &GoldQuote)> =
        line.quotes.iter().flat_map(|quote| quote.direct_spans.iter().map(move |span| (*span, quote))).collect();
    wanted.sort_by_key(|(span, _)| *span);
    counts.gold += wanted.len() as u32;
    counts.system += system.len() as u32;
    let mut free = vec![true; system.len()];
    for (span, gold) in wanted {
        let bounds = |quote: &SystemQuote| in_points((quote.start, quote.end));
        let Some(at) = (0..system.len()).find(|at| free[*at] && overlap(span, bounds(&system[*at]))) else { continue };
        free[at] = false;
        counts.found += 1;
        counts.exact += u32::from(bounds(&system[at]) == span);
        if gold.speaker_spans.is_empty() {
            continue;
        }
        let speaker = system[at].speaker_start.zip(system[at].speaker_end).map(in_points);
        let right = speaker.is_some_and(|speaker| gold.speaker_spans.iter().any(|gold| overlap(*gold, speaker)));
        if gold.kind == "direct" { counts.direct.count(right) } else { counts.mixed.count(right) }
    }
}

fn overlap(one: Range, other: Range) -> bool {
    one.0 < other.1 && other.0 < one.1
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    const GOLD: &str = r#"{"id":"a","text":"“É ja,” said Bo. “No.”","quotes":[{"kind":"direct","direct_spans":[[0,7],[17,22]],"speaker_spans":[[13,15]]}]}"#;

    #[test]
    fn bytes_are_compared_with_code_points() {
        let system =
            r#"{"id":"a","quotes":[{"start":0,"end":12,"speaker_start":18,"speaker_end":20},{"start":22,"end":31}]}"#;
        let counts = evaluate(GOLD, system).expect("reads");
        assert_eq!((counts.gold, counts.found, counts.exact), (2, 2, 2));
        assert_eq!((counts.direct.judged, counts.direct.right), (2, 1));
    }

    #[test]
    fn a_document_the_system_lacks_counts_as_missed() {
        let counts = evaluate(GOLD, "").expect("reads");
        assert_eq!((counts.gold, counts.system, counts.found), (2, 0, 0));
    }
}
