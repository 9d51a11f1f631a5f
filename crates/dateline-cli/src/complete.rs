//! Completes what is being typed, from the running daemon: documents, entities, layers, processors, query fields. Where
//! none runs there is nothing to complete; a shell must not wait.

use crate::connect::connect_daemon;
use clap_complete::engine::CompletionCandidate;
use dateline_config::{Environment, Overrides};
use dateline_protocol::wire::Suggestion;
use dateline_protocol::{Complete, Completion, Request};
use std::ffi::OsStr;
use std::time::Duration;

/// How long a shell waits at most.
const PATIENCE: Duration = Duration::from_millis(500);
/// Words offered at most.
const WORDS_MAX: u32 = 50;

/// A path or id of a document.
pub(crate) fn document(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Document, typed, "")
}

/// A name or id of an entity.
pub(crate) fn entity(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Entity, typed, "")
}

/// The name of a layer.
pub(crate) fn layer(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Layer, typed, "")
}

/// The name of a processor.
pub(crate) fn processor(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(Completion::Processor, typed, "")
}

/// One word of a query: a field, or the value of a field that names entities or paths.
pub(crate) fn query(typed: &OsStr) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    match text.split_once(':') {
        Some((field @ ("entity" | "person" | "org" | "place"), value)) => {
            candidates(Completion::Entity, OsStr::new(value), &format!("{field}:"))
        }
        Some(("path", value)) => candidates(Completion::Document, OsStr::new(value), "path:"),
        Some(_) => Vec::new(),
        None => candidates(Completion::Field, typed, ""),
    }
}

fn candidates(what: Completion, typed: &OsStr, before: &str) -> Vec<CompletionCandidate> {
    let found = suggestions(what, typed).unwrap_or_default();
    let candidate = |found: Suggestion| {
        CompletionCandidate::new(format!("{before}{}", found.value)).help(found.about.map(Into::into))
    };
    found.into_iter().map(candidate).collect()
}

fn suggestions(what: Completion, typed: &OsStr) -> Option<Vec<Suggestion>> {
    let config = dateline_config::load(&Overrides::default(), &Environment::current()).ok()?;
    let mut client = connect_daemon(&config.state, PATIENCE).ok()?;
    let request = Request::Complete(Complete { what, prefix: typed.to_str()?.to_owned(), limit: WORDS_MAX });
    let mut answer = client.ask(request, Some(PATIENCE)).ok()?;
    let mut found = Vec::new();
    while let Some(item) = answer.next_item().ok()? {
        found.push(serde_json::from_str(item.get()).ok()?);
    }
    Some(found)
}
