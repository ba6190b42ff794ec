//! Pairs by NEON: 64 places with four registers.

use std::arch::aarch64::*;

use super::{Block, Kernel, places_in_blocks, portable};
use crate::pairs::{Places, Tables};

/// Every processor of this kind has the instructions.
pub(super) const KERNEL: Kernel = Kernel { name: "neon", pairs, steps: portable::steps };

fn pairs(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    // SAFETY: every processor of this kind has the instructions.
    unsafe { pairs_by_tables(tables, text, blocks, places) }
}

#[target_feature(enable = "neon")]
fn pairs_by_tables(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    // SAFETY: an array of 16 bytes is read.
    let table = |of: &[u8; 16]| unsafe { vld1q_u8(of.as_ptr()) };
    let (low, high) = (tables.low.each_ref().map(table), tables.high.each_ref().map(table));
    let bits = table(&[1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128]);
    let nibble = vdupq_n_u8(15);
    let classes = |which: usize, bytes: uint8x16_t| {
        let by_low = vqtbl1q_u8(low[which], vandq_u8(bytes, nibble));
        vandq_u8(by_low, vqtbl1q_u8(high[which], vshrq_n_u8::<4>(bytes)))
    };
    let quarter = |block: &Block, from: usize| {
        // SAFETY: `from` is 0, 16, 32 or 48, and 17 bytes from there belong to the block.
        let bytes = |at: usize| unsafe { vld1q_u8(block.as_ptr().add(at)) };
        let all = vandq_u8(classes(0, bytes(from)), classes(1, bytes(from + 1)));
        vandq_u8(vtstq_u8(all, all), bits)
    };
    places_in_blocks(text, blocks, places, |block| {
        let left = vpaddq_u8(quarter(block, 0), quarter(block, 16));
        let right = vpaddq_u8(quarter(block, 32), quarter(block, 48));
        let all = vpaddq_u8(left, right);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(all, all)))
    })
}
