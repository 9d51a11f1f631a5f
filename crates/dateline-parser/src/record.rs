//! What every format builds: a draft of one document, kept within its limits, and the sink that numbers documents.

use crate::{Format, ParseReport, ParsedDocument, RecordFailure, limits, plain};
use dateline_core::{Diagnostic, Document, Metadata, Origin};
use std::ops::ControlFlow;

/// One record on its way to a document.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) part_id: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    pub(crate) facts: Facts,
    pub(crate) origin: Origin,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Draft {
    /// The document, its text and title cut to their limits and its marks found.
    pub(crate) fn finish(mut self) -> (Option<String>, Document, Vec<Diagnostic>) {
        if cut(&mut self.text, limits::TEXT_BYTES_MAX) {
            self.diagnostics.push(Diagnostic::new("text-truncated", "the text is longer than 16 MiB and was cut off"));
        }
        let mut title = self.title.map(|title| one_line(&title)).filter(|title| !title.is_empty());
        if title.as_mut().is_some_and(|title| cut(title, limits::TITLE_BYTES_MAX)) {
            self.diagnostics.push(Diagnostic::new("title-truncated", "the title is longer than 1000 bytes"));
        }
        if self.facts.dropped > 0 {
            let message = format!("{} metadata entries did not fit and were left out", self.facts.dropped);
            self.diagnostics.push(Diagnostic::new("metadata-dropped", message));
        }
        let mut document = plain::plain_document(self.text, title);
        document.origin = self.origin;
        // What the record itself says comes before what was read off its text.
        let read_off = std::mem::replace(&mut document.metadata, self.facts.metadata);
        for entry in read_off.0 {
            if document.metadata.get(&entry.key).is_none() {
                document.metadata.0.push(entry);
            }
        }
        (self.part_id, document, self.diagnostics)
    }
}

/// Metadata that stays within its limits.
#[derive(Default)]
pub(crate) struct Facts {
    metadata: Metadata,
    bytes: usize,
    dropped: usize,
}

impl Facts {
    /// Adds a fact; long values are cut, facts beyond the limits counted and dropped, repetitions ignored.
    pub(crate) fn push(&mut self, key: &str, value: &str) {
        let value = shorten(value.trim(), limits::METADATA_VALUE_BYTES_MAX);
        let key = shorten(key, limits::METADATA_KEY_BYTES_MAX);
        if value.is_empty() || key.is_empty() {
            return;
        }
        let size = key.len() + value.len();
        if self.metadata.0.len() >= limits::METADATA_ENTRIES_MAX || self.bytes + size > limits::METADATA_BYTES_MAX {
            self.dropped += 1;
            return;
        }
        if self.metadata.iter().any(|entry| entry == (key, value)) {
            return;
        }
        self.bytes += size;
        self.metadata.push(key, value);
    }

    /// The first value under `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)
    }
}

/// Where documents and failures go.
pub(crate) struct Sink<'a> {
    hand_out: &'a mut dyn FnMut(ParsedDocument) -> ControlFlow<()>,
    number: u32,
    documents: u32,
    unlisted: usize,
    /// What was odd about the source as a whole.
    pub(crate) diagnostics: Vec<Diagnostic>,
    failures: Vec<RecordFailure>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(hand_out: &'a mut dyn FnMut(ParsedDocument) -> ControlFlow<()>) -> Sink<'a> {
        Sink { hand_out, number: 0, documents: 0, unlisted: 0, diagnostics: Vec::new(), failures: Vec::new() }
    }

    /// Hands out the next record; breaks when no more are wanted or allowed.
    pub(crate) fn accept(&mut self, draft: Draft) -> ControlFlow<()> {
        self.number += 1;
        self.documents += 1;
        let (part_id, document, diagnostics) = draft.finish();
        (self.hand_out)(ParsedDocument { part_id, number: self.number, document, diagnostics })?;
        if self.number < limits::RECORDS_MAX {
            return ControlFlow::Continue(());
        }
        let message = format!("only the first {} records were read", limits::RECORDS_MAX);
        self.diagnostics.push(Diagnostic::new("records-truncated", message));
        ControlFlow::Break(())
    }

    /// Notes that the next record gave no document.
    pub(crate) fn fail(&mut self, part_id: Option<&str>, line: u32, reason: impl Into<String>) {
        self.number += 1;
        if self.failures.len() >= limits::FAILURES_MAX {
            self.unlisted += 1;
            return;
        }
        let part = part_id.map_or_else(|| self.number.to_string(), |id| shorten(id, 200).to_owned());
        self.failures.push(RecordFailure { part, line, reason: reason.into() });
    }

    /// Documents handed out so far.
    pub(crate) fn documents(&self) -> u32 {
        self.documents
    }

    /// The first failure, to be the reason where no record was good.
    pub(crate) fn first_failure(&self) -> Option<&RecordFailure> {
        self.failures.first()
    }

    pub(crate) fn into_report(mut self, format: Format) -> ParseReport {
        if self.unlisted > 0 {
            let message = format!("{} further records failed", self.unlisted);
            self.diagnostics.push(Diagnostic::new("failures-unlisted", message));
        }
        if self.documents == 0 && self.failures.is_empty() {
            self.diagnostics.push(Diagnostic::new("empty", "the file holds no text"));
        }
        ParseReport { format, documents: self.documents, diagnostics: self.diagnostics, failures: self.failures }
    }
}

/// Cuts a text to at most `bytes_max` bytes on a char boundary; says whether it had to.
pub(crate) fn cut(text: &mut String, bytes_max: usize) -> bool {
    let fits = shorten(text, bytes_max).len();
    let longer = fits < text.len();
    text.truncate(fits);
    longer
}

/// The longest start of `text` of at most `bytes_max` bytes that ends on a char boundary.
pub(crate) fn shorten(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// The text with every run of white space as one blank and none at its ends.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(256));
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
