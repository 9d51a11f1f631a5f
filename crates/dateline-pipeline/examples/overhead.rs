//! What the engine itself costs: `cargo run --release -p dateline-pipeline --example overhead`.
//!
//! Prints figures, asserts nothing: a busy machine is no mistake. Empty annotators over a text of 4.8 KB.

use dateline_pipeline::processor::core::{DocumentInput, Layer, LayerCheck, Span};
use dateline_pipeline::processor::{Annotator, Descriptor, DocumentView, Input, Output, ProcessError};
use dateline_pipeline::{Chain, InputHashes, Member, Previous, RunOptions};
use serde::{Deserialize, Serialize};
use std::time::Instant;

const ROUNDS: u32 = 20_000;

macro_rules! layers {
    ($($layer:ident $name:literal),*) => { $(
        #[derive(Default, Serialize, Deserialize)]
        struct $layer(Vec<Span>);
        impl Layer for $layer {
            const NAME: &'static str = $name;
            const SCHEMA: u32 = 1;
            fn check(&self, text: &str) -> LayerCheck {
                Span::check_all(self.0.iter().copied(), text)
            }
        }
    )* };
}
layers!(One "one", Two "two", Three "three", Four "four", Five "five");

struct Empty<T>(Descriptor, std::marker::PhantomData<fn() -> T>);

impl<T: Layer + Default> Annotator for Empty<T> {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        std::hint::black_box(document.text()?);
        output.assign(T::default())
    }
}

fn member<T: Layer + Default>(name: &str, reads: impl FnOnce(Descriptor) -> Descriptor) -> Member {
    let descriptor = reads(Descriptor::new(name, 1, "").reads(Input::Text).assigns::<T>());
    Empty::<T>(descriptor, std::marker::PhantomData).into()
}

fn chain(length: usize) -> Chain {
    let mut members = vec![
        member::<One>("one", |descriptor| descriptor),
        member::<Two>("two", |descriptor| descriptor.requires::<One>()),
        member::<Three>("three", |descriptor| descriptor.requires::<Two>()),
        member::<Four>("four", |descriptor| descriptor.requires::<One>().uses::<Three>()),
        member::<Five>("five", |descriptor| descriptor.requires::<Four>()),
    ];
    members.truncate(length);
    Chain::new(members).expect("the chain fits together")
}

/// Microseconds of one round, from the best of ten series: what else the machine does only ever adds.
fn micros_per_round(mut round: impl FnMut()) -> f64 {
    const SERIES: u32 = 10;
    let mut best = f64::INFINITY;
    for _ in 0..SERIES {
        let start = Instant::now();
        for _ in 0..ROUNDS / SERIES {
            round();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS / SERIES));
    }
    best
}

fn main() {
    let mut input = DocumentInput::default();
    input.document.text = "All of the news that is fit to print. ".repeat(126);
    let nothing = Previous::default();
    let options = RunOptions::default();
    let hashing = micros_per_round(|| {
        std::hint::black_box(InputHashes::of(&input));
    });
    println!("hashing the inputs, once per document     {hashing:6.2} us");
    let cost = |length| {
        let chain = chain(length);
        micros_per_round(|| {
            std::hint::black_box(chain.run(&input, &nothing, &options));
        })
    };
    let (none, five) = (cost(0), cost(5));
    println!("an empty chain                            {none:6.2} us");
    println!("five empty annotators                     {five:6.2} us");
    println!("each empty annotator                      {:6.2} us", (five - none) / 5.0);
    let chain = chain(5);
    let stored = chain.run(&input, &nothing, &options).into_previous();
    let kept = micros_per_round(|| {
        std::hint::black_box(chain.run(&input, &stored, &options));
    });
    println!("a run that keeps all five                 {kept:6.2} us");
    let checked = micros_per_round(|| {
        std::hint::black_box(chain.stale(None, &stored.outcomes, false));
    });
    println!("staleness of 100,000 documents            {:6.2} s", checked * 1e5 / 1e6);
}
