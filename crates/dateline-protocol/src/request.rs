//! What a client may ask. Each request says which wire struct its items are.

use crate::{ErrorBody, ErrorKind};
use dateline_core::{Date, DateInterval, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One request with what bounds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Milliseconds after which the answer is of no use; the server stops working on it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// What is asked.
    pub request: Request,
}

/// Reads a [`Call`] from a frame.
///
/// # Errors
/// An [`ErrorBody`] to answer with: [`ErrorKind::Unsupported`] for a request this build does not know,
/// [`ErrorKind::BadRequest`] for anything else that does not fit.
pub fn decode_call(frame: &[u8]) -> Result<Call, ErrorBody> {
    serde_json::from_slice(frame).map_err(|error| {
        let kind = match error.to_string().starts_with("unknown variant") {
            true => ErrorKind::Unsupported,
            false => ErrorKind::BadRequest,
        };
        ErrorBody { causes: vec![error.to_string()], ..ErrorBody::new(kind, "request is not understood") }
    })
}

/// What is asked. The field `op` names the variant, in kebab-case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Request {
    /// How the daemon is: one [`crate::wire::Status`].
    Status,
    /// Documents that match, best first: [`crate::wire::Hit`].
    Search(Search),
    /// One document: one [`crate::wire::Shown`].
    Show(Show),
    /// What could not be read or processed: [`crate::wire::Failure`].
    Failures(Failures),
    /// Tries failed things again: [`crate::wire::Retried`].
    Retry(Retry),
    /// Why a document has the layers it has: one [`crate::wire::Explanation`].
    Explain(Explain),
    /// Where a file is in the pipeline: one [`crate::wire::Whereabouts`].
    Why(Why),
    /// Dated sentences: [`crate::wire::TimelineEntry`].
    Timeline(Timeline),
    /// What was written that day, about that day, and who was in it: [`crate::wire::DayEntry`].
    On(On),
    /// Entities of the hits, counted: [`crate::wire::EntityCount`].
    Who(Who),
    /// Near-copies and reused passages: [`crate::wire::SimilarDocument`].
    Similar(Similar),
    /// Documents that contradict each other: [`crate::wire::Conflict`].
    Conflicts(Conflicts),
    /// The registry of entities: depends on the action.
    Entities(Entities),
    /// A document's date and what speaks for it: one [`crate::wire::DocumentDate`].
    DateShow(DateShow),
    /// The user decides a document's date: one [`crate::wire::DocumentDate`].
    DateSet(DateSet),
    /// The user takes that back: one [`crate::wire::DocumentDate`].
    DateUnset(DateUnset),
    /// Documents without a date, with suggestions: [`crate::wire::UndatedDocument`].
    Undated(Undated),
    /// What a changed configuration would re-run: [`crate::wire::PlanStep`].
    Plan(Plan),
    /// Documents as they arrive, until the client closes: [`crate::wire::Arrival`].
    Tail(Tail),
    /// A question to an indexer: one JSON value of its own, [`crate::wire::IndexerAnswer`].
    Ask(Ask),
    /// Records for other programs: [`crate::wire::ExportDocument`], [`crate::wire::ExportTimex`] or
    /// [`crate::wire::ExportEntity`].
    Export(Export),
    /// Quotations with their speakers: [`crate::wire::Quote`].
    Quotes(Quotes),
    /// Checks of the system: [`crate::wire::Finding`].
    Doctor,
    /// Writes a backup: one [`crate::wire::BackupReport`].
    Backup(Backup),
    /// Scans the folder again now: one [`crate::wire::Rescanned`].
    Rescan(Rescan),
    /// Words that complete what was typed: [`crate::wire::Suggestion`].
    Complete(Complete),
}

