//! SHA-256 and SHA-1 by the SHA instructions of x86, several streams at once.
//!
//! The instructions take several cycles each but can be started faster than that: one stream leaves half of the unit
//! idle. Two streams of SHA-256 double what a core digests, four of SHA-1 give 2.5 times one, if the compiler leaves them
//! interleaved; more streams gain little, because their message words no longer fit the registers. The instructions and
//! the order of the message schedule are those of Intel's white paper "Intel SHA Extensions" (2013).

use std::arch::x86_64::*;

use super::portable::SHA256_CONSTANTS;
use super::{Block, Kernel, Sha1State, Sha256State};

/// Streams of each that are interleaved.
const SHA256_LANES: usize = 2;
const SHA1_LANES: usize = 4;

/// The kernels of SHA-256 and SHA-1, where the processor has the instructions. They are to be had in no other way: that
/// is what makes it sound to call them.
pub(super) fn kernels() -> Option<(Kernel<8>, Kernel<5>)> {
    let is_there =
        is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3");
    is_there.then_some((Kernel::new(SHA256_LANES, sha256), Kernel::new(SHA1_LANES, sha1)))
}

fn sha256(states: &mut [Sha256State], blocks: &[&[Block]]) {
    // SAFETY: only `kernels` gives this function away, and only after it has seen that the instructions are there.
    unsafe { sha256_in_groups(states, blocks) }
}

fn sha1(states: &mut [Sha1State], blocks: &[&[Block]]) {
    // SAFETY: as for `sha256`.
    unsafe { sha1_in_groups(states, blocks) }
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn sha256_in_groups(states: &mut [Sha256State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(SHA256_LANES).zip(blocks.chunks(SHA256_LANES)) {
        match states.len() {
            2 => sha256_together::<2>(states, blocks),
            _ => sha256_together::<1>(states, blocks),
        }
    }
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn sha1_in_groups(states: &mut [Sha1State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(SHA1_LANES).zip(blocks.chunks(SHA1_LANES)) {
        match states.len() {
            4 => sha1_together::<4>(states, blocks),
            3 => sha1_together::<3>(states, blocks),
            2 => sha1_together::<2>(states, blocks),
            _ => sha1_together::<1>(states, blocks),
        }
    }
}

/// Sixteen bytes of a block as four words, in the order of which `order` is the mask.
#[inline]
#[target_feature(enable = "sse2,ssse3")]
fn load(block: &Block, order: __m128i) -> [__m128i; 4] {
    std::array::from_fn(|i| {
        // SAFETY: a block has four times sixteen bytes, and `i` is below four; the load asks for no alignment.
        let bytes = unsafe { _mm_loadu_si128(block.as_ptr().add(i * 16).cast()) };
        _mm_shuffle_epi8(bytes, order)
    })
}

/// What one stream of SHA-256 keeps in registers: the state in the order of the instructions, and sixteen words.
struct Sha256Lane {
    abef: __m128i,
    cdgh: __m128i,
    words: [__m128i; 4],
}

/// The first `N` streams.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn sha256_together<const N: usize>(states: &mut [Sha256State], blocks: &[&[Block]]) {
    let (Some(states), Some(blocks)) = (states.first_chunk_mut::<N>(), blocks.first_chunk::<N>()) else { return };
    let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut lanes = states.map(|state| {
        let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
        let words = [_mm_setzero_si128(); 4];
        Sha256Lane { abef: _mm_set_epi32(a, b, e, f), cdgh: _mm_set_epi32(c, d, g, h), words }
    });
    for at in 0..blocks[0].len() {
        let mut before = [(_mm_setzero_si128(), _mm_setzero_si128()); N];
        for ((lane, blocks), before) in lanes.iter_mut().zip(blocks).zip(&mut before) {
            *before = (lane.abef, lane.cdgh);
            lane.words = load(&blocks[at], big_endian);
        }
        macro_rules! four_rounds {
            ($($group:literal)*) => { $(
                for lane in &mut lanes {
                    in_turn(&mut lane.abef, &mut lane.cdgh);
                    sha256_rounds::<$group>(lane);
                }
            )* };
        }
        four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for (lane, (abef, cdgh)) in lanes.iter_mut().zip(before) {
            lane.abef = _mm_add_epi32(lane.abef, abef);
            lane.cdgh = _mm_add_epi32(lane.cdgh, cdgh);
        }
    }
    for (state, lane) in states.iter_mut().zip(&lanes) {
        let ([f, e, b, a], [h, g, d, c]) = (words_of(lane.abef), words_of(lane.cdgh));
        *state = [a, b, c, d, e, f, g, h];
    }
}

/// Has the compiler take the streams in turn, as they are written. Left alone it finishes one before it begins the next,
/// which needs fewer registers and takes a quarter longer, because a core does not look that far ahead.
#[inline]
#[target_feature(enable = "sse2")]
fn in_turn(first: &mut __m128i, second: &mut __m128i) {
    if cfg!(miri) {
        return; // which knows no assembly, and no order either
    }
    let (mut one, mut two) = (*first, *second);
    // SAFETY: there is no instruction in it.
    unsafe {
        std::arch::asm!("/* {0} {1} */", inout(xmm_reg) one, inout(xmm_reg) two, options(nomem, nostack, preserves_flags));
    }
    (*first, *second) = (one, two);
}

/// Four rounds, and the four message words that are needed four groups later.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn sha256_rounds<const GROUP: usize>(lane: &mut Sha256Lane) {
    let words = lane.words[GROUP % 4];
    // SAFETY: there are sixteen groups of four constants, and `GROUP` is below sixteen; no alignment is asked for.
    let constants = unsafe { _mm_loadu_si128(SHA256_CONSTANTS.as_ptr().add(GROUP * 4).cast()) };
    let sum = _mm_add_epi32(words, constants);
    lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sum);
    lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(sum, 0x0e));
    if GROUP < 12 {
        let (second, third, fourth) =
            (lane.words[(GROUP + 1) % 4], lane.words[(GROUP + 2) % 4], lane.words[(GROUP + 3) % 4]);
        let begun = _mm_add_epi32(_mm_sha256msg1_epu32(words, second), _mm_alignr_epi8(fourth, third, 4));
        lane.words[GROUP % 4] = _mm_sha256msg2_epu32(begun, fourth);
    }
}

