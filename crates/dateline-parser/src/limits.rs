//! Every size and count the parser stops at, in one place. Limits of files and of time belong to the caller.

/// Longest canonical text of one document, bytes; what follows is cut off with a diagnostic.
pub const TEXT_BYTES_MAX: usize = 16 << 20;
/// Longest title, bytes; a longer one is cut off with a diagnostic.
pub const TITLE_BYTES_MAX: usize = 1000;
/// Longest first line of a plain text that may be its title, characters.
pub const TITLE_LINE_CHARS_MAX: usize = 200;
/// Most metadata entries of one document.
pub const METADATA_ENTRIES_MAX: usize = 256;
/// Longest metadata value, bytes.
pub const METADATA_VALUE_BYTES_MAX: usize = 4096;
/// Longest metadata key, bytes.
pub const METADATA_KEY_BYTES_MAX: usize = 128;
/// Metadata of one document altogether, keys and values, bytes.
pub const METADATA_BYTES_MAX: usize = 64 << 10;
/// Most records taken from one source.
pub const RECORDS_MAX: u32 = 1_000_000;
/// Most failures listed of one source; further ones are only counted.
pub const FAILURES_MAX: usize = 100;
/// Longest front matter of a Markdown file, bytes; a longer one is read as text.
pub const FRONT_MATTER_BYTES_MAX: usize = 64 << 10;
/// Deepest nesting of HTML elements; deeper ones join their ancestor at this depth.
pub const HTML_DEPTH_MAX: usize = 400;
/// Most nodes kept of one HTML page; the rest of the page is left out with a diagnostic.
pub const HTML_NODES_MAX: usize = 2_000_000;
/// Most dates seen in the visible text of a page that are kept, per kind.
pub const HTML_DATES_MAX: usize = 24;
/// Most multiparts and attached mails of one mail; one with more is not taken apart. Bounds their nesting, too.
pub const MIME_PARTS_MAX: usize = 1000;
