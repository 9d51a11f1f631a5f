//! What this program is, as configured: its processors, their options and files, and what follows from them. Made once
//! and never changed; a new configuration makes a new one.

pub(crate) mod programs;

use crate::decisions::Book;
use crate::errors::Fatal;
use crate::resources;
use dateline_config::{Config, Environment, Overrides};
use dateline_core::{ContentHash, Outcome, SourcePath, Timestamp};
use dateline_parser::ParserOptions;
use dateline_pipeline::{Chain, Plan, ProcessorTables, Registry, error_chain};
use dateline_processor::{FacetSpec, LayerSpec, Resources};
use dateline_protocol::wire::Versions;
use dateline_protocol::{ErrorBody, ErrorKind};
use dateline_watch::{PollMode, WatchOptions};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a processor of the chain says of itself, as far as answers need it.
struct Processor {
    name: String,
    version: u32,
    layers: Vec<LayerSpec>,
    facets: Vec<FacetSpec>,
}

fn processors(chain: &Chain) -> Vec<Processor> {
    let processor = |descriptor: &dateline_processor::Descriptor| Processor {
        name: descriptor.name().to_owned(),
        version: descriptor.version(),
        layers: descriptor.assigned().to_vec(),
        facets: descriptor.facets().to_vec(),
    };
    chain.descriptors().map(processor).collect()
}

/// A configured program.
pub(crate) struct Program {
    /// The watched folder, absolute.
    pub(crate) root: PathBuf,
    /// The state directory, absolute.
    pub(crate) state: PathBuf,
    /// The configuration file in use.
    pub(crate) config_file: Option<PathBuf>,
    /// When the process began.
    pub(crate) started: Timestamp,
    /// Hash over parser and its options.
    parser_key: ContentHash,
    /// The user's decisions.
    pub(crate) decisions: Book,
    /// The configuration.
    pub(crate) config: Config,
    /// The processors this program has.
    pub(crate) registry: Arc<Registry>,
    /// Their options.
    pub(crate) tables: ProcessorTables,
    /// Their files.
    pub(crate) resources: BTreeMap<String, Resources>,
    /// The parser's options.
    pub(crate) parser: ParserOptions,
    overrides: Overrides,
    processors: Vec<Processor>,
    indexers: Vec<String>,
}

