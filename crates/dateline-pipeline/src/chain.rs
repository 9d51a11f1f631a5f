//! The chain: annotators in their computed order, with what every run needs to know of them worked out once.

use crate::key::{FixedPart, InputHashes};
use crate::{ChainError, order};
use dateline_processor::core::{ContentHash, StalenessKey};
use dateline_processor::{Annotator, Descriptor, Input, LayerSpec};
use serde_json::Value;

/// An annotator with what its staleness key needs to know of it.
pub struct Member {
    /// The annotator.
    pub annotator: Box<dyn Annotator>,
    /// Its options as resolved: defaults filled in.
    pub options: Value,
    /// Hash of the files it was built from.
    pub resources: ContentHash,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("descriptor", self.annotator.descriptor()).finish_non_exhaustive()
    }
}

/// A layer some annotator of the chain reads or writes.
pub(crate) struct ChainLayer {
    pub(crate) name: String,
    /// How its writer encodes it; of a layer nobody writes, how its first reader would read it.
    pub(crate) spec: LayerSpec,
    /// Position of the annotator that writes it.
    pub(crate) writer: Option<usize>,
}

/// A layer an annotator reads.
pub(crate) struct Read {
    /// Position in [`Chain::layers`].
    pub(crate) layer: usize,
    pub(crate) optional: bool,
}

pub(crate) struct Node {
    pub(crate) annotator: Box<dyn Annotator>,
    pub(crate) fixed: FixedPart,
    pub(crate) reads: Vec<Read>,
    /// Positions in [`Chain::layers`].
    pub(crate) writes: Vec<usize>,
    options: Value,
}

impl Node {
    pub(crate) fn descriptor(&self) -> &Descriptor {
        self.annotator.descriptor()
    }

    pub(crate) fn name(&self) -> &str {
        self.descriptor().name()
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        self.descriptor().inputs()
    }
}

/// Annotators in the order in which they run.
pub struct Chain {
    pub(crate) nodes: Vec<Node>,
    pub(crate) layers: Vec<ChainLayer>,
    fingerprint: ContentHash,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.nodes.iter().map(Node::name)).finish()
    }
}

impl Chain {
    /// Puts annotators in order.
    ///
    /// # Errors
    /// When two write one layer or emit one facet, a required layer has no writer, or they wait for each other.
    pub fn new(members: Vec<Member>) -> Result<Chain, ChainError> {
        let descriptors: Vec<&Descriptor> = members.iter().map(|member| member.annotator.descriptor()).collect();
        let order = order::order(&descriptors)?;
        let mut members: Vec<Option<Member>> = members.into_iter().map(Some).collect();
        let ordered: Vec<Member> = order.into_iter().filter_map(|at| members[at].take()).collect();
        let layers = layers(&ordered);
        let nodes: Vec<Node> = ordered.into_iter().map(|member| node(member, &layers)).collect();
        let keys: Vec<StalenessKey> = nodes.iter().map(|node| node.fixed.key(&[]).0).collect();
        let fingerprint = ContentHash::of_fields(keys.iter().map(|key| key.0.as_slice()));
        Ok(Chain { nodes, layers, fingerprint })
    }

    /// What the annotators say of themselves, in running order.
    pub fn descriptors(&self) -> impl Iterator<Item = &Descriptor> {
        self.nodes.iter().map(Node::descriptor)
    }

    /// The options an annotator runs with, defaults filled in.
    #[must_use]
    pub fn options(&self, processor: &str) -> Option<&Value> {
        self.nodes.iter().find(|node| node.name() == processor).map(|node| &node.options)
    }

    /// The codecs of a layer, when some annotator of the chain reads or writes it.
    #[must_use]
    pub fn layer(&self, name: &str) -> Option<&LayerSpec> {
        self.layers.iter().find(|layer| layer.name == name).map(|layer| &layer.spec)
    }

    /// Hash over everything but the documents: two chains with one fingerprint give the same keys for every document.
    #[must_use]
    pub fn fingerprint(&self) -> ContentHash {
        self.fingerprint
    }

    /// Hashes of what a node reads: inputs first, then layers, as declared.
    pub(crate) fn read_hashes(
        node: &Node,
        inputs: &InputHashes,
        layer: impl Fn(usize) -> Option<ContentHash>,
    ) -> Vec<Option<ContentHash>> {
        let inputs = node.inputs().iter().map(|input| Some(inputs.get(*input)));
        inputs.chain(node.reads.iter().map(|read| layer(read.layer))).collect()
    }
}

fn layers(members: &[Member]) -> Vec<ChainLayer> {
    let mut layers: Vec<ChainLayer> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        for spec in member.annotator.descriptor().assigned() {
            layers.push(ChainLayer { name: spec.name().to_owned(), spec: spec.clone(), writer: Some(at) });
        }
    }
    for member in members {
        for read in member.annotator.descriptor().required() {
            if !layers.iter().any(|layer| layer.name == read.spec.name()) {
                let name = read.spec.name().to_owned();
                layers.push(ChainLayer { name, spec: read.spec.clone(), writer: None });
            }
        }
    }
    layers
}

fn node(member: Member, layers: &[ChainLayer]) -> Node {
    let descriptor = member.annotator.descriptor();
    let position = |name: &str| layers.iter().position(|layer| layer.name == name);
    let reads = descriptor.required().iter();
    let reads = reads.filter_map(|read| Some(Read { layer: position(read.spec.name())?, optional: read.optional }));
    let reads = reads.collect();
    let writes = descriptor.assigned().iter().filter_map(|spec| position(spec.name())).collect();
    let fixed = FixedPart::new(descriptor, &member.options, member.resources);
    Node { fixed, reads, writes, options: member.options, annotator: member.annotator }
}
