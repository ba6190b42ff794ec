//! One digest worker: two files at a time, side by side through the two lanes of SHA-256.
//!
//! Whichever lane runs out of blocks reads on, finishes, or takes the next file, so both stay busy whatever the files'
//! sizes. A large file that is left alone, because there is no other, is read on a second thread instead.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::digest::{Job, Opened, Outcome};
use crate::failure::Failure;
use crate::hash::Digests;
use crate::lanes::{Block, MAX_PADDING, Stream, pad};
use crate::pace::Pacer;
use crate::reading::{BLOCK, OVERLAP_FROM, Reading};

/// Bytes of a block of the message.
const STEP: usize = size_of::<Block>();

/// A worker.
pub(crate) struct Pair<'j, 'a> {
    job: &'j Job<'a>,
    pacer: Arc<Pacer>,
    items: Range<usize>,
    lanes: [Lane<'a>; 2],
    /// For files that do not go through the lanes.
    buffer: Vec<u8>,
    done: Vec<(usize, Outcome)>,
}

impl<'j, 'a> Pair<'j, 'a> {
    /// A worker of a job, on the thread that the pacer was made for.
    pub(crate) fn new(job: &'j Job<'a>, pacer: Pacer) -> Self {
        let lanes = [Lane::new(), Lane::new()];
        Pair { job, pacer: Arc::new(pacer), items: 0..0, lanes, buffer: Vec::new(), done: Vec::new() }
    }

    /// Digests files until there are none; each result with its item's index.
    pub(crate) fn run(mut self) -> Vec<(usize, Outcome)> {
        loop {
            self.fill(0);
            self.fill(1);
            let [a, b] = &mut self.lanes;
            match (a.ready(), b.ready()) {
                (0, 0) => return self.done,
                (_, 0) => self.go_alone(0),
                (0, _) => self.go_alone(1),
                (some, others) => {
                    let count = some.min(others);
                    Stream::feed_pair(a.take(count), b.take(count));
                }
            }
        }
    }

    /// Gets blocks into a lane, from its file or the next ones; it stays empty when there are no more files.
    fn fill(&mut self, lane: usize) {
        while self.lanes[lane].ready() == 0 {
            if self.lanes[lane].file.is_some() {
                self.guarded(lane, Lane::read_on);
                continue;
            }
            if self.items.is_empty() {
                self.items = self.job.take();
            }
            let Some(index) = self.items.next() else { return };
            match self.job.open(index, &mut self.buffer, &self.pacer) {
                Ok(Opened::Sha256(file)) => self.lanes[lane].begin(index, file),
                Ok(Opened::Done(digested)) => self.done.push((index, Ok(digested))),
                Err(failure) => self.done.push((index, Err(failure))),
            }
        }
    }

    fn go_alone(&mut self, lane: usize) {
        let alone = &mut self.lanes[lane];
        if alone.file.as_ref().is_some_and(|file| file.left >= OVERLAP_FROM && !self.pacer.is_paced()) {
            self.guarded(lane, Lane::read_to_end);
        } else {
            let (stream, blocks) = alone.take(alone.ready());
            stream.feed(blocks);
        }
    }

    /// Runs a step of a lane. A failure, or a panic, ends the lane's file and nothing else.
    fn guarded(&mut self, lane: usize, step: fn(&mut Lane<'a>) -> Result<Option<Outcome>, Failure>) {
        let lane = &mut self.lanes[lane];
        let index = lane.index;
        let stepped = catch_unwind(AssertUnwindSafe(|| step(lane))).unwrap_or_else(|_| Err(Failure::panicked()));
        match stepped {
            Ok(None) => {}
            Ok(Some(outcome)) => self.done.push((index, outcome)),
            Err(failure) => {
                lane.clear();
                self.done.push((index, Err(failure)));
            }
        }
    }
}

/// A file on its way through one lane.
struct Lane<'a> {
    index: usize,
    file: Option<Reading<'a>>,
    stream: Stream,
    /// Blocks not fed yet lie from `at` to `end`; bytes of a block that is not complete follow, to `filled`.
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    filled: usize,
    is_padded: bool,
}

impl<'a> Lane<'a> {
    fn new() -> Self {
        let stream = Stream::new();
        Lane { index: 0, file: None, stream, buffer: Vec::new(), at: 0, end: 0, filled: 0, is_padded: false }
    }

    fn begin(&mut self, index: usize, file: Reading<'a>) {
        self.clear();
        self.buffer.resize(STEP + BLOCK + MAX_PADDING, 0);
        self.index = index;
        self.file = Some(file);
        self.stream = Stream::new();
    }

    fn clear(&mut self) {
        (self.at, self.end, self.filled) = (0, 0, 0);
        self.file = None;
        self.is_padded = false;
    }

    /// Blocks that can be fed.
    fn ready(&self) -> usize {
        (self.end - self.at) / STEP
    }

    /// The stream and its next blocks, which count as fed.
    fn take(&mut self, count: usize) -> (&mut Stream, &[Block]) {
        let from = self.at;
        self.at += count * STEP;
        (&mut self.stream, self.buffer[from..self.at].as_chunks().0)
    }

    /// Reads the next bytes once all blocks are fed; after the last of them, the result.
    fn read_on(&mut self) -> Result<Option<Outcome>, Failure> {
        if self.is_padded {
            return Ok(self.finish());
        }
        let Some(file) = &mut self.file else { return Ok(None) };
        self.buffer.copy_within(self.end..self.filled, 0);
        let rest = self.filled - self.end;
        let (got, is_end) = file.next(&mut self.buffer[rest..rest + BLOCK])?;
        (self.at, self.filled) = (0, rest + got);
        self.end = self.filled / STEP * STEP;
        if is_end {
            self.pad();
        }
        Ok(None)
    }

    /// Feeds everything that is left of the file while a second thread reads it.
    fn read_to_end(&mut self) -> Result<Option<Outcome>, Failure> {
        let (stream, blocks) = self.take(self.ready());
        stream.feed(blocks);
        self.buffer.copy_within(self.end..self.filled, 0);
        (self.at, self.end, self.filled) = (0, 0, self.filled - self.end);
        let Some(mut file) = self.file.take() else { return Ok(None) };
        let read = file.overlapped(|bytes| self.feed_bytes(bytes));
        self.file = Some(file);
        read?;
        self.pad();
        Ok(None)
    }

    /// Feeds bytes in whole blocks and keeps the rest for the next ones.
    fn feed_bytes(&mut self, mut bytes: &[u8]) {
        if self.filled > 0 {
            let missing = (STEP - self.filled).min(bytes.len());
            self.buffer[self.filled..self.filled + missing].copy_from_slice(&bytes[..missing]);
            self.filled += missing;
            bytes = &bytes[missing..];
            if self.filled < STEP {
                return;
            }
            self.stream.feed(self.buffer[..STEP].as_chunks().0);
        }
        let (blocks, rest) = bytes.as_chunks();
        self.stream.feed(blocks);
        self.buffer[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    fn pad(&mut self) {
        let size = self.file.as_ref().map_or(0, |file| file.identity.size);
        self.filled = pad(&mut self.buffer, self.filled, size);
        self.end = self.filled;
        self.is_padded = true;
    }

    fn finish(&mut self) -> Option<Outcome> {
        let file = self.file.take()?;
        let sha256 = Some(self.stream.clone().finish());
        self.clear();
        Some(file.finish(Digests { sha256, ..Digests::default() }))
    }
}
