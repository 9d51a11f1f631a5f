//! The watched folder as something to read from: relative, without links, regular files only. Watches nothing.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dateline_core::SourcePath;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::{FileKind, ReadError, ReadErrorKind, WatchError};
use crate::identity::{FileIdentity, RootIdentity};
use crate::options::{ReadLimits, WatchOptions};
use crate::sys::{self, Links};

/// The watched folder. Cheap to clone.
///
/// It holds no open directory, so that it never keeps a disk from being unmounted; and it always means the directory
/// that is at the path now, so that it outlives the root's being removed and made again.
#[derive(Clone, Debug)]
pub struct Root {
    path: Arc<Path>,
    links: Links,
}

/// A file's bytes, and the state of the file that they are the content of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StableFile {
    /// Where it is.
    pub path: SourcePath,
    /// Its state before and after reading, which was the same.
    pub identity: FileIdentity,
    /// All of its content.
    pub bytes: Vec<u8>,
}

impl Root {
    /// The folder at `path`, without following symbolic links below it.
    ///
    /// # Errors
    ///
    /// When it does not exist, is not a directory or can't be listed.
    pub fn open(path: impl AsRef<Path>) -> Result<Root, WatchError> {
        Root::open_with(&WatchOptions::new(path.as_ref()))
    }

    /// The root of `options`, following symbolic links as these say.
    ///
    /// # Errors
    ///
    /// When it does not exist, is not a directory or can't be listed.
    pub fn open_with(options: &WatchOptions) -> Result<Root, WatchError> {
        let root = Root::unchecked(options)?;
        let at = || options.root.clone();
        match rustix::fs::open(&*root.path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(_) => Ok(root),
            Err(Errno::NOTDIR) => Err(WatchError::NotADirectory { path: at() }),
            Err(errno) => Err(WatchError::Root { path: at(), source: errno.into() }),
        }
    }

    /// The root of `options`, which need not exist now: as long as it does not, nothing in it does.
    ///
    /// # Errors
    ///
    /// When its path is relative and the current directory is gone.
    pub fn unchecked(options: &WatchOptions) -> Result<Root, WatchError> {
        let path: PathBuf = std::path::absolute(&options.root)
            .map_err(|source| WatchError::Root { path: options.root.clone(), source })?;
        Ok(Root { path: path.into(), links: Links::from_option(options.follow_symlinks) })
    }

    /// Its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which directory is at the path now.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn identity(&self) -> std::io::Result<RootIdentity> {
        let directory = self.directory()?;
        Ok(sys::root_identity(&rustix::fs::fstat(directory)?))
    }

    /// The state of a regular file, without opening it.
    ///
    /// # Errors
    ///
    /// When it is not there, not a regular file, or can't be looked at.
    pub fn stat(&self, path: &SourcePath) -> Result<FileIdentity, ReadError> {
        let stat = self.look(path.as_bytes()).map_err(|errno| ReadError::from_errno(path, errno))?;
        match sys::kind_of(&stat) {
            None => Ok(sys::file_identity(&stat)),
            Some(kind) => Err(ReadError::new(path, ReadErrorKind::NotRegular { kind })),
        }
    }

    /// Reads a regular file whole, if it holds still meanwhile.
    ///
    /// FIFOs, sockets and devices are not opened. A file that is written to between the first look and the last gives
    /// [`ReadErrorKind::Changing`]: hand it to [`crate::Watcher::settle`].
    ///
    /// # Errors
    ///
    /// When it is not there, not a regular file, too large, changing, or can't be read.
    pub fn read(&self, path: &SourcePath, limits: ReadLimits) -> Result<StableFile, ReadError> {
        let before = self.stat(path)?;
        refuse_large(path, before.size, limits)?;
        let file = self.open_file(path.as_bytes()).map_err(|errno| ReadError::from_errno(path, errno))?;
        let opened = regular(path, &file)?;
        if !opened.same_file(&before) {
            // Replaced since: the newcomer may be still being written, so it has to settle like any other.
            return Err(ReadError::new(path, ReadErrorKind::Changing));
        }
        refuse_large(path, opened.size, limits)?;

        let mut file = std::fs::File::from(file);
        // One byte more than the size, so that the end is seen without growing the buffer.
        let mut bytes = Vec::with_capacity(usize::try_from(opened.size).unwrap_or(0).saturating_add(1));
        Read::by_ref(&mut file).take(opened.size.saturating_add(1)).read_to_end(&mut bytes).map_err(|cause| {
            let kind = ReadErrorKind::Io;
            ReadError { path: path.clone(), kind, cause: Some(cause) }
        })?;
        let identity = regular(path, &file.into())?;
        if identity != opened || bytes.len() as u64 != identity.size {
            return Err(ReadError::new(path, ReadErrorKind::Changing));
        }
        Ok(StableFile { path: path.clone(), identity, bytes })
    }

    /// The directory itself, for relative look-ups only; drop it soon.
    pub(crate) fn directory(&self) -> rustix::io::Result<OwnedFd> {
        rustix::fs::open(&*self.path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }

    /// Opens a directory below the root, or the root, for listing.
    pub(crate) fn open_directory(&self, path: &SourcePath) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        if path.is_root() {
            return rustix::fs::open(&*self.path, flags, Mode::empty());
        }
        sys::open_beneath(self.directory()?, path.as_bytes(), flags, self.links)
    }

    /// Looks at whatever is at `path`; a final symbolic link is looked at itself unless links are followed.
    pub(crate) fn look(&self, path: &[u8]) -> rustix::io::Result<rustix::fs::Stat> {
        let found = sys::open_beneath(self.directory()?, path, OFlags::PATH, self.links)?;
        rustix::fs::fstat(found)
    }

    pub(crate) fn links(&self) -> Links {
        self.links
    }

    fn open_file(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let root = self.directory()?;
        // Not even access times are written where that can be helped; only a file's owner may ask for it.
        match sys::open_beneath(&root, path, flags | OFlags::NOATIME, self.links) {
            Err(Errno::PERM) => sys::open_beneath(&root, path, flags, self.links),
            result => result,
        }
    }
}

