//! The reader of `a.txt` and its like.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.txt", "a"] {
        shared::survives(name, bytes);
    }
});
