//! Which document is meant: by id, by path, by a fragment of a path that only one has; `PATH#PART` names a record.

use super::{Answerer, store_error};
use dateline_core::{DocumentId, SourcePath, Timestamp};
use dateline_protocol::{ErrorBody, ErrorKind};
use dateline_store::{DocumentEntry, SourceEntry};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Candidates listed when a name fits several documents.
const CANDIDATES_MAX: usize = 8;
/// Letters of a mistyped path for each of which one may be wrong, missing, too much, or swapped with the next.
const LETTERS_A_SLIP: usize = 4;
/// Letters of a mistyped path that are looked at.
const TYPED_LETTERS_MAX: usize = 100;
/// Paths like a mistyped one that are kept until the nearest of them are chosen.
const NEAREST_MAX: usize = 1_000;

impl Answerer {
    /// The document a user named.
    pub(crate) fn find_document(&self, named: &str) -> Result<DocumentEntry, ErrorBody> {
        // `001` is the beginning of a file's name, not the document with id 1.
        let number = named.strip_prefix('#').unwrap_or(named);
        if let Some(id) = number.parse().ok().filter(|id: &u64| id.to_string() == number).map(DocumentId)
            && let Some(entry) = self.store.document(id).map_err(store_error)?
        {
            return Ok(entry);
        }
        let (path, part) = self.split_part(named)?;
        let source = self.find_source(&path)?;
        let mut documents = self.store.documents_of(&source.path).map_err(store_error)?;
        if let Some(part) = part {
            let wanted = documents.iter().position(|entry| entry.part == part);
            return match wanted {
                Some(at) => Ok(documents.swap_remove(at)),
                None => Err(no_part(&source.path, &part, &documents)),
            };
        }
        if let [_] = documents.as_slice() {
            return documents.pop().ok_or_else(|| not_found(named));
        }
        if documents.is_empty() {
            return Err(ErrorBody::new(ErrorKind::NotFound, format!("`{}` holds no document", source.path))
                .hint(format!("`dateline why {}` says where the file is in the pipeline", source.path)));
        }
        let message = format!("`{}` holds {} documents", source.path, documents.len());
        Err(ErrorBody::new(ErrorKind::Ambiguous, message)
            .candidates(parts(&source.path, &documents))
            .hint("name one with #PART"))
    }

    /// As [`Answerer::find_document`], documents that are gone too: where `time` is given, one that was there then; else,
    /// where no other has the name, the one deleted last.
    pub(crate) fn find_known(&self, named: &str, time: Option<Timestamp>) -> Result<DocumentEntry, ErrorBody> {
        let present = self.find_document(named);
        let was_there = |entry: &DocumentEntry| match time {
            Some(time) => Ok(self.store.revision_at(entry.document, time).map_err(store_error)?.is_some()),
            None => Ok(true),
        };
        if present.as_ref().map_or(Ok(false), was_there)? {
            return present;
        }
        let mut past: Vec<DocumentEntry> = Vec::new();
        for entry in self.gone(named)? {
            if was_there(&entry)? {
                past.push(entry);
            }
        }
        past.sort_by_key(|entry| (entry.current.seen_to, entry.document));
        let several = past.iter().any(|entry| (&entry.path, &entry.part) != (&past[0].path, &past[0].part));
        match past.pop() {
            Some(last) if !several => Ok(last),
            Some(last) => {
                past.push(last);
                let message = format!("`{named}` fits more than one document that is gone");
                let names = past.iter().take(CANDIDATES_MAX).map(|entry| format!("{}#{}", entry.path, entry.part));
                Err(ErrorBody::new(ErrorKind::Ambiguous, message).candidates(names.collect()))
            }
            None => present,
        }
    }

