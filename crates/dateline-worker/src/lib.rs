//! Worker processes: spawn, sandbox, feed and replace them. Parsing and annotating happens there and nowhere else.
//!
//! The parent holds a [`Pool`]: it starts `datelined worker` children, hands them [`Job`]s and gives back [`Answer`]s.
//! The child's main loop is [`serve`]: it reads its [`Init`], builds the chain, gives up every right it does not need
//! (see [`sandbox`]) and answers until its input ends. A child that dies, hangs or outgrows its memory is replaced; what
//! takes a child down twice is found out, step by step, and left out.
//!
//! Nothing here stores a result or reads the watched folder; no thread is started in a child.

mod child;
mod exec;
mod frame;
mod message;
mod pipe;
mod pool;
pub mod sandbox;
mod serve;
mod yielding;

pub use exec::{DirectPrograms, Launcher, describe};
pub use frame::FrameError;
pub use message::{
    DocumentJob, Init, PartFailure, PartHints, SandboxReport, SourceDocument, SourceJob, SourceProblem, SourceReport,
};
pub use pool::{Answer, Crash, CrashKind, Event, Job, Pool, PoolError, PoolOptions, PoolStatus, Urgency, Work};
pub use serve::{ServeError, serve, serve_stdio};
pub use yielding::yield_own_session;

pub use dateline_parser as parser;
pub use dateline_pipeline as pipeline;

/// Entrances for the fuzzer, which is no user.
#[cfg(fuzzing)]
pub mod fuzzing {
    use crate::frame::decode;
    use crate::message::{Reply, Request};

    /// Decodes bytes as what a parent and what a child says.
    pub fn messages(bytes: &[u8]) {
        let _ = decode::<Request>(bytes);
        let _ = decode::<Reply>(bytes);
    }
}
