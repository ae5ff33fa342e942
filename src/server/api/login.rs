//! The login of the page.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::either;
use super::error::Denied;
use super::reading::{self, SMALL};
use crate::server::access::{COOKIE, Porter, cookie, is_this_machine};
use crate::server::front::Refusal;

#[derive(Deserialize)]
struct Form {
    token: String,
}

/// Takes the form of the login page; what comes of it is a cookie, or the login page again.
pub(super) async fn log_in(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    either(begin(&request, payload).await)
}

async fn begin(request: &HttpRequest, payload: web::Payload) -> Result<HttpResponse, Denied> {
    let body = reading::body(payload, SMALL).await?;
    let text = String::from_utf8_lossy(&body);
    let Form { token } = reading::query(&text)?;
    if !is_kept(request) {
        let mut response = HttpResponse::SeeOther();
        response.insert_header((header::LOCATION, "/login?open"));
        return Ok(response.finish());
    }
    let porter = Porter::of(request).ok_or_else(|| Denied::from(Refusal::Busy))?;
    let begun = match porter.log_in(request, token.trim()) {
        Ok(begun) => begun,
        Err(refusal) if refusal.status == 401 => {
            return Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, "/login?wrong"))
                .finish());
        }
        Err(refusal) => return Err(refusal),
    };
    let mut response = HttpResponse::SeeOther();
    response
        .insert_header((header::LOCATION, "/"))
        .cookie(cookie(begun));
    Ok(response.finish())
}

/// Whether a browser would keep the cookie, which is `Secure`: over TLS, its own or a router's, or from this machine itself.
fn is_kept(request: &HttpRequest) -> bool {
    request.connection_info().scheme() == "https" || is_this_machine(request)
}

/// Ends the login.
pub(super) async fn log_out(request: HttpRequest) -> HttpResponse {
    if let Some(porter) = Porter::of(&request) {
        porter.log_out(&request);
    }
    let mut response = HttpResponse::SeeOther();
    let mut over = cookie(String::new());
    over.make_removal();
    debug_assert_eq!(over.name(), COOKIE);
    response
        .insert_header((header::LOCATION, "/login"))
        .cookie(over);
    response.finish()
}
