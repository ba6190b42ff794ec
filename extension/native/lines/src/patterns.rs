//! Many strings, ASCII case ignored, looked for at a cost that hardly grows with their number.
//!
//! Two searches propose places and compare them: by anchors (`anchors.rs`), the faster one, which wants a few rare pairs
//! of bytes that all strings have, and by strides (`strides.rs`), which wants strings that are long. Where anchors do not
//! serve all strings, they serve those that are too short for a long stride.

use std::collections::HashMap;

use crate::anchors::{Anchors, Numbered};
use crate::grams::Wanted;
use crate::pairs::{CHUNK, NO_PLACES};
use crate::strides::Strides;
use crate::vector::Kernel;

/// Bytes of the shortest and the longest string.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=255;

/// Strings at most.
const MAX_PATTERNS: usize = 20_000;

/// Anchors at no more than this share of all places are faster than strides.
const RARE: f64 = 0.03;

/// Beside strides, anchors must be rarer.
const RARE_BESIDE: f64 = 0.01;

/// Strings below one of these lengths are short, if they are few: the first that they allow. What is left is at least as
/// long, and the stride grows with it. From 9 on more short strings cost more than the longer stride saves.
const SHORT_BELOW: [usize; 4] = [9, 8, 7, 6];

/// Short strings that are few.
const MAX_SHORT: usize = 64;

/// Bytes that are looked at first, and then twice as many each time: where strings are dense, no more is looked at in vain.
const FIRST_CHUNK: usize = 256;

/// Strings ready to be looked for.
#[derive(Debug)]
pub struct Patterns {
    /// In lower case, sorted, no two alike.
    strings: Vec<Box<[u8]>>,
    anchors: Option<Anchors>,
    strides: Option<Strides>,
    /// Range of the strings that begin with three bytes.
    beginnings: HashMap<[u8; 3], (u32, u32)>,
    longest: usize,
    #[cfg(test)]
    kernel: Kernel,
}

/// Where a string lies in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

impl Patterns {
    /// Makes strings ready: printable ASCII of 3 to 255 bytes, 1 to 20,000 of them.
    pub fn new<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, String> {
        Self::by(strings, Kernel::best())
    }

