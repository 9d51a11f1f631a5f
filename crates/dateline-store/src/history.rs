//! The past, outside the engine: append-only segment files of checksummed, chained frames, one per commit. It holds what
//! a rebuild of the store cannot get from the folder: ids, times, superseded and deleted texts. Not an index.
//!
//! A segment is a header and frames. A frame is a header with its length, its range of sequences and a checksum chained
//! to the frame before, and a payload with a checksum of its own. So a cut, altered, doubled or missing frame is noticed,
//! and an unfinished last one, which a crash may leave, is told from damage.

use crate::codec::{Blob, decode, encode};
use crate::error::{StatePart, StoreError};
use crate::files::{create_directory, io, sync_directory};
use crate::limits::{FRAME_BYTES_MAX, SEGMENT_BYTES};
use crate::record::BlobV1;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

const MAGIC: [u8; 6] = *b"DLHIST";
const VERSION: u16 = 1;
/// Magic 6, version 2, store 16, first sequence 8, chain 4, checksum 4.
const SEGMENT_HEADER_BYTES: usize = 40;
/// Payload length 4, first 8, last 8, payload checksum 4, chained checksum 4.
const FRAME_HEADER_BYTES: usize = 28;
/// A torn write leaves whole sectors of zeros.
const SECTOR_BYTES: usize = 512;

/// Content of a revision as the store had it: how it is compressed and the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BodyCopyV1 {
    pub(crate) blob: BlobV1,
    pub(crate) stored: Blob,
}

/// Where a document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlaceV1 {
    pub(crate) path: Blob,
    pub(crate) part: String,
    pub(crate) own: bool,
    pub(crate) number: u32,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EntryV1 {
    /// A revision became current.
    Opened { sequence: u64, document: u64, revision: u32, place: PlaceV1, content: [u8; 32], from: i64 },
    /// A revision was superseded, or its document deleted. Without a body the text was lost before.
    Closed {
        sequence: u64,
        document: u64,
        revision: u32,
        content: [u8; 32],
        from: i64,
        to: i64,
        deleted: bool,
        body: Option<BodyCopyV1>,
    },
    /// A document stands elsewhere.
    Moved { sequence: u64, document: u64, place: PlaceV1 },
    /// Retention forgot a revision.
    Purged { sequence: u64, document: u64, revision: u32 },
}

impl EntryV1 {
    /// The document it is about.
    pub(crate) fn document(&self) -> u64 {
        match self {
            EntryV1::Opened { document, .. }
            | EntryV1::Closed { document, .. }
            | EntryV1::Moved { document, .. }
            | EntryV1::Purged { document, .. } => *document,
        }
    }
}

/// What one commit did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchV1 {
    pub(crate) time: i64,
    pub(crate) entries: Vec<EntryV1>,
}

/// A frame that was read: the sequences it covers and what happened.
pub(crate) struct Frame {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) batch: BatchV1,
}

fn damaged(path: &Path, what: &str) -> StoreError {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    StoreError::Damaged { part: StatePart::History, what: format!("segment `{name}` {what}") }
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le32(bytes, at)) | (u64::from(le32(bytes, at + 4)) << 32)
}

/// Header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SegmentHeader {
    store: [u8; 16],
    first: u64,
    chain: u32,
}

impl SegmentHeader {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.store);
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.chain.to_le_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    fn read(path: &Path, bytes: &[u8]) -> Result<SegmentHeader, StoreError> {
        if bytes.len() < SEGMENT_HEADER_BYTES {
            return Err(damaged(path, "is shorter than its header"));
        }
        if bytes[..6] != MAGIC || le32(bytes, 36) != crc32fast::hash(&bytes[..36]) {
            return Err(damaged(path, "has a damaged header"));
        }
        let version = u16::from_le_bytes([bytes[6], bytes[7]]);
        if version != VERSION {
            let what = format!("history segment `{}`", path.display());
            return Err(StoreError::TooNew { what, found: u32::from(version), newest: u32::from(VERSION) });
        }
        let mut store = [0; 16];
        store.copy_from_slice(&bytes[8..24]);
        Ok(SegmentHeader { store, first: le64(bytes, 24), chain: le32(bytes, 32) })
    }
}