impl Program {
    /// Loads the configuration and checks it whole: sections, options, files, and that the chain can be built.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub(crate) fn load(registry: Arc<Registry>, overrides: &Overrides) -> Result<Program, Fatal> {
        let config = dateline_config::load(overrides, &Environment::current())?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        dateline_config::check_places(&config.root, &config.state)?;
        check_ignored(&config)?;
        let parser = parser_options(&config)?;
        check_sections(&registry, &config)?;
        let tables: ProcessorTables = config.processor_values();
        let resources = resources::read(&registry, &tables, &config.resource_directory())?;
        let chain = registry.build(&tables, &resources)?;
        let processors = processors(&chain);
        let indexers = registry.sections().into_iter();
        let indexers = indexers.filter(|section| section.kind == dateline_pipeline::SectionKind::Indexer);
        Ok(Program {
            root: config.root.clone(),
            state: config.state.clone(),
            config_file: config.file.as_ref().map(|file| file.path.clone()),
            started: Timestamp::now(),
            parser_key: dateline_parser::parser_key(&parser),
            decisions: Book::new(dateline_store::StateDir::new(&config.state).decisions()),
            processors,
            indexers: indexers.map(|section| section.name.to_owned()).collect(),
            overrides: overrides.clone(),
            config,
            registry,
            tables,
            resources,
            parser,
        })
    }

    /// How its folder is watched and read.
    pub(crate) fn watch_options(&self) -> WatchOptions {
        watch_options(&self.config, &self.root)
    }

    /// The program with the folder that a store was made from: who asks about a state need not know its folder.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn with_root_of(self, store: &dateline_store::Store) -> Result<Program, Fatal> {
        let recorded = store.root()?;
        let root = recorded.map_or(self.root, |root| PathBuf::from(OsString::from_vec(root.path)));
        Ok(Program { root, ..self })
    }

    /// The program as the configuration says now.
    ///
    /// # Errors
    /// As [`Program::load`], and when folder or state would be others.
    pub(crate) fn reloaded(&self) -> Result<Program, Fatal> {
        let fresh = Program::load(Arc::clone(&self.registry), &self.overrides)?.with_programs()?;
        if fresh.root != self.root || fresh.state != self.state {
            return Err(Fatal::hinted("folder and state cannot change while the daemon runs", "restart the daemon"));
        }
        Ok(fresh)
    }

    /// The chain, built anew: it holds the processors' models, which only workers need all the time.
    ///
    /// # Errors
    /// As an answer to a request.
    pub(crate) fn chain(&self) -> Result<Chain, ErrorBody> {
        let built = self.registry.build(&self.tables, &self.resources);
        built.map_err(|error| ErrorBody::from_error(ErrorKind::Internal, &error))
    }

    /// The chain another configuration file would give.
    ///
    /// # Errors
    /// As an answer to a request.
    pub(crate) fn chain_of(&self, file: &Path) -> Result<Chain, ErrorBody> {
        let overrides = Overrides { config: Some(file.to_owned()), ..self.overrides.clone() };
        let program = Program::load(Arc::clone(&self.registry), &overrides);
        program.map_err(|error| ErrorBody::from_error(ErrorKind::BadRequest, &error))?.chain()
    }

    /// What would run on a document with these outcomes.
    ///
    /// # Errors
    /// As [`Program::chain`].
    pub(crate) fn stale(&self, outcomes: &[Outcome]) -> Result<Plan, ErrorBody> {
        Ok(self.chain()?.stale(None, outcomes, false))
    }

    /// Names of the annotators, in running order.
    pub(crate) fn processor_names(&self) -> impl Iterator<Item = &str> {
        self.processors.iter().map(|processor| processor.name.as_str())
    }

    /// Names of the layers the chain makes.
    pub(crate) fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.processors.iter().flat_map(|processor| processor.layers.iter().map(LayerSpec::name))
    }

    /// Names of the fields a query may use.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = String> {
        let facets = self.facets().map(|facet| facet.name.clone()).collect::<Vec<_>>();
        dateline_query::FIELDS.iter().map(|field| (*field).to_owned()).chain(facets)
    }

    /// The facets the chain emits.
    pub(crate) fn facets(&self) -> impl Iterator<Item = &FacetSpec> {
        self.processors.iter().flat_map(|processor| &processor.facets)
    }

    /// The codecs of a layer.
    pub(crate) fn layer_spec(&self, name: &str) -> Option<&LayerSpec> {
        self.processors.iter().flat_map(|processor| &processor.layers).find(|spec| spec.name() == name)
    }

    /// Whether a processor makes a layer.
    pub(crate) fn assigns(&self, processor: &str, layer: &str) -> bool {
        let found = self.processors.iter().find(|known| known.name == processor);
        found.is_some_and(|known| known.layers.iter().any(|spec| spec.name() == layer))
    }

    /// Names of the indexers.
    pub(crate) fn indexer_names(&self) -> &[String] {
        &self.indexers
    }

    /// Versions of everything, for `status`.
    pub(crate) fn versions(&self) -> Versions {
        Versions {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: dateline_protocol::PROTOCOL_VERSION,
            store: dateline_store::FORMAT_VERSION,
            parser: dateline_parser::VERSION,
            processors: self.processors.iter().map(|known| (known.name.clone(), known.version)).collect(),
        }
    }

    /// What a source is read with: when this changes, it is read again.
    pub(crate) fn source_key(&self, path: &SourcePath) -> ContentHash {
        dateline_parser::source_key(&self.parser_key, path)
    }

    /// What decides, beside the file itself, whether it can be read: when this changes, a file that failed is tried again.
    pub(crate) fn failure_key(&self, path: &SourcePath) -> ContentHash {
        let worker = &self.config.worker;
        ContentHash::of_fields([
            self.source_key(path).0.as_slice(),
            &self.file_bytes_max().to_le_bytes(),
            &worker.time_max.0.as_nanos().to_le_bytes(),
            &worker.memory_max.0.to_le_bytes(),
        ])
    }

    /// Larger files are not read.
    pub(crate) fn file_bytes_max(&self) -> u64 {
        self.config.watch.file_size_max.0
    }

    /// How long work in hand may take once the daemon was told to stop.
    pub(crate) fn shutdown_deadline(&self) -> Duration {
        self.config.daemon.shutdown_deadline.0
    }
}

fn parser_options(config: &Config) -> Result<ParserOptions, Fatal> {
    config.parser.check(&dateline_processor::schemars::schema_for!(ParserOptions).to_value())?;
    let read = serde_json::from_value::<ParserOptions>(config.parser.value().clone());
    Ok(read.map_err(|error| config.parser.bad_value("", error))?)
}

/// How the folder is watched.
fn watch_options(config: &Config, root: &Path) -> WatchOptions {
    let watch = &config.watch;
    let mut options = WatchOptions::new(root);
    options.ignore = watch.ignore.clone();
    options.settle = watch.settle.0;
    options.rescan_interval = watch.rescan_interval.period();
    options.poll = match watch.poll {
        dateline_config::PollMode::Auto => PollMode::Auto,
        dateline_config::PollMode::Always => PollMode::Always,
        dateline_config::PollMode::Never => PollMode::Never,
    };
    options.poll_interval = watch.poll_interval.0;
    options.file_bytes_max = watch.file_size_max.0;
    options
}

/// What is to be left out of the folder is known by globs, which the watcher reads.
fn check_ignored(config: &Config) -> Result<(), Fatal> {
    watch_options(config, &config.root)
        .check()
        .map_err(|error| config.bad_value("watch.ignore", error_chain(&error)).into())
}

/// Every `[processor.NAME]` belongs to a processor and has only keys that processor knows.
fn check_sections(registry: &Registry, config: &Config) -> Result<(), Fatal> {
    let sections = registry.sections();
    for (name, table) in &config.processors {
        let Some(section) = sections.iter().find(|section| section.name == name) else { continue };
        let mut schema = section.schema.clone();
        // The engine's own key is part of every section.
        if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
            properties.insert(dateline_pipeline::ENABLED.to_owned(), serde_json::json!({"type": "boolean"}));
        }
        table.check(&schema)?;
    }
    Ok(registry.check(&config.processor_values())?)
}
