//! What may be written in the file. Doc comments here are the reference; defaults here are the defaults.

use crate::{ByteSize, Period, Recurrence, Retention, WorkerCount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigFile {
    /// The folder to watch. It is only ever read. A relative path counts from the working directory.
    #[schemars(with = "String")]
    pub root: PathBuf,
    /// Where dateline keeps what it makes: store, index, history, decisions, lock and socket. Not inside the watched
    /// folder, nor around it. A relative path counts from the working directory. Without this key it is `.dateline`;
    /// for a file found under the user's configuration directory `$XDG_STATE_HOME/dateline`, for
    /// `/etc/dateline/dateline.toml` `/var/lib/dateline`.
    #[schemars(with = "String")]
    pub state: PathBuf,
    /// The daemon itself: logs, connections, shutdown.
    pub daemon: DaemonSection,
    /// How the folder is watched.
    pub watch: WatchSection,
    /// How files become documents.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parser: Map<String, Value>,
    /// The processes that parse and annotate.
    pub worker: WorkerSection,
    /// The store and the history.
    pub store: StoreSection,
    /// Options of processors, one table each: `[processor.NAME]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub processor: BTreeMap<String, Value>,
}

impl Default for ConfigFile {
    fn default() -> ConfigFile {
        ConfigFile {
            root: "seeds".into(),
            state: ".dateline".into(),
            daemon: DaemonSection::default(),
            watch: WatchSection::default(),
            parser: Map::new(),
            worker: WorkerSection::default(),
            store: StoreSection::default(),
            processor: BTreeMap::new(),
        }
    }
}

/// The daemon itself: logs, connections, shutdown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DaemonSection {
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,dateline_watch=debug`.
    pub log: String,
    /// How logs are written: `auto` is for people on a terminal and JSON Lines elsewhere; or `human`, `json`.
    pub log_format: LogFormat,
    /// How long work in hand may take to finish after a first SIGTERM or SIGINT.
    pub shutdown_deadline: Period,
    /// How long a client may take to send a request, and the daemon to answer it, unless the client asks for less.
    pub request_deadline: Period,
    /// Clients connected at once; more are refused.
    #[schemars(range(min = 1, max = 4096))]
    pub connections_max: u16,
    /// A group whose members may use the socket too. By default only the user who runs the daemon may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"news")]
    pub socket_group: Option<String>,
}

impl Default for DaemonSection {
    fn default() -> DaemonSection {
        DaemonSection {
            log: "info".to_owned(),
            log_format: LogFormat::Auto,
            shutdown_deadline: Period::seconds(10),
            request_deadline: Period::seconds(30),
            connections_max: 64,
            socket_group: None,
        }
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people on a terminal, JSON Lines elsewhere.
    Auto,
    /// For people.
    Human,
    /// JSON Lines.
    Json,
}

/// How the folder is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WatchSection {
    /// Files and directories to leave out, as globs relative to the folder. A glob without a slash matches names at any
    /// depth. Dot files and editors' temporary files are left out anyway.
    pub ignore: Vec<String>,
    /// How long a file must hold still before it is read, unless it was seen to be closed or moved in.
    pub settle: Period,
    /// How often everything is compared with the store although nothing seems wrong: `never`, or a length of time.
    pub rescan_interval: Recurrence,
    /// Whether to rely on the system's events: `auto` does on local file systems and polls on network ones; `always`
    /// polls; `never` relies on events.
    pub poll: PollMode,
    /// How often to poll, where that is done.
    pub poll_interval: Period,
    /// Larger files are listed as failures and not read.
    pub file_size_max: ByteSize,
}

impl Default for WatchSection {
    fn default() -> WatchSection {
        WatchSection {
            ignore: Vec::new(),
            settle: Period::milliseconds(500),
            rescan_interval: Recurrence::Every(Period::seconds(30 * 60)),
            poll: PollMode::Auto,
            poll_interval: Period::seconds(10),
            file_size_max: ByteSize::mebibytes(64),
        }
    }
}

/// Whether to rely on events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PollMode {
    /// Events on local file systems, polling on network ones.
    Auto,
    /// Polling.
    Always,
    /// Events.
    Never,
}

/// The processes that parse and annotate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WorkerSection {
    /// How many: `per-core`, or a number.
    pub count: WorkerCount,
    /// Memory of one; what needs more is listed as a failure.
    pub memory_max: ByteSize,
    /// Time for one file or document; what takes longer is listed as a failure.
    pub time_max: Period,
    /// `auto` uses what the kernel offers; `required` refuses to start where landlock or seccomp is missing.
    pub sandbox: SandboxMode,
}

impl Default for WorkerSection {
    fn default() -> WorkerSection {
        WorkerSection {
            count: WorkerCount::PerCore,
            memory_max: ByteSize::mebibytes(512),
            time_max: Period::seconds(10),
            sandbox: SandboxMode::Auto,
        }
    }
}

/// How strictly workers are sandboxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxMode {
    /// With what the kernel offers.
    Auto,
    /// In full, or not at all.
    Required,
}

/// The store and the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreSection {
    /// How long superseded and deleted texts are kept for `--known-at`: `forever`, or a length of time; they are forgotten
    /// when it is over, up to a hundredth of it later. A clock that goes ahead by more than a day is believed only when it
    /// has stayed there for a day.
    pub retention: Retention,
    /// Intake pauses while less than this is free on the disk.
    pub free_space_reserve: ByteSize,
    /// A commit that takes longer ends the daemon, because the disk cannot be trusted any more; opening the state may take
    /// five times as long.
    pub commit_deadline: Period,
    /// Memory of the store's page cache.
    pub cache: ByteSize,
    /// The store is made small again when it has grown by this, and by 40 %, since the last time, and nothing else is to do.
    pub compact_growth: ByteSize,
}

impl Default for StoreSection {
    fn default() -> StoreSection {
        StoreSection {
            retention: Retention::Forever,
            free_space_reserve: ByteSize::mebibytes(256),
            commit_deadline: Period::seconds(60),
            cache: ByteSize::mebibytes(48),
            compact_growth: ByteSize::mebibytes(8),
        }
    }
}

/// A program that annotates: one `[[processor.exec]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExecSection {
    /// Its name among the processors.
    pub name: String,
    /// The program and its arguments; no shell. A relative program counts from the configuration file's directory.
    pub command: Vec<String>,
    /// Time for one document.
    #[serde(default = "exec_time_max")]
    pub time_max: Period,
    /// Memory of the process.
    #[serde(default = "exec_memory_max")]
    pub memory_max: ByteSize,
    /// Handed to the program in its handshake.
    #[serde(default)]
    pub options: Map<String, Value>,
}

fn exec_time_max() -> Period {
    Period::seconds(5)
}

fn exec_memory_max() -> ByteSize {
    ByteSize::mebibytes(512)
}
