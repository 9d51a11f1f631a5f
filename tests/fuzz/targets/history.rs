//! A segment of the history, with its checksums as they are and put right.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dateline_store::fuzzing::history(bytes));
