//! The file that keeps settled fingerprints between passes.
//!
//! A mark, the scope, the key of the fingerprints, their number, the fingerprints ascending, and a SHA-256 over all that
//! comes before it. It is replaced in one step, so a process that is killed leaves the old one or the new one. Nothing in it is
//! trusted: its length must be the one its count says, and its digest must be right, before any of it is used.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::damaged;
use super::fingerprint::{Fingerprint, KEY_LENGTH, Key};
use crate::failure::{Code, Failure};

/// Bytes of a scope.
pub const SCOPE_LENGTH: usize = 32;

const MARK: &[u8; 8] = b"3CXSETL2";
const HEADER: usize = MARK.len() + SCOPE_LENGTH + KEY_LENGTH + 8;
const TRAILER: usize = 32;
const PRINT: usize = 16;

/// Fingerprints, and the key that they were made with.
pub(crate) type Kept = (Key, Vec<Fingerprint>);

/// What was kept for a scope; nothing when there is no file, or it is of another scope or another version.
pub(crate) fn read(path: &Path, scope: &[u8; SCOPE_LENGTH], limit: usize) -> Result<Option<Kept>, Failure> {
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    let found = file.metadata().map_err(|error| cannot("read", path, &error))?;
    if !found.is_file() {
        return Err(damaged("it is no regular file"));
    }
    let length = found.len();
    let mut header = [0; HEADER];
    file.read_exact(&mut header).map_err(|error| damaged(format!("its header cannot be read: {error}")))?;
    let (mark, rest) = header.split_at(MARK.len());
    let (found, rest) = rest.split_at(SCOPE_LENGTH);
    let (key, count) = rest.split_at(KEY_LENGTH);
    let key: Key = key.try_into().unwrap_or_default();
    if mark[..7] != MARK[..7] {
        return Err(damaged("it does not begin with its mark"));
    }
    if mark != MARK || found != scope {
        return Ok(None);
    }
    let count = u64::from_le_bytes(count.try_into().unwrap_or_default());
    let expected = count.checked_mul(PRINT as u64).and_then(|bytes| bytes.checked_add((HEADER + TRAILER) as u64));
    if expected != Some(length) {
        return Err(damaged(format!("{count} fingerprints do not fit {length} bytes")));
    }
    if count > limit as u64 {
        return Ok(None);
    }
    let mut hash = Sha256::new().chain_update(header);
    let prints = read_prints(&mut file, count as usize, &mut hash).map_err(|error| cannot("read", path, &error))?;
    let mut trailer = [0; TRAILER];
    file.read_exact(&mut trailer).map_err(|error| cannot("read", path, &error))?;
    if hash.finalize()[..] != trailer {
        return Err(damaged("its digest is not that of its bytes"));
    }
    if !prints.is_sorted_by(|a, b| a < b) {
        return Err(damaged("its fingerprints are not ascending"));
    }
    Ok(Some((key, prints)))
}

/// Opens a list. A FIFO in its place would hold whoever opens it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.open(path)
}

fn read_prints(file: &mut File, count: usize, hash: &mut Sha256) -> io::Result<Vec<Fingerprint>> {
    let mut prints = Vec::with_capacity(count);
    let mut piece = vec![0; PRINT << 12];
    while prints.len() < count {
        let wanted = &mut piece[..PRINT * (count - prints.len()).min(1 << 12)];
        file.read_exact(wanted)?;
        hash.update(&*wanted);
        let (chunks, _) = wanted.as_chunks::<PRINT>();
        prints.extend(chunks.iter().map(|bytes| Fingerprint::from_be_bytes(*bytes)));
    }
    Ok(prints)
}

/// Replaces the file by `count` ascending fingerprints.
pub(crate) fn write(
    path: &Path,
    scope: &[u8; SCOPE_LENGTH],
    key: &Key,
    count: usize,
    prints: impl Iterator<Item = Fingerprint>,
) -> Result<(), Failure> {
    let beside = beside(path);
    let written = write_new(&beside, scope, key, count, prints)
        .and_then(|()| std::fs::rename(&beside, path))
        .and_then(|()| sync_directory(path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        cannot("write", path, &error)
    })
}

/// Of this process, so that two which save at once do not write into one file.
fn beside(path: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), NEXT.fetch_add(1, Relaxed)));
    PathBuf::from(name)
}

