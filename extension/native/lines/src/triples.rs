//! Places where one of a few triples of bytes stands, 64 bytes at a time.
//!
//! A triple is three bytes beside each other. Up to eight classes of triples are looked for: any of some first bytes
//! followed by any of some second and any of some third bytes, where "some" are those whose upper and lower four bits are
//! among given ones. So a byte is judged by two look-ups in tables of 16, which processors do for 16 or 32 bytes in one
//! instruction (`vector/`). More triples than wanted may belong to a class: what is found is a proposal.

use crate::frequency::{frequency, share};
use crate::vector::{BLOCK, Kernel, WRITTEN};

/// Classes at most: bits of a byte.
pub(crate) const MAX_CLASSES: usize = 8;

/// Places that one call looks at, at most.
pub(crate) const CHUNK: usize = 2 << 10;

/// Places, counted from where the call began; a few more than there can be, because they are written three at a time.
pub(crate) type Places = [u32; CHUNK + WRITTEN];

/// None of them.
pub(crate) const NO_PLACES: Places = [0; CHUNK + WRITTEN];

/// Three bytes of lower-case ASCII.
pub(crate) type Triple = [u8; 3];

/// Some first, some second and some third bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Class {
    /// Bit `i`: the lower four bits may be `i`.
    low: [u16; 3],
    /// Bit `i`: the upper four bits may be `i`.
    high: [u16; 3],
}

impl Class {
    /// One triple of ASCII. Bit 5 of what may be a letter is left open, so that a class that takes a letter, be it by
    /// chance, takes it in both cases.
    pub(crate) fn of(triple: Triple) -> Self {
        let other_case = |byte: u8| if byte < 0x40 { byte } else { byte ^ 0x20 };
        let high = |byte: u8| 1 << (byte >> 4) | 1 << (other_case(byte) >> 4);
        Class { low: triple.map(|byte| 1 << (byte & 15)), high: triple.map(high) }
    }

    /// The smallest one that has the triples of both.
    pub(crate) fn with(&self, other: &Class) -> Self {
        let both = |a: [u16; 3], b: [u16; 3]| std::array::from_fn(|i| a[i] | b[i]);
        Class { low: both(self.low, other.low), high: both(self.high, other.high) }
    }

    /// The share of places that such triples stand at, as far as pairs tell.
    pub(crate) fn frequency(&self) -> f64 {
        let bytes = |which: usize| (0x20..0x7f).filter(move |byte| self.takes(which, *byte));
        let (firsts, thirds): (Vec<u8>, Vec<u8>) = (bytes(0).collect(), bytes(2).collect());
        let around = |second: u8| {
            let before: f64 = firsts.iter().map(|first| frequency(*first, second)).sum();
            let behind: f64 = thirds.iter().map(|third| frequency(second, *third)).sum();
            before * behind / share(second)
        };
        bytes(1).map(around).sum()
    }

    pub(crate) fn takes(&self, which: usize, byte: u8) -> bool {
        self.low[which] >> (byte & 15) & self.high[which] >> (byte >> 4) & 1 == 1
    }
}

/// What kernels look up: classes by the first, the second and the third byte.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// By its lower four bits.
    pub(crate) low: [[u8; 16]; 3],
    /// By its upper four bits.
    pub(crate) high: [[u8; 16]; 3],
    /// By the whole byte.
    whole: Box<[[u8; 256]; 3]>,
    /// Most blocks have no triple, so that it pays to ask.
    pub(crate) is_rare: bool,
}

/// Triples at no more than this share of all places: one block in eight has one.
const RARE: f64 = 0.002;

impl Tables {
    fn new(classes: &[Class]) -> Self {
        let (mut low, mut high) = ([[0; 16]; 3], [[0; 16]; 3]);
        for (number, class) in classes.iter().enumerate() {
            for (tables, bits) in [(&mut low, class.low), (&mut high, class.high)] {
                for (table, bits) in tables.iter_mut().zip(bits) {
                    table.iter_mut().enumerate().for_each(|(i, one)| *one |= ((bits >> i & 1) as u8) << number);
                }
            }
        }
        let of = |which: usize, byte: usize| low[which][byte & 15] & high[which][byte >> 4];
        let whole = Box::new([0, 1, 2].map(|which| std::array::from_fn(|byte| of(which, byte))));
        let is_rare = classes.iter().map(Class::frequency).sum::<f64>() < RARE;
        Tables { low, high, whole, is_rare }
    }

