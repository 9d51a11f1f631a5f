//! The records as they are written, one struct per kind and version, and how core's values become them. A changed form
//! is a new struct with `From` the old one; golden bytes in the tests hold every version.

use crate::believed::Believed;
use crate::codec::{Blob, DecodeError, decode, encode};
use crate::error::StoreError;
use crate::keys;
use crate::model::{
    Annotations, ChangeKind, Failure, FailureEntry, FileIdentity, HeldDeletes, RecordFailure, RootIdentity,
};
use dateline_core::{
    ContentHash, Date, Diagnostic, Document, Facet, FacetValue, LayerRecord, Mark, MarkKind, Metadata, MetadataEntry,
    Origin, Outcome, OutcomeState, SourcePath, Span, StalenessKey, Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// A kind of record with its newest version.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// Kind in the envelope; the first byte of its keys.
    const KIND: u8;
    /// Newest version.
    const VERSION: u8 = 1;

    /// The payload.
    fn to_payload(&self) -> Result<Vec<u8>, StoreError> {
        encode(self)
    }

    /// The record of a payload of some version.
    fn of_payload(version: u8, payload: &[u8]) -> Result<Self, DecodeError> {
        if version == 1 { decode(payload) } else { Err(DecodeError::Version(version)) }
    }
}

/// Number and sum of the records of a family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SumV1 {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

/// Counters and sums; written with every transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetaV1 {
    /// Tells this store from another; the history carries it too.
    pub(crate) store: [u8; 16],
    /// End of the change log.
    pub(crate) sequence: u64,
    /// Next document id.
    pub(crate) next_document: u64,
    /// Time of the last commit, microseconds since the epoch.
    pub(crate) time: i64,
    pub(crate) clock_jumps: u64,
    /// The log is trimmed up to here.
    pub(crate) trimmed: u64,
    pub(crate) sources: u64,
    pub(crate) documents: u64,
    pub(crate) deleted: u64,
    pub(crate) revisions: u64,
    /// By family.
    pub(crate) sums: BTreeMap<u8, SumV1>,
}

impl Record for MetaV1 {
    const KIND: u8 = keys::META;
}

/// Identity of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IdentityV1 {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) mtime_ns: i64,
    pub(crate) ctime_ns: i64,
}

impl From<FileIdentity> for IdentityV1 {
    fn from(identity: FileIdentity) -> IdentityV1 {
        let FileIdentity { device, inode, size, mtime_ns, ctime_ns } = identity;
        IdentityV1 { device, inode, size, mtime_ns, ctime_ns }
    }
}

impl From<IdentityV1> for FileIdentity {
    fn from(identity: IdentityV1) -> FileIdentity {
        let IdentityV1 { device, inode, size, mtime_ns, ctime_ns } = identity;
        FileIdentity { device, inode, size, mtime_ns, ctime_ns }
    }
}

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DiagnosticV1 {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) span: Option<(u32, u32)>,
}

impl From<&Diagnostic> for DiagnosticV1 {
    fn from(diagnostic: &Diagnostic) -> DiagnosticV1 {
        DiagnosticV1 {
            code: diagnostic.code.clone(),
            message: diagnostic.message.clone(),
            span: diagnostic.span.map(|span| (span.start, span.end)),
        }
    }
}

impl From<DiagnosticV1> for Diagnostic {
    fn from(diagnostic: DiagnosticV1) -> Diagnostic {
        let span = diagnostic.span.map(|(start, end)| Span { start, end });
        Diagnostic { code: diagnostic.code, message: diagnostic.message, span }
    }
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CatalogV1 {
    pub(crate) identity: IdentityV1,
    pub(crate) content: [u8; 32],
    pub(crate) parser_key: [u8; 32],
    pub(crate) complete: bool,
    pub(crate) removed: bool,
    pub(crate) absences: u32,
    /// The only document it ever held; with a second one, all are listed as parts.
    pub(crate) single: Option<u64>,
    /// Open documents.
    pub(crate) documents: u64,
    pub(crate) changed: i64,
    pub(crate) diagnostics: Vec<DiagnosticV1>,
}

impl Record for CatalogV1 {
    const KIND: u8 = keys::CATALOG;
}

/// An entry of a list of which the key says all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartV1;

impl Record for PartV1 {
    const KIND: u8 = keys::PART;
}

/// A deleted document by its content; the key says all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeletedV1;

impl Record for DeletedV1 {
    const KIND: u8 = keys::DELETED;
}

/// A missing source; the key says all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MissingV1;

impl Record for MissingV1 {
    const KIND: u8 = keys::MISSING;
}

/// A document on whose current revision a processor failed; the key says all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailedV1;

impl Record for FailedV1 {
    const KIND: u8 = keys::FAILED;
}

/// Where and how long a chunked value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobV1 {
    /// How the stored bytes are made: see `blob`.
    pub(crate) method: u8,
    /// Bytes before compression.
    pub(crate) raw: u32,
    /// Bytes in chunks.
    pub(crate) stored: u32,
    /// Start of the BLAKE3 hash of the bytes before compression.
    pub(crate) digest: u64,
}

