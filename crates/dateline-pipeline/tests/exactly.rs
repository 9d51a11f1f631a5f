//! Exactly the right work: every subset of changes to a five-processor graph, and the exact set of processors that run.

mod support;

use dateline_pipeline::processor::Input;
use dateline_pipeline::processor::core::{DocumentInput, Genre};
use dateline_pipeline::{Annotated, Chain, InputHashes, Plan, Previous, Reason, RunOptions, Standing};
use proptest::prelude::*;
use std::collections::BTreeSet;
use support::{Made, chain};

/// The graph: what each processor reads, besides its input, by position.
///
/// ```text
/// text -> sentences ─┬─> names ─────┬─> quotes (names, dates if there)
/// title -> dates ────┴─> events ────┘       hints -> quotes
/// ```
const NAMES: [&str; 5] = ["sentences", "dates", "names", "events", "quotes"];
const READS: [&[usize]; 5] = [&[], &[], &[0], &[0, 1], &[1, 2, 3]];
const INPUTS: [Input; 5] = [Input::Text, Input::Title, Input::Metadata, Input::Source, Input::Hints];

fn graph() -> [Made; 5] {
    [
        Made::new("sentences").input(Input::Text).writes("sentence"),
        Made::new("dates").input(Input::Title).writes("date"),
        Made::new("names").input(Input::Metadata).reads("sentence").writes("name").facet("named"),
        Made::new("events").input(Input::Source).reads("sentence").reads("date").writes("event"),
        Made::new("quotes").input(Input::Hints).uses("date").reads("name").reads("event").writes("quote"),
    ]
}

fn document() -> DocumentInput {
    let mut input = DocumentInput::default();
    input.document.text = "text".to_owned();
    input
}

fn members(subset: u32) -> impl Iterator<Item = usize> {
    (0..5).filter(move |at| subset & (1 << at) != 0)
}

/// Names of the processors that run, in order.
fn ran(annotated: &Annotated) -> BTreeSet<&str> {
    annotated.ran().collect()
}

fn names(positions: &BTreeSet<usize>) -> BTreeSet<&'static str> {
    positions.iter().map(|at| NAMES[*at]).collect()
}

/// Everything a change of `changed` reaches, when outputs differ too.
fn reached(changed: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut reached = changed.clone();
    for (at, reads) in READS.iter().enumerate() {
        if reads.iter().any(|read| reached.contains(read)) {
            reached.insert(at);
        }
    }
    reached
}

fn check_plan(plan: &Plan, changed: &BTreeSet<usize>) {
    let with = |standing| {
        let steps = plan.steps.iter().filter(move |step| step.standing == standing);
        steps.map(|step| step.processor.as_str()).collect::<BTreeSet<&str>>()
    };
    assert_eq!(with(Standing::Runs), names(changed));
    let may = reached(changed).difference(changed).copied().collect();
    assert_eq!(with(Standing::MayRun), names(&may));
    assert_eq!(plan.is_empty(), changed.is_empty());
}

/// Runs a change over a first result; gives what ran, and checks what must hold of every change.
fn rerun(before: &Previous, after: &Chain, input: &DocumentInput) -> Annotated {
    let annotated = after.run(input, before, &RunOptions::default());
    let clean = after.run(input, &Previous::default(), &RunOptions::default());
    assert_eq!((&annotated.layers, &annotated.facets), (&clean.layers, &clean.facets), "as if made anew");
    assert_eq!(annotated.outcomes, clean.outcomes);
    assert_eq!(annotated.changed, annotated.clone().into_previous() != *before);
    let again = after.run(input, &annotated.into_previous(), &RunOptions::default());
    assert!(!again.changed && again.steps.is_empty(), "twice is once");
    after.run(input, before, &RunOptions::default())
}

#[test]
fn all_subsets_of_changed_code_whose_output_changes() {
    let before = chain(graph()).run(&document(), &Previous::default(), &RunOptions::default()).into_previous();
    for subset in 0..32 {
        let changed: BTreeSet<usize> = members(subset).collect();
        let mut made = graph();
        for at in &changed {
            made[*at] = made[*at].clone().version(2).salt(7);
        }
        let after = chain(made);
        check_plan(&after.stale(None, &before.outcomes, false), &changed);
        assert_eq!(ran(&rerun(&before, &after, &document())), names(&reached(&changed)), "{subset:05b}");
    }
}

#[test]
fn all_subsets_of_changed_code_options_and_files_whose_output_stays() {
    type Change = fn(Made) -> Made;
    let kinds: [Change; 3] = [|made| made.version(2), |made| made.options(2), |made| made.files(2)];
    let before = chain(graph()).run(&document(), &Previous::default(), &RunOptions::default()).into_previous();
    for kind in kinds {
        for subset in 0..32 {
            let changed: BTreeSet<usize> = members(subset).collect();
            let mut made = graph();
            for at in &changed {
                made[*at] = kind(made[*at].clone());
            }
            let after = chain(made);
            check_plan(&after.stale(None, &before.outcomes, false), &changed);
            let annotated = rerun(&before, &after, &document());
            assert_eq!(ran(&annotated), names(&changed), "unchanged output stops its readers: {subset:05b}");
            assert!(!annotated.output_changed);
            assert_eq!(annotated.changed, subset != 0, "the new key wants to be stored");
        }
    }
}

