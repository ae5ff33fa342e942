//! What is wrong with a configuration: faults as the checks find them, problems as they are shown.

use std::fmt;

/// A fault inside one table, before its place in the file is known: which setting, what is wrong, what would be right.
/// Never put a secret's value into either sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting at fault; when it was not written, the table's own head is shown.
    pub setting: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl Fault {
    /// A fault at `setting`.
    pub fn at(setting: &str, wrong: impl fmt::Display, right: impl fmt::Display) -> Self {
        Self {
            setting: setting.to_owned(),
            wrong: wrong.to_string(),
            right: right.to_string(),
        }
    }
}
