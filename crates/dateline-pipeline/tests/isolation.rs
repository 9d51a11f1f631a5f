//! One annotator's trouble costs itself and its readers, on that document, and nothing else.

mod support;

use dateline_pipeline::processor::core::{DocumentInput, FacetValue, LayerRecord, Outcome, OutcomeState};
use dateline_pipeline::processor::{DocumentView, Input, Limits, Output, ProcessError};
use dateline_pipeline::{Annotated, Blocked, Chain, Previous, Reason, RunOptions};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::{Made, chain};

/// `bad` fails in some way; `reader` needs its layer, `user` can do without it, `other` has nothing to do with it.
fn around(bad: Made) -> [Made; 4] {
    [
        bad.input(Input::Text).writes("bad"),
        Made::new("reader").reads("bad").writes("read"),
        Made::new("user").uses("bad").writes("used"),
        Made::new("other").input(Input::Title).writes("other"),
    ]
}

fn run(chain: &Chain, previous: &Previous, options: &RunOptions) -> Annotated {
    let mut input = DocumentInput::default();
    input.document.text = "some text".to_owned();
    chain.run(&input, previous, options)
}

fn state<'a>(outcomes: &'a [Outcome], name: &str) -> &'a OutcomeState {
    &outcomes.iter().find(|outcome| outcome.processor == name).expect("an outcome").state
}

fn failed(reason: &str) -> OutcomeState {
    OutcomeState::Failed { reason: reason.to_owned() }
}

type Deed = fn(&DocumentView<'_>, &mut Output<'_>) -> Result<(), ProcessError>;

#[test]
fn every_kind_of_failure_stays_where_it_is() {
    let deeds: [(Deed, &str); 12] = [
        (|_, _| panic!("as asked"), "panicked: as asked"),
        (|_, _| std::panic::panic_any(7_u8), "panicked: no message"),
        (|_, _| Err(ProcessError::other("cannot")), "cannot"),
        (|view, _| view.metadata().map(|_| ()), "layer `metadata` was read but is not declared"),
        (
            |view, _| {
                let _ = view.metadata();
                Ok(())
            },
            "layer `metadata` was read but is not declared",
        ),
        (|view, _| view.layer_value("other").map(|_| ()), "layer `other` was read but is not declared"),
        (
            |_, output| output.assign_value("other", Arc::new(json!([]))),
            "layer `other` was assigned but is not declared",
        ),
        (
            |_, output| {
                let _ = output.assign_value("other", Arc::new(json!([])));
                Ok(())
            },
            "layer `other` was assigned but is not declared",
        ),
        (|_, output| output.facet("odd", FacetValue::Integer(1)), "facet `odd` is not declared with that type"),
        (
            |_, output| output.assign_value("bad", Arc::new(json!([{"start": 3, "end": 300}]))),
            "layer `bad` does not fit the text: span `3..300` ends behind the text of 9 bytes",
        ),
        (
            |_, output| {
                output.assign_value("bad", Arc::new(json!([])))?;
                output.assign_value("bad", Arc::new(json!([])))
            },
            "layer `bad` was assigned twice",
        ),
        (
            |_, output| output.assign_value("bad", Arc::new(json!("x".repeat(200)))),
            "output exceeds the limit of 100 bytes",
        ),
    ];
    for (deed, reason) in deeds {
        let limits = Limits { output_bytes: 100, ..Limits::default() };
        let annotated = run(
            &chain(around(Made::new("bad").limits(limits).does(deed))),
            &Previous::default(),
            &RunOptions::default(),
        );
        assert_eq!(state(&annotated.outcomes, "bad"), &failed(reason));
        assert_eq!(state(&annotated.outcomes, "reader"), &OutcomeState::Skipped { missing: "bad".to_owned() });
        assert_eq!(state(&annotated.outcomes, "user"), &OutcomeState::Done);
        assert_eq!(state(&annotated.outcomes, "other"), &OutcomeState::Done);
        let names: Vec<&str> = annotated.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["other", "used"]);
    }
}

#[test]
fn time_is_over_at_the_next_tick() {
    let none = Limits { time: Duration::ZERO, ..Limits::default() };
    let bad = Made::new("bad").limits(none).does(|view, _| {
        loop {
            view.tick()?;
        }
    });
    let annotated = run(&chain(around(bad)), &Previous::default(), &RunOptions::default());
    assert_eq!(state(&annotated.outcomes, "bad"), &failed("time limit exceeded"));
}

