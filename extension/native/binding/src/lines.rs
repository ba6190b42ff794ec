//! Lines of one text file: the request, the thread that reads, and batches as one buffer each. `lines.ts` reads the
//! same layout.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::lines::{Answer, Batch, Bytes, Packing, Patterns, Request, Stop};
use napi::bindgen_prelude::{BigInt64Array, Buffer, Float64Array, Object, Uint8Array};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;
use scan::{Code, Failure, Identity, Mailbox, Opened, Roots, worker_threads};

use crate::pack::{Packed, floats, halves};
use crate::request::{FilesData, FilesPaths, expected_at};

/// Batches that wait for the consumer.
const QUEUED_BATCHES: usize = 4;

/// Threads that read one file, at most: two are as fast as memory on small machines, and others have work, too.
const MAX_THREADS: usize = 2;

/// One file, and what of it is wanted.
#[napi(object, object_to_js = false)]
pub struct LinesData {
    /// The file.
    pub files: FilesData,
    /// Its dev, ino, mtime, ctime; empty when nothing is expected of it.
    pub expected: BigInt64Array,
    /// Its expected size; negative: nothing is expected of it.
    pub expected_sizes: Float64Array,
    /// Strings, each ended by a line feed.
    pub patterns: Uint8Array,
    /// First lines.
    pub head_lines: f64,
    /// What headings begin with; empty: there are none.
    pub heading_prefix: String,
    /// Bytes of a line.
    pub max_line_bytes: f64,
    /// Lines.
    pub max_lines: f64,
    /// Bytes of unpacked text.
    pub max_bytes: f64,
    /// Time for the file, without that in which the consumer is waited for.
    pub timeout_ms: f64,
}

/// A file being read.
#[napi]
pub struct NativeLines {
    mailbox: Arc<Mailbox<Packed>>,
    cancelled: Arc<AtomicBool>,
}

#[napi]
impl NativeLines {
    /// Starts to read.
    #[napi(constructor)]
    pub fn new(data: LinesData) -> Result<Self> {
        let mailbox = Arc::new(Mailbox::new(QUEUED_BATCHES));
        let cancelled = Arc::new(AtomicBool::new(false));
        let reading = Reading::new(data, mailbox.clone(), cancelled.clone());
        let body = move || {
            let run = || reading.run();
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
                reading.end_with(Code::Io as u32, "internal error while it was read");
            }
            reading.mailbox.finish();
        };
        let started = std::thread::Builder::new().name("lines".into()).spawn(body);
        started.map_err(|error| Error::new(Status::GenericFailure, format!("cannot start a thread: {error}")))?;
        Ok(NativeLines { mailbox, cancelled })
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

impl Drop for NativeLines {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// What the reading thread has.
struct Reading {
    files: FilesPaths,
    expected: Option<Identity>,
    patterns: Vec<u8>,
    request: Request,
    timeout: Duration,
    mailbox: Arc<Mailbox<Packed>>,
    cancelled: Arc<AtomicBool>,
    /// Nanoseconds in which the consumer was waited for.
    waited: AtomicU64,
}

struct File<'a>(Opened<'a>);

impl Bytes for File<'_> {
    fn size(&self) -> u64 {
        self.0.identity().size
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(at, buffer)
    }
}

impl Reading {
    fn new(data: LinesData, mailbox: Arc<Mailbox<Packed>>, cancelled: Arc<AtomicBool>) -> Self {
        Reading {
            expected: expected_at(&data.expected, &data.expected_sizes, 0),
            files: data.files.into_files(),
            patterns: data.patterns.to_vec(),
            request: Request {
                head_lines: data.head_lines as u64,
                heading_prefix: data.heading_prefix.into_bytes(),
                max_line_bytes: data.max_line_bytes as usize,
                max_lines: data.max_lines as u64,
                max_bytes: data.max_bytes as u64,
                threads: worker_threads().min(MAX_THREADS),
            },
            timeout: Duration::try_from_secs_f64(data.timeout_ms / 1000.0).unwrap_or(Duration::MAX),
            mailbox,
            cancelled,
            waited: AtomicU64::new(0),
        }
    }

