//! SHA-256 of two streams at once.
//!
//! The processor's SHA instructions take several cycles each but can be started faster than that: one stream leaves
//! half of the unit idle, because each step waits for the one before. Two independent streams, interleaved in one
//! thread, nearly double what a core digests. The instructions and the order of the message schedule are those of
//! Intel's white paper "Intel SHA Extensions" (2013).

use sha2::block_api::compress256;

/// One 64-byte block of a message.
pub(crate) type Block = [u8; 64];

/// The state between two blocks.
pub(crate) type State = [u32; 8];

/// FIPS 180-4, 5.3.3.
const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Longest padding: the mark, zeros and the length, when they need a block of their own.
pub(crate) const MAX_PADDING: usize = 72;

/// A SHA-256 whose blocks are fed by the caller.
#[derive(Clone)]
pub(crate) struct Stream {
    state: State,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Stream { state: INITIAL }
    }

    /// Feeds blocks of this stream alone.
    pub(crate) fn feed(&mut self, blocks: &[Block]) {
        compress256(&mut self.state, blocks);
    }

    /// Feeds two streams with as many blocks each.
    pub(crate) fn feed_pair(a: (&mut Stream, &[Block]), b: (&mut Stream, &[Block])) {
        let count = a.1.len().min(b.1.len());
        let (a_blocks, b_blocks) = (&a.1[..count], &b.1[..count]);
        #[cfg(target_arch = "x86_64")]
        if has_sha_instructions() {
            // SAFETY: the processor has the instructions that the function is compiled for.
            unsafe { x86::compress_pair(&mut a.0.state, a_blocks, &mut b.0.state, b_blocks) };
            return;
        }
        a.0.feed(a_blocks);
        b.0.feed(b_blocks);
    }

    /// The digest, after the padded last block was fed.
    pub(crate) fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        for (bytes, word) in out.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        out
    }
}

/// Appends to the last bytes of a message (its length modulo 64 of them, or more) what completes the last block:
/// FIPS 180-4, 5.1.1. Returns where the padded message ends in `buffer`.
pub(crate) fn pad(buffer: &mut [u8], end: usize, message_bytes: u64) -> usize {
    let padded = (end + 9).next_multiple_of(64);
    buffer[end..padded].fill(0);
    buffer[end] = 0x80;
    buffer[padded - 8..padded].copy_from_slice(&(message_bytes * 8).to_be_bytes());
    padded
}

#[cfg(target_arch = "x86_64")]
fn has_sha_instructions() -> bool {
    is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3")
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Block, State};
    use std::arch::x86_64::*;

    /// FIPS 180-4, 4.2.2.
    #[rustfmt::skip]
    static ROUND_CONSTANTS: [u32; 64] = [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// What one lane keeps in registers: the state in the order of the instructions, and sixteen message words.
    struct Lane {
        abef: __m128i,
        cdgh: __m128i,
        words: [__m128i; 4],
    }

    /// Feeds both states; the slices have the same length.
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    pub(super) fn compress_pair(a: &mut State, a_blocks: &[Block], b: &mut State, b_blocks: &[Block]) {
        let (mut one, mut two) = (enter(a), enter(b));
        for (a_block, b_block) in a_blocks.iter().zip(b_blocks) {
            let saved = [one.abef, one.cdgh, two.abef, two.cdgh];
            load(&mut one, a_block);
            load(&mut two, b_block);
            macro_rules! four_rounds {
                ($($group:literal)*) => { $(
                    rounds::<$group>(&mut one);
                    rounds::<$group>(&mut two);
                )* };
            }
            four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            one.abef = _mm_add_epi32(one.abef, saved[0]);
            one.cdgh = _mm_add_epi32(one.cdgh, saved[1]);
            two.abef = _mm_add_epi32(two.abef, saved[2]);
            two.cdgh = _mm_add_epi32(two.cdgh, saved[3]);
        }
        leave(&one, a);
        leave(&two, b);
    }

    /// Four rounds, and the four message words that are needed four groups later.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn rounds<const GROUP: usize>(lane: &mut Lane) {
        let words = lane.words[GROUP % 4];
        // SAFETY: sixteen groups of four constants.
        let constants = unsafe { _mm_loadu_si128(ROUND_CONSTANTS.as_ptr().add(GROUP * 4).cast()) };
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

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn load(lane: &mut Lane, block: &Block) {
        let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
        for (i, words) in lane.words.iter_mut().enumerate() {
            // SAFETY: a block has four times sixteen bytes.
            let bytes = unsafe { _mm_loadu_si128(block.as_ptr().add(i * 16).cast()) };
            *words = _mm_shuffle_epi8(bytes, big_endian);
        }
    }

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn enter(state: &State) -> Lane {
        let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
        Lane { abef: _mm_set_epi32(a, b, e, f), cdgh: _mm_set_epi32(c, d, g, h), words: [_mm_setzero_si128(); 4] }
    }

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn leave(lane: &Lane, state: &mut State) {
        let (abef, cdgh) = (lane.abef, lane.cdgh);
        let words = [
            _mm_extract_epi32(abef, 3),
            _mm_extract_epi32(abef, 2),
            _mm_extract_epi32(cdgh, 3),
            _mm_extract_epi32(cdgh, 2),
            _mm_extract_epi32(abef, 1),
            _mm_extract_epi32(abef, 0),
            _mm_extract_epi32(cdgh, 1),
            _mm_extract_epi32(cdgh, 0),
        ];
        *state = words.map(i32::cast_unsigned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    fn padded(message: &[u8]) -> Vec<Block> {
        let mut buffer = message.to_vec();
        buffer.resize(message.len() + MAX_PADDING, 0);
        let end = pad(&mut buffer, message.len(), message.len() as u64);
        buffer[..end].as_chunks().0.to_vec()
    }

    #[test]
    fn both_lanes_agree_with_the_reference_for_every_padding() {
        for length in 0..200 {
            let messages = [vec![0xa5; length], (0..length).map(|i| (i * 31) as u8).collect()];
            let [a, b] = messages.each_ref().map(|message| padded(message));
            let (mut one, mut two) = (Stream::new(), Stream::new());
            Stream::feed_pair((&mut one, &a), (&mut two, &b));
            assert_eq!(one.finish(), <[u8; 32]>::from(sha2::Sha256::digest(&messages[0])));
            assert_eq!(two.finish(), <[u8; 32]>::from(sha2::Sha256::digest(&messages[1])));
        }
    }

    #[test]
    fn a_pair_of_unequal_length_stops_at_the_shorter() {
        let (mut one, mut two) = (Stream::new(), Stream::new());
        let blocks = padded(&[7; 300]);
        Stream::feed_pair((&mut one, &blocks), (&mut two, &blocks[..2]));
        one.feed(&blocks[2..]);
        assert_eq!(one.finish(), <[u8; 32]>::from(sha2::Sha256::digest([7; 300])));
    }
}
