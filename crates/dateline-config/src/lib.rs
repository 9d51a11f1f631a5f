//! The configuration: one TOML file, checked to the line and key, with every value's origin known.
//!
//! Rust structs with doc comments are the only source: defaults, sample file, schema and reference come from
//! [`ConfigFile`]. Values come from the defaults, then the file, then `DATELINE_*` variables, then flags.
//!
//! Sections that belong to others (`[parser]`, `[processor.NAME]`) are kept as tables with their positions, for whoever
//! builds these parts to check with [`check_table`]. Nothing here watches, opens a store or starts a process.

mod check;
mod discover;
mod environment;
mod error;
mod file;
mod load;
mod places;
mod positions;
mod render;
mod trust;
mod units;

pub use check::{check_table, nearest};
pub use discover::{Discovered, Place, discover};
pub use environment::Environment;
pub use error::{ConfigError, Fault};
pub use file::{
    ConfigFile, DaemonSection, ExecSection, LogFormat, PollMode, SandboxMode, StoreSection, WatchSection, WorkerSection,
};
pub use load::{Config, ExecEntry, Explained, Origin, Overrides, Table, load};
pub use places::check_places;
pub use render::{render_default, render_section, schema};
pub use trust::{Distrust, check_trust};
pub use units::{ByteSize, Period, Recurrence, Retention, UnitError, WorkerCount};
