//! The contract between dateline and a processor: all that a processor author needs, and nothing else.
//!
//! An [`Annotator`] is a pure function from a document and the layers it requires to the layers and facets it assigns.
//! An [`Indexer`] folds the ordered change log into a derived, rebuildable index. Neither sees the store, a path it did
//! not declare, a clock, the network or another document. What runs them is not here: see `dateline-pipeline`.

mod annotator;
mod codec;
mod config;
mod descriptor;
mod error;
mod indexer;
mod resource;
mod view;

pub use annotator::{Annotator, BuildAnnotator};
pub use codec::{CodecError, LAYER_BYTES_MAX, LayerSpec, LayerValue};
pub use config::ProcessorConfig;
pub use descriptor::{Descriptor, FacetSpec, Input, LayerRef, Limits, QUERY_FIELDS};
pub use error::{BuildError, IndexError, ProcessError};
pub use indexer::{
    BuildIndexer, Change, Indexer, IndexerHome, RevisionView, TABLE_KEY_BYTES_MAX, TABLE_VALUE_BYTES_MAX, Table,
    check_sizes,
};
pub use resource::{Resource, ResourceRequest, Resources};
pub use view::{Deadline, DocumentView, LayerSource, NoDeadline, Output, OutputParts};

pub use dateline_core as core;
pub use schemars;
