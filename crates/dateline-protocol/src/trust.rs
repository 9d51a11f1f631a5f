//! Whether a socket's place can be trusted: nobody else may have put the socket there, or may exchange it. Where it lies is
//! in `socket`; who connects is checked by the daemon.

use crate::socket::SOCKET_NAME;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bits of a mode that let others than the owner write (`inode(7)`).
const OTHERS_WRITE: u32 = 0o022;
/// The bit of a directory's mode that keeps users from renaming what is not theirs.
const STICKY: u32 = 0o1000;
/// The bits of a mode that are shown.
const PERMISSIONS: u32 = 0o7777;
/// The system's user.
const ROOT: u32 = 0;

/// Why a socket outside of its state directory is not trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketPlaceError {
    /// Somebody else made the directory, or the link to it.
    #[error("directory for the socket `{path}` belongs to user {owner}, not to user {own}")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        own: u32,
    },
    /// Others may put things into the directory, or take them away.
    #[error("directory for the socket `{path}` can be written by other users (mode {mode:04o})")]
    Writable {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It cannot be looked at, or is no directory.
    #[error("directory for the socket `{path}` cannot be used")]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl SocketPlaceError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "set `XDG_RUNTIME_DIR` to a directory that is yours alone, or choose a state directory with a shorter path, which \
         then holds the socket itself"
    }
}

/// Refuses a socket that another user could have put there, or could exchange.
///
/// One in its state directory is as safe as the state. One in a directory for sockets is safe when only this user can
/// write there, and only this user or the system's can put another directory in its place. A directory that is not there
/// holds no socket, and is no error.
///
/// # Errors
/// [`SocketPlaceError`] with the directory that is not to be trusted.
pub fn check_socket_place(socket: &Path) -> Result<(), SocketPlaceError> {
    if socket.file_name().is_some_and(|name| name == SOCKET_NAME) {
        return Ok(());
    }
    let Some(directory) = socket.parent() else { return Ok(()) };
    let own = rustix::process::geteuid().as_raw();
    if let Some(above) = directory.parent() {
        // A link is whoever's who made it, wherever it leads: both ends are looked at.
        if let Some(link) = look(above, std::fs::symlink_metadata(above))?.filter(Metadata::is_symlink) {
            refuse_foreign(above, &link, own, true)?;
        }
        let Some(found) = look(above, std::fs::metadata(above))? else { return Ok(()) };
        refuse_foreign(above, &found, own, true)?;
        if found.mode() & STICKY == 0 {
            refuse_writable(above, &found)?;
        }
    }
    let Some(found) = look(directory, std::fs::symlink_metadata(directory))? else { return Ok(()) };
    if !found.is_dir() {
        let source = io::ErrorKind::NotADirectory.into();
        return Err(SocketPlaceError::Unusable { path: directory.to_owned(), source });
    }
    refuse_foreign(directory, &found, own, false)?;
    refuse_writable(directory, &found)
}

fn look(path: &Path, found: io::Result<Metadata>) -> Result<Option<Metadata>, SocketPlaceError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SocketPlaceError::Unusable { path: path.to_owned(), source }),
    }
}

fn refuse_foreign(path: &Path, found: &Metadata, own: u32, or_root: bool) -> Result<(), SocketPlaceError> {
    let owner = found.uid();
    if owner == own || (or_root && owner == ROOT) {
        return Ok(());
    }
    Err(SocketPlaceError::Foreign { path: path.to_owned(), owner, own })
}

fn refuse_writable(path: &Path, found: &Metadata) -> Result<(), SocketPlaceError> {
    if found.mode() & OTHERS_WRITE == 0 {
        return Ok(());
    }
    Err(SocketPlaceError::Writable { path: path.to_owned(), mode: found.mode() & PERMISSIONS })
}

#[cfg(test)]
mod tests {
    use super::{SocketPlaceError, check_socket_place};
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    /// A directory that belongs to the system's user, or, to that user, to another one.
    fn foreign(place: &Path) -> std::path::PathBuf {
        if !rustix::process::geteuid().is_root() {
            return "/usr".into();
        }
        let path = place.join("foreign");
        std::fs::create_dir(&path).unwrap();
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        path
    }

    #[test]
    fn only_a_place_of_ones_own_is_trusted() {
        let place = tempfile::tempdir().unwrap();
        let (runtime, directory) = (place.path().join("runtime"), place.path().join("runtime/dateline"));
        let socket = directory.join("0123456789abcdef.sock");
        let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        assert!(check_socket_place(&socket).is_ok(), "where nothing is, nobody listens");
        std::fs::create_dir_all(&directory).unwrap();
        for (above, own, trusted) in [
            (0o700, 0o700, true),
            (0o755, 0o750, true),
            (0o1777, 0o700, true),
            (0o777, 0o700, false),
            (0o700, 0o770, false),
            (0o700, 0o1777, false),
        ] {
            mode(&runtime, above);
            mode(&directory, own);
            let checked = check_socket_place(&socket);
            assert_eq!(checked.is_ok(), trusted, "{above:o} {own:o} {checked:?}");
            assert!(trusted || matches!(checked, Err(SocketPlaceError::Writable { .. })));
        }
        mode(&directory, 0o777);
        assert!(check_socket_place(&directory.join("dateline.sock")).is_ok(), "it is as safe as the state it lies in");
    }

    #[test]
    fn what_another_user_made_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let foreign = foreign(place.path());
        let refused = check_socket_place(&foreign.join("x.sock")).unwrap_err();
        assert!(matches!(&refused, SocketPlaceError::Foreign { path, .. } if *path == foreign), "{refused}");
        assert!(refused.hint().contains("XDG_RUNTIME_DIR"));

        let own = place.path().join("own");
        std::fs::create_dir(&own).unwrap();
        symlink(&own, place.path().join("link")).unwrap();
        let through = |name: &str| check_socket_place(&place.path().join(name).join("x.sock"));
        assert!(through("own").is_ok());
        assert!(
            matches!(through("link"), Err(SocketPlaceError::Unusable { .. })),
            "a link can be made to lead elsewhere"
        );
        if rustix::process::geteuid().is_root() {
            let (inside, link) = (own.join("dateline"), place.path().join("their-link"));
            std::fs::create_dir(&inside).unwrap();
            symlink(&own, &link).unwrap();
            std::os::unix::fs::lchown(&link, Some(65_534), None).unwrap();
            let checked = check_socket_place(&link.join("dateline/x.sock"));
            assert!(matches!(checked, Err(SocketPlaceError::Foreign { .. })), "{checked:?}");
            let under = foreign.join("dateline");
            std::fs::create_dir(&under).unwrap();
            let checked = check_socket_place(&under.join("x.sock"));
            assert!(matches!(checked, Err(SocketPlaceError::Foreign { .. })), "{checked:?}");
        }
    }
}
