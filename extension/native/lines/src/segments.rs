//! One large plain file by several threads: each takes a segment, whoever is free the next one, answers in order.
//!
//! A line belongs to the segment it begins in, and its reader follows it to its end; the reader of the next segment
//! looks for that end only. Threads stay a few segments ahead of what was handed on, no more.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::answer::{Batch, Request, Stop};
use crate::patterns::Patterns;
use crate::text::{Part, Text};
use crate::window::Window;
use crate::{BLOCK, pick_all};

/// Bytes of a segment.
pub(crate) const SEGMENT: u64 = 16 << 20;

/// What one segment came to.
type Outcome = (Vec<Batch>, Option<Stop>);

struct Shared {
    next: u64,
    handed_on: u64,
    outcomes: Vec<Option<Outcome>>,
    is_over: bool,
}

/// Reads a part of a file that begins with a line; `hand_on` gets what each segment came to and the
/// place it reaches to, and tells whether to go on.
pub(crate) fn in_segments(
    whole: &Part<'_>,
    patterns: &Patterns,
    request: &Request,
    hand_on: &mut dyn FnMut(Vec<Batch>, u64, Option<Stop>) -> bool,
) {
    let (from, end) = (whole.at, whole.end);
    let count = (end - from).div_ceil(SEGMENT);
    let ahead = 2 * request.threads as u64;
    let outcomes = (0..count).map(|_| None).collect();
    let shared = Mutex::new(Shared { next: 0, handed_on: 0, outcomes, is_over: false });
    let moved = Condvar::new();
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        loop {
            let mut state = lock();
            while !state.is_over && state.next < count && state.next >= state.handed_on + ahead {
                state = moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.is_over || state.next >= count {
                return;
            }
            let index = state.next;
            state.next += 1;
            drop(state);
            let at = from + index * SEGMENT;
            let segment = Segment { whole, from: at, to: (at + SEGMENT).min(end), is_first: index == 0 };
            let read = || segment.read(patterns, request);
            let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
            let outcome =
                read.unwrap_or_else(|_| (Vec::new(), Some(Stop::Io("internal error while it was read".into()))));
            lock().outcomes[index as usize] = Some(outcome);
            moved.notify_all();
        }
    };
    std::thread::scope(|scope| {
        let started = (0..request.threads)
            .filter_map(|_| std::thread::Builder::new().name("lines".into()).spawn_scoped(scope, work).ok());
        if started.count() == 0 {
            hand_on(Vec::new(), from, Some(Stop::Io("cannot start a thread".into())));
            return;
        }
        for index in 0..count {
            let mut state = lock();
            let (batches, stop) = loop {
                match state.outcomes[index as usize].take() {
                    Some(outcome) => break outcome,
                    None => state = moved.wait(state).unwrap_or_else(PoisonError::into_inner),
                }
            };
            state.handed_on = index + 1;
            drop(state);
            moved.notify_all();
            let is_stopped = stop.is_some();
            if !hand_on(batches, (from + (index + 1) * SEGMENT).min(end), stop) || is_stopped {
                break;
            }
        }
        lock().is_over = true;
        moved.notify_all();
    });
}

struct Segment<'a> {
    whole: &'a Part<'a>,
    from: u64,
    to: u64,
    is_first: bool,
}

impl Segment<'_> {
    fn read(&self, patterns: &Patterns, request: &Request) -> Outcome {
        let begin = if self.is_first { Ok(Some(self.from)) } else { self.behind_line_end() };
        let begin = match begin {
            Ok(Some(begin)) if begin < self.to => begin,
            Ok(_) => return (Vec::new(), None),
            Err(stop) => return (Vec::new(), Some(stop)),
        };
        let mut window = Window::new(patterns, request, 0, begin, false);
        let mut text = ToLineEnd { part: Part { at: begin, ..self.whole.clone() }, to: self.to, is_end: false };
        let mut batches = Vec::new();
        let mut left = request.max_lines.saturating_add(1);
        let stop = pick_all(&mut text, &mut window, self.whole.patience, &mut |batch, _| {
            let is_last = batch.cut(&mut left);
            batches.push(std::mem::take(batch));
            if is_last { Err(Stop::TooMany) } else { Ok(()) }
        });
        (batches, stop.err())
    }

    /// The place where the first line begins, at the segment's first byte or behind; `None` when none does.
    fn behind_line_end(&self) -> Result<Option<u64>, Stop> {
        let mut part = Part { at: self.from - 1, end: self.to, ..self.whole.clone() };
        let mut buffer = vec![0; 4096];
        loop {
            let start = part.at;
            let got = part.read(&mut buffer)?;
            if got == 0 {
                return Ok(None);
            }
            if let Some(lf) = memchr::memchr(b'\n', &buffer[..got]) {
                return Ok(Some(start + lf as u64 + 1));
            }
            buffer.resize(BLOCK, 0);
        }
    }
}

/// A part that ends with the line that the segment's last byte belongs to.
struct ToLineEnd<'a> {
    part: Part<'a>,
    to: u64,
    is_end: bool,
}

impl Text for ToLineEnd<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        if self.is_end {
            return Ok(0);
        }
        let start = self.part.at;
        let got = self.part.read(buffer)?;
        if start + got as u64 >= self.to {
            let from = usize::try_from((self.to - 1).saturating_sub(start)).unwrap_or(usize::MAX);
            if let Some(lf) = memchr::memchr(b'\n', &buffer[from..got]) {
                self.is_end = true;
                return Ok(from + lf + 1);
            }
        }
        Ok(got)
    }

    fn place(&self) -> u64 {
        self.part.at
    }
}
