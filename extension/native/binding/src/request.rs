//! What JavaScript asks, and its way into the scan crate's own types.
//!
//! Paths come in their text form, many of them joined by NUL, which no path holds.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{BigInt64Array, Buffer, Float64Array, Uint32Array};
use napi_derive::napi;
use scan::{
    Algorithms, Class, Identity, Item, Pace, Plan, Policy, Request, Rule, SearchItem, SearchRequest, Settled,
    bytes_from_text, worker_threads,
};

/// How gently a request works.
#[napi(object, object_to_js = false)]
pub struct PaceData {
    /// Lowest CPU and disk priority.
    pub idle: bool,
    /// Share of one core, of all paced requests together.
    pub cpu_share: f64,
    /// Bytes a second that all paced requests read together; absent: no bound.
    pub bytes_per_second: Option<f64>,
}

impl PaceData {
    pub(crate) fn into_pace(self) -> Pace {
        Pace { is_idle: self.idle, cpu_share: self.cpu_share, bytes_per_second: self.bytes_per_second }
    }
}

/// A walk.
#[napi(object, object_to_js = false)]
pub struct PlanData {
    /// Absolute paths.
    pub roots: Vec<String>,
    /// Patterns of the rules.
    pub patterns: Vec<String>,
    /// Their smallest sizes.
    pub min_sizes: Vec<f64>,
    /// Their largest sizes.
    pub max_sizes: Vec<f64>,
    /// Whether patterns ignore case.
    pub ignore_case: bool,
    /// Absolute paths that are not entered.
    pub skip: Vec<String>,
    /// `same`, `local` or `all`.
    pub mounts: String,
    /// Directory levels below a root.
    pub max_depth: f64,
    /// Names in all.
    pub max_entries: f64,
    /// How gently; absent: as fast as it goes.
    pub pace: Option<PaceData>,
}

impl PlanData {
    pub(crate) fn into_plan(self, settled: Option<Arc<Settled>>) -> Plan {
        let sizes = self.min_sizes.into_iter().zip(self.max_sizes);
        let rules = self.patterns.into_iter().zip(sizes).map(|(pattern, (min_size, max_size))| Rule {
            pattern,
            min_size: min_size.ceil() as u64,
            max_size: max_size as u64,
        });
        Plan {
            roots: bytes_of(&self.roots),
            rules: rules.collect(),
            ignore_case: self.ignore_case,
            skip: bytes_of(&self.skip),
            mounts: match self.mounts.as_str() {
                "all" => Policy::All,
                "local" => Policy::Local,
                _ => Policy::Same,
            },
            max_depth: self.max_depth as u32,
            max_entries: self.max_entries as u64,
            threads: worker_threads(),
            pace: self.pace.map(PaceData::into_pace),
            settled,
        }
    }
}

/// Index of a root, and a path below it as bytes.
pub(crate) type FilePath = (u32, Vec<u8>);

/// Roots, and files below them.
pub(crate) type FilesPaths = (Vec<Vec<u8>>, Vec<FilePath>);

/// Files below roots.
#[napi(object, object_to_js = false)]
pub struct FilesData {
    /// Absolute paths.
    pub roots: Vec<String>,
    /// Paths below them, joined by NUL.
    pub paths: String,
    /// Index of each one's root.
    pub root_of: Uint32Array,
}

impl FilesData {
    /// The roots, and each file's root and path.
    pub(crate) fn into_files(self) -> FilesPaths {
        let paths = self.paths.split('\0').map(bytes_from_text);
        (bytes_of(&self.roots), self.root_of.iter().copied().zip(paths).collect())
    }
}

/// Files to digest.
#[napi(object, object_to_js = false)]
pub struct DigestData {
    /// The files.
    pub files: FilesData,
    /// For each: dev, ino, mtime, ctime; empty when nothing is expected of any.
    pub expected: BigInt64Array,
    /// For each: the expected size; negative: nothing is expected of it.
    pub expected_sizes: Float64Array,
    /// Where the classes of each end in `classes_of`.
    pub class_ends: Uint32Array,
    /// Indexes of classes.
    pub classes_of: Uint32Array,
    /// For each class: its magics in hex.
    pub magics: Vec<Vec<String>>,
    /// For each class: whether any head will do.
    pub any_head: Vec<bool>,
    /// For each class: 1 SHA-256, 2 SHA-1, 4 MD5.
    pub algorithms: Vec<u32>,
    /// Larger files are not read.
    pub max_file_bytes: f64,
    /// Time for one file.
    pub file_timeout_ms: f64,
    /// How gently; absent: as fast as it goes.
    pub pace: Option<PaceData>,
}

