//! One digest worker: as many files in flight as keep the lanes of its processor busy.
//!
//! All flights advance by as many blocks as the one with the fewest has. Whichever runs out reads on, lands, fails, or is
//! replaced by the next file, so that the lanes stay full whatever the files' sizes; a failure, or a panic, ends one flight
//! and no other. Buffers together fit the second-level cache: what was read is there for all digests. A large file that
//! is left alone, because there is no other, is read on a second thread instead.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::failure::Failure;
use crate::flight::{Buffer, Flight, Message, States};
use crate::hash::{Algorithms, Digests};
use crate::lanes::{Block, Kernel, Kernels, MAX_LANES};

/// Bytes that all flights of a worker read before they are digested: as many as the second-level cache of the processor
/// that this was measured on. With half of it sixteen flights cost 5 percent more, in system calls and in turns.
const READ_AHEAD: usize = 512 << 10;

/// Bytes read at once, at most. From 128 KiB on the kernel's copy took five times as long there: its string instruction
/// then goes past the cache, and the digests wait for memory.
const MAX_READ: usize = 64 << 10;

thread_local! {
    /// Buffers that this thread's last request has left, at most one for each lane.
    static SPARE: std::cell::RefCell<Vec<Buffer>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Where messages come from, and where their digests go.
pub(crate) trait Port {
    type Message: Message;

    /// The next message and what is wanted of it, at least one digest; `None` when there are no more.
    fn depart(&mut self) -> Option<(Self::Message, Algorithms)>;

    /// Takes a message that was digested.
    fn arrive(&mut self, message: Self::Message, digests: Digests);

    /// Takes a message that could not be read.
    fn fail(&mut self, message: Self::Message, failure: Failure);
}

/// A worker.
pub(crate) struct Flights<P: Port> {
    port: P,
    kernels: Kernels,
    /// Flights at most.
    limit: usize,
    flying: Vec<Flight<P::Message>>,
    spare: Vec<Buffer>,
    is_empty: bool,
}

impl<P: Port> Flights<P> {
    /// A worker with at most `limit` messages in flight; fewer than its lanes leave others their part.
    pub(crate) fn new(port: P, kernels: Kernels, limit: usize) -> Self {
        let limit = limit.clamp(1, MAX_LANES);
        Flights { port, kernels, limit, flying: Vec::new(), spare: SPARE.take(), is_empty: false }
    }

    /// Digests messages until there are no more.
    pub(crate) fn run(mut self) -> P {
        loop {
            self.read_on();
            self.begin();
            match self.flying.as_slice() {
                [] => {
                    SPARE.set(self.spare);
                    return self.port;
                }
                [alone] if self.is_empty && alone.message.is_worth_a_thread() => {
                    self.step();
                    self.guarded(0, Flight::read_apart);
                }
                _ => self.step(),
            }
        }
    }

    /// Flights that keep the lanes busy with what is wanted of those in flight.
    fn width(&self) -> usize {
        let wanted = |wants: fn(&States) -> bool| self.flying.iter().any(|flight| wants(&flight.states));
        let widths = [
            (wanted(|states| states.sha256.is_some()), self.kernels.sha256.width),
            (wanted(|states| states.sha1.is_some()), self.kernels.sha1.width),
            (wanted(|states| states.md5.is_some()), self.kernels.md5.width),
        ];
        let width = widths.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, width)| width).max();
        width.unwrap_or(1).min(self.limit)
    }

    /// Gets blocks into every flight, and takes out those that landed or failed.
    fn read_on(&mut self) {
        let mut at = 0;
        while at < self.flying.len() {
            at += usize::from(self.is_kept_up(at));
        }
    }

    /// Begins flights while there are lanes for them.
    fn begin(&mut self) {
        while !self.is_empty && (self.flying.is_empty() || self.flying.len() < self.width()) {
            let Some((message, algorithms)) = self.port.depart() else {
                self.is_empty = true;
                return;
            };
            let buffer = self.spare.pop().unwrap_or_else(|| Buffer::new(self.flying.len()));
            self.flying.push(Flight::new(message, algorithms, buffer));
            self.is_kept_up(self.flying.len() - 1);
        }
    }

    /// Reads on until a flight has blocks; false if it is gone instead.
    fn is_kept_up(&mut self, at: usize) -> bool {
        while self.flying[at].ready() == 0 {
            if self.flying[at].has_arrived() {
                let (message, digests, buffer) = self.flying.swap_remove(at).land();
                self.spare.push(buffer);
                self.port.arrive(message, digests);
                return false;
            }
            let company = self.flying.len();
            let length = (READ_AHEAD / self.width().max(company)).min(MAX_READ);
            if !self.guarded(at, |flight, _| flight.read_on(length, company)) {
                return false;
            }
        }
        true
    }

    /// Runs a step of one flight, which a failure or a panic ends.
    fn guarded(
        &mut self,
        at: usize,
        step: impl FnOnce(&mut Flight<P::Message>, &Kernels) -> Result<(), Failure>,
    ) -> bool {
        let (flight, kernels) = (&mut self.flying[at], &self.kernels);
        let stepped = catch_unwind(AssertUnwindSafe(|| step(flight, kernels)));
        match stepped.unwrap_or_else(|_| Err(Failure::panicked())) {
            Ok(()) => true,
            Err(failure) => {
                let (message, _, buffer) = self.flying.swap_remove(at).land();
                self.spare.push(buffer);
                self.port.fail(message, failure);
                false
            }
        }
    }

    /// Advances all flights by as many blocks as each of them has.
    fn step(&mut self) {
        let count = self.flying.iter().map(Flight::ready).min().unwrap_or(0);
        feed(&self.kernels.md5, &mut self.flying, count, |states| &mut states.md5);
        self.flying.iter_mut().for_each(|flight| flight.turn_length(count));
        feed(&self.kernels.sha1, &mut self.flying, count, |states| &mut states.sha1);
        feed(&self.kernels.sha256, &mut self.flying, count, |states| &mut states.sha256);
        self.flying.iter_mut().for_each(|flight| flight.pass(count));
    }
}

/// Feeds one digest of those flights that want it.
fn feed<M: Message, const W: usize>(
    kernel: &Kernel<W>,
    flights: &mut [Flight<M>],
    count: usize,
    state_of: fn(&mut States) -> &mut Option<[u32; W]>,
) {
    let mut states = [[0; W]; MAX_LANES];
    let mut blocks: [&[Block]; MAX_LANES] = [&[]; MAX_LANES];
    let mut lanes = 0;
    for flight in flights.iter() {
        let mut all = flight.states;
        if let Some(state) = state_of(&mut all) {
            (states[lanes], blocks[lanes]) = (*state, flight.blocks(count));
            lanes += 1;
        }
    }
    kernel.feed(&mut states[..lanes], &blocks[..lanes]);
    let wanting = flights.iter_mut().filter_map(|flight| state_of(&mut flight.states).as_mut());
    for (state, fed) in wanting.zip(states) {
        *state = fed;
    }
}
