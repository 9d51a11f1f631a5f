//! Reads the whole state in the background after each opening, so that damage is found before it is asked for, and
//! hands what it found to whoever repairs it.

use crate::control::Control;
use crate::live::Live;
use crate::repair::{Damage, Part};
use crossbeam_channel::Sender;
use dateline_processor_index::Searching;
use dateline_store::{Finding, ScrubState, StatePart, Store};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Records read in one step.
const STEP_RECORDS: usize = 200;
/// Pause between steps: the scrub takes a small share of one core and gives way to everything else.
const PAUSE: Duration = Duration::from_millis(20);
/// Findings named in the log; the rest is counted.
const FINDINGS_NAMED: usize = 20;

/// Starts the scrub; it ends when it is through, found damage, or the daemon stops.
pub(crate) fn start(
    store: Store,
    index: Searching,
    live: Arc<Live>,
    control: Sender<Control>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("scrub".to_owned()).spawn(move || {
        let Some(damage) = look(&store, &index, &live) else { return };
        live.update(|facts| {
            facts.verified = false;
            facts.notes.push(format!("damage: {}", damage.what));
        });
        // The event loop is gone only when the daemon stops anyway.
        drop(control.send(Control::Damaged(damage)));
    })
}

/// Reads a part. A panic on the way is damage, too: it met bytes that nobody foresaw, and whoever asks must not be told for
/// ever that the scrub is not through.
fn reading<T>(part: Part, read: impl FnOnce() -> T) -> Result<T, Damage> {
    std::panic::catch_unwind(AssertUnwindSafe(read)).map_err(|panic| {
        let what = format!("it cannot be read through: {}", dateline_pipeline::panic_message(&*panic));
        tracing::error!(?part, what, "damage was found");
        Damage { part, what }
    })
}

/// Reads everything; `None` when it is sound or the daemon stops.
fn look(store: &Store, index: &Searching, live: &Live) -> Option<Damage> {
    let findings = match reading(Part::Store, || read_through(store, live)) {
        Ok(findings) => findings?,
        Err(damage) => return Some(damage),
    };
    if findings.is_empty() {
        let damaged = match reading(Part::Index, || index.damaged_files()) {
            Ok(damaged) => damaged,
            Err(damage) => return Some(damage),
        };
        let Some(first) = damaged.first() else {
            live.update(|facts| facts.verified = true);
            return None;
        };
        for file in damaged.iter().take(FINDINGS_NAMED) {
            tracing::error!(file, "damage was found in the index");
        }
        let what = format!("{} files of the index are damaged, the first: `{first}`", damaged.len());
        return Some(Damage { part: Part::Index, what });
    }
    for finding in findings.iter().take(FINDINGS_NAMED) {
        tracing::error!(part = %finding.part, what = finding.what, "damage was found");
    }
    // A history is written anew from a store that is sound; while that is in doubt, the store comes first.
    let first = findings.iter().find(|finding| finding.part == StatePart::Store).or(findings.first())?;
    let part = if first.part == StatePart::Store { Part::Store } else { Part::History };
    let what = format!("{} findings, the first: {}", findings.len(), first.what);
    Some(Damage { part, what })
}

/// What a whole scrub found; `None` when the daemon stops first.
fn read_through(store: &Store, live: &Live) -> Option<Vec<Finding>> {
    let mut scrub = store.scrub();
    loop {
        match scrub.step(STEP_RECORDS) {
            Ok(ScrubState::Working { .. }) => {}
            Ok(ScrubState::Finished { findings, .. }) => return Some(findings),
            Err(error) => {
                let part = error.damaged().unwrap_or(StatePart::History);
                return Some(vec![Finding { part, document: None, what: dateline_pipeline::error_chain(&error) }]);
            }
        }
        if live.wait(PAUSE, |facts| facts.stopping) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reading;
    use crate::repair::Part;

    #[test]
    fn a_look_that_panics_found_damage() {
        let found = reading(Part::Index, || std::panic::panic_any("no such page"));
        let found: Result<(), _> = found;
        let damage = found.expect_err("nothing was read");
        assert_eq!((damage.part, damage.what.as_str()), (Part::Index, "it cannot be read through: no such page"));
        assert_eq!(reading(Part::Store, || 7), Ok(7));
    }
}