impl BlobV1 {
    /// Whether there is nothing: the value is yet to come, after a rebuild.
    pub(crate) fn is_absent(&self) -> bool {
        self.method == crate::blob::ABSENT
    }
}

/// A revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RevisionV1 {
    pub(crate) revision: u32,
    pub(crate) content: [u8; 32],
    pub(crate) from: i64,
    pub(crate) to: Option<i64>,
    /// The newest change that mentions it.
    pub(crate) changed: u64,
    pub(crate) body: BlobV1,
    pub(crate) annotations: BlobV1,
}

impl Record for RevisionV1 {
    const KIND: u8 = keys::REVISION;
}

/// A document with its newest revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeadV1 {
    pub(crate) path: Blob,
    pub(crate) part: String,
    /// Whether the part is the record's own id.
    pub(crate) own: bool,
    pub(crate) number: u32,
    pub(crate) open: bool,
    /// Oldest revision kept.
    pub(crate) oldest: u32,
    pub(crate) current: RevisionV1,
}

impl Record for HeadV1 {
    const KIND: u8 = keys::HEAD;
}

impl HeadV1 {
    pub(crate) fn path(&self) -> SourcePath {
        SourcePath::new(self.path.0.clone())
    }
}

/// What a change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChangeKindV1 {
    /// A new document.
    New,
    /// New content.
    Revised,
    /// A deleted document came back.
    Reopened,
    /// Other annotations, or what else makes no revision.
    Updated,
    /// A document is gone.
    Deleted,
    /// Retention forgot revisions.
    Purged,
    /// Another file, part or number, with whatever else is new.
    Moved,
}

impl From<ChangeKindV1> for ChangeKind {
    fn from(kind: ChangeKindV1) -> ChangeKind {
        match kind {
            ChangeKindV1::New => ChangeKind::New,
            ChangeKindV1::Revised => ChangeKind::Revised,
            ChangeKindV1::Reopened => ChangeKind::Reopened,
            ChangeKindV1::Updated => ChangeKind::Updated,
            ChangeKindV1::Moved => ChangeKind::Moved,
            ChangeKindV1::Deleted => ChangeKind::Deleted,
            ChangeKindV1::Purged => ChangeKind::Purged,
        }
    }
}

/// An entry of the change log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeV1 {
    pub(crate) kind: ChangeKindV1,
    pub(crate) document: u64,
    pub(crate) opened: Option<u32>,
    pub(crate) closed: Option<u32>,
    pub(crate) purged: Vec<u32>,
}

impl Record for ChangeV1 {
    const KIND: u8 = keys::CHANGE;
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailureV1 {
    /// Code, reason, quarantined, content.
    pub(crate) whole: Option<(String, String, bool, Option<[u8; 32]>)>,
    pub(crate) records: BlobV1,
    pub(crate) more_records: u64,
    pub(crate) attempts: u32,
    pub(crate) since: i64,
    pub(crate) last: i64,
    pub(crate) identity: Option<IdentityV1>,
    /// Of the whole; zeros without.
    pub(crate) key: [u8; 32],
}

impl Record for FailureV1 {
    const KIND: u8 = keys::FAILURE;
}

impl FailureV1 {
    pub(crate) fn entry(self, path: SourcePath, records: Vec<RecordFailureV1>) -> FailureEntry {
        let failure = self.whole.map(|(code, reason, quarantined, content)| Failure {
            code,
            reason,
            quarantined,
            content: content.map(ContentHash),
            key: ContentHash(self.key),
        });
        let records = records
            .into_iter()
            .map(|record| RecordFailure { part: record.part, line: record.line, reason: record.reason })
            .collect();
        FailureEntry {
            path,
            failure,
            records,
            more_records: self.more_records,
            attempts: self.attempts,
            since: timestamp(self.since),
            last: timestamp(self.last),
            identity: self.identity.map(Into::into),
        }
    }
}

/// A record of a source that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordFailureV1 {
    pub(crate) part: String,
    pub(crate) line: u32,
    pub(crate) reason: String,
}

