//! Every kind of record of the store, sealed and not.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dateline_store::fuzzing::records(bytes));
