//! Answers to requests, from the store, the indexes and what the daemon knows of itself. The same code answers over
//! the socket and over the pipes of `datelined answer`. Nothing here changes the store; what must change goes to the
//! event loop as a [`Control`].

mod ask;
mod conflicts;
mod dates;
mod entities;
mod explain;
mod failures;
mod find;
mod maintain;
mod quotes;
mod search;
mod show;
mod similar;
mod status;
mod stream;
mod timeline;

use crate::control::Control;
use crate::indexing::Slot;
use crate::live::Live;
use crate::program::Program;
use crossbeam_channel::Sender;
use dateline_core::LayerRecord;
use dateline_protocol::{Call, End, ErrorBody, ErrorKind, Note, Request, Response};
use dateline_store::{Store, StoreError};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything answers are made from.
pub(crate) struct Answerer {
    /// The store.
    pub(crate) store: Store,
    /// The index, for reading.
    pub(crate) index: dateline_processor_index::Searching,
    /// All indexers, for their own questions.
    pub(crate) slots: Vec<Arc<Slot>>,
    /// What this program and its configuration are.
    pub(crate) program: Arc<Program>,
    /// What the daemon knows of itself.
    pub(crate) live: Arc<Live>,
    /// To the event loop; `None` when no daemon runs.
    pub(crate) control: Option<Sender<Control>>,
    /// Where the socket is; `None` when no daemon runs.
    pub(crate) socket: Option<PathBuf>,
}

/// Where an answer goes: items and notes, until the client has had enough.
pub(crate) struct Reply<'a> {
    send: &'a mut dyn FnMut(Response) -> bool,
    sent: u64,
    gone: bool,
    deadline: Instant,
}

impl Reply<'_> {
    /// Sends an item; false when the client is gone.
    pub(crate) fn item<T: Serialize>(&mut self, item: &T) -> bool {
        match Response::item(item) {
            Ok(response) => {
                self.sent += 1;
                self.gone = self.gone || !(self.send)(response);
            }
            Err(error) => tracing::error!(%error, "BUG: an answer has no JSON form"),
        }
        !self.gone
    }

    /// Sends a note.
    pub(crate) fn note(&mut self, note: Note) {
        self.gone = self.gone || !(self.send)(Response::Note(note));
    }

    /// Whether the client has gone away.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Items sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// When the answer is of no use any more.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether to go on: the client is there and its deadline has not passed.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] when it has.
    pub(crate) fn check(&self) -> Result<(), ErrorBody> {
        in_time(self.deadline)
    }
}

/// Whether a deadline has not passed.
///
/// # Errors
/// [`ErrorKind::TimedOut`] when it has.
fn in_time(deadline: Instant) -> Result<(), ErrorBody> {
    if Instant::now() < deadline {
        return Ok(());
    }
    Err(ErrorBody::new(ErrorKind::TimedOut, "the answer took too long").hint("ask for less, or narrow the query"))
}

/// What an answer comes to.
pub(crate) type Answered = Result<End, ErrorBody>;

/// A store's error as the client gets it.
pub(crate) fn store_error(error: StoreError) -> ErrorBody {
    let body = match error.damaged() {
        Some(_) => ErrorBody::from_error(ErrorKind::Damaged, &error),
        None => ErrorBody::from_error(ErrorKind::Internal, &error),
    };
    match error.damaged() {
        Some(_) => body.hint("stop the daemon and run `datelined rebuild`"),
        None => body,
    }
}

/// The error for a name that nothing has: what it is probably meant for, else all there is.
pub(crate) fn unknown(message: String, name: &str, known: &[String]) -> ErrorBody {
    let error = ErrorBody::new(ErrorKind::NotFound, message);
    let near = dateline_query::nearest(name, known.iter().map(String::as_str));
    match near.is_empty() {
        true if known.is_empty() => error,
        true => error.hint(format!("there is {}", known.join(", "))),
        false => error.candidates(near.into_iter().map(str::to_owned).collect()),
    }
}

/// A layer's error as the client gets it.
pub(crate) fn layer_error(layer: &str, error: &dyn std::error::Error) -> ErrorBody {
    let body = ErrorBody::from_error(ErrorKind::Internal, error);
    ErrorBody { message: format!("layer `{layer}` could not be read: {}", body.message), ..body }
}

