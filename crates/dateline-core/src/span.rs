//! Half-open byte ranges into a document's canonical text, and the line numbers they fall on.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A half-open range of UTF-8 bytes into the canonical text: `start..end`, both on char boundaries.
/// A binary codec writes start and length, as lengths are small and ends are not; JSON has `start` and `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte of the range.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

/// How a span stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Span")]
struct Bounds {
    start: u32,
    end: u32,
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return Bounds { start: self.start, end: self.end }.serialize(serializer);
        }
        (self.start, self.end.wrapping_sub(self.start)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        if deserializer.is_human_readable() {
            return Bounds::deserialize(deserializer).map(|bounds| Span { start: bounds.start, end: bounds.end });
        }
        let (start, length) = <(u32, u32)>::deserialize(deserializer)?;
        Ok(Span { start, end: start.wrapping_add(length) })
    }
}

/// An annotation that stands somewhere; the items of the standard layers.
pub(crate) trait Placed: Clone {
    /// Where it stands.
    fn place(&mut self) -> &mut Span;
}

impl Placed for Span {
    fn place(&mut self) -> &mut Span {
        self
    }
}

/// Serialisation of annotations in text order: a binary codec writes each start as the distance from the end before it,
/// which is a small number. For use with `#[serde(with = "...")]`. JSON keeps positions in the text.
pub(crate) mod in_order {
    use super::{Placed, Span};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Placed + Serialize, S: Serializer>(
        items: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return items.serialize(serializer);
        }
        let mut end = 0_u32;
        serializer.collect_seq(items.iter().map(|item| {
            let mut moved = item.clone();
            let place = moved.place();
            let before = std::mem::replace(&mut end, place.end);
            // Wrapping, so that what is out of order comes back as it was and is refused by the check, not here.
            *place = Span { start: place.start.wrapping_sub(before), end: place.end.wrapping_sub(before) };
            moved
        }))
    }

    pub(crate) fn deserialize<'de, T: Placed + Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let is_binary = !deserializer.is_human_readable();
        let mut items = Vec::<T>::deserialize(deserializer)?;
        let mut end = 0_u32;
        for item in items.iter_mut().filter(|_| is_binary) {
            let place = item.place();
            *place = Span { start: place.start.wrapping_add(end), end: place.end.wrapping_add(end) };
            end = place.end;
        }
        Ok(items)
    }
}

/// Why a span does not fit a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// The range is empty or runs backwards.
    #[error("span `{0}` is empty or runs backwards")]
    Empty(Span),
    /// The range ends behind the text.
    #[error("span `{0}` ends behind the text of {1} bytes")]
    OutOfText(Span, usize),
    /// A bound falls inside a character.
    #[error("span `{0}` cuts a character")]
    CutsCharacter(Span),
    /// Two spans of one layer overlap or are out of order.
    #[error("span `{1}` starts before the end of `{0}`")]
    Overlap(Span, Span),
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl Span {
    /// A span from byte offsets.
    ///
    /// # Panics
    /// With `BUG:` when an offset does not fit 32 bits; canonical texts are capped far below.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Span {
        let fit = |at: usize| u32::try_from(at).expect("BUG: canonical texts are shorter than 4 GiB");
        Span { start: fit(start), end: fit(end) }
    }

    /// The range as indices for slicing.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Length in bytes; zero when the range runs backwards.
    #[must_use]
    pub fn len(self) -> usize {
        self.range().len()
    }

    /// Whether the range holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether both ranges share a byte.
    #[must_use]
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies wholly inside this range.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The text under the span, or `None` where the span does not fit it.
    #[must_use]
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.range())
    }

    /// Checks that the span is non-empty, inside `text` and on char boundaries.
    ///
    /// # Errors
    /// The first rule the span breaks.
    pub fn check(self, text: &str) -> Result<(), SpanError> {
        if self.is_empty() {
            return Err(SpanError::Empty(self));
        }
        if self.end as usize > text.len() {
            return Err(SpanError::OutOfText(self, text.len()));
        }
        if !text.is_char_boundary(self.start as usize) || !text.is_char_boundary(self.end as usize) {
            return Err(SpanError::CutsCharacter(self));
        }
        Ok(())
    }

    /// Checks a whole layer: every span fits, sorted, none overlapping its neighbour.
    ///
    /// # Errors
    /// The first rule broken, in order of the spans.
    pub fn check_all(spans: impl IntoIterator<Item = Span>, text: &str) -> Result<(), SpanError> {
        let mut previous: Option<Span> = None;
        for span in spans {
            span.check(text)?;
            if let Some(before) = previous.filter(|before| span.start < before.end) {
                return Err(SpanError::Overlap(before, span));
            }
            previous = Some(span);
        }
        Ok(())
    }
}

/// Byte offsets of line starts, to turn an offset into a line number.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes the line starts of `text` (lines end with `\n`).
    #[must_use]
    pub fn new(text: &str) -> LineIndex {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| Span::new(at + 1, at + 1).start)).collect();
        LineIndex { starts }
    }

    /// The line, from 1, that holds the byte `offset`.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let count = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{LineIndex, Span, SpanError};

    #[test]
    fn spans_are_checked_against_their_text() {
        let text = "Kyïv fell";
        assert_eq!(Span::new(0, 5).check(text), Ok(()));
        assert_eq!(Span::new(0, 3).check(text), Err(SpanError::CutsCharacter(Span::new(0, 3))));
        assert_eq!(Span::new(4, 4).check(text), Err(SpanError::Empty(Span::new(4, 4))));
        assert_eq!(Span::new(4, 40).check(text), Err(SpanError::OutOfText(Span::new(4, 40), 10)));
        let overlapping = [Span::new(0, 5), Span::new(2, 6)];
        assert!(matches!(
            Span::check_all(overlapping, text),
            Err(SpanError::CutsCharacter(_) | SpanError::Overlap(..))
        ));
        assert_eq!(Span::check_all([Span::new(0, 5), Span::new(6, 10)], text), Ok(()));
    }

    #[test]
    fn offsets_find_their_line() {
        let index = LineIndex::new("a\nbc\n\nd");
        let lines: Vec<u32> = (0..7).map(|at| index.line(at)).collect();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 4]);
    }
}
