//! What the registry keeps: each document's contribution, and the entities that are their sum. Taking a contribution
//! back and adding another is the only way an entity changes.

use super::{document_key, pieces};
use crate::token::fold;
use dateline_processor::core::layers::{Entity, EntityType};
use dateline_processor::core::{Date, DocumentId};
use dateline_processor::{IndexError, Table};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// Longest id made from a name, in bytes; longer ones end in a hash.
const SLUG_BYTES_MAX: usize = 120;
/// Longest surface form that is kept, in bytes.
const FORM_BYTES_MAX: usize = 200;
/// Most surface forms kept of one entity; further ones only count as mentions.
const FORMS_MAX: usize = 500;
/// Most names kept of one entity, as with its forms.
const NAMES_MAX: usize = 500;
/// Documents in one posting, by number.
const POSTING_DOCUMENTS: u64 = 8192;
/// Largest value, in bytes: a document of names alone gives some 24 MB at most.
const VALUE_BYTES_MAX: usize = 64 << 20;

/// What one document says about one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Id of the entity.
    pub(super) id: String,
    pub(super) kind: EntityType,
    /// Name the document gives it.
    pub(super) name: String,
    pub(super) reference: Option<String>,
    /// Surface forms and how often each stands there.
    pub(super) forms: Vec<(String, u32)>,
}

