//! Puts the configuration together: defaults, file, variables, flags; every value with its origin.

use crate::check::resolve;
use crate::discover::{Discovered, default_state, discover};
use crate::positions::{LineStarts, Positions, join};
use crate::trust::{Distrust, check_trust};
use crate::{
    ConfigError, ConfigFile, DaemonSection, Environment, ExecSection, Fault, StoreSection, WatchSection, WorkerSection,
    check_table, nearest, render,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Variables that begin with `DATELINE_` and are no options.
const OTHER_VARIABLES: [&str; 3] = ["DATELINE_CONFIG", "DATELINE_DAEMON", "DATELINE_PAGER"];
/// Variables of the test suite begin with this.
const TEST_VARIABLES: &str = "DATELINE_TEST_";

/// What was said on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--root DIR`.
    pub root: Option<PathBuf>,
    /// `--state DIR`.
    pub state: Option<PathBuf>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where it is known.
        line: Option<usize>,
    },
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Origin::File { path, line: None } => write!(f, "{}", path.display()),
            Origin::Variable(name) => write!(f, "${name}"),
            Origin::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A section that belongs to somebody else: kept as it was written, with its positions.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    section: String,
    value: Value,
    source: Option<Arc<Source>>,
}

/// A configuration file as read.
#[derive(Debug, PartialEq)]
struct Source {
    path: PathBuf,
    positions: Positions,
}

impl Source {
    fn origin(&self, key: &str) -> Origin {
        Origin::File { path: self.path.clone(), line: self.positions.line(key) }
    }
}

impl Table {
    /// Its dotted name: `parser`, `processor.dating`.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// What was written, always an object.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Where a key of it was written; the section itself for an empty key.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<Origin> {
        let path = if key.is_empty() { self.section.clone() } else { join(&self.section, key) };
        self.source.as_ref().map(|source| source.origin(&path))
    }

    /// Checks its keys against the JSON Schema of the struct it will be read into.
    ///
    /// # Errors
    /// [`Fault::UnknownKey`] with line, key and the nearest one.
    pub fn check(&self, schema: &Value) -> Result<(), ConfigError> {
        let origin = |path: &str| self.source.as_ref().map(|source| source.origin(path));
        check_table(&self.section, &self.value, schema, &origin)
    }

    /// A mistake in one of its values; in the section as a whole for an empty key.
    #[must_use]
    pub fn bad_value(&self, key: &str, reason: impl fmt::Display) -> ConfigError {
        let path = if key.is_empty() { self.section.clone() } else { join(&self.section, key) };
        ConfigError { origin: self.origin(key), fault: Fault::BadValue { key: path, reason: reason.to_string() } }
    }
}

/// One `[[processor.exec]]` with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecEntry {
    /// What was written.
    pub section: ExecSection,
    /// Where.
    pub origin: Origin,
}

/// One value with where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Dotted key.
    pub key: String,
    /// The value as it would be written in the file.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The watched folder, absolute.
    pub root: PathBuf,
    /// The state directory, absolute.
    pub state: PathBuf,
    /// `[daemon]`.
    pub daemon: DaemonSection,
    /// `[watch]`.
    pub watch: WatchSection,
    /// `[worker]`.
    pub worker: WorkerSection,
    /// `[store]`.
    pub store: StoreSection,
    /// `[parser]`, for the parser to check.
    pub parser: Table,
    /// `[processor.NAME]`, by name, for the builder to check.
    pub processors: BTreeMap<String, Table>,
    /// `[[processor.exec]]`, in order. Run them only where [`Config::check_trust`] allows it.
    pub exec: Vec<ExecEntry>,
    /// The file in use.
    pub file: Option<Discovered>,
    /// What is odd but no mistake: variables that set nothing.
    pub warnings: Vec<String>,
    directory: PathBuf,
    explained: Vec<Explained>,
}

impl Config {
    /// Every value with its origin, sections in the order of the sample file.
    #[must_use]
    pub fn explain(&self) -> &[Explained] {
        &self.explained
    }

