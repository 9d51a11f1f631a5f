//! Golden cases and the contract of annotators, run over the real processor. Not an evaluation: see the bench crate.

use dateline_processor::core::layers::{DctLayer, DctRole, TimexLayer};
use dateline_processor::core::{DateInterval, DctHint, DocumentInput, Span};
use dateline_processor::{BuildAnnotator, Resource, Resources};
use dateline_processor_dating::{Dating, DatingConfig};
use dateline_testkit::{Golden, Note, assert_compliant};

/// Events of a world of our own, so that the cases hold whatever the lists of the installation say.
const EVENTS: &str = r#"
[[entry]]
id = "great-flood"
name = "Northland's flood"
aliases = ["the flood of Northland"]
date = "2019-06-10"

[[entry]]
id = "bridge-collapse"
name = "the collapse of the bridge"
date = "2021-03-02"
beside = ["Westport"]
"#;

fn dating() -> Dating {
    let events = Resource { path: "events/test.toml".to_owned(), bytes: EVENTS.as_bytes().to_vec() };
    Dating::build(DatingConfig::default(), &Resources::new(vec![events])).expect("the rules compile")
}

fn timex_notes(layer: &TimexLayer, _text: &str) -> Vec<Note> {
    let notes = layer.0.iter().map(|timex| {
        let interval = timex.interval().map_or_else(|| "open".to_owned(), |interval| interval.to_string());
        let modifier = timex.modifier.as_deref().map(|word| format!(" {word}")).unwrap_or_default();
        Note::at(timex.span, format!("{} {}{modifier} ({interval}, {})", timex.kind.word(), timex.value, timex.rule))
    });
    notes.collect()
}

fn dct_notes(layer: &DctLayer, _text: &str) -> Vec<Note> {
    let dct = layer
        .dct
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), |dct| format!("{} ({})", dct.interval, dct.precision.word()));
    let mut notes = vec![Note::whole(dct)];
    notes.extend(layer.updated.map(|interval| Note::whole(format!("updated {interval}"))));
    notes.extend(layer.not_before.map(|day| Note::whole(format!("not before {day}"))));
    notes.extend(layer.not_after.map(|day| Note::whole(format!("not after {day}"))));
    let upper = layer.candidates.iter().filter(|known| known.role == DctRole::UpperBound && known.weight > 0);
    notes.extend(
        upper.map(|known| {
            Note::whole(format!("hardly after {} ({}: {})", known.interval.latest, known.kind, known.note))
        }),
    );
    notes
}

#[test]
fn golden_cases_come_out_as_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
    Golden::new(folder).annotator(dating()).layer(timex_notes).layer(dct_notes).diagnostics().run();
}

#[test]
fn the_contract_holds() {
    assert_compliant::<Dating>();
}

#[test]
fn an_expression_is_explained_by_rule_anchor_and_steps() {
    let mut input = DocumentInput::default();
    input.document.text = "The bank said yesterday it would close.".to_owned();
    let day = DateInterval::parse("2024-03-05").expect("a date");
    input.hints.dct = Some(DctHint { interval: Some(day), time: None, decided: false });
    let explained = dating().explain_span(&input, Span::new(15, 18));
    let [one] = explained.as_slice() else { panic!("one expression: {explained:?}") };
    assert_eq!(one.timex.value, "2024-03-04");
    assert!(one.steps.iter().any(|step| step.contains("rule `today`")), "{:?}", one.steps);
    assert!(one.steps.iter().any(|step| step.contains("2024-03-05")), "{:?}", one.steps);
}

#[test]
fn a_decision_that_the_date_is_unknown_leaves_everything_open() {
    let mut input = DocumentInput::default();
    input.document.text = "They met on Monday.".to_owned();
    input.source.path = "2022-04-05.txt".to_owned();
    input.hints.dct = Some(DctHint { interval: None, time: None, decided: true });
    let explained = dating().explain_span(&input, Span::new(0, 19));
    assert_eq!(explained.first().map(|one| one.timex.value.as_str()), Some("XXXX-WXX-1"));
}
