//! Strings found by anchors: a pair of bytes in each of them that is rare in logs, and the bytes around it.
//!
//! Pairs are found 64 bytes of text at a time (`pairs.rs`), so that text without one costs next to nothing. Around each
//! pair a few grams are looked up, because not every string has the same bytes before and behind its anchor: domains
//! have their dot somewhere, and short ones have little around it. It pays as long as a few pairs, rare ones or those of
//! one byte that all strings have, cover all strings; many strings without a common sign are for `strides.rs`.

use crate::frequency::frequency;
use crate::grams::{Entry, Grams, Hashing, Wanted, word_of};
use crate::leads::{Leads, MARGIN};
use crate::pairs::{CHUNK, Class, Pairs, Places, classes_of};
use crate::vector::Kernel;

/// Pairs that are looked for, at most: more are neither rare nor told apart.
const MAX_PAIRS: usize = 128;

/// Shapes of grams at most.
const MAX_SHAPES: usize = 6;

/// Bytes of a gram.
const WIDTHS: std::ops::RangeInclusive<usize> = 2..=8;

/// What one more byte of a gram is worth: with it, a gram may serve so many times fewer strings.
const WORTH: f64 = 1.6;

/// Strings, spread over all, by which shapes are judged.
const JUDGED: usize = 500;

/// Where the gram of an anchor is.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Bytes of it before the anchor.
    before: usize,
    hashing: Hashing,
}

/// A string by its place in the list of all.
pub(crate) type Numbered<'a> = (u32, &'a [u8]);

/// Strings ready to be looked for.
#[derive(Debug)]
pub(crate) struct Anchors {
    pairs: Pairs,
    leads: Option<Leads>,
    shapes: Vec<Shape>,
    grams: Grams,
}

impl Anchors {
    /// `None`: they have no anchors that are rarer than `most`, as a share of all places in logs.
    pub(crate) fn new(strings: &[Numbered<'_>], most: f64, kernel: Kernel) -> Option<Self> {
        let index = Index::new(strings);
        let hub = index.most_common_sign();
        let covers = [None, hub]
            .into_iter()
            .filter_map(|hub| index.cover(hub, most))
            .map(|pairs| classes_of(pairs.into_iter().map(Class::of).collect()));
        let rarity = |classes: &Vec<Class>| classes.iter().map(Class::frequency).sum::<f64>();
        let classes = covers.min_by(|one, other| rarity(one).total_cmp(&rarity(other)))?;
        if rarity(&classes) > most {
            return None;
        }
        let pairs = Pairs::new(&classes, kernel);
        let (shapes, anchored) = shapes_of(strings, &pairs);
        let (entries, anchors): (Vec<_>, Vec<_>) = anchored.into_iter().unzip();
        let leads = Leads::new(&anchors, rarity(&classes));
        let grams = Grams::new(entries);
        Some(Anchors { pairs, leads, shapes, grams })
    }

    /// Where a string begins that has its anchor in `at..until`: at most [`CHUNK`] places.
    pub(crate) fn find(
        &self,
        text: &[u8],
        at: usize,
        until: usize,
        places: &mut Places,
        wanted: Wanted<'_>,
    ) -> Option<usize> {
        debug_assert!(until <= at + CHUNK);
        let found = self.pairs.find(text, at, until, places);
        let around = at.checked_sub(MARGIN).and_then(|from| text.get(from..)?.first_chunk());
        let kept = match (&self.leads, around) {
            (Some(leads), Some(around)) => leads.keep(around, &mut places[..found]),
            _ => found,
        };
        let places = &places[..kept];
        match self.shapes.len() {
            1 => self.find_at::<1>(text, at, places, wanted),
            2 => self.find_at::<2>(text, at, places, wanted),
            3 => self.find_at::<3>(text, at, places, wanted),
            4 => self.find_at::<4>(text, at, places, wanted),
            _ => self.find_at::<MAX_SHAPES>(text, at, places, wanted),
        }
    }

    #[inline(always)]
    fn find_at<const N: usize>(&self, text: &[u8], at: usize, places: &[u32], wanted: Wanted<'_>) -> Option<usize> {
        // Where there are fewer shapes than `N`, the last one is looked at again.
        let shapes: [Shape; N] = std::array::from_fn(|i| self.shapes[i.min(self.shapes.len() - 1)]);
        for place in places {
            let place = at + *place as usize;
            let hashes = if place >= MARGIN && place + MARGIN <= text.len() {
                // SAFETY: no shape has more than `MARGIN` bytes before its anchor, and as many are in front and behind.
                let word = |shape: Shape| unsafe { text.as_ptr().add(place - shape.before).cast::<[u8; 8]>().read() };
                shapes.map(|shape| shape.hashing.of(u64::from_le_bytes(word(shape))))
            } else {
                let word = |shape: Shape| place.checked_sub(shape.before).map_or(0, |start| word_of(&text[start..]));
                shapes.map(|shape| shape.hashing.of(word(shape)))
            };
            if hashes.iter().fold(0, |seen, hash| seen | self.grams.look(*hash)) & 1 == 0 {
                continue;
            }
            for (shape, hash) in shapes.iter().zip(hashes) {
                let Some(start) = place.checked_sub(shape.before) else { continue };
                let is_seen = self.grams.look(hash) & 1 != 0;
                if let Some(start) = is_seen.then(|| self.grams.compare(text, start, hash, wanted)).flatten() {
                    return Some(start);
                }
            }
        }
        None
    }
}

/// Which strings have which pairs.
struct Index {
    strings: usize,
    /// Pairs that strings have.
    pairs: Vec<[u8; 2]>,
    /// Strings by pair.
    holders: Vec<Vec<u32>>,
    /// Pairs by string.
    held: Vec<Vec<u32>>,
}

impl Index {
    fn new(strings: &[Numbered<'_>]) -> Self {
        let pairs_of = |string: &[u8]| {
            let mut pairs: Vec<[u8; 2]> = string.windows(2).map(|pair| [pair[0], pair[1]]).collect();
            pairs.sort_unstable();
            pairs.dedup();
            pairs
        };
        let mut places = vec![None; 1 << 16];
        let (mut pairs, mut holders) = (Vec::new(), Vec::new());
        let mut held = Vec::with_capacity(strings.len());
        for (number, (_, string)) in (0u32..).zip(strings) {
            let mut own = Vec::new();
            for pair in pairs_of(string) {
                let place = *places[usize::from(u16::from_le_bytes(pair))].get_or_insert_with(|| {
                    pairs.push(pair);
                    holders.push(Vec::new());
                    pairs.len() - 1
                });
                holders[place].push(number);
                own.push(place as u32);
            }
            held.push(own);
        }
        Index { strings: strings.len(), pairs, holders, held }
    }

    /// The byte, neither letter nor digit, that begins a pair in the most strings.
    fn most_common_sign(&self) -> Option<u8> {
        let mut counts = [0; 256];
        for (pair, holders) in self.pairs.iter().zip(&self.holders) {
            counts[usize::from(pair[0])] += if pair[0].is_ascii_alphanumeric() { 0 } else { holders.len() };
        }
        (0..=255).max_by_key(|byte| counts[usize::from(*byte)]).filter(|byte| counts[usize::from(*byte)] > 0)
    }

    /// Pairs of which every string has one, each time the pair that covers the most strings for how often it comes up;
    /// first those that begin with `hub`. `None`: too many, or together not rarer than `most`.
    fn cover(&self, hub: Option<u8>, most: f64) -> Option<Vec<[u8; 2]>> {
        let mut counts: Vec<usize> = self.holders.iter().map(Vec::len).collect();
        let mut is_covered = vec![false; self.strings];
        let mut left = self.strings;
        let mut cover = Vec::new();
        let mut sum = 0.0;
        while left > 0 {
            let worth = |pair: &usize| {
                let [first, second] = self.pairs[*pair];
                (hub == Some(first) && counts[*pair] > 0, counts[*pair] as f64 / frequency(first, second))
            };
            let is_more = |one: &usize, other: &usize| {
                let (one, other) = (worth(one), worth(other));
                one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
            };
            let best = (0..self.pairs.len()).max_by(is_more)?;
            let [first, second] = self.pairs[best];
            sum += frequency(first, second);
            cover.push([first, second]);
            if sum > most || cover.len() > MAX_PAIRS {
                return None;
            }
            for string in &self.holders[best] {
                if !std::mem::replace(&mut is_covered[*string as usize], true) {
                    left -= 1;
                    self.held[*string as usize].iter().for_each(|pair| counts[*pair as usize] -= 1);
                }
            }
        }
        Some(cover)
    }
}

/// A string's gram, and the string with the anchor that the gram is around.
type Anchored<'a> = (Entry, (&'a [u8], usize));

