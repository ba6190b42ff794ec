//! SHA-256, SHA-1 and MD5 in the 256-bit registers of AVX2: eight streams side by side, one in each 32-bit lane.
//!
//! MD5 has no instructions of its own, so this is its fastest way: eight streams cost what one does, and two groups of
//! eight, interleaved, fill what the latency of one group leaves idle. SHA-1 and SHA-256 are for processors without the
//! SHA instructions. Lanes without a stream digest the first one's blocks again, and nobody looks.

use std::arch::x86_64::*;

use super::portable::{self, MD5_CONSTANTS, SHA256_CONSTANTS, md5_steps};
use super::{Block, Kernel, Md5State, Sha1State, Sha256State};

/// Streams in one register.
const LANES: usize = 8;

/// Fewer streams than these are fed one after the other. Estimated, not measured.
const WORTH_IT: usize = 3;

/// The kernels, where the processor has the instructions. They are to be had in no other way: that is what makes it
/// sound to call them.
pub(super) fn kernels() -> Option<(Kernel<8>, Kernel<5>, Kernel<4>)> {
    let sha256 = Kernel::new(LANES, sha256).from(WORTH_IT, portable::SHA256);
    let sha1 = Kernel::new(LANES, sha1).from(WORTH_IT, portable::SHA1);
    let md5 = Kernel::new(2 * LANES, md5).from(2, portable::MD5);
    is_x86_feature_detected!("avx2").then_some((sha256, sha1, md5))
}

