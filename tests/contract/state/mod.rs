//! The state stores: a real file, a real redis-server.

mod file;
mod killed;
mod redis;
mod suite;
mod week;

use std::path::Path;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::model::ProcessName;
use autoscalebot::orders::{Draft, Kind};
use autoscalebot::settings::Secret;
use autoscalebot::state::{
    Batch, FileStore, First, Record, RedisStore, Snapshot, StateStore, Wanted,
};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};

/// The time-out of these stores; none of them should need it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A store in a file.
fn file_store(path: &Path) -> FileStore {
    FileStore::new(path.to_owned(), 1000, TIMEOUT, Clock::system())
}

/// A store in a Redis.
fn redis_store(url: &str) -> RedisStore {
    RedisStore::new(&Secret::new(url), None, "autoscalebot:", 1000, TIMEOUT).unwrap()
}

/// So many seconds after a moment.
fn at(second: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 5, 3, 14, 0, 0).unwrap() + TimeDelta::seconds(second)
}

fn process(name: &str) -> ProcessName {
    ProcessName::new(name).unwrap()
}

fn snapshot(name: &str, second: i64, text: &str) -> Snapshot {
    Snapshot {
        process: process(name),
        at: at(second),
        text: text.into(),
    }
}

fn record(name: &str, second: i64, text: &str) -> Record {
    Record {
        process: process(name),
        at: at(second),
        cycle: u64::try_from(second).unwrap(),
        text: text.into(),
    }
}

fn records(name: &str, seconds: std::ops::Range<i64>) -> Batch {
    Batch {
        snapshots: Vec::new(),
        records: seconds.map(|second| record(name, second, "{}")).collect(),
    }
}

fn draft(kind: Kind, begins: i64, ends: i64) -> Draft {
    Draft {
        process: process("web"),
        kind,
        owner: "ann".into(),
        because: "a test: \"quoted\", 'ünïcode' \u{1F600}".into(),
        begins: at(begins),
        ends: at(ends),
    }
}

const ALL: Wanted = Wanted {
    since: None,
    until: None,
    first: First::Oldest,
    most: usize::MAX,
};

/// The times of a process's records, in seconds.
async fn seconds(store: &dyn StateStore, name: &str, wanted: Wanted) -> Vec<i64> {
    let found = store.records(&process(name), wanted).await.unwrap();
    let second = |record: &Record| record.at.signed_duration_since(at(0)).num_seconds();
    found.iter().map(second).collect()
}
