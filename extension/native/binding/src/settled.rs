//! Settled files: the class that JavaScript holds for the length of a pass.

use std::path::PathBuf;
use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, Object, Uint32Array};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;
use scan::{KEY_LENGTH, SCOPE_LENGTH, Settled};

use crate::in_background;
use crate::pack::{pack_count, pack_failure};

/// Files that an earlier pass had done with, and those that this one adds.
#[napi]
pub struct NativeSettled {
    settled: Arc<Settled>,
}

#[napi]
impl NativeSettled {
    /// Knows nothing. `scope` has 32 bytes, `key` 16 secret ones; `now_ms` is a moment before the walk begins, milliseconds since 1970.
    #[napi(constructor)]
    pub fn new(scope: Buffer, key: Buffer, now_ms: f64) -> Result<Self> {
        let scope = <[u8; SCOPE_LENGTH]>::try_from(&*scope);
        let scope = scope.map_err(|_| Error::new(Status::InvalidArg, "a scope has 32 bytes"))?;
        let key = <[u8; KEY_LENGTH]>::try_from(&*key);
        let key = key.map_err(|_| Error::new(Status::InvalidArg, "a key has 16 bytes"))?;
        Ok(NativeSettled { settled: Arc::new(Settled::new(scope, key, (now_ms * 1e6) as i64)) })
    }

    /// Reads what was kept, before the walk begins: how many files, or what is wrong with the list.
    #[napi(ts_return_type = "Promise<Buffer>")]
    pub fn load<'env>(&self, env: &'env Env, path: String) -> Result<Object<'env>> {
        let settled = self.settled.clone();
        in_background(env, "settled", move || {
            let loaded = settled.load(&PathBuf::from(path));
            Some(loaded.map_or_else(|failure| pack_failure(&failure), pack_count))
        })
    }

    /// Says that the caller had done with files, by the numbers they came with.
    #[napi]
    pub fn settle(&self, tickets: Uint32Array) {
        self.settled.settle(&tickets);
    }

    /// Keeps what the next pass may leave out: 1 when the file was written, 0 when it said so already.
    #[napi(ts_return_type = "Promise<Buffer>")]
    pub fn save<'env>(&self, env: &'env Env, path: String, is_whole: bool) -> Result<Object<'env>> {
        let settled = self.settled.clone();
        in_background(env, "settled", move || {
            let saved = settled.save(&PathBuf::from(path), is_whole);
            Some(saved.map_or_else(|failure| pack_failure(&failure), |is_written| pack_count(usize::from(is_written))))
        })
    }

    pub(crate) fn shared(&self) -> Arc<Settled> {
        self.settled.clone()
    }
}