    fn by<'a>(strings: impl IntoIterator<Item = &'a [u8]>, kernel: Kernel) -> Result<Self, String> {
        let mut strings: Vec<Box<[u8]>> = strings.into_iter().map(|one| one.to_ascii_lowercase().into()).collect();
        if strings.is_empty() || strings.len() > MAX_PATTERNS {
            return Err(format!("{} strings to look for; expected 1 to {MAX_PATTERNS}", strings.len()));
        }
        if let Some(odd) = strings.iter().find(|one| !LENGTHS.contains(&one.len())) {
            return Err(format!("a string of {} bytes to look for; expected 3 to 255", odd.len()));
        }
        if strings.iter().any(|one| !one.iter().all(|byte| (0x20..0x7f).contains(byte))) {
            return Err("a string to look for has bytes that are not printable ASCII".into());
        }
        strings.sort_unstable();
        strings.dedup();
        let numbered: Vec<Numbered<'_>> = (0..).zip(strings.iter().map(AsRef::as_ref)).collect();
        let (anchors, strides) = searches(&numbered, kernel);
        let longest = strings.iter().map(|one| one.len()).max().unwrap_or(0);
        let mut beginnings = HashMap::new();
        for (index, one) in (0u32..).zip(&strings) {
            beginnings.entry([one[0], one[1], one[2]]).or_insert((index, index)).1 = index + 1;
        }
        Ok(Patterns {
            strings,
            anchors,
            strides,
            beginnings,
            longest,
            #[cfg(test)]
            kernel,
        })
    }

    /// Bytes of the longest string.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The first string in `text` that begins at or after `from` and ends behind `ends_after`: the leftmost, and the
    /// longest of those that begin there.
    pub fn find(&self, text: &[u8], from: usize, ends_after: usize) -> Option<Hit> {
        let from = from.max((ends_after + 1).saturating_sub(self.longest));
        let wanted = Wanted { strings: &self.strings, from, ends_after };
        let mut places = NO_PLACES;
        let mut look_at = from;
        let mut chunk = from;
        let mut size = FIRST_CHUNK;
        while chunk < text.len() {
            let until = text.len().min(chunk + size);
            let by_stride =
                self.strides.as_ref().and_then(|one| one.find(text, &mut look_at, until, &mut places, wanted));
            let by_anchor = self.anchors.as_ref().and_then(|one| one.find(text, chunk, until, &mut places, wanted));
            if let Some(start) = by_stride.into_iter().chain(by_anchor).min() {
                return Some(self.leftmost(text, start, from, ends_after));
            }
            chunk = until;
            size = CHUNK.min(2 * size);
        }
        None
    }

    /// A string was found at `start`; another that begins before it may have been found behind it.
    fn leftmost(&self, text: &[u8], start: usize, from: usize, ends_after: usize) -> Hit {
        let first = from.max((start + 1).saturating_sub(self.longest));
        let first = memchr::memrchr(b'\n', &text[first..start]).map_or(first, |lf| first + lf + 1);
        let hits = (first..=start).filter_map(|at| self.longest_at(text, at));
        let mut hits = hits.filter(|hit| hit.end > ends_after);
        hits.next().unwrap_or(Hit { start, end: start })
    }

    /// The longest string that begins at `at`.
    fn longest_at(&self, text: &[u8], at: usize) -> Option<Hit> {
        let rest = &text[at..];
        let beginning = rest.first_chunk::<3>()?.map(|byte| byte.to_ascii_lowercase());
        let (first, end) = *self.beginnings.get(&beginning)?;
        let strings = &self.strings[first as usize..end as usize];
        let is_there = |one: &&[u8]| rest.get(..one.len()).is_some_and(|piece| piece.eq_ignore_ascii_case(one));
        let length = strings.iter().map(AsRef::as_ref).filter(is_there).map(<[u8]>::len).max()?;
        Some(Hit { start: at, end: at + length })
    }
}

