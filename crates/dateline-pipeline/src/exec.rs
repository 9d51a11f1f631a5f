//! The second door: an annotator in any language, a program that speaks one JSON object a line. Here are the messages
//! and the annotator that speaks for the program in a chain; starting and stopping programs is the business of
//! `dateline-worker`.
//!
//! The program is sent [`ExecRequest::Hello`] and answers [`ExecResponse::Descriptor`]; from then on each
//! [`ExecRequest::Annotate`] is answered by [`ExecResponse::Result`] or [`ExecResponse::Error`] before the next one is
//! sent. What it prints to standard error goes to the log. It ends when its input ends.

use crate::{ChainError, Member};
use dateline_processor::core::layers::{DctLayer, EntityLayer, SentenceLayer, TimexLayer, WatchlistLayer};
use dateline_processor::core::{Date, Diagnostic, FacetKind, FacetValue, Span};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    Annotator, BuildError, Descriptor, DocumentView, Input, LayerSpec, Limits, Output, ProcessError, Resources,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Number of the protocol; program and engine must speak the same.
pub const EXEC_PROTOCOL: u32 = 1;
/// The key under which programs stand in the tables of processors, as a list of [`ExecProgram`].
pub const EXEC_TABLE: &str = "exec";
/// Longest line in either direction, in bytes.
pub const EXEC_LINE_BYTES_MAX: usize = 32 << 20;

/// What a program says of itself in its handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct ExecDescriptor {
    /// The protocol it speaks: 1.
    pub protocol: u32,
    /// Its code version, from 1; raise it whenever the same input may give another output.
    pub version: u32,
    /// One line for people.
    pub about: String,
    /// Inputs it reads: `text`, `title`, `metadata`, `source`, `hints`.
    pub reads: Vec<String>,
    /// Layers it needs.
    pub requires: Vec<String>,
    /// Layers it reads when they are there.
    pub uses: Vec<String>,
    /// Layers it writes.
    pub assigns: Vec<ExecLayer>,
    /// Facets it emits.
    pub facets: Vec<ExecFacet>,
}

/// A layer a program writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct ExecLayer {
    /// Name: reverse-DNS, or that of a standard layer.
    pub name: String,
    /// Number of its form, from 1.
    pub schema: u32,
}

/// A facet a program emits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct ExecFacet {
    /// Field name in queries.
    pub name: String,
    /// `keyword`, `integer`, `number` or `date`.
    #[schemars(with = "String")]
    pub kind: FacetKind,
    /// One line for people.
    #[serde(default)]
    pub about: String,
}

/// Engine to program, one a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub enum ExecRequest {
    /// The first line.
    Hello {
        /// The protocol the engine speaks.
        protocol: u32,
        /// The program's name among the processors.
        name: String,
        /// Its options, as configured.
        options: Value,
    },
    /// A document.
    Annotate {
        /// To be repeated in the answer.
        id: u64,
        /// The inputs the descriptor reads, by name; offsets count UTF-8 bytes of `text`.
        document: Map<String, Value>,
        /// The layers it requires or uses, by name; one that is not there is missing.
        layers: Map<String, Value>,
    },
}

/// Program to engine, one a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub enum ExecResponse {
    /// The answer to `hello`.
    Descriptor(ExecDescriptor),
    /// What it found.
    Result {
        /// Of the request.
        id: u64,
        /// Layers by name. A list of objects with `start` and `end` is checked against the text.
        #[serde(default)]
        layers: Map<String, Value>,
        /// Facets: name and value.
        #[serde(default)]
        facets: Vec<ExecFacetValue>,
        /// What was odd.
        #[serde(default)]
        diagnostics: Vec<ExecDiagnostic>,
    },
    /// It cannot do its work on this document.
    Error {
        /// Of the request.
        id: u64,
        /// Why, for people.
        reason: String,
    },
}

/// A facet's value from a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub struct ExecFacetValue {
    /// Declared name.
    pub name: String,
    /// Text, number or date (`2022-04-05`), as declared.
    pub value: Value,
}

/// A diagnostic from a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub struct ExecDiagnostic {
    /// Short stable code.
    pub code: String,
    /// One lower-case fragment.
    pub message: String,
    /// First byte, when it has a place.
    #[serde(default)]
    pub start: Option<u32>,
    /// The byte after the last one.
    #[serde(default)]
    pub end: Option<u32>,
}

/// JSON Schema of both directions, as published.
#[must_use]
pub fn exec_schema() -> Value {
    json!({
        "request": schemars::schema_for!(ExecRequest).to_value(),
        "response": schemars::schema_for!(ExecResponse).to_value(),
    })
}

