//! Each request passes here: the porter is asked, and each answer says what a browser may do with it.

use std::net::IpAddr;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse};

use super::porter::Porter;
use super::tokens::{basic, bearer};
use crate::server::api::error::refused;

/// The token that a request shows in its headers.
pub(super) fn shown(request: &HttpRequest) -> Option<String> {
    let text = |name: &HeaderName| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let own = HeaderName::from_static("hirefire-token");
    if let Some(token) = text(&own) {
        return Some(token.trim().to_owned());
    }
    let header = text(&header::AUTHORIZATION)?;
    bearer(header).map(str::to_owned).or_else(|| basic(header))
}

/// Whether it is asked for by a name that only this machine has.
pub(in crate::server) fn is_this_machine(request: &HttpRequest) -> bool {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) | None => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Where a request comes from.
pub(super) fn address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map(|address| address.ip());
    peer.unwrap_or(IpAddr::from([0, 0, 0, 0]))
}

/// Each request passes here.
pub(in crate::server) async fn admit(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let porter = Porter::of(request.request());
    let verdict = porter.map_or_else(
        || Err(refused(503, "the server is not ready")),
        |porter| porter.admitted(request.request()),
    );
    let mut response = match verdict {
        Ok(()) => next.call(request).await?,
        Err(refusal) => {
            let is_page =
                request.match_pattern().as_deref() == Some("/") && request.method() == "GET";
            let refusal = if is_page && refusal.status == 401 && wants_html(request.request()) {
                HttpResponse::SeeOther()
                    .insert_header((header::LOCATION, "/login"))
                    .finish()
            } else {
                refusal.into()
            };
            request.into_response(refusal)
        }
    };
    guard(response.headers_mut());
    Ok(response)
}

fn wants_html(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    accept.is_some_and(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")))
}

/// What a browser may do with an answer.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn guard(headers: &mut header::HeaderMap) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // Not `no-referrer`: with it a browser says `Origin: null` for the form of the login.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn this_machine_has_a_name_of_its_own() {
        for (host, expected) in [
            ("127.0.0.1:8787", true),
            ("127.0.0.1", true),
            ("localhost:1", true),
            ("[::1]:8787", true),
            ("[::1]", true),
            ("bot.example.com", false),
            ("127.0.0.1.example.com:80", false),
            ("localhost.example.com", false),
            ("10.0.0.1:80", false),
            ("", false),
        ] {
            let request = TestRequest::get().insert_header((header::HOST, host));
            assert_eq!(
                is_this_machine(&request.to_http_request()),
                expected,
                "{host}"
            );
        }
    }
}
