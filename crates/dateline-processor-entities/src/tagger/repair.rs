//! What the conventions say whatever the model thinks: titles, articles and possessives stay outside, unmatched brackets
//! too, and two people joined by a hyphen or stroke are two.

use super::page::Page;
use crate::name::is_plain_title;
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;

/// Puts the edges of names where the conventions want them.
pub(super) fn repair(page: &Page<'_>, names: Vec<(Span, EntityType)>) -> Vec<(Span, EntityType)> {
    let mut kept = Vec::with_capacity(names.len());
    for (span, kind) in names {
        let text = span.slice(page.text).unwrap_or("");
        let (start, end) = edges(text, kind);
        if start < end {
            kept.push((Span { start: span.start + start as u32, end: span.start + end as u32 }, kind));
        }
    }
    kept
}

/// Where the name proper starts and ends in `text`.
fn edges(text: &str, kind: EntityType) -> (usize, usize) {
    let mut end = text.trim_end_matches(['-', '/', ',', ' ', '&']).len();
    for possessive in ["'s", "’s"] {
        if let Some(bare) = text[..end].strip_suffix(possessive).filter(|bare| bare.ends_with(' ')) {
            end = bare.trim_end().len();
        }
    }
    let mut start = 0;
    while let Some((word, rest)) = text[start..end].split_once(' ') {
        let title = kind == EntityType::Per && is_plain_title(word);
        if !(title || word == "the") || rest.trim().is_empty() {
            break;
        }
        start = end - rest.trim_start().len();
        if start >= end {
            return (0, end);
        }
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::edges;
    use dateline_processor::core::layers::EntityType;

    #[test]
    fn titles_articles_and_loose_ends_stay_outside() {
        let cut = |text: &'static str, kind| {
            let (start, end) = edges(text, kind);
            &text[start..end]
        };
        assert_eq!(cut("President Xi Jinping", EntityType::Per), "Xi Jinping");
        assert_eq!(cut("the United Nations", EntityType::Org), "United Nations");
        assert_eq!(cut("The Guardian", EntityType::Org), "The Guardian");
        assert_eq!(cut("Smith -", EntityType::Per), "Smith");
        assert_eq!(cut("General", EntityType::Per), "General");
    }
}
