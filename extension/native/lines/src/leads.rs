//! Three bytes near each anchor: the cheapest question about a place, asked first.
//!
//! In a resolver's log five dots out of six have other bytes before them than any of a thousand domains, and end here, by
//! one look-up instead of one for each shape of grams. Of the pairs of a few dozen domains it is two out of three.

use std::collections::BTreeSet;

use crate::frequency::chain;
use crate::grams::FOLD;
use crate::pairs::CHUNK;

/// Bytes before the first place of a call, and behind the last that there can be, for what is looked up around them.
pub(crate) const MARGIN: usize = 8;

/// The bytes around the places of one call.
pub(crate) type Margins = [u8; MARGIN + CHUNK + MARGIN];

/// Bytes that are looked at.
const LEAD: usize = 3;

/// Where they may begin, counted from the margin on: right before the anchor, at it, and behind its pair.
const BEGINNINGS: [usize; 3] = [MARGIN - LEAD, MARGIN, MARGIN + 2];

/// Bits of a hash: as many bytes fit half of a first-level cache.
const BITS: u32 = 14;

/// Where more places than this are kept, asking does not pay.
const MOST: f64 = 0.5;

/// Odd, without a pattern: the golden ratio.
const SPREAD: u32 = 0x9E37_79B1;

/// Hashes of what stands at one place near the anchors.
#[derive(Debug)]
pub(crate) struct Leads {
    known: Box<[u8; 1 << BITS]>,
    beginning: usize,
}

impl Leads {
    /// Of strings, each with where its anchor is; all anchors together are as rare as `rarity`. `None` where no bytes tell
    /// enough.
    pub(crate) fn new(strings: &[(&[u8], usize)], rarity: f64) -> Option<Self> {
        let all = BEGINNINGS.iter().filter_map(|beginning| {
            let leads: Option<BTreeSet<Lead>> = strings.iter().map(|one| Lead::of(*one, *beginning)).collect();
            let leads = leads?;
            let share = leads.iter().map(|lead| chain(lead.bytes())).sum::<f64>();
            // Those that begin with the anchor are among its places.
            let share = if *beginning == MARGIN { share / rarity } else { share };
            let made = Leads { known: known(&leads), beginning: *beginning };
            let by_chance = made.known.iter().map(|one| f64::from(*one)).sum::<f64>() / made.known.len() as f64;
            Some((share + by_chance, made))
        });
        let (kept, best) = all.min_by(|one, other| one.0.total_cmp(&other.0))?;
        (kept <= MOST).then_some(best)
    }

    /// Keeps the places, in order, near which one of them may stand; how many. They are counted from behind the first
    /// margin. There is no branch for each: it would be mispredicted.
    pub(crate) fn keep(&self, text: &Margins, places: &mut [u32]) -> usize {
        let near: Option<&[u8; CHUNK + LEAD]> = text[self.beginning..].first_chunk();
        let Some(near) = near else { return places.len() };
        let mut kept = 0;
        for i in 0..places.len() {
            let start = places[i] as usize & (CHUNK - 1);
            places[kept] = places[i];
            kept += usize::from(self.known[hash_of([near[start], near[start + 1], near[start + 2]])]);
        }
        kept
    }
}

/// What a string has at one place near its anchor; of three bytes, one may lie outside of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Lead {
    Whole([u8; 3]),
    WithoutFirst([u8; 2]),
    WithoutLast([u8; 2]),
}

impl Lead {
    /// `None`: more than one byte lies outside.
    fn of((string, anchor): (&[u8], usize), beginning: usize) -> Option<Self> {
        let at = (anchor + beginning).checked_sub(MARGIN - 1)?;
        // As if a byte stood before the string.
        match *string.get(at.saturating_sub(1)..)? {
            [first, second, ..] if at == 0 => Some(Lead::WithoutFirst([first, second])),
            [first, second, third, ..] => Some(Lead::Whole([first, second, third])),
            [first, second] => Some(Lead::WithoutLast([first, second])),
            _ => None,
        }
    }

    /// Those bytes that lie in the string.
    fn bytes(&self) -> &[u8] {
        match self {
            Lead::Whole(all) => all,
            Lead::WithoutFirst(two) | Lead::WithoutLast(two) => two,
        }
    }
}

