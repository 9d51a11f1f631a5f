//! The user's decisions, shared between answers, which change them, and the event loop, which hands them to processors.
//! The file is the truth: it is read again whenever it changed, so that editing it by hand works.

use dateline_core::{DateInterval, DctHint, DocumentId, Hints, SourcePath};
use dateline_store::{DateDecision, Decisions, DecisionsFile, DocumentEntry, DocumentRef, StoreError};
use dateline_worker::PartHints;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What tells one state of the file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    changed: (i64, i64),
}

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

    /// Tells one state of the file from another, without reading it; nothing when there is none.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let file = std::fs::metadata(&self.path).ok()?;
        Some(Stamp { inode: file.ino(), bytes: file.len(), changed: (file.ctime(), file.ctime_nsec()) })
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
    pub(crate) fn date(&self, about: &About<'_>) -> Result<Option<Option<DateInterval>>, StoreError> {
        Ok(date_in(&self.all()?, about).map(|decision| decision.date))
    }

    /// Decides a date, in place of what was decided about just this document before; or takes back everything that was
    /// decided about it, even for all documents of its source.
    ///
    /// # Errors
    /// As [`Book::change`].
    pub(crate) fn set_date(&self, about: &About<'_>, decision: Option<Option<DateInterval>>) -> Result<(), StoreError> {
        self.change(|decisions| {
            let narrowest = if decision.is_some() { Reach::Document } else { Reach::Source };
            decisions.dates.retain(|old| reach(old, about).is_none_or(|reach| reach < narrowest));
            decisions.dates.extend(decision.map(|date| DateDecision {
                document: DocumentRef::Place { path: about.path.clone(), part: Some(about.part.to_owned()) },
                date,
                time: None,
                note: None,
            }));
        })
    }
}

/// A document, as decisions name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// Its id; none of one that is not in the store.
    pub(crate) document: Option<DocumentId>,
    /// Its source.
    pub(crate) path: &'a SourcePath,
    /// Its name there.
    pub(crate) part: &'a str,
}

impl<'a> About<'a> {
    /// A document of the store.
    pub(crate) fn entry(entry: &'a DocumentEntry) -> About<'a> {
        About { document: Some(entry.document), path: &entry.path, part: &entry.part }
    }
}

/// What a decision is about, the wider first: the narrower one counts, and of two alike the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Source,
    Document,
}

/// Whether a decision is about a document, and what else it is about.
fn reach(decision: &DateDecision, about: &About<'_>) -> Option<Reach> {
    match &decision.document {
        DocumentRef::Document(document) => (about.document == Some(*document)).then_some(Reach::Document),
        DocumentRef::Place { path, part: None } => (path == about.path).then_some(Reach::Source),
        DocumentRef::Place { path, part: Some(part) } => {
            (path == about.path && part == about.part).then_some(Reach::Document)
        }
    }
}

fn date_in<'a>(decisions: &'a Decisions, about: &About<'_>) -> Option<&'a DateDecision> {
    let reaching = decisions.dates.iter().filter_map(|decision| Some((reach(decision, about)?, decision)));
    reaching.max_by_key(|(reach, _)| *reach).map(|(_, decision)| decision)
}

/// Whether a decision names a document by its id, which only the store can tell of.
pub(crate) fn name_by_id(decisions: &Decisions) -> bool {
    decisions.dates.iter().any(|decision| matches!(decision.document, DocumentRef::Document(_)))
}

/// What decisions about dates name which stand in one of the two and not in the other.
pub(crate) fn redated<'a>(before: &'a Decisions, after: &'a Decisions) -> Vec<&'a DocumentRef> {
    let only_in = |one: &'a Decisions, other: &'a Decisions| {
        one.dates.iter().filter(|decision| !other.dates.contains(decision)).map(|decision| &decision.document)
    };
    only_in(before, after).chain(only_in(after, before)).collect()
}

/// What processors are told about a document.
pub(crate) fn hints_for(decisions: &Decisions, about: &About<'_>) -> Hints {
    Hints { dct: date_in(decisions, about).map(dct_hint), ..Hints::default() }
}

/// What processors are told about the documents of a source that is being read: one entry per decided part, and one without
/// a name for all others. `known` are the documents that the store has of it.
pub(crate) fn part_hints(decisions: &Decisions, path: &SourcePath, known: &[DocumentEntry]) -> Vec<PartHints> {
    let mut decided: BTreeMap<&str, &DateDecision> = BTreeMap::new();
    for decision in &decisions.dates {
        let part = match &decision.document {
            DocumentRef::Place { path: place, part } if place == path => Some(part.as_deref().unwrap_or_default()),
            DocumentRef::Place { .. } => None,
            DocumentRef::Document(document) => {
                known.iter().find(|entry| entry.document == *document).map(|entry| entry.part.as_str())
            }
        };
        decided.extend(part.map(|part| (part, decision)));
    }
    let hints = |decision| Hints { dct: Some(dct_hint(decision)), ..Hints::default() };
    decided.into_iter().map(|(part, decision)| PartHints { part: part.to_owned(), hints: hints(decision) }).collect()
}

fn dct_hint(decision: &DateDecision) -> DctHint {
    DctHint { interval: decision.date, time: decision.time, decided: true }
}

#[cfg(test)]
mod tests {
    use super::{About, hints_for, part_hints, redated};
    use dateline_core::{DocumentId, SourcePath};
    use dateline_store::{Decisions, DecisionsFile};

    fn decisions(text: &str) -> Decisions {
        DecisionsFile::parse(text).expect("is right").decisions().clone()
    }

    #[test]
    fn the_narrower_decision_counts_and_of_two_alike_the_last() {
        let of_parts = "[[date]]\npath = \"a\"\npart = \"2\"\ndate = \"2020-02-02\"\n\n";
        let all = decisions(&format!(
            "{of_parts}[[date]]\npath = \"a\"\ndate = \"2021\"\n\n[[date]]\ndocument = 7\ndate = \"2022\"\n"
        ));
        let path = SourcePath::new("a");
        let year = |document: u64, part: &str| {
            let hints = hints_for(&all, &About { document: Some(DocumentId(document)), path: &path, part });
            hints.dct.and_then(|hint| hint.interval).map(|interval| interval.earliest.year())
        };
        assert_eq!(
            (year(1, "1"), year(2, "2"), year(7, "3"), year(7, "2")),
            (Some(2021), Some(2020), Some(2022), Some(2022))
        );
        let told = part_hints(&all, &path, &[]);
        assert_eq!(told.iter().map(|hints| hints.part.as_str()).collect::<Vec<_>>(), ["", "2"]);
        assert_eq!(redated(&all, &decisions(of_parts)).len(), 2);
        assert!(redated(&all, &all).is_empty());
    }
}
