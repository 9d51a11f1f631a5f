//! Runs `golden/*.md`: which languages are told, and where none is.

use dateline_processor::core::layers::LanguageLayer;
use dateline_processor::{BuildAnnotator, Resources};
use dateline_processor_language::{Language, LanguageConfig};
use dateline_testkit::{Golden, Note};

#[test]
fn golden_cases_hold() {
    let processor = Language::build(LanguageConfig::default(), &Resources::default()).expect("the defaults build");
    Golden::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"))
        .annotator(processor)
        .layer(|layer: &LanguageLayer, _text| {
            layer.0.iter().map(|found| Note::whole(format!("{}, {}", found.tag, found.basis.word()))).collect()
        })
        .run();
}
