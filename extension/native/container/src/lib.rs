//! Reads what is inside installers: zip and `.nupkg`, Windows installers and other OLE compound files with cabinets in
//! them, cabinets, and Apple disk images with HFS+ volumes.
//!
//! It says what the members are called, how long they are and what their SHA-256 is, and gives the bytes of those that
//! somebody wants. Names are names: nothing is ever written. Everything read is hostile, so members, bytes, names,
//! nesting and time are bounded over all levels together, memory is bounded by blocks and by what is wanted, and what
//! cannot be opened is a problem in words beside what can. This crate knows no indicator and nothing of Node.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod bytes;
mod cab;
mod dmg;
mod fault;
mod gatherer;
mod hfs;
mod inflate;
mod limits;
mod msi;
mod nested;
mod ole;
mod zip;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use bytes::Bytes;
pub use fault::Stop;
pub use gatherer::{HEAD_LENGTH, Member, Patience, Wanted};
pub use limits::Limits;
pub use nested::Format;

use fault::Fault;
use gatherer::Gatherer;
use nested::{Place, detect, read_as};

/// What is inside a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// What it is.
    pub format: Format,
    /// Its files, those of containers inside it among them.
    pub members: Vec<Member>,
    /// Whether a limit or the time ended the reading: there may be more members.
    pub truncated: bool,
    /// What could not be read, a line each.
    pub problems: Vec<String>,
}

/// Why there are no contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody waits any more.
    Cancelled,
    /// It is no container, or one that cannot be opened: why, in one line.
    Unopened(String),
}

/// Reads a container of any of the known kinds. `wanted` is asked once for each member, with its path and its head;
/// `patience` between blocks.
pub fn contents(
    bytes: &dyn Bytes,
    limits: &Limits,
    wanted: &Wanted<'_>,
    patience: &Patience<'_>,
) -> Result<Contents, Refusal> {
    let mut gatherer = Gatherer::new(limits, wanted, patience, bytes.size());
    let guarded = catch_unwind(AssertUnwindSafe(|| {
        let Some(format) = detect(bytes)? else { return Ok(None) };
        let place = Place { bytes, path: b"", level: 1, in_zip: format == Format::Zip };
        let outcome = read_as(format, &place, &mut gatherer);
        Ok(Some((format, outcome)))
    }));
    let (format, outcome) = match guarded {
        Ok(Ok(Some(found))) => found,
        Ok(Ok(None)) => return Err(Refusal::Unopened("is no container of a known kind".into())),
        Ok(Err(Fault::Damaged(problem))) => return Err(Refusal::Unopened(format!("cannot be read: {problem}"))),
        Ok(Err(Fault::Stopped(_))) => return Err(Refusal::Cancelled),
        Err(_) => return Err(Refusal::Unopened("internal error while it was read".into())),
    };
    let mut truncated = false;
    let format = match outcome {
        Ok(found) => found,
        Err(Fault::Stopped(Stop::Cancelled)) => return Err(Refusal::Cancelled),
        Err(Fault::Stopped(stop)) => {
            truncated = true;
            gatherer.note(stop.message().into());
            format
        }
        Err(Fault::Damaged(problem)) if gatherer.members.is_empty() => {
            return Err(Refusal::Unopened(format!("cannot be read as {}: {problem}", format.name())));
        }
        Err(Fault::Damaged(problem)) => {
            gatherer.note(problem);
            format
        }
    };
    let problems = gatherer.take_problems();
    Ok(Contents { format, members: std::mem::take(&mut gatherer.members), truncated, problems })
}
