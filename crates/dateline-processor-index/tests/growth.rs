//! What a document costs to index grows with its length and no faster. Alone in its program: all of its processor time
//! counts.

use dateline_processor::core::{ContentHash, DocumentId, Metadata, Origin, Revision, Sequence, SourcePath, Timestamp};
use dateline_processor::{Change, IndexError, Indexer, RevisionView, Table};
use dateline_processor_index::Index;
use dateline_testkit::assert_linear;

/// Memory for writing, in bytes.
const HEAP: usize = 64 << 20;

/// The index keeps its files itself.
struct NoTable;

impl Table for NoTable {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(None)
    }
    fn put(&mut self, _: &[u8], _: &[u8]) -> Result<(), IndexError> {
        Ok(())
    }
    fn delete(&mut self, _: &[u8]) -> Result<(), IndexError> {
        Ok(())
    }
    fn scan(&self, _: &[u8], _: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        Ok(())
    }
}

fn change(text: &str) -> Change {
    let view = RevisionView {
        document: DocumentId(1),
        revision: Revision(1),
        path: SourcePath::new("a.txt"),
        part: "1".to_owned(),
        title: None,
        text: text.into(),
        marks: Vec::new(),
        metadata: Metadata::default(),
        origin: Origin::default(),
        content: ContentHash::of(text.as_bytes()),
        seen_from: Timestamp::UNIX_EPOCH,
        seen_to: None,
        layers: Vec::new(),
        facets: Vec::new(),
    };
    Change { sequence: Sequence(1), document: view.document, opened: Some(view), closed: None }
}

#[test]
fn the_cost_of_a_document_grows_with_its_length() {
    let mut words = 0_u64;
    let mut others = |bytes: usize| -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            words += 1;
            text.push_str(&format!("w{:x} ", words.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40));
        }
        text
    };
    let cost = |what: &str, make: &mut dyn FnMut(usize) -> String| {
        assert_linear(what, |bytes| {
            let home = tempfile::tempdir().expect("a directory");
            let mut index = Index::open(home.path(), HEAP).expect("opens");
            index.apply(&[change(&make(bytes))], &mut NoTable).expect("applies");
            index.commit().expect("commits");
        });
    };
    let prose = "The lighthouse keeper of Skyros said on Monday that the lamp would be lit again. ";
    cost("prose", &mut |bytes| prose.repeat(bytes / prose.len()));
    cost("one word", &mut |bytes| "x".repeat(bytes));
    cost("the same word", &mut |bytes| "harbour ".repeat(bytes / 8));
    cost("words never seen before", &mut others);
}
