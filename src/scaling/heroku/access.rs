//! Which app, and with which key: the settings that scaling and measuring have in common, and what tells two clients
//! apart.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::Secret;

/// The settings that say which app, and with which key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Access {
    /// The app's name or id.
    pub app_name: String,
    /// The key.
    pub api_key: Secret,
    /// Where the Platform API is.
    pub api_url: String,
    /// A CA certificate to trust beside the system's.
    #[serde(default)]
    pub tls_ca_file: Option<PathBuf>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL either: it may hold a password.
        f.debug_struct("Access")
            .field("app_name", &self.app_name)
            .finish_non_exhaustive()
    }
}
