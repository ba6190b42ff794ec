//! Prints the lines of a file that hold one of many strings, for the benchmark: what the crate does without Node around
//! it.
//!
//! `lines FILE LIST [THREADS]`, where the list has one string a line. One thread unless told more; to the errors goes what
//! making the strings ready took, and the reading, in milliseconds.
#![cfg(unix)]

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::time::Instant;

use lines::{Bytes, Patterns, Request, lines};

struct Log(File, u64);

impl Bytes for Log {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(buffer, at)
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, list, threads) = match arguments.as_slice() {
        [path, list] => (path, list, 1),
        [path, list, threads] => (path, list, threads.parse().unwrap_or_else(|_| usage())),
        _ => usage(),
    };
    let started = Instant::now();
    let list = std::fs::read(list)?;
    let strings = list.split(|byte| *byte == b'\n').filter(|one| !one.is_empty());
    let patterns = Patterns::new(strings).map_err(io::Error::other)?;
    let ready = started.elapsed();
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let request = Request {
        head_lines: 0,
        heading_prefix: Vec::new(),
        max_line_bytes: 4096,
        max_lines: u64::MAX,
        max_bytes: u64::MAX,
        threads,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let answer = lines(&Log(file, size), &patterns, &request, &|| Ok(()), &mut |batch, _, _| {
        let mut from = 0;
        written = batch.lines.iter().try_for_each(|line| {
            out.write_all(&batch.text[std::mem::replace(&mut from, line.end)..line.end])?;
            out.write_all(b"\n")
        });
        written.is_ok()
    });
    written?;
    out.flush()?;
    if let Some(stop) = answer.stop {
        return Err(io::Error::other(format!("{stop:?}")));
    }
    eprintln!("{} {}", ready.as_millis(), (started.elapsed() - ready).as_millis());
    Ok(())
}

fn usage() -> ! {
    eprintln!("usage: lines FILE LIST [THREADS]");
    std::process::exit(2)
}
