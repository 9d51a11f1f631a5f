//! Files made to hurt: nested, endless, cut off or random. Checks that parsing returns, on a small stack, with valid
//! spans and within its limits. How long it takes is checked in `growth.rs`.

use dateline_core::{Diagnostic, SourcePath, Span};
use dateline_parser::{ParseError, ParseReport, ParsedDocument, ParserOptions, limits, parse};
use proptest::prelude::*;
use std::ops::ControlFlow;

/// Stack of the threads that parse here; a reader that recurses with its input overflows it.
const STACK_BYTES: usize = 512 << 10;

fn read(path: &str, bytes: &[u8]) -> (Vec<ParsedDocument>, Result<ParseReport, ParseError>) {
    let mut documents = Vec::new();
    let report = parse(&SourcePath::new(path), bytes, &ParserOptions::default(), &mut |document| {
        documents.push(document);
        ControlFlow::Continue(())
    });
    (documents, report)
}

/// Parses under every name that chooses another reader, and checks what comes out.
fn survives(bytes: &[u8]) {
    for name in ["a", "a.txt", "a.md", "a.html", "a.json", "a.jsonl", "a.xml", "a.eml", "a.mbox"] {
        let (documents, report) = read(name, bytes);
        if let Ok(report) = report {
            assert_eq!(report.documents as usize, documents.len());
            assert!(report.failures.len() <= limits::FAILURES_MAX);
        }
        for document in documents {
            check(name, bytes, &document);
        }
    }
}

fn check(name: &str, bytes: &[u8], parsed: &ParsedDocument) {
    let document = &parsed.document;
    assert!(!document.text.trim().is_empty(), "{name}: a document without text");
    assert!(document.text.len() <= limits::TEXT_BYTES_MAX);
    assert!(document.title.as_ref().is_none_or(|title| title.len() <= limits::TITLE_BYTES_MAX));
    Span::check_all(document.marks.iter().map(|mark| mark.span), &document.text).expect("spans are valid");
    if let Some(span) = document.title_span {
        span.check(&document.text).expect("spans are valid");
    }
    assert!(document.metadata.0.len() <= limits::METADATA_ENTRIES_MAX + 8);
    if let Some(offset) = document.origin.offset {
        let at = offset as usize;
        assert!(bytes[at..].starts_with(document.text.as_bytes()), "{name}: the offset does not cite the file");
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(document.origin.line as usize, line, "{name}: offset and line are of one place");
    }
}

fn on_a_small_stack(bytes: Vec<u8>) {
    let thread =
        std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || survives(&bytes)).expect("a thread starts");
    thread.join().expect("parsing returns");
}

#[test]
fn deep_nesting_overflows_no_stack() {
    let depth = 20_000;
    on_a_small_stack(format!("<html>{}text that is long enough to be kept.", "<div>".repeat(depth)).into_bytes());
    on_a_small_stack(format!("<html>{}", "<b><i><p><a>x".repeat(depth / 4)).into_bytes());
    on_a_small_stack(format!("<html><table>{}", "<tr><td><table>x".repeat(depth / 4)).into_bytes());
    on_a_small_stack("[".repeat(depth).into_bytes());
    on_a_small_stack(format!("{{\"text\":\"x\",\"a\":{}", "[".repeat(depth)).into_bytes());
    on_a_small_stack("{\"a\":".repeat(depth).into_bytes());
    on_a_small_stack(format!("<rss><channel><item>{}", "<description>".repeat(depth)).into_bytes());
    on_a_small_stack(format!("<feed>{}", "<entry>".repeat(depth)).into_bytes());
    on_a_small_stack(format!("---\na: {}\n---\ntext", "[".repeat(depth / 4)).into_bytes());
    on_a_small_stack(format!("+++\na = {}\n+++\ntext", "[".repeat(depth / 4)).into_bytes());
    on_a_small_stack("> ".repeat(depth / 20).into_bytes());
    on_a_small_stack(format!("{}x", "- ".repeat(depth / 20)).into_bytes());
    on_a_small_stack("[![".repeat(depth / 20).into_bytes());
    on_a_small_stack("*a _b ".repeat(depth / 20).into_bytes());
}

#[test]
fn nested_mails_overflow_no_stack() {
    for (depth, kind) in
        [(900, "multipart/mixed"), (900, "message/rfc822"), (20_000, "multipart/mixed"), (20_000, "message/rfc822")]
    {
        let mut mail = String::from("From: a@b.c\r\nDate: Mon, 1 Aug 2022 10:00:00 +0000\r\nSubject: x\r\n");
        for level in 0..depth {
            mail.push_str(&format!("Content-Type: {kind}; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n"));
        }
        mail.push_str("\r\nThe text.\r\n");
        on_a_small_stack(mail.into_bytes());
    }
}

#[test]
fn structures_that_never_end_are_read_once() {
    let endless = [
        "<!--",
        "<a href=\"",
        "<script>",
        "<![CDATA[",
        "<?xml ",
        "<!DOCTYPE x [",
        "</",
        "<title>",
        "&",
        "<p ",
        "\u{feff}",
        "\0",
        "<!-- --!> ",
    ];
    for piece in endless {
        survives(format!("<html>{}", piece.repeat(2000)).as_bytes());
        survives(format!("<?xml version=\"1.0\"?><rss><channel><item><title>t{}", piece.repeat(2000)).as_bytes());
    }
    survives("From a\nFrom: b\n\n".repeat(2000).as_bytes());
    survives("{\"text\":\"x\"}\n{".repeat(2000).as_bytes());
    survives("---\n".repeat(2000).as_bytes());
}

