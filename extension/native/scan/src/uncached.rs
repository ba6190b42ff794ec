//! Reading a file so that the page cache stays what it was.
//!
//! A sweep reads everything once; what it reads would push out what the host's own programs use. Linux since 6.14 reads
//! without keeping pages that were not there before. Older kernels are asked whether the first block is in memory: of a
//! file that is not, everything is dropped at the end; of any other nothing, because its pages may be somebody's. macOS
//! has a flag for it. Elsewhere this is plain reading.

use crate::system::{Error, OwnedFd, read_at};

/// How one file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caching {
    /// The kernel keeps nothing.
    #[cfg(target_os = "linux")]
    Bypassed,
    /// Nothing is known yet.
    #[cfg(target_os = "linux")]
    Unknown,
    /// It was not in memory: its pages are dropped at the end.
    #[cfg(target_os = "linux")]
    Dropped,
    /// As the system likes.
    Kept,
}

impl Caching {
    /// For a file that was just opened.
    #[cfg(target_os = "linux")]
    pub(crate) fn begin(_fd: &OwnedFd) -> Self {
        if linux::can_bypass() { Caching::Bypassed } else { Caching::Unknown }
    }

    /// For a file that was just opened.
    #[cfg(target_vendor = "apple")]
    pub(crate) fn begin(fd: &OwnedFd) -> Self {
        // A file system that refuses is read as ever.
        let _ = rustix::fs::fcntl_nocache(fd, true);
        Caching::Kept
    }

    /// For a file that was just opened.
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    pub(crate) fn begin(_fd: &OwnedFd) -> Self {
        Caching::Kept
    }

    /// Some bytes at a place; 0 at the end.
    pub(crate) fn read_at(&mut self, fd: &OwnedFd, buffer: &mut [u8], at: u64) -> Result<usize, Error> {
        #[cfg(target_os = "linux")]
        {
            if *self == Caching::Bypassed {
                match linux::bypassing(fd, buffer, at) {
                    // Some file systems cannot, and tell so only here.
                    Err(Error::OPNOTSUPP | Error::INVAL | Error::NOSYS | Error::PERM) => *self = Caching::Unknown,
                    done => return done,
                }
            }
            if *self == Caching::Unknown {
                match linux::in_memory(fd, buffer, at) {
                    Ok(got) if got > 0 => {
                        *self = Caching::Kept;
                        return Ok(got);
                    }
                    Err(Error::AGAIN) => *self = Caching::Dropped,
                    _ => *self = Caching::Kept,
                }
            }
        }
        read_at(fd, buffer, at)
    }

