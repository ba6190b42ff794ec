//! Which of some byte strings occur in files: what decides who gets to look into a file.
//!
//! Nearly every file holds none of them, so that is what is fast: a packed searcher runs over each block, and only a
//! block in which it sees something goes through the automaton that tells which strings they are, overlapping ones
//! included. Files are opened and read by the rules of a digest, and given up by the same.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, packed};

use crate::beneath::Roots;
use crate::crew::{Crew, Post, done_by_crews};
use crate::failure::{Code, Failure};
use crate::hash::Digests;
use crate::pace::{Pace, Pacer};
use crate::reading::{BLOCK, Deadline, Reading, patience};
use crate::system::Identity;

/// The contract's bounds.
const MAX_PATTERNS: usize = 256;
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=64;

/// One file to search.
#[derive(Clone, Debug, Default)]
pub struct SearchItem {
    /// Index of the root.
    pub root: u32,
    /// Path below it, as bytes; empty for a root that is a file.
    pub path: Vec<u8>,
    /// What a walk saw; another one is a failure.
    pub expected: Option<Identity>,
}

/// What to search for, and where.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// Absolute paths, as bytes.
    pub roots: Vec<Vec<u8>>,
    /// The files.
    pub items: Vec<SearchItem>,
    /// Byte strings of 4 to 64 bytes, at most 256.
    pub patterns: Vec<Vec<u8>>,
    /// Larger files are not read.
    pub max_file_bytes: u64,
    /// Files that take longer are given up.
    pub file_timeout: Duration,
    /// Threads at most; a paced request has one.
    pub threads: usize,
    /// How gently; `None`: as fast as it goes.
    pub pace: Option<Pace>,
}

/// Indexes of the patterns that occur, ascending; or why a file was not searched.
pub type Searched = Result<Vec<u32>, Failure>;

/// Searches the items, one result each, in their order; `None` when cancelled.
pub fn search(
    request: impl Into<Arc<SearchRequest>>,
    cancelled: &AtomicBool,
) -> Result<Option<Vec<Searched>>, Failure> {
    let request: Arc<SearchRequest> = request.into();
    let roots = Arc::new(Roots::open(&request.roots)?);
    let finder = Arc::new(Finder::new(&request.patterns)?);
    // Whoever looks after the crew keeps to the pace, too.
    let _attending = Pacer::begin(request.pace);
    let patience = patience(request.file_timeout, request.pace.is_some());
    let is_lowered = request.pace.is_some_and(|pace| pace.is_idle);
    let shared = request.clone();
    let work = move |crew: &Crew<Vec<u32>>| search_items(&shared, &roots, &finder, crew);
    done_by_crews("search", request.items.len(), patience, is_lowered, cancelled, work)
}

/// Searches the items of a crew.
fn search_items(request: &SearchRequest, roots: &Roots, finder: &Finder, crew: &Crew<Vec<u32>>) {
    let wanted = if request.pace.is_some() { 1 } else { request.threads };
    let threads = wanted.min(crew.items.len()).max(1);
    let job = Job { request, roots, finder, crew, next: AtomicUsize::new(0) };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // With fewer threads than wanted the others do the work.
            let _ = std::thread::Builder::new().name("search".into()).spawn_scoped(scope, || job.work());
        }
        job.work();
    });
}

/// What the threads of one request share.
struct Job<'a> {
    request: &'a SearchRequest,
    roots: &'a Roots,
    finder: &'a Finder,
    crew: &'a Crew<Vec<u32>>,
    next: AtomicUsize,
}