    /// Where a value comes from; the default for a key nobody set.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        let found = self.explained.iter().find(|explained| explained.key == key);
        found.map_or(Origin::Default, |explained| explained.origin.clone())
    }

    /// A mistake in one of the values, for checks that only others can make.
    #[must_use]
    pub fn bad_value(&self, key: &str, reason: impl fmt::Display) -> ConfigError {
        ConfigError::at(self.origin(key), Fault::BadValue { key: key.to_owned(), reason: reason.to_string() })
    }

    /// The directory that relative resources count from: the file's own, else `config` in the working directory.
    #[must_use]
    pub fn resource_directory(&self) -> PathBuf {
        let beside = self.file.as_ref().and_then(|file| file.path.parent());
        beside.map_or_else(|| self.directory.join("config"), Path::to_owned)
    }

    /// The tables of all processors as values, by name.
    #[must_use]
    pub fn processor_values(&self) -> BTreeMap<String, Value> {
        self.processors.iter().map(|(name, table)| (name.clone(), table.value.clone())).collect()
    }

    /// Whether the programs of `exec` may be run.
    ///
    /// # Errors
    /// Why not.
    pub fn check_trust(&self) -> Result<(), Distrust> {
        self.file.as_ref().map_or(Ok(()), |file| check_trust(file, &self.directory))
    }
}

/// Loads the configuration.
///
/// # Errors
/// The first mistake, with its line, variable or flag.
pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Config, ConfigError> {
    let file = discover(overrides, environment);
    let mut layers = Layers::new(default_state(file.as_ref().map(|file| file.place), environment));
    let source = match &file {
        None => None,
        Some(file) => Some(layers.add_file(&file.path, environment.directory())?),
    };
    layers.add_variables(environment);
    layers.add_flags(overrides);
    layers.finish(file, source, environment.directory())
}

/// The layers so far: one tree of values, and the origin of each leaf that is no default.
struct Layers {
    tree: Value,
    schema: Value,
    origins: BTreeMap<String, Origin>,
    warnings: Vec<String>,
}

impl Layers {
    fn new(state: PathBuf) -> Layers {
        let defaults = ConfigFile { state, ..ConfigFile::default() };
        let tree = serde_json::to_value(defaults).unwrap_or_default();
        Layers { tree, schema: render::schema(), origins: BTreeMap::new(), warnings: Vec::new() }
    }

    fn add_file(&mut self, path: &Path, directory: &Path) -> Result<Arc<Source>, ConfigError> {
        let unreadable = |source| ConfigError::nowhere(Fault::Read { path: path.to_owned(), source });
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let shown = path.strip_prefix(directory).unwrap_or(path).to_owned();
        let table: toml::Table = toml::from_str(&text).map_err(|error| syntax(&shown, &text, &error))?;
        let source = Source { path: shown, positions: Positions::of(&text) };
        let value = to_json(toml::Value::Table(table));
        check_table("", &value, &self.schema, &|key| Some(source.origin(key)))?;
        let mut leaves = Vec::new();
        collect_leaves("", &value, &mut leaves);
        for (key, leaf) in leaves {
            self.origins.insert(key.clone(), source.origin(&key));
            set(&mut self.tree, &key, leaf);
        }
        Ok(Arc::new(source))
    }

    fn add_variables(&mut self, environment: &Environment) {
        let keys = option_keys(&self.schema);
        for (name, value) in environment.options() {
            if OTHER_VARIABLES.contains(&name) || name.starts_with(TEST_VARIABLES) {
                continue;
            }
            let Some(key) = keys.iter().find(|key| variable_of(key) == name) else {
                let word = name.trim_start_matches("DATELINE_");
                let flat: Vec<String> = keys.iter().map(|key| key.replace('.', "-")).collect();
                let near = nearest(word, flat.iter().map(String::as_str)).map(variable_of);
                let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                self.warnings.push(format!("environment variable `{name}` sets nothing{near}"));
                continue;
            };
            let value = typed(&value.to_string_lossy(), lookup(&self.tree, key));
            set(&mut self.tree, key, value);
            self.origins.insert(key.clone(), Origin::Variable(name.to_owned()));
        }
    }

