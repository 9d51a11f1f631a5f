//! `datelined`: the daemon with the processors that come with it. Another program adds its own to the same list.

use dateline_daemon::Daemon;
use dateline_daemon::processors::{Dating, Entities, Index, Quotes, Registry, Sentences, Watchlist};
use std::process::ExitCode;

fn main() -> ExitCode {
    Daemon::builder()
        .annotator::<Sentences>()
        .annotator::<Dating>()
        .annotator::<Watchlist>()
        .annotator::<Entities>()
        .annotator::<Quotes>()
        .indexer::<Index>()
        .indexer::<Registry>()
        .run()
}
