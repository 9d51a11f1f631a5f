//! Names of the parts of a source. Which document a part continues is decided elsewhere.

use crate::id::ContentHash;
use std::collections::{HashMap, HashSet};

/// Own id of a part that is kept as it is, in bytes; a longer one is kept as its start and hash.
pub const PART_BYTES_MAX: usize = 512;
/// What is kept of the start of a longer one, in bytes.
const PART_START_BYTES: usize = 128;

/// Gives the parts of one source their names, in the order of the source. Whoever reads the same source gives the same.
#[derive(Clone, Debug, Default)]
pub struct PartNames {
    names: HashSet<String>,
    /// Last count given to a name, so that many equal ids cost no more than few.
    counts: HashMap<String, u32>,
}

impl PartNames {
    /// The name of the next part, and whether it is the record's own id: that, with blanks around it trimmed and a long one
    /// shortened, or the part's number; with `#2` when it stood before.
    pub fn next(&mut self, own_id: Option<&str>, number: u32) -> (String, bool) {
        let own_id = own_id.map(str::trim).filter(|id| !id.is_empty());
        let base = own_id.map_or_else(|| number.to_string(), kept);
        let mut name = base.clone();
        while !self.names.insert(name.clone()) {
            let count = self.counts.entry(base.clone()).or_insert(1);
            *count += 1;
            name = format!("{base}#{count}");
        }
        (name, own_id.is_some())
    }
}

fn kept(own_id: &str) -> String {
    if own_id.len() <= PART_BYTES_MAX {
        return own_id.to_owned();
    }
    let end = (0..=PART_START_BYTES).rev().find(|at| own_id.is_char_boundary(*at)).unwrap_or(0);
    format!("{}~{}", &own_id[..end], &ContentHash::of(own_id.as_bytes()).hex()[..32])
}

#[cfg(test)]
mod tests {
    use super::{PART_BYTES_MAX, PartNames};

    #[test]
    fn names_are_unique_whatever_ids_say() {
        let mut names = PartNames::default();
        let own = [(Some("2"), 1), (None, 2), (Some("2#2"), 3), (Some(" 2 "), 4), (Some("  "), 5)];
        let given: Vec<(String, bool)> = own.into_iter().map(|(own, number)| names.next(own, number)).collect();
        let given: Vec<(&str, bool)> = given.iter().map(|(name, own)| (name.as_str(), *own)).collect();
        assert_eq!(given, [("2", true), ("2#2", false), ("2#2#2", true), ("2#3", true), ("5", false)]);
    }

    #[test]
    fn a_long_id_is_kept_as_its_start_and_hash() {
        let name = |id: &str| PartNames::default().next(Some(id), 1).0;
        let fits = "x".repeat(PART_BYTES_MAX);
        assert_eq!(name(&fits), fits);
        let long = format!("x{}", "é".repeat(PART_BYTES_MAX / 2));
        assert!(name(&long).len() < 200 && long.starts_with(name(&long).split('~').next().expect("has a start")));
        assert_ne!(name(&long), name(&format!("{long}é")));
    }
}
