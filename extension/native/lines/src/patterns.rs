//! Many strings, ASCII case ignored, looked for at a cost that hardly grows with their number.
//!
//! Of every string a run of [`Filter::stride`] overlapping grams goes into a Bloom filter, so that a reader that looks
//! at one gram every `stride` bytes meets one of them wherever the string lies. That is less than one look-up a byte,
//! none depends on the one before, and the filter fits the processor's caches; bits are compared with case folded, so
//! the text is never lowered. What the filter lets through is compared with the strings themselves. A few strings that
//! are too short for a long stride are left to Teddy, which looks at every byte and is full at 64. An automaton would
//! look at every byte, too, and wait for memory at every one.

use std::collections::HashMap;

use aho_corasick::packed;

/// Bytes of the shortest and the longest string.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=255;

/// Strings at most.
const MAX_PATTERNS: usize = 20_000;

/// Bytes of a gram that the filter looks at, at most: more hardly let less through, and shorten the stride.
const MAX_GRAM: usize = 7;

/// Bytes of a gram when there are few strings, for a longer stride.
const MAX_GRAM_OF_FEW: usize = 5;

/// So many strings are few.
const FEW: usize = 256;

/// Bytes between two looks, at most: beyond, reading the text is what costs.
const MAX_STRIDE: usize = 8;

/// Strings below one of these lengths are short, if they are few: the first that they allow. What is left is at least as
/// long, and the stride grows with it. From 9 on more short strings cost more than the longer stride saves.
const SHORT_BELOW: [usize; 4] = [9, 8, 7, 6];

/// Bytes of a short string that are looked for.
const PIECE: usize = 4;

/// Pieces of short strings in every case, at most: what Teddy takes.
const MAX_PIECES: usize = 64;

/// What names in logs are made of, roughly; digits and the rest lie in the middle.
const COMMON_FIRST: &[u8] = b".eotaincsrmlwdhupgfbykvxjzq";

/// Bytes in which short strings and then long ones are looked for, in turn: they stay in the first-level cache.
const CHUNK: usize = 4 << 10;

/// Bit 5 tells lower from upper case, and a few other bytes from each other: those are told apart when compared.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// Spreads a gram over 64 bits: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Words of the filter, at most: 256 KiB, half of a second-level cache.
const MAX_WORDS: usize = 1 << 15;

/// Strings ready to be looked for.
#[derive(Debug)]
pub struct Patterns {
    /// In lower case, sorted, no two alike.
    strings: Vec<Box<[u8]>>,
    /// A few that are too short for a long stride; `None`: the filter has them, too.
    short: Option<Short>,
    filter: Filter,
    /// Where each string's grams are; by their place in the table.
    entries: Vec<Entry>,
    /// Entries of slot `i` are `slots[i]..slots[i + 1]`.
    slots: Vec<u32>,
    slot_shift: u32,
    /// Range of the strings that begin with three bytes.
    beginnings: HashMap<[u8; 3], (u32, u32)>,
    longest: usize,
}

/// One gram of one string.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// Up to eight bytes of the string around the gram, folded: most of what is not the string ends here.
    word: u64,
    mask: u64,
    pattern: u32,
    /// Where in the string the word and the gram are.
    word_at: u8,
    gram_at: u8,
}

impl Entry {
    fn new(hash: u64, pattern: usize, string: &[u8], gram_at: usize) -> Self {
        // As far back as the word still holds what is behind the gram, which is where strings differ.
        let word_at = gram_at.min(string.len().saturating_sub(8));
        let length = (string.len() - word_at).min(8);
        let mask = u64::MAX >> (64 - 8 * length);
        let word = (word_of(&string[word_at..]) | FOLD) & mask;
        Entry { hash, word, mask, pattern: pattern as u32, word_at: word_at as u8, gram_at: gram_at as u8 }
    }
}