/// A named single record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NamedV1 {
    /// Watched directory: path, device, inode.
    Root(Blob, u64, u64),
    /// Held deletes: reason, sources, since.
    Held(String, u64, i64),
    /// What an indexer has applied.
    Applied(u64),
    /// An indexer's table is being emptied.
    Clearing,
    /// A dictionary of the compression.
    Dictionary(BlobV1),
    /// Dictionaries that new texts and annotations are written with, by number, and how many revisions there were when
    /// they were learnt.
    Dictionaries { texts: u32, annotations: u32, revisions: u64 },
    /// What made the results of all documents.
    Chain([u8; 32]),
    /// Bytes of the store after its last compaction.
    Compacted(u64),
    /// A document was moved, and what its place decides was not looked at since; the name says which.
    Moved,
    /// What is believed of the clock by which retention goes: until when, and since when it is doubted.
    Believed(i64, Option<i64>),
    /// Every document is marked on which a processor failed.
    FailedListed,
}

impl Record for NamedV1 {
    const KIND: u8 = keys::NAMED;
}

impl From<&RootIdentity> for NamedV1 {
    fn from(root: &RootIdentity) -> NamedV1 {
        NamedV1::Root(Blob(root.path.clone()), root.device, root.inode)
    }
}

impl From<&HeldDeletes> for NamedV1 {
    fn from(held: &HeldDeletes) -> NamedV1 {
        NamedV1::Held(held.reason.clone(), held.sources, micros(held.since))
    }
}

impl From<Believed> for NamedV1 {
    fn from(believed: Believed) -> NamedV1 {
        NamedV1::Believed(believed.time, believed.doubted_since)
    }
}

/// A page of an indexer's table: what its blob holds is the table's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PageV1 {
    pub(crate) blob: BlobV1,
    pub(crate) stored: Blob,
}

impl Record for PageV1 {
    const KIND: u8 = keys::TABLE;
}

/// Content of a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BodyV1 {
    pub(crate) text: String,
    pub(crate) title: Option<String>,
    pub(crate) title_span: Option<(u32, u32)>,
    /// Start, end, kind.
    pub(crate) marks: Vec<(u32, u32, u8)>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) offset: Option<u64>,
    pub(crate) line: StoredLine,
}

/// The line a text starts on. 0 is written for a text that stands line by line in all of its file, and the highest bit is
/// set for one that does so from a later line on, so that what was written before there was such a bit is read as ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoredLine(u32);

impl StoredLine {
    /// Marks a line from which on the text stands line by line.
    const BY_LINE: u32 = 1 << 31;

    fn of(origin: &Origin) -> StoredLine {
        let line = origin.line.min(Self::BY_LINE - 1);
        match origin.offset.is_none() && origin.by_line {
            true if line <= 1 => StoredLine(0),
            true => StoredLine(line | Self::BY_LINE),
            false => StoredLine(line),
        }
    }

    fn origin(self, offset: Option<u64>) -> Origin {
        let by_line = offset.is_some() || self.0 == 0 || self.0 & Self::BY_LINE != 0;
        Origin { offset, line: (self.0 & !Self::BY_LINE).max(1), by_line }
    }
}

/// As [`BodyV1`], borrowed for writing.
#[derive(Serialize)]
pub(crate) struct BodyRefV1<'a> {
    text: &'a str,
    title: Option<&'a str>,
    title_span: Option<(u32, u32)>,
    marks: Vec<(u32, u32, u8)>,
    metadata: Vec<(&'a str, &'a str)>,
    offset: Option<u64>,
    line: StoredLine,
}