    fn add_flags(&mut self, overrides: &Overrides) {
        for (key, flag, path) in [("root", "--root", &overrides.root), ("state", "--state", &overrides.state)] {
            if let Some(path) = path {
                set(&mut self.tree, key, Value::String(path.to_string_lossy().into_owned()));
                self.origins.insert(key.to_owned(), Origin::Flag(flag));
            }
        }
    }

    fn finish(
        mut self,
        file: Option<Discovered>,
        source: Option<Arc<Source>>,
        directory: &Path,
    ) -> Result<Config, ConfigError> {
        let explained = self.explain();
        let mut processors = match self.tree.get_mut("processor").map(Value::take) {
            Some(Value::Object(processors)) => processors,
            _ => Map::new(),
        };
        let exec = self.read_exec(processors.remove("exec"), source.as_deref())?;
        let parsed: ConfigFile =
            serde_json::from_value(self.without_processors()).map_err(|error| self.blame(&error))?;
        let table = |section: String, value: Value| Table { section, value, source: source.clone() };
        let processors = processors
            .into_iter()
            .map(|(name, value)| {
                let table = table(join("processor", &name), value);
                let is_table = table.value.is_object();
                if is_table { Ok((name, table)) } else { Err(table.bad_value("", "must be a table")) }
            })
            .collect::<Result<BTreeMap<String, Table>, ConfigError>>()?;
        let config = Config {
            root: directory.join(parsed.root),
            state: directory.join(parsed.state),
            daemon: parsed.daemon,
            watch: parsed.watch,
            worker: parsed.worker,
            store: parsed.store,
            parser: table("parser".to_owned(), Value::Object(parsed.parser)),
            processors,
            exec,
            file,
            warnings: self.warnings,
            directory: directory.to_owned(),
            explained,
        };
        check_ranges(&config)?;
        Ok(config)
    }

    fn read_exec(&self, entries: Option<Value>, source: Option<&Source>) -> Result<Vec<ExecEntry>, ConfigError> {
        let bad = |key: String, reason: String| {
            let origin = source.map(|source| source.origin(&key));
            ConfigError { origin, fault: Fault::BadValue { key, reason } }
        };
        let entries = match entries {
            None => return Ok(Vec::new()),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                return Err(bad("processor.exec".to_owned(), "must be written as [[processor.exec]]".to_owned()));
            }
        };
        let read = |(number, entry): (usize, Value)| {
            let key = join("processor.exec", &number.to_string());
            let section: ExecSection =
                serde_json::from_value(entry).map_err(|error| bad(key.clone(), error.to_string()))?;
            if section.command.is_empty() {
                return Err(bad(join(&key, "command"), "names no program".to_owned()));
            }
            let origin = source.map_or(Origin::Default, |source| source.origin(&key));
            Ok(ExecEntry { section, origin })
        };
        entries.into_iter().enumerate().map(read).collect()
    }

    fn without_processors(&self) -> Value {
        let mut tree = self.tree.clone();
        if let Some(tree) = tree.as_object_mut() {
            tree.remove("processor");
        }
        tree
    }

    /// Finds the value that does not fit: each leaf that somebody set is tried alone.
    fn blame(&self, error: &serde_json::Error) -> ConfigError {
        for (key, origin) in &self.origins {
            let Some(value) = lookup(&self.tree, key) else { continue };
            let mut alone = Value::Object(Map::new());
            set(&mut alone, key, value.clone());
            if let Err(error) = serde_json::from_value::<ConfigFile>(alone) {
                let fault = Fault::BadValue { key: key.clone(), reason: error.to_string() };
                return ConfigError::at(origin.clone(), fault);
            }
        }
        ConfigError::nowhere(Fault::BadValue { key: "configuration".to_owned(), reason: error.to_string() })
    }

    fn explain(&self) -> Vec<Explained> {
        let mut leaves = Vec::new();
        collect_leaves("", &self.tree, &mut leaves);
        let rank = |key: &str| {
            let section = key.split_once('.').map_or("", |(section, _)| section);
            render::SECTIONS.iter().position(|known| *known == section)
        };
        leaves.sort_by_key(|(key, _)| rank(key));
        let explain = |(key, value): (String, Value)| {
            let origin = self.origins.get(&key).cloned().unwrap_or(Origin::Default);
            Explained { value: render::toml_text(&value), key, origin }
        };
        leaves.into_iter().map(explain).collect()
    }
}

