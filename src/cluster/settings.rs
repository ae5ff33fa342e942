//! The settings of `[cluster]`: which Redis says who leads, and for how long at a time.

use std::time::Duration;

use super::lease::SHORTEST;
use crate::redis_server::{Address, URL_EXAMPLE, needless_ca};
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;

/// The checked `[cluster]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The Redis.
    pub url: Secret,
    /// Certificates to trust instead of the system's.
    pub tls_ca_file: Option<String>,
    /// What the replicas that lead by turns have in common.
    pub name: String,
    /// How long one leads without hearing from Redis.
    pub lease: Duration,
    /// What this replica is called, if that is written.
    pub owner: Option<String>,
}

/// The longest name of a cluster or a replica.
const LONGEST: usize = 100;

/// The rows of `[cluster]`.
pub static CLUSTER: &[Setting] = &[
    Setting::new(
        "url",
        Kind::Url(&["redis", "rediss"]),
        Default::Required,
        "The Redis that says who leads. `?ssl_cert_reqs=none` is honoured as Celery does.",
    ),
    Setting::new(
        "tls_ca_file",
        Kind::Text,
        Default::Absent,
        "A file of CA certificates (PEM) to trust, instead of the system's, with `rediss://`.",
    ),
    Setting::new(
        "name",
        Kind::Text,
        Default::Text("autoscalebot"),
        "Replicas with the same name in the same Redis stand in for each other; all of them have the same configuration.",
    ),
    Setting::new(
        "lease_in_seconds",
        // `SHORTEST` as a number; a test holds the two together.
        Kind::Number(3.0, 3600.0),
        Default::Number(15.0),
        "How long the leader leads without having heard from Redis; it asks three times as often. One that dies is \
         replaced within this time.",
    ),
    Setting::new(
        "owner",
        Kind::Text,
        Default::Derived("the dyno's name, else the host's"),
        "What this replica is called in the log of the others. A random part is added, so that no two are the same.",
    ),
];

/// What the rows cannot say.
pub fn check(section: &Section) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(url) = section.text("url") {
        let bad = Address::from_url(url).err();
        faults.extend(bad.map(|why| Fault::at("url", why, URL_EXAMPLE)));
        faults.extend(needless_ca(url, section));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_name = |text: &str| (1..=LONGEST).contains(&text.len()) && text.chars().all(plain);
    if section.text("name").is_some_and(|name| !is_name(name)) {
        let wrong = "it cannot be a part of a key's name";
        let right = format!("1 to {LONGEST} letters, digits, `.`, `_` and `-`");
        faults.push(Fault::at("name", wrong, right));
    }
    let is_label = |text: &str| {
        (1..=LONGEST).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
    };
    if section.text("owner").is_some_and(|owner| !is_label(owner)) {
        let wrong = "it is empty, too long, or has a blank or another character that no name has";
        let right = format!("1 to {LONGEST} plain characters, such as `${{DYNO}}`");
        faults.push(Fault::at("owner", wrong, right));
    }
    faults
}

/// The checked table as values.
pub fn read(section: &Section) -> ClusterSettings {
    let seconds = section.number("lease_in_seconds").unwrap_or_default();
    let lease = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let text = |name: &str| section.text(name).map(str::to_owned);
    ClusterSettings {
        url: Secret::new(section.text("url").unwrap_or_default()),
        tls_ca_file: text("tls_ca_file"),
        name: text("name").unwrap_or_default(),
        lease: lease.max(SHORTEST),
        owner: text("owner"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn section(values: Value) -> Section {
        let Value::Object(values) = values else {
            panic!("a table, please");
        };
        let written = values.keys().cloned().collect();
        Section::new(values, written)
    }

    #[test]
    fn the_row_of_the_lease_begins_at_the_shortest() {
        let row = CLUSTER.iter().find(|row| row.name == "lease_in_seconds");
        let shortest = SHORTEST.as_secs_f64();
        assert_eq!(row.unwrap().kind, Kind::Number(shortest, 3600.0));
    }

    #[test]
    fn a_table_as_values() {
        let settings = read(&section(
            json!({"url": "rediss://:hunter2@a.test/1", "name": "shop", "lease_in_seconds": 7.5}),
        ));
        assert_eq!(settings.lease, Duration::from_millis(7500));
        assert_eq!(
            (settings.name.as_str(), settings.owner.as_ref()),
            ("shop", None)
        );
        assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
    }

    #[test]
    fn what_cannot_be_worked_with_is_a_fault() {
        for (values, setting, part) in [
            (
                json!({"url": "redis://:hunter2@a.test/-1"}),
                "url",
                "negative",
            ),
            (
                json!({"url": "redis://a", "tls_ca_file": "x"}),
                "tls_ca_file",
                "no certificate",
            ),
            (
                json!({"url": "redis://a", "name": ""}),
                "name",
                "key's name",
            ),
            (
                json!({"url": "redis://a", "name": "a}b"}),
                "name",
                "key's name",
            ),
            (
                json!({"url": "redis://a", "owner": ""}),
                "owner",
                "is empty",
            ),
            (
                json!({"url": "redis://a", "owner": "a b"}),
                "owner",
                "a blank",
            ),
        ] {
            let faults = check(&section(values.clone()));
            assert_eq!(faults.len(), 1, "{values}: {faults:?}");
            assert_eq!(faults[0].setting, setting, "{values}");
            assert!(faults[0].wrong.contains(part), "{values}: {faults:?}");
            assert!(!format!("{faults:?}").contains("hunter2"), "{faults:?}");
        }
        let good = json!({"url": "rediss://a", "tls_ca_file": "x", "name": "a.b-c_1", "owner": "worker.1"});
        assert_eq!(check(&section(good)), []);
    }
}
