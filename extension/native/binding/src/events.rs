//! Records of one Windows event log: the request, the thread that reads, and batches as JSON. `native-events.ts` reads
//! the same layout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ::events::{Bytes, Choice, Stop, Wanted};
use napi::bindgen_prelude::{BigInt64Array, Buffer, Float64Array, Object};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;
use scan::{Code, Failure, Identity, Mailbox, Opened, Roots};

use crate::pack::{Packed, floats};
use crate::request::{FilesData, FilesPaths, expected_at};

/// Batches that wait for the consumer.
const QUEUED_BATCHES: usize = 4;

/// Values of an event can hold events in each other, and taking them apart recurses: a chunk cannot nest deeper than this
/// holds. Only what is used of it takes memory.
const STACK_BYTES: usize = 64 << 20;

/// Events of one provider.
#[napi(object, object_to_js = false)]
pub struct EventChoiceData {
    /// Name of the provider.
    pub provider: String,
    /// Event ids.
    pub ids: Vec<u32>,
}

/// One log, and what of it is wanted.
#[napi(object, object_to_js = false)]
pub struct EventsData {
    /// The file.
    pub files: FilesData,
    /// Its dev, ino, mtime, ctime; empty when nothing is expected of it.
    pub expected: BigInt64Array,
    /// Its expected size; negative: nothing is expected of it.
    pub expected_sizes: Float64Array,
    /// Providers and ids.
    pub events: Vec<EventChoiceData>,
    /// Strings of which a value must hold one; none: every chosen event is wanted.
    pub patterns: Vec<String>,
    /// Events.
    pub max_events: f64,
    /// Time for the file, without that in which the consumer is waited for.
    pub timeout_ms: f64,
}

/// A log being read.
#[napi]
pub struct NativeEvents {
    mailbox: Arc<Mailbox<Packed>>,
    cancelled: Arc<AtomicBool>,
}

#[napi]
impl NativeEvents {
    /// Starts to read.
    #[napi(constructor)]
    pub fn new(data: EventsData) -> Result<Self> {
        let mailbox = Arc::new(Mailbox::new(QUEUED_BATCHES));
        let cancelled = Arc::new(AtomicBool::new(false));
        let reading = Reading::new(data, mailbox.clone(), cancelled.clone());
        let body = move || {
            let run = || reading.run();
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                reading.tell(DAMAGED, "internal error while it was read");
            }
            reading.mailbox.finish();
        };
        let thread = std::thread::Builder::new().name("events".into()).stack_size(STACK_BYTES);
        let started = thread.spawn(body);
        started.map_err(|error| Error::new(Status::GenericFailure, format!("cannot start a thread: {error}")))?;
        Ok(NativeEvents { mailbox, cancelled })
    }

    /// The next batch, or null after the last.
    #[napi(ts_return_type = "Promise<Buffer | null>")]
    pub fn next<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        self.mailbox.take(move |batch| deferred.resolve(move |_| Ok(batch.map(Buffer::from))));
        Ok(promise)
    }

    /// Ends it; a waiting `next` answers null.
    #[napi]
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
        self.mailbox.close();
    }
}

impl Drop for NativeEvents {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// What the reading thread has.
struct Reading {
    files: FilesPaths,
    expected: Option<Identity>,
    wanted: std::result::Result<Wanted, String>,
    max_events: u64,
    timeout: Duration,
    mailbox: Arc<Mailbox<Packed>>,
    cancelled: Arc<AtomicBool>,
    /// Nanoseconds in which the consumer was waited for.
    waited: AtomicU64,
}

struct Log<'a>(Opened<'a>);

impl Bytes for Log<'_> {
    fn size(&self) -> u64 {
        self.0.identity().size
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(at, buffer)
    }
}

impl Reading {
    fn new(data: EventsData, mailbox: Arc<Mailbox<Packed>>, cancelled: Arc<AtomicBool>) -> Self {
        let choice =
            |one: EventChoiceData| Choice { provider: one.provider, ids: one.ids.into_iter().map(u64::from).collect() };
        let strings: Vec<Vec<u8>> = data.patterns.into_iter().map(String::into_bytes).collect();
        Reading {
            expected: expected_at(&data.expected, &data.expected_sizes, 0),
            files: data.files.into_files(),
            wanted: Wanted::new(data.events.into_iter().map(choice).collect(), &strings),
            max_events: data.max_events as u64,
            timeout: Duration::try_from_secs_f64(data.timeout_ms / 1000.0).unwrap_or(Duration::MAX),
            mailbox,
            cancelled,
            waited: AtomicU64::new(0),
        }
    }

    fn run(&self) {
        let file = match self.open() {
            Ok(file) => file,
            Err(failure) => return self.tell(failure.code as u32, &failure.message),
        };
        let wanted = match &self.wanted {
            Ok(wanted) => wanted,
            Err(problem) => return self.tell(Code::Io as u32, problem),
        };
        let started = Instant::now();
        let patience = || {
            let spent = started.elapsed().saturating_sub(Duration::from_nanos(self.waited.load(Relaxed)));
            match (self.cancelled.load(Relaxed), spent >= self.timeout) {
                (true, _) => Err(Stop::Cancelled),
                (_, true) => Err(Stop::Timeout),
                _ => Ok(()),
            }
        };
        let mut give = |json: Vec<u8>| {
            let asked = Instant::now();
            let is_wanted = self.mailbox.put(pack(&json, None));
            self.waited.fetch_add(asked.elapsed().as_nanos() as u64, Relaxed);
            is_wanted
        };
        for stop in ::events::events(&file, wanted, self.max_events, &patience, &mut give) {
            let (code, message) = self.problem(stop);
            self.tell(code, &message);
        }
    }

    fn open(&self) -> std::result::Result<Log<'_>, Failure> {
        let (paths, files) = &self.files;
        let roots = Roots::open(paths)?;
        let (root, path) = files.first().ok_or_else(|| Failure::new(Code::Io, "no file was named"))?;
        let file = Opened::open(&roots, *root, path, Duration::MAX, None, &self.cancelled)?;
        if self.expected.is_some_and(|expected| expected != file.identity()) {
            return Err(Failure::new(Code::Changed, "is not the file that was expected"));
        }
        Ok(Log(file))
    }

    fn problem(&self, stop: Stop) -> (u32, String) {
        match stop {
            Stop::TooMany => {
                (Code::TooMany as u32, format!("more than {} events; the rest was not read", self.max_events))
            }
            Stop::Timeout => (Code::Timeout as u32, "took longer than the time allowed for one file".into()),
            Stop::Changed(message) => (Code::Changed as u32, message),
            Stop::Io(message) => (Code::Io as u32, message),
            Stop::Damaged(message) => (DAMAGED, message),
            Stop::Cancelled => (Code::Io as u32, "cancelled".into()),
        }
    }

    fn tell(&self, code: u32, message: &str) {
        self.mailbox.put(pack(&[], Some((code, message))));
    }
}

/// The code behind those of the scan crate.
const DAMAGED: u32 = Code::Io as u32 + 1;

/// Header: 0, code of the problem or -1, bytes of its message, bytes of the events. The events are members of a JSON
/// array, comma between.
fn pack(json: &[u8], problem: Option<(u32, &str)>) -> Packed {
    let (code, message) = problem.map_or((-1.0, ""), |(code, message)| (f64::from(code), message));
    let mut out = Vec::with_capacity(32 + message.len() + json.len());
    floats(&mut out, [0.0, code, message.len() as f64, json.len() as f64]);
    out.extend_from_slice(message.as_bytes());
    out.extend_from_slice(json);
    out
}
