//! The reader of `a.md` and its like.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.md"] {
        shared::survives(name, bytes);
    }
});
