//! The email notifier against a real mail server: TLS in both ways, log-in, refusals, silence.

use std::io::Read;
use std::net::TcpListener;
use std::rc::Rc;
use std::thread;

use autoscalebot::model::ProcessName;
use autoscalebot::notification::{Event, Notice, NotificationBackend, Phase, SHARED, email};
use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::making::{section, site};
use crate::servers::smtp::MailServer;
use crate::servers::tls::Tls;

const PASSWORD: &str = "s3cret/wörd";

fn login() -> Value {
    json!({"user": "bot@example.com", "password": PASSWORD})
}

/// A URL with that log-in.
fn url(scheme: &str, password: &str, port: u16) -> String {
    format!("{scheme}://bot%40example.com:{password}@localhost:{port}?tls=required")
}

const ENCODED: &str = "s3cret%2Fw%C3%B6rd";

fn email(values: Value) -> Rc<dyn NotificationBackend> {
    let mut all = json!({"to": ["Ops <ops@example.com>"], "from": "bot@example.com"});
    all.as_object_mut()
        .unwrap()
        .extend(values.as_object().cloned().unwrap());
    let section = section(SHARED, email::BACKEND.settings, all);
    assert_eq!((email::BACKEND.check)(&section), []);
    (email::BACKEND.build)(&section, &site()).unwrap_or_else(|error| panic!("{error}"))
}

fn notice(reason: &str) -> Notice {
    Notice {
        process: ProcessName::new("web").unwrap(),
        event: Event::Scale,
        phase: Phase::Moment,
        at: "2026-03-02T12:00:00Z".parse().unwrap(),
        cycle: 7,
        from: Some(2),
        to: Some(3),
        direction: None,
        reason: reason.to_owned(),
    }
}

/// What it says when it cannot deliver; in no case the password.
async fn failure(values: Value) -> String {
    let error = email(values)
        .notify(&notice("slow"))
        .await
        .unwrap_err()
        .to_string();
    for secret in [PASSWORD, ENCODED, "s3cret", "bot%40"] {
        assert!(!error.contains(secret), "{error}");
    }
    error
}

#[actix::test]
async fn starttls_and_log_in() {
    let tls = Tls::new();
    let server = MailServer::starttls(&tls, login());
    let notifier = email(json!({
        "smtp_url": url("smtp", ENCODED, server.port),
        "tls_ca_file": tls.ca_file(),
    }));
    notifier
        .notify(&notice("the last 3 results are above 300 ms"))
        .await
        .unwrap();
    let mail = server.mail();
    assert!(mail.tls, "over TLS");
    assert_eq!(mail.login.as_deref(), Some("bot@example.com"));
    assert_eq!(
        (mail.sender.as_str(), mail.recipients.join(" ").as_str()),
        ("bot@example.com", "ops@example.com")
    );
    assert_eq!(mail.header("From"), Some("bot@example.com"));
    assert_eq!(mail.header("To"), Some("Ops <ops@example.com>"));
    assert_eq!(
        mail.header("Subject"),
        Some("[autoscalebot] web: scale up 2 -> 3")
    );
    assert_eq!(mail.header("Date"), Some("Mon, 02 Mar 2026 12:00:00 +0000"));
    assert!(
        mail.header("Message-ID")
            .is_some_and(|id| id.ends_with("@example.com>"))
    );
    assert!(
        mail.content
            .contains("web: scale up 2 -> 3: the last 3 results are above 300 ms\r\n")
    );

    notifier.notify(&notice("again")).await.unwrap();
    assert!(
        server.mail().content.contains("again"),
        "each mail has its own connection"
    );
}

#[actix::test]
async fn tls_from_the_start() {
    let tls = Tls::new();
    let server = MailServer::implicit(&tls, login());
    let notifier = email(json!({
        "smtp_url": url("smtps", ENCODED, server.port),
        "tls_ca_file": tls.ca_file(),
    }));
    notifier.notify(&notice("slow")).await.unwrap();
    let mail = server.mail();
    assert!(mail.tls && mail.login.is_some());
}

#[actix::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (tls, other) = (Tls::new(), Tls::new());
    let starttls = MailServer::starttls(&tls, login());
    let implicit = MailServer::implicit(&tls, login());
    for (url, ca) in [
        (url("smtp", ENCODED, starttls.port), json!(other.ca_file())),
        (url("smtps", ENCODED, implicit.port), json!(other.ca_file())),
        (url("smtps", ENCODED, implicit.port), Value::Null),
    ] {
        let error = failure(json!({"smtp_url": url, "tls_ca_file": ca})).await;
        assert!(
            error.contains("certificate") && error.contains("tls_ca_file"),
            "{error}"
        );
    }
}

