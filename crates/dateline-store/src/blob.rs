//! Values larger than a record: compressed, then cut into chunks that fit one each.

use crate::codec::{DecodeError, ENVELOPE_BYTES, damaged_record};
use crate::error::{EngineError, StoreError};
use crate::keys::{Key, chunk};
use crate::limits::{DOCUMENT_BYTES_MAX, VALUE_BYTES_MAX};
use crate::record::BlobV1;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use zstd::zstd_safe::{self, CCtx, CDict, DCtx, DDict};

/// Not there yet.
pub(crate) const ABSENT: u8 = 0;
/// As it is.
pub(crate) const PLAIN: u8 = 1;
/// One zstd frame.
pub(crate) const ZSTD: u8 = 2;

/// One zstd frame that names the dictionary it was made with.
pub(crate) const WITH_DICTIONARY: u8 = 3;

/// Payload of one chunk, in bytes.
pub(crate) const CHUNK_BYTES: usize = VALUE_BYTES_MAX - ENVELOPE_BYTES;

/// Compression level of values on their own: 9 would save 2 % of the bytes of article texts and cost several times the
/// time.
const LEVEL: i32 = 3;

/// Compression level with a dictionary: where most of a value is found in it, looking longer pays (texts of 10,000
/// generated articles: 9.8 MB at 3, 9.0 MB at 9; real wire stories: 1.88 and 1.79 MB), for 0.1 ms of an article.
const DICTIONARY_LEVEL: i32 = 9;

/// Contexts kept for reuse; making one costs more than decompressing an article.
const CONTEXTS_MAX: usize = 8;

/// Start of the BLAKE3 hash.
pub(crate) fn digest(raw: &[u8]) -> u64 {
    let hash = blake3::hash(raw);
    let bytes = hash.as_bytes();
    u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

/// How many chunks a blob has.
pub(crate) fn chunks(blob: &BlobV1) -> u32 {
    u32::try_from((blob.stored as usize).div_ceil(CHUNK_BYTES)).unwrap_or(u32::MAX)
}

/// The keys of a blob's chunks.
pub(crate) fn chunk_keys(prefix: &[u8], blob: &BlobV1) -> impl Iterator<Item = Key> {
    (0..chunks(blob)).map(move |number| chunk(prefix, number))
}

fn failed(doing: &'static str, error: &std::io::Error) -> StoreError {
    StoreError::Engine { doing, source: EngineError(error.to_string()) }
}

/// What kind of value is packed; each has its dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Content of a revision.
    Text,
    /// Annotations of a revision.
    Annotations,
    /// Anything else, which has none.
    Other,
}

/// Number of a dictionary; `None` when the bytes are none.
pub(crate) fn dictionary_of(dictionary: &[u8]) -> Option<u32> {
    zstd_safe::get_dict_id_from_dict(dictionary).map(std::num::NonZeroU32::get)
}

/// Number of the dictionary a stored value was made with, if with one.
pub(crate) fn needs_dictionary(blob: &BlobV1, stored: &[u8]) -> Option<u32> {
    let number = (blob.method == WITH_DICTIONARY).then(|| zstd_safe::get_dict_id_from_frame(stored)).flatten();
    number.map(std::num::NonZeroU32::get)
}

/// Makes blobs; the writer's.
pub(crate) struct Packer {
    context: CCtx<'static>,
    texts: Option<CDict<'static>>,
    annotations: Option<CDict<'static>>,
}

impl Packer {
    pub(crate) fn new() -> Result<Packer, StoreError> {
        let context = CCtx::try_create().ok_or_else(|| failed("prepared", &std::io::ErrorKind::OutOfMemory.into()))?;
        Ok(Packer { context, texts: None, annotations: None })
    }

    /// From now on values of a kind are packed with a dictionary.
    pub(crate) fn learn(&mut self, kind: Kind, dictionary: &[u8]) -> Result<(), StoreError> {
        let unusable = || failed("prepared", &std::io::ErrorKind::InvalidData.into());
        let prepared = CDict::try_create(dictionary, DICTIONARY_LEVEL).ok_or_else(unusable)?;
        match kind {
            Kind::Text => self.texts = Some(prepared),
            Kind::Annotations => self.annotations = Some(prepared),
            Kind::Other => {}
        }
        Ok(())
    }

