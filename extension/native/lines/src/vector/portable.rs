//! Both loops in plain Rust, for every processor.

use super::{BLOCK, Block, Kernel, places_in_blocks};
use crate::pairs::{Places, Tables};
use crate::strides::Look;

pub(super) const KERNEL: Kernel = Kernel { name: "portable", pairs, steps };

fn pairs(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize {
    places_in_blocks(text, blocks, places, |block| judged(tables, block))
}

/// Bit `i`: a pair stands at place `i` of the block.
#[inline(always)]
fn judged(tables: &Tables, block: &Block) -> u64 {
    let bit = |i: usize| u64::from(tables.takes([block[i], block[i + 1]]));
    (0..BLOCK).rev().fold(0, |bits, i| bits << 1 | bit(i))
}

pub(super) fn steps(look: &Look<'_>, text: &[u8], until: usize, places: &mut Places) -> usize {
    steps_from(look, text, 0..until, 0, places)
}

/// Goes on where so many places are there already. No branch here, either.
#[inline(always)]
pub(super) fn steps_from(
    look: &Look<'_>,
    text: &[u8],
    range: std::ops::Range<usize>,
    mut found: usize,
    places: &mut Places,
) -> usize {
    let mut place = range.start;
    while place < range.end {
        let Some(word) = text.get(place..).and_then(|rest| rest.first_chunk()) else { break };
        places[found] = place as u32;
        found += (look.at(u64::from_le_bytes(*word)) & 1) as usize;
        place += look.stride;
    }
    found
}
