//! What Redis holds of tasks that workers have taken: kombu keeps a message that is not acknowledged yet in the hash
//! `unacked`, under its delivery tag, as JSON: `[message, exchange, routing_key]`. All queues share it. Pure.
//!
//! ```text
//!   queue `celery` ──fetched──▶ `unacked` ──┬─ acks_late: until the task is done ──▶ gone
//!                                           ├─ else: until the task begins ────────▶ gone, though it runs
//!                                           └─ with an eta: until then and longer
//! ```

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use redis::{Pipeline, Value};
use serde_json::Value as JsonValue;

/// kombu's name of the hash, without the application's prefix.
pub(super) const KEY: &str = "unacked";

/// How many entries a step of the scan asks for.
const STEP: u32 = 100;

/// How many steps there are at the most: one of a hash that was far larger once may bring nothing.
const MOST_STEPS: u32 = 100;

/// How many entries are looked at, about.
const MOST_ENTRIES: usize = 1000;

/// How many bytes of them, about: a message may be large.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How far ahead of UTC a clock can be.
const FARTHEST_AHEAD: TimeDelta = TimeDelta::hours(14);

/// The question for the entries from `cursor` on.
pub(super) fn question(key: &str, cursor: &str) -> Pipeline {
    let mut asked = redis::pipe();
    asked
        .cmd("HSCAN")
        .arg(key)
        .arg(cursor)
        .arg("COUNT")
        .arg(STEP);
    asked
}

/// How many entries there are, out of the reply to `HLEN`; else why that is not known: Redis's error code.
pub(super) fn entries(reply: Option<&Value>) -> Result<u64, String> {
    match reply {
        Some(Value::Int(entries)) => Ok(u64::try_from(*entries).unwrap_or(0)),
        other => Err(code(other)),
    }
}

/// What a scan has seen so far.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The delivery tags of our tasks; a scan may bring one twice.
    ours: BTreeSet<Vec<u8>>,
    entries: usize,
    bytes: usize,
    steps: u32,
    is_whole: bool,
}

impl Scan {
    /// Takes the reply to one step; answers where the next begins, if there is to be one. An error is Redis's code.
    pub(super) fn take(
        &mut self,
        reply: Option<&Value>,
        queues: &[String],
        now: DateTime<Utc>,
    ) -> Result<Option<String>, String> {
        let Some(Value::Array(parts)) = reply else {
            return Err(code(reply));
        };
        let [Value::BulkString(cursor), Value::Array(fields)] = parts.as_slice() else {
            return Err(code(None));
        };
        let cursor = String::from_utf8_lossy(cursor).into_owned();
        for pair in fields.chunks_exact(2) {
            let [Value::BulkString(tag), Value::BulkString(entry)] = pair else {
                continue;
            };
            self.entries += 1;
            self.bytes = self.bytes.saturating_add(entry.len());
            if is_held(entry, queues, now) {
                self.ours.insert(tag.clone());
            }
        }
        self.steps += 1;
        self.is_whole = cursor == "0";
        let is_enough =
            self.entries >= MOST_ENTRIES || self.bytes >= MOST_BYTES || self.steps >= MOST_STEPS;
        Ok((!self.is_whole && !is_enough).then_some(cursor))
    }

    /// How many of our tasks workers hold, at least; `None` when there was more than was looked at, and none of ours in it.
    pub(super) fn held(&self) -> Option<u64> {
        let held = u64::try_from(self.ours.len()).unwrap_or(u64::MAX);
        (held > 0 || self.is_whole).then_some(held)
    }
}

fn code(reply: Option<&Value>) -> String {
    match reply {
        Some(Value::ServerError(error)) => error.code().to_owned(),
        _ => "a reply that makes no sense".to_owned(),
    }
}

/// Whether an entry is a task of one of these queues that a worker runs, or would run now.
fn is_held(entry: &[u8], queues: &[String], now: DateTime<Utc>) -> bool {
    let Ok(entry) = serde_json::from_slice::<JsonValue>(entry) else {
        return false;
    };
    let routing_key = entry.get(2).and_then(JsonValue::as_str);
    let is_ours = routing_key.is_some_and(|key| queues.iter().any(|queue| queue == key));
    is_ours && !waits(entry.pointer("/0/headers/eta"), now)
}

