//! Every limit of the store, with its unit. Nothing else decides sizes.

use std::time::Duration;

/// Number of the format of records and history; a newer one is refused, an older one is read.
pub const FORMAT_VERSION: u32 = 1;

/// Largest value handed to the engine, envelope included, in bytes. Sixteen of them share a page, and pages over
/// 128 KiB go to files the engine does not sync.
pub const VALUE_BYTES_MAX: usize = 6 << 10;

/// Largest key of a record, in bytes.
pub const KEY_BYTES_MAX: usize = 5 << 10;

/// Largest document, encoded and not compressed, in bytes. Also the decoder's limit.
pub const DOCUMENT_BYTES_MAX: usize = 256 << 20;

/// Largest set of annotations of one revision, encoded and not compressed, in bytes.
pub const ANNOTATION_BYTES_MAX: usize = 256 << 20;

/// Largest single record that is no document or annotation, in bytes.
pub const RECORD_BYTES_MAX: usize = 64 << 10;

/// Documents in one transaction. Whoever reads waits while one is applied, about 0.13 ms a document (a hundred at once: 13 ms, and
/// searches beside a full intake took up to 90; a store of 10,000 articles made in steps of 16 is 1.5 % larger).
pub const TRANSACTION_DOCUMENTS_MAX: usize = 25;

/// Bytes in one transaction; a single larger document still goes in one.
pub const TRANSACTION_BYTES_MAX: usize = 1 << 20;

/// Key of an indexer's table, in bytes.
pub const TABLE_KEY_BYTES_MAX: usize = 512;

/// Value of an indexer's table, in bytes: the 256 KiB of the contract, and room for what the engine's caller puts before it.
pub const TABLE_VALUE_BYTES_MAX: usize = (256 << 10) + 64;

/// Name of an indexer, in bytes.
pub const TABLE_NAME_BYTES_MAX: usize = 64;

/// Reason of a failure, in bytes; the rest is cut.
pub const REASON_BYTES_MAX: usize = 1_000;

/// Record failures kept per source.
pub const RECORD_FAILURES_MAX: usize = 10_000;

/// Bytes that must stay free on the state's disk, unless the options say otherwise.
pub const RESERVE_BYTES: u64 = 256 << 20;

/// Size of the file that can be given up so that a full disk does not prevent opening.
pub const BALLAST_BYTES: u64 = 16 << 20;

/// Bytes of log after which the engine is closed and opened again, so that its replay stays short.
pub const REOPEN_BYTES: u64 = 1 << 30;

/// Growth of the store, in bytes, from which on it is made small again unless the options say otherwise.
pub const COMPACT_GROWTH_BYTES: u64 = 8 << 20;

/// Size after which a history segment is closed.
pub const SEGMENT_BYTES: u64 = 16 << 20;

/// Largest frame of the history, in bytes.
pub const FRAME_BYTES_MAX: usize = 512 << 20;

/// How long the lock of another process is waited for.
pub const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Memory of the engine's page cache, in bytes, unless the options say otherwise.
pub const CACHE_BYTES: u64 = 48 << 20;

/// Source path, in bytes.
pub const PATH_BYTES_MAX: usize = dateline_core::SourcePath::BYTES_MAX;
