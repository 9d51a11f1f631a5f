//! Which document a parsed part continues, and which file a new path continues. Pure rules over values: nothing is read
//! or written here.

use crate::model::{FileIdentity, RenameCandidate};
use dateline_core::{ContentHash, DocumentId, PartNames, SourcePath};
use std::collections::{HashMap, HashSet};

/// A document that a source holds or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) document: DocumentId,
    pub(crate) part: String,
    /// Whether the part is the record's own id.
    pub(crate) own: bool,
    pub(crate) number: u32,
    pub(crate) open: bool,
    pub(crate) content: ContentHash,
}

/// A parsed part, named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    pub(crate) part: String,
    pub(crate) own: bool,
    pub(crate) number: u32,
    pub(crate) content: ContentHash,
}

/// Whether the parts at hand are all of their source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    Slice,
}

/// Matches the parts of one source, slice by slice.
pub(crate) struct Matcher {
    known: Vec<Known>,
    taken: Vec<bool>,
    by_own: HashMap<String, Vec<usize>>,
    by_content: HashMap<ContentHash, Queue>,
    by_number: HashMap<u32, usize>,
    names: PartNames,
}

/// Documents of equal content, open ones first, and how many of them are known to be taken.
#[derive(Default)]
struct Queue {
    documents: Vec<usize>,
    done: usize,
}

impl Matcher {
    pub(crate) fn new(mut known: Vec<Known>) -> Matcher {
        known.sort_by_key(|one| (one.number, one.document));
        let mut matcher = Matcher {
            taken: vec![false; known.len()],
            by_own: HashMap::new(),
            by_content: HashMap::new(),
            by_number: HashMap::new(),
            names: PartNames::default(),
            known,
        };
        for (at, one) in matcher.known.iter().enumerate() {
            if one.own {
                matcher.by_own.entry(one.part.clone()).or_default().push(at);
            }
            if one.open {
                matcher.by_number.entry(one.number).or_insert(at);
            }
        }
        for open in [true, false] {
            for (at, one) in matcher.known.iter().enumerate().filter(|(_, one)| one.open == open) {
                matcher.by_content.entry(one.content).or_default().documents.push(at);
            }
        }
        matcher
    }

    /// The name of the next part of the source, and whether it is its own id.
    pub(crate) fn name(&mut self, own_id: Option<&str>, number: u32) -> (String, bool) {
        self.names.next(own_id, number)
    }

    /// The documents that parts continue; `None` where a part is new to the source.
    pub(crate) fn match_parts(&mut self, incoming: &[Incoming], extent: Extent) -> Vec<Option<DocumentId>> {
        let mut found: Vec<Option<usize>> = vec![None; incoming.len()];
        for (at, new) in incoming.iter().enumerate().filter(|(_, new)| new.own) {
            let same = self.by_own.get(&new.part).into_iter().flatten().copied();
            found[at] = self.take(same.collect());
        }
        for (at, new) in incoming.iter().enumerate() {
            if found[at].is_none() {
                found[at] = self.by_content(new);
            }
        }
        let settled = found.clone();
        for (at, found) in found.iter_mut().enumerate().filter(|(_, found)| found.is_none()) {
            *found = self.by_place(incoming, at, &settled, extent);
        }
        found.into_iter().map(|known| known.map(|known| self.known[known].document)).collect()
    }

    /// A document of the same content: the one under the same number, else the first that is free, open ones first.
    fn by_content(&mut self, new: &Incoming) -> Option<usize> {
        let in_place = self.by_number.get(&new.number).copied();
        let in_place = in_place.filter(|known| self.known[*known].content == new.content);
        if let Some(known) = self.take(in_place.into_iter().collect()) {
            return Some(known);
        }
        let queue = self.by_content.get_mut(&new.content)?;
        let free = (queue.done..queue.documents.len()).find(|at| !self.taken[queue.documents[*at]])?;
        queue.done = free + 1;
        let known = queue.documents[free];
        self.take(vec![known])
    }

