//! A week of the ledger: how large it is, and how long its operations take when it is that large.

use std::fs;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::settings::Secret;
use autoscalebot::state::{
    Batch, FileStore, First, Limits, Record, RedisStore, StateStore, Wanted,
};
use chrono::TimeDelta;
use tempfile::TempDir;

use super::{TIMEOUT, at, file_store, process, record, redis_store, snapshot};
use crate::servers::redis::RedisServer;

/// The default bounds.
const LIMITS: Limits = Limits {
    keep_for: Duration::from_secs(7 * 86_400),
    max_records_per_process: 25_000,
};

/// The default bound of a file.
const MEGABYTES: u64 = 1000;

const PROCESSES: usize = 20;

const BATCHES: i64 = 200;

/// One each 30 seconds.
const CYCLES_OF_A_WEEK: i64 = 7 * 24 * 120;

/// What a cycle may have to say, in about 800 bytes.
fn text(cycle: i64) -> String {
    let value = 200 + cycle % 977;
    format!(
        concat!(
            "{{\"inputs\":[{{\"backend\":\"response_time\",\"value\":{}.25,\"age\":0.4,\"trust\":\"fresh\"}},",
            "{{\"backend\":\"celery_redis_queue_size\",\"value\":{},\"age\":0.2,\"trust\":\"fresh\",\"busy\":3}}],",
            "\"count\":{{\"asked\":3,\"up\":3}},\"wish\":{{\"backend\":\"consecutive_threshold\",\"direction\":\"stay\",",
            "\"reason\":\"the last 3 results are not all above 1000 ms (840, {}, 911)\"}},",
            "\"clamps\":[{{\"rule\":\"bounds\",\"from\":3,\"to\":3}},{{\"rule\":\"cooldown\",\"from\":4,\"to\":3,",
            "\"reason\":\"it ends in 41 s\"}},{{\"rule\":\"rate\",\"from\":3,\"to\":3}}],\"final\":3,\"acted\":false,",
            "\"would_change\":\"up, if response time had been above 1000 ms (was {}) for one more measurement; ",
            "or if the cooldown had ended, in 41 s\",\"version\":1}}"
        ),
        value,
        cycle % 50,
        value,
        value
    )
}

/// One cycle each 30 seconds, of every process, an hour a batch.
fn hour(names: &[String], hour: i64) -> Batch {
    let cycles = hour * 120..(hour + 1) * 120;
    let one = |name: &String, cycle: i64| Record {
        process: process(name),
        at: at(0) + TimeDelta::seconds(cycle * 30),
        cycle: u64::try_from(cycle).unwrap(),
        text: text(cycle),
    };
    Batch {
        snapshots: Vec::new(),
        records: cycles
            .flat_map(|cycle| names.iter().map(move |name| one(name, cycle)))
            .collect(),
    }
}

fn names(many: usize) -> Vec<String> {
    (1..=many).map(|n| format!("worker-{n}")).collect()
}

/// A week and a day is written; what is beyond a week goes on the way.
#[actix_rt::test]
#[expect(clippy::print_stderr, reason = "the figures are what this test is for")]
async fn in_a_file_it_stays_under_its_bound() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let clock = Clock::system();
    let store = FileStore::new(path.clone(), MEGABYTES, TIMEOUT * 4, clock);
    let names = names(PROCESSES);
    let hours = CYCLES_OF_A_WEEK / 120 * 8 / 7;
    let begun = clock.now().mono;
    for number in 0..hours {
        store.save(&hour(&names, number)).await.unwrap();
        if number % 10 == 9 {
            store.prune(LIMITS, at(number * 3600)).await.unwrap();
        }
    }
    let written = clock.now().mono.saturating_sub(begun);
    let now = at(hours * 3600);
    while store.prune(LIMITS, now).await.unwrap() > 0 {}
    let size = fs::metadata(&path).unwrap().len();
    let wanted = Wanted {
        since: None,
        until: None,
        first: First::Newest,
        most: 100,
    };
    let begun = clock.now().mono;
    let newest = store.records(&process("worker-7"), wanted).await.unwrap();
    let read = clock.now().mono.saturating_sub(begun);
    let begun = clock.now().mono;
    store.prune(LIMITS, now).await.unwrap();
    let pruned = clock.now().mono.saturating_sub(begun);
    let all = Wanted {
        most: usize::MAX,
        ..wanted
    };
    let kept = store
        .records(&process("worker-7"), all)
        .await
        .unwrap()
        .len();
    eprintln!(
        "a week of {PROCESSES} processes: {kept} records each of {} bytes, {:.0} MB in the file; {hours} batches of \
         {} records in {written:.1?}; the newest 100 read in {read:.1?}; a pruning that finds nothing {pruned:.1?}",
        text(1).len(),
        f64::from(u32::try_from(size / 1000).unwrap()) / 1000.0,
        120 * PROCESSES,
    );
    assert_eq!(newest.len(), 100);
    let week = usize::try_from(CYCLES_OF_A_WEEK).unwrap();
    assert!(
        (week..week + 100).contains(&kept),
        "a week, to within a pack: {kept}"
    );
    assert!(size < 50_000_000, "{size} bytes");
}