impl<'a> From<&'a Document> for BodyRefV1<'a> {
    fn from(document: &'a Document) -> BodyRefV1<'a> {
        let kind = |kind| match kind {
            MarkKind::DateHeader => 0,
            MarkKind::WireMarker => 1,
        };
        BodyRefV1 {
            text: &document.text,
            title: document.title.as_deref(),
            title_span: document.title_span.map(|span| (span.start, span.end)),
            marks: document.marks.iter().map(|mark| (mark.span.start, mark.span.end, kind(mark.kind))).collect(),
            metadata: document.metadata.iter().collect(),
            offset: document.origin.offset,
            line: StoredLine::of(&document.origin),
        }
    }
}

impl BodyV1 {
    pub(crate) fn document(self) -> Result<Document, DecodeError> {
        let mark = |(start, end, kind)| {
            let kind = match kind {
                0 => MarkKind::DateHeader,
                1 => MarkKind::WireMarker,
                _ => return Err(DecodeError::Impossible("an unknown kind of mark")),
            };
            Ok(Mark { span: Span { start, end }, kind })
        };
        Ok(Document {
            text: self.text,
            title: self.title,
            title_span: self.title_span.map(|(start, end)| Span { start, end }),
            marks: self.marks.into_iter().map(mark).collect::<Result<_, _>>()?,
            metadata: Metadata(self.metadata.into_iter().map(|(key, value)| MetadataEntry { key, value }).collect()),
            origin: self.line.origin(self.offset),
        })
    }
}

/// A facet's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum FacetValueV1 {
    Keyword(String),
    Integer(i64),
    Number(f64),
    /// Year, month, day.
    Date(i16, i8, i8),
}

/// How a processor fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OutcomeStateV1 {
    Done,
    Failed(String),
    Skipped(String),
}

/// Outcome of a processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutcomeV1 {
    pub(crate) processor: String,
    pub(crate) version: u32,
    pub(crate) key: [u8; 16],
    /// Little endian numbers of four bytes: hashes, which a variable length would only lengthen.
    pub(crate) parts: Blob,
    pub(crate) state: OutcomeStateV1,
    pub(crate) diagnostics: Vec<DiagnosticV1>,
}

/// Annotations of a revision. Hashes of layers are not written: they follow from the bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AnnotationsV1 {
    /// Name, schema, bytes.
    pub(crate) layers: Vec<(String, u32, Blob)>,
    pub(crate) facets: Vec<(String, FacetValueV1)>,
    pub(crate) outcomes: Vec<OutcomeV1>,
    pub(crate) diagnostics: Vec<DiagnosticV1>,
}

impl From<&Annotations> for AnnotationsV1 {
    fn from(annotations: &Annotations) -> AnnotationsV1 {
        let facet = |value: &FacetValue| match value {
            FacetValue::Keyword(word) => FacetValueV1::Keyword(word.clone()),
            FacetValue::Integer(number) => FacetValueV1::Integer(*number),
            FacetValue::Number(number) => FacetValueV1::Number(*number),
            FacetValue::Date(date) => FacetValueV1::Date(date.year(), date.month(), date.day()),
        };
        let state = |state: &OutcomeState| match state {
            OutcomeState::Done => OutcomeStateV1::Done,
            OutcomeState::Failed { reason } => OutcomeStateV1::Failed(reason.clone()),
            OutcomeState::Skipped { missing } => OutcomeStateV1::Skipped(missing.clone()),
        };
        let odd = |diagnostics: &[Diagnostic]| diagnostics.iter().map(Into::into).collect::<Vec<_>>();
        let outcome = |one: &Outcome| OutcomeV1 {
            processor: one.processor.clone(),
            version: one.version,
            key: one.key.0,
            parts: Blob(one.parts.iter().flat_map(|part| part.to_le_bytes()).collect()),
            state: state(&one.state),
            diagnostics: odd(&one.diagnostics),
        };
        AnnotationsV1 {
            layers: annotations
                .layers
                .iter()
                .map(|layer| (layer.name.clone(), layer.schema, Blob(layer.bytes.clone())))
                .collect(),
            facets: annotations.facets.iter().map(|one| (one.name.clone(), facet(&one.value))).collect(),
            outcomes: annotations.outcomes.iter().map(outcome).collect(),
            diagnostics: odd(&annotations.diagnostics),
        }
    }
}