    /// The document under the same number, where nothing speaks against it.
    fn by_place(
        &mut self,
        incoming: &[Incoming],
        at: usize,
        settled: &[Option<usize>],
        extent: Extent,
    ) -> Option<usize> {
        let new = &incoming[at];
        // A path with one document keeps it, whatever becomes of its content.
        if extent == Extent::Whole && incoming.len() == 1 {
            let open: Vec<usize> = (0..self.known.len()).filter(|known| self.known[*known].open).collect();
            if open.len() == 1 {
                return self.take(open);
            }
        }
        let known = *self.by_number.get(&new.number)?;
        if self.known[known].own && new.own {
            return None;
        }
        // In a slice, content that moved may come later: a neighbour must show that numbers still hold.
        let holds = |step: usize, up: bool| {
            let other = if up { at.checked_add(step) } else { at.checked_sub(step) }?;
            let matched = (*settled.get(other)?)?;
            Some(self.known[matched].number == incoming[other].number)
        };
        let neighbour_holds = holds(1, false).or_else(|| holds(1, true)).unwrap_or(false);
        if extent == Extent::Whole || neighbour_holds { self.take(vec![known]) } else { None }
    }

    fn take(&mut self, candidates: Vec<usize>) -> Option<usize> {
        let free = candidates.into_iter().find(|known| !self.taken[*known])?;
        self.taken[free] = true;
        Some(free)
    }

    /// Open documents that no part continues.
    pub(crate) fn left_over(&self) -> Vec<DocumentId> {
        let left = self.known.iter().zip(&self.taken).filter(|(one, taken)| one.open && !**taken);
        left.map(|(one, _)| one.document).collect()
    }
}

