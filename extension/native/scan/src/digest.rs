//! Digests of many files, in parallel, each read once and never more than was seen at opening.
//!
//! A digest is only given for a file that was read whole and did not change meanwhile: size and times are compared
//! before and after. What no class asks for is not read beyond its head.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::HEAD_LENGTH;
use crate::beneath::{LastParent, Roots};
use crate::crew::{Crew, Post, done_by_crews};
use crate::failure::{Code, Failure};
use crate::flight::Message;
use crate::flights::{Flights, Port};
use crate::hash::{Algorithms, Digests};
use crate::lanes::Kernels;
use crate::pace::{Pace, Pacer};
use crate::reading::{Deadline, OVERLAP_FROM, Reading, patience};
use crate::system::Identity;
use crate::waiting::{Waiting, WaitingFiles};

/// Files a worker takes at once, at most: taking costs a shared counter.
const MAX_STRIDE: usize = 8;

/// Which digests a file gets, depending on its head.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Prefixes of the head in lower-case hex, any of which must match; `None`: any head.
    pub magics: Option<Vec<String>>,
    /// What is computed then.
    pub algorithms: Algorithms,
}

/// One file to digest.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// Index of the root.
    pub root: u32,
    /// Path below it, as bytes; empty for a root that is a file.
    pub path: Vec<u8>,
    /// What a walk saw; another one is a failure.
    pub expected: Option<Identity>,
    /// Indexes of classes.
    pub classes: Vec<u32>,
}

/// What to digest.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Absolute paths, as bytes.
    pub roots: Vec<Vec<u8>>,
    /// The files.
    pub items: Vec<Item>,
    /// Classes of files.
    pub classes: Vec<Class>,
    /// Larger files are not read.
    pub max_file_bytes: u64,
    /// Files that take longer are given up.
    pub file_timeout: Duration,
    /// Threads at most; a paced request has one.
    pub threads: usize,
    /// How gently; `None`: as fast as it goes.
    pub pace: Option<Pace>,
}

/// A file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digested {
    /// First bytes; zeros beyond `head_length`.
    pub head: [u8; HEAD_LENGTH],
    /// How many there are.
    pub head_length: usize,
    /// What the file was.
    pub identity: Identity,
    /// What the matching classes asked for.
    pub digests: Digests,
    /// Bytes read.
    pub bytes_read: u64,
}

/// A digested file, or why there is no digest.
pub(crate) type Outcome = Result<Digested, Failure>;

/// Digests the items, one result each, in their order; `None` when cancelled.
pub fn digest(request: impl Into<Arc<Request>>, cancelled: &AtomicBool) -> Result<Option<Vec<Outcome>>, Failure> {
    let request: Arc<Request> = request.into();
    let roots = Arc::new(Roots::open(&request.roots)?);
    // Whoever looks after the crew keeps to the pace, too.
    let _attending = Pacer::begin(request.pace);
    let patience = patience(request.file_timeout, request.pace.is_some());
    let is_lowered = request.pace.is_some_and(|pace| pace.is_idle);
    let shared = request.clone();
    let work = move |crew: &Crew<Digested>| digest_items(&shared, &roots, crew);
    done_by_crews("digest", request.items.len(), patience, is_lowered, cancelled, work)
}

/// Digests the items of a crew.
fn digest_items(request: &Request, roots: &Roots, crew: &Crew<Digested>) {
    let wanted = if request.pace.is_some() { 1 } else { request.threads };
    let count = crew.items.len();
    let threads = wanted.min(count).max(1);
    let stride = (count / (threads * 8)).clamp(1, MAX_STRIDE);
    let in_flight = count.div_ceil(threads);
    let waiting = WaitingFiles::default();
    let job = Job { request, roots, crew, stride, in_flight, next: AtomicUsize::new(0), waiting };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // With fewer threads than wanted the others do the work.
            let _ = std::thread::Builder::new().name("digest".into()).spawn_scoped(scope, || job.work());
        }
        job.work();
    });
}

/// What the workers of one request share.
struct Job<'a> {
    request: &'a Request,
    roots: &'a Roots,
    crew: &'a Crew<Digested>,
    stride: usize,
    /// Files in flight per worker, at most: one worker must not take what the others could do at the same time.
    in_flight: usize,
    next: AtomicUsize,
    waiting: WaitingFiles<'a>,
}

/// What opening a file came to.
enum Opened<'a> {
    /// Nothing is left to do.
    Done(Digested),
    /// Digests are wanted of it.
    Wanted(Reading<'a>, Algorithms),
}

impl<'a> Job<'a> {
    fn work(&self) {
        let pacer = Arc::new(Pacer::begin(self.request.pace));
        let files = Files { job: self, pacer, post: self.crew.post(), items: 0..0, last: LastParent::default() };
        Flights::new(files, Kernels::best(), self.in_flight).run();
    }

    /// The next items for a worker; empty when there are no more, or nobody wants them.
    fn take(&self) -> Range<usize> {
        let count = if self.crew.is_dismissed.load(Relaxed) { 0 } else { self.crew.items.len() };
        let from = self.next.fetch_add(self.stride, Relaxed).min(count);
        from..(from + self.stride).min(count)
    }