impl AnnotationsV1 {
    pub(crate) fn annotations(self) -> Result<Annotations, DecodeError> {
        let facet = |(name, value)| {
            let value = match value {
                FacetValueV1::Keyword(word) => FacetValue::Keyword(word),
                FacetValueV1::Integer(number) => FacetValue::Integer(number),
                FacetValueV1::Number(number) => FacetValue::Number(number),
                FacetValueV1::Date(year, month, day) => FacetValue::Date(
                    Date::new(year, month, day).map_err(|_| DecodeError::Impossible("a day that is none"))?,
                ),
            };
            Ok(Facet { name, value })
        };
        let state = |state| match state {
            OutcomeStateV1::Done => OutcomeState::Done,
            OutcomeStateV1::Failed(reason) => OutcomeState::Failed { reason },
            OutcomeStateV1::Skipped(missing) => OutcomeState::Skipped { missing },
        };
        let odd = |diagnostics: Vec<DiagnosticV1>| diagnostics.into_iter().map(Into::into).collect::<Vec<_>>();
        let part = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let outcome = |one: OutcomeV1| Outcome {
            processor: one.processor,
            version: one.version,
            key: StalenessKey(one.key),
            parts: one.parts.0.chunks_exact(4).map(part).collect(),
            state: state(one.state),
            diagnostics: odd(one.diagnostics),
        };
        Ok(Annotations {
            layers: self
                .layers
                .into_iter()
                .map(|(name, schema, bytes)| LayerRecord::new(name, schema, bytes.0))
                .collect(),
            facets: self.facets.into_iter().map(facet).collect::<Result<_, _>>()?,
            outcomes: self.outcomes.into_iter().map(outcome).collect(),
            diagnostics: odd(self.diagnostics),
        })
    }
}

/// Hash of what makes a revision: text, title and metadata. Marks, spans and the place in the file do not count.
#[must_use]
pub fn content_hash(document: &Document) -> ContentHash {
    let title = document.title.as_deref();
    let count = (document.metadata.0.len() as u64).to_le_bytes();
    let head = [document.text.as_bytes(), &[u8::from(title.is_some())], title.unwrap_or("").as_bytes(), &count];
    let metadata = document.metadata.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]);
    ContentHash::of_fields(head.into_iter().chain(metadata))
}