impl DigestData {
    pub(crate) fn into_request(self) -> Request {
        let (roots, files) = self.files.into_files();
        let (expected, sizes, ends) = (&*self.expected, &*self.expected_sizes, &*self.class_ends);
        let mut start = 0;
        let items = files.into_iter().enumerate().map(|(i, (root, path))| {
            let end = ends.get(i).map_or(start, |end| *end as usize);
            let classes = self.classes_of.get(start..end).unwrap_or_default().to_vec();
            start = end;
            Item { root, path, expected: expected_at(expected, sizes, i), classes }
        });
        let items = items.collect();
        Request {
            roots,
            items,
            classes: classes_from(self.magics, self.any_head, self.algorithms),
            max_file_bytes: self.max_file_bytes as u64,
            file_timeout: milliseconds(self.file_timeout_ms),
            threads: worker_threads(),
            pace: self.pace.map(PaceData::into_pace),
        }
    }
}

/// Classes out of their columns.
pub(crate) fn classes_from(magics: Vec<Vec<String>>, any_head: Vec<bool>, algorithms: Vec<u32>) -> Vec<Class> {
    let kinds = magics.into_iter().zip(any_head).zip(algorithms);
    let classes = kinds.map(|((magics, any), bits)| Class {
        magics: (!any).then(|| magics.into_iter().map(|magic| magic.to_ascii_lowercase()).collect()),
        algorithms: Algorithms::from_bits(bits as u8),
    });
    classes.collect()
}

/// Files to search, and what for.
#[napi(object, object_to_js = false)]
pub struct SearchData {
    /// The files.
    pub files: FilesData,
    /// For each: dev, ino, mtime, ctime; empty when nothing is expected of any.
    pub expected: BigInt64Array,
    /// For each: the expected size; negative: nothing is expected of it.
    pub expected_sizes: Float64Array,
    /// Byte strings.
    pub patterns: Vec<Buffer>,
    /// Larger files are not read.
    pub max_file_bytes: f64,
    /// Time for one file.
    pub file_timeout_ms: f64,
    /// How gently; absent: as fast as it goes.
    pub pace: Option<PaceData>,
}

impl SearchData {
    pub(crate) fn into_request(self) -> SearchRequest {
        let (roots, files) = self.files.into_files();
        let (expected, sizes) = (&*self.expected, &*self.expected_sizes);
        let items = files.into_iter().enumerate();
        let items = items.map(|(i, (root, path))| SearchItem { root, path, expected: expected_at(expected, sizes, i) });
        SearchRequest {
            roots,
            items: items.collect(),
            patterns: self.patterns.iter().map(|pattern| pattern.to_vec()).collect(),
            max_file_bytes: self.max_file_bytes as u64,
            file_timeout: milliseconds(self.file_timeout_ms),
            threads: worker_threads(),
            pace: self.pace.map(PaceData::into_pace),
        }
    }
}

/// What is expected of a file; nothing where its size is negative or missing.
pub(crate) fn expected_at(expected: &[i64], sizes: &[f64], index: usize) -> Option<Identity> {
    let size = sizes.get(index).copied().unwrap_or(-1.0);
    let fields = expected.get(4 * index..4 * index + 4).filter(|_| size >= 0.0)?;
    Some(identity(fields, size))
}

pub(crate) fn milliseconds(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)
}

/// The device and inode are unsigned; their 64 bits came as signed ones.
fn identity(fields: &[i64], size: f64) -> Identity {
    Identity {
        dev: fields[0] as u64,
        ino: fields[1] as u64,
        size: size as u64,
        mtime_ns: fields[2],
        ctime_ns: fields[3],
    }
}

pub(crate) fn bytes_of(paths: &[String]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| bytes_from_text(path)).collect()
}
