//! The golden cases of this crate, through the whole chain with the watchlists of the repository.

use dateline_processor::core::Span;
use dateline_processor::core::layers::EntityLayer;
use dateline_processor::{BuildAnnotator, Resource, Resources};
use dateline_processor_entities::{Entities, EntitiesConfig, Sentences, SentencesConfig, Watchlist, WatchlistConfig};
use dateline_testkit::{Conformance, Golden, Note, assert_compliant};

fn lists() -> Resources {
    let list = |name: &str| {
        let path = format!("{}/../../config/watchlists/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        Resource { bytes: std::fs::read(&path).expect("the repository's list"), path: name.to_owned() }
    };
    Resources::new(["countries", "organisations", "people", "places"].map(list).to_vec())
}

fn sentences() -> Sentences {
    Sentences::build(SentencesConfig::default(), &Resources::default()).expect("builds")
}

fn watchlist() -> Watchlist {
    Watchlist::build(WatchlistConfig::default(), &lists()).expect("the lists are right")
}

fn entities() -> Entities {
    Entities::build(EntitiesConfig::default(), &Resources::default()).expect("the model is whole")
}

/// Type, number of the entity and its name or watchlist id.
fn notes(layer: &EntityLayer, _text: &str) -> Vec<Note> {
    let note = |span: Span, at: usize| {
        let entity = &layer.entities[at];
        let who = entity.reference.clone().map_or_else(|| entity.name.clone(), |id| format!("#{id}"));
        Note::at(span, format!("{} {} {who}", entity.kind.word(), at + 1))
    };
    layer.mentions.iter().map(|mention| note(mention.span, mention.entity as usize)).collect()
}

#[test]
fn golden() {
    Golden::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"))
        .annotator(sentences())
        .annotator(watchlist())
        .annotator(entities())
        .layer(notes)
        .run();
}

#[test]
fn the_contract_is_kept() {
    assert_compliant::<Sentences>();
    assert_compliant::<Watchlist>();
    Conformance::new(entities).after(vec![sentences().into(), watchlist().into()]).run();
}

#[test]
fn a_hundred_thousand_names_are_loaded_and_found() {
    let mut list = String::from("type = \"PER\"\n");
    for number in 0..100_000 {
        let syllables = ["ka", "lo", "mi", "ne", "ru", "sa", "to", "vi", "xe", "zu"];
        let spell = |mut number: usize| -> String {
            let mut word = String::new();
            for _ in 0..4 {
                word.push_str(syllables[number % 10]);
                number /= 10;
            }
            word[..1].to_uppercase() + &word[1..]
        };
        list.push_str(&format!(
            "[[entry]]\nid = \"p{number}\"\nname = \"{} {}\"\n",
            spell(number),
            spell(number / 7 + 3)
        ));
    }
    let file = Resource { path: "many.toml".to_owned(), bytes: list.into_bytes() };
    let built = Watchlist::build(WatchlistConfig::default(), &Resources::new(vec![file])).expect("builds");
    assert_eq!(built.len(), 100_000);
    let found = built.matches("Kakakaka Nekakaka said", || Ok(())).expect("no deadline");
    assert_eq!(found.len(), 1);
}