/// Which hashes there are: of a byte outside of a string, those of all bytes.
fn known(leads: &BTreeSet<Lead>) -> Box<[u8; 1 << BITS]> {
    let mut known = Box::new([0; 1 << BITS]);
    for lead in leads {
        match *lead {
            Lead::Whole(all) => known[hash_of(all)] = 1,
            Lead::WithoutFirst([second, third]) => (0..=255).for_each(|any| known[hash_of([any, second, third])] = 1),
            Lead::WithoutLast([first, second]) => (0..=255).for_each(|any| known[hash_of([first, second, any])] = 1),
        }
    }
    known
}

#[inline(always)]
fn hash_of([first, second, third]: [u8; LEAD]) -> usize {
    let lead = u32::from_le_bytes([0, first, second, third]) | FOLD as u32;
    (lead.wrapping_mul(SPREAD) >> (u32::BITS - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_string_is_kept_at_every_place_in_any_case_whatever_stands_around_it(
            strings in proptest::collection::vec(("[a-z0-9.-]{3,20}", any::<prop::sample::Index>()), 1..40),
            around in any::<u8>(),
            place in 0..CHUNK,
            is_upper in any::<bool>(),
        ) {
            let anchored = strings.iter().map(|(string, at)| (string.as_bytes(), at.index(string.len())));
            let anchored: Vec<(&[u8], usize)> = anchored.collect();
            for beginning in BEGINNINGS {
                let has_lead = |one: &&(&[u8], usize)| Lead::of(**one, beginning).is_some();
                let all = anchored.iter().filter_map(|one| Lead::of(*one, beginning)).collect();
                let leads = Leads { known: known(&all), beginning };
                for (string, anchor) in anchored.iter().filter(has_lead) {
                    let mut text = [around; MARGIN + CHUNK + MARGIN];
                    for (i, byte) in string.iter().enumerate() {
                        let at = (MARGIN + place + i).wrapping_sub(*anchor);
                        if let Some(there) = text.get_mut(at) {
                            *there = if is_upper { byte.to_ascii_uppercase() } else { *byte };
                        }
                    }
                    let mut places = [0, place as u32, CHUNK as u32 - 1];
                    let kept = leads.keep(&text, &mut places);
                    prop_assert!(places[..kept].contains(&(place as u32)), "{beginning}");
                }
            }
        }
    }

    #[test]
    fn of_a_string_one_byte_may_be_missing() {
        let of = |string: &str, anchor| {
            BEGINNINGS.map(|beginning| Lead::of((string.as_bytes(), anchor), beginning).is_some())
        };
        assert_eq!(of("abcdefgh", 3), [true, true, true]);
        assert_eq!(of("abcdefgh", 2), [true, true, true]);
        assert_eq!(of("abcdefgh", 1), [false, true, true]);
        assert_eq!(of("abcdefgh", 4), [true, true, true]);
        assert_eq!(of("abcdefgh", 5), [true, true, false]);
        assert_eq!(of("abcdefgh", 6), [true, true, false]);
        assert_eq!(of("abcdefgh", 7), [true, false, false]);
    }

    #[test]
    fn what_tells_the_most_is_looked_at() {
        let beginning = |strings: &[(&str, usize)]| {
            let strings: Vec<(&[u8], usize)> = strings.iter().map(|(one, at)| (one.as_bytes(), *at)).collect();
            Leads::new(&strings, 0.02).map(|leads| leads.beginning)
        };
        // Before the dots stands what is rare, behind them what all logs have.
        assert_eq!(beginning(&[("qwxyz.com", 5), ("zzvjq.com", 5)]), Some(BEGINNINGS[0]));
        // Nothing stands before these.
        assert_eq!(beginning(&[("zujoclo", 0), ("qxkvjz", 0)]), Some(BEGINNINGS[2]));
        // Two bytes are all there is behind the one, and before the other.
        assert_eq!(beginning(&[("od.lk", 3), ("zujoclo", 0)]), Some(BEGINNINGS[1]));
        assert_eq!(beginning(&[("l.x", 2), ("l.k", 0)]), None);
    }
}
