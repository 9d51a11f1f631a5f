//! The workspace's own files follow its rules.

#[test]
fn the_workspace_is_tidy() {
    let findings = xtask::tidy::check(&xtask::root());
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