    /// Drops what this reading has brought into memory.
    pub(crate) fn end(self, _fd: &OwnedFd) {
        #[cfg(target_os = "linux")]
        if self == Caching::Dropped {
            let _ = rustix::fs::fadvise(_fd, 0, None, rustix::fs::Advice::DontNeed);
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::IoSliceMut;
    use std::sync::OnceLock;

    use rustix::io::{ReadWriteFlags, preadv2, retry_on_intr};

    use crate::system::{Error, OwnedFd};

    /// `RWF_DONTCACHE` of linux/fs.h.
    const DONTCACHE: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x80);

    /// The first kernel whose uncached reads are trusted: 6.14 has them, and 6.16 mended how they drop pages that
    /// somebody writes to at the same time.
    const TRUSTED_FROM: (u32, u32) = (6, 16);

    pub(super) fn can_bypass() -> bool {
        static CAN: OnceLock<bool> = OnceLock::new();
        *CAN.get_or_init(|| version_of(&rustix::system::uname().release().to_string_lossy()) >= Some(TRUSTED_FROM))
    }

    /// The first two numbers of a kernel's release, as `6.18.44-generic`.
    pub(super) fn version_of(release: &str) -> Option<(u32, u32)> {
        let mut numbers = release.split(|one: char| !one.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }

    pub(super) fn bypassing(fd: &OwnedFd, buffer: &mut [u8], at: u64) -> Result<usize, Error> {
        with(fd, buffer, at, DONTCACHE)
    }

    /// `AGAIN` for what is not in memory.
    pub(super) fn in_memory(fd: &OwnedFd, buffer: &mut [u8], at: u64) -> Result<usize, Error> {
        with(fd, buffer, at, ReadWriteFlags::NOWAIT)
    }

    fn with(fd: &OwnedFd, buffer: &mut [u8], at: u64, flags: ReadWriteFlags) -> Result<usize, Error> {
        retry_on_intr(|| preadv2(fd, &mut [IoSliceMut::new(buffer)], at, flags))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::path::PathBuf;

    use super::*;

    const BYTES: usize = 1 << 20;

    /// Pages of a bypassed file that may stay: what was being read ahead when its neighbour was dropped is kept.
    const STRAGGLERS: u64 = BYTES as u64 / 4096 / 8;

    /// A file of its own for one test, gone with it.
    struct Fresh(PathBuf);

    impl Fresh {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("scan-uncached-{}-{name}", std::process::id()));
            let mut file = File::create(&path).unwrap();
            file.write_all(&[7; BYTES]).unwrap();
            file.sync_all().unwrap();
            Fresh(path)
        }

        fn open(&self) -> OwnedFd {
            File::open(&self.0).unwrap().into()
        }

        /// Takes it out of memory; false where that cannot be done, or not be seen.
        fn is_cold(&self) -> bool {
            let fd = self.open();
            rustix::fs::fadvise(&fd, 0, None, rustix::fs::Advice::DontNeed).unwrap();
            self.pages_in_memory() == Some(0)
        }

        /// `None` for kernels before 6.5, which cannot be asked without reading.
        fn pages_in_memory(&self) -> Option<u64> {
            use std::ffi::{c_int, c_long, c_uint};
            use std::os::fd::AsRawFd;
            const CACHESTAT: c_long = 451;
            unsafe extern "C" {
                fn syscall(number: c_long, ...) -> c_long;
            }
            let (fd, range, mut counts) = (self.open(), [0u64; 2], [0u64; 5]);
            let raw: c_int = fd.as_raw_fd();
            // SAFETY: the two arrays are what the call takes, `struct cachestat_range` and `struct cachestat`, and
            // outlive it.
            let done = unsafe { syscall(CACHESTAT, raw, range.as_ptr(), counts.as_mut_ptr(), 0 as c_uint) };
            (done == 0).then_some(counts[0])
        }

        fn read(&self, mut caching: Caching) -> Caching {
            let (fd, mut buffer, mut at) = (self.open(), vec![0; 64 << 10], 0);
            loop {
                let got = caching.read_at(&fd, &mut buffer, at).unwrap();
                assert!(buffer[..got].iter().all(|byte| *byte == 7));
                if got == 0 {
                    break;
                }
                at += got as u64;
            }
            assert_eq!(at, BYTES as u64);
            caching.end(&fd);
            caching
        }
    }

    impl Drop for Fresh {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_file_that_was_not_in_memory_is_not_there_afterwards() {
        let file = Fresh::new("cold");
        for caching in [Caching::begin(&file.open()), Caching::Unknown] {
            if !file.is_cold() {
                eprintln!(
                    "skipped: files of {} cannot be taken out of memory, or the kernel does not tell",
                    std::env::temp_dir().display()
                );
                return;
            }
            let read = file.read(caching);
            let left = file.pages_in_memory().unwrap();
            let most = if read == Caching::Bypassed { STRAGGLERS } else { 0 };
            assert!(left <= most, "{caching:?}: {left} pages");
        }
    }

    #[test]
    fn a_file_that_was_in_memory_stays_there() {
        let file = Fresh::new("warm");
        for caching in [Caching::begin(&file.open()), Caching::Unknown] {
            file.read(Caching::Kept);
            let before = file.pages_in_memory();
            assert_ne!(file.read(caching), Caching::Dropped);
            assert_eq!(file.pages_in_memory(), before, "{caching:?}");
        }
    }

    #[test]
    fn a_file_system_that_cannot_bypass_its_cache_is_read_as_ever() {
        // The files of proc support neither flag.
        let fd: OwnedFd = File::open("/proc/self/status").unwrap().into();
        let mut caching = Caching::Bypassed;
        let mut buffer = [0; 16];
        assert!(caching.read_at(&fd, &mut buffer, 0).unwrap() > 0);
        assert!(buffer.starts_with(b"Name:"), "{buffer:?}");
        assert_eq!(caching, Caching::Kept);
    }

    #[test]
    fn the_version_is_the_first_two_numbers_of_the_release() {
        for (release, expected) in [
            ("6.18.44-fc-v657", Some((6, 18))),
            ("5.14.0-503.el9.x86_64", Some((5, 14))),
            ("6.16-rc1", Some((6, 16))),
            ("7", None),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(linux::version_of(release), expected, "{release}");
        }
    }
}
