//! Digests every file below a directory, for the benchmark: what the crate does without Node around it.
//!
//! `digests DIRECTORY ALGORITHMS`, where the second is bits: 1 SHA-256, 2 SHA-1, 4 MD5. Prints how many files and bytes
//! there were, and for each digest the exclusive or of all files' digests, which no order can change. One thread.
#![cfg(unix)]

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use scan::{Algorithms, Class, Failure, Item, Request, digest};

/// Files per request, as the sweep of the extension asks for them.
const BATCH: usize = 512;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, bits] = arguments.as_slice() else { usage() };
    let algorithms = Algorithms::from_bits(bits.parse().unwrap_or_else(|_| usage()));
    let (mut totals, mut items, mut folders) = (Totals::default(), Vec::new(), vec![PathBuf::new()]);
    let roots = vec![root.clone().into_bytes()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(Path::new(root).join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                items.push(Item { path: path.as_os_str().as_bytes().to_vec(), classes: vec![0], ..Item::default() });
            }
            if items.len() == BATCH {
                totals.add(&roots, std::mem::take(&mut items), algorithms);
            }
        }
    }
    totals.add(&roots, items, algorithms);
    println!("{} {} {}", totals.files, totals.bytes, totals.hex());
    Ok(())
}

#[derive(Default)]
struct Totals {
    files: u64,
    bytes: u64,
    sha256: [u8; 32],
    sha1: [u8; 20],
    md5: [u8; 16],
}

impl Totals {
    fn add(&mut self, roots: &[Vec<u8>], items: Vec<Item>, algorithms: Algorithms) {
        let request = Request {
            roots: roots.to_vec(),
            items,
            classes: vec![Class { magics: None, algorithms }],
            max_file_bytes: u64::MAX,
            file_timeout: Duration::from_secs(60),
            threads: 1,
            pace: None,
        };
        let results = digest(request, &AtomicBool::new(false)).unwrap_or_else(|failure| fail(&failure));
        for result in results.into_iter().flatten() {
            let file = result.unwrap_or_else(|failure| fail(&failure));
            self.files += 1;
            self.bytes += file.bytes_read;
            mix(&mut self.sha256, file.digests.sha256);
            mix(&mut self.sha1, file.digests.sha1);
            mix(&mut self.md5, file.digests.md5);
        }
    }

    fn hex(&self) -> String {
        let all = [&self.sha256[..], &self.sha1, &self.md5];
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        all.map(hex).join(" ")
    }
}

fn mix<const B: usize>(sum: &mut [u8; B], digest: Option<[u8; B]>) {
    for (sum, byte) in sum.iter_mut().zip(digest.into_iter().flatten()) {
        *sum ^= byte;
    }
}

fn usage() -> ! {
    eprintln!("usage: digests DIRECTORY ALGORITHMS");
    std::process::exit(2)
}

fn fail(failure: &Failure) -> ! {
    eprintln!("{:?}: {}", failure.code, failure.message);
    std::process::exit(1)
}
