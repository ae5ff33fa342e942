//! What answers for the page, the login's form and their files.

use actix_web::http::header::{self, EntityTag, HeaderValue, IfNoneMatch};
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};

use super::{ASSETS, Asset, HTML, INDEX, find, login};
use crate::server::api::error::refused;

/// What is said when a login was refused.
const WRONG: &str = "This is not the server's token.";

/// What is said where no browser would keep the login's cookie.
const OPEN: &str = "A browser keeps this login only over HTTPS, or on the bot's own machine: set tls_certificate and tls_key, put a \
                    router with TLS before it, or open a tunnel (ssh -L) and use http://localhost.";

/// The page.
pub(in crate::server) async fn page(request: HttpRequest) -> HttpResponse {
    answer(&request, &INDEX)
}

/// The login's form.
pub(in crate::server) async fn form(request: HttpRequest) -> HttpResponse {
    let wrong = match request.query_string() {
        "wrong" => Some(WRONG),
        "open" => Some(OPEN),
        _ => None,
    };
    HttpResponse::Ok().content_type(HTML).body(login(wrong))
}

/// One of the page's files.
pub(in crate::server) async fn asset(
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    if let Some(asset) = find(&name) {
        return answer(&request, asset);
    }
    let names: Vec<&str> = ASSETS.iter().map(|asset| asset.name).collect();
    let names = names.join(", ");
    refused(404, format!("there is no such file; there are {names}")).into()
}

/// The file, or that it is still as it was.
fn answer(request: &HttpRequest, asset: &Asset) -> HttpResponse {
    let tag = asset.etag();
    let known = header::Header::parse(request).is_ok_and(|known| match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|known: &EntityTag| {
            known.weak_eq(&EntityTag::new_strong(tag.trim_matches('"').to_owned()))
        }),
    });
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, tag))
        // Kept, but asked about each time: after an update it is the new one at once.
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    if known {
        return response.finish();
    }
    response.content_type(asset.kind).body(asset.text)
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;
    use crate::server::api::at;

    fn routes(app: &mut web::ServiceConfig) {
        app.service(at("/", web::get().to(page)))
            .service(at("/login", web::get().to(form)))
            .service(at("/assets/{name}", web::get().to(asset)));
    }

    #[actix_web::test]
    async fn a_file_that_is_known_is_not_sent_again() {
        let app = init_service(App::new().configure(routes)).await;
        let ask = |path: &str, tag: Option<String>| {
            let request = TestRequest::get().uri(path);
            match tag {
                Some(tag) => request.insert_header(("if-none-match", tag)).to_request(),
                None => request.to_request(),
            }
        };
        for (path, asset) in [("/", &INDEX), ("/assets/page.js", find("page.js").unwrap())] {
            for (tag, status, length) in [
                (None, 200, asset.text.len()),
                (
                    Some("\"of-another-version\"".to_owned()),
                    200,
                    asset.text.len(),
                ),
                (Some(asset.etag()), 304, 0),
            ] {
                let response = call_service(&app, ask(path, tag.clone())).await;
                let shown = response.headers().get("etag").unwrap().to_str().unwrap();
                assert_eq!(shown, asset.etag());
                assert_eq!(response.status(), status, "{path} {tag:?}");
                assert_eq!(read_body(response).await.len(), length, "{path} {tag:?}");
            }
        }
    }

    #[actix_web::test]
    async fn the_login_repeats_nothing_of_the_address() {
        let app = init_service(App::new().configure(routes)).await;
        for (path, said) in [
            ("/login", false),
            ("/login?wrong", true),
            ("/login?open", false),
            ("/login?%3Cb%3Ex", false),
        ] {
            let request = TestRequest::get().uri(path).to_request();
            let body = read_body(call_service(&app, request).await).await;
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert_eq!(text.contains(WRONG), said, "{path}");
            assert!(!text.contains("b%3Ex") && !text.contains("<b>x"), "{path}");
        }
    }

    #[actix_web::test]
    async fn what_is_no_file_of_the_page_is_not_found() {
        let app = init_service(App::new().configure(routes)).await;
        for path in ["/assets/none.js", "/assets/..%2fmod.rs", "/assets/mod.rs"] {
            let request = TestRequest::get().uri(path).to_request();
            assert_eq!(call_service(&app, request).await.status(), 404, "{path}");
        }
    }
}
