//! The reader of `a.eml` and its like.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.eml", "a.mbox"] {
        shared::survives(name, bytes);
    }
});
