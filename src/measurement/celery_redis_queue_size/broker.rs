//! The Redis that is Celery's broker: where it is, how it is reached, and what its refusals mean to a person.

use std::fmt;
use std::path::Path;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    Pipeline, RedisError, TlsCertificates, Value,
};
use reqwest::Url;
use serde_json::Value as JsonValue;

use super::replies::Refusal;
use crate::backend::BuildError;
use crate::http::{CaFile, chain, install_tls_provider};
use crate::measurement::MeasureError;
use crate::measurement::probe::tls_trouble;
use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// Where the tasks wait.
pub(super) struct Broker {
    client: Client,
    database: i64,
    shown: String,
    is_unverified: bool,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({})", self.shown)
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
        install_tls_provider();
        let refuse = |fault: Fault| BuildError(format!("{}: {}", fault.setting, fault.wrong));
        let address = address(section).map_err(refuse)?;
        let ca = match section.text("tls_ca_file") {
            Some(file) if address.is_tls() => Some(CaFile::read(Path::new(file))?.pem),
            _ => None,
        };
        let shown = format!("redis at {}", address.info.addr());
        let failed = |error: RedisError| BuildError(format!("{shown}: {error}"));
        let client = if ca.is_some() {
            let tls = TlsCertificates {
                client_tls: None,
                root_cert: ca,
            };
            Client::build_with_tls(address.info, tls).map_err(failed)?
        } else {
            Client::open(address.info).map_err(failed)?
        };
        Ok(Self {
            client,
            database: address.database,
            shown,
            is_unverified: address.is_unverified,
        })
    }

    pub(super) fn database(&self) -> i64 {
        self.database
    }

    /// Whether its certificate is taken as it is.
    pub(super) fn is_unverified(&self) -> bool {
        self.is_unverified
    }

    /// Host and port, for people.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Opens a connection and authenticates. The caller has a deadline, so there is none here.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, MeasureError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| self.failed(&error))
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
        let shown = &self.shown;
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
        let shown = &self.shown;
        let text = if error.kind() == ErrorKind::AuthenticationFailed {
            format!("{shown}: it refuses the user or password of redis_url")
        } else if error.is_connection_refusal() {
            format!("{shown}: connection refused; does it run there?")
        } else if let Some(tls) = tls_trouble(error) {
            format!("{shown}: {tls}")
        } else if error.is_connection_dropped() {
            format!(
                "{shown}: it closed the connection without an answer; is it a Redis, and does it want TLS (rediss://)?"
            )
        } else if error.is_io_error() {
            format!("{shown}: {}", chain(error))
        } else {
            // Anything else may repeat what was sent, a password too.
            format!("{shown}: {}", error.category())
        };
        MeasureError::Unavailable(text)
    }
}

struct Address {
    info: ConnectionInfo,
    database: i64,
    is_unverified: bool,
}

impl Address {
    fn is_tls(&self) -> bool {
        matches!(self.info.addr(), ConnectionAddr::TcpTls { .. })
    }
}

fn address(section: &Section) -> Result<Address, Fault> {
    if let Some(url) = section.text("redis_url") {
        return from_url(url);
    }
    let host = section.text("host").unwrap_or("localhost").to_owned();
    let whole = |name| section.get(name).and_then(JsonValue::as_i64);
    let port = whole("port")
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(6379);
    let refuse =
        |error: RedisError| Fault::at("host", error, "the name or address of the Redis server");
    let info = ConnectionAddr::Tcp(host, port)
        .into_connection_info()
        .map_err(refuse)?;
    Ok(Address {
        info: plain(info),
        database: whole("database_number").unwrap_or(0),
        is_unverified: false,
    })
}

/// A URL as Celery understands it. Of its query, `ssl_cert_reqs` counts; the rest tunes the Python client.
fn from_url(text: &str) -> Result<Address, Fault> {
    // The text is not repeated: it may hold a password.
    let wrong = |why: &str| {
        Fault::at(
            "redis_url",
            why,
            "a URL such as `rediss://:password@host:6379/0`",
        )
    };
    let mut url = Url::parse(text).map_err(|error| wrong(&format!("it is not a URL: {error}")))?;
    let wants_unverified = url
        .query_pairs()
        .any(|(name, value)| name == "ssl_cert_reqs" && is_none(&value));
    let is_unverified = wants_unverified && url.scheme() == "rediss";
    url.set_query(None);
    url.set_fragment(is_unverified.then_some("insecure"));
    let info = url
        .as_str()
        .into_connection_info()
        .map_err(|error| wrong(&error.to_string()))?;
    let database = info.redis_settings().db();
    if database < 0 {
        return Err(wrong("the number of its database is negative"));
    }
    Ok(Address {
        info: plain(info),
        database,
        is_unverified,
    })
}

/// Without what the client would send by itself: the database is selected with the question, and its own name is nobody's
/// concern.
fn plain(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info
        .redis_settings()
        .clone()
        .set_db(0)
        .set_skip_set_lib_name();
    info.set_redis_settings(settings)
}

/// The ways in which Celery's users write it.
fn is_none(value: &str) -> bool {
    ["none", "cert_none", "ssl.cert_none"].contains(&value.to_ascii_lowercase().as_str())
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
    fn a_url_says_where_and_how() {
        for (url, shown, database, tls, unverified) in [
            ("redis://a.test", "a.test:6379", 0, false, false),
            ("redis://:p@a.test:6380/3", "a.test:6380", 3, false, false),
            ("rediss://a.test/1", "a.test:6379", 1, true, false),
            (
                "rediss://a.test?ssl_cert_reqs=none",
                "a.test:6379",
                0,
                true,
                true,
            ),
            (
                "rediss://a.test/2?x=1&ssl_cert_reqs=CERT_NONE",
                "a.test:6379",
                2,
                true,
                true,
            ),
            (
                "rediss://a.test/?ssl_cert_reqs=required",
                "a.test:6379",
                0,
                true,
                false,
            ),
            ("rediss://a.test/#insecure", "a.test:6379", 0, true, false),
            (
                "redis://a.test/?ssl_cert_reqs=none",
                "a.test:6379",
                0,
                false,
                false,
            ),
            (
                "redis://a.test/0?socket_timeout=5&health_check_interval=3",
                "a.test:6379",
                0,
                false,
                false,
            ),
            ("redis://[::1]:7000/0", "::1:7000", 0, false, false),
        ] {
            let address = from_url(url).unwrap();
            assert_eq!(address.info.addr().to_string(), shown, "{url}");
            assert_eq!(address.database, database, "{url}");
            assert_eq!(address.is_tls(), tls, "{url}");
            assert_eq!(address.is_unverified, unverified, "{url}");
            let insecure = matches!(
                address.info.addr(),
                ConnectionAddr::TcpTls { insecure: true, .. }
            );
            assert_eq!(insecure, unverified, "{url}");
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let address = from_url("redis://me:p%40ss%2F@a.test/0").unwrap();
        assert_eq!(address.info.redis_settings().username(), Some("me"));
        assert_eq!(address.info.redis_settings().password(), Some("p@ss/"));
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
