//! Automation for the workspace; commands are added as they are needed.
fn main() {}
