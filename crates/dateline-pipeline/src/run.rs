//! Running a chain over one document: what a key vouches for is kept, the rest runs, and no annotator can harm another.

use crate::Until;
use crate::chain::{Chain, Node};
use crate::key::InputHashes;
use crate::plan::{self, Reason};
use dateline_processor::core::{ContentHash, DocumentInput, Facet, LayerRecord, Outcome, OutcomeState, StalenessKey};
use dateline_processor::{CodecError, DocumentView, LayerSource, LayerValue, Output, OutputParts};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Longest reason of a failure that is kept, in bytes.
const REASON_BYTES_MAX: usize = 500;

/// What is stored of a document from an earlier run; empty when there was none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Previous {
    /// Its layers.
    pub layers: Vec<LayerRecord>,
    /// Its facets.
    pub facets: Vec<Facet>,
    /// How each processor fared.
    pub outcomes: Vec<Outcome>,
}

/// What a run may or must do beyond what is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOptions {
    /// Runs what failed last time again, though nothing it depends on changed.
    pub retry: bool,
    /// Names of processors that run whatever their key says.
    pub force: Vec<String>,
    /// Processors that must not run on this document, because they took down what ran them.
    pub blocked: Vec<Blocked>,
}

/// A processor that must not run on a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Its name.
    pub processor: String,
    /// Why: the reason of its failure on this document.
    pub reason: String,
}

/// One processor that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub processor: String,
    /// Why it ran.
    pub because: Vec<Reason>,
    /// How long it took, in microseconds. For people: nothing may depend on it.
    pub took_us: u64,
}

/// What a document has after a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Annotated {
    /// All its layers, by name.
    pub layers: Vec<LayerRecord>,
    /// All its facets, in running order of their processors.
    pub facets: Vec<Facet>,
    /// How each processor of the chain fared, in running order.
    pub outcomes: Vec<Outcome>,
    /// The processors that ran this time.
    pub steps: Vec<Step>,
    /// Whether anything differs from what is stored and wants a commit.
    pub changed: bool,
    /// Whether layers or facets differ, which indexers care about.
    pub output_changed: bool,
}

impl Annotated {
    /// Names of the processors that ran this time.
    pub fn ran(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.processor.as_str())
    }

    /// The result as the start of the next run.
    #[must_use]
    pub fn into_previous(self) -> Previous {
        Previous { layers: self.layers, facets: self.facets, outcomes: self.outcomes }
    }
}

impl Chain {
    /// Annotates a document. Never fails: whatever a processor does shows in its outcome.
    #[must_use]
    pub fn run(&self, input: &DocumentInput, previous: &Previous, options: &RunOptions) -> Annotated {
        self.run_watched(input, previous, options, &mut |_| ())
    }

    /// As [`Chain::run`]; `watch` is told the name of each processor right before it runs.
    #[must_use]
    pub fn run_watched(
        &self,
        input: &DocumentInput,
        previous: &Previous,
        options: &RunOptions,
        watch: &mut dyn FnMut(&str),
    ) -> Annotated {
        let inputs = InputHashes::of(input);
        let mut unreadable: Vec<Unreadable> = Vec::new();
        loop {
            let mut run = Run::new(self, input, &inputs, previous, options, &unreadable);
            match run.all(watch) {
                Ok(()) => return run.finish(),
                // Each round adds a writer that then runs, so there are at most as many rounds as writers.
                Err(found) => unreadable.push(found),
            }
        }
    }
}

/// A kept layer that its reader could not decode: its writer runs again.
struct Unreadable {
    writer: usize,
    reader: usize,
}

/// A layer during a run.
#[derive(Clone)]
struct Held<'a> {
    record: Cow<'a, LayerRecord>,
    value: Option<LayerValue>,
}

struct Run<'a> {
    chain: &'a Chain,
    input: &'a DocumentInput,
    inputs: &'a InputHashes,
    previous: &'a Previous,
    options: &'a RunOptions,
    unreadable: &'a [Unreadable],
    layers: Vec<Option<Held<'a>>>,
    facets: Vec<Cow<'a, Facet>>,
    outcomes: Vec<Cow<'a, Outcome>>,
    steps: Vec<Step>,
}

struct DeclaredLayers<'r, 'a>(&'r Run<'a>);

