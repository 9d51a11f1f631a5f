//! When was it written, and when did it happen: the document date (DCT) and the temporal expressions (TIMEX3).
//!
//! [`Dating`] is the annotator: it weighs all evidence for the article's own date, then finds the temporal expressions
//! of the text and resolves them against that date. The language is data under `rules/`; the engine knows none.
//! No clock, no I/O: a file's modification time is at most an upper bound, and the day of the run means nothing.

mod config;
mod dating;
mod dct;
mod events;
mod timex;

pub use config::{DatingConfig, NumericOrder};
pub use dating::{Dating, TimexExplanation};