    /// The blob of some bytes, and the bytes to store.
    pub(crate) fn pack(
        &mut self,
        kind: Kind,
        what: &'static str,
        raw: &[u8],
        limit: usize,
    ) -> Result<Packed, StoreError> {
        let too_large = || StoreError::TooLarge { what, bytes: raw.len(), limit };
        if raw.len() > limit {
            return Err(too_large());
        }
        let dictionary = match kind {
            Kind::Text => self.texts.as_ref(),
            Kind::Annotations => self.annotations.as_ref(),
            Kind::Other => None,
        };
        let mut compressed = Vec::with_capacity(zstd_safe::compress_bound(raw.len()));
        let done = match dictionary {
            Some(dictionary) => self.context.compress_using_cdict(&mut compressed, raw, dictionary),
            None => self.context.compress(&mut compressed, raw, LEVEL),
        };
        done.map_err(|code| failed("compressed", &std::io::Error::other(zstd_safe::get_error_name(code))))?;
        let method = if dictionary.is_some() { WITH_DICTIONARY } else { ZSTD };
        let (method, stored) = if compressed.len() < raw.len() { (method, compressed) } else { (PLAIN, raw.to_vec()) };
        let length = |bytes: usize| u32::try_from(bytes).map_err(|_| too_large());
        let blob = BlobV1 { method, raw: length(raw.len())?, stored: length(stored.len())?, digest: digest(raw) };
        Ok(Packed { blob, stored })
    }
}

/// A blob on its way into the store.
pub(crate) struct Packed {
    pub(crate) blob: BlobV1,
    pub(crate) stored: Vec<u8>,
}

/// Opens blobs; shared by all readers.
#[derive(Default)]
pub(crate) struct Unpacker {
    contexts: Mutex<Vec<DCtx<'static>>>,
    dictionaries: RwLock<BTreeMap<u32, Arc<DDict<'static>>>>,
}

impl Unpacker {
    /// The bytes of a blob, checked against its digest. `dictionary` reads one by its number.
    pub(crate) fn unpack(
        &self,
        key: &[u8],
        blob: &BlobV1,
        stored: Vec<u8>,
        dictionary: impl FnOnce(u32) -> Result<Vec<u8>, StoreError>,
    ) -> Result<Vec<u8>, StoreError> {
        let damaged = |error: &DecodeError| damaged_record(key, error);
        if blob.raw as usize > DOCUMENT_BYTES_MAX {
            return Err(damaged(&DecodeError::Impossible("an impossible size")));
        }
        let raw = match blob.method {
            PLAIN => stored,
            ZSTD => self.decompress(blob, &stored, None).map_err(|error| damaged(&error))?,
            WITH_DICTIONARY => {
                let number = needs_dictionary(blob, &stored);
                let number = number.ok_or_else(|| damaged(&DecodeError::Impossible("no dictionary's number")))?;
                let prepared = self.prepared(key, number, dictionary)?;
                self.decompress(blob, &stored, Some(&prepared)).map_err(|error| damaged(&error))?
            }
            _ => return Err(damaged(&DecodeError::Impossible("an unknown kind of compression"))),
        };
        if raw.len() != blob.raw as usize || digest(&raw) != blob.digest {
            return Err(damaged(&DecodeError::Checksum));
        }
        Ok(raw)
    }

