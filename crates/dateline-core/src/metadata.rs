//! What a source says about a document beside its text: ordered key and value pairs, never interpreted here.

use serde::{Deserialize, Serialize};

/// One fact a source states about a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataEntry {
    /// Lower-case key; see [`keys`].
    pub key: String,
    /// The value as written, trimmed.
    pub value: String,
}

/// Ordered facts about a document; a key may stand more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(pub Vec<MetadataEntry>);

impl Metadata {
    /// Adds a fact; an empty value is dropped.
    pub fn push(&mut self, key: impl Into<String>, value: impl AsRef<str>) {
        let value = value.as_ref().trim();
        if !value.is_empty() {
            self.0.push(MetadataEntry { key: key.into(), value: value.to_owned() });
        }
    }

    /// The first value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    }

    /// All values under `key`, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter(move |entry| entry.key == key).map(|entry| entry.value.as_str())
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|entry| (entry.key.as_str(), entry.value.as_str()))
    }
}

/// Keys that parsers write and processors read. Anything else a source says is kept under its own lower-cased name.
pub mod keys {
    /// The date a record or front matter declares, as written.
    pub const DATE: &str = "date";
    /// Publication time a source declares (feed `published`, front matter `published`).
    pub const PUBLISHED: &str = "published";
    /// Time of the last change a source declares (feed `updated`, front matter `updated`).
    pub const UPDATED: &str = "updated";
    /// The `Date:` header of a mail.
    pub const MAIL_DATE: &str = "mail.date";
    /// Address of the article.
    pub const URL: &str = "url";
    /// Who published it: agency, paper, site.
    pub const SOURCE: &str = "source";
    /// Who wrote it; once per author.
    pub const AUTHOR: &str = "author";
    /// BCP 47 language tag.
    pub const LANGUAGE: &str = "lang";
    /// HTML: prefix of `<meta>` names and properties, e.g. `html.meta.article:published_time`.
    pub const HTML_META: &str = "html.meta.";
    /// HTML: prefix of JSON-LD properties, e.g. `html.jsonld.datePublished`.
    pub const HTML_JSONLD: &str = "html.jsonld.";
    /// HTML: the `datetime` attribute of a `<time>` element, or its text; in page order.
    pub const HTML_TIME: &str = "html.time";
    /// HTML: as [`HTML_TIME`], of a `<time>` marked as publication date (`pubdate`, `itemprop=datePublished`, class names).
    pub const HTML_TIME_PUBLISHED: &str = "html.time.published";
    /// HTML: as [`HTML_TIME`], of a `<time>` marked as the date of change.
    pub const HTML_TIME_UPDATED: &str = "html.time.updated";
    /// HTML: the canonical address.
    pub const HTML_CANONICAL: &str = "html.canonical";
    /// HTML: short visible text beside headline or byline that holds a date.
    pub const HTML_BYLINE: &str = "html.byline";
    /// HTML: any other short visible text with a date in it, in page order, capped in number.
    pub const HTML_VISIBLE: &str = "html.visible";
    /// HTML: copyright line of the page.
    pub const HTML_COPYRIGHT: &str = "html.copyright";
}
