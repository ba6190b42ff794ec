//! Reads keys and values of offline Windows registry hives.
//!
//! A hive is read cell by cell, on demand, through whatever can read bytes at an offset: a SOFTWARE hive of 100 MB
//! costs a few hundred small reads and a megabyte of memory. Every offset, count and length in it is hostile: each is
//! checked, cells visited are counted, and what is asked for bounds the depth, so that a loop ends. This crate knows
//! neither Node nor the scanner, and what a key means is decided elsewhere.
//!
//! Transaction logs (`.LOG1`, `.LOG2`) are not replayed: changes of the last seconds before a system went down without
//! shutting down may be missing. The format: <https://github.com/msuhanov/regf>.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod cell;
mod hive;
mod json;
mod pages;
mod query;
mod value;

pub use hive::Hive;
pub use json::to_json;
pub use pages::Source;
pub use query::{Key, Query, Where, run};
pub use value::Value;

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Keys in an answer.
    pub keys: usize,
    /// Bytes of one value; what is longer is cut.
    pub value_bytes: usize,
    /// Bytes of all values of an answer.
    pub answer_bytes: usize,
    /// Cells visited.
    pub cells: u64,
    /// Bytes of cells read, those read again included.
    pub copied_bytes: u64,
    /// Bytes of a hive.
    pub hive_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            keys: 10_000,
            value_bytes: 1 << 20,
            answer_bytes: 32 << 20,
            cells: 1_000_000,
            copied_bytes: 256 << 20,
            hive_bytes: 512 << 20,
        }
    }
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// This part is damaged; others may not be.
    Damaged(String),
    /// The whole request ends: a bound was reached, the file cannot be read, or it was cancelled.
    Ended(String),
}

impl Problem {
    /// One line for people.
    pub fn message(&self) -> &str {
        match self {
            Problem::Damaged(message) | Problem::Ended(message) => message,
        }
    }
}
