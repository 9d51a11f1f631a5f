//! The reader of `a.xml` and its like.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["a.xml"] {
        shared::survives(name, bytes);
    }
});
