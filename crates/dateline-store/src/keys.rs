//! Keys of all records. The first byte is the record's family, which is also the kind in its envelope. Numbers are big
//! endian, so that key order is value order; paths hold no zero byte, so that a zero byte ends them.

use dateline_core::{ContentHash, DocumentId, Revision, Sequence, SourcePath};

/// The one record with sequence, counters and family sums.
pub(crate) const META: u8 = b'M';
/// Catalog: one record per source.
pub(crate) const CATALOG: u8 = b'C';
/// Documents of a source that holds several.
pub(crate) const PART: u8 = b'P';
/// Documents with their newest revision.
pub(crate) const HEAD: u8 = b'H';
/// Older revisions.
pub(crate) const REVISION: u8 = b'R';
/// Content of revisions, in chunks.
pub(crate) const BODY: u8 = b'B';
/// Annotations of revisions, in chunks.
pub(crate) const ANNOTATION: u8 = b'A';
/// Change log.
pub(crate) const CHANGE: u8 = b'L';
/// Deleted documents by their content.
pub(crate) const DELETED: u8 = b'Z';
/// Sources that were looked for and not found.
pub(crate) const MISSING: u8 = b'G';
/// Failures.
pub(crate) const FAILURE: u8 = b'F';
/// Records that could not be read, in chunks.
pub(crate) const FAILED_RECORDS: u8 = b'E';
/// Documents on which a processor failed.
pub(crate) const FAILED: u8 = b'X';
/// Named single records.
pub(crate) const NAMED: u8 = b'K';
/// Indexers' tables.
pub(crate) const TABLE: u8 = b'T';
/// Large values of indexers' tables, in chunks.
pub(crate) const TABLE_CHUNK: u8 = b'U';

/// Dictionaries of the compression, in chunks.
pub(crate) const DICTIONARY: u8 = b'D';

/// All families but [`META`], whose sums it holds.
#[cfg(test)]
pub(crate) const FAMILIES: [u8; 16] = [
    ANNOTATION,
    BODY,
    CATALOG,
    DICTIONARY,
    FAILED,
    FAILED_RECORDS,
    FAILURE,
    MISSING,
    HEAD,
    NAMED,
    CHANGE,
    PART,
    REVISION,
    TABLE,
    TABLE_CHUNK,
    DELETED,
];

/// A record key.
pub(crate) type Key = Vec<u8>;

