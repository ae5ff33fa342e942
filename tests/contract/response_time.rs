//! `response_time` against a real HTTP server.
//!
//! Where a test looks at a figure, what it tells apart is seconds wide: it never asserts how fast anything is.

use std::time::Duration;

use autoscalebot::measurement::response_time::BACKEND;
use autoscalebot::measurement::{MeasureError, OnFailure, SHARED, Sample};
use futures_util::future::join;
use serde_json::{Value, json};

use crate::making::{section, site};
use crate::measuring::{backend, figure, try_backend};
use crate::servers::http::{Act, HttpServer, answer, send};
use crate::servers::tls::Tls;
use crate::servers::{Parrot, free_port};

const NAME: &str = "response_time";

/// What a server waits, and the figure that tells whether the wait is in it.
const WAIT: Duration = Duration::from_millis(2000);
const WAITED: f64 = 2000.0;

async fn measure(mut table: Value, server: &HttpServer) -> Result<Sample, MeasureError> {
    table["measurement_url"] = json!(server.url("/m/"));
    backend(NAME, table).measure().await
}

#[actix_rt::test]
async fn the_figure_ends_with_the_first_byte_of_the_body() {
    let late_headers = || [vec![Act::Wait(WAIT)], answer("200 OK", "Beat")].concat();
    let head = || send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    let late_body = move || vec![head(), Act::Wait(WAIT), send("Beat")];
    let late_rest = move || vec![head(), send("B"), Act::Wait(WAIT), send("eat")];
    let empty = || {
        vec![
            send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Act::Wait(WAIT),
            send("0\r\n\r\n"),
        ]
    };
    let late_and_empty = || [vec![Act::Wait(WAIT)], answer("204 No Content", "")].concat();

    let server = HttpServer::start(move |seen| match seen.line.split(' ').nth(1) {
        Some("/late_headers") => late_headers(),
        Some("/late_body") => late_body(),
        Some("/late_rest") => late_rest(),
        Some("/empty") => empty(),
        _ => late_and_empty(),
    });
    for (path, waited, because) in [
        (
            "/late_headers",
            true,
            "the application thinks before it answers",
        ),
        ("/late_body", true, "headers alone are no answer yet"),
        (
            "/late_rest",
            false,
            "what comes after the first byte is not timed",
        ),
        (
            "/empty",
            false,
            "without a body, the end of the headers counts",
        ),
        ("/late_and_empty", true, "so does the wait for them"),
    ] {
        let measuring = backend(NAME, json!({"measurement_url": server.url(path)}));
        let figure = figure(measuring.measure().await);
        assert_eq!(figure >= WAITED, waited, "{path}: {figure} ms: {because}");
    }
}

#[actix_rt::test]
async fn a_status_is_good_or_says_what_it_counts_as() {
    for (status, expected, counts_as) in [
        ("200 OK", None, None),
        ("302 Found", None, None),
        ("304 Not Modified", None, None),
        ("404 Not Found", None, Some(OnFailure::Hold)),
        ("401 Unauthorized", None, Some(OnFailure::Hold)),
        ("500 Internal Server Error", None, Some(OnFailure::TooHigh)),
        ("503 Service Unavailable", None, Some(OnFailure::TooHigh)),
        ("401 Unauthorized", Some(401), None),
        ("200 OK", Some(401), Some(OnFailure::Hold)),
        ("503 Service Unavailable", Some(503), None),
    ] {
        let server = HttpServer::start(move |_| answer(status, "body"));
        let mut table = json!({"measurement_url": server.url("/m/")});
        if let Some(expected) = expected {
            table["expected_status"] = json!([expected]);
        }
        let measuring = backend(NAME, table);
        let measured = measuring.measure().await;
        let counted = measured
            .as_ref()
            .err()
            .map(|error| measuring.counts_as(error));
        assert_eq!(
            counted, counts_as,
            "{status}, expected {expected:?}: {measured:?}"
        );
        let error = measured
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            counts_as.is_none() || error.contains(&format!("/m/: it answered {status}")),
            "{error}"
        );
    }
}

#[actix_rt::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let server = HttpServer::start(|_| {
        vec![send(
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        )]
    });
    measure(json!({}), &server).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[actix_rt::test]
async fn silence_is_a_time_out_and_too_high() {
    let no_headers = HttpServer::start(|_| vec![Act::Stall]);
    let half_headers = HttpServer::start(|_| vec![send("HTTP/1.1 200 OK\r\nConte"), Act::Stall]);
    let no_body = HttpServer::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
            Act::Stall,
        ]
    });
    for server in [&no_headers, &half_headers, &no_body] {
        let table = json!({"measurement_url": server.url("/"), "timeout_in_seconds": 0.5});
        let measuring = backend(NAME, table);
        let error = measuring.measure().await.unwrap_err();
        assert_eq!(error, MeasureError::TimedOut(Duration::from_millis(500)));
        assert_eq!(measuring.counts_as(&error), OnFailure::TooHigh);
        assert_eq!(error.to_string(), "no answer within 0.5 s");
    }
}

