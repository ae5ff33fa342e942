//! What each fuzz target does with its bytes, and what must hold whatever they are. Shared by the fuzzer
//! (`tests/fuzz/targets/`, for which this is a library) and by the replay of the corpus as ordinary tests (`tests/fuzz_corpus.rs`).

pub mod intake;
pub mod secrets;

use std::fmt::Debug;

use autoscalebot::backend::Registry;
use autoscalebot::measurement::celery_redis_queue_size::waiting;
use autoscalebot::measurement::heroku_service_time::lines::Lines;
use autoscalebot::measurement::heroku_service_time::router_line::parse_router_line;
use autoscalebot::scaling::heroku::formation::{parse_formation, parse_one};
use autoscalebot::settings::{Problem, Source, load};

/// A target: its name, which is also its corpus's, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("settings", settings),
    ("router_line", router_line),
    ("queue_reply", queue_reply),
    ("formation_reply", formation_reply),
    ("intake", intake::intake),
];

/// What the environment holds in place of a secret. No message may show it.
const FROM_ENVIRONMENT: &str = "hush-environment-7f3a";

/// A configuration file: settings or problems, no panic, and never a secret in what is shown.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let environment = |name: &str| match name.as_bytes().first() {
        Some(b'N') => Some("7".to_owned()),
        Some(b'U') | None => None,
        Some(_) => Some(FROM_ENVIRONMENT.to_owned()),
    };
    let registry = Registry::built_in();
    let source = Source::new("autoscalebot.toml", text);
    let loaded = load(&source, &registry, &environment);
    let shown = match &loaded {
        Ok(settings) => format!("{settings:?}"),
        Err(problems) => {
            assert!(
                problems.iter().next().is_some(),
                "refused, and no problem is named"
            );
            let messages: String = problems.iter().map(Problem::message).collect();
            format!("{problems}{}{messages}{problems:?}", problems.render(true))
        }
    };
    assert!(
        !shown.contains(FROM_ENVIRONMENT),
        "a variable's value is shown:\n{shown}"
    );
    if secrets::only_in_secrets(text, &registry) {
        assert!(
            !shown.contains(secrets::WRITTEN),
            "a secret is shown:\n{shown}"
        );
    }
    drop(load(&source, &registry, &|_| None));
}

/// What Heroku's log sends: lines that do not depend on the pieces in which they come, and only the router's are read.
pub fn router_line(bytes: &[u8]) {
    let whole = lines(&[bytes]);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    assert_eq!(lines(&[first, second]), whole, "in two pieces");
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(lines(&single), whole, "byte by byte");
    let text = String::from_utf8_lossy(bytes);
    for line in whole.iter().map(String::as_str).chain([&*text]) {
        let Some(read) = parse_router_line(line) else {
            continue;
        };
        assert!(!read.at.is_empty(), "{read:?}");
        if let Some(milliseconds) = read.service_ms {
            assert!(milliseconds.is_finite() && milliseconds >= 0.0, "{read:?}");
        }
        let mut words = line.split_whitespace();
        let is_message = words.next().is_some_and(|word| word.contains('='));
        assert!(
            is_message || words.next() == Some("heroku[router]:"),
            "not the router's: {line:?}"
        );
    }
}

fn lines(pieces: &[&[u8]]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = Lines::default();
    for piece in pieces {
        lines.feed(piece, |line| found.push(line.to_owned()));
    }
    found
}

/// Redis's replies to one question, in its wire format: a sum of lengths or a refusal, and never too small a sum.
pub fn queue_reply(bytes: &[u8]) {
    let mut parser = redis::Parser::new();
    let mut replies = Vec::new();
    let mut rest = bytes;
    while replies.len() < 64 && !rest.is_empty() {
        match parser.parse_value(&mut rest) {
            Ok(reply) => replies.push(reply),
            Err(_) => break,
        }
    }
    let lists = ["celery", "celery\u{6}\u{16}3"].map(str::to_owned).to_vec();
    for queues in [vec![], vec![lists.clone()], vec![lists.clone(), lists]] {
        let many = queues.iter().flatten().count();
        let lengths: Option<Vec<u64>> = replies.iter().skip(1).take(many).map(length).collect();
        let wanted = lengths
            .filter(|lengths| lengths.len() == many)
            .map(|lengths| {
                lengths
                    .iter()
                    .fold(0_u64, |sum, length| sum.saturating_add(*length))
            });
        match waiting(&queues, &replies) {
            Ok(sum) => assert_eq!(Some(sum), wanted, "{replies:?}"),
            Err(refusal) => {
                let refused = matches!(replies.first(), Some(redis::Value::ServerError(_)));
                assert!(refused || wanted.is_none(), "{refusal:?} to {replies:?}");
            }
        }
    }
}

fn length(reply: &redis::Value) -> Option<u64> {
    let redis::Value::Int(length) = reply else {
        return None;
    };
    u64::try_from(*length).ok()
}

/// Heroku's answers about a formation: counts or an error, never a count that the answer does not hold.
pub fn formation_reply(bytes: &[u8]) {
    let json = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    match parse_formation(bytes) {
        Ok(found) => {
            let entries = json
                .as_ref()
                .and_then(|json| json.as_array())
                .expect("a formation is a list");
            assert_eq!(found.len(), entries.len(), "one process type an entry");
            for (read, entry) in found.iter().zip(entries) {
                assert_eq!(
                    entry.get("type").and_then(|text| text.as_str()),
                    Some(read.process_type.as_str())
                );
                assert_eq!(
                    entry.get("quantity").and_then(serde_json::Value::as_u64),
                    Some(read.quantity.into())
                );
            }
        }
        Err(error) => short(&error, &error.to_string()),
    }
    match parse_one(bytes) {
        Ok(read) => {
            let json = json.expect("an entry is JSON");
            assert_eq!(
                json.get("quantity").and_then(serde_json::Value::as_u64),
                Some(read.quantity.into())
            );
        }
        Err(error) => short(&error, &error.to_string()),
    }
}

/// An error's text is a line for people, and does not quote the answer at length.
fn short(error: &dyn Debug, text: &str) {
    assert!(text.len() < 200 && !text.contains('\n'), "{error:?}");
}
