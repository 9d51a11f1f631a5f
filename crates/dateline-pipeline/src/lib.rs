//! Orders annotators by what they read and write, decides what is stale, and runs exactly that.
//!
//! A [`Registry`] lists the processors of a program; [`Registry::build`] makes a [`Chain`] from the configuration;
//! [`Chain::run`] annotates one document, keeping whatever an unchanged key vouches for; [`Chain::stale`] says what
//! would run and why, without running. Nothing here reads a file, stores a result or starts a process: see
//! `dateline-worker` and `dateline-store`.

mod chain;
mod deadline;
mod error;
pub mod exec;
mod key;
mod order;
mod plan;
mod registry;
mod run;

pub use chain::{Chain, Member};
pub use deadline::{Until, thread_time};
pub use error::ChainError;
pub use key::{InputHashes, canonical_json};
pub use plan::{Plan, Planned, Reason, Standing};
pub use registry::{ENABLED, ProcessorTables, Registry, Section, SectionKind};
pub use run::{Annotated, Blocked, Previous, RunOptions, Step, error_chain, panic_message};

pub use dateline_processor as processor;
