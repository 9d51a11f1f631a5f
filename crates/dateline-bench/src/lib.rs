//! Benches and accuracy evaluation.

pub mod alias;
pub mod dct;
pub mod entities;
pub mod latency;
pub mod search;
pub mod timelines;
pub mod timex;
