//! Bytes of a hive at any offset, through a small cache of pages.
//!
//! The cells of a key, its values and its list of sub-keys mostly lie close to each other, so pages save nine in ten
//! reads. The cache is bounded, and emptied when it is full: simple, and enough for one request.

use std::collections::HashMap;

use crate::Problem;

/// A file that can be read at any offset.
pub trait Source {
    /// Reads into `buffer` from `offset`; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String>;
}

/// Bytes of a page: a bin of a hive has a multiple of as many.
const PAGE: usize = 4096;
/// Pages kept: a megabyte.
const PAGES: usize = 256;

/// A file in pages.
pub(crate) struct Pages<S> {
    source: S,
    size: u64,
    kept: HashMap<u64, Vec<u8>>,
}

impl<S: Source> Pages<S> {
    pub(crate) fn new(source: S, size: u64) -> Self {
        Pages { source, size, kept: HashMap::new() }
    }

    /// Exactly `length` bytes at `offset`.
    pub(crate) fn bytes(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, Problem> {
        let end = offset.checked_add(length as u64).filter(|end| *end <= self.size);
        let Some(end) = end else {
            return Err(Problem::Damaged(format!("{length} bytes at {offset} lie beyond the end of the hive")));
        };
        let mut out = Vec::with_capacity(length);
        let mut at = offset;
        while at < end {
            let page = at / PAGE as u64;
            let from = (at % PAGE as u64) as usize;
            let want = (PAGE - from).min((end - at) as usize);
            let bytes = self.page(page)?;
            let Some(part) = bytes.get(from..from + want) else {
                return Err(Problem::Ended("the hive became shorter while it was read".to_owned()));
            };
            out.extend_from_slice(part);
            at += want as u64;
        }
        Ok(out)
    }

    fn page(&mut self, page: u64) -> Result<&[u8], Problem> {
        if !self.kept.contains_key(&page) {
            if self.kept.len() >= PAGES {
                self.kept.clear();
            }
            let mut bytes = vec![0; PAGE];
            let got = self.source.read_at(page * PAGE as u64, &mut bytes).map_err(Problem::Ended)?;
            bytes.truncate(got);
            self.kept.insert(page, bytes);
        }
        Ok(self.kept.get(&page).map_or(&[], Vec::as_slice))
    }
}
