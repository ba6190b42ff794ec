//! Threads that are kept for a while, for requests that come one after the other.
//!
//! A sweep asks for its files in many small requests. To start a thread for each, with an arena and buffers of its own,
//! cost a request of 256 small files a sixth of its time. A thread that has lowered its priority cannot raise it again:
//! it is kept for those who want it so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::failure::Failure;
use crate::walk::spawn;

/// How long one waits for work before it ends.
const KEPT_FOR: Duration = Duration::from_millis(500);

type Work = Box<dyn FnOnce() + Send>;

/// One without work.
struct Kept {
    number: u64,
    is_lowered: bool,
    sender: Sender<Work>,
}

static IDLE: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// Has a kept thread, or a new one, do something. `is_lowered`: it may lower its thread's priority.
pub(crate) fn spawn_kept(name: &str, is_lowered: bool, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let mut work: Work = Box::new(work);
    while let Some(kept) = taken(is_lowered) {
        match kept.sender.send(work) {
            Ok(()) => return Ok(()),
            Err(unsent) => work = unsent.0,
        }
    }
    spawn(name, move || live(is_lowered, work))
}

/// The one that was busy last.
fn taken(is_lowered: bool) -> Option<Kept> {
    let mut idle = idle();
    let at = idle.iter().rposition(|kept| kept.is_lowered == is_lowered)?;
    Some(idle.remove(at))
}

fn live(is_lowered: bool, mut work: Work) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let (sender, receiver) = channel();
    loop {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            return;
        }
        idle().push(Kept { number, is_lowered, sender: sender.clone() });
        match next(number, &receiver) {
            Some(more) => work = more,
            None => return,
        }
    }
}

/// What comes before the time is over, or has been promised by then.
fn next(number: u64, receiver: &Receiver<Work>) -> Option<Work> {
    match receiver.recv_timeout(KEPT_FOR) {
        Ok(work) => Some(work),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            let mut idle = idle();
            let before = idle.len();
            idle.retain(|kept| kept.number != number);
            let is_promised = idle.len() == before;
            drop(idle);
            if is_promised { receiver.recv().ok() } else { None }
        }
    }
}

fn idle() -> MutexGuard<'static, Vec<Kept>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread_of_work() -> std::thread::ThreadId {
        let (sender, receiver) = channel();
        spawn_kept("kept", false, move || sender.send(std::thread::current().id()).unwrap()).unwrap();
        receiver.recv().unwrap()
    }

    #[test]
    fn work_is_done_whether_a_thread_is_kept_has_just_ended_or_has_panicked() {
        for pause in [Duration::ZERO, KEPT_FOR - Duration::from_millis(1), KEPT_FOR, KEPT_FOR * 2] {
            thread_of_work();
            std::thread::sleep(pause);
        }
        spawn_kept("kept", false, || panic!("over its work")).unwrap();
        thread_of_work();
    }

    #[test]
    fn a_thread_of_lower_priority_is_for_its_own_kind() {
        let thread_of = |is_lowered| {
            let (sender, receiver) = channel();
            spawn_kept("kept", is_lowered, move || sender.send(std::thread::current().id()).unwrap()).unwrap();
            receiver.recv().unwrap()
        };
        let lowered = thread_of(true);
        while !idle().iter().any(|kept| kept.is_lowered) {
            std::thread::yield_now();
        }
        assert_ne!(thread_of(false), lowered);
        assert_eq!(thread_of(true), lowered);
    }

    #[test]
    fn many_requests_at_once_have_a_thread_each() {
        let barrier = std::sync::Arc::new(std::sync::Barrier::new(9));
        for _ in 0..8 {
            let barrier = barrier.clone();
            spawn_kept("kept", false, move || {
                barrier.wait();
            })
            .unwrap();
        }
        barrier.wait();
    }

    #[test]
    fn a_thread_ends_when_nothing_comes() {
        let (sender, receiver) = channel::<()>();
        std::thread::spawn(move || {
            live(false, Box::new(|| {}));
            drop(sender);
        });
        assert!(receiver.recv_timeout(KEPT_FOR * 20).is_err_and(|error| error == RecvTimeoutError::Disconnected));
    }
}
