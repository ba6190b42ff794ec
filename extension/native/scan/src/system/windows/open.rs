//! Opening files and directories on Windows, one name at a time.

use std::ffi::CStr;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle};
use std::path::{Component, PathBuf, Prefix};

use super::api::{self, IoStatusBlock, ObjectAttributes, UnicodeString, attributes, codes};
use super::{Error, OwnedFd, file_information, kind_of, reparse_tag};
use crate::system::Kind;
use crate::system::wtf8::units_from_bytes;

/// How something is opened.
#[derive(Clone, Copy)]
pub(crate) struct Flags {
    access: u32,
    is_directory: bool,
}

/// Flags for opening a file whose kind is not certain yet.
pub(crate) const OPEN_FILE: Flags = Flags { access: LOOK | api::READ_DATA, is_directory: false };
/// Flags for opening a directory to list it.
pub(crate) const OPEN_DIRECTORY: Flags = Flags { access: LOOK | api::READ_DATA, is_directory: true };
/// Flags for opening a directory on the way to something else, which needs no permission to list it.
pub(crate) const OPEN_STEP: Flags = Flags { access: LOOK, is_directory: true };
/// Flags for opening a root, which is only opened from.
pub(crate) const OPEN_ROOT: Flags = Flags { access: LOOK, is_directory: false };

const LOOK: u32 = api::READ_ATTRIBUTES | api::SYNCHRONIZE;

/// Opens one name in a directory.
pub(crate) fn open_at(directory: impl AsHandle, name: &CStr, flags: Flags) -> Result<OwnedFd, Error> {
    let directory = directory.as_handle();
    let name = name_of(name)?;
    let opened = native_open(directory, &name, flags.access, api::NO_FOLLOW)?;
    accept(opened, flags, || native_open(directory, &name, flags.access, 0))
}

/// Opens one name in a directory, whatever it is, for its metadata.
pub(super) fn open_itself(directory: BorrowedHandle<'_>, name: &CStr) -> Result<OwnedFd, Error> {
    native_open(directory, &name_of(name)?, LOOK, api::NO_FOLLOW)
}

/// Opens an absolute path: its last component is never followed; those before it are the caller's choice of root.
pub(crate) fn open_absolute(path: &[u8], flags: Flags) -> Result<OwnedFd, Error> {
    let units = units_from_bytes(path).ok_or_else(|| error(codes::INVALID_NAME))?;
    let path = PathBuf::from(std::ffi::OsString::from_wide(&units));
    let is_device =
        matches!(path.components().next(), Some(Component::Prefix(one)) if matches!(one.kind(), Prefix::DeviceNS(_)));
    if !path.is_absolute() || is_device {
        return Err(Error::other("is not an absolute path of a file or directory"));
    }
    // The standard library gives the system the form of a path that may be long.
    let open = |no_follow| {
        let mut options = std::fs::OpenOptions::new();
        options.access_mode(flags.access).share_mode(api::SHARE_ALL).custom_flags(api::FLAG_BACKUP | no_follow);
        options.open(&path)
    };
    accept(open(api::FLAG_NO_FOLLOW)?, flags, || open(0))
}

/// Refuses links, and what is not there to be read; opens a reparse point that a driver fills through the driver, which
/// must lead to the same file.
fn accept(
    opened: OwnedFd,
    flags: Flags,
    open_through: impl FnOnce() -> Result<OwnedFd, Error>,
) -> Result<OwnedFd, Error> {
    let found = file_information(opened.as_handle())?;
    let kind = kind_of(found.attributes, reparse_tag(opened.as_handle(), found.attributes));
    if kind == Kind::Symlink {
        return Err(error(codes::STOPPED_ON_SYMLINK));
    }
    if flags.is_directory && kind != Kind::Directory {
        return Err(error(codes::DIRECTORY));
    }
    let is_read = flags.access & api::READ_DATA != 0;
    if is_read && kind == Kind::Regular && found.attributes & attributes::ELSEWHERE != 0 {
        return Err(Error::other("its content is kept elsewhere (cloud or archive), and reading would fetch it"));
    }
    let is_filled = found.attributes & attributes::REPARSE_POINT != 0;
    if !is_filled || !matches!(kind, Kind::Regular | Kind::Directory) {
        return Ok(opened);
    }
    let through = open_through()?;
    let same = file_information(through.as_handle())?;
    let is_same = (same.volume_serial, same.index) == (found.volume_serial, found.index);
    if is_same { Ok(through) } else { Err(error(codes::FILE_INVALID)) }
}

/// `NtCreateFile` relative to a directory.
fn native_open(directory: BorrowedHandle<'_>, name: &[u16], access: u32, options: u32) -> Result<OwnedFd, Error> {
    let length = u16::try_from(size_of_val(name)).map_err(|_| error(codes::INVALID_NAME))?;
    let name = UnicodeString { length, maximum_length: length, buffer: name.as_ptr() };
    let attributes = ObjectAttributes {
        length: size_of::<ObjectAttributes>() as u32,
        root_directory: directory.as_raw_handle(),
        object_name: &name,
        attributes: api::CASE_INSENSITIVE,
        security_descriptor: std::ptr::null(),
        security_quality_of_service: std::ptr::null(),
    };
    let mut status = IoStatusBlock { status: std::ptr::null_mut(), information: 0 };
    let mut handle = std::ptr::null_mut();
    // SAFETY: every pointer is to a value that lives through the call, which keeps none of them; the name's length is
    // that of its buffer, and the directory's handle is open.
    let answer = unsafe {
        api::NtCreateFile(
            &mut handle,
            access,
            &attributes,
            &mut status,
            std::ptr::null(),
            0,
            api::SHARE_ALL,
            api::OPEN_EXISTING,
            api::SYNCHRONOUS | options,
            std::ptr::null(),
            0,
        )
    };
    match answer {
        // SAFETY: the call succeeded, as it says by what is not negative, so the handle is open and nobody else's.
        0.. => Ok(unsafe { OwnedFd::from_raw_handle(handle) }),
        api::DELETE_PENDING => Err(error(codes::FILE_NOT_FOUND)),
        // SAFETY: takes and gives a number.
        failed => Err(error(unsafe { api::RtlNtStatusToDosError(failed) })),
    }
}

/// The units of one name. The native call would take a backslash for a separator, a colon for the start of a stream,
/// and an empty name for the directory itself.
fn name_of(name: &CStr) -> Result<Vec<u16>, Error> {
    let name = name.to_bytes();
    let is_one = !name.is_empty() && name != b"." && name != b".." && !name.iter().any(|byte| b"/\\:".contains(byte));
    units_from_bytes(name).filter(|_| is_one).ok_or_else(|| error(codes::INVALID_NAME))
}

fn error(code: u32) -> Error {
    Error::from_raw_os_error(code.cast_signed())
}
