//! What is done about damage: it is said, the part is moved aside and made anew from what is sound, and what could not
//! be restored is named. Which bytes are damaged is found elsewhere, and how a part is made anew is the store's matter.

use crate::errors::Fatal;
use crate::notify::Notifier;
use crate::program::Program;
use crate::setup::{self, Opened};
use dateline_core::Timestamp;
use dateline_processor::IndexError;
use dateline_store::{RebuildReport, StateDir, StatePart, StoreError, StoreOptions};
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often one process makes a part anew; what is damaged again and again lies on a disk that wants a person.
const REPAIRS_MAX: usize = 3;
/// Losses named in the log; the rest is counted.
const LOST_NAMED: usize = 50;
/// How long the last threads and answers may go on holding the store.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the supervisor is told that a repair goes on.
const BEAT: Duration = Duration::from_millis(500);

/// What was made anew is damaged again, too often to go on.
#[derive(Debug, thiserror::Error)]
#[error("{} is damaged again after {REPAIRS_MAX} repairs: {}", .0.part.name(), .0.what)]
struct DamagedAgain(Damage);

/// A part of the state that can be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `store/`, from folder, history and decisions.
    Store,
    /// `history/`, from the store.
    History,
    /// `index/`, from the store.
    Index,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Store => "store",
            Part::History => "history",
            Part::Index => "index",
        }
    }
}

/// Damage that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) part: Part,
    /// What was found, for people.
    pub(crate) what: String,
}

impl Damage {
    /// The damage an error speaks of, itself or one of its causes.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Damage> {
        let known = |error: &(dyn Error + 'static)| {
            if let Some(StoreError::Damaged { part, .. }) = error.downcast_ref() {
                let part = match part {
                    StatePart::Store => Part::Store,
                    StatePart::History => Part::History,
                    StatePart::Decisions => return None,
                };
                return Some(Damage { part, what: error.to_string() });
            }
            let damaged = matches!(error.downcast_ref(), Some(IndexError::Damaged { .. }));
            damaged.then(|| Damage { part: Part::Index, what: error.to_string() })
        };
        std::iter::successors(Some(error), |&error| error.source()).find_map(known)
    }
}

/// The repairs of one process.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    made: Vec<Part>,
    opened: bool,
    /// What was repaired and lost, for `status`.
    pub(crate) notes: Vec<String>,
}

impl Repairs {
    /// Opens everything; what is damaged is made anew first.
    ///
    /// # Errors
    /// As [`setup::open`], where no repair helps.
    pub(crate) fn open(&mut self, program: &Program) -> Result<Opened, Fatal> {
        loop {
            // Once this process had it open, answers under way may hold it until their deadline.
            let patience = if self.opened { PATIENCE } else { setup::LOCK_PATIENCE };
            match setup::open_within(program, patience) {
                Ok(opened) => {
                    let again = std::mem::replace(&mut self.opened, true);
                    return Ok(Opened { again, ..opened });
                }
                Err(fatal) => self.after(fatal, program)?,
            }
        }
    }

    /// Repairs what an error says is damaged.
    ///
    /// # Errors
    /// That error, when it speaks of no damage or repairs do not help.
    pub(crate) fn after(&mut self, fatal: Fatal, program: &Program) -> Result<(), Fatal> {
        match fatal.damage() {
            Some(damage) if self.may(damage.part) => self.repair(program, &damage),
            _ => Err(fatal),
        }
    }

    /// Whether a part may be made anew once more.
    pub(crate) fn may(&self, part: Part) -> bool {
        self.made.iter().filter(|made| **made == part).count() < REPAIRS_MAX
    }

    fn refuse_often(&self, damage: &Damage) -> Result<(), Fatal> {
        if self.may(damage.part) {
            return Ok(());
        }
        let hint = "look after the disk and the memory of this machine, then start it again";
        Err(Fatal::hinted(DamagedAgain(damage.clone()), hint))
    }

    /// Moves a part aside and makes it anew.
    ///
    /// # Errors
    /// When that was done too often, the state is in use, what it is made from cannot be read, or the disk fails.
    pub(crate) fn repair(&mut self, program: &Program, damage: &Damage) -> Result<(), Fatal> {
        self.refuse_often(damage)?;
        let part = damage.part;
        tracing::error!(part = part.name(), what = damage.what, "damage: the part is moved aside and made anew");
        self.made.push(part);
        let directory = StateDir::new(&program.state);
        let over = AtomicBool::new(false);
        let report = std::thread::scope(|scope| {
            scope.spawn(|| beat_until(&over));
            let report = make_anew(&directory, program, part);
            over.store(true, Ordering::Release);
            report
        })?;
        self.tell(damage, &report);
        Ok(())
    }

