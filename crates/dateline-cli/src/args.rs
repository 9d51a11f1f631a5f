//! The arguments. Help, completions, man pages and the reference page are all made from these definitions.

use crate::complete;
use crate::when::{Decision, parse_as_of, parse_decision, parse_from, parse_interval, parse_known_at};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use clap_complete::engine::ArgValueCompleter;
use dateline_config::{Overrides, Period};
use dateline_protocol::core::{Date, DateInterval, Timestamp};
use std::ffi::OsString;
use std::path::PathBuf;

/// Commands that are shown in the help: those the daemon answers. The others are hidden.
pub const WIRED: &[&str] = &[
    "search",
    "show",
    "status",
    "annotate",
    "failures",
    "retry",
    "timeline",
    "on",
    "who",
    "similar",
    "conflicts",
    "explain",
    "why",
    "date",
    "undated",
    "entities",
    "quotes",
    "plan",
    "try",
    "tail",
    "alert",
    "export",
    "ask",
    "doctor",
    "backup",
    "rescan",
    "config",
    "completions",
    "man",
];

/// What happened, when, who was in it, and what was known on a given day.
///
/// Drop news into a folder that `datelined` watches; ask here. Answers come from the running daemon, or, when none runs,
/// from a process started for the one question.
#[derive(Debug, Parser)]
#[command(
    name = "dateline",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "\
Examples:
  dateline search 'peace talks'
  dateline search 'entity:zelensky mentions:2022-03' --as-of 2022-04-05
  dateline show some-article.txt
  dateline timeline mariupol --from 2022-03 --top 10

Exit codes: 0 found, 1 nothing found, 2 a mistake or an error, 3 daemon unreachable or needed, 4 versions differ."
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Configuration file
    ///
    /// Without it: $DATELINE_CONFIG, ./config/dateline.toml, $XDG_CONFIG_HOME/dateline/dateline.toml,
    /// /etc/dateline/dateline.toml, whichever is there first.
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,
    /// State directory of the daemon to ask
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Global options")]
    pub(crate) state: Option<PathBuf>,
    /// Print JSON Lines, one object per item
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// When to use colours; NO_COLOR is followed too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(crate) color: Colour,
    /// Print without a pager
    ///
    /// The pager is $DATELINE_PAGER, else $PAGER, else `less -FRX`; it is used only on a terminal, and only for output
    /// longer than that.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) no_pager: bool,
    /// How long to wait for the answer
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", help_heading = "Global options")]
    pub(crate) timeout: Period,
}

impl Global {
    /// What the configuration is told.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides { config: self.config.clone(), root: None, state: self.state.clone() }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which documents: the query and the two clocks.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Words, "phrases", field:value; everything when left out
    #[arg(value_name = "QUERY", add = ArgValueCompleter::new(complete::query))]
    pub(crate) query: Vec<String>,
    #[command(flatten)]
    pub(crate) clocks: Clocks,
}

/// How a query is understood, and the two clocks.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Clocks {
    /// Whether documents need all words of the query, or any
    #[arg(long = "match", value_name = "HOW", default_value = "all", help_heading = "Selection")]
    pub(crate) matching: MatchWord,
    /// Only documents written by the end of that day
    ///
    /// By the latest day a document may have been written or updated on. Undated documents are left out and counted.
    #[arg(long, value_name = "DATE", value_parser = parse_as_of, help_heading = "Selection")]
    pub(crate) as_of: Option<Date>,
    /// Only what had been ingested by then, as it was then
    #[arg(long, value_name = "TIME", value_parser = parse_known_at, help_heading = "Selection")]
    pub(crate) known_at: Option<Timestamp>,
    /// With --as-of: undated documents too
    #[arg(long, help_heading = "Selection")]
    pub(crate) undated: bool,
    /// Only the spelling given, not an entity's other names
    #[arg(long, help_heading = "Selection")]
    pub(crate) literal: bool,
    /// Also look for words that the best hits have in common
    #[arg(long, help_heading = "Selection")]
    pub(crate) expand: bool,
}