impl Answerer {
    /// Where the state is.
    pub(crate) fn state_directory(&self) -> &Path {
        self.store.directory().path()
    }

    /// The watched folder.
    pub(crate) fn root(&self) -> Option<&Path> {
        Some(&self.program.root)
    }

    /// Answers a call: items and notes, then one end or error. A panic costs this answer only.
    pub(crate) fn respond(&self, call: &Call, send: &mut dyn FnMut(Response) -> bool) {
        let configured = self.program.config.daemon.request_deadline.0;
        let patience = call.deadline_ms.map_or(configured, |wanted| configured.min(Duration::from_millis(wanted)));
        let last = {
            let deadline = Instant::now() + patience;
            let mut reply = Reply { send, sent: 0, gone: false, deadline };
            let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                self.warn(&call.request, &mut reply);
                self.dispatch(&call.request, &mut reply)
            }));
            match answered {
                Ok(Ok(end)) => Response::End(end),
                Ok(Err(error)) => Response::Error(error),
                Err(_) => {
                    let message = format!("answering `{}` panicked", call.request.op());
                    Response::Error(ErrorBody::new(ErrorKind::Internal, message).hint("the log has the details"))
                }
            }
        };
        // A client that is gone has no use for the end either.
        let _ = send(last);
    }

    /// Says what an answer may fall short of.
    fn warn(&self, request: &Request, reply: &mut Reply<'_>) {
        let reads = !matches!(request, Request::Status | Request::Rescan(_) | Request::Doctor | Request::Retry(_));
        let facts = self.live.facts();
        if reads && self.control.is_some() && facts.indexed < facts.committed {
            let behind = facts.committed.0 - facts.indexed.0;
            reply.note(Note::new("index-behind", format!("the index is {behind} changes behind the store")));
        }
    }

    fn dispatch(&self, request: &Request, reply: &mut Reply<'_>) -> Answered {
        match request {
            Request::Status => self.status(reply),
            Request::Search(search) => self.search(search, reply),
            Request::Show(show) => self.show(show, reply),
            Request::Failures(failures) => self.failures(failures, reply),
            Request::Retry(retry) => self.retry(retry, reply),
            Request::Explain(explain) => self.explain(explain, reply),
            Request::Why(why) => self.why(why, reply),
            Request::Timeline(timeline) => self.timeline(timeline, reply),
            Request::On(on) => self.on(on, reply),
            Request::Who(who) => self.who(who, reply),
            Request::Similar(similar) => self.similar(similar, reply),
            Request::Conflicts(conflicts) => self.conflicts(conflicts, reply),
            Request::Entities(entities) => self.entities(entities, reply),
            Request::DateShow(show) => self.date_show(show, reply),
            Request::DateSet(set) => self.date_set(set, reply),
            Request::DateUnset(unset) => self.date_unset(unset, reply),
            Request::Undated(undated) => self.undated(undated, reply),
            Request::Plan(plan) => self.plan(plan, reply),
            Request::Tail(tail) => self.tail(tail, reply),
            Request::Ask(ask) => self.ask(ask, reply),
            Request::Export(export) => self.export(export, reply),
            Request::Quotes(quotes) => self.quotes(quotes, reply),
            Request::Doctor => self.doctor(reply),
            Request::Backup(backup) => self.backup(backup, reply),
            Request::Rescan(rescan) => self.rescan(rescan, reply),
            Request::Complete(complete) => self.complete(complete, reply),
        }
    }

    /// The slot of an indexer.
    pub(crate) fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name == name).map(AsRef::as_ref)
    }
}

/// A layer of a known type among stored ones.
pub(crate) fn layer_of<T: dateline_core::Layer>(layers: &[LayerRecord]) -> Result<Option<Arc<T>>, ErrorBody> {
    let Some(record) = layers.iter().find(|record| record.name == T::NAME) else { return Ok(None) };
    let spec = dateline_processor::LayerSpec::of::<T>();
    let value = spec.decode(record).map_err(|error| layer_error(T::NAME, &error))?;
    Ok(value.downcast::<T>().ok())
}
