//! A report of a Judoscale adapter (Ruby, Python, Node): who reports, and `[time, value, identifier, queue]` for each
//! thing that was measured. Only container, pid and metrics are needed; everything else may be there or not.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::delivery::{LONGEST_NAME, Malformed, digest, name, plausible};

/// The most metrics that one report may have. An adapter that reports each 10 s sends so many at 5,000 requests a second.
const MOST_METRICS: usize = 100_000;

/// One report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the container is called; may be empty.
    pub container: String,
    /// Which process in it reports, as a digest of its pid.
    pub pid: u64,
    /// The same for a repetition, byte by byte.
    pub digest: u64,
    /// What was measured.
    pub metrics: Vec<Metric>,
    /// How many metrics have an identifier that is not known, or a number that cannot be.
    pub unread: u64,
}

/// One thing that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// When, in seconds since 1970.
    pub at: f64,
    /// How much.
    pub value: f64,
    /// Of what.
    pub of: Of,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Milliseconds that a request waited (`qt`).
    RequestQueueTime,
    /// Milliseconds that the application worked on a request (`at`).
    RequestTime,
    /// How busy the process was since its last report, in percent (`up`).
    Utilisation,
    /// Milliseconds that the oldest job of this queue has waited (`qt`).
    JobLatency(String),
    /// How many jobs wait in this queue (`qd`).
    JobDepth(String),
    /// How many jobs of this queue are worked on (`busy`).
    JobsBusy(String),
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    container: Option<Cow<'a, str>>,
    pid: Value,
    #[serde(borrow)]
    metrics: Metrics<'a>,
}

struct Metrics<'a>(Vec<Raw<'a>>);

struct Raw<'a> {
    at: f64,
    value: Option<f64>,
    identifier: Cow<'a, str>,
    queue: Option<Cow<'a, str>>,
}

/// Reads a report.
pub fn parse(body: &[u8]) -> Result<Report, Malformed> {
    let written: Written<'_> =
        serde_json::from_slice(body).map_err(|error| Malformed::json(&error))?;
    let container = written.container.unwrap_or_default();
    if container.len() > LONGEST_NAME {
        return Err(Malformed::new("the container's name is too long"));
    }
    let mut unread = 0;
    let mut metrics = Vec::with_capacity(written.metrics.0.len());
    for raw in written.metrics.0 {
        match raw.read() {
            Some(metric) => metrics.push(metric),
            None => unread += 1,
        }
    }
    let pid = written.pid.to_string();
    Ok(Report {
        digest: digest(&[container.as_bytes(), pid.as_bytes(), body]),
        pid: digest(&[pid.as_bytes()]),
        container: container.into_owned(),
        metrics,
        unread,
    })
}