    fn run(&self) {
        let file = match self.open() {
            Ok(file) => file,
            Err(failure) => return self.end_with(failure.code as u32, &failure.message),
        };
        let patterns = match compiled(&self.patterns) {
            Ok(patterns) => patterns,
            Err(problem) => return self.end_with(Code::Io as u32, &problem),
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
        let mut give = |batch: Batch, packing: Packing, read: u64| {
            let asked = Instant::now();
            let is_wanted = self.mailbox.put(pack(&batch, packing, read, None));
            self.waited.fetch_add(asked.elapsed().as_nanos() as u64, Relaxed);
            is_wanted
        };
        let Answer { packing, read, stop } = ::lines::lines(&file, &patterns, &self.request, &patience, &mut give);
        let problem = stop.map(|stop| self.problem(stop));
        let problem = problem.as_ref().map(|(code, message)| (*code, message.as_str()));
        self.mailbox.put(pack(&Batch::default(), packing, read, problem));
    }

    fn open(&self) -> std::result::Result<File<'_>, Failure> {
        let (paths, files) = &self.files;
        let roots = Roots::open(paths)?;
        let (root, path) = files.first().ok_or_else(|| Failure::new(Code::Io, "no file was named"))?;
        let file = Opened::open(&roots, *root, path, Duration::MAX, None, &self.cancelled)?;
        if self.expected.is_some_and(|expected| expected != file.identity()) {
            return Err(Failure::new(Code::Changed, "is not the file that was expected"));
        }
        Ok(File(file))
    }

    fn problem(&self, stop: Stop) -> (u32, String) {
        let (code, message) = match stop {
            Stop::TooMany => {
                (Code::TooMany as u32, format!("more than {} lines; the rest was not read", self.request.max_lines))
            }
            Stop::TooBig(message) => (Code::TooBig as u32, message),
            Stop::Timeout => (Code::Timeout as u32, "took longer than the time allowed for one file".into()),
            Stop::Changed(message) => (Code::Changed as u32, message),
            Stop::Io(message) => (Code::Io as u32, message),
            Stop::Damaged(message) => (DAMAGED, message),
            Stop::Cancelled => (Code::Io as u32, "cancelled".into()),
        };
        (code, message)
    }

    fn end_with(&self, code: u32, message: &str) {
        self.mailbox.put(pack(&Batch::default(), Packing::None, 0, Some((code, message))));
    }
}

/// The code behind those of the scan crate.
const DAMAGED: u32 = Code::Io as u32 + 1;

/// The strings of the last request: a hunt asks for the same ones in every file.
static LAST: Mutex<Option<(Vec<u8>, Arc<Patterns>)>> = Mutex::new(None);

fn compiled(list: &[u8]) -> std::result::Result<Arc<Patterns>, String> {
    if let Some((known, patterns)) = &*LAST.lock().unwrap_or_else(PoisonError::into_inner)
        && known == list
    {
        return Ok(patterns.clone());
    }
    let strings = list.strip_suffix(b"\n").unwrap_or(list).split(|byte| *byte == b'\n');
    let patterns = Arc::new(Patterns::new(strings)?);
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((list.to_vec(), patterns.clone()));
    Ok(patterns)
}

/// Header: 0, lines, packing, bytes read, code of the problem or -1, bytes of its message, bytes of the lines. A line's
/// flags: 1 cut, 2 found.
fn pack(batch: &Batch, packing: Packing, read: u64, problem: Option<(u32, &str)>) -> Packed {
    let lines = &batch.lines;
    let (code, message) = problem.map_or((-1.0, ""), |(code, message)| (f64::from(code), message));
    let mut out = Vec::with_capacity(56 + lines.len() * 16 + message.len() + batch.text.len());
    let sizes = [message.len() as f64, batch.text.len() as f64];
    floats(&mut out, [0.0, lines.len() as f64, f64::from(packing as u8), read as f64, code].into_iter().chain(sizes));
    floats(&mut out, lines.iter().map(|line| line.offset as f64));
    halves(&mut out, lines.iter().map(|line| line.end as u32));
    halves(&mut out, lines.iter().map(|line| u32::from(line.is_cut) | u32::from(line.is_found) << 1));
    out.extend_from_slice(message.as_bytes());
    out.extend_from_slice(&batch.text);
    out
}
