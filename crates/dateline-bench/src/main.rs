//! The command line of benches and evaluations. What is measured, and how, stands in the library.

use clap::{Parser, Subcommand};
use dateline_bench::{alias, dct, entities, latency, quotes, search, similar, timelines, timex};
use dateline_parser::{ParserOptions, parse};
use dateline_processor::core::{DocumentInput, SourcePath};
use dateline_processor::{BuildAnnotator, Resources};
use dateline_processor_dating::{Dating, DatingConfig};
use dateline_query::{FEEDBACK, Scoring};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Measures dateline: accuracy against gold data, latency of a running daemon.
#[derive(Debug, Parser)]
#[command(name = "dateline-bench", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Accuracy of `dateline annotate` against gold data
    #[command(subcommand)]
    Eval(Eval),
    /// From closing a file to finding it, over the socket of a running daemon
    Latency {
        /// Its watched folder; files are written into it and removed again
        #[arg(long)]
        root: PathBuf,
        /// Its state directory
        #[arg(long)]
        state: PathBuf,
        /// Files to write
        #[arg(long, default_value_t = 100)]
        files: usize,
    },
}

#[derive(Debug, Subcommand)]
enum Eval {
    /// Names: exact typed spans
    Entities(Gold),
    /// Which mentions are one entity
    Alias {
        #[command(flatten)]
        gold: Gold,
        /// Names are found too: the gold's mentions are not given, and one that is not found stands alone
        #[arg(long)]
        end_to_end: bool,
    },
    /// Temporal expressions: spans, types and values
    Timex {
        /// JSON Lines with the gold
        file: PathBuf,
        /// Which documents count
        #[arg(long, default_value = "all")]
        part: PartName,
        /// Fails when the value F1, in percent, is lower
        #[arg(long)]
        floor: Option<f64>,
    },
    /// Quotations: spans, and whether the speaker is right
    Quotes {
        /// JSON Lines with the gold
        file: PathBuf,
        /// Fails when the F1 of spans, in percent, is lower
        #[arg(long)]
        floor: Option<f64>,
        /// Fails when fewer found quotations, in percent, have the right speaker
        #[arg(long)]
        speaker_floor: Option<f64>,
    },
    /// Document dates of web pages: on how many the day is right
    Dct {
        /// Folder with the pages
        folder: PathBuf,
        /// The gold; by default `htmldate.jsonl` in that folder
        #[arg(long)]
        gold: Option<PathBuf>,
        /// Fails when fewer pages, in percent, have the right day
        #[arg(long)]
        floor: Option<f64>,
    },
    /// Near-copies and rewrites: pairs of documents, each asked about in turn
    Similar {
        /// JSON Lines with the documents, and their clusters
        file: PathBuf,
        /// The pairs, where documents have no clusters: two ids a line
        #[arg(long)]
        pairs: Option<PathBuf>,
        /// Other documents among which they must not get lost
        #[arg(long)]
        among: Vec<PathBuf>,
        /// Fails when the F1, in percent, is lower
        #[arg(long)]
        floor: Option<f64>,
    },
    /// Timelines of journalists: date-F1 when length and span are given
    Timelines {
        /// Dated articles by topic
        articles: PathBuf,
        /// The same articles, as `dateline annotate` gives them
        annotated: PathBuf,
        /// The journalists' timelines
        timelines: PathBuf,
        /// Fails when the mean over timelines, in percent, is lower
        #[arg(long)]
        floor: Option<f64>,
    },
    /// Ranking: nDCG@10 of queries that match any word, beside plain BM25
    Search {
        /// Folders of collections, each with docs, queries and qrels
        folders: Vec<PathBuf>,
        /// Fails when the mean, in percent of plain BM25, is lower
        #[arg(long)]
        floor: Option<f64>,
    },
}

/// Which documents of a gold file count.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PartName {
    /// All.
    All,
    /// Three of four, by the hash of their id: those rules may be made from.
    Read,
    /// The fourth, which is scored and never read.
    Unread,
}

