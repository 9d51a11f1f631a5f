//! The arguments of `datelined`. Parsing only: what they mean is decided where they are used.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Watches a folder of news, dates and tags every article, and answers questions about them.
#[derive(Debug, Parser)]
#[command(name = "datelined", version, about, max_term_width = 100)]
#[command(after_help = "Without a command it runs: watches the folder until it is told to stop.\n\n\
Examples:\n  datelined                                  watch ./seeds as config/dateline.toml says\n  \
datelined once --root news --state state   read all of news, then exit\n  \
datelined verify                           recompute everything and compare it with the store")]
pub(crate) struct Arguments {
    /// Where things are.
    #[command(flatten)]
    pub(crate) places: Places,
    /// What to do; `run` when nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where the configuration, the folder and the state are.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Places {
    /// Configuration file [default: $DATELINE_CONFIG, ./config/dateline.toml, the user's, the system's]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder to watch, instead of the configured one
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// State directory, instead of the configured one
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Log format, instead of the configured one: `auto` is for people on a terminal and JSON elsewhere
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log: Option<LogFormat>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch the folder and answer questions until told to stop (the default)
    Run,
    /// Read the folder until nothing is left to do, then exit
    Once,
    /// Recompute the current state from the folder and compare it with what is stored and indexed
    Verify,
    /// Move the store and the index aside and make them anew from folder, history and decisions
    Rebuild,
    /// Accept the folder as it is now: another folder on this state, or one that lost most of its files
    AcceptRoot,
    /// Make a state from a backup that `dateline backup` wrote
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Check the configuration
    Config {
        /// What to do with it
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Annotate JSON Lines from standard input or files, without a store; `dateline annotate` comes here
    #[command(hide = true)]
    Annotate {
        /// Files to read instead of standard input
        files: Vec<PathBuf>,
    },
    /// Run the chain on one file and show what every step gives, without a store; `dateline try` comes here
    #[command(hide = true)]
    Try {
        /// The file
        #[arg(required_unless_present = "sample")]
        file: Option<PathBuf>,
        /// Compare so many documents of the folder with what is stored of them instead
        #[arg(long, conflicts_with = "file")]
        sample: Option<usize>,
        /// Show this processor only
        #[arg(long)]
        processor: Option<String>,
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
    /// Answer one connection over standard input and output; `dateline` comes here when no daemon runs
    #[command(hide = true)]
    Answer,
    /// Parse and annotate what comes over standard input; the daemon starts these
    #[command(hide = true)]
    Worker,
    /// Give up rights, then become another program; the daemon starts exec processors through this
    #[command(hide = true)]
    SandboxExec {
        /// Memory it may hold, in bytes; 0 for no limit
        #[arg(long, default_value_t = 0)]
        memory: u64,
        /// Program and arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<std::ffi::OsString>,
    },
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Say whether it is right, and where each value comes from
    Check,
    /// Print the default configuration, with its documentation
    Default,
    /// Print the JSON Schema of the configuration
    Schema,
    /// Print a page about the processors: what each reads and writes, and its options
    Reference,
}