    /// Opens a file. A panic is this file's failure.
    fn open(
        &self,
        index: usize,
        pacer: &Arc<Pacer>,
        post: &Arc<Post>,
        last: &mut LastParent,
    ) -> Result<Opened<'a>, Failure> {
        let cancelled = &self.crew.is_dismissed;
        pacer.rest(cancelled);
        let deadline = Deadline::new(self.request.file_timeout, cancelled, pacer.clone()).at(post.clone(), index);
        let item = &self.request.items[index];
        catch_unwind(AssertUnwindSafe(|| post.ask(index, || self.open_item(item, deadline, last))))
            .unwrap_or_else(|_| Err(Failure::panicked()))
    }

    fn open_item(&self, item: &Item, deadline: Deadline<'a>, last: &mut LastParent) -> Result<Opened<'a>, Failure> {
        let mut file = Reading::new(self.roots.open_next(item.root, &item.path, last)?, deadline)?;
        if item.expected.is_some_and(|expected| expected != file.identity) {
            return Err(Failure::new(Code::Changed, "is not the file that the walk saw"));
        }
        if file.identity.size > self.request.max_file_bytes {
            let message = format!("has {} bytes, more than {}", file.identity.size, self.request.max_file_bytes);
            return Err(Failure::new(Code::TooBig, message));
        }
        let mut algorithms = self.algorithms(item, |class| class.magics.is_none());
        if algorithms.is_empty() || self.classes(item).any(|class| class.magics.is_some()) {
            let head = hex(file.read_head()?);
            algorithms = self.algorithms(item, |class| class.matches(&head));
        }
        let is_wanted = !algorithms.is_empty();
        Ok(if is_wanted { Opened::Wanted(file, algorithms) } else { Opened::Done(file.head_only()) })
    }

    fn classes<'b>(&'b self, item: &'b Item) -> impl Iterator<Item = &'b Class> {
        item.classes.iter().filter_map(|class| self.request.classes.get(*class as usize))
    }

    fn algorithms(&self, item: &Item, counts: impl Fn(&Class) -> bool) -> Algorithms {
        let counted = self.classes(item).filter(|class| counts(class));
        counted.fold(Algorithms::default(), |all, class| all.union(class.algorithms))
    }
}

/// The files of a job, as a worker takes them.
struct Files<'j, 'a> {
    job: &'j Job<'a>,
    pacer: Arc<Pacer>,
    post: Arc<Post>,
    items: Range<usize>,
    last: LastParent,
}

impl<'a> Files<'_, 'a> {
    /// The largest file that waits. Others take from there at the same time: that none waits is no end while this worker
    /// has items to open.
    fn next_waiting(&mut self) -> Option<Waiting<'a>> {
        loop {
            while self.job.waiting.is_short() && self.open_next() {}
            match self.job.waiting.take() {
                None if self.open_next() => {}
                taken => return taken,
            }
        }
    }

    /// Opens the next file; false if there is none.
    fn open_next(&mut self) -> bool {
        if self.items.is_empty() {
            self.items = self.job.take();
        }
        let Some(at) = self.items.next() else { return false };
        let index = self.job.crew.items[at];
        match self.job.open(index, &self.pacer, &self.post, &mut self.last) {
            Ok(Opened::Wanted(file, algorithms)) => self.job.waiting.add(Waiting { index, file, algorithms }),
            Ok(Opened::Done(digested)) => self.job.crew.done(index, Ok(digested)),
            Err(failure) => self.job.crew.done(index, Err(failure)),
        }
        true
    }
}

impl<'a> Port for Files<'_, 'a> {
    type Message = File<'a>;

    fn depart(&mut self) -> Option<(File<'a>, Algorithms)> {
        let Waiting { index, mut file, algorithms } = self.next_waiting()?;
        file.read_by(&self.post);
        Some((File { index, file, is_paced: self.pacer.is_paced() }, algorithms))
    }

    fn arrive(&mut self, File { index, file, .. }: File<'a>, digests: Digests) {
        self.job.crew.done(index, file.finish(digests));
    }

    fn fail(&mut self, File { index, .. }: File<'a>, failure: Failure) {
        self.job.crew.done(index, Err(failure));
    }
}

/// A file in flight.
struct File<'a> {
    index: usize,
    file: Reading<'a>,
    is_paced: bool,
}

impl Message for File<'_> {
    fn read(&mut self, buffer: &mut [u8], company: usize) -> Result<(usize, bool), Failure> {
        self.file.next_among(buffer, company)
    }

    fn is_worth_a_thread(&self) -> bool {
        self.file.left >= OVERLAP_FROM && !self.is_paced
    }

    fn read_apart(&mut self, consume: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.file.overlapped(consume)
    }
}

impl Class {
    fn matches(&self, head: &str) -> bool {
        self.magics.as_ref().is_none_or(|magics| magics.iter().any(|magic| head.starts_with(magic.as_str())))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)] as char).collect()
}
