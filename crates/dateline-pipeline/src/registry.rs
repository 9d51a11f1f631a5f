//! The processors a program has, by the name of their section: options, schema, files wanted, and how to build them.
//!
//! The list is written out in the program (`main.rs`), never collected at link time: order and absence stay visible.

use crate::exec::{self, EXEC_TABLE, ExecProgram, ExecTransport, NoPrograms};
use crate::{Chain, ChainError, Member};
use dateline_processor::{
    Annotator, BuildAnnotator, BuildIndexer, Indexer, IndexerHome, ProcessorConfig, ResourceRequest, Resources,
    schemars,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `[processor.NAME]` of the configuration, by name.
pub type ProcessorTables = BTreeMap<String, Value>;

/// The key of every section that the engine reads itself: `enabled = false` leaves the processor out.
pub const ENABLED: &str = "enabled";

/// What kind of processor a section configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// It annotates documents.
    Annotator,
    /// It folds the change log into an index.
    Indexer,
}

/// A section of the configuration, for reference pages, samples and checks.
#[derive(Clone, Debug)]
pub struct Section {
    /// Name of the section and the processor.
    pub name: &'static str,
    /// What it configures.
    pub kind: SectionKind,
    /// The default options.
    pub defaults: Value,
    /// JSON Schema of the options, doc comments included.
    pub schema: Value,
}

type Build<T> = Box<dyn Fn(&Value, &Resources) -> Result<T, ChainError> + Send + Sync>;
type BuildHome<T> = Box<dyn Fn(&Value, &Resources, &IndexerHome) -> Result<T, ChainError> + Send + Sync>;

enum Maker {
    Annotator(Build<Member>),
    Indexer(BuildHome<Box<dyn Indexer>>),
}

struct Entry {
    name: &'static str,
    defaults: fn() -> Value,
    schema: fn() -> Value,
    requests: fn(&Value) -> Result<Vec<ResourceRequest>, ChainError>,
    maker: Maker,
}

/// The processors a program has.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| entry.name)).finish()
    }
}

impl Registry {
    /// Adds an annotator.
    #[must_use]
    pub fn annotator<A: BuildAnnotator>(mut self) -> Registry {
        let build = |options: &Value, resources: &Resources| {
            let config = options_of::<A::Config>(options)?;
            let resolved = serde_json::to_value(&config).unwrap_or(Value::Null);
            let annotator = A::build(config, resources).map_err(build_error::<A::Config>)?;
            check_name(A::Config::SECTION, annotator.descriptor().name())?;
            Ok(Member { annotator: Box::new(annotator), options: resolved, resources: resources.hash() })
        };
        self.entries.push(entry::<A::Config>(Maker::Annotator(Box::new(build))));
        self
    }

    /// Adds an indexer.
    #[must_use]
    pub fn indexer<I: BuildIndexer>(mut self) -> Registry {
        let build = |options: &Value, resources: &Resources, home: &IndexerHome| {
            let config = options_of::<I::Config>(options)?;
            let indexer = I::build(config, resources, home).map_err(build_error::<I::Config>)?;
            check_name(I::Config::SECTION, indexer.descriptor().name())?;
            Ok(Box::new(indexer) as Box<dyn Indexer>)
        };
        self.entries.push(entry::<I::Config>(Maker::Indexer(Box::new(build))));
        self
    }

