//! What a server answers: items, notes, and one end or error. Which item a request gets is said in `request`.

use dateline_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One frame of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// One line of output: the JSON of the wire struct the request promises.
    Item(Box<RawValue>),
    /// Something the user should know beside the items; a client prints it to standard error.
    Note(Note),
    /// The answer is complete.
    End(End),
    /// The request failed; nothing follows.
    Error(ErrorBody),
}

impl Response {
    /// An item from a wire struct.
    ///
    /// # Errors
    /// When the value has no JSON form (a map with keys that are no strings).
    pub fn item<T: Serialize>(value: &T) -> Result<Response, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Response::Item)
    }

    /// Whether nothing follows this frame.
    #[must_use]
    pub fn is_last(&self) -> bool {
        matches!(self, Response::End(_) | Response::Error(_))
    }
}

/// Something the user should know: partial matches, undated documents left out, an index still behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Short stable code, kebab-case: `partial-matches`, `undated-left-out`, `no-hit`, `not-verified`, `index-behind`.
    pub code: String,
    /// One line for people.
    pub message: String,
    /// What could be done, when something could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Note {
    /// A note without a hint.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Note {
        Note { code: code.into(), message: message.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Note {
        self.hint = Some(hint.into());
        self
    }
}

/// The end of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// What the client's process should exit with.
    pub exit: Exit,
    /// How much there was.
    #[serde(default)]
    pub counts: Counts,
}

impl End {
    /// An end that says "found" when `items` is not zero.
    #[must_use]
    pub fn of_items(items: u64) -> End {
        let exit = if items == 0 { Exit::Nothing } else { Exit::Found };
        End { exit, counts: Counts { items, ..Counts::default() } }
    }

    /// An end that says "done", whatever the number of items.
    #[must_use]
    pub fn done() -> End {
        End::default()
    }
}

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Items sent.
    pub items: u64,
    /// Items there are in all, where that was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Undated documents that matched but were left out by `--as-of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undated: Option<u64>,
}

/// Exit codes of `dateline`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// 0: found, or done.
    #[default]
    Found,
    /// 1: nothing found.
    Nothing,
    /// 2: a mistake in the command, or an error.
    Error,
    /// 3: the daemon is unreachable, starting or needed.
    Unreachable,
    /// 4: the daemon speaks another protocol version.
    Version,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Found => 0,
            Exit::Nothing => 1,
            Exit::Error => 2,
            Exit::Unreachable => 3,
            Exit::Version => 4,
        }
    }
}

/// Why a request failed, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct ErrorBody {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What failed: lower case, no full stop.
    pub message: String,
    /// Why, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in what the user wrote, when it has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<Place>>,
    /// What was probably meant, best first: entities of a name, documents of a fragment, fields of a query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

impl ErrorBody {
    /// A failure with nothing but its message.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> ErrorBody {
        ErrorBody { kind, message: message.into(), causes: Vec::new(), hint: None, place: None, candidates: Vec::new() }
    }

    /// A failure with the message of an error and of everything that caused it.
    #[must_use]
    pub fn from_error(kind: ErrorKind, error: &dyn std::error::Error) -> ErrorBody {
        let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect();
        ErrorBody { causes, ..ErrorBody::new(kind, error.to_string()) }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> ErrorBody {
        self.hint = Some(hint.into());
        self
    }

    /// The same with its place in a text the user wrote.
    #[must_use]
    pub fn at(mut self, text: impl Into<String>, span: Span) -> ErrorBody {
        self.place = Some(Box::new(Place { text: text.into(), start: span.start, end: span.end }));
        self
    }

    /// The same with what was probably meant.
    #[must_use]
    pub fn candidates(mut self, candidates: Vec<String>) -> ErrorBody {
        self.candidates = candidates;
        self
    }

    /// What the client's process should exit with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.kind {
            ErrorKind::NotFound => Exit::Nothing,
            ErrorKind::Starting | ErrorKind::NeedsDaemon => Exit::Unreachable,
            ErrorKind::Version => Exit::Version,
            _ => Exit::Error,
        }
    }
}

/// A place in a text the user wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The whole text, a query say.
    pub text: String,
    /// First byte.
    pub start: u32,
    /// The byte after the last one; equal to `start` for a place between two characters.
    pub end: u32,
}

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request itself is wrong: an option, a date, a number.
    BadRequest,
    /// The query does not parse.
    Query,
    /// No such document, entity, processor or file.
    NotFound,
    /// More than one document or entity fits.
    Ambiguous,
    /// This server has no answer to such a request.
    Unsupported,
    /// The daemon is starting and cannot answer yet.
    Starting,
    /// Only a running daemon can do this.
    NeedsDaemon,
    /// Too many connections or requests.
    Busy,
    /// The answer would be too large.
    TooLarge,
    /// The request took longer than its deadline.
    TimedOut,
    /// The peer speaks another protocol version.
    Version,
    /// The server answers for another state directory.
    OtherState,
    /// The store or an index is damaged.
    Damaged,
    /// Anything else; a defect or the system's fault.
    Internal,
}

#[cfg(test)]
mod tests {
    use super::{End, ErrorBody, ErrorKind, Exit, Response};

    #[test]
    fn items_keep_their_bytes() {
        let item = Response::Item(serde_json::value::RawValue::from_string("{\"b\":1,\"a\":1.50}".to_owned()).unwrap());
        let frame = serde_json::to_string(&item).unwrap();
        assert_eq!(frame, "{\"item\":{\"b\":1,\"a\":1.50}}");
        match serde_json::from_str::<Response>(&frame).unwrap() {
            Response::Item(raw) => assert_eq!(raw.get(), "{\"b\":1,\"a\":1.50}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ends_and_errors_say_how_to_exit() {
        assert_eq!(End::of_items(0).exit, Exit::Nothing);
        assert_eq!(End::of_items(3).exit, Exit::Found);
        assert_eq!(ErrorBody::new(ErrorKind::NotFound, "no document `x`").exit().code(), 1);
        assert_eq!(ErrorBody::new(ErrorKind::Query, "bad").exit().code(), 2);
        assert_eq!(ErrorBody::new(ErrorKind::NeedsDaemon, "bad").exit().code(), 3);
        assert_eq!(ErrorBody::new(ErrorKind::Version, "bad").exit().code(), 4);
    }
}
