//! Kernels of the search, one file per instruction set, and which of them this processor has.
//!
//! Two loops look at every byte of a log: that which finds pairs (`pairs.rs`) and that which looks grams up in steps
//! (`strides.rs`). They are written once in plain Rust, and once more for what processors do better; `unsafe` is in those
//! files, and at two look-ups for each place of a pair (`anchors.rs`, `grams.rs`). What a kernel is asked and what it answers is the same for all.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod ssse3;

use crate::pairs::{Places, Tables};
use crate::strides::Look;

/// Both loops. They write places as distances from where they begin, and tell how many.
#[derive(Clone, Copy)]
pub(crate) struct Kernel {
    name: &'static str,
    /// Places of pairs in so many blocks of [`BLOCK`] bytes. A byte of text lies behind the last block.
    pub(crate) pairs: fn(tables: &Tables, text: &[u8], blocks: usize, places: &mut Places) -> usize,
    /// Places in steps, below `until`, at which a filter lets a gram through. Eight bytes of text begin at each of them.
    pub(crate) steps: fn(look: &Look<'_>, text: &[u8], until: usize, places: &mut Places) -> usize,
}

/// Bytes that are judged at once.
pub(crate) const BLOCK: usize = 64;

/// A block and what its last pairs reach into.
type Block = [u8; BLOCK + 1];

/// Places that are written whether there are so many or not.
pub(crate) const WRITTEN: usize = 3;

impl Kernel {
    /// All that this processor has, the best last.
    pub(crate) fn all() -> Vec<Kernel> {
        #[allow(unused_mut)]
        let mut all = vec![portable::KERNEL];
        #[cfg(target_arch = "x86_64")]
        all.extend(ssse3::kernel().into_iter().chain(avx2::kernel()));
        #[cfg(target_arch = "aarch64")]
        all.push(neon::KERNEL);
        all
    }

    /// The best that this processor has.
    pub(crate) fn best() -> Kernel {
        Kernel::all().pop().unwrap_or(portable::KERNEL)
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Places in blocks, of which `judge` tells by a bit each.
#[inline(always)]
fn places_in_blocks(text: &[u8], blocks: usize, places: &mut Places, judge: impl Fn(&Block) -> u64) -> usize {
    let mut found = 0;
    for base in (0..blocks).map(|i| i * BLOCK) {
        let Some(block) = text[base..].first_chunk() else { break };
        let bits = judge(block);
        found = write_all(bits, found, places, |bit| (base as u32).wrapping_add(bit));
    }
    found
}

/// Writes a place for each bit that is set, behind those that are there; how many there are then. There is no branch for
/// each: where they are dense enough to matter, it would be mispredicted.
#[inline(always)]
fn write_all(mut bits: u64, mut found: usize, places: &mut Places, place_of: impl Fn(u32) -> u32) -> usize {
    let after = found + bits.count_ones() as usize;
    loop {
        for place in &mut places[found..found + WRITTEN] {
            *place = place_of(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            return after;
        }
        found += WRITTEN;
    }
}