#[actix_rt::test]
async fn no_connection_or_no_http_is_no_load() {
    let rubbish = HttpServer::start(|_| vec![send("BLAH BLAH\r\n\r\n"), Act::Close]);
    let cut_headers = HttpServer::start(|_| vec![send("HTTP/1.1 200 OK\r\nConte"), Act::Close]);
    let cut_body = HttpServer::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
            Act::Close,
        ]
    });
    let closed = HttpServer::start(|_| vec![Act::Close]);
    let refused = format!("http://127.0.0.1:{}/", free_port());
    for (url, text) in [
        (refused, "Connection refused"),
        // A name with a part that long cannot exist, so no name server is asked.
        (format!("http://{}.test/", "a".repeat(64)), "cannot connect"),
        (rubbish.url("/"), "invalid HTTP version"),
        (
            cut_headers.url("/"),
            "connection closed before message completed",
        ),
        (
            cut_body.url("/"),
            "end of file before message length reached",
        ),
        (
            closed.url("/"),
            "connection closed before message completed",
        ),
    ] {
        let measuring = backend(NAME, json!({"measurement_url": url}));
        let error = measuring.measure().await.unwrap_err();
        assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
        assert_eq!(measuring.counts_as(&error), OnFailure::Hold);
        assert!(error.to_string().contains(text), "{url}: {error}");
        assert!(error.to_string().starts_with("GET http"), "{error}");
    }
    assert_eq!(
        closed.seen().len(),
        1,
        "a failure over a new connection is a result"
    );
}

#[actix_rt::test]
async fn one_connection_is_kept_or_each_is_fresh() {
    let body = "x".repeat(100_000);
    let server = HttpServer::start(move |_| answer("200 OK", &body));
    for (fresh, connections) in [(false, 1), (true, 4)] {
        let before = server.connections();
        let table = json!({"measurement_url": server.url("/"), "fresh_connection": fresh});
        let measuring = backend(NAME, table);
        for _ in 0..4 {
            measuring.measure().await.unwrap();
        }
        assert_eq!(
            server.connections() - before,
            connections,
            "fresh_connection = {fresh}"
        );
    }
}

#[actix_rt::test]
async fn a_kept_connection_that_the_server_closes_is_not_a_failure() {
    // The second request of each connection meets its end: the server gave up on it while we sent.
    let racing = HttpServer::start(|seen| match seen.nth {
        1 => answer("200 OK", "Beat"),
        _ => vec![Act::Close],
    });
    let measuring = backend(NAME, json!({"measurement_url": racing.url("/")}));
    for _ in 0..5 {
        measuring.measure().await.unwrap();
    }
    let seen: Vec<_> = racing
        .seen()
        .iter()
        .map(|seen| (seen.connection, seen.nth))
        .collect();
    assert_eq!(seen.len(), 9, "each but the first was sent twice: {seen:?}");

    // And this one closes after each answer without a word.
    let closing = HttpServer::start(|_| [answer("200 OK", "Beat"), vec![Act::Close]].concat());
    let measuring = backend(NAME, json!({"measurement_url": closing.url("/")}));
    for _ in 0..5 {
        measuring.measure().await.unwrap();
    }
    assert_eq!(closing.connections(), 5);
}

#[actix_rt::test]
async fn a_body_without_end_is_left_alone() {
    let flood = HttpServer::start(|_| vec![send("HTTP/1.1 200 OK\r\n\r\n"), Act::Flood]);
    let trickle = HttpServer::start(|_| {
        let head = vec![send("HTTP/1.1 200 OK\r\n\r\n")];
        let drop = vec![send("x"), Act::Wait(Duration::from_millis(50))];
        [vec![head], vec![drop; 10_000]].concat().concat()
    });
    for server in [&flood, &trickle] {
        let measuring = backend(NAME, json!({"measurement_url": server.url("/")}));
        for _ in 0..2 {
            measuring.measure().await.unwrap();
        }
        assert_eq!(
            server.connections(),
            2,
            "such a connection is not used again"
        );
    }
}

#[actix_rt::test]
async fn a_short_time_out_is_enough_for_an_answer_whose_rest_is_slow() {
    let server = HttpServer::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nB"),
            Act::Stall,
        ]
    });
    measure(json!({"timeout_in_seconds": 1}), &server)
        .await
        .unwrap();
}

