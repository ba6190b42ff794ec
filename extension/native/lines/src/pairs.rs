//! Places where one of a few pairs of bytes stands, 64 bytes at a time.
//!
//! A pair is two bytes beside each other. Up to eight classes of pairs are looked for: any of some first bytes followed by
//! any of some second bytes, where "some" are those whose upper and lower four bits are among given ones. So a byte is
//! judged by two look-ups in tables of 16, which processors do for 16 or 32 bytes in one instruction. More pairs than
//! wanted may belong to a class: what is found is a proposal.

use crate::frequency::frequency;

/// Classes at most: bits of a byte.
pub(crate) const MAX_CLASSES: usize = 8;

/// Places that one call looks at, at most.
pub(crate) const CHUNK: usize = 2 << 10;

/// Places, counted from where the call began; a few more than there can be, because they are written three at a time.
pub(crate) type Places = [u32; CHUNK + WRITTEN];

/// None of them.
pub(crate) const NO_PLACES: Places = [0; CHUNK + WRITTEN];

/// Places that are written whether there are so many or not.
const WRITTEN: usize = 3;

/// Bytes that are judged at once.
const BLOCK: usize = 64;

/// Some first and some second bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Class {
    /// Bit `i`: the lower four bits may be `i`.
    low: [u16; 2],
    /// Bit `i`: the upper four bits may be `i`.
    high: [u16; 2],
}

impl Class {
    /// One pair of ASCII. Bit 5 of what may be a letter is left open, so that a class that takes a letter, be it by chance,
    /// takes it in both cases.
    pub(crate) fn of(pair: [u8; 2]) -> Self {
        let other_case = |byte: u8| if byte < 0x40 { byte } else { byte ^ 0x20 };
        let high = |byte: u8| 1 << (byte >> 4) | 1 << (other_case(byte) >> 4);
        Class { low: pair.map(|byte| 1 << (byte & 15)), high: pair.map(high) }
    }

    /// The smallest one that has the pairs of both.
    pub(crate) fn with(&self, other: &Class) -> Self {
        let both = |a: [u16; 2], b: [u16; 2]| [a[0] | b[0], a[1] | b[1]];
        Class { low: both(self.low, other.low), high: both(self.high, other.high) }
    }

    /// The share of places that such pairs stand at.
    pub(crate) fn frequency(&self) -> f64 {
        let bytes = |which: usize| (0x20..0x7f).filter(move |byte| self.takes(which, *byte));
        let seconds: Vec<u8> = bytes(1).collect();
        bytes(0).map(|first| seconds.iter().map(|second| frequency(first, *second)).sum::<f64>()).sum()
    }

    fn takes(&self, which: usize, byte: u8) -> bool {
        self.low[which] >> (byte & 15) & self.high[which] >> (byte >> 4) & 1 == 1
    }
}

