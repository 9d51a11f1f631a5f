//! Checks that watched folder and state keep apart. Creates neither.

use crate::{ConfigError, Fault};
use std::path::{Path, PathBuf};

/// Refuses a state directory inside the watched folder, around it, or equal to it, links resolved.
///
/// # Errors
/// [`Fault::Nested`].
pub fn check_places(root: &Path, state: &Path) -> Result<(), ConfigError> {
    let (real_root, real_state) = (real(root), real(state));
    if real_root.starts_with(&real_state) || real_state.starts_with(&real_root) {
        return Err(ConfigError::nowhere(Fault::Nested { root: root.to_owned(), state: state.to_owned() }));
    }
    Ok(())
}

/// The path with links resolved as far as it exists.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for existing in absolute.ancestors() {
        if let Ok(real) = existing.canonicalize() {
            let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
            return real.join(rest);
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::check_places;

    #[test]
    fn neither_lies_inside_the_other_not_even_by_a_link() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        std::fs::create_dir_all(root.join("deep")).unwrap();
        std::os::unix::fs::symlink(root.join("deep"), place.path().join("link")).unwrap();
        assert!(check_places(&root, &place.path().join("state")).is_ok());
        assert!(check_places(&root, &place.path().join("root-state")).is_ok());
        for state in ["root", "root/state", "", "link/state"] {
            assert!(check_places(&root, &place.path().join(state)).is_err(), "{state}");
        }
    }
}
