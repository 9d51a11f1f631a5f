//! Kinds of file that are not read, told by their first bytes whatever they are called.

use memchr::memmem;

/// Bytes in which a PDF may have its signature, as readers of PDF accept it.
const PDF_HEAD_BYTES: usize = 1024;
/// Characters of a decoded text that are looked at for control characters.
const CONTROL_BYTES_LOOKED_AT: usize = 64 << 10;
/// One control character in this many is still a text.
const CHARACTERS_PER_CONTROL: usize = 200;

/// Signatures at the start of a file.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\0\0\x01\0", "an icon"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"\x1aE\xdf\xa3", "a Matroska film"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\0\x01\0\0\0", "a font"),
    (b"\x78\x9f\x3e\x22", "a TNEF attachment"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"!<arch>\n", "an ar archive"),
    (b"-----BEGIN PGP MESSAGE", "an encrypted message"),
];

/// Names of the first entry of a zip file that tell what it is.
const ZIP_KINDS: &[(&[u8], &str)] = &[
    (b"word/", "a Word document (docx)"),
    (b"xl/", "an Excel workbook (xlsx)"),
    (b"ppt/", "a PowerPoint presentation (pptx)"),
    (b"application/epub", "an EPUB book"),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text (odt)"),
    (b"[Content_Types].xml", "an Office document"),
];

/// What a file is when it is nothing that is read.
pub(crate) fn kind(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some((_, kind)) = SIGNATURES.iter().find(|(signature, _)| text.starts_with(signature)) {
        return Some(kind);
    }
    if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|signature| bytes.starts_with(*signature)) {
        let head = &bytes[..bytes.len().min(4096)];
        let found = ZIP_KINDS.iter().find(|(name, _)| memmem::find(head, name).is_some());
        return Some(found.map_or("a zip archive", |(_, kind)| kind));
    }
    let at = |offset: usize, signature: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(signature));
    if bytes.starts_with(b"RIFF") {
        return Some(if at(8, b"WEBP") { "a WebP image" } else { "a recording" });
    }
    if at(4, b"ftyp") {
        return Some("a film or picture (MP4 family)");
    }
    if at(257, b"ustar") {
        return Some("a tar archive");
    }
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Some("a BMP image");
    }
    let head = &bytes[..bytes.len().min(PDF_HEAD_BYTES)];
    (memmem::find(head, b"\n%PDF-1.").is_some() || memmem::find(head, b"\r%PDF-1.").is_some())
        .then_some("a PDF document")
}

/// Whether a decoded text is no text after all: too many control characters or replacements.
pub(crate) fn is_noise(text: &str) -> bool {
    let head = crate::record::shorten(text, CONTROL_BYTES_LOOKED_AT);
    let controls = controls(head.as_bytes());
    if controls <= 2 {
        return false;
    }
    let count = head.chars().count();
    controls * 10 > count || (head.contains('\0') && controls * CHARACTERS_PER_CONTROL > count)
}

/// Control characters that texts do not have, and U+FFFD. Every page passes here, so it goes by bytes.
fn controls(text: &[u8]) -> usize {
    // What stands in texts: backspace, tab, line feed, form feed, carriage return, end of file, escape.
    let unusual = |byte: u8| {
        (byte < 0x08)
            | (byte == 0x0b)
            | ((0x0e..0x1a).contains(&byte))
            | ((0x1c..0x20).contains(&byte))
            | (byte == 0x7f)
    };
    // Sums of one byte each, so that many are added at a time.
    let (chunks, rest) = text.as_chunks::<128>();
    let sum = |bytes: &[u8]| bytes.iter().fold(0u8, |sum, byte| sum + u8::from(unusual(*byte)));
    let single: usize = chunks.iter().map(|chunk| usize::from(sum(chunk))).sum::<usize>() + usize::from(sum(rest));
    let wide = |at: usize| match &text[at..] {
        [0xc2, second, ..] => (0x80..0xa0).contains(second) && *second != 0x85,
        [0xef, 0xbf, 0xbd, ..] => true,
        _ => false,
    };
    single + memchr::memchr2_iter(0xc2, 0xef, text).filter(|at| wide(*at)).count()
}

/// Extensions of files that hold text, but no article.
pub(crate) fn not_an_article(extension: &str) -> Option<&'static str> {
    match extension {
        "csv" | "tsv" => Some("a table; JSON Lines with a `text` field would be read"),
        "css" | "js" | "mjs" | "ts" | "py" | "rs" | "c" | "h" | "cc" | "cpp" | "java" | "go" | "rb" | "php" | "pl"
        | "sh" | "sql" => Some("source code"),
        "svg" => Some("an SVG image"),
        "toml" | "yaml" | "yml" | "ini" | "conf" | "cfg" | "lock" => Some("a configuration file"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{controls, is_noise};

    #[test]
    fn controls_counted_by_bytes_are_those_of_the_characters() {
        let every: String = ('\0'..='\u{2ff}').chain('\u{fd00}'..='\u{ffff}').collect();
        let usual = ['\n', '\r', '\t', '\u{c}', '\u{1b}', '\u{8}', '\u{85}', '\u{1a}'];
        let unusual = |c: char| c == '\u{fffd}' || c.is_control() && !usual.contains(&c);
        assert_eq!(controls(every.as_bytes()), every.chars().filter(|c| unusual(*c)).count());
    }

    #[test]
    fn noise_is_many_controls_or_a_few_with_nuls() {
        assert!(is_noise("\u{1}\u{2}\u{3}text"));
        assert!(is_noise(&format!("\0\0\0{}", "text ".repeat(20))));
        assert!(!is_noise(&format!("\u{1}\u{2}\u{3}{}", "text ".repeat(20))), "three in a hundred are a text's own");
        assert!(!is_noise("naïve café\u{a0}« bien »"));
    }
}
