//! `app_decision` against a real HTTP server.

use autoscalebot::measurement::{MeasureError, OnFailure};
use serde_json::json;

use crate::measuring::{backend, number};
use crate::servers::http::{Act, HttpServer, answer, send};
use crate::servers::tls::Tls;

const NAME: &str = "app_decision";

#[actix_rt::test]
async fn the_document_and_the_number_in_it_are_measured() {
    let body = r#"{"processes": 3, "queue": {"length": 12.5}}"#;
    let server = HttpServer::start(move |_| answer("200 OK", body));
    let url = server.url("/wish");

    let measuring = backend(
        NAME,
        json!({"measurement_url": url, "value_key": "/queue/length"}),
    );
    assert_eq!(number(measuring.measure().await), 12.5);

    let sample = backend(NAME, json!({"measurement_url": url}))
        .measure()
        .await
        .unwrap();
    assert_eq!(
        *sample.data,
        json!({"processes": 3, "queue": {"length": 12.5}})
    );
    assert_eq!(
        sample.number, None,
        "the decision backend reads the document itself"
    );

    let table = json!({"measurement_url": url, "value_key": "/nowhere"});
    let error = backend(NAME, table).measure().await.unwrap_err();
    assert!(matches!(error, MeasureError::Unusable(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("value_key `/nowhere` is not in the answer"),
        "{error}"
    );
}

#[actix_rt::test]
async fn a_document_that_is_a_number_is_the_number() {
    let server = HttpServer::start(|_| answer("201 Created", "42\n"));
    for table in [json!({}), json!({"value_key": ""})] {
        let mut table = table;
        table["base_url"] = json!(server.url(""));
        assert_eq!(number(backend(NAME, table).measure().await), 42.0);
    }
    let asked: Vec<String> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(
        asked, ["GET /autoscalebot/measurement/ HTTP/1.1"; 2],
        "the default path"
    );
}

#[actix_rt::test]
async fn an_answer_that_is_no_json_is_unusable() {
    for (status, body, text) in [
        ("200 OK", "<html>hunter2</html>", "not with JSON"),
        ("200 OK", "", "without a body"),
        ("204 No Content", "", "without a body"),
        ("302 Found", "1", "redirects are not followed"),
    ] {
        let server = HttpServer::start(move |_| answer(status, body));
        let measuring = backend(NAME, json!({"measurement_url": server.url("/")}));
        let error = measuring.measure().await.unwrap_err();
        assert!(matches!(error, MeasureError::Unusable(_)), "{error:?}");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[actix_rt::test]
async fn no_failure_of_it_is_load() {
    let stalled = HttpServer::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"),
            Act::Stall,
        ]
    });
    let cut = HttpServer::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"),
            Act::Close,
        ]
    });
    let broken = HttpServer::start(|_| answer("503 Service Unavailable", ""));
    for server in [&stalled, &cut, &broken] {
        let table = json!({"measurement_url": server.url("/"), "timeout_in_seconds": 0.5});
        let measuring = backend(NAME, table);
        let error = measuring.measure().await.unwrap_err();
        assert_eq!(measuring.counts_as(&error), OnFailure::Hold, "{error:?}");
    }
}

#[actix_rt::test]
async fn an_answer_without_end_is_bounded() {
    let server = HttpServer::start(|_| vec![send("HTTP/1.1 200 OK\r\n\r\n"), Act::Flood]);
    let error = backend(NAME, json!({"measurement_url": server.url("/")}))
        .measure()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[actix_rt::test]
async fn headers_and_the_ca_are_used() {
    let tls = Tls::new();
    let server = HttpServer::start_tls(&tls, std::time::Duration::ZERO, |_| answer("200 OK", "1"));
    let table = json!({
        "measurement_url": server.https_url("/"),
        "tls_ca_file": tls.ca_file(),
        "headers": {"X-Token": "hunter2"},
    });
    assert_eq!(number(backend(NAME, table).measure().await), 1.0);
    assert_eq!(server.seen()[0].header("x-token"), Some("hunter2"));
}
