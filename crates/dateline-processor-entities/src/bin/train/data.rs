//! Gold documents: read, written as running text again, and brought to one convention. Splits no sentences that are given.

use crate::Chance;
use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use dateline_processor_entities::name::is_plain_title;
use dateline_processor_entities::tagger::gazetteer::{Gazetteer, is_state_body, listed};
use dateline_processor_entities::token::tokenize;
use serde_json::Value;
use std::error::Error;
use std::path::Path;

/// A document with its names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gold {
    pub(crate) text: String,
    pub(crate) sentences: Vec<Span>,
    pub(crate) names: Vec<(Span, EntityType)>,
    pub(crate) weight: f32,
}

/// How a sentence is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    AsIs,
    Upper,
    Title,
}

/// One sentence as pieces: words with the name they belong to.
#[derive(Clone, Debug, Default)]
struct Pieces {
    words: Vec<String>,
    /// By word: index of its name, if any.
    names: Vec<Option<usize>>,
    kinds: Vec<EntityType>,
}

pub(crate) fn lines(path: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn kind_of(word: &str) -> Option<EntityType> {
    match word {
        "PER" => Some(EntityType::Per),
        "ORG" => Some(EntityType::Org),
        "LOC" | "FAC" | "GPE" => Some(EntityType::Loc),
        "MISC" | "EVENT" | "NORP" => Some(EntityType::Misc),
        _ => None,
    }
}

/// How much a source counts: tweets less than articles.
fn weight_of(source: &str) -> f32 {
    match source {
        "btc" => 0.4,
        "wnut17" => 0.4,
        "crossner-ai" | "crossner-music" | "crossner-literature" | "crossner-science" => 0.6,
        _ => 1.0,
    }
}

/// All gold documents of a folder, with copies of some sentences in capitals and title case.
pub(crate) fn read_training(folder: &Path, augment: bool) -> Result<Vec<Gold>, Box<dyn Error>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let lists = Gazetteer::load();
    let mut chance = Chance::new(7);
    let mut golds = Vec::new();
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let Some(source) = name.strip_suffix(".jsonl").and_then(|stem| stem.split('.').next()) else { continue };
        let records = lines(&file.path())?;
        let group = if source == "wikigold" { 8 } else { 1 };
        for chunk in records.chunks(group) {
            let sentences: Vec<Pieces> = chunk.iter().flat_map(pieces).collect();
            let weight = weight_of(source);
            golds.push(compose(&sentences, |_| Case::AsIs, weight, &lists));
            if augment && !matches!(source, "btc" | "wnut17") {
                let mut cases = Vec::new();
                let some: Vec<Pieces> = sentences
                    .iter()
                    .filter(|_| {
                        let roll = chance.unit();
                        let case = if roll < 0.12 { Case::Upper } else { Case::Title };
                        let kept = roll < 0.2;
                        cases.extend(kept.then_some(case));
                        kept
                    })
                    .cloned()
                    .collect();
                if !some.is_empty() {
                    golds.push(compose(&some, |at| cases[at], weight, &lists));
                }
            }
        }
    }
    Ok(golds)
}

/// The sentences of a record, as pieces.
fn pieces(record: &Value) -> Vec<Pieces> {
    let text = record["text"].as_str().unwrap_or("");
    let pair = |value: &Value| Some((value[0].as_u64()? as usize, value[1].as_u64()? as usize));
    let mut tokens: Vec<(usize, usize)> = record["toks"].as_array().into_iter().flatten().filter_map(pair).collect();
    if tokens.is_empty() {
        let mut own = Vec::new();
        tokenize(text, &mut own);
        tokens = own.iter().map(|token| (token.start as usize, token.end as usize)).collect();
    }
    let mut sentences: Vec<(usize, usize)> =
        record["sents"].as_array().into_iter().flatten().filter_map(pair).collect();
    if sentences.is_empty() {
        let split = dateline_processor_entities::split_sentences(text, &[]);
        sentences = split.iter().map(|span| (span.start as usize, span.end as usize)).collect();
    }
    let names: Vec<(usize, usize, EntityType)> = record["entities"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| {
            let kind = kind_of(name["type"].as_str()?)?;
            Some((name["start"].as_u64()? as usize, name["end"].as_u64()? as usize, kind))
        })
        .collect();
    sentences.iter().map(|(start, end)| sentence_pieces(text, &tokens, (*start, *end), &names)).collect()
}

