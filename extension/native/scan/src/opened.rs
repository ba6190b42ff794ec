//! One open file that is read at any place, for readers of formats: opened, timed and paced as for a digest.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::beneath::Roots;
use crate::failure::Failure;
use crate::pace::{Pace, Pacer};
use crate::reading::{Deadline, regular};
use crate::system::{self, Identity, OwnedFd};

/// An open regular file.
pub struct Opened<'a> {
    fd: OwnedFd,
    identity: Identity,
    deadline: Deadline<'a>,
}

impl<'a> Opened<'a> {
    /// Opens a regular file below a root. A pace is taken on by the calling thread, which is to end with the request.
    pub fn open(
        roots: &Roots,
        root: u32,
        path: &[u8],
        timeout: Duration,
        pace: Option<Pace>,
        cancelled: &'a AtomicBool,
    ) -> Result<Self, Failure> {
        let deadline = Deadline::new(timeout, cancelled, Arc::new(Pacer::begin(pace)));
        let fd = roots.open_file(root, path)?;
        let identity = regular(&fd)?;
        Ok(Opened { fd, identity, deadline })
    }

    /// What it was when it was opened.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Some bytes at a place; 0 at the end.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = system::read_at(&self.fd, buffer, at).map_err(system::io_error)?;
        self.deadline.count_read(got);
        Ok(got)
    }

    /// Rests as the pace asks, then tells whether to go on: `Timeout`, or another failure when cancelled.
    pub fn check(&self) -> Result<(), Failure> {
        self.deadline.check()
    }

    /// Fails if the file is no longer what it was.
    pub fn verify(&self) -> Result<(), Failure> {
        if regular(&self.fd)? == self.identity { Ok(()) } else { Err(crate::reading::changed()) }
    }
}
