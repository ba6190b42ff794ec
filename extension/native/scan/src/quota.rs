//! The limit on names, shared between workers without a lock per name.
//!
//! A worker takes a share and gives back what it did not spend. Only when nothing is left and nobody holds any is the
//! limit met, so it is met exactly, whichever worker reads the last name.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Names in one share at most.
const MAX_SHARE: u64 = 1024;

/// What is left of the limit.
pub(crate) struct Quota {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    left: u64,
    /// Handed out and perhaps not spent.
    held: u64,
    /// Threads that wait for what others hold: to wake nobody costs a system call, too.
    waiting: u32,
    is_closed: bool,
}

impl Quota {
    pub(crate) fn new(limit: u64) -> Self {
        Quota {
            state: Mutex::new(State { left: limit, held: 0, waiting: 0, is_closed: false }),
            returned: Condvar::new(),
        }
    }

    /// Settles a share of which so much was not spent.
    pub(crate) fn give_back(&self, share: u64, unspent: u64) {
        let mut state = self.lock();
        state.held -= share;
        state.left += unspent;
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.returned.notify_all();
        }
    }

    /// The next share; 0 when the limit is met, or the walk is over. Waits while others may give back what they hold.
    pub(crate) fn take(&self) -> u64 {
        let mut state = self.lock();
        loop {
            let share = state.left.min(MAX_SHARE);
            if share > 0 || state.held == 0 || state.is_closed {
                state.left -= share;
                state.held += share;
                return share;
            }
            state.waiting += 1;
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// Lets nobody wait any more.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.returned.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_name_goes_to_whoever_needs_it() {
        let quota = Quota::new(10);
        let share = quota.take();
        assert_eq!(share, 10);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| quota.take());
            quota.give_back(share, 4);
            assert_eq!(other.join().unwrap(), 4);
        });
        quota.give_back(4, 0);
        assert_eq!(quota.take(), 0);
    }
}
