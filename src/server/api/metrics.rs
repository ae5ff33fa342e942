//! What a Prometheus scrapes.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use actix_web::{HttpRequest, HttpResponse};

use super::error::ErrorView;
use super::{ask, either};
use crate::server::exposition::filled;
use crate::server::exposition::negotiate::negotiate;
use crate::server::front::AskMetrics;

/// How the bot and each process stand and what was counted, for a Prometheus: in its text format, or in OpenMetrics.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = 401, body = ErrorView), (status = 403, body = ErrorView),
    (status = 429, body = ErrorView), (status = 503, body = ErrorView)))]
pub(super) async fn metrics(request: HttpRequest) -> HttpResponse {
    either(ask(&request, AskMetrics).await.and_then(|answer| {
        let sheet = filled(&answer?);
        let accept = request.headers().get(ACCEPT);
        let format = negotiate(accept.and_then(|accept| accept.to_str().ok()));
        Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, format.content_type()))
            .insert_header((VARY, "Accept"))
            .body(sheet.text(format)))
    }))
}
