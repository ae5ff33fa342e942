//! Clients that mean no good, or cannot do better: the cycles go on, and nobody else is kept waiting.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{SHOP, TOKEN, ask, get, home, serve};
use crate::servers::pause;

/// How many cycles there have been, and how many ticks were missed.
fn cycles(port: u16) -> (u64, u64) {
    let answer = get(port, "/api/v1/processes/web");
    let view: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
    let cycle = view["decided"]["cycle"].as_u64().unwrap_or_default();
    (cycle, view["skipped"].as_u64().unwrap())
}

#[test]
fn slow_silent_and_many_clients_delay_no_cycle() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let connect = || TcpStream::connect(("127.0.0.1", port));
    // One that sends a byte now and then, of a head and of a body.
    let mut slow = connect().unwrap();
    slow.write_all(b"GET /healthz HT").unwrap();
    let mut slow_body = connect().unwrap();
    let head = format!(
        "POST /api/{SHOP}/v3/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{{"
    );
    slow_body.write_all(head.as_bytes()).unwrap();
    // Some that ask for much and never read.
    let mut deaf = Vec::new();
    for path in ["/api/v1/events", "/api/v1/settings", "/api/v1/openapi.json"] {
        let mut stream = connect().unwrap();
        let text =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        for _ in 0..if path.ends_with("events") { 1 } else { 200 } {
            if stream.write_all(text.as_bytes()).is_err() {
                break;
            }
        }
        deaf.push(stream);
    }
    // Many that say nothing at all.
    let idle: Vec<TcpStream> = (0..200).filter_map(|_| connect().ok()).collect();
    let (before, _) = cycles(port);
    for _ in 0..8 {
        pause(Duration::from_millis(500));
        slow.write_all(b"T").ok();
        slow_body.write_all(b" ").ok();
    }
    let (after, skipped) = cycles(port);
    assert!(after >= before + 5, "cycles went on: {before} to {after}");
    assert_eq!(skipped, 0, "no tick was missed");
    // Who does not get to the point is sent away, in time.
    slow.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).ok();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(
        answer.is_empty() || answer.contains(" 408 ") || answer.contains(" 400 "),
        "{answer}"
    );
    drop((idle, deaf));
    serving.bot.stop();
}

#[test]
fn bodies_and_heads_are_bounded() {
    let (home, port) = home();
    let serving = serve(&home, port);
    let bearer = format!("Bearer {TOKEN}");
    let authorized = [("Authorization", bearer.as_str())];
    let large = "x".repeat(100_000);
    let answer = ask(port, "POST", "/api/v1/orders", &authorized, &large);
    assert_eq!(answer.status, 413, "{}", answer.head);
    for (body, part) in [
        ("{", "not what is asked for"),
        ("[]", "not what is asked for"),
        (
            r#"{"process":"web","kind":"pause","for":"2h","x":1}"#,
            "unknown field",
        ),
        (
            r#"{"process":"web","kind":"<script>","for":"2h"}"#,
            "unknown variant",
        ),
    ] {
        let answer = ask(port, "POST", "/api/v1/orders", &authorized, body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.body.contains(part), "{body}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "never HTML"
        );
    }
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n",
        "y".repeat(1_000_000)
    );
    stream.write_all(head.as_bytes()).ok();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.contains(" 200 "), "{answer}");
    assert_eq!(get(port, "/healthz").status, 200);
    serving.bot.stop();
}

#[test]
fn answers_say_what_a_browser_may_do() {
    let (home, port) = home();
    let serving = serve(&home, port);
    for path in ["/healthz", "/api/v1/processes", "/nowhere", "/login"] {
        let answer = get(port, path);
        let policy = answer
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{path}: {answer:?}"));
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
    serving.bot.stop();
}