impl Request {
    /// The name of the request, as in the field `op`.
    #[must_use]
    pub fn op(&self) -> &'static str {
        match self {
            Request::Status => "status",
            Request::Search(_) => "search",
            Request::Show(_) => "show",
            Request::Failures(_) => "failures",
            Request::Retry(_) => "retry",
            Request::Explain(_) => "explain",
            Request::Why(_) => "why",
            Request::Timeline(_) => "timeline",
            Request::On(_) => "on",
            Request::Who(_) => "who",
            Request::Similar(_) => "similar",
            Request::Conflicts(_) => "conflicts",
            Request::Entities(_) => "entities",
            Request::DateShow(_) => "date-show",
            Request::DateSet(_) => "date-set",
            Request::DateUnset(_) => "date-unset",
            Request::Undated(_) => "undated",
            Request::Plan(_) => "plan",
            Request::Tail(_) => "tail",
            Request::Ask(_) => "ask",
            Request::Export(_) => "export",
            Request::Quotes(_) => "quotes",
            Request::Doctor => "doctor",
            Request::Backup(_) => "backup",
            Request::Rescan(_) => "rescan",
            Request::Complete(_) => "complete",
        }
    }

    /// The documents that are asked about, where a query says which.
    #[must_use]
    pub fn selection(&self) -> Option<&Selection> {
        match self {
            Request::Search(Search { selection, .. })
            | Request::Timeline(Timeline { selection, .. })
            | Request::On(On { selection, .. })
            | Request::Who(Who { selection, .. })
            | Request::Conflicts(Conflicts { selection, .. })
            | Request::Tail(Tail { selection, .. })
            | Request::Export(Export { selection, .. })
            | Request::Quotes(Quotes { selection, .. }) => Some(selection),
            _ => None,
        }
    }

    /// Whether only a running daemon can do this.
    #[must_use]
    pub fn needs_daemon(&self) -> bool {
        match self {
            Request::Tail(tail) => tail.follow,
            Request::Rescan(_) => true,
            _ => false,
        }
    }
}

/// Which documents: a query and the two clocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Selection {
    /// The query; empty selects everything.
    pub query: String,
    /// Whether all words are required.
    #[serde(rename = "match")]
    pub matching: Match,
    /// Only documents written by the end of this day, at the latest.
    pub as_of: Option<Date>,
    /// Only what had been ingested by then, in the revision current then.
    pub known_at: Option<Timestamp>,
    /// With `as_of`: undated documents too.
    pub undated: bool,
    /// No other spellings of entities.
    pub literal: bool,
    /// Also look for words that the best hits have in common.
    pub expand: bool,
}

impl Selection {
    /// What was searched, to be put behind "nothing found": `` for `peace`, written by 2022-04-05``.
    #[must_use]
    pub fn searched(&self) -> String {
        let mut told = match self.query.trim() {
            "" => String::new(),
            query => format!(" for `{query}`"),
        };
        if let Some(day) = self.as_of {
            told.push_str(&format!(", written by {day}"));
        }
        if let Some(time) = self.known_at {
            told.push_str(&format!(", as known at {}", time.strftime("%Y-%m-%dT%H:%M:%SZ")));
        }
        told
    }
}

/// Whether all words of a query are required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// All; the best partial matches, said to be that, when nothing has them all.
    #[default]
    All,
    /// Any.
    Any,
}

/// See [`Request::Search`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Search {
    /// Which documents.
    pub selection: Selection,
    /// Hits at most.
    pub limit: u32,
    /// Hits to leave out at the top.
    #[serde(default)]
    pub offset: u32,
    /// Only which files match: one hit for each, which has no title, passage, line, span or content hash.
    #[serde(default)]
    pub paths_only: bool,
}

/// See [`Request::Show`]. A document is named by id, by path (as printed, or as the client's directory sees it), or by
/// a fragment of its path that only it has; `PATH#PART` names one record of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Show {
    /// Which document.
    pub document: String,
    /// Layers wanted in full, by name; `*` for all.
    pub layers: Vec<String>,
    /// Which revision; the current one when absent.
    pub revision: Option<u32>,
    /// The difference from this revision to the one shown.
    pub diff: Option<u32>,
    /// As it was known then.
    pub known_at: Option<Timestamp>,
    /// A line of the file that the text must stand on; nothing is found where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u32>,
}

/// See [`Request::Failures`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Failures {
    /// Only paths that hold this text.
    pub path: Option<String>,
    /// Only failures of this processor.
    pub processor: Option<String>,
    /// Failures at most; no limit when absent.
    pub limit: Option<u32>,
}

