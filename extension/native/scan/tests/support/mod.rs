//! A directory that is removed afterwards, and walks and digests that wait for their answers.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use scan::{
    Algorithms, Batch, Class, Code, Digested, Digests, Failure, Identity, Item, Plan, Policy, Progress, Request, Rule,
    Walk, digest,
};

pub struct TempDir(pub PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("scan-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().canonicalize().unwrap().join(name);
        std::fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    pub fn write(&self, path: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn bytes(&self) -> Vec<u8> {
        bytes(&self.0)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
pub fn bytes(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(windows)]
pub fn bytes(path: &Path) -> Vec<u8> {
    path.to_str().expect("temporary paths are Unicode").as_bytes().to_vec()
}

#[cfg(unix)]
pub fn fifo(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).unwrap();
}

pub fn plan(root: Vec<u8>, patterns: &[&str]) -> Plan {
    let rules = patterns.iter().map(|pattern| Rule { pattern: (*pattern).into(), min_size: 0, max_size: u64::MAX });
    Plan {
        roots: vec![root],
        rules: rules.collect(),
        ignore_case: false,
        skip: Vec::new(),
        mounts: Policy::Same,
        max_depth: u32::MAX,
        max_entries: u64::MAX,
        threads: 2,
        pace: None,
        settled: None,
    }
}

#[derive(Default)]
pub struct Walked {
    /// Path and rules, sorted.
    pub entries: Vec<(String, Vec<u32>)>,
    pub identities: Vec<(String, Identity)>,
    /// Path, code and message, sorted.
    pub errors: Vec<(String, Code, String)>,
    pub progress: Progress,
}

impl Walked {
    pub fn paths(&self) -> Vec<&str> {
        self.entries.iter().map(|(path, _)| path.as_str()).collect()
    }

    pub fn codes(&self) -> Vec<(&str, Code)> {
        self.errors.iter().map(|(path, code, _)| (path.as_str(), *code)).collect()
    }
}

type Pulled = Result<Batch, Failure>;

pub fn start(plan: Plan) -> Walk<Pulled> {
    Walk::start(plan, |batch| batch).unwrap()
}

/// Waits for the next batch, but not for ever.
pub fn pull(walk: &Walk<Pulled>) -> Option<Pulled> {
    let (sender, receiver) = mpsc::channel();
    walk.next(move |batch| sender.send(batch).unwrap());
    receiver.recv_timeout(Duration::from_secs(60)).expect("a walk must answer")
}

pub fn walk(plan: Plan) -> Result<Walked, Failure> {
    let walk = start(plan);
    let mut walked = Walked::default();
    while let Some(batch) = pull(&walk) {
        let batch = batch?;
        for (entry, path, rules) in batch.iter() {
            walked.entries.push((path.to_owned(), rules.to_vec()));
            walked.identities.push((path.to_owned(), entry.meta.identity));
        }
        let errors =
            batch.iter_errors().map(|(error, path, message)| (path.to_owned(), error.code, message.to_owned()));
        walked.errors.extend(errors);
        walked.progress = batch.progress;
    }
    walked.entries.sort();
    walked.errors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(walked)
}

pub fn request(root: Vec<u8>, paths: &[&[u8]]) -> Request {
    let items = paths.iter().map(|path| Item { path: path.to_vec(), classes: vec![0], ..Item::default() });
    Request {
        roots: vec![root],
        items: items.collect(),
        classes: vec![Class { magics: None, algorithms: Algorithms::SHA256 }],
        max_file_bytes: 1 << 40,
        file_timeout: Duration::from_secs(60),
        threads: 2,
        pace: None,
    }
}

pub fn digest_all(request: &Request) -> Vec<Result<Digested, Failure>> {
    digest(request.clone(), &AtomicBool::new(false)).unwrap().unwrap()
}

pub fn digest_one(root: Vec<u8>, path: &[u8]) -> Result<Digested, Failure> {
    digest_all(&request(root, &[path])).remove(0)
}

pub fn code(result: &Result<Digested, Failure>) -> Option<Code> {
    result.as_ref().err().map(|failure| failure.code)
}

pub fn sha256(bytes: &[u8]) -> Option<[u8; 32]> {
    use sha2::Digest;
    Some(sha2::Sha256::digest(bytes).into())
}

/// Digests by the crates, one after the other; bits as those of `Algorithms`.
pub fn reference(bytes: &[u8], bits: u8) -> Digests {
    use sha2::Digest;
    Digests {
        sha256: (bits & 1 != 0).then(|| sha2::Sha256::digest(bytes).into()),
        sha1: (bits & 2 != 0).then(|| sha1::Sha1::digest(bytes).into()),
        md5: (bits & 4 != 0).then(|| md5::Md5::digest(bytes).into()),
    }
}
