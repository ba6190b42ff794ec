//! The calls of Windows.
//!
//! A name is opened relative to the handle of its directory, by the system's native call, as `openat` does it: no
//! spelling of a path is interpreted (`NUL`, `..`, a trailing dot), no path is too long, and nobody can swap a parent. Reparse
//! points are opened themselves. Those that stand for another name (links, junctions) are links here and never
//! followed; those that a driver fills (compressed, deduplicated or cloud files) are opened again through the driver.

mod api;
mod listing;
mod open;

use std::io;
use std::os::windows::fs::FileExt;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle};

pub(crate) use api::{codes, lower_priority, thread_cpu_ns};
pub(crate) use listing::{Room, list};
pub(crate) use open::{Flags, OPEN_DIRECTORY, OPEN_FILE, OPEN_ROOT, OPEN_STEP, open_absolute, open_at};

use super::{Identity, Kind, Meta};
use api::{AttributeTag, BasicInformation, FileInformation, StandardInformation, attributes, whole};

/// The system's errors.
pub(crate) type Error = io::Error;

/// An owned handle of a file or directory.
pub(crate) type OwnedFd = std::fs::File;

/// A borrowed one.
pub(crate) type BorrowedFd<'a> = BorrowedHandle<'a>;

/// What has a handle.
pub(crate) trait AsFd {
    fn as_fd(&self) -> BorrowedFd<'_>;
}

impl<T: AsHandle> AsFd for T {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_handle()
    }
}

/// Metadata of one name in a directory, never of what a link points to.
pub(crate) fn stat_at(directory: impl AsFd, name: &std::ffi::CStr) -> Result<Meta, Error> {
    stat_fd(open::open_itself(directory.as_fd(), name)?)
}

/// Metadata of an open file.
pub(crate) fn stat_fd(fd: impl AsFd) -> Result<Meta, Error> {
    let fd = fd.as_fd();
    let (found, basic, kind) = look(fd)?;
    let standard: StandardInformation = information(fd, api::STANDARD)?;
    Ok(Meta {
        identity: identity_of(&found, &basic),
        atime_ns: nanoseconds(basic.last_access),
        btime_ns: nanoseconds(basic.creation),
        blocks: u64::try_from(standard.allocation_size).unwrap_or(0) / 512,
        mode: mode_of(kind, found.attributes),
        uid: 0,
        gid: 0,
        nlink: found.links,
    })
}

/// The identity and the kind of an open file.
pub(crate) fn identify(fd: impl AsFd) -> Result<(Identity, Kind), Error> {
    let (found, basic, kind) = look(fd.as_fd())?;
    Ok((identity_of(&found, &basic), kind))
}