#[actix::test]
async fn a_wrong_password_is_said_without_it() {
    let tls = Tls::new();
    let server = MailServer::starttls(&tls, login());
    let url = url("smtp", "s3cret-but-wrong", server.port);
    let error = failure(json!({"smtp_url": url, "tls_ca_file": tls.ca_file()})).await;
    let expected = "refuses the user and password of smtp_url (535)";
    assert!(
        error.contains(expected) && !error.contains("bot@"),
        "{error}"
    );
}

#[actix::test]
async fn no_password_is_sent_to_a_server_without_tls() {
    let server = MailServer::plain(login());
    let error = failure(json!({"smtp_url": url("smtp", ENCODED, server.port)})).await;
    assert!(
        error.contains("offers no STARTTLS, so nothing was sent"),
        "{error}"
    );
}

#[actix::test]
async fn a_server_on_this_machine_needs_neither_tls_nor_log_in() {
    let server = MailServer::plain(json!({}));
    let url = format!("smtp://localhost:{}", server.port);
    let notifier = email(json!({"smtp_url": url, "subject_prefix": ""}));
    notifier.notify(&notice("slow")).await.unwrap();
    let mail = server.mail();
    assert!(!mail.tls && mail.login.is_none());
    assert_eq!(mail.header("Subject"), Some("web: scale up 2 -> 3"));
}

#[actix::test]
async fn whoever_is_not_refused_is_told() {
    let server = MailServer::plain(json!({"refused": ["gone@example.com"]}));
    let url = format!("smtp://localhost:{}", server.port);
    let some = json!(["gone@example.com", "ops@example.com"]);
    let error = failure(json!({"smtp_url": url, "to": some})).await;
    assert!(
        error.contains("gone@example.com (550 5.1.1 no such user)"),
        "{error}"
    );
    assert!(error.contains("told were 1 of 2 recipients"), "{error}");
    assert_eq!(server.mail().recipients, ["ops@example.com"]);

    let error = failure(json!({"smtp_url": url, "to": ["gone@example.com"]})).await;
    assert!(error.contains("nobody was told"), "{error}");
}

#[actix::test]
async fn a_refused_sender_is_named() {
    let server = MailServer::plain(json!({"sender_refused": true}));
    let url = format!("smtp://localhost:{}", server.port);
    let error = failure(json!({"smtp_url": url})).await;
    let expected = "refuses the sender bot@example.com: 550 5.7.1 not from you";
    assert!(error.contains(expected), "{error}");
}

#[actix::test]
async fn a_reason_cannot_add_headers_or_recipients() {
    let server = MailServer::plain(json!({}));
    let url = format!("smtp://localhost:{}", server.port);
    let notifier = email(json!({"smtp_url": url}));
    let reason = "slow\r\nBcc: all@example.com\r\n\r\n.\r\nRCPT TO:<all@example.com>\r\n";
    notifier.notify(&notice(reason)).await.unwrap();
    let mail = server.mail();
    assert_eq!(mail.recipients, ["ops@example.com"]);
    assert_eq!(mail.header("Bcc"), None);
    let line = "web: scale up 2 -> 3: slow Bcc: all@example.com . RCPT TO:<all@example.com>\r\n";
    assert!(mail.content.contains(line), "{}", mail.content);
}

#[actix::test]
async fn a_dead_server_and_a_silent_one_are_results() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("smtp://localhost:{port}");
    // It takes connections (the system does), and never says a word.
    let error = failure(json!({"smtp_url": url, "timeout_in_seconds": 0.5})).await;
    let expected = format!("the mail server localhost:{port} did not take the mail within 0.5 s");
    assert_eq!(error, expected);

    drop(listener);
    let error = failure(json!({"smtp_url": url})).await;
    assert!(
        error.contains("cannot be reached") && error.contains("refused"),
        "{error}"
    );
}

#[actix::test]
async fn a_server_that_falls_silent_after_tls_is_a_result() {
    let tls = Tls::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = tls.server_config();
    let silent = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(config).unwrap();
        // Ends when the other side hangs up.
        StreamOwned::new(connection, socket)
            .read_exact(&mut [0])
            .ok();
    });
    let error = failure(json!({
        "smtp_url": url("smtps", ENCODED, port),
        "tls_ca_file": tls.ca_file(),
        "timeout_in_seconds": 0.5,
    }))
    .await;
    assert!(
        error.contains("did not take the mail within 0.5 s"),
        "{error}"
    );
    silent.join().unwrap();
}
