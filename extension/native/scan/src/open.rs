//! One open file for readers of formats that jump about in it.

use crate::beneath::Roots;
use crate::failure::Failure;
use crate::reading::regular;
use crate::system::{OwnedFd, read_at};

/// A regular file below a root, opened as safely as for a digest.
pub struct OpenFile {
    fd: OwnedFd,
    size: u64,
}

impl OpenFile {
    /// Opens it.
    pub fn open(roots: &Roots, root: u32, path: &[u8]) -> Result<Self, Failure> {
        let fd = roots.open_file(root, path)?;
        let size = regular(&fd)?.size;
        Ok(OpenFile { fd, size })
    }

    /// Bytes it had when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads into `buffer` from `offset`; fewer bytes than asked for only at the end of the file.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Failure> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset.saturating_add(filled as u64);
            let got = read_at(&self.fd, &mut buffer[filled..], at)?;
            if got == 0 {
                break;
            }
            filled += got;
        }
        Ok(filled)
    }
}
