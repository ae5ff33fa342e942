//! How many Celery tasks wait in Redis, not yet claimed by a worker.
//!
//! With Redis as its broker, Celery keeps one list a queue and priority: `celery` for priority 0, `celery\x06\x163` for
//! 3, and so on. Which priorities there are is the application's `priority_steps`; as there are never more than ten, the
//! lengths of all ten are asked for, in one round trip, whatever the application chose. A list that is empty does not
//! exist, and its length is 0. Tasks that a worker has fetched, beyond those that it runs too, are in no list any more:
//! they are counted apart, as `busy` (see `unacked.rs`), so that an empty queue is not taken for idle workers.

mod broker;
mod replies;
mod unacked;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use serde::Deserialize;
use serde_json::Value;

use super::{MeasureError, MeasurementBackend, Sample, timeout};
use crate::backend::{Backend, BuildError, Site};
use crate::clock::Clock;
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
            "count_unacked",
            Kind::Boolean,
            Default::Boolean(true),
            "Whether the tasks that workers hold are counted too, in the hash `unacked`: fetched ahead, or run with \
             `acks_late`. While there are any of these queues, an empty queue does not scale down. Not those whose `eta` \
             is yet to come (without an offset it is taken for the earliest that it can mean). They are known by their routing \
             key, which is the queue's name unless `task_queues` says otherwise. A task that is acknowledged before it runs, \
             as is Celery's default, is not seen while it does; what a killed worker held counts until Celery's \
             `visibility_timeout` has passed.",
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
    #[serde(default)]
    count_unacked: bool,
}

struct CeleryRedisQueueSize {
    broker: Broker,
    names: Vec<String>,
    /// The lists of each queue.
    queues: Vec<Vec<String>>,
    /// The hash of what workers hold, when that is counted.
    unacked: Option<String>,
    /// Whether Redis refused to say what workers hold, the last time: what lasts is logged once.
    unacked_refused: Cell<bool>,
    /// How long what workers hold is counted, at the most: the queue's length is known by then, and is not to be lost.
    patience: Duration,
    clock: Clock,
    /// The connection that the last measurement left in good order.
    kept: RefCell<Option<MultiplexedConnection>>,
}

/// What Redis said.
struct Answered {
    lengths: Vec<redis::Value>,
    /// How many tasks of our queues workers hold, if that is known.
    held: Option<u64>,
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

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let wanted: Wanted = section.read()?;
    let prefix = &wanted.global_keyprefix;
    let lists = |queue: &String| replies::lists(prefix, queue, &wanted.sep);
    Ok(Rc::new(CeleryRedisQueueSize {
        broker: Broker::build(section)?,
        queues: wanted.queue_name.iter().map(lists).collect(),
        unacked: wanted
            .count_unacked
            .then(|| format!("{prefix}{}", unacked::KEY)),
        names: wanted.queue_name,
        unacked_refused: Cell::default(),
        patience: timeout(section) / 2,
        clock: site.clock,
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
        let kept = self.kept.take();
        if let Some(mut connection) = kept
            && let Ok(answered) = self.ask(&mut connection).await
        {
            return self.keep(connection, &answered);
        }
        let mut connection = self.broker.connect().await?;
        let answered = self.ask(&mut connection).await?;
        self.keep(connection, &answered)
    }
}

impl CeleryRedisQueueSize {
    /// Asks for everything; `Err` when the connection failed.
    async fn ask(&self, connection: &mut MultiplexedConnection) -> Result<Answered, MeasureError> {
        let until = self.clock.now().mono + self.patience;
        let unacked = self.unacked.as_deref();
        let asked = replies::question(self.broker.database(), &self.queues, unacked);
        let lengths = self.broker.ask(connection, &asked).await?;
        let held = match unacked {
            // Without a length there is no measurement.
            Some(key) if waiting(&self.queues, &lengths).is_ok() => {
                let held = match unacked::entries(lengths.last()) {
                    Ok(0) => Ok(Some(0)),
                    Ok(_) => self.scan(connection, key, until).await?,
                    Err(code) => Err(code),
                };
                self.told(key, held)
            }
            Some(_) | None => None,
        };
        Ok(Answered { lengths, held })
    }

    /// Counts our tasks in the hash, within bounds. The inner error is Redis's refusal.
    async fn scan(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        until: Duration,
    ) -> Result<Result<Option<u64>, String>, MeasureError> {
        let (mut scan, mut cursor) = (unacked::Scan::default(), "0".to_owned());
        while self.clock.now().mono < until {
            let asked = unacked::question(key, &cursor);
            let replies = self.broker.ask(connection, &asked).await?;
            let now = self.clock.now().wall;
            match scan.take(replies.first(), &self.names, now) {
                Ok(Some(next)) => cursor = next,
                Ok(None) => break,
                Err(code) => return Ok(Err(code)),
            }
        }
        Ok(Ok(scan.held()))
    }

    /// A refusal fails nothing: it is logged once, and what workers hold is not known.
    fn told(&self, key: &str, held: Result<Option<u64>, String>) -> Option<u64> {
        let refused = self.unacked_refused.replace(held.is_err());
        held.unwrap_or_else(|code| {
            if !refused {
                log::info!(
                    backend = BACKEND.name;
                    "{}: it does not say how many tasks workers hold ({code}), so that an empty queue counts as idle; allow \
                     its user HLEN and HSCAN on `{}`, or set count_unacked = false",
                    self.broker.shown(),
                    key.escape_debug()
                );
            }
            None
        })
    }

    fn keep(
        &self,
        connection: MultiplexedConnection,
        answered: &Answered,
    ) -> Result<Sample, MeasureError> {
        let waiting = waiting(&self.queues, &answered.lengths)
            .map_err(|refusal| self.broker.refused(&refusal))?;
        self.kept.replace(Some(connection));
        let data = Value::from(waiting);
        let number = data.as_f64();
        Ok(Sample {
            busy: answered.held,
            ..Sample::new(data, number)
        })
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
