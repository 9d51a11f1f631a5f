//! Measures what the store costs: bytes of store and history per byte of input, CPU seconds, engine file sizes.
//!
//! `cargo run --release -p dateline-store --example footprint -- FOLDER [REVISE]` puts every file of a folder as one
//! article with annotations of a usual size, in commits of 100, then again with one word changed when `REVISE` is given.

use dateline_core::{
    ContentHash, Document, DocumentId, LayerRecord, Outcome, OutcomeState, Sequence, SourcePath, StalenessKey,
};
use dateline_store::{
    Annotations, FileIdentity, NewDocument, Operation, SourceSlice, StateDir, Store, StoreError, StoreOptions,
};
use std::path::Path;
use std::time::Instant;

/// Bytes of annotations made per byte of text: what a dating and an entity tagger leave, about.
fn annotations(text: &str) -> Annotations {
    let mut entity = Vec::new();
    for (at, word) in text.match_indices(char::is_uppercase).step_by(4) {
        entity.extend(u32::try_from(at).unwrap_or(0).to_le_bytes());
        entity.extend([4, 1, 2]);
        let end = text[at..].find(' ').map_or(text.len(), |end| at + end);
        entity.extend_from_slice(&text.as_bytes()[at..end]);
        entity.extend_from_slice(word.as_bytes());
    }
    let sentence: Vec<u8> =
        text.match_indices(". ").flat_map(|(at, _)| u16::try_from(at % 60_000).unwrap_or(0).to_le_bytes()).collect();
    let outcome = |processor: &str| Outcome {
        processor: processor.to_owned(),
        version: 1,
        key: StalenessKey::of(&[processor.as_bytes(), text.as_bytes()].concat()),
        parts: [1_u32, 2, 3, 4, 5].iter().map(|part| part.wrapping_mul(2_654_435_761)).collect(),
        state: OutcomeState::Done,
        diagnostics: Vec::new(),
    };
    Annotations {
        layers: vec![LayerRecord::new("entity", 1, entity), LayerRecord::new("sentence", 1, sentence)],
        facets: Vec::new(),
        outcomes: ["sentences", "dating", "watchlist", "entities"].map(outcome).to_vec(),
        diagnostics: Vec::new(),
    }
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn written_bytes() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

fn sizes(path: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(path) else { return String::new() };
    let mut shown: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name(), entry.metadata().ok()?.len())))
        .map(|(name, bytes)| format!("{} {:.1} MB", name.to_string_lossy(), bytes as f64 / 1e6))
        .collect();
    shown.sort();
    shown.join(", ")
}

fn main() -> Result<(), StoreError> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let revise = std::env::args().nth(2).is_some();
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let texts: Vec<(SourcePath, String)> = files
        .iter()
        .filter_map(|path| {
            let name = path.file_name()?.as_encoded_bytes().to_vec();
            Some((SourcePath::new(name), std::fs::read_to_string(path).ok()?))
        })
        .collect();
    let input: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let state = std::env::temp_dir().join(format!("dateline-footprint-{}", std::process::id()));
    let (store, _) =
        Store::open(StateDir::new(&state).lock()?, &StoreOptions { ballast: false, ..Default::default() })?;
    let mut committer = store.committer()?;
    for round in 0..=u32::from(revise) {
        let (cpu, wall, wrote) = (cpu_seconds(), Instant::now(), written_bytes());
        let mut made = 0.0;
        for (slice, batch) in texts.chunks(100).enumerate() {
            let before = cpu_seconds();
            let operations = batch
                .iter()
                .enumerate()
                .map(|(at, (path, text))| {
                    let text = if round == 0 { text.clone() } else { format!("{text}\nCorrected.\n") };
                    let annotations = annotations(&text);
                    let content = ContentHash::of(text.as_bytes());
                    let document = Document { text, ..Document::default() };
                    Operation::PutSource(SourceSlice {
                        path: path.clone(),
                        identity: FileIdentity {
                            device: 65_024,
                            inode: 4_000_000 + (slice * 100 + at) as u64,
                            size: 4_800,
                            mtime_ns: 1_760_000_000_123_456_789,
                            ctime_ns: 1_760_000_000_123_456_789,
                        },
                        content,
                        parser_key: ContentHash::of(b"parser"),
                        documents: vec![NewDocument { part_id: None, number: 1, document, annotations }],
                        first: true,
                        last: true,
                        failures: Vec::new(),
                        diagnostics: Vec::new(),
                    })
                })
                .collect();
            made += cpu_seconds() - before;
            committer.commit(operations)?;
        }
        println!(
            "round {round}: {} articles, {:.1} MB in, {:.2} CPU s (+ {made:.2} s making annotations), {:.1} s, {:.1} MB written",
            texts.len(),
            input as f64 / 1e6,
            cpu_seconds() - cpu - made,
            wall.elapsed().as_secs_f64(),
            (written_bytes() - wrote) as f64 / 1e6,
        );
        report(&store, input)?;
    }
    let started = Instant::now();
    let findings = store.scrub_all()?;
    println!("scrub: {} findings, {:.2} s", findings.len(), started.elapsed().as_secs_f64());
    let started = Instant::now();
    let (mut after, mut count) = (Sequence(0), 0);
    while let Some(last) = store.changes(after, 500)?.last() {
        (after, count) = (last.sequence, count + 1);
    }
    println!("change log read in {count} pages, {:.2} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    for number in 1..=1_000 {
        store.document(DocumentId(number))?;
    }
    println!("document: {:.1} us", started.elapsed().as_secs_f64() * 1e3);
    drop((store, committer));
    let started = Instant::now();
    let (store, _) =
        Store::open(StateDir::new(&state).lock()?, &StoreOptions { ballast: false, ..Default::default() })?;
    println!("opened in {:.3} s", started.elapsed().as_secs_f64());
    report(&store, input)?;
    drop(store);
    let _ = std::fs::remove_dir_all(&state);
    Ok(())
}

fn report(store: &Store, input: usize) -> Result<(), StoreError> {
    let stats = store.stats()?;
    let share = |bytes: u64| bytes as f64 / input as f64;
    println!(
        "  store {:.2} x input ({}), history {:.2} x input",
        share(stats.store_bytes),
        sizes(&store.directory().store()),
        share(stats.history_bytes),
    );
    Ok(())
}
