//! Files that an earlier pass had done with, so that a walk can leave them out.
//!
//! The caller decides when nothing about a file is worth another look; what is kept of it is a keyed fingerprint over its
//! path and its identity, so a file that changed, moved or was replaced is simply not known. A walk that is given this looks
//! every selected file up and hands over only the others, each with a number by which the caller can settle it. This is
//! no cache of digests: whoever needs one of a settled file walks without. What is kept is valid for one scope, a
//! digest over everything that decides what is said of a file; of another scope nothing is believed.

mod fingerprint;
mod store;
mod table;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::failure::{Code, Failure};
use crate::system::Identity;
pub use fingerprint::KEY_LENGTH;
use fingerprint::Key;
pub(crate) use fingerprint::{Fingerprint, NONE, Place};
pub use store::SCOPE_LENGTH;
use table::Table;

/// Files that are kept at most: 64 MiB on disk and in memory. Those beyond are looked at every time.
const MAX_SETTLED: usize = 4 << 20;

/// A change within the clock's grain does not move ctime again. Covers FAT's two seconds.
const UNSETTLED_NS: i64 = 2_000_000_000;

/// Files that need no look, and those that this pass adds.
pub struct Settled {
    scope: [u8; SCOPE_LENGTH],
    /// Files changed later than this, in nanoseconds since 1970, are never settled.
    before_ns: i64,
    limit: usize,
    /// Of a list that nothing was kept of.
    fresh_key: Key,
    key: OnceLock<Key>,
    table: OnceLock<Table>,
    /// One bit for each file of the table: met in this pass.
    met: OnceLock<Box<[AtomicU64]>>,
    offered: Mutex<Offered>,
}

/// Files that were handed over, and which of them the caller had done with.
#[derive(Default)]
struct Offered {
    prints: Vec<Fingerprint>,
    done: Vec<u64>,
}

impl std::fmt::Debug for Settled {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Settled").field("files", &self.table().len()).finish()
    }
}

impl Settled {
    /// Knows nothing. `fresh_key` comes from a generator of secrets, `now_ns` is a moment before the walk begins.
    pub fn new(scope: [u8; SCOPE_LENGTH], fresh_key: [u8; KEY_LENGTH], now_ns: i64) -> Self {
        Settled {
            scope,
            before_ns: now_ns.saturating_sub(UNSETTLED_NS),
            limit: MAX_SETTLED,
            fresh_key,
            key: OnceLock::new(),
            table: OnceLock::new(),
            met: OnceLock::new(),
            offered: Mutex::default(),
        }
    }

    /// Reads what was kept, once, before the walk begins. A file that is not there, or of another scope, holds nothing;
    /// a damaged one is a failure, and nothing of it is believed.
    pub fn load(&self, path: &Path) -> Result<usize, Failure> {
        let (key, prints) = store::read(path, &self.scope, self.limit)?.unwrap_or((self.fresh_key, Vec::new()));
        self.key.get_or_init(|| key);
        let table = self.table.get_or_init(|| Table::new(prints));
        Ok(table.len())
    }

    /// Keeps what the next pass may leave out, durably and in one step. After a whole pass that is what was met or
    /// settled in it; after a part of one it is everything that is known. False when nothing had to be written.
    pub fn save(&self, path: &Path, is_whole: bool) -> Result<bool, Failure> {
        let mut fresh = self.take_done();
        let (table, met) = (self.table(), self.met());
        let is_met = |at: usize| met[at / 64].load(Relaxed) >> (at % 64) & 1 == 1;
        fresh.retain(|print| table.find(*print).is_none());
        let is_kept = |at: usize| !is_whole || is_met(at);
        let kept = (0..table.len()).filter(|at| is_kept(*at)).count();
        if fresh.is_empty() && kept == table.len() {
            return Ok(false);
        }
        let room = self.limit.saturating_sub(fresh.len());
        let old = (0..table.len()).filter(|at| is_kept(*at)).take(room).map(|at| table.prints()[at]);
        let count = kept.min(room) + fresh.len();
        store::write(path, &self.scope, self.key(), count, merged(old, fresh.iter().copied()))?;
        Ok(true)
    }

