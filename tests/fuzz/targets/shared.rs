//! What the parser's targets share: parse under a name, and hold what comes out against what is promised.

use dateline_core::{SourcePath, Span};
use dateline_parser::{ParsedDocument, ParserOptions, limits, parse};
use std::ops::ControlFlow;

/// Parses bytes as a file of this name.
pub fn survives(name: &str, bytes: &[u8]) {
    let mut documents = 0;
    let report = parse(&SourcePath::new(name), bytes, &ParserOptions::default(), &mut |document| {
        documents += 1;
        check(bytes, &document);
        ControlFlow::Continue(())
    });
    if let Ok(report) = report {
        assert_eq!(report.documents, documents);
        assert!(report.failures.len() <= limits::FAILURES_MAX);
    }
}

fn check(bytes: &[u8], parsed: &ParsedDocument) {
    let document = &parsed.document;
    assert!(!document.text.trim().is_empty(), "a document without text");
    assert!(document.text.len() <= limits::TEXT_BYTES_MAX);
    assert!(document.title.as_ref().is_none_or(|title| title.len() <= limits::TITLE_BYTES_MAX));
    Span::check_all(document.marks.iter().map(|mark| mark.span), &document.text).expect("spans are valid");
    if let Some(span) = document.title_span {
        span.check(&document.text).expect("spans are valid");
    }
    if let Some(offset) = document.origin.offset {
        assert!(bytes[offset as usize..].starts_with(document.text.as_bytes()), "the offset does not cite the file");
    }
}
