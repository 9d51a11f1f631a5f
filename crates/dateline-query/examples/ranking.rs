//! Ranking on test collections: `cargo run --release --example ranking -- FOLDER..`, each with `docs.jsonl`,
//! `queries.jsonl` and `qrels.tsv`. Prints nDCG@10 of a plain BM25, of dateline, and of dateline with feedback.

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../../dateline-bench/src/search.rs"]
mod search;

use dateline_query::{FEEDBACK, Scoring};
use search::{Collection, Ranking};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let rankings = [
        ("bm25", Ranking::Baseline),
        ("dateline", Ranking::Dateline(Scoring::default(), None)),
        ("expand", Ranking::Dateline(Scoring::default(), Some(FEEDBACK))),
    ];
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let mut sums = vec![0.0; rankings.len()];
    for (number, folder) in folders.iter().enumerate() {
        let collection = Collection::load(Path::new(folder), &home.path().join(number.to_string()))?;
        print!("{:8}", collection.name);
        for (sum, (name, ranking)) in sums.iter_mut().zip(&rankings) {
            let value = collection.ndcg(*ranking)?;
            *sum += value;
            print!("  {name} {value:.4}");
        }
        println!();
    }
    let base = sums[0];
    for (sum, (name, _)) in sums.iter().zip(&rankings) {
        println!("mean {name} {:.4} ({:+.2} %)", sum / folders.len() as f64, (sum / base - 1.0) * 100.0);
    }
    Ok(())
}
