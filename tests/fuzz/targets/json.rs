//! The reader of `a.json` and its like.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.json", "a.jsonl"] {
        shared::survives(name, bytes);
    }
});