    /// Deleted documents with a name: a path, or, where none is just that, a part of one.
    fn gone(&self, named: &str) -> Result<Vec<DocumentEntry>, ErrorBody> {
        let with_part = named.rsplit_once('#').filter(|(path, _)| !path.is_empty());
        let readings = [Some((named, None)), with_part.map(|(path, part)| (path, Some(part)))];
        for (path, part) in readings.into_iter().flatten() {
            let mut sources: Vec<SourcePath> = self.readings(path);
            for source in &mut sources {
                *source =
                    self.store.source(source).map_err(store_error)?.map_or_else(SourcePath::default, |it| it.path);
            }
            sources.retain(|source| !source.is_root());
            if sources.is_empty() {
                sources = self.sources_with(path)?;
            }
            let mut found = Vec::new();
            for source in &sources {
                let of_source = self.store.all_documents_of(source).map_err(store_error)?.into_iter();
                found.extend(of_source.filter(|entry| !entry.open && part.is_none_or(|part| part == entry.part)));
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Paths of sources, removed ones too, that hold a text.
    fn sources_with(&self, text: &str) -> Result<Vec<SourcePath>, ErrorBody> {
        let fits = holding(text);
        let found = self.store.all_sources().filter(|entry| entry.as_ref().map_or(true, &fits));
        found.map(|entry| entry.map(|entry| entry.path)).collect::<Result<_, _>>().map_err(store_error)
    }

    /// Parts a name at its last `#`, unless a source really has that name.
    fn split_part(&self, named: &str) -> Result<(String, Option<String>), ErrorBody> {
        if let Some((path, part)) = named.rsplit_once('#')
            && !path.is_empty()
            && self.source_named(named)?.is_none()
        {
            return Ok((path.to_owned(), Some(part.to_owned())));
        }
        Ok((named.to_owned(), None))
    }

    /// The source with exactly this path: relative to the root, or as the shell sees it from the root's directory.
    fn source_named(&self, named: &str) -> Result<Option<SourceEntry>, ErrorBody> {
        for path in self.readings(named) {
            let found = self.store.source(&path).map_err(store_error)?;
            if let Some(entry) = found.filter(|entry| !entry.removed) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// What a typed path may mean, likeliest first.
    pub(crate) fn readings(&self, named: &str) -> Vec<SourcePath> {
        let mut readings = vec![SourcePath::new(named.trim_start_matches("./").as_bytes())];
        let root = &self.program.root;
        let below = |path: &Path| path.strip_prefix(root).ok().map(|rest| SourcePath::new(rest.as_os_str().as_bytes()));
        readings.extend(below(Path::new(named)));
        // `seeds/a.txt` typed beside a root called `seeds`.
        if let Some(name) = root.file_name().and_then(|name| name.to_str())
            && let Some(rest) =
                named.trim_start_matches("./").strip_prefix(name).and_then(|rest| rest.strip_prefix('/'))
        {
            readings.push(SourcePath::new(rest.as_bytes()));
        }
        readings
    }

    /// Paths of which a part is much like what was typed, the nearest first: a file's name, or the whole path where a
    /// directory was typed too.
    pub(crate) fn paths_like(&self, named: &str) -> Result<Vec<String>, ErrorBody> {
        let typed: Vec<char> = named.trim_start_matches("./").to_lowercase().chars().take(TYPED_LETTERS_MAX).collect();
        let most = typed.len() / LETTERS_A_SLIP;
        let mut nearest: Vec<(usize, String)> = Vec::new();
        for entry in self.store.sources() {
            let path = entry.map_err(store_error)?.path.display();
            let lower = path.to_lowercase();
            let part = if typed.contains(&'/') { lower.as_str() } else { lower.rsplit('/').next().unwrap_or(&lower) };
            let slips = slips(&typed, part);
            if slips <= most {
                nearest.push((slips, path));
            }
            if nearest.len() >= NEAREST_MAX {
                nearest.sort_unstable();
                nearest.truncate(CANDIDATES_MAX);
            }
        }
        nearest.sort_unstable();
        nearest.truncate(CANDIDATES_MAX);
        Ok(nearest.into_iter().map(|(_, path)| path).collect())
    }

    /// The source a user named: exactly, or by a fragment that only one path has.
    pub(crate) fn find_source(&self, named: &str) -> Result<SourceEntry, ErrorBody> {
        if let Some(entry) = self.source_named(named)? {
            return Ok(entry);
        }
        let fits = holding(named);
        let found = self.store.sources().filter(|entry| entry.as_ref().map_or(true, &fits)).take(CANDIDATES_MAX);
        let mut found: Vec<SourceEntry> = found.collect::<Result<_, _>>().map_err(store_error)?;
        match found.len() {
            0 => Err(not_found(named).candidates(self.paths_like(named)?)),
            1 => found.pop().ok_or_else(|| not_found(named)),
            _ => {
                let candidates = found.iter().map(|entry| entry.path.display()).collect();
                Err(ErrorBody::new(ErrorKind::Ambiguous, format!("`{named}` fits more than one file"))
                    .candidates(candidates)
                    .hint("write more of the path"))
            }
        }
    }
}

/// Whether a source's path holds a text, in whatever case.
fn holding(text: &str) -> impl Fn(&SourceEntry) -> bool {
    let fragment = text.to_lowercase();
    move |entry| entry.path.display().to_lowercase().contains(&fragment)
}

/// How many letters are wrong, missing, too much or swapped in what was typed, compared with the part of a text that is
/// nearest to it (P. Sellers 1980, with swaps of neighbours).
fn slips(typed: &[char], text: &str) -> usize {
    // A column holds, for each beginning of what was typed, its distance from the nearest part of the text that ends here.
    let mut column: Vec<usize> = (0..=typed.len()).collect();
    let (mut before, mut fewest) = (column.clone(), typed.len());
    let mut last = None;
    for letter in text.chars() {
        let mut next = vec![0; column.len()];
        for (at, wanted) in typed.iter().enumerate() {
            next[at + 1] = (column[at] + usize::from(*wanted != letter)).min(column[at + 1] + 1).min(next[at] + 1);
            if at > 0 && *wanted != letter && last == Some(*wanted) && typed[at - 1] == letter {
                next[at + 1] = next[at + 1].min(before[at - 1] + 1);
            }
        }
        fewest = fewest.min(next[typed.len()]);
        (before, column) = (column, next);
        last = Some(letter);
    }
    fewest
}

fn not_found(named: &str) -> ErrorBody {
    ErrorBody::new(ErrorKind::NotFound, format!("no document `{named}`"))
        .hint("name it by path, by a part of its path, or by the id that `dateline search --json` shows")
}

fn parts(path: &SourcePath, documents: &[DocumentEntry]) -> Vec<String> {
    documents.iter().take(CANDIDATES_MAX).map(|entry| format!("{path}#{}", entry.part)).collect()
}

fn no_part(path: &SourcePath, part: &str, documents: &[DocumentEntry]) -> ErrorBody {
    ErrorBody::new(ErrorKind::NotFound, format!("`{path}` has no part `{part}`")).candidates(parts(path, documents))
}

#[cfg(test)]
mod tests {
    use super::slips;

    #[test]
    fn slips_are_counted_against_the_nearest_part() {
        for (typed, text, expected) in [
            ("grain", "grain-deal-ends.txt", 0),
            ("grian", "grain-deal-ends.txt", 1),
            ("deel-end", "grain-deal-ends.txt", 1),
            ("dea-ends", "grain-deal-ends.txt", 1),
            ("deals-ends", "grain-deal-ends.txt", 1),
            ("zebra", "", 5),
            ("", "grain", 0),
        ] {
            let letters: Vec<char> = typed.chars().collect();
            assert_eq!(slips(&letters, text), expected, "{typed} {text}");
        }
    }
}
