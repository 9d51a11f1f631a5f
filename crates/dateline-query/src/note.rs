//! What a user should know about an answer beside its hits.

use serde::Serialize;

/// One thing to know about an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum Note {
    /// No document has all the words; these have some.
    Partial,
    /// Other spellings of a name were searched too.
    Also {
        /// The name, as written.
        name: String,
        /// Its other spellings.
        spellings: Vec<String>,
    },
    /// A name means several entities; all were searched.
    Ambiguous {
        /// The name, as written.
        name: String,
        /// Ids and names of the entities.
        candidates: Vec<(String, String)>,
    },
    /// A name is in no list; documents were searched for its words.
    UnknownName {
        /// The name, as written.
        name: String,
        /// Names much like it.
        like: Vec<String>,
    },
    /// `as_of` left out documents without a date.
    UndatedLeftOut {
        /// How many.
        documents: usize,
    },
    /// Words that the best documents have in common were searched too.
    Expanded {
        /// The words, the weightiest first.
        words: Vec<String>,
    },
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Note::Partial => f.write_str("no document has all the words; these have some of them"),
            Note::Also { spellings, .. } => write!(f, "also: {}", spellings.join(", ")),
            Note::Ambiguous { name, candidates } => {
                let list: Vec<String> = candidates.iter().map(|(id, name)| format!("{name} (`entity:{id}`)")).collect();
                write!(f, "`{name}` may be {}", list.join(", "))
            }
            Note::UnknownName { name, like } if like.is_empty() => write!(f, "`{name}` is in no list of names"),
            Note::UnknownName { name, like } => {
                write!(f, "`{name}` is in no list of names; did you mean {}?", like.join(", "))
            }
            Note::UndatedLeftOut { documents: 1 } => {
                f.write_str("1 undated document was left out (`--undated` brings it in)")
            }
            Note::UndatedLeftOut { documents } => {
                write!(f, "{documents} undated documents were left out (`--undated` brings them in)")
            }
            Note::Expanded { words } => write!(f, "also searched: {}", words.join(", ")),
        }
    }
}
