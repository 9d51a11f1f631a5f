//! How a store is opened, and where tests may make it fail.

use crate::limits::{CACHE_BYTES, COMPACT_GROWTH_BYTES, REOPEN_BYTES, RESERVE_BYTES};
use dateline_core::Timestamp;
use std::sync::Arc;

/// A place in opening or committing where a test may stop the process or inject an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultPoint {
    /// Before the engine is opened.
    BeforeOpen,
    /// Before anything was written.
    BeforeApply,
    /// A transaction was applied, nothing is durable.
    AfterApply,
    /// The engine flushed, the file is not yet synced.
    BeforeStoreSync,
    /// The store is durable, the history not yet written.
    AfterStoreSync,
    /// The history was written, not yet synced.
    BeforeHistorySync,
    /// Store and history are durable, the caller does not know.
    AfterHistorySync,
    /// An indexer's table was committed.
    AfterTable,
    /// The engine was closed to be opened again.
    Reopening,
    /// The store's compacted copy is durable, and not yet in its place.
    BeforeExchange,
    /// The compacted copy is in its place, the old store not yet removed.
    AfterExchange,
}

impl FaultPoint {
    /// All points, in the order a process meets them.
    pub const ALL: [FaultPoint; 11] = [
        FaultPoint::BeforeOpen,
        FaultPoint::BeforeApply,
        FaultPoint::AfterApply,
        FaultPoint::BeforeStoreSync,
        FaultPoint::AfterStoreSync,
        FaultPoint::BeforeHistorySync,
        FaultPoint::AfterHistorySync,
        FaultPoint::AfterTable,
        FaultPoint::Reopening,
        FaultPoint::BeforeExchange,
        FaultPoint::AfterExchange,
    ];

    /// Its name, kebab-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FaultPoint::BeforeOpen => "before-open",
            FaultPoint::BeforeApply => "before-apply",
            FaultPoint::AfterApply => "after-apply",
            FaultPoint::BeforeStoreSync => "before-store-sync",
            FaultPoint::AfterStoreSync => "after-store-sync",
            FaultPoint::BeforeHistorySync => "before-history-sync",
            FaultPoint::AfterHistorySync => "after-history-sync",
            FaultPoint::AfterTable => "after-table",
            FaultPoint::Reopening => "reopening",
            FaultPoint::BeforeExchange => "before-exchange",
            FaultPoint::AfterExchange => "after-exchange",
        }
    }
}

/// Where tests hook in. The default does nothing.
pub trait Faults: Send + Sync {
    /// Called on the thread that opens or commits; an error is treated as a failed write at that point.
    ///
    /// # Errors
    /// Whatever the test wants to happen.
    fn at(&self, point: FaultPoint) -> std::io::Result<()>;
}

/// No faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _point: FaultPoint) -> std::io::Result<()> {
        Ok(())
    }
}

/// Where commit times come from.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// Memory of the engine's page cache, in bytes.
    pub cache_bytes: u64,
    /// Bytes that must stay free on the disk; below it commits are refused with [`crate::StoreError::Paused`].
    pub reserve_bytes: u64,
    /// Whether to keep the ballast file.
    pub ballast: bool,
    /// Bytes of log after which the engine is closed and opened again.
    pub reopen_bytes: u64,
    /// Growth since the store was last made small from which on [`crate::Committer::compact`] does it again, in bytes.
    pub compact_growth_bytes: u64,
    /// Where tests hook in.
    pub faults: Arc<dyn Faults>,
    /// Where commit times come from.
    pub clock: Arc<dyn Clock>,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            cache_bytes: CACHE_BYTES,
            reserve_bytes: RESERVE_BYTES,
            ballast: true,
            reopen_bytes: REOPEN_BYTES,
            compact_growth_bytes: COMPACT_GROWTH_BYTES,
            faults: Arc::new(NoFaults),
            clock: Arc::new(SystemClock),
        }
    }
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("cache_bytes", &self.cache_bytes)
            .field("reserve_bytes", &self.reserve_bytes)
            .field("ballast", &self.ballast)
            .field("reopen_bytes", &self.reopen_bytes)
            .finish_non_exhaustive()
    }
}
