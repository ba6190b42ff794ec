//! One message on its way: bytes of it that were read, the states of its digests, its padding.
//!
//! A flight knows neither the other flights nor what its message is; `flights.rs` makes them move together.

use crate::failure::Failure;
use crate::hash::{Algorithms, Digests};
use crate::lanes::{Block, Kernels, MD5_INITIAL, Md5State, SHA1_INITIAL, SHA256_INITIAL, Sha1State, Sha256State};

/// Bytes of a block.
pub(crate) const STEP: usize = size_of::<Block>();

/// Longest padding: the mark, zeros and the length, when they need a block of their own.
const MAX_PADDING: usize = 72;

/// How far apart within a page the buffers of flights begin, and after how many it repeats. Where all begin at the same
/// place, sixteen streams share one set of an eight-way cache: MD5 then takes a quarter longer.
const STAGGER: usize = 192;
const STAGGERED: usize = 16;

/// Where a flight keeps what it has read.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Where it begins to be used.
    base: usize,
}

impl Buffer {
    /// The next one of a worker that has made `made` before.
    pub(crate) fn new(made: usize) -> Self {
        Buffer { bytes: Vec::new(), base: made % STAGGERED * STAGGER }
    }
}

/// Bytes of a message, in pieces.
pub(crate) trait Message {
    /// Puts the next bytes into `buffer`; how many, and whether they were the last. `company` flights share the thread.
    fn read(&mut self, buffer: &mut [u8], company: usize) -> Result<(usize, bool), Failure>;

    /// Whether the rest is so long that reading it on another thread pays.
    fn is_worth_a_thread(&self) -> bool;

    /// Gives the rest to `consume` while another thread reads it.
    fn read_apart(&mut self, consume: &mut dyn FnMut(&[u8])) -> Result<(), Failure>;
}

/// Digests between two blocks; those that are wanted.
#[derive(Clone, Copy, Default)]
pub(crate) struct States {
    pub(crate) sha256: Option<Sha256State>,
    pub(crate) sha1: Option<Sha1State>,
    pub(crate) md5: Option<Md5State>,
}

impl States {
    fn new(algorithms: Algorithms) -> Self {
        States {
            sha256: algorithms.has(Algorithms::SHA256).then_some(SHA256_INITIAL),
            sha1: algorithms.has(Algorithms::SHA1).then_some(SHA1_INITIAL),
            md5: algorithms.has(Algorithms::MD5).then_some(MD5_INITIAL),
        }
    }

    fn finished(self) -> Digests {
        Digests {
            sha256: self.sha256.map(|state| bytes_of(state.map(u32::to_be_bytes))),
            sha1: self.sha1.map(|state| bytes_of(state.map(u32::to_be_bytes))),
            md5: self.md5.map(|state| bytes_of(state.map(u32::to_le_bytes))),
        }
    }
}

fn bytes_of<const W: usize, const B: usize>(words: [[u8; 4]; W]) -> [u8; B] {
    let mut bytes = [0; B];
    bytes.copy_from_slice(words.as_flattened());
    bytes
}

/// A message on its way.
pub(crate) struct Flight<M> {
    pub(crate) message: M,
    pub(crate) states: States,
    /// Whole blocks not fed yet lie from `at` to `end`; bytes of a block that is not complete follow, to `filled`.
    buffer: Buffer,
    at: usize,
    end: usize,
    filled: usize,
    /// Bytes of the message so far.
    length: u64,
    is_padded: bool,
}

impl<M: Message> Flight<M> {
    /// Begins with a message; the buffer is one that an earlier flight has left, or new.
    pub(crate) fn new(message: M, algorithms: Algorithms, buffer: Buffer) -> Self {
        let (states, base) = (States::new(algorithms), buffer.base);
        Flight { message, states, buffer, at: base, end: base, filled: base, length: 0, is_padded: false }
    }

    /// Blocks that can be fed.
    pub(crate) fn ready(&self) -> usize {
        (self.end - self.at) / STEP
    }

    /// Whether all is fed, the padding included.
    pub(crate) fn has_arrived(&self) -> bool {
        self.is_padded && self.at == self.end
    }

    /// The next blocks.
    pub(crate) fn blocks(&self, count: usize) -> &[Block] {
        self.buffer.bytes[self.at..self.at + count * STEP].as_chunks().0
    }

