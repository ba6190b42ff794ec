//! The names in an open directory of Unix systems, with their kinds, many to a call.
//!
//! On Linux `getdents64` fills one piece of memory for all directories of a thread, and names are seen where the system put
//! them. Elsewhere the C library does the same with memory of its own.

use std::ffi::CStr;
use std::ops::ControlFlow;

use super::{AsFd, Error, Kind, kind_of};

/// Bytes of names that one call lists: about 1600.
#[cfg(target_os = "linux")]
const LISTED: usize = 64 << 10;

/// Room for names, to be used for one directory after the other.
#[derive(Default)]
pub(crate) struct Room(#[cfg(target_os = "linux")] Vec<std::mem::MaybeUninit<u8>>);

/// Shows every name in a directory, `.` and `..` too, until it is told to stop. A directory that is removed meanwhile
/// ends where it was.
#[cfg(target_os = "linux")]
pub(crate) fn list(
    directory: impl AsFd,
    room: &mut Room,
    mut see: impl FnMut(&CStr, Kind) -> ControlFlow<()>,
) -> Result<(), Error> {
    room.0.resize(LISTED, std::mem::MaybeUninit::uninit());
    let mut entries = rustix::fs::RawDir::new(directory, &mut room.0);
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if see(entry.file_name(), kind_of(entry.file_type())).is_break() => break,
            Ok(_) | Err(Error::INTR) => {}
            Err(Error::NOENT) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Shows every name in a directory, `.` and `..` too, until it is told to stop.
#[cfg(not(target_os = "linux"))]
pub(crate) fn list(
    directory: impl AsFd,
    _room: &mut Room,
    mut see: impl FnMut(&CStr, Kind) -> ControlFlow<()>,
) -> Result<(), Error> {
    for entry in rustix::fs::Dir::read_from(directory)? {
        let entry = entry?;
        if see(entry.file_name(), kind_of(entry.file_type())).is_break() {
            break;
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    fn listed(path: &std::path::Path, room: &mut Room) -> BTreeMap<Vec<u8>, Kind> {
        let mut found = BTreeMap::new();
        let directory = std::fs::File::open(path).unwrap();
        list(&directory, room, |name, kind| {
            assert!(found.insert(name.to_bytes().to_vec(), kind).is_none(), "{name:?} comes twice");
            ControlFlow::Continue(())
        })
        .unwrap();
        found
    }

    fn temporary(what: &str) -> std::path::PathBuf {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("threecx-{what}-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        path
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn every_name_comes_once_as_it_is(
            names in proptest::collection::btree_set(proptest::collection::vec(1u8.., 1..200), 0..40),
        ) {
            let path = temporary("names");
            let names = names.into_iter().filter(|name| name != b"." && name != b".." && !name.contains(&b'/'));
            let mut wanted = BTreeMap::from([(b".".to_vec(), Kind::Directory), (b"..".to_vec(), Kind::Directory)]);
            for (at, name) in names.enumerate() {
                let file = path.join(OsString::from_vec(name.clone()));
                if at % 2 == 0 { std::fs::write(file, b"") } else { std::fs::create_dir(file) }.unwrap();
                wanted.insert(name, if at % 2 == 0 { Kind::Regular } else { Kind::Directory });
            }
            let found = listed(&path, &mut Room::default());
            std::fs::remove_dir_all(&path).unwrap();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_directory_of_more_names_than_there_is_room_for_comes_whole() {
        let path = temporary("many");
        for at in 0..2000 {
            std::fs::write(path.join(format!("{at:0>60}")), b"").unwrap();
        }
        let mut room = Room::default();
        assert_eq!(listed(&path, &mut room).len(), 2002);
        assert_eq!(listed(&path, &mut room).len(), 2002);
        std::fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn what_is_no_directory_is_an_error_and_a_stop_is_none() {
        let path = temporary("stop");
        let mut seen = 0;
        let stop = |_: &CStr, _| {
            seen += 1;
            ControlFlow::Break(())
        };
        assert_eq!(list(std::fs::File::open(&path).unwrap(), &mut Room::default(), stop), Ok(()));
        assert_eq!(seen, 1);
        let file = path.join("file");
        std::fs::write(&file, b"").unwrap();
        let none = |_: &CStr, _| panic!("a file lists nothing");
        assert_eq!(list(std::fs::File::open(&file).unwrap(), &mut Room::default(), none), Err(Error::NOTDIR));
        std::fs::remove_dir_all(&path).unwrap();
    }
}
