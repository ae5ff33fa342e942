//! The JSON API under `/api/v1`, and what else is asked by programs. One short function a route; what it answers is in
//! [`views`](crate::server::views), and all of it in the description of the API ([`mod@openapi`]).

mod asked;
mod chart;
mod doors;
pub mod error;
mod health;
mod kept;
mod ledger;
mod login;
mod metrics;
pub mod openapi;
mod orders;
mod processes;
mod reading;

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};

use crate::server::access::{Porter, ROUTES};
use crate::server::front::{FrontActor, Refusal};
use crate::server::page::serve;
use error::Denied;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The routes.
pub fn routes(app: &mut ServiceConfig) {
    let orders = web::get().to(orders::orders);
    app.service(at("/healthz", web::get().to(health::healthz)))
        .service(at("/readyz", web::get().to(health::readyz)))
        .service(at("/metrics", web::get().to(metrics::metrics)))
        .service(at("/login", web::post().to(login::log_in)).route(web::get().to(serve::form)))
        .service(at("/assets/{name}", web::get().to(serve::asset)))
        .service(at("/logout", web::post().to(login::log_out)))
        .service(at("/", web::post().to(doors::hirefire)).route(web::get().to(serve::page)))
        .service(at("/logs", web::post().to(doors::drain)))
        .service(at("/logs/{token}", web::post().to(doors::drain_of)))
        .service(at(
            "/api/{token}/v3/reports",
            web::post().to(doors::judoscale),
        ))
        .service(
            web::scope("/api/v1")
                .service(at("/processes", web::get().to(processes::processes)))
                .service(at("/processes/{name}", web::get().to(processes::process)))
                .service(at(
                    "/processes/{name}/history",
                    web::get().to(processes::history),
                ))
                .service(at(
                    "/processes/{name}/chart.svg",
                    web::get().to(chart::chart),
                ))
                .service(at(
                    "/processes/{name}/orders",
                    web::delete().to(orders::end),
                ))
                .service(at("/measurements", web::get().to(processes::measurements)))
                .service(at("/measurements/{process}", web::post().to(doors::pushed)))
                .service(at("/ledger", web::get().to(ledger::ledger)))
                .service(at("/orders", orders).route(web::post().to(orders::give)))
                .service(at("/orders/{id}", web::delete().to(kept::end)))
                .service(at("/records", web::get().to(kept::records)))
                .service(at("/kept_orders", web::get().to(kept::orders)))
                .service(at("/sources", web::get().to(doors::sources)))
                .service(at("/settings", web::get().to(health::settings)))
                .service(at("/health", web::get().to(health::health)))
                .service(at("/events", web::get().to(processes::events)))
                .service(at("/openapi.json", web::get().to(openapi::document))),
        );
}

/// What is at a path. Other methods are refused as such.
pub(in crate::server) fn at(path: &str, route: Route) -> Resource {
    web::resource(path)
        .route(route)
        .default_service(web::to(not_so))
}

async fn not_so(request: HttpRequest) -> HttpResponse {
    let path = request.match_pattern();
    let routes = ROUTES
        .iter()
        .filter(|route| Some(route.path) == path.as_deref());
    let methods: Vec<&str> = routes.map(|route| route.method).collect();
    let allowed = methods.join(", ");
    let why = format!(
        "{} is not what this is asked with: {allowed}",
        request.method()
    );
    let mut response = HttpResponse::MethodNotAllowed();
    response.insert_header((header::ALLOW, allowed));
    response.json(error::ErrorView { error: why })
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
