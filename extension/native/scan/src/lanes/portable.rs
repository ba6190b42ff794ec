//! Lanes for every processor, without `unsafe`.
//!
//! One stream goes through the RustCrypto crates, which use the SHA instructions of x86 and ARMv8 where they are. Four
//! streams of MD5 are written as arrays of four: compilers turn those into the 128-bit registers that x86-64 and arm64
//! always have, which gives 2.5 times one stream; two or three streams gain half of that, eight no more.

use super::{Block, Kernel, Md5State, Sha1State, Sha256State};

/// SHA-256, one stream after the other.
pub(super) const SHA256: Kernel<8> = Kernel::new(1, sha256);
/// SHA-1, one stream after the other.
pub(super) const SHA1: Kernel<5> = Kernel::new(1, sha1);
/// MD5, four streams at once.
pub(super) const MD5: Kernel<4> = Kernel::new(LANES, md5);

/// Streams of MD5 side by side.
const LANES: usize = 4;

/// RFC 1321, 3.4.
#[rustfmt::skip]
pub(super) static MD5_CONSTANTS: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// FIPS 180-4, 4.2.2.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[rustfmt::skip]
pub(super) static SHA256_CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Calls `step!(function, a b c d, word, constant, turn)` for the 64 steps of RFC 1321, 3.4, one after the other, so that
/// every number in them is known when it is compiled.
macro_rules! md5_steps {
    ($step:ident) => {
        md5_steps!(@ $step, f, 0, 1, 0, 7, 12, 17, 22, 0 1 2 3);
        md5_steps!(@ $step, g, 16, 5, 1, 5, 9, 14, 20, 0 1 2 3);
        md5_steps!(@ $step, h, 32, 3, 5, 4, 11, 16, 23, 0 1 2 3);
        md5_steps!(@ $step, i, 48, 7, 0, 6, 10, 15, 21, 0 1 2 3);
    };
    (@ $step:ident, $function:ident, $first:literal, $stride:literal, $offset:literal,
        $turn0:literal, $turn1:literal, $turn2:literal, $turn3:literal, $($four:literal)*) => { $(
        $step!($function, 0 1 2 3, ($offset + $stride * ($four * 4)) % 16, $first + $four * 4, $turn0);
        $step!($function, 3 0 1 2, ($offset + $stride * ($four * 4 + 1)) % 16, $first + $four * 4 + 1, $turn1);
        $step!($function, 2 3 0 1, ($offset + $stride * ($four * 4 + 2)) % 16, $first + $four * 4 + 2, $turn2);
        $step!($function, 1 2 3 0, ($offset + $stride * ($four * 4 + 3)) % 16, $first + $four * 4 + 3, $turn3);
    )* };
}
#[cfg(target_arch = "x86_64")]
pub(super) use md5_steps;

fn sha256(states: &mut [Sha256State], blocks: &[&[Block]]) {
    for (state, blocks) in states.iter_mut().zip(blocks) {
        sha2::block_api::compress256(state, blocks);
    }
}

fn sha1(states: &mut [Sha1State], blocks: &[&[Block]]) {
    for (state, blocks) in states.iter_mut().zip(blocks) {
        sha1::block_api::compress(state, blocks);
    }
}

/// MD5 of one stream.
fn md5_alone(state: &mut Md5State, blocks: &[Block]) {
    md5::block_api::compress(state, blocks);
}

/// Groups of four; in a group that is not full the first stream stands in for those that are missing.
fn md5(states: &mut [Md5State], blocks: &[&[Block]]) {
    for (states, blocks) in states.chunks_mut(LANES).zip(blocks.chunks(LANES)) {
        if let ([state], [blocks]) = (&mut *states, blocks) {
            md5_alone(state, blocks);
            continue;
        }
        let mut four: [Md5State; LANES] = std::array::from_fn(|lane| *states.get(lane).unwrap_or(&states[0]));
        md5_side_by_side(&mut four, std::array::from_fn(|lane| *blocks.get(lane).unwrap_or(&blocks[0])));
        for (state, fed) in states.iter_mut().zip(four) {
            *state = fed;
        }
    }
}

/// `L` streams with as many blocks each; words of the same place lie together.
#[expect(clippy::needless_range_loop, reason = "the place is the same in all streams")]
fn md5_side_by_side<const L: usize>(states: &mut [Md5State; L], blocks: [&[Block]; L]) {
    let mut state: [[u32; L]; 4] = std::array::from_fn(|word| std::array::from_fn(|lane| states[lane][word]));
    for at in 0..blocks[0].len() {
        let words = std::array::from_fn(|word| std::array::from_fn(|lane| word_at(&blocks[lane][at], word)));
        let before = state;
        md5_rounds(&mut state, &words);
        for (words, before) in state.iter_mut().zip(&before) {
            for (word, before) in words.iter_mut().zip(before) {
                *word = word.wrapping_add(*before);
            }
        }
    }
    for (lane, one) in states.iter_mut().enumerate() {
        *one = std::array::from_fn(|word| state[word][lane]);
    }
}

fn word_at(block: &Block, word: usize) -> u32 {
    let bytes = &block[word * 4..];
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The loops over lanes are what the compiler puts into wide registers.
#[inline(always)]
fn md5_rounds<const L: usize>(state: &mut [[u32; L]; 4], words: &[[u32; L]; 16]) {
    macro_rules! step {
        ($function:ident, $a:literal $b:literal $c:literal $d:literal, $word:expr, $constant:expr, $turn:literal) => {
            for lane in 0..L {
                let mixed = $function(state[$b][lane], state[$c][lane], state[$d][lane]);
                let sum = state[$a][lane].wrapping_add(words[$word][lane].wrapping_add(MD5_CONSTANTS[$constant]));
                state[$a][lane] = sum.wrapping_add(mixed).rotate_left($turn).wrapping_add(state[$b][lane]);
            }
        };
    }
    md5_steps!(step);
}

fn f(b: u32, c: u32, d: u32) -> u32 {
    d ^ (b & (c ^ d))
}

fn g(b: u32, c: u32, d: u32) -> u32 {
    (c & !d) | (b & d)
}

fn h(b: u32, c: u32, d: u32) -> u32 {
    b ^ c ^ d
}

fn i(b: u32, c: u32, d: u32) -> u32 {
    c ^ (b | !d)
}
