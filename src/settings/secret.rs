//! Text that cannot be printed.

use std::fmt;

use serde::Deserialize;

/// A password, key or token, or text that contains one. It has neither `Display` nor `Serialize`, and its `Debug` shows
/// nothing of it; who needs the text writes [`Secret::expose`], where a reviewer sees it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be handed to the service that it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