    /// Says that the caller had done with files, by the numbers they came with. Unknown numbers are passed over.
    pub fn settle(&self, tickets: &[u32]) {
        let mut offered = self.offered();
        for ticket in tickets {
            let at = *ticket as usize;
            if offered.prints.get(at).is_some_and(|print| *print != NONE) {
                offered.done[at / 64] |= 1 << (at % 64);
            }
        }
    }

    /// A directory, for the fingerprints of its files.
    pub(crate) fn place(&self, root: &[u8], below: &[u8]) -> Place {
        Place::new(self.key(), root, below)
    }

    /// The fingerprint of a file; none for one that changed too recently to be told apart from its next state.
    pub(crate) fn print(&self, place: &Place, name: &[u8], identity: &Identity) -> Fingerprint {
        if identity.ctime_ns >= self.before_ns { NONE } else { place.print(name, identity) }
    }

    /// Whether a file is one that needs no look.
    pub(crate) fn knows(&self, print: Fingerprint) -> bool {
        let Some(at) = self.table().find(print) else { return false };
        self.met()[at / 64].fetch_or(1 << (at % 64), Relaxed);
        true
    }

    /// Takes the fingerprints of a batch; the number of its first entry, the others follow. None when there is no room.
    pub(crate) fn offer(&self, prints: &[Fingerprint]) -> Option<u32> {
        let mut offered = self.offered();
        let first = offered.prints.len();
        if prints.is_empty() || first + prints.len() > self.limit {
            return None;
        }
        offered.prints.extend_from_slice(prints);
        let words = offered.prints.len().div_ceil(64);
        offered.done.resize(words, 0);
        Some(first as u32)
    }

    fn key(&self) -> &Key {
        self.key.get_or_init(|| self.fresh_key)
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(Table::default)
    }

