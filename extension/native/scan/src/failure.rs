//! Why something was not examined, as data.
//!
//! The codes are the permanent words of `engineErrorCodes` in `extension/native/engine.ts`, in the same order, because
//! they cross the border as numbers.

use rustix::io::Errno;

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
    pub(crate) fn not_regular(kind: rustix::fs::FileType) -> Self {
        use rustix::fs::FileType;
        let name = match kind {
            FileType::Directory => "a directory",
            FileType::Fifo => "a FIFO",
            FileType::Socket => "a socket",
            FileType::CharacterDevice => "a character device",
            FileType::BlockDevice => "a block device",
            FileType::Symlink => return Failure::symlink(),
            _ => "of an unknown kind",
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

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        let code = match errno {
            Errno::ACCESS | Errno::PERM => Code::Denied,
            Errno::NOENT | Errno::NOTDIR | Errno::STALE => Code::Vanished,
            Errno::LOOP => return Failure::symlink(),
            Errno::NXIO | Errno::NODEV | Errno::ISDIR => Code::NotRegular,
            _ => Code::Io,
        };
        let said = std::io::Error::from(errno).to_string();
        // The library adds its number, which says nothing to a reader: "No such file or directory (os error 2)".
        Failure::new(code, said.split(" (os error").next().unwrap_or(&said))
    }
}
