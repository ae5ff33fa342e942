//! What Celery's workers hold, in a real redis-server: what real workers left there, and what a Redis may refuse to say.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::log_capture;
use crate::measuring::backend;
use crate::servers::redis::RedisServer;

const NAME: &str = "celery_redis_queue_size";

/// Puts the keys of a captured broker into a server.
pub(crate) fn load(server: &RedisServer, capture: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/captures");
    let bytes = fs::read(folder.join(capture)).unwrap();
    let capture: Value = serde_json::from_slice(&bytes).unwrap();
    let mut client = server.client(0);
    let mut put = |command: &str, key: &str, words: &[&str]| {
        let mut command = redis::cmd(command);
        command.arg(key).arg(words);
        command.exec(&mut client).unwrap();
    };
    for (key, entry) in capture.as_object().unwrap() {
        let value = &entry["value"];
        let texts = || {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item.as_str().unwrap())
        };
        match entry["type"].as_str().unwrap() {
            "list" => texts().for_each(|item| put("RPUSH", key, &[item])),
            "set" => texts().for_each(|item| put("SADD", key, &[item])),
            "hash" => {
                for (field, item) in value.as_object().unwrap() {
                    put("HSET", key, &[field, item.as_str().unwrap()]);
                }
            }
            _ => {}
        }
    }
}

/// So many tasks of a queue in the hands of workers.
fn hold(server: &RedisServer, key: &str, queue: &str, tasks: std::ops::Range<usize>) {
    let entry = json!([{"body": "", "headers": {"eta": null}}, "", queue]).to_string();
    let mut asked = redis::pipe();
    for task in tasks {
        asked.hset(key, format!("{queue}-{task}"), &entry).ignore();
    }
    asked.exec(&mut server.client(0)).unwrap();
}

/// How many wait, and how many are held.
async fn measured(table: Value) -> (Option<f64>, Option<u64>) {
    let sample = backend(NAME, table).measure().await.unwrap();
    (sample.number, sample.busy)
}

#[actix_rt::test]
async fn what_real_workers_held_is_counted_by_queue() {
    // With kombu 5.7, and with 5.4: a worker at work, and none.
    let (new, old) = (
        "redis-celery-worker-running.json",
        "redis-celery-5.4-worker-running.json",
    );
    for (capture, queues, waiting, held, because) in [
        (
            new,
            json!(["celery"]),
            5.0,
            8,
            "all that it fetched were of this queue",
        ),
        (new, json!(["low"]), 2.0, 0, "and none of this one"),
        (new, json!(["celery", "low"]), 7.0, 8, "both"),
        (
            old,
            json!(["celery"]),
            0.0,
            4,
            "five, one of which is not to run before 2999",
        ),
        (old, json!(["low"]), 0.0, 1, "one"),
        (old, json!(["low", "celery"]), 0.0, 5, "both"),
        (
            "redis-celery-5.4-no-worker.json",
            json!(["celery"]),
            2.0,
            0,
            "no worker",
        ),
    ] {
        let server = RedisServer::start();
        load(&server, capture);
        let table = json!({"redis_url": server.url(), "queue_name": queues});
        let found = measured(table).await;
        assert_eq!(
            found,
            (Some(waiting), Some(held)),
            "{capture} {queues}: {because}"
        );
    }
}

#[actix_rt::test]
async fn the_applications_prefix_is_before_the_hash_too() {
    let server = RedisServer::start();
    hold(&server, "app:unacked", "celery", 0..3);
    hold(&server, "unacked", "celery", 0..9);
    let url = server.url();
    let table = json!({"redis_url": url, "global_keyprefix": "app:"});
    assert_eq!(measured(table).await, (Some(0.0), Some(3)));
    let table = json!({"redis_url": url, "count_unacked": false});
    assert_eq!(measured(table).await, (Some(0.0), None), "not asked for");
}

#[actix_rt::test]
async fn a_redis_that_does_not_say_fails_no_measurement_and_is_logged_once() {
    for (rights, because) in [
        (["+llen", "+hlen", "-hscan"], "HSCAN is refused"),
        (["+llen", "-hlen", "-hscan"], "HLEN is refused"),
    ] {
        let server = RedisServer::start();
        hold(&server, "unacked", "celery", 0..3);
        redis::cmd("ACL")
            .arg(&["SETUSER", "bot", "on", ">pw", "~*", "+select"])
            .arg(&rights)
            .exec(&mut server.client(0))
            .unwrap();
        log_capture::start();
        let table = json!({"redis_url": format!("redis://bot:pw@127.0.0.1:{}", server.port())});
        let measuring = backend(NAME, table);
        for _ in 0..3 {
            let sample = measuring.measure().await.unwrap();
            assert_eq!((sample.number, sample.busy), (Some(0.0), None), "{because}");
        }
        let lines = log_capture::lines();
        let said = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert_eq!(said("(NOPERM)"), 1, "{because}: {lines:?}");
        assert_eq!(
            said("allow its user HLEN and HSCAN on `unacked`"),
            1,
            "{lines:?}"
        );
    }
    let server = RedisServer::start();
    let text = redis::cmd("SET").arg("unacked").arg("x").clone();
    text.exec(&mut server.client(0)).unwrap();
    let table = json!({"redis_url": server.url()});
    assert_eq!(
        measured(table).await,
        (Some(0.0), None),
        "a key that is no hash"
    );
}

#[actix_rt::test]
async fn counting_is_bounded() {
    let server = RedisServer::start();
    hold(&server, "unacked", "reports", 0..20_000);
    let asked = |server: &RedisServer| -> String {
        let mut client = server.client(0);
        let said: String = redis::cmd("INFO")
            .arg("commandstats")
            .query(&mut client)
            .unwrap();
        redis::cmd("CONFIG")
            .arg("RESETSTAT")
            .exec(&mut client)
            .unwrap();
        let line = said.lines().find(|line| line.starts_with("cmdstat_hscan:"));
        let calls = line.and_then(|line| line.split(['=', ',']).nth(1));
        calls.unwrap_or("0").to_owned()
    };
    let table = json!({"redis_url": server.url()});
    asked(&server);
    let found = measured(table.clone()).await;
    assert_eq!(
        found,
        (Some(0.0), None),
        "none of ours in what was looked at: not known"
    );
    let calls: u32 = asked(&server).parse().unwrap();
    assert!((1..=10).contains(&calls), "{calls} calls");

    hold(&server, "unacked", "celery", 0..20_000);
    let (_, held) = measured(table).await;
    let held = held.unwrap();
    assert!((1..=1100).contains(&held), "what was seen counts: {held}");
    let calls: u32 = asked(&server).parse().unwrap();
    assert!((1..=10).contains(&calls), "{calls} calls");
}