#[derive(Debug, clap::Args)]
struct Gold {
    /// JSON Lines with the gold
    file: PathBuf,
    /// Types that count, with commas between them
    #[arg(long, default_value = "PER,ORG,LOC")]
    types: String,
    /// Fails when the main F1, in percent, is lower
    #[arg(long)]
    floor: Option<f64>,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dateline-bench: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("caused by: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Bench) -> Result<(), Failure> {
    match command {
        Bench::Eval(Eval::Entities(gold)) => {
            let system = annotate(&gold.file)?;
            let types = gold.types.split(',').map(str::to_owned).collect();
            let renamed = [("FAC".to_owned(), "LOC".to_owned())].into();
            let options = entities::EntityOptions { types, renamed };
            let figures = entities::evaluate(&std::fs::read_to_string(&gold.file)?, &system, &options)?;
            println!("{figures}");
            above(figures.micro.f1(), gold.floor)
        }
        Bench::Eval(Eval::Alias { gold, end_to_end }) => {
            let system = if end_to_end {
                let mut bare = tempfile::NamedTempFile::new()?;
                bare.write_all(alias::without_mentions(&std::fs::read_to_string(&gold.file)?)?.as_bytes())?;
                annotate(bare.path())?
            } else {
                annotate(&gold.file)?
            };
            let types: Vec<&str> = gold.types.split(',').collect();
            let figures = alias::evaluate(&std::fs::read_to_string(&gold.file)?, &system, &types)?;
            println!("{figures}");
            above(alias::harmonic(figures.pairs), gold.floor)
        }
        Bench::Eval(Eval::Timex { file, part, floor }) => {
            let part = match part {
                PartName::All => timex::Part::All,
                PartName::Read => timex::Part::Read,
                PartName::Unread => timex::Part::Unread,
            };
            let figures = timex::evaluate(&std::fs::read_to_string(&file)?, &annotate(&file)?, part)?;
            println!("{figures}");
            above(figures.value_f1(), floor)
        }
        Bench::Eval(Eval::Quotes { file, floor, speaker_floor }) => {
            let figures = quotes::evaluate(&std::fs::read_to_string(&file)?, &annotate(&file)?)?;
            println!("{figures}");
            above(figures.span_f1(), floor)?;
            above(figures.speakers(), speaker_floor)
        }
        Bench::Eval(Eval::Dct { folder, gold, floor }) => date_pages(&folder, gold, floor),
        Bench::Eval(Eval::Similar { file, pairs, among, floor }) => {
            let read = |path: &PathBuf| std::fs::read_to_string(path);
            let (gold, pairs) = (read(&file)?, pairs.as_ref().map(read).transpose()?);
            let among = among.iter().map(read).collect::<Result<Vec<String>, _>>()?;
            let report = in_directory(&mut |home| similar::evaluate(&gold, pairs.as_deref(), &among, home))?;
            println!("{report}");
            above(100.0 * report.f1(), floor)
        }
        Bench::Eval(Eval::Timelines { articles, annotated, timelines, floor }) => {
            let scored = timelines::score(&articles, &annotated, &timelines)?;
            println!("{}", timelines::Report(&scored));
            above(100.0 * timelines::Report(&scored).mean(), floor)
        }
        Bench::Eval(Eval::Search { folders, floor }) => rank(&folders, floor),
        Bench::Latency { root, state, files } => {
            println!("{}", latency::measure(&root, &state, files)?);
            Ok(())
        }
    }
}

/// Dates the pages of a gold file, and says how long that takes.
fn date_pages(folder: &Path, gold: Option<PathBuf>, floor: Option<f64>) -> Result<(), Failure> {
    let dating = Dating::build(DatingConfig::default(), &Resources::default())?;
    let gold = std::fs::read_to_string(gold.unwrap_or_else(|| folder.join("htmldate.jsonl")))?;
    let before = cpu_time();
    let report = dct::evaluate(&gold, &mut |file| day_of(&dating, &folder.join(file)))?;
    let cpu = cpu_time().saturating_sub(before);
    println!("{report}");
    if cpu > Duration::ZERO {
        let pages = f64::from(report.pages()) / cpu.as_secs_f64();
        println!("{pages:.0} pages per CPU second, read from disk, parsed and dated");
    }
    above(report.right(), floor)
}

/// The day a page was written, as parser and dating see it.
fn day_of(dating: &Dating, page: &Path) -> Option<String> {
    let bytes = std::fs::read(page).ok()?;
    let mut input = DocumentInput::default();
    // A page that cannot be parsed has no date; that is what is measured.
    let _ = parse(&SourcePath::new("page.html"), &bytes, &ParserOptions::default(), &mut |parsed| {
        input.document = parsed.document;
        ControlFlow::Break(())
    });
    dating.document_date(&input).dct.map(|dct| dct.interval.earliest.to_string())
}

/// CPU time of this program's only thread, as the kernel counts it; zero where it does not say.
fn cpu_time() -> Duration {
    // The kernel counts when it looks at what else could run.
    std::thread::yield_now();
    let counted = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = counted.and_then(|text| text.split_whitespace().next().and_then(|first| first.parse().ok()));
    nanoseconds.map_or(Duration::ZERO, Duration::from_nanos)
}

fn rank(folders: &[PathBuf], floor: Option<f64>) -> Result<(), Failure> {
    let (mut plain, mut own, mut expanded) = (0.0, 0.0, 0.0);
    for folder in folders {
        let scores = in_directory(&mut |home| {
            let collection = search::Collection::load(folder, home)?;
            let baseline = collection.ndcg(search::Ranking::Baseline)?;
            let dateline = collection.ndcg(search::Ranking::Dateline(Scoring::default(), None))?;
            let feedback = collection.ndcg(search::Ranking::Dateline(Scoring::default(), Some(FEEDBACK)))?;
            Ok((collection.name, baseline, dateline, feedback))
        });
        let (name, baseline, dateline, feedback) = scores?;
        println!("{name}: BM25 {baseline:.4}, dateline {dateline:.4}, with --expand {feedback:.4}");
        (plain, own, expanded) = (plain + baseline, own + dateline, expanded + feedback);
    }
    let count = folders.len().max(1) as f64;
    println!("mean: BM25 {:.4}, dateline {:.4}, with --expand {:.4}", plain / count, own / count, expanded / count);
    above(100.0 * own / f64::max(plain, f64::MIN_POSITIVE), floor)
}

/// Works in a directory of its own, which is removed again.
fn in_directory<T>(work: &mut dyn FnMut(&Path) -> Result<T, Failure>) -> Result<T, Failure> {
    let home = std::env::temp_dir().join(format!("dateline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let done = work(&home);
    std::fs::remove_dir_all(&home)?;
    done
}

/// What the `dateline` beside this program makes of a gold file.
fn annotate(gold: &Path) -> Result<String, Failure> {
    let program = std::env::current_exe()?.with_file_name("dateline");
    let input = std::fs::File::open(gold).map_err(|error| format!("`{}`: {error}", gold.display()))?;
    let output = Command::new(&program).arg("annotate").stdin(input).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("`{}`: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("`{} annotate` failed", program.display()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn above(figure: f64, floor: Option<f64>) -> Result<(), Failure> {
    match floor {
        Some(floor) if figure < floor => Err(format!("{figure:.2} is below the floor of {floor}").into()),
        _ => Ok(()),
    }
}
