//! The `OpenAPI` document, generated from the functions that answer and the types that they answer with.

use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{chart, doors, health, kept, ledger, metrics, orders, processes};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "autoscalebot", description = "How each process type stands, stood and is decided on; orders of people."),
    paths(
        health::healthz, health::readyz, health::health, health::settings,
        processes::processes, processes::process, processes::history, chart::chart, processes::measurements, processes::events,
        ledger::ledger, orders::orders, orders::give, orders::end, kept::end, kept::records, kept::orders, doors::pushed, doors::sources, metrics::metrics, document,
    ),
    security(("token" = [])),
    modifiers(&Token),
)]
pub(in crate::server) struct Document;

/// The one way in that programs use.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer.clone()));
        components.add_security_scheme("source", SecurityScheme::Http(bearer));
    }
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "health", responses(
    (status = 200, body = Object), (status = 401, body = super::error::ErrorView), (status = 403, body = super::error::ErrorView),
    (status = 429, body = super::error::ErrorView)))]
pub(super) async fn document(_: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
