//! Why a chain cannot be built. Mistakes of the program or its configuration; nothing about documents.

use dateline_processor::BuildError;

/// Why a chain cannot be built; every variant names the processors at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A section of the configuration belongs to no processor.
    #[error("no processor is called `{name}`{}", nearest_hint(nearest))]
    UnknownProcessor {
        /// Name of the section.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// A section does not fit the processor's options.
    #[error("options of processor `{processor}` are wrong")]
    Options {
        /// The processor.
        processor: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// A processor could not be built.
    #[error("processor `{processor}` cannot start")]
    Build {
        /// The processor.
        processor: String,
        /// Why.
        #[source]
        source: BuildError,
    },
    /// Two processors have one name.
    #[error("two processors are called `{0}`")]
    SameName(String),
    /// A processor's descriptor and its section differ in name, or a name has odd characters.
    #[error("processor of section `{section}` calls itself `{name}`")]
    Misnamed {
        /// Name of the section.
        section: String,
        /// Name in the descriptor.
        name: String,
    },
    /// Two processors write one layer.
    #[error("layer `{layer}` is written by both `{one}` and `{other}`")]
    TwoWriters {
        /// The layer.
        layer: String,
        /// One writer.
        one: String,
        /// The other.
        other: String,
    },
    /// Two processors emit one facet.
    #[error("facet `{facet}` is emitted by both `{one}` and `{other}`")]
    TwoEmitters {
        /// The facet.
        facet: String,
        /// One emitter.
        one: String,
        /// The other.
        other: String,
    },
    /// A facet that a field of the query language would hide.
    #[error("facet `{facet}` of processor `{processor}` has the name of a query field; call it something else")]
    ReservedFacet {
        /// The facet.
        facet: String,
        /// Who emits it.
        processor: String,
    },
    /// A facet that no query could name.
    #[error("facet `{facet}` of processor `{processor}` has more than lower-case letters, digits and `-`")]
    FacetName {
        /// The facet.
        facet: String,
        /// Who emits it.
        processor: String,
    },
    /// A name that has a meaning of its own in the configuration.
    #[error("no processor can be called `{0}`: the configuration has that name for something else")]
    ReservedName(String),
    /// An option that the engine reads itself.
    #[error("processor `{processor}` has an option `{option}`, which every section has already: the engine reads it")]
    ReservedOption {
        /// The processor.
        processor: String,
        /// The option.
        option: String,
    },
    /// A required layer that no processor writes.
    #[error("processor `{processor}` needs layer `{layer}`, which no processor writes")]
    NoWriter {
        /// Who needs it.
        processor: String,
        /// The layer.
        layer: String,
    },
    /// Reader and writer of a layer were built with different schemas.
    #[error("processor `{reader}` reads schema {wanted} of layer `{layer}`, but `{writer}` writes schema {written}")]
    SchemaMismatch {
        /// The layer.
        layer: String,
        /// Who reads it.
        reader: String,
        /// Who writes it.
        writer: String,
        /// Schema the reader knows.
        wanted: u32,
        /// Schema the writer writes.
        written: u32,
    },
    /// Processors that wait for each other.
    #[error("processors need each other's layers in a circle: {}", circle(processors))]
    Cycle {
        /// The processors along the circle.
        processors: Vec<String>,
    },
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn circle(processors: &[String]) -> String {
    let mut shown: Vec<String> = processors.iter().map(|name| format!("`{name}`")).collect();
    shown.extend(shown.first().cloned());
    shown.join(" -> ")
}
