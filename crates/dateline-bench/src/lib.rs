//! Benches and accuracy evaluation.

pub mod alias;
pub mod entities;