fn frame_header(chain: u32, payload: &[u8], first: u64, last: u64) -> Result<(Vec<u8>, u32), StoreError> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length as usize <= FRAME_BYTES_MAX);
    let length =
        length.ok_or(StoreError::TooLarge { what: "history batch", bytes: payload.len(), limit: FRAME_BYTES_MAX })?;
    let mut header = Vec::with_capacity(FRAME_HEADER_BYTES);
    header.extend(length.to_le_bytes());
    header.extend(first.to_le_bytes());
    header.extend(last.to_le_bytes());
    header.extend(crc32fast::hash(payload).to_le_bytes());
    let next = chained(chain, &header);
    header.extend(next.to_le_bytes());
    Ok((header, next))
}

fn chained(chain: u32, header: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(header);
    hasher.finalize()
}

/// What stands at some place of a segment.
enum Piece {
    /// A whole frame, and where the next one starts.
    Frame { frame: Frame, chain: u32, next: usize },
    /// Nothing more.
    End,
    /// An unfinished last frame.
    Torn,
}

/// Reads the frame at `at`. `newest` says that no segment follows, so that a frame may be unfinished.
fn piece(path: &Path, bytes: &[u8], at: usize, chain: u32, newest: bool) -> Result<Piece, StoreError> {
    let rest = &bytes[at..];
    let torn_or = |what: &str| if newest { Ok(Piece::Torn) } else { Err(damaged(path, what)) };
    if rest.is_empty() {
        return Ok(Piece::End);
    }
    if rest.len() < FRAME_HEADER_BYTES {
        return torn_or("ends inside a frame");
    }
    if le32(rest, 24) != chained(chain, &rest[..24]) {
        let sector = (at / SECTOR_BYTES + 1) * SECTOR_BYTES - at;
        let unwritten = rest.iter().skip(sector).all(|byte| *byte == 0) && rest[24..28] == [0; 4];
        if unwritten {
            return torn_or("ends in an unwritten frame");
        }
        return Err(damaged(path, &format!("has a damaged frame at byte {at}")));
    }
    let length = le32(rest, 0) as usize;
    let Some(payload) = rest.get(FRAME_HEADER_BYTES..FRAME_HEADER_BYTES + length) else {
        return torn_or("ends inside a frame");
    };
    let next = at + FRAME_HEADER_BYTES + length;
    if le32(rest, 20) != crc32fast::hash(payload) {
        // The header is whole and nothing follows: a last batch whose pages did not all reach the disk.
        if next == bytes.len() && newest {
            return Ok(Piece::Torn);
        }
        return Err(damaged(path, &format!("has a damaged batch at byte {at}")));
    }
    let batch =
        decode::<BatchV1>(payload).map_err(|error| damaged(path, &format!("has a batch at byte {at} that {error}")))?;
    let frame = Frame { first: le64(rest, 4), last: le64(rest, 12), batch };
    Ok(Piece::Frame { frame, chain: le32(rest, 24), next })
}

/// Reads a segment from memory to its end; for the fuzzer.
#[cfg(fuzzing)]
pub(crate) fn walk(bytes: &[u8]) {
    let path = Path::new("1.log");
    let (mut chain, mut at) = match SegmentHeader::read(path, bytes) {
        Ok(header) => (header.chain, SEGMENT_HEADER_BYTES),
        // What follows a damaged header is read all the same, to get further than a checksum.
        Err(_) => (0, 0),
    };
    while let Ok(Piece::Frame { chain: next_chain, next, .. }) = piece(path, bytes, at, chain, true) {
        assert!(next > at && next <= bytes.len(), "a frame ends behind its start and inside its segment");
        (chain, at) = (next_chain, next);
    }
}

/// Reads a segment whose one frame has these bytes as its payload; for the fuzzer.
#[cfg(fuzzing)]
pub(crate) fn walk_framed(payload: &[u8]) {
    let header = SegmentHeader { store: [7; 16], first: 1, chain: 3 };
    let Ok((frame, _)) = frame_header(header.chain, payload, 1, 2) else { return };
    let bytes = [header.bytes(), frame, payload.to_vec()].concat();
    walk(&bytes);
    for cut in [bytes.len() / 2, bytes.len() - 1] {
        let torn = piece(
            Path::new("1.log"),
            &bytes[..cut.max(SEGMENT_HEADER_BYTES)],
            SEGMENT_HEADER_BYTES,
            header.chain,
            true,
        );
        assert!(!matches!(torn, Ok(Piece::Frame { .. })), "half a frame is none");
    }
}

