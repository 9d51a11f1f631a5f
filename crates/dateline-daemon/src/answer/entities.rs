//! `entities`: the registry across documents, seen through the user's decisions, and deciding.

use super::{Answered, Answerer, Reply};
use dateline_core::Date;
use dateline_core::layers::EntityType;
use dateline_protocol::wire::{
    CoMention, Days, Decided, EntityDetail, EntityDocument, EntityMonth, EntityName, EntitySuggestion, EntitySummary,
};
use dateline_protocol::{Complete, End, Entities, EntityAction, ErrorBody, ErrorKind};
use dateline_query::{KnownEntity, OutsideError};
use dateline_store::{Decisions, MergeDecision, NeverDecision, RenameDecision, SplitDecision};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Name of the indexer that keeps entities.
pub(super) const REGISTRY: &str = "registry";
/// Aliases shown of one entity in a list.
const ALIASES_MAX: usize = 12;
/// Entities listed when the request names no limit.
const LIST_DEFAULT: u32 = 50;

impl Answerer {
    pub(super) fn entities(&self, request: &Entities, reply: &mut Reply<'_>) -> Answered {
        match &request.action {
            EntityAction::List { query, kind, limit } => self.list(query.as_deref(), kind.as_deref(), *limit, reply),
            EntityAction::Show { entity } => {
                let id = self.entity_id(entity)?;
                let answer = self.registry(json!({"op": "show", "id": id}))?;
                reply.item(&detail(&answer));
                Ok(End::done())
            }
            EntityAction::Suggest { limit } => self.suggest(*limit, reply),
            EntityAction::Decisions => {
                let decisions = self.all_decisions()?;
                for item in decided(&decisions) {
                    reply.item(&item);
                }
                Ok(End::of_items(reply.sent()))
            }
            deciding => {
                let item = self.decide(deciding)?;
                reply.item(&item);
                Ok(End::done())
            }
        }
    }

    fn registry(&self, mut question: Value) -> Result<Value, ErrorBody> {
        let decisions = self.entity_decisions().map_err(|error| ErrorBody {
            causes: vec![error.to_string()],
            ..ErrorBody::new(ErrorKind::Internal, "decisions cannot be read")
        })?;
        question["decisions"] = decisions;
        self.ask_indexer(REGISTRY, &question)
    }

    fn all_decisions(&self) -> Result<Decisions, ErrorBody> {
        self.program.decisions.all().map_err(super::store_error)
    }

    /// The user's decisions on entities, as the registry wants them with every question.
    pub(super) fn entity_decisions(&self) -> Result<Value, OutsideError> {
        let decisions = self.program.decisions.all()?;
        let merge = decisions.merges.iter().map(|merge| json!({"into": merge.keep, "from": merge.also}));
        let rename = decisions.renames.iter().map(|rename| json!({"entity": rename.entity, "name": rename.name}));
        let never = decisions.never.iter().map(|never| json!([never.one, never.other]));
        let split = decisions.splits.iter();
        let split = split.map(|split| json!({"entity": split.entity, "forms": split.names, "to": split.into}));
        Ok(json!({
            "merge": merge.collect::<Vec<_>>(),
            "rename": rename.collect::<Vec<_>>(),
            "never": never.collect::<Vec<_>>(),
            "split": split.collect::<Vec<_>>(),
        }))
    }

