//! Values larger than a record: compressed, then cut into chunks that fit one each.

use crate::codec::{DecodeError, ENVELOPE_BYTES, damaged_record};
use crate::error::{EngineError, StoreError};
use crate::keys::{Key, chunk};
use crate::limits::{DOCUMENT_BYTES_MAX, VALUE_BYTES_MAX};
use crate::record::BlobV1;
use std::sync::{Mutex, PoisonError};

/// Not there yet.
pub(crate) const ABSENT: u8 = 0;
/// As it is.
pub(crate) const PLAIN: u8 = 1;
/// One zstd frame.
pub(crate) const ZSTD: u8 = 2;

/// Payload of one chunk, in bytes.
pub(crate) const CHUNK_BYTES: usize = VALUE_BYTES_MAX - ENVELOPE_BYTES;

/// Compression level: 9 would save 2 % of the bytes of article texts and cost several times the time.
const LEVEL: i32 = 3;

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

/// Makes blobs; the writer's.
pub(crate) struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
}

impl Packer {
    pub(crate) fn new() -> Result<Packer, StoreError> {
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(|error| failed("prepared", &error))?;
        Ok(Packer { compressor })
    }

    /// The blob of some bytes, and the bytes to store.
    pub(crate) fn pack(&mut self, what: &'static str, raw: &[u8], limit: usize) -> Result<Packed, StoreError> {
        let too_large = || StoreError::TooLarge { what, bytes: raw.len(), limit };
        if raw.len() > limit {
            return Err(too_large());
        }
        let compressed = self.compressor.compress(raw).map_err(|error| failed("compressed", &error))?;
        let (method, stored) = if compressed.len() < raw.len() { (ZSTD, compressed) } else { (PLAIN, raw.to_vec()) };
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
    contexts: Mutex<Vec<zstd::bulk::Decompressor<'static>>>,
}

impl Unpacker {
    /// The bytes of a blob, checked against its digest.
    pub(crate) fn unpack(&self, key: &[u8], blob: &BlobV1, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let raw = self.decompress(blob, stored).map_err(|error| damaged_record(key, &error))?;
        if raw.len() != blob.raw as usize || digest(&raw) != blob.digest {
            return Err(damaged_record(key, &DecodeError::Checksum));
        }
        Ok(raw)
    }

    fn decompress(&self, blob: &BlobV1, stored: Vec<u8>) -> Result<Vec<u8>, DecodeError> {
        if blob.raw as usize > DOCUMENT_BYTES_MAX {
            return Err(DecodeError::Impossible("an impossible size"));
        }
        match blob.method {
            PLAIN => Ok(stored),
            ZSTD => {
                let pooled = self.contexts.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let made = pooled.map_or_else(zstd::bulk::Decompressor::new, Ok);
                let mut context = made.map_err(|error| DecodeError::Decode(error.to_string()))?;
                let raw = context.decompress(&stored, blob.raw as usize);
                let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
                if contexts.len() < CONTEXTS_MAX {
                    contexts.push(context);
                }
                raw.map_err(|error| DecodeError::Decode(error.to_string()))
            }
            _ => Err(DecodeError::Impossible("an unknown kind of compression")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, Packer, Unpacker, chunks};

    #[test]
    fn what_is_packed_comes_back_and_damage_does_not() {
        let (mut packer, unpacker) = (Packer::new().unwrap(), Unpacker::default());
        let text = "Peace talks opened on Tuesday. ".repeat(400);
        for raw in [b"".as_slice(), b"x", text.as_bytes()] {
            let packed = packer.pack("text", raw, 1 << 20).unwrap();
            assert_eq!(unpacker.unpack(b"Bkey", &packed.blob, packed.stored.clone()).unwrap(), raw);
            let mut wrong = packed.blob;
            wrong.digest ^= 1;
            assert!(unpacker.unpack(b"Bkey", &wrong, packed.stored).is_err());
        }
    }

    #[test]
    fn limits_hold_at_below_and_above() {
        let mut packer = Packer::new().unwrap();
        assert!(packer.pack("text", &[7; 9], 10).is_ok());
        assert!(packer.pack("text", &[7; 10], 10).is_ok());
        assert!(packer.pack("text", &[7; 11], 10).is_err());
    }

    #[test]
    fn chunks_are_as_many_as_needed() {
        let blob = |stored: usize| super::BlobV1 { stored: u32::try_from(stored).unwrap(), ..Default::default() };
        assert_eq!([0, 1, CHUNK_BYTES, CHUNK_BYTES + 1].map(|bytes| chunks(&blob(bytes))), [0, 1, 1, 2]);
    }
}