/// The instructions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Ssse3,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Level {
    /// All that this processor has, the best last.
    fn all() -> Vec<Level> {
        #[allow(unused_mut)]
        let mut all = vec![Level::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            let has_ssse3 = is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("popcnt");
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1");
            all.extend(has_ssse3.then_some(Level::Ssse3));
            all.extend((has_ssse3 && has_avx2).then_some(Level::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        all.push(Level::Neon);
        all
    }
}

/// Looks for pairs.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    /// Of the first and the second byte: classes by its lower four bits.
    low: [[u8; 16]; 2],
    /// The same by its upper four bits.
    high: [[u8; 16]; 2],
    /// The same by the whole byte.
    whole: Box<[[u8; 256]; 2]>,
    level: Level,
}

impl Pairs {
    /// Up to eight classes.
    pub(crate) fn new(classes: &[Class]) -> Self {
        let (mut low, mut high) = ([[0; 16]; 2], [[0; 16]; 2]);
        for (number, class) in classes.iter().enumerate() {
            for (tables, bits) in [(&mut low, class.low), (&mut high, class.high)] {
                for (table, bits) in tables.iter_mut().zip(bits) {
                    table.iter_mut().enumerate().for_each(|(i, one)| *one |= ((bits >> i & 1) as u8) << number);
                }
            }
        }
        let of = |which: usize, byte: usize| low[which][byte & 15] & high[which][byte >> 4];
        let whole = Box::new([0, 1].map(|which| std::array::from_fn(|byte| of(which, byte))));
        Pairs { low, high, whole, level: Level::all().into_iter().next_back().unwrap_or(Level::Plain) }
    }

    /// Whether the pair belongs to a class.
    #[inline(always)]
    pub(crate) fn takes(&self, first: u8, second: u8) -> bool {
        self.whole[0][usize::from(first)] & self.whole[1][usize::from(second)] != 0
    }

    /// Writes the places in `at..until`, of which there are `CHUNK` at most, in order, as distances from `at`; how many.
    pub(crate) fn find(&self, text: &[u8], at: usize, until: usize, places: &mut Places) -> usize {
        assert!(until <= at + CHUNK && until <= text.len());
        // What a block of places needs: one byte behind it.
        let blocks = until.min(text.len().saturating_sub(1)).saturating_sub(at) / BLOCK;
        let mut found = match self.level {
            Level::Plain => find_in_blocks(text, at, blocks, places, |block| self.plain(block)),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the level says that the processor has the instructions.
            Level::Ssse3 => unsafe { self.find_ssse3(text, at, blocks, places) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Level::Avx2 => unsafe { self.find_avx2(text, at, blocks, places) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: every processor of this kind has the instructions.
            Level::Neon => unsafe { self.find_neon(text, at, blocks, places) },
        };
        for place in at + blocks * BLOCK..until {
            if text.get(place + 1).is_some_and(|second| self.takes(text[place], *second)) {
                places[found] = (place - at) as u32;
                found += 1;
            }
        }
        found
    }

    /// Bit `i`: a pair stands at place `i` of the block.
    #[inline(always)]
    fn plain(&self, block: &[u8; BLOCK + 1]) -> u64 {
        block.windows(2).rev().fold(0, |bits, pair| bits << 1 | u64::from(self.takes(pair[0], pair[1])))
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn find_avx2(&self, text: &[u8], at: usize, blocks: usize, places: &mut Places) -> usize {
        use std::arch::x86_64::*;
        // SAFETY: an array of 16 bytes is read.
        let table = |of: &[u8; 16]| unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(of.as_ptr().cast())) };
        let (low, high) = (self.low.each_ref().map(table), self.high.each_ref().map(table));
        let nibble = _mm256_set1_epi8(15);
        let classes = |which: usize, bytes: __m256i| {
            let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
            let by_low = _mm256_shuffle_epi8(low[which], _mm256_and_si256(bytes, nibble));
            _mm256_and_si256(by_low, _mm256_shuffle_epi8(high[which], upper))
        };
        let half = |block: &[u8; BLOCK + 1], from: usize| {
            // SAFETY: `from` is 0 or 32, and 33 bytes from there belong to the block.
            let bytes = |at: usize| unsafe { _mm256_loadu_si256(block.as_ptr().add(at).cast()) };
            let both = _mm256_and_si256(classes(0, bytes(from)), classes(1, bytes(from + 1)));
            !_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256())) as u32
        };
        find_in_blocks(text, at, blocks, places, |block| u64::from(half(block, 0)) | u64::from(half(block, 32)) << 32)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "ssse3,popcnt")]
    fn find_ssse3(&self, text: &[u8], at: usize, blocks: usize, places: &mut Places) -> usize {
        use std::arch::x86_64::*;
        // SAFETY: an array of 16 bytes is read.
        let table = |of: &[u8; 16]| unsafe { _mm_loadu_si128(of.as_ptr().cast()) };
        let (low, high) = (self.low.each_ref().map(table), self.high.each_ref().map(table));
        let nibble = _mm_set1_epi8(15);
        let classes = |which: usize, bytes: __m128i| {
            let upper = _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble);
            let by_low = _mm_shuffle_epi8(low[which], _mm_and_si128(bytes, nibble));
            _mm_and_si128(by_low, _mm_shuffle_epi8(high[which], upper))
        };
        let quarter = |block: &[u8; BLOCK + 1], from: usize| {
            // SAFETY: `from` is 0, 16, 32 or 48, and 17 bytes from there belong to the block.
            let bytes = |at: usize| unsafe { _mm_loadu_si128(block.as_ptr().add(at).cast()) };
            let both = _mm_and_si128(classes(0, bytes(from)), classes(1, bytes(from + 1)));
            u64::from(!_mm_movemask_epi8(_mm_cmpeq_epi8(both, _mm_setzero_si128())) as u16) << from
        };
        find_in_blocks(text, at, blocks, places, |block| {
            quarter(block, 0) | quarter(block, 16) | quarter(block, 32) | quarter(block, 48)
        })
    }

    #[cfg(target_arch = "aarch64")]
    #[target_feature(enable = "neon")]
    fn find_neon(&self, text: &[u8], at: usize, blocks: usize, places: &mut Places) -> usize {
        use std::arch::aarch64::*;
        // SAFETY: an array of 16 bytes is read.
        let table = |of: &[u8; 16]| unsafe { vld1q_u8(of.as_ptr()) };
        let (low, high) = (self.low.each_ref().map(table), self.high.each_ref().map(table));
        let bits = table(&[1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128]);
        let nibble = vdupq_n_u8(15);
        let classes = |which: usize, bytes: uint8x16_t| {
            let by_low = vqtbl1q_u8(low[which], vandq_u8(bytes, nibble));
            vandq_u8(by_low, vqtbl1q_u8(high[which], vshrq_n_u8::<4>(bytes)))
        };
        let quarter = |block: &[u8; BLOCK + 1], from: usize| {
            // SAFETY: `from` is 0, 16, 32 or 48, and 17 bytes from there belong to the block.
            let bytes = |at: usize| unsafe { vld1q_u8(block.as_ptr().add(at)) };
            let both = vandq_u8(classes(0, bytes(from)), classes(1, bytes(from + 1)));
            vandq_u8(vtstq_u8(both, both), bits)
        };
        find_in_blocks(text, at, blocks, places, |block| {
            let left = vpaddq_u8(quarter(block, 0), quarter(block, 16));
            let right = vpaddq_u8(quarter(block, 32), quarter(block, 48));
            let all = vpaddq_u8(left, right);
            vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(all, all)))
        })
    }
}

