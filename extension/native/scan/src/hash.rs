//! The three digests that published lists use: which are wanted, and what they came to. `lanes.rs` computes them.

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

    /// Whether one is in the set.
    pub(crate) fn has(self, one: Self) -> bool {
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