/// Whether documents need all words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatchWord {
    /// All words.
    #[default]
    All,
    /// Any word.
    Any,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find documents, best first
    Search(SearchArgs),
    /// Show a document with its dates and names marked, its date and why, its layers
    Show(ShowArgs),
    /// How the daemon is: documents, pending, failed, sizes, versions
    #[command(after_help = "Examples:\n  dateline status\n  dateline status --json | jq .pending")]
    Status,
    /// Annotate JSON Lines from standard input, or files, without any store
    Annotate(AnnotateArgs),
    /// List what could not be read or processed, and why
    Failures(FailuresArgs),
    /// Try failed things again
    Retry(RetryArgs),
    /// What happened when: dated sentences about a query, one line a day
    Timeline(TimelineArgs),
    /// What was written on a day, about that day, and who was in it
    On(OnArgs),
    /// Who and what is named in the documents that match
    Who(WhoArgs),
    /// Near-copies of a document, and passages it shares
    Similar(SimilarArgs),
    /// Documents that contradict each other about one event
    Conflicts(ConflictsArgs),
    /// Why a document has its date, layers and values
    Explain(ExplainArgs),
    /// Where a file is in the pipeline, and why a search does not find it
    Why(WhyArgs),
    /// Show, set or unset the date of a document
    Date(DateArgs),
    /// List documents without a date, with suggestions
    Undated(LimitArgs),
    /// The registry of people, organisations and places
    Entities(EntitiesArgs),
    /// Quotations and who said them
    Quotes(QuotesArgs),
    /// Follow documents as they arrive
    Tail(TailArgs),
    /// Report each document once, when it first matches a query
    Alert(AlertArgs),
    /// Write records for other programs
    Export(ExportArgs),
    /// Ask an indexer a question of its own
    Ask(AskArgs),
    /// What a changed configuration would run again
    Plan(PlanArgs),
    /// Run the chain over a file without writing anything
    Try(TryArgs),
    /// Check the system, and say how to fix what is wrong
    #[command(after_help = "Example:\n  dateline doctor")]
    Doctor,
    /// Write a backup while the daemon runs
    Backup(BackupArgs),
    /// Compare the watched folder with the store now
    Rescan(RescanArgs),
    /// The configuration in force, with the origin of each value
    #[command(after_help = "Examples:\n  dateline config\n  dateline config --config other.toml --json")]
    Config,
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them to a directory
    Man(ManArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "\
Queries, here and wherever a command takes one:
  peace talks        both words in any inflection; A OR B, (A B) OR C, -C to leave out
  \"peace talks\"      as written; \"near words\"~5, prefix*, fuzzy~
  entity:zelensky    every spelling of who is meant; person: org: place:
  date:2022-04       when written; mentions:2022-03, of when it speaks; 2022-04..2022-06, >=2022-04-05
  title: path: source: lang: ext:, and what processors add, such as speaker:

Examples:
  dateline search 'peace talks'
  dateline search '\"peace talks\"~5 -oil date:2022-04'
  dateline search 'entity:zelensky mentions:2022-03' --as-of 2022-04-05
  dateline search ukraine --json --limit 100 | jq -r .title
  dateline search ukraine -0 | xargs -0 grep -l grain")]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Hits at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub(crate) limit: u32,
    /// Hits to leave out at the top
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: u32,
    /// Print only paths, one a line
    #[arg(long, short = 'l')]
    pub(crate) paths: bool,
    /// Print only paths, each followed by a NUL byte
    #[arg(long, short = '0')]
    pub(crate) null: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
A document is named by its path, its id, or a fragment of its path that no other has; PATH#PART is one record of a file.

Examples:
  dateline show reuters/talks.txt
  dateline show talks --at 12
  dateline show 17 --layer timex
  dateline show talks --revision 2 --diff 1")]
pub(crate) struct ShowArgs {
    /// Path, id or unique fragment of the path
    #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
    pub(crate) document: String,
    /// Print only this layer, in full, as JSON
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::layer))]
    pub(crate) layer: Option<String>,
    /// The document as it was in this revision
    #[arg(long, value_name = "N")]
    pub(crate) revision: Option<u32>,
    /// What changed since this revision
    #[arg(long, value_name = "N", conflicts_with = "layer")]
    pub(crate) diff: Option<u32>,
    /// Only the lines around this one of the file
    #[arg(long, value_name = "LINE", conflicts_with_all = ["layer", "diff", "text"])]
    pub(crate) at: Option<u32>,
    /// Print only the text, unmarked
    #[arg(long, conflicts_with_all = ["layer", "diff"])]
    pub(crate) text: bool,
    /// The document as it was known then
    #[arg(long, value_name = "TIME", value_parser = parse_known_at, conflicts_with = "revision")]
    pub(crate) known_at: Option<Timestamp>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Each line in is {\"id\", \"text\", \"title\"?, \"dct\"?, \"path\"?, \"genre\"?, \"mentions\"?, \"metadata\"?}; unknown keys are
ignored. Each line out is {\"id\", \"dct\", \"timex\", \"entities\", \"outcomes\"}, in the order of the input. Offsets are UTF-8
bytes into the text. A bad line gives {\"id\", \"line\", \"error\"} and exit code 2 at the end.

Examples:
  dateline annotate < docs.jsonl > annotated.jsonl
  echo '{\"id\": 1, \"text\": \"He left on Monday.\", \"dct\": \"2022-04-05\"}' | dateline annotate")]
pub(crate) struct AnnotateArgs {
    /// Files to read instead of standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline failures\n  dateline failures reports/ --processor dating")]
pub(crate) struct FailuresArgs {
    /// Only paths that hold this text
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Only failures of this processor
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::processor))]
    pub(crate) processor: Option<String>,
    /// Failures at most
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<u32>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline retry\n  dateline retry report.html --processor dating")]
pub(crate) struct RetryArgs {
    /// Only this document or path; everything that failed when left out
    #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
    pub(crate) document: Option<String>,
    /// Only this processor
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::processor))]
    pub(crate) processor: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  dateline timeline mariupol
  dateline timeline 'peace talks' --from 2022-03 --to 2022-04-05 --by week --top 20
  dateline timeline mariupol --plot
  dateline timeline mariupol --html mariupol.html")]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// No day before this one
    #[arg(long, value_name = "DATE", value_parser = parse_from)]
    pub(crate) from: Option<Date>,
    /// No day after this one
    #[arg(long, value_name = "DATE", value_parser = parse_as_of)]
    pub(crate) to: Option<Date>,
    /// How long one step is
    #[arg(long, value_name = "STEP", default_value = "day")]
    pub(crate) by: StepWord,
    /// Entries at most, the best supported ones
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<u32>,
    /// Draw how often each step is spoken of
    #[arg(long)]
    pub(crate) plot: bool,
    /// Write one page for a browser; it needs nothing but itself
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["plot", "json"])]
    pub(crate) html: Option<PathBuf>,
}

