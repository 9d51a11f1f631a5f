//! Reads the whole store in the background after each opening, so that damage is found before it is asked for.

use crate::live::{Live, Phase};
use dateline_store::{ScrubState, Store};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Records read in one step.
const STEP_RECORDS: usize = 200;
/// Pause between steps: the scrub takes a small share of one core and gives way to everything else.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts the scrub; it ends when it is through, finds damage, or the daemon stops.
pub(crate) fn start(store: Store, live: Arc<Live>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("scrub".to_owned()).spawn(move || {
        let mut scrub = store.scrub();
        loop {
            match scrub.step(STEP_RECORDS) {
                Ok(ScrubState::Working { .. }) => {}
                Ok(ScrubState::Finished { findings, .. }) => {
                    for finding in findings.iter().take(20) {
                        tracing::error!(part = %finding.part, what = finding.what, "damage was found");
                    }
                    live.update(|facts| {
                        facts.verified = findings.is_empty();
                        facts.notes.retain(|note| !note.starts_with("damage: "));
                        facts.notes.extend(findings.first().map(|first| {
                            format!(
                                "damage: {} findings, the first: {}; run `datelined rebuild`",
                                findings.len(),
                                first.what
                            )
                        }));
                    });
                    return;
                }
                Err(error) => {
                    tracing::error!(error = crate::errors::chain(&error), "the store could not be read through");
                    live.update(|facts| {
                        facts.notes.push(format!("damage: {error}; run `datelined rebuild`"));
                    });
                    return;
                }
            }
            if live.wait(PAUSE, |facts| facts.phase == Phase::Stopping) {
                return;
            }
        }
    })
}