#[actix_rt::test]
async fn connecting_is_in_the_figure_only_when_each_connection_is_fresh() {
    let tls = Tls::new();
    let server = HttpServer::start_tls(&tls, WAIT, |_| answer("200 OK", "Beat"));
    for fresh in [false, true] {
        let table = json!({
            "measurement_url": server.https_url("/"),
            "tls_ca_file": tls.ca_file(),
            "fresh_connection": fresh,
        });
        let figure = figure(backend(NAME, table).measure().await);
        assert_eq!(figure >= WAITED, fresh, "{figure} ms");
    }
}

/// In a shared pool the second would wait for the first one's connection, or for one of its own, whichever comes first.
#[actix_rt::test]
async fn another_process_s_request_to_the_same_host_is_not_in_the_figure() {
    let tls = Tls::new();
    let server = HttpServer::start_tls(&tls, WAIT, |seen| {
        let mut acts = answer("200 OK", "Beat");
        if seen.line.contains("/slow") {
            acts.insert(0, Act::Wait(WAIT * 3 / 4));
        }
        acts
    });
    let site = site();
    let made = |path: &str| {
        let table = json!({
            "measurement_url": server.https_url(path),
            "tls_ca_file": tls.ca_file(),
        });
        (BACKEND.build)(&section(SHARED, BACKEND.settings, table), &site).unwrap()
    };
    let (slow, quick) = (made("/slow"), made("/"));
    let later = async {
        tokio::time::sleep(WAIT + WAIT / 20).await;
        quick.measure().await
    };
    let (slow, quick) = join(slow.measure(), later).await;
    slow.unwrap();
    let figure = figure(quick);
    assert!(figure < WAITED / 4.0, "{figure} ms");
}

#[actix_rt::test]
async fn a_certificate_must_be_trusted() {
    let tls = Tls::new();
    let server = HttpServer::start_tls(&tls, Duration::ZERO, |_| answer("200 OK", "Beat"));
    let trusting = json!({"measurement_url": server.https_url("/"), "tls_ca_file": tls.ca_file()});
    backend(NAME, trusting).measure().await.unwrap();

    let doubting = backend(NAME, json!({"measurement_url": server.https_url("/")}));
    let error = doubting.measure().await.unwrap_err();
    assert!(error.to_string().contains("no TLS connection: "), "{error}");
    assert!(
        error.to_string().contains("name that in tls_ca_file"),
        "{error}"
    );
    assert_eq!(doubting.counts_as(&error), OnFailure::Hold);

    let plain = Parrot::start("HTTP/1.1 400 Bad Request\r\n\r\n");
    let url = format!("https://127.0.0.1:{}/", plain.port());
    let error = backend(NAME, json!({"measurement_url": url}))
        .measure()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("does it speak TLS at all?"),
        "{error}"
    );
}

#[actix_rt::test]
async fn a_ca_file_that_is_none_is_told() {
    let table = json!({"measurement_url": "https://a.test/", "tls_ca_file": "/nowhere/ca.pem"});
    let error = try_backend(NAME, table).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("tls_ca_file /nowhere/ca.pem cannot be read"),
        "{error}"
    );
}

#[actix_rt::test]
async fn a_login_and_headers_are_sent_and_never_shown() {
    let server = HttpServer::start(|seen| match seen.header("authorization") {
        // me:hunter2/é
        Some("Basic bWU6aHVudGVyMi/DqQ==") => answer("200 OK", "Beat"),
        _ => answer("401 Unauthorized", ""),
    });
    let url = |login: &str| {
        server
            .url("/m/?key=hunter2")
            .replace("127", &format!("{login}127"))
    };
    let table = |login: &str| json!({"measurement_url": url(login), "headers": {"X-Token": "hunter2", "User-Agent": "me"}});
    let good = backend(NAME, table("me:hunter2%2F%C3%A9@"));
    good.measure().await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "GET /m/?key=hunter2 HTTP/1.1");
    assert_eq!(seen.header("x-token"), Some("hunter2"));
    assert_eq!(
        seen.header("user-agent"),
        Some("me"),
        "a header of the user's own wins"
    );

    let error = backend(NAME, table("me:hunter22@"))
        .measure()
        .await
        .unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(!told.contains("hunter") && !told.contains("me:"), "{told}");
    let port = server.port();
    let shown = format!("GET http://127.0.0.1:{port}/m/: it answered 401 Unauthorized");
    assert!(told.starts_with(&shown), "{told}");

    let mut gone = table("me:hunter22@");
    gone["measurement_url"] = json!(format!(
        "http://me:hunter2@127.0.0.1:{}/?k=hunter2",
        free_port()
    ));
    let error = backend(NAME, gone).measure().await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
}

#[actix_rt::test]
async fn the_bot_says_who_it_is() {
    let server = HttpServer::start(|_| answer("200 OK", "Beat"));
    measure(json!({}), &server).await.unwrap();
    let agent = format!("autoscalebot/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.seen()[0].header("user-agent"), Some(agent.as_str()));
}
