//! Bytes that can be read at any place: a file, a part of one, or pieces of one in a row.
//!
//! Containers lie inside one another (a cabinet in a stream of an installer, a volume in a disk image), and every level
//! is read through this trait. Nothing is loaded whole.

use std::io;

use crate::fault::{Fault, damaged};

/// Bytes copied at once.
pub(crate) const BLOCK: usize = 64 << 10;

/// Random access to bytes.
pub trait Bytes {
    /// How many there are.
    fn size(&self) -> u64;

    /// Reads some bytes at a place; 0 at the end, and only there.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl Bytes for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

impl<B: Bytes + ?Sized> Bytes for &B {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(at, buffer)
    }
}

/// Pieces of other bytes, in a row.
pub(crate) struct Runs<'a> {
    source: &'a dyn Bytes,
    /// Where each piece begins here, where it begins in the source, and its length; ascending.
    runs: Vec<(u64, u64, u64)>,
    size: u64,
}

impl<'a> Runs<'a> {
    /// No piece yet.
    pub(crate) fn new(source: &'a dyn Bytes) -> Self {
        Runs { source, runs: Vec::new(), size: 0 }
    }

    /// One piece; what lies beyond the end of the source reads as the end.
    pub(crate) fn part(source: &'a dyn Bytes, at: u64, length: u64) -> Self {
        let mut part = Runs::new(source);
        part.push(at, length);
        part
    }

    /// Appends a piece, joined with the one before where they touch.
    pub(crate) fn push(&mut self, at: u64, length: u64) {
        if length == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some((_, begin, so_far)) if begin.checked_add(*so_far) == Some(at) => {
                *so_far = so_far.saturating_add(length)
            }
            _ => self.runs.push((self.size, at, length)),
        }
        self.size = self.size.saturating_add(length);
    }

    /// Cuts to a size.
    pub(crate) fn cut(&mut self, size: u64) {
        self.size = self.size.min(size);
    }
}

impl Bytes for Runs<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if at >= self.size {
            return Ok(0);
        }
        let index = self.runs.partition_point(|(begin, _, _)| *begin <= at).saturating_sub(1);
        let Some((begin, source_at, length)) = self.runs.get(index) else { return Ok(0) };
        let inside = at - begin;
        let left = length.saturating_sub(inside).min(self.size - at);
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(from) = source_at.checked_add(inside) else { return Ok(0) };
        self.source.read_at(from, &mut buffer[..want])
    }
}

/// Fills the buffer, or says that the bytes end before.
pub(crate) fn read_exact(source: &dyn Bytes, at: u64, buffer: &mut [u8]) -> Result<(), Fault> {
    let got = read_most(source, at, buffer)?;
    if got < buffer.len() {
        return damaged(format!("ends {} bytes after {at}, expected {}", got, buffer.len()));
    }
    Ok(())
}

/// Reads until the buffer is full or the bytes end.
pub(crate) fn read_most(source: &dyn Bytes, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
    let mut got = 0;
    while got < buffer.len() {
        let Some(from) = at.checked_add(got as u64) else { break };
        match source.read_at(from, &mut buffer[got..])? {
            0 => break,
            more => got += more,
        }
    }
    Ok(got)
}

/// Hands everything out in blocks.
pub(crate) fn for_each_block(
    source: &dyn Bytes,
    mut emit: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let size = source.size();
    let mut block = vec![0; BLOCK.min(usize::try_from(size).unwrap_or(BLOCK))];
    let mut at = 0;
    while at < size {
        let got = source.read_at(at, &mut block)?;
        if got == 0 {
            return damaged(format!("ends after {at} of {size} bytes"));
        }
        emit(&block[..got])?;
        at += got as u64;
    }
    Ok(())
}

/// All of it, if it is no more than `limit`.
pub(crate) fn read_whole(source: &dyn Bytes, limit: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let size = source.size();
    if size > limit {
        return damaged(format!("{what} has {size} bytes, more than {limit}"));
    }
    let mut out = Vec::new();
    let mut at = 0;
    while at < size {
        let from = out.len();
        out.resize(from + BLOCK.min((size - at) as usize), 0);
        let got = read_most(source, at, &mut out[from..])?;
        out.truncate(from + got);
        at += got as u64;
        if got == 0 {
            return damaged(format!("{what} ends after {at} of {size} bytes"));
        }
    }
    Ok(out)
}

/// Reads a format from front to back, a block ahead.
pub(crate) struct Front<'a> {
    source: &'a dyn Bytes,
    /// Place of the next byte to take.
    pub(crate) at: u64,
    block: Vec<u8>,
    block_at: u64,
}

impl<'a> Front<'a> {
    /// Begins at a place.
    pub(crate) fn new(source: &'a dyn Bytes, at: u64) -> Self {
        Front { source, at, block: Vec::new(), block_at: 0 }
    }

    /// The next bytes; `length` is at most `BLOCK`.
    pub(crate) fn take(&mut self, length: usize) -> Result<&[u8], Fault> {
        self.fill(length)?;
        let from = (self.at - self.block_at) as usize;
        let Some(taken) = self.block.get(from..from + length) else {
            return damaged(format!("ends inside {length} bytes at {}", self.at));
        };
        self.at += length as u64;
        Ok(taken)
    }

    /// The bytes before the next NUL, which is passed; at most `limit`.
    pub(crate) fn take_string(&mut self, limit: usize) -> Result<Vec<u8>, Fault> {
        self.fill(limit + 1)?;
        let rest = &self.block[((self.at - self.block_at) as usize).min(self.block.len())..];
        match rest.iter().take(limit + 1).position(|byte| *byte == 0) {
            Some(end) => {
                let text = rest[..end].to_vec();
                self.at += end as u64 + 1;
                Ok(text)
            }
            None => damaged(format!("a name at {} has no end within {limit} bytes", self.at)),
        }
    }

    fn fill(&mut self, length: usize) -> Result<(), Fault> {
        let end = self.block_at + self.block.len() as u64;
        if self.at < self.block_at || self.at.saturating_add(length as u64) > end {
            self.block.resize(BLOCK.max(length), 0);
            let got = read_most(self.source, self.at, &mut self.block)?;
            self.block.truncate(got);
            self.block_at = self.at;
        }
        Ok(())
    }
}

/// Little-endian numbers of fixed layouts; the caller has checked the length.
pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |field| u16::from_le_bytes([field[0], field[1]]))
}

/// As `le16`.
pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from(le16(bytes, at)) | u32::from(le16(bytes, at + 2)) << 16
}

/// As `le16`.
pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le32(bytes, at)) | u64::from(le32(bytes, at + 4)) << 32
}

/// Big-endian numbers of fixed layouts; the caller has checked the length.
pub(crate) fn be16(bytes: &[u8], at: usize) -> u16 {
    le16(bytes, at).swap_bytes()
}

/// As `be16`.
pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    le32(bytes, at).swap_bytes()
}

/// As `be16`.
pub(crate) fn be64(bytes: &[u8], at: usize) -> u64 {
    le64(bytes, at).swap_bytes()
}