    fn list(&self, query: Option<&str>, kind: Option<&str>, limit: Option<u32>, reply: &mut Reply<'_>) -> Answered {
        let kind = kind.map(entity_type).transpose()?;
        let question = json!({
            "op": "list", "query": query, "type": kind.map(EntityType::word), "limit": limit.unwrap_or(LIST_DEFAULT),
        });
        let answer = self.registry(question)?;
        for entity in answer["entities"].as_array().into_iter().flatten() {
            if !reply.item(&summary(entity)) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }

    fn suggest(&self, limit: Option<u32>, reply: &mut Reply<'_>) -> Answered {
        let answer = self.registry(json!({"op": "suggest", "limit": limit.unwrap_or(LIST_DEFAULT)}))?;
        for suggestion in answer["suggestions"].as_array().into_iter().flatten() {
            let mut entities = Vec::new();
            for key in ["into", "from"] {
                let id = suggestion[key].as_str().unwrap_or_default();
                entities.push(summary(&self.registry(json!({"op": "show", "id": id}))?));
            }
            let reasons = suggestion["reason"].as_str().map(str::to_owned).into_iter().collect();
            if !reply.item(&EntitySuggestion { entities, confidence: 0.5, reasons }) {
                break;
            }
        }
        Ok(End::of_items(reply.sent()))
    }

    /// The id of the entity a user named by id, name or alias.
    pub(super) fn entity_id(&self, named: &str) -> Result<String, ErrorBody> {
        let answer = self.registry(json!({"op": "resolve", "name": named}))?;
        let candidates = known_entities(&answer);
        match candidates.as_slice() {
            [only] => Ok(only.id.clone()),
            [] => {
                let like = self.registry(json!({"op": "list", "query": named, "limit": 5}))?;
                let like: Vec<EntitySummary> = like["entities"].as_array().into_iter().flatten().map(summary).collect();
                // A part of a name that only one entity has is as good as its name.
                if let [only] = like.as_slice() {
                    return Ok(only.entity.clone());
                }
                let mut names: Vec<String> =
                    like.into_iter().map(|entity| format!("{} ({})", entity.name, entity.entity)).collect();
                if names.is_empty() {
                    names = self.names_like(named)?;
                }
                Err(ErrorBody::new(ErrorKind::NotFound, format!("no entity `{named}`"))
                    .candidates(names)
                    .hint("`dateline entities list NAME` lists those with a name that holds NAME"))
            }
            several => match several.iter().find(|entity| entity.id == named) {
                Some(exact) => Ok(exact.id.clone()),
                None => {
                    let names = several.iter().map(|entity| format!("{} ({})", entity.name, entity.id)).collect();
                    let message = format!("`{named}` may be several entities");
                    Err(ErrorBody::new(ErrorKind::Ambiguous, message).candidates(names).hint("name one by its id"))
                }
            },
        }
    }

    /// What completes a name that is being typed, for entities with a name that holds it, each with its name.
    pub(super) fn entity_ids(
        &self,
        typed: &Complete,
        kind: Option<EntityType>,
    ) -> Result<Vec<(String, Option<String>)>, ErrorBody> {
        let (query, kind) = (&typed.prefix, kind.map(EntityType::word));
        let answer = self.registry(json!({"op": "list", "query": query, "type": kind, "limit": typed.limit}))?;
        let entities = answer["entities"].as_array().into_iter().flatten().map(summary);
        let typed = typed.prefix.to_lowercase();
        Ok(entities.map(|entity| (completing(&typed, &entity), Some(entity.name))).collect())
    }

    fn decide(&self, action: &EntityAction) -> Result<Decided, ErrorBody> {
        let ids = |names: &[String]| names.iter().map(|name| self.entity_id(name)).collect::<Result<Vec<_>, _>>();
        let change = |change: &mut dyn FnMut(&mut Decisions) -> Decided| {
            self.program.decisions.change(|decisions| change(decisions)).map_err(super::store_error)
        };
        match action {
            EntityAction::Merge { entities } => {
                let ids = at_least_two(ids(entities)?)?;
                let (keep, also) = (ids[0].clone(), ids[1..].to_vec());
                change(&mut |decisions| {
                    let merge = MergeDecision { keep: keep.clone(), also: also.clone(), note: None };
                    if !decisions.merges.contains(&merge) {
                        decisions.merges.push(merge.clone());
                    }
                    shown_merge(&merge)
                })
            }
            EntityAction::Split { entity, names } => {
                let id = self.entity_id(entity)?;
                let first = names
                    .first()
                    .ok_or_else(|| ErrorBody::new(ErrorKind::BadRequest, "a split needs the names to take out"))?;
                let into = format!("{id}~{}", slug(first));
                change(&mut |decisions| {
                    let (entity, into, names) = (id.clone(), into.clone(), names.clone());
                    let split = SplitDecision { entity, into, names, note: None };
                    decisions.splits.push(split.clone());
                    shown_split(&split)
                })
            }
            EntityAction::Rename { entity, name } => {
                let id = self.entity_id(entity)?;
                change(&mut |decisions| {
                    decisions.renames.retain(|old| old.entity != id);
                    let rename = RenameDecision { entity: id.clone(), name: name.clone(), note: None };
                    decisions.renames.push(rename.clone());
                    shown_rename(&rename)
                })
            }
            EntityAction::Never { entities } => {
                let ids = at_least_two(ids(entities)?)?;
                change(&mut |decisions| {
                    let never = NeverDecision { one: ids[0].clone(), other: ids[1].clone(), note: None };
                    decisions.never.push(never.clone());
                    shown_never(&never)
                })
            }
            EntityAction::Undo { decision } => self.undo(decision),
            _ => Err(ErrorBody::new(ErrorKind::BadRequest, "this is no decision")),
        }
    }

    fn undo(&self, wanted: &str) -> Result<Decided, ErrorBody> {
        let known = decided(&self.all_decisions()?);
        let Some(found) = known.iter().find(|item| item.decision == wanted) else {
            let ids = known.iter().map(|item| item.decision.clone()).collect();
            return Err(ErrorBody::new(ErrorKind::NotFound, format!("no decision `{wanted}`")).candidates(ids));
        };
        let changed = self.program.decisions.change(|decisions| {
            decisions.merges.retain(|merge| shown_merge(merge).decision != wanted);
            decisions.splits.retain(|split| shown_split(split).decision != wanted);
            decisions.renames.retain(|rename| shown_rename(rename).decision != wanted);
            decisions.never.retain(|never| shown_never(never).decision != wanted);
        });
        changed.map_err(super::store_error)?;
        Ok(Decided { undone: true, ..found.clone() })
    }
}

fn at_least_two(ids: Vec<String>) -> Result<Vec<String>, ErrorBody> {
    if ids.len() < 2 || ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(ErrorBody::new(ErrorKind::BadRequest, "name two different entities"));
    }
    Ok(ids)
}