/// The segments of a history, oldest first, with the first sequence of each.
pub(crate) fn segments(directory: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        other => other.map_err(io(directory, "read"))?,
    };
    for entry in entries {
        let path = entry.map_err(io(directory, "read"))?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let first = stem.parse().map_err(|_| damaged(&path, "has a name that is no number"))?;
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a history frame by frame, checking that none is missing.
pub(crate) struct Reader {
    segments: std::vec::IntoIter<(u64, PathBuf)>,
    current: Option<Segment>,
    /// Last sequence read.
    last: u64,
    chain: u32,
    store: Option<[u8; 16]>,
    torn: Option<(PathBuf, u64, u64)>,
}

struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
    newest: bool,
}

impl Reader {
    /// A reader from the first segment on.
    pub(crate) fn open(directory: &Path) -> Result<Reader, StoreError> {
        Ok(Reader::over(segments(directory)?))
    }

    /// A reader of the newest segment alone, to find the end.
    fn tail(directory: &Path) -> Result<Reader, StoreError> {
        let mut all = segments(directory)?;
        let keep = all.len().saturating_sub(1);
        Ok(Reader::over(all.split_off(keep)))
    }

    pub(crate) fn over(segments: Vec<(u64, PathBuf)>) -> Reader {
        Reader { segments: segments.into_iter(), current: None, last: 0, chain: 0, store: None, torn: None }
    }

    /// Last sequence read so far.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The store the history belongs to, once a frame was asked for.
    pub(crate) fn store(&self) -> Option<[u8; 16]> {
        self.store
    }

    fn enter(&mut self, first: u64, path: PathBuf, newest: bool) -> Result<(), StoreError> {
        let bytes = std::fs::read(&path).map_err(io(&path, "read"))?;
        if newest && bytes.len() < SEGMENT_HEADER_BYTES {
            // The crash came while the segment was made.
            self.torn = Some((path, 0, bytes.len() as u64));
            return Ok(());
        }
        let header = SegmentHeader::read(&path, &bytes)?;
        let is_first = self.store.is_none();
        if header.first != first || self.store.is_some_and(|store| store != header.store) {
            return Err(damaged(&path, "belongs elsewhere"));
        }
        if is_first {
            self.last = first.saturating_sub(1);
            self.chain = header.chain;
        } else if header.chain != self.chain || first != self.last + 1 {
            return Err(damaged(&path, "does not follow the one before it"));
        }
        self.store = Some(header.store);
        self.current = Some(Segment { path, bytes, at: SEGMENT_HEADER_BYTES, newest });
        Ok(())
    }

    /// The next frame.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, StoreError> {
        loop {
            let Some(segment) = &mut self.current else {
                let Some((first, path)) = self.segments.next() else { return Ok(None) };
                let newest = self.segments.as_slice().is_empty();
                self.enter(first, path, newest)?;
                if self.torn.is_some() {
                    return Ok(None);
                }
                continue;
            };
            match piece(&segment.path, &segment.bytes, segment.at, self.chain, segment.newest)? {
                Piece::End => self.current = None,
                Piece::Torn => {
                    let cut = (segment.bytes.len() - segment.at) as u64;
                    self.torn = Some((segment.path.clone(), segment.at as u64, cut));
                    self.current = None;
                    return Ok(None);
                }
                Piece::Frame { frame, chain, next } => {
                    if frame.first != self.last + 1 || frame.last < frame.first {
                        return Err(damaged(&segment.path, "has a batch out of order"));
                    }
                    segment.at = next;
                    self.chain = chain;
                    self.last = frame.last;
                    return Ok(Some(frame));
                }
            }
        }
    }
}

/// Appends to a history.
pub(crate) struct Writer {
    directory: PathBuf,
    store: [u8; 16],
    file: Option<(PathBuf, File)>,
    offset: u64,
    chain: u32,
    last: u64,
    segment_bytes: u64,
}