fn sentence_pieces(
    text: &str,
    tokens: &[(usize, usize)],
    bounds: (usize, usize),
    names: &[(usize, usize, EntityType)],
) -> Pieces {
    let mut made = Pieces::default();
    let inside: Vec<&(usize, usize, EntityType)> =
        names.iter().filter(|name| bounds.0 <= name.0 && name.1 <= bounds.1).collect();
    made.kinds = inside.iter().map(|name| name.2).collect();
    for (start, end) in tokens.iter().filter(|token| bounds.0 <= token.0 && token.1 <= bounds.1) {
        let Some(word) = text.get(*start..*end) else { continue };
        let name = inside.iter().position(|name| name.0 <= *start && *end <= name.1);
        // A lone `@` is half of a handle, which is no name here.
        made.words.push(word.to_owned());
        made.names.push(name);
    }
    made
}

fn no_space_before(word: &str) -> bool {
    matches!(
        word,
        "," | "."
            | ";"
            | ":"
            | "!"
            | "?"
            | "%"
            | ")"
            | "]"
            | "}"
            | "'s"
            | "’s"
            | "'S"
            | "'m"
            | "'re"
            | "'ve"
            | "'ll"
            | "'d"
            | "n't"
            | "’t"
            | "'"
            | "’"
            | "..."
            | "…"
            | "”"
    )
}

fn no_space_after(word: &str) -> bool {
    matches!(word, "(" | "[" | "{" | "$" | "£" | "€" | "@" | "#" | "“" | "‘" | "``")
}

/// Writes pieces as running text.
fn compose(sentences: &[Pieces], case: impl Fn(usize) -> Case, weight: f32, lists: &Gazetteer) -> Gold {
    let mut gold = Gold { weight, ..Gold::default() };
    for (number, sentence) in sentences.iter().enumerate() {
        if number > 0 {
            gold.text.push('\n');
        }
        let from = gold.text.len();
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; sentence.kinds.len()];
        let mut open_quote = false;
        let mut glue = true;
        for (at, word) in sentence.words.iter().enumerate() {
            let is_quote = word == "\"" || word == "''" || word == "``";
            let hyphen = word == "-" && joins(sentence, at);
            let closing = is_quote && open_quote;
            if !(glue || closing || hyphen || no_space_before(word)) {
                gold.text.push(' ');
            }
            glue = hyphen || no_space_after(word) || (is_quote && !open_quote);
            if is_quote {
                open_quote = !open_quote;
            }
            let start = gold.text.len();
            gold.text.push_str(&rewrite(if is_quote { "\"" } else { word }, case(number)));
            if let Some(name) = sentence.names[at] {
                let span = spans[name].get_or_insert((start, start));
                span.1 = gold.text.len();
            }
        }
        if gold.text.len() > from {
            gold.sentences.push(Span::new(from, gold.text.len()));
        }
        for (span, kind) in spans.iter().zip(&sentence.kinds) {
            if let Some((start, end)) = span {
                gold.names.push((Span::new(*start, *end), *kind));
            }
        }
    }
    conform(&mut gold, lists);
    gold
}

/// Whether a lone hyphen joins its neighbours.
fn joins(sentence: &Pieces, at: usize) -> bool {
    let letters = |word: Option<&String>| word.is_some_and(|word| word.chars().all(char::is_alphanumeric));
    at > 0 && letters(sentence.words.get(at - 1)) && letters(sentence.words.get(at + 1))
}

