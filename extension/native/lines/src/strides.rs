//! Many strings without a common sign, looked for at a cost that hardly grows with their number.
//!
//! Of every string a run of [`Strides::stride`] overlapping grams is known, so that a reader that looks at one gram every
//! `stride` bytes meets one of them wherever the string lies. That is less than one look-up a byte, and none depends on
//! the one before. An automaton would look at every byte, and wait for memory at every one.

use std::collections::HashMap;

use crate::anchors::Numbered;
use crate::grams::{Entry, Grams, Hashing, Wanted, word_of};

/// Bytes of a gram, at most: more hardly let less through, and shorten the stride.
const MAX_GRAM: usize = 7;

/// Bytes of a gram when there are few strings, for a longer stride.
const MAX_GRAM_OF_FEW: usize = 5;

/// So many strings are few.
const FEW: usize = 256;

/// Bytes between two looks, at most: beyond, reading the text is what costs.
const MAX_STRIDE: usize = 8;

/// Strings ready to be looked for.
#[derive(Debug)]
pub(crate) struct Strides {
    stride: usize,
    hashing: Hashing,
    grams: Grams,
}

impl Strides {
    /// At least one string.
    pub(crate) fn new(strings: &[Numbered<'_>]) -> Self {
        let shortest = strings.iter().map(|(_, one)| one.len()).min().unwrap_or(MAX_STRIDE);
        let (gram, stride) = gram_and_stride(shortest, strings.len());
        let hashing = Hashing::new(gram, 0);
        Strides { stride, hashing, grams: Grams::new(entries_of(strings, hashing, gram, stride)) }
    }

    /// Where a string begins of which a gram is seen before `until`; the next look is at `at`.
    pub(crate) fn find(&self, text: &[u8], at: &mut usize, until: usize, wanted: Wanted<'_>) -> Option<usize> {
        while let Some((place, hash)) = self.next_candidate(text, at, until) {
            if let Some(start) = self.grams.compare(text, place, hash, wanted) {
                return Some(start);
            }
        }
        None
    }

    /// The next place, in steps of the stride, where the filter lets a gram through; `at` goes on behind it.
    #[inline]
    fn next_candidate(&self, text: &[u8], at: &mut usize, until: usize) -> Option<(usize, u64)> {
        let stride = self.stride;
        let until = until.min(text.len());
        let whole = until.min(text.len().saturating_sub(7));
        // SAFETY: every call is for a place below `whole`, which has eight bytes behind it.
        let gram = |at: usize| unsafe { u64::from_le_bytes(*text.as_ptr().add(at).cast::<[u8; 8]>()) };
        // Four looks at once: they do not wait for each other, and one branch tells of all.
        let mut next = *at;
        while next + 3 * stride < whole {
            let hashes = [
                self.hashing.of(gram(next)),
                self.hashing.of(gram(next + stride)),
                self.hashing.of(gram(next + 2 * stride)),
                self.hashing.of(gram(next + 3 * stride)),
            ];
            let seen = hashes.map(|hash| self.grams.look(hash));
            if (seen[0] | seen[1] | seen[2] | seen[3]) & 1 != 0 {
                let first = seen.iter().position(|seen| seen & 1 != 0).unwrap_or(0);
                let place = next + first * stride;
                *at = place + stride;
                return Some((place, hashes[first]));
            }
            next += 4 * stride;
        }
        *at = next;
        while *at < until {
            let place = *at;
            let hash = self.hashing.of(word_of(&text[place..]));
            *at += stride;
            if self.grams.look(hash) & 1 != 0 {
                return Some((place, hash));
            }
        }
        None
    }
}

/// The shortest string has `stride` grams, no more: `gram + stride - 1` bytes.
fn gram_and_stride(shortest: usize, count: usize) -> (usize, usize) {
    let most = if count <= FEW { MAX_GRAM_OF_FEW } else { MAX_GRAM };
    let gram = shortest.min(4).max(shortest.saturating_sub(3).min(most));
    (gram, (shortest + 1 - gram).min(MAX_STRIDE))
}

/// The grams of each string: the run of them that the fewest other strings share, since what is common among strings
/// is common in texts.
fn entries_of(strings: &[Numbered<'_>], hashing: Hashing, gram: usize, stride: usize) -> Vec<Entry> {
    let hashes_of = |one: &[u8]| -> Vec<u64> { one.windows(gram).map(|piece| hashing.of(word_of(piece))).collect() };
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for (_, one) in strings {
        hashes_of(one).into_iter().for_each(|hash| *counts.entry(hash).or_default() += 1);
    }
    let mut entries = Vec::with_capacity(strings.len() * stride);
    for (number, one) in strings {
        let hashes = hashes_of(one);
        let shared = |run: &[u64]| run.iter().map(|hash| counts.get(hash).copied().unwrap_or(0)).sum::<u32>();
        let runs = hashes.windows(stride).enumerate();
        let Some((first, run)) = runs.min_by_key(|(_, run)| shared(run)) else { continue };
        entries.extend(run.iter().enumerate().map(|(i, hash)| Entry::new(*hash, *number, one, first + i)));
    }
    entries
}