/// Shapes so that every string has a gram of one of them around one of its anchors, and those grams: each time the shape
/// that wide grams of many strings have.
fn shapes_of<'a>(strings: &[Numbered<'a>], pairs: &Pairs) -> (Vec<Shape>, Vec<Anchored<'a>>) {
    let anchors_of =
        |string: &[u8]| -> Vec<usize> { (0..string.len()).filter(|at| pairs.takes(&string[*at..])).collect() };
    let mut left: Vec<(Numbered<'a>, Vec<usize>)> = strings.iter().map(|one| (*one, anchors_of(one.1))).collect();
    let mut shapes: Vec<Shape> = Vec::new();
    let mut anchored = Vec::with_capacity(strings.len());
    while !left.is_empty() {
        let is_last = shapes.len() + 1 == MAX_SHAPES;
        let step = if is_last { 1 } else { left.len().div_ceil(JUDGED) };
        let judged = || left.iter().step_by(step);
        let mut best = (0.0, 0, *WIDTHS.start());
        for (width, before) in WIDTHS.flat_map(|width| (0..width).map(move |before| (width, before))) {
            let count = judged().filter(|one| gram_at(one, before, width).is_some()).count();
            let worth = count as f64 * WORTH.powi(width as i32);
            if worth > best.0 && (!is_last || count == left.len()) {
                best = (worth, before, width);
            }
        }
        let (_, before, width) = best;
        let hashing = Hashing::new(width, shapes.len() as u32);
        shapes.push(Shape { before, hashing });
        left.retain(|one| {
            let Some(at) = gram_at(one, before, width) else { return true };
            let ((number, string), _) = one;
            let entry = Entry::new(hashing.of(word_of(&string[at..])), *number, string, at);
            anchored.push((entry, (*string, at + before)));
            false
        });
    }
    (shapes, anchored)
}

/// Where a string has a gram of a shape, around the last of its anchors that allows it.
fn gram_at(one: &(Numbered<'_>, Vec<usize>), before: usize, width: usize) -> Option<usize> {
    let ((_, string), anchors) = one;
    let starts = anchors.iter().filter_map(|anchor| anchor.checked_sub(before));
    starts.rev().find(|start| start + width <= string.len())
}
