//! A mention's name taken apart: titles off the front, possessives off the end, words folded. Compares nothing.

use super::Found;
use crate::name::{Gender, gender, is_plain_title, is_state_acronym};
use crate::token::fold;
use dateline_processor::core::layers::EntityType;

/// How many bytes in front of a mention are looked through for an honorific.
const TITLE_BYTES: usize = 40;

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The name as written, without titles and possessives, blanks made single.
    pub shown: String,
    /// Its words, folded, without titles, stops and (for organisations) legal forms.
    pub words: Vec<String>,
    /// What the honorific before or in it says.
    pub gender: Option<Gender>,
    /// Whether it is a plain acronym: capitals only, one word.
    pub acronym: bool,
}

/// Legal forms that are no part of an organisation's identity.
const LEGAL_FORMS: &[&str] = &[
    "inc",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "plc",
    "llc",
    "llp",
    "ag",
    "sa",
    "nv",
    "gmbh",
    "se",
    "spa",
    "ab",
    "asa",
    "oyj",
    "pty",
    "bhd",
    "kk",
];

/// Name suffixes of a person that tell father and son apart only where both are given.
const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "esq", "phd", "md", "obe", "mbe", "cbe", "kc", "qc"];

impl Form {
    /// Takes the name of `found` in `text` apart.
    #[must_use]
    pub fn of(text: &str, found: &Found) -> Form {
        let raw = found.span.slice(text).unwrap_or("");
        let raw = strip_possessive(raw.trim());
        let pieces: Vec<&str> = raw.split_whitespace().collect();
        match found.kind {
            EntityType::Per => person(text, found.span.start as usize, &pieces),
            _ => other(found.kind, &pieces),
        }
    }

    /// The last word: a family name in Western order.
    #[must_use]
    pub fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The first word.
    #[must_use]
    pub fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

fn strip_possessive(raw: &str) -> &str {
    for ending in ["'s", "’s", "'S", "’S"] {
        if let Some(kept) = raw.strip_suffix(ending) {
            return kept.trim_end();
        }
    }
    raw.trim_end_matches(['\'', '’'])
}

/// The words of a person's name: folded, split at blanks, titles and suffixes off.
#[must_use]
pub fn person_words(name: &str) -> Vec<String> {
    let pieces: Vec<&str> = name.split_whitespace().collect();
    person("", 0, &pieces).words
}

fn person(text: &str, start: usize, pieces: &[&str]) -> Form {
    let of_a_state = pieces.len() > 2 && is_state_acronym(pieces[0]) && is_plain_title(pieces[1]);
    let mut titles = usize::from(of_a_state);
    while titles + 1 < pieces.len() && is_plain_title(pieces[titles]) {
        titles += 1;
    }
    let told = pieces[..titles].iter().find_map(|title| gender(title));
    let before = || {
        let from = (start.saturating_sub(TITLE_BYTES)..=start).find(|at| text.is_char_boundary(*at))?;
        let front = text.get(from..start)?;
        front.ends_with(' ').then(|| front.split_whitespace().next_back().and_then(gender)).flatten()
    };
    let names = rejoin_hyphens(&pieces[titles..]);
    let mut words: Vec<String> =
        names.iter().flat_map(|piece| split_initials(piece)).filter(|w| !w.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| SUFFIXES.contains(&word.as_str())) {
        words.pop();
    }
    let shown = pieces[titles..].join(" ");
    let gender = told.or_else(before);
    Form { acronym: false, shown, words, gender }
}

/// `Suk - yeol` and `Suk -yeol` are one word, as `Suk-yeol` is.
fn rejoin_hyphens(pieces: &[&str]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(pieces.len());
    let mut glue = false;
    for piece in pieces {
        let goes_on = glue || piece.starts_with('-');
        match joined.last_mut() {
            Some(last) if goes_on => {
                if !last.ends_with('-') && !piece.starts_with('-') {
                    last.push('-');
                }
                last.push_str(piece);
            }
            _ => joined.push((*piece).to_owned()),
        }
        glue = piece.ends_with('-');
    }
    joined
}

/// `J.K.` is two initials; everything else one word without stops, commas and quotes.
fn split_initials(piece: &str) -> Vec<String> {
    let folded = fold(piece);
    let parts: Vec<&str> = folded.split('.').filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().all(|part| part.chars().count() <= 2) {
        return parts.into_iter().map(str::to_owned).collect();
    }
    let kept =
        folded.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '\'')).collect::<String>();
    vec![kept.trim_matches(['\'', '-']).to_owned()]
}

fn other(kind: EntityType, pieces: &[&str]) -> Form {
    let skip = usize::from(pieces.len() > 1 && pieces[0].eq_ignore_ascii_case("the"));
    let shown = pieces.join(" ");
    let acronym = pieces.len() == 1 && {
        let letters = || shown.chars().filter(|letter| letter.is_alphabetic());
        letters().count() >= 2 && letters().all(char::is_uppercase)
    };
    let plain = |piece: &&str| {
        let folded = fold(piece);
        folded
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '&' | '\''))
            .collect::<String>()
    };
    let mut words: Vec<String> = pieces[skip..].iter().map(plain).filter(|word| !word.is_empty()).collect();
    while kind == EntityType::Org
        && words.len() > 1
        && words.last().is_some_and(|word| LEGAL_FORMS.contains(&word.as_str()))
    {
        words.pop();
    }
    Form { shown, words, gender: None, acronym }
}
