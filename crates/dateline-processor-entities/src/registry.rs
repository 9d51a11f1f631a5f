//! Indexer `registry`: the entities of all documents together, linked only where the names leave no doubt. What the user
//! decided comes with each question and is applied to the answer; nothing here rewrites a document.

mod answer;
mod pieces;
mod record;

use answer::Asked;
use dateline_processor::core::DocumentId;
use dateline_processor::core::layers::{DctLayer, EntityLayer};
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    BuildError, BuildIndexer, Change, Descriptor, IndexError, Indexer, IndexerHome, ProcessorConfig, Resources,
    RevisionView, Table,
};
use record::{Books, Contribution, Part};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Code version: raised whenever the table would be another one; the engine empties it then and begins anew.
const VERSION: u32 = 2;

/// Options of `[processor.registry]`; there are none yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RegistryConfig {}

impl ProcessorConfig for RegistryConfig {
    const SECTION: &'static str = "registry";
}

/// The indexer `registry`. Lives in its table; see [`Indexer::answer`] for the questions it takes:
///
/// - `{"op": "list", "query"?: text, "queries"?: [text], "type"?: "PER", "limit"?: n}`: the entities, most mentioned first;
///   those with the text, or any of the texts, in a name or the id
/// - `{"op": "show", "id": id}`: one of them, with documents, mentions by day and who is named beside it
/// - `{"op": "resolve", "name": text}`: the entities a name, alias or id may mean, with all their surface forms
/// - `{"op": "suggest", "limit"?: n}`: pairs that may be one, with reasons
///
/// Each takes `"decisions": {"merge": [{"into": id, "from": [id]}], "split": [{"entity": id, "forms": [text], "to": id}],
/// "rename": [{"entity": id, "name": text}], "never": [[id, id]]}`.
#[derive(Debug)]
pub struct Registry {
    descriptor: Descriptor,
}

impl BuildIndexer for Registry {
    type Config = RegistryConfig;

    fn build(_config: RegistryConfig, _resources: &Resources, _home: &IndexerHome) -> Result<Registry, BuildError> {
        let descriptor = Descriptor::new("registry", VERSION, "Knows every entity of all documents")
            .requires::<EntityLayer>()
            .uses::<DctLayer>();
        Ok(Registry { descriptor })
    }
}

impl Indexer for Registry {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn apply(&self, changes: &[Change], table: &mut dyn Table) -> Result<(), IndexError> {
        let mut books = Books::default();
        for change in changes {
            let opened = change.opened.as_ref().map(contribution).transpose()?;
            books.replace(change.document, opened, table)?;
        }
        books.write(table)
    }

    fn clear(&self, table: &mut dyn Table) -> Result<(), IndexError> {
        let mut keys = Vec::new();
        table.scan(b"", &mut |key, _| {
            keys.push(key.to_vec());
            true
        })?;
        keys.iter().try_for_each(|key| table.delete(key))
    }

    fn answer(&self, question: &Value, table: &dyn Table) -> Result<Value, IndexError> {
        Asked::read(question)?.answer(table)
    }
}

/// What one revision says about entities.
fn contribution(view: &RevisionView) -> Result<Contribution, IndexError> {
    let damaged = |source: dateline_processor::CodecError| IndexError::Damaged {
        reason: format!("a layer of document `{}` does not decode: {source}", view.document),
    };
    let Some(layer) = view.layer::<EntityLayer>().map_err(damaged)? else { return Ok(Contribution::default()) };
    let dct = view.layer::<DctLayer>().map_err(damaged)?;
    let day = dct.as_ref().and_then(|layer| layer.dct.as_ref()).map(|dct| dct.interval.earliest);
    let mut parts: Vec<Part> = layer.entities.iter().map(Part::of).collect();
    for mention in &layer.mentions {
        let form = mention.span.slice(&view.text).unwrap_or("");
        if let Some(part) = parts.get_mut(mention.entity as usize) {
            part.count(form);
        }
    }
    Ok(Contribution::new(view.title.clone(), view.path.display(), day, parts))
}

/// Key of a document's contribution.
fn document_key(document: DocumentId) -> Vec<u8> {
    [b"d/".as_slice(), &document.0.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests;