/// Up to eight bytes; zeros where there are fewer.
#[inline]
fn word_of(text: &[u8]) -> u64 {
    if let Some(word) = text.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let mut word = [0; 8];
    word[..text.len()].copy_from_slice(text);
    u64::from_le_bytes(word)
}

/// What lets nearly nothing through but the grams of the strings.
#[derive(Debug)]
struct Filter {
    stride: usize,
    /// Bytes of a gram as a mask.
    mask: u64,
    words: Vec<u64>,
    shift: u32,
}

impl Filter {
    #[inline(always)]
    fn hash(&self, gram: u64) -> u64 {
        ((gram | FOLD) & self.mask).wrapping_mul(SPREAD)
    }

    /// Two bits of the word, from parts of the hash that do not choose the word.
    #[inline(always)]
    fn bits(hash: u64) -> (u64, u64) {
        (hash >> 40, hash >> 34)
    }

    #[inline(always)]
    fn lets_through(&self, hash: u64) -> bool {
        self.look(hash) & 1 != 0
    }

    /// The lowest bit tells.
    #[inline(always)]
    fn look(&self, hash: u64) -> u64 {
        // SAFETY: the shift leaves a number below the number of words, which is two to the power of 64 less the shift.
        let word = unsafe { *self.words.get_unchecked((hash >> self.shift) as usize) };
        let (one, two) = Filter::bits(hash);
        (word >> (one & 63)) & (word >> (two & 63))
    }

    fn add(&mut self, hash: u64) {
        let (one, two) = Filter::bits(hash);
        self.words[(hash >> self.shift) as usize] |= 1 << (one & 63) | 1 << (two & 63);
    }
}

/// A few short strings, looked for by four bytes of each in every case: Teddy takes 64 of those and looks at 16 or
/// 32 bytes at once.
#[derive(Debug)]
struct Short {
    below: usize,
    /// With the place in each of the bytes that are looked for.
    strings: Vec<(Box<[u8]>, usize)>,
    pieces: packed::Searcher,
}

impl Short {
    /// `None`: none is shorter, or too many are, or the processor lacks what is needed.
    fn new(strings: &[Box<[u8]>], below: usize) -> Option<Self> {
        let strings = strings.iter().filter(|one| one.len() < below).take(MAX_PIECES + 1);
        let strings: Vec<_> = strings.map(|one| (one.clone(), rarest_piece(one))).collect();
        if strings.is_empty() || strings.len() > MAX_PIECES {
            return None;
        }
        let pieces = strings.iter().map(|(one, at)| &one[*at..one.len().min(at + PIECE)]);
        let mut pieces: Vec<Vec<u8>> = pieces.flat_map(in_every_case).collect();
        pieces.sort_unstable();
        pieces.dedup();
        let is_few = pieces.len() <= MAX_PIECES;
        Some(Short { below, strings, pieces: is_few.then(|| packed::Searcher::new(&pieces))?? })
    }

    /// Where a string begins whose piece begins in `at..until`: the first of those pieces.
    fn find(&self, text: &[u8], mut at: usize, until: usize, from: usize, ends_after: usize) -> Option<usize> {
        let span_end = text.len().min(until + PIECE - 1);
        while at < until {
            let place = self.pieces.find_in(text, (at..span_end).into())?.start();
            let start_of = |(one, piece_at): &(Box<[u8]>, usize)| {
                let start = place.checked_sub(*piece_at).filter(|start| *start >= from)?;
                let end = start + one.len();
                let piece = text.get(start..end).filter(|_| end > ends_after)?;
                piece.eq_ignore_ascii_case(one).then_some(start)
            };
            if let Some(start) = self.strings.iter().filter_map(start_of).min() {
                return Some(start);
            }
            at = place + 1;
        }
        None
    }
}

