//! Opening below a root on Windows: every component in turn, relative to the handle of the one before.

use super::step_by_step;
use crate::failure::Failure;
use crate::system::{self, BorrowedFd, Error, Flags, OPEN_ROOT, OwnedFd};

/// Opens an absolute path: its last component is never followed; those before it are the caller's choice of root.
pub(crate) fn open_absolute(path: &[u8], flags: Flags) -> Result<OwnedFd, Failure> {
    Ok(system::open_absolute(path, flags)?)
}

pub(super) fn open_root(path: &[u8]) -> Result<OwnedFd, Failure> {
    open_absolute(path, OPEN_ROOT)
}

pub(super) fn open_below(root: BorrowedFd<'_>, path: &[u8], flags: Flags) -> Result<OwnedFd, Failure> {
    if path == b"." {
        let root = root.try_clone_to_owned();
        return Ok(root.map(OwnedFd::from)?);
    }
    step_by_step(root, path, flags)
}

/// Why a name was not opened; the system tells links and files apart itself.
pub(crate) fn explain(_directory: BorrowedFd<'_>, _name: &std::ffi::CStr, error: Error) -> Failure {
    error.into()
}

/// Whether a component leads up, holds a separator of Windows, or names a stream of a file.
pub(super) fn is_forbidden(part: &[u8]) -> bool {
    part == b"." || part == b".." || part.iter().any(|byte| b"\\:".contains(byte))
}
