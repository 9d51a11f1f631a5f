//! The fields of the tantivy index and how values become terms. Bodies are not stored; nothing is.

use crate::Field as WordField;
use crate::words::IndexWords;
use dateline_processor::core::{Date, DocumentId, FacetKind, FacetValue, Revision, Timestamp};
use tantivy::schema::{FAST, Field, IndexRecordOption, NumericOptions, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{RawTokenizer, TextAnalyzer, TokenizerManager};

/// Number of the index's form. Raise it whenever the same documents would be indexed otherwise: indexes with another
/// number are rebuilt.
pub(crate) const VERSION: u32 = 3;

const PROSE: &str = "dateline-prose";
const PLAIN: &str = "dateline-plain";

/// What parts the pieces of a tag.
const PART: char = '\u{0}';

/// Handles of all fields.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    /// Which revision: what `delete_term` takes.
    pub(crate) key: Field,
    pub(crate) document: Field,
    pub(crate) revision: Field,
    /// Microseconds.
    pub(crate) seen_from: Field,
    /// Microseconds; `i64::MAX` while current.
    pub(crate) seen_to: Field,
    /// Days; absent when undated.
    pub(crate) written_from: Field,
    pub(crate) written_to: Field,
    /// Days: written or changed at the latest; absent when undated.
    pub(crate) latest: Field,
    /// Intervals of days, packed.
    pub(crate) mentions: Field,
    pub(crate) text: Field,
    pub(crate) title: Field,
    pub(crate) path: Field,
    pub(crate) source: Field,
    pub(crate) person: Field,
    pub(crate) org: Field,
    pub(crate) place: Field,
    pub(crate) misc: Field,
    /// Exact values of all kinds: see [`tag`].
    pub(crate) tag: Field,
}

pub(crate) mod names {
    pub(crate) const DOCUMENT: &str = "document";
    pub(crate) const REVISION: &str = "revision";
    pub(crate) const SEEN_FROM: &str = "seen_from";
    pub(crate) const SEEN_TO: &str = "seen_to";
    pub(crate) const WRITTEN_FROM: &str = "written_from";
    pub(crate) const WRITTEN_TO: &str = "written_to";
    pub(crate) const LATEST: &str = "latest";
    pub(crate) const MENTIONS: &str = "mentions";
}

/// Kinds of exact values; each value stands in the field `tag` behind its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TagKind {
    Reference,
    Language,
    Extension,
    /// A month that a time expression of at most a month overlaps.
    Month,
    Document,
    Facet,
    /// One number of the text's sketch.
    Sketch,
}

impl TagKind {
    fn letter(self) -> char {
        match self {
            TagKind::Reference => 'r',
            TagKind::Language => 'l',
            TagKind::Extension => 'e',
            TagKind::Month => 'm',
            TagKind::Document => 'd',
            TagKind::Facet => 'f',
            TagKind::Sketch => 's',
        }
    }
}

/// The term of an exact value.
pub(crate) fn tag(kind: TagKind, value: &str) -> String {
    let mut tag = String::with_capacity(value.len() + 1);
    tag.push(kind.letter());
    tag.push_str(value);
    tag
}

/// The term of one number of a sketch.
pub(crate) fn sketch_tag(number: u32) -> String {
    // Eight digits to the base of 16 would be half as many bytes again on disk.
    const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    let digit = |at: u32| char::from(DIGITS[(number >> (6 * at) & 63) as usize]);
    tag(TagKind::Sketch, &(0..6).rev().map(digit).collect::<String>())
}

/// What all values of one facet and type start with.
pub(crate) fn facet_prefix(name: &str, kind: FacetKind) -> String {
    let letter = match kind {
        FacetKind::Keyword => 'k',
        FacetKind::Integer => 'i',
        FacetKind::Number => 'n',
        FacetKind::Date => 'd',
    };
    tag(TagKind::Facet, &format!("{name}{PART}{letter}"))
}

/// The term of a facet's value. Terms of one facet and type are ordered as their values are.
pub(crate) fn facet_tag(name: &str, value: &FacetValue) -> String {
    let mut tag = facet_prefix(name, value.kind());
    match value {
        FacetValue::Keyword(word) => tag.push_str(&word.to_lowercase()),
        FacetValue::Integer(number) => tag.push_str(&format!("{:016x}", ordered(*number))),
        FacetValue::Number(number) => {
            let bits = number.to_bits();
            let ordered = if bits >> 63 == 0 { bits ^ (1 << 63) } else { !bits };
            tag.push_str(&format!("{ordered:016x}"));
        }
        FacetValue::Date(date) => tag.push_str(&format!("{:016x}", ordered(day(*date)))),
    }
    tag
}

