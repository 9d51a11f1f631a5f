//! Pairs of names that must meet in one document, and pairs that never may. The cases are data: `golden/pairs.txt`.

use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityType;
use dateline_processor_entities::resolve::{Found, resolve};

struct Pair {
    line: String,
    same: bool,
    one: (EntityType, String),
    other: (EntityType, String),
}

/// `PER Name`, or just the name: then the type of its neighbour, `PER` by default.
fn typed(text: &str, default: EntityType) -> (EntityType, String) {
    match text.split_once(' ').and_then(|(word, name)| Some((EntityType::parse(word)?, name))) {
        Some((kind, name)) => (kind, name.to_owned()),
        None => (default, text.to_owned()),
    }
}

fn pairs() -> Vec<Pair> {
    let read = |line: &str| {
        let (sign, names) = line.split_once(' ')?;
        let (one, other) = names.split_once(" | ")?;
        let one = typed(one, EntityType::Per);
        let other = typed(other, one.0);
        Some(Pair { line: line.to_owned(), same: sign == "=", one, other })
    };
    let lines = include_str!("../golden/pairs.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| read(line).unwrap_or_else(|| panic!("no pair: {line}"))).collect()
}

/// Whether both names are one entity in a document that has them in this order.
fn met(one: &(EntityType, String), other: &(EntityType, String)) -> bool {
    let mut text = String::new();
    let mut found = Vec::new();
    for (kind, name) in [one, other] {
        text.push_str("Then ");
        let start = text.len();
        text.push_str(name);
        found.push(Found { span: Span::new(start, text.len()), kind: *kind, reference: None });
        text.push_str(" spoke. ");
    }
    let layer = resolve(&text, &found);
    layer.mentions[0].entity == layer.mentions[1].entity
}

#[test]
fn names_meet_or_stay_apart_in_either_order() {
    let pairs = pairs();
    let count = |same| pairs.iter().filter(|pair| pair.same == same).count();
    assert!(count(true) >= 100 && count(false) >= 100, "{} and {}", count(true), count(false));
    let wrong: Vec<&str> = pairs
        .iter()
        .filter(|pair| met(&pair.one, &pair.other) != pair.same || met(&pair.other, &pair.one) != pair.same)
        .map(|pair| pair.line.as_str())
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), pairs.len());
}
