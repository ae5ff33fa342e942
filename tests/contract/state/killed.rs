//! A writer that is killed at a random moment: whatever it was told to be safe is there, and nothing is half there.
//!
//! `AUTOSCALEBOT_KILLS` says how many times for each store (10); `tests/long` sets it.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::orders::{Ended, Kind, OrderId};
use autoscalebot::state::journal::Journal;
use autoscalebot::state::{Limits, Record, Snapshot, StateStore, Wanted};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::{ALL, TIMEOUT, at, draft, file_store, process, redis_store};
use crate::servers::pause;
use crate::servers::redis::RedisServer;

/// Where the child keeps its state, and at which number it begins.
const STORE: &str = "AUTOSCALEBOT_TEST_STORE";
const BEGIN: &str = "AUTOSCALEBOT_TEST_BEGIN";

/// How far the numbers of two rounds are apart.
const ROUND: u64 = 100_000;

fn store(place: &str) -> Rc<dyn StateStore> {
    match place.strip_prefix("file:") {
        Some(path) => Rc::new(file_store(path.as_ref())),
        None => Rc::new(redis_store(place)),
    }
}

/// A text that shows whether it is whole.
fn text(number: u64) -> String {
    let length = usize::try_from(number % 700).unwrap();
    let filling: String = "0123456789".chars().cycle().take(length).collect();
    format!("{{\"n\": {number}, \"filling\": \"{filling}\", \"length\": {length}}}")
}

/// When a record of this number is written.
fn moment(number: u64) -> DateTime<Utc> {
    at(0) + TimeDelta::milliseconds(i64::try_from(number).unwrap())
}

fn number(text_found: &str) -> u64 {
    let value: serde_json::Value = serde_json::from_str(text_found)
        .unwrap_or_else(|error| panic!("half there: {error}: {text_found}"));
    let number = value["n"].as_u64().unwrap();
    assert_eq!(text_found, text(number), "half there");
    number
}

/// The child. It says on standard output what it was told to be safe, until it is killed.
#[actix_rt::test]
#[ignore = "the tests of this file start it as their child"]
async fn writer() {
    let place = std::env::var(STORE).unwrap();
    let begin: u64 = std::env::var(BEGIN).unwrap().parse().unwrap();
    let store = store(&place);
    let limits = Limits {
        keep_for: Duration::from_secs(1_000_000_000),
        max_records_per_process: 1_000_000,
    };
    let (journal, _events) = Journal::start(Rc::clone(&store), limits, TIMEOUT, Clock::system());
    let say = |what: &str, number: u64| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\nsafe {what} {number}\n").as_bytes())
            .unwrap();
        out.flush().unwrap();
    };
    for number in begin.. {
        let at = moment(number);
        let (process, text) = (process("web"), text(number));
        let snapshot = Snapshot {
            process: process.clone(),
            at,
            text: text.clone(),
        };
        let record = Record {
            process,
            at,
            cycle: number,
            text,
        };
        journal.note(None, [record]);
        if number % 3 == 0 {
            journal.intend(snapshot).await.unwrap();
            say("intention", number);
        } else {
            journal.note(Some(snapshot), []);
        }
        if number % 10 == 0 && number < begin + 500 {
            let draft = draft(Kind::Scale { count: 1 }, 0, 1_000_000_000);
            say("order", store.put(&draft).await.unwrap().id.0);
        }
        if number % 20 == 0 {
            // Old records move into packs, of which none may be half there either.
            store.prune(limits, super::at(0)).await.unwrap();
        }
        if number % 7 == 0 {
            journal.flush(TIMEOUT).await.unwrap();
            say("records", number);
        }
    }
}

/// Runs the child for a while, kills it, and yields what it had said.
fn run_and_kill(place: &str, begin: u64, time: Duration) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "state::killed::writer",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(STORE, place)
        .env(BEGIN, begin.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut said = Vec::new();
        out.read_to_end(&mut said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    });
    pause(time);
    assert_eq!(child.try_wait().unwrap(), None, "the writer failed");
    child.kill().unwrap();
    child.wait().unwrap();
    let said = reading.join().unwrap();
    // What comes after the last line's end was not said.
    said.rsplit_once('\n')
        .map_or("", |(said, _)| said)
        .to_owned()
}

