//! The user's decisions, shared between answers, which change them, and the event loop, which hands them to processors.
//! The file is the truth: it is read again whenever it changed, so that editing it by hand works.

use dateline_core::{DateInterval, DctHint, Hints, SourcePath};
use dateline_store::{DateDecision, Decisions, DecisionsFile, DocumentRef, StoreError};
use dateline_worker::PartHints;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The book of decisions.
#[derive(Debug)]
pub(crate) struct Book {
    path: PathBuf,
    // Held while the file is read, changed and written, so that no decision is lost between two answers.
    writing: Mutex<()>,
}

impl Book {
    /// The book kept in this file; it need not exist.
    pub(crate) fn new(path: PathBuf) -> Book {
        Book { path, writing: Mutex::new(()) }
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All decisions as the file says now.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong.
    pub(crate) fn all(&self) -> Result<Decisions, StoreError> {
        Ok(DecisionsFile::load(&self.path)?.decisions().clone())
    }

    /// Changes the decisions and writes them.
    ///
    /// # Errors
    /// As [`Book::all`], and when the file cannot be written.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Decisions) -> T) -> Result<T, StoreError> {
        let _writing = self.lock();
        let mut file = DecisionsFile::load(&self.path)?;
        let mut decisions = file.decisions().clone();
        let result = change(&mut decisions);
        if decisions != *file.decisions() {
            file.replace(decisions);
            file.save(&self.path)?;
        }
        Ok(result)
    }

    /// The date decided for a document; the inner `None` when it was decided to be unknown.
    ///
    /// # Errors
    /// As [`Book::all`].
    pub(crate) fn date(&self, path: &SourcePath, part: &str) -> Result<Option<Option<DateInterval>>, StoreError> {
        Ok(date_in(&self.all()?, path, part).map(|decision| decision.date))
    }

    /// Decides a date, or takes that back.
    ///
    /// # Errors
    /// As [`Book::change`].
    pub(crate) fn set_date(
        &self,
        path: &SourcePath,
        part: &str,
        decision: Option<Option<DateInterval>>,
    ) -> Result<(), StoreError> {
        self.change(|decisions| {
            decisions.dates.retain(|old| !is_about(old, path, part));
            decisions.dates.extend(decision.map(|date| DateDecision {
                document: DocumentRef::Place { path: path.clone(), part: Some(part.to_owned()) },
                date,
                time: None,
                note: None,
            }));
        })
    }
}

fn is_about(decision: &DateDecision, path: &SourcePath, part: &str) -> bool {
    match &decision.document {
        DocumentRef::Place { path: place, part: wanted } => {
            place == path && wanted.as_deref().is_none_or(|wanted| wanted == part)
        }
        DocumentRef::Document(_) => false,
    }
}

fn date_in<'a>(decisions: &'a Decisions, path: &SourcePath, part: &str) -> Option<&'a DateDecision> {
    decisions.dates.iter().rev().find(|decision| is_about(decision, path, part))
}

/// What processors are told about a document.
pub(crate) fn hints_for(decisions: &Decisions, path: &SourcePath, part: &str) -> Hints {
    let decision = date_in(decisions, path, part);
    Hints { dct: decision.map(dct_hint), ..Hints::default() }
}

/// What processors are told about the documents of a source that is being read: one entry per decided part.
pub(crate) fn part_hints(decisions: &Decisions, path: &SourcePath) -> Vec<PartHints> {
    let hint = |decision: &DateDecision| match &decision.document {
        DocumentRef::Place { path: place, part } if place == path => {
            let hints = Hints { dct: Some(dct_hint(decision)), ..Hints::default() };
            Some(PartHints { part: part.clone().unwrap_or_default(), hints })
        }
        _ => None,
    };
    decisions.dates.iter().filter_map(hint).collect()
}

fn dct_hint(decision: &DateDecision) -> DctHint {
    DctHint { interval: decision.date, time: decision.time, decided: true }
}
