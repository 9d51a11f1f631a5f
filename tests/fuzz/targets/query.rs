//! The query language: any text is a query or an error that points into it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(error) = dateline_query::parse(text) {
        let _ = error.pointed(text);
    }
});
