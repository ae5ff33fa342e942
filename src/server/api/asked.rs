//! What is asked in queries.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this process, or of this challenger (`web.challenger`).
    pub(super) process: String,
    /// Not before this time.
    pub(super) since: Option<DateTime<Utc>>,
    /// Not after this time.
    pub(super) until: Option<DateTime<Utc>>,
    /// The oldest first, rather than the newest.
    pub(super) oldest_first: Option<bool>,
    /// At most so many, up to 500; 100 if it is not given.
    #[param(minimum = 1, maximum = 500)]
    pub(super) most: Option<usize>,
}

/// Who ends an order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ByWhom {
    /// Who.
    pub(super) by: Option<String>,
}
