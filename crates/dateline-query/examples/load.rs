//! What the index costs: `cargo run --release --example load -- FOLDER COPIES COMMIT-EVERY`. Indexes the text files of a
//! folder so many times over, then asks queries of each kind. Prints CPU seconds, sizes and latencies; judges nothing.

use dateline_core::{ContentHash, DocumentId, Origin, Revision, Sequence, SourcePath};
use dateline_processor::{Change, Indexer};
use dateline_processor_index::Index;
use dateline_query::{Article, Context, NoAliases, OutsideError, SearchOptions, Sources, Texts, parse, search};
use dateline_testkit::{NoTable, revision};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

struct Files(Vec<Arc<str>>);

impl Texts for Files {
    fn article(&self, document: DocumentId, _revision: Revision) -> Result<Option<Article>, OutsideError> {
        let at = usize::try_from(document.0)? % self.0.len();
        Ok(Some(Article {
            path: SourcePath::new("a.txt"),
            part: "1".to_owned(),
            title: None,
            text: self.0[at].clone(),
            marks: Vec::new(),
            origin: Origin::default(),
            content: ContentHash::of(b""),
        }))
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files(&path, found)? } else { found.push(path) }
    }
    Ok(())
}

/// CPU seconds of this process so far, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn memory_peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().replace('\t', " ")
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, copies, every] = arguments.as_slice() else { return Err("FOLDER COPIES COMMIT-EVERY".into()) };
    let (copies, every): (u64, u64) = (copies.parse()?, every.parse()?);
    let mut paths = Vec::new();
    files(Path::new(folder), &mut paths)?;
    paths.sort();
    let texts: Vec<Arc<str>> = paths
        .iter()
        .map(|path| Ok(Arc::from(String::from_utf8_lossy(&std::fs::read(path)?).as_ref())))
        .collect::<Result<_, std::io::Error>>()?;
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    println!("{} files, {:.1} MB, {copies} times; {}", texts.len(), bytes as f64 / 1e6, memory_peak());
    let home = tempfile::tempdir()?;
    let index = Index::open(home.path(), 32_000_000)?;
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut number = 0;
    for _ in 0..copies {
        for text in &texts {
            number += 1;
            let view = revision(number, &format!("2022/article-{number}.txt"), text.clone());
            let document = view.document;
            index.apply(
                &[Change { sequence: Sequence(number), document, opened: Some(view), closed: None }],
                &mut NoTable,
            )?;
            if number % every == 0 {
                index.commit()?;
            }
        }
    }
    index.commit()?;
    println!("indexed: {:.2} s, {:.2} CPU s", start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let size = index.bytes();
    println!(
        "index {:.1} MB, {:.2} of the input; {}",
        size as f64 / 1e6,
        size as f64 / (bytes as f64 * copies as f64),
        memory_peak()
    );
    let files = Files(texts);
    let searching = index.searching();
    let sources = Sources { index: &searching, texts: &files, context: Context { facets: &[], aliases: &NoAliases } };
    for kind in [
        "minister",
        "minister president",
        "\"the minister\"",
        "\"prime minister\"",
        "government said week",
        "minis*",
        "ministr~",
        "path:2022 minister",
        "minister OR president OR government OR talks",
        "\"minister said\"~5",
        "-minister",
    ] {
        let query = parse(kind)?;
        let options = SearchOptions { limit: 10, ..SearchOptions::default() };
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..50 {
            let start = Instant::now();
            total = search(&query, &options, sources)?.total;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        println!("{kind:45} {total:7} hits  median {:.2} ms  worst {:.2} ms", times[25], times[49]);
    }
    Ok(())
}
