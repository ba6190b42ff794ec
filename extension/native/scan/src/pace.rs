//! How gently a request works, for sweeps that nobody waits for.
//!
//! A paced thread asks the system for the lowest CPU and disk priority, and rests between steps so that all paced
//! threads of the process together use no more than their share of one core: low priority alone does not help on a
//! machine that is otherwise idle, where a watchdog counts what is used. What is read may have a bound of its own, for
//! disks that are shared. Threads belong to one request and end with
//! it, so nothing of this outlives the request. A system that refuses a priority is not an error: the share holds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(windows)]
use crate::system::{lower_priority, thread_cpu_ns};

/// The smallest share; below, one block of a file would take longer than anybody waits.
const SMALLEST_SHARE: f64 = 0.001;

/// The smallest rate, in bytes a second, for the same reason.
const SMALLEST_RATE: f64 = 65_536.0;

/// Rests shorter than this are saved up: a timer's grain is near 0.1 ms.
const SHORTEST_REST: Duration = Duration::from_millis(5);

/// What a thread that rested longer than it had to may make up for.
const CREDIT: Duration = Duration::from_millis(100);

/// Wall time that may be owed at most: what a cancelled request leaves behind holds up nobody for longer.
const LARGEST_DEBT: Duration = Duration::from_secs(10);

/// A resting thread looks this often whether its request is over.
const LOOK_UP: Duration = Duration::from_millis(50);

/// How gently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Lowest CPU and disk priority.
    pub is_idle: bool,
    /// Share of one core that all paced threads of this process use together; 1 and more is no bound for one thread.
    pub cpu_share: f64,
    /// Bytes a second that all paced threads of this process read together; `None` is no bound.
    pub bytes_per_second: Option<f64>,
}

/// Until when something that paced threads of this process have used is paid for.
struct Account(Mutex<Option<Instant>>);

/// CPU time.
static USED: Account = Account(Mutex::new(None));

/// Bytes read.
static READ: Account = Account(Mutex::new(None));

/// The pace of one thread.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    share: Option<f64>,
    rate: Option<f64>,
    /// CPU time of the thread that has been accounted for, and time rested, both in nanoseconds.
    accounted: AtomicU64,
    rested: AtomicU64,
    /// Bytes read that are not accounted for.
    read: AtomicU64,
}

impl Pacer {
    /// Takes the pace on for the calling thread, which is to end with the request.
    pub(crate) fn begin(pace: Option<Pace>) -> Self {
        let Some(pace) = pace else { return Pacer::default() };
        if pace.is_idle {
            lower_priority();
        }
        let share = if pace.cpu_share.is_finite() { pace.cpu_share.max(SMALLEST_SHARE) } else { SMALLEST_SHARE };
        let rate =
            pace.bytes_per_second.map(|rate| if rate.is_nan() { SMALLEST_RATE } else { rate.max(SMALLEST_RATE) });
        Pacer { share: Some(share), rate, accounted: AtomicU64::new(thread_cpu_ns()), ..Pacer::default() }
    }

    /// Whether there is anything to keep to.
    pub(crate) fn is_paced(&self) -> bool {
        self.share.is_some()
    }

    /// Counts bytes that the thread has read.
    pub(crate) fn count_read(&self, bytes: usize) {
        if self.rate.is_some() {
            self.read.fetch_add(bytes as u64, Relaxed);
        }
    }

    /// Rests until what was used since the last call is paid for, or the request is over.
    pub(crate) fn rest(&self, is_over: &AtomicBool) {
        let Some(share) = self.share else { return };
        let now_ns = thread_cpu_ns();
        let used = now_ns.saturating_sub(self.accounted.swap(now_ns, Relaxed));
        let mut until = USED.pay(Duration::from_nanos(used).div_f64(share));
        if let Some(rate) = self.rate {
            let read = self.read.swap(0, Relaxed);
            until = until.max(READ.pay(Duration::from_secs_f64((read as f64 / rate).min(LARGEST_DEBT.as_secs_f64()))));
        }
        let started = Instant::now();
        if until.saturating_duration_since(started) < SHORTEST_REST {
            return;
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || is_over.load(Relaxed) {
                break;
            }
            std::thread::sleep(left.min(LOOK_UP));
        }
        let rested = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.rested.fetch_add(rested, Relaxed);
    }

    /// How long the thread has rested in all: time that no file's deadline counts.
    pub(crate) fn rested(&self) -> Duration {
        Duration::from_nanos(self.rested.load(Relaxed))
    }
}

impl Account {
    /// Adds wall time that is owed; answers when it is paid.
    fn pay(&self, owed: Duration) -> Instant {
        let now = Instant::now();
        let mut paid_from = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(CREDIT).unwrap_or(now);
        let until = paid_from.unwrap_or(earliest).max(earliest).checked_add(owed.min(LARGEST_DEBT)).unwrap_or(now);
        let until = until.min(now + LARGEST_DEBT);
        *paid_from = Some(until);
        until
    }
}

#[cfg(unix)]
fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)).unwrap_or(0)
}

/// On Linux nice and I/O class belong to the thread: 0 names the calling one. Threads that it starts inherit both.
#[cfg(target_os = "linux")]
fn lower_priority() {
    let _ = rustix::process::setpriority_process(None, 19);
    set_idle_io();
}