/// What one stream of SHA-1 keeps in registers: A to D, E in the highest word, and sixteen message words.
struct Sha1Lane {
    abcd: __m128i,
    e: __m128i,
    /// `abcd` before the last four rounds, which gives the next E.
    last: __m128i,
    words: [__m128i; 4],
}

/// The first `N` streams.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn sha1_together<const N: usize>(states: &mut [Sha1State], blocks: &[&[Block]]) {
    let (Some(states), Some(blocks)) = (states.first_chunk_mut::<N>(), blocks.first_chunk::<N>()) else { return };
    let big_endian_reversed = _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f);
    let mut lanes = states.map(|state| {
        let [a, b, c, d, e] = state.map(u32::cast_signed);
        let (last, words) = (_mm_setzero_si128(), [_mm_setzero_si128(); 4]);
        Sha1Lane { abcd: _mm_set_epi32(a, b, c, d), e: _mm_set_epi32(e, 0, 0, 0), last, words }
    });
    for at in 0..blocks[0].len() {
        let mut before = [(_mm_setzero_si128(), _mm_setzero_si128()); N];
        for ((lane, blocks), before) in lanes.iter_mut().zip(blocks).zip(&mut before) {
            *before = (lane.abcd, lane.e);
            lane.words = load(&blocks[at], big_endian_reversed);
            let sum = _mm_add_epi32(lane.e, lane.words[0]);
            lane.last = lane.abcd;
            lane.abcd = _mm_sha1rnds4_epu32(lane.abcd, sum, 0);
        }
        macro_rules! four_rounds {
            ($($group:literal)*) => {
                $(
                    for lane in &mut lanes {
                        in_turn(&mut lane.abcd, &mut lane.last);
                        sha1_rounds::<$group, { $group / 5 }>(lane);
                    }
                )*
            };
        }
        four_rounds!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
        for (lane, (abcd, e)) in lanes.iter_mut().zip(before) {
            lane.e = _mm_sha1nexte_epu32(lane.last, e);
            lane.abcd = _mm_add_epi32(lane.abcd, abcd);
        }
    }
    for (state, lane) in states.iter_mut().zip(&lanes) {
        let ([d, c, b, a], [.., e]) = (words_of(lane.abcd), words_of(lane.e));
        *state = [a, b, c, d, e];
    }
}

/// Four rounds with the function and constant of number `FUNCTION`, and the four message words of the next ones.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn sha1_rounds<const GROUP: usize, const FUNCTION: i32>(lane: &mut Sha1Lane) {
    let words = lane.words[GROUP % 4];
    let sum = _mm_sha1nexte_epu32(lane.last, words);
    lane.last = lane.abcd;
    lane.abcd = _mm_sha1rnds4_epu32(lane.abcd, sum, FUNCTION);
    if GROUP >= 3 && GROUP < 19 {
        let (first, second, third) =
            (lane.words[(GROUP + 1) % 4], lane.words[(GROUP + 2) % 4], lane.words[(GROUP + 3) % 4]);
        let begun = _mm_xor_si128(_mm_sha1msg1_epu32(first, second), third);
        lane.words[(GROUP + 1) % 4] = _mm_sha1msg2_epu32(begun, words);
    }
}

/// The four words of a register, the lowest first.
#[inline]
#[target_feature(enable = "sse2,sse4.1")]
fn words_of(register: __m128i) -> [u32; 4] {
    [
        _mm_extract_epi32(register, 0).cast_unsigned(),
        _mm_extract_epi32(register, 1).cast_unsigned(),
        _mm_extract_epi32(register, 2).cast_unsigned(),
        _mm_extract_epi32(register, 3).cast_unsigned(),
    ]
}
