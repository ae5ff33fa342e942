//! The messages of Celery's remote control, as kombu writes them with Redis as the broker. Pure: any bytes give an answer
//! or nothing, never a panic.
//!
//! ```text
//!   {"body": base64 of {"method": "active", "destination": ["worker.3@host"], "ticket": …, "reply_to": …},
//!    "content-type": "application/json", "headers": {…}, "properties": {"body_encoding": "base64", …}}
//! ```

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// What kombu puts between the parts of a binding.
pub(super) const SEPARATOR: &str = "\u{6}\u{16}";

const JSON: &str = "application/json";

/// One question or order.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    /// Celery's name of it.
    pub(super) method: &'static str,
    /// What it is given.
    pub(super) arguments: Value,
    /// The nodes that it is for; `None`: all.
    pub(super) to: Option<&'a [String]>,
}

/// Where an answer goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyTo<'a> {
    /// The exchange of answers.
    pub(super) exchange: &'a str,
    /// Who of all that wait there we are.
    pub(super) oid: &'a str,
}

/// The message for a call.
pub(super) fn letter(
    call: &Call<'_>,
    exchange: &str,
    reply_to: ReplyTo<'_>,
    ticket: &str,
) -> String {
    let body = json!({
        "method": call.method,
        "arguments": call.arguments,
        "destination": call.to,
        "pattern": null,
        "matcher": null,
        "ticket": ticket,
        "reply_to": { "exchange": reply_to.exchange, "routing_key": reply_to.oid },
    });
    let letter = json!({
        "body": STANDARD.encode(body.to_string()),
        "content-encoding": "utf-8",
        "content-type": JSON,
        "headers": { "clock": 1, "expires": 0 },
        "properties": {
            "delivery_mode": 1,
            "delivery_info": { "exchange": exchange, "routing_key": "" },
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": ticket,
        },
    });
    letter.to_string()
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// Which call it is for.
    pub(super) ticket: String,
    /// What each node says, of which there is one; nothing when it is in a form that we do not read.
    pub(super) said: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Envelope {
    body: String,
    #[serde(rename = "content-type")]
    content_type: Option<String>,
    headers: Headers,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize)]
struct Headers {
    ticket: String,
}

#[derive(Default, Deserialize)]
struct Properties {
    body_encoding: Option<String>,
}

/// Reads an answer; `None` when it is none.
pub(super) fn answer(bytes: &[u8]) -> Option<Answer> {
    let envelope: Envelope = serde_json::from_slice(bytes).ok()?;
    Some(Answer {
        said: said(&envelope).unwrap_or_default(),
        ticket: envelope.headers.ticket,
    })
}

fn said(envelope: &Envelope) -> Option<BTreeMap<String, Value>> {
    if envelope.content_type.as_deref() != Some(JSON) {
        return None;
    }
    let body = match envelope.properties.body_encoding.as_deref() {
        Some("base64") => STANDARD.decode(&envelope.body).ok()?,
        Some(_) | None => envelope.body.clone().into_bytes(),
    };
    serde_json::from_slice(&body).ok()
}

/// The names of the queues in an answer to `active_queues`.
pub(super) fn queues(said: &Value) -> Option<Vec<String>> {
    let queues = said.as_array()?.iter();
    let name = |queue: &Value| queue.get("name")?.as_str().map(str::to_owned);
    queues.map(name).collect()
}

/// How many tasks there are in an answer to `active` or `reserved`; `None`: it is no list of tasks.
pub(super) fn tasks(said: &Value) -> Option<u64> {
    u64::try_from(said.as_array()?.len()).ok()
}

/// Whether an order was taken.
pub(super) fn is_done(said: &Value) -> bool {
    said.get("ok").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(body: &str, content_type: &str, encoding: &str) -> String {
        json!({
            "body": body,
            "content-type": content_type,
            "headers": { "ticket": "t1", "clock": 3 },
            "properties": { "body_encoding": encoding },
        })
        .to_string()
    }

    #[test]
    fn a_call_is_what_kombu_reads() {
        let nodes = ["worker.3@vm".to_owned()];
        let call = Call {
            method: "cancel_consumer",
            arguments: json!({ "queue": "celery" }),
            to: Some(&nodes),
        };
        let reply_to = ReplyTo {
            exchange: "reply.celery.pidbox",
            oid: "o1",
        };
        let letter: Value =
            serde_json::from_str(&letter(&call, "celery.pidbox", reply_to, "t1")).unwrap();
        assert_eq!(letter["content-type"], "application/json");
        assert_eq!(
            letter["properties"]["delivery_info"]["exchange"],
            "celery.pidbox"
        );
        let body = STANDARD.decode(letter["body"].as_str().unwrap()).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!({
            "method": "cancel_consumer", "arguments": { "queue": "celery" }, "destination": ["worker.3@vm"],
            "pattern": null, "matcher": null, "ticket": "t1",
            "reply_to": { "exchange": "reply.celery.pidbox", "routing_key": "o1" },
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn an_answer_is_read_and_what_is_none_is_left() {
        // Captured from Celery 5.7: `{"w.1@vm": {"ok": "pong"}}`.
        let pong = "eyJ3LjFAdm0iOiB7Im9rIjogInBvbmcifX0=";
        let read = answer(envelope(pong, JSON, "base64").as_bytes()).unwrap();
        assert_eq!(read.ticket, "t1");
        assert!(is_done(&read.said["w.1@vm"]));
        let plain = answer(envelope("{\"w.1@vm\": []}", JSON, "utf-8").as_bytes()).unwrap();
        assert_eq!(tasks(&plain.said["w.1@vm"]), Some(0));
        for (body, content_type) in [
            (pong, "application/x-python-serialize"),
            ("not base64", JSON),
            ("W10=", JSON),
        ] {
            let read = answer(envelope(body, content_type, "base64").as_bytes()).unwrap();
            assert!(
                read.said.is_empty(),
                "{body}: somebody answered, and that is all"
            );
        }
        for odd in [
            "",
            "{}",
            "[]",
            "null",
            "{\"body\": \"\", \"headers\": {}}",
            "\u{0}",
        ] {
            assert_eq!(answer(odd.as_bytes()), None, "{odd}");
        }
    }

    #[test]
    fn what_is_not_a_list_is_not_known() {
        for (said, found, names) in [
            (json!([]), Some(0), Some(vec![])),
            (
                json!([{"name": "a"}, {"name": "b"}]),
                Some(2),
                Some(vec!["a", "b"]),
            ),
            (json!([{"id": "x"}]), Some(1), None),
            (json!({"error": "no"}), None, None),
            (json!(null), None, None),
        ] {
            assert_eq!(tasks(&said), found, "{said}");
            let names = names.map(|names| names.into_iter().map(str::to_owned).collect());
            assert_eq!(queues(&said), names, "{said}");
        }
    }
}
