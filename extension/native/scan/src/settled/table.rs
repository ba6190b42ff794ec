//! Fingerprints that can be found quickly: ascending, with an index over their first bits.
//!
//! Sixteen bytes a file and one more for the index. The files of a directory share their first bits, so they are in one
//! slot. The table never changes, so any number of threads ask without waiting.

use super::fingerprint::Fingerprint;

/// Fingerprints for each slot of the index, about.
const PER_SLOT: usize = 4;
/// Bits of the index at most: four mebibytes.
const MAX_BITS: u32 = 20;

/// The table.
#[derive(Default)]
pub(crate) struct Table {
    prints: Vec<Fingerprint>,
    bits: u32,
    /// Where the fingerprints with these first bits begin, and behind the last one.
    starts: Vec<u32>,
}

impl Table {
    /// Of ascending fingerprints, fewer than 2^32.
    pub(crate) fn new(prints: Vec<Fingerprint>) -> Self {
        let bits = (prints.len() / PER_SLOT).checked_ilog2().unwrap_or(0).min(MAX_BITS);
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut at = 0;
        for slot in 0..=1usize << bits {
            while at < prints.len() && slot_of(prints[at], bits) < slot {
                at += 1;
            }
            starts.push(at as u32);
        }
        Table { prints, bits, starts }
    }

    /// Where a fingerprint is.
    pub(crate) fn find(&self, print: Fingerprint) -> Option<usize> {
        let slot = slot_of(print, self.bits);
        let (from, to) = (*self.starts.get(slot)? as usize, *self.starts.get(slot + 1)? as usize);
        // A search, not a scan: whoever chose the fingerprints cannot make it slow.
        self.prints.get(from..to)?.binary_search(&print).ok().map(|at| from + at)
    }

    pub(crate) fn prints(&self) -> &[Fingerprint] {
        &self.prints
    }

    pub(crate) fn len(&self) -> usize {
        self.prints.len()
    }
}

/// The first bits of a fingerprint.
fn slot_of(print: Fingerprint, bits: u32) -> usize {
    if bits == 0 { 0 } else { (print >> (128 - bits)) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_is_in_it_and_nothing_else(
            prints in prop::collection::btree_set(prop_oneof![any::<u128>(), 1u128..100, u128::MAX - 100..=u128::MAX], 0..300),
            others in prop::collection::vec(prop_oneof![any::<u128>(), 0u128..100], 0..100),
        ) {
            let table = Table::new(prints.iter().copied().collect());
            for (at, print) in prints.iter().enumerate() {
                prop_assert_eq!(table.find(*print), Some(at));
            }
            for other in others {
                prop_assert_eq!(table.find(other).is_some(), prints.contains(&other));
            }
        }
    }

    #[test]
    fn an_empty_one_finds_nothing() {
        assert_eq!(Table::default().find(1), None);
        assert_eq!(Table::new(Vec::new()).find(u128::MAX), None);
    }
}
