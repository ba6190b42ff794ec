//! A bounded queue between worker threads and one consumer that must never block.
//!
//! Producers wait for room, which is the back-pressure. The consumer leaves a callback that is run by whoever brings
//! the next item: no thread of the consumer's is held while there is nothing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What is done with the next item; `None` means there will be none.
type Receiver<T> = Box<dyn FnOnce(Option<T>) + Send>;

/// The queue.
pub struct Mailbox<T> {
    inner: Mutex<Inner<T>>,
    room: Condvar,
    capacity: usize,
}

struct Inner<T> {
    queue: VecDeque<T>,
    waiting: Option<Receiver<T>>,
    is_finished: bool,
}

impl<T> Mailbox<T> {
    /// An empty queue for so many items.
    pub fn new(capacity: usize) -> Self {
        let inner = Inner { queue: VecDeque::new(), waiting: None, is_finished: false };
        Mailbox { inner: Mutex::new(inner), room: Condvar::new(), capacity }
    }

    /// Brings an item, waiting for room; false when nobody wants items any more.
    pub fn put(&self, item: T) -> bool {
        let mut inner = self.lock();
        loop {
            if inner.is_finished {
                return false;
            }
            if let Some(receiver) = inner.waiting.take() {
                drop(inner);
                receiver(Some(item));
                return true;
            }
            if inner.queue.len() < self.capacity {
                inner.queue.push_back(item);
                return true;
            }
            inner = self.room.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Asks for the next item. A second question before the first is answered ends the first with `None`.
    pub fn take(&self, receiver: impl FnOnce(Option<T>) + Send + 'static) {
        let mut inner = self.lock();
        let item = inner.queue.pop_front();
        if item.is_none() && !inner.is_finished {
            let earlier = inner.waiting.replace(Box::new(receiver));
            drop(inner);
            if let Some(earlier) = earlier {
                earlier(None);
            }
            return;
        }
        drop(inner);
        self.room.notify_one();
        receiver(item);
    }

    /// Whether the consumer is waiting for an item right now.
    pub fn is_awaited(&self) -> bool {
        self.lock().waiting.is_some()
    }

    /// No more items will come; those in the queue are still handed out.
    pub fn finish(&self) {
        self.end(false);
    }

    /// The consumer is gone: queued items are dropped and producers are turned away.
    pub fn close(&self) {
        self.end(true);
    }

    fn end(&self, drop_queue: bool) {
        let mut inner = self.lock();
        inner.is_finished = true;
        let dropped = drop_queue.then(|| std::mem::take(&mut inner.queue));
        let receiver = inner.waiting.take();
        drop(inner);
        drop(dropped);
        self.room.notify_all();
        if let Some(receiver) = receiver {
            receiver(None);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};

    fn next(mailbox: &Mailbox<u32>) -> Option<u32> {
        let (sender, receiver) = mpsc::channel();
        mailbox.take(move |item| sender.send(item).unwrap());
        receiver.recv().unwrap()
    }

    #[test]
    fn items_arrive_in_order_and_the_end_after_them() {
        let mailbox = Mailbox::new(2);
        assert!(mailbox.put(1) && mailbox.put(2));
        mailbox.finish();
        assert_eq!([next(&mailbox), next(&mailbox), next(&mailbox)], [Some(1), Some(2), None]);
    }

    #[test]
    fn a_full_queue_holds_its_producer_until_it_is_closed() {
        let mailbox = Arc::new(Mailbox::new(1));
        assert!(mailbox.put(1));
        let producer = std::thread::spawn({
            let mailbox = mailbox.clone();
            move || mailbox.put(2)
        });
        mailbox.close();
        assert!(!producer.join().unwrap());
        assert_eq!(next(&mailbox), None);
    }
}
