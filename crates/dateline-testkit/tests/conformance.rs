//! The kit finds what it promises to find: for every rule an annotator that breaks it.

use dateline_testkit::doc_example::{ShoutLayer, Shouting};
use dateline_testkit::pipeline::processor::core::Span;
use dateline_testkit::pipeline::processor::{Annotator, Descriptor, DocumentView, Input, Output, ProcessError};
use dateline_testkit::{Conformance, assert_compliant};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

type Deed = fn(&DocumentView<'_>, &mut Output<'_>) -> Result<(), ProcessError>;

struct Bad(Descriptor, Deed);

impl Annotator for Bad {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
        (self.1)(document, output)
    }
}

fn descriptor() -> Descriptor {
    Descriptor::new("bad", 1, "breaks a rule").reads(Input::Text).assigns::<ShoutLayer>()
}

/// What the kit says of an annotator that does this.
fn verdict(deed: Deed) -> String {
    Conformance::new(move || Bad(descriptor(), deed)).check().join("\n")
}

#[test]
fn a_good_annotator_passes() {
    assert_compliant::<Shouting>();
}

#[test]
fn content_is_never_an_error() {
    let verdict = verdict(|document, _| match document.text()?.is_empty() {
        true => Err(ProcessError::other("the text is empty")),
        false => Ok(()),
    });
    assert_eq!(verdict, "document `empty`: the text is empty");
}

#[test]
fn panics_on_odd_content_are_found() {
    let verdict = verdict(|document, _| {
        // The classic: offsets of the lower-cased text in the text itself.
        let text = document.text()?;
        let lower = text.to_lowercase();
        let _ = lower.find("city").map(|at| &text[at..at + 4]);
        let _ = &text[..text.len().min(1)];
        Ok(())
    });
    assert!(verdict.contains("it panicked"), "{verdict}");
}

#[test]
fn undeclared_access_is_found_even_when_swallowed() {
    let verdict = verdict(|document, _| {
        let _ = document.title();
        Ok(())
    });
    assert!(verdict.contains("it swallowed an error: layer `title` was read but is not declared"), "{verdict}");
}

#[test]
fn bad_spans_are_found() {
    let verdict = verdict(|_, output| output.assign(ShoutLayer(vec![Span::new(0, 2)])));
    assert!(verdict.contains("document `empty`: layer `shout` does not fit the text"), "{verdict}");
    assert!(
        verdict.contains("document `wide characters at word ends`")
            || verdict.contains("document `four-byte characters`")
    );
}

#[test]
fn state_between_documents_is_found() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let verdict = verdict(|document, output| {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed);
        let found = !document.text()?.is_empty() && calls < 20 && document.text()?.is_ascii();
        output.assign(ShoutLayer(if found { vec![Span::new(0, 1)] } else { Vec::new() }))
    });
    assert!(verdict.contains("other output again and in another order"), "{verdict}");
}

#[test]
fn random_order_is_found() {
    let verdict = verdict(|document, output| {
        // A hash set's order differs from one to the next: the first word is any word.
        let text = document.text()?;
        let words: HashSet<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let first = words.into_iter().next().map(|word| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            Span::new(start, start + word.len())
        });
        output.assign(ShoutLayer(first.into_iter().collect()))
    });
    assert!(verdict.contains("other output"), "{verdict}");
}

#[test]
fn quadratic_work_is_found() {
    let verdict = verdict(|document, _| {
        let text = document.text()?.as_bytes();
        let mut count = 0_usize;
        for (at, letter) in text.iter().enumerate() {
            count += text[at..].iter().step_by(512).filter(|other| *other == letter).count();
        }
        std::hint::black_box(count);
        Ok(())
    });
    assert!(verdict.contains("that is not linear"), "{verdict}");
}

#[test]
fn quadratic_ticks_are_found() {
    let verdict = verdict(|document, _| {
        let length = document.text()?.len() / 256;
        for _ in 0..length * length {
            document.tick()?;
        }
        Ok(())
    });
    assert!(verdict.contains("ticks for"), "{verdict}");
}

#[test]
fn odd_names_are_found() {
    let odd = || Bad(Descriptor::new("My Processor", 0, ""), |_, _| Ok(()));
    let verdict = Conformance::new(odd).check().join("\n");
    for part in ["its name `My Processor`", "its code version is 0", "it does not say what it is about"] {
        assert!(verdict.contains(part), "{verdict}");
    }
}

#[test]
fn a_missing_writer_is_named() {
    let reader = || Bad(Descriptor::new("reader", 1, "reads").requires::<ShoutLayer>(), |_, _| Ok(()));
    let verdict = Conformance::new(reader).check().join("\n");
    assert!(verdict.contains("layer `shout` is missing: name its writer with `after`"), "{verdict}");
    Conformance::new(reader).after(vec![Shouting::default().into()]).run();
}

#[test]
fn output_changes_only_with_the_code_version() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("fingerprint.txt");
    let kit = |version: u32, deed: Deed| {
        let make =
            move || Bad(Descriptor::new("bad", version, "tells").reads(Input::Text).assigns::<ShoutLayer>(), deed);
        Conformance::new(make).without_growth().fingerprint(&path).check().join("\n")
    };
    let nothing: Deed = |_, output| output.assign(ShoutLayer(Vec::new()));
    let something: Deed = |document, output| {
        let found = document.text()?.starts_with("HARBOUR");
        output.assign(ShoutLayer(if found { vec![Span::new(0, 7)] } else { Vec::new() }))
    };
    let missing = kit(1, nothing);
    assert!(missing.contains("UPDATE_GOLDEN=1 writes it"), "{missing}");
    // What the update would write, taken from the complaint's own inputs: a wrong hash under the same version.
    std::fs::write(&path, "bad 1 0000\n").expect("writes");
    let changed = kit(1, something);
    assert!(changed.contains("its output changed but its code version is still 1"), "{changed}");
    let raised = kit(2, something);
    assert!(raised.contains("is not up to date"), "{raised}");
}
