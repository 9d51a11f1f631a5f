//! What a processor says of itself: name, code version, what it reads and writes, its limits.

use crate::LayerSpec;
use dateline_core::{FacetKind, Layer};
use std::time::Duration;

/// A part of the document that is there before any annotator ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// Canonical text and its marks.
    Text,
    /// Headline.
    Title,
    /// What the source says about the article.
    Metadata,
    /// Source path and mtime. Whoever requires it runs again when a file is renamed.
    Source,
    /// What the user or caller says: document date, genre, mentions.
    Hints,
}

impl Input {
    /// All input layers.
    pub const ALL: [Input; 5] = [Input::Text, Input::Title, Input::Metadata, Input::Source, Input::Hints];

    /// Name of the input layer.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Input::Text => "text",
            Input::Title => "title",
            Input::Metadata => "metadata",
            Input::Source => "source",
            Input::Hints => "hints",
        }
    }
}

/// A layer by name and schema, as a requirement.
#[derive(Clone, Debug)]
pub struct LayerRef {
    /// Codecs of the layer required.
    pub spec: LayerSpec,
    /// Whether the processor runs without it too.
    pub optional: bool,
}

/// The fields every query has. A facet with one of these names could never be asked for, so none may have it.
pub const QUERY_FIELDS: [&str; 11] =
    ["title", "path", "source", "entity", "person", "org", "place", "date", "mentions", "lang", "ext"];

/// A facet a processor emits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetSpec {
    /// Field name in queries: lower case, digits, `-`.
    pub name: String,
    /// Type of its values.
    pub kind: FacetKind,
    /// One line for people.
    pub about: String,
}

/// What one document may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Processor time for one document. Checked where the processor calls [`crate::DocumentView::tick`]; one that does not, or
    /// that waits, is ended by the worker.
    pub time: Duration,
    /// Bytes of all its layers together, encoded.
    pub output_bytes: usize,
    /// Number of facets.
    pub facets: usize,
    /// Number of diagnostics kept.
    pub diagnostics: usize,
}

impl Default for Limits {
    /// 5 s, 8 MiB, 1,000 facets, 100 diagnostics.
    fn default() -> Limits {
        Limits { time: Duration::from_secs(5), output_bytes: 8 << 20, facets: 1_000, diagnostics: 100 }
    }
}

/// What a processor says of itself.
#[derive(Clone, Debug)]
pub struct Descriptor {
    name: String,
    version: u32,
    about: String,
    inputs: Vec<Input>,
    requires: Vec<LayerRef>,
    assigns: Vec<LayerSpec>,
    facets: Vec<FacetSpec>,
    limits: Limits,
}

impl Descriptor {
    /// A descriptor. Raise `version` whenever the same input may give another output.
    #[must_use]
    pub fn new(name: impl Into<String>, version: u32, about: impl Into<String>) -> Descriptor {
        Descriptor {
            name: name.into(),
            version,
            about: about.into(),
            inputs: Vec::new(),
            requires: Vec::new(),
            assigns: Vec::new(),
            facets: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Declares that it reads an input layer.
    #[must_use]
    pub fn reads(mut self, input: Input) -> Descriptor {
        if !self.inputs.contains(&input) {
            self.inputs.push(input);
            self.inputs.sort_unstable();
        }
        self
    }

    /// Declares that it needs a layer another annotator assigns.
    #[must_use]
    pub fn requires<T: Layer>(self) -> Descriptor {
        self.requires_layer(LayerSpec::of::<T>(), false)
    }

    /// Declares that it uses a layer when some annotator assigns it, and runs without it too.
    #[must_use]
    pub fn uses<T: Layer>(self) -> Descriptor {
        self.requires_layer(LayerSpec::of::<T>(), true)
    }

    /// As [`Descriptor::requires`] and [`Descriptor::uses`], for a layer whose type is not known at compile time.
    #[must_use]
    pub fn requires_layer(mut self, spec: LayerSpec, optional: bool) -> Descriptor {
        self.requires.push(LayerRef { spec, optional });
        self
    }

    /// Declares that it writes a layer.
    #[must_use]
    pub fn assigns<T: Layer>(self) -> Descriptor {
        self.assigns_layer(LayerSpec::of::<T>())
    }

    /// As [`Descriptor::assigns`], for a layer whose type is not known at compile time.
    #[must_use]
    pub fn assigns_layer(mut self, spec: LayerSpec) -> Descriptor {
        self.assigns.push(spec);
        self
    }

    /// Declares a facet it emits.
    #[must_use]
    pub fn facet(mut self, name: impl Into<String>, kind: FacetKind, about: impl Into<String>) -> Descriptor {
        self.facets.push(FacetSpec { name: name.into(), kind, about: about.into() });
        self
    }

    /// Sets other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Descriptor {
        self.limits = limits;
        self
    }

    /// Name, unique in a chain: lower case, digits, `-`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Code version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// One line for people.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Input layers it reads, in their order.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Layers it reads.
    #[must_use]
    pub fn required(&self) -> &[LayerRef] {
        &self.requires
    }

    /// Layers it writes.
    #[must_use]
    pub fn assigned(&self) -> &[LayerSpec] {
        &self.assigns
    }

    /// Facets it emits.
    #[must_use]
    pub fn facets(&self) -> &[FacetSpec] {
        &self.facets
    }

    /// What one document may cost.
    #[must_use]
    pub fn cost(&self) -> Limits {
        self.limits
    }
}
