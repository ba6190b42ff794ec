//! Values by name pattern: which of many patterns for one component of a path a name matches.
//!
//! Exact names are found by hash, wildcards by last or first byte, those with stars at both ends by their longest piece, all
//! pieces in one pass. Nearly every name matches nothing, so a [`Sieve`] is asked before any of it. Names come folded as
//! the patterns are, except to the sieve, which does not care.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use aho_corasick::AhoCorasick;

use super::sieve::Sieve;
use crate::glob::{Component, Wild};

/// Values by name pattern.
#[derive(Default)]
pub(super) struct NameIndex {
    sieve: Sieve,
    exact: HashMap<Box<[u8]>, Vec<u32>, BuildHasherDefault<NameHasher>>,
    exact_lengths: ByteSet,
    exact_firsts: ByteSet,
    /// Wildcards with a literal end, by its last byte.
    by_last: Vec<(u8, Wild, u32)>,
    lasts: ByteSet,
    /// The other wildcards with a literal start, by its first byte.
    by_first: Vec<(u8, Wild, u32)>,
    firsts: ByteSet,
    /// Wildcards with neither.
    loose: Vec<(Wild, u32)>,
    /// Seeks the longest piece of every loose wildcard at once.
    pieces: Option<PieceSearch>,
    /// What every name matches.
    pub(super) always: Vec<u32>,
}

/// Finds which pieces a name holds in one pass, so that a loose wildcard is only tried where it can match.
struct PieceSearch {
    automaton: AhoCorasick,
    /// For each piece, indexes into `loose`.
    wilds: Vec<Vec<u32>>,
}

impl PieceSearch {
    /// `None` when there is nothing to seek, or no automaton can be built: every wildcard is tried then.
    fn new(loose: &[(Wild, u32)]) -> Option<Self> {
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut wilds: Vec<Vec<u32>> = Vec::new();
        for (index, (wild, _)) in loose.iter().enumerate() {
            let longest = wild.middle.iter().max_by_key(|piece| piece.len())?;
            let at = pieces.iter().position(|piece| **piece == **longest).unwrap_or_else(|| {
                pieces.push(longest);
                wilds.push(Vec::new());
                pieces.len() - 1
            });
            wilds[at].push(index as u32);
        }
        let automaton = (!pieces.is_empty()).then(|| AhoCorasick::new(&pieces).ok())??;
        Some(PieceSearch { automaton, wilds })
    }
}

impl NameIndex {
    /// Adds a value; `finish` must follow the last.
    pub(super) fn insert(&mut self, component: &Component, value: u32) {
        self.sieve.insert(component);
        match component {
            Component::AnyDepth => self.always.push(value),
            Component::Exact(name) => {
                self.exact_lengths.insert(length_byte(name));
                self.exact_firsts.insert(name.first().copied().unwrap_or(0));
                self.exact.entry(name.clone()).or_default().push(value);
            }
            Component::Wild(wild) if wild.is_any() => self.always.push(value),
            Component::Wild(wild) => match (wild.suffix.last(), wild.prefix.first()) {
                (Some(&last), _) => {
                    self.lasts.insert(last);
                    self.by_last.push((last, wild.clone(), value));
                }
                (None, Some(&first)) => {
                    self.firsts.insert(first);
                    self.by_first.push((first, wild.clone(), value));
                }
                (None, None) => self.loose.push((wild.clone(), value)),
            },
        }
    }

    /// Makes ready for look-ups.
    pub(super) fn finish(&mut self) {
        self.by_last.sort_by_key(|(last, _, _)| *last);
        self.by_first.sort_by_key(|(first, _, _)| *first);
        self.pieces = PieceSearch::new(&self.loose);
    }

    /// Whether no name can match.
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty()
            && self.by_last.is_empty()
            && self.by_first.is_empty()
            && self.loose.is_empty()
            && self.always.is_empty()
    }

    /// Whether a name, folded or not, may match; a quick answer, right when it is no.
    pub(super) fn may_match(&self, name: &[u8]) -> bool {
        !self.always.is_empty() || self.sieve.passes(name)
    }

    /// Adds the values that a folded name has, some perhaps twice.
    pub(super) fn look_up(&self, name: &[u8], out: &mut Vec<u32>) {
        let (Some(&first), Some(&last)) = (name.first(), name.last()) else { return };
        out.extend_from_slice(&self.always);
        if self.exact_lengths.contains(length_byte(name)) && self.exact_firsts.contains(first) {
            out.extend(self.exact.get(name).into_iter().flatten());
        }
        if self.lasts.contains(last) {
            push_matching(&self.by_last, last, name, out);
        }
        if self.firsts.contains(first) {
            push_matching(&self.by_first, first, name, out);
        }
        match &self.pieces {
            Some(search) => {
                for found in search.automaton.find_overlapping_iter(name) {
                    let candidates = search.wilds[found.pattern().as_usize()].iter();
                    out.extend(
                        candidates
                            .map(|at| &self.loose[*at as usize])
                            .filter(|(wild, _)| wild.matches(name))
                            .map(|(_, value)| value),
                    );
                }
            }
            None => out.extend(self.loose.iter().filter(|(wild, _)| wild.matches(name)).map(|(_, value)| value)),
        }
    }
}

fn push_matching(sorted: &[(u8, Wild, u32)], key: u8, name: &[u8], out: &mut Vec<u32>) {
    let from = sorted.partition_point(|(byte, _, _)| *byte < key);
    let same = sorted[from..].iter().take_while(|(byte, _, _)| *byte == key);
    out.extend(same.filter(|(_, wild, _)| wild.matches(name)).map(|(_, _, value)| value));
}

fn length_byte(name: &[u8]) -> u8 {
    name.len().min(255) as u8
}

/// A set of byte values.
#[derive(Default)]
struct ByteSet([u64; 4]);

impl ByteSet {
    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}

/// FNV-1a. The keys are our own rules, so nobody can choose them to collide.
struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        NameHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
