//! One thread of a walk: takes directories, judges the names in them, fills batches.

use std::ffi::CStr;
use std::ops::ControlFlow::{self, Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::beneath::{Roots, cannot_open, open_absolute};
use crate::failure::{Code, Failure};
use crate::mounts::{Policy, is_local};
use crate::pace::Pacer;
use crate::places::Mark;
use crate::select::Scratch;
use crate::settled::{self, Fingerprint, Settled};
use crate::system::{self, AsFd, BorrowedFd, Identity, Kind, Meta, OPEN_DIRECTORY, OwnedFd};
use crate::text::text_from_bytes;
use crate::tree::Directory;
use crate::visited::Visit;
use crate::walk::Shared;

/// Errors that are listed. More are counted: a hostile tree must not fill the memory of who reads them.
const MAX_ERRORS: u64 = 10_000;

/// A waiting consumer hears of the progress at least this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Subdirectories after which others may begin with them, while their parent is still being listed.
const HAND_OVER: usize = 64;

/// One thread's part: its batch and its scratch space.
pub(crate) struct Worker<'a, T> {
    shared: &'a Shared<T>,
    /// Which of the threads this is.
    thread: usize,
    pacer: Pacer,
    batch: Batch,
    flushed: Instant,
    /// Names of the limit that this worker holds, and how many of them it has not read.
    share: u64,
    unspent: u64,
    entries: u64,
    files: u64,
    selected: u64,
    settled: u64,
    found: Vec<Arc<Directory>>,
    /// Whether the descriptor of the directory being listed is kept for those that were found.
    is_kept: bool,
    rules: Vec<u32>,
    scratch: Scratch,
    /// Path of the directory being listed, with a slash at its end; empty until needed.
    prefix: String,
    /// The same for fingerprints; none until needed.
    place: Option<settled::Place>,
    room: system::Room,
}