impl Part {
    pub(super) fn of(entity: &Entity) -> Part {
        let id = match &entity.reference {
            Some(reference) => reference.clone(),
            None => id_of(entity.kind, &entity.name),
        };
        Part {
            id,
            kind: entity.kind,
            name: entity.name.clone(),
            reference: entity.reference.clone(),
            forms: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, form: &str) {
        let shown = form.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = shown.get(..FORM_BYTES_MAX).map_or(shown.clone(), str::to_owned);
        match self.forms.iter_mut().find(|(known, _)| *known == shown) {
            Some((_, count)) => *count += 1,
            None => self.forms.push((shown, 1)),
        }
    }

    pub(super) fn mentions(&self) -> u64 {
        self.forms.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// Id of an entity that is on no watchlist: its type and name.
pub(super) fn id_of(kind: EntityType, name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in fold(name).chars() {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.ends_with('-') && !slug.is_empty() && letter != '.' && letter != '\'' {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let kind = kind.word().to_ascii_lowercase();
    if slug.len() <= SLUG_BYTES_MAX && !slug.is_empty() {
        return format!("{kind}:{slug}");
    }
    let cut = (0..=SLUG_BYTES_MAX.min(slug.len())).rev().find(|at| slug.is_char_boundary(*at)).unwrap_or(0);
    format!("{kind}:{}~{:016x}", &slug[..cut], crate::token::hash_of(name))
}

/// What one document says about entities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contribution {
    pub(super) title: Option<String>,
    pub(super) path: String,
    pub(super) day: Option<Date>,
    pub(super) parts: Vec<Part>,
}

impl Contribution {
    /// Two entities of one document that share an id (two spellings of one name) become one part.
    pub(super) fn new(title: Option<String>, path: String, day: Option<Date>, parts: Vec<Part>) -> Contribution {
        let mut merged: BTreeMap<String, Part> = BTreeMap::new();
        for part in parts.into_iter().filter(|part| !part.forms.is_empty()) {
            match merged.get_mut(&part.id) {
                None => {
                    merged.insert(part.id.clone(), part);
                }
                Some(known) => {
                    for (form, count) in part.forms {
                        match known.forms.iter_mut().find(|(one, _)| *one == form) {
                            Some((_, sum)) => *sum += count,
                            None => known.forms.push((form, count)),
                        }
                    }
                }
            }
        }
        Contribution { title, path, day, parts: merged.into_values().collect() }
    }
}

/// One entity over all documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) kind: EntityType,
    pub(super) reference: Option<String>,
    /// Names documents give it, and in how many.
    pub(super) names: BTreeMap<String, u32>,
    /// Surface forms and how often each stands in all documents.
    pub(super) forms: BTreeMap<String, u64>,
    /// Mentions by document date.
    pub(super) days: BTreeMap<Date, u64>,
    pub(super) mentions: u64,
    pub(super) documents: u64,
}

impl Record {
    fn empty(kind: EntityType) -> Record {
        Record {
            kind,
            reference: None,
            names: BTreeMap::new(),
            forms: BTreeMap::new(),
            days: BTreeMap::new(),
            mentions: 0,
            documents: 0,
        }
    }

    pub(super) fn add(&mut self, part: &Part, day: Option<Date>) {
        self.reference.clone_from(&part.reference);
        if self.names.len() < NAMES_MAX || self.names.contains_key(&part.name) {
            *self.names.entry(part.name.clone()).or_default() += 1;
        }
        for (form, count) in &part.forms {
            if self.forms.len() < FORMS_MAX || self.forms.contains_key(form) {
                *self.forms.entry(form.clone()).or_default() += u64::from(*count);
            }
        }
        if let Some(day) = day {
            *self.days.entry(day).or_default() += part.mentions();
        }
        self.mentions += part.mentions();
        self.documents += 1;
    }

    fn take(&mut self, part: &Part, day: Option<Date>) {
        lower(&mut self.names, &part.name, 1);
        for (form, count) in &part.forms {
            lower(&mut self.forms, form, u64::from(*count));
        }
        if let Some(day) = day {
            lower(&mut self.days, &day, part.mentions());
        }
        self.mentions = self.mentions.saturating_sub(part.mentions());
        self.documents = self.documents.saturating_sub(1);
    }

    /// Adds another entity's sums to this one's.
    pub(super) fn absorb(&mut self, other: &Record) {
        other.names.iter().for_each(|(name, count)| *self.names.entry(name.clone()).or_default() += count);
        other.forms.iter().for_each(|(form, count)| *self.forms.entry(form.clone()).or_default() += count);
        other.days.iter().for_each(|(day, count)| *self.days.entry(*day).or_default() += count);
        self.mentions += other.mentions;
        self.documents += other.documents;
    }

    /// The name most documents give it.
    pub(super) fn name(&self) -> &str {
        let best = self
            .names
            .iter()
            .max_by_key(|(name, count)| (**count, name.chars().any(char::is_lowercase), std::cmp::Reverse(name.len())));
        best.map_or("", |(name, _)| name)
    }
}

fn lower<K: Ord + Clone, N: Copy + PartialOrd + std::ops::Sub<Output = N>>(
    counts: &mut BTreeMap<K, N>,
    key: &K,
    by: N,
) {
    if let Some(count) = counts.get_mut(key) {
        if *count > by {
            *count = *count - by;
        } else {
            counts.remove(key);
        }
    }
}

/// The words of a name, folded, one blank between them.
pub(super) fn words_of(form: &str) -> String {
    let words = fold(form);
    let words: Vec<&str> =
        words.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What begins the keys of names.
const FORM_PREFIX: &[u8] = b"n/";

/// The words a surface form is looked up by.
pub(super) fn form_key(form: &str) -> Vec<u8> {
    let mut key = [FORM_PREFIX, words_of(form).as_bytes()].concat();
    key.truncate(400);
    key
}

fn entity_key(id: &str) -> Vec<u8> {
    let mut key = [b"e/".as_slice(), id.as_bytes()].concat();
    key.truncate(400);
    key
}

fn posting_key(id: &str, block: u64) -> Vec<u8> {
    let mut key = posting_prefix(id);
    key.extend_from_slice(&block.to_be_bytes());
    key
}

fn posting_prefix(id: &str) -> Vec<u8> {
    let mut key = [b"p/".as_slice(), id.as_bytes()].concat();
    key.truncate(400);
    key.push(0);
    key
}

fn bincode_config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<VALUE_BYTES_MAX>()
}

fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, IndexError> {
    bincode::serde::decode_from_slice(bytes, bincode_config())
        .map(|(value, _)| value)
        .map_err(|source| IndexError::Damaged { reason: format!("{what} does not decode: {source}") })
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, IndexError> {
    bincode::serde::encode_to_vec(value, bincode_config())
        .map_err(|source| IndexError::Storage { doing: "written", source: Box::new(source) })
}

fn read<T: DeserializeOwned>(table: &dyn Table, key: &[u8], what: &str) -> Result<Option<T>, IndexError> {
    pieces::get(table, key)?.map(|value| decode(&value.bytes, what)).transpose()
}

/// A document's contribution, as kept.
pub(super) fn read_contribution(document: DocumentId, table: &dyn Table) -> Result<Option<Contribution>, IndexError> {
    read(table, &document_key(document), "a contribution")
}

/// An entity, as kept.
pub(super) fn read_record(id: &str, table: &dyn Table) -> Result<Option<Record>, IndexError> {
    read(table, &entity_key(id), "an entity")
}

/// Calls `visit` with every value below `prefix` and the rest of its key.
fn scan<T: DeserializeOwned>(
    prefix: &[u8],
    what: &str,
    table: &dyn Table,
    visit: &mut dyn FnMut(&[u8], T),
) -> Result<(), IndexError> {
    let mut failed = None;
    pieces::scan(table, prefix, &mut |key, bytes| match decode::<T>(bytes, what) {
        Ok(value) => {
            visit(key.get(prefix.len()..).unwrap_or_default(), value);
            true
        }
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    failed.map_or(Ok(()), Err)
}

/// Calls `visit` with every entity, in order of ids.
pub(super) fn scan_records(table: &dyn Table, visit: &mut dyn FnMut(&str, Record)) -> Result<(), IndexError> {
    scan(b"e/", "an entity", table, &mut |id, record| visit(&String::from_utf8_lossy(id), record))
}

/// Calls `visit` with the words of every name and the ids it belongs to: many times quicker than reading all entities.
pub(super) fn scan_forms(table: &dyn Table, visit: &mut dyn FnMut(&str, BTreeSet<String>)) -> Result<(), IndexError> {
    scan(FORM_PREFIX, "a name", table, &mut |words, ids| visit(&String::from_utf8_lossy(words), ids))
}

/// The ids a surface form belongs to.
pub(super) fn ids_of_form(form: &str, table: &dyn Table) -> Result<BTreeSet<String>, IndexError> {
    Ok(read(table, &form_key(form), "a name")?.unwrap_or_default())
}

/// The documents that name an entity, the newest number last.
pub(super) fn documents_of(id: &str, table: &dyn Table) -> Result<Vec<DocumentId>, IndexError> {
    let mut documents = Vec::new();
    scan(&posting_prefix(id), "a posting", table, &mut |block, offsets: BTreeSet<u16>| {
        if let Ok(block) = block.try_into().map(u64::from_be_bytes) {
            documents.extend(offsets.iter().map(|at| DocumentId(block * POSTING_DOCUMENTS + u64::from(*at))));
        }
    })?;
    Ok(documents)
}

/// Everything one batch of changes touches, written at its end.
#[derive(Default)]
pub(super) struct Books {
    contributions: BTreeMap<DocumentId, Option<Contribution>>,
    records: BTreeMap<String, Option<Record>>,
    names: BTreeMap<Vec<u8>, BTreeSet<String>>,
    postings: BTreeMap<Vec<u8>, BTreeSet<u16>>,
    /// How many pieces stand behind the first of what was read, where there are any.
    further: BTreeMap<Vec<u8>, u16>,
}

impl Books {
    /// What is kept under a key. Everything that is written was read before.
    fn read<T: DeserializeOwned>(
        &mut self,
        table: &dyn Table,
        key: &[u8],
        what: &str,
    ) -> Result<Option<T>, IndexError> {
        let Some(value) = pieces::get(table, key)? else { return Ok(None) };
        if value.further > 0 {
            self.further.insert(key.to_vec(), value.further);
        }
        decode(&value.bytes, what).map(Some)
    }

    /// Takes back what a document said and adds what it says now.
    pub(super) fn replace(
        &mut self,
        document: DocumentId,
        new: Option<Contribution>,
        table: &dyn Table,
    ) -> Result<(), IndexError> {
        let old = match self.contributions.get(&document) {
            Some(known) => known.clone(),
            None => self.read(table, &document_key(document), "a contribution")?,
        };
        if old == new {
            return Ok(());
        }
        if let Some(old) = &old {
            for part in &old.parts {
                self.take(document, part, old.day, table)?;
            }
        }
        if let Some(new) = &new {
            for part in &new.parts {
                self.add(document, part, new.day, table)?;
            }
        }
        self.contributions.insert(document, new);
        Ok(())
    }

    fn record(&mut self, id: &str, table: &dyn Table) -> Result<&mut Option<Record>, IndexError> {
        if !self.records.contains_key(id) {
            let known = self.read(table, &entity_key(id), "an entity")?;
            self.records.insert(id.to_owned(), known);
        }
        Ok(self.records.entry(id.to_owned()).or_default())
    }

    fn add(
        &mut self,
        document: DocumentId,
        part: &Part,
        day: Option<Date>,
        table: &dyn Table,
    ) -> Result<(), IndexError> {
        let record = self.record(&part.id, table)?.get_or_insert_with(|| Record::empty(part.kind));
        record.kind = part.kind;
        let fresh: Vec<String> =
            part.forms.iter().map(|(form, _)| form).filter(|form| !record.forms.contains_key(*form)).cloned().collect();
        let new_name = (!record.names.contains_key(&part.name)).then(|| part.name.clone());
        record.add(part, day);
        for form in fresh.into_iter().chain(new_name) {
            self.name(&form, table)?.insert(part.id.clone());
        }
        self.posting(&part.id, document, table)?.insert(offset(document));
        Ok(())
    }

    fn take(
        &mut self,
        document: DocumentId,
        part: &Part,
        day: Option<Date>,
        table: &dyn Table,
    ) -> Result<(), IndexError> {
        let slot = self.record(&part.id, table)?;
        if let Some(record) = slot {
            record.take(part, day);
            let kept = |form: &String| record.forms.contains_key(form) || record.names.contains_key(form);
            let gone: Vec<String> = part
                .forms
                .iter()
                .map(|(form, _)| form)
                .chain([&part.name])
                .filter(|form| !kept(form))
                .cloned()
                .collect();
            if record.documents == 0 {
                *slot = None;
            }
            self.forget(&part.id, &gone, table)?;
        }
        self.posting(&part.id, document, table)?.remove(&offset(document));
        Ok(())
    }

    /// Takes an id off names it has no longer. Forms that fold alike share a key: it stays while one is left.
    fn forget(&mut self, id: &str, gone: &[String], table: &dyn Table) -> Result<(), IndexError> {
        let left: BTreeSet<Vec<u8>> = match self.records.get(id) {
            Some(Some(record)) => record.forms.keys().chain(record.names.keys()).map(|form| form_key(form)).collect(),
            _ => BTreeSet::new(),
        };
        for form in gone.iter().filter(|form| !left.contains(&form_key(form))) {
            self.name(form, table)?.remove(id);
        }
        Ok(())
    }

    fn name(&mut self, form: &str, table: &dyn Table) -> Result<&mut BTreeSet<String>, IndexError> {
        let key = form_key(form);
        if !self.names.contains_key(&key) {
            let known = self.read(table, &key, "a name")?.unwrap_or_default();
            self.names.insert(key.clone(), known);
        }
        Ok(self.names.entry(key).or_default())
    }

    fn posting(&mut self, id: &str, document: DocumentId, table: &dyn Table) -> Result<&mut BTreeSet<u16>, IndexError> {
        let key = posting_key(id, document.0 / POSTING_DOCUMENTS);
        if !self.postings.contains_key(&key) {
            let known = self.read(table, &key, "a posting")?.unwrap_or_default();
            self.postings.insert(key.clone(), known);
        }
        Ok(self.postings.entry(key).or_default())
    }

    /// Writes everything touched; what became empty goes.
    pub(super) fn write(self, table: &mut dyn Table) -> Result<(), IndexError> {
        for (document, contribution) in &self.contributions {
            self.put(table, &document_key(*document), contribution.as_ref())?;
        }
        for (id, record) in &self.records {
            self.put(table, &entity_key(id), record.as_ref())?;
        }
        for (key, ids) in &self.names {
            self.put(table, key, (!ids.is_empty()).then_some(ids))?;
        }
        for (key, documents) in &self.postings {
            self.put(table, key, (!documents.is_empty()).then_some(documents))?;
        }
        Ok(())
    }

    fn put<T: Serialize>(&self, table: &mut dyn Table, key: &[u8], value: Option<&T>) -> Result<(), IndexError> {
        let before = self.further.get(key).copied().unwrap_or(0);
        match value {
            Some(value) => pieces::put(table, key, &encode(value)?, before),
            None => pieces::delete(table, key, before),
        }
    }
}

fn offset(document: DocumentId) -> u16 {
    u16::try_from(document.0 % POSTING_DOCUMENTS).unwrap_or(0)
}