#[test]
fn references_that_multiply_are_not_followed() {
    let mut bomb = String::from("---\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", ")));
    }
    bomb.push_str("---\nThe text.\n");
    let (documents, _) = read("a.md", bomb.as_bytes());
    assert_eq!(documents[0].document.text, "The text.");

    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol1 \"&lol;&lol;&lol;\">]>\
        <rss><channel><item><title>&lol1;</title><description>Text &lol1;.</description></item></channel></rss>";
    let (documents, _) = read("a.xml", laughs.as_bytes());
    assert_eq!(documents[0].document.text, "Text &lol1;.");
}

#[test]
fn limits_hold_below_at_and_above() {
    let codes =
        |diagnostics: &[Diagnostic]| diagnostics.iter().map(|diagnostic| diagnostic.code.clone()).collect::<Vec<_>>();
    for (length, cut) in
        [(limits::TITLE_BYTES_MAX - 1, false), (limits::TITLE_BYTES_MAX, false), (limits::TITLE_BYTES_MAX + 1, true)]
    {
        let record = format!("{{\"title\":\"{}\",\"text\":\"x\"}}", "t".repeat(length));
        let (documents, _) = read("a.json", record.as_bytes());
        assert_eq!(documents[0].document.title.as_ref().map(String::len), Some(length.min(limits::TITLE_BYTES_MAX)));
        assert_eq!(codes(&documents[0].diagnostics).contains(&"title-truncated".to_owned()), cut);
    }
    for (length, cut) in [(limits::TEXT_BYTES_MAX, false), (limits::TEXT_BYTES_MAX + 1, true)] {
        let (documents, _) = read("a.txt", &vec![b'x'; length]);
        assert_eq!(documents[0].document.text.len(), limits::TEXT_BYTES_MAX);
        assert_eq!(codes(&documents[0].diagnostics).contains(&"text-truncated".to_owned()), cut);
    }
    let fields: String =
        (0..limits::METADATA_ENTRIES_MAX + 10).map(|number| format!("\"f{number}\":{number},")).collect();
    let (documents, _) = read("a.json", format!("{{{fields}\"text\":\"x\"}}").as_bytes());
    assert_eq!(documents[0].document.metadata.0.len(), limits::METADATA_ENTRIES_MAX);
    assert!(codes(&documents[0].diagnostics).contains(&"metadata-dropped".to_owned()));
}

#[test]
fn failures_beyond_the_limit_are_counted() {
    let (documents, report) =
        read("a.jsonl", format!("{{\"text\":\"x\"}}\n{}", "no\n".repeat(limits::FAILURES_MAX + 5)).as_bytes());
    let report = report.unwrap();
    assert_eq!((documents.len(), report.failures.len()), (1, limits::FAILURES_MAX));
    assert_eq!(report.diagnostics[0].message, "5 further records failed");
}

#[test]
fn a_sink_that_has_enough_stops_the_parser() {
    let mut taken = 0;
    let lines = "{\"text\":\"x\"}\n".repeat(100);
    let report = parse(&SourcePath::new("a.jsonl"), lines.as_bytes(), &ParserOptions::default(), &mut |_| {
        taken += 1;
        if taken == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((taken, report.unwrap().documents), (3, 3));
}

/// Pieces of all formats in any order: closer to real files than random bytes.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<html>",
            "<body>",
            "<p>",
            "</p>",
            "<div class=\"comments\">",
            "</div>",
            "<script type=\"application/ld+json\">",
            "</script>",
            "{\"text\":",
            "\"x\"",
            "}",
            "[",
            "]",
            ",",
            "\n",
            "\r\n",
            "---\n",
            "+++\n",
            "title: x\n",
            "<rss>",
            "<item>",
            "</item>",
            "<title>",
            "</title>",
            "<description>",
            "</description>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "From a\n",
            "From: a@b\n",
            "Date: x\n",
            "Subject: =?utf-8?q?x?=\n",
            "Content-Type: multipart/mixed; boundary=b\n",
            "--b\n",
            "\n\n",
            "&amp;",
            "&#x",
            "é",
            "“",
            " date 2022-04-05 ",
            "(Reuters) - ",
            "KYIV, April 5 ",
            "<a href='x",
            "<time datetime=\"2022-01-01\">",
            "<td>",
            "<table>",
            "# ",
            "- ",
            "> ",
            "`",
            "*",
            "|",
            "\u{feff}",
            "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
            "<meta charset=\"koi8-r\">",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        "[ a-zA-Z.,0-9]{1,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn any_mixture_of_formats_is_survived(bytes in pieces()) {
        survives(&bytes);
    }

    #[test]
    fn plain_text_is_kept_byte_for_byte(text in "\\PC{0,200}") {
        let (documents, _) = read("a.txt", text.as_bytes());
        if let Some(parsed) = documents.first().filter(|parsed| parsed.document.origin.offset == Some(0)) {
            prop_assert_eq!(&parsed.document.text, &text);
        }
    }
}
