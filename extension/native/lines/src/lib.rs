//! Finds the lines of text files that hold one of many strings, ASCII case ignored.
//!
//! A file is read once, forward, in blocks: unpacked when it is packed, brought to UTF-8 when it is UTF-16. Memory is
//! bounded by a block and by how long a line may be, whatever the file holds. The crate gets an open file and gives
//! lines; it knows nothing of paths, indicators or Node.
//!
//! The contract, with its words, is `extension/native/lines.ts`.
#![deny(missing_docs)]

mod anchors;
mod answer;
mod frequency;
mod grams;
mod leads;
#[cfg(test)]
mod naive;
mod pairs;
mod patterns;
mod segments;
mod strides;
mod text;
mod unpack;
mod utf16;
mod vector;
mod window;

pub use answer::{Batch, Line, Packing, Request, Stop};
pub use patterns::{Hit, Patterns};
pub use text::{Bytes, Patience};

use text::{Limited, Part, Text};
use utf16::{Order, Recoded};
use window::Window;

/// Bytes read at once. With what goes with it, it fits the second-level cache; larger was slower.
const BLOCK: usize = 256 << 10;

/// Plain files from this size on are read by several threads.
const PARALLEL_FROM: u64 = 64 << 20;

/// What a file came to.
#[derive(Debug)]
pub struct Answer {
    /// How it was packed.
    pub packing: Packing,
    /// Bytes of unpacked text that were read.
    pub read: u64,
    /// Why it was not read to its end.
    pub stop: Option<Stop>,
}

/// Takes lines as they are found, with the bytes of text read so far; false when nobody wants more.
pub type Take<'a> = &'a mut dyn FnMut(Batch, Packing, u64) -> bool;

/// Reads a file. What was found before anything went wrong has been given to `take`.
pub fn lines(
    file: &dyn Bytes,
    patterns: &Patterns,
    request: &Request,
    patience: Patience<'_>,
    take: Take<'_>,
) -> Answer {
    let mut job =
        Job { file, patterns, request, patience, take, packing: Packing::None, read: 0, left: request.max_lines };
    let stop = job.run().err();
    Answer { packing: job.packing, read: job.read, stop }
}

struct Job<'a> {
    file: &'a dyn Bytes,
    patterns: &'a Patterns,
    request: &'a Request,
    patience: Patience<'a>,
    take: Take<'a>,
    packing: Packing,
    read: u64,
    left: u64,
}

impl Job<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let whole = Part { file: self.file, at: 0, end: self.file.size(), patience: self.patience };
        let mut head = [0; 16];
        let (filled, stop) = fill(&mut whole.clone(), &mut head);
        stop?;
        self.packing = unpack::packing_of(&head[..filled]);
        let mut text = Limited::new(unpack::unpacked(self.packing, whole)?, self.request.max_bytes);
        let mut mark = [0; 2];
        let (marked, stop) = fill(&mut text, &mut mark);
        if let Some(order) = Order::of(&mark[..marked]) {
            return self.stream(&mut Recoded::new(text, order), &[], 2, true);
        }
        let is_large = self.file.size().min(self.request.max_bytes) >= PARALLEL_FROM;
        if self.packing == Packing::None && is_large && self.request.threads > 1 {
            return self.in_parallel();
        }
        self.stream(&mut Ahead { text, stop: stop.err() }, &mark[..marked], 0, false)
    }

    /// One thread, from the beginning to the end.
    fn stream(&mut self, text: &mut dyn Text, first: &[u8], origin: u64, is_wide: bool) -> Result<(), Stop> {
        let mut window = Window::new(self.patterns, self.request, self.request.head_lines, origin, is_wide);
        window.begin_with(first);
        let patience = self.patience;
        pick_all(text, &mut window, patience, &mut |batch, read| self.hand_on(batch, read))
    }

    /// The first lines by one thread, everything else by several.
    fn in_parallel(&mut self) -> Result<(), Stop> {
        let (file, patterns, request, patience) = (self.file, self.patterns, self.request, self.patience);
        let size = file.size();
        let end = size.min(request.max_bytes);
        let mut window = Window::new(patterns, request, request.head_lines, 0, false);
        let mut text = Part { file, at: 0, end, patience };
        let mut found = Batch::default();
        let mut result = Ok(());
        let mut is_end = false;
        while result.is_ok() && !is_end && (window.head_left() > 0 || window.line_offset().is_none()) {
            (is_end, result) = pick_block(&mut text, &mut window, &mut found);
            self.hand_on(&mut found, text.at)?;
        }
        if result.is_ok() && !is_end {
            let from = window.line_offset().unwrap_or(end);
            segments::in_segments(
                &Part { file, at: from, end, patience },
                patterns,
                request,
                &mut |batches, reached, stop| {
                    result = batches.into_iter().try_for_each(|mut batch| self.hand_on(&mut batch, reached));
                    if let (Ok(()), Some(stop)) = (&result, stop) {
                        result = Err(stop);
                    }
                    result.is_ok()
                },
            );
        }
        result?;
        if end < size { Err(text::too_big(end)) } else { Ok(()) }
    }

    fn hand_on(&mut self, batch: &mut Batch, read: u64) -> Result<(), Stop> {
        self.read = read;
        let is_beyond = batch.cut(&mut self.left);
        if !batch.lines.is_empty() && !(self.take)(std::mem::take(batch), self.packing, read) {
            return Err(Stop::Cancelled);
        }
        if is_beyond { Err(Stop::TooMany) } else { Ok(()) }
    }
}

/// Text of which the beginning was read already; what ended that is told again.
struct Ahead<'a> {
    text: Limited<'a>,
    stop: Option<Stop>,
}

impl Text for Ahead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        self.stop.take().map_or_else(|| self.text.read(buffer), Err)
    }

    fn place(&self) -> u64 {
        self.text.place()
    }
}

/// Fills a buffer as far as the text goes, or as it can be read.
fn fill(text: &mut dyn Text, buffer: &mut [u8]) -> (usize, Result<(), Stop>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match text.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(stop) => return (filled, Err(stop)),
        }
    }
    (filled, Ok(()))
}

/// Reads a block and picks from it. What was read before an error counts as a text that ends there.
fn pick_block(text: &mut dyn Text, window: &mut Window<'_>, found: &mut Batch) -> (bool, Result<(), Stop>) {
    let (filled, result) = fill(text, window.room(BLOCK));
    let is_end = filled < BLOCK;
    if result != Err(Stop::Cancelled) {
        window.pick(filled, is_end, found);
    }
    (is_end, result)
}

/// Picks lines until the text ends.
fn pick_all(
    text: &mut dyn Text,
    window: &mut Window<'_>,
    patience: Patience<'_>,
    hand_on: &mut dyn FnMut(&mut Batch, u64) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut found = Batch::default();
    loop {
        let (is_end, result) = pick_block(text, window, &mut found);
        if found.is_full() || is_end {
            hand_on(&mut found, text.place())?;
        }
        result?;
        if is_end {
            return Ok(());
        }
        patience()?;
    }
}
