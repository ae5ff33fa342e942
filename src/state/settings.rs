//! The settings of `[state]`: where state is kept, and how much of it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::Limits;
use crate::redis_server::{Address, URL_EXAMPLE, needless_ca};
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;
use crate::settings::without_secrets;

/// The checked `[state]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSettings {
    /// Where state is kept.
    pub place: StatePlace,
    /// How much of the past is kept.
    pub limits: Limits,
    /// How long the store may take for one operation.
    pub timeout: Duration,
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatePlace {
    /// In a file.
    File {
        /// The file.
        path: PathBuf,
        /// How large it may become.
        max_megabytes: u64,
    },
    /// In a Redis.
    Redis {
        /// Its URL.
        url: Secret,
        /// Certificates to trust instead of the system's.
        tls_ca_file: Option<String>,
        /// What the name of each key begins with.
        key_prefix: String,
        /// How much of its memory the ledgers may take.
        max_megabytes: u64,
    },
}

impl fmt::Display for StatePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "the file {}", path.display()),
            Self::Redis { url, .. } => f.write_str(&without_secrets(url.expose())),
        }
    }
}

/// The rows of `[state]`.
pub static STATE: &[Setting] = &[
    Setting::new(
        "url",
        Kind::Url(&["file", "redis", "rediss"]),
        Default::Required,
        "Where the bot keeps what is to outlive it: history, cooldowns, the ledger and people's orders. `file:PATH` is a \
         file on this machine (on Heroku it is gone with the dyno); `redis://` or `rediss://` a Redis, which orders from \
         a one-off dyno reach too. `?ssl_cert_reqs=none` is honoured as Celery does.",
    ),
    Setting::new(
        "tls_ca_file",
        Kind::Text,
        Default::Absent,
        "A file of CA certificates (PEM) to trust, instead of the system's, with `rediss://`.",
    ),
    Setting::new(
        "key_prefix",
        Kind::Text,
        Default::Text("autoscalebot:"),
        "In a Redis, what the name of each key begins with. Two bots that share a Redis but no processes need two.",
    ),
    Setting::new(
        "keep_for_days",
        Kind::Number(0.01, 3650.0),
        Default::Number(7.0),
        "How long records of the ledger, and orders that are over, are kept.",
    ),
    Setting::new(
        "max_records_per_process",
        Kind::Whole(100, 10_000_000),
        Default::Whole(25_000),
        "How many records of each process are kept: the oldest go. A week at one each 30 s is 20160.",
    ),
    Setting::new(
        "max_megabytes",
        Kind::Whole(1, 1_000_000),
        Default::Derived("1000 for a file, 20 for a Redis"),
        "How large the file may become, or how much of a Redis's memory the ledgers may take. Where that is reached, the \
         oldest records go. A Redis that others use too must have room for it.",
    ),
    Setting::new(
        "timeout_in_seconds",
        Kind::Seconds,
        Default::Number(2.0),
        "How long the store may take for one operation. A scale waits at most so long for its record; no other part of \
         the bot waits for the store.",
    ),
];

/// What the rows cannot say.
pub fn check(section: &Section) -> Vec<Fault> {
    let Some(url) = section.text("url") else {
        return Vec::new();
    };
    let mut faults: Vec<Fault> = place(url, section).err().into_iter().collect();
    let alien = ["tls_ca_file", "key_prefix"].into_iter();
    let is_alien = |name: &&str| url.starts_with("file:") && section.is_written(name);
    for name in alien.filter(is_alien) {
        let wrong = "state is kept in a file, and this is for a Redis";
        faults.push(Fault::at(name, wrong, "no such line, or another url"));
    }
    if section.text("key_prefix").is_some_and(str::is_empty) {
        let wrong = "it is empty, so that the keys would be named like anybody's";
        faults.push(Fault::at(
            "key_prefix",
            wrong,
            "a prefix such as `autoscalebot:`",
        ));
    }
    faults.extend(needless_ca(url, section));
    faults
}

/// The checked table as values. `Err` for a table that [`check`] would refuse.
pub fn read(section: &Section) -> Result<StateSettings, Fault> {
    let url = section.text("url").unwrap_or_default();
    let seconds = |name: &str, of_one: f64, usual: f64| {
        let number = section.number(name).unwrap_or(usual);
        Duration::try_from_secs_f64(number * of_one).unwrap_or(Duration::MAX)
    };
    Ok(StateSettings {
        place: place(url, section)?,
        limits: Limits {
            keep_for: seconds("keep_for_days", 86_400.0, 7.0),
            max_records_per_process: whole(section, "max_records_per_process", 25_000),
        },
        timeout: seconds("timeout_in_seconds", 1.0, 2.0),
    })
}

