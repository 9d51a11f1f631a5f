//! The kernel's limits on inotify, for a diagnosis. Reads them; raises none.

use std::path::Path;

/// Where the kernel shows them.
const LIMITS_DIRECTORY: &str = "/proc/sys/fs/inotify";

/// The limits, each per user; `None` where the kernel does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InotifyLimits {
    /// Watches, that is directories, over all of the user's programs.
    pub user_watches: Option<u64>,
    /// Programs (rather, their event queues) that can watch at once.
    pub user_instances: Option<u64>,
    /// Events that one queue holds before it overflows.
    pub queued_events: Option<u64>,
}

impl InotifyLimits {
    /// The limits of the running kernel.
    #[must_use]
    pub fn read() -> InotifyLimits {
        InotifyLimits::read_from(Path::new(LIMITS_DIRECTORY))
    }

    fn read_from(directory: &Path) -> InotifyLimits {
        let limit = |name: &str| std::fs::read_to_string(directory.join(name)).ok()?.trim().parse().ok();
        InotifyLimits {
            user_watches: limit("max_user_watches"),
            user_instances: limit("max_user_instances"),
            queued_events: limit("max_queued_events"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InotifyLimits;

    #[test]
    fn limits_that_can_not_be_read_are_unknown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("max_user_watches"), "8192\n").unwrap();
        std::fs::write(folder.path().join("max_queued_events"), "many\n").unwrap();
        let expected = InotifyLimits { user_watches: Some(8_192), ..InotifyLimits::default() };
        assert_eq!(InotifyLimits::read_from(folder.path()), expected);
    }
}
