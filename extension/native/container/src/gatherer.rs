//! Members as they are unpacked: hashed, bounded, and kept in memory only where somebody wants their bytes.
//!
//! All bounds are kept here, for every format and every level of nesting together.

use sha2::{Digest, Sha256};

use crate::bytes::{Bytes, for_each_block};
use crate::fault::{Fault, Stop, damaged};
use crate::limits::Limits;

/// Bytes of a member's head that are given, as `headLength` of `domain/file-kind.ts`.
pub const HEAD_LENGTH: usize = 16;

/// One file in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its name with `/` between components, as bytes: it is a name only, and nothing is ever written under it.
    pub path: Vec<u8>,
    /// Its size; of a member that could not be read whole, the size that the container declares.
    pub size: u64,
    /// The digest of its content; none where it could not be read whole.
    pub sha256: Option<[u8; 32]>,
    /// First bytes, as far as they could be read.
    pub head: Vec<u8>,
    /// The content, where it was wanted and is not too long.
    pub bytes: Option<Vec<u8>>,
}

/// Tells by path and head whether a member's bytes are wanted.
pub type Wanted<'a> = dyn Fn(&[u8], &[u8]) -> bool + 'a;

/// Asked between blocks whether to go on.
pub type Patience<'a> = dyn Fn() -> Result<(), Stop> + 'a;

/// What is found, and what is left of the limits.
pub(crate) struct Gatherer<'a> {
    pub(crate) members: Vec<Member>,
    pub(crate) problems: Vec<String>,
    pub(crate) limits: &'a Limits,
    wanted: &'a Wanted<'a>,
    patience: &'a Patience<'a>,
    total_left: u64,
    wanted_left: u64,
    names_left: u64,
    unsaid: u64,
}

/// A member that is being unpacked.
pub(crate) struct Opened {
    member: Member,
    declared: u64,
    hasher: Sha256,
    is_wanted: Option<bool>,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(limits: &'a Limits, wanted: &'a Wanted<'a>, patience: &'a Patience<'a>, file_size: u64) -> Self {
        let by_ratio = file_size.saturating_mul(limits.ratio).max(limits.ratio_from);
        Gatherer {
            members: Vec::new(),
            problems: Vec::new(),
            limits,
            wanted,
            patience,
            total_left: limits.total_bytes.min(by_ratio),
            wanted_left: limits.wanted_total_bytes,
            names_left: limits.names_bytes,
            unsaid: 0,
        }
    }

    /// Whether to go on.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        (self.patience)()
    }

    /// Says what could not be read.
    pub(crate) fn note(&mut self, problem: String) {
        if self.problems.len() < self.limits.problems {
            self.problems.push(one_line(&problem));
        } else {
            self.unsaid += 1;
        }
    }

    /// Says what could not be read of one member.
    pub(crate) fn note_of(&mut self, path: &[u8], problem: &str) {
        self.note(format!("{}: {problem}", String::from_utf8_lossy(path)));
    }

    /// Begins a member.
    pub(crate) fn open(&mut self, path: Vec<u8>, declared: u64) -> Result<Opened, Fault> {
        self.check()?;
        let name_length = path.len() as u64;
        if self.members.len() >= self.limits.members || name_length > self.names_left {
            return Err(Stop::TooMany.into());
        }
        self.names_left -= name_length;
        let mut path = path;
        path.truncate(self.limits.name_bytes);
        let member = Member { path, ..Member::default() };
        Ok(Opened { member, declared, hasher: Sha256::new(), is_wanted: None })
    }

    /// The next bytes of a member.
    pub(crate) fn write(&mut self, opened: &mut Opened, bytes: &[u8]) -> Result<(), Fault> {
        self.check()?;
        let length = bytes.len() as u64;
        if length > self.total_left {
            return Err(Stop::TooMuch.into());
        }
        self.total_left -= length;
        let member = &mut opened.member;
        member.size += length;
        if member.size > self.limits.member_bytes {
            return damaged(format!("has more than {} bytes; it was not read to its end", self.limits.member_bytes));
        }
        opened.hasher.update(bytes);
        let fresh = (HEAD_LENGTH - member.head.len()).min(bytes.len());
        member.head.extend_from_slice(&bytes[..fresh]);
        if opened.is_wanted.is_none() && member.head.len() == HEAD_LENGTH {
            // What came in smaller pieces before the head was full is in the head.
            let before = member.size - length;
            let is_wanted = (self.wanted)(&member.path, &member.head);
            opened.is_wanted = Some(is_wanted);
            member.bytes = is_wanted.then(|| member.head[..before as usize].to_vec());
        }
        self.keep(opened, bytes);
        Ok(())
    }

    /// Appends to the bytes that are wanted, while they are within the limits.
    fn keep(&mut self, opened: &mut Opened, bytes: &[u8]) {
        let Some(kept) = opened.member.bytes.as_mut() else { return };
        let length = (kept.len() + bytes.len()) as u64;
        if length > self.limits.wanted_bytes || length > self.wanted_left {
            opened.member.bytes = None;
            self.note_of(&opened.member.path.clone(), "is wanted, but too long to be kept in memory");
            return;
        }
        kept.extend_from_slice(bytes);
    }

    /// Ends a member that was read whole.
    pub(crate) fn close(&mut self, mut opened: Opened) {
        let member = &mut opened.member;
        if opened.is_wanted.is_none() && (self.wanted)(&member.path, &member.head) {
            member.bytes = Some(member.head.clone());
        }
        self.wanted_left -= member.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64).min(self.wanted_left);
        member.sha256 = Some(opened.hasher.finalize().into());
        self.members.push(opened.member);
    }

    /// Ends a member that could not be read, or not whole.
    pub(crate) fn fail(&mut self, opened: Opened, problem: &str) {
        let Opened { mut member, declared, .. } = opened;
        self.note_of(&member.path, problem);
        member.bytes = None;
        member.size = declared.max(member.size);
        self.members.push(member);
    }

    /// Ends a member as its reading ended; a stop is passed on.
    pub(crate) fn end(&mut self, opened: Opened, result: Result<(), Fault>) -> Result<(), Stop> {
        match result {
            Ok(()) => self.close(opened),
            Err(Fault::Damaged(problem)) => self.fail(opened, &problem),
            Err(Fault::Stopped(stop)) => {
                self.fail(opened, stop.message());
                return Err(stop);
            }
        }
        Ok(())
    }

    /// A whole member from bytes that lie as they are.
    pub(crate) fn copy(&mut self, path: Vec<u8>, source: &dyn Bytes) -> Result<(), Fault> {
        let mut opened = self.open(path, source.size())?;
        let result = self.copy_into(&mut opened, source);
        Ok(self.end(opened, result)?)
    }

    fn copy_into(&mut self, opened: &mut Opened, source: &dyn Bytes) -> Result<(), Fault> {
        if source.size() > self.limits.member_bytes {
            return damaged(format!("has {} bytes, more than {}", source.size(), self.limits.member_bytes));
        }
        for_each_block(source, |block| self.write(opened, block))
    }

    /// The problems, with a last line for those that were too many.
    pub(crate) fn take_problems(&mut self) -> Vec<String> {
        if self.unsaid > 0 {
            self.problems.push(format!("{} more problems are not listed", self.unsaid));
        }
        std::mem::take(&mut self.problems)
    }
}

/// Names in messages are hostile: no control characters, and not too long.
fn one_line(text: &str) -> String {
    text.chars().take(400).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
