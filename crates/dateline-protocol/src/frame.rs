//! Frames: four bytes of length, big-endian, then that many bytes of JSON. Knows nothing about what is inside.

use serde::Serialize;
use std::io::{self, Read, Write};

/// Largest frame a server reads, in bytes.
pub const REQUEST_FRAME_BYTES_MAX: usize = 1 << 20;
/// Largest frame a client reads, in bytes.
pub const RESPONSE_FRAME_BYTES_MAX: usize = 16 << 20;
/// Bytes of the length before each frame.
const LENGTH_BYTES: usize = 4;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The length says more than the limit.
    #[error("frame has {length} bytes, more than {limit}")]
    TooLarge {
        /// What the length says.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The other side went away inside a frame.
    #[error("connection ended inside a frame")]
    Truncated,
    /// The JSON does not fit.
    #[error("frame is not the JSON expected")]
    Json(#[source] serde_json::Error),
    /// Reading or writing failed.
    #[error("connection failed")]
    Io(#[source] io::Error),
}

/// The bytes of a value as one frame.
///
/// # Errors
/// [`FrameError::Json`] when the value has no JSON form, [`FrameError::TooLarge`] when that form is over `limit`.
pub fn encode_frame<T: Serialize + ?Sized>(value: &T, limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; LENGTH_BYTES];
    serde_json::to_writer(&mut frame, value).map_err(FrameError::Json)?;
    let length = frame.len() - LENGTH_BYTES;
    let too_large = || FrameError::TooLarge { length, limit };
    if length > limit {
        return Err(too_large());
    }
    let prefix = u32::try_from(length).map_err(|_| too_large())?.to_be_bytes();
    frame[..LENGTH_BYTES].copy_from_slice(&prefix);
    Ok(frame)
}

/// Writes a value as one frame and flushes.
///
/// # Errors
/// As [`encode_frame`]; [`FrameError::Io`] when writing fails.
pub fn write_frame<T: Serialize + ?Sized>(writer: &mut impl Write, value: &T, limit: usize) -> Result<(), FrameError> {
    let frame = encode_frame(value, limit)?;
    writer.write_all(&frame).and_then(|()| writer.flush()).map_err(FrameError::Io)
}

/// Reads one frame; `None` when the connection ended between frames.
///
/// Memory grows with what arrives, not with what the length promises.
///
/// # Errors
/// [`FrameError::TooLarge`] before anything of the frame is read, [`FrameError::Truncated`], [`FrameError::Io`].
pub fn read_frame(reader: &mut impl Read, limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
    let mut prefix = [0; LENGTH_BYTES];
    let mut filled = 0;
    while filled < LENGTH_BYTES {
        match reader.read(&mut prefix[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Truncated),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Io(error)),
        }
    }
    let length = u32::from_be_bytes(prefix) as usize;
    if length > limit {
        return Err(FrameError::TooLarge { length, limit });
    }
    let mut frame = Vec::new();
    let count = reader.take(length as u64).read_to_end(&mut frame).map_err(FrameError::Io)?;
    if count < length { Err(FrameError::Truncated) } else { Ok(Some(frame)) }
}

/// Puts frames together from pieces as they arrive, for servers that read without blocking.
#[derive(Debug)]
pub struct FrameDecoder {
    limit: usize,
    buffer: Vec<u8>,
    start: usize,
}

impl FrameDecoder {
    /// A decoder that refuses frames of more than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> FrameDecoder {
        FrameDecoder { limit, buffer: Vec::new(), start: 0 }
    }

    /// Adds bytes that arrived. Take all frames out with [`FrameDecoder::next_frame`] before adding more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, when it has arrived.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] as soon as its length is known; the connection is of no use afterwards.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let waiting = &self.buffer[self.start..];
        let Some((prefix, rest)) = waiting.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*prefix) as usize;
        if length > self.limit {
            return Err(FrameError::TooLarge { length, limit: self.limit });
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let frame = frame.to_vec();
        self.start += LENGTH_BYTES + length;
        Ok(Some(frame))
    }

    /// Whether part of a frame is waiting for its rest.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        self.start < self.buffer.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameDecoder, FrameError, LENGTH_BYTES, encode_frame, read_frame, write_frame};
    use proptest::prelude::*;

    #[test]
    fn the_limit_holds_at_its_edge() {
        let text = "x".repeat(8);
        assert_eq!(encode_frame(&text, 10).map(|frame| frame.len()).ok(), Some(14));
        assert!(matches!(encode_frame(&text, 9), Err(FrameError::TooLarge { length: 10, limit: 9 })));
        let frame = encode_frame(&text, 10).expect("fits");
        assert_eq!(read_frame(&mut frame.as_slice(), 10).expect("fits"), Some(b"\"xxxxxxxx\"".to_vec()));
        assert!(matches!(read_frame(&mut frame.as_slice(), 9), Err(FrameError::TooLarge { .. })));
    }

    #[test]
    fn a_cut_connection_is_told_from_an_ended_one() {
        let frame = encode_frame(&[1, 2, 3], 100).expect("fits");
        assert!(matches!(read_frame(&mut &frame[..0], 100), Ok(None)));
        for end in 1..frame.len() {
            assert!(matches!(read_frame(&mut &frame[..end], 100), Err(FrameError::Truncated)), "{end}");
        }
    }

    #[test]
    fn a_huge_promise_costs_no_memory() {
        let mut promise = u32::MAX.to_be_bytes().to_vec();
        promise.push(b'x');
        assert!(matches!(read_frame(&mut promise.as_slice(), usize::MAX), Err(FrameError::Truncated)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_stay_under_the_limit(bytes: Vec<u8>, limit in 0usize..300) {
            if let Ok(Some(frame)) = read_frame(&mut bytes.as_slice(), limit) {
                prop_assert!(frame.len() <= limit);
            }
            let mut decoder = FrameDecoder::new(limit);
            decoder.push(&bytes);
            while let Ok(Some(frame)) = decoder.next_frame() {
                prop_assert!(frame.len() <= limit);
            }
            prop_assert!(decoder.buffer.len() <= bytes.len());
        }

        #[test]
        fn any_cut_into_pieces_gives_the_frames_back(
            values in proptest::collection::vec(".{0,40}", 0..6),
            piece in 1usize..20,
        ) {
            let mut stream = Vec::new();
            for value in &values {
                write_frame(&mut stream, value, 1000).expect("fits");
            }
            let mut decoder = FrameDecoder::new(1000);
            let mut found = Vec::new();
            for bytes in stream.chunks(piece) {
                decoder.push(bytes);
                while let Some(frame) = decoder.next_frame().expect("under the limit") {
                    found.push(serde_json::from_slice::<String>(&frame).expect("JSON"));
                }
            }
            prop_assert_eq!(&found, &values);
            prop_assert!(!decoder.is_inside_frame());
            let mut reader = stream.as_slice();
            for value in &values {
                let frame = read_frame(&mut reader, 1000).expect("whole").expect("there");
                prop_assert_eq!(frame.len() + LENGTH_BYTES, encode_frame(value, 1000).expect("fits").len());
            }
            prop_assert!(read_frame(&mut reader, 1000).expect("ended").is_none());
        }
    }
}
