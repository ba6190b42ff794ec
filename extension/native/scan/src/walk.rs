//! The walk: worker threads, each with a queue of directories.
//!
//! Names are judged before anything is asked of the file system: the kind comes with the name (`d_type`), and only a
//! selected name costs a `stat`. A thread takes the directories it found last-in first-out, which keeps its queue and the
//! number of open descriptors small; idle threads steal. A directory is visited once per set of rules that can still
//! match below it, so loops made of mounts end, while a second way to the same place is walked when other rules apply
//! there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use crate::batch::{Batch, Progress};
use crate::failure::{Code, Failure};
use crate::mailbox::Mailbox;
use crate::mounts::{Policy, untouchable_mount_points};
use crate::pace::Pace;
use crate::places::{Mark, Places};
use crate::queues::Queues;
use crate::quota::Quota;
use crate::select::{Rule, Selector};
use crate::settled::Settled;
use crate::tree::{Descriptors, Directory};
use crate::visited::Visited;
use crate::worker::Worker;

/// Batches that wait for the consumer. Enough that workers do not stop while one is decoded; about 1 MiB in all.
const QUEUED_BATCHES: usize = 8;

/// What to walk.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Absolute paths, as bytes.
    pub roots: Vec<Vec<u8>>,
    /// Selection rules.
    pub rules: Vec<Rule>,
    /// Whether patterns ignore ASCII case.
    pub ignore_case: bool,
    /// Absolute directories that are not entered, as bytes.
    pub skip: Vec<Vec<u8>>,
    /// Whether mount points are crossed.
    pub mounts: Policy,
    /// Directory levels below a root.
    pub max_depth: u32,
    /// Names read in all.
    pub max_entries: u64,
    /// Worker threads; a paced walk has one.
    pub threads: usize,
    /// How gently; `None`: as fast as it goes.
    pub pace: Option<Pace>,
    /// Files that are left out, and where those that are not can be settled.
    pub settled: Option<Arc<Settled>>,
}

/// A running walk. Dropping it ends its threads.
pub struct Walk<T> {
    shared: Arc<dyn Control>,
    mailbox: Arc<Mailbox<T>>,
}

/// What a [`Walk`] needs of its threads, whatever their batches become.
trait Control: Send + Sync {
    fn stop(&self);
}

impl<T: Send + 'static> Walk<T> {
    /// Starts to walk. `pack` turns each batch, on a worker thread, into what the consumer gets; a root that cannot be
    /// opened is the only item then.
    pub fn start(plan: Plan, pack: fn(Result<Batch, Failure>) -> T) -> Result<Self, Failure> {
        let mailbox = Arc::new(Mailbox::new(QUEUED_BATCHES));
        let shared = Arc::new(Shared::new(plan, mailbox.clone(), pack));
        let first = shared.clone();
        spawn("walk", move || first.run())?;
        Ok(Walk { shared, mailbox })
    }

    /// Asks for the next batch; `receiver` gets it on some thread, or `None` when the walk is over.
    pub fn next(&self, receiver: impl FnOnce(Option<T>) + Send + 'static) {
        self.mailbox.take(receiver);
    }

    /// Ends the walk; what was not pulled yet is dropped.
    pub fn cancel(&self) {
        self.shared.stop();
    }
}

impl<T> Drop for Walk<T> {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// Starts a thread; a system that has none left is a failure, not a panic.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|error| Failure::new(Code::Io, format!("cannot start a thread: {error}")))
}

/// What the threads of one walk share.
pub(crate) struct Shared<T> {
    pub(crate) plan: Plan,
    pub(crate) selector: Selector,
    pub(crate) places: Vec<Places>,
    pub(crate) mailbox: Arc<Mailbox<T>>,
    pub(crate) pack: fn(Result<Batch, Failure>) -> T,
    pub(crate) queues: Queues<Arc<Directory>>,
    pub(crate) workers: AtomicUsize,
    pub(crate) descriptors: Descriptors,
    pub(crate) visited: Visited,
    /// Set to stop at once: cancelled, or cut by `max_entries`.
    pub(crate) is_stopped: AtomicBool,
    pub(crate) is_truncated: AtomicBool,
    pub(crate) quota: Quota,
    pub(crate) directories: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) files: AtomicU64,
    pub(crate) selected: AtomicU64,
    pub(crate) settled: AtomicU64,
    pub(crate) errors: AtomicU64,
}

impl<T: Send + 'static> Control for Shared<T> {
    fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
        self.mailbox.close();
        self.release();
    }
}

impl<T: Send + 'static> Shared<T> {
    fn new(plan: Plan, mailbox: Arc<Mailbox<T>>, pack: fn(Result<Batch, Failure>) -> T) -> Self {
        let untouchable = if plan.mounts == Policy::All { Vec::new() } else { untouchable_mount_points() };
        let places = plan.roots.iter().map(|root| {
            let skip = plan.skip.iter().map(|path| (path.as_slice(), Mark::Skip));
            Places::new(root, skip.chain(untouchable.iter().map(|path| (path.as_slice(), Mark::Untouchable))))
        });
        let threads = if plan.pace.is_some() { 1 } else { plan.threads };
        Shared {
            selector: Selector::new(&plan.rules, plan.ignore_case),
            places: places.collect(),
            mailbox,
            pack,
            queues: Queues::new(threads),
            workers: AtomicUsize::new(1),
            descriptors: Descriptors::default(),
            visited: Visited::default(),
            is_stopped: AtomicBool::new(false),
            is_truncated: AtomicBool::new(false),
            quota: Quota::new(plan.max_entries),
            directories: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            files: AtomicU64::new(0),
            selected: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            plan,
        }
    }

    /// The first worker: opens the roots, starts the others, works.
    fn run(self: Arc<Self>) {
        self.or_fail(|| {
            let mut worker = Worker::new(&self, 0);
            if let Err(failure) = worker.open_roots() {
                return self.fail(failure);
            }
            for thread in 1..self.queues.threads() {
                let other = self.clone();
                self.workers.fetch_add(1, SeqCst);
                if spawn("walk", move || other.or_fail(|| Worker::new(&other, thread).work())).is_err() {
                    self.workers.fetch_sub(1, SeqCst);
                    break;
                }
            }
            worker.work();
        });
    }

    /// Whatever happens in a worker, its consumer is not left waiting.
    fn or_fail(&self, body: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(body)).is_err() {
            self.fail(Failure::panicked());
        }
    }

    /// Ends the walk with a failure as its last item.
    fn fail(&self, failure: Failure) {
        self.is_stopped.store(true, Relaxed);
        self.release();
        self.mailbox.put((self.pack)(Err(failure)));
        self.mailbox.finish();
    }

    /// After the walk was stopped: lets every waiting worker see it, and closes the directories that still waited.
    pub(crate) fn release(&self) {
        self.quota.close();
        self.queues.close();
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            directories: self.directories.load(Relaxed),
            entries: self.entries.load(Relaxed),
            files: self.files.load(Relaxed),
            selected: self.selected.load(Relaxed),
            settled: self.settled.load(Relaxed),
            truncated: self.is_truncated.load(Relaxed),
        }
    }
}
