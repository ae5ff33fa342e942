//! How many Celery tasks wait in Redis, not yet claimed by a worker.
//!
//! With Redis as its broker, Celery keeps one list a queue and priority: `celery` for priority 0, `celery\x06\x163` for
//! 3, and so on. Which priorities there are is the application's `priority_steps`; as there are never more than ten, the
//! lengths of all ten are asked for, in one round trip, whatever the application chose. A list that is empty does not
//! exist, and its length is 0. Tasks that a worker has fetched, beyond those that it runs too, are in no list any more.

mod broker;
mod replies;

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use serde::Deserialize;
use serde_json::Value;

use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, BuildError, Site};
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};
use broker::Broker;

pub use replies::{Refusal, waiting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "celery_redis_queue_size",
    summary: "Celery tasks waiting in Redis, not yet claimed by a worker, over all priorities",
    settings: &[
        Setting::new(
            "queue_name",
            Kind::Texts,
            Default::Texts(&["celery"]),
            "The queue, or a list of queues whose lengths are summed.",
        ),
        Setting::new(
            "host",
            Kind::Text,
            Default::Text("localhost"),
            "Where Redis runs.",
        ),
        Setting::new(
            "port",
            Kind::Whole(1, 65_535),
            Default::Whole(6379),
            "Its port.",
        ),
        Setting::new(
            "database_number",
            Kind::Whole(0, 1_000_000),
            Default::Whole(0),
            "The number of the database in it.",
        ),
        Setting::new(
            "redis_url",
            Kind::Url(&["redis", "rediss"]),
            Default::Absent,
            "All of this in one URL, as Celery's `broker_url`: `redis://:password@host:port/0`, or `rediss://` for TLS. \
             Its `?ssl_cert_reqs=none` is honoured: the certificate is then not verified. Instead of host, port and \
             database_number.",
        ),
        Setting::new(
            "global_keyprefix",
            Kind::Text,
            Default::Text(""),
            "The application's `global_keyprefix` in `broker_transport_options`.",
        ),
        Setting::new(
            "sep",
            Kind::Text,
            Default::Text(replies::DEFAULT_SEPARATOR),
            "The application's `sep` in `broker_transport_options`: what stands between a queue's name and a priority.",
        ),
        Setting::new(
            "tls_ca_file",
            Kind::Text,
            Default::Absent,
            "A file of CA certificates (PEM) to trust, instead of the system's, with `rediss://`.",
        ),
    ],
    example: r#"backend = "celery_redis_queue_size"
queue_name = ["celery", "mail"]
redis_url = "${REDIS_URL}"
"#,
    check,
    build,
};

#[derive(Deserialize)]
struct Wanted {
    queue_name: Vec<String>,
    #[serde(default)]
    global_keyprefix: String,
    #[serde(default = "replies::default_separator")]
    sep: String,
}

struct CeleryRedisQueueSize {
    broker: Broker,
    queues: Vec<Vec<String>>,
    /// The connection that the last measurement left in good order.
    kept: RefCell<Option<MultiplexedConnection>>,
}

fn check(section: &Section) -> Vec<Fault> {
    let mut faults = broker::check(section);
    let queues: Vec<&str> = section
        .get("queue_name")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let shown = |queue: &str| section.shown("queue_name", &format!("`{queue}`"));
    faults.extend(queues_fault(&queues, shown));
    faults
}

fn queues_fault(queues: &[&str], shown: impl Fn(&str) -> String) -> Option<Fault> {
    let right = "the name of a queue, such as `celery`, or a list of different names";
    if queues.is_empty() {
        return Some(Fault::at("queue_name", "the list is empty", right));
    }
    if queues.iter().any(|queue| queue.is_empty()) {
        return Some(Fault::at("queue_name", "a queue's name is empty", right));
    }
    let twice = queues
        .iter()
        .enumerate()
        .find_map(|(at, queue)| queues.iter().skip(at + 1).find(|other| *other == queue))?;
    let twice = shown(twice);
    let wrong = format!("{twice} is listed twice, and would be counted twice");
    Some(Fault::at("queue_name", wrong, right))
}

fn build(section: &Section, _site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let wanted: Wanted = section.read()?;
    let lists = |queue: &String| replies::lists(&wanted.global_keyprefix, queue, &wanted.sep);
    Ok(Rc::new(CeleryRedisQueueSize {
        broker: Broker::build(section)?,
        queues: wanted.queue_name.iter().map(lists).collect(),
        kept: RefCell::default(),
    }))
}

#[async_trait(?Send)]
impl MeasurementBackend for CeleryRedisQueueSize {
    async fn setup(&self) -> Result<(), MeasureError> {
        if self.broker.is_unverified() {
            log::info!(
                backend = BACKEND.name;
                "the certificate of {} is not verified, as ssl_cert_reqs in redis_url asks",
                self.broker.shown()
            );
        }
        Ok(())
    }

    async fn teardown(&self) {
        self.kept.take();
    }

    /// The connection is taken out while it is used and put back only in good order: one that failed, or that a passed
    /// deadline left in the middle of an answer, is never used again.
    ///
    /// A kept connection that the server has closed meanwhile (a restart, its `timeout`) says nothing about the broker:
    /// it is replaced at once. A connection of its own that fails is the result.
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let asked = replies::question(self.broker.database(), &self.queues);
        let kept = self.kept.take();
        if let Some(mut connection) = kept
            && let Ok(answered) = self.broker.ask(&mut connection, &asked).await
        {
            return self.keep(connection, &answered);
        }
        let mut connection = self.broker.connect().await?;
        let answered = self.broker.ask(&mut connection, &asked).await?;
        self.keep(connection, &answered)
    }
}

impl CeleryRedisQueueSize {
    fn keep(
        &self,
        connection: MultiplexedConnection,
        answered: &[redis::Value],
    ) -> Result<Sample, MeasureError> {
        let waiting =
            waiting(&self.queues, answered).map_err(|refusal| self.broker.refused(&refusal))?;
        self.kept.replace(Some(connection));
        let data = Value::from(waiting);
        let number = data.as_f64();
        Ok(Sample::new(data, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_cannot_be_counted_once_is_a_fault() {
        let shown = |queue: &str| format!("`{queue}`");
        assert_eq!(queues_fault(&["celery", "mail"], shown), None);
        for (queues, wrong) in [
            (&[][..], "the list is empty"),
            (&["celery", ""], "a queue's name is empty"),
            (
                &["a", "b", "a"],
                "`a` is listed twice, and would be counted twice",
            ),
        ] {
            assert_eq!(queues_fault(queues, shown).unwrap().wrong, wrong);
        }
    }
}
