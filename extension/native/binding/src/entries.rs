//! Entries of a walk that JavaScript hands back as they came, to be digested.
//!
//! A batch (`pack.rs`) crosses the border twice and is never taken apart in between. Its numbers are not trusted: an entry
//! that is not in it is a failure of the request.

use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, Uint32Array};
use napi_derive::napi;
use scan::{Class, Code, Failure, Identity, Item, Request, bytes_from_text, worker_threads};

use crate::request::{PaceData, bytes_of, classes_from, milliseconds};

/// Rules and classes of a selection, for every batch of a sweep.
#[napi(object, object_to_js = false)]
pub struct SelectionData {
    /// Indexes of classes, those of each rule behind each other.
    pub rule_classes: Uint32Array,
    /// Where those of each rule end.
    pub rule_ends: Uint32Array,
    /// For each class: its magics in hex.
    pub magics: Vec<Vec<String>>,
    /// For each class: whether any head will do.
    pub any_head: Vec<bool>,
    /// For each class: 1 SHA-256, 2 SHA-1, 4 MD5.
    pub algorithms: Vec<u32>,
}

/// A selection that crossed the border once.
#[napi]
pub struct NativeSelection {
    selection: Arc<Selection>,
}

struct Selection {
    rules: Lists,
    classes: Vec<Class>,
}

#[napi]
impl NativeSelection {
    /// Of its parts.
    #[napi(constructor)]
    pub fn new(data: SelectionData) -> Self {
        let rules = Lists { values: data.rule_classes.to_vec(), ends: data.rule_ends.to_vec() };
        let classes = classes_from(data.magics, data.any_head, data.algorithms);
        NativeSelection { selection: Arc::new(Selection { rules, classes }) }
    }
}

/// Entries to digest.
#[napi(object, object_to_js = false)]
pub struct EntriesData {
    /// Absolute paths.
    pub roots: Vec<String>,
    /// Answers of a walk.
    pub batches: Vec<Buffer>,
    /// Indexes of entries, those of each batch behind each other.
    pub chosen: Uint32Array,
    /// Where those of each batch end.
    pub chosen_ends: Uint32Array,
    /// Larger files are not read.
    pub max_file_bytes: f64,
    /// Time for one file.
    pub file_timeout_ms: f64,
    /// How gently; absent: as fast as it goes.
    pub pace: Option<PaceData>,
}

/// The same, copied off JavaScript's memory, for another thread to take apart.
pub(crate) struct Entries {
    batches: Vec<Vec<u8>>,
    chosen: Vec<u32>,
    chosen_ends: Vec<u32>,
    selection: Arc<Selection>,
    request: Request,
}

/// Lists of numbers behind each other.
struct Lists {
    values: Vec<u32>,
    ends: Vec<u32>,
}

impl EntriesData {
    pub(crate) fn into_entries(self, selection: &NativeSelection) -> Entries {
        Entries {
            batches: self.batches.iter().map(|batch| batch.to_vec()).collect(),
            chosen: self.chosen.to_vec(),
            chosen_ends: self.chosen_ends.to_vec(),
            selection: selection.selection.clone(),
            request: Request {
                roots: bytes_of(&self.roots),
                items: Vec::new(),
                classes: Vec::new(),
                max_file_bytes: self.max_file_bytes as u64,
                file_timeout: milliseconds(self.file_timeout_ms),
                threads: worker_threads(),
                pace: self.pace.map(PaceData::into_pace),
            },
        }
    }
}

impl Entries {
    /// What the scan crate is asked.
    pub(crate) fn into_request(self) -> Result<Request, Failure> {
        let Entries { batches, chosen, chosen_ends, selection, mut request } = self;
        request.classes = selection.classes.clone();
        request.items.reserve(chosen.len());
        let mut start = 0;
        for (batch, end) in batches.iter().zip(chosen_ends) {
            let of_batch = chosen.get(start..end as usize).ok_or_else(malformed)?;
            let view = View::new(batch).ok_or_else(malformed)?;
            for at in of_batch {
                request.items.push(view.item(*at as usize, &selection.rules).ok_or_else(malformed)?);
            }
            start = end as usize;
        }
        Ok(request)
    }
}

fn malformed() -> Failure {
    Failure::new(Code::Io, "an entry to digest is in no batch")
}

impl Lists {
    fn get(&self, at: usize) -> Option<&[u32]> {
        self.values.get(start_of(at, |at| self.ends.get(at).copied())?..*self.ends.get(at)? as usize)
    }
}

/// Where the list begins that ends at `ends(at)`: where the one before ends.
fn start_of(at: usize, ends: impl Fn(usize) -> Option<u32>) -> Option<usize> {
    if at == 0 { Some(0) } else { ends(at - 1).map(|end| end as usize) }
}

/// A packed batch, read where it lies.
struct View<'a> {
    bytes: &'a [u8],
    count: usize,
    rules: usize,
    text: usize,
}

const HEADER: usize = 12 * 8;

impl<'a> View<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let number = |at: usize| Some(f64::from_ne_bytes(bytes.get(8 * at..8 * at + 8)?.try_into().ok()?) as usize);
        let (count, errors, rules) = (number(1)?, number(2)?, number(3)?);
        let rules_at = HEADER.checked_add(count.checked_mul(64 + 28)?)?;
        let text = rules_at.checked_add(rules.checked_mul(4)?)?.checked_add(errors.checked_mul(16)?)?;
        (number(0)? == 0 && text <= bytes.len()).then_some(View { bytes, count, rules: rules_at, text })
    }

    fn item(&self, at: usize, rules: &Lists) -> Option<Item> {
        if at >= self.count {
            return None;
        }
        let word = |column: usize| self.word(HEADER + 8 * (column * self.count + at));
        let half = |column: usize, at: usize| self.half(HEADER + 64 * self.count + 4 * (column * self.count + at));
        let (root, path_end, rules_end) = (half(0, at)?, half(5, at)? as usize, half(6, at)? as usize);
        let path_start = start_of(at, |at| half(5, at))?;
        let path = self.bytes.get(self.text + path_start..self.text.checked_add(path_end)?)?;
        let mut classes = Vec::new();
        for rule in start_of(at, |at| half(6, at))?..rules_end {
            classes.extend_from_slice(rules.get(self.half(self.rules + 4 * rule)? as usize)?);
        }
        let expected = Identity {
            dev: word(0)?,
            ino: word(1)?,
            mtime_ns: word(2)? as i64,
            ctime_ns: word(3)? as i64,
            size: f64::from_bits(word(6)?) as u64,
        };
        Some(Item { root, path: bytes_from_text(std::str::from_utf8(path).ok()?), expected: Some(expected), classes })
    }

    fn word(&self, at: usize) -> Option<u64> {
        Some(u64::from_ne_bytes(self.bytes.get(at..at + 8)?.try_into().ok()?))
    }

    fn half(&self, at: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?))
    }
}
