//! The Node-API border of the scan crate.
//!
//! Requests come in as a few flat values, answers go out as one buffer each, which `native.ts` decodes; nothing calls
//! JavaScript per item. Work runs on threads of this crate, never on libuv's pool, and none of them keeps the process
//! alive: only a promise that waits does. Failures of files are data in the buffer.
#![deny(missing_docs)]

mod container;
mod entries;
mod events;
mod lines;
mod memory;
mod pack;
mod record;
mod registry;
mod request;
mod settled;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi::bindgen_prelude::{Buffer, Object};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;
use scan::{Failure, Roots, Walk};

use crate::container::ContentsData;
use crate::entries::{EntriesData, NativeSelection};
use crate::pack::{Packed, pack_batch, pack_bytes, pack_digests, pack_lookup, pack_records, pack_searched};
use crate::registry::RegistryQueryData;
use crate::request::{DigestData, FilesData, PlanData, SearchData};
use crate::settled::NativeSettled;

/// Raised whenever a request or an answer changes its layout, so that a stale build is refused and not misread.
#[napi]
pub const LAYOUT: u32 = 10;

/// A running walk.
#[napi]
pub struct NativeWalk {
    walk: Walk<Packed>,
}

#[napi]
impl NativeWalk {
    /// Starts it; settled files are left out.
    #[napi(constructor)]
    pub fn new(plan: PlanData, settled: Option<&NativeSettled>) -> Result<Self> {
        let settled = settled.map(NativeSettled::shared);
        let walk = Walk::start(plan.into_plan(settled), pack_batch).map_err(refused)?;
        Ok(NativeWalk { walk })
    }

    /// The next batch, or null after the last.
    #[napi(ts_return_type = "Promise<Buffer | null>")]
    pub fn next<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        self.walk.next(move |batch| deferred.resolve(move |_| Ok(batch.map(Buffer::from))));
        Ok(promise)
    }

    /// Ends it; a waiting `next` answers null.
    #[napi]
    pub fn cancel(&self) {
        self.walk.cancel();
    }
}

/// Tells a running digest to end.
#[napi]
#[derive(Default)]
pub struct CancelFlag {
    flag: Arc<AtomicBool>,
}

#[napi]
impl CancelFlag {
    /// Not set yet.
    #[napi(constructor)]
    pub fn new() -> Self {
        CancelFlag::default()
    }

    /// Sets it.
    #[napi]
    pub fn set(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }
}

/// Digests files: one buffer with a result per item, or null when cancelled.
#[napi(ts_return_type = "Promise<Buffer | null>")]
pub fn digest<'env>(env: &'env Env, data: DigestData, cancel: &CancelFlag) -> Result<Object<'env>> {
    let request = data.into_request();
    let flag = cancel.flag.clone();
    in_background(env, "digest", move || match scan::digest(request, &flag) {
        Ok(Some(results)) => Some(pack_digests(&results)),
        Ok(None) => None,
        Err(failure) => Some(pack::pack_failure(&failure)),
    })
}

/// Digests entries of a walk: one buffer with a record per entry, or null when cancelled.
#[napi(ts_return_type = "Promise<Buffer | null>")]
pub fn digest_entries<'env>(
    env: &'env Env,
    data: EntriesData,
    selection: &NativeSelection,
    cancel: &CancelFlag,
) -> Result<Object<'env>> {
    let entries = data.into_entries(selection);
    let flag = cancel.flag.clone();
    in_background(env, "digest", move || {
        match entries.into_request().and_then(|request| scan::digest(request, &flag)) {
            Ok(Some(results)) => Some(pack_records(&results)),
            Ok(None) => None,
            Err(failure) => Some(pack::pack_failure(&failure)),
        }
    })
}

/// Searches files: one buffer with a result per item, or null when cancelled.
#[napi(ts_return_type = "Promise<Buffer | null>")]
pub fn search<'env>(env: &'env Env, data: SearchData, cancel: &CancelFlag) -> Result<Object<'env>> {
    let request = data.into_request();
    let flag = cancel.flag.clone();
    in_background(env, "search", move || match scan::search(request, &flag) {
        Ok(Some(results)) => Some(pack_searched(&results)),
        Ok(None) => None,
        Err(failure) => Some(pack::pack_failure(&failure)),
    })
}

/// Metadata of files, in the layout of a batch: an entry's only rule is the index of its file.
#[napi(ts_return_type = "Promise<Buffer>")]
pub fn stat<'env>(env: &'env Env, files: FilesData) -> Result<Object<'env>> {
    let (paths, files) = files.into_files();
    in_background(env, "stat", move || Some(pack_lookup(&paths, &files)))
}

/// Up to `length` bytes at `offset` of one file.
#[napi(ts_return_type = "Promise<Buffer>")]
pub fn read<'env>(env: &'env Env, files: FilesData, offset: f64, length: f64) -> Result<Object<'env>> {
    let (paths, files) = files.into_files();
    in_background(env, "read", move || {
        let read = Roots::open(&paths).and_then(|roots| {
            let (root, path) = files.first().ok_or_else(|| Failure::new(scan::Code::Io, "no file was named"))?;
            scan::read(&roots, *root, path, offset as u64, length as usize)
        });
        Some(pack_bytes(&read))
    })
}

/// Keys of a registry hive, in JSON.
#[napi(ts_return_type = "Promise<Buffer>")]
pub fn registry<'env>(
    env: &'env Env,
    files: FilesData,
    queries: Vec<RegistryQueryData>,
    cancel: &CancelFlag,
) -> Result<Object<'env>> {
    let (paths, files) = files.into_files();
    let flag = cancel.flag.clone();
    in_background(env, "registry", move || Some(pack_bytes(&registry::keys(&paths, &files, queries, &flag))))
}

/// What is inside one file that is a container, or null when cancelled.
#[napi(ts_return_type = "Promise<Buffer | null>")]
pub fn contents<'env>(env: &'env Env, data: ContentsData, cancel: &CancelFlag) -> Result<Object<'env>> {
    let flag = cancel.flag.clone();
    in_background(env, "contents", move || container::contents(data, &flag))
}

/// Gives memory that is not needed while waiting back to the system.
#[napi]
pub fn release() {
    memory::release();
}

/// Runs `work` on a thread of its own; a panic rejects the promise.
fn in_background<'env>(
    env: &'env Env,
    name: &str,
    work: impl FnOnce() -> Option<Packed> + Send + 'static,
) -> Result<Object<'env>> {
    let (deferred, promise) = env.create_deferred()?;
    let body = move || match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(answer) => deferred.resolve(move |_| Ok(answer.map(Buffer::from))),
        Err(_) => deferred.reject(Error::new(Status::GenericFailure, "internal error of the native engine")),
    };
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map_err(|error| Error::new(Status::GenericFailure, format!("cannot start a thread: {error}")))?;
    Ok(promise)
}

fn refused(failure: Failure) -> Error {
    Error::new(Status::GenericFailure, failure.message)
}
