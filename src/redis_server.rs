//! A Redis server as people name it: its URL, the client for it, and its failures in plain words. Called by whatever
//! speaks to one: Celery's queue lengths, the state store, the cluster's lease.

use std::fmt;
use std::path::Path;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisError, TlsCertificates,
};
use reqwest::Url;

use crate::backend::BuildError;
use crate::http::{CaFile, chain, install_tls_provider, tls_trouble};
use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// What a URL of a Redis looks like, for people.
pub(crate) const URL_EXAMPLE: &str = "a URL such as `rediss://:password@host:6379/0`";

/// Certificates that nobody would check: a table that names some beside a `url` without TLS.
pub(crate) fn needless_ca(url: &str, section: &Section) -> Option<Fault> {
    let named = url.starts_with("redis:") && section.text("tls_ca_file").is_some();
    named.then(|| {
        let wrong = "the url is `redis://`, so that there is no certificate to check";
        Fault::at("tls_ca_file", wrong, "`rediss://`, or no such line")
    })
}

/// Where a server is, who we are there, and how sure we want to be of it.
#[derive(Clone)]
pub(crate) struct Address {
    info: ConnectionInfo,
    database: i64,
    is_unverified: bool,
}

impl Address {
    /// A URL as Celery understands it. Of its query, `ssl_cert_reqs` counts; the rest tunes the Python client. `Err` says
    /// why not, and repeats nothing of it: it may hold a password.
    pub(crate) fn from_url(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
        let wants_unverified = url
            .query_pairs()
            .any(|(name, value)| name == "ssl_cert_reqs" && is_none(&value));
        let is_unverified = wants_unverified && url.scheme() == "rediss";
        url.set_query(None);
        url.set_fragment(is_unverified.then_some("insecure"));
        let info = url
            .as_str()
            .into_connection_info()
            .map_err(|error| error.to_string())?;
        let database = info.redis_settings().db();
        if database < 0 {
            return Err("the number of its database is negative".to_owned());
        }
        Ok(Self {
            info: nameless(info),
            database,
            is_unverified,
        })
    }

    /// A host, without TLS or password.
    pub(crate) fn from_host(host: &str, port: u16, database: i64) -> Result<Self, RedisError> {
        let info = ConnectionAddr::Tcp(host.to_owned(), port).into_connection_info()?;
        Ok(Self {
            info: nameless(info),
            database,
            is_unverified: false,
        })
    }

    /// The number of its database.
    pub(crate) fn database(&self) -> i64 {
        self.database
    }

    /// The same server, where a connection does not select the database by itself.
    #[must_use]
    pub(crate) fn without_selecting(self) -> Self {
        let settings = self.info.redis_settings().clone().set_db(0);
        Self {
            info: self.info.set_redis_settings(settings),
            ..self
        }
    }

    fn is_tls(&self) -> bool {
        matches!(self.info.addr(), ConnectionAddr::TcpTls { .. })
    }
}

/// Our name is nobody's concern, and an old server refuses to hear it.
fn nameless(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    info.set_redis_settings(settings)
}

/// The ways in which Celery's users write it.
fn is_none(value: &str) -> bool {
    ["none", "cert_none", "ssl.cert_none"].contains(&value.to_ascii_lowercase().as_str())
}

/// A server that can be connected to.
pub(crate) struct Server {
    client: Client,
    shown: String,
    is_unverified: bool,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.shown)
    }
}

impl Server {
    /// The server at an address; with TLS, certificates of our own are trusted instead of the system's. It opens nothing
    /// but that file.
    pub(crate) fn new(address: Address, tls_ca_file: Option<&str>) -> Result<Self, BuildError> {
        install_tls_provider();
        let ca = match tls_ca_file {
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
            shown,
            is_unverified: address.is_unverified,
        })
    }

    /// Host and port, for people.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether its certificate is taken as it is.
    pub(crate) fn is_unverified(&self) -> bool {
        self.is_unverified
    }

    /// Opens a connection and authenticates. The caller has a deadline, so there is none here.
    pub(crate) async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// A failure of the connection in plain words; `setting` is the one that a wrong password stands in.
    pub(crate) fn trouble(&self, error: &RedisError, setting: &str) -> String {
        let shown = &self.shown;
        if error.kind() == ErrorKind::AuthenticationFailed {
            format!("{shown}: it refuses the user or password of {setting}")
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let address = Address::from_url(url).unwrap();
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
        let address = Address::from_url("redis://me:p%40ss%2F@a.test/0").unwrap();
        assert_eq!(address.info.redis_settings().username(), Some("me"));
        assert_eq!(address.info.redis_settings().password(), Some("p@ss/"));
    }

    #[test]
    fn the_database_is_selected_unless_that_is_left_to_the_question() {
        let address = Address::from_url("redis://a.test/3").unwrap();
        assert_eq!(address.info.redis_settings().db(), 3);
        let later = address.without_selecting();
        assert_eq!((later.info.redis_settings().db(), later.database()), (0, 3));
    }
}
