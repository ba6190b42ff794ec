//! The speed of every kernel in memory, one thread: GB per second, of the best and of the median run.
//!
//! `kernels [SECONDS [FILTER]]`: seconds per line (0.2 unless told), and what the line's name must contain. A run takes
//! some 20 microseconds, so that the best one was not interrupted; the median shows what is left beside neighbours that
//! use the same core. (The CPU time that a virtual machine is told is wrong for so short a time.) Every answer is compared
//! with the portable one first.

use std::time::{Duration, Instant};

use scan::Algorithms;
use scan::proof::{fed, instruction_sets, kernel_width};

/// Bytes of all streams together.
const BYTES: usize = 64 << 10;

/// Numbers of streams.
const STREAMS: [usize; 9] = [1, 2, 3, 4, 6, 8, 12, 16, 32];

const DIGESTS: [(&str, Algorithms); 3] =
    [("sha256", Algorithms::SHA256), ("sha1", Algorithms::SHA1), ("md5", Algorithms::MD5)];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(0.2, |text| text.parse().expect("seconds"));
    let filter = arguments.next().unwrap_or_default();
    for (digest, algorithm) in DIGESTS {
        for set in instruction_sets().into_iter().filter(|set| *set != "best") {
            for streams in STREAMS {
                let name = format!("{digest} {set} x{streams}");
                if name.contains(&filter) {
                    measure(&name, set, algorithm, streams, seconds);
                }
            }
        }
    }
}

fn measure(name: &str, set: &str, algorithm: Algorithms, streams: usize, seconds: f64) {
    let length = BYTES / streams / 64 * 64;
    let bytes: Vec<Vec<u8>> =
        (0..streams).map(|stream| (0..length).map(|at| (at * 7 + at / 251 + stream) as u8).collect()).collect();
    let streams: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    assert_eq!(fed(set, algorithm, &streams), fed("portable", algorithm, &streams), "{name}");
    let (begun, mut times) = (Instant::now(), Vec::new());
    while times.is_empty() || begun.elapsed().as_secs_f64() < seconds {
        let before = Instant::now();
        std::hint::black_box(fed(set, algorithm, &streams));
        times.push(before.elapsed());
    }
    times.sort_unstable();
    let speed = |time: Duration| (length * streams.len()) as f64 / time.as_secs_f64() / 1e9;
    let (best, median) = (speed(times[0]), speed(times[times.len() / 2]));
    println!("{name:24} {best:6.2} GB/s, median {median:6.2} (width {})", kernel_width(set, algorithm));
}
