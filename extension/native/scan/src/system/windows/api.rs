//! Calls of Windows that the standard library does not offer, as their headers declare them, and their numbers.
//!
//! https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntcreatefile (ntdll),
//! https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-getfileinformationbyhandleex (kernel32)

use std::ffi::c_void;

/// A `HANDLE`.
pub(crate) type Handle = *mut c_void;

/// `UNICODE_STRING`: lengths in bytes.
#[repr(C)]
pub(super) struct UnicodeString {
    pub(super) length: u16,
    pub(super) maximum_length: u16,
    pub(super) buffer: *const u16,
}

/// `OBJECT_ATTRIBUTES`.
#[repr(C)]
pub(super) struct ObjectAttributes {
    pub(super) length: u32,
    pub(super) root_directory: Handle,
    pub(super) object_name: *const UnicodeString,
    pub(super) attributes: u32,
    pub(super) security_descriptor: *const c_void,
    pub(super) security_quality_of_service: *const c_void,
}

/// `IO_STATUS_BLOCK`.
#[repr(C)]
pub(super) struct IoStatusBlock {
    pub(super) status: *mut c_void,
    pub(super) information: usize,
}

/// `BY_HANDLE_FILE_INFORMATION`; times as pairs of halves, the low one first.
#[repr(C)]
#[derive(Default)]
pub(super) struct FileInformation {
    pub(super) attributes: u32,
    pub(super) creation: [u32; 2],
    pub(super) last_access: [u32; 2],
    pub(super) last_write: [u32; 2],
    pub(super) volume_serial: u32,
    pub(super) size: [u32; 2],
    pub(super) links: u32,
    pub(super) index: [u32; 2],
}

/// `FILE_BASIC_INFO`.
#[repr(C)]
#[derive(Default)]
pub(super) struct BasicInformation {
    pub(super) creation: i64,
    pub(super) last_access: i64,
    pub(super) last_write: i64,
    pub(super) change: i64,
    pub(super) attributes: u32,
}

/// `FILE_STANDARD_INFO`.
#[repr(C)]
#[derive(Default)]
pub(super) struct StandardInformation {
    pub(super) allocation_size: i64,
    pub(super) end_of_file: i64,
    pub(super) links: u32,
    pub(super) delete_pending: u8,
    pub(super) directory: u8,
}

/// `FILE_ATTRIBUTE_TAG_INFO`.
#[repr(C)]
#[derive(Default)]
pub(super) struct AttributeTag {
    pub(super) attributes: u32,
    pub(super) tag: u32,
}

/// Classes of `GetFileInformationByHandleEx`.
pub(super) const BASIC: i32 = 0;
pub(super) const STANDARD: i32 = 1;
pub(super) const ATTRIBUTE_TAG: i32 = 9;
pub(super) const FULL_DIRECTORY: i32 = 14;
pub(super) const FULL_DIRECTORY_RESTART: i32 = 15;

/// Access rights.
pub(super) const READ_DATA: u32 = 0x1;
pub(super) const READ_ATTRIBUTES: u32 = 0x80;
pub(super) const SYNCHRONIZE: u32 = 0x10_0000;
/// Others may read, write and delete meanwhile.
pub(super) const SHARE_ALL: u32 = 7;
/// `FILE_OPEN`: only what exists.
pub(super) const OPEN_EXISTING: u32 = 1;
/// `FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT`.
pub(super) const SYNCHRONOUS: u32 = 0x20 | 0x4000;
/// `FILE_OPEN_REPARSE_POINT`.
pub(super) const NO_FOLLOW: u32 = 0x20_0000;
/// `OBJ_CASE_INSENSITIVE`, as every program of Windows opens files.
pub(super) const CASE_INSENSITIVE: u32 = 0x40;
/// The same for `CreateFile`: `FILE_FLAG_BACKUP_SEMANTICS`, without which it opens no directory, and
/// `FILE_FLAG_OPEN_REPARSE_POINT`.
pub(super) const FLAG_BACKUP: u32 = 0x0200_0000;
pub(super) const FLAG_NO_FOLLOW: u32 = 0x0020_0000;

