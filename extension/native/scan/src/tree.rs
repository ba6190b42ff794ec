//! Directories of a walk: who is whose parent, and the descriptors to open them from.
//!
//! A directory is opened by its name relative to its parent's descriptor, so no path is ever too long. A descriptor is
//! kept while subdirectories wait to be opened from it, but only for the latest few hundred directories: a tree that is
//! deep and branching cannot exhaust the process. One that was given up is opened again, name by name, from the
//! nearest ancestor that still has its descriptor.

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::beneath::explain;
use crate::failure::Failure;
use crate::places::Place;
use crate::select::StateSet;
use crate::system::{self, AsFd, OPEN_DIRECTORY, OwnedFd};
use crate::text::text_from_bytes;

/// Descriptors kept at once. Well below the 1024 (256 on macOS) that a process has by default.
const MAX_KEPT: usize = if cfg!(target_os = "linux") { 256 } else { 96 };

/// One directory that is, or will be, listed.
pub(crate) struct Directory {
    pub(crate) root: u32,
    /// Levels below the root.
    pub(crate) depth: u32,
    pub(crate) states: Arc<StateSet>,
    pub(crate) place: Place,
    /// Device of the parent: another one means a mount point.
    pub(crate) parent_dev: u64,
    name: CString,
    parent: Option<Arc<Directory>>,
    fd: Mutex<Option<Arc<OwnedFd>>>,
}

impl Directory {
    /// A root, with its descriptor, which is kept to the end.
    pub(crate) fn root(root: u32, fd: OwnedFd, dev: u64, states: Arc<StateSet>, place: Place) -> Arc<Self> {
        let fd = Mutex::new(Some(Arc::new(fd)));
        Arc::new(Directory {
            root,
            depth: 0,
            states,
            place,
            parent_dev: dev,
            name: CString::default(),
            parent: None,
            fd,
        })
    }

    /// A subdirectory, not opened yet.
    pub(crate) fn child(self: &Arc<Self>, name: &CStr, dev: u64, states: Arc<StateSet>, place: Place) -> Arc<Self> {
        Arc::new(Directory {
            root: self.root,
            depth: self.depth + 1,
            states,
            place,
            parent_dev: dev,
            name: name.to_owned(),
            parent: Some(self.clone()),
            fd: Mutex::new(None),
        })
    }

    /// Writes the path below the root in text form, without a slash at its end.
    pub(crate) fn write_path(&self, out: &mut String) {
        let mut names = Vec::new();
        let mut at = self;
        while let Some(parent) = &at.parent {
            names.push(at.name.as_bytes());
            at = parent;
        }
        for (i, name) in names.iter().rev().enumerate() {
            if i > 0 {
                out.push('/');
            }
            text_from_bytes(name, out);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<OwnedFd>>> {
        self.fd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Directory {
    /// Frees a chain of parents in a loop: recursion would end the process on a tree of a hundred thousand levels.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut directory) = next.and_then(Arc::into_inner) {
            next = directory.parent.take();
        }
    }
}

/// The directories whose descriptors are kept, oldest first.
#[derive(Default)]
pub(crate) struct Descriptors {
    ring: Mutex<VecDeque<Weak<Directory>>>,
}

impl Descriptors {
    /// A descriptor of a directory for listing it.
    pub(crate) fn open(&self, directory: &Arc<Directory>) -> Result<Arc<OwnedFd>, Failure> {
        let mut chain: Vec<&Arc<Directory>> = Vec::new();
        let mut at = directory;
        let mut fd = loop {
            if let Some(fd) = at.kept().clone() {
                break fd;
            }
            let Some(parent) = &at.parent else {
                return Err(Failure::panicked());
            };
            chain.push(at);
            at = parent;
        };
        while let Some(step) = chain.pop() {
            let opened = system::open_at(fd.as_fd(), &step.name, OPEN_DIRECTORY);
            fd = Arc::new(opened.map_err(|error| explain(fd.as_fd(), &step.name, error))?);
            if (1..MAX_KEPT / 2).contains(&chain.len()) {
                self.keep(step, &fd);
            }
        }
        Ok(fd)
    }

    /// Keeps a descriptor because subdirectories will be opened from it.
    pub(crate) fn keep(&self, directory: &Arc<Directory>, fd: &Arc<OwnedFd>) {
        if directory.parent.is_none() {
            return;
        }
        *directory.kept() = Some(fd.clone());
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.push_back(Arc::downgrade(directory));
        let oldest = if ring.len() > MAX_KEPT { ring.pop_front() } else { None };
        drop(ring);
        if let Some(oldest) = oldest.and_then(|oldest| oldest.upgrade()) {
            oldest.kept().take();
        }
    }
}
