//! Benches and accuracy evaluation.

pub mod alias;
mod corpus;
pub mod dct;
pub mod entities;
pub mod latency;
pub mod quotes;
pub mod search;
pub mod similar;
pub mod timelines;
pub mod timex;
