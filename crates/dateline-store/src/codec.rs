//! The one way values become bytes and back: bincode with a size limit, consumed length checked, in an envelope with
//! kind, version and checksum. Nothing else in this crate touches bincode.

use crate::error::{StatePart, StoreError};
use crate::limits::DOCUMENT_BYTES_MAX;
use serde::{Serialize, de::DeserializeOwned};

/// Bytes of an envelope before its payload: kind, version, CRC32 (little endian) over both, the key and the payload.
pub(crate) const ENVELOPE_BYTES: usize = 6;

/// Why bytes are no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// The decoder gave up.
    #[error("does not decode: {0}")]
    Decode(String),
    /// Bytes were left over.
    #[error("has {0} bytes too many")]
    Trailing(usize),
    /// Shorter than an envelope.
    #[error("is cut short")]
    Short,
    /// Checksum differs.
    #[error("has a wrong checksum")]
    Checksum,
    /// Another kind of record than expected.
    #[error("is of another kind")]
    Kind,
    /// Written by a newer program.
    #[error("has format {0}, which this program does not know")]
    Version(u8),
    /// Decodes to something that cannot be.
    #[error("holds {0}")]
    Impossible(&'static str),
}

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<{ 2 * DOCUMENT_BYTES_MAX }>()
}

/// The bytes of a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    bincode::serde::encode_to_vec(value, config())
        .map_err(|error| StoreError::Engine { doing: "encoded", source: crate::error::EngineError(error.to_string()) })
}

/// The value of bytes, all of which must be used.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, used) = bincode::serde::decode_from_slice::<T, _>(bytes, config())
        .map_err(|error| DecodeError::Decode(error.to_string()))?;
    if used != bytes.len() {
        return Err(DecodeError::Trailing(bytes.len() - used));
    }
    Ok(value)
}

fn checksum(kind: u8, version: u8, key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind, version]);
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

/// Puts a payload in an envelope that is good for one key only.
pub(crate) fn seal(kind: u8, version: u8, key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(ENVELOPE_BYTES + payload.len());
    sealed.extend([kind, version]);
    sealed.extend(checksum(kind, version, key, payload).to_le_bytes());
    sealed.extend_from_slice(payload);
    sealed
}

/// Version and payload of an envelope, checked.
pub(crate) fn unseal<'a>(kind: u8, key: &[u8], sealed: &'a [u8]) -> Result<(u8, &'a [u8]), DecodeError> {
    let Some((head, payload)) = sealed.split_at_checked(ENVELOPE_BYTES) else { return Err(DecodeError::Short) };
    let found = u32::from_le_bytes([head[2], head[3], head[4], head[5]]);
    if found != checksum(head[0], head[1], key, payload) {
        return Err(DecodeError::Checksum);
    }
    if head[0] != kind {
        return Err(DecodeError::Kind);
    }
    Ok((head[1], payload))
}

/// What one stored record adds to the sum of its family: a mix of key and checksum, so that a family whose records add
/// up to the sum written with them has none missing, doubled, stale or foreign.
pub(crate) fn term(key: &[u8], sealed: &[u8]) -> u64 {
    let crc = sealed.get(2..6).map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let mut mixed = (u64::from(crc) << 32) | u64::from(crc32fast::hash(key));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The error for a damaged record under a key.
pub(crate) fn damaged_record(key: &[u8], error: &DecodeError) -> StoreError {
    if let DecodeError::Version(found) = error {
        let what = crate::keys::describe(key);
        return StoreError::TooNew { what, found: u32::from(*found), newest: crate::limits::FORMAT_VERSION };
    }
    StoreError::Damaged { part: StatePart::Store, what: format!("{} {error}", crate::keys::describe(key)) }
}

/// Bytes that serde writes as bytes, not as a list of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Blob;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Blob, DecodeError, decode, encode, seal, unseal};

    #[test]
    fn hostile_lengths_are_refused_without_being_allocated() {
        let huge = [253, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(decode::<Blob>(&huge), Err(DecodeError::Decode(_))));
        assert!(matches!(decode::<String>(&huge), Err(DecodeError::Decode(_))));
        assert!(matches!(decode::<Vec<u64>>(&huge), Err(DecodeError::Decode(_))));
    }

    #[test]
    fn leftovers_are_refused() {
        let mut bytes = encode(&7_u64).unwrap();
        bytes.push(0);
        assert_eq!(decode::<u64>(&bytes), Err(DecodeError::Trailing(1)));
    }

    #[test]
    fn an_envelope_is_good_for_its_key_and_kind_only() {
        let sealed = seal(b'H', 1, b"key", b"payload");
        assert_eq!(unseal(b'H', b"key", &sealed), Ok((1, b"payload".as_slice())));
        assert_eq!(unseal(b'H', b"other", &sealed), Err(DecodeError::Checksum));
        assert_eq!(unseal(b'C', b"key", &sealed), Err(DecodeError::Kind));
        assert_eq!(unseal(b'H', b"key", &sealed[..4]), Err(DecodeError::Short));
    }

    #[test]
    fn every_flipped_bit_of_an_envelope_is_noticed() {
        let sealed = seal(b'H', 1, b"key", b"some payload");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(b'H', b"key", &flipped).is_err(), "bit {bit}");
        }
    }
}
