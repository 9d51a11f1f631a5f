//! `try`: the very chain on one file, without a store, showing what each step gives. And the door for exec processors:
//! give up rights, then become another program.

use crate::errors::Fatal;
use crate::program::Program;
use crate::program::programs::THIS_PROGRAM;
use dateline_core::terminal::escape_line;
use dateline_core::{ContentHash, DocumentInput, SourceInfo, SourcePath};
use dateline_pipeline::{Annotated, Chain, Previous, RunOptions, error_chain};
use dateline_processor::LayerSpec;
use dateline_protocol::wire::{OutcomeOut, Tried, TriedStep};
use dateline_worker::{DirectPrograms, Launcher};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the chain on a file and shows each step's output, time and diagnostics.
///
/// # Errors
/// When the file cannot be read or parsed, or no processor has the name asked for.
pub(crate) fn attempt(program: Arc<Program>, file: &Path, only: Option<&str>, as_json: bool) -> Result<(), Fatal> {
    let size = std::fs::metadata(file).map_err(|error| named(file, error))?.len();
    if size > program.file_bytes_max() {
        let message = format!("`{}` has {size} bytes, more than `watch.file-size-max`", file.display());
        return Err(std::io::Error::other(message).into());
    }
    let bytes = std::fs::read(file).map_err(|error| named(file, error))?;
    let chain = chain_of(&program)?;
    check_name(&program, only)?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    let path = SourcePath::new(name.as_bytes());
    let mut documents = Vec::new();
    let parsed = dateline_parser::parse(&path, &bytes, &program.parser, &mut |document| {
        documents.push(document);
        ControlFlow::Continue(())
    });
    let report = parsed.map_err(|error| std::io::Error::other(format!("`{}` is {error}", file.display())))?;
    let mut output = std::io::stdout().lock();
    for parsed in documents {
        let source = SourceInfo { path: path.display(), mtime: None };
        let part = parsed.part_id.clone().unwrap_or_else(|| parsed.number.to_string());
        let diagnostics = parsed.diagnostics.iter().map(|found| found.message.clone()).collect::<Vec<_>>();
        let input = DocumentInput { document: parsed.document, source, ..DocumentInput::default() };
        let annotated = chain.run(&input, &Previous::default(), &RunOptions::default());
        let shown = shown(&chain, &input, &annotated, only)?;
        let content = ContentHash::of(input.document.text.as_bytes()).hex();
        let title = input.document.title;
        let tried = Tried { path: path.display(), part, title, content, diagnostics, steps: shown };
        if as_json { writeln!(output, "{}", json!(tried)) } else { print(&mut output, &tried) }?;
    }
    for failure in &report.failures {
        let text = format!("record {} on line {}: {}", failure.part, failure.line, failure.reason);
        // Only the documents are the answer: whoever closed this end has lost nothing.
        let _ = writeln!(std::io::stderr(), "{}", escape_line(&text));
    }
    Ok(())
}

/// The chain of a program, with the programs of its configuration run directly from here.
///
/// # Errors
/// When it does not fit together.
pub(crate) fn chain_of(program: &Program) -> Result<Chain, Fatal> {
    let programs = program.registry.programs(&program.tables)?;
    let programs = DirectPrograms::new(Launcher::new(THIS_PROGRAM), &programs);
    Ok(program.registry.build_with_programs(&program.tables, &program.resources, Arc::new(programs))?)
}

/// Refuses a name that no processor has.
///
/// # Errors
/// With the names there are.
pub(crate) fn check_name(program: &Program, only: Option<&str>) -> Result<(), Fatal> {
    let Some(name) = only.filter(|name| !program.processor_names().any(|known| known == *name)) else { return Ok(()) };
    let known: Vec<&str> = program.processor_names().collect();
    let error = std::io::Error::other(format!("no processor `{name}`"));
    Err(Fatal::hinted(error, format!("there are {}", known.join(", "))))
}

