//! Dates the web pages of a gold file and prints how many days are right, with the misses on request.
//! Usage: `date_pages GOLD.jsonl DIR [--misses]`; a gold line has `file` (below DIR), `date` and `lang`.

use dateline_parser::{ParserOptions, parse};
use dateline_processor::core::{DocumentInput, SourcePath};
use dateline_processor::{BuildAnnotator, Resources};
use dateline_processor_dating::{Dating, DatingConfig};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (gold, folder) = (arguments.next().ok_or("no gold file")?, arguments.next().ok_or("no folder")?);
    let misses = arguments.any(|argument| argument == "--misses");
    let dating = Dating::build(DatingConfig::default(), &Resources::default())?;
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for line in std::fs::read_to_string(gold)?.lines() {
        let record: serde_json::Value = serde_json::from_str(&line.replace(": NaN", ": null"))?;
        let (file, date) = (record["file"].as_str().unwrap_or(""), record["date"].as_str());
        let language = record["lang"].as_str().unwrap_or("").to_owned();
        let bytes = std::fs::read(std::path::Path::new(&folder).join(file))?;
        let mut input = DocumentInput::default();
        let path = SourcePath::new("page.html");
        let parsed = parse(&path, &bytes, &ParserOptions::default(), &mut |document| {
            input.document = document.document;
            ControlFlow::Break(())
        });
        let layer = dating.document_date(&input);
        let found = layer.dct.as_ref().map(|dct| dct.interval.earliest.to_string());
        let right = found.as_deref() == date;
        for key in ["all".to_owned(), language.clone()] {
            let count = counts.entry(key).or_default();
            count.0 += 1;
            count.1 += u32::from(right);
        }
        if misses && !right {
            println!(
                "== {file} {language} gold {date:?} found {found:?} {}",
                if parsed.is_err() { "(not parsed)" } else { "" }
            );
            for candidate in layer.candidates.iter().take(9) {
                println!(
                    "   {} {:?} {} {} {:?}",
                    candidate.weight, candidate.role, candidate.kind, candidate.interval, candidate.quote
                );
            }
        }
    }
    for (key, (total, right)) in counts {
        println!("{key} {right}/{total} {:.1} %", 100.0 * f64::from(right) / f64::from(total));
    }
    Ok(())
}