    /// Every section, in the order of registration.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        self.entries.iter().map(Entry::section).collect()
    }

    /// Names of all processors, in the order of registration.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// Checks that every section belongs to a processor and fits its options, and that no processor takes a name or an
    /// option that is the engine's.
    ///
    /// # Errors
    /// The first section that does not.
    pub fn check(&self, tables: &ProcessorTables) -> Result<(), ChainError> {
        for entry in &self.entries {
            entry.check_names()?;
        }
        for name in tables.keys().filter(|name| *name != EXEC_TABLE) {
            if !self.entries.iter().any(|entry| entry.name == name) {
                return Err(ChainError::UnknownProcessor { name: name.clone(), nearest: self.nearest(name) });
            }
        }
        self.requests(tables).map(|_| ())
    }

    /// The files each enabled processor wants, by processor.
    ///
    /// # Errors
    /// When a section's options are wrong.
    pub fn requests(&self, tables: &ProcessorTables) -> Result<BTreeMap<String, Vec<ResourceRequest>>, ChainError> {
        let enabled = self.enabled(tables)?;
        enabled.into_iter().map(|(entry, options)| Ok((entry.name.to_owned(), (entry.requests)(&options)?))).collect()
    }

    /// Builds the chain of all enabled annotators. Programs among them are planned and explained, but fail when run.
    ///
    /// # Errors
    /// When a section is unknown or wrong, a processor cannot start, or the declarations do not fit together.
    pub fn build(
        &self,
        tables: &ProcessorTables,
        resources: &BTreeMap<String, Resources>,
    ) -> Result<Chain, ChainError> {
        self.build_with_programs(tables, resources, Arc::new(NoPrograms))
    }

    /// As [`Registry::build`], with programs that can be reached; see [`ExecProgram`].
    ///
    /// # Errors
    /// As [`Registry::build`].
    pub fn build_with_programs(
        &self,
        tables: &ProcessorTables,
        resources: &BTreeMap<String, Resources>,
        transport: Arc<dyn ExecTransport>,
    ) -> Result<Chain, ChainError> {
        let mut members = self.members(tables, resources)?;
        exec::add_programs(&mut members, &self.programs(tables)?, &transport)?;
        Chain::new(members)
    }

    /// The programs among the tables, under [`EXEC_TABLE`].
    ///
    /// # Errors
    /// When the entry is no list of programs.
    pub fn programs(&self, tables: &ProcessorTables) -> Result<Vec<ExecProgram>, ChainError> {
        let Some(table) = tables.get(EXEC_TABLE) else { return Ok(Vec::new()) };
        Vec::deserialize(table).map_err(|source| ChainError::Options { processor: EXEC_TABLE.to_owned(), source })
    }

    /// The compiled-in annotators of [`Registry::build`] before they are put in order.
    ///
    /// # Errors
    /// When a section is unknown or wrong, or a processor cannot start.
    pub fn members(
        &self,
        tables: &ProcessorTables,
        resources: &BTreeMap<String, Resources>,
    ) -> Result<Vec<Member>, ChainError> {
        self.check(tables)?;
        let none = Resources::default();
        let mut members = Vec::new();
        for (entry, options) in self.enabled(tables)? {
            if let Maker::Annotator(build) = &entry.maker {
                members.push(build(&options, resources.get(entry.name).unwrap_or(&none))?);
            }
        }
        Ok(members)
    }

    /// Builds all enabled indexers, in the order of registration; `home` names the directory of each.
    ///
    /// # Errors
    /// When a section is unknown or wrong, or an indexer cannot start.
    pub fn indexers(
        &self,
        tables: &ProcessorTables,
        resources: &BTreeMap<String, Resources>,
        home: &dyn Fn(&str) -> IndexerHome,
    ) -> Result<Vec<Box<dyn Indexer>>, ChainError> {
        self.check(tables)?;
        let none = Resources::default();
        let mut indexers = Vec::new();
        for (entry, options) in self.enabled(tables)? {
            if let Maker::Indexer(build) = &entry.maker {
                indexers.push(build(&options, resources.get(entry.name).unwrap_or(&none), &home(entry.name))?);
            }
        }
        Ok(indexers)
    }

    fn enabled(&self, tables: &ProcessorTables) -> Result<Vec<(&Entry, Value)>, ChainError> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let mut options = tables.get(entry.name).cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            let switch = options.as_object_mut().and_then(|fields| fields.remove(ENABLED));
            let enabled = match switch {
                None => true,
                Some(value) => serde_json::from_value::<bool>(value)
                    .map_err(|source| ChainError::Options { processor: entry.name.to_owned(), source })?,
            };
            if enabled {
                found.push((entry, options));
            }
        }
        Ok(found)
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let best = self.names().min_by_key(|known| distance(name, known))?;
        (distance(name, best) <= 1 + name.len() / 4).then(|| best.to_owned())
    }
}

impl Entry {
    fn check_names(&self) -> Result<(), ChainError> {
        if self.name == EXEC_TABLE {
            return Err(ChainError::ReservedName(self.name.to_owned()));
        }
        let schema = (self.schema)();
        if schema.get("properties").is_some_and(|options| options.get(ENABLED).is_some()) {
            return Err(ChainError::ReservedOption { processor: self.name.to_owned(), option: ENABLED.to_owned() });
        }
        Ok(())
    }

    fn section(&self) -> Section {
        let kind = match self.maker {
            Maker::Annotator(_) => SectionKind::Annotator,
            Maker::Indexer(_) => SectionKind::Indexer,
        };
        Section { name: self.name, kind, defaults: (self.defaults)(), schema: (self.schema)() }
    }
}

fn entry<C: ProcessorConfig>(maker: Maker) -> Entry {
    Entry {
        name: C::SECTION,
        defaults: || serde_json::to_value(C::default()).unwrap_or(Value::Null),
        schema: || schemars::schema_for!(C).to_value(),
        requests: |options| Ok(options_of::<C>(options)?.resources()),
        maker,
    }
}

fn options_of<C: ProcessorConfig>(options: &Value) -> Result<C, ChainError> {
    C::deserialize(options).map_err(|source| ChainError::Options { processor: C::SECTION.to_owned(), source })
}

fn build_error<C: ProcessorConfig>(source: dateline_processor::BuildError) -> ChainError {
    ChainError::Build { processor: C::SECTION.to_owned(), source }
}

fn check_name(section: &str, name: &str) -> Result<(), ChainError> {
    if section == name {
        return Ok(());
    }
    Err(ChainError::Misnamed { section: section.to_owned(), name: name.to_owned() })
}

/// Edit distance with single-letter steps; names are short.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

impl<A: Annotator + 'static> From<A> for Member {
    /// A member without options or files, for tests.
    fn from(annotator: A) -> Member {
        Member { annotator: Box::new(annotator), options: Value::Null, resources: Resources::default().hash() }
    }
}
