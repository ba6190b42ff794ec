//! Where text comes from: the bytes of a file, read forward and never beyond the size it had at opening.

use crate::answer::Stop;

/// An open file. It knows no position, so that threads can share it.
pub trait Bytes: Sync {
    /// Its size at opening.
    fn size(&self) -> u64;
    /// Some bytes at a place; 0 at the end.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize>;
}

/// Tells whether to go on; asked for every read.
pub type Patience<'a> = &'a (dyn Fn() -> Result<(), Stop> + Sync);

/// Text that is read forward.
pub(crate) trait Text {
    /// Some bytes; 0 at the end. An error may come before, never instead of, bytes that could be read.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop>;

    /// Bytes of the unpacked file up to here.
    fn place(&self) -> u64;
}

/// Part of a file.
#[derive(Clone)]
pub(crate) struct Part<'a> {
    pub(crate) file: &'a dyn Bytes,
    pub(crate) at: u64,
    pub(crate) end: u64,
    pub(crate) patience: Patience<'a>,
}

impl Text for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        if left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        (self.patience)()?;
        let length = buffer.len().min(left);
        let got = self.file.read_at(self.at, &mut buffer[..length]).map_err(|error| Stop::Io(said(&error)))?;
        if got == 0 {
            let size = self.file.size();
            return Err(Stop::Changed(format!(
                "the file became shorter while it was read: {} of {size} bytes",
                self.at
            )));
        }
        self.at += got as u64;
        Ok(got)
    }

    fn place(&self) -> u64 {
        self.at
    }
}

/// Text up to a number of bytes; more of it is an error, once those have been given.
pub(crate) struct Limited<'a> {
    inner: Box<dyn Text + 'a>,
    limit: u64,
    given: u64,
}

impl<'a> Limited<'a> {
    pub(crate) fn new(inner: Box<dyn Text + 'a>, limit: u64) -> Self {
        Limited { inner, limit, given: 0 }
    }
}

impl Text for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        if self.given == self.limit {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(too_big(self.limit)),
            };
        }
        let left = usize::try_from(self.limit - self.given).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let got = self.inner.read(&mut buffer[..length])?;
        self.given += got as u64;
        Ok(got)
    }

    fn place(&self) -> u64 {
        self.given
    }
}

/// There is more text than is wanted.
pub(crate) fn too_big(limit: u64) -> Stop {
    Stop::TooBig(format!("the text is longer than {limit} bytes; the rest was not read"))
}

/// The words of the system without its number.
pub(crate) fn said(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