/// Which strings are found by anchors, and which by strides.
fn searches(strings: &[Numbered<'_>], kernel: Kernel) -> (Option<Anchors>, Option<Strides>) {
    if let Some(anchors) = Anchors::new(strings, RARE, kernel) {
        return (Some(anchors), None);
    }
    let beside = SHORT_BELOW.iter().find_map(|below| {
        let (short, long): (Vec<_>, Vec<_>) = strings.iter().partition(|(_, one)| one.len() < *below);
        let is_few = !short.is_empty() && short.len() <= MAX_SHORT;
        let anchors = is_few.then(|| Anchors::new(&short, RARE_BESIDE, kernel))??;
        Some((Some(anchors), (!long.is_empty()).then(|| Strides::new(&long, kernel))))
    });
    beside.unwrap_or_else(|| (None, Some(Strides::new(strings, kernel))))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};
    use std::sync::LazyLock;

    use super::*;
    use proptest::prelude::*;

    fn made(strings: &[String]) -> Patterns {
        Patterns::new(strings.iter().map(String::as_bytes)).unwrap()
    }

    /// The longest string at the first place where it ends behind `ends_after`.
    fn naive(strings: &[String], text: &[u8], from: usize, ends_after: usize) -> Option<Hit> {
        let text = text.to_ascii_lowercase();
        let lower: HashSet<Vec<u8>> = strings.iter().map(|one| one.to_ascii_lowercase().into_bytes()).collect();
        let lengths: BTreeSet<usize> = strings.iter().map(String::len).collect();
        let is_there =
            |start: usize, length: usize| text.get(start..start + length).is_some_and(|one| lower.contains(one));
        let longest = |start| lengths.iter().rev().find(|length| is_there(start, **length));
        let hits =
            (from..text.len()).filter_map(|start| longest(start).map(|length| Hit { start, end: start + length }));
        hits.filter(|hit| hit.end > ends_after).min_by_key(|hit| hit.start)
    }

    /// Strings that look like each other, so that what is cut, or found at the wrong place, shows.
    fn few() -> Vec<String> {
        ["od.lk", "www.3cx.com", "officeaddons.com", "sbmsa(4)wiki", "qwepoi123098", "zzz"].map(String::from).into()
    }

    fn with_dots() -> Vec<String> {
        (0..2000).map(|i| format!("{}{}.{}", letters(i * 7919), i % 10, ["com", "net", "io", "co.uk"][i % 4])).collect()
    }

    fn without_a_sign() -> Vec<String> {
        (0..3000).map(|i| format!("{}{}", letters(i * 104_729), letters(i * 7919 + 5))).collect()
    }

    fn and_short_ones() -> Vec<String> {
        without_a_sign().into_iter().chain(["xq3", "od.lk", "zjq.x"].map(String::from)).collect()
    }

    fn letters(mut number: usize) -> String {
        let next = |_| {
            let letter = char::from(b'a' + (number % 26) as u8);
            number = number / 26 + 11;
            letter
        };
        (0..5).map(next).collect()
    }

    #[test]
    fn each_kind_of_list_is_found_at_every_place_of_a_text_and_before_every_end() {
        let lists = [few(), with_dots(), without_a_sign(), and_short_ones()];
        let searches = [(true, false), (true, false), (false, true), (true, true)];
        for (list, expected) in lists.into_iter().zip(searches) {
            let patterns = made(&list);
            assert_eq!((patterns.anchors.is_some(), patterns.strides.is_some()), expected, "{}", list[0]);
            let borders =
                (0..150).chain(240..260).chain(750..780).chain(1780..1800).chain(3820..3850).chain(5880..5900);
            let last = list.iter().rev().cycle();
            for (at, one) in borders.zip(last) {
                let string = if at % 2 == 0 { one.to_ascii_uppercase() } else { one.clone() };
                for tail in (0..12).chain(50..80) {
                    let text = [&vec![b' '; at], string.as_bytes(), &vec![b'\xff'; tail]].concat();
                    let found = patterns.find(&text, 0, 0);
                    assert_eq!(found, Some(Hit { start: at, end: at + one.len() }), "{one} at {at} before {tail}");
                    assert_eq!(patterns.find(&text[..text.len() - tail - 1], 0, 0), None, "{one} cut at {at}");
                    assert_eq!(patterns.find(&text, at + 1, 0), None, "{one} behind {at}");
                }
            }
        }
    }

    #[test]
    fn each_string_of_an_odd_list_is_found_in_any_case() {
        // Pairs without letters and pairs with them share a class here.
        let list = [
            " u`ia l ",
            "a?=",
            "j(a",
            "j@0",
            "\"!a",
            "0xh",
            "~q ",
            "{a0",
            " =\\",
            "a;ha0`!0",
            "p#\"",
            ")&,l0a !a",
            "{!a",
            "^kk",
        ];
        let list = list.map(String::from);
        let patterns = made(&list);
        for one in list.iter().flat_map(|one| [one.clone(), one.to_ascii_uppercase()]) {
            assert_eq!(patterns.find(one.as_bytes(), 0, 0), naive(&list, one.as_bytes(), 0, 0), "{one}");
        }
    }

    /// Strings as lists of domains make them, and how many.
    fn many(count: usize, endings: &'static [&'static str]) -> Vec<String> {
        (0..count)
            .map(|i| format!("{}{}{}", letters(i * 7919 + i / 26), i % 1000, endings[i % endings.len()]))
            .collect()
    }

    /// Lists of each size and kind, made ready with every kernel.
    static READY: LazyLock<Vec<(Vec<String>, Vec<Patterns>)>> = LazyLock::new(|| {
        let short = ["zqj", "od.lk", "A-Z", "(3)", "x.io"].map(String::from);
        let dots: &[&str] = &[".com", ".NET", ".org", ".co.uk"];
        let none: &[&str] = &["abc", "Pbx", "update", "msstorage"];
        let sizes = [1, 40, 1000, 10_000];
        let mut lists = vec![without_a_sign(), and_short_ones()];
        lists.extend(sizes.iter().flat_map(|count| [many(*count, dots), many(*count, none)]));
        lists.extend([40, 1000].map(|count| many(count, none).into_iter().chain(short.clone()).collect()));
        // Of these, every length of gram and every stride comes about.
        lists.extend((3..=15).map(|length| {
            let pieces = without_a_sign().into_iter().zip(many(3000, none));
            pieces.map(|(one, other)| format!("{one}{other}")[..length].to_owned()).collect()
        }));
        let ready = |list: &Vec<String>| {
            let by = |kernel| Patterns::by(list.iter().map(String::as_bytes), kernel).unwrap();
            Kernel::all().into_iter().map(by).collect()
        };
        lists
            .into_iter()
            .map(|list| {
                let patterns = ready(&list);
                (list, patterns)
            })
            .collect()
    });

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn whatever_the_kernel_and_the_size_of_the_list_the_first_hit_is_that_of_the_naive_search(
            list in any::<prop::sample::Index>(),
            pieces in proptest::collection::vec((any::<u32>(), "[a-zA-Z0-9.()\\n -]{0,12}", 0usize..300), 0..6),
            from in 0usize..40,
            ends_after in 0usize..60,
        ) {
            let (strings, ready) = &READY[list.index(READY.len())];
            let text = text_of(strings, &pieces);
            let (from, ends_after) = (from.min(text.len()), ends_after.min(text.len()));
            let expected = naive(strings, &text, from, ends_after);
            for patterns in ready {
                prop_assert_eq!(patterns.find(&text, from, ends_after), expected, "{:?}", patterns.kernel);
            }
        }
    }

    /// Strings of the list in any case, some of them cut, with noise and bytes beyond ASCII between them.
    fn text_of(strings: &[String], pieces: &[(u32, String, usize)]) -> Vec<u8> {
        let mut text = Vec::new();
        for (seed, noise, gap) in pieces {
            let one = &strings[*seed as usize % strings.len()];
            let cased =
                |(i, byte): (usize, u8)| if seed >> (i % 32) & 1 == 1 { byte.to_ascii_uppercase() } else { byte };
            let cut = if seed % 5 == 0 { one.len() - 1 } else { one.len() };
            text.extend(one.bytes().enumerate().map(cased).take(cut));
            text.extend_from_slice(noise.as_bytes());
            text.extend(std::iter::repeat_n((seed >> 8) as u8 | 0x80, if seed % 3 == 0 { *gap } else { 0 }));
        }
        text
    }

    fn any_list() -> impl Strategy<Value = Vec<String>> {
        prop_oneof![
            proptest::collection::vec("[a-c.]{3,9}", 1..6),
            proptest::collection::vec("[a-c]{1,6}\\.(com|net|org)", 1..40),
            proptest::collection::vec("[ -~]{3,12}", 1..60),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn the_first_hit_is_that_of_the_naive_search(
            strings in any_list(),
            pieces in proptest::collection::vec((any::<u32>(), "[a-cA-C.\n]{0,12}", 0usize..300), 0..12),
            from in 0usize..40,
            ends_after in 0usize..60,
        ) {
            let text = text_of(&strings, &pieces);
            let (from, ends_after) = (from.min(text.len()), ends_after.min(text.len()));
            // What ends behind a place begins no more than the longest string before it.
            prop_assert_eq!(made(&strings).find(&text, from, ends_after), naive(&strings, &text, from, ends_after));
        }
    }
}
