//! Tells in a few nanoseconds that a name matches none of many patterns.
//!
//! Of every pattern a few bytes are marked that each name it matches must hold: the last four of its literal end, else the
//! first four of its literal start, else three in a row of its longest piece. A name none of whose bytes are marked
//! in their place matches nothing; any other may. Marks ignore case, and two different ones may fall together: both
//! only let through what is looked up afterwards anyway.

use crate::glob::{Component, Wild};

/// Marked ends of names, 1 KiB, and marked pieces within, 4 KiB: both stay in the processor's nearest cache.
const END_WORDS: usize = 128;
const PIECE_WORDS: usize = 512;

/// Sets the bit in which upper and lower case of ASCII letters differ. Other bytes fall together by it, too.
const CASE: u64 = 0x2020_2020;

/// The letters that names are made of most: three in a row without them say more.
const COMMON: &[u8] = b"etaoinsrlc";

/// What the names that are sought hold.
#[derive(Default)]
pub(super) struct Sieve {
    /// Some pattern has nothing to be marked.
    is_open: bool,
    tails: Ends,
    heads: Ends,
    pieces: Option<Marks<PIECE_WORDS>>,
}

impl Sieve {
    /// Lets through, from now on, every name that a component of a pattern matches.
    pub(super) fn insert(&mut self, component: &Component) {
        match component {
            Component::AnyDepth => self.is_open = true,
            Component::Exact(name) => self.is_open |= !self.tails.insert_tail(name),
            Component::Wild(wild) => {
                let is_marked = self.tails.insert_tail(&wild.suffix)
                    || self.heads.insert_head(&wild.prefix)
                    || self.mark_piece(wild);
                self.is_open |= !is_marked;
            }
        }
    }

    /// Whether a name, folded or not, may match.
    pub(super) fn passes(&self, name: &[u8]) -> bool {
        let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) else { return true };
        let (head, tail) = (u32::from_le_bytes(*head) | CASE as u32, u32::from_le_bytes(*tail) | CASE as u32);
        let is_marked = self.tails.has(|length| tail >> (32 - 8 * length))
            || self.heads.has(|length| head & (u32::MAX >> (32 - 8 * length)));
        self.is_open || is_marked || self.pieces.as_ref().is_some_and(|marks| holds_piece(marks, name))
    }

    /// Marks the rarest three bytes of a wildcard's longest piece; false when there are none.
    fn mark_piece(&mut self, wild: &Wild) -> bool {
        let Some(piece) = wild.middle.iter().max_by_key(|piece| piece.len()) else { return false };
        let commonness =
            |three: &&[u8]| three.iter().filter(|byte| COMMON.contains(&byte.to_ascii_lowercase())).count();
        let Some(three) = piece.windows(3).min_by_key(commonness) else { return false };
        self.pieces.get_or_insert_default().insert(key(three));
        true
    }
}

/// Whether three bytes in a row are marked. All are looked at, because going on costs less than deciding; six at once,
/// some twice, because they are of one word.
fn holds_piece(marks: &Marks<PIECE_WORDS>, name: &[u8]) -> bool {
    let mut found = 0;
    let mut rest = name;
    while let Some(word) = rest.first_chunk() {
        found |= marks.bits_of_six(u64::from_le_bytes(*word));
        rest = &rest[6..];
    }
    match name.last_chunk() {
        Some(word) => found |= marks.bits_of_six(u64::from_le_bytes(*word)),
        None => found |= name.windows(3).fold(0, |found, three| found | marks.bit(key(three))),
    }
    found & 1 == 1
}

/// Literal ends, or starts, of one to four bytes.
#[derive(Default)]
struct Ends {
    /// Bit `n`: there is one of `n` bytes.
    lengths: u8,
    marks: Option<Marks<END_WORDS>>,
}

impl Ends {
    fn insert_tail(&mut self, literal: &[u8]) -> bool {
        self.insert(&literal[literal.len().saturating_sub(4)..])
    }