/// Where the piece begins whose letters are the rarest.
fn rarest_piece(string: &[u8]) -> usize {
    let rarity = |byte: &u8| COMMON_FIRST.iter().position(|one| one == byte).unwrap_or(COMMON_FIRST.len() / 2);
    let pieces = string.windows(PIECE.min(string.len())).enumerate();
    pieces.max_by_key(|(_, piece)| piece.iter().map(rarity).sum::<usize>()).map_or(0, |(at, _)| at)
}

/// All the ways to write a text in lower and upper case.
fn in_every_case(text: &[u8]) -> Vec<Vec<u8>> {
    text.iter().fold(vec![Vec::new()], |all, byte| {
        let mut cases = vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        cases.dedup();
        all.iter().flat_map(|one| cases.iter().map(|case| [one, &[*case][..]].concat())).collect()
    })
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
        let longest = strings.iter().map(|one| one.len()).max().unwrap_or(0);
        let short = SHORT_BELOW.iter().find_map(|below| Short::new(&strings, *below));
        let below = short.as_ref().map_or(0, |short| short.below);
        let shortest = strings.iter().map(|one| one.len()).filter(|length| *length >= below).min().unwrap_or(below);
        let (gram, stride) = gram_and_stride(shortest, strings.len());
        let words = (strings.len() * stride).next_power_of_two().clamp(64, MAX_WORDS);
        let mask = u64::MAX >> (64 - 8 * gram);
        let mut filter = Filter { stride, mask, words: vec![0; words], shift: 64 - words.ilog2() };
        let mut entries = entries_of(&strings, &filter, gram, shortest);
        entries.iter().for_each(|entry| filter.add(entry.hash));
        let slot_count = entries.len().next_power_of_two();
        let slot_shift = 64 - slot_count.ilog2().max(1);
        entries.sort_unstable_by_key(|entry| (entry.hash, entry.pattern, entry.gram_at));
        let mut slots = vec![0u32; (1 << (64 - slot_shift)) + 1];
        entries.iter().for_each(|entry| slots[(entry.hash >> slot_shift) as usize + 1] += 1);
        (1..slots.len()).for_each(|i| slots[i] += slots[i - 1]);
        let mut beginnings = HashMap::new();
        for (index, one) in (0u32..).zip(&strings) {
            beginnings.entry([one[0], one[1], one[2]]).or_insert((index, index)).1 = index + 1;
        }
        Ok(Patterns { strings, short, filter, entries, slots, slot_shift, beginnings, longest })
    }

    /// Bytes of the longest string.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The first string in `text` that begins at or after `from` and ends behind `ends_after`: the leftmost, and the
    /// longest of those that begin there.
    pub fn find(&self, text: &[u8], from: usize, ends_after: usize) -> Option<Hit> {
        let from = from.max((ends_after + 1).saturating_sub(self.longest));
        let mut at = from;
        let mut chunk = from;
        while chunk < text.len() {
            let until = if self.short.is_some() { text.len().min(chunk + CHUNK) } else { text.len() };
            let long = self.find_long(text, &mut at, until, from, ends_after);
            let short = self.short.as_ref().and_then(|short| short.find(text, chunk, until, from, ends_after));
            if let Some(start) = long.into_iter().chain(short).min() {
                return Some(self.leftmost(text, start, from, ends_after));
            }
            chunk = until;
        }
        None
    }

    /// Where a string begins of which the filter sees a gram before `until`.
    fn find_long(&self, text: &[u8], at: &mut usize, until: usize, from: usize, ends_after: usize) -> Option<usize> {
        while let Some((place, hash)) = self.next_candidate(text, at, until) {
            if let Some(start) = self.compare(text, place, hash, from, ends_after) {
                return Some(start);
            }
        }
        None
    }

    /// The next place, in steps of the stride, where the filter lets a gram through; `at` goes on behind it.
    #[inline]
    fn next_candidate(&self, text: &[u8], at: &mut usize, until: usize) -> Option<(usize, u64)> {
        let filter = &self.filter;
        let stride = filter.stride;
        let until = until.min(text.len());
        let whole = until.min(text.len().saturating_sub(7));
        // SAFETY: every call is for a place below `whole`, which has eight bytes behind it.
        let gram = |at: usize| unsafe { u64::from_le_bytes(*text.as_ptr().add(at).cast::<[u8; 8]>()) };
        // Four looks at once: they do not wait for each other, and one branch tells of all.
        let mut next = *at;
        while next + 3 * stride < whole {
            let hashes = [
                filter.hash(gram(next)),
                filter.hash(gram(next + stride)),
                filter.hash(gram(next + 2 * stride)),
                filter.hash(gram(next + 3 * stride)),
            ];
            let seen = hashes.map(|hash| filter.look(hash));
            if (seen[0] | seen[1] | seen[2] | seen[3]) & 1 != 0 {
                let first = seen.iter().position(|seen| seen & 1 != 0).unwrap_or(0);
                let place = next + first * stride;
                *at = place + stride;
                return Some((place, hashes[first]));
            }
            next += 4 * stride;
        }
        *at = next;
        while *at < until {
            let place = *at;
            let hash = filter.hash(word_of(&text[place..]));
            *at += stride;
            if filter.lets_through(hash) {
                return Some((place, hash));
            }
        }
        None
    }

    /// Where a string begins that has the gram of this hash at `at`.
    #[inline(never)]
    fn compare(&self, text: &[u8], at: usize, hash: u64, from: usize, ends_after: usize) -> Option<usize> {
        let slot = (hash >> self.slot_shift) as usize;
        let entries = &self.entries[self.slots[slot] as usize..self.slots[slot + 1] as usize];
        let is_there = |entry: &&Entry| {
            let Some(start) = at.checked_sub(usize::from(entry.gram_at)) else { return false };
            let word = text.get(start + usize::from(entry.word_at)..).map_or(0, word_of);
            if (word | FOLD) & entry.mask != entry.word || start < from {
                return false;
            }
            let pattern = &self.strings[entry.pattern as usize];
            let end = start + pattern.len();
            end > ends_after && text.get(start..end).is_some_and(|piece| piece.eq_ignore_ascii_case(pattern))
        };
        entries.iter().find(is_there).map(|entry| at - usize::from(entry.gram_at))
    }

    /// A string was found at `start`; another that begins before it may have its gram behind it.
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

