//! Races between a watcher and whoever writes into its folder: whatever happens, every file is found. Nothing here
//! sleeps to wait for something; waiting is on the channel, with a limit that only a broken watcher reaches.

// A test's helper may fail as its test may; clippy knows only the test itself.
#![allow(clippy::unwrap_used)]

mod consumer;
mod limits;
mod root;
mod trees;
mod writing;
