//! Space on the state's disk: the reserve that makes intake pause, and the ballast file that can be given up.

use crate::error::{CommitPause, StoreError};
use crate::files::io;
use crate::limits::BALLAST_BYTES;
use crate::lock::StateDir;
use crate::options::StoreOptions;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use std::fs::File;
use std::path::Path;

/// Bytes free for us on the disk of a directory; `None` when the system does not say.
pub(crate) fn free(path: &Path) -> Option<u64> {
    let disk = statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether there is room for a commit.
pub(crate) fn check(directory: &StateDir, options: &StoreOptions) -> Result<(), CommitPause> {
    let reserve = options.reserve_bytes;
    match free(directory.path()) {
        Some(free) if free < reserve => Err(CommitPause { free, reserve }),
        _ => Ok(()),
    }
}

/// Makes the ballast file where it is missing and there is room enough.
pub(crate) fn keep_ballast(directory: &StateDir, options: &StoreOptions) -> Result<(), StoreError> {
    let path = directory.ballast();
    let is_whole = std::fs::metadata(&path).is_ok_and(|file| file.len() >= BALLAST_BYTES);
    let needed = options.reserve_bytes.saturating_add(BALLAST_BYTES);
    if !options.ballast || is_whole || free(directory.path()).is_none_or(|free| free < needed) {
        return Ok(());
    }
    let file = File::create(&path).map_err(io(&path, "created"))?;
    // A file system that cannot set blocks aside has no use for ballast.
    if fallocate(&file, FallocateFlags::empty(), 0, BALLAST_BYTES).is_err() {
        std::fs::remove_file(&path).map_err(io(&path, "removed"))?;
        return Ok(());
    }
    file.sync_all().map_err(io(&path, "synced"))
}

/// Gives up the ballast file when the disk is full; says whether there was one.
pub(crate) fn give_up_ballast(directory: &StateDir) -> bool {
    let is_full = free(directory.path()).is_some_and(|free| free < BALLAST_BYTES);
    is_full && std::fs::remove_file(directory.ballast()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{check, free, give_up_ballast, keep_ballast};
    use crate::{BALLAST_BYTES, StateDir, StoreOptions};

    #[test]
    fn a_commit_pauses_under_the_reserve_and_not_above() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::new(home.path());
        let free = free(home.path()).unwrap();
        let with = |reserve_bytes| StoreOptions { reserve_bytes, ..StoreOptions::default() };
        assert!(check(&state, &with(free / 2)).is_ok());
        let pause = check(&state, &with(u64::MAX)).unwrap_err();
        assert_eq!(pause.reserve, u64::MAX);
    }

    #[test]
    fn ballast_takes_real_blocks_and_stays_while_there_is_room() {
        use std::os::unix::fs::MetadataExt;
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::new(home.path());
        keep_ballast(&state, &StoreOptions::default()).unwrap();
        let file = std::fs::metadata(state.ballast()).unwrap();
        assert_eq!(file.len(), BALLAST_BYTES);
        assert!(file.blocks() * 512 >= BALLAST_BYTES);
        assert!(!give_up_ballast(&state), "the disk of this test is not full");
        assert!(state.ballast().exists());
    }
}
