//! A process's chart, as a picture.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono_tz::Tz;
use serde::Deserialize;

use super::error::{Denied, ErrorView};
use super::{ask, either, processes, reading};
use crate::server::board::history::Range;
use crate::server::chart::{ChartData, svg};
use crate::server::front::AskOverview;
use crate::server::views::{HistoryView, MeasurementView};

/// How wide it is where nobody says.
const WIDTH: u32 = 900;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    range: Option<Range>,
    width: Option<u32>,
}

/// What was measured, asked for and scaled, drawn.
#[utoipa::path(get, path = "/api/v1/processes/{name}/chart.svg", tag = "processes",
    params(("name" = String, Path, description = "The process type, or its challenger (`web.challenger`)"),
        ("range" = Option<Range>, Query, description = "How far back; `1h` if it is not given"),
        ("width" = Option<u32>, Query, description = "How wide, in pixels; 900 if it is not given, at least 280, at most 2000")), responses(
    (status = 200, content_type = "image/svg+xml", body = String), (status = 400, body = ErrorView), (status = 401, body = ErrorView),
    (status = 403, body = ErrorView), (status = 404, body = ErrorView), (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn chart(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    either(drawn(&request, name.into_inner()).await)
}

async fn drawn(request: &HttpRequest, name: String) -> Result<HttpResponse, Denied> {
    let Wanted { range, width } = reading::query(request.query_string())?;
    let past = processes::past(request, name.clone(), range).await?;
    let overview = ask(request, AskOverview).await??;
    let process = name.strip_suffix(".challenger").unwrap_or(&name);
    let found = overview.processes.iter().find(|view| view.name == process);
    let measurement = found.and_then(|view| view.measurements.first());
    let zone = overview.time_zone.parse().unwrap_or(Tz::UTC);
    let picture = svg(&data(past, measurement, zone), width.unwrap_or(WIDTH));
    Ok(HttpResponse::Ok()
        .content_type("image/svg+xml")
        .body(picture))
}

/// The first measurement is the one that the past is of.
fn data(past: HistoryView, measurement: Option<&MeasurementView>, zone: Tz) -> ChartData {
    ChartData {
        process: past.process,
        measurement: measurement.map_or_else(|| "measured".to_owned(), |it| it.name.clone()),
        unit: measurement.and_then(|it| it.unit).map(str::to_owned),
        from: past.from,
        to: past.to,
        zone,
        low: measurement.and_then(|it| it.low),
        high: measurement.and_then(|it| it.high),
        points: past.points,
        scales: past.scales,
    }
}
