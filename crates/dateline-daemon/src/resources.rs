//! Reads the files that processors ask for: once, bounded, hashed by the contract's own type.

use dateline_pipeline::{ProcessorTables, Registry};
use dateline_processor::{Resource, ResourceRequest, Resources};
use globset::Glob;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Largest single resource, in bytes.
const RESOURCE_BYTES_MAX: u64 = 64 << 20;
/// Files one pattern may match.
const RESOURCES_MAX: usize = 1_000;

/// Why a processor's files could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResourceError {
    /// The pattern is no glob.
    #[error("pattern `{pattern}` of processor `{processor}` is no glob")]
    Pattern {
        processor: String,
        pattern: String,
        #[source]
        source: globset::Error,
    },
    /// Nothing matched a required pattern.
    #[error("processor `{processor}` needs `{}`, and nothing is there", path.display())]
    Missing { processor: String, path: PathBuf },
    /// A file cannot be read.
    #[error("file `{}` of processor `{processor}` could not be read", path.display())]
    Read {
        processor: String,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file or a pattern is beyond the limits.
    #[error("`{}` of processor `{processor}` is too large", path.display())]
    TooLarge { processor: String, path: PathBuf },
    /// A section is wrong.
    #[error("processors are not configured rightly")]
    Chain(#[source] dateline_pipeline::ChainError),
}

/// The files of every enabled processor, by processor. Patterns are relative to `directory`.
pub(crate) fn read(
    registry: &Registry,
    tables: &ProcessorTables,
    directory: &Path,
) -> Result<BTreeMap<String, Resources>, ResourceError> {
    let requests = registry.requests(tables).map_err(ResourceError::Chain)?;
    let mut found = BTreeMap::new();
    for (processor, requests) in requests {
        let mut files = Vec::new();
        for request in requests {
            files.extend(read_one(&processor, &request, directory)?);
        }
        found.insert(processor, Resources::new(files));
    }
    Ok(found)
}

fn read_one(processor: &str, request: &ResourceRequest, directory: &Path) -> Result<Vec<Resource>, ResourceError> {
    let processor = processor.to_owned();
    let (folder, name) = match request.pattern.rsplit_once('/') {
        Some((folder, name)) => (directory.join(folder), name),
        None => (directory.to_owned(), request.pattern.as_str()),
    };
    let glob = Glob::new(name).map_err(|source| {
        let pattern = request.pattern.clone();
        ResourceError::Pattern { processor: processor.clone(), pattern, source }
    })?;
    let matcher = glob.compile_matcher();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.retain(|path| path.file_name().is_some_and(|name| matcher.is_match(name)) && path.is_file());
    paths.sort();
    if paths.is_empty() && request.required {
        return Err(ResourceError::Missing { processor, path: directory.join(&request.pattern) });
    }
    if paths.len() > RESOURCES_MAX {
        return Err(ResourceError::TooLarge { processor, path: folder });
    }
    paths.into_iter().map(|path| read_file(&processor, path, directory)).collect()
}

fn read_file(processor: &str, path: PathBuf, directory: &Path) -> Result<Resource, ResourceError> {
    let processor = processor.to_owned();
    let size = std::fs::metadata(&path).map(|metadata| metadata.len()).unwrap_or(0);
    if size > RESOURCE_BYTES_MAX {
        return Err(ResourceError::TooLarge { processor, path });
    }
    let bytes = std::fs::read(&path);
    let bytes = bytes.map_err(|source| ResourceError::Read { processor, path: path.clone(), source })?;
    // Relative, so that moving an installation changes no key.
    let shown = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
    Ok(Resource { path: shown, bytes })
}
