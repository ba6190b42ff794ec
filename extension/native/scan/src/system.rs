//! The few system calls everything else is made of.
//!
//! Whatever is opened here is opened without following a final symbolic link and without waiting for a peer (a FIFO
//! without a writer would block for ever), and, for the superuser, without touching access times, which are evidence.

use std::ffi::CStr;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

/// What identifies one state of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Device.
    pub dev: u64,
    /// Inode.
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
    /// Type and permissions.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub nlink: u32,
}

impl Meta {
    pub(crate) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode as rustix::fs::RawMode)
    }
}

const SAFE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// Flags for opening a file whose kind is not certain yet.
pub(crate) const OPEN_FILE: OFlags = SAFE;
/// Flags for opening a directory to list it.
pub(crate) const OPEN_DIRECTORY: OFlags = SAFE.union(OFlags::DIRECTORY);

/// Calls `open` with the flags, leaving access times alone where that is permitted.
pub(crate) fn without_atime<T>(flags: OFlags, open: impl Fn(OFlags) -> Result<T, Errno>) -> Result<T, Errno> {
    #[cfg(target_os = "linux")]
    if is_superuser() {
        // Even the superuser may not in a user namespace that does not map the owner: EPERM, and the plain flags do.
        match retry_on_intr(|| open(flags | OFlags::NOATIME)) {
            Err(Errno::PERM) => {}
            done => return done,
        }
    }
    retry_on_intr(|| open(flags))
}

#[cfg(target_os = "linux")]
fn is_superuser() -> bool {
    static IS_SUPERUSER: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *IS_SUPERUSER.get_or_init(|| rustix::process::geteuid().is_root())
}

/// Opens one name in a directory.
pub(crate) fn open_at(directory: impl AsFd, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    without_atime(flags, |flags| rustix::fs::openat(directory.as_fd(), name, flags, Mode::empty()))
}

/// Metadata of one name in a directory, never of what a link points to.
pub(crate) fn stat_at(directory: impl AsFd, name: &CStr) -> Result<Meta, Errno> {
    stat_with(directory.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Metadata of an open file.
#[cfg(target_os = "linux")]
pub(crate) fn stat_fd(fd: impl AsFd) -> Result<Meta, Errno> {
    stat_with(fd.as_fd(), c"", AtFlags::EMPTY_PATH)
}

/// Metadata of an open file.
#[cfg(not(target_os = "linux"))]
pub(crate) fn stat_fd(fd: impl AsFd) -> Result<Meta, Errno> {
    Ok(from_stat(&rustix::fs::fstat(fd)?))
}

#[cfg(target_os = "linux")]
fn stat_with(fd: rustix::fd::BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<Meta, Errno> {
    use rustix::fs::StatxFlags;
    let flags = flags | AtFlags::NO_AUTOMOUNT;
    match retry_on_intr(|| rustix::fs::statx(fd, name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME)) {
        Ok(found) => Ok(from_statx(&found)),
        // Kernels before 4.11, and sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) if name.is_empty() => Ok(from_stat(&rustix::fs::fstat(fd)?)),
        Err(Errno::NOSYS | Errno::PERM) => Ok(from_stat(&rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW)?)),
        Err(errno) => Err(errno),
    }
}

#[cfg(not(target_os = "linux"))]
fn stat_with(fd: rustix::fd::BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<Meta, Errno> {
    Ok(from_stat(&retry_on_intr(|| rustix::fs::statat(fd, name, flags))?))
}

#[cfg(target_os = "linux")]
fn from_statx(found: &rustix::fs::Statx) -> Meta {
    use rustix::fs::{StatxFlags, StatxTimestamp, makedev};
    let ns = |time: StatxTimestamp| nanoseconds(time.tv_sec, i64::from(time.tv_nsec));
    let has_btime = found.stx_mask & StatxFlags::BTIME.bits() != 0;
    Meta {
        identity: Identity {
            dev: makedev(found.stx_dev_major, found.stx_dev_minor),
            ino: found.stx_ino,
            size: found.stx_size,
            mtime_ns: ns(found.stx_mtime),
            ctime_ns: ns(found.stx_ctime),
        },
        atime_ns: ns(found.stx_atime),
        btime_ns: if has_btime { ns(found.stx_btime) } else { 0 },
        blocks: found.stx_blocks,
        mode: u32::from(found.stx_mode),
        uid: found.stx_uid,
        gid: found.stx_gid,
        nlink: found.stx_nlink,
    }
}

#[allow(clippy::unnecessary_cast, reason = "the fields' types differ between systems")]
fn from_stat(found: &rustix::fs::Stat) -> Meta {
    Meta {
        identity: identity_of(found),
        atime_ns: nanoseconds(found.st_atime as i64, found.st_atime_nsec as i64),
        #[cfg(target_vendor = "apple")]
        btime_ns: nanoseconds(found.st_birthtime as i64, found.st_birthtime_nsec as i64),
        #[cfg(not(target_vendor = "apple"))]
        btime_ns: 0,
        blocks: found.st_blocks as u64,
        mode: found.st_mode as u32,
        uid: found.st_uid,
        gid: found.st_gid,
        nlink: found.st_nlink as u32,
    }
}

/// The identity in a `struct stat`.
#[allow(clippy::unnecessary_cast, reason = "the fields' types differ between systems")]
pub(crate) fn identity_of(found: &rustix::fs::Stat) -> Identity {
    Identity {
        dev: found.st_dev as u64,
        ino: found.st_ino as u64,
        size: found.st_size as u64,
        mtime_ns: nanoseconds(found.st_mtime as i64, found.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(found.st_ctime as i64, found.st_ctime_nsec as i64),
    }
}

/// Saturates: a file system may hold any 64-bit second.
fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}
