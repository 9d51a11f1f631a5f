//! What tells one state of a file, or one root, from another. Values only: nothing here looks at the disk.

/// One state of one file: if any field differs, the content may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIdentity {
    /// Number of the device the file is on.
    pub device: u64,
    /// Inode number; with the device it survives a rename.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970; a program can set it to anything.
    pub mtime_ns: i64,
    /// Change time in nanoseconds since 1970; only the kernel sets it.
    pub ctime_ns: i64,
}

impl FileIdentity {
    /// Whether both are states of one file: same device and inode.
    #[must_use]
    pub fn same_file(&self, other: &FileIdentity) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether this state is surely from after `known`. A scan takes its time: a file may have been read since the scan
    /// looked at it, or the scan may have looked while it was being cut short, which shows in the size before it does in
    /// the times. Such a state is a reason to look again, and no proof of a change that nobody told of.
    #[must_use]
    pub fn is_newer_than(&self, known: &FileIdentity) -> bool {
        self.ctime_ns > known.ctime_ns
    }
}

/// Which directory the root is: an unmounted disk leaves an empty directory with another identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootIdentity {
    /// Number of the device.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}