/// Rules that types do not tell.
fn check_ranges(config: &Config) -> Result<(), ConfigError> {
    let rules = [
        ("daemon.connections-max", config.daemon.connections_max > 0, "must be at least 1"),
        ("worker.time-max", !config.worker.time_max.0.is_zero(), "must be longer than nothing"),
        ("worker.memory-max", config.worker.memory_max.0 >= 64 << 20, "must be at least 64MiB"),
        ("watch.file-size-max", config.watch.file_size_max.0 > 0, "must be more than nothing"),
        ("watch.poll-interval", !config.watch.poll_interval.0.is_zero(), "must be longer than nothing"),
        ("store.commit-deadline", !config.store.commit_deadline.0.is_zero(), "must be longer than nothing"),
    ];
    match rules.into_iter().find(|(_, holds, _)| !holds) {
        Some((key, _, reason)) => Err(config.bad_value(key, reason)),
        None => Ok(()),
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map(|span| LineStarts::new(text).line(span.start));
    let message = error.message().lines().collect::<Vec<&str>>().join(", ");
    ConfigError::at(Origin::File { path: path.to_owned(), line }, Fault::Syntax { message })
}

fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is) => is.into(),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(values) => values.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, to_json(value))).collect(),
    }
}

/// Every value that is no table, with its dotted path. Lists are values.
fn collect_leaves(outer: &str, value: &Value, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(table) if !table.is_empty() || outer.is_empty() => {
            for (key, value) in table {
                collect_leaves(&join(outer, key), value, leaves);
            }
        }
        value => leaves.push((outer.to_owned(), value.clone())),
    }
}

fn set(tree: &mut Value, key: &str, value: Value) {
    let Some(table) = tree.as_object_mut() else { return };
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((outer, rest)) => {
            let inner = table.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            set(inner, rest, value);
        }
    }
}

fn lookup<'a>(tree: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(tree, |tree, key| tree.get(key))
}

/// Dotted keys of all core options.
fn option_keys(schema: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    for (key, property) in properties(schema).unwrap_or_default() {
        if key == "processor" || key == "parser" {
            continue;
        }
        match properties(resolve(&property, schema)) {
            Some(inner) => keys.extend(inner.keys().map(|name| join(&key, name))),
            None => keys.push(key),
        }
    }
    keys
}

/// The variable that sets an option: `watch.rescan-interval` is `DATELINE_WATCH_RESCAN_INTERVAL`.
fn variable_of(key: &str) -> String {
    format!("DATELINE_{}", key.replace(['.', '-'], "_").to_uppercase())
}