fn write_new(
    path: &Path,
    scope: &[u8; SCOPE_LENGTH],
    key: &Key,
    count: usize,
    prints: impl Iterator<Item = Fingerprint>,
) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = Hashed { out: BufWriter::with_capacity(1 << 16, options.open(path)?), hash: Sha256::new() };
    out.put(MARK)?;
    out.put(scope)?;
    out.put(key)?;
    out.put(&(count as u64).to_le_bytes())?;
    for print in prints {
        out.put(&print.to_be_bytes())?;
    }
    let Hashed { mut out, hash } = out;
    out.write_all(&hash.finalize())?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// A file, and the digest of what was written to it.
struct Hashed {
    out: BufWriter<File>,
    hash: Sha256,
}

impl Hashed {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }
}

/// So that the new name survives a power cut; Windows has no such call.
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::Io, format!("cannot {what} the list of settled files {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: [u8; SCOPE_LENGTH] = [1; SCOPE_LENGTH];
    const KEY: Key = [2; KEY_LENGTH];

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("threecx-store-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&directory).unwrap();
            Scratch(directory)
        }

        fn file(&self) -> PathBuf {
            self.0.join("settled")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_written_is_read_back_and_nothing_is_left_beside_it() {
        let scratch = Scratch::new("back");
        for count in [0usize, 1, 4095, 4096, 4097, 10_000] {
            let prints: Vec<u128> = (1..=count as u128).collect();
            write(&scratch.file(), &SCOPE, &KEY, count, prints.iter().copied()).unwrap();
            assert_eq!(read(&scratch.file(), &SCOPE, 20_000).unwrap(), Some((KEY, prints)));
        }
        assert_eq!(std::fs::read_dir(&scratch.0).unwrap().count(), 1);
    }

    #[test]
    fn of_another_scope_or_version_and_beyond_the_limit_nothing_is_believed() {
        let scratch = Scratch::new("scope");
        assert!(read(&scratch.file(), &SCOPE, 10).unwrap().is_none());
        write(&scratch.file(), &SCOPE, &KEY, 2, [3, 4].into_iter()).unwrap();
        assert!(read(&scratch.file(), &[2; SCOPE_LENGTH], 10).unwrap().is_none());
        assert!(read(&scratch.file(), &SCOPE, 1).unwrap().is_none());
        let mut bytes = std::fs::read(scratch.file()).unwrap();
        bytes[7] = b'3';
        std::fs::write(scratch.file(), bytes).unwrap();
        assert!(read(&scratch.file(), &SCOPE, 10).unwrap().is_none());
    }

    #[test]
    fn every_flipped_bit_and_every_length_but_its_own_is_damage_or_another_scope() {
        let scratch = Scratch::new("damage");
        write(&scratch.file(), &SCOPE, &KEY, 3, [3, 4, 5].into_iter()).unwrap();
        let good = std::fs::read(scratch.file()).unwrap();
        for at in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[at / 8] ^= 1 << (at % 8);
            std::fs::write(scratch.file(), bad).unwrap();
            assert!(read(&scratch.file(), &SCOPE, 10).map_or(true, |kept| kept.is_none()), "bit {at}");
        }
        for length in 0..good.len() {
            std::fs::write(scratch.file(), &good[..length]).unwrap();
            assert!(read(&scratch.file(), &SCOPE, 10).is_err(), "{length} bytes");
        }
        std::fs::write(scratch.file(), [&good[..], b"x"].concat()).unwrap();
        assert!(read(&scratch.file(), &SCOPE, 10).is_err());
    }

    #[test]
    fn a_count_that_no_memory_could_hold_is_damage() {
        let scratch = Scratch::new("count");
        let bytes = [&MARK[..], &SCOPE, &KEY, &u64::MAX.to_le_bytes(), &[0; 64]].concat();
        std::fs::write(scratch.file(), bytes).unwrap();
        assert!(read(&scratch.file(), &SCOPE, usize::MAX).unwrap_err().message.contains("do not fit"));
    }

    #[test]
    fn fingerprints_out_of_order_are_damage() {
        let scratch = Scratch::new("order");
        write(&scratch.file(), &SCOPE, &KEY, 2, [4, 3].into_iter()).unwrap();
        assert!(read(&scratch.file(), &SCOPE, 10).unwrap_err().message.contains("ascending"));
    }

    #[test]
    fn a_directory_that_is_not_there_is_a_failure_in_words() {
        let scratch = Scratch::new("nowhere");
        let failure = write(&scratch.0.join("no/settled"), &SCOPE, &KEY, 0, std::iter::empty()).unwrap_err();
        assert!(failure.message.starts_with("cannot write the list of settled files"), "{}", failure.message);
    }
}
