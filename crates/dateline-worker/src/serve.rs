//! The child's main loop: set up, confine, then answer requests until the input ends. One thread, no files, no state
//! between requests but the chain.

use crate::frame::{self, FrameError};
use crate::message::{
    Attempt, DocumentJob, Init, InitWire, PROTOCOL, PartHints, Reply, Request, SourceDocument, SourceProblem,
    SourceReport,
};
use crate::parser::{self, ParsedDocument, ParserOptions};
use crate::pipeline::exec::ExecTransport;
use crate::pipeline::processor::core::{DocumentInput, Hints, PartNames, SourceInfo, SourcePath, Timestamp};
use crate::pipeline::{
    Annotated, Blocked, Chain, ChainError, Previous, Registry, RunOptions, error_chain, panic_message, thread_time,
};
use crate::sandbox;
use crate::yielding::begin_session;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Documents a slice holds at most.
const SLICE_DOCUMENTS_MAX: usize = 100;
/// Bytes after which a slice is sent.
const SLICE_BYTES_MAX: usize = 1 << 20;
/// Time after which a slice is sent, so that the parent sees progress.
const SLICE_TIME_MAX: Duration = Duration::from_millis(250);

/// Bytes buffered in each direction.
const PIPE_BUFFER_BYTES: usize = 64 << 10;

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
    let build = |init: &Init, programs| registry.build_with_programs(&init.tables, &init.resources, programs);
    // Not `Stdin` and `Stdout`: their own buffers look for line ends in what has none.
    let own = |end: std::os::fd::BorrowedFd<'_>| end.try_clone_to_owned().map(File::from).map_err(FrameError::Pipe);
    serve(own(std::io::stdin().as_fd())?, own(std::io::stdout().as_fd())?, build)
}

/// Serves until `input` ends. `build` is handed the way to programs that the parent runs.
///
/// # Errors
/// When the parent speaks nonsense or the chain cannot be built.
pub fn serve(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    build: impl FnOnce(&Init, Arc<dyn ExecTransport>) -> Result<Chain, ChainError>,
) -> Result<(), ServeError> {
    let line = Arc::new(Line(Mutex::new(Ends {
        input: BufReader::with_capacity(PIPE_BUFFER_BYTES, Box::new(input)),
        output: BufWriter::with_capacity(PIPE_BUFFER_BYTES, Box::new(output)),
    })));
    let Some(wire) = line.receive::<InitWire>()? else { return Ok(()) };
    if wire.yields {
        begin_session();
    }
    let (init, parent) = read_init(wire)?;
    let programs: Arc<dyn ExecTransport> = Arc::clone(&line) as Arc<dyn ExecTransport>;
    let chain = match build(&init, programs) {
        Ok(chain) => chain,
        Err(error) => {
            line.send(&Reply::Unable(error_chain(&error)))?;
            line.flush()?;
            return Err(error.into());
        }
    };
    let sandbox = sandbox::confine(init.memory_bytes, parent);
    line.send(&Reply::Ready { sandbox, fingerprint: chain.fingerprint() })?;
    line.flush()?;
    let worker = Worker { chain, parser: init.parser, line };
    while let Some(request) = worker.line.receive::<Request>()? {
        match request {
            Request::Source { path, mtime, hints, attempt } => {
                let bytes = frame::read_raw(&mut worker.line.ends().input)?;
                let bytes = bytes.ok_or(FrameError::Protocol("the parent ended in the middle of a request"))?;
                worker.source(&Source { path, bytes, mtime, hints, attempt })?;
            }
            Request::Documents { documents, attempt } => worker.documents(documents, &attempt)?,
        }
        worker.line.flush()?;
    }
    Ok(())
}

/// Both ends of the line to the parent. One thread uses it: the lock is there because annotators are shared values.
struct Line(Mutex<Ends>);

struct Ends {
    input: BufReader<Box<dyn Read + Send>>,
    output: BufWriter<Box<dyn Write + Send>>,
}

impl Line {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive<T: DeserializeOwned>(&self) -> Result<Option<T>, FrameError> {
        frame::read(&mut self.ends().input)
    }

