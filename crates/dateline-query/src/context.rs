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

/// Letters from which on a name may be any part of a word: fewer are in too many.
const PART_LETTERS_MIN: usize = 3;

/// Which of some entities, each with its spellings, may be meant by a mistyped name: the nearest first. Each word of a
/// spelling counts by itself, and a word of four letters may differ in one, of eight in two. Nearest are whole words and
/// initials, then beginnings, then other parts of words, then slips.
#[must_use]
pub fn names_like(name: &str, known: &[(String, Vec<String>)]) -> Vec<String> {
    let name = name.to_lowercase();
    let most = (name.chars().count() / 4).max(1);
    let is_part = |word: &str| name.chars().count() >= PART_LETTERS_MIN && word.contains(&name);
    let of_word = |word: &str| match word {
        whole if whole == name => Some(0),
        begun if begun.starts_with(&name) => Some(1),
        holding if is_part(holding) => Some(2),
        other => Some(strsim::osa_distance(other, &name)).filter(|slips| *slips <= most).map(|slips| slips + 2),
    };
    let distance = |spelling: &str| {
        let initials: String = spelling.split_whitespace().filter_map(|word| word.chars().next()).collect();
        let spelling = spelling.to_lowercase();
        let words = spelling.split_whitespace().chain([spelling.as_str()]);
        if initials.to_lowercase() == name { Some(0) } else { words.filter_map(of_word).min() }
    };
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (preferred, spellings) in known {
        let nearest = spellings.iter().chain([preferred]).filter_map(|spelling| distance(spelling)).min();
        found.extend(nearest.map(|distance| (distance, preferred.as_str())));
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
        self.origin.line_of(&self.text, at)
    }
}

/// Articles and dates for tests.
#[cfg(test)]
pub(crate) mod sample {
    use super::Article;
    use dateline_core::layers::{Timex, TimexType};
    use dateline_core::{ContentHash, DateInterval, Origin, SourcePath, Span};

    /// A text alone in its file.
    pub(crate) fn article(text: &str) -> Article {
        Article {
            path: SourcePath::new("a.txt"),
            part: "1".to_owned(),
            title: None,
            text: text.into(),
            marks: Vec::new(),
            origin: Origin { offset: Some(0), line: 1, by_line: true },
            content: ContentHash::of(text.as_bytes()),
        }
    }

    /// A temporal expression for a day, month or year; `None` where the value is none of these.
    pub(crate) fn timex(span: Span, value: &str) -> Option<Timex> {
        let days = DateInterval::parse(value).ok()?;
        Some(Timex {
            span,
            kind: TimexType::Date,
            value: value.to_owned(),
            earliest: Some(days.earliest),
            latest: Some(days.latest),
            modifier: None,
            quant: None,
            freq: None,
            rule: "test".to_owned(),
            anchor: None,
        })
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
        let known = ["Sunday Club", "State Council", "Unesco", "United Nations", "European Union"];
        let known = known.map(|name| (name.to_owned(), Vec::new()));
        assert_eq!(names_like("un", &known), ["United Nations", "European Union", "Unesco"]);
    }
}
