//! Why something was not examined, as data.
//!
//! The codes are the permanent words of `engineErrorCodes` in `extension/native/engine.ts`, in the same order, because
//! they cross the border as numbers.

use crate::system::{Error, Kind};

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// No permission.
    Denied,
    /// Gone between listing and opening.
    Vanished,
    /// Replaced, or its size or times changed while it was read.
    Changed,
    /// No regular file: a FIFO, device, socket or directory.
    NotRegular,
    /// A symbolic link where a file or directory was expected; never followed.
    Symlink,
    /// Above the size cap.
    TooBig,
    /// Below the deepest level that is walked.
    TooDeep,
    /// The walk was cut.
    TooMany,
    /// A mount point that is not crossed.
    OtherFilesystem,
    /// In the skip list.
    Skipped,
    /// Took too long.
    Timeout,
    /// The system's own error, in the message.
    Io,
}

/// A reason with the words for it, one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason.
    pub code: Code,
    /// What was found, for people.
    pub message: String,
}

impl Failure {
    /// A failure found by this crate.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Failure { code, message: message.into() }
    }

    /// Another kind of file where a regular one was expected.
    pub(crate) fn not_regular(kind: Kind) -> Self {
        let name = match kind {
            Kind::Directory => "a directory",
            Kind::Fifo => "a FIFO",
            Kind::Socket => "a socket",
            Kind::CharacterDevice => "a character device",
            Kind::BlockDevice => "a block device",
            Kind::Symlink => return Failure::symlink(),
            Kind::Regular | Kind::Unknown => "of an unknown kind",
        };
        Failure::new(Code::NotRegular, format!("is {name}, not a regular file"))
    }

    /// A symbolic link on the way or at its end.
    pub(crate) fn symlink() -> Self {
        Failure::new(Code::Symlink, "is a symbolic link, which is never followed")
    }

    /// What a caught panic becomes.
    pub(crate) fn panicked() -> Self {
        Failure::new(Code::Io, "internal error while it was examined")
    }
}

#[cfg(unix)]
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::ACCESS | Error::PERM => Code::Denied,
            Error::NOENT | Error::NOTDIR | Error::STALE => Code::Vanished,
            Error::LOOP => return Failure::symlink(),
            Error::NXIO | Error::NODEV | Error::ISDIR => Code::NotRegular,
            _ => Code::Io,
        };
        Failure::new(code, without_number(&std::io::Error::from(error)))
    }
}

#[cfg(windows)]
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        use crate::system::codes;
        let code = match error.raw_os_error().map(i32::cast_unsigned) {
            Some(codes::ACCESS_DENIED | codes::PRIVILEGE_NOT_HELD) => Code::Denied,
            Some(
                codes::FILE_NOT_FOUND
                | codes::PATH_NOT_FOUND
                | codes::INVALID_NAME
                | codes::BAD_PATHNAME
                | codes::DIRECTORY,
            ) => Code::Vanished,
            Some(codes::STOPPED_ON_SYMLINK) => return Failure::symlink(),
            Some(codes::FILE_INVALID) => Code::Changed,
            Some(codes::CANT_ACCESS_FILE) => Code::NotRegular,
            _ => Code::Io,
        };
        Failure::new(code, without_number(&error))
    }
}

/// What the system says. The library adds its number, which says nothing to a reader: "No such file or directory (os
/// error 2)".
fn without_number(error: &std::io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or(&said).to_owned()
}
