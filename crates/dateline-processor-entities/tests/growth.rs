//! What a document's names cost the registry grows with their number and no faster. Alone in its program: all of its
//! processor time counts.

use dateline_processor::core::layers::{Entity, EntityLayer, EntityType, Mention};
use dateline_processor::core::{Sequence, Span};
use dateline_processor::{BuildIndexer, Change, Indexer, IndexerHome, LayerSpec, Resources, RevisionView};
use dateline_processor_entities::{Registry, RegistryConfig};
use dateline_testkit::{MemoryTable, assert_linear, revision};

/// Bytes of text that hold one name.
const BYTES_PER_NAME: usize = 64;

/// A document that names so many people, each `mentions` times.
fn naming(people: usize, mentions: usize, name: &dyn Fn(usize) -> String) -> Change {
    let mut text = String::new();
    let mut layer = EntityLayer::default();
    for at in 0..people {
        let entity = Entity { kind: EntityType::Per, name: name(at), reference: None };
        for _ in 0..mentions {
            let start = text.len();
            text.push_str(&entity.name);
            let span = Span::new(start, text.len());
            layer.mentions.push(Mention { span, kind: EntityType::Per, entity: at as u32 });
            text.push_str(" came. ");
        }
        layer.entities.push(entity);
    }
    let layers = vec![LayerSpec::of::<EntityLayer>().encode(&layer).expect("encodes")];
    let view = RevisionView { layers, ..revision(1, "a.txt", text) };
    Change { sequence: Sequence(1), document: view.document, opened: Some(view), closed: None }
}

#[test]
fn the_cost_of_a_document_grows_with_its_names() {
    let home = IndexerHome { directory: std::path::PathBuf::new() };
    let apply = |change: Change| {
        let registry = Registry::build(RegistryConfig::default(), &Resources::default(), &home).expect("builds");
        registry.apply(&[change], &mut MemoryTable::default()).expect("applies");
    };
    let others = |at: usize| format!("Anna{} Vlachou{at}", at % 97);
    assert_linear("people of a document", |bytes| apply(naming(bytes / BYTES_PER_NAME, 2, &others)));
    let family = |at: usize| format!("Anna{at} Vlachou");
    assert_linear("a large family", |bytes| apply(naming(bytes / BYTES_PER_NAME, 2, &family)));
    assert_linear("mentions of one", |bytes| apply(naming(1, bytes / BYTES_PER_NAME, &others)));
}
