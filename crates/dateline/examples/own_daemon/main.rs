//! A daemon of one's own: everything `datelined` has, one more annotator and one more indexer. It is asked through the
//! stock `dateline`, which knows nothing of either.
//!
//!     cargo build --example own_daemon
//!     export DATELINE_DAEMON=target/debug/examples/own_daemon     # who answers when no daemon runs
//!     $DATELINE_DAEMON once
//!     dateline search 'amount:>=1000000'
//!     dateline ask co-mentions '"Joe Biden"'
//!
//! Only public crates are used: copy the folder, name `dateline-daemon`, `dateline-processor`, `serde`, `serde_json` and
//! `tikv-jemallocator` in its manifest, and it builds anywhere.

mod amounts;
mod co_mentions;

use amounts::Amounts;
use co_mentions::CoMentions;
use dateline_daemon::Daemon;
use dateline_daemon::processors::{Dating, Entities, Index, Language, Quotes, Registry, Sentences, Watchlist};
use std::process::ExitCode;

/// As `datelined` has it, and for the same reason: a daemon runs for months, and the heap of the C library wears.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    Daemon::builder()
        .annotator::<Language>()
        .annotator::<Sentences>()
        .annotator::<Dating>()
        .annotator::<Watchlist>()
        .annotator::<Entities>()
        .annotator::<Quotes>()
        .annotator::<Amounts>()
        .indexer::<Index>()
        .indexer::<Registry>()
        .indexer::<CoMentions>()
        .run()
}