/// `THREAD_MODE_BACKGROUND_BEGIN`.
const BACKGROUND: i32 = 0x0001_0000;

/// Attributes of files.
pub(super) mod attributes {
    pub(crate) const READ_ONLY: u32 = 0x1;
    pub(crate) const DIRECTORY: u32 = 0x10;
    pub(crate) const REPARSE_POINT: u32 = 0x400;
    /// Offline, recalled when opened, recalled when read.
    pub(crate) const ELSEWHERE: u32 = 0x1000 | 0x4_0000 | 0x40_0000;
}

/// What `NtCreateFile` answers for a name that is about to be gone; the system's own translation is "access denied".
pub(super) const DELETE_PENDING: i32 = 0xc000_0056_u32.cast_signed();

/// Numbers of errors that mean something here.
pub(crate) mod codes {
    pub(crate) const FILE_NOT_FOUND: u32 = 2;
    pub(crate) const PATH_NOT_FOUND: u32 = 3;
    pub(crate) const ACCESS_DENIED: u32 = 5;
    pub(crate) const NO_MORE_FILES: u32 = 18;
    pub(crate) const INVALID_NAME: u32 = 123;
    pub(crate) const BAD_PATHNAME: u32 = 161;
    /// "The directory name is invalid": it is none.
    pub(crate) const DIRECTORY: u32 = 267;
    pub(crate) const STOPPED_ON_SYMLINK: u32 = 681;
    /// "The volume for a file has been externally altered so that the opened file is no longer valid."
    pub(crate) const FILE_INVALID: u32 = 1006;
    pub(crate) const PRIVILEGE_NOT_HELD: u32 = 1314;
    /// "The file cannot be accessed by the system": a reparse point that no driver handles.
    pub(crate) const CANT_ACCESS_FILE: u32 = 1920;
}

#[link(name = "ntdll")]
unsafe extern "system" {
    pub(super) fn NtCreateFile(
        handle: *mut Handle,
        access: u32,
        attributes: *const ObjectAttributes,
        status: *mut IoStatusBlock,
        allocation_size: *const i64,
        file_attributes: u32,
        share: u32,
        disposition: u32,
        options: u32,
        ea: *const c_void,
        ea_length: u32,
    ) -> i32;
    pub(super) fn RtlNtStatusToDosError(status: i32) -> u32;
}

#[link(name = "kernel32")]
unsafe extern "system" {
    pub(super) fn GetFileInformationByHandle(file: Handle, information: *mut FileInformation) -> i32;
    pub(super) fn GetFileInformationByHandleEx(file: Handle, class: i32, out: *mut c_void, length: u32) -> i32;
    fn GetCurrentThread() -> Handle;
    fn GetThreadTimes(
        thread: Handle,
        creation: *mut [u32; 2],
        exit: *mut [u32; 2],
        kernel: *mut [u32; 2],
        user: *mut [u32; 2],
    ) -> i32;
    fn SetThreadPriority(thread: Handle, priority: i32) -> i32;
}

/// CPU time of the calling thread, which Windows counts in ticks of about 16 ms.
pub(crate) fn thread_cpu_ns() -> u64 {
    let [mut creation, mut exit, mut kernel, mut user] = [[0; 2]; 4];
    // SAFETY: each pointer is to a FILETIME of ours, and the pseudo handle names the calling thread.
    let is_known = unsafe { GetThreadTimes(GetCurrentThread(), &mut creation, &mut exit, &mut kernel, &mut user) };
    if is_known == 0 { 0 } else { (whole(kernel) + whole(user)).saturating_mul(100) }
}

/// Lowest CPU, disk and memory priority, of the calling thread.
pub(crate) fn lower_priority() {
    // SAFETY: takes two values and touches no memory of ours.
    let _ = unsafe { SetThreadPriority(GetCurrentThread(), BACKGROUND) };
}

/// The number that comes as two halves, the low one first.
pub(super) fn whole([low, high]: [u32; 2]) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
