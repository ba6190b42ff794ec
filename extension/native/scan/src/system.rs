//! The few system calls everything else is made of, in one set of words for every system.
//!
//! Whatever is opened here is opened without following a symbolic link at its end, without waiting for a peer, and, where
//! the system lets us, without touching access times, which are evidence. Windows speaks of handles; they go by the
//! names of descriptors here, so that what is above reads the same.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod wtf8;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

/// What identifies one state of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Device; on Windows the volume's serial number.
    pub dev: u64,
    /// Inode; on Windows the file's index on its volume.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Content changed, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Inode changed, nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// Everything a walk reports of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Device, inode, size and times.
    pub identity: Identity,
    /// Last read, nanoseconds since 1970.
    pub atime_ns: i64,
    /// Born, nanoseconds since 1970; 0 where the file system does not say.
    pub btime_ns: i64,
    /// Allocated 512-byte blocks.
    pub blocks: u64,
    /// Type and permissions; on Windows those that its C library gives.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub nlink: u32,
}

impl Meta {
    pub(crate) fn kind(&self) -> Kind {
        Kind::of_mode(self.mode)
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Regular,
    Directory,
    Symlink,
    Fifo,
    Socket,
    CharacterDevice,
    BlockDevice,
    Unknown,
}

impl Kind {
    /// From the type in a mode: inode(7).
    pub(crate) fn of_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o100_000 => Kind::Regular,
            0o040_000 => Kind::Directory,
            0o120_000 => Kind::Symlink,
            0o010_000 => Kind::Fifo,
            0o140_000 => Kind::Socket,
            0o020_000 => Kind::CharacterDevice,
            0o060_000 => Kind::BlockDevice,
            _ => Kind::Unknown,
        }
    }
}
