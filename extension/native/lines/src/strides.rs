//! Many strings without a common sign, looked for at a cost that hardly grows with their number.
//!
//! Of every string a run of [`Strides::stride`] overlapping grams is known, so that a reader that looks at one gram every
//! `stride` bytes meets one of them wherever the string lies. That is less than one look-up a byte, and none depends on
//! the one before. An automaton would look at every byte, and wait for memory at every one.

use std::collections::HashMap;

use crate::anchors::Numbered;
use crate::grams::{Entry, Grams, Hashing, Wanted, word_of};
use crate::pairs::Places;

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

    /// Where a string begins of which a gram is seen at a place from `at` on before `until`: at most `CHUNK` places. The
    /// next call looks on at `at`.
    pub(crate) fn find(
        &self,
        text: &[u8],
        at: &mut usize,
        until: usize,
        places: &mut Places,
        wanted: Wanted<'_>,
    ) -> Option<usize> {
        let base = *at;
        let found = self.candidates(text, at, until, places);
        places[..found].iter().find_map(|place| {
            let place = base + *place as usize;
            self.grams.compare(text, place, self.hashing.of(word_of(&text[place..])), wanted)
        })
    }

    /// Writes the places, in steps of the stride, where the filter lets a gram through, as distances from `at`, which goes
    /// on behind them; how many. There is no branch for each: it would be mispredicted.
    fn candidates(&self, text: &[u8], at: &mut usize, until: usize, places: &mut Places) -> usize {
        let base = *at;
        let until = until.min(text.len());
        let whole = until.min(text.len().saturating_sub(7));
        let mut found = 0;
        let mut note = |place: usize, gram: u64| {
            places[found] = (place - base) as u32;
            found += (self.grams.look(self.hashing.of(gram)) & 1) as usize;
        };
        while *at < whole {
            // SAFETY: the place is below `whole`, so that eight bytes of text begin there.
            let gram = unsafe { text.as_ptr().add(*at).cast::<[u8; 8]>().read() };
            note(*at, u64::from_le_bytes(gram));
            *at += self.stride;
        }
        while *at < until {
            note(*at, word_of(&text[*at..]));
            *at += self.stride;
        }
        found
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
