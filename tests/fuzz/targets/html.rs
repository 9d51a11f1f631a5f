//! The reader of `a.html` and its like.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.html"] {
        shared::survives(name, bytes);
    }
});
