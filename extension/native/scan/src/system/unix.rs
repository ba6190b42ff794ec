//! The calls of Unix systems.
//!
//! A FIFO without a writer would block whoever opens it for ever, so nothing is opened without `NONBLOCK`.

mod listing;

use std::ffi::CStr;

pub(crate) use listing::{Room, list};
pub(crate) use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
pub(crate) use rustix::io::Errno as Error;
use rustix::io::retry_on_intr;

use super::{Identity, Kind, Meta};

/// How something is opened.
pub(crate) type Flags = OFlags;

const SAFE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// Flags for opening a file whose kind is not certain yet.
pub(crate) const OPEN_FILE: OFlags = SAFE;
/// Flags for opening a directory to list it.
pub(crate) const OPEN_DIRECTORY: OFlags = SAFE.union(OFlags::DIRECTORY);

/// Flags for opening a directory on the way to something else.
pub(crate) const OPEN_STEP: OFlags = OPEN_DIRECTORY;

/// Calls `open` with the flags, leaving access times alone where that is permitted.
pub(crate) fn without_atime<T>(flags: OFlags, open: impl Fn(OFlags) -> Result<T, Error>) -> Result<T, Error> {
    #[cfg(target_os = "linux")]
    if is_superuser() {
        // Even the superuser may not in a user namespace that does not map the owner: EPERM, and the plain flags do.
        match retry_on_intr(|| open(flags | OFlags::NOATIME)) {
            Err(Error::PERM) => {}
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
pub(crate) fn open_at(directory: impl AsFd, name: &CStr, flags: OFlags) -> Result<OwnedFd, Error> {
    without_atime(flags, |flags| rustix::fs::openat(directory.as_fd(), name, flags, Mode::empty()))
}

/// Metadata of one name in a directory, never of what a link points to.
pub(crate) fn stat_at(directory: impl AsFd, name: &CStr) -> Result<Meta, Error> {
    stat_with(directory.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Metadata of an open file.
#[cfg(target_os = "linux")]
pub(crate) fn stat_fd(fd: impl AsFd) -> Result<Meta, Error> {
    stat_with(fd.as_fd(), c"", AtFlags::EMPTY_PATH)
}

/// Metadata of an open file.
#[cfg(not(target_os = "linux"))]
pub(crate) fn stat_fd(fd: impl AsFd) -> Result<Meta, Error> {
    Ok(from_stat(&rustix::fs::fstat(fd)?))
}

#[cfg(target_os = "linux")]
fn stat_with(fd: rustix::fd::BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<Meta, Error> {
    use rustix::fs::StatxFlags;
    let flags = flags | AtFlags::NO_AUTOMOUNT;
    match retry_on_intr(|| rustix::fs::statx(fd, name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME)) {
        Ok(found) => Ok(from_statx(&found)),
        // Kernels before 4.11, and sandboxes that do not know the call.
        Err(Error::NOSYS | Error::PERM) if name.is_empty() => Ok(from_stat(&rustix::fs::fstat(fd)?)),
        Err(Error::NOSYS | Error::PERM) => Ok(from_stat(&rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW)?)),
        Err(error) => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn stat_with(fd: rustix::fd::BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<Meta, Error> {
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

/// The identity and the kind of an open file.
pub(crate) fn identify(fd: impl AsFd) -> Result<(Identity, Kind), Error> {
    let found = rustix::fs::fstat(fd)?;
    Ok((identity_of(&found), kind_of(FileType::from_raw_mode(found.st_mode as rustix::fs::RawMode))))
}

/// The kind that a directory gives for a name in it.
fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::Regular,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharacterDevice,
        FileType::BlockDevice => Kind::BlockDevice,
        FileType::Unknown => Kind::Unknown,
    }
}

/// Some bytes at a place; 0 at the end. Leaves the file's position alone.
pub(crate) fn read_at(fd: &OwnedFd, buffer: &mut [u8], at: u64) -> Result<usize, Error> {
    retry_on_intr(|| rustix::io::pread(fd, &mut *buffer, at))
}

/// The library's form of an error.
pub(crate) fn io_error(error: Error) -> std::io::Error {
    error.into()
}

/// The identity in a `struct stat`.
#[allow(clippy::unnecessary_cast, reason = "the fields' types differ between systems")]
fn identity_of(found: &rustix::fs::Stat) -> Identity {
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
