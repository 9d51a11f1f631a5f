//! Whether a configuration file may name programs to run: standing in a downloaded folder must never run that folder's
//! commands.

use crate::discover::{Discovered, Place};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Permission bits of group and others to write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why a configuration file may not name programs.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It was found below the working directory and not named.
    #[error("`{}` was found below the working directory", .0.display())]
    InDirectory(PathBuf),
    /// It belongs to somebody else.
    #[error("`{}` belongs neither to you nor to root", .0.display())]
    Owner(PathBuf),
    /// Somebody else may write it or its directory.
    #[error("`{}` can be written by others", .0.display())]
    Writable(PathBuf),
    /// It cannot be looked at.
    #[error("`{}` cannot be looked at", .0.display())]
    Unseen(PathBuf, #[source] std::io::Error),
}

/// Checks that a file may name programs: it was named with `--config`, or it lies outside the working directory, belongs
/// to root or the user, and neither it nor its directory can be written by anybody else.
///
/// # Errors
/// Why not.
pub fn check_trust(file: &Discovered, directory: &Path) -> Result<(), Distrust> {
    if file.place == Place::Flag {
        return Ok(());
    }
    let unseen = |error| Distrust::Unseen(file.path.clone(), error);
    let real = file.path.canonicalize().map_err(unseen)?;
    if real.starts_with(directory.canonicalize().map_err(unseen)?) || file.path.starts_with(directory) {
        return Err(Distrust::InDirectory(file.path.clone()));
    }
    for path in [Some(real.as_path()), real.parent()].into_iter().flatten() {
        let metadata = fs::metadata(path).map_err(unseen)?;
        let owner = metadata.uid();
        if owner != 0 && owner != rustix::process::geteuid().as_raw() {
            return Err(Distrust::Owner(path.to_owned()));
        }
        if metadata.permissions().mode() & WRITABLE_BY_OTHERS != 0 {
            return Err(Distrust::Writable(path.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Distrust, check_trust};
    use crate::discover::{Discovered, Place};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_named_or_private_files_are_trusted() {
        let place = tempfile::tempdir().unwrap();
        let (work, home) = (place.path().join("work"), place.path().join("home"));
        for directory in [&work, &home] {
            fs::create_dir(directory).unwrap();
            fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
            fs::write(directory.join("dateline.toml"), "").unwrap();
            fs::set_permissions(directory.join("dateline.toml"), Permissions::from_mode(0o644)).unwrap();
        }
        let found = |directory: &std::path::Path, place| Discovered { path: directory.join("dateline.toml"), place };
        assert!(check_trust(&found(&work, Place::Flag), &work).is_ok());
        assert!(matches!(check_trust(&found(&work, Place::Directory), &work), Err(Distrust::InDirectory(_))));
        assert!(matches!(check_trust(&found(&work, Place::Variable), &work), Err(Distrust::InDirectory(_))));
        assert!(check_trust(&found(&home, Place::User), &work).is_ok());
        fs::set_permissions(home.join("dateline.toml"), Permissions::from_mode(0o664)).unwrap();
        assert!(matches!(check_trust(&found(&home, Place::User), &work), Err(Distrust::Writable(_))));
        fs::set_permissions(home.join("dateline.toml"), Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&home, Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(check_trust(&found(&home, Place::User), &work), Err(Distrust::Writable(_))));
        std::os::unix::fs::symlink(work.join("dateline.toml"), home.join("link.toml")).unwrap();
        let link = Discovered { path: home.join("link.toml"), place: Place::User };
        assert!(matches!(check_trust(&link, &work), Err(Distrust::InDirectory(_))));
    }
}
