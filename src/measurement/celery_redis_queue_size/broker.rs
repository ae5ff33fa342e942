//! The Redis that is Celery's broker: where it is, how it is reached, and what its refusals mean to a person.

use std::fmt;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError, Value};
use serde_json::Value as JsonValue;

use super::replies::Refusal;
use crate::backend::BuildError;
use crate::measurement::MeasureError;
use crate::redis_server::{Address, Server, URL_EXAMPLE};
use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// Where the tasks wait.
pub(super) struct Broker {
    server: Server,
    database: i64,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({})", self.server.shown())
    }
}

/// The faults of the settings that say where Redis is.
pub(super) fn check(section: &Section) -> Vec<Fault> {
    if section.text("redis_url").is_some() {
        let twice = ["host", "port", "database_number"]
            .into_iter()
            .filter(|name| section.is_written(name))
            .map(|name| Fault::at(name, "redis_url says this too", "one of the two alone"));
        return twice.chain(address(section).err()).collect();
    }
    address(section).err().into_iter().collect()
}

impl Broker {
    pub(super) fn build(section: &Section) -> Result<Self, BuildError> {
        let refuse = |fault: Fault| BuildError(format!("{}: {}", fault.setting, fault.wrong));
        let address = address(section).map_err(refuse)?;
        Ok(Self {
            database: address.database(),
            // The database is selected with the question, so that a wrong one is told as such.
            server: Server::new(address.without_selecting(), section.text("tls_ca_file"))?,
        })
    }

    pub(super) fn database(&self) -> i64 {
        self.database
    }

    /// Whether its certificate is taken as it is.
    pub(super) fn is_unverified(&self) -> bool {
        self.server.is_unverified()
    }

    /// Host and port, for people.
    pub(super) fn shown(&self) -> &str {
        self.server.shown()
    }

    /// Opens a connection and authenticates. The caller has a deadline, so there is none here.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, MeasureError> {
        let connected = self.server.connect().await;
        connected.map_err(|error| self.failed(&error))
    }

    /// Redis's replies, its refusals among them; `Err` when the connection failed.
    pub(super) async fn ask(
        &self,
        connection: &mut MultiplexedConnection,
        asked: &Pipeline,
    ) -> Result<Vec<Value>, MeasureError> {
        connection
            .send_packed_commands(asked, 0, asked.len())
            .await
            .map_err(|error| self.failed(&error))
    }

    /// A refusal, in plain words. Redis's own are left out where they are not known: they may repeat what was sent.
    pub(super) fn refused(&self, refusal: &Refusal) -> MeasureError {
        let shown = self.shown();
        let key = refusal.key.as_deref().unwrap_or_default().escape_debug();
        let unavailable = |why: &str| MeasureError::Unavailable(format!("{shown}: {why}"));
        match refusal.code.as_str() {
            "WRONGTYPE" => MeasureError::Unusable(format!(
                "{shown}: `{key}` is not a list, so it is not a Celery queue; are queue_name and the database right?"
            )),
            "" => MeasureError::Unusable(format!(
                "{shown}: asked for the length of `{key}`, it gave {}; is it a Redis?",
                refusal.detail
            )),
            "NOAUTH" => unavailable(
                "it wants a password (NOAUTH): write redis_url with one, `redis://:password@host:port/0`",
            ),
            "NOPERM" => unavailable(
                "its user may not do this (NOPERM): allow it SELECT and LLEN on the queue's keys",
            ),
            "LOADING" => unavailable("it is still loading its data after a start (LOADING)"),
            "MASTERDOWN" => unavailable("it is a replica that has lost its master (MASTERDOWN)"),
            "MOVED" | "ASK" | "CLUSTERDOWN" => {
                unavailable("it is a node of a Redis Cluster, which Celery cannot use as a broker")
            }
            "ERR" if refusal.key.is_none() => MeasureError::Unusable(format!(
                "{shown}: it has no database {}; is database_number, or the path of redis_url, right?",
                self.database
            )),
            code => MeasureError::Unusable(format!("{shown}: it refused to answer ({code})")),
        }
    }

    fn failed(&self, error: &RedisError) -> MeasureError {
        MeasureError::Unavailable(self.server.trouble(error, "redis_url"))
    }
}

fn address(section: &Section) -> Result<Address, Fault> {
    if let Some(url) = section.text("redis_url") {
        return Address::from_url(url).map_err(|why| Fault::at("redis_url", why, URL_EXAMPLE));
    }
    let host = section.text("host").unwrap_or("localhost");
    let whole = |name| section.get(name).and_then(JsonValue::as_i64);
    let port = whole("port")
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(6379);
    let database = whole("database_number").unwrap_or(0);
    let refuse =
        |error: RedisError| Fault::at("host", error, "the name or address of the Redis server");
    Address::from_host(host, port, database).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn section(values: JsonValue, written: &[&str]) -> Section {
        let values = serde_json::from_value(values).unwrap();
        Section::new(values, written.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_bad_url_is_a_fault_that_shows_no_password() {
        for url in [
            "redis://:hunter2@a.test/mail",
            "redis://:hunter2@a.test/-1",
            "hunter2",
            "redis:///0",
        ] {
            let values = json!({"redis_url": url});
            let faults = check(&section(values, &["redis_url"]));
            assert_eq!(faults.len(), 1, "{url}");
            assert!(!format!("{faults:?}").contains("hunter2"), "{faults:?}");
        }
    }

    #[test]
    fn one_place_is_said_once() {
        let values = json!({"redis_url": "redis://a.test", "host": "b.test", "port": 6379, "database_number": 0});
        let faults = check(&section(values.clone(), &["redis_url", "host"]));
        let settings: Vec<_> = faults.iter().map(|fault| fault.setting.as_str()).collect();
        assert_eq!(settings, ["host"]);
        assert_eq!(check(&section(values, &["redis_url"])), []);
    }

    #[test]
    fn neither_debug_nor_a_refusal_shows_the_password() {
        let values = json!({"redis_url": "redis://hunter1:hunter2@a.test:1/0"});
        let broker = Broker::build(&section(values, &["redis_url"])).unwrap();
        assert_eq!(format!("{broker:?}"), "Broker(redis at a.test:1)");
        let echo = Refusal {
            key: Some("celery".into()),
            code: "ERR".into(),
            detail: "unknown command 'AUTH' with args beginning with: 'hunter2'".into(),
        };
        assert!(!broker.refused(&echo).to_string().contains("hunter"));
    }
}
