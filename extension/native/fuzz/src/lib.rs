//! What a fuzz target asks of a reader: any bytes give an answer or a refusal, within bounds, and never a panic; one that
//! the product would catch ends the fuzzer all the same, by its hook.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::cell::Cell;
use std::sync::atomic::AtomicBool;

use container::{Bytes, Limits, Refusal, contents};
use registry::{Hive, Problem, Query, Source, Where, run, to_json};
use scan::Algorithms;
use scan::proof::{Ending, Script, digests, instruction_sets};

/// Bytes that count how many of them were read.
struct Counted<'a> {
    bytes: &'a [u8],
    read: Cell<u64>,
}

impl Bytes for Counted<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.bytes.read_at(at, buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

/// Bounds that a mutated file reaches within the time of one run.
const LIMITS: (u64, u64, usize) = (16 << 20, 4 << 20, 2_000);

/// Looks into a container that begins with `magic`, whatever the bytes say.
pub fn look_inside(magic: &[u8], data: &[u8]) {
    let mut bytes = data.to_vec();
    if bytes.len() < magic.len() {
        return;
    }
    bytes[..magic.len()].copy_from_slice(magic);
    look(&bytes);
}

/// Looks into a disk image: its trailer is what tells it.
pub fn look_into_image(data: &[u8]) {
    let mut bytes = data.to_vec();
    if let Some(at) = bytes.len().checked_sub(512) {
        bytes[at..at + 4].copy_from_slice(b"koly");
    }
    look(&bytes);
}

fn look(bytes: &[u8]) {
    let (total_bytes, member_bytes, members) = LIMITS;
    let limits = Limits { total_bytes, member_bytes, members, wanted_total_bytes: 1 << 20, ..Limits::default() };
    let source = Counted { bytes, read: Cell::new(0) };
    match contents(&source, &limits, &|path, _| path.ends_with(b".dll"), &|| Ok(())) {
        Ok(found) => {
            assert!(found.members.len() <= members, "more members than the limit");
            let total: u64 = found.members.iter().filter(|one| one.sha256.is_some()).map(|one| one.size).sum();
            assert!(total <= total_bytes, "more bytes than the limit");
        }
        Err(Refusal::Unopened(problem)) => assert!(!problem.is_empty(), "a refusal without a reason"),
        Err(Refusal::Cancelled) => panic!("nobody cancelled"),
    }
    let bound = 64 * (bytes.len() as u64 + (1 << 20));
    assert!(source.read.get() <= bound, "{} bytes were read of {}", source.read.get(), bytes.len());
}

struct HiveBytes<'a>(&'a [u8]);

impl Source for HiveBytes<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        self.0.read_at(offset, buffer).map_err(|error| error.to_string())
    }
}

/// Asks a hive what the product asks one: entries by a wildcard, a value, and everything below a key.
pub fn ask_hive(data: &[u8]) {
    let mut bytes = data.to_vec();
    if bytes.len() < 4 {
        return;
    }
    bytes[..4].copy_from_slice(b"regf");
    let names = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let having = Where { values: names(&["DisplayName"]), contains: "3CX".to_owned() };
    let queries = [
        Query { path: names(&["*", "*"]), values: None, having: Some(having) },
        Query { path: names(&["Microsoft", "*", "*"]), values: Some(names(&["DisplayVersion"])), having: None },
        Query { path: Vec::new(), values: None, having: None },
    ];
    let cancelled = AtomicBool::new(false);
    let limits = registry::Limits { cells: 20_000, copied_bytes: 8 << 20, ..registry::Limits::default() };
    let size = bytes.len() as u64;
    let opened = Hive::open(HiveBytes(&bytes), size, limits, &cancelled);
    let keys = opened.and_then(|mut hive| run(&mut hive, &queries));
    match keys {
        Ok(keys) => assert!(to_json(&keys).len() < 512 << 20, "an answer beyond all bounds"),
        Err(Problem::Damaged(problem) | Problem::Ended(problem)) => assert!(!problem.is_empty()),
    }
}

/// Takes the bytes as a mix of messages and how they are read: six bytes say what one message is, what follows, from any
/// place on, is its content. Every instruction set must give what the digests of one message after the other are.
pub fn mix_lanes(data: &[u8]) {
    let Some((&limit, orders)) = data.split_first() else { return };
    let scripts: Vec<Script> =
        orders.as_chunks::<6>().0.iter().take(48).enumerate().map(|(at, one)| order(*one, &data[at..])).collect();
    for set in instruction_sets() {
        let answers = digests(&scripts, set, usize::from(limit % 33));
        for (script, answer) in scripts.iter().zip(answers) {
            assert_eq!(answer, script.expected(), "{set}: {} bytes, {:?}", script.bytes.len(), script.ending);
        }
    }
}

fn order([length, times, algorithms, piece, ending, at]: [u8; 6], content: &[u8]) -> Script {
    let length = usize::from(length) * if times.is_multiple_of(8) { 500 } else { 1 + usize::from(times % 4) };
    let at = usize::from(at) * length / 200;
    let endings = [Ending::Whole, Ending::Late, Ending::Fails(at), Ending::Apart(at)];
    Script {
        bytes: content.iter().copied().cycle().take(length).collect(),
        pieces: vec![usize::from(piece) * 7, usize::from(times)],
        algorithms: Algorithms::from_bits(if algorithms.is_multiple_of(8) { 7 } else { algorithms % 8 }),
        ending: endings[usize::from(ending % 4)],
    }
}