/// How a history was found.
pub(crate) struct Found {
    pub(crate) writer: Writer,
    /// Bytes of an unfinished last batch that were cut off.
    pub(crate) torn: u64,
    /// Whether there was a history.
    pub(crate) existed: bool,
}

impl Writer {
    /// Finds the end of a history, cutting off an unfinished last batch. `store` is for a history that is not there yet.
    pub(crate) fn open(directory: &Path, store: [u8; 16]) -> Result<Found, StoreError> {
        create_directory(directory)?;
        let mut torn = 0;
        loop {
            let newest = segments(directory)?.pop();
            let mut reader = Reader::tail(directory)?;
            while reader.next()?.is_some() {}
            if let Some((path, at, bytes)) = reader.torn {
                torn += bytes;
                cut(&path, at)?;
                continue;
            }
            let mut writer = Writer::new(directory, reader.store.unwrap_or(store), reader.last, reader.chain);
            let existed = newest.is_some();
            if let Some((_, path)) = newest {
                let file = OpenOptions::new().append(true).open(&path).map_err(io(&path, "opened"))?;
                writer.offset = file.metadata().map_err(io(&path, "read"))?.len();
                // What a killed process wrote and did not sync counts from now on.
                file.sync_data().map_err(io(&path, "synced"))?;
                writer.file = Some((path, file));
            }
            return Ok(Found { writer, torn, existed });
        }
    }

    /// A writer of a new history that starts behind `last`.
    pub(crate) fn new(directory: &Path, store: [u8; 16], last: u64, chain: u32) -> Writer {
        let directory = directory.to_owned();
        Writer { directory, store, file: None, offset: 0, chain, last, segment_bytes: SEGMENT_BYTES }
    }

    /// Last sequence written.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The store the history belongs to.
    pub(crate) fn store(&self) -> [u8; 16] {
        self.store
    }

    /// Another size for segments, for tests.
    #[cfg(test)]
    pub(crate) fn with_segment_bytes(mut self, bytes: u64) -> Writer {
        self.segment_bytes = bytes;
        self
    }

    /// Makes the first segment of a new history, so that a store with changes and no history is damage.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        if self.file.is_none() { self.begin_segment() } else { Ok(()) }
    }

    fn begin_segment(&mut self) -> Result<(), StoreError> {
        let path = self.directory.join(format!("{:020}.log", self.last + 1));
        let header = SegmentHeader { store: self.store, first: self.last + 1, chain: self.chain };
        let bytes = header.bytes();
        let open = OpenOptions::new().append(true).create_new(true).open(&path);
        let mut file = open.map_err(io(&path, "created"))?;
        file.write_all(&bytes).map_err(io(&path, "written"))?;
        file.sync_all().map_err(io(&path, "synced"))?;
        sync_directory(&self.directory)?;
        self.offset = bytes.len() as u64;
        self.file = Some((path, file));
        Ok(())
    }

    /// Appends what a commit did, up to sequence `last`. Not durable before [`Writer::sync`].
    pub(crate) fn append(&mut self, last: u64, batch: &BatchV1) -> Result<(), StoreError> {
        if self.file.is_none() || self.offset >= self.segment_bytes {
            self.begin_segment()?;
        }
        let payload = encode(batch)?;
        let (mut frame, chain) = frame_header(self.chain, &payload, self.last + 1, last)?;
        frame.extend_from_slice(&payload);
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        file.write_all(&frame).map_err(io(path, "written"))?;
        self.offset += frame.len() as u64;
        self.chain = chain;
        self.last = last;
        Ok(())
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        match &self.file {
            Some((path, file)) => file.sync_data().map_err(io(path, "synced")),
            None => Ok(()),
        }
    }
}

/// Cuts an unfinished batch off; a segment without a whole header goes altogether.
fn cut(path: &Path, at: u64) -> Result<(), StoreError> {
    if at == 0 {
        std::fs::remove_file(path).map_err(io(path, "removed"))?;
        return path.parent().map_or(Ok(()), sync_directory);
    }
    let file = OpenOptions::new().write(true).open(path).map_err(io(path, "opened"))?;
    file.set_len(at).map_err(io(path, "cut"))?;
    file.sync_all().map_err(io(path, "synced"))
}

