//! The `[parser]` section of the configuration. Sizes are not options: see [`crate::limits`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How sources are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ParserOptions {
    /// Encoding of texts that declare none and are not valid UTF-8, as a WHATWG label such as `windows-1252`. Left out:
    /// detected for each file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Names of the fields of JSON records.
    pub json: JsonFields,
}

/// Names under which JSON records carry what a document needs, in order of preference. Nested fields are written with
/// dots (`article.body`). All other fields are kept as metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct JsonFields {
    /// The record's own id.
    pub id: Vec<String>,
    /// The headline.
    pub title: Vec<String>,
    /// The text. A record without one is listed as a failure.
    pub text: Vec<String>,
    /// The date the record declares.
    pub date: Vec<String>,
    /// The address.
    pub url: Vec<String>,
    /// Who published it.
    pub source: Vec<String>,
    /// Who wrote it: a string or a list.
    pub author: Vec<String>,
    /// In an object that is no record itself: the list that holds the records.
    pub records: Vec<String>,
}

impl Default for JsonFields {
    fn default() -> JsonFields {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        JsonFields {
            id: names(&["id", "_id", "guid", "uuid"]),
            title: names(&["title", "headline"]),
            text: names(&["text", "body", "content", "content_text", "content_html", "articleBody"]),
            date: names(&["date"]),
            url: names(&["url", "link"]),
            source: names(&["source", "publisher"]),
            author: names(&["author", "authors", "byline"]),
            records: names(&["articles", "documents", "records", "items", "entries", "results", "data", "docs"]),
        }
    }
}
