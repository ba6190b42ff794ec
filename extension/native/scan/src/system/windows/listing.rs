//! The names in an open directory of Windows, with their kinds, many to a call.

use std::ffi::CStr;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle};

use super::{Error, api, codes, kind_of};
use crate::system::Kind;
use crate::system::wtf8::bytes_from_units;

/// Words that one call fills: 64 KiB.
const WORDS: usize = 8 << 10;

/// Where the parts of `FILE_ID_BOTH_DIR_INFO` are.
/// https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-file_id_both_dir_info
const NEXT: usize = 0;
const ATTRIBUTES: usize = 56;
const NAME_LENGTH: usize = 60;
/// The tag, for a reparse point.
const EA_SIZE: usize = 64;
const NAME: usize = 104;

/// A listing under way.
pub(crate) struct Listing<'a> {
    directory: BorrowedHandle<'a>,
    /// Words, because the system writes aligned structures.
    buffer: Vec<u64>,
    /// Where the next entry is; `None`: the system is to be asked.
    at: Option<usize>,
    is_begun: bool,
    name: Vec<u8>,
}

impl<'a> Listing<'a> {
    /// Begins to list a directory.
    pub(crate) fn new(directory: &'a impl AsHandle) -> Self {
        let directory = directory.as_handle();
        Listing { directory, buffer: vec![0; WORDS], at: None, is_begun: false, name: Vec::new() }
    }

    /// The next name, as bytes, and its kind; `.` and `..` come, too.
    pub(crate) fn next(&mut self) -> Option<Result<(&CStr, Kind), Error>> {
        let at = match self.at {
            Some(at) => at,
            None => match self.ask() {
                Ok(true) => 0,
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            },
        };
        let flags = number(&self.buffer, at + ATTRIBUTES);
        let tag = number(&self.buffer, at + EA_SIZE);
        let length = number(&self.buffer, at + NAME_LENGTH) as usize;
        let next = number(&self.buffer, at + NEXT) as usize;
        self.at = if next == 0 { None } else { Some(at + next) };
        self.name.clear();
        let units = (at + NAME..).step_by(2).take(length / 2);
        let units = units.map(|at| half(&self.buffer, at));
        bytes_from_units(units, &mut self.name);
        self.name.push(0);
        let name = CStr::from_bytes_with_nul(&self.name).map_err(|_| Error::other("gives a name that holds a NUL"));
        Some(name.map(|name| (name, kind_of(flags, tag))))
    }

    /// Fills the buffer; false at the end.
    fn ask(&mut self) -> Result<bool, Error> {
        let class = if self.is_begun { api::ID_BOTH_DIRECTORY } else { api::ID_BOTH_DIRECTORY_RESTART };
        self.is_begun = true;
        let length = size_of_val(self.buffer.as_slice()) as u32;
        // SAFETY: the handle is open, and the buffer has the length that is said.
        let is_done = unsafe {
            api::GetFileInformationByHandleEx(
                self.directory.as_raw_handle(),
                class,
                self.buffer.as_mut_ptr().cast(),
                length,
            )
        };
        if is_done != 0 {
            return Ok(true);
        }
        let error = Error::last_os_error();
        match error.raw_os_error().map(i32::cast_unsigned) {
            // Removed while it was listed, or a root without even `.`: what was seen is what there was.
            Some(codes::NO_MORE_FILES | codes::FILE_NOT_FOUND) => Ok(false),
            _ => Err(error),
        }
    }
}

/// 16 bits at an even place; 0 outside the buffer.
fn half(buffer: &[u64], at: usize) -> u16 {
    (buffer.get(at / 8).copied().unwrap_or(0) >> (8 * (at % 8))) as u16
}

/// 32 bits at a place that is a multiple of four; 0 outside the buffer.
fn number(buffer: &[u64], at: usize) -> u32 {
    (buffer.get(at / 8).copied().unwrap_or(0) >> (8 * (at % 8))) as u32
}
