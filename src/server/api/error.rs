//! What is answered to what cannot be done: always the same form, `{"error": "words"}`.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::server::front::Refusal;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorView {
    /// Why, and what would be right.
    pub error: String,
}

/// What is answered instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The status.
    pub status: u16,
    /// Why, and what would be right.
    pub why: String,
    /// How long to wait before it is tried again.
    pub wait: Option<Duration>,
}

/// An answer that says why not.
pub fn refused(status: u16, why: impl Into<String>) -> Denied {
    Denied {
        status,
        why: why.into(),
        wait: None,
    }
}

/// An answer to one who asks too often.
pub fn too_many(why: &str, wait: Duration) -> Denied {
    Denied {
        status: 429,
        why: format!("{why}: try again in {} s", wait.as_secs().saturating_add(1)),
        wait: Some(wait),
    }
}

impl From<Denied> for HttpResponse {
    fn from(denied: Denied) -> Self {
        let status = StatusCode::from_u16(denied.status);
        let mut response = Self::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        if denied.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"autoscalebot\""));
        }
        if let Some(wait) = denied.wait {
            let seconds = wait.as_secs().saturating_add(1);
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(ErrorView { error: denied.why })
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::Unknown(_) => 404,
            Refusal::NoStore => 409,
            Refusal::Store(_) | Refusal::Busy => 503,
        };
        refused(status, refusal.to_string())
    }
}