/// A time as stored: microseconds since the epoch.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The time of stored microseconds; out of range gives the nearest.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    let nearest = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(micros).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::{
        AnnotationsV1, BlobV1, BodyRefV1, BodyV1, CatalogV1, ChangeKindV1, ChangeV1, DeletedV1, FailedV1, FailureV1,
        HeadV1, IdentityV1, MetaV1, MissingV1, NamedV1, PageV1, PartV1, Record, RecordFailureV1, RevisionV1, SumV1,
        content_hash,
    };
    use crate::codec::{Blob, DecodeError, decode, encode};
    use crate::history::{BatchV1, BodyCopyV1, EntryV1, PlaceV1};
    use crate::model::Annotations;
    use dateline_core::{
        Date, Diagnostic, Document, Facet, FacetValue, LayerRecord, Mark, MarkKind, Metadata, Origin, Outcome,
        OutcomeState, Span, StalenessKey,
    };
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
    }

    /// Bytes that the first version wrote must be written and read alike for ever.
    fn check<R: Record + PartialEq + std::fmt::Debug>(record: &R, golden: &str) {
        assert_eq!(hex(&record.to_payload().unwrap()), golden, "{record:?}");
        assert_eq!(&R::of_payload(1, &bytes(golden)).unwrap(), record);
        assert!(matches!(R::of_payload(2, &bytes(golden)), Err(DecodeError::Version(2))));
    }

    fn document() -> Document {
        let mut metadata = Metadata::default();
        metadata.push("date", "2022-04-05");
        Document {
            text: " date 2022-04-05 Kyïv".to_owned(),
            title: Some("T".to_owned()),
            title_span: Some(Span::new(17, 18)),
            marks: vec![Mark { span: Span::new(0, 17), kind: MarkKind::DateHeader }],
            metadata,
            origin: Origin { offset: Some(3), line: 2, by_line: true },
        }
    }

    fn annotations() -> Annotations {
        let facet = |value| Facet { name: "f".to_owned(), value };
        let outcome = |state| Outcome {
            processor: "p".to_owned(),
            version: 2,
            key: StalenessKey([9; 16]),
            parts: vec![1, u32::MAX],
            state,
            diagnostics: vec![Diagnostic::new("c", "m").at(Span::new(1, 2))],
        };
        Annotations {
            layers: vec![LayerRecord::new("timex", 1, vec![1, 2, 3])],
            facets: vec![
                facet(FacetValue::Keyword("k".to_owned())),
                facet(FacetValue::Integer(-5)),
                facet(FacetValue::Number(0.5)),
                facet(FacetValue::Date(Date::constant(2022, 4, 5))),
            ],
            outcomes: vec![
                outcome(OutcomeState::Done),
                outcome(OutcomeState::Failed { reason: "r".to_owned() }),
                outcome(OutcomeState::Skipped { missing: "dct".to_owned() }),
            ],
            diagnostics: vec![Diagnostic::new("c", "m")],
        }
    }

    fn revision() -> RevisionV1 {
        RevisionV1 {
            revision: 2,
            content: [7; 32],
            from: 1_000_000,
            to: Some(-1),
            changed: 300,
            body: BlobV1 { method: 2, raw: 4_800, stored: 2_000, digest: 0x0102_0304_0506_0708 },
            annotations: BlobV1::default(),
        }
    }

    fn identity() -> IdentityV1 {
        IdentityV1 { device: 1, inode: 70_000, size: 10, mtime_ns: -4, ctime_ns: 5 }
    }

    #[test]
    fn golden_bytes_of_single_records() {
        let sums = BTreeMap::from([(b'H', SumV1 { count: 1, sum: u64::MAX })]);
        let meta = MetaV1 {
            store: [5; 16],
            sequence: 300,
            next_document: 2,
            time: 1_000_000,
            clock_jumps: 1,
            trimmed: 4,
            sources: 1,
            documents: 1,
            deleted: 0,
            revisions: 1,
            sums,
        };
        check(&meta, "05050505050505050505050505050505fb2c0102fc80841e00010401010001014801fdffffffffffffffff");
        let diagnostics = vec![(&Diagnostic::new("c", "m")).into()];
        let catalog = CatalogV1 {
            identity: identity(),
            content: [1; 32],
            parser_key: [2; 32],
            complete: true,
            removed: false,
            absences: 1,
            single: Some(1),
            documents: 1,
            changed: 5,
            diagnostics,
        };
        check(
            &catalog,
            "01fc701101000a070a010101010101010101010101010101010101010101010101010101010101010102020202020202020202020202020202020202020202020202020202020202020100010101010a010163016d00",
        );
        check(&PartV1, "");
        check(&DeletedV1, "");
        check(&MissingV1, "");
        check(&FailedV1, "");
        check(
            &revision(),
            "020707070707070707070707070707070707070707070707070707070707070707fc80841e000101fb2c0102fbc012fbd007fd080706050403020100000000",
        );
        let head = HeadV1 {
            path: Blob(b"a/\xff".to_vec()),
            part: "1".to_owned(),
            own: false,
            number: 1,
            open: true,
            oldest: 1,
            current: revision(),
        };
        check(
            &head,
            "03612fff013100010101020707070707070707070707070707070707070707070707070707070707070707fc80841e000101fb2c0102fbc012fbd007fd080706050403020100000000",
        );
        let change =
            ChangeV1 { kind: ChangeKindV1::Purged, document: 1, opened: Some(2), closed: None, purged: vec![1] };
        check(&change, "05010102000101");
        let failure = FailureV1 {
            whole: Some(("c".to_owned(), "r".to_owned(), true, Some([3; 32]))),
            records: BlobV1::default(),
            more_records: 1,
            attempts: 2,
            since: 3,
            last: 4,
            identity: Some(identity()),
            key: [5; 32],
        };
        check(
            &failure,
            "01016301720101030303030303030303030303030303030303030303030303030303030303030300000000010206080101fc701101000a070a0505050505050505050505050505050505050505050505050505050505050505",
        );
        check(&NamedV1::Root(Blob(b"/r".to_vec()), 1, 2), "00022f720102");
        check(&NamedV1::Held("why".to_owned(), 3, 4), "01037768790308");
        check(&NamedV1::Applied(7), "0207");
        check(&NamedV1::Clearing, "03");
        check(&NamedV1::Chain([6; 32]), &format!("06{}", "06".repeat(32)));
        check(&NamedV1::Compacted(300), "07fb2c01");
        check(&NamedV1::Moved, "08");
        check(&NamedV1::Believed(3, Some(-2)), "09060103");
        check(&NamedV1::Believed(3, None), "090600");
        check(&NamedV1::FailedListed, "0a");
        check(&NamedV1::Dictionary(revision().body), "0402fbc012fbd007fd0807060504030201");
        check(&NamedV1::Dictionaries { texts: 1, annotations: 2, revisions: 1_000 }, "050102fbe803");
        check(&PageV1 { blob: revision().body, stored: Blob(vec![1, 2]) }, "02fbc012fbd007fd0807060504030201020102");
    }

    #[test]
    fn golden_bytes_of_values_in_chunks() {
        let body = encode(&BodyRefV1::from(&document())).unwrap();
        assert_eq!(
            hex(&body),
            "16206461746520323032322d30342d3035204b79c3af76010154011112010011000104646174650a323032322d30342d3035010302"
        );
        assert_eq!(decode::<BodyV1>(&body).unwrap().document().unwrap(), document());
        let encoded = encode(&AnnotationsV1::from(&annotations())).unwrap();
        assert_eq!(
            hex(&encoded),
            "010574696d6578010301020304016600016b01660109016602000000000000e03f016603fbcc0f040503017002090909090909090909090909090909090801000000ffffffff00010163016d010102017002090909090909090909090909090909090801000000ffffffff010172010163016d010102017002090909090909090909090909090909090801000000ffffffff0203646374010163016d010102010163016d00"
        );
        assert_eq!(decode::<AnnotationsV1>(&encoded).unwrap().annotations().unwrap(), annotations());
        let failures = vec![RecordFailureV1 { part: "3".to_owned(), line: 9, reason: "r".to_owned() }];
        assert_eq!(hex(&encode(&failures).unwrap()), "010133090172");
    }

    #[test]
    fn golden_bytes_of_history_entries() {
        let place = PlaceV1 { path: Blob(b"a".to_vec()), part: "1".to_owned(), own: true, number: 1 };
        let body = BodyCopyV1 { blob: revision().body, stored: Blob(vec![1, 2, 3]) };
        let entries = vec![
            EntryV1::Opened { sequence: 1, document: 1, revision: 1, place: place.clone(), content: [7; 32], from: 5 },
            EntryV1::Closed {
                sequence: 2,
                document: 1,
                revision: 1,
                content: [7; 32],
                from: 5,
                to: 6,
                deleted: true,
                body: Some(body),
            },
            EntryV1::Moved { sequence: 3, document: 1, place },
            EntryV1::Purged { sequence: 4, document: 1, revision: 1 },
        ];
        let batch = BatchV1 { time: 6, entries };
        let encoded = encode(&batch).unwrap();
        assert_eq!(
            hex(&encoded),
            "0c040001010101610131010107070707070707070707070707070707070707070707070707070707070707070a0102010107070707070707070707070707070707070707070707070707070707070707070a0c010102fbc012fbd007fd08070605040302010301020302030101610131010103040101"
        );
        assert_eq!(decode::<BatchV1>(&encoded).unwrap(), batch);
    }

    #[test]
    fn what_makes_a_revision_is_text_title_and_metadata() {
        let hash = |change: fn(&mut Document)| {
            let mut document = document();
            change(&mut document);
            content_hash(&document)
        };
        let same = content_hash(&document());
        assert_eq!(same.hex(), "2913cba833c8f84e950aaa615c60b16c176097d2668b39e014910385cc18ed2d");
        assert_eq!(hash(|document| document.marks.clear()), same);
        assert_eq!(hash(|document| document.origin.line = 9), same);
        assert_ne!(hash(|document| document.text.push('x')), same);
        assert_ne!(hash(|document| document.title = None), same);
        assert_ne!(hash(|document| document.title = Some(String::new())), hash(|document| document.title = None));
        assert_ne!(hash(|document| document.metadata.push("a", "b")), same);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = MetaV1::of_payload(1, &bytes);
            let _ = CatalogV1::of_payload(1, &bytes);
            let _ = HeadV1::of_payload(1, &bytes);
            let _ = FailureV1::of_payload(1, &bytes);
            let _ = NamedV1::of_payload(1, &bytes);
            let _ = PageV1::of_payload(1, &bytes);
            let _ = decode::<BodyV1>(&bytes).and_then(BodyV1::document);
            let _ = decode::<AnnotationsV1>(&bytes).and_then(AnnotationsV1::annotations);
            let _ = decode::<BatchV1>(&bytes);
        }
    }
}
