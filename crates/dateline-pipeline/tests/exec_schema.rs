//! The published JSON Schema of the messages between engine and programs is the one the code has.

use dateline_pipeline::exec::exec_schema;

#[test]
fn the_published_schema_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/exec.json");
    let text = format!("{:#}\n", exec_schema());
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value != "0" && !value.is_empty()) {
        std::fs::write(path, &text).expect("writes");
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == text, "`schema/exec.json` is not up to date; UPDATE_GOLDEN=1 writes it");
}
