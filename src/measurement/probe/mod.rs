//! A GET to the measured application: where it goes, with what, and what its failures mean to a person.
//!
//! Called by every measurement backend that asks over HTTP. They share these settings ([`MEASUREMENT_URL`] and so on)
//! and decide themselves which status is good and what of the answer counts.

mod answer;
mod failure;
mod target;

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode, Url};

use crate::backend::{BuildError, Site};
use crate::clock::Clock;
use crate::http::{Wanted, headers, metered};
use crate::measurement::MeasureError;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

pub use answer::Answer;

/// Where the application answers.
pub const MEASUREMENT_URL: Setting = Setting::new(
    "measurement_url",
    Kind::UrlOrPath,
    Default::Text("/autoscalebot/measurement/"),
    "Where to measure: a full URL, which may hold `user:password@`, or a path that is appended to base_url.",
);

/// What a `measurement_url` that is a path is appended to.
pub const BASE_URL: Setting = Setting::new(
    "base_url",
    Kind::Url(&["http", "https"]),
    Default::Absent,
    "The application's own address, to which a measurement_url that is a path is appended. Required then.",
);

/// Headers of each request.
pub const HEADERS: Setting = Setting::new(
    "headers",
    Kind::TextTable,
    Default::Absent,
    "Headers to send with each request. Their values are never printed.",
);

/// A CA to trust.
pub const TLS_CA_FILE: Setting = Setting::new(
    "tls_ca_file",
    Kind::Text,
    Default::Absent,
    "A file of CA certificates (PEM) to trust beside the system's.",
);

/// How often a request is sent at most: a kept connection may turn out to be closed, and so may the next.
const MOST_ATTEMPTS: u32 = 3;

/// A GET that can be sent again and again.
pub struct Probe {
    client: Client,
    url: Url,
    shown: String,
    headers: HeaderMap,
    fresh_connection: bool,
    clock: Clock,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe({})", self.shown)
    }
}

/// The faults of the settings that are declared here.
pub fn check(section: &Section) -> Vec<Fault> {
    let target = target::target(section).err();
    let headers = headers(section, HEADERS.name).err();
    target.into_iter().chain(headers).collect()
}

impl Probe {
    /// A probe out of a table with the settings that are declared here. With `fresh_connection`, each request opens a
    /// connection of its own, and connecting counts as a part of it.
    pub fn build(
        section: &Section,
        site: &Site,
        fresh_connection: bool,
    ) -> Result<Self, BuildError> {
        let refuse = |fault: Fault| BuildError(format!("{}: {}", fault.setting, fault.wrong));
        let url = target::target(section).map_err(refuse)?;
        let wanted = Wanted {
            tls_ca_file: section.text(TLS_CA_FILE.name).map(Into::into),
            fresh_connection,
        };
        Ok(Self {
            // Without connections to keep there is nothing to share.
            client: if fresh_connection {
                site.http.client(&wanted)?
            } else {
                site.http.own_client(&wanted)?
            },
            shown: target::shown(&url),
            url,
            headers: headers(section, HEADERS.name).map_err(refuse)?,
            fresh_connection,
            clock: site.clock,
        })
    }

    /// Sends the GET and waits for the end of the answer's headers, whatever its status.
    pub async fn get(&self) -> Result<Answer<'_>, MeasureError> {
        self.get_with(HeaderMap::new()).await
    }

    /// [`Probe::get`] with headers for this request alone.
    ///
    /// A server closes a kept connection when it likes, also at the moment in which we use it again. That says nothing
    /// about the application, and a browser hides it too: such a request is sent once more. One that fails on a
    /// connection of its own is not.
    pub async fn get_with(&self, extra: HeaderMap) -> Result<Answer<'_>, MeasureError> {
        for attempt in 1.. {
            let started = self.clock.now().mono;
            let request = self
                .client
                .get(self.url.clone())
                .headers(self.headers.clone())
                .headers(extra.clone());
            let (sent, connecting) = metered(self.clock, request.send()).await;
            match sent {
                Ok(response) => {
                    let unmeasured = if self.fresh_connection {
                        Duration::ZERO
                    } else {
                        connecting.took
                    };
                    return Ok(Answer::new(self, response, started + unmeasured));
                }
                Err(error)
                    if connecting.made == 0
                        && error.is_request()
                        && !error.is_connect()
                        && attempt < MOST_ATTEMPTS => {}
                Err(error) => return Err(self.failure(error)),
            }
        }
        Err(MeasureError::Faulted(format!(
            "GET {}: not sent",
            self.shown
        )))
    }

    /// What it asks, for people: no user, password or query.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// A status that the backend does not take for good, as an error.
    pub fn refused(&self, status: StatusCode) -> MeasureError {
        failure::status(&self.shown, status)
    }

    fn failure(&self, error: reqwest::Error) -> MeasureError {
        failure::transport(&self.shown, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};

    #[track_caller]
    fn faults(values: Value) -> Vec<String> {
        let values: Map<String, Value> = serde_json::from_value(values).unwrap();
        let faults = check(&Section::new(values, Vec::new()));
        faults.into_iter().map(|fault| fault.wrong).collect()
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_told_without_its_value() {
        let url = "http://a.test/";
        let good = json!({"measurement_url": url, "headers": {"X-Token": "abc"}});
        assert_eq!(faults(good), Vec::<String>::new());
        let name = json!({"measurement_url": url, "headers": {"X Token": "hunter2"}});
        assert_eq!(faults(name), ["`X Token` is not a header's name"]);
        let value = json!({"measurement_url": url, "headers": {"X-Token": "hunter2\n"}});
        assert_eq!(
            faults(value),
            ["the value of `x-token` cannot be sent in a header"]
        );
    }

    #[test]
    fn neither_login_nor_query_nor_headers_are_in_its_debug() {
        let values = json!({
            "measurement_url": "http://me:hunter2@a.test/m/?key=hunter2",
            "headers": {"X-Token": "hunter2"},
        });
        let section = Section::new(serde_json::from_value(values).unwrap(), Vec::new());
        let site = Site {
            process: crate::model::ProcessName::new("web").unwrap(),
            clock: Clock::system(),
            http: crate::http::Http::default(),
            program: std::path::PathBuf::new(),
            shared: crate::backend::Shared::default(),
        };
        let probe = Probe::build(&section, &site, false).unwrap();
        assert_eq!(format!("{probe:?}"), "Probe(http://a.test/m/)");
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let both = json!({"measurement_url": "/m/", "headers": {"": "x"}});
        assert_eq!(faults(both).len(), 2);
    }
}
