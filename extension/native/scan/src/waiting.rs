//! Files that are open and wait for a lane, the largest first.
//!
//! A lane that ends up alone leaves the others idle: the longest messages therefore begin first, as far as a few open
//! files let their sizes be known. All workers of a request take from one place, so that none holds what another could do.

use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::hash::Algorithms;
use crate::reading::Reading;

/// Open files that wait at most, of all workers together. With as many as there are lanes, large files that came late were
/// left alone at the end more often: three digests of 40 files took 3 percent longer.
const MAX_WAITING: usize = 64;

/// One of them.
pub(crate) struct Waiting<'a> {
    /// Which item of the request it is.
    pub(crate) index: usize,
    pub(crate) file: Reading<'a>,
    pub(crate) algorithms: Algorithms,
}

/// All of them.
#[derive(Default)]
pub(crate) struct WaitingFiles<'a>(Mutex<BinaryHeap<Waiting<'a>>>);

impl<'a> WaitingFiles<'a> {
    /// Whether more should be opened before one is taken.
    pub(crate) fn is_short(&self) -> bool {
        self.lock().len() < MAX_WAITING
    }

    /// Adds one; what it waits is not counted against it.
    pub(crate) fn add(&self, mut waiting: Waiting<'a>) {
        waiting.file.wait();
        self.lock().push(waiting);
    }

    /// The largest.
    pub(crate) fn take(&self) -> Option<Waiting<'a>> {
        self.lock().pop()
    }

    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Waiting<'a>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By size; of equal ones, the earlier item first.
impl Ord for Waiting<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |one: &Self| (one.file.left, std::cmp::Reverse(one.index));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Waiting<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting<'_> {}