/// How long one step of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StepWord {
    /// A day.
    Day,
    /// An ISO week.
    Week,
    /// A month.
    Month,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline on 2022-04-04\n  dateline on 2022-04 grain")]
pub(crate) struct OnArgs {
    /// A day, month, year or FROM..TO
    #[arg(value_name = "DATE", value_parser = parse_interval)]
    pub(crate) date: DateInterval,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Entries of each kind at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline who 'peace talks'\n  dateline who grain --type ORG")]
pub(crate) struct WhoArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
    pub(crate) kind: Option<EntityWord>,
    /// Entities at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

/// Types of entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum EntityWord {
    /// People.
    Per,
    /// Organisations.
    Org,
    /// Places.
    Loc,
    /// Other names.
    Misc,
}

impl EntityWord {
    /// The tag.
    pub(crate) fn word(self) -> String {
        match self {
            EntityWord::Per => "PER",
            EntityWord::Org => "ORG",
            EntityWord::Loc => "LOC",
            EntityWord::Misc => "MISC",
        }
        .to_owned()
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline similar talks.txt\n  dateline similar talks.txt --diff")]
pub(crate) struct SimilarArgs {
    /// Path, id or unique fragment of the path
    #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
    pub(crate) document: String,
    /// Documents at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub(crate) limit: u32,
    /// Show the shared passages in full
    #[arg(long)]
    pub(crate) diff: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Two sentences count as speaking of one event when their names, their time and most of their words agree. Figures contradict
each other when no reading of both can be true: `at least 12` and `15` do not. Undated documents contradict nobody.

Examples:
  dateline conflicts
  dateline conflicts mariupol --json | jq -r '.sides[] | \"\\(.value) \\(.path):\\(.line)\"'")]
pub(crate) struct ConflictsArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Conflicts at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  dateline explain talks.txt
  dateline explain talks.txt dating
  dateline explain talks.txt 120..128")]
pub(crate) struct ExplainArgs {
    /// Path, id or unique fragment of the path
    #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
    pub(crate) document: String,
    /// A processor, or a range of bytes of the text
    #[arg(value_name = "PROCESSOR|BYTE..BYTE", add = ArgValueCompleter::new(complete::processor))]
    pub(crate) detail: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dateline why seeds/report.html")]
pub(crate) struct WhyArgs {
    /// A file, known to the daemon or not
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) path: String,
}

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  dateline date talks.txt
  dateline date set talks.txt 2022-04-05
  dateline date set talks.txt 2022-04-04..2022-04-05
  dateline date set talks.txt unknown
  dateline date unset talks.txt"
)]
pub(crate) struct DateArgs {
    /// Path, id or unique fragment of the path
    #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
    pub(crate) document: Option<String>,
    #[command(subcommand)]
    pub(crate) action: Option<DateAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DateAction {
    /// Decide the date of a document; your decision wins over all evidence
    Set {
        /// Path, id or unique fragment of the path
        #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
        document: String,
        /// A day, month, year, FROM..TO, or `unknown`
        #[arg(value_name = "DATE", value_parser = parse_decision)]
        date: Decision,
    },
    /// Take your decision back
    Unset {
        /// Path, id or unique fragment of the path
        #[arg(value_name = "DOC", add = ArgValueCompleter::new(complete::document))]
        document: String,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dateline undated")]
pub(crate) struct LimitArgs {
    /// Documents at most
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<u32>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
An entity is named by its id, or by a name that only it has.

Examples:
  dateline entities list --type PER
  dateline entities show zelensky
  dateline entities suggest
  dateline entities merge 'Kyiv' 'Kiev'
  dateline entities undo 3")]
pub(crate) struct EntitiesArgs {
    #[command(subcommand)]
    pub(crate) action: EntitiesAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EntitiesAction {
    /// List entities, most often named first
    List {
        /// Only those with a name that holds this text
        #[arg(value_name = "NAME")]
        query: Vec<String>,
        /// Only this type
        #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
        kind: Option<EntityWord>,
        /// Entities at most
        #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Show one entity: names, mentions over time, who it is named with, documents
    Show {
        /// Id or name
        #[arg(value_name = "ENTITY", add = ArgValueCompleter::new(complete::entity))]
        entity: String,
    },
    /// List entities that may be one, with reasons
    Suggest {
        /// Suggestions at most
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Decide that entities are one; the first gives the name
    Merge {
        /// Ids or names, two or more
        #[arg(value_name = "ENTITY", required = true, num_args = 2.., add = ArgValueCompleter::new(complete::entity))]
        entities: Vec<String>,
    },
    /// Decide that some names of an entity are somebody else
    Split {
        /// Id or name
        #[arg(value_name = "ENTITY", add = ArgValueCompleter::new(complete::entity))]
        entity: String,
        /// The names to take out
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Decide what an entity is called
    Rename {
        /// Id or name
        #[arg(value_name = "ENTITY", add = ArgValueCompleter::new(complete::entity))]
        entity: String,
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Decide that entities are never one
    Never {
        /// Ids or names, two or more
        #[arg(value_name = "ENTITY", required = true, num_args = 2.., add = ArgValueCompleter::new(complete::entity))]
        entities: Vec<String>,
    },
    /// List what you decided
    Decisions,
    /// Take a decision back
    Undo {
        /// Its id, as `decisions` lists it
        #[arg(value_name = "DECISION")]
        decision: String,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline quotes --by zelensky\n  dateline quotes grain --as-of 2022-07")]
pub(crate) struct QuotesArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only what this entity said
    #[arg(long, value_name = "ENTITY", add = ArgValueCompleter::new(complete::entity))]
    pub(crate) by: Option<String>,
    /// Quotations at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  dateline tail\n  dateline tail grain --json\n  dateline tail --from-sequence 0 --no-follow"
)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Start behind this sequence number; at the end when left out
    #[arg(long, value_name = "N")]
    pub(crate) from_sequence: Option<u64>,
    /// Stop at the end instead of waiting for more
    #[arg(long)]
    pub(crate) no_follow: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
The command is run once per document, without a shell, with the document as JSON on its standard input.

--from-sequence N tells of each document that did not match at N and does now, once: a document that matched by then is no
news, whatever changed in it since. Start again from the `sequence` of the last line that was handled. What a document
matched by then is judged by its text at N and by the dates and names found in it today.

Examples:
  dateline alert 'entity:zelensky grain'
  dateline alert grain --exec notify-send 'News about grain'
  dateline alert grain --from-sequence 4711 --json")]
pub(crate) struct AlertArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Start behind this sequence number; at the end when left out
    #[arg(long, value_name = "N")]
    pub(crate) from_sequence: Option<u64>,
    /// Run this command for each document; everything that follows belongs to it
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    pub(crate) exec: Vec<OsString>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  dateline export > documents.jsonl
  dateline export --format csv --what timexes 'date:2022-04' > timexes.csv
  dateline export --format parquet > documents.parquet
  dateline export --what entities | duckdb -c \"select name, count(*) from read_json('/dev/stdin') group by 1\"")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How records are written
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub(crate) format: Format,
    /// Which records
    #[arg(long, value_name = "WHAT", default_value = "documents")]
    pub(crate) what: WhatWord,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line, RFC 4180.
    Csv,
    /// One Parquet file, when built with `--features dateline/parquet`.
    Parquet,
}

/// Which records are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhatWord {
    /// One per document, with its text.
    Documents,
    /// One per temporal expression.
    Timexes,
    /// One per mention of an entity.
    Entities,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  dateline ask index '{\"words\": [\"grain\"]}'\n  dateline ask co-mentions '\"zelensky\"'"
)]
pub(crate) struct AskArgs {
    /// Name of the indexer
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::processor))]
    pub(crate) name: String,
    /// The question, as JSON; anything that is no JSON is taken as text
    #[arg(value_name = "QUESTION", default_value = "null")]
    pub(crate) question: String,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline plan\n  dateline plan --new other.toml")]
pub(crate) struct PlanArgs {
    /// A configuration to plan for, instead of the daemon's own
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) new: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  dateline try article.html\n  dateline try article.html --processor dating\n  dateline try --sample 50 --config new.toml"
)]
pub(crate) struct TryArgs {
    /// A file to run the chain over
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "sample")]
    pub(crate) file: Option<PathBuf>,
    /// Run it over so many documents of the folder instead, and show what differs from what is stored
    #[arg(long, value_name = "N", conflicts_with = "file")]
    pub(crate) sample: Option<usize>,
    /// Only this processor and what it reads
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::processor))]
    pub(crate) processor: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dateline backup /backup/news.dateline")]
