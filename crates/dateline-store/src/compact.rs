//! Makes the store's file small again: what it holds is written into a fresh engine, which then takes its place. When to
//! do so is the caller's business; what the records mean is nobody's here.
//!
//! The engine keeps a segment of its log until more than half of it is dead. Pages that fill up in bulk are written three
//! to four times, evenly spread, so that most segments end just above that half. In the copy no page is written twice:
//! keys come first, in order and without values, which makes all pages of the tree, and then each value is one small
//! entry of the log (10,000 articles, 23.3 MB of records: 52.4 MB before, 33.6 MB after; copied plainly, 38 to 60 MB).

use crate::engine::{Engine, Pair};
use crate::error::{StatePart, StoreError};
use crate::keys::Key;
use crate::rebuild::remove_directory;
use std::path::Path;

/// Pairs read at a time.
const PAGE: usize = 100;

/// The copy's page cache, in bytes: it works from first to last and comes back to nothing.
const CACHE_BYTES: u64 = 8 << 20;

/// Key pairs between two flushes of the copy.
const FLUSH_PAIRS: u64 = 10_000;

/// Growth since the last compaction without which another one brings too little, in percent.
const GROWTH_PERCENT: u64 = 40;

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the store before.
    pub before: u64,
    /// Bytes of the store after.
    pub after: u64,
}

/// Whether a store that had `compacted` bytes after its last compaction (0: there was none) is due with `bytes`, when
/// growth of less than `least` bytes counts nothing.
pub(crate) fn is_due(bytes: u64, compacted: u64, least: u64) -> bool {
    let growth = compacted / 100 * GROWTH_PERCENT;
    bytes > compacted.saturating_add(growth.max(least))
}

/// Writes all pairs into a new, durable engine at `fresh`; `false` when `go_on` said no on the way. Nobody may write
/// to `engine` meanwhile.
pub(crate) fn copy(engine: &Engine, fresh: &Path, go_on: &dyn Fn() -> bool) -> Result<bool, StoreError> {
    remove_directory(fresh)?;
    let (copy, _) = Engine::open(fresh, CACHE_BYTES)?;
    for with_values in [false, true] {
        let mut pairs = Pairs::of(engine);
        let mut count = 0_u64;
        while let Some(page) = pairs.next()? {
            if !go_on() {
                return Ok(false);
            }
            for (key, value) in &page {
                copy.put(key, if with_values { value } else { &[] })?;
                count += 1;
                if count.is_multiple_of(FLUSH_PAIRS) {
                    copy.flush()?;
                }
            }
        }
    }
    copy.flush()?;
    copy.sync()?;
    is_equal(engine, &copy, go_on)
}

/// Reads the copy back: it is about to be all there is.
fn is_equal(engine: &Engine, copy: &Engine, go_on: &dyn Fn() -> bool) -> Result<bool, StoreError> {
    let (mut original, mut copied) = (Pairs::of(engine), Pairs::of(copy));
    loop {
        let (left, right) = (original.next()?, copied.next()?);
        if left != right {
            let what = "a copy of it, made to save space, is not the same".to_owned();
            return Err(StoreError::Damaged { part: StatePart::Store, what });
        }
        if left.is_none() {
            return Ok(true);
        }
        if !go_on() {
            return Ok(false);
        }
    }
}

/// All pairs of an engine, in order, by pages.
struct Pairs<'a> {
    engine: &'a Engine,
    after: Option<Key>,
}

impl<'a> Pairs<'a> {
    fn of(engine: &'a Engine) -> Pairs<'a> {
        Pairs { engine, after: None }
    }

    fn next(&mut self) -> Result<Option<Vec<Pair>>, StoreError> {
        let page = self.engine.view().range(&[], self.after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        self.after = Some(last.clone());
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn a_compaction_is_due_after_growth_and_not_for_little() {
        assert!(!is_due(7, 0, 8));
        assert!(is_due(9, 0, 8));
        assert!(!is_due(1_399, 1_000, 8));
        assert!(is_due(1_401, 1_000, 8));
        assert!(!is_due(u64::MAX, u64::MAX, 8));
    }
}
