//! The exit codes, in one place; the numbers are those of `sysexits.h`.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Success,
    /// The command could not do what was asked.
    Failure,
    /// The command line was wrong.
    Usage,
    /// A fault of the program itself: its thread no longer beats, or panicked outside every part.
    Internal,
    /// The configuration was refused.
    Config,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 64,
            Self::Internal => 70,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
