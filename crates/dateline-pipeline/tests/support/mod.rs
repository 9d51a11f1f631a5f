//! An annotator made to measure, for the tests of the engine. Not an example of how to write one.

use dateline_pipeline::processor::core::{FacetKind, FacetValue};
use dateline_pipeline::processor::{
    Annotator, Descriptor, DocumentView, Input, LayerSpec, Limits, Output, ProcessError, Resources,
};
use dateline_pipeline::{Chain, Member};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a made annotator does once it has read everything it declares.
pub(crate) type Deed = Arc<dyn Fn(&DocumentView<'_>, &mut Output<'_>) -> Result<(), ProcessError> + Send + Sync>;

/// An annotator made to measure: its layers tell what it read, and `salt` changes them.
#[derive(Clone)]
#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) struct Made {
    name: &'static str,
    inputs: Vec<Input>,
    reads: Vec<(&'static str, bool)>,
    writes: Vec<&'static str>,
    facet: Option<&'static str>,
    version: u32,
    salt: u32,
    options: Value,
    files: u32,
    limits: Limits,
    deed: Option<Deed>,
    runs: Arc<AtomicUsize>,
}

#[allow(dead_code, reason = "each test file uses its own part")]
impl Made {
    pub(crate) fn new(name: &'static str) -> Made {
        Made {
            name,
            inputs: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
            facet: None,
            version: 1,
            salt: 0,
            options: json!({}),
            files: 0,
            limits: Limits::default(),
            deed: None,
            runs: Arc::default(),
        }
    }

    pub(crate) fn input(mut self, input: Input) -> Made {
        self.inputs.push(input);
        self
    }

    pub(crate) fn reads(mut self, layer: &'static str) -> Made {
        self.reads.push((layer, false));
        self
    }

    pub(crate) fn uses(mut self, layer: &'static str) -> Made {
        self.reads.push((layer, true));
        self
    }

    pub(crate) fn writes(mut self, layer: &'static str) -> Made {
        self.writes.push(layer);
        self
    }

    pub(crate) fn facet(mut self, name: &'static str) -> Made {
        self.facet = Some(name);
        self
    }

    pub(crate) fn limits(mut self, limits: Limits) -> Made {
        self.limits = limits;
        self
    }

    pub(crate) fn version(mut self, version: u32) -> Made {
        self.version = version;
        self
    }

    /// Changes what it gives, without saying so in its key.
    pub(crate) fn salt(mut self, salt: u32) -> Made {
        self.salt = salt;
        self
    }

    pub(crate) fn options(mut self, number: u32) -> Made {
        self.options = json!({ "number": number });
        self
    }

    pub(crate) fn files(mut self, number: u32) -> Made {
        self.files = number;
        self
    }

    pub(crate) fn does(
        mut self,
        deed: impl Fn(&DocumentView<'_>, &mut Output<'_>) -> Result<(), ProcessError> + Send + Sync + 'static,
    ) -> Made {
        self.deed = Some(Arc::new(deed));
        self
    }

    /// How often it ran; shared by all clones.
    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    fn read_all(&self, document: &DocumentView<'_>) -> Result<Vec<Value>, ProcessError> {
        let mut read = Vec::new();
        for input in &self.inputs {
            read.push(match input {
                Input::Text => json!(document.text()?),
                Input::Title => json!(document.title()?),
                Input::Metadata => json!(document.metadata()?.iter().collect::<Vec<_>>()),
                Input::Source => json!(document.source()?.path),
                Input::Hints => json!(document.hints()?.genre.map(|genre| format!("{genre:?}"))),
            });
        }
        for (layer, _) in &self.reads {
            let value = document.layer_value(layer)?;
            read.push(value.and_then(|value| value.downcast_ref::<Value>()).cloned().unwrap_or_default());
        }
        Ok(read)
    }
}

struct Running(Made, Descriptor);

impl Annotator for Running {
    fn descriptor(&self) -> &Descriptor {
        &self.1
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let made = &self.0;
        made.runs.fetch_add(1, Ordering::Relaxed);
        let read = made.read_all(document)?;
        if let Some(deed) = &made.deed {
            return deed(document, output);
        }
        for layer in &made.writes {
            output.assign_value(layer, Arc::new(json!({ "salt": made.salt, "read": read })))?;
        }
        if let Some(facet) = made.facet {
            output.facet(facet, FacetValue::Integer(i64::from(made.salt)))?;
        }
        Ok(())
    }
}

impl From<Made> for Member {
    fn from(made: Made) -> Member {
        let mut descriptor = Descriptor::new(made.name, made.version, "").limits(made.limits);
        for input in &made.inputs {
            descriptor = descriptor.reads(*input);
        }
        for (layer, optional) in &made.reads {
            descriptor = descriptor.requires_layer(LayerSpec::json(*layer, 1), *optional);
        }
        for layer in &made.writes {
            descriptor = descriptor.assigns_layer(LayerSpec::json(*layer, 1));
        }
        if let Some(facet) = made.facet {
            descriptor = descriptor.facet(facet, FacetKind::Integer, "");
        }
        let file = dateline_pipeline::processor::Resource { path: "f".to_owned(), bytes: vec![made.files as u8] };
        Member {
            options: made.options.clone(),
            resources: Resources::new(vec![file]).hash(),
            annotator: Box::new(Running(made, descriptor)),
        }
    }
}

/// The chain of some made annotators.
pub(crate) fn chain(made: impl IntoIterator<Item = Made>) -> Chain {
    Chain::new(made.into_iter().map(Member::from).collect()).expect("the chain fits together")
}
