//! Places where one of a few pairs of bytes stands, 64 bytes at a time.
//!
//! A pair is two bytes beside each other. Up to eight classes of pairs are looked for: any of some first bytes
//! followed by any of some second bytes, where "some" are those whose upper and lower four bits are
//! among given ones. So a byte is judged by two look-ups in tables of 16, which processors do for 16 or 32 bytes in one
//! instruction (`vector/`). More pairs than wanted may belong to a class: what is found is a proposal.

use crate::frequency::frequency;
use crate::vector::{BLOCK, Kernel, WRITTEN};

/// Classes at most: bits of a byte.
pub(crate) const MAX_CLASSES: usize = 8;

/// Places that one call looks at, at most.
pub(crate) const CHUNK: usize = 2 << 10;

/// Places, counted from where the call began; a few more than there can be, because they are written three at a time.
pub(crate) type Places = [u32; CHUNK + WRITTEN];

/// None of them.
pub(crate) const NO_PLACES: Places = [0; CHUNK + WRITTEN];

/// Two bytes of lower-case ASCII.
pub(crate) type Pair = [u8; 2];

/// Some first and some second bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Class {
    /// Bit `i`: the lower four bits may be `i`.
    low: [u16; 2],
    /// Bit `i`: the upper four bits may be `i`.
    high: [u16; 2],
}

impl Class {
    /// One pair of ASCII. Bit 5 of what may be a letter is left open, so that a class that takes a letter, be it by
    /// chance, takes it in both cases.
    pub(crate) fn of(pair: Pair) -> Self {
        let other_case = |byte: u8| if byte < 0x40 { byte } else { byte ^ 0x20 };
        let high = |byte: u8| 1 << (byte >> 4) | 1 << (other_case(byte) >> 4);
        Class { low: pair.map(|byte| 1 << (byte & 15)), high: pair.map(high) }
    }

    /// The smallest one that has the pairs of both.
    pub(crate) fn with(&self, other: &Class) -> Self {
        let both = |a: [u16; 2], b: [u16; 2]| std::array::from_fn(|i| a[i] | b[i]);
        Class { low: both(self.low, other.low), high: both(self.high, other.high) }
    }

    /// The share of places that such pairs stand at.
    pub(crate) fn frequency(&self) -> f64 {
        let bytes = |which: usize| (0x20..0x7f).filter(move |byte| self.takes(which, *byte));
        let seconds: Vec<u8> = bytes(1).collect();
        bytes(0).map(|first| seconds.iter().map(|second| frequency(first, *second)).sum::<f64>()).sum()
    }

    pub(crate) fn takes(&self, which: usize, byte: u8) -> bool {
        self.low[which] >> (byte & 15) & self.high[which] >> (byte >> 4) & 1 == 1
    }
}

/// What kernels look up: classes by the first and the second byte.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// By its lower four bits.
    pub(crate) low: [[u8; 16]; 2],
    /// By its upper four bits.
    pub(crate) high: [[u8; 16]; 2],
    /// By the whole byte.
    whole: Box<[[u8; 256]; 2]>,
}

impl Tables {
    fn new(classes: &[Class]) -> Self {
        let (mut low, mut high) = ([[0; 16]; 2], [[0; 16]; 2]);
        for (number, class) in classes.iter().enumerate() {
            for (tables, bits) in [(&mut low, class.low), (&mut high, class.high)] {
                for (table, bits) in tables.iter_mut().zip(bits) {
                    table.iter_mut().enumerate().for_each(|(i, one)| *one |= ((bits >> i & 1) as u8) << number);
                }
            }
        }
        let of = |which: usize, byte: usize| low[which][byte & 15] & high[which][byte >> 4];
        let whole = Box::new([0, 1].map(|which| std::array::from_fn(|byte| of(which, byte))));
        Tables { low, high, whole }
    }

    /// Whether the pair belongs to a class.
    #[inline(always)]
    pub(crate) fn takes(&self, pair: Pair) -> bool {
        let [first, second] = pair.map(usize::from);
        self.whole[0][first] & self.whole[1][second] != 0
    }
}

/// Looks for pairs.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    tables: Tables,
    kernel: Kernel,
}

impl Pairs {
    /// Up to eight classes.
    pub(crate) fn new(classes: &[Class], kernel: Kernel) -> Self {
        Pairs { tables: Tables::new(classes), kernel }
    }

    /// Whether a pair that stands at the beginning of these bytes belongs to a class.
    #[inline(always)]
    pub(crate) fn takes(&self, bytes: &[u8]) -> bool {
        bytes.first_chunk().is_some_and(|pair| self.tables.takes(*pair))
    }

