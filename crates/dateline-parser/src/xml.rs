//! A tolerant, non-recursive reader of XML tags for feeds. Checks nothing, resolves no entities, loads nothing.

use memchr::{memchr, memmem};

/// A piece of XML.
pub(crate) enum Piece<'a> {
    /// A start tag; `empty` when it closes itself.
    Start {
        /// Name with prefix.
        name: &'a str,
        /// Attributes as written.
        attributes: &'a str,
        /// Whether it has no content.
        empty: bool,
    },
    /// An end tag.
    End {
        /// Name with prefix.
        name: &'a str,
    },
    /// Text or CDATA; what it says is read again with its element.
    Text,
}

/// Goes over the tags of an XML text.
pub(crate) struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a str) -> Reader<'a> {
        Reader { source, at: 0 }
    }

    /// Offset behind the last piece.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The next piece with the offset at which it starts; comments, declarations and doctypes are passed over.
    pub(crate) fn next(&mut self) -> Option<(usize, Piece<'a>)> {
        loop {
            let bytes = self.source.as_bytes();
            let start = self.at;
            let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
            if rest[0] != b'<' {
                self.at = memchr(b'<', rest).map_or(bytes.len(), |length| start + length);
                return Some((start, Piece::Text));
            }
            if rest.starts_with(b"<!--") {
                self.skip(start + 4, b"-->");
            } else if rest.starts_with(b"<![CDATA[") {
                self.skip(start + 9, b"]]>");
                return Some((start, Piece::Text));
            } else if rest.starts_with(b"<?") {
                self.skip(start + 2, b"?>");
            } else if rest.starts_with(b"<!") {
                self.doctype(start + 2);
            } else {
                return self.tag(start);
            }
        }
    }

    fn skip(&mut self, from: usize, end: &[u8]) {
        let bytes = self.source.as_bytes();
        let found = bytes.get(from..).and_then(|rest| memmem::find(rest, end));
        self.at = found.map_or(bytes.len(), |at| from + at + end.len());
    }

    /// A doctype ends at the first `>` outside its `[...]`.
    fn doctype(&mut self, from: usize) {
        let bytes = self.source.as_bytes();
        let close = memchr(b'>', &bytes[from..]).map_or(bytes.len(), |at| from + at + 1);
        match memchr(b'[', &bytes[from..close]) {
            Some(_) => self.skip(from, b"]"),
            None => self.at = close,
        }
        if self.at > close {
            self.skip(self.at, b">");
        }
    }

    fn tag(&mut self, start: usize) -> Option<(usize, Piece<'a>)> {
        let bytes = self.source.as_bytes();
        let mut at = start + 1;
        let end = loop {
            match bytes.get(at)? {
                b'>' => break at,
                quote @ (b'"' | b'\'') if bytes[at - 1] == b'=' => {
                    at += 1 + memchr(*quote, &bytes[at + 1..])?;
                }
                _ => {}
            }
            at += 1;
        };
        self.at = end + 1;
        let inner = &self.source[start + 1..end];
        if let Some(name) = inner.strip_prefix('/') {
            return Some((start, Piece::End { name: name.trim() }));
        }
        let (inner, empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let split = inner.find(|c: char| c.is_ascii_whitespace()).unwrap_or(inner.len());
        Some((start, Piece::Start { name: &inner[..split], attributes: &inner[split..], empty }))
    }
}

/// Name of the root element, when the text looks like XML at all.
pub(crate) fn root(source: &str) -> Option<&str> {
    let mut reader = Reader::new(source.trim_start());
    loop {
        match reader.next()?.1 {
            Piece::Start { name, .. } => return Some(name),
            Piece::Text => {}
            Piece::End { .. } => return None,
        }
    }
}
