//! What would run on a document and why, told from stored outcomes alone: no text is read and nothing runs.

use crate::chain::{Chain, Node};
use crate::key::{self, ABSENT, DECLARATION_PART, FIRST_INPUT_PART, InputHashes, OPTIONS_PART, RESOURCES_PART};
use dateline_processor::Input;
use dateline_processor::core::{Hints, Outcome, OutcomeState};
use serde::{Deserialize, Serialize};

/// Why a processor runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// It never ran on this document.
    New,
    /// Its code is another.
    Version {
        /// Code version of the stored outcome.
        from: u32,
        /// Code version now.
        to: u32,
    },
    /// Its options changed.
    Options,
    /// Its files changed.
    Resources,
    /// What it declares to read, write or need changed.
    Declaration,
    /// An input it reads changed: `text`, `title`, `metadata`, `source`, `hints`.
    Input(String),
    /// A layer it reads changed, appeared or went.
    Layer(String),
    /// A layer it reads could not be decoded by `reader`, so it is made anew.
    Unreadable {
        /// Who wanted to read it.
        reader: String,
    },
    /// A failure is tried again.
    Retry,
    /// It was asked for by name.
    Forced,
    /// Its key is another; nothing more was kept.
    Key,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::New => f.write_str("it never ran on this document"),
            Reason::Version { from, to } => write!(f, "its code went from version {from} to {to}"),
            Reason::Options => f.write_str("its options changed"),
            Reason::Resources => f.write_str("its files changed"),
            Reason::Declaration => f.write_str("what it reads, writes or may cost changed"),
            Reason::Input(input) => write!(f, "the document's {input} changed"),
            Reason::Layer(layer) => write!(f, "layer `{layer}` changed"),
            Reason::Unreadable { reader } => write!(f, "`{reader}` could not read its layer"),
            Reason::Retry => f.write_str("its failure is tried again"),
            Reason::Forced => f.write_str("it was asked for"),
            Reason::Key => f.write_str("its key changed"),
        }
    }
}

/// How a processor stands towards a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Its outcome is up to date, whatever it was.
    Fresh,
    /// It runs.
    Runs,
    /// It runs if a processor before it gives another output.
    MayRun,
}

/// One processor's place in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Name of the processor.
    pub processor: String,
    /// Whether it runs.
    pub standing: Standing,
    /// Why it runs; of [`Standing::MayRun`], the layers it waits for.
    pub because: Vec<Reason>,
    /// What came of it last time, when it ran before.
    pub last: Option<OutcomeState>,
}

/// What would run on a document, in running order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Every processor of the chain.
    pub steps: Vec<Planned>,
    /// Processors whose results would be dropped: they are no longer in the chain.
    pub dropped: Vec<String>,
}

impl Plan {
    /// Whether running the chain would do nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dropped.is_empty() && self.steps.iter().all(|step| step.standing == Standing::Fresh)
    }

    /// Names of the processors that run for certain.
    pub fn runs(&self) -> impl Iterator<Item = &str> {
        let runs = self.steps.iter().filter(|step| step.standing == Standing::Runs);
        runs.map(|step| step.processor.as_str())
    }
}

