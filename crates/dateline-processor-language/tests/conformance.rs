//! The contract's rules, over hostile and growing texts.

use dateline_processor_language::Language;
use dateline_testkit::Conformance;

#[test]
fn the_contract_is_kept() {
    Conformance::of::<Language>()
        .text("one letter", "a".repeat(5_000))
        .text("cut inside a letter", "ї".repeat(5_000))
        .text(
            "two languages",
            "The harbour was dredged in spring. Der Hafen wurde im Frühjahr ausgebaggert. ".repeat(20),
        )
        .fingerprint(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/fingerprint.txt"))
        .run();
}