fn rewrite(word: &str, case: Case) -> String {
    const SMALL: &[&str] =
        &["a", "an", "the", "of", "in", "on", "to", "for", "and", "or", "at", "by", "as", "with", "from"];
    let capitalise = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    };
    match case {
        Case::AsIs => word.to_owned(),
        Case::Upper => word.to_uppercase(),
        Case::Title if SMALL.contains(&word) || word.starts_with('\'') => word.to_owned(),
        Case::Title => capitalise(word),
    }
}

/// One convention for all sources: titles, articles and possessives outside, demonyms MISC, lower-case things no names.
fn conform(gold: &mut Gold, lists: &Gazetteer) {
    let mut names = Vec::with_capacity(gold.names.len());
    for (span, kind) in std::mem::take(&mut gold.names) {
        let (mut start, mut end) = (span.start as usize, span.end as usize);
        while let Some((word, rest)) = gold.text[start..end].split_once(' ') {
            if (kind == EntityType::Per && is_plain_title(word) || word == "the") && !rest.is_empty() {
                start = end - rest.len();
            } else {
                break;
            }
        }
        for possessive in ["'s", "’s"] {
            end -= if gold.text[start..end].ends_with(possessive) { possessive.len() } else { 0 };
        }
        let text = &gold.text[start..end];
        if text.is_empty()
            || text.starts_with('@')
            || gold.text[..start].ends_with('@')
            || !text.contains(char::is_uppercase)
        {
            continue;
        }
        if kind == EntityType::Misc && !text.starts_with(|letter: char| letter.is_uppercase() || letter.is_numeric()) {
            continue;
        }
        if is_people(text, lists) {
            names.push((Span::new(start, end), EntityType::Misc));
            continue;
        }
        if let (EntityType::Org, Some((people, body))) = (kind, text.split_once(' '))
            && is_people(people, lists)
            && body.split(' ').next().is_some_and(is_state_body)
        {
            names.push((Span::new(start, start + people.len()), EntityType::Misc));
            names.push((Span::new(end - body.len(), end), EntityType::Org));
            continue;
        }
        names.push((Span::new(start, end), kind));
    }
    names.extend(unmarked_peoples(&gold.text, &names, lists));
    names.sort_by_key(|(span, _)| span.start);
    gold.names = names;
}

fn is_people(text: &str, lists: &Gazetteer) -> bool {
    let mut tokens = Vec::new();
    tokenize(text, &mut tokens);
    text.starts_with(char::is_uppercase)
        && lists.name(&tokens).is_some_and(|(length, kinds)| length == tokens.len() && kinds & listed::PEOPLE != 0)
}

/// Demonyms that the source did not mark.
fn unmarked_peoples(text: &str, names: &[(Span, EntityType)], lists: &Gazetteer) -> Vec<(Span, EntityType)> {
    let mut tokens = Vec::new();
    tokenize(text, &mut tokens);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let first = &text[tokens[at].range()];
        if !first.starts_with(char::is_uppercase) {
            continue;
        }
        let Some((length, kinds)) = lists.name(&tokens[at..]) else { continue };
        let span = Span { start: tokens[at].start, end: tokens[at + length - 1].end };
        if kinds & listed::PEOPLE != 0
            && !names.iter().any(|(name, _)| name.overlaps(span))
            && found.last().is_none_or(|(last, _): &(Span, EntityType)| last.end <= span.start)
        {
            found.push((span, EntityType::Misc));
        }
    }
    found
}

/// Documents to measure on: their own text, sentences found by this crate.
pub(crate) fn read_measured(path: &Path) -> Result<Vec<Gold>, Box<dyn Error>> {
    let mut golds = Vec::new();
    for record in lines(path)? {
        let text = record["text"].as_str().unwrap_or("").to_owned();
        let names = record["entities"].as_array().into_iter().flatten().filter_map(|name| {
            let kind = kind_of(name["type"].as_str()?)?;
            Some((Span::new(name["start"].as_u64()? as usize, name["end"].as_u64()? as usize), kind))
        });
        let names = names.collect();
        let sentences = dateline_processor_entities::split_sentences(&text, &[]);
        golds.push(Gold { text, sentences, names, weight: 1.0 });
    }
    Ok(golds)
}
