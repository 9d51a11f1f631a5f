//! `annotate`: the processor chain as a pure filter over JSON Lines. No store, no clock, no configuration of places:
//! the same line gives the same line, on any machine. Order is kept, memory is bounded, all cores work.

use crate::errors::Fatal;
use crate::program::Program;
use crate::setup;
use dateline_core::layers::{DctLayer, EntityLayer, TimexLayer};
use dateline_core::{DocumentInput, Layer, LayerRecord, SourceInfo, Span};
use dateline_pipeline::Annotated;
use dateline_processor::LayerSpec;
use dateline_processor_quotes::QuoteLayer;
use dateline_protocol::wire::{
    AnnotateError, AnnotateInput, AnnotateOutput, BadLine, DocumentDct, MentionOut, OutcomeOut, QuoteOut, TimexOut,
};
use dateline_worker::{DocumentJob, Event, Job, Pool, Urgency, Work};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Longest line of input, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// Documents handed to a worker at once.
const BATCH_DOCUMENTS: usize = 64;
/// Text bytes after which a batch is handed over.
const BATCH_BYTES: usize = 256 << 10;
/// Batches under way, per worker.
const BATCHES_PER_WORKER: usize = 3;

/// Some lines could not be annotated; what could be was written.
#[derive(Debug, thiserror::Error)]
#[error("{bad} of {lines} lines could not be annotated; each has an error record in its place")]
struct BadLines {
    bad: u64,
    lines: u64,
}

/// A line of input beyond the limit.
#[derive(Debug, thiserror::Error)]
#[error("line is longer than {LINE_BYTES_MAX} bytes")]
struct LongLine;

/// The worker ended again and again on this document.
#[derive(Debug, thiserror::Error)]
#[error("document took its worker down: {0}")]
struct Crashed(String);

/// A document under way: its id and text are needed for its output.
struct Pending {
    id: Value,
    line: u64,
    text: String,
}

/// What stands in the place of a line.
enum Place {
    Waiting(Pending),
    Done(String),
}

struct Batch {
    job: u64,
    places: Vec<Place>,
    /// Position in `places` of each document of the job.
    documents: Vec<usize>,
    complete: bool,
}

struct Filter<W: Write> {
    pool: Pool,
    output: W,
    batches: VecDeque<Batch>,
    next_job: u64,
    bad: u64,
    lines: u64,
}

/// Annotates standard input, or files one after the other.
///
/// # Errors
/// When input cannot be read or output not written, and at the end when some lines were bad.
pub(crate) fn annotate(program: Arc<Program>, files: &[PathBuf]) -> Result<(), Fatal> {
    let pool = setup::start_pool(&program, 0)?;
    let batches_max = pool.status().workers.max(1).max(program.config.worker.count.resolve()) * BATCHES_PER_WORKER;
    let output = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut filter = Filter { pool, output, batches: VecDeque::new(), next_job: 0, bad: 0, lines: 0 };
    let done = if files.is_empty() {
        filter.read_all(&mut std::io::stdin().lock(), batches_max)
    } else {
        files.iter().try_for_each(|path| {
            let file = std::fs::File::open(path)
                .map_err(|error| std::io::Error::new(error.kind(), format!("`{}`: {error}", path.display())))?;
            filter.read_all(&mut BufReader::with_capacity(1 << 20, file), batches_max)
        })
    };
    done.and_then(|()| filter.finish())?;
    let (bad, lines) = (filter.bad, filter.lines);
    filter.pool.stop();
    if bad > 0 {
        return Err(Fatal::hinted(BadLines { bad, lines }, "look for `\"error\"` in the output"));
    }
    Ok(())
}

/// One line as a document for the chain.
fn prepare(line: &[u8]) -> Result<(Value, String, DocumentJob), (Value, BadLine)> {
    let input = AnnotateInput::parse(line).map_err(|error| (id_of(line), error))?;
    let hints = input.hints().map_err(|error| (input.id.clone(), error))?;
    let metadata = input.facts();
    let title = input.title.clone().filter(|title| !title.trim().is_empty());
    let mut document = dateline_parser::plain_document(input.text, title);
    document.metadata.0.extend(metadata.0);
    let text = document.text.clone();
    let source = SourceInfo { path: input.path.unwrap_or_default(), mtime: None };
    let job = DocumentJob { input: DocumentInput { document, source, hints }, ..DocumentJob::default() };
    Ok((input.id, text, job))
}

