//! Lists what is inside a container: digest, size, path; problems on the other stream.
//!
//! For comparing by hand with other programs: `cargo run -p container --example contents FILE`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use container::{Bytes, Limits, contents};

struct Opened(File, u64);

impl Bytes for Opened {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(at))?;
        file.read(buffer)
    }
}

fn main() -> io::Result<()> {
    let path = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: contents FILE"))?;
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    match contents(&Opened(file, size), &Limits::default(), &|_, _| false, &|| Ok(())) {
        Err(refusal) => eprintln!("{refusal:?}"),
        Ok(found) => {
            println!("{}", found.format.name());
            for member in found.members {
                let digest: String = member.sha256.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
                println!("{digest:64} {:>10} {}", member.size, String::from_utf8_lossy(&member.path));
            }
            found.problems.iter().for_each(|problem| eprintln!("{problem}"));
        }
    }
    Ok(())
}