#[test]
fn a_failure_is_kept_under_its_key_until_retried() {
    let bad = Made::new("bad").does(|_, _| Err(ProcessError::other("cannot")));
    let chain = chain(around(bad.clone()));
    let first = run(&chain, &Previous::default(), &RunOptions::default()).into_previous();
    let second = run(&chain, &first, &RunOptions::default());
    assert_eq!((bad.runs(), second.changed), (1, false));
    assert!(chain.stale(None, &first.outcomes, false).is_empty());
    assert_eq!(chain.stale(None, &first.outcomes, true).runs().collect::<Vec<_>>(), ["bad"]);
    let third = run(&chain, &first, &RunOptions { retry: true, ..RunOptions::default() });
    assert_eq!((bad.runs(), third.changed), (2, false));
    assert_eq!(third.steps[0].because, [Reason::Retry]);
    let fixed = support::chain(around(Made::new("bad").version(2)));
    let fourth = run(&fixed, &first, &RunOptions::default());
    assert_eq!(fourth.ran().collect::<Vec<_>>(), ["bad", "reader", "user"]);
    assert!(fourth.outcomes.iter().all(|outcome| outcome.state == OutcomeState::Done));
}

#[test]
fn what_a_failing_processor_gave_before_is_not_served_any_more() {
    let first = run(&chain(around(Made::new("bad"))), &Previous::default(), &RunOptions::default()).into_previous();
    let broken = chain(around(Made::new("bad").version(2).does(|_, _| Err(ProcessError::other("cannot")))));
    let second = run(&broken, &first, &RunOptions::default());
    assert!(second.changed && second.output_changed);
    let names: Vec<&str> = second.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["other", "used"]);
}

#[test]
fn forced_and_blocked_processors() {
    let bad = Made::new("bad");
    let chain = chain(around(bad.clone()));
    let first = run(&chain, &Previous::default(), &RunOptions::default()).into_previous();
    let forced = run(&chain, &first, &RunOptions { force: vec!["bad".to_owned()], ..RunOptions::default() });
    assert_eq!(forced.ran().collect::<Vec<_>>(), ["bad"]);
    assert!(!forced.changed);
    let blocked = vec![Blocked { processor: "bad".to_owned(), reason: "it ended two workers".to_owned() }];
    let options = RunOptions { blocked, ..RunOptions::default() };
    let second = run(&chain, &Previous::default(), &options);
    assert_eq!(bad.runs(), 2);
    assert_eq!(state(&second.outcomes, "bad"), &failed("it ended two workers"));
    assert_eq!(state(&second.outcomes, "reader"), &OutcomeState::Skipped { missing: "bad".to_owned() });
    let third = run(&chain, &second.into_previous(), &RunOptions::default());
    assert_eq!((bad.runs(), third.changed), (2, false), "blocked once, its failure is kept under the key");
}

#[test]
fn a_stored_layer_that_does_not_decode_is_made_anew() {
    let bad = Made::new("bad");
    let before = chain(around(bad.clone()));
    let mut first = run(&before, &Previous::default(), &RunOptions::default()).into_previous();
    let sound = first.layers.clone();
    for layer in first.layers.iter_mut().filter(|layer| layer.name == "bad") {
        // As damage in the store would: the hash still says what it said.
        *layer = LayerRecord { bytes: b"{".to_vec(), ..layer.clone() };
    }
    let mut made = around(bad.clone());
    made[1] = made[1].clone().version(2);
    let second = run(&chain(made), &first, &RunOptions::default());
    assert_eq!(bad.runs(), 2);
    assert_eq!(second.layers, sound);
    assert_eq!(second.steps[0].because, [Reason::Unreadable { reader: "reader".to_owned() }]);
}

#[test]
fn long_reasons_are_cut_on_a_character() {
    let bad = Made::new("bad").does(|_, _| Err(ProcessError::other("é".repeat(10_000))));
    let annotated = run(&chain(around(bad)), &Previous::default(), &RunOptions::default());
    let OutcomeState::Failed { reason } = state(&annotated.outcomes, "bad") else { panic!("not failed") };
    assert!(reason.len() < 600 && reason.ends_with("é ..."));
}
