//! What a document costs to index grows with its length and no faster. Alone in its program: all of its processor time
//! counts.

use dateline_processor::core::Sequence;
use dateline_processor::{Change, Indexer};
use dateline_processor_index::Index;
use dateline_testkit::{NoTable, assert_linear, revision};

/// Memory for writing, in bytes.
const HEAP: usize = 64 << 20;

fn change(text: &str) -> Change {
    let view = revision(1, "a.txt", text);
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
            let index = Index::open(home.path(), HEAP).expect("opens");
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
