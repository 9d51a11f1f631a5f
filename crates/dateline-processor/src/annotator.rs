//! The trait of annotators, and how one is built from its configuration.

use crate::{BuildError, Descriptor, DocumentView, Output, ProcessError, ProcessorConfig, Resources};

/// A pure function: document and required layers in, assigned layers and facets out.
///
/// The same input must give the same bytes, on every machine, thread and day. Content is never an error: something odd
/// in an article is a diagnostic. Time must grow linearly with the text.
pub trait Annotator: Send + Sync {
    /// Name, code version, what it reads and writes, limits; the same on every call.
    fn descriptor(&self) -> &Descriptor;

    /// Annotates one document.
    ///
    /// # Errors
    /// [`ProcessError`] when the processor cannot do its work; it costs this processor and its readers this document.
    fn annotate(&self, document: &DocumentView<'_>, output: &mut Output<'_>) -> Result<(), ProcessError>;
}

/// An annotator that is built from its section of the configuration.
pub trait BuildAnnotator: Annotator + Sized + 'static {
    /// Its section of the configuration.
    type Config: ProcessorConfig;

    /// Builds it. Resources are those the configuration asked for.
    ///
    /// # Errors
    /// [`BuildError`] naming the option or resource that is wrong.
    fn build(config: Self::Config, resources: &Resources) -> Result<Self, BuildError>;
}
