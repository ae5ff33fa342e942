//! How the processes stand, stood, and what happens to them.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Denied, ErrorView, refused};
use super::{ask, either, reading};
use crate::server::access::Porter;
use crate::server::board::history::Range;
use crate::server::events::{self, Place};
use crate::server::front::{AskHistory, AskOverview, AskProcess, Refusal};
use crate::server::views::{HistoryView, MeasurementView, Overview, ProcessView};

/// Every process type as it stands.
#[utoipa::path(get, path = "/api/v1/processes", tag = "processes", responses(
    (status = 200, body = Overview), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn processes(request: HttpRequest) -> HttpResponse {
    either(ask(&request, AskOverview).await.and_then(|answer| {
        let overview = answer?;
        Ok(HttpResponse::Ok().json(overview))
    }))
}

/// One process type as it stands.
#[utoipa::path(get, path = "/api/v1/processes/{name}", tag = "processes", params(("name" = String, Path, description = "The process type")), responses(
    (status = 200, body = ProcessView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn process(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    either(
        ask(&request, AskProcess(name.into_inner()))
            .await
            .and_then(|answer| {
                let view = answer?;
                Ok(HttpResponse::Ok().json(view))
            }),
    )
}

/// How far back is looked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server) struct HowFar {
    /// `1h`, `24h` or `7d`; `1h` if it is not given.
    pub(in crate::server) range: Option<Range>,
}

/// What was measured and scaled.
#[utoipa::path(get, path = "/api/v1/processes/{name}/history", tag = "processes",
    params(("name" = String, Path, description = "The process type, or its challenger (`web.challenger`)"),
        ("range" = Option<Range>, Query, description = "How far back; `1h` if it is not given")), responses(
    (status = 200, body = HistoryView), (status = 400, body = ErrorView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn history(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    either(
        asked(&request, name.into_inner())
            .await
            .map(|view| HttpResponse::Ok().json(view)),
    )
}

async fn asked(request: &HttpRequest, name: String) -> Result<HistoryView, Denied> {
    let HowFar { range } = reading::query(request.query_string())?;
    past(request, name, range).await
}

/// The past of a process, over the last hour if no other range is asked for.
pub(super) async fn past(
    request: &HttpRequest,
    name: String,
    range: Option<Range>,
) -> Result<HistoryView, Denied> {
    let process = name.strip_suffix(".challenger").unwrap_or(&name).to_owned();
    let there = ask(request, AskProcess(process)).await?;
    there?;
    let view = ask(
        request,
        AskHistory(name.clone(), range.unwrap_or(Range::Hour)),
    )
    .await?;
    view.ok_or_else(|| Refusal::Unknown(name).into())
}

/// The latest measurements of all processes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Measurements {
    measurements: Vec<OfProcess>,
}

/// A measurement, and of which process.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfProcess {
    process: String,
    #[serde(flatten)]
    measurement: MeasurementView,
}

/// What was measured last, of all process types.
#[utoipa::path(get, path = "/api/v1/measurements", tag = "processes", responses(
    (status = 200, body = Measurements), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn measurements(request: HttpRequest) -> HttpResponse {
    either(ask(&request, AskOverview).await.and_then(|answer| {
        let mut measurements = Vec::new();
        for process in answer?.processes {
            let of = |measurement| OfProcess {
                process: process.name.clone(),
                measurement,
            };
            measurements.extend(process.measurements.into_iter().map(of));
        }
        Ok(HttpResponse::Ok().json(Measurements { measurements }))
    }))
}

/// What happens, as it happens: server-sent events `process`, `record`, `order` and `resync`.
#[utoipa::path(get, path = "/api/v1/events", tag = "processes", responses(
    (status = 200, content_type = "text/event-stream", body = String), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn events(request: HttpRequest) -> HttpResponse {
    let Some(porter) = Porter::of(&request) else {
        return Denied::from(Refusal::Busy).into();
    };
    let Some(place) = Place::take(&Rc::clone(&porter.listeners)) else {
        return refused(503, "as many as may listen to events already do").into();
    };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(events::stream(porter.pass.events.subscribe(), place))
}
