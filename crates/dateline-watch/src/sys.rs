//! Opening below a directory without leaving it, and asking what a file system is. No policy, no state.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, Result};

use crate::error::FileKind;
use crate::identity::{FileIdentity, RootIdentity};

/// The kernel takes no longer path in one call, in bytes; longer ones are walked in pieces.
const PATH_BYTES_MAX: usize = 4_000;

/// Whether symbolic links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Never, in no component.
    Refuse,
    /// Anywhere, out of the root too.
    Follow,
}

impl Links {
    pub(crate) fn from_option(follow_symlinks: bool) -> Links {
        if follow_symlinks { Links::Follow } else { Links::Refuse }
    }
}

/// Opens `path` below `root`. The path must be made of names: no empty, `.` or `..` component.
pub(crate) fn open_beneath(root: impl AsFd, path: &[u8], flags: OFlags, links: Links) -> Result<OwnedFd> {
    if path.split(|byte| *byte == b'/').any(|name| matches!(name, b"" | b"." | b"..")) || path.contains(&0) {
        return Err(Errno::INVAL);
    }
    let mut directory: Option<OwnedFd> = None;
    let mut rest = path;
    while rest.len() > PATH_BYTES_MAX {
        let cut = rest[..PATH_BYTES_MAX].iter().rposition(|byte| *byte == b'/').ok_or(Errno::NAMETOOLONG)?;
        let at = directory.as_ref().map_or(root.as_fd(), AsFd::as_fd);
        directory = Some(open_piece(at, &rest[..cut], OFlags::PATH | OFlags::DIRECTORY, links)?);
        rest = &rest[cut + 1..];
    }
    open_piece(directory.as_ref().map_or(root.as_fd(), AsFd::as_fd), rest, flags, links)
}

fn open_piece(at: BorrowedFd<'_>, path: &[u8], flags: OFlags, links: Links) -> Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    if links == Links::Follow {
        return rustix::fs::openat(at, path, flags, Mode::empty());
    }
    let flags = flags | OFlags::NOFOLLOW;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match rustix::fs::openat2(at, path, flags, Mode::empty(), resolve) {
            // Older kernels lack the call, and some containers' filters forbid it.
            Err(Errno::NOSYS | Errno::PERM) => {}
            result => return result,
        }
    }
    open_by_component(at, path, flags)
}

/// What [`open_piece`] does where the kernel can't do it in one call.
fn open_by_component(at: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let mut directory: Option<OwnedFd> = None;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        let here = directory.as_ref().map_or(at, AsFd::as_fd);
        if names.peek().is_none() {
            return rustix::fs::openat(here, name, flags, Mode::empty());
        }
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        directory = Some(match rustix::fs::openat(here, name, step, Mode::empty()) {
            Err(Errno::NOTDIR) if is_link(here, name) => return Err(Errno::LOOP),
            result => result?,
        });
    }
    Err(Errno::INVAL)
}

fn is_link(at: BorrowedFd<'_>, name: &[u8]) -> bool {
    rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// What the mode says the file is; `None` for a regular file.
pub(crate) fn kind_of(stat: &Stat) -> Option<FileKind> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some(FileKind::Directory),
        FileType::Symlink => Some(FileKind::Link),
        FileType::Fifo => Some(FileKind::Fifo),
        FileType::Socket => Some(FileKind::Socket),
        FileType::CharacterDevice | FileType::BlockDevice => Some(FileKind::Device),
        _ => Some(FileKind::Unknown),
    }
}

#[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // field types differ between architectures
pub(crate) fn file_identity(stat: &Stat) -> FileIdentity {
    let nanoseconds = |seconds: i64, part: i64| seconds.saturating_mul(1_000_000_000).saturating_add(part);
    FileIdentity {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        size: stat.st_size as u64,
        mtime_ns: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
    }
}

#[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // field types differ between architectures
pub(crate) fn root_identity(stat: &Stat) -> RootIdentity {
    RootIdentity { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
}

/// The name of the network file system a directory is on, where changes made by others give no events.
pub(crate) fn network_file_system(directory: impl AsFd) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        let magic = rustix::fs::fstatfs(directory).ok()?.f_type as u64 & 0xffff_ffff;
        network_name(magic)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = directory;
        None
    }
}

/// Magic numbers of statfs(2). FUSE is among them: what lies behind it is unknown (sshfs, cloud drives, virtiofs).
fn network_name(magic: u64) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "nfs",
        0x517b => "smb",
        0xff53_4d42 => "cifs",
        0xfe53_4d42 => "smb2",
        0x6573_5546 => "fuse",
        0x0102_1997 => "9p",
        0x00c3_6400 => "ceph",
        0x5346_414f | 0x6b41_4653 => "afs",
        0x7375_7245 => "coda",
        0x564c => "ncp",
        0x0bd0_0bd0 => "lustre",
        0x7461_636f => "ocfs2",
        0x0116_1970 => "gfs2",
        0x4750_4653 => "gpfs",
        0x786f_4256 => "vboxsf",
        0xbacb_acbc => "vmhgfs",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Links, network_name, open_beneath, open_by_component};
    use rustix::fd::AsFd;
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    #[test]
    fn network_file_systems_are_known_by_their_magic() {
        assert_eq!(network_name(0x6969), Some("nfs"));
        assert_eq!(network_name(0x0102_1997), Some("9p"));
        assert_eq!(network_name(0xef53), None, "ext4");
        assert_eq!(network_name(0x0102_1994), None, "tmpfs");
        assert_eq!(network_name(0x794c_7630), None, "overlay");
    }

    #[test]
    fn both_ways_of_opening_stay_below_the_root() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("root/sub")).unwrap();
        std::fs::write(folder.path().join("root/sub/file"), "in").unwrap();
        std::fs::write(folder.path().join("outside"), "out").unwrap();
        std::os::unix::fs::symlink("../outside", folder.path().join("root/link")).unwrap();
        std::os::unix::fs::symlink("sub", folder.path().join("root/inner")).unwrap();
        let root = rustix::fs::open(folder.path().join("root"), OFlags::PATH, Mode::empty()).unwrap();

        let flags = OFlags::RDONLY | OFlags::NOFOLLOW;
        for open in [
            &(|path: &[u8]| open_beneath(&root, path, flags, Links::Refuse)) as &dyn Fn(&[u8]) -> _,
            &|path: &[u8]| open_by_component(root.as_fd(), path, flags),
        ] {
            assert!(open(b"sub/file").is_ok());
            assert_eq!(open(b"link").unwrap_err(), Errno::LOOP);
            assert_eq!(open(b"inner/file").unwrap_err(), Errno::LOOP);
            assert_eq!(open(b"sub/nothing").unwrap_err(), Errno::NOENT);
        }
        for path in [b"../outside".as_slice(), b"sub/../sub/file", b"", b"sub//file", b"./sub", b"/etc", b"a\0b"] {
            let refused = open_beneath(&root, path, flags, Links::Refuse).unwrap_err();
            assert_eq!(refused, Errno::INVAL, "{}", path.escape_ascii());
        }
        assert!(open_beneath(&root, b"inner/file", OFlags::RDONLY, Links::Follow).is_ok());
    }
}