    /// Whether the triple belongs to a class.
    #[inline(always)]
    pub(crate) fn takes(&self, triple: Triple) -> bool {
        let [first, second, third] = triple.map(usize::from);
        self.whole[0][first] & self.whole[1][second] & self.whole[2][third] != 0
    }
}

/// Looks for triples.
#[derive(Clone, Debug)]
pub(crate) struct Triples {
    tables: Tables,
    kernel: Kernel,
}

impl Triples {
    /// Up to eight classes.
    pub(crate) fn new(classes: &[Class], kernel: Kernel) -> Self {
        Triples { tables: Tables::new(classes), kernel }
    }

    /// Whether a triple that stands at the beginning of these bytes belongs to a class.
    #[inline(always)]
    pub(crate) fn takes(&self, bytes: &[u8]) -> bool {
        bytes.first_chunk().is_some_and(|triple| self.tables.takes(*triple))
    }

    /// Writes the places in `at..until`, of which there are `CHUNK` at most, in order, as distances from `at`; how many.
    pub(crate) fn find(&self, text: &[u8], at: usize, until: usize, places: &mut Places) -> usize {
        assert!(at <= until && until <= at + CHUNK && until <= text.len());
        let (text, until) = (&text[at..], until - at);
        // What a block of places needs: two bytes behind it.
        let blocks = until.min(text.len().saturating_sub(2)) / BLOCK;
        let mut found = (self.kernel.triples)(&self.tables, text, blocks, places);
        for place in blocks * BLOCK..until {
            if self.takes(&text[place..]) {
                places[found] = place as u32;
                found += 1;
            }
        }
        found
    }
}

/// Triples in classes, `MAX_CLASSES` at most: those come together that bring the fewest others along.
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

    fn places_of(triples: &Triples, text: &[u8], at: usize, until: usize) -> Vec<usize> {
        let mut places = NO_PLACES;
        let found = triples.find(text, at, until, &mut places);
        places[..found].iter().map(|place| at + *place as usize).collect()
    }

    fn triple(of: &str) -> Triple {
        *of.as_bytes().first_chunk().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn whatever_the_instructions_the_places_are_those_where_a_triple_of_a_class_stands(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..400),
                proptest::collection::vec(prop_oneof![0x20u8..0x7f, Just(b'a'), Just(b'\x80')], 0..400),
            ],
            classes in proptest::collection::vec(proptest::collection::vec("[ -@\\[-~]{3}", 1..9), 1..9),
            cut in 0usize..90,
        ) {
            let class_of = |triples: &Vec<String>| {
                let classes = triples.iter().map(|one| Class::of(triple(one)));
                classes.reduce(|one, other| one.with(&other)).unwrap_or_default()
            };
            let made: Vec<Class> = classes.iter().map(class_of).collect();
            let at = cut.min(text.len());
            let until = text.len().saturating_sub(cut % 7).max(at);
            let stands = |place: &usize| {
                let piece = text.get(*place..place + 3);
                piece.is_some_and(|piece| made.iter().any(|class| (0..3).all(|i| class.takes(i, piece[i]))))
            };
            let expected: Vec<usize> = (at..until).filter(stands).collect();
            for kernel in Kernel::all() {
                let triples = Triples::new(&made, kernel);
                prop_assert_eq!(&places_of(&triples, &text, at, until), &expected, "{:?}", kernel);
            }
            for byte in b'a'..=b'z' {
                let is_in_both = |class: &Class, i| class.takes(i, byte) == class.takes(i, byte.to_ascii_uppercase());
                prop_assert!(made.iter().all(|class| (0..3).all(|i| is_in_both(class, i))));
            }
            for one in classes.iter().flatten() {
                let triples = Triples::new(&made, Kernel::best());
                prop_assert!(triples.takes(one.as_bytes()) && triples.takes(one.to_ascii_uppercase().as_bytes()));
            }
        }
    }

    #[test]
    fn a_chunk_of_nothing_but_triples_gives_every_place() {
        let text = vec![b'.'; CHUNK + 2];
        for kernel in Kernel::all() {
            let triples = Triples::new(&[Class::of(*b"...")], kernel);
            assert_eq!(places_of(&triples, &text, 0, CHUNK), (0..CHUNK).collect::<Vec<_>>());
            assert_eq!(places_of(&triples, &text, 2, CHUNK + 2), (2..CHUNK).collect::<Vec<_>>());
        }
    }
}
