//! Directories that wait to be listed: a queue for each thread, from which idle threads steal.
//!
//! A thread takes what it found last, so that it goes depth first and few directories wait. One that has none takes what
//! another has waited with longest, which is nearest to a root and so most work. Nobody wakes anybody unless somebody
//! sleeps. The walk is over when no directory waits and none is being listed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The queues of all threads.
pub(crate) struct Queues<T> {
    queues: Box<[Mutex<VecDeque<T>>]>,
    /// Items that wait, and those that are being worked on.
    open: AtomicUsize,
    is_closed: AtomicBool,
    /// Changed under `bed` only.
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    alarm: Condvar,
}

impl<T> Queues<T> {
    /// So many empty queues, at least one.
    pub(crate) fn new(threads: usize) -> Self {
        Queues {
            queues: (0..threads.max(1)).map(|_| Mutex::default()).collect(),
            open: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            alarm: Condvar::new(),
        }
    }

    /// How many there are.
    pub(crate) fn threads(&self) -> usize {
        self.queues.len()
    }

    /// Adds items to a thread's own queue; drops them once the queues are closed.
    pub(crate) fn push(&self, thread: usize, items: &mut Vec<T>) {
        let mut queue = self.queue(thread);
        if !self.is_closed.load(SeqCst) {
            self.open.fetch_add(items.len(), SeqCst);
            queue.extend(items.drain(..));
        }
        drop(queue);
        items.clear();
        self.wake();
    }

    /// The next item for a thread, without waiting. `finish` must be called once it is done with.
    pub(crate) fn try_take(&self, thread: usize) -> Option<T> {
        if self.is_closed.load(SeqCst) {
            return None;
        }
        let own = self.queue(thread).pop_back();
        own.or_else(|| {
            let others = (thread + 1..self.queues.len()).chain(0..thread);
            others.into_iter().find_map(|other| self.queue(other).pop_front())
        })
    }

    /// As `try_take`, but waits while others may still add items; `None` when all is done, or closed.
    pub(crate) fn take(&self, thread: usize) -> Option<T> {
        let mut bed = self.bed();
        self.sleepers.fetch_add(1, SeqCst);
        // Whoever adds an item after this look at the queues sees the sleeper, and waits for it to sleep.
        let mut item = self.try_take(thread);
        while item.is_none() && self.open.load(SeqCst) > 0 && !self.is_closed.load(SeqCst) {
            bed = self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner);
            item = self.try_take(thread);
        }
        self.sleepers.fetch_sub(1, SeqCst);
        item
    }

    /// Says that an item is done with; what came of it was added before.
    pub(crate) fn finish(&self) {
        if self.open.fetch_sub(1, SeqCst) == 1 {
            self.wake();
        }
    }

    /// Ends it: nobody waits or takes any more, and what waited is dropped.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, SeqCst);
        let waiting: Vec<_> = (0..self.queues.len()).map(|thread| std::mem::take(&mut *self.queue(thread))).collect();
        self.wake();
        drop(waiting);
    }

    fn wake(&self) {
        if self.sleepers.load(SeqCst) > 0 {
            let _bed = self.bed();
            self.alarm.notify_all();
        }
    }

    fn bed(&self) -> MutexGuard<'_, ()> {
        self.bed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, thread: usize) -> MutexGuard<'_, VecDeque<T>> {
        self.queues[thread].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_items_come_latest_first_and_stolen_ones_oldest_first() {
        let queues = Queues::new(2);
        queues.push(0, &mut vec![1, 2, 3, 4]);
        assert_eq!([queues.try_take(1), queues.try_take(0), queues.try_take(1)], [Some(1), Some(4), Some(2)]);
    }

    #[test]
    fn all_is_done_when_every_item_is_finished() {
        let queues = Queues::new(2);
        queues.push(0, &mut vec![1]);
        assert_eq!(queues.try_take(0), Some(1));
        std::thread::scope(|scope| {
            let idle = scope.spawn(|| queues.take(1));
            queues.push(0, &mut vec![2]);
            queues.finish();
            assert_eq!(idle.join().unwrap(), Some(2));
            let idle = scope.spawn(|| queues.take(0));
            queues.finish();
            assert_eq!(idle.join().unwrap(), None);
        });
    }

    #[test]
    fn closing_wakes_everybody_and_nothing_is_kept() {
        let queues = Queues::new(2);
        queues.push(0, &mut vec![1]);
        assert_eq!(queues.try_take(0), Some(1));
        std::thread::scope(|scope| {
            let idle = scope.spawn(|| queues.take(1));
            queues.close();
            assert_eq!(idle.join().unwrap(), None);
        });
        let mut late = vec![2];
        queues.push(0, &mut late);
        assert_eq!((queues.take(0), late), (None, vec![]));
    }

    /// A tree of items: each below a depth brings three, whichever thread takes it; all are met once.
    #[test]
    fn threads_share_a_tree_and_all_end() {
        const DEPTH: u32 = 8;
        let queues = Queues::new(4);
        queues.push(0, &mut vec![0]);
        let met = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (queues, met) = (&queues, &met);
                scope.spawn(move || {
                    while let Some(depth) = queues.try_take(thread).or_else(|| queues.take(thread)) {
                        met.fetch_add(1, SeqCst);
                        if depth < DEPTH {
                            queues.push(thread, &mut vec![depth + 1; 3]);
                        }
                        queues.finish();
                    }
                });
            }
        });
        assert_eq!(met.load(SeqCst), (3usize.pow(DEPTH + 1) - 1) / 2);
    }
}