/// See [`Request::Retry`]. With neither field everything that failed is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retry {
    /// Only this document or path.
    pub document: Option<String>,
    /// Only this processor.
    pub processor: Option<String>,
}

/// See [`Request::Explain`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Explain {
    /// Which document.
    pub document: String,
    /// About what; the whole document when absent.
    pub detail: Option<Detail>,
}

/// What to explain of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// One processor: why it did or did not run, and what it found.
    Processor(String),
    /// The annotations that touch a range of bytes of the text.
    Bytes {
        /// First byte.
        start: u32,
        /// The byte after the last one.
        end: u32,
    },
}

/// See [`Request::Why`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// A path, as printed or as the client's directory sees it; it need not be known to the daemon.
    pub path: String,
}

/// See [`Request::Timeline`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Timeline {
    /// Which documents.
    pub selection: Selection,
    /// No day before this one.
    pub from: Option<Date>,
    /// No day after this one.
    pub to: Option<Date>,
    /// One entry per what.
    pub by: TimelineStep,
    /// Entries at most; the best by support, shown in order of time.
    pub top: Option<u32>,
}

/// How long one step of a timeline is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimelineStep {
    /// A day.
    #[default]
    Day,
    /// An ISO week.
    Week,
    /// A month.
    Month,
}

/// See [`Request::On`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct On {
    /// The day, month, year or interval.
    pub interval: DateInterval,
    /// Which documents; everything when its query is empty.
    #[serde(default)]
    pub selection: Selection,
    /// Entries at most of each kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// See [`Request::Who`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Who {
    /// Which documents.
    pub selection: Selection,
    /// Only entities of this type: `PER`, `ORG`, `LOC`, `MISC`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Entities at most.
    pub limit: Option<u32>,
}

/// See [`Request::Similar`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Similar {
    /// Which document.
    pub document: String,
    /// Documents at most.
    pub limit: Option<u32>,
    /// Whether to say where the texts differ.
    pub diff: bool,
}

/// See [`Request::Conflicts`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Conflicts {
    /// Which documents.
    pub selection: Selection,
    /// Conflicts at most.
    pub limit: Option<u32>,
}

/// See [`Request::Entities`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entities {
    /// What to do.
    pub action: EntityAction,
}

/// What to do with the registry of entities. An entity is named by its id, or by a name that only it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityAction {
    /// Entities, most often named first: [`crate::wire::EntitySummary`].
    List {
        /// Only those whose names hold this text.
        query: Option<String>,
        /// Only this type.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Entities at most.
        limit: Option<u32>,
    },
    /// One entity: one [`crate::wire::EntityDetail`].
    Show {
        /// Which.
        entity: String,
    },
    /// Entities that may be one, with reasons: [`crate::wire::EntitySuggestion`].
    Suggest {
        /// Suggestions at most.
        limit: Option<u32>,
    },
    /// The user decides that these are one; the first gives the name: one [`crate::wire::Decided`].
    Merge {
        /// Two or more.
        entities: Vec<String>,
    },
    /// The user decides that these names are somebody else: one [`crate::wire::Decided`].
    Split {
        /// Which entity.
        entity: String,
        /// The names to take out.
        names: Vec<String>,
    },
    /// The user names an entity: one [`crate::wire::Decided`].
    Rename {
        /// Which entity.
        entity: String,
        /// Its name.
        name: String,
    },
    /// The user decides that these are never one: one [`crate::wire::Decided`].
    Never {
        /// Two or more.
        entities: Vec<String>,
    },
    /// What the user decided so far: [`crate::wire::Decided`].
    Decisions,
    /// Takes a decision back: one [`crate::wire::Decided`].
    Undo {
        /// Its id, as listed by [`EntityAction::Decisions`].
        decision: String,
    },
}

/// See [`Request::DateShow`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateShow {
    /// Which document.
    pub document: String,
}

/// See [`Request::DateSet`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateSet {
    /// Which document.
    pub document: String,
    /// Its date; `null` for "unknown".
    pub date: Option<DateInterval>,
}

/// See [`Request::DateUnset`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateUnset {
    /// Which document.
    pub document: String,
}