fn refuse_large(path: &SourcePath, size: u64, limits: ReadLimits) -> Result<(), ReadError> {
    let limit = limits.file_bytes_max;
    if size > limit {
        return Err(ReadError::new(path, ReadErrorKind::TooLarge { size, limit }));
    }
    Ok(())
}

fn regular(path: &SourcePath, file: &OwnedFd) -> Result<FileIdentity, ReadError> {
    let stat = rustix::fs::fstat(file).map_err(|errno| ReadError::from_errno(path, errno))?;
    let kind: Option<FileKind> = sys::kind_of(&stat);
    kind.map_or(Ok(sys::file_identity(&stat)), |kind| Err(ReadError::new(path, ReadErrorKind::NotRegular { kind })))
}

#[cfg(test)]
mod tests {
    use super::Root;
    use crate::error::{FileKind, ReadErrorKind, WatchError};
    use crate::options::ReadLimits;
    use dateline_core::SourcePath;

    const LIMITS: ReadLimits = ReadLimits { file_bytes_max: 1_000 };

    fn kind(root: &Root, path: impl Into<Vec<u8>>) -> ReadErrorKind {
        root.read(&SourcePath::new(path), LIMITS).unwrap_err().kind
    }

    #[test]
    fn only_regular_files_below_the_root_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/a.txt"), "hello").unwrap();
        std::os::unix::fs::symlink("sub/a.txt", at("link")).unwrap();
        std::os::unix::fs::symlink("/etc", at("etc")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let root = Root::open(folder.path()).unwrap();

        let read = root.read(&SourcePath::new("sub/a.txt"), LIMITS).unwrap();
        assert_eq!(read.bytes, b"hello");
        assert_eq!(read.identity, root.stat(&read.path).unwrap());
        let not = |kind| ReadErrorKind::NotRegular { kind };
        assert_eq!(kind(&root, "sub"), not(FileKind::Directory));
        assert_eq!(kind(&root, "link"), not(FileKind::Link));
        assert_eq!(kind(&root, "etc/passwd"), not(FileKind::Link));
        assert_eq!(kind(&root, "socket"), not(FileKind::Socket));
        assert_eq!(kind(&root, "fifo"), not(FileKind::Fifo));
        assert_eq!(kind(&root, "none"), ReadErrorKind::Missing);
        assert_eq!(kind(&root, "sub/a.txt/b"), ReadErrorKind::Missing);
        assert_eq!(kind(&root, "sub/../../x"), ReadErrorKind::InvalidPath);
        assert_eq!(kind(&root, ""), ReadErrorKind::InvalidPath);
    }

    #[test]
    fn sizes_are_capped_at_the_limit_and_sparse_files_count_by_size() {
        let folder = tempfile::tempdir().unwrap();
        for size in [999_u64, 1_000, 1_001, 3 << 30] {
            let file = std::fs::File::create(folder.path().join(size.to_string())).unwrap();
            file.set_len(size).unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        let read = |size: u64| root.read(&SourcePath::new(size.to_string()), LIMITS);
        assert_eq!(read(999).unwrap().bytes.len(), 999);
        assert_eq!(read(1_000).unwrap().bytes.len(), 1_000);
        assert_eq!(read(1_001).unwrap_err().kind, ReadErrorKind::TooLarge { size: 1_001, limit: 1_000 });
        let error = read(3 << 30).unwrap_err();
        assert_eq!(error.to_string(), "`3221225472` has 3221225472 bytes, more than the limit of 1000");
    }

    #[test]
    fn names_are_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        for name in [b"\xff\xfe.txt".as_slice(), b"new\nline", b"\x1b[31m", b" ", "Ky\u{ef}v".as_bytes()] {
            std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
            assert_eq!(root.read(&SourcePath::new(name), LIMITS).unwrap().bytes, name);
        }
    }

    #[test]
    fn a_root_that_is_missing_or_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let missing = Root::open(folder.path().join("none")).unwrap_err();
        assert!(matches!(missing, WatchError::Root { .. }), "{missing}");
        let file = Root::open(folder.path().join("file")).unwrap_err();
        assert!(matches!(file, WatchError::NotADirectory { .. }), "{file}");
    }
}
