//! One open file that is read to the size it had at opening.
//!
//! It is read, not mapped, because truncating a mapped file ends the process that touches it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use crate::HEAD_LENGTH;
use crate::crew::Post;
use crate::digest::Digested;
use crate::failure::{Code, Failure};
use crate::hash::Digests;
use crate::pace::Pacer;
use crate::system::{Identity, Kind, OwnedFd, identify};
use crate::uncached::Caching;

/// Bytes read at once by what reads one file at a time; larger was slower.
pub(crate) const BLOCK: usize = 256 << 10;

/// Bytes still to read from which reading and hashing overlap: below, a second thread costs more than it saves.
pub(crate) const OVERLAP_FROM: u64 = 8 << 20;

/// Blocks in flight between the reading and the hashing thread.
const OVERLAP_BLOCKS: usize = 4;

/// The identity of an open file, which must be a regular one.
pub(crate) fn regular(fd: &OwnedFd) -> Result<Identity, Failure> {
    match identify(fd)? {
        (identity, Kind::Regular) => Ok(identity),
        (_, kind) => Err(Failure::not_regular(kind)),
    }
}

/// How many times as long a paced thread may take: at the lowest priority a busy machine hardly lets it run, which is
/// no fault of the file. What never answers is still given up.
const PACED_PATIENCE: u32 = 8;

/// What a file is given in all.
pub(crate) fn patience(timeout: Duration, is_paced: bool) -> Duration {
    if is_paced { timeout.saturating_mul(PACED_PATIENCE) } else { timeout }
}

/// When a file is given up. Time that its thread rests does not count, nor does what its thread spends on other files.
pub(crate) struct Deadline<'a> {
    started: Instant,
    timeout: Duration,
    cancelled: &'a AtomicBool,
    pacer: Arc<Pacer>,
    rested_before: Duration,
    /// Time that the thread gave to others.
    excused: Duration,
    /// What had passed when this file was left waiting, and how many files shared the thread then.
    left: Option<(Duration, u32)>,
    /// Where word is left of what may not be answered.
    post: Option<(Arc<Post>, usize)>,
}

impl<'a> Deadline<'a> {
    /// So much from now, or when cancelled.
    pub(crate) fn new(timeout: Duration, cancelled: &'a AtomicBool, pacer: Arc<Pacer>) -> Self {
        let rested_before = pacer.rested();
        let timeout = patience(timeout, pacer.is_paced());
        let started = Instant::now();
        Deadline { started, timeout, cancelled, pacer, rested_before, excused: Duration::ZERO, left: None, post: None }
    }

    /// The same, for an item of a crew.
    pub(crate) fn at(self, post: Arc<Post>, item: usize) -> Self {
        Deadline { post: Some((post, item)), ..self }
    }

    /// Asks the system, where a crew is looked after with word of it.
    fn ask<R>(&self, question: impl FnOnce() -> R) -> R {
        match &self.post {
            Some((post, item)) => post.ask(*item, question),
            None => question(),
        }
    }

    /// Rests as the pace asks, then tells whether to go on.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.pacer.rest(self.cancelled);
        if self.cancelled.load(Relaxed) {
            return Err(Failure::new(Code::Io, "cancelled"));
        }
        if self.passed().saturating_sub(self.excused) >= self.timeout {
            return Err(Failure::new(Code::Timeout, "took longer than the time allowed for one file"));
        }
        Ok(())
    }

    /// Counts bytes that were read, for the pace.
    pub(crate) fn count_read(&self, bytes: usize) {
        self.pacer.count_read(bytes);
    }

    /// Leaves the file waiting while the thread works for all that share it.
    fn leave(&mut self, company: usize) {
        self.left = Some((self.passed(), u32::try_from(company).unwrap_or(u32::MAX).max(1)));
    }

    /// Takes the file up again: of the time since, one share was its own.
    fn resume(&mut self) {
        if let Some((left_at, company)) = self.left.take() {
            let away = self.passed().saturating_sub(left_at);
            self.excused += away - away / company;
        }
    }

    fn passed(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.pacer.rested().saturating_sub(self.rested_before))
    }
}

/// A file being read.
pub(crate) struct Reading<'a> {
    /// What it was when it was opened.
    pub(crate) identity: Identity,
    /// Bytes not read yet.
    pub(crate) left: u64,
    fd: OwnedFd,
    caching: Caching,
    deadline: Deadline<'a>,
    head: [u8; HEAD_LENGTH],
    head_length: usize,
    is_head_known: bool,
}

