//! The fingerprint of one state of one file in one place: 128 bits of SHA-256.
//!
//! A collision would leave a file unexamined, so the hash is one that nobody can aim: it begins with a key that is made
//! by chance for each list and lies in it, readable for its owner alone. Who does not know it cannot look for two states
//! with one fingerprint. The first 40 bits are those of the directory alone, so that its files lie side by side in a
//! table and are looked up in memory that was just touched: spread over all of it, a look-up cost as much as the hash.
//! What all files of a directory share is hashed once, so that a file costs two blocks.

use sha2::{Digest, Sha256};

use crate::system::Identity;

/// 128 bits.
pub(crate) type Fingerprint = u128;

/// Bits of a file; those above are of its directory.
const FILE_BITS: u32 = 88;

/// The fingerprint of what has none; never found.
pub(crate) const NONE: Fingerprint = 0;

/// Bytes of a key.
pub const KEY_LENGTH: usize = 16;

/// The secret of a list.
pub(crate) type Key = [u8; KEY_LENGTH];

/// A directory below a root.
pub(crate) struct Place([u8; 16]);

impl Place {
    /// Of the root's path and the directory's path below it, as bytes. No path holds a NUL.
    pub(crate) fn new(key: &Key, root: &[u8], below: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(key).chain_update(root).chain_update([0]).chain_update(below).finalize();
        Place(first_half(&hash))
    }

    /// Of a file in this directory. The name comes last, so that nothing of it can be taken for a number.
    pub(crate) fn print(&self, name: &[u8], identity: &Identity) -> Fingerprint {
        let mut fixed = [0; 56];
        fixed[..16].copy_from_slice(&self.0);
        let Identity { dev, ino, size, mtime_ns, ctime_ns } = *identity;
        let numbers = [dev, ino, size, mtime_ns as u64, ctime_ns as u64];
        for (field, number) in fixed[16..].chunks_exact_mut(8).zip(numbers) {
            field.copy_from_slice(&number.to_le_bytes());
        }
        let hash = Sha256::new().chain_update(fixed).chain_update(name).finalize();
        let of_file = u128::from_be_bytes(first_half(&hash)) >> (128 - FILE_BITS);
        let of_directory = u128::from_be_bytes(self.0) >> FILE_BITS << FILE_BITS;
        (of_directory | of_file).max(1)
    }
}

fn first_half(hash: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; KEY_LENGTH];

    #[test]
    fn the_files_of_a_directory_lie_side_by_side() {
        let (a, b) = (Place::new(&KEY, b"/r", b"a"), Place::new(&KEY, b"/r", b"b"));
        let print = |place: &Place, ino| place.print(b"n", &Identity { ino, ..Identity::default() }) >> FILE_BITS;
        assert_eq!(print(&a, 1), print(&a, 2));
        assert_ne!(print(&a, 1), print(&b, 1));
    }

    #[test]
    fn the_key_and_every_part_of_place_name_and_identity_count() {
        let base = Identity { dev: 1, ino: 2, size: 3, mtime_ns: 4, ctime_ns: 5 };
        let place = |root: &str, below: &str| Place::new(&KEY, root.as_bytes(), below.as_bytes());
        let prints = [
            place("/r", "a").print(b"n", &base),
            Place::new(&[8; KEY_LENGTH], b"/r", b"a").print(b"n", &base),
            place("/r", "").print(b"n", &base),
            place("/r/a", "").print(b"n", &base),
            place("/r", "b").print(b"n", &base),
            place("/r", "a").print(b"m", &base),
            place("/r", "a").print(b"", &base),
            place("/r", "a").print(b"n", &Identity { dev: 9, ..base }),
            place("/r", "a").print(b"n", &Identity { ino: 9, ..base }),
            place("/r", "a").print(b"n", &Identity { size: 9, ..base }),
            place("/r", "a").print(b"n", &Identity { mtime_ns: 9, ..base }),
            place("/r", "a").print(b"n", &Identity { ctime_ns: 9, ..base }),
        ];
        let distinct: std::collections::HashSet<_> = prints.iter().collect();
        assert_eq!(distinct.len(), prints.len());
        assert_eq!(prints[0], place("/r", "a").print(b"n", &base));
    }
}
