//! The lanes without files, for tests and fuzzers: messages from memory that arrive in pieces, and some that fail.
//!
//! Not part of the engine: only built for tests, and for the fuzzer with the feature `proof`.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::failure::{Code, Failure};
use crate::flight::Message;
use crate::flights::{Flights, Port};
use crate::hash::{Algorithms, Digests};
use crate::lanes::{Block, Kernel, Kernels};

/// How a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is read whole, and its end is seen with its last bytes.
    Whole,
    /// It is read whole, and its end is seen by reading once more.
    Late,
    /// Reading fails after so many bytes.
    Fails(usize),
    /// Reading panics after so many bytes.
    Panics(usize),
    /// The rest is given away after so many bytes, as that of a large file is when it is the last in flight.
    Apart(usize),
}

/// A message and how it is read.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Bytes per read at most, in turn; none or 0: as many as are asked for.
    pub pieces: Vec<usize>,
    /// What is wanted of it.
    pub algorithms: Algorithms,
    /// How it ends.
    pub ending: Ending,
}

impl Script {
    /// What must come out: the digests of one message after the other, or nothing of one that fails.
    pub fn expected(&self) -> Option<Digests> {
        let wants = |one| self.algorithms.has(one);
        let length = self.bytes.len();
        match self.ending {
            Ending::Fails(at) | Ending::Panics(at) if at <= length => None,
            _ => Some(Digests {
                sha256: wants(Algorithms::SHA256).then(|| Sha256::digest(&self.bytes).into()),
                sha1: wants(Algorithms::SHA1).then(|| Sha1::digest(&self.bytes).into()),
                md5: wants(Algorithms::MD5).then(|| Md5::digest(&self.bytes).into()),
            }),
        }
    }
}

/// Names of the instruction sets that this processor has, and of the choice that the engine makes among them.
pub fn instruction_sets() -> Vec<&'static str> {
    Kernels::every().into_iter().map(|(name, _)| name).collect()
}

/// The digests that the lanes give with an instruction set, at most `limit` messages in flight.
pub fn digests(scripts: &[Script], set: &str, limit: usize) -> Vec<Option<Digests>> {
    let kernels = kernels(set);
    let port = Scripts { scripts, next: 0, outcomes: vec![None; scripts.len()] };
    let outcomes = Flights::new(port, kernels, limit).run().outcomes;
    outcomes.into_iter().map(|outcome| outcome.expect("every message has an outcome")).collect()
}

/// The states of one digest after all streams, of whole blocks and as many each, were fed side by side.
pub fn fed(set: &str, algorithm: Algorithms, streams: &[&[u8]]) -> Vec<Vec<u32>> {
    fn states<const W: usize>(kernel: &Kernel<W>, streams: &[&[u8]]) -> Vec<Vec<u32>> {
        let blocks: Vec<&[Block]> = streams.iter().map(|stream| stream.as_chunks().0).collect();
        let mut states = vec![[0; W]; streams.len()];
        kernel.feed(&mut states, &blocks);
        states.into_iter().map(Vec::from).collect()
    }
    let kernels = kernels(set);
    match algorithm {
        Algorithms::SHA256 => states(&kernels.sha256, streams),
        Algorithms::SHA1 => states(&kernels.sha1, streams),
        _ => states(&kernels.md5, streams),
    }
}

/// How many streams one kernel of a set wants.
pub fn kernel_width(set: &str, algorithm: Algorithms) -> usize {
    let kernels = kernels(set);
    match algorithm {
        Algorithms::SHA256 => kernels.sha256.width,
        Algorithms::SHA1 => kernels.sha1.width,
        _ => kernels.md5.width,
    }
}

fn kernels(set: &str) -> Kernels {
    Kernels::every().into_iter().find(|(name, _)| *name == set).expect("an instruction set that is there").1
}

struct Scripts<'s> {
    scripts: &'s [Script],
    next: usize,
    outcomes: Vec<Option<Option<Digests>>>,
}

struct Spoken<'s> {
    index: usize,
    script: &'s Script,
    at: usize,
    reads: usize,
}

impl<'s> Port for Scripts<'s> {
    type Message = Spoken<'s>;

    fn depart(&mut self) -> Option<(Spoken<'s>, Algorithms)> {
        let index = self.next;
        let script = self.scripts.get(index)?;
        self.next += 1;
        Some((Spoken { index, script, at: 0, reads: 0 }, script.algorithms))
    }

    fn arrive(&mut self, message: Spoken<'s>, digests: Digests) {
        let before = self.outcomes[message.index].replace(Some(digests));
        assert!(before.is_none(), "one outcome per message");
    }

    fn fail(&mut self, message: Spoken<'s>, _failure: Failure) {
        let before = self.outcomes[message.index].replace(None);
        assert!(before.is_none(), "one outcome per message");
    }
}

impl Message for Spoken<'_> {
    fn read(&mut self, buffer: &mut [u8], _company: usize) -> Result<(usize, bool), Failure> {
        let pieces = &self.script.pieces;
        let piece = if pieces.is_empty() { 0 } else { pieces[self.reads % pieces.len()] };
        self.reads += 1;
        let left = &self.script.bytes[self.at..];
        let end = match self.script.ending {
            Ending::Fails(end) | Ending::Panics(end) | Ending::Apart(end) => end.saturating_sub(self.at),
            _ => usize::MAX,
        };
        if end == 0 {
            match self.script.ending {
                Ending::Fails(_) => return Err(Failure::new(Code::Changed, "as scripted")),
                Ending::Panics(_) => std::panic::resume_unwind(Box::new("as scripted")),
                _ => {}
            }
        }
        let piece = if piece == 0 { usize::MAX } else { piece };
        let got = left.len().min(piece).min(buffer.len()).min(end.max(1));
        buffer[..got].copy_from_slice(&left[..got]);
        self.at += got;
        let is_last = self.at == self.script.bytes.len();
        let is_seen = match self.script.ending {
            Ending::Late => got == 0,
            Ending::Fails(at) | Ending::Panics(at) => at > self.script.bytes.len(),
            _ => true,
        };
        Ok((got, is_last && is_seen))
    }

    fn is_worth_a_thread(&self) -> bool {
        matches!(self.script.ending, Ending::Apart(from) if self.at >= from && self.at < self.script.bytes.len())
    }

    fn read_apart(&mut self, consume: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let pieces = self.script.pieces.iter().map(|piece| if *piece == 0 { 1000 } else { *piece });
        let mut pieces = pieces.chain([1000]).cycle();
        while self.at < self.script.bytes.len() {
            let end = pieces.next().map_or(usize::MAX, |piece| self.at + piece).min(self.script.bytes.len());
            consume(&self.script.bytes[self.at..end]);
            self.at = end;
        }
        Ok(())
    }
}
