//! The contract's rules, over hostile and growing texts.

mod support;

use dateline_testkit::Conformance;

#[test]
fn the_contract_is_kept() {
    Conformance::new(support::quotes)
        .after(vec![support::Layers::default().into()])
        .text("speech", "\"We won,\" said Ada Tarn. \"At last.\"\n\nShe called it “a start”.")
        .text("open marks", "\"One. \"Two. “Three. 'Four. „Five. «Six.".repeat(50))
        .text("only marks", "\" ” “ ' ’ ‘ ».".repeat(200))
        .text("quotes and nothing else", "“No!” ".repeat(300))
        .fingerprint(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/fingerprint.txt"))
        .run();
}