/// What the ledgers take in a Redis.
fn memory(server: &RedisServer) -> u64 {
    let mut client = server.client(0);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut client).unwrap();
    let usage = |key: String| -> u64 {
        let mut asked = redis::cmd("MEMORY");
        asked.arg("USAGE").arg(key).arg("SAMPLES").arg(0);
        asked.query(&mut client).unwrap()
    };
    keys.into_iter().map(usage).sum()
}

#[actix_rt::test]
#[expect(clippy::print_stderr, reason = "the figures are what this test is for")]
async fn in_a_redis_it_stays_under_its_bound() {
    let server = RedisServer::start();
    let store = redis_store(&server.url());
    let names = names(4);
    let hours = CYCLES_OF_A_WEEK / 120;
    for number in 0..hours {
        store.save(&hour(&names, number)).await.unwrap();
        store.prune(LIMITS, at(number * 3600)).await.unwrap();
    }
    let bytes = memory(&server);
    eprintln!("a week of 4 processes in Redis: {} kB", bytes / 1000);
    assert!(bytes < 10_000_000, "{bytes} bytes");

    let url = Secret::new(server.url());
    let small = RedisStore::new(&url, None, "autoscalebot:", 1, TIMEOUT).unwrap();
    let mut prunings = 0;
    while small.prune(LIMITS, at(hours * 3600)).await.unwrap() > 0 {
        prunings += 1;
    }
    assert!((1..5).contains(&prunings), "{prunings} times");
    let bytes = memory(&server);
    assert!(
        (500_000..1_200_000).contains(&bytes),
        "{bytes} bytes of 1 MB"
    );
}

/// A batch as the journal writes it when twenty processes end a cycle: a snapshot and a record of each.
#[actix_rt::test]
#[expect(clippy::print_stderr, reason = "the figures are what this test is for")]
async fn what_a_cycle_costs() {
    let folder = TempDir::new().unwrap();
    let server = RedisServer::start();
    let file = file_store(&folder.path().join("state.db"));
    let redis = redis_store(&server.url());
    let stores: [(&str, &dyn StateStore); 2] = [("a file", &file), ("a Redis", &redis)];
    let clock = Clock::system();
    for (name, store) in stores {
        let begun = clock.now().mono;
        for second in 0..BATCHES {
            let batch = Batch {
                snapshots: names(PROCESSES)
                    .iter()
                    .map(|name| snapshot(name, second, &text(second).repeat(4)))
                    .collect(),
                records: names(PROCESSES)
                    .iter()
                    .map(|name| record(name, second, &text(second)))
                    .collect(),
            };
            store.save(&batch).await.unwrap();
        }
        let took = clock.now().mono.saturating_sub(begun).as_secs_f64() * 1000.0;
        let each = took / f64::from(u32::try_from(BATCHES).unwrap());
        eprintln!(
            "in {name}, a batch of {PROCESSES} snapshots and {PROCESSES} records takes {each:.2} ms: {:.0} batches a second, {:.3} ms a cycle",
            1000.0 / each,
            each / 20.0
        );
        assert!(each < 500.0, "{each} ms");
    }
}