impl<'a> Reading<'a> {
    /// Takes over an open file.
    pub(crate) fn new(fd: OwnedFd, deadline: Deadline<'a>) -> Result<Self, Failure> {
        let identity = regular(&fd)?;
        let caching = Caching::begin(&fd);
        let left = identity.size;
        let head = [0; HEAD_LENGTH];
        Ok(Reading { identity, left, fd, caching, deadline, head, head_length: 0, is_head_known: false })
    }

    /// The first bytes, read without moving the file's position.
    pub(crate) fn read_head(&mut self) -> Result<&[u8], Failure> {
        while self.head_length < HEAD_LENGTH {
            let at = self.head_length as u64;
            let got = self.caching.read_at(&self.fd, &mut self.head[self.head_length..], at)?;
            if got == 0 {
                break;
            }
            self.deadline.count_read(got);
            self.head_length += got;
        }
        self.is_head_known = true;
        Ok(&self.head[..self.head_length])
    }

    /// The next block's length, and whether the end was seen. One byte more than is left is asked for, so that a file
    /// that has grown, or says it is empty and is not, is found out; an answer short of that byte is the end.
    pub(crate) fn next(&mut self, buffer: &mut [u8]) -> Result<(usize, bool), Failure> {
        self.deadline.check()?;
        let want = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX).saturating_add(1));
        let at = self.identity.size - self.left;
        let got = self.deadline.ask(|| self.caching.read_at(&self.fd, &mut buffer[..want], at))?;
        if got as u64 > self.left || (got == 0 && self.left > 0) {
            return Err(changed());
        }
        self.left -= got as u64;
        self.deadline.count_read(got);
        if !self.is_head_known {
            let fresh = got.min(HEAD_LENGTH - self.head_length);
            self.head[self.head_length..self.head_length + fresh].copy_from_slice(&buffer[..fresh]);
            self.head_length += fresh;
        }
        Ok((got, self.left == 0 && got < want))
    }

    /// Leaves word with the thread that reads it from now on, which may not be the one that opened it.
    pub(crate) fn read_by(&mut self, post: &Arc<Post>) {
        if let Some((at, _)) = &mut self.deadline.post {
            *at = post.clone();
        }
    }

    /// Leaves the file waiting for its turn, which is no fault of it.
    pub(crate) fn wait(&mut self) {
        self.deadline.leave(usize::MAX);
    }

    /// As `next`, for one of several files that share a thread.
    pub(crate) fn next_among(&mut self, buffer: &mut [u8], company: usize) -> Result<(usize, bool), Failure> {
        self.deadline.resume();
        let (got, is_end) = self.next(buffer)?;
        if company > 1 && !is_end {
            self.deadline.leave(company);
        }
        Ok((got, is_end))
    }

    /// Reads the rest on a second thread while this one consumes it.
    pub(crate) fn overlapped(&mut self, consume: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let (full, filled) = sync_channel::<(Vec<u8>, usize)>(OVERLAP_BLOCKS);
        let (empty, emptied) = sync_channel::<Vec<u8>>(OVERLAP_BLOCKS);
        for _ in 0..OVERLAP_BLOCKS {
            let _ = empty.send(vec![0; BLOCK]);
        }
        std::thread::scope(|scope| {
            let body = move || {
                while let Ok(mut buffer) = emptied.recv() {
                    let (got, is_end) = self.next(&mut buffer)?;
                    if full.send((buffer, got)).is_err() || is_end {
                        break;
                    }
                }
                Ok(())
            };
            let reading = std::thread::Builder::new().name("read".into()).spawn_scoped(scope, body);
            let reading = reading.map_err(|error| Failure::new(Code::Io, format!("cannot start a thread: {error}")))?;
            for (buffer, got) in filled {
                consume(&buffer[..got]);
                let _ = empty.send(buffer);
            }
            reading.join().unwrap_or_else(|_| Err(Failure::panicked()))
        })
    }

    /// The result for a file of which only the head was wanted.
    pub(crate) fn head_only(self) -> Digested {
        let bytes_read = self.head_length as u64;
        self.digested(Digests::default(), bytes_read)
    }

    /// The result for a file that was read whole, if it is still what it was.
    pub(crate) fn finish(self, digests: Digests) -> Result<Digested, Failure> {
        if self.deadline.ask(|| regular(&self.fd))? != self.identity {
            return Err(changed());
        }
        let bytes_read = self.identity.size;
        Ok(self.digested(digests, bytes_read))
    }

    fn digested(self, digests: Digests, bytes_read: u64) -> Digested {
        Digested { head: self.head, head_length: self.head_length, identity: self.identity, digests, bytes_read }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.caching.end(&self.fd);
    }
}

pub(crate) fn changed() -> Failure {
    Failure::new(Code::Changed, "its size or times changed while it was read")
}
