//! What parent and child say to each other, and the values both sides show to their callers.

use crate::parser::{ParseError, ParseReport, ParserOptions};
use crate::pipeline::exec::ExecProgram;
use crate::pipeline::processor::Resources;
use crate::pipeline::processor::core::{
    ContentHash, Diagnostic, Document, DocumentInput, Hints, SourcePath, Timestamp,
};
use crate::pipeline::{Annotated, Blocked, ChainError, Previous, ProcessorTables, Registry, RunOptions};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Number of this protocol: parent and child are the same program, and say so.
pub(crate) const PROTOCOL: u32 = 1;

/// Everything a child needs before it gives up its rights.
#[derive(Clone, Debug, Default)]
pub struct Init {
    /// `[processor.NAME]` of the configuration.
    pub tables: ProcessorTables,
    /// The files of each processor, as read by the parent.
    pub resources: BTreeMap<String, Resources>,
    /// `[parser]` of the configuration.
    pub parser: ParserOptions,
    /// Memory a child may hold, in bytes; 0 for no limit.
    pub memory_bytes: u64,
}

impl Init {
    /// The programs among the tables.
    pub(crate) fn programs(&self) -> Result<Vec<ExecProgram>, ChainError> {
        Registry::default().programs(&self.tables)
    }
}

/// [`Init`] as sent: what only JSON can carry is JSON text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InitWire {
    pub(crate) protocol: u32,
    pub(crate) parent: i32,
    /// Whether others come first: the child then begins a session of its own.
    pub(crate) yields: bool,
    pub(crate) tables: String,
    pub(crate) parser: String,
    pub(crate) resources: BTreeMap<String, Resources>,
    pub(crate) memory_bytes: u64,
}

/// What a child could do to confine itself, in words for `doctor` and `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxReport {
    /// Landlock: `Ok` with what it enforces, `Err` with why not.
    pub landlock: Result<String, String>,
    /// Seccomp: as above.
    pub seccomp: Result<String, String>,
    /// Limits on memory, files and core dumps.
    pub limits: Result<String, String>,
    /// Whether it ends with its parent.
    pub parent_death: Result<String, String>,
}

impl SandboxReport {
    /// What could not be done, one line each; empty when the child is confined in full.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let all = [
            ("landlock", &self.landlock),
            ("seccomp", &self.seccomp),
            ("limits", &self.limits),
            ("parent death signal", &self.parent_death),
        ];
        let missing = all.iter().filter_map(|(what, result)| Some((what, result.as_ref().err()?)));
        missing.map(|(what, why)| format!("{what}: {why}")).collect()
    }
}

/// One source to parse and annotate.
#[derive(Clone, Debug, Default)]
pub struct SourceJob {
    /// Its path: the extension decides the format together with the content.
    pub path: SourcePath,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its modification time.
    pub mtime: Option<Timestamp>,
    /// What is said about its documents from outside.
    pub hints: Vec<PartHints>,
}

/// What is said from outside about one document of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartHints {
    /// The record's own id or its number; empty for every document that has no entry of its own.
    pub part: String,
    /// What is said.
    pub hints: Hints,
}

/// One document to annotate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentJob {
    /// The document.
    pub input: DocumentInput,
    /// What is stored of it.
    pub previous: Previous,
    /// What to run beyond what is stale.
    pub options: RunOptions,
}

/// One document of a source, annotated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceDocument {
    /// The record's own id, when it has one; not unique in its source.
    pub part_id: Option<String>,
    /// Position in the source, from 1.
    pub number: u32,
    /// The document.
    pub document: Document,
    /// What was odd about it while parsing.
    pub diagnostics: Vec<Diagnostic>,
    /// What the chain made of it.
    pub annotated: Annotated,
}

impl SourceDocument {
    /// About how many bytes it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let layers: usize = self.annotated.layers.iter().map(|layer| layer.bytes.len()).sum();
        let metadata: usize = self.document.metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
        self.document.text.len() + layers + metadata
    }
}