    fn tell(&mut self, damage: &Damage, report: &RebuildReport) {
        let part = damage.part.name();
        let aside = report.moved_to.as_ref().map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string());
        let (documents, revisions) = (report.documents, report.revisions);
        tracing::warn!(part, aside, documents, revisions, lost = report.lost.len(), "the part was made anew");
        for lost in report.lost.iter().take(LOST_NAMED) {
            tracing::error!(what = lost, "could not be restored");
        }
        let mut note =
            format!("repaired: the {part} was damaged ({}) and made anew; the old one lies in `{aside}`", damage.what);
        if let Some(first) = report.lost.first() {
            note.push_str(&format!("; {} things could not be restored, the first: {first}", report.lost.len()));
        }
        self.notes.push(note);
    }
}

/// Tells the supervisor that the process lives, until the work is over.
fn beat_until(over: &AtomicBool) {
    let notifier = Notifier::new();
    while !over.load(Ordering::Acquire) {
        notifier.heartbeat();
        std::thread::sleep(BEAT);
    }
}

fn make_anew(directory: &StateDir, program: &Program, part: Part) -> Result<RebuildReport, Fatal> {
    // Answers under way may hold the store for a moment.
    let lock = directory.lock_within(PATIENCE)?;
    let options = StoreOptions { cache_bytes: program.config.store.cache.0, ..StoreOptions::default() };
    if part == Part::History {
        return Ok(dateline_store::rebuild(&lock, &options, StatePart::History)?);
    }
    // First the index: a new store whose making was interrupted must never meet an index of the old one, whose numbers
    // it would take for its own.
    let index = move_index_aside(directory)?;
    if part == Part::Index {
        return Ok(RebuildReport { moved_to: index, ..RebuildReport::default() });
    }
    Ok(dateline_store::rebuild(&lock, &options, StatePart::Store)?)
}

/// Moves the index aside, if there is one; says where to.
///
/// # Errors
/// When it cannot be moved.
pub(crate) fn move_index_aside(directory: &StateDir) -> Result<Option<PathBuf>, Fatal> {
    let index = directory.index();
    if !index.exists() {
        return Ok(None);
    }
    let second = Timestamp::now().as_second();
    let names = (0_u32..).map(|number| match number {
        0 => format!("index.damaged-{second}"),
        _ => format!("index.damaged-{second}-{number}"),
    });
    let mut free = names.map(|name| directory.path().join(name)).filter(|path| !path.exists());
    let Some(aside) = free.next() else { return Ok(None) };
    std::fs::rename(&index, &aside)?;
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use super::{Damage, Part, REPAIRS_MAX, Repairs};
    use crate::engine::EngineError;
    use crate::errors::Fatal;
    use dateline_store::{StatePart, StoreError};

    fn damaged(part: StatePart) -> StoreError {
        StoreError::Damaged { part, what: "a test says so".to_owned() }
    }

    #[test]
    fn damage_is_found_in_the_causes_of_an_error() {
        let fatal = Fatal::from(EngineError::Store(damaged(StatePart::Store)));
        assert_eq!(fatal.damage().map(|damage| damage.part), Some(Part::Store));
        let fatal = Fatal::from(damaged(StatePart::History));
        assert_eq!(fatal.damage().map(|damage| damage.part), Some(Part::History));
        assert_eq!(Damage::of(&damaged(StatePart::Decisions)), None, "they are the user's");
        assert_eq!(Damage::of(&std::io::Error::other("full")), None);
    }

    #[test]
    fn what_is_damaged_again_and_again_is_left_alone() {
        let repairs = Repairs { made: vec![Part::Store; REPAIRS_MAX], ..Repairs::default() };
        assert!(!repairs.may(Part::Store) && repairs.may(Part::Index));
        let found = |part| Damage { part, what: "a scrub says so".to_owned() };
        let refused = repairs.refuse_often(&found(Part::Store)).expect_err("enough is enough");
        assert_eq!(refused.to_string(), "store is damaged again after 3 repairs: a scrub says so");
        assert!(repairs.refuse_often(&found(Part::Index)).is_ok());
    }
}
