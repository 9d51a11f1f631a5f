//! Identifiers: documents, revisions, sequences, content hashes and source paths. Nothing here allocates an id.

use serde::{Deserialize, Serialize};

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $name {
            /// The value that follows this one.
            #[must_use]
            pub fn next(self) -> $name {
                $name(self.0 + 1)
            }
        }
    };
}

counter! {
    /// A document's id: a counter value from 1, never reused, kept in the history.
    DocumentId(u64)
}
counter! {
    /// Which committed content of a document, from 1.
    Revision(u32)
}
counter! {
    /// Position in the change log; 0 is "before the first change".
    Sequence(u64)
}

/// BLAKE3 hash of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> ContentHash {
        ContentHash(*blake3::hash(bytes).as_bytes())
    }

    /// The hash of several fields, each preceded by its length, so that moving a byte between fields changes it.
    #[must_use]
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> ContentHash {
        let mut hasher = blake3::Hasher::new();
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        ContentHash(*hasher.finalize().as_bytes())
    }

    /// Lower-case hexadecimal form, 64 characters.
    #[must_use]
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

impl std::fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", &self.hex()[..12])
    }
}

impl std::fmt::Display for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

/// Path of a file relative to its watch root: the bytes as the operating system gives them, `/`-separated.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct SourcePath(Vec<u8>);

impl SourcePath {
    /// Longest path that is taken in, in bytes: what one system call of Linux takes. Nothing below a longer one is looked at.
    pub const BYTES_MAX: usize = 4_096;

    /// A source path from its bytes; leading and trailing slashes are dropped.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> SourcePath {
        let bytes: Vec<u8> = bytes.into();
        let start = bytes.iter().position(|byte| *byte != b'/').unwrap_or(bytes.len());
        let end = bytes.iter().rposition(|byte| *byte != b'/').map_or(start, |at| at + 1);
        SourcePath(bytes[start..end].to_vec())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path with one more component.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> SourcePath {
        let mut bytes = self.0.clone();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        SourcePath(bytes)
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or(&[])
    }

    /// The extension of the last component in ASCII lower case, without the dot.
    #[must_use]
    pub fn extension(&self) -> Option<String> {
        let name = self.file_name();
        let dot = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0)?;
        Some(String::from_utf8_lossy(&name[dot + 1..]).to_ascii_lowercase())
    }

    /// Whether this path is `directory` or lies below it.
    #[must_use]
    pub fn starts_with(&self, directory: &SourcePath) -> bool {
        directory.is_root()
            || self.0 == directory.0
            || (self.0.starts_with(&directory.0) && self.0.get(directory.0.len()) == Some(&b'/'))
    }

    /// The path as text: UTF-8 where it is, other bytes as `\xNN`, so that two paths never look alike.
    #[must_use]
    pub fn display(&self) -> String {
        let mut shown = String::with_capacity(self.0.len());
        for chunk in self.0.utf8_chunks() {
            shown.push_str(chunk.valid());
            for byte in chunk.invalid() {
                shown.push_str(&format!("\\x{byte:02x}"));
            }
        }
        shown
    }
}

impl std::fmt::Debug for SourcePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.display())
    }
}

impl std::fmt::Display for SourcePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display())
    }
}

#[cfg(test)]
mod tests {
    use super::{ContentHash, SourcePath};

    #[test]
    fn paths_keep_their_bytes_and_show_them_apart() {
        let odd = SourcePath::new(b"/a/\xffb.TXT/".as_slice());
        assert_eq!(odd.as_bytes(), b"a/\xffb.TXT");
        assert_eq!(odd.display(), "a/\\xffb.TXT");
        assert_eq!(odd.extension().as_deref(), Some("txt"));
        assert_eq!(SourcePath::new("a/.hidden").extension(), None);
        assert!(odd.starts_with(&SourcePath::new("a")));
        assert!(!SourcePath::new("ab/c").starts_with(&SourcePath::new("a")));
        assert!(SourcePath::new("").is_root());
        assert_eq!(SourcePath::new("").join(b"x").join(b"y"), SourcePath::new("x/y"));
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_hash() {
        let one = ContentHash::of_fields([b"ab".as_slice(), b"c"]);
        let other = ContentHash::of_fields([b"a".as_slice(), b"bc"]);
        assert_ne!(one, other);
    }
}