#[test]
fn all_subsets_of_changed_inputs() {
    let chain = chain(graph());
    let before = chain.run(&document(), &Previous::default(), &RunOptions::default()).into_previous();
    for subset in 0..32 {
        let changed: BTreeSet<usize> = members(subset).collect();
        let mut input = document();
        for at in &changed {
            match INPUTS[*at] {
                Input::Text => input.document.text = "other text".to_owned(),
                Input::Title => input.document.title = Some("title".to_owned()),
                Input::Metadata => input.document.metadata.push("key", "value"),
                Input::Source => input.source.path = "path".to_owned(),
                Input::Hints => input.hints.genre = Some(Genre::News),
            }
        }
        // Processor `n` reads input `n`.
        check_plan(&chain.stale(Some(&InputHashes::of(&input)), &before.outcomes, false), &changed);
        assert!(chain.stale(None, &before.outcomes, false).is_empty(), "without inputs they count as unchanged");
        assert_eq!(ran(&rerun(&before, &chain, &input)), names(&reached(&changed)), "{subset:05b}");
    }
}

#[test]
fn all_subsets_of_missing_results_are_filled_in() {
    let chain = chain(graph());
    let whole = chain.run(&document(), &Previous::default(), &RunOptions::default()).into_previous();
    for subset in 0..32 {
        let gone: BTreeSet<usize> = members(subset).collect();
        let mut before = whole.clone();
        before.outcomes.retain(|outcome| !gone.iter().any(|at| NAMES[*at] == outcome.processor));
        assert_eq!(ran(&rerun(&before, &chain, &document())), names(&gone), "{subset:05b}");
    }
}

#[test]
fn all_subsets_of_removed_processors_leave_nothing_behind() {
    let before = chain(graph()).run(&document(), &Previous::default(), &RunOptions::default()).into_previous();
    for subset in 0..32_u32 {
        let kept: Vec<Made> =
            graph().into_iter().enumerate().filter(|(at, _)| subset & (1 << at) == 0).map(|(_, made)| made).collect();
        let Ok(after) = dateline_pipeline::Chain::new(kept.into_iter().map(Into::into).collect()) else { continue };
        let annotated = rerun(&before, &after, &document());
        let plan = after.stale(None, &before.outcomes, false);
        assert_eq!(plan.dropped.len(), subset.count_ones() as usize);
        let optional_gone = subset & 0b1_0010 == 0b0_0010;
        assert_eq!(ran(&annotated).contains("quotes"), optional_gone, "{subset:05b}");
        assert_eq!(annotated.layers.len(), 5 - subset.count_ones() as usize);
    }
}

#[test]
fn reasons_name_what_changed() {
    let before = chain(graph()).run(&document(), &Previous::default(), &RunOptions::default()).into_previous();
    let reasons = |made: [Made; 5], input: &DocumentInput, processor: &str| {
        let chain = chain(made);
        let plan = chain.stale(Some(&InputHashes::of(input)), &before.outcomes, false);
        let planned = plan.steps.into_iter().find(|step| step.processor == processor).expect("planned").because;
        let annotated = chain.run(input, &before, &RunOptions::default());
        let step = annotated.steps.into_iter().find(|step| step.processor == processor);
        (planned, step.map(|step| step.because).unwrap_or_default())
    };
    let edit = |at: usize, change: fn(Made) -> Made| {
        let mut made = graph();
        made[at] = change(made[at].clone());
        made
    };
    let alike = |reason: Reason| (vec![reason.clone()], vec![reason]);
    assert_eq!(
        reasons(edit(0, |made| made.version(3)), &document(), "sentences"),
        alike(Reason::Version { from: 1, to: 3 })
    );
    assert_eq!(reasons(edit(0, |made| made.options(3)), &document(), "sentences"), alike(Reason::Options));
    assert_eq!(reasons(edit(0, |made| made.files(3)), &document(), "sentences"), alike(Reason::Resources));
    assert_eq!(reasons(edit(0, |made| made.input(Input::Hints)), &document(), "sentences"), alike(Reason::Declaration));
    let mut retitled = document();
    retitled.document.title = Some("title".to_owned());
    assert_eq!(reasons(graph(), &retitled, "dates"), alike(Reason::Input("title".to_owned())));
    let changed = edit(1, |made| made.version(2).salt(2));
    assert_eq!(reasons(changed.clone(), &document(), "events"), alike(Reason::Layer("date".to_owned())));
    assert_eq!(reasons(changed, &document(), "names"), (vec![], vec![]));
}

#[derive(Clone, Debug)]
enum Edit {
    Code(usize, u32),
    Options(usize, u32),
    Files(usize, u32),
    Text(String),
    Title(String),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        (0..5_usize, 1..4_u32).prop_map(|(at, version)| Edit::Code(at, version)),
        (0..5_usize, 0..3_u32).prop_map(|(at, number)| Edit::Options(at, number)),
        (0..5_usize, 0..3_u32).prop_map(|(at, number)| Edit::Files(at, number)),
        "[ab]{0,2}".prop_map(Edit::Text),
        "[ab]{0,2}".prop_map(Edit::Title),
    ];
    proptest::collection::vec(edit, 1..12)
}

proptest! {
    /// However a document and a configuration wander, the kept and the new together are what a clean run gives.
    #[test]
    fn any_series_of_edits_ends_where_a_clean_run_ends(edits in edits()) {
        let mut made = graph();
        let mut input = document();
        let mut previous = Previous::default();
        for edit in edits {
            match edit {
                // A version stands for one output: the salt is bound to it.
                Edit::Code(at, version) => made[at] = made[at].clone().version(version).salt(version - 1),
                Edit::Options(at, number) => made[at] = made[at].clone().options(number),
                Edit::Files(at, number) => made[at] = made[at].clone().files(number),
                Edit::Text(text) => input.document.text = text,
                Edit::Title(title) => input.document.title = Some(title),
            }
            previous = rerun(&previous, &chain(made.clone()), &input).into_previous();
        }
    }
}