    fn prepared(
        &self,
        key: &[u8],
        number: u32,
        dictionary: impl FnOnce(u32) -> Result<Vec<u8>, StoreError>,
    ) -> Result<Arc<DDict<'static>>, StoreError> {
        let known = self.dictionaries.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let unusable = || damaged_record(key, &DecodeError::Impossible("a dictionary that is none"));
        let prepared = Arc::new(DDict::try_create(&dictionary(number)?).ok_or_else(unusable)?);
        let mut known = self.dictionaries.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(number, Arc::clone(&prepared));
        Ok(prepared)
    }

    fn decompress(&self, blob: &BlobV1, stored: &[u8], with: Option<&DDict<'_>>) -> Result<Vec<u8>, DecodeError> {
        let pooled = self.contexts.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let made = pooled.or_else(DCtx::try_create);
        let mut context = made.ok_or_else(|| DecodeError::Decode("out of memory".to_owned()))?;
        let mut raw = Vec::with_capacity(blob.raw as usize);
        let done = match with {
            Some(dictionary) => context.decompress_using_ddict(&mut raw, stored, dictionary),
            None => context.decompress(&mut raw, stored),
        };
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        if contexts.len() < CONTEXTS_MAX {
            contexts.push(context);
        }
        drop(contexts);
        done.map_err(|code| DecodeError::Decode(zstd_safe::get_error_name(code).to_owned()))?;
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, Kind, Packer, Unpacker, WITH_DICTIONARY, chunks};

    #[test]
    fn what_is_packed_comes_back_and_damage_does_not() {
        let (mut packer, unpacker) = (Packer::new().unwrap(), Unpacker::default());
        let text = "Peace talks opened on Tuesday. ".repeat(400);
        for raw in [b"".as_slice(), b"x", text.as_bytes()] {
            let packed = packer.pack(Kind::Text, "text", raw, 1 << 20).unwrap();
            assert_eq!(unpacker.unpack(b"Bkey", &packed.blob, packed.stored.clone(), none).unwrap(), raw);
            let mut wrong = packed.blob;
            wrong.digest ^= 1;
            assert!(unpacker.unpack(b"Bkey", &wrong, packed.stored, none).is_err());
        }
    }

    fn none(number: u32) -> Result<Vec<u8>, crate::StoreError> {
        panic!("dictionary {number} was asked for")
    }

    #[test]
    fn a_dictionary_makes_small_values_smaller_and_is_needed_to_read_them() {
        let text = |number: usize| {
            format!("Ministers of both countries met on day {number} and spoke of grain, gas and prisoners of war.")
        };
        let samples: Vec<String> = (0..2_000).map(text).collect();
        let dictionary = zstd::dict::from_samples(&samples, 8 << 10).unwrap();
        let mut packer = Packer::new().unwrap();
        let raw = text(7_777);
        let alone = packer.pack(Kind::Text, "text", raw.as_bytes(), 1 << 20).unwrap();
        packer.learn(Kind::Text, &dictionary).unwrap();
        let packed = packer.pack(Kind::Text, "text", raw.as_bytes(), 1 << 20).unwrap();
        assert_eq!(packed.blob.method, WITH_DICTIONARY);
        assert!(packed.stored.len() * 2 < alone.stored.len());
        let unpack = |stored: &[u8], known: &[u8]| {
            Unpacker::default().unpack(b"B", &packed.blob, stored.to_vec(), |_| Ok(known.to_vec()))
        };
        assert!(unpack(&packed.stored, b"no dictionary").is_err());
        assert_eq!(unpack(&packed.stored, &dictionary).unwrap(), raw.as_bytes());
        assert!(unpack(&packed.stored[..9], &dictionary).is_err());
        let other = packer.pack(Kind::Other, "other", raw.as_bytes(), 1 << 20).unwrap();
        assert_eq!(other.blob.method, alone.blob.method, "other kinds go without");
    }

    #[test]
    fn limits_hold_at_below_and_above() {
        let mut packer = Packer::new().unwrap();
        assert!(packer.pack(Kind::Text, "text", &[7; 9], 10).is_ok());
        assert!(packer.pack(Kind::Text, "text", &[7; 10], 10).is_ok());
        assert!(packer.pack(Kind::Text, "text", &[7; 11], 10).is_err());
    }

    #[test]
    fn chunks_are_as_many_as_needed() {
        let blob = |stored: usize| super::BlobV1 { stored: u32::try_from(stored).unwrap(), ..Default::default() };
        assert_eq!([0, 1, CHUNK_BYTES, CHUNK_BYTES + 1].map(|bytes| chunks(&blob(bytes))), [0, 1, 1, 2]);
    }
}
