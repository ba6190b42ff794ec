//! The three digests that published lists use, fed from one read.
//!
//! The crates pick the processor's own SHA instructions at run time.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A set of digest algorithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Algorithms(u8);

impl Algorithms {
    /// SHA-256.
    pub const SHA256: Algorithms = Algorithms(1);
    /// SHA-1.
    pub const SHA1: Algorithms = Algorithms(2);
    /// MD5.
    pub const MD5: Algorithms = Algorithms(4);

    /// From bits: 1 SHA-256, 2 SHA-1, 4 MD5.
    pub fn from_bits(bits: u8) -> Self {
        Algorithms(bits & 7)
    }

    /// Both sets.
    pub fn union(self, other: Self) -> Self {
        Algorithms(self.0 | other.0)
    }

    /// Whether nothing is asked.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }
}

/// Finished digests; only what was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
}

/// Digests in the making.
pub(crate) struct Hasher {
    sha256: Option<Sha256>,
    sha1: Option<Sha1>,
    md5: Option<Md5>,
}

impl Hasher {
    pub(crate) fn new(algorithms: Algorithms) -> Self {
        Hasher {
            sha256: algorithms.has(Algorithms::SHA256).then(Sha256::new),
            sha1: algorithms.has(Algorithms::SHA1).then(Sha1::new),
            md5: algorithms.has(Algorithms::MD5).then(Md5::new),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            sha256: self.sha256.map(|sha256| sha256.finalize().into()),
            sha1: self.sha1.map(|sha1| sha1.finalize().into()),
            md5: self.md5.map(|md5| md5.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: Option<impl AsRef<[u8]>>) -> String {
        bytes.iter().flat_map(|bytes| bytes.as_ref().to_vec()).map(|byte| format!("{byte:02x}")).collect()
    }

    fn digests(pieces: &[&[u8]]) -> [String; 3] {
        let mut hasher = Hasher::new(Algorithms::from_bits(7));
        pieces.iter().for_each(|piece| hasher.update(piece));
        let done = hasher.finish();
        [hex(done.sha256), hex(done.sha1), hex(done.md5)]
    }

    /// FIPS 180-4 examples and RFC 1321, appendix A.5.
    #[test]
    fn the_standards_own_examples_hold() {
        assert_eq!(
            digests(&[b"abc"]),
            [
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "a9993e364706816aba3e25717850c26c9cd0d89d",
                "900150983cd24fb0d6963f7d28e17f72",
            ]
        );
        assert_eq!(
            digests(&[]),
            [
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "d41d8cd98f00b204e9800998ecf8427e",
            ]
        );
        let million = vec![b'a'; 1_000_000];
        assert_eq!(
            digests(&[&million[..7], &million[7..]]),
            [
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
                "7707d6ae4e027c70eea2a935c2296f21",
            ]
        );
    }

    #[test]
    fn only_what_was_asked_is_computed() {
        let done = Hasher::new(Algorithms::SHA1).finish();
        assert!(done.sha256.is_none() && done.sha1.is_some() && done.md5.is_none());
    }
}