    fn send(&self, reply: &Reply) -> Result<(), FrameError> {
        frame::write(&mut self.ends().output, reply)
    }

    fn flush(&self) -> Result<(), FrameError> {
        self.ends().output.flush().map_err(FrameError::Pipe)
    }
}

impl ExecTransport for Line {
    /// Programs are the parent's: a confined process cannot start any.
    fn exchange(&self, processor: &str, id: u64, request: &str) -> Result<String, String> {
        let wanted = Reply::Exec { processor: processor.to_owned(), id, request: request.to_owned() };
        let sent = self.send(&wanted).and_then(|()| self.flush());
        let answer = sent.and_then(|()| self.receive::<Result<String, String>>());
        match answer {
            Ok(Some(answer)) => answer,
            Ok(None) => Err("the parent ended".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
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

struct Source {
    path: SourcePath,
    bytes: Vec<u8>,
    mtime: Option<Timestamp>,
    hints: Vec<PartHints>,
    attempt: Attempt,
}

struct Worker {
    chain: Chain,
    parser: ParserOptions,
    line: Arc<Line>,
}

impl Worker {
    /// Parses and annotates a source, sending slices as they fill.
    fn source(&self, source: &Source) -> Result<(), FrameError> {
        let began = thread_time();
        let careful = source.attempt.careful;
        let mut slice = Slice { line: &self.line, careful, documents: Vec::new(), bytes: 0, sent: Instant::now() };
        let mut broken = None;
        let mut index: u32 = 0;
        let mut book = HintBook::new(&source.hints);
        let mut sink = |parsed: ParsedDocument| {
            let at = index;
            index += 1;
            let hints = book.next(parsed.part_id.as_deref(), parsed.number);
            if at < source.attempt.delivered {
                return ControlFlow::Continue(());
            }
            match self.annotate_parsed(source, parsed, hints, at).and_then(|document| slice.push(document)) {
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
                let problem = SourceProblem::Panicked(panic_message(&*payload).chars().take(200).collect());
                SourceReport { documents: index, problem: Some(problem), ..SourceReport::default() }
            }
        };
        if let Some(error) = broken {
            return Err(error);
        }
        slice.flush()?;
        let cpu = thread_time().saturating_sub(began);
        self.line.send(&Reply::SourceDone(SourceReport { cpu, ..report }))
    }

    fn annotate_parsed(
        &self,
        source: &Source,
        parsed: ParsedDocument,
        hints: Hints,
        index: u32,
    ) -> Result<SourceDocument, FrameError> {
        let ParsedDocument { part_id, number, document, diagnostics } = parsed;
        let info = SourceInfo { path: source.path.display(), mtime: source.mtime };
        let input = DocumentInput { document, source: info, hints };
        let annotated = self.run(&input, &Previous::default(), RunOptions::default(), &source.attempt, index)?;
        Ok(SourceDocument { part_id, number, document: input.document, diagnostics, annotated })
    }

    /// Annotates documents in their order, sending results as they fill a slice.
    fn documents(&self, documents: Vec<DocumentJob>, attempt: &Attempt) -> Result<(), FrameError> {
        let mut results: Vec<Annotated> = Vec::new();
        let mut bytes = 0;
        let mut sent = Instant::now();
        for (offset, job) in documents.into_iter().enumerate() {
            let index = attempt.delivered + u32::try_from(offset).unwrap_or(u32::MAX);
            let annotated = self.run(&job.input, &job.previous, job.options, attempt, index)?;
            bytes += annotated.layers.iter().map(|layer| layer.bytes.len()).sum::<usize>();
            results.push(annotated);
            if attempt.careful || is_full(results.len(), bytes, sent) {
                self.line.send(&Reply::Annotated(std::mem::take(&mut results)))?;
                self.line.flush()?;
                (bytes, sent) = (0, Instant::now());
            }
        }
        if !results.is_empty() {
            self.line.send(&Reply::Annotated(results))?;
        }
        self.line.send(&Reply::AnnotatedDone)
    }

    /// Runs the chain over one document; in a careful attempt every step is announced before it runs.
    fn run(
        &self,
        input: &DocumentInput,
        previous: &Previous,
        mut options: RunOptions,
        attempt: &Attempt,
        index: u32,
    ) -> Result<Annotated, FrameError> {
        let here = attempt.blocked.iter().filter(|entry| entry.index == index);
        options.blocked.extend(here.map(|entry| entry.blocked.clone()));
        if let Some(out) = attempt.left_out.iter().find(|out| out.index == index) {
            let all = self.chain.descriptors().map(|descriptor| descriptor.name().to_owned());
            options.blocked.extend(all.map(|processor| Blocked { processor, reason: out.reason.clone() }));
        }
        let mut broken = None;
        let annotated = self.chain.run_watched(input, previous, &options, &mut |processor| {
            if attempt.careful && broken.is_none() {
                let step = Reply::Step { index, processor: processor.to_owned() };
                broken = self.line.send(&step).and_then(|()| self.line.flush()).err();
            }
        });
        broken.map_or(Ok(annotated), Err)
    }
}

fn is_full(documents: usize, bytes: usize, sent: Instant) -> bool {
    documents >= SLICE_DOCUMENTS_MAX || bytes >= SLICE_BYTES_MAX || sent.elapsed() >= SLICE_TIME_MAX
}

struct Slice<'a> {
    line: &'a Line,
    /// Whether each document is sent when it is through, so that what comes after it is not blamed on its processors.
    careful: bool,
    documents: Vec<SourceDocument>,
    bytes: usize,
    sent: Instant,
}

impl Slice<'_> {
    fn push(&mut self, document: SourceDocument) -> Result<(), FrameError> {
        self.bytes += document.weight();
        self.documents.push(document);
        if self.careful || is_full(self.documents.len(), self.bytes, self.sent) {
            self.flush()?;
            self.line.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), FrameError> {
        if !self.documents.is_empty() {
            self.line.send(&Reply::Documents(std::mem::take(&mut self.documents)))?;
        }
        (self.bytes, self.sent) = (0, Instant::now());
        Ok(())
    }
}

/// What is said from outside about the parts of one source, by the names parts are kept under.
struct HintBook<'a> {
    hints: &'a [PartHints],
    names: PartNames,
}

impl<'a> HintBook<'a> {
    fn new(hints: &'a [PartHints]) -> HintBook<'a> {
        HintBook { hints, names: PartNames::default() }
    }

    /// The hints of the next part. Must be asked for each part in turn: its name depends on those before.
    fn next(&mut self, part_id: Option<&str>, number: u32) -> Hints {
        if self.hints.is_empty() {
            return Hints::default();
        }
        let (name, _) = self.names.next(part_id, number);
        let entry = |wanted: &str| self.hints.iter().find(|entry| entry.part == wanted);
        entry(&name).or_else(|| entry("")).map(|entry| entry.hints.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::HintBook;
    use crate::message::PartHints;
    use crate::pipeline::processor::core::{Genre, Hints, PartNames};

    #[test]
    fn hints_find_their_part() {
        let hint = |part: &str, genre| PartHints {
            part: part.to_owned(),
            hints: Hints { genre: Some(genre), ..Hints::default() },
        };
        let hints = [hint("a", Genre::News), hint("a#2", Genre::Narrative), hint("3", Genre::Colloquial)];
        let mut book = HintBook::new(&hints);
        let parts = [(Some("a"), 1), (Some("a"), 2), (None, 3), (Some("a"), 4)];
        let genres: Vec<Option<Genre>> = parts.into_iter().map(|(id, number)| book.next(id, number).genre).collect();
        assert_eq!(genres, [Some(Genre::News), Some(Genre::Narrative), Some(Genre::Colloquial), None]);
        let long = "é".repeat(400);
        let kept = PartNames::default().next(Some(&long), 1).0;
        let hints = [hint("b", Genre::News), hint(&kept, Genre::Narrative)];
        let mut book = HintBook::new(&hints);
        assert_eq!(book.next(Some(" b "), 1).genre, Some(Genre::News), "as the store names it");
        assert_eq!(book.next(Some(&long), 2).genre, Some(Genre::Narrative), "as the store names it");
        let every = [hint("", Genre::News)];
        assert_eq!(HintBook::new(&every).next(Some("x"), 1).genre, Some(Genre::News));
    }
}