impl LayerSource for DeclaredLayers<'_, '_> {
    fn layer(&self, name: &str) -> Option<&LayerValue> {
        let at = self.0.chain.layers.iter().position(|layer| layer.name == name)?;
        self.0.layers[at].as_ref()?.value.as_ref()
    }
}

impl<'a> Run<'a> {
    fn new(
        chain: &'a Chain,
        input: &'a DocumentInput,
        inputs: &'a InputHashes,
        previous: &'a Previous,
        options: &'a RunOptions,
        unreadable: &'a [Unreadable],
    ) -> Run<'a> {
        Run {
            chain,
            input,
            inputs,
            previous,
            options,
            unreadable,
            layers: vec![None; chain.layers.len()],
            facets: Vec::new(),
            outcomes: Vec::with_capacity(chain.nodes.len()),
            steps: Vec::new(),
        }
    }

    fn all(&mut self, watch: &mut dyn FnMut(&str)) -> Result<(), Unreadable> {
        let chain = self.chain;
        for (at, node) in chain.nodes.iter().enumerate() {
            let hash = |layer: usize| self.layers[layer].as_ref().map(|held| held.record.hash);
            let read: Vec<Option<ContentHash>> = Chain::read_hashes(node, self.inputs, hash);
            let (key, parts) = node.fixed.key(&read);
            let last = self.previous.outcomes.iter().find(|outcome| outcome.processor == node.name());
            let because = self.because(at, node, key, &parts, last);
            match last {
                Some(last) if because.is_empty() => self.keep(node, last),
                _ => self.renew(at, node, (key, parts), because, watch)?,
            }
        }
        Ok(())
    }

    /// Why the node runs; empty when what is stored holds.
    fn because(&self, at: usize, node: &Node, key: StalenessKey, parts: &[u32], last: Option<&Outcome>) -> Vec<Reason> {
        let Some(last) = last else { return vec![Reason::New] };
        let mut because = Vec::new();
        if last.key != key {
            let expected: Vec<Option<u32>> = parts.iter().map(|part| Some(*part)).collect();
            because = plan::reasons(self.chain, node, &expected, last);
            if because.is_empty() {
                because.push(Reason::Key);
            }
        }
        if self.options.retry && matches!(last.state, OutcomeState::Failed { .. }) {
            because.push(Reason::Retry);
        }
        if self.options.force.iter().any(|name| name == node.name()) {
            because.push(Reason::Forced);
        }
        if let Some(found) = self.unreadable.iter().find(|found| found.writer == at) {
            because.push(Reason::Unreadable { reader: self.chain.nodes[found.reader].name().to_owned() });
        }
        because
    }

    fn keep(&mut self, node: &Node, last: &'a Outcome) {
        self.outcomes.push(Cow::Borrowed(last));
        if last.state != OutcomeState::Done {
            return;
        }
        for &layer in &node.writes {
            let name = &self.chain.layers[layer].name;
            let stored = self.previous.layers.iter().find(|record| record.name == *name);
            self.layers[layer] = stored.map(|record| Held { record: Cow::Borrowed(record), value: None });
        }
        let declared = node.descriptor().facets();
        if !declared.is_empty() {
            let own = self.previous.facets.iter().filter(|facet| declared.iter().any(|spec| spec.name == facet.name));
            self.facets.extend(own.map(Cow::Borrowed));
        }
    }

    fn renew(
        &mut self,
        at: usize,
        node: &Node,
        (key, parts): (StalenessKey, Vec<u32>),
        because: Vec<Reason>,
        watch: &mut dyn FnMut(&str),
    ) -> Result<(), Unreadable> {
        let mut outcome = Outcome {
            processor: node.name().to_owned(),
            version: node.descriptor().version(),
            key,
            parts,
            state: OutcomeState::Done,
            diagnostics: Vec::new(),
        };
        let missing = node.reads.iter().find(|read| !read.optional && self.layers[read.layer].is_none());
        if let Some(missing) = missing {
            outcome.state = OutcomeState::Skipped { missing: self.chain.layers[missing.layer].name.clone() };
        } else if let Some(blocked) = self.options.blocked.iter().find(|blocked| blocked.processor == node.name()) {
            outcome.state = OutcomeState::Failed { reason: blocked.reason.clone() };
        } else {
            self.decode_reads(at, node)?;
            watch(node.name());
            let start = Instant::now();
            match self.annotate(node, start) {
                Ok(parts) => {
                    outcome.diagnostics = parts.diagnostics;
                    self.facets.extend(parts.facets.into_iter().map(Cow::Owned));
                    self.hold(parts.layers);
                }
                Err(reason) => outcome.state = OutcomeState::Failed { reason },
            }
            let took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.steps.push(Step { processor: node.name().to_owned(), because, took_us });
        }
        self.outcomes.push(Cow::Owned(outcome));
        Ok(())
    }

    fn hold(&mut self, layers: Vec<(LayerRecord, LayerValue)>) {
        for (record, value) in layers {
            if let Some(at) = self.chain.layers.iter().position(|layer| layer.name == record.name) {
                self.layers[at] = Some(Held { record: Cow::Owned(record), value: Some(value) });
            }
        }
    }

    /// Decodes the kept layers a node is about to read.
    fn decode_reads(&mut self, reader: usize, node: &Node) -> Result<(), Unreadable> {
        for read in &node.reads {
            let layer = &self.chain.layers[read.layer];
            let Some(held) = self.layers[read.layer].as_mut().filter(|held| held.value.is_none()) else { continue };
            match layer.spec.decode(&held.record) {
                Ok(value) => held.value = Some(value),
                Err(error) => {
                    log_unreadable(node.name(), &layer.name, &error);
                    // Only writers' layers are ever held, so there is a writer to run again.
                    let Some(writer) = layer.writer else { continue };
                    return Err(Unreadable { writer, reader });
                }
            }
        }
        Ok(())
    }

    fn annotate(&self, node: &Node, start: Instant) -> Result<OutputParts, String> {
        let descriptor = node.descriptor();
        let deadline = Until::after(start, descriptor.cost().time);
        let layers = DeclaredLayers(self);
        let view = DocumentView::new(descriptor, self.input, &layers, &deadline);
        let mut output = Output::new(descriptor, &self.input.document.text);
        // Whatever a panicking annotator leaves half done is in `output`, which is dropped.
        let result = catch_unwind(AssertUnwindSafe(|| node.annotator.annotate(&view, &mut output)));
        match result {
            Ok(Ok(())) => match view.violation().or_else(|| output.violation()) {
                None => Ok(output.into_parts()),
                Some(violation) => Err(shorten(violation)),
            },
            Ok(Err(error)) => Err(shorten(error_chain(&error))),
            Err(payload) => Err(shorten(format!("panicked: {}", panic_message(&*payload)))),
        }
    }

    fn finish(self) -> Annotated {
        let mut layers: Vec<LayerRecord> =
            self.layers.into_iter().flatten().map(|held| held.record.into_owned()).collect();
        layers.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let facets: Vec<Facet> = self.facets.into_iter().map(Cow::into_owned).collect();
        let output_changed = !same_layers(&layers, &self.previous.layers) || facets != self.previous.facets;
        let same_outcomes = self.outcomes.len() == self.previous.outcomes.len()
            && self.outcomes.iter().all(|outcome| match outcome {
                Cow::Borrowed(_) => true,
                Cow::Owned(outcome) => self.previous.outcomes.contains(outcome),
            });
        let outcomes = self.outcomes.into_iter().map(Cow::into_owned).collect();
        let changed = output_changed || !same_outcomes;
        Annotated { layers, facets, outcomes, steps: self.steps, changed, output_changed }
    }
}

fn same_layers(layers: &[LayerRecord], previous: &[LayerRecord]) -> bool {
    let same = |layer: &LayerRecord| previous.iter().any(|old| old.name == layer.name && old.hash == layer.hash);
    layers.len() == previous.len() && layers.iter().all(same)
}

fn log_unreadable(reader: &str, layer: &str, error: &CodecError) {
    let cause = error_chain(error);
    tracing::warn!(processor = reader, layer, cause, "a stored layer does not decode and is made anew");
}

/// The message of an error with those of its causes, on one line; a cause that says the same again is left out.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string) {
        if texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// What a panic said, for people.
#[must_use]
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn shorten(mut reason: String) -> String {
    if reason.len() > REASON_BYTES_MAX {
        let end = (0..=REASON_BYTES_MAX).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
        reason.truncate(end);
        reason.push_str(" ...");
    }
    reason
}
