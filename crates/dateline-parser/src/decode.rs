//! Bytes to text: byte order mark, declared charset, valid UTF-8, then detection. Nothing is normalised.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use dateline_core::Diagnostic;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// Bytes that are looked at to tell the encoding of a text that declares none.
const DETECTION_BYTES_MAX: usize = 256 << 10;
/// A text with this many well-formed UTF-8 sequences for each malformed one is damaged UTF-8, not another encoding.
const UTF8_SEQUENCES_PER_ERROR: usize = 3;

/// A decoded text.
pub(crate) struct Decoded<'a> {
    /// The text, without byte order mark.
    pub(crate) text: Cow<'a, str>,
    /// Name of the encoding.
    pub(crate) encoding: &'static str,
    /// Whether something could not be decoded and was replaced by U+FFFD.
    pub(crate) lossy: bool,
    /// Bytes before the text when it stands in the file byte for byte, else `None`.
    pub(crate) offset: Option<u64>,
}

impl Decoded<'_> {
    /// The diagnostic a lossy decoding deserves.
    pub(crate) fn diagnostic(&self) -> Option<Diagnostic> {
        let message = || format!("some bytes are not valid {} and were replaced", self.encoding);
        self.lossy.then(|| Diagnostic::new("bad-encoding", message()))
    }
}

/// Decodes `bytes`; `declared` is the charset the file names itself, `fallback` the configured one.
pub(crate) fn decode<'a>(bytes: &'a [u8], declared: Option<&str>, fallback: Option<&str>) -> Decoded<'a> {
    if let Some(decoded) = by_mark(bytes) {
        return decoded;
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return with(encoding, bytes);
    }
    let escapes = memchr::memchr(0x1b, bytes).is_some();
    if !escapes && let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: Cow::Borrowed(text), encoding: UTF_8.name(), lossy: false, offset: Some(0) };
    }
    let label = |label: &str| Encoding::for_label(label.trim().as_bytes());
    let declared = declared.and_then(label).filter(|encoding| !encoding.name().starts_with("UTF-16"));
    let encoding = match declared {
        Some(encoding) if !std::ptr::eq(encoding, UTF_8) => encoding,
        _ if is_damaged_utf8(bytes) => UTF_8,
        _ => fallback.and_then(label).unwrap_or_else(|| detect(bytes)),
    };
    with(encoding, bytes)
}

fn with<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Decoded<'a> {
    let (text, lossy) = encoding.decode_without_bom_handling(bytes);
    let same = matches!(text, Cow::Borrowed(_));
    Decoded { text, encoding: encoding.name(), lossy, offset: same.then_some(0) }
}

fn by_mark(bytes: &[u8]) -> Option<Decoded<'_>> {
    // UTF-32LE first: its mark starts with that of UTF-16LE.
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) {
        return Some(utf32(&bytes[4..], u32::from_le_bytes, "UTF-32LE"));
    }
    if bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Some(utf32(&bytes[4..], u32::from_be_bytes, "UTF-32BE"));
    }
    let (encoding, length) = Encoding::for_bom(bytes)?;
    let decoded = with(encoding, &bytes[length..]);
    let offset = decoded.offset.map(|at| at + length as u64);
    Some(Decoded { offset, ..decoded })
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32, encoding: &'static str) -> Decoded<'static> {
    let mut lossy = !bytes.len().is_multiple_of(4);
    let text: String = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|chunk| {
            char::from_u32(unit(*chunk)).unwrap_or_else(|| {
                lossy = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    Decoded { text: Cow::Owned(text), encoding, lossy, offset: None }
}

/// UTF-16 text in a Latin script without its mark: nearly every second byte is zero, and never the others.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(1024)];
    let pairs = head.len() / 2;
    if pairs < 4 || memchr::memchr(0, head).is_none() {
        return None;
    }
    let (pairs, _) = head.as_chunks::<2>();
    let first = pairs.iter().filter(|pair| pair[0] == 0).count();
    let second = pairs.iter().filter(|pair| pair[1] == 0).count();
    match (first * 10 >= pairs.len() * 9, second * 10 >= pairs.len() * 9) {
        (true, false) if second == 0 => Some(UTF_16BE),
        (false, true) if first == 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// Whether this is UTF-8 with a few bad bytes, which must not turn the whole text into another encoding.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(DETECTION_BYTES_MAX)];
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in head.utf8_chunks() {
        good += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad == 0 || good >= bad * UTF8_SEQUENCES_PER_ERROR
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let head = &bytes[..bytes.len().min(DETECTION_BYTES_MAX)];
    detector.feed(head, head.len() == bytes.len());
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn check(bytes: &[u8], encoding: &str, text: &str) {
        let decoded = decode(bytes, None, None);
        assert_eq!((decoded.encoding, &*decoded.text), (encoding, text));
    }

    #[test]
    fn encodings_are_told_by_mark_by_validity_or_by_detection() {
        check("Kyïv".as_bytes(), "UTF-8", "Kyïv");
        check(b"\xef\xbb\xbfKy\xc3\xafv", "UTF-8", "Kyïv");
        check(b"\xff\xfeK\0y\0", "UTF-16LE", "Ky");
        check(b"\0K\0y\0i\0v\0 \0f\0e\0l\0l", "UTF-16BE", "Kyiv fell");
        check(b"\xff\xfe\0\0K\0\0\0y\0\0\0", "UTF-32LE", "Ky");
        check(b"Die B\xf6rse schlie\xdft am Freitag fr\xfcher", "windows-1252", "Die Börse schließt am Freitag früher");
    }

    #[test]
    fn a_few_bad_bytes_do_not_change_the_encoding_of_the_rest() {
        let text = "Zürich, Köln, Málaga, Besançon, Łódź, Ústí, Århus, Reykjavík\n";
        let bytes = [text.as_bytes(), b"\xff"].concat();
        let decoded = decode(&bytes, None, None);
        assert_eq!((decoded.encoding, decoded.lossy), ("UTF-8", true));
        assert!(decoded.text.starts_with(text) && decoded.diagnostic().is_some());
    }

    #[test]
    fn a_declared_charset_counts_unless_the_bytes_are_valid_utf8() {
        assert_eq!(decode(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), None).text, "Привет");
        assert_eq!(decode("Привет".as_bytes(), Some("windows-1251"), None).text, "Привет");
    }

    #[test]
    fn offsets_are_known_where_the_text_stands_byte_for_byte() {
        assert_eq!(decode(b"\xef\xbb\xbfa", None, None).offset, Some(3));
        assert_eq!(decode(b"a", None, None).offset, Some(0));
        assert_eq!(decode(b"\xff\xfea\0", None, None).offset, None);
    }
}
