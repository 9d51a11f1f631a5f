//! Frames on the pipes between parent and child: four bytes of length, then bincode. No meaning here, only bounds.

use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};

/// Largest frame, in bytes, and the decoder's allocation limit. A slice of documents is cut far below it.
pub(crate) const FRAME_BYTES_MAX: usize = 256 << 20;

/// Bytes of the length before each frame.
pub(crate) const HEADER_BYTES: usize = 4;

/// Why a frame could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The pipe failed.
    #[error("pipe failed")]
    Pipe(#[source] io::Error),
    /// The frame is larger than allowed.
    #[error("frame of {0} bytes is more than {FRAME_BYTES_MAX}")]
    TooLarge(usize),
    /// The value does not encode.
    #[error("message does not encode")]
    Encode(#[source] bincode::error::EncodeError),
    /// The bytes do not decode.
    #[error("message does not decode")]
    Decode(#[source] bincode::error::DecodeError),
    /// The other side ended or spoke out of turn.
    #[error("{0}")]
    Protocol(&'static str),
}

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<FRAME_BYTES_MAX>()
}

/// The value as a frame, its length included, appended to `frame`.
pub(crate) fn encode<T: Serialize>(value: &T, frame: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = frame.len();
    frame.extend_from_slice(&[0; HEADER_BYTES]);
    bincode::serde::encode_into_std_write(value, frame, config()).map_err(FrameError::Encode)?;
    let header = header(frame.len() - start - HEADER_BYTES)?;
    frame[start..start + HEADER_BYTES].copy_from_slice(&header);
    Ok(())
}

/// The length before a frame of `length` bytes.
pub(crate) fn header(length: usize) -> Result<[u8; HEADER_BYTES], FrameError> {
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::TooLarge(length));
    }
    u32::try_from(length).map(u32::to_le_bytes).map_err(|_| FrameError::TooLarge(length))
}

/// The length a header states.
pub(crate) fn length(header: [u8; HEADER_BYTES]) -> Result<usize, FrameError> {
    let length = u32::from_le_bytes(header) as usize;
    if length > FRAME_BYTES_MAX { Err(FrameError::TooLarge(length)) } else { Ok(length) }
}

/// The value of a frame's bytes, which must be used up.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, config()).map_err(FrameError::Decode)?;
    if used == bytes.len() { Ok(value) } else { Err(FrameError::Protocol("message is longer than its value")) }
}

/// Reads one frame's bytes; `None` when the other side has ended.
pub(crate) fn read_raw(input: &mut impl Read) -> Result<Option<Vec<u8>>, FrameError> {
    let mut header = [0; HEADER_BYTES];
    match input.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(FrameError::Pipe(error)),
    }
    let mut bytes = vec![0; length(header)?];
    input.read_exact(&mut bytes).map_err(FrameError::Pipe)?;
    Ok(Some(bytes))
}

/// Reads one frame; `None` when the other side has ended.
pub(crate) fn read<T: DeserializeOwned>(input: &mut impl Read) -> Result<Option<T>, FrameError> {
    read_raw(input)?.map(|bytes| decode(&bytes)).transpose()
}

/// Writes one frame; the caller flushes.
pub(crate) fn write<T: Serialize>(output: &mut impl Write, value: &T) -> Result<(), FrameError> {
    let mut frame = Vec::new();
    encode(value, &mut frame)?;
    output.write_all(&frame).map_err(FrameError::Pipe)
}

#[cfg(test)]
mod tests {
    use super::{FRAME_BYTES_MAX, FrameError, decode, encode, read};

    #[test]
    fn frames_come_back_and_end_cleanly() {
        let mut bytes = Vec::new();
        encode(&(7_u32, "Kyïv".to_owned()), &mut bytes).expect("encodes");
        encode(&(8_u32, String::new()), &mut bytes).expect("encodes");
        let mut input = bytes.as_slice();
        assert_eq!(read::<(u32, String)>(&mut input).expect("reads"), Some((7, "Kyïv".to_owned())));
        assert_eq!(read::<(u32, String)>(&mut input).expect("reads"), Some((8, String::new())));
        assert_eq!(read::<(u32, String)>(&mut input).expect("ends"), None);
    }

    #[test]
    fn lengths_beyond_the_limit_are_refused_before_anything_is_allocated() {
        let mut input = u32::MAX.to_le_bytes().to_vec();
        input.push(0);
        assert!(matches!(read::<u8>(&mut input.as_slice()), Err(FrameError::TooLarge(_))));
        let hostile = [253, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(decode::<Vec<u64>>(&hostile), Err(FrameError::Decode(_))));
        assert!(FRAME_BYTES_MAX < u32::MAX as usize);
    }

    #[test]
    fn left_over_bytes_are_refused() {
        assert!(matches!(decode::<u8>(&[1, 2]), Err(FrameError::Protocol(_))));
    }
}
