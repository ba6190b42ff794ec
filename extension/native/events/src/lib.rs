//! Records of Windows event logs (EVTX): of chosen providers, and where asked only those that hold one of many strings.
//!
//! A log is read one chunk of 64 KiB at a time. A chunk whose bytes hold no chosen provider, or none of the strings, is
//! not taken apart; the crate `evtx` takes the others apart, within its own budgets. A chunk or record that is damaged
//! is told of, and the rest goes on. The crate gets an open file and gives events as JSON; it knows nothing of paths,
//! indicators or Node.
//!
//! The contract, with its words, is `extension/native/events.ts`.
#![deny(missing_docs)]

mod chunk;
mod event;
mod wanted;

use std::sync::Arc;

use chunk::Outcome;
use evtx::ParserSettings;
pub use wanted::{Choice, Wanted};

/// An open file. It knows no position.
pub trait Bytes {
    /// Its size at opening.
    fn size(&self) -> u64;
    /// Some bytes at a place; 0 at the end.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize>;
}

/// Why events are missing. All but damage end the reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More than were asked for.
    TooMany,
    /// The time is up.
    Timeout,
    /// What was read is no event log, or part of one cannot be understood.
    Damaged(String),
    /// The file became shorter.
    Changed(String),
    /// The system cannot read it.
    Io(String),
    /// Nobody wants the answer any more.
    Cancelled,
}

/// Tells whether to go on; asked for every chunk and record.
pub type Patience<'a> = &'a dyn Fn() -> Result<(), Stop>;

/// Takes the events of a chunk as the members of a JSON array, comma between; false when nobody wants more.
pub type Take<'a> = &'a mut dyn FnMut(Vec<u8>) -> bool;

/// Of the header of a file and of a chunk. Microsoft's open specification MS-EVEN6 has the records; the layout of files is
/// documented by the project libevtx.
const HEADER: u64 = 4096;
const CHUNK: usize = 64 << 10;

/// Damaged chunks that are told of one by one.
const MAX_TOLD: usize = 8;

/// Reads a log; what was found before anything went wrong has been given to `take`. `max_events` bounds the events.
pub fn events(file: &dyn Bytes, wanted: &Wanted, max_events: u64, patience: Patience<'_>, take: Take<'_>) -> Vec<Stop> {
    let mut damage = Damage::default();
    let stop = read_log(file, wanted, max_events, patience, take, &mut damage).err();
    damage.into_stops().into_iter().chain(stop).collect()
}

fn read_log(
    file: &dyn Bytes,
    wanted: &Wanted,
    max_events: u64,
    patience: Patience<'_>,
    take: Take<'_>,
    damage: &mut Damage,
) -> Result<(), Stop> {
    let mut left = max_events;
    let settings = Arc::new(ParserSettings::default().num_threads(1));
    let mut head = [0; 128];
    if filled(file, 0, &mut head)? < head.len() || !head.starts_with(b"ElfFile\0") {
        return Err(Stop::Damaged("it does not begin as an event log does".into()));
    }
    let chunks = u64::from(u16::from_le_bytes([head[42], head[43]]));
    let mut at = HEADER;
    while at < file.size() {
        patience()?;
        let mut data = vec![0; CHUNK];
        let got = filled(file, at, &mut data)?;
        if got < CHUNK && at + got as u64 >= file.size() {
            // a log that is cut: what is there of its last chunk may hold whole records
            damage.add(at, "it is cut there");
        }
        match chunk::read(data, at, wanted, &settings, &mut left, patience)? {
            Outcome::Empty => {}
            // what lies behind the chunks that count may be anything; in a log that is written to, it may be chunks
            Outcome::NoChunk if (at - HEADER) / CHUNK as u64 >= chunks => {}
            Outcome::NoChunk => damage.add(at, "it does not begin as a chunk does"),
            Outcome::Events { json, problem } => {
                if let Some(problem) = problem {
                    damage.add(at, &problem);
                }
                if !json.is_empty() && !take(json) {
                    return Err(Stop::Cancelled);
                }
            }
            Outcome::TooMany { json } => {
                take(json);
                return Err(Stop::TooMany);
            }
        }
        at += CHUNK as u64;
    }
    Ok(())
}

/// Fills a buffer as far as the file goes.
fn filled(file: &dyn Bytes, at: u64, buffer: &mut [u8]) -> Result<usize, Stop> {
    let mut got = 0;
    while got < buffer.len() && at + (got as u64) < file.size() {
        match file.read_at(at + got as u64, &mut buffer[got..]) {
            Ok(0) => return Err(Stop::Changed("the file became shorter while it was read".into())),
            Ok(some) => got += some,
            Err(error) => return Err(Stop::Io(error.to_string())),
        }
    }
    Ok(got)
}

/// What cannot be understood, with places; the first ones are told, the others counted.
#[derive(Default)]
struct Damage {
    told: Vec<String>,
    more: usize,
}

impl Damage {
    fn add(&mut self, at: u64, what: &str) {
        if self.told.len() < MAX_TOLD {
            self.told.push(format!("the chunk at byte {at}: {what}"));
        } else {
            self.more += 1;
        }
    }

    fn into_stops(self) -> Vec<Stop> {
        let more = (self.more > 0).then(|| format!("and {} more chunks", self.more));
        self.told.into_iter().chain(more).map(Stop::Damaged).collect()
    }
}
