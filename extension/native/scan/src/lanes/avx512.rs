//! SHA-256, SHA-1 and MD5 in the 512-bit registers of AVX-512: sixteen streams side by side, one in each 32-bit lane.
//!
//! It turns words and mixes three of them in one instruction each, for which AVX2 needs three: MD5 and SHA-1 are half as
//! fast again, and faster than by the SHA instructions; SHA-256 is for processors without those. A register holds a whole
//! block of one stream. Lanes without a stream digest the first one's blocks again, and nobody looks.

use std::arch::x86_64::*;

use super::portable::{MD5_CONSTANTS, SHA256_CONSTANTS, md5_steps};
use super::{Block, Kernel, Md5State, Sha1State, Sha256State};

/// Streams in one register.
const LANES: usize = 16;

/// Functions of three words as tables: bit 4 b + 2 c + d is what comes out.
const CHOOSE: i32 = 0xca;
const PARITY: i32 = 0x96;
const MAJORITY: i32 = 0xe8;
/// C xor (B or not D).
const MD5_FOURTH: i32 = 0x39;

/// The kernels, where the processor has the instructions. They are to be had in no other way: that is what makes it
/// sound to call them.
pub(super) fn kernels() -> Option<(Kernel<8>, Kernel<5>, Kernel<4>)> {
    let is_there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    is_there.then_some((Kernel::new(LANES, sha256), Kernel::new(LANES, sha1), Kernel::new(2 * LANES, md5)))
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

/// `G` groups of sixteen streams, interleaved.
#[target_feature(enable = "avx512f,avx512bw")]
fn md5_side_by_side<const G: usize>(states: &mut [Md5State], blocks: &[&[Block]]) {
    let streams = streams::<G>(blocks);
    let mut entered = [[_mm512_setzero_si512(); 4]; G];
    for (state, states) in entered.iter_mut().zip(states.chunks(LANES)) {
        *state = enter(states);
    }
    // A copy of its own: what a loop over chunks touches does not go into registers.
    let mut state = entered;
    for at in 0..streams[0][0].len() {
        let before = state;
        let words: [_; G] = std::array::from_fn(|group| load(&streams[group], at));
        macro_rules! step {
            ($function:ident, $a:literal $b:literal $c:literal $d:literal, $word:expr, $constant:expr, $turn:literal) => {
                for group in 0..G {
                    let (state, words) = (&mut state[group], &words[group]);
                    let constant = _mm512_set1_epi32(MD5_CONSTANTS[$constant].cast_signed());
                    let sum = _mm512_add_epi32(state[$a], _mm512_add_epi32(words[$word], constant));
                    let sum = _mm512_add_epi32(sum, $function(state[$b], state[$c], state[$d]));
                    state[$a] = _mm512_add_epi32(_mm512_rol_epi32::<$turn>(sum), state[$b]);
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

#[inline]
#[target_feature(enable = "avx512f")]
fn f(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<CHOOSE>(b, c, d)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn g(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<CHOOSE>(d, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn h(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<PARITY>(b, c, d)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn i(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<MD5_FOURTH>(b, c, d)
}

/// FIPS 180-4, 6.1.2.
#[target_feature(enable = "avx512f,avx512bw")]
fn sha1_side_by_side(states: &mut [Sha1State], blocks: &[&[Block]]) {
    let [streams] = streams::<1>(blocks);
    let mut state = enter(states);
    for at in 0..streams[0].len() {
        let before = state;
        let mut words = big_endian(load(&streams, at));
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for round in 0..80 {
            let word = if round < 16 {
                words[round]
            } else {
                let near = xor3(words[(round + 13) % 16], words[(round + 8) % 16], words[(round + 2) % 16]);
                _mm512_rol_epi32::<1>(_mm512_xor_si512(near, words[round % 16]))
            };
            words[round % 16] = word;
            let (mixed, constant) = match round / 20 {
                0 => (_mm512_ternarylogic_epi32::<CHOOSE>(b, c, d), 0x5a82_7999_u32),
                1 => (xor3(b, c, d), 0x6ed9_eba1),
                2 => (_mm512_ternarylogic_epi32::<MAJORITY>(b, c, d), 0x8f1b_bcdc),
                _ => (xor3(b, c, d), 0xca62_c1d6),
            };
            let ready = _mm512_add_epi32(_mm512_add_epi32(e, word), _mm512_set1_epi32(constant.cast_signed()));
            let sum = _mm512_add_epi32(ready, _mm512_add_epi32(mixed, _mm512_rol_epi32::<5>(a)));
            (a, b, c, d, e) = (sum, a, _mm512_rol_epi32::<30>(b), c, d);
        }
        state = [a, b, c, d, e];
        add(&mut state, &before);
    }
    leave(state, states);
}

/// FIPS 180-4, 6.2.2.
#[target_feature(enable = "avx512f,avx512bw")]
fn sha256_side_by_side(states: &mut [Sha256State], blocks: &[&[Block]]) {
    let [streams] = streams::<1>(blocks);
    let mut state = enter(states);
    for at in 0..streams[0].len() {
        let before = state;
        let mut words = big_endian(load(&streams, at));
        let [mut a, mut b, mut c, mut d, mut e, mut f0, mut g0, mut h0] = state;
        for round in 0..64 {
            let word = if round < 16 {
                words[round]
            } else {
                let (near, far) = (words[(round + 14) % 16], words[(round + 1) % 16]);
                let near =
                    xor3(_mm512_rol_epi32::<15>(near), _mm512_rol_epi32::<13>(near), _mm512_srli_epi32::<10>(near));
                let far = xor3(_mm512_rol_epi32::<25>(far), _mm512_rol_epi32::<14>(far), _mm512_srli_epi32::<3>(far));
                let others = _mm512_add_epi32(words[round % 16], words[(round + 9) % 16]);
                _mm512_add_epi32(others, _mm512_add_epi32(near, far))
            };
            words[round % 16] = word;
            let constant = _mm512_set1_epi32(SHA256_CONSTANTS[round].cast_signed());
            let turned = xor3(_mm512_rol_epi32::<26>(e), _mm512_rol_epi32::<21>(e), _mm512_rol_epi32::<7>(e));
            let ready = _mm512_add_epi32(_mm512_add_epi32(h0, word), constant);
            let chosen = _mm512_ternarylogic_epi32::<CHOOSE>(e, f0, g0);
            let first = _mm512_add_epi32(ready, _mm512_add_epi32(turned, chosen));
            let turned = xor3(_mm512_rol_epi32::<30>(a), _mm512_rol_epi32::<19>(a), _mm512_rol_epi32::<10>(a));
            let second = _mm512_add_epi32(turned, _mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
            (h0, g0, f0, e) = (g0, f0, e, _mm512_add_epi32(d, first));
            (d, c, b, a) = (c, b, a, _mm512_add_epi32(first, second));
        }
        state = [a, b, c, d, e, f0, g0, h0];
        add(&mut state, &before);
    }
    leave(state, states);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<PARITY>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add<const W: usize>(state: &mut [__m512i; W], before: &[__m512i; W]) {
    for (words, before) in state.iter_mut().zip(before) {
        *words = _mm512_add_epi32(*words, *before);
    }
}

/// The streams in groups of sixteen; the first stands in for those that are missing.
fn streams<'a, const G: usize>(blocks: &[&'a [Block]]) -> [[&'a [Block]; LANES]; G] {
    let of = |lane: usize| *blocks.get(lane).unwrap_or(&blocks[0]);
    std::array::from_fn(|group| std::array::from_fn(|lane| of(group * LANES + lane)))
}

/// The states side by side: the same word of all streams in one register.
#[inline]
#[target_feature(enable = "avx512f")]
fn enter<const W: usize>(states: &[[u32; W]]) -> [__m512i; W] {
    let mut registers = [_mm512_setzero_si512(); W];
    for (word, register) in registers.iter_mut().enumerate() {
        let mut lanes = [0; LANES];
        for (lane, state) in lanes.iter_mut().zip(states) {
            *lane = state[word];
        }
        // SAFETY: sixteen words are the 64 bytes that are read; no alignment is asked for.
        *register = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
    }
    registers
}

/// The reverse of `enter`.
#[inline]
#[target_feature(enable = "avx512f")]
fn leave<const W: usize>(registers: [__m512i; W], states: &mut [[u32; W]]) {
    for (word, register) in registers.into_iter().enumerate() {
        let mut lanes = [0; LANES];
        // SAFETY: sixteen words are the 64 bytes that are written; no alignment is asked for.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), register) };
        for (lane, state) in lanes.into_iter().zip(&mut *states) {
            state[word] = lane;
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn big_endian(words: [__m512i; 16]) -> [__m512i; 16] {
    let order = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203));
    words.map(|word| _mm512_shuffle_epi8(word, order))
}

/// One block of each stream, transposed: the same word of all blocks in one register.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(streams: &[&[Block]; LANES], at: usize) -> [__m512i; 16] {
    // SAFETY: a block has the 64 bytes that are read; no alignment is asked for.
    transposed(streams.map(|blocks| unsafe { _mm512_loadu_si512(blocks[at].as_ptr().cast()) }))
}

/// Sixteen rows of sixteen words, columns for rows: first within each quarter of the registers, four rows at a time,
/// then the quarters.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: [__m512i; LANES]) -> [__m512i; LANES] {
    let mut quarters = [[_mm512_setzero_si512(); 4]; 4];
    for ([a, b, c, d], quarters) in rows.as_chunks().0.iter().zip(&mut quarters) {
        let (ab, ab_high) = (_mm512_unpacklo_epi32(*a, *b), _mm512_unpackhi_epi32(*a, *b));
        let (cd, cd_high) = (_mm512_unpacklo_epi32(*c, *d), _mm512_unpackhi_epi32(*c, *d));
        *quarters = [
            _mm512_unpacklo_epi64(ab, cd),
            _mm512_unpackhi_epi64(ab, cd),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ];
    }
    let [first, second, third, fourth] = quarters;
    let mut columns = [_mm512_setzero_si512(); LANES];
    for at in 0..4 {
        let even = _mm512_shuffle_i32x4::<0x88>(first[at], second[at]);
        let odd = _mm512_shuffle_i32x4::<0xdd>(first[at], second[at]);
        let even_below = _mm512_shuffle_i32x4::<0x88>(third[at], fourth[at]);
        let odd_below = _mm512_shuffle_i32x4::<0xdd>(third[at], fourth[at]);
        columns[at] = _mm512_shuffle_i32x4::<0x88>(even, even_below);
        columns[at + 4] = _mm512_shuffle_i32x4::<0x88>(odd, odd_below);
        columns[at + 8] = _mm512_shuffle_i32x4::<0xdd>(even, even_below);
        columns[at + 12] = _mm512_shuffle_i32x4::<0xdd>(odd, odd_below);
    }
    columns
}