fn sha256(states: &mut [Sha256State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(LANES).zip(blocks.chunks(LANES)) {
        // SAFETY: only `kernels` gives this function away, and only after it has seen that the instructions are there.
        unsafe { sha256_side_by_side(states, blocks) }
    }
}

fn sha1(states: &mut [Sha1State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(LANES).zip(blocks.chunks(LANES)) {
        // SAFETY: as for `sha256`.
        unsafe { sha1_side_by_side(states, blocks) }
    }
}

fn md5(states: &mut [Md5State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(2 * LANES).zip(blocks.chunks(2 * LANES)) {
        match states.len() {
            // SAFETY: as for `sha256`.
            ..=LANES => unsafe { md5_side_by_side::<1>(states, blocks) },
            // SAFETY: as for `sha256`.
            _ => unsafe { md5_side_by_side::<2>(states, blocks) },
        }
    }
}

/// `G` groups of eight streams, interleaved.
#[target_feature(enable = "avx2")]
fn md5_side_by_side<const G: usize>(states: &mut [Md5State], blocks: &[&[Block]]) {
    let streams = streams::<G>(blocks);
    let mut entered = [[_mm256_setzero_si256(); 4]; G];
    for (state, states) in entered.iter_mut().zip(states.chunks(LANES)) {
        *state = enter(states);
    }
    // A copy of its own: what a loop over chunks touches does not go into registers.
    let mut state = entered;
    let mut words = [[_mm256_setzero_si256(); 16]; G];
    for at in 0..streams[0][0].len() {
        let before = state;
        for group in 0..G {
            load(&mut words[group], &streams[group], at);
        }
        macro_rules! step {
            ($function:ident, $a:literal $b:literal $c:literal $d:literal, $word:expr, $constant:expr, $turn:literal) => {
                for group in 0..G {
                    let (state, words) = (&mut state[group], &words[group]);
                    let constant = MD5_CONSTANTS[$constant].wrapping_sub(u32::from($constant >= 48));
                    let constant = _mm256_set1_epi32(constant.cast_signed());
                    let sum = _mm256_add_epi32(state[$a], _mm256_add_epi32(words[$word], constant));
                    let sum = $function(ready(sum), state[$b], state[$c], state[$d]);
                    state[$a] = _mm256_add_epi32(turn::<$turn, { 32 - $turn }>(sum), state[$b]);
                }
            };
        }
        md5_steps!(step);
        for group in 0..G {
            add(&mut state[group], &before[group]);
        }
    }
    for (state, states) in state.into_iter().zip(states.chunks_mut(LANES)) {
        leave(state, states);
    }
}

/// Has the compiler take the groups in turn, as they are written, and add what is here first: all that does not wait for
/// B, on which the next step waits. Left alone it reorders both.
#[inline]
#[target_feature(enable = "avx2")]
fn ready(mut sum: __m256i) -> __m256i {
    if cfg!(miri) {
        return sum; // which knows no assembly, and no order either
    }
    // SAFETY: there is no instruction in it.
    unsafe { std::arch::asm!("/* {0} */", inout(ymm_reg) sum, options(nomem, nostack, preserves_flags)) };
    sum
}

#[inline]
#[target_feature(enable = "avx2")]
fn f(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_add_epi32(sum, choose(b, c, d))
}

/// The two halves share no bit, so adding is as good as "or", and leaves only one of them waiting for B.
#[inline]
#[target_feature(enable = "avx2")]
fn g(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    let sum = ready(_mm256_add_epi32(sum, _mm256_andnot_si256(d, c)));
    _mm256_add_epi32(sum, _mm256_and_si256(b, d))
}

#[inline]
#[target_feature(enable = "avx2")]
fn h(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_add_epi32(sum, parity(b, c, d))
}

/// "Not" costs an instruction here: C xor (B or not D) is the reverse of C xor (D and not B), which is -1 less that;
/// the -1 is in the constant.
#[inline]
#[target_feature(enable = "avx2")]
fn i(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    let reverse = _mm256_xor_si256(c, _mm256_andnot_si256(b, d));
    _mm256_sub_epi32(sum, reverse)
}

/// The bits of C where B has ones, of D elsewhere.
#[inline]
#[target_feature(enable = "avx2")]
fn choose(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn parity(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(b, _mm256_xor_si256(c, d))
}

/// The majority of three bits.
#[inline]
#[target_feature(enable = "avx2")]
fn majority(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(b, c), _mm256_and_si256(d, _mm256_or_si256(b, c)))
}

/// FIPS 180-4, 6.1.2.
#[target_feature(enable = "avx2")]
fn sha1_side_by_side(states: &mut [Sha1State], blocks: &[&[Block]]) {
    let [streams] = streams::<1>(blocks);
    let mut state = enter(states);
    let mut words = [_mm256_setzero_si256(); 16];
    for at in 0..streams[0].len() {
        let before = state;
        load(&mut words, &streams, at);
        big_endian(&mut words);
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for round in 0..80 {
            let word = if round < 16 {
                words[round]
            } else {
                let near = _mm256_xor_si256(words[(round + 13) % 16], words[(round + 8) % 16]);
                let far = _mm256_xor_si256(words[(round + 2) % 16], words[round % 16]);
                turn::<1, 31>(_mm256_xor_si256(near, far))
            };
            words[round % 16] = word;
            let (mixed, constant) = match round / 20 {
                0 => (choose(b, c, d), 0x5a82_7999_u32),
                1 => (parity(b, c, d), 0x6ed9_eba1),
                2 => (majority(b, c, d), 0x8f1b_bcdc),
                _ => (parity(b, c, d), 0xca62_c1d6),
            };
            let ready = _mm256_add_epi32(_mm256_add_epi32(e, word), _mm256_set1_epi32(constant.cast_signed()));
            let sum = _mm256_add_epi32(ready, _mm256_add_epi32(mixed, turn::<5, 27>(a)));
            (a, b, c, d, e) = (sum, a, turn::<30, 2>(b), c, d);
        }
        state = [a, b, c, d, e];
        add(&mut state, &before);
    }
    leave(state, states);
}

/// FIPS 180-4, 6.2.2.
#[target_feature(enable = "avx2")]
fn sha256_side_by_side(states: &mut [Sha256State], blocks: &[&[Block]]) {
    let [streams] = streams::<1>(blocks);
    let mut state = enter(states);
    let mut words = [_mm256_setzero_si256(); 16];
    for at in 0..streams[0].len() {
        let before = state;
        load(&mut words, &streams, at);
        big_endian(&mut words);
        let [mut a, mut b, mut c, mut d, mut e, mut f0, mut g0, mut h0] = state;
        for round in 0..64 {
            let word = if round < 16 {
                words[round]
            } else {
                let (near, far) = (words[(round + 14) % 16], words[(round + 1) % 16]);
                let near = xor3(turn::<15, 17>(near), turn::<13, 19>(near), _mm256_srli_epi32(near, 10));
                let far = xor3(turn::<25, 7>(far), turn::<14, 18>(far), _mm256_srli_epi32(far, 3));
                let others = _mm256_add_epi32(words[round % 16], words[(round + 9) % 16]);
                _mm256_add_epi32(others, _mm256_add_epi32(near, far))
            };
            words[round % 16] = word;
            let constant = _mm256_set1_epi32(SHA256_CONSTANTS[round].cast_signed());
            let turned = xor3(turn::<26, 6>(e), turn::<21, 11>(e), turn::<7, 25>(e));
            let ready = _mm256_add_epi32(_mm256_add_epi32(h0, word), constant);
            let first = _mm256_add_epi32(ready, _mm256_add_epi32(turned, choose(e, f0, g0)));
            let turned = xor3(turn::<30, 2>(a), turn::<19, 13>(a), turn::<10, 22>(a));
            let second = _mm256_add_epi32(turned, majority(a, b, c));
            (h0, g0, f0, e) = (g0, f0, e, _mm256_add_epi32(d, first));
            (d, c, b, a) = (c, b, a, _mm256_add_epi32(first, second));
        }
        state = [a, b, c, d, e, f0, g0, h0];
        add(&mut state, &before);
    }
    leave(state, states);
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(a, b), c)
}

/// Turns every word left; both distances, because constants cannot be computed with here.
#[inline]
#[target_feature(enable = "avx2")]
fn turn<const LEFT: i32, const RIGHT: i32>(words: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi32(words, LEFT), _mm256_srli_epi32(words, RIGHT))
}

#[inline]
#[target_feature(enable = "avx2")]
fn add<const W: usize>(state: &mut [__m256i; W], before: &[__m256i; W]) {
    for (words, before) in state.iter_mut().zip(before) {
        *words = _mm256_add_epi32(*words, *before);
    }
}

/// The streams in groups of eight; the first stands in for those that are missing.
fn streams<'a, const G: usize>(blocks: &[&'a [Block]]) -> [[&'a [Block]; LANES]; G] {
    let of = |lane: usize| *blocks.get(lane).unwrap_or(&blocks[0]);
    std::array::from_fn(|group| std::array::from_fn(|lane| of(group * LANES + lane)))
}

/// The states side by side: the same word of all streams in one register.
#[inline]
#[target_feature(enable = "avx2")]
fn enter<const W: usize>(states: &[[u32; W]]) -> [__m256i; W] {
    let mut registers = [_mm256_setzero_si256(); W];
    for (word, register) in registers.iter_mut().enumerate() {
        let mut lanes = [0; LANES];
        for (lane, state) in lanes.iter_mut().zip(states) {
            *lane = state[word];
        }
        // SAFETY: eight words are the 32 bytes that are read; no alignment is asked for.
        *register = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
    }
    registers
}

/// The reverse of `enter`.
#[inline]
#[target_feature(enable = "avx2")]
fn leave<const W: usize>(registers: [__m256i; W], states: &mut [[u32; W]]) {
    for (word, register) in registers.into_iter().enumerate() {
        let mut lanes = [0; LANES];
        // SAFETY: eight words are the 32 bytes that are written; no alignment is asked for.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), register) };
        for (lane, state) in lanes.into_iter().zip(&mut *states) {
            state[word] = lane;
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn big_endian(words: &mut [__m256i; 16]) {
    let order = _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203));
    for word in words {
        *word = _mm256_shuffle_epi8(*word, order);
    }
}

/// One block of each stream, transposed: the same word of all blocks in one register.
#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &mut [__m256i; 16], streams: &[&[Block]; LANES], at: usize) {
    let blocks = streams.map(|blocks| &blocks[at]);
    for (four, words) in words.as_chunks_mut().0.iter_mut().enumerate() {
        let mut rows = [_mm256_setzero_si256(); 4];
        for (lane, row) in rows.iter_mut().enumerate() {
            let (low, high) = (&blocks[lane][four * 16..][..16], &blocks[lane + 4][four * 16..][..16]);
            // SAFETY: each has the 16 bytes that are read; no alignment is asked for.
            *row = unsafe { _mm256_loadu2_m128i(high.as_ptr().cast(), low.as_ptr().cast()) };
        }
        *words = transposed(rows);
    }
}

/// In each half of the registers four rows of four words, columns for rows.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}
