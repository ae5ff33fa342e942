//! The slack notifier against a stand-in for Slack: what it sends, what it says of each refusal, when it tries again.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::notification::{NotificationBackend, SHARED, slack};
use serde_json::{Value, json};

use crate::making::{section, site};
use crate::notices::{failure, notice};
use crate::servers::free_port;
use crate::servers::http::{Act, HttpServer, answer, send};
use crate::servers::receiver::Receiver;
use crate::servers::tls::Tls;

const PATH: &str = "/slack/T0hunter2/B0hunter2/hunter2";

fn slack(values: Value) -> Rc<dyn NotificationBackend> {
    let section = section(SHARED, slack::BACKEND.settings, values);
    assert_eq!((slack::BACKEND.check)(&section), []);
    (slack::BACKEND.build)(&section, &site()).unwrap_or_else(|error| panic!("{error}"))
}

#[actix::test]
async fn a_message_is_as_slacks_own_models_want_it() {
    let tls = Tls::new();
    let mut receiver = Receiver::tls("", &tls);
    let url = format!("https://localhost:{}{PATH}", receiver.port);
    let notifier = slack(json!({"webhook_url": url, "tls_ca_file": tls.ca_file()}));
    for reason in [
        "the last 3 results are above 300 ms",
        "",
        "<!channel> & <https://evil.test|here>",
        &"<&>€".repeat(10_000),
    ] {
        notifier.notify(&notice(reason)).await.unwrap();
        let received = receiver.received();
        assert_eq!(received["refused"], Value::Null, "{received}");
        assert_eq!(received["path"], PATH);
        assert_eq!(received["headers"]["content-type"], "application/json");
        let text = received["payload"]["text"].as_str().unwrap();
        assert!(text.starts_with("web: scale up 2 -&gt; 3"), "{text}");
        assert!(!text.contains("<!"), "{text}");
    }
}

#[actix::test]
async fn each_refusal_says_what_to_do_and_is_not_tried_again() {
    for (status, body, parts) in [
        (
            "400 Bad Request",
            "invalid_payload",
            ["(400)", "invalid_payload"],
        ),
        ("403 Forbidden", "action_prohibited", ["403", "admins"]),
        ("403 Forbidden", "invalid_token", ["403", "mistyped"]),
        ("404 Not Found", "no_service", ["404", "make a new one"]),
        (
            "404 Not Found",
            "channel_not_found",
            ["404", "another channel"],
        ),
        ("410 Gone", "channel_is_archived", ["410", "unarchive"]),
        ("302 Found", "", ["302", "not followed"]),
        ("200 OK", "<html>", ["200", "webhook_url right?"]),
        // One that repeats what it was asked.
        (
            "404 Not Found",
            &format!("no {PATH} here"),
            ["404", "no *** here"],
        ),
    ] {
        let whole = answer(status, body);
        let server = HttpServer::start(move |_| whole.clone());
        let notifier = slack(json!({"webhook_url": server.url(PATH)}));
        let error = failure(notifier.as_ref()).await;
        for part in parts {
            assert!(error.contains(part), "{status} {body}: {error}");
        }
        assert_eq!(server.seen().len(), 1, "{status} {body}: once");
    }
}

#[actix::test]
async fn what_passes_is_tried_again() {
    for (status, header) in [
        ("429 Too Many Requests", "Retry-After: 1\r\n"),
        ("500 Internal Server Error", ""),
        ("503 Service Unavailable", ""),
    ] {
        let server = HttpServer::start(move |seen| match seen.connection {
            1 => vec![send(&format!(
                "HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\n\r\n"
            ))],
            _ => answer("200 OK", "ok"),
        });
        let notifier = slack(json!({"webhook_url": server.url(PATH)}));
        notifier.notify(&notice("slow")).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), 2, "{status}");
        assert_eq!(seen[0].body, seen[1].body, "{status}");
    }
}

#[actix::test]
async fn a_wait_that_is_too_long_is_not_begun_and_kept_in_mind() {
    let server = HttpServer::start(|_| {
        vec![send(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 300\r\nContent-Length: 0\r\n\r\n",
        )]
    });
    let notifier = slack(json!({"webhook_url": server.url(PATH)}));
    let clock = Clock::system();
    let error = failure(notifier.as_ref()).await;
    assert!(error.contains("asks for a wait of 300 s"), "{error}");
    let error = failure(notifier.as_ref()).await;
    assert!(error.contains("left alone for another 300 s"), "{error}");
    assert!(clock.now().mono < Duration::from_secs(10), "at once");
    assert_eq!(server.seen().len(), 1, "it was left alone");
}

#[actix::test]
async fn a_dead_server_and_a_silent_one_are_results() {
    let silent = HttpServer::start(|_| vec![Act::Stall]);
    let notifier = slack(json!({"webhook_url": silent.url(PATH), "timeout_in_seconds": 0.5}));
    let error = failure(notifier.as_ref()).await;
    assert!(error.contains("no answer within 0.5 s"), "{error}");

    let url = format!("http://127.0.0.1:{}{PATH}", free_port());
    let notifier = slack(json!({"webhook_url": url, "timeout_in_seconds": 2}));
    let error = failure(notifier.as_ref()).await;
    assert!(error.contains("cannot connect"), "{error}");
    assert!(error.contains("tried 2 times"), "{error}");
}

#[actix::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (tls, other) = (Tls::new(), Tls::new());
    let server = HttpServer::start_tls(&tls, Duration::ZERO, |_| answer("200 OK", "ok"));
    for ca in [Value::Null, json!(other.ca_file())] {
        let notifier = slack(json!({
            "webhook_url": server.https_url(PATH),
            "tls_ca_file": ca,
            "timeout_in_seconds": 0.5,
        }));
        let error = failure(notifier.as_ref()).await;
        assert!(error.contains("tls_ca_file"), "{error}");
    }
    assert_eq!(server.seen().len(), 0, "nothing was sent");
}