/// Places in whole blocks. There is no branch for each: where pairs are dense enough to matter, it would be mispredicted.
#[inline(always)]
fn find_in_blocks(
    text: &[u8],
    at: usize,
    blocks: usize,
    places: &mut Places,
    judge: impl Fn(&[u8; BLOCK + 1]) -> u64,
) -> usize {
    let mut found = 0;
    for base in (0..blocks).map(|i| i * BLOCK) {
        let Some(block) = text[at + base..].first_chunk() else { break };
        let mut bits = judge(block);
        let after = found + bits.count_ones() as usize;
        loop {
            for place in &mut places[found..found + WRITTEN] {
                *place = (base as u32).wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
            if bits == 0 {
                break;
            }
            found += WRITTEN;
        }
        found = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places_of(pairs: &Pairs, text: &[u8], at: usize, until: usize) -> Vec<usize> {
        let mut places = NO_PLACES;
        let found = pairs.find(text, at, until, &mut places);
        places[..found].iter().map(|place| at + *place as usize).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn whatever_the_instructions_the_places_are_those_where_a_pair_of_a_class_stands(
            text in proptest::collection::vec(any::<u8>(), 0..400),
            classes in proptest::collection::vec(proptest::collection::vec("[ -@\\[-~]{2}", 1..4), 1..9),
            cut in 0usize..90,
        ) {
            let class_of = |pairs: &Vec<String>| {
                let pairs = pairs.iter().map(|pair| Class::of([pair.as_bytes()[0], pair.as_bytes()[1]]));
                pairs.reduce(|one, other| one.with(&other)).unwrap_or_default()
            };
            let made: Vec<Class> = classes.iter().map(class_of).collect();
            let at = cut.min(text.len());
            let until = text.len().saturating_sub(cut % 7).max(at);
            let stands = |place: &usize| {
                let pair = text.get(*place..place + 2);
                pair.is_some_and(|pair| made.iter().any(|class| class.takes(0, pair[0]) && class.takes(1, pair[1])))
            };
            let expected: Vec<usize> = (at..until).filter(stands).collect();
            for level in Level::all() {
                let pairs = Pairs { level, ..Pairs::new(&made) };
                prop_assert_eq!(&places_of(&pairs, &text, at, until), &expected, "{:?}", level);
            }
            for byte in b'a'..=b'z' {
                let is_in_both = |class: &Class, i| class.takes(i, byte) == class.takes(i, byte.to_ascii_uppercase());
                prop_assert!(made.iter().all(|class| is_in_both(class, 0) && is_in_both(class, 1)));
            }
            for pair in classes.iter().flatten() {
                let upper = pair.to_ascii_uppercase();
                for pair in [pair.as_bytes(), upper.as_bytes()] {
                    prop_assert!(Pairs::new(&made).takes(pair[0], pair[1]));
                }
            }
        }
    }

    #[test]
    fn a_chunk_of_nothing_but_pairs_gives_every_place() {
        let text = vec![b'.'; CHUNK + 1];
        for level in Level::all() {
            let pairs = Pairs { level, ..Pairs::new(&[Class::of(*b"..")]) };
            assert_eq!(places_of(&pairs, &text, 0, CHUNK), (0..CHUNK).collect::<Vec<_>>());
            assert_eq!(places_of(&pairs, &text, 1, CHUNK + 1), (1..CHUNK).collect::<Vec<_>>());
        }
    }
}
