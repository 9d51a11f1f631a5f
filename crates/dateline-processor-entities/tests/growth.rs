//! What a document's names cost the registry grows with their number and no faster. Alone in its program: all of its
//! processor time counts.

use dateline_processor::core::layers::{Entity, EntityLayer, EntityType, Mention};
use dateline_processor::core::{
    ContentHash, DocumentId, Metadata, Origin, Revision, Sequence, SourcePath, Span, Timestamp,
};
use dateline_processor::{
    BuildIndexer, Change, IndexError, Indexer, IndexerHome, LayerSpec, Resources, RevisionView, Table,
};
use dateline_processor_entities::{Registry, RegistryConfig};
use dateline_testkit::assert_linear;
use std::collections::BTreeMap;

/// Bytes of text that hold one name.
const BYTES_PER_NAME: usize = 64;

#[derive(Default)]
struct InMemory(BTreeMap<Vec<u8>, Vec<u8>>);

impl Table for InMemory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.get(key).cloned())
    }
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), IndexError> {
        self.0.insert(key.to_vec(), value.to_vec());
        Ok(())
    }
    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError> {
        self.0.remove(key);
        Ok(())
    }
    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        let pairs = self.0.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix));
        for (key, value) in pairs {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}

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
    let view = RevisionView {
        document: DocumentId(1),
        revision: Revision(1),
        path: SourcePath::new("a.txt"),
        part: "1".to_owned(),
        title: None,
        text: text.as_str().into(),
        marks: Vec::new(),
        metadata: Metadata::default(),
        origin: Origin::default(),
        content: ContentHash::of(text.as_bytes()),
        seen_from: Timestamp::UNIX_EPOCH,
        seen_to: None,
        layers: vec![LayerSpec::of::<EntityLayer>().encode(&layer).expect("encodes")],
        facets: Vec::new(),
    };
    Change { sequence: Sequence(1), document: view.document, opened: Some(view), closed: None }
}

#[test]
fn the_cost_of_a_document_grows_with_its_names() {
    let home = IndexerHome { directory: std::path::PathBuf::new() };
    let apply = |change: Change| {
        let mut registry = Registry::build(RegistryConfig::default(), &Resources::default(), &home).expect("builds");
        registry.apply(&[change], &mut InMemory::default()).expect("applies");
    };
    let others = |at: usize| format!("Anna{} Vlachou{at}", at % 97);
    assert_linear("people of a document", |bytes| apply(naming(bytes / BYTES_PER_NAME, 2, &others)));
    let family = |at: usize| format!("Anna{at} Vlachou");
    assert_linear("a large family", |bytes| apply(naming(bytes / BYTES_PER_NAME, 2, &family)));
    assert_linear("mentions of one", |bytes| apply(naming(1, bytes / BYTES_PER_NAME, &others)));
}
