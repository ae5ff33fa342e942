//! Where applications send what they measure: each format at its own place, as its clients have it built in. What is sent is
//! parsed here, on the server's thread, and handed over small.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Denied, ErrorView, refused};
use super::{ask, either, reading};
use crate::intake::{Format, Headers, MOST_BODY, Taken, parse};
use crate::model::ProcessName;
use crate::server::access::Porter;
use crate::server::front::{AskSources, Deliver, Refusal};

/// How often HireFire's clients are to send, in seconds: they take it from the answer.
const DISPATCH_EVERY: &str = "5";

/// The report of a Judoscale adapter.
pub(super) async fn judoscale(
    request: HttpRequest,
    payload: web::Payload,
    token: web::Path<String>,
) -> HttpResponse {
    let done = take(&request, payload, Format::Judoscale, Some(&token)).await;
    // Adapters that are answered with anything else lose the report, or tell everybody: what cannot be used is told on the page.
    either(done.map(|_| HttpResponse::Ok().json(serde_json::json!({}))))
}

/// The queue times of HireFire's clients.
pub(super) async fn hirefire(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let taken = take(&request, payload, Format::HireFire, None).await;
    either(taken.map(|_| {
        let mut response = HttpResponse::Ok();
        response.insert_header(("HireFire-Resource-Dispatch-Interval", DISPATCH_EVERY));
        response.json(serde_json::json!({}))
    }))
}

/// A batch of a log drain, its token in the path.
pub(super) async fn drain_of(
    request: HttpRequest,
    payload: web::Payload,
    token: web::Path<String>,
) -> HttpResponse {
    either(drained(&request, payload, Some(&token)).await)
}

/// A batch of a log drain, its token as a password.
pub(super) async fn drain(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    either(drained(&request, payload, None).await)
}

async fn drained(
    request: &HttpRequest,
    payload: web::Payload,
    token: Option<&str>,
) -> Result<HttpResponse, Denied> {
    take(request, payload, Format::Logplex, token).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What was taken of what was pushed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pushed {
    /// How many numbers were taken.
    accepted: u64,
}

/// Takes a number, or an object with a number `value`, as the measurement of a process whose backend is `pushed`. It needs the token
/// of a source that feeds the process.
#[utoipa::path(post, path = "/api/v1/measurements/{process}", tag = "intake", params(("process" = String, Path, description = "The process type")),
    request_body = Object, security(("source" = [])), responses(
    (status = 200, body = Pushed), (status = 400, body = ErrorView), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 404, body = ErrorView), (status = 408, body = ErrorView), (status = 413, body = ErrorView), (status = 429, body = ErrorView),
    (status = 503, body = ErrorView)))]
pub(super) async fn pushed(
    request: HttpRequest,
    payload: web::Payload,
    process: web::Path<String>,
) -> HttpResponse {
    either(push(&request, payload, process.into_inner()).await)
}

async fn push(
    request: &HttpRequest,
    payload: web::Payload,
    name: String,
) -> Result<HttpResponse, Denied> {
    let porter = Porter::of(request).ok_or(Refusal::Busy)?;
    let source = porter.source(request, None)?;
    let process = ProcessName::new(&name).map_err(|_bad| Denied::from(Refusal::Unknown(name)))?;
    let taken = deliver(request, payload, Format::Pushed { process }, source).await?;
    match taken.refused.first() {
        Some((_, why)) => Err(refused(403, why.clone())),
        None => Ok(HttpResponse::Ok().json(Pushed {
            accepted: taken.accepted,
        })),
    }
}

async fn take(
    request: &HttpRequest,
    payload: web::Payload,
    format: Format,
    token: Option<&str>,
) -> Result<Taken, Denied> {
    let porter = Porter::of(request).ok_or(Refusal::Busy)?;
    let source = porter.source(request, token)?;
    deliver(request, payload, format, source).await
}

async fn deliver(
    request: &HttpRequest,
    payload: web::Payload,
    format: Format,
    source: String,
) -> Result<Taken, Denied> {
    let body = reading::body(payload, MOST_BODY).await?;
    let delivery = parse(&format, &headers(request.headers()), &body);
    let delivery = delivery.map_err(|malformed| refused(400, malformed.to_string()))?;
    ask(request, Deliver { source, delivery }).await
}

fn headers(all: &HeaderMap) -> Headers<'_> {
    let text = |name: &str| all.get(name).and_then(|value| value.to_str().ok());
    Headers {
        content_type: text("content-type"),
        frame_id: text("logplex-frame-id"),
        drain_token: text("logplex-drain-token"),
        msg_count: text("logplex-msg-count"),
    }
}

/// Those who send.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sources {
    sources: Vec<crate::intake::view::SourceView>,
}

/// The sources, when each last spoke, and what it told.
#[utoipa::path(get, path = "/api/v1/sources", tag = "intake", responses(
    (status = 200, body = Sources), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn sources(request: HttpRequest) -> HttpResponse {
    either(
        ask(&request, AskSources)
            .await
            .map(|sources| HttpResponse::Ok().json(Sources { sources })),
    )
}
