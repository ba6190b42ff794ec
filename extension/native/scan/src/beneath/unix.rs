//! Opening below a root on Unix systems.
//!
//! `openat2` does it in one call where the kernel has it (5.6) and lets us; otherwise, and for paths longer than one
//! call takes, every component is opened in turn without following links.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, Mode, OFlags};

use super::{c_string, step_by_step};
use crate::failure::{Code, Failure};
#[cfg(not(target_os = "linux"))]
use crate::system::OPEN_FILE;
use crate::system::{self, AsFd, BorrowedFd, Error, Kind, OPEN_DIRECTORY, OwnedFd};

/// Longest path, without its end, that is given to one call. `PATH_MAX` is 4096 on Linux and 1024 on macOS.
const MAX_CALL_PATH: usize = if cfg!(target_os = "linux") { 4000 } else { 1000 };

/// Set once the kernel, or a sandbox, has refused `openat2`.
static NO_OPENAT2: AtomicBool = AtomicBool::new(!cfg!(target_os = "linux"));

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

pub(super) fn open_root(path: &[u8]) -> Result<OwnedFd, Failure> {
    let fd = open_absolute(path, root_flags())?;
    // `O_PATH` opens a link itself instead of refusing it.
    if system::stat_fd(&fd)?.kind() == Kind::Symlink {
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

pub(super) fn open_below(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Failure> {
    if path.len() <= MAX_CALL_PATH && !NO_OPENAT2.load(Ordering::Relaxed) {
        match open_in_one(root, path, flags) {
            Err(Error::NOSYS | Error::PERM | Error::INVAL) => match step_by_step(root, path, flags) {
                Ok(fd) => {
                    NO_OPENAT2.store(true, Ordering::Relaxed);
                    return Ok(fd);
                }
                failed => return failed,
            },
            // A link at the end of a directory's path says so too; step by step the two are told apart.
            Err(Error::NOTDIR) => {}
            Err(error) => return Err(error.into()),
            Ok(fd) => return Ok(fd),
        }
    }
    step_by_step(root, path, flags)
}

#[cfg(target_os = "linux")]
fn open_in_one(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Error> {
    use rustix::fs::{ResolveFlags, openat2};
    // `check` has refused what leads up. `BENEATH` would add a global lock per call, and nothing else.
    let resolve = ResolveFlags::NO_SYMLINKS;
    system::without_atime(flags, |flags| openat2(root, path, flags, Mode::empty(), resolve))
}

#[cfg(not(target_os = "linux"))]
fn open_in_one(_root: BorrowedFd<'_>, _path: &[u8], _flags: OFlags) -> Result<OwnedFd, Error> {
    let _ = Mode::empty();
    Err(Error::NOSYS)
}

/// With `O_DIRECTORY`, a symbolic link fails as "not a directory": tells the two apart.
pub(crate) fn explain(directory: BorrowedFd<'_>, name: &std::ffi::CStr, error: Error) -> Failure {
    let is_link =
        error == Error::NOTDIR && system::stat_at(directory, name).is_ok_and(|found| found.kind() == Kind::Symlink);
    if is_link { Failure::symlink() } else { error.into() }
}

/// Whether a component leads up.
pub(super) fn is_forbidden(part: &[u8]) -> bool {
    part == b".."
}
