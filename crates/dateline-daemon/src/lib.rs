//! The daemon: event loop, committer, indexers, socket, answers, and the builder with which a program says which
//! processors it has.
//!
//! ```no_run
//! use dateline_daemon::Daemon;
//! use dateline_daemon::processors::{Dating, Entities, Index, Language, Quotes, Registry, Sentences, Watchlist};
//!
//! fn main() -> std::process::ExitCode {
//!     Daemon::builder()
//!         .annotator::<Language>()
//!         .annotator::<Sentences>()
//!         .annotator::<Dating>()
//!         .annotator::<Watchlist>()
//!         .annotator::<Entities>()
//!         .annotator::<Quotes>()
//!         .indexer::<Index>()
//!         .indexer::<Registry>()
//!         .run()
//! }
//! ```
//!
//! Nothing here parses, annotates, or knows sled, tantivy or inotify: each has its crate, which this one puts together.
//! In suggested reading order:

mod annotate;
mod answer;
mod args;
mod attempt;
mod committer;
mod control;
mod decisions;
mod difference;
mod doctor;
mod engine;
mod errors;
mod faults;
mod indexing;
mod intake;
mod live;
mod logging;
mod notify;
mod program;
mod progress;
mod reference;
mod repair;
mod resources;
mod run;
mod sample;
mod scrubbing;
mod server;
mod setup;
mod signals;
mod verify;
mod vital;

use dateline_pipeline::Registry;
use dateline_processor::{BuildAnnotator, BuildIndexer};
use std::process::ExitCode;

/// The processors that come with dateline, for the builders of programs.
pub mod processors {
    pub use dateline_processor_dating::Dating;
    pub use dateline_processor_entities::{Entities, Registry, Sentences, Watchlist};
    pub use dateline_processor_index::Index;
    pub use dateline_processor_language::Language;
    pub use dateline_processor_quotes::Quotes;
}

/// A daemon with the processors it is given.
#[derive(Debug)]
pub struct Daemon;

impl Daemon {
    /// A daemon without processors yet.
    #[must_use]
    pub fn builder() -> DaemonBuilder {
        DaemonBuilder { registry: Registry::default() }
    }
}

/// Collects the processors of a program; their order does not matter, it follows from what they read and write.
#[derive(Debug)]
pub struct DaemonBuilder {
    registry: Registry,
}

impl DaemonBuilder {
    /// Adds an annotator.
    #[must_use]
    pub fn annotator<A: BuildAnnotator>(self) -> DaemonBuilder {
        DaemonBuilder { registry: self.registry.annotator::<A>() }
    }

    /// Adds an indexer.
    #[must_use]
    pub fn indexer<I: BuildIndexer>(self) -> DaemonBuilder {
        DaemonBuilder { registry: self.registry.indexer::<I>() }
    }

    /// The default configuration file of this program, with the documentation of every option.
    #[must_use]
    pub fn default_config(&self) -> String {
        run::default_config(&self.registry)
    }

    /// The JSON Schema of this program's configuration file, as text.
    #[must_use]
    pub fn config_schema(&self) -> String {
        run::config_schema(&self.registry)
    }

    /// Reads the arguments of the process and does what they say: the whole program.
    #[must_use]
    pub fn run(self) -> ExitCode {
        run::run(self.registry)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_facet_may_have_the_name_of_a_field_a_query_has() {
        assert_eq!(dateline_query::FIELDS, dateline_processor::QUERY_FIELDS);
    }
}
