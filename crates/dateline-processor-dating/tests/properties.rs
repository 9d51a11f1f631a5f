//! What holds for every text: no panic, sound spans, intervals that fit their order, the same answer twice.

use dateline_processor::core::layers::{DctLayer, TimexLayer};
use dateline_processor::core::{DateInterval, DctHint, DocumentInput};
use dateline_processor::{
    Annotator, BuildAnnotator, DocumentView, LayerSource, LayerValue, NoDeadline, Output, Resources,
};
use dateline_processor_dating::{Dating, DatingConfig};
use proptest::prelude::*;
use std::sync::LazyLock;

static DATING: LazyLock<Dating> =
    LazyLock::new(|| Dating::build(DatingConfig::default(), &Resources::default()).expect("the rules compile"));

struct NoLayers;

impl LayerSource for NoLayers {
    fn layer(&self, _name: &str) -> Option<&LayerValue> {
        None
    }
}

fn annotate(text: &str, dct: Option<&str>) -> (TimexLayer, DctLayer) {
    let mut input = DocumentInput::default();
    input.document.text = text.to_owned();
    input.hints.dct = dct.map(|dct| DctHint { interval: DateInterval::parse(dct).ok(), time: None, decided: false });
    let descriptor = DATING.descriptor();
    let mut output = Output::new(descriptor, text);
    DATING.annotate(&DocumentView::new(descriptor, &input, &NoLayers, &NoDeadline), &mut output).expect("annotates");
    let parts = output.into_parts();
    let timex = parts.layers.iter().find_map(|(_, value)| value.downcast_ref::<TimexLayer>()).cloned();
    let dct = parts.layers.iter().find_map(|(_, value)| value.downcast_ref::<DctLayer>()).cloned();
    (timex.expect("a timex layer"), dct.expect("a dct layer"))
}

/// Words and signs that temporal expressions are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "the",
        "last",
        "next",
        "of",
        "to",
        "and",
        "a",
        "half",
        "two",
        "twenty",
        "hundred",
        "May",
        "Jan.",
        "Friday",
        "week",
        "years",
        "ago",
        "later",
        "BC",
        "quarter",
        "third",
        "1998",
        "31",
        "2",
        "12:30",
        "p.m.",
        "'98",
        "1990s",
        "99999999999",
        "2022-04-05",
        "3/4/05",
        "-",
        "–",
        ",",
        ".",
        "'s",
        "’s",
        "\n",
        "\n\n",
        "morning",
        "every",
        "mid-",
        "Feb. 29",
        "Easter",
        "early",
        "end",
        "century",
        "0",
        "9999",
        "é",
        "$",
        "%",
        "#",
        "(",
        ")",
        "fiscal",
    ]);
    let glue = prop::sample::select(vec![" ", "", "-", " "]);
    prop::collection::vec((words, glue), 0..24)
        .prop_map(|pairs| pairs.into_iter().map(|(word, glue)| format!("{word}{glue}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_row_of_pieces_is_survived_and_repeatable(text in pieces(), dated in any::<bool>()) {
        let dct = dated.then_some("2022-04-05");
        let (timex, _) = annotate(&text, dct);
        for one in &timex.0 {
            prop_assert_eq!(one.earliest.is_some(), one.latest.is_some());
            prop_assert!(one.earliest <= one.latest);
            prop_assert!(!one.value.is_empty());
            prop_assert!(one.earliest.is_none() || !one.value.contains("XXXX"));
        }
        prop_assert_eq!(annotate(&text, dct).0, timex);
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        annotate(&text, Some("2022-04-05"));
        annotate(&text, None);
    }
}

#[test]
fn time_grows_linearly_with_the_text() {
    // Not timed: a text of one repeated awkward phrase must stay within the step limits and find each of them.
    let text = "the early part of the last two and a half years of the . ".repeat(5_000);
    let (timex, _) = annotate(&text, Some("2022-04-05"));
    assert!(timex.0.len() >= 5_000, "{}", timex.0.len());
}
