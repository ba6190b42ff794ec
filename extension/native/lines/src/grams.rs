//! Pieces of strings, ASCII case ignored, and what lies at a place of a text where one of them may stand.
//!
//! A gram is up to eight bytes of a string. A Bloom filter of their hashes fits the processor's caches; bits are compared
//! with case folded, so the text is never lowered. What the filter lets through is compared with the strings themselves.

/// Bit 5 tells lower from upper case, and a few other bytes from each other: those are told apart when compared.
pub(crate) const FOLD: u64 = 0x2020_2020_2020_2020;

/// Spreads a gram over 64 bits, of which the upper half is taken: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Words of the filter, at most: 256 KiB, half of a second-level cache.
const MAX_WORDS: usize = 1 << 16;

/// Entries that share a word of the filter, at most, unless there are too many: it lets one gram in a hundred through, and
/// that of 10,000 strings with anchors fits a first-level cache. Twice as many and half as many were slower.
const ENTRIES_PER_WORD: usize = 1;

/// How the bytes of a gram become a hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashing {
    /// Bytes of the gram as a mask.
    mask: u64,
    spread: u64,
}

impl Hashing {
    /// Of grams of a width, 1 to 8 bytes; those of another kind have other hashes.
    pub(crate) fn new(width: usize, kind: u32) -> Self {
        Hashing { mask: u64::MAX >> (64 - 8 * width), spread: SPREAD.rotate_left(7 * kind) | 1 }
    }

    #[inline(always)]
    pub(crate) fn of(&self, word: u64) -> u32 {
        (((word | FOLD) & self.mask).wrapping_mul(self.spread) >> 32) as u32
    }
}

/// Up to eight bytes; zeros where there are fewer.
#[inline]
pub(crate) fn word_of(text: &[u8]) -> u64 {
    if let Some(word) = text.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let mut word = [0; 8];
    word[..text.len()].copy_from_slice(text);
    u64::from_le_bytes(word)
}

/// One gram of one string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) hash: u32,
    /// Up to eight bytes of the string around the gram, folded: most of what is not the string ends here.
    word: u64,
    mask: u64,
    pattern: u32,
    /// Where in the string the word and the gram are.
    word_at: u8,
    gram_at: u8,
}

impl Entry {
    pub(crate) fn new(hash: u32, pattern: u32, string: &[u8], gram_at: usize) -> Self {
        // As far back as the word still holds what is behind the gram, which is where strings differ.
        let word_at = gram_at.min(string.len().saturating_sub(8));
        let length = (string.len() - word_at).min(8);
        let mask = u64::MAX >> (64 - 8 * length);
        let word = (word_of(&string[word_at..]) | FOLD) & mask;
        Entry { hash, word, mask, pattern, word_at: word_at as u8, gram_at: gram_at as u8 }
    }
}

/// What is looked for, and where it counts.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// In lower case.
    pub(crate) strings: &'a [Box<[u8]>],
    /// A string begins here or later.
    pub(crate) from: usize,
    /// It ends behind this place.
    pub(crate) ends_after: usize,
}

/// A Bloom filter of hashes: two bits in one word for each.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Two to the power of 32 less the shift.
    words: Vec<u32>,
    shift: u32,
}

impl Filter {
    /// Of any number of hashes.
    pub(crate) fn new(hashes: impl ExactSizeIterator<Item = u32>) -> Self {
        let count = (hashes.len() / ENTRIES_PER_WORD).next_power_of_two().clamp(64, MAX_WORDS);
        let shift = 32 - count.ilog2();
        let mut words = vec![0; count];
        for hash in hashes {
            words[(hash >> shift) as usize] |= 1 << (hash >> BITS[0] & 31) | 1 << (hash >> BITS[1] & 31);
        }
        Filter { words, shift }
    }

    /// The lowest bit tells whether there may be this hash.
    #[inline(always)]
    pub(crate) fn look(&self, hash: u32) -> u32 {
        // SAFETY: the shift leaves a number below the number of words, which is two to the power of 32 less the shift.
        let word = unsafe { *self.words.get_unchecked((hash >> self.shift) as usize) };
        (word >> (hash >> BITS[0] & 31)) & (word >> (hash >> BITS[1] & 31))
    }

    /// What kernels look up: the words, and how far a hash is shifted to number one of them.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn parts(&self) -> (&[u32], u32) {
        (&self.words, self.shift)
    }
}

/// From where in a hash the numbers of the two bits are taken; neither part chooses the word.
pub(crate) const BITS: [u32; 2] = [6, 11];

/// All grams of all strings.
#[derive(Debug)]
pub(crate) struct Grams {
    filter: Filter,
    entries: Vec<Entry>,
    /// Entries of slot `i` are `slots[i]..slots[i + 1]`.
    slots: Vec<u32>,
    slot_shift: u32,
}

impl Grams {
    /// Any number of entries, of which there is one for each gram of each string.
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        let filter = Filter::new(entries.iter().map(|entry| entry.hash));
        let slot_shift = 32 - entries.len().next_power_of_two().ilog2().max(1);
        entries.sort_unstable_by_key(|entry| (entry.hash, entry.pattern, entry.gram_at));
        let mut slots = vec![0u32; (1 << (32 - slot_shift)) + 1];
        entries.iter().for_each(|entry| slots[(entry.hash >> slot_shift) as usize + 1] += 1);
        (1..slots.len()).for_each(|i| slots[i] += slots[i - 1]);
        Grams { filter, entries, slots, slot_shift }
    }

    /// The lowest bit tells whether there may be a gram with this hash.
    #[inline(always)]
    pub(crate) fn look(&self, hash: u32) -> u32 {
        self.filter.look(hash)
    }

    /// The filter, for a loop over places.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Where a string begins that has a gram with this hash at `at`.
    #[inline(never)]
    pub(crate) fn compare(&self, text: &[u8], at: usize, hash: u32, wanted: Wanted<'_>) -> Option<usize> {
        let slot = (hash >> self.slot_shift) as usize;
        let entries = &self.entries[self.slots[slot] as usize..self.slots[slot + 1] as usize];
        let is_there = |entry: &&Entry| {
            let Some(start) = at.checked_sub(usize::from(entry.gram_at)) else { return false };
            let word = text.get(start + usize::from(entry.word_at)..).map_or(0, word_of);
            if (word | FOLD) & entry.mask != entry.word || start < wanted.from {
                return false;
            }
            let pattern = &wanted.strings[entry.pattern as usize];
            let end = start + pattern.len();
            end > wanted.ends_after && text.get(start..end).is_some_and(|piece| piece.eq_ignore_ascii_case(pattern))
        };
        entries.iter().find(is_there).map(|entry| at - usize::from(entry.gram_at))
    }
}