/// A record of a container that gave no document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFailure {
    /// The record's own id, or its number.
    pub part: String,
    /// Line of the file, from 1; 0 when unknown.
    pub line: u32,
    /// Why, for people.
    pub reason: String,
}

/// Why a source gave no document, or not all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceProblem {
    /// The parser does not read this kind of file.
    Unsupported(String),
    /// Nothing in it could be read.
    Broken(String),
    /// The parser itself gave up: a mistake of ours.
    Panicked(String),
}

impl std::fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SourceProblem::Unsupported(reason) => write!(f, "unsupported: {reason}"),
            SourceProblem::Broken(reason) => write!(f, "broken: {reason}"),
            SourceProblem::Panicked(reason) => write!(f, "the parser panicked: {reason}"),
        }
    }
}

/// What became of a source as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Name of the format it was read as; empty when there is a problem.
    pub format: String,
    /// Documents handed out.
    pub documents: u32,
    /// What was odd about the source as a whole.
    pub diagnostics: Vec<Diagnostic>,
    /// Records that gave no document.
    pub failures: Vec<PartFailure>,
    /// Why it gave none, or stopped.
    pub problem: Option<SourceProblem>,
    /// Processor time that reading it and annotating its documents took; not what else the machine did meanwhile.
    pub cpu: Duration,
}

impl From<ParseReport> for SourceReport {
    fn from(report: ParseReport) -> SourceReport {
        let failures = report.failures.into_iter();
        SourceReport {
            format: format!("{:?}", report.format).to_ascii_lowercase(),
            documents: report.documents,
            diagnostics: report.diagnostics,
            failures: failures
                .map(|failure| PartFailure { part: failure.part, line: failure.line, reason: failure.reason })
                .collect(),
            problem: None,
            cpu: Duration::ZERO,
        }
    }
}

impl From<ParseError> for SourceProblem {
    fn from(error: ParseError) -> SourceProblem {
        match error {
            ParseError::Unsupported { reason } => SourceProblem::Unsupported(reason),
            ParseError::Broken { reason } => SourceProblem::Broken(reason),
        }
    }
}

/// A document of a job that must do without a processor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlockedHere {
    /// Position of the document in the job, from 0.
    pub(crate) index: u32,
    pub(crate) blocked: Blocked,
}

/// A document of a job on which nothing is to run that has to be run anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    /// Position of the document in the job, from 0.
    pub(crate) index: u32,
    /// Why: the reason of every failure on it.
    pub(crate) reason: String,
}

/// How a job is to be run this time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// Documents that were delivered already.
    pub(crate) delivered: u32,
    /// Whether each processor is announced before it runs, and each document delivered when it is through.
    pub(crate) careful: bool,
    pub(crate) blocked: Vec<BlockedHere>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Parent to child.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Followed by a raw frame with the file's bytes.
    Source { path: SourcePath, mtime: Option<Timestamp>, hints: Vec<PartHints>, attempt: Attempt },
    /// Documents to annotate, without those already delivered.
    Documents { documents: Vec<DocumentJob>, attempt: Attempt },
}

/// [`Request`] as the parent sends it, without giving up the job: variants and fields in the same order.
#[derive(Debug, Serialize)]
pub(crate) enum RequestRef<'a> {
    Source { path: &'a SourcePath, mtime: Option<Timestamp>, hints: &'a [PartHints], attempt: &'a Attempt },
    Documents { documents: &'a [DocumentJob], attempt: &'a Attempt },
}

/// Child to parent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    Ready {
        sandbox: SandboxReport,
        fingerprint: ContentHash,
    },
    /// The child cannot work; why, for people.
    Unable(String),
    /// A program is wanted; answered by a frame with `Result<String, String>`.
    Exec {
        processor: String,
        id: u64,
        request: String,
    },
    /// In careful runs: which processor is about to run on which document.
    Step {
        index: u32,
        processor: String,
    },
    Documents(Vec<SourceDocument>),
    SourceDone(SourceReport),
    Annotated(Vec<Annotated>),
    AnnotatedDone,
}
