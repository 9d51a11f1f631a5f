//! Timelines against gold ones: `cargo run --example timelines -- ARTICLES ANNOTATED TIMELINES [--show]`. Prints date-F1
//! of each and over all; with `--show` the timelines themselves.

#[allow(unreachable_pub, missing_docs)]
#[path = "../../dateline-bench/src/timelines.rs"]
mod timelines;

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [articles, annotated, gold, rest @ ..] = arguments.as_slice() else {
        return Err("ARTICLES ANNOTATED TIMELINES [--show]".into());
    };
    let scored = timelines::score(Path::new(articles), Path::new(annotated), Path::new(gold))?;
    for one in &scored {
        println!("{:40} {:4} days  date-F1 {:.3}", one.name, one.days, one.f1());
        for entry in one.entries.iter().filter(|_| !rest.is_empty()) {
            println!("  {} {} ({} sources, {})", entry.days, entry.sentence, entry.sources, entry.path);
        }
    }
    let mean = scored.iter().map(timelines::Scored::f1).sum::<f64>() / scored.len().max(1) as f64;
    let (found, days) = scored.iter().fold((0, 0), |(found, days), one| (found + one.found, days + one.days));
    println!("mean {mean:.3}; all days together {:.3}", found as f64 / days.max(1) as f64);
    Ok(())
}
