//! Opens files below a root so that no name on the way can lead elsewhere.
//!
//! `openat2` does it in one call where the kernel has it (5.6) and lets us; otherwise, and for paths longer than one
//! call takes, every component is opened in turn without following links. A symbolic link anywhere is an error.

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::failure::{Code, Failure};
use crate::system::{self, Meta, OPEN_DIRECTORY, OPEN_FILE};

/// Longest path, without its end, that is given to one call. `PATH_MAX` is 4096 on Linux and 1024 on macOS.
const MAX_CALL_PATH: usize = if cfg!(target_os = "linux") { 4000 } else { 1000 };

/// Set once the kernel, or a sandbox, has refused `openat2`.
static NO_OPENAT2: AtomicBool = AtomicBool::new(!cfg!(target_os = "linux"));

/// Descriptors of absolute root directories.
pub struct Roots {
    roots: Vec<Root>,
}

struct Root {
    path: Vec<u8>,
    fd: OwnedFd,
}

impl Roots {
    /// Opens every root; the first that cannot be opened fails the request.
    pub fn open(paths: &[Vec<u8>]) -> Result<Self, Failure> {
        let roots = paths.iter().map(|path| {
            let fd = open_root(path).map_err(|failure| cannot_open(path, failure))?;
            Ok(Root { path: path.clone(), fd })
        });
        Ok(Roots { roots: roots.collect::<Result<_, Failure>>()? })
    }

    /// Opens a file below a root for reading; the empty path is the root itself. The kind is for the caller to check.
    pub(crate) fn open_file(&self, root: u32, path: &[u8]) -> Result<OwnedFd, Failure> {
        let root = self.root(root)?;
        if path.is_empty() {
            return open_absolute(&root.path, OPEN_FILE);
        }
        check(path)?;
        open_below(root.fd.as_fd(), path, OPEN_FILE)
    }

    /// The directory that holds a file below a root, and the file's name in it.
    pub(crate) fn open_parent(&self, root: u32, path: &[u8]) -> Result<(OwnedFd, CString), Failure> {
        let root = self.root(root)?;
        if path.is_empty() {
            let (parent, name) = split(&root.path);
            let parent = open_absolute(if parent.is_empty() { b"/" } else { parent }, OPEN_DIRECTORY)?;
            return Ok((parent, c_string(if name.is_empty() { b"." } else { name })?));
        }
        check(path)?;
        let (parent, name) = split(path);
        let directory = if parent.is_empty() { b"." } else { parent };
        Ok((open_below(root.fd.as_fd(), directory, OPEN_DIRECTORY)?, c_string(name)?))
    }

    /// Metadata of a root itself.
    pub(crate) fn stat_root(&self, root: u32) -> Result<Meta, Failure> {
        Ok(system::stat_fd(&self.root(root)?.fd)?)
    }

    fn root(&self, root: u32) -> Result<&Root, Failure> {
        let missing = || Failure::new(Code::Io, format!("no root has the index {root}"));
        self.roots.get(root as usize).ok_or_else(missing)
    }
}

/// What an unusable root says, in one line with its path.
pub(crate) fn cannot_open(path: &[u8], failure: Failure) -> Failure {
    let mut shown = String::new();
    crate::text::text_from_bytes(path, &mut shown);
    let hint = "expected a readable directory or file, as a canonical absolute path";
    Failure::new(failure.code, format!("cannot open the root {shown:?}: {}; {hint}", failure.message))
}

/// Opens an absolute path: its last component is never followed; those before it are the caller's choice of root.
pub(crate) fn open_absolute(path: &[u8], flags: OFlags) -> Result<OwnedFd, Failure> {
    if path.first() != Some(&b'/') {
        return Err(Failure::new(Code::Io, "is not an absolute path"));
    }
    if path.len() <= MAX_CALL_PATH {
        return Ok(system::open_at(CWD, &c_string(path)?, flags)?);
    }
    let top = system::open_at(CWD, c"/", OPEN_DIRECTORY)?;
    step_by_step(top.as_fd(), path, flags)
}

fn open_root(path: &[u8]) -> Result<OwnedFd, Failure> {
    let fd = open_absolute(path, root_flags())?;
    // `O_PATH` opens a link itself instead of refusing it.
    if system::stat_fd(&fd)?.file_type() == FileType::Symlink {
        return Err(Failure::symlink());
    }
    Ok(fd)
}

/// Roots are only opened from, which needs no permission to list them.
#[cfg(target_os = "linux")]
fn root_flags() -> OFlags {
    OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW
}

#[cfg(not(target_os = "linux"))]
fn root_flags() -> OFlags {
    OPEN_FILE
}

/// Paths come from a walk, but also from a query: nothing that leads up or ends a C string early.
fn check(path: &[u8]) -> Result<(), Failure> {
    if path.starts_with(b"/") || path.split(|byte| *byte == b'/').any(|part| part == b"..") {
        return Err(Failure::new(Code::Io, "is not a path below the root"));
    }
    Ok(())
}

fn open_below(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Failure> {
    if path.len() <= MAX_CALL_PATH && !NO_OPENAT2.load(Ordering::Relaxed) {
        match open_in_one(root, path, flags) {
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => match step_by_step(root, path, flags) {
                Ok(fd) => {
                    NO_OPENAT2.store(true, Ordering::Relaxed);
                    return Ok(fd);
                }
                failed => return failed,
            },
            // A link at the end of a directory's path says so too; step by step the two are told apart.
            Err(Errno::NOTDIR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(fd) => return Ok(fd),
        }
    }
    step_by_step(root, path, flags)
}

#[cfg(target_os = "linux")]
fn open_in_one(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    // `check` has refused what leads up. `BENEATH` would add a global lock per call, and nothing else.
    let resolve = ResolveFlags::NO_SYMLINKS;
    system::without_atime(flags, |flags| openat2(root, path, flags, Mode::empty(), resolve))
}

#[cfg(not(target_os = "linux"))]
fn open_in_one(_root: BorrowedFd<'_>, _path: &[u8], _flags: OFlags) -> Result<OwnedFd, Errno> {
    let _ = Mode::empty();
    Err(Errno::NOSYS)
}

fn step_by_step(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Failure> {
    let mut parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).peekable();
    let mut at: Option<OwnedFd> = None;
    while let Some(part) = parts.next() {
        let here = at.as_ref().map_or(root, |fd| fd.as_fd());
        let name = c_string(part)?;
        let flags = if parts.peek().is_some() { OPEN_DIRECTORY } else { flags };
        let next = system::open_at(here, &name, flags).map_err(|errno| explain(here, &name, errno))?;
        at = Some(next);
    }
    at.ok_or_else(|| Failure::new(Code::Io, "is an empty path"))
}

/// With `O_DIRECTORY`, a symbolic link fails as "not a directory": tells the two apart.
pub(crate) fn explain(directory: BorrowedFd<'_>, name: &std::ffi::CStr, errno: Errno) -> Failure {
    let is_link = errno == Errno::NOTDIR
        && system::stat_at(directory, name).is_ok_and(|found| found.file_type() == FileType::Symlink);
    if is_link { Failure::symlink() } else { errno.into() }
}

/// Directory part and last component; the directory part is empty for a path of one component.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

fn c_string(bytes: &[u8]) -> Result<CString, Failure> {
    CString::new(bytes).map_err(|_| Failure::new(Code::Io, "holds a NUL byte, which no file name can"))
}
