//! How long from closing a file to finding it: over the socket of a running daemon, one file after the other.

use dateline_protocol::{Client, Hello, Request, Search, Selection, socket_path};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for one file; beyond it something is wrong and not slow.
const FOUND_WITHIN: Duration = Duration::from_secs(30);
/// Rest between two files, so that each meets an idle daemon.
const REST: Duration = Duration::from_millis(150);

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LatencyError {
    /// The daemon does not answer.
    #[error("daemon of `{}` does not answer", state.display())]
    Client {
        /// Its state.
        state: PathBuf,
        /// Why.
        #[source]
        source: Box<dateline_protocol::ClientError>,
    },
    /// A file could not be written or removed.
    #[error("`{}` could not be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file was not found in time.
    #[error("`{}` was not found within {} s", path.display(), FOUND_WITHIN.as_secs())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
}

/// Latencies, sorted.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    sorted: Vec<Duration>,
}

impl Latencies {
    /// The latency that `share` (0 to 1) of all files stay under.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.sorted.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        self.sorted.get(at.min(last)).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |share| self.quantile(share).as_secs_f64() * 1_000.0;
        let files = self.sorted.len();
        write!(
            f,
            "{files} files: median {:.1} ms, 95th percentile {:.1} ms, longest {:.1} ms",
            ms(0.5),
            ms(0.95),
            ms(1.0)
        )
    }
}

/// Writes `files` files into `root`, one after the other, and measures from the close of each until a search over the
/// socket of the daemon on `state` finds it. Removes them afterwards.
///
/// # Errors
/// [`LatencyError`] when the daemon does not answer or a file is never found.
pub fn measure(root: &Path, state: &Path, files: usize) -> Result<Latencies, LatencyError> {
    let client_error = |source| LatencyError::Client { state: state.to_owned(), source: Box::new(source) };
    let mut client = Client::connect(&socket_path(state), &Hello::new(None), FOUND_WITHIN).map_err(client_error)?;
    let mut sorted = Vec::with_capacity(files);
    let mut written = Vec::new();
    let run = std::process::id();
    for number in 0..files {
        let word = format!("zq{run}x{number}zq");
        let path = root.join(format!("latency-{run}-{number}.txt"));
        let text =
            format!("LATENCY, May 3 - The mayor of Trieste said on Tuesday that {word} would open next month.\n");
        std::fs::write(&path, text).map_err(|source| LatencyError::Write { path: path.clone(), source })?;
        written.push(path.clone());
        let closed = Instant::now();
        loop {
            let selection = Selection { query: word.clone(), literal: true, ..Selection::default() };
            let search = Request::Search(Search { selection, limit: 1, offset: 0, paths_only: true });
            let mut answer = client.ask(search, Some(FOUND_WITHIN)).map_err(client_error)?;
            let mut found = false;
            while answer.next_item().map_err(client_error)?.is_some() {
                found = true;
            }
            if found {
                break;
            }
            if closed.elapsed() > FOUND_WITHIN {
                return Err(LatencyError::NotFound { path });
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        sorted.push(closed.elapsed());
        std::thread::sleep(REST);
    }
    for path in written {
        std::fs::remove_file(&path).map_err(|source| LatencyError::Write { path, source })?;
    }
    sorted.sort_unstable();
    Ok(Latencies { sorted })
}
