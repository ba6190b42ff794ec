//! SHA-256 and SHA-1 by the cryptographic extension of ARMv8, two streams at once.
//!
//! As `sha_ni.rs` does for x86: the instructions take longer than it takes to start the next one, and a second stream
//! fills the gap. How much that gives was not measured; the tests run under emulation. MD5 is the portable one's, which
//! compilers turn into NEON. The order of the instructions is that of the Arm C Language Extensions' description of them.

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::portable::SHA256_CONSTANTS;
use super::{Block, Kernel, Sha1State, Sha256State};

/// Streams that are interleaved.
const LANES: usize = 2;

/// FIPS 180-4, 4.2.1.
const SHA1_CONSTANTS: [u32; 4] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];

/// The kernels of SHA-256 and SHA-1, where the processor has the instructions. They are to be had in no other way: that
/// is what makes it sound to call them.
pub(super) fn kernels() -> Option<(Kernel<8>, Kernel<5>)> {
    let is_there = is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("sha2");
    is_there.then_some((Kernel::new(LANES, sha256), Kernel::new(LANES, sha1)))
}

fn sha256(states: &mut [Sha256State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(LANES).zip(blocks.chunks(LANES)) {
        match states.len() {
            // SAFETY: only `kernels` gives this function away, and only after it has seen that the instructions are there.
            2 => unsafe { sha256_together::<2>(states, blocks) },
            // SAFETY: as above.
            _ => unsafe { sha256_together::<1>(states, blocks) },
        }
    }
}

fn sha1(states: &mut [Sha1State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(LANES).zip(blocks.chunks(LANES)) {
        match states.len() {
            // SAFETY: as for `sha256`.
            2 => unsafe { sha1_together::<2>(states, blocks) },
            // SAFETY: as for `sha256`.
            _ => unsafe { sha1_together::<1>(states, blocks) },
        }
    }
}

/// Four words of a block each.
#[inline]
#[target_feature(enable = "neon,sha2")]
fn load(block: &Block) -> [uint32x4_t; 4] {
    std::array::from_fn(|four| {
        // SAFETY: a block has four times sixteen bytes, and `four` is below four; the load asks for no alignment.
        let bytes = unsafe { vld1q_u8(block.as_ptr().add(four * 16)) };
        vreinterpretq_u32_u8(vrev32q_u8(bytes))
    })
}

#[inline]
#[target_feature(enable = "neon,sha2")]
fn register(words: &[u32; 4]) -> uint32x4_t {
    // SAFETY: four words are the 16 bytes that are read.
    unsafe { vld1q_u32(words.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon,sha2")]
fn words_of(register: uint32x4_t) -> [u32; 4] {
    let mut words = [0; 4];
    // SAFETY: four words are the 16 bytes that are written.
    unsafe { vst1q_u32(words.as_mut_ptr(), register) };
    words
}

/// What one stream of SHA-256 keeps in registers.
#[derive(Clone, Copy)]
struct Sha256Lane {
    abcd: uint32x4_t,
    efgh: uint32x4_t,
    words: [uint32x4_t; 4],
}

/// The first `N` streams.
#[target_feature(enable = "neon,sha2")]
fn sha256_together<const N: usize>(states: &mut [Sha256State], blocks: &[&[Block]]) {
    let (Some(states), Some(blocks)) = (states.first_chunk_mut::<N>(), blocks.first_chunk::<N>()) else { return };
    let mut lanes = states.map(|[a, b, c, d, e, f, g, h]| {
        let words = [vdupq_n_u32(0); 4];
        Sha256Lane { abcd: register(&[a, b, c, d]), efgh: register(&[e, f, g, h]), words }
    });
    for at in 0..blocks[0].len() {
        let before = lanes;
        for (lane, blocks) in lanes.iter_mut().zip(blocks) {
            lane.words = load(&blocks[at]);
        }
        for (group, constants) in SHA256_CONSTANTS.as_chunks().0.iter().enumerate() {
            for lane in &mut lanes {
                sha256_rounds(lane, group, register(constants));
            }
        }
        for (lane, before) in lanes.iter_mut().zip(before) {
            lane.abcd = vaddq_u32(lane.abcd, before.abcd);
            lane.efgh = vaddq_u32(lane.efgh, before.efgh);
        }
    }
    for (state, lane) in states.iter_mut().zip(&lanes) {
        let ([a, b, c, d], [e, f, g, h]) = (words_of(lane.abcd), words_of(lane.efgh));
        *state = [a, b, c, d, e, f, g, h];
    }
}

/// Four rounds, and the four message words that are needed four groups later.
#[inline]
#[target_feature(enable = "neon,sha2")]
fn sha256_rounds(lane: &mut Sha256Lane, group: usize, constants: uint32x4_t) {
    let word = |after: usize| lane.words[(group + after) % 4];
    let sum = vaddq_u32(word(0), constants);
    if group < 12 {
        let begun = vsha256su0q_u32(word(0), word(1));
        lane.words[group % 4] = vsha256su1q_u32(begun, word(2), word(3));
    }
    let before = lane.abcd;
    lane.abcd = vsha256hq_u32(before, lane.efgh, sum);
    lane.efgh = vsha256h2q_u32(lane.efgh, before, sum);
}

/// What one stream of SHA-1 keeps in registers.
#[derive(Clone, Copy)]
struct Sha1Lane {
    abcd: uint32x4_t,
    e: u32,
    words: [uint32x4_t; 4],
}

/// The first `N` streams.
#[target_feature(enable = "neon,sha2")]
fn sha1_together<const N: usize>(states: &mut [Sha1State], blocks: &[&[Block]]) {
    let (Some(states), Some(blocks)) = (states.first_chunk_mut::<N>(), blocks.first_chunk::<N>()) else { return };
    let mut lanes = states.map(|[a, b, c, d, e]| {
        let words = [vdupq_n_u32(0); 4];
        Sha1Lane { abcd: register(&[a, b, c, d]), e, words }
    });
    for at in 0..blocks[0].len() {
        let before = lanes;
        for (lane, blocks) in lanes.iter_mut().zip(blocks) {
            lane.words = load(&blocks[at]);
        }
        for group in 0..20 {
            for lane in &mut lanes {
                sha1_rounds(lane, group);
            }
        }
        for (lane, before) in lanes.iter_mut().zip(before) {
            lane.abcd = vaddq_u32(lane.abcd, before.abcd);
            lane.e = lane.e.wrapping_add(before.e);
        }
    }
    for (state, lane) in states.iter_mut().zip(&lanes) {
        let [a, b, c, d] = words_of(lane.abcd);
        *state = [a, b, c, d, lane.e];
    }
}

/// Four rounds, and the four message words that are needed four groups later.
#[inline]
#[target_feature(enable = "neon,sha2")]
fn sha1_rounds(lane: &mut Sha1Lane, group: usize) {
    let word = |after: usize| lane.words[(group + after) % 4];
    let sum = vaddq_u32(word(0), vdupq_n_u32(SHA1_CONSTANTS[group / 5]));
    if group < 16 {
        let begun = vsha1su0q_u32(word(0), word(1), word(2));
        lane.words[group % 4] = vsha1su1q_u32(begun, word(3));
    }
    let next = vsha1h_u32(vgetq_lane_u32::<0>(lane.abcd));
    lane.abcd = match group / 5 {
        0 => vsha1cq_u32(lane.abcd, lane.e, sum),
        2 => vsha1mq_u32(lane.abcd, lane.e, sum),
        _ => vsha1pq_u32(lane.abcd, lane.e, sum),
    };
    lane.e = next;
}
