//! The names in an open directory of Windows, with their kinds, many to a call.
//!
//! `FILE_FULL_DIR_INFO` is the least that says whether a name is a link: short names and numbers of files, which the system
//! would have to look up for each, are not asked for. Nothing outside the buffer is read, whatever is in it.

use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::windows::io::AsRawHandle;

use super::{AsFd, BorrowedFd, Error, api, codes, kind_of};
use crate::system::Kind;
use crate::system::wtf8::bytes_from_units;

/// Words that one call fills: 64 KiB.
const WORDS: usize = 8 << 10;

/// Where the parts of `FILE_FULL_DIR_INFO` are.
/// https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-file_full_dir_info
const NEXT: usize = 0;
const ATTRIBUTES: usize = 56;
const NAME_LENGTH: usize = 60;
/// The tag, for a reparse point.
const EA_SIZE: usize = 64;
const NAME: usize = 68;

/// Room for names, to be used for one directory after the other.
#[derive(Default)]
pub(crate) struct Room {
    /// Words, because the system writes aligned structures.
    words: Vec<u64>,
    name: Vec<u8>,
}

/// Shows every name in a directory, `.` and `..` too, until it is told to stop. A directory that is removed meanwhile
/// ends where it was.
pub(crate) fn list(
    directory: impl AsFd,
    room: &mut Room,
    mut see: impl FnMut(&CStr, Kind) -> ControlFlow<()>,
) -> Result<(), Error> {
    let Room { words, name } = room;
    words.resize(WORDS, 0);
    let mut class = api::FULL_DIRECTORY_RESTART;
    while ask(directory.as_fd(), class, words)? {
        class = api::FULL_DIRECTORY;
        let mut next = Some(0);
        while let Some(at) = next {
            let (kind, step) = entry(words, at, name);
            let Ok(seen) = CStr::from_bytes_with_nul(name) else {
                return Err(Error::other("gives a name that holds a NUL"));
            };
            if see(seen, kind).is_break() {
                return Ok(());
            }
            next = step;
        }
    }
    Ok(())
}

/// The kind of an entry, whose name is written with a NUL behind it, and where the next is. None lies before another.
fn entry(words: &[u64], at: usize, name: &mut Vec<u8>) -> (Kind, Option<usize>) {
    let kind = kind_of(number(words, at + ATTRIBUTES), number(words, at + EA_SIZE));
    let length = number(words, at + NAME_LENGTH) as usize;
    let units = (at + NAME..size_of_val(words)).step_by(2).take(length / 2);
    name.clear();
    bytes_from_units(units.map(|at| half(words, at)), name);
    name.push(0);
    let step = number(words, at + NEXT) as usize;
    let next = at + step;
    (kind, (step > 0 && step % 8 == 0 && next < size_of_val(words)).then_some(next))
}

/// Fills the buffer; false at the end.
fn ask(directory: BorrowedFd<'_>, class: i32, words: &mut [u64]) -> Result<bool, Error> {
    let length = size_of_val(words) as u32;
    // SAFETY: the handle is open, and the buffer has the length that is said.
    let is_done = unsafe {
        api::GetFileInformationByHandleEx(directory.as_raw_handle(), class, words.as_mut_ptr().cast(), length)
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

/// 16 bits at an even place; 0 outside the buffer.
fn half(words: &[u64], at: usize) -> u16 {
    (words.get(at / 8).copied().unwrap_or(0) >> (8 * (at % 8))) as u16
}

/// 32 bits at a place that is a multiple of four; 0 outside the buffer.
fn number(words: &[u64], at: usize) -> u32 {
    (words.get(at / 8).copied().unwrap_or(0) >> (8 * (at % 8))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_in_the_buffer_is_read_to_an_end(words in proptest::collection::vec(any::<u64>(), 0..64)) {
            let (mut at, mut name, mut entries) = (Some(0), Vec::new(), 0);
            while let Some(here) = at {
                let (_, next) = entry(&words, here, &mut name);
                prop_assert!(next.is_none_or(|next| next > here && next < words.len() * 8));
                prop_assert_eq!(name.last(), Some(&0));
                at = next;
                entries += 1;
            }
            prop_assert!(entries <= words.len() + 1);
        }
    }

    #[test]
    fn a_directory_of_more_names_than_there_is_room_for_comes_whole() {
        let path = std::env::temp_dir().join(format!("threecx-many-{}", std::process::id()));
        std::fs::create_dir_all(path.join("below")).unwrap();
        for at in 0..1000 {
            std::fs::write(path.join(format!("{at:0>60}")), b"").unwrap();
        }
        let bytes = path.to_str().unwrap().as_bytes();
        let root = super::super::open_absolute(bytes, super::super::OPEN_DIRECTORY).unwrap();
        let mut room = Room::default();
        for _ in 0..2 {
            let mut found = Vec::new();
            list(&root, &mut room, |name, kind| {
                found.push((name.to_bytes().to_vec(), kind));
                ControlFlow::Continue(())
            })
            .unwrap();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            found.retain(|(name, _)| !matches!(name.as_slice(), b"." | b".."));
            assert_eq!(found.len(), 1001);
            assert_eq!(found[1000], (b"below".to_vec(), Kind::Directory));
            assert_eq!(found[7], (format!("{:0>60}", 7).into_bytes(), Kind::Regular));
        }
        std::fs::remove_dir_all(&path).unwrap();
    }
}