/// ioprio_set(2) has no wrapper in the C library.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn set_idle_io() {
    use std::ffi::{c_int, c_long};
    #[cfg(target_arch = "x86_64")]
    const IOPRIO_SET: c_long = 251;
    #[cfg(target_arch = "aarch64")]
    const IOPRIO_SET: c_long = 30;
    const WHO_PROCESS: c_int = 1;
    const CLASS_IDLE: c_int = 3 << 13;
    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
    }
    // SAFETY: the call takes three integers, touches no memory of ours, and 0 names the calling thread.
    let _ = unsafe { syscall(IOPRIO_SET, WHO_PROCESS, 0 as c_int, CLASS_IDLE) };
}

/// Elsewhere the lowest nice brings the lowest level of the default class: ioprio_get(2).
#[cfg(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn set_idle_io() {}

/// Background state: lowest CPU priority and throttled disk access, of the calling thread: setpriority(2).
#[cfg(target_vendor = "apple")]
fn lower_priority() {
    use std::ffi::c_int;
    const PRIO_DARWIN_THREAD: c_int = 3;
    const PRIO_DARWIN_BG: c_int = 0x1000;
    unsafe extern "C" {
        fn setpriority(which: c_int, who: u32, priority: c_int) -> c_int;
    }
    // SAFETY: the call takes three integers and touches no memory of ours.
    let _ = unsafe { setpriority(PRIO_DARWIN_THREAD, 0, PRIO_DARWIN_BG) };
}

/// Other systems lower whole processes only, which this process is not ours to decide.
#[cfg(not(any(target_os = "linux", target_vendor = "apple", windows)))]
fn lower_priority() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_without_a_pace_never_rests() {
        let pacer = Pacer::begin(None);
        pacer.rest(&AtomicBool::new(false));
        assert!(!pacer.is_paced());
        assert_eq!(pacer.rested(), Duration::ZERO);
    }

    #[test]
    fn what_is_used_is_paid_for_in_rest() {
        std::thread::spawn(|| {
            let pacer = Pacer::begin(Some(Pace { is_idle: false, cpu_share: 0.25, bytes_per_second: None }));
            let started = thread_cpu_ns();
            while thread_cpu_ns() - started < 60_000_000 {
                std::hint::spin_loop();
            }
            pacer.rest(&AtomicBool::new(false));
            // 60 ms are worth 240 ms, of which 100 ms may be credit; never more than a machine under load adds.
            assert!(pacer.rested() >= Duration::from_millis(40), "{:?}", pacer.rested());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn what_is_read_is_paid_for_in_rest() {
        std::thread::spawn(|| {
            let pace = Pace { is_idle: false, cpu_share: 100.0, bytes_per_second: Some(1_000_000.0) };
            let pacer = Pacer::begin(Some(pace));
            pacer.count_read(300_000);
            pacer.rest(&AtomicBool::new(false));
            // Worth 300 ms, of which 100 ms may be credit.
            assert!(pacer.rested() >= Duration::from_millis(150), "{:?}", pacer.rested());
            assert_eq!(pacer.read.load(Relaxed), 0);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_rate_that_is_no_number_is_the_smallest() {
        let rate_of = |rate| {
            std::thread::spawn(move || {
                Pacer::begin(Some(Pace { is_idle: false, cpu_share: 1.0, bytes_per_second: Some(rate) })).rate
            })
        };
        for odd in [f64::NAN, 0.0, -1.0] {
            assert_eq!(rate_of(odd).join().unwrap(), Some(SMALLEST_RATE));
        }
        let endless = Pace { is_idle: false, cpu_share: 100.0, bytes_per_second: Some(f64::INFINITY) };
        std::thread::spawn(move || {
            let pacer = Pacer::begin(Some(endless));
            pacer.count_read(usize::MAX);
            pacer.rest(&AtomicBool::new(true));
        })
        .join()
        .unwrap();
    }

    #[test]
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn an_idle_thread_is_of_the_idle_disk_class_and_another_is_not() {
        use std::ffi::{c_int, c_long};
        const IOPRIO_GET: c_long = if cfg!(target_arch = "x86_64") { 252 } else { 31 };
        unsafe extern "C" {
            fn syscall(number: c_long, ...) -> c_long;
        }
        let class = || {
            // SAFETY: the call takes two integers and touches no memory of ours; 0 names the calling thread.
            let priority = unsafe { syscall(IOPRIO_GET, 1 as c_int, 0 as c_int) };
            priority >> 13
        };
        let before = class();
        let paced = std::thread::spawn(move || {
            Pacer::begin(Some(Pace { is_idle: true, cpu_share: 1.0, bytes_per_second: None }));
            class()
        });
        assert_eq!((paced.join().unwrap(), class()), (3, before));
    }

    #[test]
    fn a_request_that_is_over_is_not_rested_for() {
        std::thread::spawn(|| {
            let pacer = Pacer::begin(Some(Pace { is_idle: false, cpu_share: f64::NAN, bytes_per_second: None }));
            pacer.accounted.store(0, Relaxed);
            pacer.rest(&AtomicBool::new(true));
            assert!(pacer.rested() < Duration::from_secs(1), "{:?}", pacer.rested());
        })
        .join()
        .unwrap();
    }
}
