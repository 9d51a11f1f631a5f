//! Every file of `golden/` gives what stands beside it in `NAME.expected`. `UPDATE_GOLDEN=1` rewrites those files; the
//! difference is to be read before it is committed.

use dateline_core::{Origin, SourcePath};
use dateline_parser::{ParsedDocument, ParserOptions, parse};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[test]
fn every_golden_file_gives_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.retain(|path| path.extension().is_some_and(|extension| extension != "expected"));
    inputs.sort();
    assert!(inputs.len() >= 30, "only {} golden files were found", inputs.len());
    let mut wrong = Vec::new();
    for input in inputs {
        let name = input.file_name().unwrap().to_string_lossy().into_owned();
        let found = render(&name, &std::fs::read(&input).unwrap());
        let beside = folder.join(format!("{name}.expected"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&beside, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if found != expected {
            wrong.push(format!("--- {name}: expected\n{expected}--- {name}: found\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a person needs to see of an outcome, one fact a line.
fn render(name: &str, bytes: &[u8]) -> String {
    let mut out = String::new();
    let result = parse(&SourcePath::new(name), bytes, &ParserOptions::default(), &mut |parsed| {
        document(&mut out, &parsed);
        ControlFlow::Continue(())
    });
    match result {
        Err(error) => writeln!(out, "error: {error}").expect("a string takes it"),
        Ok(report) => {
            writeln!(out, "read as: {:?}, documents: {}", report.format, report.documents).expect("a string takes it");
            for failure in report.failures {
                writeln!(out, "failed: part {} on line {}: {}", failure.part, failure.line, failure.reason)
                    .expect("a string takes it");
            }
            for diagnostic in report.diagnostics {
                writeln!(out, "odd: {}: {}", diagnostic.code, diagnostic.message).expect("a string takes it");
            }
        }
    }
    out
}

fn document(out: &mut String, parsed: &ParsedDocument) {
    let document = &parsed.document;
    writeln!(out, "document {}", parsed.number).expect("a string takes it");
    if let Some(part) = &parsed.part_id {
        writeln!(out, "  part: {part}").expect("a string takes it");
    }
    let Origin { line, offset, by_line } = document.origin;
    let how = if by_line && offset.is_none() { ", line by line" } else { "" };
    writeln!(out, "  line: {line}, offset: {offset:?}{how}").expect("a string takes it");
    writeln!(out, "  title: {:?} at {:?}", document.title, document.title_span.map(|span| span.to_string()))
        .expect("a string takes it");
    for mark in &document.marks {
        writeln!(out, "  mark: {:?} {:?}", mark.kind, mark.span.slice(&document.text)).expect("a string takes it");
    }
    for (key, value) in document.metadata.iter() {
        writeln!(out, "  {key} = {value}").expect("a string takes it");
    }
    for diagnostic in &parsed.diagnostics {
        writeln!(out, "  odd: {}: {}", diagnostic.code, diagnostic.message).expect("a string takes it");
    }
    for line in document.text.split('\n') {
        writeln!(out, "  | {}", line.escape_debug()).expect("a string takes it");
    }
}