    fn met(&self) -> &[AtomicU64] {
        self.met.get_or_init(|| (0..self.table().len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Takes the settled ones out, ascending. The numbers given out so far mean nothing afterwards.
    fn take_done(&self) -> Vec<Fingerprint> {
        let Offered { mut prints, done } = std::mem::take(&mut *self.offered());
        let mut at = 0;
        prints.retain(|_| {
            at += 1;
            done[(at - 1) / 64] >> ((at - 1) % 64) & 1 == 1
        });
        prints.sort_unstable();
        prints.dedup();
        prints
    }

    fn offered(&self) -> MutexGuard<'_, Offered> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two ascending sequences as one.
fn merged(
    old: impl Iterator<Item = Fingerprint>,
    fresh: impl Iterator<Item = Fingerprint>,
) -> impl Iterator<Item = Fingerprint> {
    let (mut old, mut fresh) = (old.peekable(), fresh.peekable());
    std::iter::from_fn(move || match (old.peek(), fresh.peek()) {
        (Some(a), Some(b)) if a < b => old.next(),
        (_, Some(_)) => fresh.next(),
        (_, None) => old.next(),
    })
}

pub(crate) fn damaged(why: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Io, format!("the list of settled files is damaged: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const SCOPE: [u8; SCOPE_LENGTH] = [7; SCOPE_LENGTH];
    const NOW: i64 = 1_000_000_000_000;
    const KEY: Key = [3; KEY_LENGTH];

    fn identity(ino: u64) -> Identity {
        Identity { dev: 1, ino, size: 3, mtime_ns: 5, ctime_ns: 6 }
    }

    fn path() -> (std::path::PathBuf, std::path::PathBuf) {
        use std::sync::atomic::AtomicU32;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let directory = std::env::temp_dir().join(format!("threecx-settled-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        (directory.join("settled"), directory)
    }

    /// One pass over files: those that were known, and all of the others settled.
    fn pass(at: &Path, files: &[u64], is_whole: bool) -> BTreeSet<u64> {
        let settled = Settled::new(SCOPE, KEY, NOW);
        settled.load(at).unwrap();
        let place = settled.place(b"/root", b"a/b");
        let prints: Vec<_> = files.iter().map(|ino| settled.print(&place, b"name", &identity(*ino))).collect();
        let known = files.iter().zip(&prints).filter(|(_, print)| settled.knows(**print)).map(|(ino, _)| *ino);
        let known: BTreeSet<u64> = known.collect();
        let others: Vec<_> = prints.into_iter().filter(|print| settled.table().find(*print).is_none()).collect();
        let first = settled.offer(&others);
        if let Some(first) = first {
            settled.settle(&(first..first + others.len() as u32).collect::<Vec<_>>());
        }
        settled.save(at, is_whole).unwrap();
        known
    }

    proptest! {
        #[test]
        fn a_pass_knows_what_the_whole_pass_before_met_and_everything_a_part_of_one_added(
            passes in prop::collection::vec((prop::collection::vec(0u64..60, 0..80), any::<bool>()), 1..6),
        ) {
            let (at, directory) = path();
            let mut expected: BTreeSet<u64> = BTreeSet::new();
            for (files, is_whole) in &passes {
                let met: BTreeSet<u64> = files.iter().copied().collect();
                prop_assert_eq!(pass(&at, files, *is_whole), &met & &expected);
                expected = if *is_whole { met } else { &expected | &met };
            }
            std::fs::remove_dir_all(directory).unwrap();
        }

        #[test]
        fn two_ascending_sequences_merge(a in prop::collection::btree_set(any::<u128>(), 0..50), b in prop::collection::btree_set(any::<u128>(), 0..50)) {
            let both: Vec<u128> = merged(a.iter().copied(), b.difference(&a).copied()).collect();
            prop_assert_eq!(both, a.union(&b).copied().collect::<Vec<_>>());
        }
    }

    #[test]
    fn only_what_was_settled_is_known_later() {
        let (at, directory) = path();
        let settled = Settled::new(SCOPE, KEY, NOW);
        let place = settled.place(b"/root", b"");
        let prints: Vec<_> = (0..3).map(|ino| settled.print(&place, b"name", &identity(ino))).collect();
        let first = settled.offer(&prints).unwrap();
        settled.settle(&[first + 1, 77, u32::MAX]);
        assert!(settled.save(&at, true).unwrap());
        let again = Settled::new(SCOPE, [4; KEY_LENGTH], NOW);
        assert_eq!(again.load(&at).unwrap(), 1);
        let place = again.place(b"/root", b"");
        assert_eq!(again.print(&place, b"name", &identity(1)), prints[1], "a list keeps its key");
        assert_eq!(prints.iter().map(|print| again.knows(*print)).collect::<Vec<_>>(), [false, true, false]);
        assert!(!again.save(&at, true).unwrap(), "nothing changed, so nothing is written");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_file_that_changed_too_recently_is_never_settled() {
        let settled = Settled::new(SCOPE, KEY, NOW);
        let place = settled.place(b"/root", b"");
        let recent = Identity { ctime_ns: NOW - UNSETTLED_NS, ..identity(1) };
        let print = settled.print(&place, b"name", &recent);
        assert_eq!(print, NONE);
        let first = settled.offer(&[print]).unwrap();
        settled.settle(&[first]);
        assert!(settled.take_done().is_empty());
        assert!(!settled.knows(print));
    }

    #[test]
    fn beyond_the_limit_files_have_no_number_and_the_newest_are_kept() {
        let (at, directory) = path();
        let mut settled = Settled::new(SCOPE, KEY, NOW);
        settled.limit = 4;
        assert_eq!(settled.offer(&[1, 2, 3]), Some(0));
        assert_eq!(settled.offer(&[4, 5]), None);
        settled.settle(&[0, 1, 2]);
        settled.save(&at, false).unwrap();
        let mut next = Settled::new(SCOPE, KEY, NOW);
        next.limit = 4;
        assert_eq!(next.load(&at).unwrap(), 3);
        let (first, second) = (next.offer(&[8]).unwrap(), next.offer(&[9, 10]).unwrap());
        next.settle(&[first, second + 1]);
        next.save(&at, false).unwrap();
        let last = Settled::new(SCOPE, KEY, NOW);
        assert_eq!(last.load(&at).unwrap(), 4);
        assert!(last.knows(8));
        std::fs::remove_dir_all(directory).unwrap();
    }
}