impl Job<'_> {
    fn work(&self) {
        let pacer = Arc::new(Pacer::begin(self.request.pace));
        let post = self.crew.post();
        let mut window = Vec::new();
        while !self.crew.is_dismissed.load(Relaxed) {
            let Some(index) = self.crew.items.get(self.next.fetch_add(1, Relaxed)).copied() else { break };
            let searched = catch_unwind(AssertUnwindSafe(|| self.item(index, &mut window, &pacer, &post)));
            self.crew.done(index, searched.unwrap_or_else(|_| Err(Failure::panicked())));
        }
    }

    fn item(&self, index: usize, window: &mut Vec<u8>, pacer: &Arc<Pacer>, post: &Arc<Post>) -> Searched {
        let item = &self.request.items[index];
        let cancelled = &self.crew.is_dismissed;
        pacer.rest(cancelled);
        let deadline = Deadline::new(self.request.file_timeout, cancelled, pacer.clone()).at(post.clone(), index);
        let fd = post.ask(index, || self.roots.open_file(item.root, &item.path))?;
        let mut file = Reading::new(fd, deadline)?;
        if item.expected.is_some_and(|expected| expected != file.identity) {
            return Err(Failure::new(Code::Changed, "is not the file that the walk saw"));
        }
        if file.identity.size > self.request.max_file_bytes {
            let message = format!("has {} bytes, more than {}", file.identity.size, self.request.max_file_bytes);
            return Err(Failure::new(Code::TooBig, message));
        }
        let mut found = Found::new(self.request.patterns.len());
        // The end of one block stays before the next, so that a string across the border is seen.
        let kept_length = self.finder.longest.saturating_sub(1);
        window.resize(kept_length + BLOCK, 0);
        let mut kept = 0;
        let mut is_end = false;
        while !is_end && !found.is_full() {
            let got;
            (got, is_end) = file.next(&mut window[kept..kept + BLOCK])?;
            let filled = kept + got;
            self.finder.search(&window[..filled], &mut found);
            kept = kept_length.min(filled);
            window.copy_within(filled - kept..filled, 0);
        }
        if is_end {
            file.finish(Digests::default())?;
        }
        Ok(found.indexes())
    }
}

/// The strings, ready to be searched for.
struct Finder {
    /// Sees whether there is anything; absent where the processor or the number of strings does not allow it.
    any: Option<packed::Searcher>,
    /// Tells which.
    which: AhoCorasick,
    longest: usize,
}

impl Finder {
    fn new(patterns: &[Vec<u8>]) -> Result<Self, Failure> {
        let refused = |message: String| Failure::new(Code::Io, message);
        if patterns.is_empty() || patterns.len() > MAX_PATTERNS {
            return Err(refused(format!("{} patterns to search for; expected 1 to {MAX_PATTERNS}", patterns.len())));
        }
        if let Some(odd) = patterns.iter().find(|pattern| !LENGTHS.contains(&pattern.len())) {
            return Err(refused(format!("a pattern of {} bytes; expected 4 to 64", odd.len())));
        }
        let which = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns)
            .map_err(|error| refused(format!("patterns cannot be compiled: {error}")))?;
        let longest = patterns.iter().map(Vec::len).max().unwrap_or(0);
        Ok(Finder { any: packed::Searcher::new(patterns), which, longest })
    }

    fn search(&self, window: &[u8], found: &mut Found) {
        let from = match &self.any {
            Some(any) => match any.find(window) {
                Some(first) => first.start(),
                None => return,
            },
            None => 0,
        };
        for hit in self.which.find_overlapping_iter(&window[from..]) {
            found.add(hit.pattern().as_usize());
            if found.is_full() {
                return;
            }
        }
    }
}

/// A set of pattern indexes.
struct Found {
    seen: Vec<bool>,
    left: usize,
}

impl Found {
    fn new(count: usize) -> Self {
        Found { seen: vec![false; count], left: count }
    }

    fn add(&mut self, index: usize) {
        if !std::mem::replace(&mut self.seen[index], true) {
            self.left -= 1;
        }
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }

    fn indexes(&self) -> Vec<u32> {
        (0u32..).zip(&self.seen).filter(|(_, seen)| **seen).map(|(index, _)| index).collect()
    }
}