#[cfg(test)]
mod tests {
    use super::{BatchV1, EntryV1, PlaceV1, Reader, Writer, segments};
    use crate::StoreError;
    use crate::codec::Blob;
    use proptest::prelude::*;
    use std::path::Path;

    fn batch(number: u64) -> BatchV1 {
        let place = PlaceV1 { path: Blob(b"a.txt".to_vec()), part: "1".to_owned(), own: false, number: 1 };
        let (document, revision, from) = (number, 1, 5);
        let opened = EntryV1::Opened { sequence: number, document, revision, place, content: [7; 32], from };
        BatchV1 { time: 5, entries: vec![opened] }
    }

    fn write(directory: &Path, count: u64, segment_bytes: u64) {
        let mut writer = Writer::open(directory, [3; 16]).unwrap().writer.with_segment_bytes(segment_bytes);
        for _ in 0..count {
            let next = writer.last() + 1;
            writer.append(next, &batch(next)).unwrap();
            writer.sync().unwrap();
        }
    }

    fn read(directory: &Path) -> Result<u64, StoreError> {
        let mut reader = Reader::open(directory)?;
        let mut count = 0;
        while let Some(frame) = reader.next()? {
            count += 1;
            assert_eq!(frame.batch, batch(count));
            assert_eq!((frame.first, frame.last), (count, count));
        }
        Ok(count)
    }

    #[test]
    fn segments_follow_each_other_across_reopening() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), 10, 400);
        write(home.path(), 10, 400);
        assert_eq!(read(home.path()).unwrap(), 20);
        assert!(segments(home.path()).unwrap().len() > 3);
    }

    #[test]
    fn a_missing_segment_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), 20, 400);
        let all = segments(home.path()).unwrap();
        std::fs::remove_file(&all[2].1).unwrap();
        assert!(read(home.path()).is_err());
    }

    #[test]
    fn a_segment_of_another_history_is_noticed() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(home.path(), 20, 400);
        Writer::new(other.path(), [9; 16], 4, 0).append(5, &batch(5)).unwrap();
        let foreign = segments(other.path()).unwrap()[0].1.clone();
        let all = segments(home.path()).unwrap();
        std::fs::copy(foreign, all[1].1.parent().unwrap().join(format!("{:020}.log", 5))).unwrap();
        assert!(read(home.path()).is_err());
    }

    #[test]
    fn every_cut_loses_only_the_unfinished_batch() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), 3, 1 << 20);
        let path = segments(home.path()).unwrap()[0].1.clone();
        let whole = std::fs::read(&path).unwrap();
        let frame = (whole.len() - super::SEGMENT_HEADER_BYTES) / 3;
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let found = Writer::open(home.path(), [3; 16]).unwrap();
            let kept = length.saturating_sub(super::SEGMENT_HEADER_BYTES) / frame;
            assert_eq!(found.writer.last(), kept as u64, "cut at {length}");
            let file = std::fs::read(&path).unwrap_or_default();
            assert!(file.len() <= length && whole.starts_with(&file));
        }
    }

    #[test]
    fn an_unwritten_tail_is_cut_off() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), 3, 1 << 20);
        let path = segments(home.path()).unwrap()[0].1.clone();
        let mut bytes = std::fs::read(&path).unwrap();
        let whole = bytes.len();
        bytes.extend([0; 2000]);
        std::fs::write(&path, &bytes).unwrap();
        let found = Writer::open(home.path(), [3; 16]).unwrap();
        assert_eq!((found.torn, found.writer.last()), (2000, 3));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), whole as u64);
    }

    proptest! {
        /// A flipped bit is reported as damage, or cuts off the last batch and nothing else.
        #[test]
        fn no_flipped_bit_passes(bit in 0_usize..10_000, count in 2_u64..6) {
            let home = tempfile::tempdir().unwrap();
            write(home.path(), count, 400);
            let all = segments(home.path()).unwrap();
            let (_, path) = &all[bit % all.len()];
            let mut bytes = std::fs::read(path).unwrap();
            let at = bit % (bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            std::fs::write(path, bytes).unwrap();
            if let Ok(read) = read(home.path()) {
                prop_assert_eq!(read, count - 1);
            }
        }
    }
}
