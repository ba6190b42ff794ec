//! Questions to registry hives: flat values in, JSON out.

use std::sync::atomic::AtomicBool;

use napi_derive::napi;
use registry::{Hive, Limits, Problem, Query, Source, Where, run, to_json};
use scan::{Code, Failure, OpenFile, Roots};

use crate::request::FilePath;

/// One query.
#[napi(object, object_to_js = false)]
pub struct RegistryQueryData {
    /// Names from the root down.
    pub path: Vec<String>,
    /// Names of the values wanted; absent: all.
    pub values: Option<Vec<String>>,
    /// Names of the values that decide; absent: every key is wanted.
    pub having: Option<Vec<String>>,
    /// What one of them contains.
    pub contains: Option<String>,
}

impl RegistryQueryData {
    fn into_query(self) -> Query {
        let contains = self.contains.unwrap_or_default();
        let having = self.having.map(|values| Where { values, contains });
        Query { path: self.path, values: self.values, having }
    }
}

struct HiveFile(OpenFile);

impl Source for HiveFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        self.0.read_at(offset, buffer).map_err(|failure| failure.message)
    }
}

/// Keys of one hive as JSON. A panic over its bytes is a problem of this hive.
pub(crate) fn keys(
    paths: &[Vec<u8>],
    files: &[FilePath],
    queries: Vec<RegistryQueryData>,
    cancelled: &AtomicBool,
) -> Result<Vec<u8>, Failure> {
    let roots = Roots::open(paths)?;
    let (root, path) = files.first().ok_or_else(|| Failure::new(Code::Io, "no file was named"))?;
    let file = OpenFile::open(&roots, *root, path)?;
    let queries: Vec<Query> = queries.into_iter().map(RegistryQueryData::into_query).collect();
    let read = || -> Result<Vec<u8>, Problem> {
        let size = file.size();
        let mut hive = Hive::open(HiveFile(file), size, Limits::default(), cancelled)?;
        run(&mut hive, &queries).map(|keys| to_json(&keys).into_bytes())
    };
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    let read = read.unwrap_or_else(|_| Err(Problem::Ended("internal error while the hive was read".to_owned())));
    read.map_err(|problem| Failure::new(Code::Io, problem.message()))
}