/// A variable's text as a value of the kind the option has; lists are separated by commas.
fn typed(text: &str, like: Option<&Value>) -> Value {
    match like {
        Some(Value::Number(_)) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Bool(_)) => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Array(_)) => text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Origin, Overrides, load};
    use crate::{ConfigError, Environment, Fault, Period, WorkerCount};
    use std::path::Path;
    use std::time::Duration;

    fn place(text: &str) -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("config")).unwrap();
        std::fs::write(place.path().join("config/dateline.toml"), text).unwrap();
        place
    }

    fn load_text(text: &str) -> Result<Config, ConfigError> {
        let place = place(text);
        load(&Overrides::default(), &Environment::at(place.path()).with_system("/nonexistent"))
    }

    fn refused(text: &str) -> (String, Option<String>) {
        let error = load_text(text).expect_err(text);
        (error.to_string(), error.hint())
    }

    #[test]
    fn without_a_file_there_are_the_defaults() {
        let place = tempfile::tempdir().unwrap();
        let environment = Environment::at(place.path()).with_system("/nonexistent");
        let config = load(&Overrides::default(), &environment).unwrap();
        assert_eq!(config.root, place.path().join("seeds"));
        assert_eq!(config.state, place.path().join(".dateline"));
        assert_eq!(config.watch, crate::WatchSection::default());
        assert_eq!(config.file, None);
        assert!(config.explain().iter().all(|value| value.origin == Origin::Default));
        assert!(config.check_trust().is_ok());
    }

    #[test]
    fn later_layers_win_and_every_value_tells_its_origin() {
        let place = place("state = \"here\"\n[watch]\nsettle = \"2s\"\npoll-interval = \"1m\"\n[worker]\ncount = 3\n");
        let environment = Environment::at(place.path())
            .with("DATELINE_WATCH_SETTLE", "3s")
            .with("DATELINE_STATE", "there")
            .with("DATELINE_WATCH_IGNORE", "*.tmp, old/**")
            .with("DATELINE_DAEMON_CONNECTIONS_MAX", "5");
        let overrides = Overrides { state: Some("flagged".into()), ..Overrides::default() };
        let config = load(&overrides, &environment).unwrap();
        assert_eq!(config.watch.settle, Period::seconds(3));
        assert_eq!(config.watch.poll_interval.0, Duration::from_secs(60));
        assert_eq!(config.watch.ignore, ["*.tmp", "old/**"]);
        assert_eq!(config.worker.count, WorkerCount::Exactly(3));
        assert_eq!(config.daemon.connections_max, 5);
        assert_eq!(config.state, place.path().join("flagged"));
        let origin = |key: &str| config.origin(key).to_string();
        assert_eq!(origin("watch.settle"), "$DATELINE_WATCH_SETTLE");
        assert_eq!(origin("watch.poll-interval"), "config/dateline.toml:4");
        assert_eq!(origin("state"), "--state");
        assert_eq!(origin("root"), "default");
    }

    #[test]
    fn unknown_keys_are_refused_with_line_and_nearest_key() {
        let (message, hint) = refused("root = \"a\"\n[watch]\nsetle = \"1s\"\n");
        assert_eq!(message, "config/dateline.toml:3: unknown key `watch.setle`");
        assert_eq!(hint.as_deref(), Some("did you mean `settle`?"));
        let (message, hint) = refused("[wacth]\nsettle = \"1s\"\n");
        assert_eq!(message, "config/dateline.toml:1: unknown key `wacth`");
        assert_eq!(hint.as_deref(), Some("did you mean `watch`?"));
        let (_, hint) = refused("[store]\nxyzzy = 1\n");
        assert_eq!(
            hint.as_deref(),
            Some("known here: `cache`, `commit-deadline`, `compact-growth`, `free-space-reserve`, `retention`")
        );
    }

    #[test]
    fn bad_values_are_refused_with_line_and_example() {
        let (message, _) = refused("\n[watch]\nsettle = \"5\"\n");
        assert_eq!(
            message,
            "config/dateline.toml:3: `watch.settle`: `5` is no length of time: write `750ms`, `2s`, `10m`, `1h30m` or `7d`"
        );
        let (message, _) = refused("[watch]\npoll = \"sometimes\"\n");
        assert!(message.starts_with("config/dateline.toml:2: `watch.poll`: unknown variant `sometimes`"), "{message}");
        let (message, _) = refused("[daemon]\nconnections-max = 0\n");
        assert_eq!(message, "config/dateline.toml:2: `daemon.connections-max`: must be at least 1");
        let (message, _) = refused("root = 5\n");
        assert!(message.starts_with("config/dateline.toml:1: `root`: invalid type: integer"), "{message}");
        let (message, _) = refused("watch = 5\n");
        assert!(message.starts_with("config/dateline.toml:1: `watch`: invalid type: integer"), "{message}");
        let (message, _) = refused("root = \n");
        assert!(message.starts_with("config/dateline.toml:1: not TOML: "), "{message}");
    }

    #[test]
    fn bad_variables_are_named_and_odd_ones_warned_about() {
        let place = place("");
        let bad = Environment::at(place.path()).with("DATELINE_STORE_CACHE", "lots");
        let error = load(&Overrides::default(), &bad).unwrap_err();
        assert!(error.to_string().starts_with("$DATELINE_STORE_CACHE: `store.cache`: `lots` is no number of bytes"));
        let odd = Environment::at(place.path()).with("DATELINE_WATCH_SETLE", "1s").with("DATELINE_DAEMON", "x");
        let config = load(&Overrides::default(), &odd).unwrap();
        assert_eq!(
            config.warnings,
            ["environment variable `DATELINE_WATCH_SETLE` sets nothing, did you mean `DATELINE_WATCH_SETTLE`?"]
        );
    }

    #[test]
    fn sections_of_others_keep_their_values_and_places() {
        let config = load_text(
            "[parser]\nmax = 3\n[processor.dating]\n\nlanguage = \"en\"\n[[processor.exec]]\nname = \"tone\"\ncommand = [\"./tone.py\"]\n",
        )
        .unwrap();
        assert_eq!(config.parser.value(), &serde_json::json!({"max": 3}));
        let dating = &config.processors["dating"];
        assert_eq!(dating.value(), &serde_json::json!({"language": "en"}));
        assert_eq!(dating.origin("language").unwrap().to_string(), "config/dateline.toml:5");
        let schema = serde_json::json!({"properties": {"languages": {}}, "additionalProperties": false});
        let error = dating.check(&schema).unwrap_err();
        assert_eq!(error.to_string(), "config/dateline.toml:5: unknown key `processor.dating.language`");
        assert_eq!(error.hint().as_deref(), Some("did you mean `languages`?"));
        assert_eq!(config.exec.len(), 1);
        assert_eq!(config.exec[0].section.time_max, Period::seconds(5));
        assert_eq!(config.exec[0].origin.to_string(), "config/dateline.toml:6");
        assert!(config.check_trust().is_err());
    }

    #[test]
    fn programs_are_checked_like_everything_else() {
        let (message, _) = refused("[[processor.exec]]\nname = \"x\"\ncommand = []\n");
        assert_eq!(message, "config/dateline.toml:3: `processor.exec.0.command`: names no program");
        let (message, hint) = refused("[[processor.exec]]\nname = \"x\"\ncomand = [\"y\"]\n");
        assert_eq!(message, "config/dateline.toml:3: unknown key `processor.exec.0.comand`");
        assert_eq!(hint.as_deref(), Some("did you mean `command`?"));
        let (message, _) = refused("[processor]\nexec = 3\n");
        assert!(message.contains("must be written as [[processor.exec]]"), "{message}");
        let (message, _) = refused("[processor]\ndating = 3\n");
        assert_eq!(message, "config/dateline.toml:2: `processor.dating`: must be a table");
    }

    #[test]
    fn the_file_decides_where_state_is_by_default() {
        let place = tempfile::tempdir().unwrap();
        let (home, system) = (place.path().join("home"), place.path().join("etc"));
        for directory in [home.join(".config/dateline"), system.join("dateline")] {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join("dateline.toml"), "").unwrap();
        }
        let state = |environment: &Environment| load(&Overrides::default(), environment).unwrap().state;
        let installed = Environment::at(place.path()).with_system(&system);
        assert_eq!(state(&installed), Path::new("/var/lib/dateline"));
        let user = installed.clone().with("HOME", &home);
        assert_eq!(state(&user), home.join(".local/state/dateline"));
        assert_eq!(state(&user.clone().with("XDG_STATE_HOME", "/s")), Path::new("/s/dateline"));
        let named = user.with("DATELINE_CONFIG", home.join(".config/dateline/dateline.toml"));
        assert_eq!(state(&named), place.path().join(".dateline"));
    }

    #[test]
    fn a_named_file_must_exist() {
        let overrides = Overrides { config: Some("none.toml".into()), ..Overrides::default() };
        let error = load(&overrides, &Environment::at("/nonexistent")).unwrap_err();
        assert!(matches!(error.fault, Fault::Read { .. }));
        assert_eq!(error.to_string(), "configuration `/nonexistent/none.toml` cannot be read");
    }

    #[test]
    fn damaged_files_never_panic() {
        let good = crate::render_default().replace("# ", "");
        let place = place("");
        let environment = Environment::at(place.path());
        for cut in (0..good.len()).step_by(97).filter(|cut| good.is_char_boundary(*cut)) {
            std::fs::write(place.path().join("config/dateline.toml"), &good[..cut]).unwrap();
            if let Err(error) = load(&Overrides::default(), &environment) {
                assert!(error.to_string().starts_with("config/dateline.toml"), "{error}");
            }
        }
    }
}