fn join(family: u8, parts: &[&[u8]]) -> Key {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(family);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

pub(crate) fn meta() -> Key {
    vec![META]
}

pub(crate) fn catalog(path: &SourcePath) -> Key {
    join(CATALOG, &[path.as_bytes()])
}

pub(crate) fn parts(path: &SourcePath) -> Key {
    join(PART, &[path.as_bytes(), &[0]])
}

pub(crate) fn part(path: &SourcePath, document: DocumentId) -> Key {
    join(PART, &[path.as_bytes(), &[0], &document.0.to_be_bytes()])
}

pub(crate) fn head(document: DocumentId) -> Key {
    join(HEAD, &[&document.0.to_be_bytes()])
}

pub(crate) fn revisions(document: DocumentId) -> Key {
    join(REVISION, &[&document.0.to_be_bytes()])
}

pub(crate) fn revision(document: DocumentId, revision: Revision) -> Key {
    join(REVISION, &[&document.0.to_be_bytes(), &revision.0.to_be_bytes()])
}

pub(crate) fn body(document: DocumentId, revision: Revision) -> Key {
    join(BODY, &[&document.0.to_be_bytes(), &revision.0.to_be_bytes()])
}

pub(crate) fn annotation(document: DocumentId, revision: Revision) -> Key {
    join(ANNOTATION, &[&document.0.to_be_bytes(), &revision.0.to_be_bytes()])
}

pub(crate) fn change(sequence: Sequence) -> Key {
    join(CHANGE, &[&sequence.0.to_be_bytes()])
}

pub(crate) fn deleted_with(content: &ContentHash) -> Key {
    join(DELETED, &[&content.0[..16]])
}

pub(crate) fn deleted(content: &ContentHash, document: DocumentId) -> Key {
    join(DELETED, &[&content.0[..16], &document.0.to_be_bytes()])
}

pub(crate) fn missing(path: &SourcePath) -> Key {
    join(MISSING, &[path.as_bytes()])
}

pub(crate) fn failure(path: &SourcePath) -> Key {
    join(FAILURE, &[path.as_bytes()])
}

pub(crate) fn failed_records(path: &SourcePath) -> Key {
    join(FAILED_RECORDS, &[path.as_bytes(), &[0]])
}

pub(crate) fn failed(document: DocumentId) -> Key {
    join(FAILED, &[&document.0.to_be_bytes()])
}

pub(crate) fn named(name: &str) -> Key {
    join(NAMED, &[name.as_bytes()])
}

pub(crate) fn table(name: &str, key: &[u8]) -> Key {
    join(TABLE, &[name.as_bytes(), &[0], key])
}

/// The table's name and the pair's key of a [`TABLE`] key.
pub(crate) fn parts_of_table(key: &[u8]) -> (&[u8], &[u8]) {
    let rest = key.get(1..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    (&rest[..end], rest.get(end + 1..).unwrap_or_default())
}

/// Where the chunks of a large table value start; the key's length keeps them apart from those of longer keys.
pub(crate) fn table_chunks(name: &str, key: &[u8]) -> Key {
    let length = u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes();
    join(TABLE_CHUNK, &[name.as_bytes(), &[0], &length, key])
}

/// Start of all chunk keys of a table.
pub(crate) fn table_chunks_of(name: &str) -> Key {
    join(TABLE_CHUNK, &[name.as_bytes(), &[0]])
}

pub(crate) fn dictionary(number: u32) -> Key {
    join(DICTIONARY, &[&number.to_be_bytes()])
}

/// One chunk of a value in several records.
pub(crate) fn chunk(prefix: &[u8], number: u32) -> Key {
    let mut key = prefix.to_vec();
    key.extend(number.to_be_bytes());
    key
}

/// The document at the end of a key.
pub(crate) fn last_document(key: &[u8]) -> Option<DocumentId> {
    let bytes = key.len().checked_sub(8).and_then(|at| key.get(at..))?;
    Some(DocumentId(u64::from_be_bytes(bytes.try_into().ok()?)))
}

/// The path of a [`CATALOG`], [`MISSING`] or [`FAILURE`] key.
pub(crate) fn path_of(key: &[u8]) -> SourcePath {
    SourcePath::new(key.get(1..).unwrap_or_default())
}

/// The smallest key behind all keys that start with `prefix`; `None` when there is none.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Key> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// What the records of a family are, for people.
pub(crate) fn describe_family(family: u8) -> &'static str {
    match family {
        CATALOG => "catalog records",
        PART => "entries in lists of documents",
        HEAD => "documents",
        REVISION => "older revisions",
        BODY => "pieces of text",
        ANNOTATION => "pieces of annotations",
        CHANGE => "changes",
        DELETED => "records of deleted documents",
        MISSING => "records of missing sources",
        FAILURE | FAILED_RECORDS => "failures",
        FAILED => "marks of documents that failed",
        NAMED => "named records",
        DICTIONARY => "pieces of dictionaries",
        TABLE | TABLE_CHUNK => "table entries",
        _ => "unknown records",
    }
}

/// What a record is, for people.
pub(crate) fn describe(key: &[u8]) -> String {
    let number = |at: usize| {
        let bytes = key.get(at..at + 8).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        bytes.map_or_else(|| "?".to_owned(), |bytes| u64::from_be_bytes(bytes).to_string())
    };
    let path = || {
        let rest = key.get(1..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
        SourcePath::new(&rest[..end]).display()
    };
    match key.first() {
        Some(&META) => "record of counters".to_owned(),
        Some(&CATALOG) => format!("catalog record of `{}`", path()),
        Some(&PART) => format!("list of documents of `{}`", path()),
        Some(&HEAD) => format!("record of document {}", number(1)),
        Some(&REVISION) => format!("record of an older revision of document {}", number(1)),
        Some(&BODY) => format!("text of document {}", number(1)),
        Some(&ANNOTATION) => format!("annotations of document {}", number(1)),
        Some(&CHANGE) => format!("change {}", number(1)),
        Some(&DELETED) => "record of a deleted document".to_owned(),
        Some(&MISSING) => format!("record of missing `{}`", path()),
        Some(&FAILED) => format!("mark of document {}", number(1)),
        Some(&FAILURE | &FAILED_RECORDS) => format!("failure of `{}`", path()),
        Some(&DICTIONARY) => "dictionary of the compression".to_owned(),
        Some(&NAMED | &TABLE | &TABLE_CHUNK) => format!("entry of `{}`", path()),
        _ => "unknown record".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FAMILIES, after_prefix, change, describe, head, last_document, part, parts_of_table, table};
    use dateline_core::{DocumentId, Sequence, SourcePath};

    #[test]
    fn key_order_is_value_order() {
        assert!(change(Sequence(255)) < change(Sequence(256)));
        assert!(head(DocumentId(1)) < head(DocumentId(1 << 40)));
        let path = SourcePath::new("a/b");
        assert_eq!(last_document(&part(&path, DocumentId(7))), Some(DocumentId(7)));
    }

    #[test]
    fn a_table_key_comes_apart_at_its_first_zero_byte() {
        assert_eq!(parts_of_table(&table("registry", b"a\0b")), (b"registry".as_slice(), b"a\0b".as_slice()));
        assert_eq!(parts_of_table(&table("registry", b"")), (b"registry".as_slice(), b"".as_slice()));
        assert_eq!(parts_of_table(b"Tcut"), (b"cut".as_slice(), b"".as_slice()));
        assert_eq!(parts_of_table(b""), (b"".as_slice(), b"".as_slice()));
    }

    #[test]
    fn the_end_of_a_prefix_is_behind_all_its_keys() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xff"), None);
    }

    #[test]
    fn every_family_has_a_name_for_people() {
        for family in FAMILIES {
            assert_ne!(describe(&[family]), "unknown record", "{}", char::from(family));
        }
        assert_eq!(describe(&head(DocumentId(12))), "record of document 12");
    }
}
