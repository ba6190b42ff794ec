//! Pairs by SSSE3: 64 places with four registers.

use std::arch::x86_64::*;

use super::{Block, Kernel, places_in_blocks, portable};
use crate::pairs::{Places, Tables};

/// The kernel, where the processor has the instructions. It is to be had in no other way: that is what makes it sound to
/// call.
pub(super) fn kernel() -> Option<Kernel> {
    let has_all = is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("popcnt");
    has_all.then_some(Kernel { name: "ssse3", pairs, steps: portable::steps })
}

fn pairs(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    // SAFETY: only `kernel` gives this function away, and only after it has seen that the instructions are there.
    unsafe { pairs_by_shuffles(tables, text, blocks, places) }
}

#[target_feature(enable = "ssse3,popcnt")]
fn pairs_by_shuffles(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    // SAFETY: an array of 16 bytes is read.
    let table = |of: &[u8; 16]| unsafe { _mm_loadu_si128(of.as_ptr().cast()) };
    let (low, high) = (tables.low.each_ref().map(table), tables.high.each_ref().map(table));
    let nibble = _mm_set1_epi8(15);
    // As in `avx2.rs`: the lower bits of a byte need no mask.
    let classes = |which: usize, bytes: __m128i| {
        let upper = _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble);
        _mm_and_si128(_mm_shuffle_epi8(low[which], bytes), _mm_shuffle_epi8(high[which], upper))
    };
    let quarter = |block: &Block, from: usize| {
        // SAFETY: `from` is 0, 16, 32 or 48, and 17 bytes from there belong to the block.
        let bytes = |at: usize| unsafe { _mm_loadu_si128(block.as_ptr().add(at).cast()) };
        let all = _mm_and_si128(classes(0, bytes(from)), classes(1, bytes(from + 1)));
        u64::from(!_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_setzero_si128())) as u16) << from
    };
    places_in_blocks(text, blocks, places, |block| {
        quarter(block, 0) | quarter(block, 16) | quarter(block, 32) | quarter(block, 48)
    })
}
