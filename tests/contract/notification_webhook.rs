//! The webhook notifier against receivers: what it sends, as the receivers' own library verifies it, what it makes of
//! each status, when it tries again and when it stops.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::notification::{NotificationBackend, SHARED, webhook};
use serde_json::{Value, json};

use crate::making::{section, site};
use crate::notices::{failure, notice};
use crate::servers::free_port;
use crate::servers::http::{Act, HttpServer, Seen, answer, send};
use crate::servers::receiver::Receiver;
use crate::servers::tls::Tls;

const SECRET: &str = "whsec_hunter2hunter2hunter2hunter2hunt";
const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATH: &str = "/hook/hunter2?token=hunter2";

fn webhook(values: Value) -> Rc<dyn NotificationBackend> {
    let mut all = json!({"signing_secret": [SECRET]});
    all.as_object_mut()
        .unwrap()
        .extend(values.as_object().cloned().unwrap());
    let section = section(SHARED, webhook::BACKEND.settings, all);
    assert_eq!((webhook::BACKEND.check)(&section), []);
    (webhook::BACKEND.build)(&section, &site()).unwrap_or_else(|error| panic!("{error}"))
}

#[actix::test]
async fn a_notice_is_verified_by_the_receivers_library() {
    let tls = Tls::new();
    let mut receiver = Receiver::tls(SECRET, &tls);
    let url = format!("https://localhost:{}{PATH}", receiver.port);
    let notifier = webhook(json!({
        "url": url,
        "tls_ca_file": tls.ca_file(),
        "headers": {"Authorization": "Bearer hunter2"},
    }));
    let mut ids = Vec::new();
    for reason in [
        "the last 3 results are above 300 ms",
        "größer: \"€\\\"",
        &"€".repeat(50_000),
    ] {
        notifier.notify(&notice(reason)).await.unwrap();
        let received = receiver.received();
        assert_eq!(received["refused"], Value::Null, "{received}");
        let (headers, payload) = (&received["headers"], &received["payload"]);
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["authorization"], "Bearer hunter2");
        assert_eq!(received["path"], PATH);
        assert_eq!(payload["type"], "scale.performed");
        assert_eq!(payload["timestamp"], "2026-03-02T12:00:00.000Z");
        assert_eq!(payload["data"]["process"], "web");
        assert_eq!(payload["data"]["direction"], "up");
        ids.push(headers["webhook-id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each notice has an id of its own");
}

#[actix::test]
async fn while_a_secret_is_replaced_a_receiver_may_have_either() {
    for has in [SECRET, OTHER] {
        let mut receiver = Receiver::plain(has);
        let url = format!("http://127.0.0.1:{}{PATH}", receiver.port);
        let notifier = webhook(json!({"url": url, "signing_secret": [OTHER, SECRET]}));
        notifier.notify(&notice("slow")).await.unwrap();
        assert_eq!(receiver.received()["refused"], Value::Null);
    }
}

#[actix::test]
async fn a_receiver_with_another_secret_refuses() {
    let mut receiver = Receiver::plain(OTHER);
    let url = format!("http://127.0.0.1:{}{PATH}", receiver.port);
    let error = failure(webhook(json!({"url": url})).as_ref()).await;
    let expected = "(400): does it know this signing_secret";
    assert!(error.contains(expected), "{error}");
    assert!(
        error.contains("it says: No matching signature found"),
        "{error}"
    );
    let refused = receiver.received()["refused"].take();
    assert!(refused.as_str().unwrap().contains("No matching signature"));
}

#[actix::test]
async fn every_status_is_a_success_a_refusal_or_tried_again() {
    let good = ["200 OK", "201 Created", "202 Accepted", "204 No Content"];
    for status in good {
        let server = HttpServer::start(move |_| answer(status, ""));
        let notifier = webhook(json!({"url": server.url(PATH)}));
        notifier.notify(&notice("slow")).await.unwrap();
        assert_eq!(server.seen().len(), 1, "{status}");
    }
    for (status, part) in [
        ("301 Moved Permanently", "redirects are not followed"),
        ("400 Bad Request", "signing_secret"),
        ("401 Unauthorized", "set headers"),
        ("403 Forbidden", "set headers"),
        ("404 Not Found", "is url right?"),
        ("405 Method Not Allowed", "is url right?"),
        ("413 Content Too Large", "(413)"),
        ("422 Unprocessable Content", "(422)"),
    ] {
        let elsewhere =
            "HTTP/1.1 {status}\r\nLocation: /elsewhere\r\nContent-Length: 12\r\n\r\nhunter2: no!";
        let whole = elsewhere.replace("{status}", status);
        let server = HttpServer::start(move |_| vec![send(&whole)]);
        let notifier = webhook(json!({"url": server.url(PATH)}));
        let error = failure(notifier.as_ref()).await;
        assert!(error.contains(part), "{status}: {error}");
        assert!(error.contains("it says: ***: no!"), "{status}: {error}");
        assert_eq!(server.seen().len(), 1, "{status}: not tried again");
    }
}

/// The attempts that a server saw, when it answers the first two with `trouble`, and then well.
async fn attempts(trouble: Vec<Act>) -> Vec<Seen> {
    let server = HttpServer::start(move |seen| match seen.connection {
        1 | 2 => trouble.clone(),
        _ => answer("204 No Content", ""),
    });
    let notifier = webhook(json!({"url": server.url(PATH)}));
    notifier.notify(&notice("slow")).await.unwrap();
    server.seen()
}

#[actix::test]
async fn what_passes_is_tried_again_with_the_same_id() {
    let statuses = [
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ];
    let troubles = statuses.map(|status| answer(status, "busy")).into_iter();
    let broken = [
        vec![Act::Close],
        vec![send("HTTP/1.1 2"), Act::Close],
        vec![send("rubbish\r\n\r\n"), Act::Close],
    ];
    let troubles: Vec<_> = troubles.chain(broken).collect();
    // All at once, for each takes three seconds.
    let tried = futures_util::future::join_all(troubles.iter().cloned().map(attempts)).await;
    for (seen, trouble) in tried.iter().zip(&troubles) {
        assert_eq!(seen.len(), 3, "{trouble:?}");
        let of = |name| seen.iter().map(move |one| one.header(name).unwrap());
        let ids: Vec<_> = of("webhook-id").collect();
        assert!(
            ids.iter().all(|id| *id == ids[0]),
            "the id is stable: {ids:?}"
        );
        assert!(
            ids[0].starts_with("msg_") && !ids[0].contains('.'),
            "{ids:?}"
        );
        let times: Vec<i64> = of("webhook-timestamp")
            .map(|at| at.parse().unwrap())
            .collect();
        assert!(
            times[2] >= times[0] + 2,
            "each attempt has its time: {times:?}"
        );
        let signatures: Vec<_> = of("webhook-signature").collect();
        assert_ne!(signatures[0], signatures[2], "and so its signature");
        assert!(
            seen.iter().all(|one| one.body == seen[0].body),
            "the body is one"
        );
    }
}

#[actix::test]
async fn a_wait_that_is_asked_for_is_kept() {
    let server = HttpServer::start(|seen| match seen.connection {
        1 => vec![send(
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n",
        )],
        _ => answer("200 OK", ""),
    });
    let notifier = webhook(json!({"url": server.url(PATH)}));
    let clock = Clock::system();
    notifier.notify(&notice("slow")).await.unwrap();
    assert!(clock.now().mono >= Duration::from_secs(3));
    assert_eq!(server.seen().len(), 2);
}

#[actix::test]
async fn a_receiver_that_stays_in_trouble_is_given_up_in_time() {
    let server = HttpServer::start(|_| answer("502 Bad Gateway", "<html>"));
    let notifier = webhook(json!({"url": server.url(PATH), "timeout_in_seconds": 2}));
    let clock = Clock::system();
    let error = failure(notifier.as_ref()).await;
    assert!(clock.now().mono < Duration::from_secs(2), "in its own time");
    let expected = "is in trouble (502); it was tried 2 times within timeout_in_seconds (2 s)";
    assert!(error.contains(expected), "{error}");
}

#[actix::test]
async fn a_receiver_that_is_gone_is_told_once_and_left_alone() {
    let server = HttpServer::start(|_| answer("410 Gone", "unsubscribed"));
    let notifier = webhook(json!({"url": server.url(PATH)}));
    let error = failure(notifier.as_ref()).await;
    assert!(
        error.contains("wants no more notices (410 Gone)"),
        "{error}"
    );
    for _ in 0..3 {
        notifier.notify(&notice("slow")).await.unwrap();
    }
    assert_eq!(server.seen().len(), 1, "nothing more was sent");
}

#[actix::test]
async fn a_dead_receiver_and_a_silent_one_are_results() {
    let silent = HttpServer::start(|_| vec![Act::Stall]);
    let half = HttpServer::start(|_| vec![send("HTTP/1.1 200 OK\r\n"), Act::Stall]);
    for url in [silent.url(PATH), half.url(PATH)] {
        let notifier = webhook(json!({"url": url, "timeout_in_seconds": 0.5}));
        let error = failure(notifier.as_ref()).await;
        assert!(error.contains("no answer within 0.5 s"), "{error}");
    }
    let url = format!("http://127.0.0.1:{}{PATH}", free_port());
    let notifier = webhook(json!({"url": url, "timeout_in_seconds": 0.5}));
    let error = failure(notifier.as_ref()).await;
    assert!(error.contains("cannot connect"), "{error}");
}

#[actix::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (tls, other) = (Tls::new(), Tls::new());
    let server = HttpServer::start_tls(&tls, Duration::ZERO, |_| answer("200 OK", ""));
    for ca in [Value::Null, json!(other.ca_file())] {
        let notifier = webhook(json!({
            "url": server.https_url(PATH),
            "tls_ca_file": ca,
            "timeout_in_seconds": 0.5,
        }));
        let error = failure(notifier.as_ref()).await;
        assert!(error.contains("tls_ca_file"), "{error}");
    }
    assert_eq!(server.seen().len(), 0, "nothing was sent");
}

/// Ten notifiers, one of which waits: the others are done at once.
#[actix::test]
async fn one_that_waits_delays_no_other() {
    let busy = HttpServer::start(|_| answer("503 Service Unavailable", ""));
    let well = HttpServer::start(|_| answer("204 No Content", ""));
    let order = RefCell::new(Vec::new());
    let waits = async {
        let notifier = webhook(json!({"url": busy.url(PATH), "timeout_in_seconds": 3}));
        notifier.notify(&notice("slow")).await.unwrap_err();
        order.borrow_mut().push("waited");
    };
    let others = async {
        for _ in 0..9 {
            let notifier = webhook(json!({"url": well.url(PATH)}));
            notifier.notify(&notice("slow")).await.unwrap();
        }
        order.borrow_mut().push("told");
    };
    futures_util::future::join(waits, others).await;
    assert_eq!(order.into_inner(), ["told", "waited"]);
}
