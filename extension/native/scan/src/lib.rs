//! Walks directories and digests files at the speed of the file system, safe against hostile trees.
//!
//! This crate proposes: it selects regular files by path and size and computes digests. It knows no indicator, gives
//! no verdict and knows nothing of Node. Everything is opened relative to a directory descriptor and no symbolic link
//! is ever followed, so what a path means cannot be changed under it, and no path is too long. One bad file is a
//! [`Failure`] beside the others; a panic over one directory or file is one too.
//!
//! The contract, with its words, is `extension/native/engine.ts`.
#![deny(missing_docs)]

mod batch;
mod beneath;
mod crew;
mod digest;
mod failure;
mod flight;
mod flights;
mod glob;
mod hash;
mod kept_threads;
mod lanes;
mod lookup;
mod mailbox;
mod mounts;
mod open;
mod opened;
mod pace;
mod places;
#[cfg(any(test, feature = "proof"))]
pub mod proof;
mod queues;
mod quota;
mod reading;
mod search;
mod select;
mod settled;
mod system;
mod text;
mod tree;
mod uncached;
mod visited;
mod waiting;
mod walk;
mod worker;

pub use batch::{Batch, BatchError, Entry, Progress};
pub use beneath::Roots;
pub use digest::{Class, Digested, Item, Request, digest};
pub use failure::{Code, Failure};
pub use glob::Pattern;
pub use hash::{Algorithms, Digests};
pub use lookup::{read, stat};
pub use mailbox::Mailbox;
pub use mounts::Policy;
pub use open::OpenFile;
pub use opened::Opened;
pub use pace::Pace;
pub use search::{SearchItem, SearchRequest, Searched, search};
pub use select::{Rule, Scratch, Selector, StateSet};
pub use settled::{KEY_LENGTH, SCOPE_LENGTH, Settled};
pub use system::{Identity, Meta};
pub use text::{bytes_from_text, text_from_bytes};
pub use walk::{Plan, Walk};

/// Bytes of a file's head that a digest returns, as `headLength` of `domain/file-kind.ts`.
pub const HEAD_LENGTH: usize = 16;

/// Worker threads that a walk or a digest uses: the machine's cores, at most eight, because more only fight over the
/// same directory locks and disk queue.
pub fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(8)
}