impl<'a, T: Send + 'static> Worker<'a, T> {
    /// A worker on the calling thread, which takes on the pace of the walk.
    pub(crate) fn new(shared: &'a Shared<T>, thread: usize) -> Self {
        Worker {
            shared,
            thread,
            pacer: Pacer::begin(shared.plan.pace),
            batch: Batch::default(),
            flushed: Instant::now(),
            share: 0,
            unspent: 0,
            entries: 0,
            files: 0,
            selected: 0,
            settled: 0,
            found: Vec::new(),
            is_kept: false,
            rules: Vec::new(),
            scratch: Scratch::default(),
            prefix: String::new(),
            place: None,
            room: system::Room::default(),
        }
    }

    /// Opens the roots; the first that cannot be walked fails the request.
    pub(crate) fn open_roots(&mut self) -> Result<(), Failure> {
        let roots = Roots::open(&self.shared.plan.roots)?;
        let start = self.shared.selector.start();
        for (root, path) in (0u32..).zip(&self.shared.plan.roots) {
            let usable = |failure| cannot_open(path, failure);
            let meta = roots.stat_root(root).map_err(usable)?;
            let places = &self.shared.places[root as usize];
            match meta.kind() {
                Kind::Regular => self.root_file(root, meta),
                Kind::Directory if places.mark(places.top()) == Some(Mark::Skip) => {
                    self.error(root, Code::Skipped, "is in the skip list", |_| {});
                }
                Kind::Directory => {
                    let fd = open_absolute(path, OPEN_DIRECTORY).map_err(usable)?;
                    let top = Directory::root(root, fd, meta.identity.dev, start.clone(), places.top());
                    self.found.push(top);
                }
                kind => return Err(usable(Failure::not_regular(kind))),
            }
        }
        self.found.reverse();
        self.hand_over_directories();
        Ok(())
    }

    fn root_file(&mut self, root: u32, meta: Meta) {
        let selector = &self.shared.selector;
        selector.select_root(&selector.start(), &mut self.rules);
        selector.keep_sized(meta.identity.size, &mut self.rules);
        self.files += 1;
        if !self.rules.is_empty() {
            self.selected += 1;
            self.batch.push_entry(root, &self.rules, meta);
            // One file needs no sparing.
            self.batch.prints.extend(self.shared.plan.settled.is_some().then_some(settled::NONE));
        }
    }

    /// Takes directories until there are none, then hands over what is left.
    pub(crate) fn work(mut self) {
        while let Some(directory) = self.next_directory() {
            let listed = catch_unwind(AssertUnwindSafe(|| self.directory(&directory)));
            if let Err(failure) = listed.unwrap_or_else(|_| Err(Failure::panicked())) {
                self.directory_error(&directory, failure.code, &failure.message);
            }
            self.finish_directory();
        }
        self.leave();
    }

    fn next_directory(&mut self) -> Option<Arc<Directory>> {
        let queues = &self.shared.queues;
        queues.try_take(self.thread).or_else(|| {
            // Nobody may wait for names that a sleeper holds.
            self.settle();
            self.shared.queues.take(self.thread)
        })
    }

    fn finish_directory(&mut self) {
        self.hand_over_directories();
        self.is_kept = false;
        self.look_up();
        self.pacer.rest(&self.shared.is_stopped);
        self.prefix.clear();
        self.place = None;
        self.shared.queues.finish();
    }

    fn hand_over_directories(&mut self) {
        if !self.found.is_empty() {
            self.shared.queues.push(self.thread, &mut self.found);
        }
    }

    /// Hands over what is left; the last worker to leave adds the final totals.
    fn leave(mut self) {
        self.settle();
        self.count();
        if !self.batch.is_empty() {
            self.flush();
        }
        if self.shared.workers.fetch_sub(1, SeqCst) == 1 {
            self.shared.visited.forget();
            self.tell_unlisted_errors();
            self.flush();
            self.shared.mailbox.finish();
        }
    }

    /// Lists one directory.
    fn directory(&mut self, directory: &Arc<Directory>) -> Result<(), Failure> {
        let fd = self.shared.descriptors.open(directory)?;
        let (identity, _) = system::identify(&fd)?;
        if identity.dev != directory.parent_dev && !self.crosses(&fd) {
            self.directory_error(directory, Code::OtherFilesystem, "is a mount point that the walk does not cross");
            return Ok(());
        }
        // Some network file systems of Windows have no numbers for files; links, which alone make loops there, are never
        // followed.
        let is_numbered = cfg!(unix) || identity.ino != 0;
        let Identity { dev, ino, .. } = identity;
        let visit = Visit { root: directory.root, dev, ino, states: directory.states.id };
        if is_numbered && !self.shared.visited.insert(visit) {
            return Ok(());
        }
        self.shared.directories.fetch_add(1, Relaxed);
        self.list(directory, &fd, identity.dev)
    }

    /// Whether a mount point may be entered.
    fn crosses(&self, fd: &OwnedFd) -> bool {
        match self.shared.plan.mounts {
            Policy::Same => false,
            Policy::Local => is_local(fd),
            Policy::All => true,
        }
    }

    fn list(&mut self, directory: &Arc<Directory>, fd: &Arc<OwnedFd>, dev: u64) -> Result<(), Failure> {
        // Empty after a panic over an earlier directory; it grows again.
        let mut room = std::mem::take(&mut self.room);
        let listed = system::list(fd, &mut room, |name, kind| self.name(directory, fd, dev, name, kind));
        self.room = room;
        Ok(listed?)
    }

    /// Judges one name.
    fn name(
        &mut self,
        directory: &Arc<Directory>,
        fd: &Arc<OwnedFd>,
        dev: u64,
        name: &CStr,
        kind: Kind,
    ) -> ControlFlow<()> {
        let bytes = name.to_bytes();
        if bytes == b"." || bytes == b".." {
            return Continue(());
        }
        if self.unspent == 0 && self.take_share(directory).is_break() {
            return Break(());
        }
        self.unspent -= 1;
        self.entries += 1;
        match kind {
            Kind::Directory => self.subdirectory(directory, fd, dev, name),
            Kind::Unknown => match system::stat_at(fd, name) {
                Ok(meta) if meta.kind() == Kind::Directory => self.subdirectory(directory, fd, dev, name),
                Ok(meta) => self.other(directory, fd.as_fd(), name, meta.kind()),
                Err(error) => self.name_error(directory, bytes, error.into()),
            },
            kind => self.other(directory, fd.as_fd(), name, kind),
        }
        Continue(())
    }

    fn subdirectory(&mut self, directory: &Arc<Directory>, fd: &Arc<OwnedFd>, dev: u64, name: &CStr) {
        let shared = self.shared;
        let states = shared.selector.descend(&directory.states, name.to_bytes(), &mut self.scratch);
        let Some(states) = states else { return };
        let places = &shared.places[directory.root as usize];
        let place = places.below(directory.place, name.to_bytes());
        match places.mark(place) {
            Some(Mark::Skip) => {
                let failure = Failure::new(Code::Skipped, "is in the skip list");
                return self.name_error(directory, name.to_bytes(), failure);
            }
            Some(Mark::Untouchable) => {
                let message = "is a mount point of a network, FUSE or automount file system";
                return self.name_error(directory, name.to_bytes(), Failure::new(Code::OtherFilesystem, message));
            }
            None => {}
        }
        if directory.depth >= shared.plan.max_depth {
            shared.is_truncated.store(true, Relaxed);
            let message = format!("is more than {} directories deep", shared.plan.max_depth);
            return self.name_error(directory, name.to_bytes(), Failure::new(Code::TooDeep, message));
        }
        if !std::mem::replace(&mut self.is_kept, true) {
            shared.descriptors.keep(directory, fd);
        }
        self.found.push(directory.child(name, dev, states, place));
        if self.found.len() >= HAND_OVER {
            self.hand_over_directories();
        }
    }

    /// A name that is no directory.
    fn other(&mut self, directory: &Arc<Directory>, fd: BorrowedFd<'_>, name: &CStr, kind: Kind) {
        if kind == Kind::Regular {
            self.files += 1;
        }
        if kind == Kind::Regular && self.is_settled_early(directory, fd, name) {
            return;
        }
        let selector = &self.shared.selector;
        selector.select(&directory.states, name.to_bytes(), &mut self.scratch, &mut self.rules);
        let is_hiding =
            kind == Kind::Symlink && selector.expects(&directory.states, name.to_bytes(), &mut self.scratch);
        if self.rules.is_empty() && !is_hiding {
            return;
        }
        if kind != Kind::Regular {
            return self.name_error(directory, name.to_bytes(), Failure::not_regular(kind));
        }
        match system::stat_at(fd, name) {
            Ok(meta) if meta.kind() == Kind::Regular => self.selected(directory, name.to_bytes(), meta),
            Ok(meta) => self.name_error(directory, name.to_bytes(), Failure::not_regular(meta.kind())),
            Err(error) => self.name_error(directory, name.to_bytes(), error.into()),
        }
    }

    fn selected(&mut self, directory: &Arc<Directory>, name: &[u8], meta: Meta) {
        self.shared.selector.keep_sized(meta.identity.size, &mut self.rules);
        if self.rules.is_empty() {
            return;
        }
        self.selected += 1;
        if self.is_settled(directory, name, &meta) {
            self.settled += 1;
            return;
        }
        self.write_prefix(directory);
        self.batch.text.push_str(&self.prefix);
        text_from_bytes(name, &mut self.batch.text);
        self.batch.push_entry(directory.root, &self.rules, meta);
        self.flush_if_full();
    }

    /// Whether an earlier pass had done with a file, asked before its name is judged: where every name is selected, that
    /// would change nothing, and judging costs more than asking.
    fn is_settled_early(&mut self, directory: &Directory, fd: BorrowedFd<'_>, name: &CStr) -> bool {
        let Some(settled) = &self.shared.plan.settled else { return false };
        if !self.shared.selector.selects_every_file(&directory.states) {
            return false;
        }
        let Ok(meta) = system::stat_at(fd, name) else { return false };
        if meta.kind() != Kind::Regular {
            return false;
        }
        let print = self.print(settled, directory, name.to_bytes(), &meta);
        let is_known = settled.knows(print);
        if is_known {
            self.selected += 1;
            self.settled += 1;
        }
        is_known
    }

    /// Whether an earlier pass had done with a file; if not, its fingerprint goes with its entry.
    fn is_settled(&mut self, directory: &Directory, name: &[u8], meta: &Meta) -> bool {
        let Some(settled) = &self.shared.plan.settled else { return false };
        let print = self.print(settled, directory, name, meta);
        let is_known = settled.knows(print);
        if !is_known {
            self.batch.prints.push(print);
        }
        is_known
    }

    fn print(&mut self, settled: &Settled, directory: &Directory, name: &[u8], meta: &Meta) -> Fingerprint {
        let roots = &self.shared.plan.roots;
        let place = self.place.get_or_insert_with(|| {
            let mut below = String::new();
            directory.write_path(&mut below);
            settled.place(&roots[directory.root as usize], below.as_bytes())
        });
        settled.print(place, name, &meta.identity)
    }

    fn write_prefix(&mut self, directory: &Directory) {
        if self.prefix.is_empty() && directory.depth > 0 {
            directory.write_path(&mut self.prefix);
            self.prefix.push('/');
        }
    }

    fn name_error(&mut self, directory: &Directory, name: &[u8], failure: Failure) {
        self.write_prefix(directory);
        let prefix = std::mem::take(&mut self.prefix);
        self.error(directory.root, failure.code, &failure.message, |text| {
            text.push_str(&prefix);
            text_from_bytes(name, text);
        });
        self.prefix = prefix;
    }

    fn directory_error(&mut self, directory: &Directory, code: Code, message: &str) {
        self.error(directory.root, code, message, |text| directory.write_path(text));
    }

    fn error(&mut self, root: u32, code: Code, message: &str, write_path: impl FnOnce(&mut String)) {
        if self.shared.errors.fetch_add(1, Relaxed) < MAX_ERRORS {
            write_path(&mut self.batch.error_text);
            self.batch.push_error(root, code, message);
            self.flush_if_full();
        }
    }

    fn tell_unlisted_errors(&mut self) {
        let unlisted = self.shared.errors.load(Relaxed).saturating_sub(MAX_ERRORS);
        if unlisted > 0 {
            let message = format!("{unlisted} more places could not be examined and are not listed");
            self.batch.push_error(0, Code::Io, &message);
        }
    }

    /// Takes a share of the names that may still be read, and looks up from the work.
    fn take_share(&mut self, directory: &Arc<Directory>) -> ControlFlow<()> {
        self.look_up();
        self.settle();
        self.pacer.rest(&self.shared.is_stopped);
        if self.shared.is_stopped.load(Relaxed) {
            return Break(());
        }
        self.share = self.shared.quota.take();
        self.unspent = self.share;
        if self.share > 0 {
            return Continue(());
        }
        if !self.shared.is_stopped.swap(true, Relaxed) {
            self.shared.is_truncated.store(true, Relaxed);
            let message = format!("the walk was cut at {} names", self.shared.plan.max_entries);
            self.directory_error(directory, Code::TooMany, &message);
            self.shared.release();
        }
        Break(())
    }

    fn settle(&mut self) {
        if self.share > 0 {
            self.shared.quota.give_back(self.share, self.unspent);
            (self.share, self.unspent) = (0, 0);
        }
    }

    /// Adds up what was seen and tells a consumer that has waited long.
    fn look_up(&mut self) {
        self.count();
        if self.flushed.elapsed() > PROGRESS_EVERY && (!self.batch.is_empty() || self.shared.mailbox.is_awaited()) {
            self.flush();
        }
    }

    fn count(&mut self) {
        self.shared.entries.fetch_add(std::mem::take(&mut self.entries), Relaxed);
        self.shared.files.fetch_add(std::mem::take(&mut self.files), Relaxed);
        self.shared.selected.fetch_add(std::mem::take(&mut self.selected), Relaxed);
        self.shared.settled.fetch_add(std::mem::take(&mut self.settled), Relaxed);
    }

    fn flush_if_full(&mut self) {
        if self.batch.is_full() {
            self.count();
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.progress = self.shared.progress();
        let settled = self.shared.plan.settled.as_ref();
        batch.first_ticket = settled.and_then(|settled| settled.offer(&batch.prints));
        // A consumer that is gone has stopped the walk already; there is nothing to do about it here.
        let _ = self.shared.mailbox.put((self.shared.pack)(Ok(batch)));
        self.flushed = Instant::now();
    }
}