    /// Counts the next blocks as fed.
    pub(crate) fn pass(&mut self, count: usize) {
        self.at += count * STEP;
    }

    /// MD5 ends with the length in little-endian order, the others with the same length in big-endian order: turns it,
    /// between feeding the one and the others, when it is among the next blocks.
    pub(crate) fn turn_length(&mut self, count: usize) {
        if self.is_padded && self.at + count * STEP == self.end {
            self.buffer.bytes[self.end - 8..self.end].reverse();
        }
    }

    /// Reads up to `length` bytes once all blocks are fed, and pads them if they are the last.
    pub(crate) fn read_on(&mut self, length: usize, company: usize) -> Result<(), Failure> {
        let Buffer { bytes, base } = &mut self.buffer;
        let (base, room) = (*base, STEP + length + MAX_PADDING);
        if bytes.len() < base + room {
            bytes.resize(base + room, 0);
        }
        bytes.copy_within(self.end..self.filled, base);
        let rest = base + self.filled - self.end;
        (self.at, self.end, self.filled) = (base, base, rest);
        let (got, is_last) = self.message.read(&mut bytes[rest..rest + length], company)?;
        self.length += got as u64;
        self.filled = rest + got;
        self.end = base + (self.filled - base) / STEP * STEP;
        if is_last {
            self.pad();
        }
        Ok(())
    }

    /// Feeds all that is left of the message, while another thread reads it.
    pub(crate) fn read_apart(&mut self, kernels: &Kernels) -> Result<(), Failure> {
        let base = self.buffer.base;
        self.buffer.bytes.copy_within(self.end..self.filled, base);
        let mut begun = self.filled - self.end;
        let Flight { message, states, buffer, length, .. } = self;
        let buffer = &mut buffer.bytes[base..];
        message.read_apart(&mut |bytes| {
            *length += bytes.len() as u64;
            let bytes = complete(kernels, states, buffer, &mut begun, bytes);
            let (blocks, rest) = bytes.as_chunks();
            feed(kernels, states, blocks);
            buffer[begun..begun + rest.len()].copy_from_slice(rest);
            begun += rest.len();
        })?;
        (self.at, self.end, self.filled) = (base, base, base + begun);
        self.pad();
        Ok(())
    }

    /// Appends what completes the last block: FIPS 180-4, 5.1.1, and RFC 1321, 3.1 and 3.2, whose order of the length
    /// this is.
    fn pad(&mut self) {
        let Buffer { bytes, base } = &mut self.buffer;
        let padded = *base + (self.filled - *base + 9).next_multiple_of(STEP);
        bytes[self.filled..padded].fill(0);
        bytes[self.filled] = 0x80;
        bytes[padded - 8..padded].copy_from_slice(&(self.length.wrapping_mul(8)).to_le_bytes());
        (self.end, self.filled) = (padded, padded);
        self.is_padded = true;
    }

    /// The message, its digests, and the buffer for another flight.
    pub(crate) fn land(self) -> (M, Digests, Buffer) {
        (self.message, self.states.finished(), self.buffer)
    }
}

/// Feeds the block that was begun in `buffer`, once `bytes` complete it; the bytes that are left.
fn complete<'b>(
    kernels: &Kernels,
    states: &mut States,
    buffer: &mut [u8],
    filled: &mut usize,
    bytes: &'b [u8],
) -> &'b [u8] {
    if *filled == 0 {
        return bytes;
    }
    let (missing, rest) = bytes.split_at((STEP - *filled).min(bytes.len()));
    buffer[*filled..*filled + missing.len()].copy_from_slice(missing);
    *filled += missing.len();
    if *filled == STEP {
        feed(kernels, states, buffer[..STEP].as_chunks().0);
        *filled = 0;
    }
    rest
}

/// Feeds one message's states alone.
fn feed(kernels: &Kernels, states: &mut States, blocks: &[Block]) {
    if let Some(md5) = &mut states.md5 {
        kernels.md5.feed(std::slice::from_mut(md5), &[blocks]);
    }
    if let Some(sha1) = &mut states.sha1 {
        kernels.sha1.feed(std::slice::from_mut(sha1), &[blocks]);
    }
    if let Some(sha256) = &mut states.sha256 {
        kernels.sha256.feed(std::slice::from_mut(sha256), &[blocks]);
    }
}