pub(crate) struct BackupArgs {
    /// Where to write it; must not exist
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline rescan\n  dateline rescan --wait && dateline search grain")]
pub(crate) struct RescanArgs {
    /// Wait until everything that was found is searchable
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  source <(dateline completions bash)
  dateline completions bash > ~/.local/share/bash-completion/completions/dateline
  dateline completions zsh > ~/.zfunc/_dateline
  dateline completions fish > ~/.config/fish/completions/dateline.fish

It completes commands, options, query fields and, while the daemon runs, documents, entities, layers and processors.")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    pub(crate) shell: Shell,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  dateline man | man -l -\n  dateline man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write one page per command here
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
}

/// The definition of the whole command line, as generators need it: commands that are not [`WIRED`] are hidden.
#[must_use]
pub fn command() -> clap::Command {
    let names: Vec<String> = Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = names
        .into_iter()
        .filter(|name| !WIRED.contains(&name.as_str()))
        .fold(Cli::command(), |cli, name| cli.mut_subcommand(name, |command| command.hide(true)));
    with_numbers(command)
}

/// The same with `-1` behind an option that takes a number read as its value, which is wrong, and not as another option.
fn with_numbers(command: clap::Command) -> clap::Command {
    let takes_number = |arg: &clap::Arg| {
        let names = arg.get_value_names().unwrap_or_default();
        !arg.is_positional() && names.iter().any(|name| matches!(name.as_str(), "N" | "LINE"))
    };
    let command = command.mut_args(|arg| if takes_number(&arg) { arg.allow_negative_numbers(true) } else { arg });
    command.mut_subcommands(with_numbers)
}

/// Reads arguments, the first of which is the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// What a mistake in the arguments may come from: `-word` in a query that stands without quotes is an option to a shell's
/// words.
pub(crate) fn hint(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let argument = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(argument) => argument,
        _ => return None,
    };
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    // Only its first letter is named where it is taken for an option.
    let mut typed = arguments.iter().filter_map(|typed| typed.to_str());
    let is_word = typed.any(|typed| {
        typed.starts_with(argument.as_str())
            && typed.strip_prefix('-').is_some_and(|word| word.len() > 1 && word.starts_with(char::is_alphabetic))
    });
    let is_query = usage.contains("[QUERY]");
    (error.kind() == ErrorKind::UnknownArgument && is_word && is_query).then(|| {
        "to leave a word out, put the whole query into quotes and the word last: 'peace -football'; \
         a query that begins with `-` needs `--` before it"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::{Cli, Command, OsString, WIRED, command, hint, parse};
    use clap::CommandFactory;

    fn parsed(line: &str) -> Cli {
        parse(line.split_whitespace().map(Into::into)).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn the_definitions_are_sound() {
        command().debug_assert();
        for name in WIRED {
            assert!(Cli::command().find_subcommand(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("dateline {}", command.get_name())), "{}", command.get_name());
        }
    }

    #[test]
    fn every_example_is_accepted() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let after = help.split_once("Example").map(|(_, examples)| examples.to_owned()).unwrap_or_default();
            for line in after.lines().map(str::trim).filter(|line| line.starts_with("dateline ")) {
                let words = shell_words(line);
                if let Err(error) = parse(words.iter().map(Into::into)) {
                    panic!("{line}: {error}");
                }
            }
        }
    }

    /// The words of the first command of a line, with single and double quotes taken away.
    fn shell_words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
        for character in line.chars() {
            match (quote, character) {
                (None, '\'' | '"') => quote = Some(character),
                (Some(open), close) if open == close => quote = None,
                (None, '|' | '>' | '<' | '&' | '#') => break,
                (None, ' ') => words.extend(word.take()),
                (_, character) => word.get_or_insert_default().push(character),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn global_options_stand_before_or_after() {
        for line in ["dateline --state /s status --json", "dateline status --json --state /s"] {
            let cli = parsed(line);
            assert_eq!(cli.global.state.as_deref(), Some("/s".as_ref()));
            assert!(cli.global.json && matches!(cli.command, Command::Status));
        }
    }

    #[test]
    fn a_query_may_be_several_words_with_options_behind() {
        let Command::Search(search) = parsed("dateline search peace talks --limit 3 --match any").command else {
            panic!("a search")
        };
        assert_eq!(search.selection.query, ["peace", "talks"]);
        assert_eq!(search.limit, 3);
    }

    #[test]
    fn an_unquoted_exclusion_is_explained() {
        let hinted = |line: &str| {
            let arguments: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
            hint(&parse(arguments.clone()).expect_err(line), &arguments)
        };
        let told = hinted("dateline search peace -football").expect("a hint");
        assert!(told.contains("'peace -football'"), "{told}");
        for line in ["show a.txt -football", "search peace --football", "tail -0", "tail -n 3"] {
            assert_eq!(hinted(&format!("dateline {line}")), None, "{line}");
        }
    }

    #[test]
    fn a_negative_number_is_said_to_be_one() {
        for line in ["search peace -n -1", "show a.txt --at -3", "entities list --limit -1"] {
            let error =
                parse(format!("dateline {line}").split_whitespace().map(Into::into)).expect_err(line).to_string();
            assert!(error.contains("invalid value '-"), "{line}: {error}");
        }
    }

    #[test]
    fn what_follows_exec_belongs_to_the_command() {
        let Command::Alert(alert) = parsed("dateline alert grain --exec notify -u now --json").command else {
            panic!("an alert")
        };
        assert_eq!(alert.exec, ["notify", "-u", "now", "--json"]);
    }
}
