//! When the article was written: weighs all evidence at hand. Never trusts a file's times, never the day of the run.

use crate::config::DatingConfig;
use dateline_processor::core::layers::{Candidate, Dct, DctLayer, DctRole};
use dateline_processor::core::{Date, DateInterval, Diagnostic, Hints, Mark, MarkKind, Metadata, Precision, SourceInfo};

/// What the document date may rest on.
pub(crate) struct Evidence<'a> {
    pub(crate) text: &'a str,
    pub(crate) marks: &'a [Mark],
    pub(crate) metadata: &'a Metadata,
    pub(crate) source: &'a SourceInfo,
    pub(crate) hints: &'a Hints,
}

/// Weighs the evidence.
pub(crate) fn weigh(evidence: &Evidence<'_>, _config: &DatingConfig) -> (DctLayer, Vec<Diagnostic>) {
    let mut layer = DctLayer::default();
    if let Some(hint) = evidence.hints.dct {
        layer.dct = hint.interval.map(|interval| Dct {
            interval,
            time: hint.time,
            precision: if hint.time.is_some() { Precision::Time } else { interval.precision() },
            confidence: 100,
        });
        return (layer, Vec::new());
    }
    for mark in evidence.marks.iter().filter(|mark| mark.kind == MarkKind::DateHeader) {
        let quote = mark.span.slice(evidence.text).unwrap_or("");
        let found = quote.split_whitespace().find_map(|word| word.parse::<Date>().ok());
        if let Some(date) = found {
            let interval = DateInterval::day(date);
            layer.candidates.push(Candidate {
                kind: "header".to_owned(),
                span: Some(mark.span),
                quote: quote.trim().to_owned(),
                interval,
                role: DctRole::Published,
                weight: 98,
                accepted: true,
                note: "the date header before the text".to_owned(),
            });
            layer.dct = Some(Dct { interval, time: None, precision: Precision::Day, confidence: 98 });
            break;
        }
    }
    let _ = (evidence.metadata, evidence.source);
    (layer, Vec::new())
}
