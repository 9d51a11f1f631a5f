//! Which entries are left out: dotfiles, temporary files of editors and downloads, and the configured globs.
//! Decides by name and path alone; looks at nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use dateline_core::SourcePath;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::WatchError;

/// Ends of names of files that are not finished, in lower case.
const UNFINISHED_SUFFIXES: [&[u8]; 14] = [
    b"~",
    b".swp",
    b".swo",
    b".swx",
    b".tmp",
    b".temp",
    b".part",
    b".partial",
    b".filepart",
    b".crdownload",
    b".download",
    b".opdownload",
    b".aria2",
    b".!ut",
];

/// The built-in rules and the configured globs, compiled.
#[derive(Debug)]
pub(crate) struct IgnoreRules {
    any: GlobSet,
    directories: GlobSet,
}

impl IgnoreRules {
    /// Compiles `globs`: without a slash they match a name at any depth, with one the path from the root; with one at
    /// the end they match directories only.
    pub(crate) fn new(globs: &[String]) -> Result<IgnoreRules, WatchError> {
        let failed = |glob: &str| {
            let glob = glob.to_owned();
            move |source| WatchError::Glob { glob, source }
        };
        let (mut any, mut directories) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for written in globs {
            let path = written.strip_suffix('/').unwrap_or(written);
            let glob = compile(path).map_err(failed(written))?;
            let set = if path.len() < written.len() { &mut directories } else { &mut any };
            set.add(glob);
        }
        let build = |set: GlobSetBuilder| set.build().map_err(failed(&globs.join(" ")));
        Ok(IgnoreRules { any: build(any)?, directories: build(directories)? })
    }

    /// Whether a directory is left out, with all that is below it; its parents are taken to be kept.
    pub(crate) fn directory(&self, path: &SourcePath) -> bool {
        is_hidden(path.file_name()) || self.matches(path.as_bytes()) || matches(&self.directories, path.as_bytes())
    }

    /// Whether a file is left out; its parents are taken to be kept.
    pub(crate) fn file(&self, path: &SourcePath) -> bool {
        let name = path.file_name();
        is_hidden(name) || is_unfinished(name) || self.matches(path.as_bytes())
    }

    /// Whether something of unknown kind is surely left out, because of its own name or a parent's.
    pub(crate) fn surely(&self, path: &SourcePath) -> bool {
        let bytes = path.as_bytes();
        if bytes.split(|byte| *byte == b'/').any(is_hidden) {
            return true;
        }
        if self.any.is_empty() && self.directories.is_empty() {
            return false;
        }
        let mut parents = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &bytes[..at]);
        self.matches(bytes) || parents.any(|parent| self.matches(parent) || matches(&self.directories, parent))
    }

    fn matches(&self, path: &[u8]) -> bool {
        matches(&self.any, path)
    }
}

fn compile(glob: &str) -> Result<Glob, globset::Error> {
    let anchored = match glob.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if glob.contains('/') => glob.to_owned(),
        None => format!("**/{glob}"),
    };
    GlobBuilder::new(&anchored).literal_separator(true).build()
}

fn matches(set: &GlobSet, path: &[u8]) -> bool {
    !set.is_empty() && set.is_match(OsStr::from_bytes(path))
}

fn is_hidden(name: &[u8]) -> bool {
    name.first() == Some(&b'.')
}

/// Backups, swap and lock files of editors and office programs, and downloads under way. `4913` is what Vim creates to
/// try whether it may write.
fn is_unfinished(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    name == b"4913"
        || name.starts_with(b"~$")
        || (name.len() > 2 && name.starts_with(b"#") && name.ends_with(b"#"))
        || UNFINISHED_SUFFIXES.iter().any(|suffix| lower.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::IgnoreRules;
    use dateline_core::SourcePath;

    fn rules(globs: &[&str]) -> IgnoreRules {
        IgnoreRules::new(&globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn unfinished_and_hidden_files_are_left_out() {
        let rules = rules(&[]);
        for name in [
            ".hidden",
            "a.txt~",
            ".a.swp",
            "a.SWP",
            "#a#",
            "4913",
            "x.tmp",
            "x.part",
            "x.crdownload",
            "~$memo.docx",
            "sub/.x",
            "sub/y.partial",
        ] {
            assert!(rules.file(&SourcePath::new(name)), "{name}");
        }
        for name in ["a.txt", "4913.txt", "#a", "#", "##", "tmp", "part", "a.tmp.txt", "~a", "swp", "a b"] {
            assert!(!rules.file(&SourcePath::new(name)), "{name}");
        }
        assert!(rules.directory(&SourcePath::new(".git")));
        assert!(!rules.directory(&SourcePath::new("4913")), "only the file is Vim's");
        assert!(rules.surely(&SourcePath::new("a/.git/b")));
        assert!(!rules.surely(&SourcePath::new("a/b.tmp")), "it may be a directory");
    }

    #[test]
    fn globs_match_names_at_any_depth_or_paths_from_the_root() {
        let rules = rules(&["*.log", "drafts/", "/top.txt", "a/*/c.txt", "deep/**"]);
        for (path, expected) in [
            ("x.log", true),
            ("a/b/x.log", true),
            ("drafts", false),
            ("top.txt", true),
            ("a/top.txt", false),
            ("a/b/c.txt", true),
            ("a/b/d/c.txt", false),
            ("deep/x/y", true),
        ] {
            assert_eq!(rules.file(&SourcePath::new(path)), expected, "{path}");
        }
        assert!(rules.directory(&SourcePath::new("news/drafts")));
        assert!(rules.surely(&SourcePath::new("news/drafts/x.txt")));
        assert!(!rules.surely(&SourcePath::new("news/draft/x.txt")));
    }

    #[test]
    fn a_glob_that_is_none_is_named() {
        let error = IgnoreRules::new(&["fine".to_owned(), "a[".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "invalid ignore glob `a[`");
    }
}
