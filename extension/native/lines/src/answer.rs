//! What is asked of a text, and what comes back.

/// How a file is packed. The order is that of the numbers that cross the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Packing {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// Any number of streams.
    Xz,
    /// Any number of streams.
    Bzip2,
}

/// What to give back of a text.
#[derive(Clone, Debug)]
pub struct Request {
    /// First lines, whatever is in them.
    pub head_lines: u64,
    /// Lines that begin so, whatever is in them; empty: none.
    pub heading_prefix: Vec<u8>,
    /// Bytes of a line, at most.
    pub max_line_bytes: usize,
    /// Lines that hold a string or are headings, at most.
    pub max_lines: u64,
    /// Bytes of unpacked text, at most.
    pub max_bytes: u64,
    /// Threads that read one plain file, at most.
    pub threads: usize,
}

/// Why the reading ended before the end of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `max_lines`.
    TooMany,
    /// `max_bytes`, or memory that unpacking would take.
    TooBig(String),
    /// The time is up.
    Timeout,
    /// What is packed cannot be unpacked.
    Damaged(String),
    /// The file became shorter.
    Changed(String),
    /// The system cannot read it.
    Io(String),
    /// Nobody wants the answer any more.
    Cancelled,
}

/// One line, as a piece of [`Batch::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Place of its first byte in the unpacked file.
    pub offset: u64,
    /// Where its bytes end; they begin where those of the line before end.
    pub end: usize,
    /// It is a piece of a longer line.
    pub is_cut: bool,
    /// It holds a string.
    pub is_found: bool,
    /// It counts towards `max_lines`: it holds a string or is a heading.
    pub is_counted: bool,
}

/// Some lines, in the order of the text.
#[derive(Debug, Default)]
pub struct Batch {
    /// The lines.
    pub lines: Vec<Line>,
    /// Their bytes, one after the other.
    pub text: Vec<u8>,
}

impl Batch {
    pub(crate) fn add(&mut self, offset: u64, bytes: &[u8], is_cut: bool, is_found: bool, is_counted: bool) {
        self.text.extend_from_slice(bytes);
        self.lines.push(Line { offset, end: self.text.len(), is_cut, is_found, is_counted });
    }

    /// Ends it before the line that is one too many; `left` is what may still be counted. Whether it had to.
    pub(crate) fn cut(&mut self, left: &mut u64) -> bool {
        let beyond = |line: &Line| {
            let is_beyond = line.is_counted && *left == 0;
            *left -= u64::from(line.is_counted && *left > 0);
            is_beyond
        };
        let Some(first) = self.lines.iter().position(beyond) else { return false };
        self.lines.truncate(first);
        self.text.truncate(self.lines.last().map_or(0, |line| line.end));
        true
    }

    /// Whether it should go on its way.
    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= 1024 || self.text.len() >= 1 << 20
    }
}