/// The shortest string has `stride` grams, no more: `gram + stride - 1` bytes.
fn gram_and_stride(shortest: usize, count: usize) -> (usize, usize) {
    let most = if count <= FEW { MAX_GRAM_OF_FEW } else { MAX_GRAM };
    let gram = shortest.min(4).max(shortest.saturating_sub(3).min(most));
    (gram, (shortest + 1 - gram).min(MAX_STRIDE))
}

/// The grams of each string: the run of them that the fewest other strings share, since what is common among strings
/// is common in texts.
fn entries_of(strings: &[Box<[u8]>], filter: &Filter, gram: usize, shortest: usize) -> Vec<Entry> {
    let hashes_of = |one: &[u8]| -> Vec<u64> { one.windows(gram).map(|piece| filter.hash(word_of(piece))).collect() };
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for one in strings.iter().filter(|one| one.len() >= shortest) {
        hashes_of(one).into_iter().for_each(|hash| *counts.entry(hash).or_default() += 1);
    }
    let mut entries = Vec::with_capacity(strings.len() * filter.stride);
    for (pattern, one) in strings.iter().enumerate().filter(|(_, one)| one.len() >= shortest) {
        let hashes = hashes_of(one);
        let shared = |run: &[u64]| run.iter().map(|hash| counts.get(hash).copied().unwrap_or(0)).sum::<u32>();
        let runs = hashes.windows(filter.stride).enumerate();
        let Some((first, run)) = runs.min_by_key(|(_, run)| shared(run)) else { continue };
        entries.extend(run.iter().enumerate().map(|(i, hash)| Entry::new(*hash, pattern, one, first + i)));
    }
    entries
}
