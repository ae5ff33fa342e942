//! What went wrong with the file, and what it means to a person. Called on the store's thread.

use rusqlite::ErrorCode;

use crate::state::StoreError;

/// Why an operation failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// `SQLite` says so.
    Sqlite(rusqlite::Error),
    /// The file is not ours, or too new, and is left as it is.
    NotOurs(String),
    /// What is to be kept cannot be.
    Impossible(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Impossible(error.to_string())
    }
}

impl Trouble {
    /// Whether the file is damaged: it must make room for a new one.
    pub(super) fn is_damage(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }

    /// Whether there is no room.
    pub(super) fn is_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
    }

    /// Whether another attempt over the same connection is worth nothing.
    pub(super) fn wants_opening_anew(&self) -> bool {
        !matches!(
            self.code(),
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    /// In plain words.
    pub(super) fn into_error(self, place: &str) -> StoreError {
        let code = self.code();
        let text = match &self {
            Self::Sqlite(error) => format!("{place}: {error}"),
            Self::NotOurs(why) | Self::Impossible(why) => format!("{place}: {why}"),
        };
        match code {
            Some(ErrorCode::DiskFull) => StoreError::Full(format!(
                "{text}; make room, raise max_megabytes, or keep less"
            )),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                StoreError::Refused(format!("{text}; it must be writable, and its folder too"))
            }
            Some(ErrorCode::CannotOpen) => StoreError::Refused(format!(
                "{text}; its folder must be there, and both be writable"
            )),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(text),
            Some(_) => StoreError::Away(text),
            None => StoreError::Refused(text),
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => Some(error.sqlite_error_code().unwrap_or(ErrorCode::Unknown)),
            Self::NotOurs(_) | Self::Impossible(_) => None,
        }
    }
}