/// What names an entity and goes on from what was typed, where there is such a thing: its id, or a name that is one word to
/// every shell. Else its id.
fn completing(typed: &str, entity: &EntitySummary) -> String {
    if entity.entity.to_lowercase().starts_with(typed) {
        return entity.entity.clone();
    }
    let mut names = std::iter::once(&entity.name).chain(&entity.aliases).map(|name| name.to_lowercase());
    let is_word = |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '.'));
    names.find(|name| name.starts_with(typed) && is_word(name)).unwrap_or_else(|| entity.entity.clone())
}

fn entity_type(word: &str) -> Result<EntityType, ErrorBody> {
    EntityType::parse(&word.to_uppercase()).ok_or_else(|| {
        let known = EntityType::ALL.iter().map(|kind| kind.word().to_owned()).collect();
        ErrorBody::new(ErrorKind::BadRequest, format!("no entity type `{word}`")).candidates(known)
    })
}

fn slug(name: &str) -> String {
    let letters = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect::<String>();
    letters.trim_matches('-').to_owned()
}

fn item(kind: &str, key: &str, message: String, entities: Vec<String>) -> Decided {
    Decided { decision: format!("{kind}:{key}"), kind: kind.to_owned(), message, entities, undone: false }
}

fn shown_merge(merge: &MergeDecision) -> Decided {
    let entities = std::iter::once(&merge.keep).chain(&merge.also).cloned().collect::<Vec<_>>();
    item("merge", &entities.join("+"), format!("{} is {} too", merge.keep, merge.also.join(", ")), entities)
}

