//! What a search needs to know from outside: declared facets, names and their aliases, and the texts of articles.

use dateline_core::layers::{EntityLayer, EntityType, Timex};
use dateline_core::{ContentHash, DateInterval, DocumentId, FacetKind, Mark, Origin, Revision, SourcePath, Span};
use std::sync::Arc;

/// Why something outside could not answer.
pub type OutsideError = Box<dyn std::error::Error + Send + Sync>;

/// A facet some processor declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetDeclaration {
    /// Its field name.
    pub name: String,
    /// Type of its values.
    pub kind: FacetKind,
}

/// An entity that a name may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEntity {
    /// Its id, as in layer `entity`.
    pub id: String,
    /// Its type.
    pub kind: EntityType,
    /// Preferred name.
    pub name: String,
    /// All its names and spellings, the preferred one among them.
    pub names: Vec<String>,
}

/// Says which entities a name may mean.
pub trait Aliases {
    /// The entities with this name, alias or id, whatever its case and diacritics; the likeliest first.
    ///
    /// # Errors
    /// When names cannot be looked up.
    fn named(&self, name: &str) -> Result<Vec<KnownEntity>, OutsideError>;

    /// Names much like this one, the likeliest first, for "did you mean".
    ///
    /// # Errors
    /// When names cannot be looked up.
    fn like(&self, name: &str) -> Result<Vec<String>, OutsideError>;
}

/// Names listed as suggestions.
const LIKE_MAX: usize = 5;

/// Which of some entities, each with its spellings, may be meant by a mistyped name: the nearest first. Each word of a
/// spelling counts by itself, and a word of four letters may differ in one, of eight in two.
#[must_use]
pub fn names_like(name: &str, known: &[(String, Vec<String>)]) -> Vec<String> {
    let name = name.to_lowercase();
    let most = (name.chars().count() / 4).max(1);
    let distance = |spelling: &str| {
        let spelling = spelling.to_lowercase();
        let words = spelling.split_whitespace().chain([spelling.as_str()]);
        words.map(|word| if word.contains(&name) { 0 } else { strsim::osa_distance(word, &name) }).min()
    };
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (preferred, spellings) in known {
        let nearest = spellings.iter().chain([preferred]).filter_map(|spelling| distance(spelling)).min();
        found.extend(nearest.filter(|distance| *distance <= most).map(|distance| (distance, preferred.as_str())));
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(LIKE_MAX).map(|(_, name)| name.to_owned()).collect()
}

/// No names are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAliases;

impl Aliases for NoAliases {
    fn named(&self, _name: &str) -> Result<Vec<KnownEntity>, OutsideError> {
        Ok(Vec::new())
    }

    fn like(&self, _name: &str) -> Result<Vec<String>, OutsideError> {
        Ok(Vec::new())
    }
}

/// What is shown of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// File it stands in.
    pub path: SourcePath,
    /// Which record of the file.
    pub part: String,
    /// Headline.
    pub title: Option<String>,
    /// Canonical text.
    pub text: Arc<str>,
    /// Parts of the text that are no prose.
    pub marks: Vec<Mark>,
    /// Where the text stands in the file.
    pub origin: Origin,
    /// Hash of the content.
    pub content: ContentHash,
}

/// An article with what is known of its times and names.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The document.
    pub document: DocumentId,
    /// Which content of it.
    pub revision: Revision,
    /// Its text.
    pub article: &'a Article,
    /// Its date; undated articles cannot be placed and contradict nobody.
    pub dct: Option<DateInterval>,
    /// Its temporal expressions.
    pub timexes: &'a [Timex],
    /// Its sentences; when empty, a timeline cuts them at full stops and line ends, and nothing is contradicted.
    pub sentences: &'a [Span],
    /// Its names.
    pub entities: &'a EntityLayer,
}

/// Gives the texts of revisions.
pub trait Texts {
    /// One revision; `None` when it is gone.
    ///
    /// # Errors
    /// When it cannot be read.
    fn article(&self, document: DocumentId, revision: Revision) -> Result<Option<Article>, OutsideError>;
}

impl Article {
    /// Bytes of a span in the file, when the text stands in it byte for byte.
    #[must_use]
    pub fn in_file(&self, span: Span) -> Option<(u64, u64)> {
        let offset = self.origin.offset?;
        Some((offset + u64::from(span.start), offset + u64::from(span.end)))
    }

    /// Line of the file, from 1, on which a byte of the text stands. Of a record inside a container it is the record's
    /// first line.
    #[must_use]
    pub fn line(&self, at: u32) -> u32 {
        let first = self.origin.line.max(1);
        if self.origin.offset.is_none() && self.origin.line != 0 {
            return first;
        }
        let before = self.text.as_bytes().get(..at as usize).unwrap_or_default();
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        first.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::names_like;

    #[test]
    fn a_mistyped_name_is_recognised() {
        let known = [
            ("Maria Kanaki".to_owned(), vec!["Kanaki".to_owned()]),
            ("Ann Lee".to_owned(), Vec::new()),
            ("Kanada".to_owned(), Vec::new()),
        ];
        assert_eq!(names_like("kanakij", &known), ["Maria Kanaki"]);
        assert_eq!(names_like("kannaki", &known), ["Maria Kanaki"]);
        assert_eq!(names_like("maria kanakki", &known), ["Maria Kanaki"]);
        assert!(names_like("zebra", &known).is_empty());
    }
}
