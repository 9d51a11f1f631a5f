//! Benches and accuracy evaluation.
