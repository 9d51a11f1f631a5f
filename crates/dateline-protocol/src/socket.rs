//! Where the socket of a state directory is: known to both sides from the state directory alone. Opens nothing.

use dateline_core::ContentHash;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Name of the socket inside the state directory.
pub const SOCKET_NAME: &str = "dateline.sock";
/// Longest path a Unix socket may have on Linux, in bytes, without the closing NUL.
pub const SOCKET_PATH_BYTES_MAX: usize = 107;

/// The socket of a state directory: `STATE/dateline.sock`, or, where that path is too long for a socket,
/// `$XDG_RUNTIME_DIR/dateline/HASH.sock` (`/run/user/UID` or `/tmp/dateline-UID` without that variable).
///
/// The state directory is made absolute first, links resolved where it exists, so that both sides find the same place.
#[must_use]
pub fn socket_path(state: &Path) -> PathBuf {
    let absolute = std::fs::canonicalize(state).or_else(|_| std::path::absolute(state));
    let state = absolute.unwrap_or_else(|_| state.to_owned());
    socket_path_in(&state, &runtime_directory())
}

/// As [`socket_path`], from an absolute state directory and the directory for sockets that need a shorter path.
#[must_use]
pub fn socket_path_in(state: &Path, runtime: &Path) -> PathBuf {
    let beside = state.join(SOCKET_NAME);
    if beside.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return beside;
    }
    let hash = ContentHash::of(state.as_os_str().as_bytes()).hex();
    runtime.join("dateline").join(format!("{}.sock", &hash[..16]))
}

fn runtime_directory() -> PathBuf {
    if let Some(directory) = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()) {
        return PathBuf::from(directory);
    }
    let uid = rustix::process::getuid().as_raw();
    let session = PathBuf::from(format!("/run/user/{uid}"));
    if session.is_dir() { session } else { PathBuf::from(format!("/tmp/dateline-{uid}")) }
}

#[cfg(test)]
mod tests {
    use super::{SOCKET_PATH_BYTES_MAX, socket_path_in};
    use std::path::{Path, PathBuf};

    #[test]
    fn the_socket_moves_only_when_its_path_is_too_long() {
        let runtime = Path::new("/run/user/1000");
        assert_eq!(socket_path_in(Path::new("/a/.dateline"), runtime), Path::new("/a/.dateline/dateline.sock"));
        let of_length = |length: usize| PathBuf::from(format!("/{}", "x".repeat(length - "//dateline.sock".len())));
        let longest = of_length(SOCKET_PATH_BYTES_MAX);
        assert_eq!(socket_path_in(&longest, runtime), longest.join("dateline.sock"));
        let longer = of_length(SOCKET_PATH_BYTES_MAX + 1);
        let moved = socket_path_in(&longer, runtime);
        assert!(moved.starts_with("/run/user/1000/dateline"), "{moved:?}");
        assert_eq!(moved, socket_path_in(&longer, runtime));
        assert_ne!(moved, socket_path_in(&of_length(SOCKET_PATH_BYTES_MAX + 2), runtime));
    }
}