/// See [`Request::Undated`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Undated {
    /// Documents at most.
    pub limit: Option<u32>,
}

/// See [`Request::Plan`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Another configuration file to plan for, absolute; the server's own when absent.
    pub config: Option<String>,
}

/// See [`Request::Tail`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tail {
    /// Start behind this sequence; at the end when absent.
    pub from_sequence: Option<u64>,
    /// Only documents that match.
    pub selection: Selection,
    /// Whether each document is reported once, when it first matches, instead of at every change.
    pub once: bool,
    /// Whether to go on when the end is reached.
    pub follow: bool,
}

/// See [`Request::Ask`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Name of the indexer.
    pub name: String,
    /// The question, as the indexer understands it.
    pub question: Value,
}

/// See [`Request::Export`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// Which records.
    pub what: ExportWhat,
    /// Of which documents.
    pub selection: Selection,
}

/// Which records to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportWhat {
    /// One record per document, with its text.
    #[default]
    Documents,
    /// One record per temporal expression.
    Timexes,
    /// One record per mention of an entity.
    Entities,
}

/// See [`Request::Quotes`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotes {
    /// Only of this speaker.
    pub by: Option<String>,
    /// Of which documents.
    pub selection: Selection,
    /// Quotations at most.
    pub limit: Option<u32>,
}

/// See [`Request::Backup`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Where to write it, absolute; must not exist.
    pub path: String,
}

/// See [`Request::Rescan`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rescan {
    /// Whether to answer only when the scan is over and everything it found is searchable.
    pub wait: bool,
}

/// See [`Request::Complete`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// What is being typed.
    pub what: Completion,
    /// What was typed so far.
    pub prefix: String,
    /// Words at most.
    pub limit: u32,
}

/// What can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// A path or id of a document.
    Document,
    /// A name or id of an entity.
    Entity,
    /// The same of a person.
    Person,
    /// The same of an organisation.
    Organisation,
    /// The same of a place.
    Place,
    /// The name of a layer.
    Layer,
    /// The name of a processor.
    Processor,
    /// The name of a query field.
    Field,
}

#[cfg(test)]
mod tests {
    use super::{Call, EntityAction, Request, Search, Selection, decode_call};
    use crate::ErrorKind;

    #[test]
    fn requests_read_as_people_would_write_them() {
        let call =
            decode_call(br#"{"request":{"op":"search","selection":{"query":"x","as-of":"2022-04-05"},"limit":3}}"#);
        let selection =
            Selection { query: "x".to_owned(), as_of: Some("2022-04-05".parse().unwrap()), ..Selection::default() };
        let search = Search { selection, limit: 3, offset: 0, paths_only: false };
        assert_eq!(call, Ok(Call { deadline_ms: None, request: Request::Search(search) }));
        let call = decode_call(br#"{"request":{"op":"entities","action":{"show":{"entity":"Q1"}}}}"#).unwrap();
        let Request::Entities(entities) = call.request else { panic!("{call:?}") };
        assert_eq!(entities.action, EntityAction::Show { entity: "Q1".to_owned() });
        assert_eq!(decode_call(br#"{"request":{"op":"status"}}"#).unwrap().request, Request::Status);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_ignored() {
        let unknown_field = decode_call(br#"{"request":{"op":"show","document":"x","color":"red"}}"#).unwrap_err();
        assert_eq!(unknown_field.kind, ErrorKind::BadRequest);
        assert!(unknown_field.causes[0].contains("color"), "{unknown_field:?}");
        let unknown_request = decode_call(br#"{"request":{"op":"dance"}}"#).unwrap_err();
        assert_eq!(unknown_request.kind, ErrorKind::Unsupported);
        assert_eq!(decode_call(b"\xff").unwrap_err().kind, ErrorKind::BadRequest);
    }

    #[test]
    fn the_op_of_each_request_is_its_tag() {
        let tag = |request: &Request| serde_json::to_value(request).unwrap()["op"].as_str().unwrap().to_owned();
        for request in [Request::Status, Request::Doctor, Request::DateUnset(super::DateUnset::default())] {
            assert_eq!(tag(&request), request.op());
        }
    }
}
