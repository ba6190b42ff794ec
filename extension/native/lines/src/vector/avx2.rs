//! Both loops by AVX2: pairs at 64 places with two registers, grams at eight places with one.

use std::arch::x86_64::*;

use super::{Block, Kernel, places_in_blocks, portable, write_all};
use crate::grams::BITS;
use crate::pairs::{Places, Tables};
use crate::strides::{FACTORS, FOLD, Look};

/// The kernel, where the processor has the instructions. It is to be had in no other way: that is what makes it sound to
/// call.
pub(super) fn kernel() -> Option<Kernel> {
    let has_bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    let has_all = has_bits && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt");
    has_all.then_some(Kernel { name: "avx2", pairs, steps })
}

fn pairs(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    // SAFETY: only `kernel` gives this function away, and only after it has seen that the instructions are there.
    unsafe { pairs_by_shuffles(tables, text, blocks, places) }
}

fn steps(look: &Look<'_>, text: &[u8], until: usize, places: &mut Places) -> usize {
    match look.stride {
        // A gram of three bytes leaves one of four out; nobody needs that to be fast.
        _ if look.hashing.mask != u32::MAX => portable::steps(look, text, until, places),
        // SAFETY: as for `pairs`.
        1..=4 => unsafe { steps_of(look, text, until, places, Near(look.stride)) },
        // SAFETY: as for `pairs`.
        8 => unsafe { steps_of(look, text, until, places, Far) },
        _ => portable::steps(look, text, until, places),
    }
}

/// Places that one register judges.
const LANES: usize = 8;

/// Bytes that are read for them, at most.
const READ: usize = 64;

/// From the first four bytes of a gram to its last four, at most.
const MAX_BETWEEN: usize = 4;

/// How four bytes from each of eight places come into a register, in order, given a text that is `READ` bytes long.
trait Eight: Copy {
    fn stride(self) -> usize;
    /// # Safety
    /// The processor has AVX2, and `READ` bytes can be read from the pointer on.
    unsafe fn load(self, text: *const u8) -> __m256i;
}

/// Up to four bytes apart: four of them lie in half a register.
#[derive(Clone, Copy)]
struct Near(usize);

impl Eight for Near {
    fn stride(self) -> usize {
        self.0
    }

    #[inline(always)]
    unsafe fn load(self, text: *const u8) -> __m256i {
        debug_assert!(self.0 <= 4);
        let byte = |i: usize| (i / 4 * self.0 + i % 4) as u8;
        let four: [u8; 16] = std::array::from_fn(byte);
        // SAFETY: an array of 16 bytes is read, and from the text the bytes up to 4 * 4 + 16 = 32.
        unsafe {
            let order = _mm256_broadcastsi128_si256(_mm_loadu_si128(four.as_ptr().cast()));
            let half = |at: usize| _mm_loadu_si128(text.add(at).cast());
            _mm256_shuffle_epi8(_mm256_set_m128i(half(4 * self.0), half(0)), order)
        }
    }
}

/// Eight bytes apart: every other number of two registers.
#[derive(Clone, Copy)]
struct Far;

impl Eight for Far {
    fn stride(self) -> usize {
        8
    }

    #[inline(always)]
    unsafe fn load(self, text: *const u8) -> __m256i {
        // SAFETY: from the text the bytes up to 64 are read.
        unsafe {
            let part = |at: usize| _mm256_castsi256_ps(_mm256_loadu_si256(text.add(at).cast()));
            let numbers = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(part(0), part(32)));
            _mm256_permute4x64_epi64::<0b11_01_10_00>(numbers)
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn steps_of(look: &Look<'_>, text: &[u8], until: usize, places: &mut Places, eight: impl Eight) -> usize {
    let (stride, between) = (eight.stride(), look.hashing.between);
    let (words, shift) = look.filter.parts();
    assert!(between <= MAX_BETWEEN && words.len() == 1 << (32 - shift), "bytes that are there, words that are there");
    let all = |number: u32| _mm256_set1_epi32(number as i32);
    let (fold, low_five) = (all(FOLD), all(31));
    let factors = FACTORS.map(all);
    let shift = _mm_cvtsi32_si128(shift as i32);
    let judged = |part: &[u8; READ + MAX_BETWEEN]| {
        // SAFETY: behind `at`, which is `MAX_BETWEEN` at most, `READ` bytes are there.
        let numbers = |at: usize| unsafe { _mm256_or_si256(eight.load(part.as_ptr().add(at)), fold) };
        let first = _mm256_mullo_epi32(numbers(0), factors[0]);
        let hash = _mm256_add_epi32(first, _mm256_mullo_epi32(numbers(between), factors[1]));
        // SAFETY: the shift leaves a number below the number of words, which was asserted.
        let word = unsafe { _mm256_i32gather_epi32::<4>(words.as_ptr().cast(), _mm256_srl_epi32(hash, shift)) };
        let bit = |number: __m256i| _mm256_srlv_epi32(word, _mm256_and_si256(number, low_five));
        let one = bit(_mm256_srli_epi32::<{ BITS[0] as i32 }>(hash));
        let both = _mm256_and_si256(one, bit(_mm256_srli_epi32::<{ BITS[1] as i32 }>(hash)));
        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32::<31>(both))) as u32
    };
    let judged_at = |place: usize| text.get(place..).and_then(|rest| rest.first_chunk()).map_or(0, judged);
    let (mut found, mut place) = (0, 0);
    // Eight times eight places at once, as long as there are so many: then most of the branches are for nothing to guess.
    let behind = 8 * LANES * stride;
    while place + behind <= until && place + behind + READ + MAX_BETWEEN <= text.len() {
        let part = |i: usize| u64::from(judged_at(place + i * LANES * stride)) << (8 * i);
        let bits = (0..8).fold(0, |bits, i| bits | part(i));
        found = write_all(bits, found, places, |bit| (place + bit as usize * stride) as u32);
        place += behind;
    }
    while place + (LANES - 1) * stride < until && place + READ + MAX_BETWEEN <= text.len() {
        let bits = u64::from(judged_at(place));
        found = write_all(bits, found, places, |bit| (place + bit as usize * stride) as u32);
        place += LANES * stride;
    }
    portable::steps_from(look, text, place..until, found, places)
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn pairs_by_shuffles(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    // SAFETY: an array of 16 bytes is read.
    let table = |of: &[u8; 16]| unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(of.as_ptr().cast())) };
    let (low, high) = (tables.low.each_ref().map(table), tables.high.each_ref().map(table));
    let nibble = _mm256_set1_epi8(15);
    // The lower bits of a byte need no mask: the shuffle looks at four of them and answers zero where bit 7 is set, and
    // no pair has such bytes.
    let classes = |which: usize, bytes: __m256i| {
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        _mm256_and_si256(_mm256_shuffle_epi8(low[which], bytes), _mm256_shuffle_epi8(high[which], upper))
    };
    let half = |block: &Block, from: usize| {
        // SAFETY: `from` is 0 or 32, and 33 bytes from there belong to the block.
        let bytes = |at: usize| unsafe { _mm256_loadu_si256(block.as_ptr().add(at).cast()) };
        let all = _mm256_and_si256(classes(0, bytes(from)), classes(1, bytes(from + 1)));
        !_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256())) as u32
    };
    places_in_blocks(text, blocks, places, |block| u64::from(half(block, 0)) | u64::from(half(block, 32)) << 32)
}