/// A configured program with what it says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecProgram {
    /// Its name among the processors.
    pub name: String,
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// Directory it starts in.
    pub directory: PathBuf,
    /// Time for one document.
    pub time_max: Duration,
    /// Memory of the process, in bytes.
    pub memory_max: u64,
    /// Handed over in the handshake.
    pub options: Value,
    /// What it says of itself.
    pub descriptor: ExecDescriptor,
}

/// Carries a line to a running program and brings its answer back.
pub trait ExecTransport: Send + Sync {
    /// One exchange with the program called `processor`: sends a line, brings back the line that answers `id`.
    ///
    /// # Errors
    /// Why there is no answer, for people.
    fn exchange(&self, processor: &str, id: u64, request: &str) -> Result<String, String>;
}

/// Where no program may be run: the chain is planned and explained, not run.
#[derive(Clone, Copy, Debug)]
pub struct NoPrograms;

impl ExecTransport for NoPrograms {
    fn exchange(&self, _: &str, _: u64, _: &str) -> Result<String, String> {
        Err("programs are not run here".to_owned())
    }
}

/// The annotator that speaks for a program, for tests; in a chain [`crate::Registry`] makes it.
///
/// # Errors
/// When the program's descriptor is wrong.
pub fn annotator(program: &ExecProgram, transport: Arc<dyn ExecTransport>) -> Result<Box<dyn Annotator>, ChainError> {
    let mut members = Vec::new();
    add_programs(&mut members, std::slice::from_ref(program), &transport)?;
    let made = members.pop().map(|member| member.annotator);
    made.ok_or_else(|| ChainError::UnknownProcessor { name: program.name.clone(), nearest: None })
}

/// Adds the programs to the annotators they work with.
///
/// # Errors
/// When a program's descriptor is wrong.
pub(crate) fn add_programs(
    members: &mut Vec<Member>,
    programs: &[ExecProgram],
    transport: &Arc<dyn ExecTransport>,
) -> Result<(), ChainError> {
    let mut known: Vec<LayerSpec> =
        members.iter().flat_map(|member| member.annotator.descriptor().assigned().to_vec()).collect();
    for program in programs {
        known.extend(program.descriptor.assigns.iter().map(|layer| spec(&layer.name, layer.schema)));
    }
    for program in programs {
        let wrong =
            |reason: String| ChainError::Build { processor: program.name.clone(), source: BuildError::new(reason) };
        let descriptor = descriptor(program, &known).map_err(wrong)?;
        // Where it lies and how long it may take change nothing in what it gives.
        let options = json!({ "command": program.command, "options": program.options });
        let annotator = ExecAnnotator { descriptor, transport: Arc::clone(transport), next: AtomicU64::new(1) };
        members.push(Member { annotator: Box::new(annotator), options, resources: Resources::default().hash() });
    }
    Ok(())
}

/// A standard layer keeps its type; any other is known as JSON.
fn spec(name: &str, schema: u32) -> LayerSpec {
    let standard = [
        LayerSpec::of::<DctLayer>(),
        LayerSpec::of::<TimexLayer>(),
        LayerSpec::of::<EntityLayer>(),
        LayerSpec::of::<WatchlistLayer>(),
        LayerSpec::of::<SentenceLayer>(),
    ];
    let found = standard.into_iter().find(|spec| spec.name() == name && spec.schema() == schema);
    found.unwrap_or_else(|| LayerSpec::json(name, schema))
}

fn descriptor(program: &ExecProgram, known: &[LayerSpec]) -> Result<Descriptor, String> {
    let said = &program.descriptor;
    if said.protocol != EXEC_PROTOCOL {
        return Err(format!("it speaks protocol {}, not {EXEC_PROTOCOL}", said.protocol));
    }
    if said.version == 0 {
        return Err("its `version` is 0; versions count from 1".to_owned());
    }
    let limits = Limits { time: program.time_max, ..Limits::default() };
    let mut descriptor = Descriptor::new(&program.name, said.version, &said.about).limits(limits);
    for name in &said.reads {
        let input = Input::ALL.into_iter().find(|input| input.name() == name);
        descriptor = descriptor.reads(input.ok_or_else(|| format!("`reads`: there is no input `{name}`"))?);
    }
    for (names, optional) in [(&said.requires, false), (&said.uses, true)] {
        for name in names {
            let spec = known.iter().find(|spec| spec.name() == name).cloned();
            descriptor = descriptor.requires_layer(spec.unwrap_or_else(|| spec_of_unknown(name)), optional);
        }
    }
    for layer in &said.assigns {
        if layer.schema == 0 || layer.name.is_empty() {
            return Err("`assigns`: a layer has no name, or schema 0".to_owned());
        }
        descriptor = descriptor.assigns_layer(spec(&layer.name, layer.schema));
    }
    for facet in &said.facets {
        descriptor = descriptor.facet(&facet.name, facet.kind, &facet.about);
    }
    Ok(descriptor)
}