fn whole(section: &Section, name: &str, usual: u64) -> u64 {
    section.get(name).and_then(Value::as_u64).unwrap_or(usual)
}

fn place(url: &str, section: &Section) -> Result<StatePlace, Fault> {
    if let Some(file) = url.strip_prefix("file:") {
        return Ok(StatePlace::File {
            path: path(file)?,
            max_megabytes: whole(section, "max_megabytes", 1000),
        });
    }
    Address::from_url(url).map_err(|why| Fault::at("url", why, URL_EXAMPLE))?;
    Ok(StatePlace::Redis {
        url: Secret::new(url),
        tls_ca_file: section.text("tls_ca_file").map(str::to_owned),
        key_prefix: section
            .text("key_prefix")
            .unwrap_or("autoscalebot:")
            .to_owned(),
        max_megabytes: whole(section, "max_megabytes", 20),
    })
}

/// The path in `file:PATH`: as it stands, or absolute after `//`.
fn path(written: &str) -> Result<PathBuf, Fault> {
    let right = "a file's path, as in `file:autoscalebot.db` or `file:/var/lib/autoscalebot.db`";
    let path = match written.strip_prefix("//") {
        None => written,
        Some(path) if path.starts_with('/') => path,
        Some(_) => {
            let wrong = "what follows `file://` would be the name of a host";
            return Err(Fault::at("url", wrong, right));
        }
    };
    if path.is_empty() || path.ends_with('/') {
        return Err(Fault::at("url", "it names no file", right));
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn section(values: Value) -> Section {
        let Value::Object(values) = values else {
            panic!("a table, please");
        };
        let written = values.keys().cloned().collect();
        Section::new(values, written)
    }

    #[test]
    fn a_url_says_where_state_is_kept() {
        for (url, expected) in [
            ("file:state.db", "state.db"),
            ("file:a/b.db", "a/b.db"),
            ("file:/var/state.db", "/var/state.db"),
            ("file:///var/state.db", "/var/state.db"),
        ] {
            let settings = read(&section(json!({"url": url}))).unwrap();
            let StatePlace::File { path, .. } = settings.place else {
                panic!("{url} is a file");
            };
            assert_eq!(path.display().to_string(), expected, "{url}");
        }
        let settings = read(&section(json!({"url": "rediss://:hunter2@a.test/1"}))).unwrap();
        assert!(matches!(settings.place, StatePlace::Redis { .. }));
        assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
        assert_eq!(settings.limits.keep_for, Duration::from_secs(7 * 86_400));
        assert_eq!(settings.timeout, Duration::from_secs(2));
    }

    #[test]
    fn what_does_not_go_together_is_a_fault() {
        for (values, setting, part) in [
            (json!({"url": "file:"}), "url", "names no file"),
            (json!({"url": "file:state/"}), "url", "names no file"),
            (json!({"url": "file://state.db"}), "url", "name of a host"),
            (
                json!({"url": "redis://:hunter2@a.test/-1"}),
                "url",
                "negative",
            ),
            (
                json!({"url": "file:a", "key_prefix": "x:"}),
                "key_prefix",
                "is for a Redis",
            ),
            (
                json!({"url": "file:a", "tls_ca_file": "x"}),
                "tls_ca_file",
                "is for a Redis",
            ),
            (
                json!({"url": "redis://a", "key_prefix": ""}),
                "key_prefix",
                "empty",
            ),
            (
                json!({"url": "redis://a", "tls_ca_file": "x"}),
                "tls_ca_file",
                "no certificate",
            ),
        ] {
            let faults = check(&section(values.clone()));
            assert_eq!(faults.len(), 1, "{values}: {faults:?}");
            assert_eq!(faults[0].setting, setting, "{values}");
            assert!(faults[0].wrong.contains(part), "{values}: {faults:?}");
            assert!(!format!("{faults:?}").contains("hunter2"), "{faults:?}");
        }
        let good = json!({"url": "rediss://a", "tls_ca_file": "x", "key_prefix": "y:"});
        assert_eq!(check(&section(good)), []);
    }
}
