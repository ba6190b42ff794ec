//! How much of a container is read at most.

/// The limits of one call, over all levels of nesting together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that all members unpack to.
    pub total_bytes: u64,
    /// Bytes of one member; a longer one has no digest.
    pub member_bytes: u64,
    /// Bytes of one member that are kept in memory where they are wanted.
    pub wanted_bytes: u64,
    /// Bytes of all members that are kept in memory.
    pub wanted_total_bytes: u64,
    /// Members.
    pub members: usize,
    /// Bytes of one name; the rest is cut off.
    pub name_bytes: usize,
    /// Bytes of all names.
    pub names_bytes: u64,
    /// How many times its own size a file may unpack to, beyond `ratio_from`. Deflate reaches 1032 on zeros; code and
    /// pictures stay below 10.
    pub ratio: u64,
    /// Bytes that any file may unpack to, whatever its size.
    pub ratio_from: u64,
    /// Containers inside one another, the file itself included.
    pub depth: u32,
    /// Problems that are listed.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            total_bytes: 1 << 30,
            member_bytes: 512 << 20,
            wanted_bytes: 32 << 20,
            wanted_total_bytes: 128 << 20,
            members: 100_000,
            name_bytes: 4096,
            names_bytes: 32 << 20,
            ratio: 250,
            ratio_from: 64 << 20,
            depth: 3,
            problems: 64,
        }
    }
}
