//! Answers about entities, with the user's decisions applied on the way out.

use super::record::{
    Contribution, Record, documents_of, id_of, ids_of_form, read_contribution, read_record, scan_forms, scan_records,
    words_of,
};
use crate::name::{one_edit, sound_key};
use crate::resolve::person_words;
use crate::token::fold;
use dateline_processor::core::layers::EntityType;
use dateline_processor::{IndexError, Table};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Entities listed when the question gives no limit.
const LIST_DEFAULT: usize = 50;
/// Documents shown of one entity, and read for who is named beside it.
const DOCUMENTS_SHOWN_MAX: usize = 500;
/// Entities shown beside one.
const BESIDE_MAX: usize = 20;
/// Pairs suggested when the question gives no limit.
const SUGGEST_DEFAULT: usize = 50;
/// Names under one sound or family name that are compared with each other.
const BUCKET_MAX: usize = 32;

/// A question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    op: Operation,
    query: Option<String>,
    /// Parts of names, any of which will do.
    #[serde(default)]
    queries: Vec<String>,
    #[serde(rename = "type")]
    kind: Option<EntityType>,
    limit: Option<usize>,
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    decisions: Decisions,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    List,
    Show,
    Resolve,
    Suggest,
}

/// What the user decided about entities.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Decisions {
    merge: Vec<Merge>,
    split: Vec<Split>,
    rename: Vec<Rename>,
    never: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct Merge {
    into: String,
    from: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Split {
    entity: String,
    forms: Vec<String>,
    to: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Rename {
    entity: String,
    name: String,
}

/// An entity with the decisions applied: its own record and those merged into it.
struct Shown {
    id: String,
    name: Option<String>,
    record: Record,
    members: Vec<String>,
}

impl Decisions {
    /// The id an id's entity goes by after all merges.
    fn home<'a>(&'a self, id: &'a str) -> &'a str {
        let mut at = id;
        // A chain of merges is followed at most as often as there are merges, so that a circle ends.
        for _ in 0..=self.merge.len() {
            let next = self
                .merge
                .iter()
                .find(|merge| merge.from.iter().any(|from| from == at) && !self.is_never(at, &merge.into));
            match next {
                Some(merge) if merge.into != id => at = &merge.into,
                _ => break,
            }
        }
        at
    }

    fn is_never(&self, one: &str, other: &str) -> bool {
        self.never.iter().any(|(a, b)| (a == one && b == other) || (a == other && b == one))
    }

    /// The ids whose records make up the entity `home`.
    fn members(&self, home: &str) -> Vec<String> {
        let mut members = vec![home.to_owned()];
        let all = self.merge.iter().flat_map(|merge| &merge.from);
        members.extend(all.filter(|from| from.as_str() != home && self.home(from) == home).cloned());
        members.dedup();
        members
    }

    fn name(&self, id: &str) -> Option<String> {
        self.rename.iter().rev().find(|rename| rename.entity == id).map(|rename| rename.name.clone())
    }
}

/// Part of a name that is looked for.
struct Wanted {
    folded: String,
    words: String,
}

impl Wanted {
    fn of<'a>(queries: impl Iterator<Item = &'a String>) -> Vec<Wanted> {
        let wanted = queries.map(|query| Wanted { folded: fold(query.trim()), words: words_of(query) });
        wanted.filter(|wanted| !wanted.folded.is_empty()).collect()
    }

    fn is_in_words(&self, words: &str) -> bool {
        !self.words.is_empty() && words.contains(&self.words)
    }

    fn is_in_id(&self, id: &str) -> bool {
        fold(id).contains(&self.folded)
    }
}

impl Split {
    /// Id of the entity that was split off.
    fn id(&self, kind: EntityType) -> String {
        let first = self.forms.first().map_or("", String::as_str);
        self.to.clone().unwrap_or_else(|| format!("{}~{}", self.entity, id_of(kind, first)))
    }

    fn has(&self, form: &str) -> bool {
        self.forms.iter().any(|one| one == form)
    }
}

fn wrong(reason: impl Into<String>) -> IndexError {
    IndexError::BadQuestion { reason: reason.into() }
}

impl Asked {
    pub(super) fn read(question: &Value) -> Result<Asked, IndexError> {
        serde_json::from_value(question.clone())
            .map_err(|source| wrong(format!("expected `op` as `list`, `show`, `resolve` or `suggest`: {source}")))
    }

    pub(super) fn answer(&self, table: &dyn Table) -> Result<Value, IndexError> {
        match self.op {
            Operation::List => self.list(table),
            Operation::Show => {
                let id = self.id.as_deref().ok_or_else(|| wrong("`show` expects `id`"))?;
                self.show(id, table)
            }
            Operation::Resolve => {
                let name = self.name.as_deref().ok_or_else(|| wrong("`resolve` expects `name`"))?;
                self.resolve(name, table)
            }
            Operation::Suggest => self.suggest(table),
        }
    }

    /// The entity `id` with decisions applied; `None` when nothing is known of it.
    fn read_shown(&self, id: &str, table: &dyn Table) -> Result<Option<Shown>, IndexError> {
        if let Some(shown) = self.read_split(id, table)? {
            return Ok(Some(shown));
        }
        let home = self.decisions.home(id).to_owned();
        let members = self.decisions.members(&home);
        let mut whole: Option<Record> = None;
        let mut name = self.decisions.name(&home);
        for member in &members {
            let Some(record) = read_record(member, table)? else { continue };
            let kept = self.without_splits(member, record, table)?;
            // Whoever the others were merged into gives the name, however often they are named.
            if *member == home && members.len() > 1 {
                name = name.or_else(|| Some(kept.name().to_owned()).filter(|name| !name.is_empty()));
            }
            match &mut whole {
                Some(whole) => whole.absorb(&kept),
                None => whole = Some(kept),
            }
        }
        Ok(whole.map(|record| Shown { id: home, name, record, members }))
    }

    /// An entity that exists only because the user split it off; what was merged into the other is looked through too.
    fn read_split(&self, id: &str, table: &dyn Table) -> Result<Option<Shown>, IndexError> {
        for split in &self.decisions.split {
            let Some(record) = read_record(&split.entity, table)? else { continue };
            if split.id(record.kind) != id {
                continue;
            }
            let members = self.decisions.members(self.decisions.home(&split.entity));
            let mut off = Record { reference: None, ..part_of(&split.entity, &record, table, &|_| false)? };
            for member in &members {
                let Some(record) = read_record(member, table)? else { continue };
                off.absorb(&part_of(member, &record, table, &|form| split.has(form))?);
            }
            off.names = off
                .forms
                .iter()
                .map(|(form, count)| (form.clone(), u32::try_from(*count).unwrap_or(u32::MAX)))
                .collect();
            return Ok(Some(Shown { id: id.to_owned(), name: self.decisions.name(id), record: off, members }));
        }
        Ok(None)
    }

    fn without_splits(&self, id: &str, record: Record, table: &dyn Table) -> Result<Record, IndexError> {
        let home = self.decisions.home(id);
        let about = |split: &&Split| split.entity == id || self.decisions.home(&split.entity) == home;
        let splits: Vec<&Split> = self.decisions.split.iter().filter(about).collect();
        if splits.is_empty() {
            return Ok(record);
        }
        part_of(id, &record, table, &|form| !splits.iter().any(|split| split.has(form)))
    }

    fn list(&self, table: &dyn Table) -> Result<Value, IndexError> {
        let wanted = Wanted::of(self.query.iter().chain(&self.queries));
        let touched = self.touched();
        let mut homes: BTreeSet<String> = touched.iter().map(|id| self.decisions.home(id).to_owned()).collect();
        let mut ranked: Vec<(u64, String)> = Vec::new();
        let mut consider = |id: &str, record: &Record| {
            if !touched.contains(id) && self.kind.is_none_or(|kind| kind == record.kind) {
                ranked.push((record.mentions, id.to_owned()));
            }
        };
        if wanted.is_empty() {
            scan_records(table, &mut |id, record| consider(id, &record))?;
        } else {
            let mut found = BTreeSet::new();
            scan_forms(table, &mut |words, ids| {
                let all = wanted.iter().any(|wanted| wanted.is_in_words(words));
                found.extend(ids.into_iter().filter(|id| all || wanted.iter().any(|wanted| wanted.is_in_id(id))));
            })?;
            for id in found {
                read_record(&id, table)?.iter().for_each(|record| consider(&id, record));
            }
        }
        for split in &self.decisions.split {
            if let Some(record) = read_record(&split.entity, table)? {
                homes.insert(split.id(record.kind));
            }
        }
        for id in homes {
            if let Some(shown) = self.read_shown(&id, table)?
                && self.matches(&shown, &wanted)
            {
                ranked.push((shown.record.mentions, shown.id));
            }
        }
        ranked.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let total = ranked.len();
        let mut entities = Vec::new();
        for (_, id) in ranked.into_iter().take(self.limit.unwrap_or(LIST_DEFAULT)) {
            if let Some(shown) = self.read_shown(&id, table)? {
                entities.push(shown.to_json());
            }
        }
        Ok(json!({ "entities": entities, "total": total }))
    }

    /// Ids whose records the decisions change.
    fn touched(&self) -> BTreeSet<&str> {
        let merged = self.decisions.merge.iter().flat_map(|merge| merge.from.iter().chain([&merge.into]));
        let split = self.decisions.split.iter().map(|split| &split.entity);
        let renamed = self.decisions.rename.iter().map(|rename| &rename.entity);
        merged.chain(split).chain(renamed).map(String::as_str).collect()
    }

    fn matches(&self, shown: &Shown, wanted: &[Wanted]) -> bool {
        if self.kind.is_some_and(|kind| kind != shown.record.kind) {
            return false;
        }
        let names = shown.record.forms.keys().chain(shown.record.names.keys()).chain(&shown.name);
        let names: Vec<String> = names.map(|name| words_of(name)).collect();
        let is_it = |one: &Wanted| one.is_in_id(&shown.id) || names.iter().any(|words| one.is_in_words(words));
        wanted.is_empty() || wanted.iter().any(is_it)
    }

    fn show(&self, id: &str, table: &dyn Table) -> Result<Value, IndexError> {
        let Some(shown) = self.read_shown(id, table)? else { return Ok(Value::Null) };
        let mut documents = BTreeSet::new();
        for member in &shown.members {
            documents.extend(documents_of(member, table)?);
        }
        if self.decisions.split.iter().any(|split| shown.members.contains(&split.entity)) {
            let mut named = BTreeSet::new();
            for document in documents {
                if mentions_in(read_contribution(document, table)?.as_ref(), &shown) > 0 {
                    named.insert(document);
                }
            }
            documents = named;
        }
        let total = documents.len();
        let mut beside: BTreeMap<String, (String, u64)> = BTreeMap::new();
        let mut listed = Vec::new();
        for document in documents.iter().rev().take(DOCUMENTS_SHOWN_MAX) {
            let Some(contribution) = read_contribution(*document, table)? else { continue };
            let mentions = mentions_in(Some(&contribution), &shown);
            for part in &contribution.parts {
                if !shown.members.contains(&part.id) {
                    let home = self.decisions.home(&part.id).to_owned();
                    let name = self.decisions.name(&home).unwrap_or_else(|| part.name.clone());
                    beside.entry(home).or_insert((name, 0)).1 += 1;
                }
            }
            if mentions > 0 {
                let date = contribution.day.map(|day| day.to_string());
                listed.push((contribution.day, json!({ "document": document.0, "title": contribution.title, "path": contribution.path, "date": date, "mentions": mentions })));
            }
        }
        let mut beside: Vec<(String, (String, u64))> = beside.into_iter().collect();
        beside.sort_by(|one, other| other.1.1.cmp(&one.1.1).then_with(|| one.0.cmp(&other.0)));
        // The newest first, as far as they are dated.
        listed.sort_by_key(|(day, _)| std::cmp::Reverse(*day));
        let listed: Vec<Value> = listed.into_iter().map(|(_, document)| document).collect();
        let mut companions: Vec<Value> = Vec::new();
        for (id, (name, documents)) in beside.into_iter().take(BESIDE_MAX) {
            let kind = self.read_shown(&id, table)?.map(|shown| shown.record.kind.word());
            companions.push(json!({ "id": id, "name": name, "type": kind, "documents": documents }));
        }
        let days: Vec<Value> = shown
            .record
            .days
            .iter()
            .map(|(day, mentions)| json!({ "date": day.to_string(), "mentions": mentions }))
            .collect();
        let mut answer = shown.to_json();
        answer["days"] = Value::Array(days);
        answer["beside"] = Value::Array(companions);
        answer["listed"] = Value::Array(listed);
        answer["documents"] = json!(total);
        Ok(answer)
    }

    fn resolve(&self, name: &str, table: &dyn Table) -> Result<Value, IndexError> {
        let mut ids: BTreeSet<String> = ids_of_form(name, table)?;
        if read_record(name, table)?.is_some() {
            ids.insert(name.to_owned());
        }
        let folded = fold(name);
        ids.extend(self.decisions.rename.iter().filter(|one| fold(&one.name) == folded).map(|one| one.entity.clone()));
        for split in &self.decisions.split {
            if let Some(record) = read_record(&split.entity, table)? {
                let id = split.id(record.kind);
                if id == name || split.forms.iter().any(|form| fold(form) == folded) {
                    ids.insert(id);
                }
            }
        }
        let mut candidates: Vec<Shown> = Vec::new();
        for id in ids {
            if let Some(shown) = self.read_shown(&id, table)?
                && !candidates.iter().any(|known| known.id == shown.id)
                && self.kind.is_none_or(|kind| kind == shown.record.kind)
                && (id == name || !self.is_split_off(&folded, &shown))
            {
                candidates.push(shown);
            }
        }
        candidates
            .sort_by(|one, other| other.record.mentions.cmp(&one.record.mentions).then_with(|| one.id.cmp(&other.id)));
        candidates.truncate(self.limit.unwrap_or(LIST_DEFAULT));
        Ok(json!({ "candidates": candidates.iter().map(Shown::to_json).collect::<Vec<_>>() }))
    }

    /// Whether the user took this name (folded) out of the entity.
    fn is_split_off(&self, folded: &str, shown: &Shown) -> bool {
        let taken = |split: &Split| split.forms.iter().any(|form| fold(form) == folded);
        self.decisions.split.iter().any(|split| shown.members.contains(&split.entity) && taken(split))
            && !shown.record.forms.keys().any(|form| fold(form) == folded)
    }

    fn suggest(&self, table: &dyn Table) -> Result<Value, IndexError> {
        let mut buckets: BTreeMap<(EntityType, String), Vec<Doubt>> = BTreeMap::new();
        scan_records(table, &mut |id, record| {
            if self.decisions.home(id) != id {
                return;
            }
            for doubt in Doubt::of(id, &record) {
                let bucket = buckets.entry((record.kind, doubt.key.clone())).or_default();
                if bucket.len() < BUCKET_MAX {
                    bucket.push(doubt);
                }
            }
        })?;
        let mut pairs: BTreeMap<(String, String), (u64, &'static str, String, String)> = BTreeMap::new();
        for bucket in buckets.values() {
            for (at, one) in bucket.iter().enumerate() {
                for other in &bucket[at + 1..] {
                    let Some(reason) = one.reason(other, bucket) else { continue };
                    let never = self.decisions.is_never(&one.id, &other.id) || one.id == other.id;
                    if !never {
                        let (first, second) = if one.mentions >= other.mentions { (one, other) } else { (other, one) };
                        let key = (first.id.clone(), second.id.clone());
                        pairs.entry(key).or_insert((
                            one.mentions.min(other.mentions),
                            reason,
                            first.name.clone(),
                            second.name.clone(),
                        ));
                    }
                }
            }
        }
        let mut ranked: Vec<_> = pairs.into_iter().collect();
        ranked.sort_by(|one, other| other.1.0.cmp(&one.1.0).then_with(|| one.0.cmp(&other.0)));
        let shown = ranked.into_iter().take(self.limit.unwrap_or(SUGGEST_DEFAULT)).map(|((into, from), (_, reason, into_name, from_name))| {
            json!({ "into": into, "into_name": into_name, "from": from, "from_name": from_name, "reason": reason })
        });
        Ok(json!({ "suggestions": shown.collect::<Vec<_>>() }))
    }
}

/// How often a document names an entity, decisions applied.
fn mentions_in(contribution: Option<&Contribution>, shown: &Shown) -> u64 {
    let parts = contribution.into_iter().flat_map(|one| &one.parts).filter(|part| shown.members.contains(&part.id));
    let forms = parts.flat_map(|part| &part.forms).filter(|(form, _)| shown.record.forms.contains_key(form));
    forms.map(|(_, count)| u64::from(*count)).sum()
}

/// The part of an entity whose forms pass `keep`, counted anew from its documents.
fn part_of(id: &str, record: &Record, table: &dyn Table, keep: &dyn Fn(&str) -> bool) -> Result<Record, IndexError> {
    let mut kept = Record {
        names: BTreeMap::new(),
        forms: BTreeMap::new(),
        days: BTreeMap::new(),
        mentions: 0,
        documents: 0,
        ..record.clone()
    };
    for document in documents_of(id, table)? {
        let Some(contribution) = read_contribution(document, table)? else { continue };
        for part in contribution.parts.iter().filter(|part| part.id == id) {
            let mut part = part.clone();
            part.forms.retain(|(form, _)| keep(form));
            if !part.forms.is_empty() {
                kept.add(&part, contribution.day);
            }
        }
    }
    Ok(kept)
}

impl Shown {
    fn to_json(&self) -> Value {
        let record = &self.record;
        let mut forms: Vec<(&String, &u64)> = record.forms.iter().collect();
        forms.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
        let forms: Vec<Value> =
            forms.into_iter().map(|(text, count)| json!({ "text": text, "count": count })).collect();
        json!({
            "id": self.id,
            "name": self.name.as_deref().unwrap_or(record.name()),
            "type": record.kind.word(),
            "reference": record.reference,
            "mentions": record.mentions,
            "documents": record.documents,
            "first_seen": record.days.keys().next().map(ToString::to_string),
            "last_seen": record.days.keys().next_back().map(ToString::to_string),
            "forms": forms,
            "members": self.members,
        })
    }
}

/// An entity under one key that another may share with it.
struct Doubt {
    id: String,
    name: String,
    mentions: u64,
    key: String,
    why: Why,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Sound,
    Family,
    Lone,
    Acronym,
}

impl Doubt {
    fn of(id: &str, record: &Record) -> Vec<Doubt> {
        let name = record.name().to_owned();
        let doubt = |key: String, why: Why| Doubt {
            id: id.to_owned(),
            name: name.clone(),
            mentions: record.mentions,
            key,
            why,
        };
        let words = person_words(&name);
        let mut doubts = Vec::new();
        let sounds: Vec<String> = words.iter().map(|word| sound_key(word)).collect();
        doubts.push(doubt(format!("~{}", sounds.join(" ")), Why::Sound));
        match (record.kind, words.as_slice()) {
            (EntityType::Per, [only]) => doubts.push(doubt(format!("={only}"), Why::Lone)),
            (EntityType::Per, [.., last]) => doubts.push(doubt(format!("={last}"), Why::Family)),
            (EntityType::Org, [only]) => doubts.push(doubt(format!("={only}"), Why::Acronym)),
            (EntityType::Org, many) => {
                let small = ["of", "the", "and", "for"];
                let letters: String = many
                    .iter()
                    .filter(|word| !small.contains(&word.as_str()))
                    .filter_map(|word| word.chars().next())
                    .collect();
                doubts.push(doubt(format!("={letters}"), Why::Family));
            }
            _ => {}
        }
        doubts
    }

    fn reason(&self, other: &Doubt, bucket: &[Doubt]) -> Option<&'static str> {
        match (self.why, other.why) {
            (Why::Sound, Why::Sound) => Some("names sound alike"),
            (Why::Lone, Why::Family) | (Why::Family, Why::Lone) => {
                let families = bucket.iter().filter(|one| one.why == Why::Family).count();
                (families == 1).then_some("family name of one person only")
            }
            (Why::Acronym, Why::Family) | (Why::Family, Why::Acronym) => Some("acronym of the name"),
            (Why::Family, Why::Family) => {
                let (one, two) = (person_words(&self.name), person_words(&other.name));
                let (first, second) = (one.first()?, two.first()?);
                let initial = first.chars().count() == 1 || second.chars().count() == 1;
                let alike = initial && first.chars().next() == second.chars().next();
                let typo = first.chars().count() > 4 && second.chars().count() > 4 && one_edit(first, second);
                (self.id.starts_with("per:") || other.id.starts_with("per:")).then_some(())?;
                if alike {
                    Some("same family name, first name as an initial")
                } else {
                    typo.then_some("first names differ by one letter")
                }
            }
            _ => None,
        }
    }
}
