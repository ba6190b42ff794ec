//! Many strings without a common sign, looked for at a cost that hardly grows with their number.
//!
//! Of every string a run of [`Strides::stride`] overlapping grams is known, so that a reader that looks at one gram every
//! `stride` bytes meets one of them wherever the string lies. That is less than one look-up a byte, and none depends on
//! the one before. An automaton would look at every byte, and wait for memory at every one.

use crate::anchors::Numbered;
use crate::frequency::chain;
use crate::grams::{Entry, Filter, Grams, Hashing, Wanted, word_of};
use crate::pairs::Places;
use crate::vector::Kernel;

/// Bytes of a gram, at most.
const MAX_GRAM: usize = 8;

/// Bytes of the piece of a string that is looked up, at most, once a gram is there.
const MAX_PIECE: usize = 8;

/// Strings ready to be looked for.
#[derive(Debug)]
pub(crate) struct Strides {
    stride: usize,
    hashing: StepHashing,
    grams: Grams,
    /// The pieces that the runs of grams begin with.
    pieces: Filter,
    piece_hashing: Hashing,
    kernel: Kernel,
}

impl Strides {
    /// At least one string.
    pub(crate) fn new(strings: &[Numbered<'_>], kernel: Kernel) -> Self {
        let shortest = strings.iter().map(|(_, one)| one.len()).min().unwrap_or(MAX_GRAM);
        let (gram, stride) = gram_and_stride(shortest);
        let hashing = StepHashing::new(gram);
        let piece_hashing = Hashing::new((gram + stride - 1).min(MAX_PIECE), 1);
        let runs: Vec<usize> = strings.iter().map(|(_, one)| run_of(one, gram, stride)).collect();
        let runs = || strings.iter().zip(&runs);
        let pieces = runs().map(|((_, one), first)| piece_hashing.of(word_of(&one[*first..])));
        let entries = runs().flat_map(|((number, one), first)| {
            let entry = move |at: usize| Entry::new(hashing.of(word_of(&one[at..])), *number, one, at);
            (*first..first + stride).map(entry)
        });
        let grams = Grams::new(entries.collect());
        Strides { stride, hashing, grams, pieces: Filter::new(pieces), piece_hashing, kernel }
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
        let (base, until) = (*at, until.min(text.len()));
        if base >= until {
            return None;
        }
        *at += (until - base).div_ceil(self.stride) * self.stride;
        let found = self.with_gram(&text[base..], until - base, places);
        let found = match self.stride {
            4 => self.with_piece::<4>(text, base, found, places),
            8 => self.with_piece::<8>(text, base, found, places),
            _ => self.with_piece::<0>(text, base, found, places),
        };
        places[..found].iter().find_map(|place| {
            let place = base + *place as usize;
            self.grams.compare(text, place, self.hashing.of(word_of(&text[place..])), wanted)
        })
    }

    /// Writes the places, in steps below `until`, where the filter lets a gram through; how many.
    fn with_gram(&self, text: &[u8], until: usize, places: &mut Places) -> usize {
        let look = Look { filter: self.grams.filter(), hashing: self.hashing, stride: self.stride };
        let whole = until.min(text.len().saturating_sub(7));
        let mut found = (self.kernel.steps)(&look, text, whole, places);
        for place in (whole.next_multiple_of(self.stride)..until).step_by(self.stride) {
            places[found] = place as u32;
            found += (look.at(word_of(&text[place..])) & 1) as usize;
        }
        found
    }

    /// Keeps the places around which a piece lies, wherever in its string's run the gram is; how many. Grams of words that
    /// all texts have are many: this is where they end, without a look at the strings. There is no branch for each: it
    /// would be mispredicted. `STRIDE` is the stride, or 0 for any.
    fn with_piece<const STRIDE: usize>(&self, text: &[u8], base: usize, found: usize, places: &mut Places) -> usize {
        let stride = if STRIDE == 0 { self.stride } else { STRIDE };
        let mut kept = 0;
        for i in 0..found {
            let place = base + places[i] as usize;
            let look = |before: usize| {
                let start = place.saturating_sub(before);
                self.pieces.look(self.piece_hashing.of(word_of(&text[start..])))
            };
            let is_there = (0..stride).fold(0, |seen, before| seen | look(before)) & 1;
            places[kept] = places[i];
            kept += is_there as usize;
        }
        kept
    }
}

/// How the bytes of a gram, 3 to 8 of them, become a hash: from its first and its last four bytes, in numbers of 32 bits, so
/// that eight grams fit a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepHashing {
    /// Bytes between the beginnings of the two.
    pub(crate) between: usize,
    /// Of a gram of three bytes the fourth does not count.
    pub(crate) mask: u32,
}

/// Bit 5 of every byte.
pub(crate) const FOLD: u32 = crate::grams::FOLD as u32;

/// Odd numbers without a pattern: what the first and the last four bytes are multiplied by.
pub(crate) const FACTORS: [u32; 2] = [0x9E37_79B1, 0x85EB_CA77];

impl StepHashing {
    fn new(gram: usize) -> Self {
        StepHashing { between: gram.saturating_sub(4), mask: if gram < 4 { 0x00FF_FFFF } else { u32::MAX } }
    }

    #[inline(always)]
    fn of(&self, word: u64) -> u32 {
        let part = |bits: u64| (bits as u32 | FOLD) & self.mask;
        let (first, last) = (part(word), part(word >> (8 * self.between)));
        first.wrapping_mul(FACTORS[0]).wrapping_add(last.wrapping_mul(FACTORS[1]))
    }
}

/// A filter, how bytes are hashed for it, and how far apart they are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) filter: &'a Filter,
    pub(crate) hashing: StepHashing,
    pub(crate) stride: usize,
}

impl Look<'_> {
    /// The lowest bit tells whether the filter lets through what these eight bytes begin with.
    #[inline(always)]
    pub(crate) fn at(&self, word: u64) -> u32 {
        self.filter.look(self.hashing.of(word))
    }
}

/// The shortest string has `stride` grams, no more: `gram + stride - 1` bytes. Strides of 8 and 4 are those that vectors take
/// in fastest; what they leave of a string makes its grams longer.
fn gram_and_stride(shortest: usize) -> (usize, usize) {
    match shortest {
        12.. => (5.max(shortest - 7).min(MAX_GRAM), 8),
        8.. => (shortest - 3, 4),
        4.. => (4, shortest - 3),
        _ => (3, 1),
    }
}

/// Where the grams of a string begin that are looked for: those that come up least in logs.
fn run_of(string: &[u8], gram: usize, stride: usize) -> usize {
    let frequencies: Vec<f64> = string.windows(gram).map(chain).collect();
    let runs = frequencies.windows(stride).map(|run| run.iter().sum::<f64>()).enumerate();
    runs.min_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(first, _)| first)
}