/// A layer of a document as JSON with the text of its spans; `None` when nobody assigned it.
///
/// # Errors
/// When its bytes do not decode.
pub(crate) fn json_layer(spec: &LayerSpec, annotated: &Annotated, text: &str) -> Result<Option<Value>, Fatal> {
    let Some(record) = annotated.layers.iter().find(|record| record.name == spec.name()) else { return Ok(None) };
    let value = spec.decode(record).and_then(|value| spec.to_json(&*value));
    let mut value = value.map_err(|error| std::io::Error::other(error_chain(&error)))?;
    quote_spans(&mut value, text);
    Ok(Some(value))
}

fn named(file: &Path, error: std::io::Error) -> Fatal {
    std::io::Error::new(error.kind(), format!("`{}` cannot be read: {error}", file.display())).into()
}

/// Each step with its time, outcome and layers, in running order.
fn shown(
    chain: &Chain,
    input: &DocumentInput,
    annotated: &Annotated,
    only: Option<&str>,
) -> Result<Vec<TriedStep>, Fatal> {
    let text = &input.document.text;
    let mut steps = Vec::new();
    for descriptor in chain.descriptors().filter(|descriptor| only.is_none_or(|name| name == descriptor.name())) {
        let mut layers = BTreeMap::new();
        for spec in descriptor.assigned() {
            let Some(value) = json_layer(spec, annotated, text)? else { continue };
            layers.insert(spec.name().to_owned(), value);
        }
        let outcome = annotated.outcomes.iter().find(|outcome| outcome.processor == descriptor.name());
        let took_us = annotated.steps.iter().find(|step| step.processor == descriptor.name()).map(|step| step.took_us);
        let (processor, version) = (descriptor.name().to_owned(), descriptor.version());
        steps.push(TriedStep { processor, version, took_us, outcome: outcome.map(OutcomeOut::of), layers });
    }
    Ok(steps)
}

/// Puts the text under each span beside it.
pub(crate) fn quote_spans(value: &mut Value, text: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| quote_spans(item, text)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| quote_spans(field, text));
            let bound = |key: &str| fields.get("span")?.get(key)?.as_u64().and_then(|at| usize::try_from(at).ok());
            if let (Some(start), Some(end)) = (bound("start"), bound("end"))
                && let Some(quote) = text.get(start..end)
            {
                fields.insert("quote".to_owned(), Value::String(quote.to_owned()));
            }
        }
        _ => {}
    }
}

fn print(output: &mut impl Write, tried: &Tried) -> std::io::Result<()> {
    writeln!(output, "{} part {}", escape_line(&tried.path), escape_line(&tried.part))?;
    for found in &tried.diagnostics {
        writeln!(output, "  ! {}", escape_line(found))?;
    }
    for step in &tried.steps {
        let state = step.outcome.as_ref().map_or("not run", |outcome| outcome.state.as_str());
        let took = step.took_us.map(|took| format!(", {took} us")).unwrap_or_default();
        writeln!(output, "\n  {} {}: {state}{took}", escape_line(&step.processor), step.version)?;
        let outcome = step.outcome.iter();
        for said in outcome.flat_map(|outcome| outcome.reason.iter().chain(&outcome.diagnostics)) {
            writeln!(output, "    ! {}", escape_line(said))?;
        }
        for (layer, value) in &step.layers {
            writeln!(output, "    {layer}")?;
            match value.as_array() {
                Some(items) => items.iter().try_for_each(|item| writeln!(output, "      {}", told(item)))?,
                None => writeln!(output, "      {}", told(value))?,
            }
        }
    }
    writeln!(output)
}

/// An annotation on one line: a text as it is, anything else as JSON.
fn told(value: &Value) -> String {
    escape_line(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Confines this process and becomes another program; returns only when that fails.
pub(crate) fn become_program(command: &[std::ffi::OsString], memory_bytes: u64) -> ExitCode {
    let error = dateline_worker::sandbox::become_program(command, memory_bytes);
    let named = command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
    eprintln!("datelined: `{named}` could not be started: {error}");
    ExitCode::from(2)
}
