//! `datelined`: the daemon with the processors that come with it. Another program adds its own to the same list.

use dateline_daemon::Daemon;
use dateline_daemon::processors::{Dating, Entities, Index, Language, Quotes, Registry, Sentences, Watchlist};
use std::process::ExitCode;

/// A daemon runs for months: the heap of the C library wears, which made a quarter of a search's processor time, and each of
/// 20 threads keeps what it freed.
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
        .indexer::<Index>()
        .indexer::<Registry>()
        .run()
}
