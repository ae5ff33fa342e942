//! Whether the bot is alive, ready and well, and by which settings it works.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::error::ErrorView;
use super::{ask, either};
use crate::server::front::{AskOverview, AskSettings};
use crate::server::views::{HealthView, Overview};

/// Whether the bot is alive.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always `alive`.
    status: &'static str,
}

/// Whether the server answers. It needs no token, and says nothing else.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, body = Alive), (status = 429, body = ErrorView)))]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "alive" })
}

/// Whether every process type is measured.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// Whether all are.
    ready: bool,
    /// Those that are not, each with why.
    waiting: Vec<Waiting>,
}

/// A process type that is not measured.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Waiting {
    process: String,
    why: String,
}

impl Ready {
    fn of(overview: &Overview) -> Self {
        let mut waiting = Vec::new();
        for process in &overview.processes {
            let patience = process.interval_seconds * 2.0;
            for measurement in &process.measurements {
                let why = match (&measurement.error, measurement.age_seconds) {
                    (Some(error), _) => error.clone(),
                    (None, None) => "it was not measured yet".to_owned(),
                    (None, Some(age)) if age > patience => {
                        format!("it was measured {age:.0} s ago, which is more than two intervals")
                    }
                    (None, Some(_)) => continue,
                };
                let why = format!("{}: {why}", measurement.name);
                let process = process.name.clone();
                waiting.push(Waiting { process, why });
            }
        }
        Self {
            ready: waiting.is_empty(),
            waiting,
        }
    }
}

/// Whether every process type was measured within two intervals.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, body = Ready), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = Ready)))]
pub(super) async fn readyz(request: HttpRequest) -> HttpResponse {
    either(ask(&request, AskOverview).await.and_then(|answer| {
        let ready = Ready::of(&answer?);
        Ok(if ready.ready {
            HttpResponse::Ok().json(ready)
        } else {
            HttpResponse::ServiceUnavailable().json(ready)
        })
    }))
}

/// How the bot is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// The bot's version.
    version: String,
    /// Whether this replica leads.
    leads: bool,
    /// Whether orders can be given.
    has_store: bool,
    /// Whether every process type is measured.
    #[serde(flatten)]
    ready: Ready,
    /// The process types that do not scale.
    degraded: Vec<String>,
}

/// How the bot is.
#[utoipa::path(get, path = "/api/v1/health", tag = "health", responses(
    (status = 200, body = Health), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn health(request: HttpRequest) -> HttpResponse {
    either(ask(&request, AskOverview).await.and_then(|answer| {
        let overview = answer?;
        let processes = overview.processes.iter();
        let degraded = processes.filter(|process| process.health == HealthView::Degraded);
        Ok(HttpResponse::Ok().json(Health {
            ready: Ready::of(&overview),
            degraded: degraded.map(|process| process.name.clone()).collect(),
            version: overview.version.clone(),
            leads: overview.leads,
            has_store: overview.has_store,
        }))
    }))
}

/// The settings in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettingsInForce {
    /// Table by table, secrets as `***`.
    #[schema(value_type = Object)]
    settings: Value,
}

/// The settings in force; secrets are hidden.
#[utoipa::path(get, path = "/api/v1/settings", tag = "health", responses(
    (status = 200, body = SettingsInForce), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn settings(request: HttpRequest) -> HttpResponse {
    either(ask(&request, AskSettings).await.map(|settings| {
        let settings = Value::clone(&settings);
        HttpResponse::Ok().json(SettingsInForce { settings })
    }))
}