fn shown_split(split: &SplitDecision) -> Decided {
    let message = format!("{} is not {} but {}", split.names.join(", "), split.entity, split.into);
    item("split", &split.into, message, vec![split.entity.clone(), split.into.clone()])
}

fn shown_rename(rename: &RenameDecision) -> Decided {
    let message = format!("{} is called {}", rename.entity, rename.name);
    item("rename", &rename.entity, message, vec![rename.entity.clone()])
}

fn shown_never(never: &NeverDecision) -> Decided {
    let entities = vec![never.one.clone(), never.other.clone()];
    item("never", &entities.join("+"), format!("{} is never {}", never.one, never.other), entities)
}

fn decided(decisions: &Decisions) -> Vec<Decided> {
    let merges = decisions.merges.iter().map(shown_merge);
    let splits = decisions.splits.iter().map(shown_split);
    let renames = decisions.renames.iter().map(shown_rename);
    merges.chain(splits).chain(renames).chain(decisions.never.iter().map(shown_never)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn forms(entity: &Value) -> Vec<EntityName> {
    let forms = entity["forms"].as_array().into_iter().flatten();
    let name = |form: &Value| EntityName { name: text(&form["text"]), mentions: form["count"].as_u64().unwrap_or(0) };
    forms.map(name).collect()
}

/// The candidates of a `resolve` answer.
pub(super) fn known_entities(answer: &Value) -> Vec<KnownEntity> {
    let candidates = answer["candidates"].as_array().into_iter().flatten();
    let known = |entity: &Value| {
        let kind = EntityType::parse(entity["type"].as_str()?)?;
        let name = text(&entity["name"]);
        let mut names: Vec<String> = forms(entity).into_iter().map(|form| form.name).collect();
        if !names.contains(&name) {
            names.insert(0, name.clone());
        }
        Some(KnownEntity { id: text(&entity["id"]), kind, name, names })
    };
    candidates.filter_map(known).collect()
}

fn summary(entity: &Value) -> EntitySummary {
    let day = |value: &Value| {
        let date: Date = value.as_str()?.parse().ok()?;
        Some(Days { earliest: date, latest: date })
    };
    let name = text(&entity["name"]);
    let mut aliases: Vec<String> =
        forms(entity).into_iter().map(|form| form.name).filter(|form| *form != name).collect();
    aliases.truncate(ALIASES_MAX);
    EntitySummary {
        entity: text(&entity["id"]),
        kind: text(&entity["type"]),
        documents: entity["documents"].as_u64().unwrap_or(0),
        mentions: entity["mentions"].as_u64().unwrap_or(0),
        first: day(&entity["first_seen"]),
        last: day(&entity["last_seen"]),
        aliases,
        reference: entity["reference"].as_str().map(str::to_owned),
        name,
    }
}

fn detail(entity: &Value) -> EntityDetail {
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    for day in entity["days"].as_array().into_iter().flatten() {
        let month = day["date"].as_str().and_then(|date| date.get(..7)).unwrap_or_default();
        *months.entry(month.to_owned()).or_default() += day["mentions"].as_u64().unwrap_or(0);
    }
    let with = entity["beside"].as_array().into_iter().flatten().map(|other| CoMention {
        entity: text(&other["id"]),
        name: text(&other["name"]),
        kind: text(&other["type"]),
        documents: other["documents"].as_u64().unwrap_or(0),
    });
    let in_documents = entity["listed"].as_array().into_iter().flatten().map(|document| EntityDocument {
        document: document["document"].as_u64().unwrap_or(0),
        path: text(&document["path"]),
        title: document["title"].as_str().map(str::to_owned),
        dct: document["date"]
            .as_str()
            .and_then(|date| date.parse().ok())
            .map(|day| Days { earliest: day, latest: day }),
        mentions: document["mentions"].as_u64().unwrap_or(0),
    });
    EntityDetail {
        summary: summary(entity),
        names: forms(entity),
        months: months.into_iter().map(|(month, mentions)| EntityMonth { month, mentions }).collect(),
        with: with.collect(),
        in_documents: in_documents.collect(),
    }
}
