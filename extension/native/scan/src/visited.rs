//! Which directories a walk has listed, so that loops made of mounts end.
//!
//! In parts, so that threads seldom wait for each other. Hashed with a secret: numbers of files can be chosen by others.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Parts; the lowest bits of a file's number say which.
const PARTS: usize = 16;

/// A directory, and with what it was listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Visit {
    pub(crate) root: u32,
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    /// The rules that stood there.
    pub(crate) states: u64,
}

/// The visits so far.
#[derive(Default)]
pub(crate) struct Visited([Mutex<HashSet<Visit>>; PARTS]);

impl Visited {
    /// Notes a visit; false when it is not the first.
    pub(crate) fn insert(&self, visit: Visit) -> bool {
        let part = &self.0[visit.ino as usize % PARTS];
        part.lock().unwrap_or_else(PoisonError::into_inner).insert(visit)
    }

    /// Gives the memory back; it grows with the tree, and who holds the walk may hold it for long.
    pub(crate) fn forget(&self) {
        for part in &self.0 {
            drop(std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_new_once_and_again_with_other_rules() {
        let visited = Visited::default();
        let visit = Visit { root: 0, dev: 1, ino: 17, states: 5 };
        assert!(visited.insert(visit) && !visited.insert(visit));
        assert!(visited.insert(Visit { states: 6, ..visit }) && visited.insert(Visit { ino: 33, ..visit }));
        visited.forget();
        assert!(visited.insert(visit));
    }
}
