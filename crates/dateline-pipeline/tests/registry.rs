//! The registry: sections, defaults, schemas and mistakes in the configuration.

use dateline_pipeline::processor::core::{FacetKind, Layer, LayerCheck};
use dateline_pipeline::processor::{
    Annotator, BuildAnnotator, BuildError, Descriptor, DocumentView, Output, ProcessError, ProcessorConfig,
    ResourceRequest, Resources, schemars,
};
use dateline_pipeline::{ChainError, ProcessorTables, Registry, SectionKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
struct ToneLayer(String);

impl Layer for ToneLayer {
    const NAME: &'static str = "org.example.tone";
    const SCHEMA: u32 = 1;

    fn check(&self, _: &str) -> LayerCheck {
        Ok(())
    }
}

macro_rules! section {
    ($config:ident, $annotator:ident, $section:literal, $name:literal, $declare:expr) => {
        #[derive(Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        #[schemars(crate = "dateline_pipeline::processor::schemars")]
        struct $config {
            /// How many words to look at.
            word_count: u32,
            /// Where the words are listed.
            list: String,
        }

        impl Default for $config {
            fn default() -> Self {
                Self { word_count: 10, list: "tone/*.toml".to_owned() }
            }
        }

        impl ProcessorConfig for $config {
            const SECTION: &'static str = $section;

            fn resources(&self) -> Vec<ResourceRequest> {
                vec![ResourceRequest { pattern: self.list.clone(), required: false }]
            }
        }

        struct $annotator(Descriptor);

        impl Annotator for $annotator {
            fn descriptor(&self) -> &Descriptor {
                &self.0
            }

            fn annotate(&self, _: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError> {
                let _ = output;
                Ok(())
            }
        }

        impl BuildAnnotator for $annotator {
            type Config = $config;

            fn build(config: $config, _: &Resources) -> Result<Self, BuildError> {
                if config.word_count == 0 {
                    return Err(BuildError::new("`word-count` is 0"));
                }
                let declare: fn(Descriptor) -> Descriptor = $declare;
                Ok(Self(declare(Descriptor::new($name, 1, "tone"))))
            }
        }
    };
}

section!(ToneConfig, Tone, "tone", "tone", |descriptor| descriptor.assigns::<ToneLayer>());
section!(MoodConfig, Mood, "mood", "mood", |descriptor| descriptor.requires::<ToneLayer>());
section!(OddConfig, Odd, "odd", "even", |descriptor| descriptor);
section!(ExecConfig, Exec, "exec", "exec", |descriptor| descriptor);
section!(DatedConfig, Dated, "dated", "dated", |descriptor| descriptor.facet("date", FacetKind::Date, "when"));

fn registry() -> Registry {
    Registry::default().annotator::<Mood>().annotator::<Tone>()
}

fn tables(name: &str, options: Value) -> ProcessorTables {
    BTreeMap::from([(name.to_owned(), options)])
}

fn message(registry: &Registry, tables: &ProcessorTables) -> String {
    let error: ChainError = registry.build(tables, &BTreeMap::new()).expect_err("refused");
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

#[test]
fn a_chain_is_built_in_order_with_resolved_options() {
    let chain = registry().build(&tables("tone", json!({"word-count": 3})), &BTreeMap::new()).expect("builds");
    assert_eq!(chain.descriptors().map(Descriptor::name).collect::<Vec<_>>(), ["tone", "mood"]);
    assert_eq!(chain.options("tone"), Some(&json!({"word-count": 3, "list": "tone/*.toml"})));
    let same = registry().build(&tables("tone", json!({"word-count": 3})), &BTreeMap::new()).expect("builds");
    let other = registry().build(&BTreeMap::new(), &BTreeMap::new()).expect("builds");
    assert_eq!(chain.fingerprint(), same.fingerprint());
    assert_ne!(chain.fingerprint(), other.fingerprint());
    let defaults = registry().build(&tables("tone", json!({"word-count": 10})), &BTreeMap::new()).expect("builds");
    assert_eq!(defaults.fingerprint(), other.fingerprint(), "a default written out is no change");
}

#[test]
fn sections_show_defaults_and_documented_schemas() {
    let registry = registry();
    let sections = registry.sections();
    assert_eq!(sections.iter().map(|section| section.name).collect::<Vec<_>>(), ["mood", "tone"]);
    assert_eq!(sections[1].kind, SectionKind::Annotator);
    assert_eq!(sections[1].defaults, json!({"word-count": 10, "list": "tone/*.toml"}));
    assert_eq!(sections[1].schema["properties"]["word-count"]["description"], "How many words to look at.");
    let requests = registry.requests(&tables("mood", json!({"list": "x.toml"}))).expect("valid");
    assert_eq!(requests["mood"][0].pattern, "x.toml");
    assert_eq!(requests["tone"][0].pattern, "tone/*.toml");
}

#[test]
fn mistakes_name_the_section() {
    assert_eq!(
        message(&registry(), &tables("tonne", json!({}))),
        "no processor is called `tonne`; did you mean `tone`?"
    );
    assert_eq!(message(&registry(), &tables("weather", json!({}))), "no processor is called `weather`");
    let unknown = message(&registry(), &tables("tone", json!({"words": 3})));
    assert!(unknown.starts_with("options of processor `tone` are wrong: unknown field `words`"), "{unknown}");
    assert_eq!(
        message(&registry(), &tables("tone", json!({"word-count": 0}))),
        "processor `tone` cannot start: `word-count` is 0"
    );
    assert!(message(&registry(), &tables("tone", json!({"enabled": 3}))).starts_with("options of processor `tone`"));
    assert_eq!(
        message(&Registry::default().annotator::<Odd>(), &BTreeMap::new()),
        "processor of section `odd` calls itself `even`"
    );
}

/// Options with one that is the engine's.
#[derive(Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(crate = "dateline_pipeline::processor::schemars")]
struct SwitchedConfig {
    /// Whether it runs.
    enabled: bool,
}

impl ProcessorConfig for SwitchedConfig {
    const SECTION: &'static str = "switched";
}

struct Switched(Descriptor);

impl Annotator for Switched {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn annotate(&self, _: &DocumentView<'_>, _: &mut Output<'_>) -> Result<(), ProcessError> {
        Ok(())
    }
}

impl BuildAnnotator for Switched {
    type Config = SwitchedConfig;

    fn build(_: SwitchedConfig, _: &Resources) -> Result<Self, BuildError> {
        Ok(Self(Descriptor::new("switched", 1, "")))
    }
}

#[test]
fn names_that_mean_something_else_are_refused() {
    assert_eq!(
        message(&Registry::default().annotator::<Exec>(), &BTreeMap::new()),
        "no processor can be called `exec`: the configuration has that name for something else"
    );
    assert_eq!(
        message(&Registry::default().annotator::<Dated>(), &BTreeMap::new()),
        "facet `date` of processor `dated` has the name of a query field; call it something else"
    );
    assert_eq!(
        message(&Registry::default().annotator::<Switched>(), &BTreeMap::new()),
        "processor `switched` has an option `enabled`, which every section has already: the engine reads it"
    );
}

#[test]
fn a_processor_can_be_left_out() {
    let chain = registry().build(&tables("mood", json!({"enabled": false})), &BTreeMap::new()).expect("builds");
    assert_eq!(chain.descriptors().map(Descriptor::name).collect::<Vec<_>>(), ["tone"]);
    assert_eq!(
        message(&registry(), &tables("tone", json!({"enabled": false}))),
        "processor `mood` needs layer `org.example.tone`, which no processor writes"
    );
}
