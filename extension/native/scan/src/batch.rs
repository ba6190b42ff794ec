//! What a walk hands over in one pull, laid out flat so that it crosses a border as it is.

use crate::failure::{Code, Failure};
use crate::settled::Fingerprint;
use crate::system::Meta;
use crate::text::text_from_bytes;

/// Entries, and errors, in one batch at most: the contract's number.
const MAX_ITEMS: usize = 1024;

/// Bytes of text after which a batch is full: paths may be very long.
const MAX_TEXT: usize = 1 << 20;

/// Totals of a walk so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Directories listed.
    pub directories: u64,
    /// Names read from directories.
    pub entries: u64,
    /// Regular files among the names.
    pub files: u64,
    /// Files selected.
    pub selected: u64,
    /// Selected files that were left out, because an earlier pass had done with them.
    pub settled: u64,
    /// Whether a limit cut the walk.
    pub truncated: bool,
}

/// One selected file. Paths and rules lie behind each other; an entry's begin where the one before ends.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Index of the root.
    pub root: u32,
    /// Where the path ends in [`Batch::text`]. Entries' paths come before all errors' texts.
    pub path_end: u32,
    /// Where the rules end in [`Batch::rules`].
    pub rules_end: u32,
    /// What was found.
    pub meta: Meta,
}

/// One place that was not examined.
#[derive(Clone, Copy, Debug)]
pub struct BatchError {
    /// Index of the root.
    pub root: u32,
    /// The reason.
    pub code: Code,
    /// Where the path ends in [`Batch::error_text`].
    pub path_end: u32,
    /// Where the message ends, which follows the path.
    pub message_end: u32,
}

/// Entries in no particular order, errors, totals.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Selected files.
    pub entries: Vec<Entry>,
    /// Their paths in text form.
    pub text: String,
    /// Their rules.
    pub rules: Vec<u32>,
    /// What was not examined.
    pub errors: Vec<BatchError>,
    /// Paths and messages of the errors.
    pub error_text: String,
    /// The entries' fingerprints, of a walk that knows settled files.
    pub(crate) prints: Vec<Fingerprint>,
    /// Number by which the first entry can be settled, the others follow.
    pub first_ticket: Option<u32>,
    /// Totals when the batch was handed over.
    pub progress: Progress,
}

impl Batch {
    /// The entries with their paths and rules.
    pub fn iter(&self) -> impl Iterator<Item = (&Entry, &str, &[u32])> {
        let mut path_start = 0;
        let mut rules_start = 0;
        self.entries.iter().map(move |entry| {
            let (path_end, rules_end) = (entry.path_end as usize, entry.rules_end as usize);
            let item = (entry, &self.text[path_start..path_end], &self.rules[rules_start..rules_end]);
            (path_start, rules_start) = (path_end, rules_end);
            item
        })
    }

    /// The errors with their paths and messages.
    pub fn iter_errors(&self) -> impl Iterator<Item = (&BatchError, &str, &str)> {
        let mut start = 0;
        self.errors.iter().map(move |error| {
            let (path_end, message_end) = (error.path_end as usize, error.message_end as usize);
            let item = (error, &self.error_text[start..path_end], &self.error_text[path_end..message_end]);
            start = message_end;
            item
        })
    }

    /// Adds an entry.
    pub fn add_entry(&mut self, root: u32, path: &[u8], rules: &[u32], meta: Meta) {
        text_from_bytes(path, &mut self.text);
        self.push_entry(root, rules, meta);
    }

    /// Adds an error.
    pub fn add_error(&mut self, root: u32, path: &[u8], failure: &Failure) {
        text_from_bytes(path, &mut self.error_text);
        self.push_error(root, failure.code, &failure.message);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.errors.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= MAX_ITEMS
            || self.errors.len() >= MAX_ITEMS
            || self.text.len() + self.error_text.len() >= MAX_TEXT
    }

    /// Adds an entry whose path has just been written to the end of `text`.
    pub(crate) fn push_entry(&mut self, root: u32, rules: &[u32], meta: Meta) {
        self.rules.extend_from_slice(rules);
        let (path_end, rules_end) = (self.text.len() as u32, self.rules.len() as u32);
        self.entries.push(Entry { root, path_end, rules_end, meta });
    }

    /// Adds an error whose path has just been written to the end of `error_text`.
    pub(crate) fn push_error(&mut self, root: u32, code: Code, message: &str) {
        let path_end = self.error_text.len() as u32;
        self.error_text.push_str(message);
        let message_end = self.error_text.len() as u32;
        self.errors.push(BatchError { root, code, path_end, message_end });
    }
}
