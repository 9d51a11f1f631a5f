//! The child's main loop: set up, confine, then answer requests until the input ends. One thread, no files, no state
//! between requests but the chain.

use crate::frame::{self, FrameError};
use crate::message::{
    Attempt, DocumentJob, Init, InitWire, PROTOCOL, PartHints, Reply, Request, SourceDocument, SourceProblem,
    SourceReport,
};
use crate::parser::{self, ParsedDocument, ParserOptions};
use crate::pipeline::processor::core::{DocumentInput, Hints, SourceInfo, SourcePath, Timestamp};
use crate::pipeline::{Annotated, Chain, ChainError, Previous, Registry, RunOptions};
use crate::sandbox;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Documents a slice holds at most.
const SLICE_DOCUMENTS_MAX: usize = 100;
/// Bytes after which a slice is sent.
const SLICE_BYTES_MAX: usize = 1 << 20;
/// Time after which a slice is sent, so that the parent sees progress.
const SLICE_TIME_MAX: Duration = Duration::from_millis(250);

/// Why a child stopped serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The pipe to the parent failed or carried nonsense.
    #[error("the parent cannot be understood")]
    Frame(#[from] FrameError),
    /// The chain cannot be built; the parent was told.
    #[error("the chain cannot be built")]
    Chain(#[from] ChainError),
}

/// Serves on standard input and output with the chain that `registry` builds: all of `datelined worker`.
///
/// The process must have no other thread.
///
/// # Errors
/// When the parent speaks nonsense or the chain cannot be built.
pub fn serve_stdio(registry: &Registry) -> Result<(), ServeError> {
    let build = |init: &Init| registry.build(&init.tables, &init.resources);
    serve(std::io::stdin().lock(), std::io::stdout().lock(), build)
}

/// Serves until `input` ends.
///
/// # Errors
/// When the parent speaks nonsense or the chain cannot be built.
pub fn serve(
    input: impl Read,
    output: impl Write,
    build: impl FnOnce(&Init) -> Result<Chain, ChainError>,
) -> Result<(), ServeError> {
    let mut input = std::io::BufReader::with_capacity(64 << 10, input);
    let mut output = std::io::BufWriter::with_capacity(64 << 10, output);
    let Some(wire) = frame::read::<InitWire>(&mut input)? else { return Ok(()) };
    let (init, parent) = read_init(wire)?;
    let chain = match build(&init) {
        Ok(chain) => chain,
        Err(error) => {
            send(&mut output, &Reply::Unable(chain_of(&error)))?;
            output.flush().map_err(FrameError::Pipe)?;
            return Err(error.into());
        }
    };
    let sandbox = sandbox::confine(init.memory_bytes, parent);
    send(&mut output, &Reply::Ready { sandbox, fingerprint: chain.fingerprint() })?;
    output.flush().map_err(FrameError::Pipe)?;
    let mut worker = Worker { chain, parser: init.parser, output };
    while let Some(request) = frame::read::<Request>(&mut input)? {
        match request {
            Request::Source { path, mtime, hints, attempt } => {
                let bytes = frame::read_raw(&mut input)?;
                let bytes = bytes.ok_or(FrameError::Protocol("the parent ended in the middle of a request"))?;
                worker.source(&Source { path, bytes, mtime, hints, attempt })?;
            }
            Request::Documents { documents, attempt } => worker.documents(documents, &attempt)?,
        }
        worker.output.flush().map_err(FrameError::Pipe)?;
    }
    Ok(())
}

fn read_init(wire: InitWire) -> Result<(Init, i32), FrameError> {
    if wire.protocol != PROTOCOL {
        return Err(FrameError::Protocol("parent and child are of different versions"));
    }
    let bad = |_| FrameError::Protocol("the configuration sent is no JSON");
    let init = Init {
        tables: serde_json::from_str(&wire.tables).map_err(bad)?,
        parser: serde_json::from_str(&wire.parser).map_err(bad)?,
        resources: wire.resources,
        memory_bytes: wire.memory_bytes,
    };
    Ok((init, wire.parent))
}

fn send(output: &mut impl Write, reply: &Reply) -> Result<(), FrameError> {
    frame::write(output, reply)
}

struct Source {
    path: SourcePath,
    bytes: Vec<u8>,
    mtime: Option<Timestamp>,
    hints: Vec<PartHints>,
    attempt: Attempt,
}

struct Worker<W: Write> {
    chain: Chain,
    parser: ParserOptions,
    output: W,
}

impl<W: Write> Worker<W> {
    /// Parses and annotates a source, sending slices as they fill.
    fn source(&mut self, source: &Source) -> Result<(), FrameError> {
        let (chain, output) = (&self.chain, &mut self.output);
        let mut slice = Slice { output, documents: Vec::new(), bytes: 0, sent: Instant::now() };
        let mut broken = None;
        let mut index: u32 = 0;
        let mut sink = |parsed: ParsedDocument| {
            let at = index;
            index += 1;
            if at < source.attempt.delivered {
                return ControlFlow::Continue(());
            }
            let result = annotate_parsed(chain, source, parsed, at, &mut *slice.output);
            match result.and_then(|document| slice.push(document)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    broken = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let parse = || parser::parse(&source.path, &source.bytes, &self.parser, &mut sink);
        let report = match catch_unwind(AssertUnwindSafe(parse)) {
            Ok(Ok(report)) => SourceReport::from(report),
            Ok(Err(error)) => SourceReport { problem: Some(error.into()), ..SourceReport::default() },
            Err(payload) => {
                let text = payload.downcast_ref::<&str>().copied();
                let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                let problem = SourceProblem::Panicked(text.unwrap_or("no message").chars().take(200).collect());
                SourceReport { documents: index, problem: Some(problem), ..SourceReport::default() }
            }
        };
        if let Some(error) = broken {
            return Err(error);
        }
        slice.flush()?;
        send(&mut self.output, &Reply::SourceDone(report))
    }

    /// Annotates documents in their order, sending results as they fill a slice.
    fn documents(&mut self, documents: Vec<DocumentJob>, attempt: &Attempt) -> Result<(), FrameError> {
        let mut results: Vec<Annotated> = Vec::new();
        let mut bytes = 0;
        let mut sent = Instant::now();
        for (offset, job) in documents.into_iter().enumerate() {
            let index = attempt.delivered + u32::try_from(offset).unwrap_or(u32::MAX);
            let annotated =
                run(&self.chain, &job.input, &job.previous, job.options, (attempt, index), &mut self.output)?;
            bytes += annotated.layers.iter().map(|layer| layer.bytes.len()).sum::<usize>();
            results.push(annotated);
            if is_full(results.len(), bytes, sent) {
                send(&mut self.output, &Reply::Annotated(std::mem::take(&mut results)))?;
                self.output.flush().map_err(FrameError::Pipe)?;
                (bytes, sent) = (0, Instant::now());
            }
        }
        if !results.is_empty() {
            send(&mut self.output, &Reply::Annotated(results))?;
        }
        send(&mut self.output, &Reply::AnnotatedDone)
    }
}

fn is_full(documents: usize, bytes: usize, sent: Instant) -> bool {
    documents >= SLICE_DOCUMENTS_MAX || bytes >= SLICE_BYTES_MAX || sent.elapsed() >= SLICE_TIME_MAX
}

struct Slice<'a, W: Write> {
    output: &'a mut W,
    documents: Vec<SourceDocument>,
    bytes: usize,
    sent: Instant,
}

impl<W: Write> Slice<'_, W> {
    fn push(&mut self, document: SourceDocument) -> Result<(), FrameError> {
        self.bytes += document.weight();
        self.documents.push(document);
        if is_full(self.documents.len(), self.bytes, self.sent) {
            self.flush()?;
            self.output.flush().map_err(FrameError::Pipe)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), FrameError> {
        if !self.documents.is_empty() {
            send(&mut self.output, &Reply::Documents(std::mem::take(&mut self.documents)))?;
        }
        (self.bytes, self.sent) = (0, Instant::now());
        Ok(())
    }
}

fn annotate_parsed(
    chain: &Chain,
    source: &Source,
    parsed: ParsedDocument,
    index: u32,
    output: &mut impl Write,
) -> Result<SourceDocument, FrameError> {
    let ParsedDocument { part_id, number, document, diagnostics } = parsed;
    let hints = hints_of(&source.hints, part_id.as_deref(), number);
    let info = SourceInfo { path: source.path.display(), mtime: source.mtime };
    let input = DocumentInput { document, source: info, hints };
    let attempt = (&source.attempt, index);
    let annotated = run(chain, &input, &Previous::default(), RunOptions::default(), attempt, output)?;
    Ok(SourceDocument { part_id, number, document: input.document, diagnostics, annotated })
}

fn hints_of(hints: &[PartHints], part_id: Option<&str>, number: u32) -> Hints {
    let number = number.to_string();
    let own = hints.iter().find(|entry| part_id == Some(&entry.part) || (entry.part == number && part_id.is_none()));
    let found = own.or_else(|| hints.iter().find(|entry| entry.part.is_empty()));
    found.map(|entry| entry.hints.clone()).unwrap_or_default()
}

/// Runs the chain over one document; in a careful attempt every step is announced before it runs.
fn run(
    chain: &Chain,
    input: &DocumentInput,
    previous: &Previous,
    mut options: RunOptions,
    (attempt, index): (&Attempt, u32),
    output: &mut impl Write,
) -> Result<Annotated, FrameError> {
    let here = attempt.blocked.iter().filter(|entry| entry.index == index);
    options.blocked.extend(here.map(|entry| entry.blocked.clone()));
    let mut broken = None;
    let annotated = chain.run_watched(input, previous, &options, &mut |processor| {
        if attempt.careful && broken.is_none() {
            let step = Reply::Step { index, processor: processor.to_owned() };
            let sent = send(output, &step).and_then(|()| output.flush().map_err(FrameError::Pipe));
            broken = sent.err();
        }
    });
    broken.map_or(Ok(annotated), Err)
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
