//! The JSON API under `/api/v1`, and what else is asked by programs. One short function a route; what it answers is in
//! [`views`](crate::server::views), and all of it in the description of the API ([`mod@openapi`]).

mod chart;
mod doors;
pub mod error;
mod health;
mod ledger;
mod login;
pub mod openapi;
mod orders;
mod processes;
mod reading;

use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::server::access::Porter;
use crate::server::api::error::Denied;
use crate::server::front::{FrontActor, Refusal};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The routes.
pub fn routes(app: &mut ServiceConfig) {
    app.route("/healthz", web::get().to(health::healthz))
        .route("/readyz", web::get().to(health::readyz))
        .route("/login", web::post().to(login::log_in))
        .route("/logout", web::post().to(login::log_out))
        .route("/api/v1/processes", web::get().to(processes::processes))
        .route(
            "/api/v1/processes/{name}",
            web::get().to(processes::process),
        )
        .route(
            "/api/v1/processes/{name}/history",
            web::get().to(processes::history),
        )
        .route(
            "/api/v1/processes/{name}/chart.svg",
            web::get().to(chart::chart),
        )
        .route(
            "/api/v1/processes/{name}/orders",
            web::delete().to(orders::end),
        )
        .route(
            "/api/v1/measurements",
            web::get().to(processes::measurements),
        )
        .route("/api/v1/ledger", web::get().to(ledger::ledger))
        .service(
            web::resource("/api/v1/orders")
                .route(web::get().to(orders::orders))
                .route(web::post().to(orders::give)),
        )
        .route("/api/{token}/v3/reports", web::post().to(doors::judoscale))
        .route("/logs", web::post().to(doors::drain))
        .route("/logs/{token}", web::post().to(doors::drain_of))
        .route(
            "/api/v1/measurements/{process}",
            web::post().to(doors::pushed),
        )
        .route("/api/v1/sources", web::get().to(doors::sources))
        .route("/", web::post().to(doors::hirefire))
        .route("/api/v1/settings", web::get().to(health::settings))
        .route("/api/v1/health", web::get().to(health::health))
        .route("/api/v1/events", web::get().to(processes::events))
        .route("/api/v1/openapi.json", web::get().to(openapi::document));
}

/// Asks the bot, under a deadline.
async fn ask<M>(request: &HttpRequest, message: M) -> Result<M::Result, Denied>
where
    M: actix::Message + Send + 'static,
    M::Result: Send,
    FrontActor: actix::Handler<M>,
{
    let porter = Porter::of(request).ok_or_else(|| Denied::from(Refusal::Busy))?;
    match tokio::time::timeout(PATIENCE, porter.pass.front.send(message)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(_) => Err(Refusal::Busy.into()),
    }
}

/// The answer, whichever it is.
fn either(answer: Result<HttpResponse, Denied>) -> HttpResponse {
    answer.unwrap_or_else(HttpResponse::from)
}