/// The id of a line that is JSON but no document.
fn id_of(line: &[u8]) -> Value {
    let value: Value = serde_json::from_slice(line).unwrap_or_default();
    value.get("id").cloned().unwrap_or_default()
}

impl<W: Write> Filter<W> {
    fn read_all(&mut self, input: &mut dyn BufRead, batches_max: usize) -> std::io::Result<()> {
        let mut line = Vec::new();
        let mut batch = Batch { job: 0, places: Vec::new(), documents: Vec::new(), complete: false };
        let (mut jobs, mut bytes): (Vec<DocumentJob>, usize) = (Vec::new(), 0);
        loop {
            line.clear();
            let count = (&mut *input).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line)?;
            let long = line.len() as u64 > LINE_BYTES_MAX;
            if long {
                skip_line(input)?;
            }
            if count > 0 && !line.trim_ascii().is_empty() {
                self.lines += 1;
                bytes += line.len();
                self.add_line(&line, long, &mut batch, &mut jobs);
            }
            // An interactive reader wants its answer now: nothing waits in the input's buffer for more lines.
            let full = jobs.len() >= BATCH_DOCUMENTS || bytes >= BATCH_BYTES;
            if !batch.places.is_empty() && (full || count == 0) {
                while self.batches.len() >= batches_max {
                    self.receive()?;
                }
                let next = Batch { job: 0, places: Vec::new(), documents: Vec::new(), complete: false };
                self.submit(std::mem::replace(&mut batch, next), std::mem::take(&mut jobs))?;
                bytes = 0;
            }
            if count == 0 {
                return Ok(());
            }
        }
    }

    fn add_line(&mut self, line: &[u8], long: bool, batch: &mut Batch, jobs: &mut Vec<DocumentJob>) {
        let number = self.lines;
        let failed = |id: Value, error: &dyn std::error::Error| Place::Done(error_line(id, number, error));
        let place = if long {
            self.bad += 1;
            failed(Value::Null, &LongLine)
        } else {
            match prepare(line) {
                Ok((id, text, job)) => {
                    batch.documents.push(batch.places.len());
                    jobs.push(job);
                    Place::Waiting(Pending { id, line: number, text })
                }
                Err((id, error)) => {
                    self.bad += 1;
                    failed(id, &error)
                }
            }
        };
        batch.places.push(place);
    }

    fn submit(&mut self, mut batch: Batch, jobs: Vec<DocumentJob>) -> std::io::Result<()> {
        self.next_job += 1;
        batch.job = self.next_job;
        batch.complete = jobs.is_empty();
        let has_work = !batch.complete;
        self.batches.push_back(batch);
        if !has_work {
            return self.flush_complete();
        }
        let mut job = Job { id: self.next_job, urgency: Urgency::Now, work: Work::Documents(jobs) };
        loop {
            match self.pool.try_submit(job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back,
            }
            self.receive()?;
        }
    }

    /// Takes one answer in, and writes what is complete.
    fn receive(&mut self) -> std::io::Result<()> {
        let answer = self.pool.answers().recv().map_err(|_| std::io::Error::other("workers are gone"))?;
        let Some(batch) = self.batches.iter_mut().find(|batch| batch.job == answer.job) else { return Ok(()) };
        match answer.event {
            Event::Annotated { first, results } => {
                for (annotated, place) in results.into_iter().zip(batch.documents.iter().skip(first as usize)) {
                    let place = &mut batch.places[*place];
                    if let Place::Waiting(pending) = place {
                        let line = output_line(pending, &annotated);
                        self.bad += u64::from(line.is_err());
                        *place = Place::Done(line.unwrap_or_else(|failed| failed));
                    }
                }
            }
            Event::AnnotatedDone => batch.complete = true,
            Event::Crashed(crash) => {
                batch.complete = true;
                for place in &mut batch.places {
                    if let Place::Waiting(pending) = place {
                        self.bad += 1;
                        let error = Crashed(crash.reason.clone());
                        *place = Place::Done(error_line(pending.id.clone(), pending.line, &error));
                    }
                }
            }
            Event::Documents(_) | Event::SourceDone(_) => {}
        }
        self.flush_complete()
    }

    fn flush_complete(&mut self) -> std::io::Result<()> {
        while self.batches.front().is_some_and(|batch| batch.complete) {
            for place in self.batches.pop_front().map(|batch| batch.places).unwrap_or_default() {
                if let Place::Done(line) = place {
                    self.output.write_all(line.as_bytes())?;
                    self.output.write_all(b"\n")?;
                }
            }
            if self.batches.is_empty() {
                self.output.flush()?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        while !self.batches.is_empty() {
            self.receive()?;
        }
        self.output.flush()
    }
}

fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(buffer.len(), |at| at + 1);
        input.consume(count);
        if end.is_some() {
            return Ok(());
        }
    }
}

