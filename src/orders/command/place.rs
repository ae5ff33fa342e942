//! Where a command finds the bot that it is about.

use std::path::PathBuf;

/// Where the bot is found.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// By the store that a configuration names.
    File(PathBuf),
    /// By its server.
    Url(String),
}
