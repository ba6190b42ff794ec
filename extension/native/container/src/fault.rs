//! Why reading ended: damage in one member, or an end to it all.

use std::fmt::Display;
use std::io;

/// Why everything ends, which is no fault of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody waits any more.
    Cancelled,
    /// It took longer than it may.
    Timeout,
    /// It unpacks to more than it may.
    TooMuch,
    /// It has more members, or longer names, than it may.
    TooMany,
}

impl Stop {
    /// What a reader of the results is told.
    pub fn message(self) -> &'static str {
        match self {
            Stop::Cancelled => "cancelled",
            Stop::Timeout => "took longer than the time allowed for one file; the rest was not read",
            Stop::TooMuch => "unpacks to more bytes than allowed; the rest was not read",
            Stop::TooMany => "has more members than allowed; the rest was not read",
        }
    }
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This container or member is not what it says, or not of a kind that is opened here.
    Damaged(String),
    /// Everything ends.
    Stopped(Stop),
}

/// A refusal in words.
pub(crate) fn damaged<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Damaged(message.into()))
}

impl Fault {
    /// Another library's words.
    pub(crate) fn from_display(error: impl Display) -> Self {
        Fault::Damaged(error.to_string())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::from_display(error)
    }
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Fault::Stopped(stop)
    }
}

/// Ends everything when that is the reason; otherwise gives the words for one member or part.
pub(crate) fn words<T>(result: Result<T, Fault>) -> Result<Result<T, String>, Stop> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Fault::Damaged(message)) => Ok(Err(message)),
        Err(Fault::Stopped(stop)) => Err(stop),
    }
}
