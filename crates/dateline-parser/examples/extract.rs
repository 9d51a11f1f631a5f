//! Parses the files named on standard input (one path a line) and prints each document as one JSON line; with
//! `--time` prints only the CPU time of parsing them all, read beforehand (Linux). Not part of the product.

use dateline_core::SourcePath;
use dateline_parser::{ParserOptions, parse};
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let timing = std::env::args().any(|argument| argument == "--time");
    let options = ParserOptions::default();
    let paths: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let files: Vec<(String, Vec<u8>)> =
        paths.into_iter().map(|path| std::fs::read(&path).map(|bytes| (path, bytes))).collect::<Result<_, _>>()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let started = cpu_nanoseconds();
    let (mut documents, mut bytes_read) = (0u32, 0usize);
    for (path, bytes) in &files {
        bytes_read += bytes.len();
        let file_started = Instant::now();
        let mut shown = Vec::new();
        let result = parse(&SourcePath::new(path.as_bytes()), bytes, &options, &mut |parsed| {
            documents += 1;
            if !timing {
                let document = &parsed.document;
                shown.push(serde_json::json!({"part": parsed.part_id, "number": parsed.number, "title": document.title,
                    "text": document.text, "metadata": document.metadata, "marks": document.marks, "origin": document.origin,
                    "diagnostics": parsed.diagnostics}));
            }
            ControlFlow::Continue(())
        });
        if timing {
            continue;
        }
        let (report, error) = match result {
            Ok(report) => (
                serde_json::json!({"format": report.format, "diagnostics": report.diagnostics,
                "failures": report.failures.iter().map(|f| format!("{}:{}: {}", f.part, f.line, f.reason)).collect::<Vec<_>>()}),
                None,
            ),
            Err(error) => (serde_json::Value::Null, Some(error.to_string())),
        };
        let seconds = file_started.elapsed().as_secs_f64();
        writeln!(
            out,
            "{}",
            serde_json::json!({"file": path, "documents": shown, "report": report, "error": error, "seconds": seconds})
        )?;
    }
    if timing {
        let seconds = (cpu_nanoseconds() - started) / 1e9;
        writeln!(
            out,
            "{} files, {documents} documents, {bytes_read} bytes, {seconds:.3} CPU s, {:.0} files/s, {:.1} MB/s",
            files.len(),
            files.len() as f64 / seconds,
            bytes_read as f64 / seconds / 1e6
        )?;
    }
    Ok(())
}

/// CPU time of this thread so far, as the scheduler counts it.
fn cpu_nanoseconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0.0)
}
