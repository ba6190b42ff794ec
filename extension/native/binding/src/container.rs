//! What is inside one container: the request, and the answer as one buffer. `container.ts` reads the same layout.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ::container::{Bytes, Contents, HEAD_LENGTH, Limits, Refusal, Stop};
use napi_derive::napi;
use scan::{Code, Failure, Opened, Pattern, Roots, text_from_bytes};

use crate::pack::{Packed, floats, halves, pack_failure};
use crate::request::{FilesData, PaceData};

/// One file to look into.
#[napi(object, object_to_js = false)]
pub struct ContentsData {
    /// The file.
    pub files: FilesData,
    /// Patterns over paths of members whose bytes are wanted.
    pub patterns: Vec<String>,
    /// For each pattern: what the head must start with, in hex, any of them; none: any head.
    pub magics: Vec<Vec<String>>,
    /// Members at most; absent: the default, as for all limits.
    pub members: Option<f64>,
    /// Bytes that all members unpack to.
    pub total_bytes: Option<f64>,
    /// Bytes of one member.
    pub member_bytes: Option<f64>,
    /// Bytes of one member that are given.
    pub wanted_bytes: Option<f64>,
    /// Bytes that are given in all.
    pub wanted_total_bytes: Option<f64>,
    /// Time for the file.
    pub file_timeout_ms: f64,
    /// How gently; absent: as fast as it goes.
    pub pace: Option<PaceData>,
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

/// A failure of the file, or what the container is not.
enum Unread {
    Cancelled,
    Problem(String),
}

/// Reads the container; `None` when cancelled.
pub(crate) fn contents(data: ContentsData, cancelled: &AtomicBool) -> Option<Packed> {
    let limits = limits_of(&data);
    let wanted = Wants::new(&data.patterns, data.magics);
    let timeout = Duration::try_from_secs_f64(data.file_timeout_ms / 1000.0).unwrap_or(Duration::MAX);
    let pace = data.pace.map(PaceData::into_pace);
    let (paths, files) = data.files.into_files();
    let roots = match Roots::open(&paths) {
        Ok(roots) => roots,
        Err(failure) => return Some(pack_failure(&failure)),
    };
    let Some((root, path)) = files.first() else {
        return Some(pack_failure(&Failure::new(Code::Io, "no file was named")));
    };
    let opened = Opened::open(&roots, *root, path, timeout, pace, cancelled);
    let read = opened.map_err(problem).and_then(|file| read(File(file), &limits, &wanted));
    match read {
        Ok(found) => Some(pack(found)),
        Err(Unread::Problem(problem)) => Some(pack_problem(&problem)),
        Err(Unread::Cancelled) => None,
    }
}

fn read(file: File<'_>, limits: &Limits, wanted: &Wants) -> Result<Contents, Unread> {
    let patience = || {
        file.0.check().map_err(|failure| match failure.code {
            Code::Timeout => Stop::Timeout,
            _ => Stop::Cancelled,
        })
    };
    let found = ::container::contents(&file, limits, &|path, head| wanted.matches(path, head), &patience);
    let found = found.map_err(|refusal| match refusal {
        Refusal::Cancelled => Unread::Cancelled,
        Refusal::Unopened(problem) => Unread::Problem(problem),
    })?;
    file.0.verify().map_err(problem)?;
    Ok(found)
}

fn problem(failure: Failure) -> Unread {
    Unread::Problem(failure.message)
}

fn limits_of(data: &ContentsData) -> Limits {
    let standard = Limits::default();
    let bytes = |said: Option<f64>, standard: u64| said.map_or(standard, |value| value as u64);
    Limits {
        members: data.members.map_or(standard.members, |value| value as usize),
        total_bytes: bytes(data.total_bytes, standard.total_bytes),
        member_bytes: bytes(data.member_bytes, standard.member_bytes),
        wanted_bytes: bytes(data.wanted_bytes, standard.wanted_bytes),
        wanted_total_bytes: bytes(data.wanted_total_bytes, standard.wanted_total_bytes),
        ..standard
    }
}

/// Which members' bytes are wanted.
struct Wants(Vec<(Pattern, Vec<String>)>);

impl Wants {
    fn new(patterns: &[String], magics: Vec<Vec<String>>) -> Self {
        Wants(patterns.iter().map(|pattern| Pattern::new(pattern, true)).zip(magics).collect())
    }

    fn matches(&self, path: &[u8], head: &[u8]) -> bool {
        let path = path.to_ascii_lowercase();
        let head: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
        let starts =
            |magics: &[String]| magics.is_empty() || magics.iter().any(|magic| head.starts_with(magic.as_str()));
        self.0.iter().any(|(pattern, magics)| starts(magics) && pattern.matches(&path))
    }
}

/// Header: 0, 0, bytes of the problem. Then the problem.
fn pack_problem(problem: &str) -> Packed {
    let mut out = Vec::with_capacity(24 + problem.len());
    floats(&mut out, [0.0, 0.0, problem.len() as f64]);
    out.extend_from_slice(problem.as_bytes());
    out
}

/// Header: 0, 1, members, problems, truncated, index of the format, bytes of the text. A member has bytes when its
/// length of them is not negative, and a digest when its flag is 1.
fn pack(found: Contents) -> Packed {
    let Contents { format, mut members, truncated, problems } = found;
    let mut text = String::new();
    let mut end_of = |add: &dyn Fn(&mut String)| {
        add(&mut text);
        text.len() as u32
    };
    let path_ends: Vec<u32> =
        members.iter().map(|member| end_of(&|text| text_from_bytes(&member.path, text))).collect();
    let problem_ends: Vec<u32> = problems.iter().map(|problem| end_of(&|text| text.push_str(problem))).collect();
    let kept: usize = members.iter().filter_map(|member| member.bytes.as_ref()).map(Vec::len).sum();
    let mut out =
        Vec::with_capacity(56 + members.len() * (16 + 12 + HEAD_LENGTH + 32) + 4 * problems.len() + text.len() + kept);
    let counts = [members.len() as f64, problems.len() as f64];
    let rest = [f64::from(u8::from(truncated)), f64::from(format as u8), text.len() as f64];
    floats(&mut out, [0.0, 1.0].into_iter().chain(counts).chain(rest));
    floats(&mut out, members.iter().map(|member| member.size as f64));
    floats(&mut out, members.iter().map(|member| member.bytes.as_ref().map_or(-1.0, |bytes| bytes.len() as f64)));
    halves(&mut out, members.iter().map(|member| u32::from(member.sha256.is_some())));
    halves(&mut out, members.iter().map(|member| member.head.len() as u32));
    halves(&mut out, path_ends.into_iter());
    halves(&mut out, problem_ends.into_iter());
    for member in &members {
        let mut head = [0; HEAD_LENGTH];
        head[..member.head.len()].copy_from_slice(&member.head);
        out.extend_from_slice(&head);
    }
    for member in &members {
        out.extend_from_slice(&member.sha256.unwrap_or_default());
    }
    out.extend_from_slice(text.as_bytes());
    for member in &mut members {
        // Given up one by one: they can be many megabytes.
        out.extend_from_slice(&member.bytes.take().unwrap_or_default());
    }
    out
}
