//! Opens files below a root so that no name on the way can lead elsewhere.
//!
//! Every component is opened in turn, relative to the one before and without following links, unless the system does the
//! same in one call. A symbolic link anywhere is an error.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::ffi::CString;

#[cfg(unix)]
pub(crate) use unix::{explain, open_absolute};
#[cfg(unix)]
use unix::{is_forbidden, open_below, open_root};
#[cfg(windows)]
pub(crate) use windows::{explain, open_absolute};
#[cfg(windows)]
use windows::{is_forbidden, open_below, open_root};

use crate::failure::{Code, Failure};
use crate::system::{self, AsFd, BorrowedFd, Flags, Meta, OPEN_FILE, OPEN_STEP, OwnedFd};

/// Descriptors of absolute root directories.
pub struct Roots {
    roots: Vec<Root>,
}

/// The directory of the file that was opened last. It is opened itself for the second file in a row.
#[derive(Default)]
pub(crate) struct LastParent {
    root: u32,
    path: Vec<u8>,
    fd: Option<OwnedFd>,
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

    /// As `open_file`, for one file after the other: of those in one directory, only the name is looked up.
    pub(crate) fn open_next(&self, root: u32, path: &[u8], last: &mut LastParent) -> Result<OwnedFd, Failure> {
        let (parent, name) = split(path);
        if last.root != root || last.path != parent {
            *last = LastParent { root, path: parent.to_vec(), fd: None };
            return self.open_file(root, path);
        }
        if parent.is_empty() || name.is_empty() {
            return self.open_file(root, path);
        }
        check(path)?;
        if last.fd.is_none() {
            last.fd = open_below(self.root(root)?.fd.as_fd(), parent, OPEN_STEP).ok();
        }
        let Some(directory) = &last.fd else { return self.open_file(root, path) };
        let name = c_string(name)?;
        system::open_at(directory, &name, OPEN_FILE).map_err(|error| explain(directory.as_fd(), &name, error))
    }

    /// The directory that holds a file below a root, and the file's name in it; the root itself has none.
    pub(crate) fn open_parent(&self, root: u32, path: &[u8]) -> Result<(OwnedFd, CString), Failure> {
        let root = self.root(root)?;
        check(path)?;
        let (parent, name) = split(path);
        let directory = if parent.is_empty() { b"." } else { parent };
        Ok((open_below(root.fd.as_fd(), directory, OPEN_STEP)?, c_string(name)?))
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

/// Paths come from a walk, but also from a query: nothing that leads up or ends a C string early.
fn check(path: &[u8]) -> Result<(), Failure> {
    if path.starts_with(b"/") || path.split(|byte| *byte == b'/').any(is_forbidden) {
        return Err(Failure::new(Code::Io, "is not a path below the root"));
    }
    Ok(())
}

fn step_by_step(root: BorrowedFd<'_>, path: &[u8], flags: Flags) -> Result<OwnedFd, Failure> {
    let mut parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).peekable();
    let mut at: Option<OwnedFd> = None;
    while let Some(part) = parts.next() {
        let here = at.as_ref().map_or(root, |fd| fd.as_fd());
        let name = c_string(part)?;
        let flags = if parts.peek().is_some() { OPEN_STEP } else { flags };
        let next = system::open_at(here, &name, flags).map_err(|error| explain(here, &name, error))?;
        at = Some(next);
    }
    at.ok_or_else(|| Failure::new(Code::Io, "is an empty path"))
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
