//! Indexer `co-mentions`: in how many documents two entities are named together. A fold over the change log in the store's
//! own table, so that a crash can neither lose nor double a count.

use dateline_processor::core::DocumentId;
use dateline_processor::core::layers::EntityLayer;
use dateline_processor::schemars::{self, JsonSchema};
use dateline_processor::{
    BuildError, BuildIndexer, Change, Descriptor, IndexError, Indexer, IndexerHome, ProcessorConfig, Resources,
    RevisionView, Table,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Code version: raise it when the same documents give other counts; the index is then made anew.
const VERSION: u32 = 1;
/// Longest name that is kept whole, in bytes; two fit a key of the table.
const NAME_BYTES_MAX: usize = 200;
/// Pairs an answer has when the question names no number.
const LIMIT_DEFAULT: usize = 20;

/// Options of `[processor.co-mentions]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub(crate) struct CoMentionsConfig {
    /// Entities of one document that are paired with each other, the first of the text; pairs grow with the square.
    pub entities_max: usize,
}

impl Default for CoMentionsConfig {
    fn default() -> CoMentionsConfig {
        CoMentionsConfig { entities_max: 50 }
    }
}

impl ProcessorConfig for CoMentionsConfig {
    const SECTION: &'static str = "co-mentions";
}

/// The indexer. It takes `"NAME"` or `{"with"?: NAME, "limit"?: n}` and gives pairs, the most frequent first.
#[derive(Debug)]
pub(crate) struct CoMentions {
    descriptor: Descriptor,
    entities_max: usize,
}

impl BuildIndexer for CoMentions {
    type Config = CoMentionsConfig;

    fn build(config: CoMentionsConfig, _: &Resources, _: &IndexerHome) -> Result<CoMentions, BuildError> {
        let descriptor = Descriptor::new(CoMentionsConfig::SECTION, VERSION, "Counts who is named beside whom")
            .requires::<EntityLayer>();
        Ok(CoMentions { descriptor, entities_max: config.entities_max })
    }
}

impl Indexer for CoMentions {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Takes back what the document counted before, and counts what it has now. What it counted before is in the table
    /// too, committed with the counts: a change that comes twice changes nothing.
    fn apply(&self, changes: &[Change], table: &mut dyn Table) -> Result<(), IndexError> {
        for change in changes {
            let now = change.opened.as_ref().map(|view| self.names(view)).transpose()?.unwrap_or_default();
            let key = document_key(change.document);
            let before: Vec<String> = match table.get(&key)? {
                Some(stored) => serde_json::from_slice(&stored).map_err(damaged)?,
                None => Vec::new(),
            };
            if before == now {
                continue;
            }
            count(&before, -1, table)?;
            count(&now, 1, table)?;
            match now.is_empty() {
                true => table.delete(&key)?,
                false => table.put(&key, &serde_json::to_vec(&now).map_err(damaged)?)?,
            }
        }
        Ok(())
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
        let with = question.as_str().or_else(|| question["with"].as_str());
        let known = |key: &String| matches!(key.as_str(), "with" | "limit");
        if !(question.is_string() || question.as_object().is_some_and(|fields| fields.keys().all(known))) {
            let reason = "expected `\"NAME\"` or `{\"with\": NAME, \"limit\": n}`".to_owned();
            return Err(IndexError::BadQuestion { reason });
        }
        let limit = question["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT_DEFAULT);
        let prefix = with.map_or_else(|| b"p/".to_vec(), |name| pair_key(name, ""));
        let mut pairs: Vec<(u32, String, String)> = Vec::new();
        table.scan(&prefix, &mut |key, stored| {
            if let Some((one, other)) = names_of(key) {
                // Each pair stands there in both orders; without a name, one of them is enough.
                if with.is_some() || one < other {
                    pairs.push((number(stored), one, other));
                }
            }
            true
        })?;
        pairs.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, &a.2).cmp(&(&b.1, &b.2))));
        let pair =
            |(documents, one, other): &(u32, String, String)| json!({"entities": [one, other], "documents": documents});
        Ok(json!({"pairs": pairs.iter().take(limit).map(pair).collect::<Vec<_>>(), "all": pairs.len()}))
    }
}

impl CoMentions {
    /// Names of the entities of a revision, sorted.
    fn names(&self, view: &RevisionView) -> Result<Vec<String>, IndexError> {
        let layer = view.layer::<EntityLayer>().map_err(damaged)?;
        let entities = layer.iter().flat_map(|layer| &layer.entities).take(self.entities_max);
        let names: BTreeSet<String> = entities.map(|entity| short(&entity.name)).collect();
        Ok(names.into_iter().collect())
    }
}

fn damaged(error: impl std::fmt::Display) -> IndexError {
    IndexError::Damaged { reason: error.to_string() }
}

/// A name as it stands in keys: no zero byte, which parts two names, and not too long.
fn short(name: &str) -> String {
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    name[..end].replace('\0', " ")
}

fn document_key(document: DocumentId) -> Vec<u8> {
    [b"d/".as_slice(), &document.0.to_be_bytes()].concat()
}

fn pair_key(one: &str, other: &str) -> Vec<u8> {
    [b"p/".as_slice(), one.as_bytes(), b"\0", other.as_bytes()].concat()
}

fn names_of(key: &[u8]) -> Option<(String, String)> {
    let names = std::str::from_utf8(key.strip_prefix(b"p/")?).ok()?;
    let (one, other) = names.split_once('\0')?;
    Some((one.to_owned(), other.to_owned()))
}

fn number(stored: &[u8]) -> u32 {
    stored.try_into().map_or(0, u32::from_le_bytes)
}

/// Adds `step` to the count of every pair of `names`, in both orders; a count that reaches zero goes.
fn count(names: &[String], step: i32, table: &mut dyn Table) -> Result<(), IndexError> {
    for one in names {
        for other in names.iter().filter(|other| *other != one) {
            let key = pair_key(one, other);
            let counted = table.get(&key)?.map_or(0, |stored| number(&stored)).saturating_add_signed(step);
            match counted {
                0 => table.delete(&key)?,
                counted => table.put(&key, &counted.to_le_bytes())?,
            }
        }
    }
    Ok(())
}