fn safe(said: &str, what: &str) -> Vec<u64> {
    let prefix = format!("safe {what} ");
    let numbers = said.lines().filter_map(|line| line.strip_prefix(&prefix));
    numbers.map(|number| number.parse().unwrap()).collect()
}

/// A moment between 50 and 450 ms.
fn random_moment() -> Duration {
    let [one, two, ..] = *uuid::Uuid::new_v4().as_bytes();
    Duration::from_millis(50 + u64::from(u16::from_le_bytes([one, two])) % 400)
}

async fn is_all_there(place: &str, said: &str, begin: u64) -> (usize, usize) {
    let store = store(place);
    let snapshots = store.load().await.unwrap();
    let newest = snapshots
        .first()
        .map_or(0, |snapshot| number(&snapshot.text));
    let intended = safe(said, "intention").last().copied().unwrap_or_default();
    assert!(
        newest >= intended,
        "{newest} is older than {intended}, which was safe"
    );
    // Those of the rounds before were looked at then.
    let this_round = Wanted {
        since: Some(moment(begin)),
        ..ALL
    };
    let found = store.records(&process("web"), this_round).await.unwrap();
    let found: BTreeSet<u64> = found.iter().map(|record| number(&record.text)).collect();
    let flushed = safe(said, "records").last().copied().unwrap_or_default();
    for expected in begin..=flushed {
        assert!(
            found.contains(&expected),
            "record {expected} of {flushed} is lost"
        );
    }
    let orders: BTreeSet<u64> = safe(said, "order").into_iter().collect();
    let there = store.orders().await.unwrap();
    let there: BTreeSet<u64> = there.iter().map(|order| order.id.0).collect();
    assert!(
        orders.is_subset(&there),
        "lost: {:?}",
        orders.difference(&there)
    );
    assert_eq!(store.remarks(), [], "nothing was damaged");
    forget_orders(&*store, &there).await;
    (safe(said, "intention").len(), orders.len())
}

/// A store keeps only so many, and each round gives new ones.
async fn forget_orders(store: &dyn StateStore, orders: &BTreeSet<u64>) {
    let ended = Ended {
        at: at(0),
        by: "bob".into(),
    };
    for id in orders {
        store.end(OrderId(*id), &ended).await.unwrap();
    }
    let limits = Limits {
        keep_for: Duration::from_secs(1),
        max_records_per_process: 1_000_000,
    };
    // The records are of the moments after this one.
    store
        .prune(limits, at(0) + TimeDelta::milliseconds(1001))
        .await
        .unwrap();
}

#[expect(clippy::print_stderr, reason = "the figures are what this test is for")]
async fn kill_often(place: &str, mut after: impl FnMut()) {
    let kills = std::env::var("AUTOSCALEBOT_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let (mut intentions, mut orders) = (0, 0);
    for round in 0..kills {
        let begin = round * ROUND + 1;
        let said = run_and_kill(place, begin, random_moment());
        let safe = is_all_there(place, &said, begin).await;
        (intentions, orders) = (intentions + safe.0, orders + safe.1);
        after();
    }
    let report = format!(
        "{kills} kills: {intentions} intentions and {orders} orders were safe, and none is lost"
    );
    eprintln!("{report}");
    assert!(intentions > 0 && orders > 0, "{report}");
}

#[actix_rt::test]
async fn of_a_file_nothing_that_was_safe_is_lost() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    kill_often(&format!("file:{}", path.display()), || {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let check = "PRAGMA integrity_check";
        let verdict: String = connection.query_row(check, [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
    })
    .await;
}

#[actix_rt::test]
async fn of_a_redis_nothing_that_was_safe_is_lost() {
    let server = RedisServer::start();
    kill_often(&format!("{}/4", server.url()), || {}).await;
}