impl Chain {
    /// What would run on a document with these stored outcomes, and why.
    ///
    /// Without `inputs` the document itself is taken to be unchanged since: enough, and fast, for a changed program or
    /// configuration. `retry` plans stored failures too.
    #[must_use]
    pub fn stale(&self, inputs: Option<&InputHashes>, outcomes: &[Outcome], retry: bool) -> Plan {
        let mut standings: Vec<Standing> = Vec::with_capacity(self.nodes.len());
        let mut steps = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let last = outcomes.iter().find(|outcome| outcome.processor == node.name());
            let mut because = self.own_reasons(node, inputs, last);
            if retry && last.is_some_and(|last| matches!(last.state, OutcomeState::Failed { .. })) {
                because.push(Reason::Retry);
            }
            let mut standing = if because.is_empty() { Standing::Fresh } else { Standing::Runs };
            if standing == Standing::Fresh {
                because = self.waits_for(node, &standings);
                if !because.is_empty() {
                    standing = Standing::MayRun;
                }
            }
            standings.push(standing);
            let last = last.map(|outcome| outcome.state.clone());
            steps.push(Planned { processor: node.name().to_owned(), standing, because, last });
        }
        let gone = outcomes.iter().filter(|outcome| !self.nodes.iter().any(|node| node.name() == outcome.processor));
        Plan { steps, dropped: gone.map(|outcome| outcome.processor.clone()).collect() }
    }

    /// Whether a processor that reads hints had other ones when it made these outcomes. Reads nothing of the document.
    #[must_use]
    pub fn hints_changed(&self, hints: &Hints, outcomes: &[Outcome]) -> bool {
        let now = key::short(key::hints_hash(hints));
        self.nodes.iter().any(|node| {
            let at = node.inputs().iter().position(|input| *input == Input::Hints);
            let last = outcomes.iter().find(|outcome| outcome.processor == node.name());
            at.zip(last).is_some_and(|(at, last)| last.parts.get(FIRST_INPUT_PART + at) != Some(&now))
        })
    }

    fn waits_for(&self, node: &Node, standings: &[Standing]) -> Vec<Reason> {
        let layers = node.reads.iter().map(|read| &self.layers[read.layer]);
        let waiting = layers.filter(|layer| layer.writer.is_some_and(|at| standings[at] != Standing::Fresh));
        waiting.map(|layer| Reason::Layer(layer.name.clone())).collect()
    }

    fn own_reasons(&self, node: &Node, inputs: Option<&InputHashes>, last: Option<&Outcome>) -> Vec<Reason> {
        let Some(last) = last else { return vec![Reason::New] };
        let mut expected: Vec<Option<u32>> = node.fixed.short.iter().map(|part| Some(*part)).collect();
        let hash = |input| inputs.map(|inputs| key::short(inputs.get(input)));
        expected.extend(node.inputs().iter().map(|input| hash(*input)));
        // A layer that has a writer is judged by that writer's standing; one without is not there.
        expected.extend(node.reads.iter().map(|read| match self.layers[read.layer].writer {
            Some(_) => None,
            None => Some(ABSENT),
        }));
        reasons(self, node, &expected, last)
    }
}

/// Compares a stored outcome with the parts its key would have now; `None` stands for a part taken to be unchanged.
pub(crate) fn reasons(chain: &Chain, node: &Node, expected: &[Option<u32>], last: &Outcome) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let version = node.descriptor().version();
    if last.version != version {
        reasons.push(Reason::Version { from: last.version, to: version });
    }
    let differs = |at: usize| match (expected.get(at), last.parts.get(at)) {
        (Some(Some(now)), Some(then)) => now != then,
        (Some(None), Some(_)) => false,
        _ => true,
    };
    for (part, reason) in [(OPTIONS_PART, Reason::Options), (RESOURCES_PART, Reason::Resources)] {
        if differs(part) {
            reasons.push(reason);
        }
    }
    if differs(DECLARATION_PART) || last.parts.len() != expected.len() {
        // The parts behind it stand for other things, or are missing: nothing more can be compared.
        reasons.push(Reason::Declaration);
        return reasons;
    }
    let first_layer = FIRST_INPUT_PART + node.inputs().len();
    for (at, input) in node.inputs().iter().enumerate() {
        if differs(FIRST_INPUT_PART + at) {
            reasons.push(Reason::Input(input.name().to_owned()));
        }
    }
    for (at, read) in node.reads.iter().enumerate() {
        if differs(first_layer + at) {
            reasons.push(Reason::Layer(chain.layers[read.layer].name.clone()));
        }
    }
    reasons
}