impl Raw<'_> {
    fn read(self) -> Option<Metric> {
        // Network time and the like come with every request, and are no measurement here.
        let queue = match &self.queue {
            Some(queue) => Some(name(queue)?),
            None => None,
        };
        let of = match (&*self.identifier, queue) {
            ("qt", None) => Of::RequestQueueTime,
            ("at", None) => Of::RequestTime,
            ("up", None) => Of::Utilisation,
            ("qt", Some(queue)) => Of::JobLatency(queue),
            ("qd", Some(queue)) => Of::JobDepth(queue),
            ("busy", Some(queue)) => Of::JobsBusy(queue),
            _ => return None,
        };
        // A request that began in the future waited not at all.
        let value = plausible(self.value?.max(0.0))?;
        Some(Metric {
            at: plausible(self.at / 10.0)? * 10.0,
            value: if of == Of::Utilisation {
                value.min(100.0)
            } else {
                value
            },
            of,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Metrics<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Vec<Raw<'de>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of metrics")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut metrics = Vec::new();
                while let Some(metric) = list.next_element()? {
                    if metrics.len() >= MOST_METRICS {
                        return Err(A::Error::custom("too many metrics"));
                    }
                    metrics.push(metric);
                }
                Ok(metrics)
            }
        }
        deserializer.deserialize_seq(List).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tuple;
        impl<'de> Visitor<'de> for Tuple {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[time, value, identifier, queue]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let few = || A::Error::custom("a metric needs time, value and identifier");
                let at = list.next_element()?.ok_or_else(few)?;
                let value = list.next_element()?.ok_or_else(few)?;
                let Text(identifier) = list.next_element()?.ok_or_else(few)?;
                let queue = list.next_element::<Option<Text<'_>>>()?.flatten();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Raw {
                    at,
                    value,
                    identifier,
                    queue: queue.map(|Text(text)| text),
                })
            }
        }
        deserializer.deserialize_seq(Tuple)
    }
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(list: &str) -> Report {
        let body = format!(r#"{{"container": "web.1", "pid": 7, "metrics": {list}}}"#);
        parse(body.as_bytes()).unwrap_or_else(|error| panic!("{list}: {error}"))
    }

    #[test]
    fn what_is_not_known_is_left_out_and_counted() {
        for (list, read, unread) in [
            ("[]", 0, 0),
            (r#"[[1795451773, 2, "qt", null]]"#, 1, 0),
            (r#"[[1795451773.25, 2.5, "qt"]]"#, 1, 0),
            (
                r#"[[1795451773, 2, "qt", null, {"more": [1]}, "later"]]"#,
                1,
                0,
            ),
            (r#"[[1795451773, 2, "nt", null]]"#, 0, 1),
            (r#"[[1795451773, 2, "new thing", "q"]]"#, 0, 1),
            (r#"[[1795451773, null, "qt", null]]"#, 0, 1),
            (r#"[[1795451773, 1e300, "qt", null]]"#, 0, 1),
            (r#"[[-5, 1, "qt", null]]"#, 0, 1),
            (r#"[[1795451773, 3, "qd", ""]]"#, 0, 1),
            (r#"[[1795451773, 3, "qd", "celery\u0006\u00166"]]"#, 1, 0),
        ] {
            let report = metrics(list);
            assert_eq!(
                (report.metrics.len(), report.unread),
                (read, unread),
                "{list}"
            );
        }
    }

    #[test]
    fn numbers_are_held_to_what_they_can_be() {
        let report = metrics(r#"[[1795451773, -3, "qt", null], [1795451773, 250, "up", null]]"#);
        let values: Vec<_> = report.metrics.iter().map(|metric| metric.value).collect();
        assert_eq!(values, [0.0, 100.0]);
        assert!((report.metrics[0].at - 1_795_451_773.0).abs() < 0.001);
    }

    #[test]
    fn hostile_bodies_are_refused_with_words() {
        let deep = format!(
            r#"{{"container": "web.1", "pid": {}1{}, "metrics": []}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let long = format!(
            r#"{{"container": "{}", "pid": 1, "metrics": []}}"#,
            "x".repeat(200)
        );
        let many = format!(
            r#"{{"container": "web.1", "pid": 1, "metrics": [{}[1,1,"qt",null]]}}"#,
            r#"[1,1,"qt",null],"#.repeat(MOST_METRICS)
        );
        for body in [
            "",
            "{",
            "[]",
            "null",
            "\u{0}",
            r#"{"container": "web.1", "pid": 1}"#,
            r#"{"container": "web.1", "metrics": []}"#,
            r#"{"container": 5, "pid": 1, "metrics": []}"#,
            r#"{"container": "web.1", "pid": 1, "metrics": {}}"#,
            r#"{"container": "web.1", "pid": 1, "metrics": [1]}"#,
            r#"{"container": "web.1", "pid": 1, "metrics": [[]]}"#,
            r#"{"container": "web.1", "pid": 1, "metrics": [["a", 1, "qt"]]}"#,
            r#"{"container": "web.1", "pid": 1, "metrics": [[1, NaN, "qt"]]}"#,
            r#"{"container": "web.1", "pid": 1, "metrics": []} trailing"#,
            &deep,
            &long,
            &many,
        ] {
            let error = parse(body.as_bytes()).expect_err(&body[..body.len().min(80)]);
            let text = error.to_string();
            assert!(text.len() < 120 && text.contains(' '), "{text}");
        }
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn every_truncation_is_refused() {
        let body = br#"{"container":"web.1","pid":1,"metrics":[[1,2,"qt",null]]}"#;
        assert!(parse(body).is_ok());
        for end in 0..body.len() {
            assert!(parse(&body[..end]).is_err(), "{end}");
        }
    }
}