/// The start of a text, at most so many bytes, cut between characters.
pub(crate) fn start(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A source that was looked for and not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MissingSource {
    pub(crate) path: SourcePath,
    pub(crate) identity: FileIdentity,
    pub(crate) content: ContentHash,
}

/// The missing source that a new path continues: the same content and file, else the same content, else the same file;
/// each only when there is exactly one.
pub(crate) fn rename(
    missing: &[MissingSource],
    identity: &FileIdentity,
    content: &ContentHash,
) -> Option<RenameCandidate> {
    let same_file =
        |one: &&MissingSource| one.identity.device == identity.device && one.identity.inode == identity.inode;
    let same_content = |one: &&MissingSource| one.content == *content;
    let only = |found: Vec<&MissingSource>, same_content: bool| match found.as_slice() {
        [one] => Some(RenameCandidate { from: one.path.clone(), same_content }),
        _ => None,
    };
    let contents: Vec<&MissingSource> = missing.iter().filter(same_content).collect();
    let both: Vec<&MissingSource> = contents.iter().copied().filter(same_file).collect();
    if !contents.is_empty() {
        return only(both, true).or_else(|| only(contents, true));
    }
    only(missing.iter().filter(same_file).collect(), false)
}

/// Whether at least half of the old lines still stand in the new text.
pub(crate) fn is_similar(old: &str, new: &str) -> bool {
    let lines = |text: &'_ str| text.lines().map(str::trim).filter(|line| !line.is_empty()).count();
    let now: HashSet<&str> = new.lines().map(str::trim).collect();
    let kept = old.lines().map(str::trim).filter(|line| !line.is_empty() && now.contains(line)).count();
    let all = lines(old);
    if all == 1 { kept == 1 || new.contains(old.trim()) } else { all > 0 && kept * 2 >= all }
}

#[cfg(test)]
mod tests {
    use super::{Extent, Incoming, Known, Matcher, MissingSource, is_similar, rename};
    use crate::FileIdentity;
    use dateline_core::{ContentHash, DocumentId, SourcePath};

    /// Documents as `id:part:content`, `!` before the id when deleted, `@` before a part that is an own id; the number
    /// is the place in the list.
    fn known(list: &str) -> Vec<Known> {
        let one = |(at, item): (usize, &str)| {
            let fields: Vec<&str> = item.split(':').collect();
            Known {
                document: DocumentId(fields[0].trim_start_matches('!').parse().unwrap()),
                open: !fields[0].starts_with('!'),
                own: fields[1].starts_with('@'),
                part: fields[1].trim_start_matches('@').to_owned(),
                number: u32::try_from(at).unwrap() + 1,
                content: ContentHash::of(fields[2].as_bytes()),
            }
        };
        list.split_whitespace().enumerate().map(one).collect()
    }

    fn matched(before: &str, slices: &[&str], extent: Extent) -> (String, String) {
        let mut matcher = Matcher::new(known(before));
        let mut number = 0;
        let mut shown = Vec::new();
        for slice in slices {
            let incoming: Vec<Incoming> = slice
                .split_whitespace()
                .map(|item| {
                    number += 1;
                    let (id, content) = item.split_once(':').unwrap();
                    let (part, own) = matcher.name(Some(id).filter(|id| !id.is_empty()), number);
                    Incoming { part, own, number, content: ContentHash::of(content.as_bytes()) }
                })
                .collect();
            let found = matcher.match_parts(&incoming, extent);
            shown.extend(found.iter().map(|one| one.map_or("new".to_owned(), |one| one.to_string())));
        }
        let left: Vec<String> = matcher.left_over().iter().map(ToString::to_string).collect();
        (shown.join(" "), left.join(" "))
    }

    #[test]
    fn parts_find_their_documents() {
        // (what it shows, documents before, parts now as `own id:content`, documents found, documents to close)
        let cases = [
            ("an edited file keeps its document", "1:1:a", ":b", "1", ""),
            ("even when its own id changes", "1:@x:a", "y:b", "1", ""),
            ("own ids come first", "1:@x:a 2:@y:b", "y:a x:b", "2 1", ""),
            ("a feed that rolls does not revise what fell out", "1:@x:a 2:@y:b", "z:c x:a", "new 1", "2"),
            ("then content", "1:1:a 2:2:b 3:3:c", ":b :c", "2 3", "1"),
            ("an insertion moves the others", "1:1:a 2:2:b", ":n :a :b", "new 1 2", ""),
            ("then the number", "1:1:a 2:2:b 3:3:c", ":a :B :c", "1 2 3", ""),
            ("a duplicate id is told apart", "1:@x:a 2:@x#2:b", "x:a x:b", "1 2", ""),
            ("a record that gets an id keeps its number's document", "1:1:a 2:2:b", "x:a y:B", "1 2", ""),
            ("a deleted part comes back by its id", "1:@x:a !2:@y:b", "x:a y:c", "1 2", ""),
            ("or by its content", "1:1:a !2:2:b", ":a :b", "1 2", ""),
            ("but not by its number", "1:1:a !2:2:b", ":a :c", "1 new", ""),
            ("equal contents keep their order", "1:1:a 2:2:a", ":a :a :a", "1 2 new", ""),
            ("new content at a deleted path is a new document", "!1:1:a", ":b", "new", ""),
            ("deleted content at its path is the same document", "!1:1:a", ":a", "1", ""),
        ];
        for (what, before, now, found, left) in cases {
            let expected = (found.to_owned(), left.to_owned());
            assert_eq!(matched(before, &[now], Extent::Whole), expected, "{what}");
        }
    }

    #[test]
    fn in_slices_a_number_counts_only_beside_a_neighbour_that_kept_its_own() {
        let before = "1:1:a 2:2:b 3:3:c 4:4:d";
        let edited = matched(before, &[":a :B", ":c :d"], Extent::Slice);
        assert_eq!(edited, ("1 2 3 4".to_owned(), String::new()));
        let inserted = matched(before, &[":n :m", ":a :b", ":c :d"], Extent::Slice);
        assert_eq!(inserted, ("new new 1 2 3 4".to_owned(), String::new()));
    }

    #[test]
    fn a_rename_must_be_unambiguous() {
        let file = |inode| FileIdentity { device: 1, inode, ..FileIdentity::default() };
        let one = |path: &str, inode, content: &[u8]| MissingSource {
            path: SourcePath::new(path),
            identity: file(inode),
            content: ContentHash::of(content),
        };
        let missing = [one("a", 10, b"x"), one("b", 11, b"y"), one("c", 12, b"y")];
        let asked = |inode, content: &[u8]| {
            let found = rename(&missing, &file(inode), &ContentHash::of(content));
            found.map(|found| (found.from.display(), found.same_content))
        };
        assert_eq!(asked(10, b"x"), Some(("a".to_owned(), true)), "same file, same content");
        assert_eq!(asked(99, b"x"), Some(("a".to_owned(), true)), "copied and deleted");
        assert_eq!(asked(12, b"y"), Some(("c".to_owned(), true)), "two contents, one of the same file");
        assert_eq!(asked(99, b"y"), None, "two contents, neither the same file");
        assert_eq!(asked(11, b"new"), Some(("b".to_owned(), false)), "same file, other content");
        assert_eq!(asked(99, b"new"), None, "nothing in common");
    }

    #[test]
    fn another_file_with_a_used_inode_is_not_similar() {
        assert!(is_similar("one\ntwo\nthree", "one\ntwo\nthree\nfour"));
        assert!(!is_similar("one\ntwo\nthree", "uno\ndos\nthree"));
        assert!(!is_similar("", "anything"));
        assert!(is_similar("a single long line", "a single long line and more"));
    }
}
