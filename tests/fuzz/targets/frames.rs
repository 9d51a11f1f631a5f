//! What comes over the socket, in pieces, and over a worker's pipes.
#![no_main]

use dateline_protocol::{FrameDecoder, REQUEST_FRAME_BYTES_MAX, decode_call, read_frame};

/// The frames of a whole, read at once.
fn at_once(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut frames, mut rest) = (Vec::new(), bytes);
    while let Ok(Some(frame)) = read_frame(&mut rest, REQUEST_FRAME_BYTES_MAX) {
        frames.push(frame);
    }
    frames
}

/// The same as its pieces arrive.
fn in_pieces(bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut decoder = FrameDecoder::new(REQUEST_FRAME_BYTES_MAX);
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return frames,
            }
        }
    }
    frames
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let frames = at_once(bytes);
    let piece = bytes.first().map_or(1, |first| usize::from(*first) + 1);
    assert_eq!(frames, in_pieces(bytes, piece), "pieces of {piece}");
    for frame in frames {
        let _ = decode_call(&frame);
    }
    let _ = decode_call(bytes);
    dateline_worker::fuzzing::messages(bytes);
});
