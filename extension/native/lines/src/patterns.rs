//! Many strings, ASCII case ignored, looked for at a cost that hardly grows with their number.
//!
//! Two searches propose places and compare them: by anchors (`anchors.rs`), the faster one, which wants a few rare pairs
//! of bytes that all strings have, and by strides (`strides.rs`), which wants strings that are long. Where anchors do not
//! serve all strings, they serve those that are too short for a long stride.

use std::collections::HashMap;

use crate::anchors::{Anchors, Numbered};
use crate::grams::Wanted;
use crate::pairs::{CHUNK, NO_PLACES};
use crate::strides::Strides;

/// Bytes of the shortest and the longest string.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=255;

/// Strings at most.
const MAX_PATTERNS: usize = 20_000;

/// Anchors at no more than this share of all places are faster than strides.
const RARE: f64 = 0.03;

/// Beside strides, anchors must be rarer.
const RARE_BESIDE: f64 = 0.01;

/// Strings below one of these lengths are short, if they are few: the first that they allow. What is left is at least as
/// long, and the stride grows with it. From 9 on more short strings cost more than the longer stride saves.
const SHORT_BELOW: [usize; 4] = [9, 8, 7, 6];

/// Short strings that are few.
const MAX_SHORT: usize = 64;

/// Bytes that are looked at first, and then twice as many each time: where strings are dense, no more is looked at in vain.
const FIRST_CHUNK: usize = 256;

/// Strings ready to be looked for.
#[derive(Debug)]
pub struct Patterns {
    /// In lower case, sorted, no two alike.
    strings: Vec<Box<[u8]>>,
    anchors: Option<Anchors>,
    strides: Option<Strides>,
    /// Range of the strings that begin with three bytes.
    beginnings: HashMap<[u8; 3], (u32, u32)>,
    longest: usize,
}

/// Where a string lies in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

impl Patterns {
    /// Makes strings ready: printable ASCII of 3 to 255 bytes, 1 to 20,000 of them.
    pub fn new<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, String> {
        let mut strings: Vec<Box<[u8]>> = strings.into_iter().map(|one| one.to_ascii_lowercase().into()).collect();
        if strings.is_empty() || strings.len() > MAX_PATTERNS {
            return Err(format!("{} strings to look for; expected 1 to {MAX_PATTERNS}", strings.len()));
        }
        if let Some(odd) = strings.iter().find(|one| !LENGTHS.contains(&one.len())) {
            return Err(format!("a string of {} bytes to look for; expected 3 to 255", odd.len()));
        }
        if strings.iter().any(|one| !one.iter().all(|byte| (0x20..0x7f).contains(byte))) {
            return Err("a string to look for has bytes that are not printable ASCII".into());
        }
        strings.sort_unstable();
        strings.dedup();
        let numbered: Vec<Numbered<'_>> = (0..).zip(strings.iter().map(AsRef::as_ref)).collect();
        let (anchors, strides) = searches(&numbered);
        let longest = strings.iter().map(|one| one.len()).max().unwrap_or(0);
        let mut beginnings = HashMap::new();
        for (index, one) in (0u32..).zip(&strings) {
            beginnings.entry([one[0], one[1], one[2]]).or_insert((index, index)).1 = index + 1;
        }
        Ok(Patterns { strings, anchors, strides, beginnings, longest })
    }

    /// Bytes of the longest string.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The first string in `text` that begins at or after `from` and ends behind `ends_after`: the leftmost, and the
    /// longest of those that begin there.
    pub fn find(&self, text: &[u8], from: usize, ends_after: usize) -> Option<Hit> {
        let from = from.max((ends_after + 1).saturating_sub(self.longest));
        let wanted = Wanted { strings: &self.strings, from, ends_after };
        let mut places = NO_PLACES;
        let mut look_at = from;
        let mut chunk = from;
        let mut size = FIRST_CHUNK;
        while chunk < text.len() {
            let until = text.len().min(chunk + size);
            let by_stride = self.strides.as_ref().and_then(|one| one.find(text, &mut look_at, until, wanted));
            let by_anchor = self.anchors.as_ref().and_then(|one| one.find(text, chunk, until, &mut places, wanted));
            if let Some(start) = by_stride.into_iter().chain(by_anchor).min() {
                return Some(self.leftmost(text, start, from, ends_after));
            }
            chunk = until;
            size = CHUNK.min(2 * size);
        }
        None
    }

    /// A string was found at `start`; another that begins before it may have been found behind it.
    fn leftmost(&self, text: &[u8], start: usize, from: usize, ends_after: usize) -> Hit {
        let first = from.max((start + 1).saturating_sub(self.longest));
        let first = memchr::memrchr(b'\n', &text[first..start]).map_or(first, |lf| first + lf + 1);
        let hits = (first..=start).filter_map(|at| self.longest_at(text, at));
        let mut hits = hits.filter(|hit| hit.end > ends_after);
        hits.next().unwrap_or(Hit { start, end: start })
    }

    /// The longest string that begins at `at`.
    fn longest_at(&self, text: &[u8], at: usize) -> Option<Hit> {
        let rest = &text[at..];
        let beginning = rest.first_chunk::<3>()?.map(|byte| byte.to_ascii_lowercase());
        let (first, end) = *self.beginnings.get(&beginning)?;
        let strings = &self.strings[first as usize..end as usize];
        let is_there = |one: &&[u8]| rest.get(..one.len()).is_some_and(|piece| piece.eq_ignore_ascii_case(one));
        let length = strings.iter().map(AsRef::as_ref).filter(is_there).map(<[u8]>::len).max()?;
        Some(Hit { start: at, end: at + length })
    }
}

/// Which strings are found by anchors, and which by strides.
fn searches(strings: &[Numbered<'_>]) -> (Option<Anchors>, Option<Strides>) {
    if let Some(anchors) = Anchors::new(strings, RARE) {
        return (Some(anchors), None);
    }
    let beside = SHORT_BELOW.iter().find_map(|below| {
        let (short, long): (Vec<_>, Vec<_>) = strings.iter().partition(|(_, one)| one.len() < *below);
        let is_few = !short.is_empty() && short.len() <= MAX_SHORT;
        let anchors = is_few.then(|| Anchors::new(&short, RARE_BESIDE))??;
        Some((Some(anchors), (!long.is_empty()).then(|| Strides::new(&long))))
    });
    beside.unwrap_or_else(|| (None, Some(Strides::new(strings))))
}
