//! Reads Heroku's answers about an app's dynos: how each is, since when, and which release it runs. Pure: any bytes give
//! dynos or an error, never a panic.
//!
//! A dyno belongs to a process type by its `type`, not by its name, of which there are several forms (`web.1`,
//! `web-1234abcde-123ab`).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::Count;
use crate::scaling::fleet::{Fleet, Member, Phase};

/// One dyno of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dyno {
    /// Its process type; a one-off dyno has one of its own (`run`).
    pub process_type: String,
    /// What is known of it.
    pub member: Member,
}

/// Why an answer is no list of dynos.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its answer is no list of dynos (line {line}, column {column})")]
pub struct NoDynos {
    line: usize,
    column: usize,
}

/// The dynos in an answer to `GET /apps/{app}/dynos`. A dyno without an id, a type or a state makes it useless: what is
/// left out of a count must not pass for what is not there.
pub fn parse_dynos(body: &[u8]) -> Result<Vec<Dyno>, NoDynos> {
    let entries: Vec<Entry> = serde_json::from_slice(body).map_err(|error| NoDynos {
        line: error.line(),
        column: error.column(),
    })?;
    Ok(entries.into_iter().map(Dyno::from).collect())
}

/// The dynos of one process type.
pub fn fleet(dynos: &[Dyno], process_type: &str) -> Fleet {
    let ours = dynos
        .iter()
        .filter(|dyno| dyno.process_type == process_type);
    Fleet::new(ours.map(|dyno| dyno.member.clone()).collect())
}

/// The dynos that a scale from `count` to fewer takes away: those with the highest numbers, but for those that are known
/// to be down. `None` where dynos have no numbers (Heroku's Fir), so that nobody knows which go.
pub fn leaving(
    process_type: &str,
    count: Count,
    to: Count,
    fleet: Option<&Fleet>,
) -> Option<Vec<String>> {
    let members = fleet.map_or(&[][..], Fleet::members);
    let is_numbered = |member: &Member| {
        let number = member.name.strip_prefix(process_type)?.strip_prefix('.')?;
        number.parse::<Count>().ok()
    };
    if members.iter().any(|member| is_numbered(member).is_none()) {
        return None;
    }
    let is_down = |name: &String| {
        let mut alike = members
            .iter()
            .filter(|member| member.name == *name)
            .peekable();
        let works =
            |member: &Member| matches!(member.phase, Phase::Starting | Phase::Up | Phase::Unknown);
        alike.peek().is_some() && !alike.any(works)
    };
    let names = (to.saturating_add(1)..=count).map(|number| format!("{process_type}.{number}"));
    Some(names.filter(|name| !is_down(name)).collect())
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    r#type: String,
    state: String,
    // The rest by name, as in a formation: it also keeps an entry from being a list.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl From<Entry> for Dyno {
    fn from(entry: Entry) -> Self {
        let release = entry.rest.get("release");
        let since = entry.rest.get("updated_at").and_then(Value::as_str);
        Self {
            process_type: entry.r#type,
            member: Member {
                id: entry.id,
                name: entry
                    .rest
                    .get("name")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                phase: phase(&entry.state),
                release: release
                    .and_then(|release| release.get("version"))
                    .and_then(Value::as_u64),
                since: since.and_then(|since| since.parse::<DateTime<Utc>>().ok()),
            },
        }
    }
}

/// The states that the schema names; any other is none that we take for up.
fn phase(state: &str) -> Phase {
    match state {
        "starting" => Phase::Starting,
        "up" => Phase::Up,
        "crashed" => Phase::Crashed,
        "idle" => Phase::Idle,
        "down" => Phase::Down,
        _ => Phase::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynos_are_read_by_their_type() {
        let body = br#"[
            {"attach_url":null,"command":"bin/web","created_at":"2012-01-01T12:00:00Z","id":"a","name":"web.1",
             "release":{"id":"r","version":11},"app":{"name":"example","id":"x"},"size":"eco","state":"up","type":"web",
             "updated_at":"2012-01-01T12:00:00Z"},
            {"id":"b","name":"worker-1234abcde-123ab","release":null,"state":"dozing","type":"web","updated_at":"soon"},
            {"id":"c","name":"web.2","state":"starting","type":"run"}]"#;
        let dynos = parse_dynos(body).unwrap();
        let web = fleet(&dynos, "web");
        let expected = [
            Member {
                id: "a".to_owned(),
                name: "web.1".to_owned(),
                phase: Phase::Up,
                release: Some(11),
                since: Some("2012-01-01T12:00:00Z".parse().unwrap()),
            },
            Member {
                id: "b".to_owned(),
                name: "worker-1234abcde-123ab".to_owned(),
                phase: Phase::Unknown,
                release: None,
                since: None,
            },
        ];
        assert_eq!(web.members(), expected, "its name says nothing");
        assert_eq!(fleet(&dynos, "run").many(Phase::Starting), 1);
        assert_eq!(fleet(&dynos, "clock"), Fleet::default());
    }

    /// `worker.1=up worker.2=crashed`.
    fn named(words: &str) -> Fleet {
        let member = |word: &str| {
            let (name, state) = word.split_once('=').unwrap();
            Member {
                id: word.to_owned(),
                name: name.to_owned(),
                phase: phase(state),
                release: None,
                since: None,
            }
        };
        Fleet::new(words.split_whitespace().map(member).collect())
    }

    #[test]
    fn the_highest_numbers_go() {
        for (fleet, count, to, wanted, because) in [
            ("?", 3, 2, "worker.3", "nobody knows how they are"),
            (
                "worker.1=up worker.2=up worker.3=up",
                3,
                2,
                "worker.3",
                "one",
            ),
            (
                "worker.2=up worker.10=up worker.1=up",
                10,
                9,
                "worker.10",
                "by number, not by text",
            ),
            (
                "worker.1=up",
                3,
                1,
                "worker.2 worker.3",
                "not listed, and perhaps there",
            ),
            (
                "worker.3=crashed worker.2=up",
                3,
                1,
                "worker.2",
                "it has no work",
            ),
            (
                "worker.3=down worker.3=up",
                3,
                2,
                "worker.3",
                "of two releases",
            ),
            (
                "worker.3=starting worker.2=idle",
                3,
                1,
                "worker.3",
                "it is about to work",
            ),
            (
                "worker-76c9-x=up worker-76c9-y=up",
                2,
                1,
                "-",
                "without numbers",
            ),
            ("worker.1=up", 1, 1, "", "nobody goes"),
        ] {
            let fleet = (fleet != "?").then(|| named(fleet));
            let gone = leaving("worker", count, to, fleet.as_ref());
            let gone = gone.map_or_else(|| "-".to_owned(), |names| names.join(" "));
            assert_eq!(gone, wanted, "{because}");
        }
    }

    #[test]
    fn every_state_of_the_schema_is_known() {
        let phases = ["starting", "up", "crashed", "idle", "down"].map(phase);
        assert!(!phases.contains(&Phase::Unknown), "{phases:?}");
    }

    #[test]
    fn what_is_no_list_of_dynos_is_refused() {
        for body in [
            "",
            "[{\"id\":",
            "<html>",
            "{}",
            "null",
            r#"[{"id":"a","type":"web"}]"#,
            r#"[{"id":"a","state":"up"}]"#,
            r#"[{"type":"web","state":"up"}]"#,
            r#"[{"id":"a","type":"web","state":null}]"#,
            r#"[["a","web","up"]]"#,
        ] {
            let error = parse_dynos(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("no list of dynos"), "{body:?}: {error}");
        }
    }
}