fn ordered(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// Days since 1970-01-01.
pub(crate) fn day(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    date.since((jiff::Unit::Day, epoch)).map_or(0, |span| i64::from(span.get_days()))
}

/// The date of a day number.
pub(crate) fn date_of(day: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(day).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(days).ok()
}

/// Two days in one value that is ordered by the first.
pub(crate) fn pack(from: i64, to: i64) -> u64 {
    let half = |day: i64| (day + (1 << 31)).clamp(0, i64::from(u32::MAX)).cast_unsigned();
    half(from) << 32 | half(to)
}

/// What [`pack`] packed.
pub(crate) fn unpack(packed: u64) -> (i64, i64) {
    let half = |bits: u64| (bits & u64::from(u32::MAX)).cast_signed() - (1 << 31);
    (half(packed >> 32), half(packed))
}

/// Microseconds of a time.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Key of a revision.
pub(crate) fn key(document: DocumentId, revision: Revision) -> String {
    format!("{document}.{revision}")
}

impl Fields {
    pub(crate) fn new() -> (Schema, Fields) {
        let mut schema = Schema::builder();
        let words = |tokenizer: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(tokenizer)
                    .set_index_option(IndexRecordOption::WithFreqsAndPositions),
            )
        };
        let number = || NumericOptions::from(FAST);
        let fields = Fields {
            key: schema.add_text_field("key", STRING),
            document: schema.add_u64_field(names::DOCUMENT, number()),
            revision: schema.add_u64_field(names::REVISION, number()),
            seen_from: schema.add_i64_field(names::SEEN_FROM, number()),
            seen_to: schema.add_i64_field(names::SEEN_TO, number()),
            written_from: schema.add_i64_field(names::WRITTEN_FROM, number()),
            written_to: schema.add_i64_field(names::WRITTEN_TO, number()),
            latest: schema.add_i64_field(names::LATEST, number()),
            mentions: schema.add_u64_field(names::MENTIONS, number()),
            text: schema.add_text_field("text", words(PROSE)),
            title: schema.add_text_field("title", words(PROSE)),
            path: schema.add_text_field("path", words(PLAIN)),
            source: schema.add_text_field("source", words(PLAIN)),
            person: schema.add_text_field("person", words(PLAIN)),
            org: schema.add_text_field("org", words(PLAIN)),
            place: schema.add_text_field("place", words(PLAIN)),
            misc: schema.add_text_field("misc", words(PLAIN)),
            tag: schema.add_text_field("tag", STRING),
        };
        (schema.build(), fields)
    }

    /// The field of words, and whether it holds stems.
    pub(crate) fn words(&self, field: WordField) -> (Field, bool) {
        match field {
            WordField::Text => (self.text, true),
            WordField::Title => (self.title, true),
            WordField::Path => (self.path, false),
            WordField::Source => (self.source, false),
            WordField::Person => (self.person, false),
            WordField::Org => (self.org, false),
            WordField::Place => (self.place, false),
            WordField::Misc => (self.misc, false),
        }
    }
}

/// The tokenizers the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(PROSE, TextAnalyzer::from(IndexWords::new(true)));
    manager.register(PLAIN, TextAnalyzer::from(IndexWords::new(false)));
    manager.register("raw", TextAnalyzer::from(RawTokenizer::default()));
    manager
}

#[cfg(test)]
mod tests {
    use super::{date_of, day, facet_tag, pack, unpack};
    use dateline_processor::core::{Date, FacetValue};
    use proptest::prelude::*;

    #[test]
    fn days_count_from_the_epoch() {
        assert_eq!(day(jiff::civil::date(1970, 1, 1)), 0);
        assert_eq!(day(jiff::civil::date(2022, 4, 5)), 19_087);
        assert_eq!(date_of(day(Date::MIN)), Some(Date::MIN));
        assert_eq!(date_of(day(Date::MAX)), Some(Date::MAX));
    }

    proptest! {
        #[test]
        fn intervals_survive_packing(from in -4_000_000i64..4_000_000, length in 0i64..100_000) {
            prop_assert_eq!(unpack(pack(from, from + length)), (from, from + length));
        }

        #[test]
        fn facet_terms_are_ordered_as_numbers(one in any::<i64>(), other in any::<i64>()) {
            let term = |number| facet_tag("n", &FacetValue::Integer(number));
            prop_assert_eq!(term(one).cmp(&term(other)), one.cmp(&other));
        }

        #[test]
        fn facet_terms_are_ordered_as_fractions(one in -1e300f64..1e300, other in -1e300f64..1e300) {
            let term = |number| facet_tag("n", &FacetValue::Number(number));
            prop_assert_eq!(Some(term(one).cmp(&term(other))), one.partial_cmp(&other));
        }
    }
}
