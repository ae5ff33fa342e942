//! State in a Redis: gone, hanging, killed, full, behind a password or TLS.

use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::orders::Kind;
use autoscalebot::settings::Secret;
use autoscalebot::state::{Batch, RedisStore, Remark, StateStore, StoreError};

use super::{ALL, TIMEOUT, at, draft, record, records, redis_store, seconds, snapshot};
use crate::servers::Parrot;
use crate::servers::redis::RedisServer;
use crate::servers::tls::Tls;

fn impatient(url: &str) -> RedisStore {
    let timeout = Duration::from_millis(500);
    RedisStore::new(&Secret::new(url), None, "autoscalebot:", 1000, timeout).unwrap()
}

#[track_caller]
fn is_away<T: std::fmt::Debug>(outcome: Result<T, StoreError>, part: &str) {
    match outcome {
        Err(StoreError::Away(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?} is not away"),
    }
}

#[actix_rt::test]
async fn a_redis_that_is_killed_and_comes_back_is_found_again() {
    let mut server = RedisServer::start();
    let store = impatient(&server.url());
    store.save(&records("web", 0..3)).await.unwrap();
    server.stop();
    is_away(
        store.save(&records("web", 3..5)).await,
        "connection refused",
    );
    is_away(store.orders().await, "connection refused");
    server.start_again();
    store.save(&records("web", 3..5)).await.unwrap();
    assert_eq!(
        seconds(&store, "web", ALL).await,
        [3, 4],
        "it came back empty"
    );
    server.stop();
    server.start_again();
    store.save(&records("web", 5..6)).await.unwrap();
    assert_eq!(
        seconds(&store, "web", ALL).await,
        [5],
        "a connection that was closed meanwhile says nothing"
    );
}

#[actix_rt::test]
async fn a_redis_that_hangs_is_given_up_and_found_again() {
    let server = RedisServer::start();
    let store = impatient(&server.url());
    store.save(&records("web", 0..3)).await.unwrap();
    server.freeze();
    let clock = Clock::system();
    let before = clock.now().mono;
    is_away(
        store.save(&records("web", 3..5)).await,
        "no answer within 0.5 s",
    );
    let took = clock.now().mono.saturating_sub(before);
    assert!(took < Duration::from_secs(2), "{took:?}");
    is_away(
        store.put(&draft(Kind::Scale { count: 1 }, 0, 60)).await,
        "no answer",
    );
    server.thaw();
    store.save(&records("web", 3..6)).await.unwrap();
    assert_eq!(
        seconds(&store, "web", ALL).await,
        [0, 1, 2, 3, 4, 5],
        "what it did while nobody waited is there once"
    );
}

#[actix_rt::test]
async fn nobody_there_and_something_else_there_are_errors() {
    let store = impatient("redis://127.0.0.1:1");
    is_away(store.load().await, "connection refused");
    let parrot = Parrot::start("HTTP/1.1 400 Bad Request\r\n\r\n");
    let store = impatient(&format!("redis://127.0.0.1:{}", parrot.port()));
    let odd = store.load().await.unwrap_err();
    assert!(!odd.to_string().is_empty());
}

#[actix_rt::test]
async fn a_full_redis_takes_a_batch_whole_or_not_at_all() {
    let server =
        RedisServer::start_with(&["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"]);
    let store = redis_store(&server.url());
    let text = format!("\"{}\"", "x".repeat(1000));
    let mut batches = 0;
    let full = loop {
        let first = batches * 100;
        let batch = Batch {
            snapshots: vec![snapshot("web", batches, "{}")],
            records: (first..first + 100)
                .map(|second| record("web", second, &text))
                .collect(),
        };
        match store.save(&batch).await {
            Ok(()) => batches += 1,
            Err(error) => break error,
        }
        assert!(batches < 100, "3 MB are never full");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert_eq!(
        store.load().await.unwrap(),
        [snapshot("web", batches - 1, "{}")]
    );
    let found = seconds(&store, "web", ALL).await;
    assert_eq!(found, (0..batches * 100).collect::<Vec<_>>());
    let limits = autoscalebot::state::Limits {
        keep_for: Duration::from_secs(86_400),
        max_records_per_process: 50,
    };
    assert!(
        store.prune(limits, at(0)).await.unwrap() > 0,
        "it can let go of something"
    );
    store.save(&records("web", 90_000..90_001)).await.unwrap();
}

#[actix_rt::test]
async fn a_password_and_permissions_are_needed_as_the_server_says() {
    let server = RedisServer::start_with(&["--requirepass", "hunter2"]);
    let without = format!("redis://127.0.0.1:{}", server.port());
    let refused = redis_store(&without).load().await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    assert!(refused.to_string().contains("password"), "{refused}");
    let with = |password: &str| format!("redis://:{password}@127.0.0.1:{}/2", server.port());
    let refused = redis_store(&with("wrong")).load().await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    assert!(!refused.to_string().contains("wrong"), "{refused}");
    let store = redis_store(&with("hunter2"));
    store.save(&records("web", 0..1)).await.unwrap();
    assert!(!format!("{store:?} {}", store.place()).contains("hunter2"));
}

#[actix_rt::test]
async fn a_key_of_another_kind_and_a_strange_entry_are_told() {
    let server = RedisServer::start();
    let store = redis_store(&server.url());
    let set = |key: &str| {
        let mut client = server.client(0);
        redis::cmd("SET")
            .arg(key)
            .arg("x")
            .exec(&mut client)
            .unwrap();
    };
    set("autoscalebot:snapshots");
    let refused = store.load().await.unwrap_err();
    assert!(refused.to_string().contains("WRONGTYPE"), "{refused}");
    let mut client = server.client(0);
    redis::cmd("HSET")
        .arg("autoscalebot:orders")
        .arg(7)
        .arg("{\"kind\":\"dance\"}")
        .exec(&mut client)
        .unwrap();
    assert_eq!(store.orders().await, Ok(vec![]));
    let remark = Remark::LeftOut {
        what: "orders",
        number: 1,
    };
    assert_eq!(store.remarks(), [remark]);
}

#[actix_rt::test]
async fn prefixes_keep_two_bots_apart() {
    let server = RedisServer::start();
    let store =
        |prefix| RedisStore::new(&Secret::new(server.url()), None, prefix, 1000, TIMEOUT).unwrap();
    let (one, other) = (store("one:"), store("other:"));
    one.save(&records("web", 0..1)).await.unwrap();
    one.put(&draft(Kind::Scale { count: 1 }, 0, 60))
        .await
        .unwrap();
    assert_eq!(other.orders().await, Ok(vec![]));
    assert!(seconds(&other, "web", ALL).await.is_empty());
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query(&mut server.client(0))
        .unwrap();
    assert!(keys.iter().all(|key| key.starts_with("one:")), "{keys:?}");
}

#[actix_rt::test]
async fn tls_is_verified_unless_the_url_says_otherwise() {
    let tls = Tls::new();
    let server = RedisServer::start_tls(&tls);
    let store = |url: &str, ca: Option<&str>| {
        RedisStore::new(&Secret::new(url), ca, "a:", 1000, TIMEOUT).unwrap()
    };
    let url = server.tls_url();
    is_away(store(&url, None).load().await, "tls_ca_file");
    let ca = tls.ca_file().display().to_string();
    store(&url, Some(&ca))
        .save(&records("web", 0..2))
        .await
        .unwrap();
    let unverified = store(&format!("{url}?ssl_cert_reqs=none"), None);
    assert_eq!(seconds(&unverified, "web", ALL).await, [0, 1]);
}