fn error_line(id: Value, line: u64, error: &dyn std::error::Error) -> String {
    serde_json::to_string(&AnnotateError::new(id, line, error)).unwrap_or_default()
}

fn layer<T: Layer>(layers: &[LayerRecord]) -> Result<Option<Arc<T>>, dateline_processor::CodecError> {
    let Some(record) = layers.iter().find(|record| record.name == T::NAME) else { return Ok(None) };
    Ok(LayerSpec::of::<T>().decode(record)?.downcast::<T>().ok())
}

/// The output line of a document, or, when its layers do not decode, its error record.
fn output_line(pending: &Pending, annotated: &Annotated) -> Result<String, String> {
    output(pending, annotated).map_err(|error| error_line(pending.id.clone(), pending.line, &error))
}

fn output(pending: &Pending, annotated: &Annotated) -> Result<String, dateline_processor::CodecError> {
    let layers = &annotated.layers;
    let outcomes: BTreeMap<String, OutcomeOut> = OutcomeOut::all(&annotated.outcomes);
    let output = AnnotateOutput {
        id: pending.id.clone(),
        dct: layer::<DctLayer>(layers)?.and_then(|layer| DocumentDct::of(&layer)),
        timex: layer::<TimexLayer>(layers)?.map(|layer| TimexOut::all(&layer, &pending.text)).unwrap_or_default(),
        entities: layer::<EntityLayer>(layers)?.map(|layer| MentionOut::all(&layer, &pending.text)).unwrap_or_default(),
        quotes: layer::<QuoteLayer>(layers)?.map(|layer| quotes_out(&layer, &pending.text)).unwrap_or_default(),
        outcomes,
    };
    serde_json::to_string(&output).map_err(dateline_processor::CodecError::Json)
}

/// The quotations of a layer over `text`; spans that do not fit it give no words.
fn quotes_out(layer: &QuoteLayer, text: &str) -> Vec<QuoteOut> {
    let words = |span: Span| span.slice(text).unwrap_or_default().to_owned();
    let out = |quote: &dateline_processor_quotes::Quote| {
        let speaker = quote.speaker.as_ref();
        let known = speaker.filter(|speaker| speaker.entity.is_some());
        QuoteOut {
            start: quote.span.start,
            end: quote.span.end,
            kind: quote.kind.word().to_owned(),
            text: words(quote.span),
            utterance: quote.utterance,
            speaker: speaker.map(|speaker| words(speaker.span)),
            speaker_start: speaker.map(|speaker| speaker.span.start),
            speaker_end: speaker.map(|speaker| speaker.span.end),
            name: known.map(|speaker| speaker.name.clone()),
            entity: known.and_then(|speaker| speaker.entity).map(|entity| entity + 1),
            reference: known.and_then(|speaker| speaker.reference.clone()),
            cue: quote.cue.map(words),
            cue_start: quote.cue.map(|cue| cue.start),
            cue_end: quote.cue.map(|cue| cue.end),
        }
    };
    layer.0.iter().map(out).collect()
}