    /// Writes the places in `at..until`, of which there are `CHUNK` at most, in order, as distances from `at`; how many.
    pub(crate) fn find(&self, text: &[u8], at: usize, until: usize, places: &mut Places) -> usize {
        assert!(at <= until && until <= at + CHUNK && until <= text.len());
        let (text, until) = (&text[at..], until - at);
        // What a block of places needs: one byte behind it.
        let blocks = until.min(text.len().saturating_sub(1)) / BLOCK;
        let mut found = (self.kernel.pairs)(&self.tables, text, blocks, places);
        for place in blocks * BLOCK..until {
            if self.takes(&text[place..]) {
                places[found] = place as u32;
                found += 1;
            }
        }
        found
    }
}

/// Pairs in classes, `MAX_CLASSES` at most: those come together that bring the fewest others along.
pub(crate) fn classes_of(mut classes: Vec<Class>) -> Vec<Class> {
    let mut alone: Vec<f64> = classes.iter().map(Class::frequency).collect();
    // What it costs to bring a class together with each one before it.
    let mut costs: Vec<Vec<f64>> = Vec::with_capacity(classes.len());
    let cost = |classes: &[Class], alone: &[f64], i: usize, j: usize| {
        classes[i].with(&classes[j]).frequency() - alone[i] - alone[j]
    };
    for i in 0..classes.len() {
        costs.push((0..i).map(|j| cost(&classes, &alone, i, j)).collect());
    }
    while classes.len() > MAX_CLASSES {
        let all = costs.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, one)| (one, i, j)));
        let Some((_, i, j)) = all.min_by(|one, other| one.0.total_cmp(other.0)) else { break };
        classes[j] = classes[i].with(&classes[j]);
        alone[j] = classes[j].frequency();
        classes.remove(i);
        alone.remove(i);
        costs.remove(i);
        costs.iter_mut().skip(i).for_each(|row| _ = row.remove(i));
        costs[j] = (0..j).map(|other| cost(&classes, &alone, j, other)).collect();
        for (other, row) in costs.iter_mut().enumerate().skip(j + 1) {
            row[j] = cost(&classes, &alone, other, j);
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places_of(pairs: &Pairs, text: &[u8], at: usize, until: usize) -> Vec<usize> {
        let mut places = NO_PLACES;
        let found = pairs.find(text, at, until, &mut places);
        places[..found].iter().map(|place| at + *place as usize).collect()
    }

    fn pair(of: &str) -> Pair {
        *of.as_bytes().first_chunk().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn whatever_the_instructions_the_places_are_those_where_a_pair_of_a_class_stands(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..400),
                proptest::collection::vec(prop_oneof![0x20u8..0x7f, Just(b'a'), Just(b'\x80')], 0..400),
            ],
            classes in proptest::collection::vec(proptest::collection::vec("[ -@\\[-~]{2}", 1..9), 1..9),
            cut in 0usize..90,
        ) {
            let class_of = |pairs: &Vec<String>| {
                let classes = pairs.iter().map(|one| Class::of(pair(one)));
                classes.reduce(|one, other| one.with(&other)).unwrap_or_default()
            };
            let made: Vec<Class> = classes.iter().map(class_of).collect();
            let at = cut.min(text.len());
            let until = text.len().saturating_sub(cut % 7).max(at);
            let stands = |place: &usize| {
                let piece = text.get(*place..place + 2);
                piece.is_some_and(|piece| made.iter().any(|class| (0..2).all(|i| class.takes(i, piece[i]))))
            };
            let expected: Vec<usize> = (at..until).filter(stands).collect();
            for kernel in Kernel::all() {
                let pairs = Pairs::new(&made, kernel);
                prop_assert_eq!(&places_of(&pairs, &text, at, until), &expected, "{:?}", kernel);
            }
            for byte in b'a'..=b'z' {
                let is_in_both = |class: &Class, i| class.takes(i, byte) == class.takes(i, byte.to_ascii_uppercase());
                prop_assert!(made.iter().all(|class| (0..2).all(|i| is_in_both(class, i))));
            }
            for one in classes.iter().flatten() {
                let pairs = Pairs::new(&made, Kernel::best());
                prop_assert!(pairs.takes(one.as_bytes()) && pairs.takes(one.to_ascii_uppercase().as_bytes()));
            }
        }
    }

    #[test]
    fn a_chunk_of_nothing_but_pairs_gives_every_place() {
        let text = vec![b'.'; CHUNK + 1];
        for kernel in Kernel::all() {
            let pairs = Pairs::new(&[Class::of(*b"..")], kernel);
            assert_eq!(places_of(&pairs, &text, 0, CHUNK), (0..CHUNK).collect::<Vec<_>>());
            assert_eq!(places_of(&pairs, &text, 1, CHUNK + 1), (1..CHUNK).collect::<Vec<_>>());
        }
    }
}
