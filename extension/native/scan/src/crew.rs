//! Threads that may get stuck in the system over one file, and a caller that does not wait for them for ever.
//!
//! A call over a file of a dead server, or of a file system that lies, may never return, and nothing ends it from
//! outside. So a crew works apart, and each of its threads leaves word of the file that it asks the system about. Where
//! one has asked for longer than a file is given, that file is given up, and a new crew takes the files that are left.
//! The old one ends when the system lets it, and what it still finds is not looked at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::{Code, Failure};
use crate::kept_threads::spawn_kept;

/// How often a crew is looked after: a stuck file, or that nobody wants the results, is seen that much later.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Threads that do some items, and what came of them.
pub(crate) struct Crew<T> {
    /// Set when nobody waits for this crew any more.
    pub(crate) is_dismissed: AtomicBool,
    /// The items that are to be done.
    pub(crate) items: Vec<usize>,
    posts: Mutex<Vec<Arc<Post>>>,
    results: Mutex<Vec<(usize, Result<T, Failure>)>>,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl<T> Crew<T> {
    fn new(items: Vec<usize>) -> Self {
        Crew {
            is_dismissed: AtomicBool::new(false),
            items,
            posts: Mutex::default(),
            results: Mutex::default(),
            is_over: Mutex::new(false),
            over: Condvar::new(),
        }
    }

    /// A post for the calling thread.
    pub(crate) fn post(&self) -> Arc<Post> {
        let post = Arc::new(Post::default());
        lock(&self.posts).push(post.clone());
        post
    }

    /// Hands over what came of an item.
    pub(crate) fn done(&self, item: usize, result: Result<T, Failure>) {
        lock(&self.results).push((item, result));
    }

    /// Waits until the crew is done, something is stuck, or `cancelled`; the stuck items.
    fn attend(&self, patience: Duration, cancelled: &AtomicBool) -> Vec<usize> {
        let mut seen: BTreeMap<usize, (u64, Instant)> = BTreeMap::new();
        let mut is_over = lock(&self.is_over);
        while !*is_over && !cancelled.load(Relaxed) {
            is_over = self.over.wait_timeout(is_over, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
            let mut stuck = Vec::new();
            for (at, post) in lock(&self.posts).iter().enumerate() {
                let state = post.0.load(Relaxed);
                let (last, since) = seen.entry(at).or_insert((state, Instant::now()));
                if *last != state {
                    (*last, *since) = (state, Instant::now());
                } else if let Some(item) = Post::item(state).filter(|_| since.elapsed() >= patience) {
                    stuck.push(item);
                }
            }
            if !*is_over && !stuck.is_empty() {
                return stuck;
            }
        }
        Vec::new()
    }
}

/// Tells that a crew is over, however it ended.
struct Ending<T>(Arc<Crew<T>>);

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        *lock(&self.0.is_over) = true;
        self.0.over.notify_all();
    }
}

/// Where a thread leaves word of what it asks the system about: how often it asked, and the item plus one while it waits.
#[derive(Default)]
pub(crate) struct Post(AtomicU64);

impl Post {
    /// Asks the system about an item.
    pub(crate) fn ask<R>(&self, item: usize, question: impl FnOnce() -> R) -> R {
        let count = (self.0.load(Relaxed) >> 32).wrapping_add(1) << 32;
        self.0.store(count | (item as u64 + 1), Relaxed);
        let answer = question();
        self.0.store(count, Relaxed);
        answer
    }

    fn item(state: u64) -> Option<usize> {
        usize::try_from(state & 0xffff_ffff).ok()?.checked_sub(1)
    }
}

/// Has crews do `count` items, each within `patience`, and gives one result for each; `None` when cancelled. `work` begins on
/// a thread apart, whose priority it may lower if that `is_lowered`, and does the items of its crew.
pub(crate) fn done_by_crews<T: Send + 'static>(
    name: &str,
    count: usize,
    patience: Duration,
    is_lowered: bool,
    cancelled: &AtomicBool,
    work: impl Fn(&Crew<T>) + Clone + Send + 'static,
) -> Result<Option<Vec<Result<T, Failure>>>, Failure> {
    let mut results: Vec<Option<Result<T, Failure>>> = Vec::new();
    results.resize_with(count, || None);
    loop {
        let left: Vec<usize> = (0..count).filter(|item| results[*item].is_none()).collect();
        if left.is_empty() {
            return Ok(Some(results.into_iter().flatten().collect()));
        }
        let crew = Arc::new(Crew::new(left));
        let (ending, work) = (Ending(crew.clone()), work.clone());
        spawn_kept(name, is_lowered, move || work(&ending.0))?;
        let stuck = crew.attend(patience, cancelled);
        crew.is_dismissed.store(true, Relaxed);
        if cancelled.load(Relaxed) {
            return Ok(None);
        }
        for (item, result) in std::mem::take(&mut *lock(&crew.results)) {
            results[item] = Some(result);
        }
        // A crew that is over and left something has panicked over it.
        let given_up = if stuck.is_empty() { &crew.items } else { &stuck };
        for item in given_up {
            results[*item]
                .get_or_insert_with(|| Err(if stuck.is_empty() { Failure::panicked() } else { unanswered() }));
        }
    }
}

fn unanswered() -> Failure {
    Failure::new(Code::Timeout, "the system did not answer within the time allowed for one file")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const PATIENCE: Duration = Duration::from_millis(20);

    #[test]
    fn what_is_stuck_is_given_up_and_the_others_are_done_once() {
        let (let_go, held) = channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let runs = Arc::new(AtomicU64::new(0));
        let counted = runs.clone();
        let work = move |crew: &Crew<usize>| {
            let post = crew.post();
            for item in &crew.items {
                if crew.is_dismissed.load(Relaxed) {
                    return;
                }
                post.ask(*item, || {
                    if *item == 3 {
                        let _ = lock(&held).recv();
                    }
                });
                counted.fetch_add(1, Relaxed);
                crew.done(*item, Ok(*item));
            }
        };
        let done = done_by_crews("crew", 8, PATIENCE, false, &AtomicBool::new(false), work).unwrap().unwrap();
        assert_eq!(done.iter().filter_map(|result| result.as_ref().ok()).count(), 7);
        assert_eq!(done[3].as_ref().unwrap_err().code, Code::Timeout);
        assert_eq!(runs.load(Relaxed), 7);
        drop(let_go);
    }

    #[test]
    fn what_a_crew_panicked_over_is_a_failure() {
        let work = |crew: &Crew<usize>| {
            crew.done(0, Ok(0));
            panic!("over the second");
        };
        let done = done_by_crews("crew", 2, PATIENCE, false, &AtomicBool::new(false), work).unwrap().unwrap();
        assert_eq!(done[0].as_ref().unwrap(), &0);
        assert_eq!(done[1].as_ref().unwrap_err().code, Code::Io);
    }

    #[test]
    fn whoever_cancels_does_not_wait_for_what_is_stuck() {
        let (let_go, held) = channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let work = move |crew: &Crew<usize>| {
            let _ = crew.post().ask(0, || lock(&held).recv());
        };
        let done = done_by_crews("crew", 1, Duration::from_secs(3600), false, &AtomicBool::new(true), work).unwrap();
        assert!(done.is_none());
        drop(let_go);
    }

    #[test]
    fn nothing_needs_no_crew() {
        let done = done_by_crews("crew", 0, PATIENCE, false, &AtomicBool::new(false), |_: &Crew<()>| {}).unwrap();
        assert!(done.unwrap().is_empty());
    }
}