/// Whether a task is not to run yet: the `eta` in its headers lies in the future. One that cannot be read holds nothing up.
fn waits(eta: Option<&JsonValue>, now: DateTime<Utc>) -> bool {
    let Some(text) = eta.and_then(JsonValue::as_str) else {
        return false;
    };
    if let Ok(eta) = DateTime::parse_from_rfc3339(text) {
        return eta > now;
    }
    // Without an offset it is the local time of the application, wherever that is: the earliest that it can mean counts.
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .and_then(|local| local.and_utc().checked_sub_signed(FARTHEST_AHEAD))
        .is_some_and(|earliest| earliest > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn now() -> DateTime<Utc> {
        NOW.parse().unwrap()
    }

    fn queues() -> Vec<String> {
        vec!["celery".to_owned(), "mail".to_owned()]
    }

    fn entry(routing_key: &str, eta: JsonValue) -> Vec<u8> {
        let message =
            json!({"body": "W10=", "headers": {"task": "t", "eta": eta}, "properties": {}});
        json!([message, "", routing_key]).to_string().into_bytes()
    }

    #[test]
    fn a_task_of_ours_is_held_unless_its_time_is_yet_to_come() {
        for (queue, eta, held, because) in [
            ("celery", json!(null), true, "no eta"),
            ("mail", json!(null), true, "the second queue"),
            ("reports", json!(null), false, "not measured"),
            (
                "celery",
                json!("2026-11-24T12:00:00+00:00"),
                false,
                "tomorrow",
            ),
            (
                "celery",
                json!("2026-11-23T12:00:00.000001+00:00"),
                false,
                "a microsecond ahead",
            ),
            ("celery", json!("2026-11-23T12:00:00+00:00"), true, "now"),
            (
                "celery",
                json!("2026-11-23T12:30:00+01:00"),
                true,
                "half an hour ago, elsewhere",
            ),
            (
                "celery",
                json!("2026-11-23T11:30:00-01:00"),
                false,
                "in half an hour, elsewhere",
            ),
            (
                "celery",
                json!("2026-11-24T03:00:00"),
                false,
                "in no zone is it now",
            ),
            (
                "celery",
                json!("2026-11-24T01:00:00.5"),
                true,
                "in Kiribati it is past that",
            ),
            ("celery", json!("soon"), true, "not a time"),
            ("celery", json!(1_800_000_000), true, "not a text"),
        ] {
            let entry = entry(queue, eta.clone());
            assert_eq!(is_held(&entry, &queues(), now()), held, "{because}: {eta}");
        }
    }

    #[test]
    fn an_entry_of_another_form_is_no_task_of_ours() {
        for odd in [
            "",
            "{}",
            "[]",
            "[1,2]",
            "[{},\"\",null]",
            "\"celery\"",
            "nonsense",
        ] {
            assert!(!is_held(odd.as_bytes(), &queues(), now()), "{odd}");
        }
        let bare = br#"["a message of another kind", "", "celery"]"#;
        assert!(
            is_held(bare, &queues(), now()),
            "without headers there is no eta"
        );
    }

    fn text(text: impl Into<Vec<u8>>) -> Value {
        Value::BulkString(text.into())
    }

    fn page(cursor: &str, tags: std::ops::Range<usize>, queue: &str) -> Value {
        let pair = |tag: usize| [text(tag.to_string()), text(entry(queue, json!(null)))];
        Value::Array(vec![
            text(cursor),
            Value::Array(tags.flat_map(pair).collect()),
        ])
    }

    #[test]
    fn a_scan_counts_each_once_and_ends() {
        let mut scan = Scan::default();
        let next = scan.take(Some(&page("7", 0..3, "celery")), &queues(), now());
        assert_eq!(next, Ok(Some("7".to_owned())));
        let next = scan.take(Some(&page("0", 2..5, "celery")), &queues(), now());
        assert_eq!((next, scan.held()), (Ok(None), Some(5)), "one came twice");

        let mut scan = Scan::default();
        let next = scan.take(Some(&page("0", 0..3, "reports")), &queues(), now());
        assert_eq!(
            (next, scan.held()),
            (Ok(None), Some(0)),
            "all seen, none of ours"
        );
    }

    #[test]
    fn a_scan_is_bounded_and_what_it_saw_counts() {
        for (queue, held) in [("celery", Some(1000)), ("reports", None)] {
            let mut scan = Scan::default();
            let mut steps = 0;
            for step in 0..50 {
                steps = step + 1;
                let page = page("7", step * 100..steps * 100, queue);
                if scan.take(Some(&page), &queues(), now()) == Ok(None) {
                    break;
                }
            }
            assert_eq!((steps, scan.held()), (10, held), "{queue}");
        }
        let mut scan = Scan::default();
        let empty = page("7", 0..0, "");
        let steps = (1..=1000).find(|_| scan.take(Some(&empty), &queues(), now()) == Ok(None));
        assert_eq!(
            (steps, scan.held()),
            (Some(MOST_STEPS), None),
            "nothing, for ever"
        );
    }

    #[test]
    fn a_refusal_is_no_zero() {
        let refused = redis::parse_redis_value(b"-NOPERM no such right\r\n").unwrap();
        assert_eq!(entries(Some(&refused)), Err("NOPERM".to_owned()));
        assert_eq!(entries(Some(&Value::Int(4))), Ok(4));
        assert!(entries(None).is_err());
        for reply in [
            None,
            Some(&refused),
            Some(&Value::Nil),
            Some(&Value::Array(vec![])),
        ] {
            let mut scan = Scan::default();
            assert!(scan.take(reply, &queues(), now()).is_err(), "{reply:?}");
            assert_eq!(scan.held(), None, "{reply:?}");
        }
    }
}