/// Nobody writes it: a chain that requires it is refused, one that only uses it goes without.
fn spec_of_unknown(name: &str) -> LayerSpec {
    LayerSpec::json(name, 1)
}

/// Speaks for a program in a chain.
struct ExecAnnotator {
    descriptor: Descriptor,
    transport: Arc<dyn ExecTransport>,
    next: AtomicU64,
}

impl Annotator for ExecAnnotator {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let request = ExecRequest::Annotate { id, document: self.inputs(document)?, layers: self.layers(document)? };
        let line = serde_json::to_string(&request).map_err(|error| ProcessError::other(error.to_string()))?;
        if line.len() > EXEC_LINE_BYTES_MAX {
            return Err(ProcessError::TooMuch { what: "bytes in a line", limit: EXEC_LINE_BYTES_MAX });
        }
        let answer = self.transport.exchange(self.descriptor.name(), id, &line).map_err(ProcessError::other)?;
        let answer: ExecResponse = serde_json::from_str(&answer)
            .map_err(|error| ProcessError::other(format!("its answer is not understood: {error}")))?;
        match answer {
            ExecResponse::Result { id: of, layers, facets, diagnostics } if of == id => {
                self.take(layers, facets, diagnostics, output)
            }
            ExecResponse::Error { id: of, reason } if of == id => Err(ProcessError::other(reason)),
            _ => Err(ProcessError::other("its answer belongs to another request")),
        }
    }
}

impl ExecAnnotator {
    fn inputs(&self, document: &DocumentView<'_>) -> Result<Map<String, Value>, ProcessError> {
        let mut inputs = Map::new();
        for input in self.descriptor.inputs() {
            let value = match input {
                Input::Text => {
                    let marks = document.marks()?.iter();
                    let marks =
                        marks.map(|mark| json!({"start": mark.span.start, "end": mark.span.end, "kind": mark.kind}));
                    inputs.insert("marks".to_owned(), marks.collect());
                    json!(document.text()?)
                }
                Input::Title => json!(document.title()?),
                Input::Metadata => json!(document.metadata()?),
                Input::Source => json!(document.source()?),
                Input::Hints => json!(document.hints()?),
            };
            inputs.insert(input.name().to_owned(), value);
        }
        Ok(inputs)
    }

    fn layers(&self, document: &DocumentView<'_>) -> Result<Map<String, Value>, ProcessError> {
        let mut layers = Map::new();
        for wanted in self.descriptor.required() {
            let name = wanted.spec.name();
            if let Some(value) = document.layer_value(name)? {
                let json = wanted.spec.to_json(&**value);
                let json = json.map_err(|source| ProcessError::Encode { layer: name.to_owned(), source })?;
                layers.insert(name.to_owned(), json);
            }
        }
        Ok(layers)
    }

    fn take(
        &self,
        layers: Map<String, Value>,
        facets: Vec<ExecFacetValue>,
        diagnostics: Vec<ExecDiagnostic>,
        output: &mut Output<'_>,
    ) -> Result<(), ProcessError> {
        for (name, value) in layers {
            let spec = self.descriptor.assigned().iter().find(|spec| spec.name() == name);
            let spec = spec.ok_or_else(|| ProcessError::UndeclaredWrite(name.clone()))?;
            let value = spec.read_json(value).map_err(|source| ProcessError::Encode { layer: name.clone(), source })?;
            output.assign_value(&name, value)?;
        }
        for ExecFacetValue { name, value } in facets {
            let kind = self.descriptor.facets().iter().find(|facet| facet.name == name).map(|facet| facet.kind);
            let value = kind.and_then(|kind| facet_value(kind, &value));
            output.facet(&name, value.ok_or_else(|| ProcessError::UndeclaredFacet(name.clone()))?)?;
        }
        for found in diagnostics {
            let span = found.start.zip(found.end).map(|(start, end)| Span { start, end });
            output.diagnostic(Diagnostic { code: found.code, message: found.message, span });
        }
        Ok(())
    }
}

fn facet_value(kind: FacetKind, value: &Value) -> Option<FacetValue> {
    match kind {
        FacetKind::Keyword => value.as_str().map(|word| FacetValue::Keyword(word.to_owned())),
        FacetKind::Integer => value.as_i64().map(FacetValue::Integer),
        FacetKind::Number => value.as_f64().map(FacetValue::Number),
        FacetKind::Date => value.as_str()?.parse::<Date>().ok().map(FacetValue::Date),
    }
}