/// Some bytes at a place; 0 at the end.
pub(crate) fn read_at(fd: &OwnedFd, buffer: &mut [u8], at: u64) -> Result<usize, Error> {
    loop {
        match fd.seek_read(buffer, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// The library's form of an error.
pub(crate) fn io_error(error: Error) -> io::Error {
    error
}

fn look(fd: BorrowedFd<'_>) -> Result<(FileInformation, BasicInformation, Kind), Error> {
    let found = file_information(fd)?;
    let basic: BasicInformation = information(fd, api::BASIC)?;
    let kind = kind_of(found.attributes, reparse_tag(fd, found.attributes));
    Ok((found, basic, kind))
}

fn file_information(fd: BorrowedFd<'_>) -> Result<FileInformation, Error> {
    let mut found = FileInformation::default();
    // SAFETY: the handle is open for the call, and the pointer is to a structure of the size that the call fills.
    let is_done = unsafe { api::GetFileInformationByHandle(fd.as_raw_handle(), &mut found) };
    if is_done == 0 { Err(Error::last_os_error()) } else { Ok(found) }
}

fn information<T: Default>(fd: BorrowedFd<'_>, class: i32) -> Result<T, Error> {
    let mut found = T::default();
    let length = size_of::<T>() as u32;
    // SAFETY: as above; the structures are plain integers, for which every bit pattern is a value.
    let is_done =
        unsafe { api::GetFileInformationByHandleEx(fd.as_raw_handle(), class, (&raw mut found).cast(), length) };
    if is_done == 0 { Err(Error::last_os_error()) } else { Ok(found) }
}

/// The tag of a reparse point; 0 for everything else, and for one that does not say.
fn reparse_tag(fd: BorrowedFd<'_>, flags: u32) -> u32 {
    if flags & attributes::REPARSE_POINT == 0 {
        return 0;
    }
    information(fd, api::ATTRIBUTE_TAG).map_or(0, |found: AttributeTag| found.tag)
}

/// What something is, from its attributes and, for a reparse point, its tag.
/// https://learn.microsoft.com/windows/win32/fileio/reparse-point-tags
fn kind_of(flags: u32, tag: u32) -> Kind {
    const NAME_SURROGATE: u32 = 0x2000_0000;
    const APP_EXECUTION_LINK: u32 = 0x8000_001b;
    const UNIX_SOCKET: u32 = 0x8000_0023;
    const LINUX_FIFO: u32 = 0x8000_0024;
    const LINUX_CHARACTER_DEVICE: u32 = 0x8000_0025;
    const LINUX_BLOCK_DEVICE: u32 = 0x8000_0026;
    if flags & attributes::REPARSE_POINT != 0 {
        match tag {
            0 | APP_EXECUTION_LINK => return Kind::Symlink,
            UNIX_SOCKET => return Kind::Socket,
            LINUX_FIFO => return Kind::Fifo,
            LINUX_CHARACTER_DEVICE => return Kind::CharacterDevice,
            LINUX_BLOCK_DEVICE => return Kind::BlockDevice,
            _ if tag & NAME_SURROGATE != 0 => return Kind::Symlink,
            _ => {}
        }
    }
    if flags & attributes::DIRECTORY != 0 { Kind::Directory } else { Kind::Regular }
}

fn identity_of(found: &FileInformation, basic: &BasicInformation) -> Identity {
    let [high, low] = found.size;
    Identity {
        dev: u64::from(found.volume_serial),
        ino: high_first(found.index),
        size: high_first([high, low]),
        mtime_ns: nanoseconds(basic.last_write),
        ctime_ns: nanoseconds(basic.change),
    }
}

/// Sizes and indexes have their high half first, unlike times.
fn high_first([high, low]: [u32; 2]) -> u64 {
    whole([low, high])
}

/// The mode that the C library of Windows gives.
fn mode_of(kind: Kind, flags: u32) -> u32 {
    let kind = match kind {
        Kind::Regular => 0o100_000,
        Kind::Directory => 0o040_000,
        Kind::Symlink => 0o120_000,
        Kind::Fifo => 0o010_000,
        Kind::Socket => 0o140_000,
        Kind::CharacterDevice => 0o020_000,
        Kind::BlockDevice => 0o060_000,
        Kind::Unknown => 0,
    };
    kind | if flags & attributes::READ_ONLY != 0 { 0o444 } else { 0o666 }
}

/// Nanoseconds since 1970 from ticks of 100 since 1601; 0 where a file system keeps no such time.
fn nanoseconds(ticks: i64) -> i64 {
    const TICKS_TO_1970: i64 = 116_444_736_000_000_000;
    if ticks <= 0 { 0 } else { (ticks - TICKS_TO_1970).saturating_mul(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reparse_points_are_what_their_tags_say() {
        let kinds = |tag| (kind_of(0x420, tag), kind_of(0x410, tag));
        let link = (Kind::Symlink, Kind::Symlink);
        assert_eq!(kinds(0xa000_000c), link, "a symbolic link");
        assert_eq!(kinds(0xa000_0003), link, "a junction");
        assert_eq!(kinds(0x8000_001b), link, "an application's alias");
        assert_eq!(kinds(0), link, "one that does not say what it is");
        let filled = (Kind::Regular, Kind::Directory);
        assert_eq!(kinds(0x8000_0013), filled, "deduplicated");
        assert_eq!(kinds(0x9000_601a), filled, "kept in a cloud");
        assert_eq!(kinds(0x8000_0023).0, Kind::Socket);
        assert_eq!((kind_of(0x20, 7), kind_of(0x10, 7)), (Kind::Regular, Kind::Directory), "not one at all");
    }

    #[test]
    fn times_are_nanoseconds_since_1970_and_never_overflow() {
        assert_eq!(nanoseconds(116_444_736_000_000_000), 0);
        assert_eq!(nanoseconds(133_239_168_000_000_001), 1_679_443_200_000_000_100);
        assert_eq!((nanoseconds(0), nanoseconds(-1)), (0, 0));
        assert_eq!((nanoseconds(1), nanoseconds(i64::MAX)), (i64::MIN, i64::MAX));
    }
}