    fn insert_head(&mut self, literal: &[u8]) -> bool {
        self.insert(&literal[..literal.len().min(4)])
    }

    /// Marks up to four bytes; false when there are none.
    fn insert(&mut self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return false;
        }
        self.lengths |= 1 << bytes.len();
        self.marks.get_or_insert_default().insert(key(bytes));
        true
    }

    /// Whether what a name has in this place is marked, in one of the lengths.
    fn has(&self, part: impl Fn(u32) -> u32) -> bool {
        let Some(marks) = &self.marks else { return false };
        (1..=4).any(|length| self.lengths >> length & 1 == 1 && marks.bit(part(length)) & 1 == 1)
    }
}

/// Up to four bytes as a number, without their case.
fn key(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |key, byte| key << 8 | u32::from(*byte | 0x20))
}

/// A set of numbers, some of which fall together.
struct Marks<const WORDS: usize>(Box<[u64; WORDS]>);

impl<const WORDS: usize> Default for Marks<WORDS> {
    fn default() -> Self {
        Marks(Box::new([0; WORDS]))
    }
}

impl<const WORDS: usize> Marks<WORDS> {
    /// Word and bit of a number: the highest bits of a product, where every byte of the number counts.
    fn place(key: u32) -> (usize, u32) {
        let slot = key.wrapping_mul(0x9e37_79b1) >> (32 - 6 - WORDS.trailing_zeros());
        ((slot >> 6) as usize % WORDS, slot & 63)
    }

    fn insert(&mut self, key: u32) {
        let (word, bit) = Self::place(key);
        self.0[word] |= 1 << bit;
    }

    /// One in the lowest bit when a number may be in the set; what the other bits hold means nothing.
    fn bit(&self, key: u32) -> u64 {
        let (word, bit) = Self::place(key);
        self.0[word] >> bit
    }

    /// The same for the six times three bytes that eight hold.
    fn bits_of_six(&self, word: u64) -> u64 {
        let word = word | CASE << 32 | CASE;
        (0..6).fold(0, |bits, at| bits | self.bit((word >> (8 * at)) as u32 & 0x00ff_ffff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Pattern;
    use proptest::prelude::*;

    fn sieve(patterns: &[&str], ignore_case: bool) -> Sieve {
        let mut sieve = Sieve::default();
        for pattern in patterns {
            Pattern::new(pattern, ignore_case).components.iter().for_each(|component| sieve.insert(component));
        }
        sieve
    }

    #[test]
    fn names_without_anything_that_is_sought_are_held_back() {
        let sieve = sieve(&["ffmpeg.dll", "*.exe", "*.cf", "3CX*", "*stage*", "*.bin.*"], true);
        for name in ["file-12.txt", "readme.md", "Makefile", "staXge", "bin.txt", "exe.so", "mcf.c"] {
            assert!(!sieve.passes(name.as_bytes()), "{name}");
        }
        for name in ["FFmpeg.DLL", "other.dll", "a.EXE", "x.cf", "3cxDesktop", "Stage2", "a.bin.gz", "abc"] {
            assert!(sieve.passes(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_pattern_that_says_too_little_opens_the_sieve() {
        for pattern in ["*", "**", "*ab*", "*a*b*"] {
            assert!(sieve(&[pattern], false).passes(b"anything"), "{pattern}");
        }
        assert!(!sieve(&[], false).passes(b"anything"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn what_a_pattern_matches_is_let_through(
            patterns in proptest::collection::vec("[abAB.@`\u{e9}*]{1,9}", 1..4),
            name in "[abAB.@`\u{e9}]{1,12}",
            ignore_case: bool,
        ) {
            let borrowed: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let folded = if ignore_case { name.to_ascii_lowercase() } else { name.clone() };
            let matches = borrowed.iter().any(|pattern| Pattern::new(pattern, ignore_case).matches(folded.as_bytes()));
            prop_assert!(!matches || sieve(&borrowed, ignore_case).passes(name.as_bytes()));
        }
    }
}
